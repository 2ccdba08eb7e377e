"""Where a lock will run, in the terms of wheels and markers.

Everything is derived from a ``Target``; the interpreter and the machine that run
this code are never asked.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from solver.core.model import IndexFile, Platform, PypiName, Target, is_built
from solver.core.variants import without_label
from solver.core.versions import within


@dataclass(frozen=True)
class PlatformNames:
    """What markers, wheels and conda call one platform."""

    system: str
    """The marker ``platform_system``."""
    sys_platform: str
    os_name: str
    machine: str
    """The marker ``platform_machine``."""
    release: str
    """The marker ``platform_release``; only markers of foreign systems compare it."""
    wheel: str
    """The plain platform tag of a wheel."""
    archspec: str
    """What conda's ``__archspec`` calls the machine; Windows' own word for x86_64 is AMD64."""


def _linux(machine: str) -> PlatformNames:
    # 4.18.0 is the kernel beside glibc 2.28.
    return PlatformNames("Linux", "linux", "posix", machine, "4.18.0", f"linux_{machine}", machine)


PLATFORM_NAMES: Mapping[Platform, PlatformNames] = {
    "linux-64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "win-64": PlatformNames("Windows", "win32", "nt", "AMD64", "10", "win_amd64", "x86_64"),
}
"""Every platform that a lock may be for."""
PLATFORMS: tuple[Platform, ...] = tuple(PLATFORM_NAMES)
GPU_WORD = "GPU of compute capability"
"""How the head of a file of ours names a GPU that it is for."""
SEEDS = frozenset(map(PypiName, ("pip", "setuptools", "wheel", "distribute")))
"""What an environment may hold before anything is installed, and ``pip freeze`` does not tell of unless it is asked."""
_LAST_WITH_SETUPTOOLS = "3.11"
OLDEST_PYTHON = "3.9"
"""The wheels of our own and the probes run from this python on."""

# A lock says only major.minor, and installs the newest patch release of it: one
# above any that exists makes markers such as python_full_version < "3.11.3" false.
_PATCH = "99"
_LINUX_TAGS = ("manylinux", "musllinux")  # PEP 600, PEP 656; ``linux_…`` is the plain tag
_OLDEST_GLIBC = {"linux-64": 5, "linux-aarch64": 17}  # PEP 600: the baseline of each machine
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 600, "Legacy manylinux tags"


def gpu_words(target: Target) -> list[str]:
    """The GPUs of a target, as the head of a file of ours names them."""
    return [f"{GPU_WORD} {gpu}" for gpu in target.gpus]


def platform_of_machine(system: str, machine: str) -> Platform | None:
    """The platform of the markers ``platform_system`` and ``platform_machine``; None for one that no lock is for."""
    named = ((one, (names.system, names.machine)) for one, names in PLATFORM_NAMES.items())
    return next((one for one, pair in named if pair == (system, machine)), None)


def platform_of_tag(tag: str) -> Platform | None:
    """The platform of a wheel's platform tag (``manylinux_2_17_x86_64``); None for ``any`` and what no lock is for."""
    for platform, names in PLATFORM_NAMES.items():
        if tag == names.wheel or (tag.startswith(_LINUX_TAGS) and tag.endswith(f"_{names.machine}")):
            return platform
    return None


@functools.cache
def wheel_tags(target: Target) -> tuple[Tag, ...]:
    """The wheel tags that the target accepts, best first."""
    major, minor = (int(part) for part in target.python.split("."))
    platforms = list(_platforms(target.platform, target.glibc))
    interpreter = f"cp{major}{minor}"
    return (
        *cpython_tags((major, minor), abis=[interpreter], platforms=platforms),
        *compatible_tags((major, minor), interpreter=interpreter, platforms=platforms),
    )


def _platforms(platform: Platform, glibc: str) -> Iterator[str]:
    # The PyTorch index has wheels with the plain tag; pip takes it on every Linux, and first of all.
    yield PLATFORM_NAMES[platform].wheel
    if platform not in _OLDEST_GLIBC:
        return
    machine = PLATFORM_NAMES[platform].machine
    for minor in range(int(glibc.split(".")[1]), _OLDEST_GLIBC[platform] - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{machine}"


@functools.cache
def _ranks(target: Target) -> dict[Tag, int]:
    ranks: dict[Tag, int] = {}
    for rank, tag in enumerate(wheel_tags(target)):
        ranks.setdefault(tag, rank)
    return ranks


@functools.lru_cache(maxsize=65536)
def _wheel(filename: str) -> tuple[tuple[int, str], frozenset[Tag]] | None:
    try:
        _, _, build, tags = parse_wheel_filename(without_label(filename))
    except InvalidWheelFilename:
        return None
    return build or (-1, ""), tags


def usable_files(files: Iterable[IndexFile], target: Target) -> tuple[IndexFile, ...]:
    """The wheels that can be installed on ``target``: best tag first, then newest build, then name.

    Anything that is no wheel, or has no valid wheel name, is left out. Where there is nothing but source archives,
    they can: a release that has wheels is built from none, since it holds what needs more than python to build.
    """
    files = tuple(files)
    if is_built(files):
        return tuple(sorted(files, key=lambda file: file.filename))  # .tar.gz before .zip
    ranks = _ranks(target)
    ranked = []
    for file in files:
        wheel = _wheel(file.filename)
        if wheel is None:
            continue
        (number, suffix), tags = wheel
        rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
        if rank is not None:
            ranked.append((rank, -number, suffix, file.filename, file))
    return tuple(entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:-1]))


_GLIBC = re.compile(r"manylinux_2_(\d+)_")  # PEP 600


def glibc_wanted(files: Iterable[IndexFile], target: Target) -> str | None:
    """The oldest glibc newer than the target's with which some of ``files`` could be used; None where none helps."""
    files = [file for file in files if _GLIBC.search(file.filename)]
    minors = {int(minor) for file in files for minor in _GLIBC.findall(file.filename)}
    newer = (f"2.{minor}" for minor in sorted(minors) if minor > int(target.glibc.partition(".")[2]))
    return next((glibc for glibc in newer if usable_files(files, msgspec.structs.replace(target, glibc=glibc))), None)


def marker_environment(target: Target) -> dict[str, str]:
    """PEP 508's environment markers on ``target``, all but ``extra``."""
    names = PLATFORM_NAMES[target.platform]
    full = f"{target.python}.{_PATCH}"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": names.os_name,
        "platform_machine": names.machine,
        "platform_python_implementation": "CPython",
        "platform_release": names.release,
        "platform_system": names.system,
        "platform_version": "0",
        "python_full_version": full,
        "python_version": target.python,
        "sys_platform": names.sys_platform,
    }


def admits_python(requires_python: str | None, target: Target) -> bool:
    """Whether a ``Requires-Python`` holds on ``target``; None or an invalid one never hinders, as in pip."""
    if not requires_python:
        return True
    return _admits(requires_python, target.python)


@functools.lru_cache(maxsize=4096)
def _admits(requires_python: str, python: str) -> bool:
    try:
        return within(f"{python}.{_PATCH}", requires_python)
    except ValueError:
        return True


def may_be_seeded(name: PypiName, python: str) -> bool:
    """Whether a fresh environment of a python (major.minor) may hold a package already, which pip then leaves there.

    ensurepip brought setuptools up to python 3.11 (docs.python.org/3/whatsnew/3.12.html), and pip to this day.
    """
    return name == "pip" or (name in SEEDS and within(python, f"<={_LAST_WITH_SETUPTOOLS}"))
