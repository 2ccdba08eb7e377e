"""What the search moves in: candidates and what each asks of the others.

An identifier is a PyPI name ("numpy"), a name with an extra ("cuda-toolkit[nvtx]"),
an axis ("axis:cuda"), a rule ("rule:<id>/<package>": how a rule about several packages is kept),
a choice of plugins ("plugin:jax": what brings a framework's GPU code) or of who
brings a library ("library:cufft/<id of a build's row>"), or a guard
("?numpy": that package's version if anything brings it, else "absent").
Guards let a fact forbid versions of a package without asking for the package. What lies inside
a wheel and has an axis is an identifier too ("axis:cuda inside torch"). A set of
candidates of one identifier is an int used as a bit mask over their positions, which
makes intersecting asks one operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from solver.core.answer import Verdict
from solver.core.axes import AXES
from solver.core.frameworks import FRAMEWORKS, distributions
from solver.core.indexes import title_of
from solver.core.model import Axis, Framework, IndexName, Release
from solver.matrix.rows import Rule
from solver.matrix.rules import partners


def axis_ident(axis: str) -> str:
    """The identifier of an axis that is no package."""
    return f"axis:{axis}"


def axis_idents(axis: Axis) -> tuple[str, ...]:
    """The identifiers of which one may stand for an axis: of a framework, its distributions."""
    kind = AXES[axis].kind
    return distributions(axis) if kind in ("framework", "package") else (axis_ident(axis),)


AXIS_PYTHON, AXIS_CUDA, AXIS_CUDNN = axis_ident("python"), axis_ident("cuda"), axis_ident("cudnn")
NOWHERE = "axis:nowhere"
"""Has no candidate at all: what asks for it cannot be chosen."""
ABSENT = "absent"
ITSELF = "what it is"
"""Source of an ask of ``Kind.SAME``."""


def guard(name: str) -> str:
    """The identifier that stands for ``name`` if anything brings it."""
    return f"?{name}"


def way(rule: Rule) -> str:
    """The identifier whose candidates are the ways to keep a rule about several packages.

    It names those after the first: of one row several such rules may come (``solver.matrix.cures``).
    """
    return "/".join([f"rule:{rule.id}", *(f"{name}{specifier}" for name, specifier in partners(rule).items())])


def plugin(framework: Framework) -> str:
    """The identifier whose candidates are the plugins of a framework."""
    return f"{_PLUGIN}{framework}"


def served_by_plugin(ident: str) -> Framework | None:
    """The framework of whose plugins ``ident`` is the identifier; None where it is another one."""
    return next((name for name in FRAMEWORKS if ident == plugin(name)), None)


def bringer(short: str, row: str) -> str:
    """The identifier whose candidates are the distributions that bring a library which the build of a row opens."""
    return f"{_LIBRARY}{short}/{row}"


def library_opened(ident: str) -> tuple[str, str] | None:
    """Of which library (its short name) for the build of which row ``ident`` is that; None where it is another one."""
    short, _, row = ident.removeprefix(_LIBRARY).partition("/")
    return (short, row) if ident.startswith(_LIBRARY) else None


def ident_inside(axis: str, package: str) -> str:
    """The identifier of what lies inside the wheel of a package and is of the kind of an axis."""
    return f"{axis}{_INSIDE}{package}"


def is_inside(ident: str) -> bool:
    """Whether ``ident`` stands for what lies inside the wheel of a package."""
    return ident.startswith("axis:") and _INSIDE in ident


def package_around(ident: str) -> str:
    """The package in whose wheel lies what ``ident`` stands for."""
    return ident.partition(_INSIDE)[2]


_INSIDE = " inside "
_PLUGIN = "plugin:"
_LIBRARY = "library:"


def is_way(ident: str) -> bool:
    """Whether ``ident`` stands for ways of which one is taken: to keep a rule, to bring a plugin or a library."""
    return ident.startswith(("rule:", _PLUGIN, _LIBRARY))


def is_axis(ident: str) -> bool:
    """Whether ``ident`` is an axis, or the guard of one."""
    return ident.removeprefix("?").startswith("axis:")


def base_of(ident: str) -> str:
    """The package or axis that ``ident`` is a guard of, an extra of, or a kind of inside a wheel, or is itself."""
    return ident.removeprefix("?").partition("[")[0].partition(_INSIDE)[0]


def named_by(ident: str) -> str:
    """The package or axis that ``ident`` is about, by the name that requests and locks use."""
    return base_of(ident).removeprefix("axis:")


def is_package(ident: str) -> bool:
    """Whether ``ident`` is a package itself: no axis, no guard, no rule, no extra."""
    return not ident.startswith(("axis:", "?")) and not is_way(ident) and "[" not in ident


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One version that may be chosen for an identifier."""

    ident: str
    position: int
    """Bit of its identifier's masks; 0 is the most preferred."""
    version: str
    release: Release | None = None
    """None of what is no package: an axis, a way to keep a rule."""
    row: str | None = None
    """Id of the matrix row that describes it; None: no row does."""

    @property
    def name(self) -> str:
        """How a person would name it."""
        return f"{self.ident} {self.version}"


class Kind(Enum):
    """What an ask is for."""

    ONE_OF = "one of"
    """Some version of the mask; of a guard, if anything brings one."""
    NONE_OF = "none of"
    """Only to keep other versions away."""
    SAME = "same"
    """To tie two names of one thing together; no explanation repeats it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One requirement: ``ident`` must be one of ``mask``."""

    ident: str
    mask: int
    text: str
    """What is asked, in the words of its source: "numpy>=1.26,<3"."""
    source: str
    row: str | None = None
    """Id of the matrix row that asks; None: metadata or the request does."""
    specifier: str | None = None
    """PEP 440 over the versions, "||" between alternatives; None where the mask is made of something else."""
    kind: Kind = Kind.ONE_OF
    brings: bool = False
    """Whether it is there with who asks: a release in a wheel, or one that metadata would bring, and no mere wish."""


SNAPSHOT = "the snapshot"
"""The source of what the record says, or lacks."""


def recorded_only(index: IndexName) -> str:
    """What to tell of what the record of an index lacks that is never asked."""
    return f"{title_of(index)} is known as far as it was recorded, also with --live"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A version that may not be chosen, or all of an identifier, and why."""

    ident: str
    version: str | None
    """None: whatever version there may be."""
    verdict: Verdict
    """NO: it is denied. NOT_KNOWN: nobody read or recorded what would have to be known."""
    remedy: str = ""
    """Where only the record lacks it, what to do about that; empty where the answer stands."""


class Space(Protocol):
    """Everything that may be chosen."""

    def candidates(self, ident: str) -> tuple[Candidate, ...]:
        """Every candidate of ``ident``, most preferred first; empty where there is none."""
        ...

    def asks(self, candidate: Candidate) -> tuple[Ask, ...]:
        """What choosing ``candidate`` asks of others."""
        ...


def positions(mask: int) -> Iterator[int]:
    """The bits of ``mask``, lowest (most preferred) first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
