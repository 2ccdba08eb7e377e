"""What a set of conda's packages breaks that their records do not tell: the one reading of their builds for every step.

conda brings what a build runs on as packages of its own. So the CUDA runtime, the cuDNN and the libraries that a build
was linked to are asked of the set; a package of which nobody knows version or build breaks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, every
from solver.core.axes import AXES
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import CondaName
from solver.core.versions import minor, version_or_none
from solver.matrix.builds import Stated, built_cuda, has_cuda
from solver.matrix.conda_builds import LINKED, built_against, conda_build, conda_rows, links_to
from solver.matrix.cudnn import cudnn_suits
from solver.matrix.drivers import driver_serves, runs_build
from solver.matrix.gpus import toolkit_serves
from solver.matrix.load import Matrices
from solver.matrix.majors import share_a_process
from solver.matrix.place import Place
from solver.matrix.rows import Build

_FRAMEWORKS = frozenset(entry.conda for entry in FRAMEWORKS.values() if entry.from_conda)
_HOLDERS = {entry.conda: CondaName(entry.conda_code) for entry in FRAMEWORKS.values() if entry.conda_code}
"""conda's packages of frameworks whose libraries another one holds."""
_PYTHON, _CUDNN = AXES["python"].conda[0], AXES["cudnn"].conda[0]


@dataclass(frozen=True)
class CondaPackage:
    """One package of a channel, as much of it as the set says."""

    name: CondaName
    version: str | NotKnown
    build: str | NotKnown
    """Build string."""

    @property
    def pin(self) -> str:
        """``name version``."""
        return self.name if isinstance(self.version, NotKnown) else f"{self.name} {self.version}"


@dataclass(frozen=True)
class OtherCuda:
    """A build for another CUDA major than the runtime that the set has, or a second runtime of another major."""

    package: CondaPackage
    cuda: str
    """The CUDA that the build was made with, or the runtime brings."""
    runtime: CondaPackage
    running: str
    """The CUDA that the set runs on."""
    build: Build | NotKnown
    """NOT_KNOWN: it is no build but a second runtime."""

    @property
    def why(self) -> str:
        """One clause about the package."""
        does = "brings" if isinstance(self.build, NotKnown) else "was built for"
        return f"{does} CUDA {self.cuda}, and the set runs on the CUDA {self.running} of {self.runtime.name}"


@dataclass(frozen=True)
class OtherLibrary:
    """A library of another version than the one that a build is linked to."""

    package: CondaPackage
    library: CondaPackage
    built: str
    """As much of the library's version as counts."""
    source: str
    row: str

    @property
    def why(self) -> str:
        """One clause about the package."""
        return f"was built against {self.library.name} {self.built}, not {self.library.version}"


