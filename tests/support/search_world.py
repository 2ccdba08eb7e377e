"""Tiny matrices and indexes for tests of the search, written in shorthand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml
from paths import SCENARIOS
from scenario import Untyped

from solver.commands.project import Project
from solver.core.answer import NOT_KNOWN, Answer, answer
from solver.core.errors import NotRecorded
from solver.core.markers import extras_in
from solver.core.model import IndexFile, Profile, Release, pypi_name
from solver.index import UnknownPackage
from solver.matrix.load import FILES, Matrices, spelled_out
from solver.request.read import read_request
from solver.solve.space.packages import Spaces

BASE = SCENARIOS / "search" / "base" / "cuda.yaml"
PYTHONS = ("3.11", "3.12", "3.13")
KEYS = {
    "tensorflow": "version",
    "torch": "version",
    "companions": "version",
    "builds": "version",
    "toolkits": "cuda",
    "families": "major",
    "libraries": "library",
    "cudnn": "cudnn",
    "drivers": "branch",
    "gpus": "gpu",
    "rules": "id",
    "custom_ops": "id",
    "clobbers": "id",
    "observations": "id",
    "verified": "id",
    "names": "conda",
    "conda_builds": "version",
    "conda_traps": "match",
    "imports": "module",
}
"""Attribute of ``Matrices``, or file of builds -> the field that the shorthand writes as the key of a row."""
BUILDS = {"tensorflow": "tensorflow", "torch": "torch", "companions": "torchvision", "builds": ""}
"""File of builds -> the package that its rows are of where they do not say."""
KINDS = {**dict(FILES.values()), **{stem: kind for stem, (_, kind) in FILES.items() if stem in BUILDS}}


def read_shorthand(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Untyped)  # a SafeLoader


class World:
    """Rows and releases of one test."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, msgspec.Struct]] = {}
        self.live = False
        """Whether the releases are all that there are, and not only what was recorded."""
        self.wholes: dict[str, str] = {}
        """Package -> specifier of the releases of which all are here."""
        self.releases: dict[str, list[Release]] = {}
        self.recorded: dict[tuple[str, str], tuple[str, ...]] = {}
        """(package, version) -> the only pythons whose wheels were recorded."""

    def add(self, shorthand: Mapping[str, Any]) -> World:
        """Take in ``matrices``, ``index``, ``live`` and ``whole``; a row or package of the same key is replaced."""
        for attribute, rows in (shorthand.get("matrices") or {}).items():
            for key, fields in rows.items():
                self.add_row(attribute, key, **(fields or {}))
        self.live = self.live or bool(shorthand.get("live"))
        self.wholes |= dict.fromkeys(shorthand.get("whole") or (), "")
        for name, versions in (shorthand.get("index") or {}).items():
            self.releases[pypi_name(name)] = [
                self.release(name, version, value) for version, value in (versions or {}).items()
            ]
        return self

    def add_row(self, attribute: str, key: str, **fields: Any) -> None:
        # "cudnn of 12" and "cudnn of 13" are two rows of one library.
        value = key.split(" ")[0] if attribute in ("libraries", *BUILDS) else key
        data: dict[str, Any] = {"id": f"{attribute}:{key}".replace(" ", "-"), "source": f"row of {attribute} {key}"}
        data[KEYS[attribute]] = value
        if attribute in BUILDS:
            index = "pytorch" if "+" in key else "default"
            data |= {"package": BUILDS[attribute], "platform": "linux-64", "index": index}
        if attribute in ("tensorflow", "torch"):
            data |= {"python": PYTHONS}
        if attribute == "torch":
            data |= {"reports": key, "same_minor": fields.get("cuda") != "none" and not fields.get("bundles")}
        if attribute in BUILDS and "sm" in fields:
            data |= {"ptx": []}
        if attribute == "rules":
            data |= {"code": "test", "severity": "error", "cure": "take another", "why": key}
        if attribute == "conda_builds":
            data |= {"platform": "linux-64"}
        if attribute in BUILDS and "versions" in fields:
            del data["version"]
        data |= fields
        self.rows.setdefault(attribute, {})[key] = msgspec.convert(data, KINDS[attribute], strict=False)

    def release(self, name: str, version: str, value: Any) -> Release:
        """``told`` is the list of requirements, or a mapping with requires, pythons, yanked, …

        ``recorded`` in it are the pythons that the release was recorded for, where not for all.
        """
        fields = dict(value) if isinstance(value, Mapping) else {"requires": value or []}
        if "recorded" in fields:
            self.recorded[pypi_name(name), version] = tuple(fields.pop("recorded"))
        index = fields.pop("index", "pytorch" if "+" in version else "default")
        pythons = fields.pop("pythons", None)
        if pythons is None and name in ("tensorflow", "tensorflow-cpu", "torch"):
            row = self.rows.get(name.split("-")[0], {}).get(version)
            pythons = row.python if row is not None else PYTHONS
        hashed = fields.pop("sha256", "read") is not None
        tag = fields.pop("platform", "linux_x86_64")
        files = tuple(_file(name, version, python, hashed, index, tag) for python in (pythons or [None]))
        requires = fields.pop("requires", [])
        return Release(
            version=version,
            files=files,
            index=index,
            requires=NOT_KNOWN if requires is None else tuple(requires),
            **fields,
        )

    def matrices(self) -> Matrices:
        tables: dict[str, tuple[msgspec.Struct, ...]] = {}
        for attribute, rows in self.rows.items():
            name = "builds" if attribute in BUILDS else attribute
            tables[name] = (*tables.get(name, ()), *rows.values())
        tables["rules"] = spelled_out(tables.get("rules", ()))  # type: ignore[arg-type]
        return Matrices(**tables)  # type: ignore[arg-type]

    def index(self) -> StandIn:
        return StandIn(self.releases, complete=self.live, recorded=self.recorded, wholes=self.wholes)


