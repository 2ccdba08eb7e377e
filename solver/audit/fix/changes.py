"""How a mended set differs from the one that was given, and why each package changed."""

from __future__ import annotations

from collections.abc import Sequence

from solver.audit.codes import loader
from solver.audit.context import AuditContext
from solver.audit.fix.needs import Asks
from solver.audit.fix.open_list import leaves_version
from solver.audit.package_set import Package, PackageSet
from solver.audit.phrases import listed
from solver.core.frameworks import framework_of
from solver.core.model import Finding, PypiName, Value
from solver.core.versions import version_or_none
from solver.matrix.libraries import LOADER


class PackageChange(Value, frozen=True, kw_only=True):
    """What became of one package."""

    name: PypiName
    before: Package | None
    """None: it was not in the set."""
    after: Package | None
    """None: it is no longer in the set."""
    why: str

    @property
    def stated(self) -> str:
        """What stood in the place of its version before, and what pip would have made of it."""
        if self.before is None:
            return "not there"
        if not self.before.brought_by:
            return self.before.stated
        return f"{self.before.specifier or 'any version'}, for which pip would take {self.before.version}"


class Fixed(Value, frozen=True, kw_only=True):
    """A set that passes, and how it differs from the one that was given."""

    package_set: PackageSet
    changes: tuple[PackageChange, ...]
    """Sorted by name."""
    left: tuple[Finding, ...]
    """Warnings that remain."""

    @property
    def distance(self) -> tuple[int, int, int]:
        """How far it is from the set that was given; the less, the nearer.

        What was given counts before what is new: a list that leaves its closure to pip is no
        further away for naming more of it. Of equals the one is nearer that keeps the frameworks;
        another build of the same release of one (tensorflow-cpu, torch's +cpu) keeps it.
        """
        given = [change for change in self.changes if change.before is not None and not self._is_rebuilt(change)]
        frameworks = [change for change in given if framework_of(change.name) is not None]
        return len(given), len(frameworks), len(self.changes)

    def _is_rebuilt(self, change: PackageChange) -> bool:
        """Whether another build of the same release of a framework stands for it now."""
        framework, release = framework_of(change.name), _release(change.before)
        if framework is None or release is None:
            return False
        return any(framework_of(one.name) == framework and _release(one.after) == release for one in self.changes)


def _release(package: Package | None) -> str | None:
    """The version without its local part."""
    version = None if package is None else version_or_none(package.version)
    return None if version is None else version.public


def changes_of(
    before: AuditContext, after: AuditContext, errors: Sequence[Finding], asks: Asks, asks_after: Asks
) -> tuple[PackageChange, ...]:
    """The packages of pip that were changed, added or taken out to be rid of ``errors``.

    ``asks`` and ``asks_after`` say who asks for whom in either set.
    """
    old, new = _of_pip(before), _of_pip(after)
    names = [name for name in sorted({*old, *new}) if _differ(old.get(name), new.get(name))]
    builds = listed(sorted(build.pin for build in after.builds))

    def why(name: PypiName) -> str:
        reason = _because_of(name, errors) or _requirement(name, names, asks, asks_after)
        reason = reason or _because_of_what_it_brings(name, errors, asks)
        return reason or (f"goes with {builds}" if name in new else "nothing asks for it")

    return tuple(PackageChange(name=name, before=old.get(name), after=new.get(name), why=why(name)) for name in names)


def _of_pip(context: AuditContext) -> dict[PypiName, Package]:
    return {package.name: package for package in context.set.packages if package.from_index}


def _differ(before: Package | None, after: Package | None) -> bool:
    if before is None or after is None:
        return True
    # A line that leaves its version to pip as before says what it said.
    settles = leaves_version(before) and not leaves_version(after)
    return after.version is not None and (before.version != after.version or settles)


def _because_of(name: PypiName, errors: Sequence[Finding]) -> str | None:
    codes = {error.code: None for error in errors}
    if name == LOADER and codes and loader.CODE not in codes:
        return "the set is sound with it"
    for error in errors:
        if name in error.names or (error.code == loader.CODE and name == LOADER):
            return f"{error.code}: {error.why}"
    return None


def _because_of_what_it_brings(name: PypiName, errors: Sequence[Finding], asks: Asks) -> str | None:
    brought = set(asks.get(name, ()))
    return next((f"{error.code}: {error.why}" for error in errors if brought.intersection(error.names)), None)


def _requirement(name: PypiName, changed: Sequence[PypiName], asks: Asks, asks_after: Asks) -> str | None:
    asking = sorted(other for other, names in asks_after.items() if name in names)
    if asking:
        return f"{asking[0]} asks for it"
    brought = sorted(other for other in changed if name in asks.get(other, ()) and name not in asks_after)
    return f"only {brought[0]} asked for it" if brought else None
