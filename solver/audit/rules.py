"""Tells which rule rows a set breaks; a code that only rules bring needs no module of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import listed
from solver.audit.supposed import HARDLY, MILDER
from solver.audit.tools import reinstalling
from solver.core.answer import Answer
from solver.core.model import Clause, Finding, PypiName, Severity
from solver.core.target import may_be_seeded
from solver.core.versions import within
from solver.matrix import rules
from solver.matrix.clobbers import Clobbers
from solver.matrix.cures import heals, in_need, is_healed, may_heal
from solver.matrix.libraries import LOADER
from solver.matrix.rows import ABSENT, Rule
from solver.matrix.rules import Breach, Offence, holds_of_conda, imported_first, kind_of


def find(context: AuditContext, merged: Collection[str]) -> Iterator[Finding]:
    """A finding for each rule that the set breaks, but for the codes whose module weighs them itself."""
    every = (rule for rule in context.matrices.rules if rule.code not in merged)
    for breach in rules.broken(every, context.stated, context.place):
        if _holds(context, breach) is not Answer.NO:
            yield as_finding(context, breach)


def _holds(context: AuditContext, breach: Breach) -> Answer:
    return holds_of_conda(breach, lambda name: context.packages[PypiName(name)].from_conda)


def breaches(context: AuditContext, code: str) -> Iterator[Breach]:
    """The rules of ``code`` that the set breaks, in the order of their file."""
    of_code = (rule for rule in context.matrices.rules if rule.code == code)
    broken = rules.broken(of_code, context.stated, context.place)
    return (breach for breach in broken if _holds(context, breach) is not Answer.NO)


def as_finding(context: AuditContext, breach: Breach) -> Finding:
    """The finding that tells of a breach."""
    rule = breach.rule
    named = [context.packages[PypiName(name)] for name in breach.subjects]
    offenders = [context.packages[PypiName(offence.package)] for offence in breach.offences]
    other = _seeded(context, breach) or _other_build(context, breach, named, offenders)
    first = imported_first(rule)
    order = f" with {first} first" if first else ""
    seen = f"seen{order}: {rule.seen}" if rule.seen else ""
    healing = _healing(context, breach)
    return finding_about(
        [*named, *offenders],
        code=rule.code,
        severity=healing.severity or _severity(rule, named, other),
        why=[Clause(predicate=text) for text in (rule.why, seen, *other.why, *healing.why) if text],
        source=rule.source,
        cure=healing.cure or "; ".join((rule.cure, *_putting_back(context, named, offenders))),
        row=rule.id,
    )


def _putting_back(context: AuditContext, named: Sequence[Package], offenders: Sequence[Package]) -> Iterator[str]:
    """How what stays is made whole again, where both write the same paths."""
    pairs = {frozenset(pair) for pair in Clobbers(context.matrices).pairs}
    for stays in named:
        if stays.from_index and any(frozenset((stays.name, other.name)) in pairs for other in offenders):
            yield reinstalling(context.set.kind, stays)


@dataclass(frozen=True)
class _OtherBuild:
    """What a rule about wheels says of a build that is none of those."""

    why: tuple[str, ...] = ()
    severities: Mapping[Severity, Severity] | None = None
    """How grave it is there, by the severity of the rule; None: it is one of those wheels."""


def _seeded(context: AuditContext, breach: Breach) -> _OtherBuild | None:
    """Where an offender may be there before pip comes to it; None where each is what pip chooses."""
    python = context.target.python
    names = [str(one.package) for one in breach.offences if _may_be_there(context, one, python)]
    if not names:
        return None
    brings = f"`python{python} -m venv` brings an older {listed(names)}, which pip leaves there"
    return _OtherBuild((brings,), MILDER)


def _may_be_there(context: AuditContext, offence: Offence, python: str) -> bool:
    """Whether a fresh environment has a version that nobody's requirement makes pip replace by the offending one."""
    package = context.packages[PypiName(offence.package)]
    is_brought = bool(package.brought_by) and package.line is None
    if offence.needed == ABSENT or not is_brought or not may_be_seeded(package.name, python):
        return False
    asked = (clause for _, requirement in context.asks.get(package.name, ()) for clause in requirement.specifier)
    least = [clause.version.removesuffix(".*") for clause in asked if clause.operator in (">=", ">", "==", "~=", "===")]
    return all(within(version, offence.needed) for version in least)


def _other_build(
    context: AuditContext, breach: Breach, named: Sequence[Package], offenders: Sequence[Package]
) -> _OtherBuild:
    if _holds(context, breach) is Answer.NOT_KNOWN:
        return _OtherBuild(("this is known of the wheel, and nobody read it of conda's build",), MILDER)
    strange = [package for package in named if package.elsewhere is not None]
    if not strange:
        return _OtherBuild()
    hosts = listed(sorted({package.elsewhere or "" for package in strange}))
    why = f"this is known of the default index's wheel, and nobody read it of a build of {hosts}"
    chosen = [package.name for package in offenders if package.brought_by]
    if not chosen:
        return _OtherBuild((why,), MILDER)
    return _OtherBuild((f"{why}, nor which {listed(chosen)} that one asks for",), HARDLY)


def _severity(rule: Rule, named: Iterable[Package], other: _OtherBuild) -> Severity:
    """As the rule says, unless it is known of another build, or is the loss of whoever wants what nobody named."""
    if kind_of(rule).of_a_part and all(package.brought_by and package.line is None for package in named):
        return "note"
    return rule.severity if other.severities is None else other.severities[rule.severity]


@dataclass(frozen=True)
class _Healing:
    """What our loader makes of a breach."""

    severity: Severity | None = None
    """None: that of the rule."""
    why: tuple[str, ...] = ()
    cure: str = ""


def _healing(context: AuditContext, breach: Breach) -> _Healing:
    if is_healed(breach, context.matrices, context.stated, context.place) is not Answer.YES:
        return _Healing(why=_hindered(context, breach))
    if heals(context.stated) is Answer.YES:
        why = f"with {LOADER}, which is in it, this set is sound ({breach.rule.healed})"
        return _Healing("note", (why, *_doubt(context)), f"keep {LOADER} in it")
    why = f"with {LOADER} this set is sound ({breach.rule.healed}), and that is not in it"
    cure = f"add {LOADER}: a lock has it, and `interlock heal PREFIX` puts it into an environment"
    return _Healing(None, (why, *_doubt(context)), f"{cure}; or {breach.rule.cure}")


def _hindered(context: AuditContext, breach: Breach) -> tuple[str, ...]:
    """Why our loader does not heal what it otherwise would; empty where it would not anyhow."""
    needing = in_need(context.matrices, context.stated, Answer.YES)
    if not needing or not may_heal(breach.rule):
        return ()
    needs = f"{listed(needing)}, which needs them"
    return (f"{LOADER} does not heal it, since it keeps TensorFlow's symbols from {needs}",)


def _doubt(context: AuditContext) -> tuple[str, ...]:
    doubtful = in_need(context.matrices, context.stated, Answer.NOT_KNOWN)
    return (f"nobody read whether {listed(doubtful)} works with it",) if doubtful else ()
