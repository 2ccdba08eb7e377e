"""A request made of what another tool's file asks for; what does not stand in it as it was is told line by line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.answer import Answer, answer
from solver.core.direct import afterwards, built_by_conda, direct
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of
from solver.core.inclusions import included
from solver.core.indexes import CPU_FLAVOUR, flavour_of, is_partial, known_index
from solver.core.markers import applies
from solver.core.model import CondaName, Flavour, Framework, KnownIndex, PypiName, Target, pypi_name
from solver.core.target import OLDEST_PYTHON, marker_environment
from solver.core.versions import within
from solver.index.conda_level import is_of_the_machine
from solver.index.conda_spec import CondaSpec, placed_spec, read_spec
from solver.matrix.libraries import LOADER
from solver.request.python_bounds import lockable_pythons, minor_bound
from solver.request.wishes import Source, Wish

_CUDA = re.compile(
    r"cudatoolkit|cuda(-.*)?|pytorch-(cuda|mutex)|cudnn|nccl|lib(cublas|cufft|curand|cusolver|cusparse).*"
)
"""conda packages that bring CUDA, which the frameworks' builds bring here."""
_PARTS = re.compile(
    r"triton|libtorch(-.*)?|pytorch-extra-.*|torchvision-extra-decoders"
    r"|libtensorflow.*|tensorflow-(base|estimator)|libml_dtypes-headers|jaxlib"
)
"""Those that a framework of conda's is made of."""
_BROUGHT = re.compile(r"nvidia-.*|triton|pytorch-triton.*|jaxlib|jax-cuda\d+-pjrt")
"""Packages of pip that a framework brings in the version that it was built for."""
_NO_PROJECTS = {
    "pkg-resources": "pip of Debian and Ubuntu lists it, and it is a part of setuptools",
    LOADER: "a lock holds it where its set needs it",
}
"""What a list may hold that nobody publishes."""
_NO_CHANNELS = {"nodefaults": "it is no channel, and of none but those that are named anything is taken"}
_BUILT_FOR = "the frameworks bring what they were built for"
_EXTRAS_OF_FRAMEWORKS = "its CUDA libraries are chosen from the matrices"


@dataclass(frozen=True)
class CondaWorld:
    """What is known of conda's packages."""

    holds: Callable[[str, CondaSpec | None], bool]
    """Whether the record of a channel holds a package within the versions of a spec, or, of None, anything."""
    named: Callable[[str], str]
    """The name of a channel that is written by its address; what has none stays as it is."""
    twin: Callable[[CondaName], PypiName | None]
    """The project of the package index that a package is; None where none is known to be the same."""


@dataclass
class Draft:
    """A request in the making."""

    name: str
    channels: list[str] = field(default_factory=list)
    conda: list[str] = field(default_factory=list)
    pip: dict[str, str] = field(default_factory=dict)
    """Requirement by name, frameworks apart."""
    frameworks: dict[Framework, str] = field(default_factory=dict)
    """Specifier by name."""
    python: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    flavour: Flavour = "pip-in-conda"
    target: Target | None = None
    """Where the set shall run; None: nobody said."""
    cpu: bool = False
    """Nothing is for a GPU."""
    on_cpu: set[Framework] = field(default_factory=set)
    """Frameworks of which builds for the CPU are asked for, beside others that use a GPU."""
    indexes: list[KnownIndex] = field(default_factory=list)
    """Further indexes that are asked for."""
    remarks: list[str] = field(default_factory=list)
    """A line for each thing that does not stand in the request as it stood in the file."""


def draft_of(source: Source, name: str, world: CondaWorld) -> Draft:
    """``source`` as a request called ``name`` where the file itself has no name."""
    made = Draft(
        name=_plain(source.name or name), flavour=source.flavour, target=source.target, remarks=list(source.told)
    )
    if source.name and made.name != source.name:
        why = "a name has letters from a to z, digits and ._-"
        made.remarks.append(f"{source.file}: name {source.name} is carried over as {made.name}: {why}")
    _variables(made, source)
    _channels(made, source, world)
    if source.python is not None:
        _python(made, source.python, f"{source.file}: python")
    for entry in source.conda:
        _conda(made, entry, world)
    options = [_index_option(made, entry) for entry in source.pip]
    for entry, is_option in zip(source.pip, options, strict=True):
        if not is_option:
            _pip(made, entry)
    _settle_cpu(made)
    return made


def _channels(made: Draft, source: Source, world: CondaWorld) -> None:
    for written in source.channels:
        channel = world.named(written)
        why = _NO_CHANNELS.get(channel, "" if world.holds(channel, None) else "nothing of it is recorded")
        if why:
            made.remarks.append(f"{source.file}: channel {written} is not carried over: {why}")
        elif channel not in made.channels:
            made.channels.append(channel)
    made.channels = made.channels or ["conda-forge"]


def _plain(name: str) -> str:
    """A name as conda, shells and file systems take it."""
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "".join(letters)).strip("-.")[:100] or "environment"


def _variables(made: Draft, source: Source) -> None:
    for name, value in source.variables.items():
        try:
            names.variable(name)
        except names.BadName:
            why = "the name of one has letters from a to z, digits and _, and no digit first"
            made.remarks.append(f"{source.file}: variable {names.one_line(name)} is not carried over: {why}")
        else:
            made.variables[name] = value


_INDEX = re.compile(r"(?:-i|-f|--(?:extra-)?index-url|--find-links)[=\s]+(\S+)")