def _file(name: str, version: str, python: str | None, hashed: bool, index: str, platform: str) -> IndexFile:
    tag = "py3-none-any" if python is None else f"cp{python.replace('.', '')}-cp{python.replace('.', '')}-{platform}"
    filename = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    url = f"https://wheels.invalid/{filename}" if index == "pytorch" else None
    digest = hashlib.sha256(filename.encode()).hexdigest() if hashed else NOT_KNOWN
    return IndexFile(filename=filename, sha256=digest, size=1000, url=url)


class StandIn:
    """An index held in memory: a record, or, where it is complete, the index itself."""

    def __init__(
        self,
        releases: Mapping[str, Iterable[Release]],
        *,
        complete: bool = False,
        recorded: Mapping[tuple[str, str], tuple[str, ...]] = {},
        wholes: Mapping[str, str] = {},
    ) -> None:
        self.whole, self.recorded, self.wholes = complete, recorded, wholes
        self.listings = {name: tuple(some) for name, some in releases.items()}

    def releases(self, name):
        if name not in self.listings:
            raise UnknownPackage(name) if self.whole else NotRecorded(name)
        return self.listings[name]

    remedy = "without --offline the index is asked"

    def complete(self, name):
        return self.whole

    def listed_whole(self, name, target):
        return "" if self.complete(name) else self.wholes.get(name, NOT_KNOWN)

    def more(self, lacking, involved):
        return False

    def looked_at(self, name, releases):
        return releases

    def names(self):
        return tuple(self.listings)

    def covers(self, name, version, target):
        return self.whole or target.python in self.recorded.get((name, version), (target.python,))

    def requires(self, release, extras=()):
        return release.requires

    def provides(self, release, extra):
        asks = any(extra in extras_in(text) for text in release.requires or ())
        if not self.whole:  # a record keeps an extra's requirements of all releases of a package, or of none
            (releases,) = (some for some in self.listings.values() if release in some)
            extras = {extra for one in releases for text in one.requires or () for extra in extras_in(text)}
            return Answer.YES if extra in extras or extra in release.extras else Answer.NOT_KNOWN
        return answer(asks or extra in release.extras)

    def extras(self, release):
        under = {extra for text in release.requires or () for extra in extras_in(text)}
        return tuple(sorted(under.union(release.extras)))


TEMPLATE = {
    "name": "test",
    "channels": ["nowhere"],
    "dependencies": ["python=${python}", "pip", {"pip": ["torch==${torch}", "tensorflow==${tensorflow}"]}],
}


def request_of(
    profiles: Mapping[str, Mapping[str, Any]],
    folder: Path,
    pip: Iterable[str] = (),
    matrices: Matrices | None = None,
) -> tuple[Profile, ...]:
    """The profiles as the project reads them out of a request; ``pip`` are further entries of the template."""
    text = {**TEMPLATE, "profiles": {name: dict(keys) for name, keys in profiles.items()}}
    text["dependencies"] = [*TEMPLATE["dependencies"][:2], {"pip": [*TEMPLATE["dependencies"][2]["pip"], *pip]}]
    file = folder / "environment.yml.in"
    file.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    return read_request(file, matrices).profiles


def project_of(world: World, profiles: tuple[Profile, ...], folder: Path) -> Project:
    """A project over ``world`` alone."""
    from solver.core.model import Request

    matrices, index = world.matrices(), world.index()
    request = Request(file="environment.yml.in", profiles=profiles, lines={})
    return Project(folder, request, matrices, index, index, Spaces(matrices, index))  # type: ignore[arg-type]
