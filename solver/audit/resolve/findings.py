"""What is told of a list that cannot be resolved, or not in whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.audit.phrases import MOST_LACKING, listed
from solver.audit.resolve.resolution import MOST_ROUNDS, Contradiction
from solver.audit.resolve.terms import ListAsk
from solver.core.model import Finding, PypiName
from solver.core.spelling import command

CODE = "metadata"
RECORD = "the recorded index"
"""The source of what was not recorded."""


def contradiction_findings(clashes: Sequence[Contradiction]) -> Iterator[Finding]:
    """A finding for each group of askers that cannot all have what they ask for."""
    groups: dict[tuple[object, ...], list[Contradiction]] = {}
    for one in clashes:
        # Two builds that differ in a dozen libraries differ for one reason.
        askers = tuple(ask.asker if ask.asker is not None else ask.name for ask in one.asks)
        groups.setdefault((one.certain, *askers), []).append(one)
    for several in groups.values():
        yield _contradiction(several[0], len(several) - 1)


def too_long() -> Finding:
    """That nobody looked for what a list brings."""
    return finding_about(
        (),
        code=CODE,
        severity="note",
        why=f"the list asks for more than {MOST_ROUNDS} packages and extras, or for what has too many choices, so that "
        "it was not looked for what it brings beside what it names",
        source="the list itself",
        cure="audit what was installed, or a lock that a package manager wrote",
    )


def _contradiction(one: Contradiction, more: int) -> Finding:
    asks = list(one.asks)
    what = listed(_asks_for(ask, first=not number) for number, ask in enumerate(asks))
    also = f", and {more} more like it" if more else ""
    serves = {1: "it", 2: "both"}.get(len(asks), "all of them")
    refuse = (
        f"no version serves {serves}, so that pip and uv refuse the list"
        if one.certain
        else f"no version that is recorded serves {serves}, so that it is not known what would be installed"
    )
    packages = [_package_of(ask) for ask in asks]
    askers = [ask.asker.package for ask in asks if ask.asker is not None]
    return finding_about(
        packages,
        code=CODE,
        severity="error" if one.certain else "warning",
        why=f"{what}{also}: {refuse}",
        source=_source(askers),
        cure=_cure(one, askers),
    )


def _asks_for(ask: ListAsk, *, first: bool) -> str:
    if ask.asker is not None:
        return f"{ask.asker.text} {'asks ' if first else ''}for {ask.text}"
    line = None if ask.line is None else ask.line.line
    return f"{'the list' if line is None else f'line {line}'} {'asks ' if first else ''}for {ask.text}"


def _package_of(ask: ListAsk) -> Package:
    package = ask.line if ask.asker is None else ask.asker.package
    return Package(name=ask.name, version=None, specifier=ask.specifier) if package is None else package


def _source(askers: Sequence[Package]) -> str:
    pins = list(dict.fromkeys(package.pin for package in askers))
    return f"Requires-Dist of {listed(pins)}" if pins else "the list itself"


def _cure(one: Contradiction, askers: Sequence[Package]) -> str:
    pins = list(dict.fromkeys(package.pin for package in askers))
    if len(pins) > 1:
        return f"{command('interlock', 'explain', *pins)} looks for the nearest builds that go together"
    if not pins:
        return f"write one line about {one.name}, of versions that there are"
    if one.certain and len(one.asks) == 1:
        return f"take another {askers[0].name}"
    if one.certain:
        return f"ask for a {one.name} that {pins[0]} admits, or for another {askers[0].name}"
    return f"ask the index itself with --live, or ask for another {askers[0].name} or {one.name}"


def not_known(packages: Sequence[Package], extras: Sequence[tuple[PypiName, str]]) -> Finding:
    """What nobody recorded of a list, in one line: the requirements of ``packages`` and of ``extras`` of others."""
    names = sorted({package.pin for package in packages} | {f"{name}[{extra}]" for name, extra in extras})
    asks = "asks" if len(names) == 1 else "ask"
    # Builds with a local part are on indexes that are never asked.
    can_be_read = extras or any("+" not in (package.version or "") for package in packages)
    finding = finding_about(
        packages,
        code=CODE,
        severity="note",
        why=f"nobody recorded what {listed(names, most=MOST_LACKING)} {asks} for, so that it is not known what else "
        "would be installed and whether it goes together",
        source=RECORD,
        cure="ask the index itself with --live, or audit what was installed"
        if can_be_read
        else "audit what was installed",
    )
    return structs.replace(finding, lacking=tuple(names))


def absent(packages: Sequence[Package]) -> Finding:
    """What the list asks for and the index has nothing of."""
    names = sorted({package.name for package in packages})
    return finding_about(
        packages,
        code=CODE,
        severity="error",
        why=f"the package index has no package {listed(names, most=MOST_LACKING)}, so that pip and uv refuse the list",
        source="the package index",
        cure="mend the name, or name the index that has it",
    )
