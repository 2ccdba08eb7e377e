"""The rows of the matrices: one struct a kind of fact.

Every row has an ``id``, unique over all matrices, and a ``source`` that a person
can look up. A field that is None was not read; it never means "no".
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from solver.core.model import IndexName, Platform, Severity

Text = Annotated[str, msgspec.Meta(min_length=1)]
Dotted = Annotated[str, msgspec.Meta(pattern=r"^\d+(\.\d+)*$")]
Capability = Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d$")]
"""A compute capability such as "9.0"."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows."""

    id: Text
    source: Text
    derived: bool = False
    """True where ``interlock refresh`` can read the row out of wheels again, and does."""


class TensorflowBuild(Row, frozen=True, kw_only=True):
    """One TensorFlow wheel family: what it was built with and where it looks for CUDA."""

    tensorflow: Text
    distribution: Literal["tensorflow", "tensorflow-cpu", "tensorflow-intel"] = "tensorflow"
    platform: Platform
    python: tuple[str, ...]
    cuda: Dotted | None
    """CUDA major.minor it was built with; None: a CPU build."""
    cudnn: Dotted | None
    """Oldest cuDNN major.minor that serves it."""
    sm: tuple[Capability, ...] = ()
    """Compute capabilities with native code."""
    ptx: tuple[Capability, ...] = ()
    opens: tuple[str, ...] = ()
    """CUDA libraries that it links or dlopens, by ``Library.library``."""
    runpath: tuple[str, ...] | None = None
    """Folders under site-packages/nvidia that the RUNPATH of libtensorflow_framework names."""
    asks: dict[str, str] = {}
    """What its and-cuda extra asks of each distribution."""
    protobuf: Dotted | None = None
    """Version of the protobuf compiler that generated its code."""


class TorchBuild(Row, frozen=True, kw_only=True):
    """One torch wheel family of one index."""

    torch: Text
    """Version as the index names it, with its local part where it has one."""
    index: IndexName = "default"
    build: Text
    """Version as torch itself reports it, e.g. 2.10.0+cu128."""
    platform: Platform
    python: tuple[str, ...]
    cuda: Dotted | None
    cudnn: Dotted | None
    nccl: Dotted | None = None
    bundles: bool = False
    """True where the CUDA libraries lie inside the wheel instead of nvidia distributions."""
    sm: tuple[Capability, ...] | None = None
    ptx: tuple[Capability, ...] | None = None
    torchvision: tuple[str, ...] = ()
    torchaudio: tuple[str, ...] = ()


class CompanionBuild(Row, frozen=True, kw_only=True):
    """A torchvision or torchaudio wheel family: which CUDA its extension was built with."""

    package: Literal["torchvision", "torchaudio"]
    version: Text
    index: IndexName = "default"
    torch: str
    """The specifier of torch in its metadata, e.g. "==2.10.0"; empty where it names no torch."""
    cuda: Dotted | None
    """None: no CUDA code inside (then it fits any build of that torch)."""
    platform: Platform = "linux-64"


class CudaToolkit(Row, frozen=True, kw_only=True):
    """One CUDA toolkit release line (major.minor)."""

    cuda: Dotted
    driver: Dotted | None
    """Oldest Linux driver with full support."""
    driver_windows: Dotted | None = None
    gpu_min: Capability | None
    gpu_max: Capability | None
    components: dict[str, str] = {}
    """Distribution -> specifier of the versions that this toolkit shipped."""


class CudaFamily(Row, frozen=True, kw_only=True):
    """One CUDA major: the oldest driver under minor-version compatibility."""

    major: int
    driver: Dotted
    driver_windows: Dotted | None = None


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
    same_minor: bool = False
    """True where the distribution's major.minor is the CUDA major.minor."""
    needs: tuple[str, ...] = ()
    """Libraries that it opens in turn, by ``Library.library``."""


class Cudnn(Row, frozen=True, kw_only=True):
    """What a range of cuDNN releases supports."""

    cudnn: Text
    """Specifier, e.g. ">=9.11,<9.12"."""
    cuda: tuple[int, ...]
    soname: Text
    gpu_min: Capability | None
    gpu_max: Capability | None


class DriverBranch(Row, frozen=True, kw_only=True):
    """A driver branch and the newest CUDA that it serves natively."""

    branch: int
    cuda: Dotted


class GpuModels(Row, frozen=True, kw_only=True):
    """A compute capability and the products that have it."""

    gpu: Capability
    architecture: Text
    products: tuple[str, ...]


class Rule(Row, frozen=True, kw_only=True):
    """A relation between packages that their own metadata does not tell.

    It holds for a set in which every package of ``when`` matches: each package
    of ``needs`` that is in the set must match its specifier ("!" alone: must
    not be in the set at all), and each of ``expects`` should be there.
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
    order: Literal["tensorflow first", "torch first"] | None = None
    """The import order in which it was seen; None: any."""
    why: Text
    seen: str | None = None
    """Where it was seen to happen; None: derived, not seen."""
    cure: Text


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


class CondaBuild(Row, frozen=True, kw_only=True):
    """CUDA builds of a framework on conda-forge."""

    package: Text
    version: Text
    build_numbers: tuple[int, ...]
    platform: Platform
    cuda: Dotted | None
    python: tuple[str, ...]
    libprotobuf: str | None = None
    libabseil: str | None = None
    cudnn: tuple[str, ...] = ()


class CondaTrap(Row, frozen=True, kw_only=True):
    """A conda-forge build that a solver accepts and that cannot work."""

    package: Text
    match: Text
    """A MatchSpec of the records concerned."""
    refuse: bool
    why: Text


class Interop(Row, frozen=True, kw_only=True):
    """What crosses from torch to TensorFlow beside the frameworks: joined to a profile with ``interop: true``."""

    packages: tuple[Text, ...]
    """PEP 508 requirements: onnx, a runtime for it, and the converter with what it does not ask for itself."""
    why: Text
    """Why this converter and these bounds."""


class Observation(Row, frozen=True, kw_only=True):
    """What was seen when a set was really installed and run."""

    packages: dict[str, str]
    python: str | None = None
    seen: Text
    works: bool


class Verified(Row, frozen=True, kw_only=True):
    """A lock that ran on a GPU; written by ``interlock matrices learn``."""

    profile: Text
    lock: Text
    gpu: Text
    driver: Text
    packages: dict[str, str]