def _index_option(made: Draft, entry: Wish) -> bool:
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


def _settle_cpu(made: Draft) -> None:
    """Where no framework is left for a GPU, the whole request is for the CPU."""
    made.on_cpu &= made.frameworks.keys()
    without_driver = made.target is not None and made.target.driver is None
    made.cpu = without_driver or (bool(made.frameworks) and made.on_cpu >= made.frameworks.keys())


def _conda(made: Draft, entry: Wish, world: CondaWorld) -> None:
    spec = read_spec(entry.text)
    if spec is None:
        made.remarks.append(f'{entry.where}: "{entry.text}" is not carried over: it is no conda package')
        return
    if is_of_the_machine(entry.text):
        why = "what the machine must have stands in the profile, as glibc:, cpu: and driver:"
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: {why}")
    elif spec.name == "python":
        _python(made, spec.versions.lstrip("="), entry.where)
    elif spec.name == "pip":
        return
    elif _PARTS.fullmatch(spec.name):
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: {_BUILT_FOR}")
    elif _CUDA.fullmatch(spec.name):
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: CUDA is chosen with the frameworks")
    else:
        _conda_package(made, entry, spec, world)


def _conda_package(made: Draft, entry: Wish, spec: CondaSpec, world: CondaWorld) -> None:
    twin = _framework_on_pypi(spec.name) or world.twin(spec.name)
    of_framework = twin is not None and (framework_of(twin) is not None or twin in COMPANIONS)
    any_version = replace(spec, versions="")
    if not of_framework and any(world.holds(channel, spec) for channel in made.channels):
        made.conda.append(entry.text.strip() if not spec.build else _without_build(entry.text, spec, made.channels))
        if spec.build:
            made.remarks.append(f"{entry.where}: of {entry.text} the build is not carried over: it is chosen")
    elif twin is not None:
        _under_pip(made, entry, spec, twin, of_framework=of_framework)
    elif any(world.holds(channel, any_version) for channel in made.channels):
        made.conda.append(str(spec.name))
        why = "no recorded channel holds it"
        made.remarks.append(f"{entry.where}: of {entry.text} the version is not carried over: {why}")
    else:
        why = "no recorded channel holds it, and no project of the package index is known to be the same"
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: {why}")


def _without_build(text: str, spec: CondaSpec, channels: Sequence[str]) -> str:
    """A MatchSpec with its versions, and with its channel where that is one of the request and not the only one."""
    channel = placed_spec(text).channel
    bare = f"{spec.name} {spec.versions}".strip()
    return f"{channel}::{bare}" if channel in channels and len(channels) > 1 else bare


def _under_pip(made: Draft, entry: Wish, spec: CondaSpec, twin: PypiName, *, of_framework: bool) -> None:
    specifier = _specifier_of(spec.versions)
    why = "frameworks come by pip" if of_framework else "no recorded channel holds it"
    named = "" if f"{twin}{specifier}" == entry.text.strip() else f" as {twin}{specifier}"
    made.remarks.append(f"{entry.where}: {entry.text} stands under pip{named}: {why}")
    _pip(made, Wish(f"{twin}{specifier}", entry.where))


def _framework_on_pypi(name: CondaName) -> PypiName | None:
    """What pip calls the framework of a conda package, be it the one that chooses its builds (``pytorch-gpu``)."""
    for entry in FRAMEWORKS.values():
        if name == f"{entry.conda}-cpu":
            return pypi_name(entry.cpu or entry.name)
        if name in (entry.conda, f"{entry.conda}-gpu"):
            return pypi_name(entry.name)
    return None


def _specifier_of(versions: str) -> str:
    """The versions of a MatchSpec as pip would ask for them."""
    parts = []
    for part in versions.split(","):
        operator = re.match(r"[=<>!~]*", part)
        number = part[operator.end() :] if operator else part
        if not number or number == "*":
            continue
        sign = operator[0] if operator else ""
        fuzzy = sign in ("=", "") and not number.endswith("*") and sign != "=="
        number = f"{number}.*" if fuzzy and sign == "=" else number.replace(".*.*", ".*")
        parts.append(f"{'==' if sign in ('', '=') else sign}{number}")
    try:
        return str(SpecifierSet(",".join(parts)))
    except InvalidSpecifier:
        return ""


def _python(made: Draft, text: str, where: str) -> None:
    """conda's and pip's ways to ask for a python, as bounds on major.minor."""
    bare = re.match(r"[\d.*]+", text)
    try:
        parts = SpecifierSet(f"=={bare[0]}" if bare else text)
    except InvalidSpecifier:
        made.remarks.append(f"{where}: python {text} is not carried over; write python: in the profile")
        return
    bounds = sorted({bound for part in parts if (bound := minor_bound(part))}, reverse=True)
    if not any(within(python, ",".join(bounds)) for python in lockable_pythons()):
        why = f"the oldest that can be locked is {OLDEST_PYTHON}"
        made.remarks.append(f"{where}: python {text} is not carried over: {why}")
        return
    # What every python meets that can be locked bounds nothing.
    bounds = [bound for bound in bounds if not all(within(python, bound) for python in lockable_pythons())]
    made.python = bounds[0].removeprefix("==") if len(bounds) == 1 else ",".join(bounds)


def _pip(made: Draft, entry: Wish) -> None:
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
        made.remarks.append(f"{entry.where}: {text} is not carried over: {_BUILT_FOR}")
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
