"""An open list together with what pip would install for it, as one set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from solver.audit.package_set import Package, PackageSet
from solver.audit.resolve.choices import Choices
from solver.audit.resolve.resolution import Resolved
from solver.audit.resolve.terms import Ident, Pick
from solver.audit.set_kinds import KINDS
from solver.core.model import PypiName
from solver.core.target import SEEDS


def as_set(choices: Choices, resolved: Resolved) -> PackageSet:
    """The list with a version for what it leaves open, and after it what it does not name, by name."""
    by_name: dict[PypiName, list[Pick]] = {}
    for choice in resolved.choices.values():
        by_name.setdefault(choice.name, []).append(choice)
    lines = _lines_by_package(choices, resolved.choices)
    listed = [_chosen(package, by_name.get(package.name, []), lines) for package in choices.context.set.packages]
    # What contradicts itself and the list does not name is told of as such; nobody would have it.
    left_out = {*choices.listed, *choices.stated, *(name for one in resolved.contradictions for name in one.left_open)}
    # What is there in a version that nobody names: pip freeze does not tell of it, and conda's python brings it.
    if KINDS[choices.context.set.kind].is_frozen or choices.context.conda_package("python") is not None:
        left_out |= SEEDS
    brought = [
        _chosen(several[0].package, several, lines) for name, several in sorted(by_name.items()) if name not in left_out
    ]
    return structs.replace(choices.context.set, packages=(*listed, *brought), resolved=True)


def _chosen(package: Package, several: list[Pick], lines: Mapping[PypiName, tuple[str, ...]]) -> Package:
    """A package as it was chosen, with the extras that anybody asks for; ``several`` are its choices."""
    if not package.from_index or not several:
        return package
    extras = tuple(sorted({*package.extras, *(choice.extra for choice in several if choice.extra)}))
    if package.version is not None and several[0].stated:
        return package if extras == package.extras else structs.replace(package, extras=extras)
    chosen = several[0].package
    brought_by = lines.get(package.name, ()) if chosen.version is not None else ()
    return structs.replace(chosen, extras=extras, line=package.line, specifier=package.specifier, brought_by=brought_by)


def _lines_by_package(choices: Choices, chosen: Mapping[Ident, Pick]) -> Mapping[PypiName, tuple[str, ...]]:
    """Which lines of the list lead to each package, in the order of the list; a package's own line alone, if any."""
    lines: dict[PypiName, list[str]] = {}
    for package in choices.listed.values():
        said = line_of(package)
        for name in _reached(choices, chosen, package):
            own = choices.listed.get(name)
            if own is None or own is package:
                lines.setdefault(name, []).append(said)
    return {name: tuple(several) for name, several in lines.items()}


def _reached(choices: Choices, chosen: Mapping[Ident, Pick], package: Package) -> set[PypiName]:
    idents: set[Ident] = set()
    waiting: list[Ident] = [(package.name, extra) for extra in ("", *package.extras)]
    while waiting:
        ident = waiting.pop()
        if ident not in idents and ident in chosen:
            idents.add(ident)
            waiting += [ask.ident for ask in choices.asks(chosen[ident])]
    return {name for name, _ in idents}


def line_of(package: Package) -> str:
    """A line of the list, as far as it counts: ``tensorflow[and-cuda]==2.18.1 (line 1)``."""
    extras = f"[{','.join(package.extras)}]" if package.extras else ""
    said = f"=={package.version}" if package.version is not None else package.specifier
    return f"{package.name}{extras}{said}" + (f" (line {package.line})" if package.line is not None else "")


def unread(choices: Choices, package_set: PackageSet) -> Iterator[Package]:
    """The packages of a resolved list of which nobody read what they ask for; of another index ``unknown`` tells."""
    for package in package_set.packages:
        is_expected = package.from_index and package.elsewhere is None
        if is_expected and package.name not in choices.shelf.absent and choices.context.is_unread(package):
            yield package
