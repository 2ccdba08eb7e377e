"""Requests from the command line: ``-c 'torch>=2.7' -c python==3.12`` on a profile or on their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.axes import axes_of, is_of_kind
from solver.core.errors import BadInput
from solver.core.frameworks import BY_DEFAULT, FRAMEWORKS
from solver.core.indexes import CPU_FLAVOUR, INDEXES, PUBLIC, Bindings
from solver.core.model import Framework, Profile, Target
from solver.matrix.gpus import resolve_gpus
from solver.matrix.load import Matrices
from solver.request.target_words import NO_ROWS, branch_in, parse_driver, parse_glibc, with_driver_of_gpus


def ad_hoc(constraints: Sequence[str], matrices: Matrices = NO_ROWS, bindings: Bindings = PUBLIC) -> Profile:
    """A profile of its own: both frameworks unless only one is named, every public index allowed.

    ``bindings`` say what comes from private ones; see ``constrained``.
    """
    _check_versions(constraints)
    named = {canonicalize_name(_parse(text).name) for text in constraints if not _TARGET.fullmatch(text)}
    frameworks = tuple(name for name in FRAMEWORKS if name in named) or BY_DEFAULT
    profile = Profile(name="ad hoc", frameworks=frameworks, indexes=tuple(INDEXES), bound=bindings.patterns)
    return constrained(profile, constraints, matrices)


def constrained(profile: Profile, constraints: Sequence[str], matrices: Matrices = NO_ROWS) -> Profile:
    """``profile`` with further constraints; raises ``BadInput`` naming the one that cannot be used.

    The rows of ``matrices`` tell names of GPUs and the first releases of driver branches.
    """
    _check_versions(constraints)
    for text in constraints:
        if on_target := _TARGET.fullmatch(text):
            profile = _with_target(profile, on_target, text, matrices)
            continue
        requirement = _parse(text)
        name, specifier = canonicalize_name(requirement.name), str(requirement.specifier).replace(_NONE, "none")
        if name in _EXAMPLES:
            raise _no_target(name, text)
        if is_of_kind(name, "toolkit"):
            profile = msgspec.structs.replace(profile, cuda=_cuda(specifier, text))
        elif is_of_kind(name, "python"):
            profile = msgspec.structs.replace(profile, python=specifier)
        else:
            both = ",".join(part for part in (profile.constraints.get(name), specifier) if part)
            profile = msgspec.structs.replace(profile, constraints={**profile.constraints, name: both})
            framework = next((word for word in FRAMEWORKS if word == name), None)
            if framework is not None:
                _check_framework(profile, framework, requirement, text)
            # A framework is in the profile already: only its extra is news. An axis is there if something asks for it.
            if requirement.extras if framework is not None else name not in axes_of("library", "package"):
                profile = _with_package(profile, requirement)
    profile = _on_cpu(profile)
    named = profile.target.driver != Target().driver or any(_names_driver(text) for text in constraints)
    return profile if named else msgspec.structs.replace(profile, target=with_driver_of_gpus(profile.target, matrices))


def _on_cpu(profile: Profile) -> Profile:
    """A profile that constrains a framework to a build for the CPU asks for that one, whatever it asks of CUDA."""
    pinned = {word for word in profile.frameworks if _pins_cpu(profile.constraints.get(word, ""))}
    cpu = tuple(word for word in profile.frameworks if word in {*profile.cpu_frameworks, *pinned})
    if not pinned or profile.cuda == "none":
        return profile
    if len(cpu) == len(profile.frameworks):
        return msgspec.structs.replace(profile, cuda="none", cpu_frameworks=())
    return msgspec.structs.replace(profile, cpu_frameworks=cpu)


def _pins_cpu(specifier: str) -> bool:
    pins = (part for part in SpecifierSet(specifier) if part.operator in ("==", "==="))
    return any(part.version.endswith(f"+{CPU_FLAVOUR}") for part in pins)


def _names_driver(text: str) -> bool:
    on_target = _TARGET.fullmatch(text)
    return on_target is not None and on_target["name"] == "driver"


def _check_framework(profile: Profile, framework: Framework, requirement: Requirement, text: str) -> None:
    if requirement.extras and not FRAMEWORKS[framework].plugins:
        problem = f"{text!r} names an extra; CUDA libraries are chosen from the matrices"
        raise BadInput(problem, key="-c", fix=f"write {requirement.name}{requirement.specifier}")
    if requirement.name not in profile.frameworks:
        raise BadInput(f"{profile.name} has no {requirement.name}", key="-c", fix="name another profile, or none")


def _with_package(profile: Profile, requirement: Requirement) -> Profile:
    """A constraint on a package that nobody mentioned asks for the package, and for the extras that it names."""
    name = canonicalize_name(requirement.name)
    package = f"{name}[{','.join(sorted(requirement.extras))}]" if requirement.extras else name
    if not requirement.extras and any(canonicalize_name(Requirement(text).name) == name for text in profile.packages):
        return profile
    return msgspec.structs.replace(profile, packages=(*profile.packages, package))


_TARGET = re.compile(r"\s*(?P<name>gpu|driver|glibc)\s*(?:==?|>=)\s*(?P<value>[^\s=<>!~].*)")
"""A constraint on the machine, whose value is no version: "gpu=RTX 4090"."""
_EXAMPLES = {"gpu": "gpu==9.0 or gpu=H100", "driver": "driver>=550", "glibc": "glibc>=2.28"}


def _no_target(name: str, text: str) -> BadInput:
    return BadInput(f"{text!r} is no constraint on {name}", key="-c", fix=f"write it like {_EXAMPLES[name]}")


def _with_target(profile: Profile, constraint: re.Match[str], text: str, matrices: Matrices) -> Profile:
    value, target = constraint["value"].strip(), profile.target
    if constraint["name"] == "gpu":
        try:
            gpus = [gpu for name in value.split(",") for gpu in resolve_gpus([name.strip()], matrices.gpus)]
        except BadInput as error:
            raise BadInput(error.problem, key=f"-c {text}", fix=error.fix) from None
        target = msgspec.structs.replace(target, gpus=(*target.gpus, *gpus))
        return msgspec.structs.replace(profile, target=target)
    if constraint["name"] == "glibc":
        return _with_glibc(profile, value, text)
    try:
        driver = parse_driver(value, target.platform, matrices)
    except BadInput:
        driver = None
    if driver is None:
        raise _no_target("driver", text)
    target = msgspec.structs.replace(target, driver=driver)
    return msgspec.structs.replace(profile, target=target, driver_branch=branch_in(value))


def _with_glibc(profile: Profile, value: str, text: str) -> Profile:
    try:
        glibc = parse_glibc(value)
    except BadInput:
        raise _no_target("glibc", text) from None
    return msgspec.structs.replace(profile, target=msgspec.structs.replace(profile.target, glibc=glibc))


def _cuda(specifier: str, text: str) -> str:
    if specifier == "==none":
        return "none"
    if not specifier or not all(re.fullmatch(r"\d+\.(\d+|\*)", part.version) for part in SpecifierSet(specifier)):
        raise BadInput(f"{text!r} is no constraint on cuda", key="-c", fix="write it like cuda==12.8 or cuda==13.*")
    return specifier


_NONE = "0+none"
"""Stands in for "none", which is no version."""


_VERSION = re.compile(r"v?(\d+(?:\.\w+)*(?:\+[\w.]+)?)")
_APART = re.compile(r"\s*([A-Za-z][\w.-]*)\s*[\s=]\s*v?(\d[\w.+]*)\s*")
"""A name and a version with a space or conda's equals sign between them."""


