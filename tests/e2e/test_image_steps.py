"""The steps of a Dockerfile, carried out in a plain prefix with stand-in packages and without a network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from paths import STANDINS

import solver.proof.probes
from solver.core.model import Image, IndexFile, Pin, Solution, Target, pypi_name
from solver.core.wheelfile import build_wheel
from solver.core.writers import wrapped
from solver.lock.dockerfile import PROBE, Plan, check_sh, dockerfile, entry_sh
from solver.lock.requirements import LocalWheel, requirement_lines, requirements_txt

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the steps are those of a Linux image")
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
IMAGE = Image(base="stand-in:1", digest="sha256:" + "0" * 64, glibc="2.36")
VERSIONS = {"torch": "2.10.0", "tensorflow": "2.21.0", "numpy": "2.3.0", "standin-shared": "1.0"}
NEEDS = {"torch": ("standin-shared",), "tensorflow": ("standin-shared", "numpy")}


def package_files(name: str) -> dict[str, str]:
    if name == "standin-shared":
        return {"standin_behaviour.py": (STANDINS / "standin_behaviour.py").read_text()}
    return {f"{name}/__init__.py": (STANDINS / name / "__init__.py").read_text()}


@dataclass
class Context:
    """A build context, the index that its packages come from, and what becomes of the image."""

    folder: Path
    index: Path
    root: Path
    """Stands for the image's /."""
    environment: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """Absolute paths of the image as paths below ``root``."""
        for place in ("/opt/", "/home/"):
            text = text.replace(place, f"{self.root}{place}")
        return text

    def run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        tools = str(self.root / "tools")
        base = {"PATH": f"{tools}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index)}
        base |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": str(self.root / "tmp")}
        given = {name: self.inside(value).replace("$PATH", base["PATH"]) for name, value in self.environment.items()}
        cwd = self.root / self.workdir.lstrip("/")
        return subprocess.run(
            [self.inside(word) for word in command], cwd=cwd, env={**base, **given, **more},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def step(self, name: str, value: str) -> subprocess.CompletedProcess[str] | None:
        """Carry out one instruction; what a RUN printed."""
        if name == "RUN":
            return self.run(["/bin/sh", "-c", value])
        if name == "COPY":
            *sources, target = value.split()
            place = Path(self.inside(target))
            for source in sources:
                copied = self.folder / source
                if copied.is_dir():
                    shutil.copytree(copied, place, dirs_exist_ok=True)
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(copied, place / source)
        elif name == "WORKDIR":
            self.workdir = value
        elif name in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            words = json.loads(value[value.index("[") :])
            attribute = {"ENTRYPOINT": "entry", "CMD": "command", "HEALTHCHECK": "health"}[name]
            setattr(self, attribute, words)
        return None

    def build(self) -> subprocess.CompletedProcess[str] | None:
        """Carry out the whole Dockerfile; the first RUN that failed, or None."""
        parser = DockerfileParser(path=str(self.folder / "Dockerfile"), env_replace=False)
        for one in parser.structure:
            done = self.step(one["instruction"], one["value"])
            self.environment = dict(parser.envs) if one["instruction"] == "ENV" else self.environment
            if done is not None and done.returncode:
                return done
        return None


@pytest.fixture
def context(tmp_path) -> Context:
    """A lock of four stand-in packages and a tiny wheel of its own, exported."""
    made = Context(tmp_path / "context", tmp_path / "index", tmp_path / "image")
    for folder in (made.folder / "wheels", made.folder / PROBE, made.index, made.root / "tools", made.root / "tmp"):
        folder.mkdir(parents=True)
    (made.root / "tools" / "python3").symlink_to(sys.executable)
    if os.geteuid() != 0:
        (made.root / "tools" / "chown").symlink_to("/bin/true")
    pins = []
    for name, version in sorted(VERSIONS.items()):
        files = package_files(name)
        filename, content = build_wheel(name, version, "stand-in", files, requires_python=">=3.9")
        (made.index / filename).write_bytes(content)
        file = IndexFile(filename=filename, sha256=hashlib.sha256(content).hexdigest())
        needs = NEEDS.get(name, ())
        pin = Pin(name=pypi_name(name), version=version, index="default", files=(file,), requires=needs, asked_by=())
        pins.append(pin)
    write_context(made, tuple(pins))
    return made


def write_context(made: Context, pins: tuple[Pin, ...]) -> None:
    target = Target(python=PYTHON, glibc="2.17")
    axes = {"python": PYTHON, "cuda": "12.8", "cudnn": "9.10", "tensorflow": "2.21.0", "torch": "2.10.0"}
    axes |= {"jax": None, "protobuf": None, "numpy": "2.3.0"}
    solution = Solution(
        profile="p", target=target, axes=axes, pins=pins, because=(),
        notes=(), missing=(),
    )  # fmt: skip
    filename, content = build_wheel("tiny", "1", "ours", {"tiny.py": "ours = True\n"}, requires_python=">=3.9")
    wheel = LocalWheel("tiny", "1", filename, hashlib.sha256(content).hexdigest(), content)
    (made.folder / "wheels" / filename).write_bytes(content)
    lines = requirement_lines(solution, [wheel])
    (made.folder / "requirements.txt").write_text(requirements_txt(solution, lines, "test"))
    base = [line for line in lines if line.startswith("standin-shared")]
    (made.folder / "requirements-base.txt").write_text("\n".join(map(wrapped, base)) + "\n")
    plan = Plan(
        name="p", target=target, axes=solution.axes, packages=VERSIONS, digest="0" * 64,
        variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true"}, orders=["torch", "torch,tensorflow", "tensorflow,torch"],
        shared=True, wheels=True, family="p",
    )  # fmt: skip
    (made.folder / "Dockerfile").write_text(dockerfile(plan, IMAGE, "test"))
    (made.folder / "check.sh").write_text(check_sh(plan, "test"))
    (made.folder / "entry.sh").write_text(entry_sh("test"))
    for path in Path(next(iter(solver.proof.probes.__path__))).glob("*.py"):
        shutil.copyfile(path, made.folder / PROBE / path.name)


def site_packages(made: Context) -> Path:
    return made.root / "opt" / "env" / "lib" / f"python{PYTHON}" / "site-packages"


def test_the_steps_make_an_environment_that_runs_and_checks_itself(context):
    failed = context.build()
    assert failed is None, failed.stderr
    assert (site_packages(context) / "tiny.py").is_file()
    told = "import os, torch, tensorflow, tiny; print(torch.__version__, tiny.ours, os.environ['HOME'])"
    done = context.run([*context.entry, *context.command, "-c", told], INTERLOCK_CHECK="imports")
    assert (done.returncode, done.stdout) == (0, f"2.10.0+standin True {context.root}/home/interlock\n"), done.stderr
    assert context.run(context.health).returncode == 0


def test_a_framework_that_no_longer_imports_stops_the_entry_and_fails_the_health_check(context):
    assert context.build() is None
    (site_packages(context) / "tensorflow" / "__init__.py").write_text("raise ImportError('gone')\n")
    done = context.run([*context.entry, "echo", "started"], INTERLOCK_CHECK="imports")
    assert (done.returncode, done.stdout) == (1, "")
    assert "interlock: the probe torch,tensorflow failed; its last lines:" in done.stderr
    assert "ImportError: gone" in done.stderr
    assert context.run(context.health).returncode == 1
    assert context.run([*context.entry, "echo", "started"], INTERLOCK_CHECK="off").stdout == "started\n"


def test_a_changed_package_is_never_installed(context):
    (changed,) = context.index.glob("numpy-*.whl")
    changed.write_bytes(changed.read_bytes() + b"\0")
    failed = context.build()
    assert failed is not None
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in failed.stderr
    assert not (site_packages(context) / "numpy").exists()


def test_a_base_image_with_another_python_is_refused_before_anything_is_installed(context):
    path = context.folder / "Dockerfile"
    path.write_text(path.read_text().replace(f"assert '{PYTHON}'", "assert '2.7'"))
    failed = context.build()
    assert failed is not None
    assert f"this lock is for python {PYTHON}" in failed.stderr
    assert not (context.root / "opt" / "env").exists()


def test_a_base_image_with_an_older_glibc_is_refused(context):
    path = context.folder / "Dockerfile"
    path.write_text(path.read_text().replace(">= (2, 17)", ">= (99, 0)"))
    failed = context.build()
    assert failed is not None
    assert "this lock needs glibc 2.17, here is " in failed.stderr