@dataclass(frozen=True)
class CondaSet:
    """The packages of a set that come from conda, at a place."""

    packages: Mapping[CondaName, CondaPackage]
    place: Place
    """Its python counts where the set has none."""
    matrices: Matrices

    @cached_property
    def builds(self) -> dict[CondaName, Build]:
        """How the packages were built of which rows or build strings tell that, in the order of the set."""
        builds = {name: self.build(name) for name in self.packages}
        return {name: build for name, build in builds.items() if isinstance(build, Build)}

    def build(self, name: CondaName) -> Build | NotKnown:
        """How a package was built."""
        version, string = _text(self.packages[name].version), self.holder(name).build
        return conda_build(self.matrices, name, version, string, self.place.platform)

    def holder(self, name: CondaName) -> CondaPackage:
        """The package that holds the libraries of one: itself, unless it only points at the other."""
        package, other = self.packages[name], self.packages.get(_HOLDERS.get(name, name), self.packages[name])
        is_of_it = other.version == package.version and not isinstance(other.build, NotKnown)
        return other if is_of_it else package

    @cached_property
    def python(self) -> str | NotKnown:
        """major.minor of the set's python, else of the place."""
        python = self.packages.get(_PYTHON)
        return self.place.python if python is None or isinstance(python.version, NotKnown) else minor(python.version)

    # ---- CUDA ---------------------------------------------------------------------------------------

    @cached_property
    def runtimes(self) -> tuple[CondaPackage, ...]:
        """The packages that tell the CUDA of the set; the first counts."""
        return tuple(self.packages[name] for name in AXES["cuda"].conda if name in self.packages)

    @property
    def runtime(self) -> CondaPackage | None:
        """The package that tells the CUDA of the set; None: it has none."""
        return next(iter(self.runtimes), None)

    @property
    def cuda(self) -> str | NotKnown:
        """The CUDA of the set; NOT_KNOWN where it has none, and where the set leaves it open."""
        return self._cuda(self.runtime)

    @property
    def cudnn(self) -> CondaPackage | None:
        """The cuDNN of the set; None: it has none."""
        return self.packages.get(_CUDNN)

    def _cuda(self, package: CondaPackage | None) -> str | NotKnown:
        """The CUDA that a runtime brings; NOT_KNOWN without one, and where its version is open or none."""
        version = NOT_KNOWN if package is None else package.version
        return version if isinstance(version, str) and version_or_none(version) is not None else NOT_KNOWN

    def other_cudas(self) -> Iterator[OtherCuda]:
        """What surely cannot share a process with the CUDA of the set."""
        runtime, running = self.runtime, self.cuda
        if runtime is None or isinstance(running, NotKnown):
            return
        members: list[tuple[CondaPackage, Stated, Build | NotKnown]]
        members = [(package, self._cuda(package), NOT_KNOWN) for package in self.runtimes[1:]]
        members += [(self.packages[name], built_cuda(build), build) for name, build in self.builds.items()]
        for package, cuda, build in members:
            if isinstance(cuda, str) and share_a_process(cuda, running) is Answer.NO:
                yield OtherCuda(package, cuda, runtime, running, build)

    def serves(self) -> Answer:
        """Whether the driver is new enough for the CUDA of the set and of every build; not known without any."""
        builds = [build for build in self.builds.values() if has_cuda(build) is Answer.YES]
        answers = [runs_build(build, self.place, self.matrices) for build in builds]
        if self.runtime is not None:
            answers.append(self._serves(self.cuda))
        return every(answers) if answers else Answer.NOT_KNOWN

    def _serves(self, cuda: str | NotKnown) -> Answer:
        return Answer.NOT_KNOWN if isinstance(cuda, NotKnown) else driver_serves(cuda, self.place, self.matrices).answer

    def toolkits_serve(self, gpu: str) -> Iterator[tuple[CondaPackage, Verdict]]:
        """Whether each CUDA runtime of which the version is known serves a GPU."""
        for package in self.runtimes:
            if isinstance(cuda := self._cuda(package), str):
                yield package, toolkit_serves(self.matrices.toolkit(cuda), gpu)

    def cudnn_suits(self, name: CondaName) -> Verdict:
        """Whether the cuDNN of the set serves a build, as far as rows tell what its record has lost."""
        build = self.builds.get(name)
        if build is None or self.cudnn is None:
            return Verdict(Answer.NOT_KNOWN)
        return cudnn_suits(build, self.cudnn.version)

    # ---- what builds are linked to ------------------------------------------------------------------

    def other_libraries(self, name: CondaName) -> Iterator[OtherLibrary]:
        """The libraries that every build which the package may be was linked to in another version."""
        package = self.packages[name]
        if isinstance(package.version, NotKnown) or not self.matrices.conda_builds_of(name):
            return
        string, platform = self.holder(name).build, self.place.platform
        rows = conda_rows(self.matrices, name, package.version, string, platform, python=self.python)
        for library in LINKED:
            there = self.packages.get(library)
            if not rows or there is None or isinstance(there.version, NotKnown):
                continue
            built = [built_against(row).get(library) for row in rows]
            if all(one is not None and not links_to(one, there.version) for one in built):
                yield OtherLibrary(package, there, built[0] or "", rows[0].source, rows[0].id)

    def unread_links(self, name: CondaName) -> tuple[CondaPackage, ...]:
        """The libraries here of which nobody read whether a framework's build was linked to them: it has no row."""
        package = self.packages[name]
        if name not in _FRAMEWORKS or name not in self.builds or isinstance(package.version, NotKnown):
            return ()
        string, platform = self.holder(name).build, self.place.platform
        if conda_rows(self.matrices, name, package.version, string, platform):
            return ()
        there = (self.packages[library] for library in LINKED if library in self.packages)
        return tuple(one for one in there if isinstance(one.version, str))


def _text(version: str | NotKnown) -> str:
    """A version as rows are looked up by; that of a package which leaves it open is of no row."""
    return "" if isinstance(version, NotKnown) else version
