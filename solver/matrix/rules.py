"""When a rule holds for a set, and what breaks it: the one reading of rules.yaml for every step.

The search turns the answer into masks, conda's search into constraints, the audit into findings,
the prediction into booleans. A rule of which the set or the place leave a condition open is
NOT_KNOWN: nobody may tell it as broken, nor as kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

from packaging.version import InvalidVersion

from solver.core.acceptance import finding_id
from solver.core.answer import Answer, NotKnown, answer, every
from solver.core.model import Framework
from solver.core.versions import within
from solver.matrix.place import Place
from solver.matrix.rows import ABSENT, Rule

Versions = Mapping[str, str | NotKnown]
"""Version by normalized PyPI name; NOT_KNOWN: the package is there, and nobody said in which version."""


@dataclass(frozen=True)
class RuleKind:
    """What is so of every rule of one code."""

    of_wheels: bool = False
    """It was read out of wheels, which conda's builds are not."""
    of_installs: bool = False
    """It is about what one install of wheels leaves in the way of another; conda takes out what no record asks for."""
    of_a_part: bool = False
    """It is about what a package does without another, while all else of it works."""


_KINDS: Mapping[str, RuleKind] = {
    "protobuf-runtime": RuleKind(of_wheels=True),
    "numpy-abi": RuleKind(of_wheels=True),
    "gpu-arch": RuleKind(of_wheels=True),
    "leftover": RuleKind(of_installs=True),
    "missing-part": RuleKind(of_a_part=True),
}


def kind_of(rule: Rule) -> RuleKind:
    """What is so of every rule of its code."""
    return _KINDS.get(rule.code, RuleKind())


@dataclass(frozen=True)
class Offence:
    """A package that is not as a rule needs it."""

    package: str
    version: str | NotKnown
    """NOT_KNOWN only where the package must not be there in any version."""
    needed: str
    """Specifier; ``ABSENT``: it must not be there."""


@dataclass(frozen=True)
class Breach:
    """A rule that a set breaks; without offences and missing packages it is the packages of ``when`` that clash."""

    rule: Rule
    offences: tuple[Offence, ...] = ()
    missing: tuple[str, ...] = ()
    """Packages of ``expects`` that are not there."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The packages that the rule is about."""
        return subjects(self.rule)

    @property
    def pairs(self) -> frozenset[frozenset[str]]:
        """Each package of ``when`` with each that offends; where none does, with each other."""
        others = [offence.package for offence in self.offences]
        pairs = product(self.rule.when, others) if others else combinations(self.rule.when, 2)
        return frozenset(map(frozenset, pairs))


def broken(rules: Iterable[Rule], versions: Versions, place: Place) -> Iterator[Breach]:
    """Those of ``rules`` that surely hold and that ``versions`` surely break, in their order."""
    for rule in rules:
        breach = _breach(rule, versions) if holds(rule, versions, place) is Answer.YES else None
        if breach is not None:
            yield breach


def subjects(rule: Rule) -> tuple[str, ...]:
    """The packages that a rule is about: it holds only where all of them are in the set."""
    return tuple(rule.when)


def condition(rule: Rule, subject: str) -> str:
    """The versions of one of its subjects with which a rule holds."""
    return rule.when[subject]


def partners(rule: Rule) -> dict[str, str]:
    """The subjects after the first, each with its condition."""
    return dict(list(rule.when.items())[1:])


def demands(rule: Rule) -> Mapping[str, str]:
    """What a rule asks of packages that may be in the set: a specifier each, of which ``forbids`` may be true."""
    return rule.needs


def additions(rule: Rule) -> tuple[str, ...]:
    """The packages that a rule wants in the set."""
    return rule.expects


def spoken_of(rules: Iterable[Rule]) -> set[str]:
    """Every package that rules are about or ask something of."""
    return {name for rule in rules for name in (*rule.when, *rule.needs)}


def forbidden(rule: Rule) -> set[str]:
    """The packages that a rule does not want in the set in any version."""
    return {name for name, needed in rule.needs.items() if forbids(needed)}


def forbids(needed: str) -> bool:
    """Whether what a rule needs of a package is that it is not in the set at all."""
    return needed == ABSENT


def asks_for_nothing(rule: Rule) -> bool:
    """Whether the packages that a rule is about merely do not go together, or not at all."""
    return not (rule.needs or rule.expects)


