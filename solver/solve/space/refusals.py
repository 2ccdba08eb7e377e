"""Why a version that exists may not be chosen."""

from __future__ import annotations

from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.frameworks import COMPANIONS, framework_of
from solver.core.model import Framework, Release
from solver.core.target import admits_python
from solver.matrix.builds import has_cuda, has_wheel, local_cuda, runs_on, stated
from solver.matrix.drivers import oldest_of
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE, Build
from solver.solve.space.scope import Scope

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
    return _build_refusal(space, name, version) or _rule_refusal(space, name, version)


def _rule_refusal(space: Scope, name: str, version: str) -> Refusal | None:
    """A hard rule that asks for nothing says that the version itself does not work on the target."""
    rule = next((rule for rule in space.rules_of(name, version) if not (rule.needs or rule.expects)), None)
    return None if rule is None else (rule.why, rule.source, rule.id)


def _unread(space: Scope, release: Release) -> list[str]:
    unread = []
    if not any(file.sha256 for file in release.files):
        unread.append(f"the sha256 of a wheel for python {space.target.python}")
    if release.requires is None:
        unread.append("its requirements")
    return unread


def _build_refusal(space: Scope, name: str, version: str) -> Refusal | None:
    if name in COMPANIONS:
        kind = _wrong_companion(version, cpu=space.cpu_only)
        return None if kind is None else (kind, f"the name of {name} {version}", None)
    build, framework = space.build(name, version), framework_of(name)
    if build is None:
        return _unknown(name, framework, space)
    why = _wrong_kind(build, has_cuda(build), space, framework)
    why = why or _too_old_driver(build, space.matrices, space.target.driver)
    if why is not None:
        return why, build.source, build.id
    return _gpu_refusal(build, space)


def _unknown(name: str, framework: Framework | None, space: Scope) -> Refusal | None:
    """A release without a row, of a package whose GPU code rows tell of; of any other nothing needs telling."""
    if framework is not None:
        return "no matrix row knows it (`interlock refresh` derives one)", "matrices", None
    known = bool(space.matrices.builds_of(name))
    return ("no matrix row knows it (add one to matrices/builds.yaml)", "matrices", None) if known else None


def _wrong_kind(build: Build, cuda: Answer, space: Scope, framework: Framework | None) -> str | None:
    """CUDA where none is asked for; of a framework also none where CUDA is, and a cuDNN that nobody read."""
    if cuda is Answer.NOT_KNOWN:
        return "nobody read whether it has CUDA code"
    if space.cpu_only:
        return "it is a CUDA build and the request asks for CPU builds" if cuda is Answer.YES else None
    if framework is None:
        return None
    if cuda is Answer.NO:
        return "it is a CPU build and the request asks for CUDA builds"
    return "nobody read which cuDNN it is used with" if build.cudnn is NOT_KNOWN else None


def _too_old_driver(build: Build, matrices: Matrices, driver: str | None) -> str | None:
    """A driver that is too old for the build itself; one too old for its CUDA refuses that CUDA."""
    oldest = oldest_of(build, matrices)
    if isinstance(oldest, NotKnown) or oldest.row != build.id or driver is None or oldest.admits(driver):
        return None
    return f"it needs a driver >= {oldest.driver} and the target promises only {driver}"


def _gpu_refusal(build: Build, space: Scope) -> Refusal | None:
    for gpu in space.target.gpus:
        verdict = runs_on(build, gpu, space.target.driver, space.matrices)
        if verdict.answer is not Answer.YES:
            return verdict.why, verdict.source, verdict.row
    return None


def _wrong_companion(version: str, *, cpu: bool) -> str | None:
    """Why a companion's build is not for the machines that are asked for; None where its name does not tell."""
    cuda = local_cuda(version)
    if cuda == NONE and not cpu:
        return "it is a CPU build and the request asks for CUDA builds"
    return "it is a CUDA build and the request asks for CPU builds" if stated(cuda) and cpu else None
