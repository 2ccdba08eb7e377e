"""Interlock itself and what it needs to run, as wheels for several pythons."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Protocol

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import solver
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, PypiName, Release, Target, pypi_name
from solver.core.target import admits_python, marker_environment, usable_files
from solver.proof.bundle.wanted import Wanted

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The pythons that a GPU machine may have for interlock; locks may need others."""

EXTRAS: tuple[str, ...] = ()
BESIDES = ("uv", "pip", "pyelftools")
"""Brought along: the installer, ``pip check`` and the audit of a prefix use them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that a zip can hold: the same wheel every time


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
    version = solver.__version__
    info = f"interlock-{version}.dist-info"
    members: dict[str, bytes] = {}
    package = Path(solver.__file__).parent
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        left_out = inside.parts[0] == "_matrices" or any(part.startswith((".", "__pyc")) for part in inside.parts)
        if path.is_file() and not left_out:
            members[f"solver/{inside.as_posix()}"] = path.read_bytes()
    for path in sorted(path for path in matrices.rglob("*") if path.is_file()):
        members[f"solver/_matrices/{path.relative_to(matrices).as_posix()}"] = path.read_bytes()
    distribution = metadata.distribution("interlock")
    members[f"{info}/METADATA"] = (distribution.read_text("METADATA") or "").encode()
    members[f"{info}/entry_points.txt"] = b"[console_scripts]\ninterlock = solver.cli:main\n"
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: interlock\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return f"interlock-{version}-py3-none-any.whl", _zip(members, f"{info}/RECORD")


def _zip(members: dict[str, bytes], record: str) -> bytes:
    lines = []
    for name, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    members = {**members, record: "\n".join([*lines, f"{record},,", ""]).encode()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


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

    def add(text: str, extras: Iterable[str]) -> None:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({**environment, "extra": one}) for one in extras):
            return
        name = pypi_name(requirement.name)
        asked[name] = asked.get(name, SpecifierSet()) & requirement.specifier

    for root in roots:
        add(root, ("", *EXTRAS))
    seen: set[PypiName] = set()
    while fresh := [name for name in asked if name in chosen and name not in seen]:
        for name in fresh:
            seen.add(name)
            for text in index.requires(chosen[name][0]) or ():
                add(text, ("",))
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
