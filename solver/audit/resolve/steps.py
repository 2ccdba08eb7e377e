"""What the commands of an image's build install one after the other: each finds what those before it left."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from solver.audit.context import AuditContext
from solver.audit.package_set import Package, PackageSet
from solver.audit.resolve.choices import Choices
from solver.audit.resolve.outcome import as_set
from solver.audit.resolve.resolution import Contradiction, Resolved, resolve
from solver.audit.resolve.terms import Ident, Pick

_Key = tuple[str, str]
"""Origin and name."""


def installed_by_steps(context: AuditContext) -> tuple[Choices, Resolved, PackageSet]:
    """What pip would install for a list, or command by command for the build of an image.

    pip refuses nothing on account of what is installed already: the later command has its way, and what the earlier
    one asked for is broken, which the codes tell of the set that comes of it.
    """
    choices = Choices(context)
    steps = sorted({package.step for package in context.set.packages})
    if len(steps) < 2:
        resolved = resolve(choices)
        return choices, resolved, as_set(choices, resolved)
    done = _Done({}, {}, [])
    for step in steps:
        _carry_out(choices, done, step)
    resolved = Resolved(done.picks, tuple(done.contradictions), given_up=done.given_up)
    packages = tuple(done.packages.values())
    return choices, resolved, structs.replace(context.set, packages=packages, resolved=True)


class _Done:
    """What came of the steps so far."""

    def __init__(
        self, packages: dict[_Key, Package], picks: dict[Ident, Pick], contradictions: list[Contradiction]
    ) -> None:
        self.packages, self.picks, self.contradictions = packages, picks, contradictions
        self.given_up = False

    def take(self, resolved: Resolved, packages: tuple[Package, ...], step: int) -> None:
        """Put what a step installs in the place of other versions; what it leaves stays as it was brought."""
        for package in packages:
            key = (package.origin, package.name)
            before = self.packages.get(key)
            if before is None or before.version != package.version or package.step == step:
                self.packages[key] = package
        for ident, pick in resolved.choices.items():
            others = [one for one in self.picks if one[0] == ident[0] and self.picks[one].version != pick.version]
            for other in others:
                del self.picks[other]
            self.picks[ident] = pick
        self.contradictions += resolved.contradictions
        self.given_up |= resolved.given_up


def _carry_out(choices: Choices, done: _Done, step: int) -> None:
    context = choices.context
    of_step = [package for package in context.set.packages if package.step == step]
    # pip finds conda's packages there, and leaves them to conda.
    of_conda = [package for package in done.packages.values() if package.from_conda]
    part = replace(context, set=structs.replace(context.set, packages=(*of_conda, *of_step)))
    anew = {package.name for package in of_step if package.anew}
    there = (package for package in done.packages.values() if package.from_index and package.name not in anew)
    before = {package.name: package for package in there}
    of_part = Choices(part, before)
    resolved = resolve(of_part)
    done.take(resolved, as_set(of_part, resolved).packages, step)
    choices.shelf.absent |= of_part.shelf.absent
    choices.unread_extras |= of_part.unread_extras
