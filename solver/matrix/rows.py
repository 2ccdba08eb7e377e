"""The rows of the matrices: one struct a kind of fact.

Every row has an ``id``, unique over all matrices, and a ``source`` that a person
can look up. A field that nobody read is ``NOT_KNOWN``, in a file it is absent; what is known
not to be there is said: ``cuda: none``, ``runpath: []``. Fields that gather single bounds (``needs``, ``asks``,
``uses``, ``companions``, ``components``) have no such state: each entry was read for itself, a field without any
forbids and promises nothing, and nobody may take it as a whole list.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.model import Framework, KnownIndex, Platform, Severity, Text, pypi_name

Dotted = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+(\.[0-9]+)*\Z")]
DottedOrNone = Annotated[str, msgspec.Meta(pattern=r"^(none|[0-9]+(\.[0-9]+)*)\Z")]
"""A version, or the word "none" where it is known that there is none."""
NONE = "none"
ABSENT = "!"
"""As a specifier: the package must not be in the set."""
Capability = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]\Z")]
"""A compute capability such as "9.0"."""
Capabilities = Annotated[tuple[Capability, ...], msgspec.Meta(min_length=1)]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows."""

    id: Text
    source: Text
    derived: bool = False
    """True where ``interlock refresh`` can read the row out of wheels again, and does."""


class Build(Row, frozen=True, kw_only=True):
    """How one package that carries or opens GPU code was built, for one platform.

    ``solver.matrix.builds`` and ``solver.matrix.libraries`` tell what such a row means.
    """

    package: Text
    """Distribution on the package index."""
    version: Text | NotKnown = NOT_KNOWN
    """Version as its index names it, with its local part where it has one; a row has this or ``versions``."""
    versions: Text | NotKnown = NOT_KNOWN
    """Specifier of the releases that the row tells of alike."""
    index: KnownIndex = "default"
    reports: Text | NotKnown = NOT_KNOWN
    """The version that it tells of itself when it runs, e.g. 2.10.0+cu128."""
    platform: Platform
    python: tuple[str, ...] | NotKnown = NOT_KNOWN
    """The pythons (major.minor) that have a wheel; empty: any."""
    cuda: DottedOrNone | NotKnown = NOT_KNOWN
    """CUDA major.minor it was built with; "none": it has no CUDA code."""
    serves: tuple[Dotted, ...] = ()
    """The CUDA majors for which it holds a library each, of which it loads that of the process; ``cuda`` is absent."""
    cudnn: DottedOrNone | NotKnown = NOT_KNOWN
    """The cuDNN it was built with: the oldest of that major that serves it; "none": it uses none."""
    cudnn_source: Text | NotKnown = NOT_KNOWN
    """Who tells that, where it is not ``source``; see ``solver.matrix.builds.source_of``."""
    nccl: DottedOrNone | NotKnown = NOT_KNOWN
    bundles: bool | NotKnown = NOT_KNOWN
    """True where the CUDA libraries lie inside the wheel, false where distributions bring them."""
    same_minor: bool | NotKnown = NOT_KNOWN
    """Whether its metadata pins the CUDA libraries to its own major.minor."""
    sm: tuple[Capability, ...] | NotKnown = NOT_KNOWN
    """Compute capabilities with native code."""
    ptx: tuple[Capability, ...] | NotKnown = NOT_KNOWN
    """Compute capabilities with PTX, which a driver can compile for newer GPUs."""
    opens: tuple[str, ...] | NotKnown = NOT_KNOWN
    """CUDA libraries that it links or dlopens and cannot do without, by ``Library.library``."""
    uses: tuple[str, ...] = ()
    """CUDA libraries that it opens where they are there, and does without where not."""
    runpath: tuple[str, ...] | NotKnown = NOT_KNOWN
    """Folders under site-packages/nvidia where it looks for them by itself."""
    global_symbols: bool | NotKnown = NOT_KNOWN
    """Whether it has its own libraries loaded with RTLD_GLOBAL, so that their symbols answer other packages' calls."""
    asks: dict[str, str] = {}
    """What its extra for CUDA asks of each distribution."""
    needs: dict[str, str] = {}
    """Package -> specifier that it must match where it is in the set: what the code was compiled against."""
    companions: dict[str, tuple[str, ...]] = {}
    """Package -> the releases of it that are made for exactly this build."""
    protobuf: Dotted | NotKnown = NOT_KNOWN
    """Version of the protobuf compiler that generated its code."""
    driver: Dotted | NotKnown = NOT_KNOWN
    """Oldest NVIDIA driver on this platform, where it needs a newer one than its CUDA does."""
    part_of: Text | None = None
    """Distribution that it is built with and comes with: what is told of that one is told of both; None: of none."""

    def __post_init__(self) -> None:
        """A row tells of one version or of a range of them."""
        if (self.version is NOT_KNOWN) == (self.versions is NOT_KNOWN):
            raise ValueError("expected either version or versions")
        if self.serves and self.cuda is not NOT_KNOWN:
            raise ValueError("expected either cuda or serves")


