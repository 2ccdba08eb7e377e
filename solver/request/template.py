"""The template of a request: dependencies whose version slots, such as ``torch==${torch}``, are left open."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from solver.core import names
from solver.core.axes import AXES
from solver.core.direct import afterwards, direct
from solver.core.frameworks import FRAMEWORKS
from solver.core.markers import BadMarker, applies
from solver.core.model import Framework, Target, pypi_name
from solver.core.target import marker_environment
from solver.core.yamlfile import Key, YamlDocument
from solver.index.conda_spec import read_spec
from solver.request.fields import check_conda_spec
from solver.request.text import PipBlock, RequestText

_SLOT = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Template:
    """The dependencies that every profile starts from."""

    frameworks: tuple[Framework, ...]
    packages: dict[str, str]
    """PEP 508 requirement by name, in the order of the file, frameworks apart."""
    conda_packages: tuple[str, ...]
    """MatchSpecs, python and pip apart."""
    versions: dict[str, str]
    """Specifier of each axis that the template fixes instead of leaving it open."""


def read_template(document: YamlDocument, text: RequestText) -> Template:
    """Raises ``BadInput`` at the entry that cannot be used."""
    frameworks: list[Framework] = []
    packages: dict[str, str] = {}
    conda: list[str] = []
    versions: dict[str, str] = {}
    for position, entry in enumerate(text.dependencies):
        place: tuple[Key, ...] = ("dependencies", position)
        if isinstance(entry, str):
            _conda_entry(document, entry, place, frameworks, conda, versions)
            continue
        for line, requirement in enumerate(entry.pip):
            _pip_entry(document, requirement, (*place, "pip", line), frameworks, packages, versions)
    if not frameworks and not any(isinstance(entry, PipBlock) for entry in text.dependencies):
        raise document.error(
            "there is neither a framework nor a pip block",
            "dependencies",
            fix="add pytorch=${torch} or tensorflow=${tensorflow}, or `- pip: [...]` with what is wanted",
        )
    return Template(tuple(frameworks), packages, tuple(conda), versions)


def _conda_entry(
    document: YamlDocument,
    entry: str,
    place: tuple[Key, ...],
    frameworks: list[Framework],
    conda: list[str],
    versions: dict[str, str],
) -> None:
    check_conda_spec(document, entry, place)
    spec = read_spec(entry)
    if spec is None:
        raise document.error(
            f'"{entry}" is no conda package', *place, fix="write it as in environment.yml: python=3.12"
        )
    slots = _SLOT.findall(spec.rest)
    framework = next((one.name for one in FRAMEWORKS.values() if one.conda == spec.name), None)
    if framework is not None:
        _conda_framework(document, entry, place, framework, slots, frameworks, versions)
        return
    if slots and (spec.name != "python" or slots != ["python"] or _SLOT.sub("", spec.rest).strip("= ")):
        raise document.error(
            f'"{entry}" leaves a version open',
            *place,
            fix="of conda packages only python=${python} and the frameworks can",
        )
    if spec.name == "pip" and not spec.rest.strip("= *"):
        return  # it comes with every python
    if spec.name != "python":
        conda.append(entry.strip())
    elif not slots and spec.rest.strip("= "):
        # conda's python=3.12 means 3.12.*, and python's axis is major.minor
        versions["python"] = spec.rest.strip("= ")


def _conda_framework(
    document: YamlDocument,
    entry: str,
    place: tuple[Key, ...],
    framework: Framework,
    slots: list[str],
    frameworks: list[Framework],
    versions: dict[str, str],
) -> None:
    """A framework by its name among conda's packages; the flavour of a profile says where it comes from."""
    name = FRAMEWORKS[framework].conda
    spec = read_spec(_SLOT.sub("0", entry))
    if framework in frameworks:
        raise document.error(f"{name} stands here for the second time", *place, fix="leave one of them")
    if (
        spec is None
        or spec.build
        or spec.fields
        or (slots and (slots != [framework] or spec.versions.strip("=") != "0"))
    ):
        problem = f'"{entry}" says more of a framework than its version'
        raise document.error(problem, *place, fix=f"write {name}=${{{framework}}}, and of the build in the profile")
    frameworks.append(framework)
    if not slots and spec.versions:
        # conda's pytorch=2.9 means 2.9.*
        alone = spec.version is not None and not spec.versions.startswith("==")
        versions[framework] = f"{spec.version}.*" if alone else spec.versions


def _pip_entry(
    document: YamlDocument,
    entry: str,
    place: tuple[Key, ...],
    frameworks: list[Framework],
    packages: dict[str, str],
    versions: dict[str, str],
) -> None:
    slots = _SLOT.findall(entry)
    requirement = requirement_at(document, _SLOT.sub("0", entry), place, entry)
    name = pypi_name(requirement.name)
    for slot in slots:
        _check_slot(document, entry, place, slot, requirement)
    if name in packages or name in frameworks:
        raise document.error(f"{name} stands here for the second time", *place, fix="leave one of them")
    framework = next((word for word in FRAMEWORKS if word == name), None)
    if framework is None:
        if slots:
            requirement.specifier = type(requirement.specifier)("")
        packages[name] = str(requirement)
        return
    if requirement.marker or (requirement.extras and not FRAMEWORKS[framework].plugins):
        raise document.error(
            f'"{entry}" asks for an extra or has a marker',
            *place,
            fix=f"write {name}==${{{name}}}; its CUDA libraries are chosen from the matrices",
        )
    frameworks.append(framework)
    if requirement.extras:  # which of its plugins is meant
        packages[name] = f"{name}[{','.join(sorted(requirement.extras))}]"
    if not slots and requirement.specifier:
        versions[framework] = str(requirement.specifier)


def _check_slot(
    document: YamlDocument, entry: str, place: tuple[Key, ...], slot: str, requirement: Requirement
) -> None:
    """Refuse a slot that no axis fills, or one that is not the whole version of its own package."""
    if slot not in AXES:
        raise document.error(f"${{{slot}}} is no slot", *place, fix=f"the slots are {', '.join(AXES)}")
    # ``requirement`` was read with 0 in the place of each slot.
    if slot != pypi_name(requirement.name) or str(requirement.specifier) != "==0":
        raise document.error(f'"{entry}" cannot be filled in', *place, fix=f"write {slot}==${{{slot}}}")


def requirement_at(document: YamlDocument, entry: str, place: tuple[Key, ...], shown: str | None = None) -> Requirement:
    """``entry`` as a PEP 508 requirement without an address; raises ``BadInput`` at ``place``."""
    shown = entry if shown is None else shown
    kind = direct(entry)
    if kind is not None:
        fix = f"leave it out, and put it into the environment afterwards: `{afterwards(shown)}`"
        raise document.error(f'"{shown}" cannot be locked: {kind.value}', *place, fix=fix)
    if entry.startswith("-"):
        raise document.error(f'"{shown}" is an option of pip', *place, fix="name the package and its version only")
    try:
        requirement = Requirement(entry)
    except InvalidRequirement:
        raise document.error(
            f'"{shown}" is no requirement', *place, fix='write it as pip does, such as "pandas>=2.2"'
        ) from None
    try:
        applies(requirement.marker, marker_environment(Target()))
    except BadMarker as error:
        raise document.error(str(error), *place, fix="compare versions with versions") from None
    if not names.is_project(requirement.name):
        raise document.error(f"{names.shown(requirement.name)} is no name of a package", *place)
    return requirement
