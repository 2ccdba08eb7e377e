"""What an audit looked at, so that finding nothing says where nothing was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from solver.audit.context import AuditContext
from solver.audit.package_set import Package
from solver.audit.phrases import counted, listed
from solver.core.answer import NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.matrix.libraries import LOADER


@dataclass(frozen=True)
class Checked:
    """How much of a set an audit could look at."""

    packages: int
    """How many of them have a version."""
    frameworks: tuple[str, ...] = ()
    """``torch 2.9.1``: those whose build is known, or that have none for a GPU here."""
    libraries: int = 0
    """How many of the packages bring CUDA libraries that rows tell of."""
    unrecorded: tuple[str, ...] = ()
    """``name==version`` of what was not recorded: neither requirements nor wheels of it were checked."""
    absent: tuple[str, ...] = ()
    """``name==version`` of what the index was asked for and has no wheel of."""
    open: tuple[str, ...] = ()
    """The names of the packages without a version, of which nothing was checked."""
    installed: bool = False
    """Whether the set is installed, so that its files were looked at instead of the index's wheels."""


def checked(context: AuditContext) -> Checked:
    """What there was to check in a set."""
    packages = context.set.packages
    stated = [package for package in packages if package.version is not None]
    unchecked = {package.pin: context.releases(package) for package in stated if _is_of_an_index(context, package)}
    return Checked(
        packages=len(stated),
        frameworks=tuple(sorted((*_built(context), *_without_plugin(context)))),
        libraries=len({item.package.name for item in context.provided}),
        unrecorded=tuple(sorted(pin for pin, releases in unchecked.items() if isinstance(releases, NotKnown))),
        absent=tuple(sorted(pin for pin, releases in unchecked.items() if releases == ())),
        open=tuple(sorted(package.name for package in packages if package.version is None)),
        installed=context.set.prefix is not None,
    )


def _built(context: AuditContext) -> Iterator[str]:
    return (f"{build.package.name} {build.package.version}" for build in context.builds if build.framework)


def _without_plugin(context: AuditContext) -> Iterator[str]:
    """The frameworks whose code for GPUs lies in plugins, none of which is here."""
    for name, entry in FRAMEWORKS.items():
        package = context.package(name)
        is_alone = entry.plugins and not set(entry.coded) & set(context.packages)
        if is_alone and package is not None and package.version is not None and package.from_index:
            yield f"{package.name} {package.version} without a plugin for a GPU"


def _is_of_an_index(context: AuditContext, package: Package) -> bool:
    """Whether only an index tells of its requirements and wheels."""
    if package.from_conda or package.name == LOADER or context.set.prefix is not None:
        return False
    return isinstance(package.requires, NotKnown)


def nothing_found(checked: Checked) -> str:
    """What is said where nothing was found."""
    return f"nothing found: {'; '.join(_parts(checked))}"


def _parts(checked: Checked) -> Iterator[str]:
    libraries = [counted(checked.libraries, "CUDA library", "CUDA libraries")] if checked.libraries else []
    packages = counted(checked.packages, "package")
    if checked.frameworks:
        yield f"{packages} checked ({'; '.join([', '.join(checked.frameworks), *libraries])})"
    else:
        yield f"the set holds neither {' nor '.join(entry.title for entry in FRAMEWORKS.values())}"
        what = "requirements and files" if checked.installed else "requirements and wheels"
        among = f" ({libraries[0]})" if libraries else ""
        yield f"only {what} of {packages}{among} were checked"
    if checked.unrecorded:
        yield f"nobody recorded requirements or wheels of {listed(checked.unrecorded)}"
    if checked.absent:
        yield f"the package index has no wheel of {listed(checked.absent)}"
    if checked.open:
        yield f"without a version, and so not checked: {listed(checked.open)}"