class CudaToolkit(Row, frozen=True, kw_only=True):
    """One CUDA toolkit release line (major.minor)."""

    cuda: Dotted
    driver: Dotted | NotKnown = NOT_KNOWN
    """Oldest Linux driver with full support."""
    driver_windows: Dotted | NotKnown = NOT_KNOWN
    gpus: Capabilities | NotKnown = NOT_KNOWN
    """Every compute capability that its compiler knows, ascending."""
    components: dict[str, str] = {}
    """Distribution -> specifier of the versions that this toolkit shipped."""


class PtxVersion(Row, frozen=True, kw_only=True):
    """The CUDA toolkits whose compiler writes a version of PTX."""

    ptx: Dotted
    cuda: Annotated[tuple[Dotted, ...], msgspec.Meta(min_length=1)]
    """major.minor, ascending."""


class CudaFamily(Row, frozen=True, kw_only=True):
    """One CUDA major: the oldest driver under minor-version compatibility."""

    major: int
    driver: Dotted
    driver_windows: Dotted | NotKnown = NOT_KNOWN


CUDNN = "cudnn"
"""``Library.library`` of cuDNN, the one whose releases have rows of their own (``Cudnn``)."""


CUDART = "cudart"
"""``Library.library`` of the CUDA runtime, whose release is the CUDA that a set is told to have."""


class Library(Row, frozen=True, kw_only=True):
    """Which distribution brings a CUDA shared library, and where it puts it."""

    library: Text
    """Short name: cudart, cublas, cudnn, nccl, nvcc (ptxas and libdevice) …"""
    cuda: int
    """CUDA major it belongs to."""
    distribution: Text
    versions: str = ""
    """Specifier of the distribution's versions for which the row holds."""
    directory: Text
    """Below site-packages."""
    sonames: tuple[str, ...] = ()
    same_minor: bool | NotKnown = NOT_KNOWN
    """Whether the distribution's major.minor is the CUDA major.minor."""
    needs: tuple[str, ...] = ()
    """Libraries that it opens in turn, by ``Library.library``."""


class Cudnn(Row, frozen=True, kw_only=True):
    """What a range of cuDNN releases supports."""

    cudnn: Text
    """Specifier, e.g. ">=9.11,<9.12"."""
    cuda: tuple[int, ...]
    soname: Text
    gpus: Capabilities | NotKnown = NOT_KNOWN
    """Every compute capability that its vendor lists, ascending."""
    oldest_gpu: Capability | NotKnown = NOT_KNOWN
    newest_gpu: Capability | NotKnown = NOT_KNOWN
    """The ends of that list, of a release of which nobody read the whole."""
    forward: tuple[int, ...] | NotKnown = NOT_KNOWN
    """CUDA majors for which its build compiles its kernels for GPUs newer than those listed; empty: none does."""


