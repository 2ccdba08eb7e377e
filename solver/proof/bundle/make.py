"""Put a bundle together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.core.errors import BadInput
from solver.core.names import one_line
from solver.core.whole import put_whole
from solver.index.web import Web
from solver.proof.bundle.download import Progress, download, file_sha256
from solver.proof.bundle.manifest import NAME, Carried, CarriedLock, Manifest
from solver.proof.bundle.pythons import pack_pythons
from solver.proof.bundle.wheels import RemoteWheel
from solver.proof.evidence_files import encode
from solver.proof.subject import Subject

WHEELS, TOOL = "wheels", "tool"
LOCKS, MATRICES = "locks", "matrices"
"""As in a project, so that a bundle can be opened as one."""
_SCRIPT = "verify.py"
_NOT_CARRIED = {"evidence", "pylock.toml"}


@dataclass(frozen=True, kw_only=True)
class LockToCarry:
    """One lock, and the wheels that its installation needs beside what lies in its folder."""

    subject: Subject
    python: str
    """major.minor of the interpreter that its environment needs."""
    wheels: tuple[RemoteWheel, ...]


def make_bundle(
    locks: Sequence[LockToCarry],
    directory: Path,
    *,
    tool: Mapping[str, Sequence[RemoteWheel]],
    interlock: tuple[str, bytes],
    matrices: Path | None = None,
    pythons: Sequence[str] = (),
    workers: int = 8,
    progress: Progress | None = None,
    session: Web | None = None,
) -> Manifest:
    """Make or complete the bundle at ``directory`` and return its manifest.

    ``tool`` gives the wheels that interlock needs by python major.minor, ``interlock`` its own wheel
    as (file name, content), ``matrices`` the folder of the project's own rows, ``pythons``
    the interpreters to carry as people name them, ``session`` what downloads. A bundle that broke off is completed.
    Raises ``IndexUnavailable`` where a file cannot be had as its lock names it.
    """
    wheels = _by_filename(wheel for lock in locks for wheel in lock.wheels)
    tools = _by_filename(wheel for few in tool.values() for wheel in few)
    directory.mkdir(parents=True, exist_ok=True)
    interpreters = pack_pythons(pythons, [lock.python for lock in locks], directory)
    download(wheels.values(), directory / WHEELS, workers=workers, progress=progress, session=session)
    download(tools.values(), directory / TOOL, workers=workers, progress=progress, session=session)
    (directory / TOOL / interlock[0]).write_bytes(interlock[1])
    shutil.copyfile(Path(__file__).with_name("offline.py"), directory / _SCRIPT)
    _carry_matrices(matrices, directory)
    carried = tuple(_carry(lock, directory) for lock in sorted(locks, key=lambda one: one.subject.profile))
    # Hashes of what was downloaded are not taken again: the download has checked them.
    digests = {name: wheel.sha256 for name, wheel in (wheels | tools).items()}
    digests |= {interlock[0]: file_sha256(directory / TOOL / interlock[0])}
    manifest = Manifest(
        files=tuple(_files(directory, digests, {_SCRIPT, *(one.path for one in interpreters)})),
        locks=carried,
        tool={minor: _tool_paths(few, interlock[0]) for minor, few in sorted(tool.items())},
        pythons=interpreters,
    )
    put_whole(directory / NAME, encode(manifest))
    return manifest


def check_bundle_place(directory: Path, project: Path) -> None:
    """Refuse a folder that is no place for a bundle: what lies there under a bundle's names would be replaced."""
    fix = "name a new folder, or that of a bundle"
    if directory.resolve() in (project.resolve(), *project.resolve().parents):
        raise BadInput("the project itself lies here", file=directory, fix=fix)
    if os.path.lexists(directory) and not directory.is_dir():
        raise BadInput("is no folder", file=directory, fix=fix)
    above = next((path for path in directory.parents if os.path.lexists(path)), directory)
    if not above.is_dir():
        raise BadInput("Not a directory", file=directory, fix="name a folder, or move the file away")
    if directory.parent.is_dir() and not directory.exists():
        # Tried now, before anybody has waited for an index.
        directory.mkdir()
        directory.rmdir()
    others = [path.name for path in _strangers(directory)] if directory.is_dir() else []
    if others:
        raise BadInput(f"holds what is no bundle's: {one_line(min(others))}", file=directory, fix=fix)


def _strangers(directory: Path) -> Iterator[Path]:
    known = {WHEELS, TOOL, LOCKS, MATRICES, _SCRIPT, NAME}
    for path in directory.iterdir():
        if path.name not in known and not path.name.startswith(("python", ".")):
            yield path


def _by_filename(wheels: Iterator[RemoteWheel]) -> dict[str, RemoteWheel]:
    """The wheels by file name; raises ``BadInput`` where a name is that of two."""
    seen: dict[str, RemoteWheel] = {}
    for wheel in wheels:
        if seen.setdefault(wheel.filename, wheel).sha256 != wheel.sha256:
            raise BadInput(f"two locks name different files called {wheel.filename}", fix="bundle them separately")
    return seen


def _carry(lock: LockToCarry, bundle: Path) -> CarriedLock:
    """Copy the folder of a lock into the bundle, and tell of it."""
    subject = lock.subject
    target = bundle / LOCKS / subject.profile
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(subject.folder, target, ignore=lambda _, names: [n for n in names if n in _NOT_CARRIED])
    return CarriedLock(
        profile=subject.profile,
        folder=target.relative_to(bundle).as_posix(),
        digest=subject.digest,
        python=lock.python,
        files=tuple(sorted({f"{WHEELS}/{wheel.filename}" for wheel in lock.wheels})),
        packages=dict(sorted(subject.packages.items())),
        contents=dict(sorted(subject.files.items())),
        gpu=subject.gpu,
        variables=dict(subject.variables),
        relaxed=subject.relaxed,
    )


def _carry_matrices(own: Path | None, bundle: Path) -> None:
    target = bundle / MATRICES
    shutil.rmtree(target, ignore_errors=True)
    if own is not None:
        shutil.copytree(own, target, ignore=shutil.ignore_patterns(".*", "*~"))


def _tool_paths(wheels: Sequence[RemoteWheel], interlock: str) -> tuple[str, ...]:
    return tuple(sorted(f"{TOOL}/{name}" for name in {*(wheel.filename for wheel in wheels), interlock}))


def _files(directory: Path, digests: Mapping[str, str], loose: set[str]) -> Iterator[Carried]:
    """Every file of the bundle: locks, rows, wheels by ``digests`` (sha256 by file name), and its ``loose`` files.

    The manifest and the wheels of an earlier, other bundle are left out.
    """
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        inside = path.relative_to(directory)
        wheel = inside.parts[0] in (WHEELS, TOOL)
        if wheel and inside.name in digests:
            sha256 = digests[inside.name]
        elif inside.parts[0] in (LOCKS, MATRICES) or inside.as_posix() in loose:
            sha256 = file_sha256(path)
        else:
            continue
        yield Carried(path=inside.as_posix(), sha256=sha256, size=path.stat().st_size)
