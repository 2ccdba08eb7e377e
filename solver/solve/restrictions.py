"""What the request admits of versions, beside what the packages of an unsatisfiable core ask for.

An ask that the request's own restrictions exclude fails whatever is recorded; one on an axis that whoever brings it
meets in no version recorded fails for want of a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from packaging.specifiers import Specifier

from solver.core.axes import axes_of
from solver.core.versions import as_specifier, is_empty
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Ask, Space, base_of, is_axis, named_by

_LAST = 999_999
"""The last part of a release that no toolkit has more of: CUDA 12.8 has 12.8.0 to 12.8.999999."""


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the request admits of a package or of an axis."""

    ident: str
    specifier: str
    """PEP 440 over its versions, "||" between alternatives."""
    text: str
    source: str

    @classmethod
    def of(cls, ask: Ask) -> Restriction:
        """The restriction that an ask of the request is."""
        return cls(base_of(ask.ident), ask.specifier or "", ask.text, ask.source)

    def on(self, ident: str, axes: Iterable[str]) -> str | None:
        """The same on the versions of ``ident``, which brings ``axes``; None where it is about something else."""
        if self.ident == ident:
            return self.specifier
        return _of_releases(self.ident, self.specifier) if self.ident in axes else None


def excluded_by(ask: Ask, restrictions: Iterable[Restriction], space: Space) -> Restriction | None:
    """The request's restriction that no version, recorded or not, meets together with an ask; None: there is none."""
    name, specifier = base_of(ask.ident), ask.specifier
    if not specifier:
        return None
    axes = _axes_brought(name, space)
    there = ((restriction, restriction.on(name, axes)) for restriction in restrictions)
    return next((restriction for restriction, admits in there if admits and _is_empty(specifier, admits)), None)


def unmet_by_bringers(request: Sequence[Ask], asks: Mapping[str, Sequence[Ask]], choices: Candidates) -> Iterator[Ask]:
    """What the request asks of an axis, as an ask for each distribution that brings it in no version recorded.

    The axis has the versions of every distribution that may bring it, so that its own mask does not tell that this one
    lacks what is asked for. ``asks``: by package, what its versions ask for.
    """
    for restriction in request:
        axis = base_of(restriction.ident)
        if not is_axis(axis) or not restriction.specifier:
            continue
        specifier = _of_releases(axis, restriction.specifier)
        for name, own in asks.items():
            ties = [ask for ask in own if ask.brings and base_of(ask.ident) == axis]
            if not ties or any(ask.mask & choices.mask(axis, restriction.specifier) for ask in ties):
                continue
            if not _is_kept_away(name, specifier, request, asks):
                yield Ask(name, 0, f"{name}{specifier}", restriction.source, specifier=specifier)


def _axes_brought(name: str, space: Space) -> set[str]:
    if is_axis(name):
        return set()
    asks = (ask for candidate in space.candidates(name)[:1] for ask in space.asks(candidate))
    return {base_of(ask.ident) for ask in asks if ask.brings and is_axis(ask.ident)}


def _is_kept_away(name: str, specifier: str, request: Sequence[Ask], asks: Mapping[str, Sequence[Ask]]) -> bool:
    """Whether somebody asks for other versions of ``name`` in each of his own."""
    askers = [request, *(own for who, own in asks.items() if who != name)]
    of_it = ([ask for ask in own if base_of(ask.ident) == name] for own in askers)
    return any(own and all(ask.specifier and _is_empty(ask.specifier, specifier) for ask in own) for own in of_it)


def _of_releases(axis: str, specifier: str) -> str:
    """A specifier of an axis as one of the releases that bring it: those of a toolkit have a third part."""
    if named_by(axis) not in axes_of("toolkit"):
        return specifier
    return "||".join(",".join(sorted(map(_of_toolkit, as_specifier(part)))) for part in specifier.split("||"))


def _of_toolkit(clause: Specifier) -> str:
    """One clause over major.minor, as one over whole releases."""
    if clause.operator in ("==", "!=") and not clause.version.endswith(".*"):
        return f"{clause.operator}{clause.version}.*"
    if clause.operator in ("<=", ">"):
        return f"{clause.operator}{clause.version}.{_LAST}"
    return str(clause)


def _is_empty(one: str, other: str) -> bool:
    pairs = product(one.split("||"), other.split("||"))
    return all(is_empty(",".join(filter(None, pair))) for pair in pairs)
