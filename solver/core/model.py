"""The words of the project as frozen values; of ours it imports ``names`` and ``answer`` alone.

Versions are strings as their index spells them; they become
``packaging.version.Version`` where they are compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Literal, NewType, get_args

import msgspec
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.answer import NOT_KNOWN, NotKnown

PypiName = NewType("PypiName", str)
"""A PEP 503 normalized name of the Python package index."""

CondaName = NewType("CondaName", str)
"""A conda package name, lower case."""

Platform = Literal["linux-64", "linux-aarch64", "win-64"]
Processor = Literal["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"]
"""A level of x86-64 processors; ``solver.core.processor`` says what each is."""
PROCESSORS: tuple[Processor, ...] = get_args(Processor)
"""The oldest first."""
KnownIndex = Literal["default", "pytorch"]
"""Indexes that every project knows; ``solver.core.indexes`` has a row for each."""
IndexName = Annotated[str, msgspec.Meta(pattern=rf"^{names.INDEX}\Z")]
"""One of them, or a private index by the name that the request gives it."""
Flavour = Literal["pip-in-conda", "conda", "pip"]
Framework = Literal["tensorflow", "torch", "jax"]
Axis = Literal["python", "cuda", "cudnn", Framework, "protobuf", "numpy"]
"""What solutions are told and preferred by; ``solver.core.axes`` says of each what it is."""
Severity = Literal["error", "warning", "note"]
"""Error: will fail, crash or compute wrong. Warning: outside a guarantee. Note: what nobody checked; a small loss."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The gravest first."""

Digest = Annotated[str, msgspec.Meta(pattern=rf"^{names.SHA256}\Z")]
"""A sha256 as 64 lower-case hex digits."""

Md5 = Annotated[str, msgspec.Meta(pattern=rf"^{names.MD5}\Z")]
"""An md5 as 32 lower-case hex digits."""

ProfileName = Annotated[str, msgspec.Meta(pattern=rf"^{names.PROFILE}\Z")]
"""The name of a profile, and of its folder below ``locks/``."""

Text = Annotated[str, msgspec.Meta(min_length=1)]

Requires = tuple[str, ...] | NotKnown
"""PEP 508 requirements; NOT_KNOWN where nobody read them, which is not the same as none."""

REQUEST = "the request"
"""Who asks where no package does."""
DRIVER = "driver"
"""What a note is about that tells which driver is meant."""

FORMAT_VERSION = 1
"""``version:`` of every file of ours."""

_PYPI_NAME = re.compile(rf"[a-z0-9\-]{{1,{names.LONGEST}}}")
_CONDA_NAME = re.compile(rf"[a-z0-9_][a-z0-9_.\-]{{0,{names.LONGEST}}}")


@lru_cache(maxsize=65536)
def pypi_name(text: str) -> PypiName:
    """Normalize ``text`` as PEP 503 says; the only place that makes a ``PypiName``.

    Raises ``names.BadName`` for what could steer a path or a line. Names that only
    conda's packages have, such as ``_openmp_mutex``, pass.
    """
    name = canonicalize_name(text)
    if not _PYPI_NAME.fullmatch(name):
        raise names.BadName(f"{names.shown(text)} is no name of a package")
    return PypiName(name)