def imported_first(rule: Rule) -> Framework | None:
    """The framework with which first a process was seen to break the rule; None: the order does not matter."""
    return rule.first


def holds(rule: Rule, versions: Versions, place: Place) -> Answer:
    """Whether the rule is about this set at this place."""
    packages = (
        admits(specifier, versions[name]) if name in versions else Answer.NO for name, specifier in rule.when.items()
    )
    return every((*packages, holds_at(rule, place)))


def holds_at(rule: Rule, place: Place) -> Answer:
    """Whether the rule is about this place, whatever the set."""
    return every(
        (
            answer(not rule.platforms or place.platform in rule.platforms),
            admits(rule.pythons, place.python),
            _admits_driver(rule.driver, place.driver),
            _admits_gpus(rule.gpus, place),
        )
    )


def binding(rules: Iterable[Rule], accepted: Collection[str]) -> tuple[Rule, ...]:
    """``rules`` without those that are accepted, by their own id or by that of what an audit would find."""
    return tuple(
        rule
        for rule in rules
        if rule.id not in accepted and finding_id(rule.code, (*rule.when, *rule.needs)) not in accepted
    )


def hard_rules(rules: Iterable[Rule], place: Place) -> dict[str, tuple[Rule, ...]]:
    """By package, the rules of severity error whose only package is this one and that surely are about the place."""
    by_package: dict[str, tuple[Rule, ...]] = {}
    for rule in sorted(rules, key=lambda row: row.id):
        if rule.severity == "error" and len(rule.when) == 1 and holds_at(rule, place) is Answer.YES:
            (name,) = rule.when
            by_package[name] = (*by_package.get(name, ()), rule)
    return by_package


def joint_rules(rules: Iterable[Rule], place: Place) -> dict[str, tuple[Rule, ...]]:
    """By the first of their packages, the rules of severity error about several and surely about the place."""
    by_first: dict[str, tuple[Rule, ...]] = {}
    for rule in sorted(rules, key=lambda row: row.id):
        if rule.severity == "error" and len(rule.when) > 1 and holds_at(rule, place) is Answer.YES:
            first = next(iter(rule.when))
            by_first[first] = (*by_first.get(first, ()), rule)
    return by_first


def holds_of_conda(breach: Breach, from_conda: Callable[[str], bool]) -> Answer:
    """Whether what a rule says is true of a set that breaks it, of which some packages come from conda.

    NOT_KNOWN of a rule that was read out of wheels and of a build of conda's, which builds its packages anew, for GPUs
    of its own choice and against the protobuf and numpy that their records then depend on; of a package that is not
    compiled it is likely to hold all the same. NO of what one install leaves in the way of another, where conda alone
    installs: it takes out what no record asks for.
    """
    kind = kind_of(breach.rule)
    named = (*breach.subjects, *(offence.package for offence in breach.offences))
    if kind.of_installs and all(map(from_conda, named)):
        return Answer.NO
    return Answer.NOT_KNOWN if kind.of_wheels and any(map(from_conda, breach.subjects)) else Answer.YES


def _breach(rule: Rule, versions: Versions) -> Breach | None:
    offences = tuple(
        Offence(name, versions[name], needed)
        for name, needed in rule.needs.items()
        if name in versions and (forbids(needed) or admits(needed, versions[name]) is Answer.NO)
    )
    missing = tuple(name for name in rule.expects if name not in versions)
    return Breach(rule, offences, missing) if offences or missing or asks_for_nothing(rule) else None


@lru_cache(maxsize=65536)
def admits(specifier: str, version: str | NotKnown) -> Answer:
    """Whether a version lies within a row's specifier; NOT_KNOWN for none and for one that is no version."""
    if not specifier:
        return Answer.YES
    if isinstance(version, NotKnown):
        return Answer.NOT_KNOWN
    try:
        return answer(within(version, specifier))
    except InvalidVersion:
        return Answer.NOT_KNOWN


def _admits_driver(specifier: str, driver: str | NotKnown | None) -> Answer:
    return answer(not specifier) if driver is None else admits(specifier, driver)


def _admits_gpus(specifier: str, place: Place) -> Answer:
    """Whether a GPU of the place is meant: one is enough, since a lock has to serve each."""
    if not specifier:
        return Answer.YES
    if place.driver is None:
        return Answer.NO
    if isinstance(place.gpus, NotKnown):
        return Answer.NOT_KNOWN
    return answer(any(admits(specifier, gpu) is Answer.YES for gpu in place.gpus))
