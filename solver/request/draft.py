"""A request in the making, and what is known of conda's packages while it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from solver.core.model import CondaName, Flavour, Framework, KnownIndex, PypiName, Target
from solver.index.conda_spec import CondaSpec


@dataclass(frozen=True)
class CondaWorld:
    """What is known of conda's packages."""

    holds: Callable[[str, CondaSpec | None], bool]
    """Whether the record of a channel holds a package within the versions of a spec, or, of None, anything."""
    named: Callable[[str], str]
    """The name of a channel that is written by its address; what has none stays as it is."""
    twin: Callable[[CondaName], PypiName | None]
    """The project of the package index that a package is; None where none is known to be the same."""


@dataclass
class Draft:
    """A request in the making."""

    name: str
    channels: list[str] = field(default_factory=list)
    conda: list[str] = field(default_factory=list)
    pip: dict[str, str] = field(default_factory=dict)
    """Requirement by name, frameworks apart."""
    frameworks: dict[Framework, str] = field(default_factory=dict)
    """Specifier by name."""
    python: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    flavour: Flavour = "pip-in-conda"
    target: Target | None = None
    """Where the set shall run; None: nobody said."""
    cpu: bool = False
    """Nothing is for a GPU."""
    on_cpu: set[Framework] = field(default_factory=set)
    """Frameworks of which builds for the CPU are asked for, beside others that use a GPU."""
    indexes: list[KnownIndex] = field(default_factory=list)
    """Further indexes that are asked for."""
    remarks: list[str] = field(default_factory=list)
    """A line for each thing that does not stand in the request as it stood in the file."""
