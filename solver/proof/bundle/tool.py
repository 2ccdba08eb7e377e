"""Interlock itself and what it needs to run, as wheels for several pythons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Protocol

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import solver
from solver.core.errors import IndexUnavailable
from solver.core.markers import applies
from solver.core.model import IndexFile, PypiName, Release, Target, pypi_name
from solver.core.target import admits_python, marker_environment, usable_files
from solver.core.wheelfile import pack_wheel
from solver.proof.bundle.wanted import Wanted

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The pythons that a GPU machine may have for interlock; locks may need others."""

EXTRAS: tuple[str, ...] = ()
BESIDES = ("uv", "pip")
"""Brought along: the installer and ``pip check`` use them."""


class ToolIndex(Protocol):
    """An index with requirements and addresses."""

    def releases(self, name: PypiName) -> tuple[Release, ...]:
        """Every release of ``name`` that has a wheel."""
        ...

    def requires(self, release: Release) -> tuple[str, ...] | None:
        """The requirements of ``release``."""
        ...

    def address(self, file: IndexFile) -> str:
        """Where a wheel that ``releases`` listed can be downloaded."""
        ...


def interlock_wheel(matrices: Path) -> tuple[str, bytes]:
    """Interlock as it runs here with its ``matrices``, as (file name, wheel).

    Made from the running code, so that what is proved is what is carried, and no build tool is needed.
    """
    package = Path(solver.__file__).parent
    files = {f"solver/{name}": content for name, content in _files(package) if not _left_out(name)}
    files |= {f"solver/_matrices/{name}": content for name, content in _files(matrices)}
    info = {
        "METADATA": (metadata.distribution("interlock").read_text("METADATA") or "").encode(),
        "entry_points.txt": b"[console_scripts]\ninterlock = solver.cli:main\n",
    }
    return pack_wheel(f"interlock-{solver.__version__}", files, info)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def _left_out(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "_matrices" or any(part.startswith((".", "__pyc")) for part in parts)


def own_requirements() -> tuple[str, ...]:
    """What the running interlock declares that it needs, with the extras used on a GPU machine."""
    return (*(metadata.distribution("interlock").requires or ()), *BESIDES)


def tool_files(index: ToolIndex, target: Target, roots: Sequence[str]) -> tuple[Wanted, ...]:
    """The newest wheels for ``target`` that meet ``roots`` and what they ask for in turn.

    A few plain libraries: versions are raised and lowered until nothing changes, without a search.
    Raises ``IndexUnavailable`` where that ends nowhere.
    """
    chosen: dict[PypiName, tuple[Release, IndexFile]] = {}
    for _ in range(20):
        asked = _asked(index, target, roots, chosen)
        now = {name: _newest(index, target, name, specifier) for name, specifier in asked.items()}
        if {name: one[1] for name, one in now.items()} == {name: one[1] for name, one in chosen.items()}:
            return tuple(
                Wanted(
                    name=name,
                    filename=file.filename,
                    sha256=file.sha256 or "",
                    size=file.size,
                    url=index.address(file),
                )
                for name, (_, file) in sorted(chosen.items())
            )
        chosen = now
    raise IndexUnavailable(f"what interlock needs on python {target.python} does not fit together")


def _asked(
    index: ToolIndex,
    target: Target,
    roots: Iterable[str],
    chosen: dict[PypiName, tuple[Release, IndexFile]],
) -> dict[PypiName, SpecifierSet]:
    asked: dict[PypiName, SpecifierSet] = {}
    environment = marker_environment(target)

    def add(text: str, extras: Iterable[str] = ()) -> None:
        requirement = Requirement(text)
        if not applies(requirement.marker, environment, extras):
            return
        name = pypi_name(requirement.name)
        asked[name] = asked.get(name, SpecifierSet()) & requirement.specifier

    for root in roots:
        add(root, EXTRAS)
    seen: set[PypiName] = set()
    while fresh := [name for name in asked if name in chosen and name not in seen]:
        for name in fresh:
            seen.add(name)
            for text in index.requires(chosen[name][0]) or ():
                add(text)
    return asked


def _newest(index: ToolIndex, target: Target, name: PypiName, specifier: SpecifierSet) -> tuple[Release, IndexFile]:
    best: tuple[Version, Release, IndexFile] | None = None
    for release in index.releases(name):
        version = Version(release.version)
        if version.is_prerelease or release.yanked is not None or not specifier.contains(version):
            continue
        usable = [file for file in usable_files(release.files, target) if file.sha256]
        if usable and admits_python(release.requires_python, target) and (best is None or version > best[0]):
            best = version, release, usable[0]
    if best is None:
        raise IndexUnavailable(f"the index has no wheel of {name}{specifier} for python {target.python}")
    return best[1], best[2]
