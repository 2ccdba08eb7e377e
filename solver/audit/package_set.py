"""A set of packages as the audit sees it, whatever file or prefix it came from."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import structs
from packaging.requirements import InvalidRequirement, Requirement

from solver.audit.set_kinds import SetKind
from solver.core import names
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.markers import applies
from solver.core.model import (
    CondaName,
    IndexName,
    Pin,
    Platform,
    PypiName,
    Requires,
    Solution,
    Target,
    Value,
    conda_name,
    pypi_name,
)
from solver.core.target import marker_environment
from solver.core.versions import meets
from solver.index.conda_record import CondaRecord
from solver.matrix.rows import CUDNN

Origin = Literal["pypi", "conda", "image"]
"""The package index, a channel, or the image that a set is installed into."""


class Package(Value, frozen=True, kw_only=True):
    """One package of a set; raises ``names.BadName`` with its line where a part of it is not what it must be."""

    name: PypiName
    """For a conda package its conda name, normalized; ``context`` maps it to PyPI's."""
    version: str | None
    """As the set says it; None: it says none."""
    specifier: str = ""
    """The specifier of a package whose version is open."""
    extras: tuple[str, ...] = ()
    origin: Origin = "pypi"
    index: IndexName | None = None
    """Where it is fetched from; None where the set does not say."""
    url: str | None = None
    """Address of its file; None: the set has it fetched from an index."""
    sources: tuple[str, ...] = ()
    """Addresses of the indexes, pages or files that it may come from, where the set names some; "" is the default
    index, which stands alone where there are none."""
    elsewhere: str | None = None
    """Host that it comes from, or may come from, whose builds nobody read, see ``origins``; None: from none."""
    hashes: tuple[str, ...] = ()
    """sha256 of each file that the set admits."""
    files: tuple[str, ...] = ()
    """Names of the files that the set admits, where it names them."""
    requires: Requires = NOT_KNOWN
    """Its PEP 508 requirements where the set itself tells them."""
    requires_python: str | None = None
    """None: the set does not say."""
    conda: CondaName | None = None
    """None: it is no package of conda's."""
    build: str | None = None
    """Build string of a conda package; None: the set leaves it open."""
    build_pattern: str | None = None
    """What the set asks of a build string that it leaves open in part ("cpu_generic*"); None: nothing."""
    line: int | None = None
    """1-based line in the file; None: it stands on none."""
    step: int = 0
    """Which command of an image's build installs it, counted from 1; 0: the set is installed at once."""
    anew: bool = False
    """Whether that command takes the newest of it, whatever is there (``pip install --upgrade``)."""
    brought_by: tuple[str, ...] = ()
    """The lines of an open list that bring it, where not the list says that it is this version; see ``resolve``."""

    def __post_init__(self) -> None:
        """Called by msgspec, however the value is made."""
        try:
            for digest in self.hashes:
                names.sha256(digest)
            for file in self.files:
                names.file_name(file)
            if self.version is not None:
                names.any_version(self.version)
            if self.build is not None:
                names.build(self.build)
        except names.BadName as error:
            error.line = self.line
            raise

    @property
    def from_index(self) -> bool:
        """Whether it is a package of a Python index, or a file of that kind."""
        return self.origin == "pypi"

    @property
    def from_conda(self) -> bool:
        """Whether it is a package of a channel."""
        return self.origin == "conda"

    @property
    def from_image(self) -> bool:
        """Whether the image holds it outside of any package."""
        return self.origin == "image"

    @property
    def pin(self) -> str:
        """``name==version``, or the name with the specifier where the version is open."""
        return f"{self.name}=={self.version}" if self.version is not None else f"{self.name}{self.specifier}"

    @property
    def stated(self) -> str:
        """Its version, or what stands in the version's place where that is open."""
        return self.version or self.specifier or "any version"


class Base(Value, frozen=True, kw_only=True):
    """The container image that a set is installed into, and the CUDA of it outside of any package."""

    image: str
    """As a Dockerfile or a compose file names it."""
    row: str | None = None
    """Id of the row that tells what it holds; None: none does."""
    source: str = ""
    cuda: str | NotKnown = NOT_KNOWN
    """The toolkit's version; "none": there is none."""
    cudnn: str | NotKnown = NOT_KNOWN
    libraries: tuple[str, ...] | NotKnown = NOT_KNOWN
    """Short names of every CUDA library that is there; cuDNN aside."""
    whole: bool = False
    """Whether its frameworks are known, all of which then stand in the set."""
    line: int | None = None
    """1-based line that names it; None: it stands on none."""
    unbuilt: str = ""
    """Why nobody can tell what it is built from, a sentence; empty: somebody can, or it is named and not built."""

    @property
    def has_cuda(self) -> bool:
        """Whether it surely holds a CUDA toolkit."""
        return isinstance(self.cuda, str) and self.cuda != "none"

    @property
    def cudnn_package(self) -> Package | NotKnown | None:
        """Its cuDNN, as findings tell of it; None where it has none, NOT_KNOWN where nobody read which."""
        if isinstance(self.cudnn, NotKnown):
            return NOT_KNOWN
        if self.cudnn == "none":
            return None
        return Package(name=pypi_name(CUDNN), version=self.cudnn, origin="image", line=self.line)


