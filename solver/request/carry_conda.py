"""The conda half of another tool's file, carried over into a draft; what does not stand in it as it was is told."""

from __future__ import annotations

import re
from dataclasses import replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from solver.core.errors import BadInput
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of
from solver.core.model import CondaName, PypiName, pypi_name
from solver.index.conda_level import is_of_the_machine
from solver.index.conda_spec import CondaSpec, match_spec, placed_spec, read_spec
from solver.request.carry_pip import BUILT_FOR, carry_requirement
from solver.request.draft import CondaWorld, Draft
from solver.request.python_bounds import bound_python
from solver.request.wishes import Wish

_CUDA = re.compile(
    r"cudatoolkit|cuda(-.*)?|pytorch-(cuda|mutex)|cudnn|nccl|lib(cublas|cufft|curand|cusolver|cusparse).*"
)
"""conda packages that bring CUDA, which the frameworks' builds bring here."""
_PARTS = re.compile(
    r"triton|libtorch(-.*)?|pytorch-extra-.*|torchvision-extra-decoders"
    r"|libtensorflow.*|tensorflow-(base|estimator)|libml_dtypes-headers|jaxlib"
)
"""Those that a framework of conda's is made of."""


def carry_package(made: Draft, entry: Wish, world: CondaWorld) -> None:
    """One MatchSpec."""
    spec = _spec(entry.text)
    if spec is None:
        why = "it is no conda package; write it as numpy>=2 or conda-forge::numpy, the name in letters from a to z"
        made.remarks.append(f'{entry.where}: "{entry.text}" is not carried over: {why}, digits and ._-')
        return
    if is_of_the_machine(entry.text):
        why = "what the machine must have stands in the profile, as glibc:, cpu: and driver:"
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: {why}")
    elif spec.name == "python":
        bound_python(made, spec.versions.lstrip("="), entry.where)
    elif spec.name == "pip":
        return
    elif _PARTS.fullmatch(spec.name):
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: {BUILT_FOR}")
    elif _CUDA.fullmatch(spec.name):
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: CUDA is chosen with the frameworks")
    else:
        _conda_package(made, entry, spec, world)


def _conda_package(made: Draft, entry: Wish, spec: CondaSpec, world: CondaWorld) -> None:
    twin = _framework_on_pypi(spec.name) or world.twin(spec.name)
    of_framework = twin is not None and (framework_of(twin) is not None or twin in COMPANIONS)
    any_version = replace(spec, versions="")
    if not of_framework and any(world.holds(channel, spec) for channel in made.channels):
        made.conda.append(_text_of(made, entry, spec, world))
    elif twin is not None:
        _under_pip(made, entry, spec, twin, of_framework=of_framework)
    elif any(world.holds(channel, any_version) for channel in made.channels):
        made.conda.append(str(spec.name))
        why = "no recorded channel holds it"
        made.remarks.append(f"{entry.where}: of {entry.text} the version is not carried over: {why}")
    else:
        why = "no recorded channel holds it, and no project of the package index is known to be the same"
        made.remarks.append(f"{entry.where}: {entry.text} is not carried over: {why}")


def _spec(text: str) -> CondaSpec | None:
    """The parts of a MatchSpec; None where it is none that conda would read."""
    spec = read_spec(text)
    try:
        match_spec(text)
    except BadInput:
        return None
    return spec


def _text_of(made: Draft, entry: Wish, spec: CondaSpec, world: CondaWorld) -> str:
    """A MatchSpec without its build, and without its channel where the request has no such one, or no other."""
    placed = placed_spec(entry.text)
    there = not placed.channel or world.named(placed.channel) in made.channels
    if not there:
        why = "it is none of those of the request"
        made.remarks.append(f"{entry.where}: of {entry.text} the channel is not carried over: {why}")
    if not spec.build:
        return entry.text.strip() if there else placed.spec
    made.remarks.append(f"{entry.where}: of {entry.text} the build is not carried over: it is chosen")
    bare = f"{spec.name} {spec.versions}".strip()
    return f"{placed.channel}::{bare}" if placed.channel and there and len(made.channels) > 1 else bare


def _under_pip(made: Draft, entry: Wish, spec: CondaSpec, twin: PypiName, *, of_framework: bool) -> None:
    specifier = _specifier_of(spec.versions)
    why = "frameworks come by pip" if of_framework else "no recorded channel holds it"
    named = "" if f"{twin}{specifier}" == entry.text.strip() else f" as {twin}{specifier}"
    made.remarks.append(f"{entry.where}: {entry.text} stands under pip{named}: {why}")
    carry_requirement(made, Wish(f"{twin}{specifier}", entry.where))


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
