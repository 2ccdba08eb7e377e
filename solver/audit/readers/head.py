"""What the comments at the head of a file that a tool made say of the machines that it is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from msgspec import structs

from solver.core.model import Platform, Target
from solver.core.target import GPU_WORD, PLATFORM_NAMES

_LINES = 10
"""So many lines are looked at."""
_PYTHON = re.compile(r"(?:--python-version[= ]|with Python |For python )(?P<python>3\.\d+)")
_MADE_BY_US = re.compile(r"Made by `(?:interlock lock|interlock export (?:constraints|environment)|nox -s lock)")
_FOR = re.compile(r" ?For (?P<needs>.*)\.")
_NEED = re.compile(r"(?P<what>glibc|NVIDIA driver) >= (?P<version>\d+(?:\.\d+){1,3})")
_GPU = re.compile(rf"{GPU_WORD} (?P<capability>\d{{1,2}}\.\d)")
_UV_PLATFORM = re.compile(r"--python-platform[= ](?P<platform>[\w.-]+)")
_OF_UV: Mapping[str, Platform] = {
    "windows": "win-64",
    "x86_64-pc-windows-msvc": "win-64",
    "linux": "linux-64",
    "x86_64-unknown-linux-gnu": "linux-64",
    "aarch64-unknown-linux-gnu": "linux-aarch64",
}
"""What `uv pip compile` calls the platforms (docs.astral.sh/uv/reference/cli); manylinux goes by its machine."""
_MACHINES: Mapping[str, Platform] = {"x86_64-manylinux": "linux-64", "aarch64-manylinux": "linux-aarch64"}


@dataclass(frozen=True)
class Head:
    """What is said; None where it is not."""

    python: str | None = None
    """major.minor."""
    platform: Platform | None = None
    target: Target | None = None
    """Of a file of a lock of ours, whose python need not be said there."""


NOTHING_SAID = Head()


def head_of(text: str) -> Head:
    """What the head of a file says."""
    comments = list(comments_of(text.splitlines()[:_LINES]))
    python = next((said["python"] for said in map(_PYTHON.search, comments) if said), None)
    target = _of_ours(comments, python)
    return Head(python, target.platform if target is not None else _of_uv(comments), target)


def comments_of(lines: Iterable[str]) -> Iterator[str]:
    """What stands behind the first "#" of each line that has one."""
    parts = (line.partition("#") for line in lines)
    return (comment for _, mark, comment in parts if mark)


def _of_ours(comments: list[str], python: str | None) -> Target | None:
    if not any(map(_MADE_BY_US.search, comments)):
        return None
    for said in filter(None, map(_FOR.match, comments)):
        needs = said["needs"].split(", ")
        platform = next((name for name in PLATFORM_NAMES if name in needs), None)
        if platform is not None:
            versions = {need["what"]: need["version"] for need in filter(None, map(_NEED.fullmatch, needs))}
            gpus = tuple(gpu["capability"] for gpu in filter(None, map(_GPU.fullmatch, needs)))
            target = structs.replace(Target(), platform=platform, driver=versions.get("NVIDIA driver"), gpus=gpus)
            return structs.replace(target, glibc=versions.get("glibc", target.glibc), python=python or target.python)
    return None


def _of_uv(comments: list[str]) -> Platform | None:
    said = next(filter(None, map(_UV_PLATFORM.search, comments)), None)
    if said is None:
        return None
    by_machine = (platform for start, platform in _MACHINES.items() if said["platform"].startswith(start))
    return _OF_UV.get(said["platform"]) or next(by_machine, None)
