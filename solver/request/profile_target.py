"""What a profile says of the machines that its lock is for: python, CUDA, driver, GPUs, base image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.errors import BadInput
from solver.core.model import (
    Image,
    Target,
)
from solver.core.yamlfile import Key
from solver.matrix.gpus import is_capability, resolve_gpus
from solver.request.contradictions import contradictions
from solver.request.fields import (
    check_base_image,
)
from solver.request.keys import ProfileKeys, specifier
from solver.request.target_words import NO_ROWS, branch_in, parse_python, parse_target

TARGET_KEYS = ("platform", "glibc", "driver", "gpu", "cpu")


def python_of(keys: ProfileKeys) -> str:
    """Specifier over python's major.minor; "": any."""
    if "python" not in keys.written:
        fixed = keys.template.versions.get("python")
        return "" if fixed is None else _minor(keys, fixed, "dependencies")
    return _minor(keys, keys.written["python"], "profiles", keys.name, "python")


def _minor(keys: ProfileKeys, text: str, *place: Key) -> str:
    """A specifier over python's major.minor."""
    try:
        minors = specifier(text)
        for part in SpecifierSet(minors):
            if not part.version.endswith(".*"):
                parse_python(part.version)
    except ValueError:
        problem = f'expected a python such as "3.12" or ">=3.10,<3.13", found "{text}"'
        raise keys.document.error(problem, *place) from None
    except BadInput as error:
        raise keys.document.error(error.problem, *place) from None
    return minors


def cuda_of(keys: ProfileKeys) -> str:
    """Specifier over the CUDA runtime; "": any; "none": no CUDA at all."""
    text = keys.written.get("cuda", "")
    if text in ("", "none"):
        return str(text)
    try:
        versions = specifier(text)
    except ValueError:
        versions = ""
    if not versions or not all(re.fullmatch(r"\d+\.(\d+|\*)", part.version) for part in SpecifierSet(versions)):
        raise keys.bad(f'expected a CUDA such as "12.8", "13.*", ">=12.6,<13.0" or "none", found "{text}"', "cuda")
    return versions


def target_of(keys: ProfileKeys, python: str, cuda: str) -> Target:
    """Where the lock will run; ``python`` and ``cuda`` are those of the profile."""
    words = _target_keys(keys, python, cuda)
    try:
        tell = driver_branch_of(keys) or ("gpu" in words and "driver" not in words)
        target = parse_target(words, keys.rows() if tell else NO_ROWS)
    except BadInput as error:
        raise keys.bad(error.problem, *([error.key] if error.key else []), fix=error.fix) from None
    if target.driver is None and cuda != "none":
        raise keys.bad("a target without a driver can use no GPU", "driver", fix="write cuda: none instead")
    return target


def _target_keys(keys: ProfileKeys, python: str, cuda: str) -> dict[str, Any]:
    """The request's own keys of the target, and what its python and its cuda say of it."""
    words = {key: keys.written[key] for key in TARGET_KEYS if key in keys.written}
    for one in contradictions(words, cuda):
        raise keys.bad(one.problem, one.other, fix=one.fix)
    if exact := re.fullmatch(r"==(\d+\.\d+)", python):
        words["python"] = exact[1]
    if cuda == "none":
        words["driver"] = "none"
    if "gpu" in words:
        words["gpu"] = _gpus(keys, words["gpu"])
    return words


def driver_branch_of(keys: ProfileKeys) -> str | None:
    """The driver branch that is named; None: a release is, or nothing."""
    return branch_in(str(keys.written.get("driver", "")))


def _gpus(keys: ProfileKeys, names: str | Sequence[str]) -> tuple[str, ...]:
    """Compute capabilities; the rows are read only where a product is named."""
    capabilities: list[str] = []
    for position, name in enumerate([names] if isinstance(names, str) else names):
        place: tuple[Key, ...] = ("gpu",) if isinstance(names, str) else ("gpu", position)
        try:
            capabilities += resolve_gpus([name], () if is_capability(name) else keys.rows().gpus)
        except BadInput as error:
            raise keys.bad(error.problem, *place, fix=error.fix) from None
    return tuple(capabilities)


def check_image(keys: ProfileKeys, image: Image | None, target: Target) -> None:
    """Refuse a base image that is none, or that the target does not fit."""
    if image is None:
        return
    check_base_image(keys.document, image.base, ("profiles", keys.name, "image", "base"))
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", image.digest):
        fix = f"take it from `docker buildx imagetools inspect {image.base}`"
        raise keys.bad(f'expected "sha256:" and 64 hex digits, found "{image.digest}"', "image", "digest", fix=fix)
    if not re.fullmatch(r"2\.\d+", image.glibc):
        raise keys.bad(f'expected a glibc such as "2.36", found "{image.glibc}"', "image", "glibc")
    if Version(image.glibc) < Version(target.glibc):
        problem = f"the image's glibc {image.glibc} is older than the target's {target.glibc}"
        raise keys.bad(problem, "image", "glibc", fix="take a newer image, or lower glibc:")
