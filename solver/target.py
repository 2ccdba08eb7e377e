"""Where a lock will run, in the terms of wheels and markers.

Everything is derived from a ``Target``; the interpreter and the machine that run
this code are never asked.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.errors import BadInput
from solver.matrix.rows import GpuModels
from solver.model import IndexFile, Platform, Target

PLATFORMS: tuple[Platform, ...] = ("linux-64", "linux-aarch64", "win-64")
OLDEST_PYTHON = "3.9"
"""The wheels of our own and the probes run from this python on."""
NO_DRIVER = "none"

# A lock says only major.minor, and installs the newest patch release of it: one
# above any that exists makes markers such as python_full_version < "3.11.3" false.
_PATCH = "99"
_OLDEST_GLIBC = {"linux-64": 5, "linux-aarch64": 17}  # PEP 600: the baseline of each machine
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 600, "Legacy manylinux tags"
_MACHINES = {"linux-64": "x86_64", "linux-aarch64": "aarch64", "win-64": "AMD64"}
# The kernel beside glibc 2.28; only markers of foreign systems compare it.
_LINUX_RELEASE = "4.18.0"
_WINDOWS_RELEASE = "10"


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
    if platform == "win-64":
        yield "win_amd64"
        return
    machine = _MACHINES[platform]
    # The PyTorch index has wheels with the plain tag; pip takes it on every Linux, and first of all.
    yield f"linux_{machine}"
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
        _, _, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return build or (-1, ""), tags


def usable_files(files: Iterable[IndexFile], target: Target) -> tuple[IndexFile, ...]:
    """The wheels that can be installed on ``target``: best tag first, then newest build, then name.

    Anything that is no wheel, or has no valid wheel name, is left out.
    """
    ranks = _ranks(target)
    found = []
    for file in files:
        wheel = _wheel(file.filename)
        if wheel is None:
            continue
        (number, suffix), tags = wheel
        rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
        if rank is not None:
            found.append((rank, -number, suffix, file.filename, file))
    return tuple(entry[-1] for entry in sorted(found, key=lambda entry: entry[:-1]))


def marker_environment(target: Target) -> dict[str, str]:
    """PEP 508's environment markers on ``target``, all but ``extra``."""
    windows = target.platform == "win-64"
    full = f"{target.python}.{_PATCH}"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "nt" if windows else "posix",
        "platform_machine": _MACHINES[target.platform],
        "platform_python_implementation": "CPython",
        "platform_release": _WINDOWS_RELEASE if windows else _LINUX_RELEASE,
        "platform_system": "Windows" if windows else "Linux",
        "platform_version": "0",
        "python_full_version": full,
        "python_version": target.python,
        "sys_platform": "win32" if windows else "linux",
    }


def admits_python(requires_python: str | None, target: Target) -> bool:
    """Whether a ``Requires-Python`` holds on ``target``; None or an invalid one never hinders, as in pip."""
    if not requires_python:
        return True
    return _admits(requires_python, target.python)


@functools.lru_cache(maxsize=4096)
def _admits(requires_python: str, python: str) -> bool:
    try:
        return SpecifierSet(requires_python).contains(f"{python}.{_PATCH}")
    except ValueError:
        return True


def parse_target(text: Mapping[str, object], gpus: Sequence[GpuModels] = ()) -> Target:
    """A ``Target`` from the words platform, python, glibc, driver and gpu, each optional.

    ``gpus`` are the rows that tell product names; without them only compute
    capabilities are understood. Raises ``BadInput`` whose key is the word.
    """
    unknown = sorted(set(text) - {"platform", "python", "glibc", "driver", "gpu"})
    if unknown:
        fix = "use platform, python, glibc, driver or gpu"
        raise BadInput("is not part of a target", key=unknown[0], fix=fix)
    fields: dict[str, object] = {}
    for key, parse in (
        ("platform", parse_platform),
        ("python", parse_python),
        ("glibc", parse_glibc),
        ("driver", parse_driver),
    ):
        if text.get(key) is not None:
            fields[key] = parse(str(text[key]))
    asked = text.get("gpu")
    if asked is not None:
        names = asked if isinstance(asked, list | tuple) else [asked]
        fields["gpus"] = resolve_gpus([str(name) for name in names], gpus)
    return Target(**fields)  # type: ignore[arg-type]  # each value comes from its own parser above


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


def parse_driver(text: str) -> str | None:
    """``550`` from "550" or ">=550"; None from "none"."""
    version = text.removeprefix(">=").strip()
    if version == NO_DRIVER:
        return None
    if not re.fullmatch(r"\d{3,4}(\.\d+){0,2}", version):
        asked = f'an NVIDIA driver such as ">=550" or "550.54.14", or "{NO_DRIVER}"'
        raise BadInput(f'expected {asked}, found "{text}"', key="driver")
    return version


def resolve_gpus(names: Sequence[str], gpus: Sequence[GpuModels]) -> tuple[str, ...]:
    """Compute capabilities, ascending, of ``names``: capabilities ("9.0") or products ("H100", "RTX 4090").

    Raises ``BadInput`` for a name that no row of ``gpus`` has, or that several capabilities share.
    """
    found = {_capability(name, gpus) for name in names}
    return tuple(sorted(found, key=Version))


def is_capability(name: str) -> bool:
    """Whether ``name`` is a compute capability such as "9.0", and no product's name."""
    return re.fullmatch(r"\d{1,2}\.\d", name) is not None


def _capability(name: str, gpus: Sequence[GpuModels]) -> str:
    if is_capability(name):
        return name
    asked = _product(name)
    matches = {row.gpu for row in gpus for product in row.products if _product(product) == asked}
    if len(matches) == 1:
        return matches.pop()
    if matches:
        both = " and ".join(sorted(matches, key=Version))
        problem = f'"{name}" is the name of GPUs of compute capability {both}'
        raise BadInput(problem, key="gpu", fix="write the one you mean")
    raise BadInput(
        f'no GPU is known by the name "{name}"',
        key="gpu",
        fix='write its compute capability, such as "9.0", or add it to the gpus matrix',
    )


def _product(name: str) -> str:
    """Compare products without vendor, brand, case and spacing: "NVIDIA GeForce RTX 4090" is "rtx4090"."""
    words = re.sub(r"\(.*?\)", "", name).lower().replace("-", " ").split()
    return "".join(word for word in words if word not in {"nvidia", "geforce", "tesla", "quadro"})
