"""What an image holds already, before anything is installed into it.

A row tells its frameworks; what those asked for when the image was made is there too, in versions that nobody read. pip
leaves it in place where a line asks for it without a version, so that nobody may take it for the newest one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from msgspec import structs
from packaging.specifiers import Specifier
from packaging.version import Version

from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package, PackageSet
from solver.audit.phrases import listed
from solver.audit.rules import as_finding
from solver.core.errors import IndexUnavailable
from solver.core.markers import applies
from solver.core.model import Finding, PypiName, Severity, pypi_name
from solver.core.target import admits_python, marker_environment
from solver.core.versions import meets, specifier_or_none, version_or_none
from solver.index import ReleaseRefused
from solver.matrix import rules

_MILDER: Mapping[Severity, Severity] = {"error": "warning", "warning": "note", "note": "note"}
"""How grave it is what would happen with another version than the one that is there."""
_HARDLY: Mapping[Severity, Severity] = {"error": "note", "warning": "note", "note": "note"}
"""The same of a version that the python there refuses."""


@dataclass(frozen=True)
class ImagePackages:
    """The packages of a set that its image brings, and those that these asked for."""

    context: AuditContext

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """Those that a row tells of and that nothing replaced."""
        base = self.context.set.base
        if base is None or base.row is None:
            return ()
        return tuple(one for one in self.context.set.packages if one.line == base.line and one.version is not None)

    @cached_property
    def implied(self) -> Mapping[PypiName, tuple[tuple[Package, str], ...]]:
        """By name what else is there: who asked for it, and for which versions."""
        environment = marker_environment(self.context.target)
        asks: dict[PypiName, list[tuple[Package, str]]] = {}
        for package in self.packages:
            for requirement in self.context.requirements(package):
                if applies(requirement.marker, environment):
                    name = pypi_name(requirement.name)
                    asks.setdefault(name, []).append((package, str(requirement.specifier)))
        stated = {package.name for package in self.packages}
        return {name: tuple(several) for name, several in asks.items() if name not in stated}

    @cached_property
    def left(self) -> tuple[Package, ...]:
        """What a line asks for and pip leaves as it is in the image, since nobody asks for a version."""
        return tuple(one for one in self.context.set.packages if self._is_left(one))

    def _is_left(self, package: Package) -> bool:
        """Whether what the image has suits a line, as it suits whoever asked for it there."""
        if not _is_open(package) or package.anew:
            return False
        asks = [specifier for _, specifier in self.implied.get(package.name, ())]
        return bool(asks) and all(_is_weaker(clause, asks) for clause in specifier_or_none(package.specifier) or ())

    def beside(self) -> PackageSet:
        """The set without what the image holds: what is installed into it."""
        gone = {id(one) for one in (*self.packages, *self.left)}
        packages = tuple(one for one in self.context.set.packages if id(one) not in gone)
        return structs.replace(self.context.set, packages=packages)

    def beneath(self, resolved: PackageSet) -> PackageSet:
        """What was installed, with the packages of the image whose versions are known."""
        return structs.replace(resolved, packages=(*self.packages, *resolved.packages))

    def joined(self, resolved: PackageSet) -> PackageSet:
        """What was installed, with what the image held; what that needs and the image has is none of it."""
        named = {one.name for one in self.context.set.packages}
        new = tuple(one for one in resolved.packages if one.name in named or one.name not in self.implied)
        return structs.replace(resolved, packages=(*self.packages, *self.left, *new))


def _is_open(package: Package) -> bool:
    return package.from_index and package.version is None and package.url is None


def _is_weaker(clause: Specifier, asks: Sequence[str]) -> bool:
    """Whether a clause surely holds of what meets ``asks``, as far as it is a lower bound."""
    bounds = (one for ask in asks for one in specifier_or_none(ask) or () if one.operator in (">=", "=="))
    return clause.operator == ">=" and any(meets(one.version, str(clause)) for one in bounds)


def findings_of(image: ImagePackages, whole: AuditContext) -> Iterator[Finding]:
    """What another version than the image's would break, and what the image's own may not go together with."""
    for package in image.left:
        yield from _of_left(image, whole, package)
    for name in sorted(image.implied):
        if name not in whole.packages:
            yield from _of_implied(image, whole, name)


def _of_left(image: ImagePackages, whole: AuditContext, package: Package) -> Iterator[Finding]:
    """Rules that the newest release of a package would break, which a line leaves open; those of one code as one."""
    for_python, newest = (_newest(whole, package.name, package.specifier, for_python=one) for one in (True, False))
    kept = f"pip keeps the one of the image {_image(image)}, which nobody read"
    for version, severities, told in (
        (for_python, _MILDER, "; the newest is {}, which breaks {}"),
        (newest, _HARDLY, f"; python {whole.target.python} is too old for the newest, {{}}, which breaks {{}}"),
    ):
        by_code = _by_code(as_finding(whole, one) for one in (() if version is None else _broken_by(whole, version)))
        for several in by_code.values():
            names = listed(_others(several, package))
            stated = told.format("" if version is None else version.version, names)
            yield _together(several, severities, f"line {package.line} leaves {package.name} open: {kept}{stated}")
        if by_code:
            return


def _by_code(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    return by_code


def _others(findings: Sequence[Finding], package: Package) -> list[str]:
    """Their packages but ``package``."""
    return sorted({pin for one in findings for pin in one.packages} - {package.pin})


def _together(findings: Sequence[Finding], severities: Mapping[Severity, Severity], what: str) -> Finding:
    """``findings`` of one cause as one."""
    named = dict(
        sorted({pin: name for one in findings for pin, name in zip(one.packages, one.names, strict=True)}.items())
    )
    several = len(findings) > 1
    whys = (f"{' and '.join(one.packages[1:])}: {one.why}" if several else one.why for one in findings)
    return structs.replace(
        findings[0],
        severity=severities[findings[0].severity],
        packages=tuple(named),
        names=tuple(named.values()),
        why=f"{what}: {'; '.join(whys)}",
        source="; ".join(dict.fromkeys(one.source for one in findings)),
        cure="; ".join(dict.fromkeys(one.cure for one in findings)),
        row=None if several else findings[0].row,
    )


def _broken_by(whole: AuditContext, package: Package) -> Iterator[rules.Breach]:
    """The rules that a package would break in the place of the one whose version is open."""
    stated = {**whole.stated, package.name: package.version or ""}
    for breach in rules.broken(whole.matrices.rules, stated, whole.place):
        if package.name in {offence.package for offence in breach.offences}:
            yield breach


def _of_implied(image: ImagePackages, whole: AuditContext, name: PypiName) -> Iterator[Finding]:
    """What the newest release that the image's own packages admit asks of a package that is installed after it."""
    asker, specifier = image.implied[name][0]
    newest = _newest(whole, name, specifier)
    if newest is None:
        return
    environment = marker_environment(whole.target)
    for requirement in whole.requirements(newest):
        other = whole.packages.get(pypi_name(requirement.name))
        if other is None or other.version is None or other in image.packages:
            continue
        if applies(requirement.marker, environment) and not meets(other.version, str(requirement.specifier)):
            yield finding_about(
                (asker, other),
                code="metadata",
                severity="note",
                why=f"{asker.pin} of the image {_image(image)} asks for {name}{specifier}, and nobody read which one "
                f"is there; {newest.pin} asks for {requirement.name}{requirement.specifier}, and the set has "
                f"{other.version}",
                source=f"Requires-Dist of {asker.pin} and {newest.pin}",
                cure=f"take a {other.name} within {requirement.specifier}, or look at `pip check` in the built image",
            )


def _newest(context: AuditContext, name: PypiName, specifier: str, *, for_python: bool = False) -> Package | None:
    """The newest final release within ``specifier``, of those for the target's python; None where none is known."""
    try:
        releases = context.index.releases(name)
    except (IndexUnavailable, ReleaseRefused):
        return None
    fitting: list[Version] = []
    for release in releases:
        version = version_or_none(release.version)
        is_final = version is not None and not version.is_prerelease and release.yanked is None
        admitted = not for_python or admits_python(release.requires_python, context.target)
        if version is not None and is_final and admitted and meets(str(version), specifier):
            fitting.append(version)
    return Package(name=name, version=str(max(fitting))) if fitting else None


def _image(image: ImagePackages) -> str:
    base = image.context.set.base
    return "" if base is None else base.image


def without_image(context: AuditContext, image: ImagePackages) -> AuditContext:
    """The context of what is installed into the image."""
    return replace(context, set=image.beside())
