"""What a profile says of packages: which it asks for, which it leaves out, and in which versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from solver.core.axes import AXES, axes_of
from solver.core.flavours import FLAVOURS
from solver.core.frameworks import COMPANIONS, FRAMEWORKS
from solver.core.model import (
    Framework,
    pypi_name,
)
from solver.core.yamlfile import Key
from solver.index.conda_spec import read_spec
from solver.request.fields import (
    check_conda_spec,
)
from solver.request.keys import ProfileKeys, near
from solver.request.profile_target import TARGET_KEYS
from solver.request.template import requirement_at
from solver.request.text import FrameworkText

_PACKAGE_AXES = axes_of("library", "framework", "package")


def constraints_of(keys: ProfileKeys, frameworks: tuple[Framework, ...]) -> dict[str, str]:
    """Specifier by axis or package: the template's, then the profile's."""
    constraints: dict[str, str] = {word: text for word, text in keys.template.versions.items() if word in frameworks}
    for axis in _PACKAGE_AXES:
        if axis not in keys.written:
            continue
        if axis in FRAMEWORKS and axis not in frameworks:
            raise keys.bad(f"{axis} is not among the frameworks", axis, fix="add it there, or drop this key")
        value = keys.written[axis]
        place = (axis, "version") if isinstance(value, FrameworkText) else (axis,)
        text = value.version if isinstance(value, FrameworkText) else value
        if text is not msgspec.UNSET:
            constraints[axis] = keys.specifier(text, *place)
    library = next((axis for axis in axes_of("library") if axis in keys.written), None)
    if keys.is_for_cpu and library is not None:
        raise keys.bad("contradicts cuda: none, which has no CUDA library", library, fix="drop one of them")
    for name, text in keys.written.get("constraints", {}).items():
        constraints[_constrained(keys, name)] = keys.specifier(text, "constraints", name)
    return dict(sorted(constraints.items()))


def _constrained(keys: ProfileKeys, name: str) -> str:
    if name in AXES or name in TARGET_KEYS:
        raise keys.bad(f"{name} has a key of its own", "constraints", name, fix=f"write {name}: in the profile")
    return keys.package_name(name, "constraints", name)


def packages_of(keys: ProfileKeys) -> dict[str, str]:
    """Requirement by name: the template's, then the profile's, which may replace one of the template."""
    packages: dict[str, str] = dict(keys.template.packages)
    own: set[str] = set()
    for position, entry in enumerate(keys.written.get("packages", ())):
        place: tuple[Key, ...] = ("packages", position)
        requirement = requirement_at(keys.document, entry, ("profiles", keys.name, *place))
        name = pypi_name(requirement.name)
        if name in FRAMEWORKS:
            raise keys.bad(f"{name} is a framework", *place, fix=f"name it in frameworks: and its version in {name}:")
        if name in own:
            raise keys.bad(f"{name} stands here for the second time", *place, fix="leave one of them")
        own.add(name)
        packages[name] = str(requirement)
    return packages


def without(keys: ProfileKeys, packages: Mapping[str, str], frameworks: Sequence[str]) -> dict[str, str]:
    """``packages`` less those named by ``without`` and those of an absent framework."""
    left_out = {name for name, framework in COMPANIONS.items() if framework not in frameworks}
    left_out |= {name for name in FRAMEWORKS if name not in frameworks}
    for position, entry in enumerate(keys.written.get("without", ())):
        name = keys.package_name(entry, "without", position)
        if name in FRAMEWORKS:
            raise keys.bad(f"{name} is a framework", "without", position, fix="leave it out of frameworks:")
        if name not in packages:
            fix = near(name, packages)
            raise keys.bad(f"there is no {name} to leave out", "without", position, fix=fix)
        left_out.add(name)
    return {name: text for name, text in packages.items() if name not in left_out}


def conda_packages_of(keys: ProfileKeys) -> tuple[str, ...]:
    """MatchSpecs: the template's, then the profile's."""
    own = keys.written.get("conda-packages", ())
    if not FLAVOURS[keys.flavour()].conda and (keys.template.conda_packages or own):
        names = ", ".join((*keys.template.conda_packages, *own))
        fix = "move them under pip:, or take flavour: pip-in-conda"
        raise keys.bad(f"has nothing of conda, and {names} are conda packages", "flavour", fix=fix)
    for position, entry in enumerate(own):
        check_conda_spec(keys.document, entry, ("profiles", keys.name, "conda-packages", position))
        spec = read_spec(entry)
        if spec is None:
            raise keys.bad(f'"{entry}" is no conda package', "conda-packages", position)
        if spec.name in ("python", "pip"):
            raise keys.bad(f"{spec.name} is always there", "conda-packages", position, fix="drop it")
    return (*keys.template.conda_packages, *own)


def attestations_of(keys: ProfileKeys) -> tuple[str, ...]:
    """The packages whose publisher has to be proved, sorted."""
    entries = enumerate(keys.written.get("attestations", ()))
    return tuple(sorted({keys.package_name(entry, "attestations", position) for position, entry in entries}))


def stack_of(keys: ProfileKeys) -> dict[str, str]:
    """The pins of a published stack, by package as they are written."""
    pins: dict[str, str] = keys.written.get("stack", {})
    for name, text in pins.items():
        keys.package_name(name, "stack", name)
        keys.specifier(text, "stack", name)
    return dict(pins)