class PackageSet(Value, frozen=True, kw_only=True):
    """What an audit reads."""

    kind: SetKind
    file: str
    """The file or prefix, as the caller wrote it."""
    packages: tuple[Package, ...]
    """In the order of the file; with ``ordered``, that is the order of installation."""
    part: str = ""
    """Which of the file's sets it is ("extra gpu"); empty for the one that is installed where nobody asks for more."""
    python: str | None = None
    """major.minor that the set says it is for; None: it does not say."""
    requires_python: str | None = None
    """Specifier of the pythons that a lock for several of them admits; None: it states none."""
    platform: Platform | None = None
    """None: it does not say."""
    closed: bool = False
    """True where nothing but these packages gets installed, so that what is missing stays missing."""
    ordered: bool = False
    prefix: str | None = None
    """The installed prefix itself; None: it is a file."""
    target: Target | None = None
    """Where the set says that it will run, as a lock of ours does; None: it does not say."""
    constraints: tuple[Package, ...] = ()
    """What an open list says of packages that it need not bring, in its specifiers."""
    sources: tuple[str, ...] | None = None
    """Addresses of the indexes of what an open list does not name, as in ``Package``; None: those of what it names."""
    overrides: tuple[tuple[PypiName, str], ...] = ()
    """The specifiers that count in place of what anybody asks for, by name."""
    resolved: bool = False
    """Whether what pip would choose for an open list stands in it, as far as that is known."""
    variables: tuple[tuple[str, str], ...] = ()
    """Environment variables that the environment sets when it is activated."""
    base: Base | None = None
    """The image that it is installed into; None: it is installed on a machine."""
    unread: tuple[str, ...] = ()
    """What of the file installs something that nobody can tell, a sentence each."""

    def setting(self, variables: Mapping[str, str]) -> PackageSet:
        """The same set in an environment that sets ``variables``."""
        return structs.replace(self, variables=tuple(sorted(variables.items())))


def of_solution(solution: Solution, also: Iterable[Package] = ()) -> PackageSet:
    """The set that ``solution`` stands for; ``also`` are packages that only the lock adds."""
    packages = (*(_of_pin(pin) for pin in solution.pins), *also)
    return PackageSet(
        kind="solution",
        file=solution.profile,
        packages=packages,
        python=solution.target.python,
        platform=solution.target.platform,
        closed=True,
    )


def of_records(records: Iterable[CondaRecord], target: Target, file: str) -> PackageSet:
    """The set of a closure whose packages all come from conda, as its conda-lock.yml would be read."""
    return PackageSet(
        kind="conda-lock",
        file=file,
        packages=tuple(
            conda_package(record.name, record.version, record.build, sha256=record.sha256) for record in records
        ),
        python=target.python,
        platform=target.platform,
        closed=True,
    )


def conda_package(
    name: str,
    version: str | None,
    build: str | None,
    line: int | None = None,
    sha256: str | None = None,
    specifier: str = "",
    build_pattern: str | None = None,
) -> Package:
    """A package of a channel; raises ``ValueError`` for a name that conda would refuse."""
    conda = conda_name(name)
    return Package(
        name=pypi_name(conda),
        version=version,
        specifier=specifier,
        origin="conda",
        conda=conda,
        build=build,
        build_pattern=build_pattern,
        hashes=(sha256,) if sha256 else (),
        line=line,
    )


def _of_pin(pin: Pin) -> Package:
    return Package(
        name=pin.name,
        version=pin.version,
        index=pin.index,
        hashes=tuple(file.sha256 for file in pin.files if file.sha256),
        files=tuple(file.filename for file in pin.files),
        requires=pin.requires,
    )


@functools.lru_cache(maxsize=16384)
def parsed(text: str) -> Requirement | None:
    """``text`` as a requirement; None where it is none, names nothing, or has a marker that nobody can evaluate."""
    try:
        requirement = Requirement(text)
        pypi_name(requirement.name)
        # Every part of a marker is evaluated, so that one environment shows whether all of them can be.
        applies(requirement.marker, marker_environment(Target()))
    # packaging reads nested markers by calling itself, and its numbers are those that Python reads.
    except (InvalidRequirement, ValueError, RecursionError):
        return None
    return requirement


def default_python(requires_python: str | None) -> str:
    """The target's default python where ``requires_python`` admits it, else the oldest that it admits."""
    default = Target().python
    if not requires_python:
        return default
    # A lock says major.minor; the newest patch release of it is what gets installed.
    minors = [default, *(f"3.{minor}" for minor in range(100))]
    return next((minor for minor in minors if meets(f"{minor}.99", requires_python)), default)
