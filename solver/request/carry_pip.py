"""The pip half of another tool's file, carried over into a draft; what does not stand in it as it was is told."""

from __future__ import annotations

import re

from msgspec import structs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from solver.core.answer import Answer, answer
from solver.core.direct import afterwards, built_by_conda, direct
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of
from solver.core.inclusions import included
from solver.core.indexes import CPU_FLAVOUR, flavour_of, is_partial, known_index
from solver.core.markers import applies
from solver.core.model import Target
from solver.core.target import marker_environment
from solver.core.versions import within
from solver.matrix.libraries import LOADER
from solver.request.draft import Draft
from solver.request.python_bounds import lockable_pythons
from solver.request.wishes import Wish

_BROUGHT = re.compile(r"nvidia-.*|triton|pytorch-triton.*|jaxlib|jax-cuda\d+-pjrt")
"""Packages of pip that a framework brings in the version that it was built for."""
_NO_PROJECTS = {
    "pkg-resources": "pip of Debian and Ubuntu lists it, and it is a part of setuptools",
    LOADER: "a lock holds it where its set needs it",
}
"""What a list may hold that nobody publishes."""
BUILT_FOR = "the frameworks bring what they were built for"
_EXTRAS_OF_FRAMEWORKS = "its CUDA libraries are chosen from the matrices"
_INDEX = re.compile(r"(?:-i|-f|--(?:extra-)?index-url|--find-links)[=\s]+(\S+)")


def carry_index_option(made: Draft, entry: Wish) -> bool:
    """Whether a line is an option of pip that names an index which a request can name too; that is carried over."""
    option = _INDEX.fullmatch(entry.text.strip())
    index = None if option is None else known_index(option[1])
    if option is None or index is None or not is_partial(index):
        return False
    if index not in made.indexes:
        made.indexes.append(index)
    said = [f"indexes: [{index}]"]
    if flavour_of(option[1]) == CPU_FLAVOUR:
        made.on_cpu |= {name for name, framework in FRAMEWORKS.items() if framework.local_builds}
        said.append("cuda: none for torch")
    made.remarks.append(f'{entry.where}: "{entry.text.strip()}" is carried over as {" and ".join(said)}')
    return True


def carry_requirement(made: Draft, entry: Wish) -> None:
    """One line for pip; each that is another thing there, or not there at all, is told."""
    text = re.split(r"\s--hash", entry.text.strip())[0]
    if name := built_by_conda(text):
        why = "conda installed it, and the line does not tell its version"
        made.remarks.append(f'{entry.where}: "{text}" is carried over as {name}: {why}')
        text = name
    kind = direct(text)
    if kind is not None:
        later = f"`{afterwards(text)}` puts it into the environment afterwards"
        made.remarks.append(f'{entry.where}: "{text}" is not carried over: {kind.value}; {later}')
        return
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        why = "it is an option of pip" if text.startswith("-") else "it is no requirement"
        why = "a request names indexes, and what comes from each, under indexes:" if _INDEX.fullmatch(text) else why
        why = "there is no such file in this folder or below" if included(text) else why
        made.remarks.append(f'{entry.where}: "{text}" is not carried over: {why}')
        return
    name = canonicalize_name(requirement.name)
    if _where_it_counts(made, requirement) is Answer.NO:
        platform = (made.target or Target()).platform
        here = f"{platform} with python {made.python}" if made.python else platform
        made.remarks.append(f'{entry.where}: "{text}" is not carried over: its marker does not hold on {here}')
    elif name in _NO_PROJECTS:
        made.remarks.append(f"{entry.where}: {text} is not carried over: {_NO_PROJECTS[name]}")
    elif _BROUGHT.fullmatch(name) and not entry.known:
        made.remarks.append(f"{entry.where}: {text} is not carried over: {BUILT_FOR}")
    elif framework_of(name) is not None or name in COMPANIONS:
        _framework(made, entry, name, requirement)
    else:
        _once(made, entry, name, str(requirement))


def _where_it_counts(made: Draft, requirement: Requirement) -> Answer:
    """Whether a requirement counts on the target of the request; NOT_KNOWN where that is up to the python.

    Its marker stays only where it decides something.
    """
    bounds = re.sub(r"^(?=\d)", "==", made.python)
    admitted = (python for python in lockable_pythons() if within(python, bounds))
    targets = (structs.replace(made.target or Target(), python=python) for python in admitted)
    answers = {applies(requirement.marker, marker_environment(target)) for target in targets}
    if len(answers) > 1:
        return Answer.NOT_KNOWN
    requirement.marker = None
    return answer(answers == {True})


def _framework(made: Draft, entry: Wish, name: str, requirement: Requirement) -> None:
    """A framework becomes a slot, its pin a bound of the profile; a companion goes without its build."""
    if requirement.marker is not None:
        made.remarks.append(f"{entry.where}: of {requirement} the marker is not carried over: write a profile for each")
        requirement.marker = None
    specifier = SpecifierSet(",".join(re.sub(r"\+.*", "", str(part)) for part in requirement.specifier))
    framework = framework_of(name)
    for_cpu = any(part.version.endswith(f"+{CPU_FLAVOUR}") for part in requirement.specifier)
    if framework is not None and for_cpu:
        made.on_cpu.add(framework)
        made.remarks.append(f"{entry.where}: {requirement} is carried over as {framework} with cuda: none")
    elif str(specifier) != str(requirement.specifier):
        why = "it is chosen by the GPU and the driver"
        made.remarks.append(f"{entry.where}: of {requirement} the build is not carried over: {why}")
    if requirement.extras:
        made.remarks.append(f"{entry.where}: of {requirement} the extra is not carried over: {_EXTRAS_OF_FRAMEWORKS}")
    if framework is None:
        _once(made, entry, name, f"{name}{specifier}")
        return
    if name == FRAMEWORKS[framework].cpu:
        made.on_cpu.add(framework)
        made.remarks.append(f"{entry.where}: {name} is carried over as {framework} with cuda: none")
    elif name != framework:
        made.remarks.append(f"{entry.where}: {name} is carried over as {framework}")
    if framework in made.frameworks:
        made.remarks.append(f"{entry.where}: {requirement} is not carried over: {framework} stood before")
        return
    made.frameworks[framework] = str(specifier)


def _once(made: Draft, entry: Wish, name: str, text: str) -> None:
    if name in made.pip:
        made.remarks.append(f"{entry.where}: {text} is not carried over: {made.pip[name]} stood before")
    else:
        made.pip[name] = text