def conda_name(text: str) -> CondaName:
    """Lower-case ``text``; raises ``names.BadName`` where conda would refuse the name."""
    name = text.strip().lower()
    if not _CONDA_NAME.fullmatch(name):
        raise names.BadName(f"{names.shown(text)} is no conda package name")
    return CondaName(name)


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the frozen values that are read from and written to files."""


class IndexFile(Value, frozen=True, kw_only=True):
    """One wheel or source archive on one index; raises ``names.BadName`` where a part of it is not what it must be."""

    filename: str
    """A plain name, without a folder; that it is one of the project asked is for the index to check."""
    sha256: str | NotKnown = NOT_KNOWN
    """64 lower-case hex digits."""
    size: int | NotKnown = NOT_KNOWN
    """Bytes."""
    uploaded: str | NotKnown = NOT_KNOWN
    """ISO date (YYYY-MM-DD)."""
    url: str | None = None
    """None of a file of the default index, whose address is never recorded."""

    def __post_init__(self) -> None:
        """Called by msgspec, however the value is made."""
        names.file_name(self.filename)
        if not isinstance(self.sha256, NotKnown):
            names.sha256(self.sha256)
        if self.url is not None:
            names.address(self.url)


class Release(Value, frozen=True, kw_only=True):
    """The wheels of one version of one package that declare the same requirements, or its source archives."""

    version: str
    files: tuple[IndexFile, ...]
    index: IndexName = "default"
    requires: Requires = NOT_KNOWN
    """PEP 508 requirements of the core metadata."""
    requires_python: str | None = None
    """None: its index states none."""
    yanked: str | None = None
    """None: not yanked; otherwise the reason, possibly empty."""
    source: str | None = None
    """Where hashes and requirements were read; None: from the default index."""
    extras: tuple[str, ...] = ()
    """The extras whose requirements a record kept among ``requires``, normalized and sorted."""
    provides: tuple[str, ...] | NotKnown = NOT_KNOWN
    """Every extra that it has, normalized and sorted."""
    refused: str | None = None
    """Why the index cannot mean this release, of which no file is held then; None: it can."""


def is_built(files: Sequence[IndexFile]) -> bool:
    """Whether the files of a release are source archives alone, of which whoever installs it has to build one."""
    return bool(files) and all(names.is_source(file.filename) for file in files)


class Target(Value, frozen=True, kw_only=True):
    """Where a lock will run."""

    platform: Platform = "linux-64"
    python: Annotated[str, msgspec.Meta(pattern=r"^3\.(?:0|[1-9][0-9]?)\Z")] = "3.12"
    """major.minor of the locked environment, never of the running interpreter."""
    glibc: Annotated[str, msgspec.Meta(pattern=r"^2\.[0-9]{1,3}\Z")] = "2.28"
    driver: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}\Z")] | None = "525.60.13"
    """Oldest NVIDIA driver the lock must work with; None: no NVIDIA driver (CPU only)."""
    gpus: tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,2}\.[0-9]\Z")], ...] = ()
    """Compute capabilities ("9.0"), each of which the lock must serve; empty: no constraint."""
    cpu: Processor | NotKnown = NOT_KNOWN
    """Oldest processor the lock must work with; NOT_KNOWN where neither request nor packages name one."""


class Pin(Value, frozen=True, kw_only=True):
    """One package of a solution's closure."""

    name: PypiName
    version: str
    index: IndexName
    files: tuple[IndexFile, ...]
    """The wheels usable on the target, best tag first."""
    requires: Requires
    """Requirements that hold on the target, markers resolved."""
    asked_by: tuple[str, ...]
    """Who asked: other packages' names, or "the request"."""
    row: str | None = None
    """Id of the matrix row behind the choice; None: no row is."""


class Because(Value, frozen=True, kw_only=True):
    """Why a package stands at its version."""

    package: str
    version: str
    row: str | None = None
    """Id of the matrix row that decided it; None: no row did."""
    source: str = ""
    """What was asked and where it says so; empty where nobody asked."""
    asked_by: str = ""


class Note(Value, frozen=True, kw_only=True):
    """A warning that goes with a solution: legal, but less than the facts ask for."""

    package: str
    text: str
    row: str | None
    """Id of the matrix row that it is of; None: of none."""
    evidence: str | None
    """What shows that it works all the same; None where nothing does."""


class Solution(Value, frozen=True, kw_only=True):
    """One version for each axis and each package of the closure."""

    profile: str
    target: Target
    axes: Mapping[Axis, str | None]
    """Every axis; None where it is absent."""
    pins: tuple[Pin, ...]
    """Sorted by name."""
    because: tuple[Because, ...]
    notes: tuple[Note, ...]
    missing: tuple[str, ...]
    """What nobody read, so that the solution cannot be locked; empty: lockable."""

    @property
    def lockable(self) -> bool:
        """Whether every hash and requirement of the closure was read."""
        return not self.missing


class Clause(Value, frozen=True, kw_only=True):
    """One thing that a finding says: of nothing in particular, or of some packages what is said alike of others."""

    subject: str = ""
    predicate: str

    @property
    def text(self) -> str:
        """Both in one."""
        return f"{self.subject} {self.predicate}".lstrip()


class Finding(Value, frozen=True, kw_only=True):
    """A breakage that an audit sees in a set of packages."""

    code: str
    severity: Severity
    packages: tuple[str, ...]
    """``name==version`` each, or the name with the specifier of one whose version is open."""
    names: tuple[PypiName, ...] = ()
    """The names in ``packages``."""
    why: str
    clauses: tuple[Clause, ...] = ()
    """What ``why`` says, where it is several things; findings of one cause say each of them once."""
    lacking: tuple[str, ...] = ()
    """What ``why`` lists, where it is a list of what nobody recorded: such findings of several sets are told as one."""
    source: str
    cure: str
    paths: tuple[str, ...] = ()
    """Files or libraries concerned, where there are any."""
    row: str | None = None
    """Id of the matrix row that decided it; None: no row did."""
    brought: tuple[str, ...] = ()
    """Which of ``packages`` an open list does not say the version of, and which of its lines bring each of them."""
    parts: tuple[str, ...] = ()
    """The sets of a lock that it is in, where not in all that were looked at ("extra gpu")."""
    accepted: str | None = None
    """Why somebody accepts it, so that it fails nothing; None: nobody does."""