class DriverBranch(Row, frozen=True, kw_only=True):
    """A driver branch and the newest CUDA that it serves natively."""

    branch: int
    cuda: Dotted


class GpuModels(Row, frozen=True, kw_only=True):
    """A compute capability and the products that have it."""

    gpu: Capability
    architecture: Text
    products: tuple[str, ...]
    toolkit: Dotted | NotKnown = NOT_KNOWN
    """The first CUDA toolkit (major.minor) that supports it: no driver is older than that one's own."""


class Rule(Row, frozen=True, kw_only=True):
    """A relation between packages that their own metadata does not tell.

    It holds for a set in which every package of ``when`` matches: each package
    of ``needs`` that is in the set must match its specifier ("!" alone: must
    not be in the set at all), and each of ``expects`` should be there. Where it
    asks for nothing, the packages of ``when`` do not go together.
    ``solver.matrix.rules`` tells when a rule holds and is broken.
    """

    code: Text
    """The audit code under which a breach is found."""
    severity: Severity
    when: dict[str, str]
    also: tuple[str, ...] = ()
    """Distributions of which the rule holds as it does of the first package of ``when``."""
    needs: dict[str, str] = {}
    expects: tuple[str, ...] = ()
    platforms: tuple[Platform, ...] = ()
    pythons: str = ""
    """Specifier over python's major.minor."""
    gpus: str = ""
    """Specifier over compute capability; it holds where the target names a GPU within."""
    driver: str = ""
    """Specifier over the target's NVIDIA driver."""
    first: Framework | None = None
    """The framework that was imported first where it was seen; None: whichever is."""
    why: Text
    seen: str | None = None
    """Where it was seen to happen; None: derived, not seen."""
    cure: Text
    healed_by: Literal["loader"] | None = None
    """What makes a set work that breaks the rule; None: nothing does. ``solver.matrix.cures`` tells when."""
    healed: str | None = None
    """Where such a set was seen to work with it; None where ``healed_by`` is."""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for a name or a specifier that is none, and for a cure that nobody saw work."""
        if (self.healed_by is None) != (self.healed is None):
            raise ValueError("expected healed_by and healed together")
        for name in (*self.when, *self.also, *self.needs, *self.expects):
            if name in _OF_THE_TARGET:
                raise ValueError(f'expected a package, found "{name}"; {_OF_THE_TARGET[name]}')
            pypi_name(name)
        needs = (text for text in self.needs.values() if text != ABSENT)
        for text in (*self.when.values(), *needs, self.pythons, self.gpus, self.driver):
            try:
                SpecifierSet(text)
            except InvalidSpecifier:
                raise ValueError(f'expected a specifier such as ">=2,<3", found "{text}"') from None


_OF_THE_TARGET = {
    **dict.fromkeys(("python", "pythons"), "name the pythons under `pythons`"),
    **dict.fromkeys(("gpu", "gpus"), "name the GPUs under `gpus`"),
    "driver": "name the drivers under `driver`",
    **dict.fromkeys(("platform", "platforms"), "name the platforms under `platforms`"),
    "cuda": "name the distributions that bring it, such as nvidia-cuda-runtime-cu12",
    "cudnn": "name the distributions that bring it, such as nvidia-cudnn-cu12",
}
"""What is no package, so that a rule about it would hold for no set: how a rule says it instead."""


class CustomOps(Row, frozen=True, kw_only=True):
    """A package whose own libraries are loaded into a framework's process and call that framework's functions."""

    package: Text
    versions: str = ""
    """Specifier of the releases that the row tells of alike."""
    global_symbols: bool | NotKnown = NOT_KNOWN
    """Whether it finds some of those functions only where the framework's symbols are everybody's."""


class Clobber(Row, frozen=True, kw_only=True):
    """Two distributions that write the same path with different bytes."""

    a: Text
    b: Text
    """Names; ``versions_a``/``versions_b`` hold the versions compared."""
    versions_a: str = ""
    versions_b: str = ""
    shared: int
    """Number of common paths."""
    different: int
    """Number of common paths with different bytes."""
    paths: tuple[str, ...]
    """Some of the paths that differ, shared libraries first."""


class PackageName(Row, frozen=True, kw_only=True):
    """A conda name and the PyPI name of the same project, where they differ."""

    conda: Text
    pypi: str | None
    """None: no counterpart on PyPI."""
    selects: Text | None = None
    """The conda package of which it selects builds, holding nothing itself; None: it is no such package."""
    builds: Text | None = None
    """The build strings that it selects; ``{version}`` is its own version. None: all of them."""


class ImportName(Row, frozen=True, kw_only=True):
    """A module that is imported by another name than that of the project which brings it."""

    module: Text
    pypi: Text


class CondaBuild(Row, frozen=True, kw_only=True):
    """CUDA builds of a framework on conda-forge."""

    package: Text
    version: Text
    build_numbers: tuple[int, ...]
    platform: Platform
    cuda: DottedOrNone
    """CUDA major.minor; "none": a CPU build."""
    python: tuple[str, ...]
    libprotobuf: Text | NotKnown = NOT_KNOWN
    libabseil: Text | NotKnown = NOT_KNOWN
    cudnn: tuple[str, ...] | NotKnown = NOT_KNOWN


class CondaTrap(Row, frozen=True, kw_only=True):
    """A conda-forge build that a solver accepts and that cannot work."""

    package: Text
    match: Text
    """A MatchSpec of the records concerned."""
    refuse: bool
    why: Text


class InteropPackages(Row, frozen=True, kw_only=True):
    """What crosses from torch to TensorFlow beside the frameworks: joined to a profile with ``interop: true``."""

    packages: tuple[Text, ...]
    """PEP 508 requirements: onnx, a runtime for it, and the converter with what it does not ask for itself."""
    why: Text
    """Why this converter and these bounds."""


class Observation(Row, frozen=True, kw_only=True):
    """What was seen when a set was really installed and run."""

    packages: dict[str, str]
    python: str | NotKnown = NOT_KNOWN
    """The major.minor that it is about; NOT_KNOWN: any."""
    gpu: Capability | NotKnown = NOT_KNOWN
    """The compute capability that it is about; NOT_KNOWN: any."""
    seen: Text
    works: bool


class BaseImage(Row, frozen=True, kw_only=True):
    """What a container image holds that others are built from; ``solver.matrix.images`` tells what such a row means.

    ``{name}`` in a tag stands for a version that the tag itself says; the other fields may use it.
    """

    images: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """Repositories that hold it; without a registry: Docker Hub's."""
    tags: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """Patterns: ``*`` stands for anything, ``{name}`` for a version."""
    python: Text | NotKnown = NOT_KNOWN
    """The python that pip installs for; "none": it has none."""
    cuda: Text | NotKnown = NOT_KNOWN
    """The CUDA toolkit outside of any package, where a process looks for libraries; "none": there is none."""
    cudnn: Text | NotKnown = NOT_KNOWN
    libraries: tuple[str, ...] | NotKnown = NOT_KNOWN
    """Every CUDA library of that toolkit that is there, by ``Library.library``; cuDNN is told by ``cudnn``."""
    packages: dict[str, str] | NotKnown = NOT_KNOWN
    """Distribution -> version of the frameworks that are installed for python; there is more."""


class SystemPython(Row, frozen=True, kw_only=True):
    """The python that the packages of a distribution bring, by images of it."""

    images: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """As in ``BaseImage``."""
    tags: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """Patterns: ``*`` stands for anything."""
    python: Dotted
    """major.minor of the package python3."""


class Verified(Row, frozen=True, kw_only=True):
    """A lock that ran on a GPU; written by ``interlock matrices learn``."""

    profile: Text
    lock: Text
    gpu: Text
    driver: Text
    packages: dict[str, str]
