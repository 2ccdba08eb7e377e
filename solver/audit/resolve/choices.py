"""What pip could choose for a list, the newest first, and what each choice asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from solver.audit.context import AuditContext
from solver.audit.package_set import Package
from solver.audit.resolve.served import Shelf
from solver.audit.resolve.terms import Ident, ListAsk, Pick, exclude_each_other, joined
from solver.core.answer import NOT_KNOWN, Answer, NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.markers import applies
from solver.core.model import PypiName, pypi_name
from solver.core.target import marker_environment
from solver.core.versions import specifier_or_none, version_or_none
from solver.index import ReleaseRefused


class Choices:
    """The choices for one list; what each asks for is looked up once."""

    def __init__(self, context: AuditContext, before: Mapping[PypiName, Package] | None = None) -> None:
        self.context = context
        self._before: Mapping[PypiName, Package] = before or {}
        """What is installed already, which pip leaves where it suits."""
        self.listed = {package.name: package for package in context.set.packages if package.from_index}
        self.shelf = Shelf(context, tuple(self.listed.values()))
        self.stated = {name: package for name, package in context.packages.items() if not _is_to_be_chosen(package)}
        """The packages of which nothing is to be chosen, by name."""
        self._constraints: dict[PypiName, list[ListAsk]] = {}
        for package in context.set.constraints:
            self._constraints.setdefault(package.name, []).append(_said(package))
        self.unread_extras: set[Ident] = set()
        """Extras of which nobody recorded what is asked for under them."""
        self._environment = marker_environment(context.target)
        self._asks: dict[Pick, tuple[ListAsk, ...]] = {}

    def roots(self) -> list[ListAsk]:
        """What the list itself asks for, in its order."""
        return [_said(package, extra) for package in self.listed.values() for extra in ("", *package.extras)]

    def constraints(self, name: PypiName) -> list[ListAsk]:
        """What the list asks of a package wherever something brings it."""
        return self._constraints.get(name, [])

    def of(self, ident: Ident, asks: Sequence[ListAsk]) -> Iterator[Pick]:
        """The choices that all of ``asks`` admit, the one first that pip would take."""
        name, extra = ident
        if name in self.stated:
            package = self.stated[name]
            choice = Pick(name, extra, package.version or NOT_KNOWN, stated=True, package=package)
            if all(ask.admits(choice) for ask in asks):
                yield choice
            return
        asks = [*asks, *self.constraints(name)]
        file = next((ask.file for ask in asks if ask.file is not None), None)
        if file is not None:  # which pip takes then, whatever an index has
            choice = Pick(name, extra, file.version or NOT_KNOWN, stated=False, package=file)
            if all(ask.admits(choice) for ask in asks):
                yield choice
            return
        there = self._there(name, extra, asks)
        nothing = there is None
        if there is not None:
            yield there
        for served in self.shelf.within(name, joined(asks)):
            if there is not None and served.package.version == there.version:
                continue
            nothing = False
            yield Pick(name, extra, served.package.version or NOT_KNOWN, stated=False, package=served.package)
        if nothing and not self.context.index.complete(name) and not exclude_each_other(asks):
            yield from self._unrecorded(name, extra, asks)

    def _there(self, name: PypiName, extra: str, asks: Sequence[ListAsk]) -> Pick | None:
        """What is installed already, where every ask admits it; None where nothing is, or pip takes another."""
        package = self._before.get(name)
        if package is None or package.version is None:
            return None
        choice = Pick(name, extra, package.version, stated=False, package=package)
        return choice if all(ask.admits(choice) for ask in asks) else None

    def _unrecorded(self, name: PypiName, extra: str, asks: Sequence[ListAsk]) -> Iterator[Pick]:
        """What pip would find and no record holds: the very version that is asked for, or one that nobody knows."""
        exact = next((ask.exact for ask in asks if ask.exact is not None), None)
        if exact is None and self.shelf.lies_outside(name, joined(asks)):
            yield self.unknown(name, extra)
        elif version_or_none(exact) is not None:
            package = self.shelf.package(name, exact or "")
            yield Pick(name, extra, package.version or NOT_KNOWN, stated=False, package=package)

    def unknown(self, name: PypiName, extra: str) -> Pick:
        """A choice of which nobody knows what it would be."""
        package = self.listed.get(name) or Package(name=name, version=None)
        return Pick(name, extra, NOT_KNOWN, stated=False, package=package)

    def asks(self, choice: Pick) -> tuple[ListAsk, ...]:
        """What pip would ask for on account of a choice."""
        if choice not in self._asks:
            self._asks[choice] = tuple(self._asks_of(choice))
        return self._asks[choice]

    def _asks_of(self, choice: Pick) -> Iterator[ListAsk]:
        if choice.package.from_conda or choice.version is NOT_KNOWN:
            return
        if choice.extra:
            yield ListAsk(choice.name, "", f"=={choice.version}", choice)
            if not self._is_read(choice):
                self.unread_extras.add(choice.ident)
                return
        for requirement in self._requirements(choice):
            name, specifier = pypi_name(requirement.name), str(requirement.specifier)
            file = self.shelf.by_address(requirement) if requirement.url else None
            for extra in ("", *sorted(map(canonicalize_name, requirement.extras))):
                yield ListAsk(name, extra, specifier, choice, file=file)

    def _requirements(self, choice: Pick) -> Iterator[Requirement]:
        """What it asks for under its extra, and without that does not; all that it asks for where it has none."""
        package = choice.package
        for requirement in self.context.requirements(package, extras=(choice.extra,) if choice.extra else ()):
            always = applies(requirement.marker, self._environment)
            if always is not bool(choice.extra) and (
                always or applies(requirement.marker, self._environment, (choice.extra,))
            ):
                yield requirement

    def _is_read(self, choice: Pick) -> bool:
        """Whether what a package asks for under the choice's extra is among the requirements that are known of it."""
        package, index = choice.package, self.context.index
        if not isinstance(package.requires, NotKnown):
            return True
        try:
            answers = {index.provides(release, choice.extra) for release in self.context.listed_releases(package)}
        except ReleaseRefused:  # told by the code ``metadata``
            return True
        except IndexUnavailable:
            return False
        is_known = not isinstance(self.context.requires(package, (choice.extra,)), NotKnown)
        return is_known and bool(answers) and Answer.NOT_KNOWN not in answers


def _is_to_be_chosen(package: Package) -> bool:
    """Whether its version is open, and some index would serve it."""
    is_elsewhere = package.url is not None or package.elsewhere is not None
    return package.from_index and package.version is None and not is_elsewhere


def _said(package: Package, extra: str = "") -> ListAsk:
    """What a line of the list asks for."""
    said = package.specifier or ("" if package.version is None else f"=={package.version}")
    return ListAsk(package.name, extra, "" if specifier_or_none(said) is None else said, None, package)