LoaderWay = Literal["wheel", "activation", "none"]
"""How TensorFlow is led to CUDA libraries that it does not find by itself, and kept from breaking others.

"wheel": by our hook in python, which cures both. "activation": by LD_LIBRARY_PATH, which the activation of the
environment sets, and nothing is cured. "none": by nothing, so that only what needs neither may be chosen.
"""


class GpuSharing(Value, frozen=True, kw_only=True):
    """How the frameworks of one environment share a GPU; None leaves a framework's own default."""

    growth: bool = True
    """TensorFlow and JAX take memory as they need it instead of all at once."""
    torch_fraction: float | None = None
    """Share of the GPU's memory that torch may take, above 0 and at most 1."""
    tensorflow_limit_mb: int | None = None
    jax_fraction: float | None = None
    """Share of the GPU's memory that JAX may take, above 0 and at most 1."""
    intra_threads: int | None = None
    """Threads within one operation."""
    inter_threads: int | None = None
    """Threads between operations."""
    cudnn_benchmark: bool | None = None
    mixed_precision: Literal["float16", "bfloat16"] | None = None


class Image(Value, frozen=True, kw_only=True):
    """The base image of a Dockerfile export."""

    base: str
    """Repository and tag, e.g. debian:12-slim."""
    digest: str
    """sha256:… of the base image."""
    glibc: str
    """glibc version of the base image."""


class Profile(Value, frozen=True, kw_only=True):
    """One named environment of a request, its template already applied."""

    name: str
    named: str | None = None
    """What its environment is called; None: as the profile."""
    flavour: Flavour = "pip-in-conda"
    variant_of: str | None = None
    """The profile of which it is a part; None: it is solved for itself."""
    frameworks: tuple[Framework, ...] = ("tensorflow", "torch")
    prefer: Framework = "torch"
    prefer_verified: bool = False
    target: Target = Target()
    """``target.python`` is meaningless while ``python`` admits several versions."""
    driver_branch: str | None = None
    """The driver branch ("525") that was named where ``target.driver`` is a release; None: a release was named."""
    python: str = ""
    """Specifier over python's major.minor, e.g. "==3.12"; empty: any."""
    cuda: str = ""
    """Specifier over the CUDA runtime's major.minor; "none": CPU builds and no CUDA library."""
    cpu_frameworks: tuple[Framework, ...] = ()
    """Frameworks of which a CPU build is wanted although others use the GPU."""
    constraints: dict[str, str] = {}
    """Specifier by axis (cudnn, tensorflow, torch, protobuf, numpy) or PyPI name."""
    packages: tuple[str, ...] = ()
    """PEP 508 requirements of PyPI packages beside the frameworks."""
    conda_packages: tuple[str, ...] = ()
    """MatchSpecs of conda packages beside python (and pip)."""
    channels: tuple[str, ...] = ("conda-forge",)
    exclude_newer: str | None = None
    """ISO day; index files and conda records of later days count as absent. None: all count."""
    virtual_packages: dict[str, str] = {}
    """Versions of conda's virtual packages in place of what the target brings."""
    indexes: tuple[KnownIndex, ...] = ("default",)
    bound: dict[str, IndexName] = {}
    """Private index by the name of a package, or a pattern such as "company-*", that comes from there alone."""
    variables: dict[str, str] = {}
    gpu_sharing: GpuSharing | None = None
    """None: every framework keeps its own defaults."""
    interop: bool = False
    loader: LoaderWay = "wheel"
    attestations: tuple[str, ...] = ()
    """Packages that are locked only where the index proves who published each of their files."""
    stack: dict[str, str] = {}
    """The pins of a published stack taken literally; ``explain`` tells what was changed."""
    image: Image | None = None
    """None: it has no Dockerfile."""
    accept: dict[str, str] = {}
    """Why, by the id of a row or a finding that is accepted although an audit finds it; see ``acceptance``."""

    @property
    def environment(self) -> str:
        """The name of the conda environment."""
        return self.name if self.named is None else self.named


class PrivateIndex(Value, frozen=True, kw_only=True):
    """An index of somebody's own, as the request names it."""

    name: IndexName
    url: str | None
    """None: an environment variable has it, which goes before this in any case."""
    packages: tuple[str, ...]
    """Normalized names, and patterns with "*", of all that comes from there and from nowhere else."""


class Request(Value, frozen=True, kw_only=True):
    """A whole environment.yml.in."""

    file: str
    profiles: tuple[Profile, ...]
    indexes: tuple[PrivateIndex, ...] = ()
    lines: dict[str, int]
    """1-based line of each key path such as "profiles.full-py312.python"."""
