"""Reads torch, torchvision and torchaudio builds out of their wheels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version

from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile, pypi_name
from solver.matrix.rows import CompanionBuild, TorchBuild
from solver.refresh.families import Family, WheelSource, capability, families, holds, read, requirements

_ARCHITECTURES = "torch/lib/libtorch_python.so"
_FLAGS = re.compile(rb"(?:sm_\d+a?|compute_\d+)(?:[ ;](?:sm_\d+a?|compute_\d+))+")
_VERSION = re.compile(r"""^__version__ = ['"](?P<version>[^'"]+)['"]""", re.M)
_CUDA = re.compile(r"""^cuda(?:: [^=]+)? = (?:['"](?P<cuda>[\d.]+)['"]|None)\s*$""", re.M)

Companion = Literal["torchvision", "torchaudio"]
_COMPANIONS: tuple[Companion, ...] = ("torchvision", "torchaudio")


def torch_rows(
    known: Iterable[TorchBuild],
    companions: Sequence[CompanionBuild],
    source: WheelSource,
    again: bool,
    tell: Callable[[str], None],
) -> Iterator[TorchBuild]:
    """A row for each wheel family of the default index from the oldest known version on."""
    held = {row.id: row for row in known if row.index == "default"}
    oldest = min((Version(row.torch) for row in held.values()), default=Version("0"))
    for family in families(source, pypi_name("torch"), oldest):
        before = held.get(family.row_id("torch"))
        if before is not None and not before.derived:
            continue
        if before is None or again:
            tell(f"reading {family.file.filename}")
            before = _torch(family, source)
        yield msgspec.structs.replace(
            before,
            python=family.python,
            torchvision=_partners("torchvision", family.version, companions) or before.torchvision,
            torchaudio=_partners("torchaudio", family.version, companions) or before.torchaudio,
        )


def companion_rows(
    known: Iterable[CompanionBuild], source: WheelSource, again: bool, tell: Callable[[str], None]
) -> Iterator[CompanionBuild]:
    """A row for each torchvision and torchaudio wheel family with CUDA code; the others fit any torch."""
    held = {row.id: row for row in known if row.index == "default"}
    for package in _COMPANIONS:
        versions = [Version(row.version) for row in held.values() if row.package == package]
        for family in families(source, pypi_name(package), min(versions, default=Version("0"))):
            before = held.get(family.row_id(package))
            if family.platform == "win-64" or (before is not None and not again):
                continue
            if before is None and not again and Version(family.version) < max(versions, default=Version("0")):
                continue  # read before, and found without CUDA
            tell(f"reading {family.file.filename}")
            row = _companion(package, family, source)
            if row.cuda is not None:
                yield row


def _torch(family: Family, source: WheelSource) -> TorchBuild:
    file = family.file
    build, cuda = _version_file(source, file, "torch/version.py")
    asked = [found for found in requirements(source, file) if holds(found, family)]
    sm, ptx = _architectures(source, file) if cuda else (None, None)
    parts = "version.py, METADATA" + (", arch list of libtorch_python.so" if cuda else "")
    return TorchBuild(
        id=family.row_id("torch"),
        source=f"wheel {file.filename} ({parts})",
        derived=True,
        torch=family.version,
        build=build,
        platform=family.platform,
        python=family.python,
        cuda=cuda,
        cudnn=_pinned("nvidia-cudnn", asked) if cuda else None,
        nccl=_pinned("nvidia-nccl", asked) if cuda else None,
        bundles=cuda is not None and not any(found.name.startswith(("nvidia-", "cuda-toolkit")) for found in asked),
        sm=sm,
        ptx=ptx,
    )


def _companion(package: Companion, family: Family, source: WheelSource) -> CompanionBuild:
    file = family.file
    build, _ = _version_file(source, file, f"{package}/version.py")
    local = re.fullmatch(r"cu(\d+)(\d)", build.partition("+")[2])
    torch = [found for found in requirements(source, file) if found.name == "torch" and holds(found, family)]
    return CompanionBuild(
        id=family.row_id(package),
        source=f"wheel {file.filename} (version.py, METADATA)",
        derived=True,
        package=package,
        version=family.version,
        torch=str(torch[0].specifier) if torch else "",
        cuda=f"{local[1]}.{local[2]}" if local else None,
        platform=family.platform,
    )


def _version_file(source: WheelSource, file: IndexFile, member: str) -> tuple[str, str | None]:
    """Version with its local part, and CUDA where the file names one."""
    text = read(source, file, member).decode("utf-8")
    version, cuda = _VERSION.search(text), _CUDA.search(text)
    if version is None:
        raise IndexUnavailable(f"{member} of {file.filename} holds no __version__")
    return version["version"], cuda["cuda"] if cuda else None


def _pinned(prefix: str, asked: Sequence[Requirement]) -> str | None:
    for found in asked:
        pins = [spec.version for spec in found.specifier if spec.operator == "=="]
        if found.name.startswith(prefix) and pins:
            return pins[0]
    return None


def _architectures(source: WheelSource, file: IndexFile) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Native and PTX compute capabilities, as torch.cuda.get_arch_list() tells them."""
    if _ARCHITECTURES not in source.members(file):
        return None, None
    found = _FLAGS.findall(read(source, file, _ARCHITECTURES))
    if not found:
        return None, None
    flags = re.split("[ ;]", max(found, key=len).decode("ascii"))
    native = tuple(capability(flag) for flag in flags if flag.startswith("sm_"))
    return native, tuple(capability(flag) for flag in flags if flag.startswith("compute_"))


def _partners(package: str, torch: str, companions: Sequence[CompanionBuild]) -> tuple[str, ...]:
    """The companions that are made for exactly this torch."""
    found = {
        Version(row.version)
        for row in companions
        if row.package == package and row.index == "default" and row.torch == f"=={torch}"
    }
    return tuple(str(version) for version in sorted(found))
