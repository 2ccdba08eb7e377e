"""Reads pylock.toml (PEP 751), with packaging's own reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from msgspec import structs

from solver.audit.package_set import Package, PackageSet
from solver.audit.readers.foreign import AGAIN, Hyphened, at, typed
from solver.audit.readers.parts import Choice, Part, parts_of
from solver.audit.readers.requirements import common_index, once
from solver.audit.readers.toml import TomlDocument
from solver.core import names
from solver.core.markers import applies, applies_in_pylock
from solver.core.model import Platform, Target, pypi_name
from solver.core.target import PLATFORMS, marker_environment
from solver.core.variants import without_label
from solver.core.yamlfile import Key

if TYPE_CHECKING:
    from packaging.pylock import Package as LockedPackage
    from packaging.pylock import Pylock


class _Head(Hyphened, frozen=True, kw_only=True):
    requires_python: str | None = None


def pythons_of_pylock(document: TomlDocument) -> str | None:
    """The specifier of the pythons that the lock is for; None where it says none."""
    return typed(document, _Head).requires_python


def read_pylock(
    document: TomlDocument, environment: Mapping[str, str], choice: Choice, platform: Platform | None
) -> tuple[PackageSet, ...]:
    """The packages whose markers hold on the target: without extras, with the default groups.

    Where nobody named a ``platform``, that is the one that the lock is for, if it is for one alone.

    Then the same with each extra and with each other group, or with those of ``choice``; groups that are chosen stand
    in the place of the default ones, as PEP 751 says.
    Raises ``BadInput`` for what the specification does not admit.
    """
    lock = _lock(document)
    usual = tuple(map(str, lock.default_groups or ()))
    groups = [*map(str, lock.dependency_groups or ())]
    offered = groups if choice.groups else [name for name in groups if name not in usual]
    parts = parts_of(choice, map(str, lock.extras or ()), offered, document.file, packages=len(lock.packages))
    own = _platform(document, lock, environment) if platform is None else None
    environment = environment if own is None else _on(own, environment)
    chosen = frozenset(usual) if not choice.groups else frozenset[str]()
    sets = (_set(document, lock, environment, replace(part, groups=part.groups | chosen)) for part in parts)
    return tuple(structs.replace(one, platform=own) for one in sets)


def _platform(document: TomlDocument, lock: Pylock, environment: Mapping[str, str]) -> Platform | None:
    """The one platform that the lock says it is for; None where it says nothing or several."""
    with at(document, "environments"):
        markers = lock.environments or ()
        served = [p for p in PLATFORMS if any(applies(marker, _on(p, environment)) for marker in markers)]
    return served[0] if len(served) == 1 else None


def _on(platform: Platform, environment: Mapping[str, str]) -> dict[str, str]:
    return marker_environment(Target(platform=platform, python=environment["python_version"]))


def _set(document: TomlDocument, lock: Pylock, environment: Mapping[str, str], part: Part) -> PackageSet:
    packages = []
    for number, package in enumerate(lock.packages):
        with at(document, "packages", number, "marker"):
            installed = applies_in_pylock(package.marker, environment, part.groups, part.extras)
        if installed:
            with at(document, "packages", number):
                wheels = document.data["packages"][number].get("wheels", [])
                packages.append(_package(package, wheels, document.line("packages", number)))
    return PackageSet(
        kind="pylock",
        file=document.file,
        packages=once(packages, document.file),
        part=part.name,
        requires_python=None if lock.requires_python is None else str(lock.requires_python),
        closed=True,
    )


def _lock(document: TomlDocument) -> Pylock:
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    try:
        return Pylock.from_dict(_without_labels(document.data))
    except PylockUnsupportedVersionError as error:
        raise document.error(
            names.brief(str(error)), "lock-version", fix="update interlock, or write the older format"
        ) from None
    except PylockValidationError as error:
        raise document.error(names.brief(error.message), *_path(error.context or ""), fix=AGAIN) from None
    except (ValueError, RecursionError) as error:  # what packaging hands on from the texts that it parses
        raise document.error(f"is no pylock.toml: {names.brief(str(error).partition(';')[0])}", fix=AGAIN) from None


_NAMED_BY = ("name", "url", "path")


def _without_labels(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The lock with the plain names of variant wheels (PEP 825), the only ones that packaging takes for a wheel's."""
    packages = data.get("packages")
    if not isinstance(packages, list):
        return data
    return {**data, "packages": [_of_plain_wheels(each) if isinstance(each, dict) else each for each in packages]}


def _of_plain_wheels(package: Mapping[str, Any]) -> Mapping[str, Any]:
    wheels = package.get("wheels")
    if not isinstance(wheels, list):
        return package
    return {**package, "wheels": [_plain_wheel(wheel) if isinstance(wheel, dict) else wheel for wheel in wheels]}


def _plain_wheel(wheel: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: _plain(text) if key in _NAMED_BY and isinstance(text, str) else text for key, text in wheel.items()}


def _plain(text: str) -> str:
    folder, slash, name = text.rpartition("/")
    return f"{folder}{slash}{without_label(name)}"


def _path(context: str) -> tuple[Key, ...]:
    """("packages", 3, "wheels[0].size") of ``packages[3].wheels[0].size``."""
    array, _, rest = context.partition("[")
    number, _, key = rest.partition("]")
    if not number.isdigit():
        return (context,) if context else ()
    return (array, int(number), *([key.removeprefix(".")] if key else []))


def _package(package: LockedPackage, written: Sequence[Mapping[str, str]], line: int | None) -> Package:
    """``written`` are its wheels as they stand in the lock, variants with their labels."""
    wheels = list(package.wheels or ())
    hashes = [wheel.hashes.get("sha256") for wheel in wheels]
    urls = [wheel.url for wheel in wheels if wheel.url]
    if package.sdist is not None:
        hashes.append(package.sdist.hashes.get("sha256"))
    return Package(
        name=pypi_name(package.name),
        version=None if package.version is None else str(package.version),
        index=common_index(urls),
        sources=tuple(urls[:1]) or _origin(package),
        hashes=tuple(digest.lower() for digest in hashes if digest),
        # With an sdist beside them the wheels are not all that can be installed.
        files=() if package.sdist is not None else tuple(filter(None, map(_file_name, written))),
        line=line,
    )


def _origin(package: LockedPackage) -> tuple[str, ...]:
    """The repository, folder or archive that a package without wheels is built from; none: an index's sdist."""
    source = package.vcs or package.archive
    if source is not None:
        return tuple(filter(None, (source.url or source.path,)))
    return () if package.directory is None else (package.directory.path,)


def _file_name(wheel: Mapping[str, str]) -> str | None:
    if wheel.get("name"):
        return wheel["name"]
    address = wheel.get("url") or wheel.get("path")
    return unquote(names.url_parts(address).path.rpartition("/")[2]) if address else None
