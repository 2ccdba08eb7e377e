"""Which NVIDIA drivers serve a CUDA: the one reading of cuda-families.yaml, cuda.yaml and drivers.yaml.

The search turns the answer into candidates, conda's search into versions and a virtual package,
the audit into findings, the prediction into booleans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict
from solver.core.errors import BadInput
from solver.core.model import Platform
from solver.core.versions import major
from solver.matrix.builds import built_cuda
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, CudaFamily, CudaToolkit, DriverBranch, GpuModels


@dataclass(frozen=True)
class Oldest:
    """The oldest driver that something runs with, and the row that says so."""

    driver: str
    source: str
    row: str
    surely: bool = True
    """Whether an older one surely does not do; else it is enough, and nobody read whether less is."""

    def serves(self, driver: str) -> Answer:
        """Whether something runs with ``driver``."""
        if self.admits(driver):
            return Answer.YES
        return Answer.NO if self.surely else Answer.NOT_KNOWN

    def admits(self, driver: str) -> bool:
        """Whether ``driver`` is as new."""
        return Version(driver) >= Version(self.driver)


def oldest(cuda: str, platform: Platform, matrices: Matrices) -> Oldest | NotKnown:
    """The oldest driver that runs programs of a CUDA (major.minor).

    Within a major that is its family's (minor-version compatibility). Where no row tells of the
    family, it is the driver that the toolkit came with, which is enough in any case.
    """
    family = matrices.family(major(cuda))
    of_family = NOT_KNOWN if isinstance(family, NotKnown) else _stated(family, platform)
    if not isinstance(of_family, NotKnown):
        return of_family
    mine = own(cuda, platform, matrices)
    return NOT_KNOWN if isinstance(mine, NotKnown) else replace(mine, surely=False)


def own(cuda: str, platform: Platform, matrices: Matrices) -> Oldest | NotKnown:
    """The driver that a toolkit (major.minor) came with: the oldest that compiles its PTX."""
    toolkit = matrices.toolkit(cuda)
    return NOT_KNOWN if isinstance(toolkit, NotKnown) else _stated(toolkit, platform)


def oldest_of(build: Build, matrices: Matrices) -> Oldest | NotKnown | None:
    """The oldest driver that runs a build: its CUDA's, or its own where that is newer; None: it has no CUDA code."""
    cuda = built_cuda(build)
    if cuda is None:
        return None
    needed = cuda if isinstance(cuda, NotKnown) else oldest(cuda, build.platform, matrices)
    if isinstance(build.driver, NotKnown):
        return needed
    mine = Oldest(build.driver, build.source, build.id)
    return mine if isinstance(needed, NotKnown) or needed.admits(mine.driver) else needed


def of_families(platform: Platform, matrices: Matrices) -> list[str]:
    """The oldest driver of each CUDA major, where rows tell it, by major."""
    majors = sorted(family.major for family in matrices.families)
    needed = (oldest(f"{each}.0", platform, matrices) for each in majors)
    return [each.driver for each in needed if not isinstance(each, NotKnown)]


def named(platform: Platform, matrices: Matrices) -> set[str]:
    """Every driver from which on something runs: a CUDA major, a toolkit's PTX, or a build that needs its own."""
    of_toolkits = (own(row.cuda, platform, matrices) for row in matrices.toolkits)
    of_builds = (row.driver for row in matrices.builds if row.platform == platform)
    return {
        *of_families(platform, matrices),
        *(each.driver for each in of_toolkits if not isinstance(each, NotKnown)),
        *(driver for driver in of_builds if not isinstance(driver, NotKnown)),
    }


@dataclass(frozen=True)
class FirstOfBranch:
    """The release that a driver branch begins with, as far as rows tell."""

    driver: str
    does: str
    """What makes it the first to count: "run CUDA 12.x"."""
    source: str
    row: str


def is_branch(driver: str) -> bool:
    """Whether ``driver`` is the number of a branch ("525") and no release ("525.60.13")."""
    return driver.isdecimal()


def first_of_branch(branch: str, platform: Platform, matrices: Matrices) -> FirstOfBranch | NotKnown:
    """The first release of a driver branch, since nobody means one that is older than its branch.

    That is the one from which a CUDA family runs where a family's row names the branch, or else the
    one that a toolkit came with. NOT_KNOWN where no row tells of the branch.
    """
    rows: tuple[CudaFamily | CudaToolkit, ...] = (*matrices.families, *matrices.toolkits)
    for row in rows:
        stated = _stated(row, platform)
        if not isinstance(stated, NotKnown) and stated.driver.partition(".")[0] == branch:
            does = f"run CUDA {row.major}.x" if isinstance(row, CudaFamily) else f"come with CUDA {row.cuda}"
            return FirstOfBranch(stated.driver, does, stated.source, stated.row)
    return NOT_KNOWN


