"""A checker of committed pip locks that shares nothing with what writes them.

It reads requirements.txt, solution.yaml and the raw lines of matrices/snapshot; of the project it
imports nothing, only ``packaging`` for versions, markers and wheel names.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from paths import ROOT

SNAPSHOT = ROOT / "matrices" / "snapshot"
ENTRY = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)(?:==(?P<version>\S+)| @ (?P<url>\S+))(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)"
)
SYSTEMS = {"linux-64": ("linux", "Linux", "posix", "x86_64"), "win-64": ("win32", "Windows", "nt", "AMD64")}


@cache
def recorded(index: str, name: str) -> tuple[dict[str, Any], ...]:
    """The raw lines of one package; empty where it is not recorded."""
    path = SNAPSHOT / index / f"{name}.jsonl"
    return tuple(map(json.loads, path.read_text(encoding="utf-8").splitlines()[1:])) if path.is_file() else ()


def logical_lines(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return [" ".join(line.split()) for line in joined.splitlines() if line.strip() and not line.startswith("#")]


class Checker:
    """What is wrong with one lock folder, in ``problems``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.solution = yaml.load(
            (folder / "solution.yaml").read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        )
        target = self.solution["target"]
        self.python, self.platform, self.glibc = target["python"], target["platform"], target["glibc"]
        self.lines = logical_lines((folder / "requirements.txt").read_text(encoding="utf-8"))
        self.versions: dict[str, str] = {}
        self.requires: dict[str, list[str]] = {}
        self.ours: set[str] = set()
        self.problems: list[str] = []

    def check(self) -> list[str]:
        for line in self.lines:
            entry = ENTRY.fullmatch(line)
            if line == "--find-links ./wheels":
                continue
            if entry is None:
                self.problems.append(f"neither a pin with hashes nor the local wheels: {line[:60]}")
                continue
            hashes = re.findall(r"sha256:([0-9a-f]{64})", entry["hashes"])
            if entry["url"]:
                self._other_index(entry["name"], entry["url"], hashes)
            elif list((self.folder / "wheels").glob(f"{entry['name'].replace('-', '_')}-*.whl")):
                self._local(entry["name"], entry["version"], hashes)
            else:
                self._pin(entry["name"], entry["version"], hashes)
        self._closure()
        self._solution()
        return self.problems

    # ---- each pin against the recorded index

    def _pin(self, name: str, version: str, hashes: list[str]) -> None:
        self.versions[name] = version
        lines = [line for line in recorded("default", name) if line["version"] == version]
        files = {file[1]: (file[0], line) for line in lines for file in line["files"] if self._usable(file[0])}
        if not files:
            self.problems.append(f"{name} {version} has no recorded wheel for the target")
            return
        for wrong in sorted(set(hashes) - set(files)):
            self.problems.append(f"{name} {version}: the hash {wrong[:12]} is that of no recorded wheel for the target")
        # Wheels of one version may declare different requirements; a lock holds those that declare the same.
        chosen = [files[one][1] for one in hashes if one in files] or [line for _, line in files.values()]
        for lost in sorted(
            one for one in set(files) - set(hashes) if files[one][1]["requires"] == chosen[0]["requires"]
        ):
            self.problems.append(f"{name} {version}: {files[lost][0]} is usable and its hash is missing")
        if hashes != sorted(set(hashes)):
            self.problems.append(f"{name} {version}: hashes are not in order, or twice")
        for line in chosen:
            if line["requires"] != chosen[0]["requires"]:
                self.problems.append(f"{name} {version}: its wheels declare different requirements")
            self._fit(name, line)

    def _fit(self, name: str, line: dict[str, Any]) -> None:
        self.requires[name] = line["requires"]
        if line["requires"] is None:
            self.problems.append(f"nobody read the requirements of {name} {line['version']}")
        if line.get("yanked") is not None or Version(line["version"]).is_prerelease:
            self.problems.append(f"{name} {line['version']} is yanked or a pre-release")
        pythons = line.get("requires_python")
        if pythons and not SpecifierSet(pythons).contains(f"{self.python}.99"):
            self.problems.append(f"{name} {line['version']} requires python {pythons}")

    def _other_index(self, name: str, url: str, hashes: list[str]) -> None:
        for line in recorded("pytorch", name):
            for file in line["files"]:
                if file[4] == url:
                    self.versions[name] = line["version"]
                    self._fit(name, line)
                    if [file[1]] != hashes:
                        self.problems.append(f"{name}: the hash is not that of {file[0]}")
                    if not self._usable(file[0]):
                        self.problems.append(f"{name}: {file[0]} is not for the target")
                    return
        self.problems.append(f"{name}: no recorded wheel has the address {url}")

    def _local(self, name: str, version: str, hashes: list[str]) -> None:
        wheels = list((self.folder / "wheels").glob(f"{name.replace('-', '_')}-{version}-*.whl"))
        self.versions[name], self.requires[name] = version, []
        self.ours.add(name)
        if [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels] != hashes:
            self.problems.append(f"{name} {version}: the hash is not that of the wheel in wheels/")

    def _usable(self, filename: str) -> bool:
        _, _, _, tags = parse_wheel_filename(filename)
        return any(self._interpreter(tag.interpreter, tag.abi) and self._machine(tag.platform) for tag in tags)

    def _interpreter(self, interpreter: str, abi: str) -> bool:
        mine = int(self.python.split(".")[1])
        if interpreter in ("py3", "py2.py3") or re.fullmatch(r"py3(\d+)", interpreter):
            return abi == "none" and int(interpreter[3:] or 0) <= mine
        if not interpreter.startswith("cp3"):
            return False
        if abi == "abi3":
            return int(interpreter[3:]) <= mine
        return int(interpreter[3:]) == mine and abi in ("none", interpreter)

    def _machine(self, platform: str) -> bool:
        if platform == "any":
            return True
        if self.platform == "win-64":
            return platform == "win_amd64"
        legacy = {"manylinux1_x86_64": 5, "manylinux2010_x86_64": 12, "manylinux2014_x86_64": 17, "linux_x86_64": 0}
        named = re.fullmatch(r"manylinux_2_(\d+)_x86_64", platform)
        needs = int(named[1]) if named else legacy.get(platform)
        return needs is not None and needs <= int(self.glibc.split(".")[1])

    # ---- the set as a whole

    def _environment(self, extra: str) -> dict[str, str]:
        system, name, os_name, machine = SYSTEMS[self.platform]
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.99",
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.99",
            "platform_python_implementation": "CPython",
            "sys_platform": system,
            "platform_system": name,
            "os_name": os_name,
            "platform_machine": machine,
            "extra": extra,
        }

    def _closure(self) -> None:
        """Everything that a package of the lock asks for is in the lock, at a version that it admits."""
        pending = [(name, "") for name in self.versions]
        seen = set()
        while pending:
            name, extra = pending.pop()
            if (name, extra) in seen or name not in self.requires:
                continue
            seen.add((name, extra))
            for text in self.requires[name] or ():
                requirement = Requirement(text)
                if requirement.marker is not None and not requirement.marker.evaluate(self._environment(extra)):
                    continue
                other = canonicalize_name(requirement.name)
                have = self.versions.get(other)
                if have is None:
                    self.problems.append(f"{name} asks for {other}, which is not locked")
                elif not requirement.specifier.contains(have, prereleases=True):
                    self.problems.append(f"{name} asks for {other}{requirement.specifier}, and {have} is locked")
                pending += [(other, canonicalize_name(one)) for one in requirement.extras]

    def _solution(self) -> None:
        axes = self.solution["solution"]
        for axis, names in {
            "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-intel"),
            "torch": ("torch",),
            "protobuf": ("protobuf",),
            "numpy": ("numpy",),
            "cudnn": ("nvidia-cudnn-cu11", "nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
        }.items():
            have = [self.versions[name] for name in names if name in self.versions]
            if have and have != [axes[axis]]:
                self.problems.append(f"solution.yaml says {axis} {axes[axis]} and {', '.join(have)} is locked")
        facts = set(self.solution["index"])
        pins = {f"{name}=={version}" for name, version in self.versions.items() if name not in self.ours}
        if facts != pins:
            self.problems.append(f"solution.yaml's index facts differ from the pins: {sorted(facts ^ pins)}")
        majors = {match[1] for name in self.versions if (match := re.fullmatch(r"nvidia-.*-cu(1\d)", name))}
        if len(majors) > 1:
            self.problems.append(f"libraries of two CUDA majors are locked: {sorted(majors)}")
        if self.solution["lock"] != self._digest():
            self.problems.append("solution.yaml's digest is not that of the files")

    def _digest(self) -> str:
        total = hashlib.sha256()
        for path in sorted(self.folder.rglob("*"), key=lambda path: path.relative_to(self.folder).as_posix()):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name not in ("solution.yaml", "pylock.toml") and not name.startswith("evidence/"):
                total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return total.hexdigest()
