"""Why a version that exists may not be chosen."""

from __future__ import annotations

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer
from solver.core.model import Release
from solver.core.target import admits_python
from solver.matrix.builds import gpu_refusal, has_cuda, has_wheel
from solver.solve.space.scope import COMPANIONS, Scope

Refusal = tuple[str, str, str | None]
"""Why, the source that says so, and the id of the row where one does."""


def refusal(space: Scope, name: str, version: str, release: Release) -> Refusal | None:
    """Why ``release`` may not be chosen in ``space``; None where it may."""
    python, platform = space.target.python, space.target.platform
    listing = release.source or "the package index"
    if release.refused is not None:
        return release.refused, listing, None
    if release.yanked is not None:
        return f"its files were yanked ({release.yanked or 'no reason given'})", listing, None
    if release.index not in space.indexes:
        return "it is on the PyTorch index only, which the profile does not allow", listing, None
    documented = release.index == "pytorch" and not release.files
    if documented and name == "torch":
        row = space.matrices.build(name, version, platform)
        if row is None or not has_wheel(row, python):
            return (
                f"the PyTorch index has no wheel of it for python {python} on {platform}",
                listing,
                None,
            )
    elif not release.files:
        # Of the PyTorch index only what public sources tell is recorded, so absence proves nothing.
        known = "nobody read a hash of a wheel" if release.index == "pytorch" else "it has no wheel"
        return f"{known} for python {python} on {platform}", listing, None
    if not admits_python(release.requires_python, space.target):
        return f"it requires python {release.requires_python}", listing, None
    if space.lockable_only and release.index == "pytorch" and _unread(space, release):
        return "nobody read " + " and ".join(_unread(space, release)), listing, None
    return _build_refusal(space, name, version)


def _unread(space: Scope, release: Release) -> list[str]:
    unread = []
    if not any(file.sha256 for file in release.files):
        unread.append(f"the sha256 of a wheel for python {space.target.python}")
    if release.requires is None:
        unread.append("its requirements")
    return unread


def _build_refusal(space: Scope, name: str, version: str) -> Refusal | None:
    if name in COMPANIONS and (kind := _wrong_companion(version, cpu=space.cpu_only)):
        return kind, f"the name of {name} {version}", None
    build = space.build(name, version)
    if build is None:
        if name in ("torch", "tensorflow", "tensorflow-cpu", "tensorflow-intel"):
            return "no matrix row knows it (`interlock refresh` derives one)", "matrices", None
        return None
    cuda = has_cuda(build) is Answer.YES
    if space.cpu_only == cuda:
        kind = "a CUDA build" if cuda else "a CPU build"
        return (
            f"it is {kind} and the request asks for {'CPU' if space.cpu_only else 'CUDA'} builds",
            build.source,
            build.id,
        )
    if name == "torch" and cuda and build.cudnn is NOT_KNOWN:
        return "nobody read which cuDNN it is used with", build.source, build.id
    why = gpu_refusal(build, space.matrices, space.target)
    return None if why is None else (why, build.source, build.id)


def _wrong_companion(version: str, *, cpu: bool) -> str | None:
    """Why a companion's build is not for the machines that are asked for; None where its name does not tell."""
    local = Version(version).local
    if local == "cpu" and not cpu:
        return "it is a CPU build and the request asks for CUDA builds"
    return "it is a CUDA build and the request asks for CPU builds" if named_cuda(version) and cpu else None


def named_cuda(version: str) -> int | None:
    """The CUDA major that a local version names: 12 of 0.26.0+cu128; None where it names none."""
    local = Version(version).local or ""
    return int(local[2:-1]) if local.startswith("cu") and local[2:].isdigit() else None