def driver_serves(cuda: str, place: Place, matrices: Matrices) -> Verdict:
    """Whether the driver of ``place`` runs programs of a CUDA (major.minor), and why not."""
    needed = oldest(cuda, place.platform, matrices)
    served = _serves(needed, place, matrices)
    if served.answer is Answer.YES or served.why:
        return served
    if isinstance(needed, NotKnown):
        why = f"no row tells which driver CUDA {cuda} needs on {place.platform}"
        return Verdict(served.answer, why, "matrices/cuda-families.yaml")
    if served.answer is Answer.NOT_KNOWN:
        why = f"CUDA {cuda} came with driver {needed.driver}, and nobody read whether {place.driver} is enough"
    else:
        has = "has none" if place.driver is None else f"promises only {place.driver}"
        why = f"CUDA {major(cuda)}.x needs a driver >= {needed.driver} and the target {has}"
    return Verdict(served.answer, why, needed.source, needed.row)


def runs_build(build: Build, place: Place, matrices: Matrices) -> Answer:
    """Whether the driver of ``place`` runs a build; YES of one without CUDA code."""
    needed = oldest_of(build, matrices)
    return Answer.YES if needed is None else _serves(needed, place, matrices).answer


def _serves(needed: Oldest | NotKnown, place: Place, matrices: Matrices) -> Verdict:
    """Whether the driver of ``place`` knows a GPU of it and is as new as is ``needed``; why, where that is the GPU."""
    if isinstance(place.driver, NotKnown):
        return Verdict(Answer.NOT_KNOWN, "nobody named a driver")
    known = knows_gpus(place, matrices)
    if known.answer is Answer.NO:
        return known
    if isinstance(needed, NotKnown):
        return Verdict(Answer.NOT_KNOWN)
    return Verdict(Answer.NO if place.driver is None else needed.serves(place.driver))


def oldest_for(gpus: Sequence[str], platform: Platform, matrices: Matrices) -> Oldest | NotKnown:
    """The oldest driver that knows any of ``gpus``; NOT_KNOWN where no row tells since which driver one is known."""
    rows = {row.gpu: row for row in matrices.gpus}
    known = [_first_to_know(rows[gpu], platform, matrices) if gpu in rows else NOT_KNOWN for gpu in gpus]
    stated = [one for one in known if not isinstance(one, NotKnown)]
    return NOT_KNOWN if len(stated) < len(known) or not stated else min(stated, key=lambda one: Version(one.driver))


def _first_to_know(row: GpuModels, platform: Platform, matrices: Matrices) -> Oldest | NotKnown:
    first = NOT_KNOWN if isinstance(row.toolkit, NotKnown) else own(row.toolkit, platform, matrices)
    return NOT_KNOWN if isinstance(first, NotKnown) else replace(first, source=row.source, row=row.id)


def knows_gpus(place: Place, matrices: Matrices) -> Verdict:
    """Whether the driver of ``place`` knows any of its GPUs; an older one runs nothing there."""
    gpus = () if isinstance(place.gpus, NotKnown) else place.gpus
    needed = oldest_for(gpus, place.platform, matrices)
    if isinstance(needed, NotKnown) or not isinstance(place.driver, str):
        return Verdict(Answer.NOT_KNOWN)
    if needed.admits(place.driver):
        return Verdict(Answer.YES)
    why = f"driver {place.driver} does not know compute capability {gpus[0]}, which drivers do from {needed.driver} on"
    return Verdict(Answer.NO, why, needed.source, needed.row)


def newest_cuda(driver: str, drivers: Sequence[DriverBranch]) -> str:
    """The newest CUDA (major.minor) that ``driver`` serves natively, which is what conda calls ``__cuda``.

    A branch without a row serves at least what the branch before it does. Raises ``BadInput`` for a
    driver that no row covers.
    """
    branch = major(driver)
    known = [row for row in drivers if row.branch <= branch]
    if not known:
        raise BadInput(
            f"no row of the drivers matrix covers driver {driver}",
            key="driver",
            fix="ask for a newer driver, or add its row",
        )
    return max(known, key=lambda row: (row.branch, Version(row.cuda))).cuda


def newest_branch(matrices: Matrices) -> int | None:
    """The newest driver branch that rows tell of; None where they tell of none."""
    return max((row.branch for row in matrices.drivers), default=None)


def newest_served(matrices: Matrices) -> str | None:
    """The newest CUDA (major.minor) that some driver serves natively; None where no row tells of any driver."""
    return max((row.cuda for row in matrices.drivers), key=Version, default=None)


def _stated(row: CudaFamily | CudaToolkit, platform: Platform) -> Oldest | NotKnown:
    driver = row.driver_windows if platform == "win-64" else row.driver
    return NOT_KNOWN if isinstance(driver, NotKnown) else Oldest(driver, row.source, row.id)
