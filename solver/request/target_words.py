"""The words in which a person names a target: platform, python, glibc, driver, GPU, processor."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput
from solver.core.model import PROCESSORS, Platform, Processor, Target
from solver.core.target import OLDEST_PYTHON, PLATFORMS
from solver.matrix.drivers import first_of_branch, is_branch, oldest_for
from solver.matrix.gpus import resolve_gpus
from solver.matrix.load import Matrices

NO_DRIVER = "none"
NO_ROWS = Matrices()


def parse_target(text: Mapping[str, object], matrices: Matrices = NO_ROWS) -> Target:
    """A ``Target`` from the words platform, python, glibc, driver, gpu and cpu, each optional.

    The rows of ``matrices`` tell product names and the first releases of driver branches; without them only compute
    capabilities are understood, and a branch stays a number. Raises ``BadInput`` whose key is the word.
    """
    unknown = sorted(set(text) - {"platform", "python", "glibc", "driver", "gpu", "cpu"})
    if unknown:
        fix = "use platform, python, glibc, driver, gpu or cpu"
        raise BadInput("is not part of a target", key=unknown[0], fix=fix)
    fields: dict[str, object] = {}
    for key, parse in (
        ("platform", parse_platform),
        ("python", parse_python),
        ("glibc", parse_glibc),
        ("cpu", parse_processor),
    ):
        if text.get(key) is not None:
            fields[key] = parse(str(text[key]))
    if text.get("driver") is not None:
        platform = parse_platform(str(text.get("platform") or Target().platform))
        fields["driver"] = parse_driver(str(text["driver"]), platform, matrices)
    gpu = text.get("gpu")
    if gpu is not None:
        names = gpu if isinstance(gpu, list | tuple) else [gpu]
        fields["gpus"] = resolve_gpus([str(name) for name in names], matrices.gpus)
    target = Target(**fields)  # type: ignore[arg-type]  # each value comes from its own parser above
    return target if "driver" in fields else with_driver_of_gpus(target, matrices)


def with_driver_of_gpus(target: Target, matrices: Matrices) -> Target:
    """``target``, of which nobody named a driver, with the oldest that knows any of its GPUs, if that is newer."""
    needed = oldest_for(target.gpus, target.platform, matrices)
    if isinstance(needed, NotKnown) or target.driver is None or needed.admits(target.driver):
        return target
    return msgspec.structs.replace(target, driver=needed.driver)


def parse_platform(text: str) -> Platform:
    """A platform by its conda name."""
    for platform in PLATFORMS:
        if text == platform:
            return platform
    raise BadInput(f'expected one of {", ".join(PLATFORMS)}, found "{text}"', key="platform")


def parse_python(text: str) -> str:
    """``3.12`` from "3.12"; raises ``BadInput`` for anything but a major.minor that can be served."""
    if not re.fullmatch(r"3\.\d{1,3}", text) or Version(text) < Version(OLDEST_PYTHON):
        problem = f'expected a python such as "3.12", {OLDEST_PYTHON} or newer, found "{text}"'
        raise BadInput(problem, key="python")
    return text


def parse_glibc(text: str) -> str:
    """``2.28`` from "2.28" or ">=2.28"."""
    version = text.removeprefix(">=").strip()
    if not re.fullmatch(r"2\.\d{1,3}", version):
        raise BadInput(f'expected a glibc such as "2.28", found "{text}"', key="glibc")
    return version


def parse_processor(text: str) -> Processor:
    """A level of x86-64 processors, with or without ``>=``."""
    named = text.removeprefix(">=").strip()
    for processor in PROCESSORS:
        if named == processor:
            return processor
    raise BadInput(f'expected one of {", ".join(PROCESSORS)}, found "{text}"', key="cpu")


def parse_driver(text: str, platform: Platform, matrices: Matrices) -> str | None:
    """``550.54.14`` from "550.54.14" or ">=550.54.14"; None from "none".

    A branch ("550") is its first release, as far as a row tells of that.
    """
    version = _driver(text)
    if version == NO_DRIVER:
        return None
    if not re.fullmatch(r"\d{3,4}(\.\d+){0,2}", version):
        form = f'an NVIDIA driver such as ">=550" or "550.54.14", or "{NO_DRIVER}"'
        raise BadInput(f'expected {form}, found "{text}"', key="driver")
    first = first_of_branch(version, platform, matrices) if is_branch(version) else NOT_KNOWN
    return version if isinstance(first, NotKnown) else first.driver


def branch_in(text: str) -> str | None:
    """The driver branch that is written where a driver is; None where it is a release."""
    version = _driver(text)
    return version if is_branch(version) else None


def _driver(text: str) -> str:
    return text.removeprefix(">=").strip()
