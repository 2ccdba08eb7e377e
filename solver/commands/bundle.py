"""bundle: locks and all they need put together for a GPU machine without a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from solver.commands.check import check_locks, orphans
from solver.commands.project import REQUEST_FILE, locks_dir, open_project, own_matrices, project_root
from solver.commands.subject import subject_of
from solver.core.answer import Answer, NotKnown
from solver.core.errors import BadInput, CheckFailed
from solver.core.lines import LockedPin
from solver.core.model import Target
from solver.core.programs import uv_here
from solver.core.threads import thread_pool
from solver.index.pypi import PypiIndex, chosen_index
from solver.index.web import log
from solver.lock.folder import LockFolder, intact_folder, is_lock
from solver.matrix.load import matrices_dir
from solver.proof.bundle.download import Progress
from solver.proof.bundle.make import LockToCarry, check_bundle_place, make_bundle
from solver.proof.bundle.manifest import Manifest
from solver.proof.bundle.split import parse_size, split
from solver.proof.bundle.tool import PYTHONS, interlock_wheel, own_requirements, resolved
from solver.proof.bundle.wheels import RemoteWheel, downloads, locate


def bundle(
    root: Path,
    names: Sequence[str],
    directory: Path,
    *,
    split_size: str | None = None,
    pythons: Sequence[str] = (),
    workers: int = 8,
    progress: Progress | None = None,
    tell: Callable[[str], object] = log.info,
) -> tuple[Manifest, tuple[Path, ...]]:
    """Bundle the locks ``names`` of the project in ``root`` into ``directory``; returns its manifest and its parts.

    With ``split_size`` the whole bundle lies in ``directory``/whole and the parts in ``directory``/parts. ``tell`` is
    told how much that is before anything is fetched.
    """
    size = parse_size(split_size) if split_size else None
    whole = directory / "whole" if size else directory
    check_bundle_place(whole, root)
    locks = [_pip_lock(locks_dir(root) / name) for name in names]
    index = PypiIndex()
    carried, tool = [_to_carry(lock, index, workers) for lock in locks], _tool(index, workers)
    tell(_weight([wheel for wheels in (*(lock.wheels for lock in carried), *tool.values()) for wheel in wheels]))
    manifest = make_bundle(
        carried,
        whole,
        tool=tool,
        interlock=interlock_wheel(matrices_dir()),
        matrices=_carried_matrices(root),
        pythons=pythons,
        workers=workers,
        progress=progress,
        session=index.session,
    )
    return manifest, split(whole, directory / "parts", size) if size else ()


def refuse_stale(root: Path, names: Sequence[str]) -> None:
    """Raises ``CheckFailed`` where `lock` would write another lock: its proof would say nothing of that one.

    Of locks without a request nobody can tell.
    """
    if not (project_root(root) / REQUEST_FILE).is_file():
        return
    project = open_project(root)
    profiles = [profile for profile in project.request.profiles if profile.name in names]
    states = {name: state for name, state in orphans(project).items() if name in names}
    for name, state in {**check_locks(project, profiles), **states}.items():
        if state.answer is Answer.NO and is_lock(project.locks / name):
            why = "; ".join(state.reasons)
            raise CheckFailed(f"{name} is not bundled, since it is stale: {why}; `interlock lock {name}` makes it anew")


def _weight(wheels: Sequence[RemoteWheel]) -> str:
    """How much a bundle has to fetch, each file once."""
    sizes = {wheel.filename: wheel.size for wheel in wheels}
    known = [size for size in sizes.values() if not isinstance(size, NotKnown)]
    unknown = f"{len(sizes) - len(known)} files of unknown size" if len(known) < len(sizes) else ""
    weights = [f"{len(known)} files of {sum(known) / 1e9:.2f} GB" if known else "", unknown]
    return f"{' and '.join(filter(None, weights))}; what is there already is kept"


def _pip_lock(folder: Path) -> LockFolder:
    lock = intact_folder(folder)
    if not lock.from_pip:
        fix = "bundle a pip-in-conda profile, or install this one where its channel can be reached"
        raise BadInput("a bundle carries no conda packages yet", file=lock.path, key="flavour", fix=fix)
    return lock


def _carried_matrices(root: Path) -> Path | None:
    """The project's own rows; None where it has none, or they are those that come along with interlock."""
    own = own_matrices(root)
    return own if own.is_dir() and own.resolve() != matrices_dir().resolve() else None


def _to_carry(lock: LockFolder, index: PypiIndex, workers: int) -> LockToCarry:
    wheels = _located(downloads(lock.pins, lock.wheels), index, lock.target, workers)
    return LockToCarry(subject=subject_of(lock.path), python=lock.target.python, wheels=wheels)


def _tool(index: PypiIndex, workers: int) -> dict[str, tuple[RemoteWheel, ...]]:
    """What interlock itself needs, by python major.minor."""
    uv = uv_here()
    if uv is None:
        fix = "install it; it finds what Interlock needs on the other machine, and travels along"
        raise BadInput("there is no uv on this machine", key="bundle", fix=fix)
    # uv and ``index`` must ask the same index, or the one would not have what the other chose.
    address = chosen_index()
    pins = {python: resolved(own_requirements(), python, uv=uv, index=address) for python in PYTHONS}
    return {python: _located(pins[python], index, Target(python=python), workers) for python in PYTHONS}


def _located(pins: Sequence[LockedPin], index: PypiIndex, target: Target, workers: int) -> tuple[RemoteWheel, ...]:
    with thread_pool(workers) as pool:  # each listing is asked for once, many at a time
        list(pool.map(index.releases, (pin.name for pin in pins if pin.url is None)))
    return locate(pins, index, target)
