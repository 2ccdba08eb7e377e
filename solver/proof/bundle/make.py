"""Put a bundle together."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from solver.core.errors import BadInput
from solver.core.whole import put_whole
from solver.proof.bundle.download import Progress, download, file_sha256
from solver.proof.bundle.manifest import NAME, Carried, CarriedLock, Manifest
from solver.proof.bundle.wanted import Wanted

WHEELS, TOOL, LOCKS = "wheels", "tool", "locks"
_NOT_CARRIED = {"evidence", "pylock.toml"}


@dataclass(frozen=True, kw_only=True)
class LockToCarry:
    """One lock, and the wheels that its installation needs beside what lies in its folder."""

    profile: str
    folder: Path
    digest: str
    python: str
    wheels: tuple[Wanted, ...]
    packages: Mapping[str, str]
    """Version by name of everything the lock installs."""
    gpu: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    relaxed: tuple[str, ...] = ()


def _copy_lock(lock: LockToCarry, bundle: Path) -> str:
    target = bundle / LOCKS / lock.profile
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(lock.folder, target, ignore=lambda _, names: [n for n in names if n in _NOT_CARRIED])
    return target.relative_to(bundle).as_posix()


def _one_name_one_file(wheels: Sequence[Wanted]) -> None:
    seen: dict[str, str] = {}
    for wheel in wheels:
        if seen.setdefault(wheel.filename, wheel.sha256) != wheel.sha256:
            raise BadInput(f"two locks name different files called {wheel.filename}", fix="bundle them separately")


def _pack_interpreter(python: Path, bundle: Path) -> str:
    """Carry an interpreter: an archive as it is, or the folder of an installation packed."""
    if python.is_file():
        name = "python" + "".join(python.suffixes[-2:])
        shutil.copyfile(python, bundle / name)
        return name
    if not (python / "bin").is_dir():
        fix = "name an archive or the folder that holds bin/python3"
        raise BadInput("this is no python installation", file=python, key="--python", fix=fix)
    with tarfile.open(bundle / "python.tar.gz", "w:gz", compresslevel=6) as archive:
        archive.add(python, "python", filter=lambda one: None if one.name.endswith("__pycache__") else one)
    return "python.tar.gz"


def make_bundle(
    locks: Sequence[LockToCarry],
    directory: Path,
    *,
    tool: Mapping[str, Sequence[Wanted]],
    interlock: tuple[str, bytes],
    python: Path | None = None,
    workers: int = 8,
    progress: Progress | None = None,
) -> Manifest:
    """Make or complete the bundle at ``directory`` and return its manifest.

    ``tool`` gives the wheels that interlock needs by python major.minor, ``interlock`` its own wheel
    as (file name, content), ``python`` an interpreter to carry. A bundle that broke off is completed.
    Raises ``IndexUnavailable`` where a file cannot be had as its lock names it.
    """
    wheels = [wheel for lock in locks for wheel in lock.wheels]
    tools = [wheel for one in tool.values() for wheel in one]
    _one_name_one_file(wheels)
    _one_name_one_file(tools)
    directory.mkdir(parents=True, exist_ok=True)
    download(wheels, directory / WHEELS, workers=workers, progress=progress)
    download(tools, directory / TOOL, workers=workers, progress=progress)
    (directory / TOOL / interlock[0]).write_bytes(interlock[1])
    shutil.copyfile(Path(__file__).with_name("offline.py"), directory / "verify.py")
    carried = tuple(
        CarriedLock(
            profile=lock.profile,
            folder=_copy_lock(lock, directory),
            digest=lock.digest,
            python=lock.python,
            files=tuple(sorted({f"{WHEELS}/{wheel.filename}" for wheel in lock.wheels})),
            packages=dict(sorted(lock.packages.items())),
            gpu=lock.gpu,
            variables=dict(lock.variables),
            relaxed=lock.relaxed,
        )
        for lock in sorted(locks, key=lambda one: one.profile)
    )
    manifest = Manifest(
        files=_carried(directory, {wheel.filename: wheel.sha256 for wheel in [*wheels, *tools]}, interlock[0]),
        locks=carried,
        tool={
            minor: tuple(sorted(f"{TOOL}/{name}" for name in {*(one.filename for one in few), interlock[0]}))
            for minor, few in sorted(tool.items())
        },
        interpreter=_pack_interpreter(python, directory) if python is not None else None,
    )
    if manifest.interpreter is not None:
        path = directory / manifest.interpreter
        packed = Carried(path=manifest.interpreter, sha256=file_sha256(path), size=path.stat().st_size)
        files = tuple(sorted((*manifest.files, packed), key=lambda file: file.path))
        manifest = msgspec.structs.replace(manifest, files=files)
    content = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1)
    put_whole(directory / NAME, content + b"\n")
    return manifest


def _carried(directory: Path, wheels: Mapping[str, str], interlock: str) -> tuple[Carried, ...]:
    """Every file of the bundle but manifest, interpreter and wheels of an earlier, other bundle.

    ``wheels`` gives the sha256 of the downloaded ones, which the download has checked.
    """
    found = []
    for path in sorted(directory.rglob("*")):
        inside = path.relative_to(directory)
        if not path.is_file() or (len(inside.parts) == 1 and inside.name != "verify.py"):
            continue
        downloaded = inside.parts[0] in (WHEELS, TOOL)
        if downloaded and inside.name not in wheels and inside.name != interlock:
            continue
        known = wheels.get(inside.name) if downloaded else None
        sha256 = known or file_sha256(path)
        found.append(Carried(path=inside.as_posix(), sha256=sha256, size=path.stat().st_size))
    return tuple(found)
