"""What the rows of framework builds ask for, beyond what their wheels' metadata says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.core.model import PypiName
from solver.matrix.builds import major, minor
from solver.matrix.rows import CompanionBuild, TensorflowBuild, TorchBuild
from solver.solve.space.terms import AXIS_CUDA, AXIS_CUDNN, Ask, Candidate, guard

if TYPE_CHECKING:
    from solver.solve.space.packages import PackageSpace


def tensorflow_asks(space: PackageSpace, row: TensorflowBuild) -> Iterator[Ask]:
    """One CUDA major, the distribution of every CUDA library it opens, a cuDNN new enough."""
    if row.cuda is None:
        return
    cuda = major(row.cuda)
    yield Ask(AXIS_CUDA, _same_major(space, cuda), f"CUDA {cuda} (built with {row.cuda})", row.source, row.id)
    for short in row.opens:
        yield from _library_asks(space, short, cuda, row)
    if row.cudnn is None:
        return
    oldest, same = Version(row.cudnn), major(row.cudnn)
    mask = space.mask_where(
        AXIS_CUDNN, lambda c: c.version != "none" and major(c.version) == same and Version(c.version) >= oldest
    )
    yield Ask(AXIS_CUDNN, mask, f"cuDNN {same}, at least {row.cudnn}", row.source, row.id)
    mask = 1 | space.mask_where("torch", lambda c: not _carries_older_cudnn(space, c, oldest)) << 1
    text = f"no torch that carries a cuDNN {same} older than {row.cudnn}"
    yield Ask(guard("torch"), mask, text, row.source, row.id)


def _same_major(space: PackageSpace, cuda: int) -> int:
    return space.mask_where(AXIS_CUDA, lambda c: c.version != "none" and major(c.version) == cuda)


def _library_asks(space: PackageSpace, short: str, cuda: int, row: TensorflowBuild) -> Iterator[Ask]:
    """The distribution that brings one CUDA library; several rows tell of its layouts over time."""
    masks: dict[str, int] = defaultdict(int)
    sonames: dict[str, set[str]] = defaultdict(set)
    for library in space.matrices.libraries:
        if library.library == short and library.cuda == cuda:
            name: str = canonicalize_name(library.distribution)
            masks[name] |= space.mask(name, library.versions)
            sonames[name].update(library.sonames[:1] or [short])
    for name in sorted(masks):
        what = sonames[name].pop() if len(sonames[name]) == 1 else short
        yield Ask(name, masks[name], f"{what} of CUDA {cuda} from {name}", row.source, row.id)


def _carries_older_cudnn(space: PackageSpace, torch: Candidate, oldest: Version) -> bool:
    """Whether a torch wheel holds a cuDNN of the same soname that is too old: it may load first."""
    row = space.matrices.torch_build(torch.version, space.target.platform)
    if row is None or not row.bundles or row.cudnn is None:
        return False
    return Version(row.cudnn).major == oldest.major and Version(row.cudnn) < oldest


def torch_asks(space: PackageSpace, row: TorchBuild, candidate: Candidate) -> Iterator[Ask]:
    """The CUDA it was built with, and what stands in for requirements that nobody read."""
    if row.cuda is None:
        return
    if row.bundles:
        # Its own runtime lies inside the wheel; only the major is shared with the rest.
        cuda = major(row.cuda)
        yield Ask(AXIS_CUDA, _same_major(space, cuda), f"CUDA {cuda} (carries {row.cuda})", row.source, row.id)
        yield from _carried_cudnn(space, row)
        return
    exact = minor(row.cuda)
    yield Ask(AXIS_CUDA, space.mask_where(AXIS_CUDA, lambda c: c.version == exact), f"CUDA {exact}", row.source, row.id)
    if candidate.release is None or space.index.requires(candidate.release) is not None:
        return
    if row.cudnn is not None:
        mask = space.mask(AXIS_CUDNN, f"=={row.cudnn}" if row.cudnn.count(".") > 2 else f"=={row.cudnn}.*")
        yield Ask(AXIS_CUDNN, mask, f"cuDNN {row.cudnn}", row.source, row.id)
    yield from _triton(space, candidate)


def _carried_cudnn(space: PackageSpace, row: TorchBuild) -> Iterator[Ask]:
    """A cuDNN beside the one inside torch's wheel may be loaded first, so it must serve torch too."""
    if row.cudnn is None:
        return
    carried = Version(row.cudnn)
    mask = space.mask_where(
        AXIS_CUDNN, lambda c: c.version == "none" or major(c.version) != carried.major or Version(c.version) >= carried
    )
    text = f"no cuDNN {carried.major} older than {row.cudnn}"
    yield Ask(guard(AXIS_CUDNN), 1 | mask << 1, text, row.source, row.id)


def _triton(space: PackageSpace, candidate: Candidate) -> Iterator[Ask]:
    """All builds of one torch are made with one triton; the default build's metadata names it."""
    public = Version(candidate.version).public
    for release in space.index.releases(PypiName("torch")):
        if release.index == "default" and release.version == public:
            for text in space.index.requires(release) or ():
                requirement = Requirement(text)
                applies = requirement.marker is None or requirement.marker.evaluate(space.environment)
                if requirement.name == "triton" and applies:
                    yield from space.requirement_asks(requirement, f"metadata of the default build of torch {public}")
            return


def companion_asks(space: PackageSpace, row: CompanionBuild) -> Iterator[Ask]:
    """Its torch, which newer torchaudio metadata no longer names, and a torch of the same CUDA major."""
    specifier = f"=={row.torch}" if row.torch[:1].isdigit() else row.torch
    yield Ask("torch", space.mask("torch", specifier), f"torch{specifier}", row.source, row.id)
    if row.cuda is not None:
        yield _torch_of(space, major(row.cuda), row.source, row.id)


def named_asks(space: PackageSpace, candidate: Candidate) -> Iterator[Ask]:
    """What the local version of a companion that no row knows tells: 0.26.0+cu128 is a build for CUDA 12.8."""
    cuda = _named_cuda(candidate.version)
    if cuda:
        yield _torch_of(space, cuda, f"the name of {candidate.name}", None)


def wrong_companion(version: str, *, cpu: bool) -> str | None:
    """Why a companion's build is not for the machines that are asked for; None where its name does not tell."""
    local = Version(version).local
    if local == "cpu" and not cpu:
        return "it is a CPU build and the request asks for CUDA builds"
    return "it is a CUDA build and the request asks for CPU builds" if _named_cuda(version) and cpu else None


def _named_cuda(version: str) -> int | None:
    local = Version(version).local or ""
    return int(local[2:-1]) if local.startswith("cu") and local[2:].isdigit() else None


def _torch_of(space: PackageSpace, cuda: int, source: str, row: str | None) -> Ask:
    mask = space.mask_where("torch", lambda c: _cuda_major(space, c) == cuda)
    return Ask("torch", mask, f"a torch built with CUDA {cuda}", source, row)


def _cuda_major(space: PackageSpace, torch: Candidate) -> int | None:
    row = space.matrices.torch_build(torch.version, space.target.platform)
    return major(row.cuda) if row is not None and row.cuda else None
