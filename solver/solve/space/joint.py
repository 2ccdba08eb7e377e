"""Rules about several packages together: choosing the first of them asks for one way to keep the rule.

An ask is about one identifier, and such a rule ties several: "where a and b are there, c must be
such". So its ways are the candidates of an identifier of its own: no such b, or a c as needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from solver.matrix.rows import Rule
from solver.matrix.rules import additions, asks_for_nothing, condition, demands, partners
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Ask, Candidate, Kind, guard, way

Way = tuple[Ask, ...]
"""What keeps a rule, all of it together."""


def joint_packages(rules: Iterable[Rule]) -> set[str]:
    """The packages that the ways of ``rules`` constrain without bringing them in."""
    return {name for rule in rules for name in (*partners(rule), *demands(rule))}


def joint_asks(space: Candidates, rule: Rule) -> Iterator[Ask]:
    """What the first package of the rule asks for the rule's sake."""
    ways = ways_to_keep(space, rule)
    if len(ways) == 1:
        yield from ways[0]
        return
    needed = [ask.text for ask in ways[-1]] if not asks_for_nothing(rule) else []
    absent = [f"no {name}{specifier}" for name, specifier in partners(rule).items()]
    text = ", or ".join([*filter(None, [" and ".join(needed)]), f"{' or '.join(absent)} beside it"])
    yield Ask(way(rule), (1 << len(ways)) - 1, text, _source(rule), rule.id)


def way_candidates(space: Candidates, rule: Rule) -> list[Candidate]:
    """The ways as candidates; those that ask for nothing to be there come first."""
    return [
        Candidate(way(rule), position, " and ".join(ask.text for ask in asks), row=rule.id)
        for position, asks in enumerate(ways_to_keep(space, rule))
    ]


def ways_to_keep(space: Candidates, rule: Rule) -> list[Way]:
    """One way for each further package, not to be as the rule says; and, last, what the rule needs."""
    ways: list[Way] = [(_without(space, rule, name),) for name in partners(rule)]
    if not asks_for_nothing(rule):
        needed = [space.guard_ask(name, specifier, _source(rule), rule.id) for name, specifier in demands(rule).items()]
        needed += [space.ask(name, "", _source(rule), rule.id) for name in additions(rule)]
        ways.append(tuple(needed))
    return ways


def _without(space: Candidates, rule: Rule, name: str) -> Ask:
    everything = (1 << len(space.candidates(guard(name)))) - 1
    mask = everything & ~(space.mask(name, condition(rule, name)) << 1)
    return Ask(
        guard(name), mask, f"no {name}{condition(rule, name)} beside it", _source(rule), rule.id, kind=Kind.NONE_OF
    )


def _source(rule: Rule) -> str:
    return f"{rule.why} ({rule.source})"