def _check_versions(constraints: Sequence[str]) -> None:
    """Refuse a version that stands alone: by the words of a shell it was meant for the package before it."""
    for before, text in zip(("", *constraints), constraints, strict=False):
        if version := _VERSION.fullmatch(text):
            named = re.fullmatch(r"[A-Za-z][\w.-]*", before)
            fix = f"did you mean {before}=={version[1]}?" if named else "write it like torch==2.7"
            raise BadInput(f"{text!r} is a version, and no package", key="-c", fix=fix)


def _parse(text: str) -> Requirement:
    spelled = text.replace("==none", f"=={_NONE}") if text.startswith("cuda") else text
    try:
        requirement = Requirement(spelled)
        for clause in requirement.specifier:
            names.any_version(clause.version.replace("*", "0") or "0")
        names.project(requirement.name)
    except names.BadName as error:
        raise BadInput(str(error), key="-c", fix="write it like torch>=2.7 or python==3.12") from None
    except InvalidRequirement:
        apart = _APART.fullmatch(text)
        fix = f"did you mean {apart[1]}=={apart[2]}?" if apart else "write it like torch>=2.7 or python==3.12"
        raise BadInput(f"{text!r} is no constraint", key="-c", fix=fix) from None
    if any(not clause.version for clause in requirement.specifier):
        raise BadInput(f"{text!r} names no version", key="-c", fix="write it like torch>=2.7 or python==3.12")
    if requirement.url or requirement.marker:
        raise BadInput(f"{text!r} is more than a constraint", key="-c", fix="leave out address and marker")
    return requirement
