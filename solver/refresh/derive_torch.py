"""Reads torch, torchvision and torchaudio builds out of their wheels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import msgspec
from packaging.requirements import Requirement
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.indexes import is_of_default
from solver.core.model import IndexFile, pypi_name
from solver.index import ReleaseRefused
from solver.matrix.builds import stated
from solver.matrix.rows import NONE, Build
from solver.refresh.families import (
    Family,
    Reading,
    WheelSource,
    applies_to,
    capability,
    families,
    member_bytes,
    member_text,
    requirements,
)

_ARCHITECTURES = "torch/lib/libtorch_python.so"
_FLAGS = re.compile(rb"(?:sm_\d+a?|compute_\d+)(?:[ ;](?:sm_\d+a?|compute_\d+))+")
_VERSION = re.compile(r"""^__version__ = ['"](?P<version>[^'"]+)['"]""", re.M)
_CUDA = re.compile(r"""^cuda(?:: [^=]+)? = (?:['"](?P<cuda>[\d.]+)['"]|None)\s*$""", re.M)

COMPANIONS = FRAMEWORKS["torch"].companions


def torch_rows(known: Iterable[Build], companions: Sequence[Build], reading: Reading) -> Iterator[Build]:
    """A row for each wheel family of the default index from the oldest known version on."""
    by_id = {row.id: row for row in known if is_of_default(row.index)}
    oldest = min((Version(text) for row in by_id.values() if (text := stated(row.version))), default=Version("0"))
    for family in families(reading.source, pypi_name("torch"), oldest):
        before = by_id.get(family.row_id("torch"))
        if before is not None and not before.derived:
            continue
        if before is None or reading.again:
            before = reading.row(family.file, partial(_torch, family, reading.source))
        if before is None:
            continue
        partners = {name: _partners(name, family.version, companions) for name in COMPANIONS}
        both = {**before.companions, **{name: versions for name, versions in partners.items() if versions}}
        yield msgspec.structs.replace(before, python=family.python, companions=both)


def companion_rows(known: Iterable[Build], reading: Reading) -> Iterator[Build]:
    """A row for each torchvision and torchaudio wheel family with CUDA code; the others fit any torch."""
    by_id = {row.id: row for row in known if is_of_default(row.index)}
    for package in COMPANIONS:
        rows = [row for row in by_id.values() if row.package == package]
        versions = [Version(text) for row in rows if (text := stated(row.version))]
        for family in families(reading.source, pypi_name(package), min(versions, default=Version("0"))):
            before = by_id.get(family.row_id(package))
            if family.platform == "win-64" or (before is not None and not reading.again):
                continue
            if before is None and not reading.again and Version(family.version) < max(versions, default=Version("0")):
                continue  # read before, and found without CUDA
            row = reading.row(family.file, partial(_companion, package, family, reading.source))
            if row is not None and row.cuda != NONE:
                yield row


def _torch(family: Family, source: WheelSource) -> Build:
    file = family.file
    build, cuda = _version_file(source, file, "torch/version.py")
    requires = [one for one in requirements(source, file) if applies_to(one, family)]
    sm, ptx = _architectures(source, file) if cuda else (NOT_KNOWN, NOT_KNOWN)
    bundles = not any(one.name.startswith(("nvidia-", "cuda-toolkit")) for one in requires)
    parts = "version.py, METADATA" + (", arch list of libtorch_python.so" if cuda else "")
    return Build(
        id=family.row_id("torch"),
        source=f"wheel {file.filename} ({parts})",
        derived=True,
        package="torch",
        version=family.version,
        reports=build,
        platform=family.platform,
        python=family.python,
        cuda=cuda or NONE,
        cudnn=_pinned("nvidia-cudnn", requires) if cuda else NONE,
        nccl=_pinned("nvidia-nccl", requires) if cuda else NOT_KNOWN,
        bundles=bundles if cuda else NOT_KNOWN,
        same_minor=True if cuda and not bundles else NOT_KNOWN,
        sm=sm,
        ptx=ptx,
    )


def _companion(package: str, family: Family, source: WheelSource) -> Build:
    file = family.file
    build, _ = _version_file(source, file, f"{package}/version.py")
    local = re.fullmatch(r"cu(\d+)(\d)", build.partition("+")[2])
    torch = [one for one in requirements(source, file) if one.name == "torch" and applies_to(one, family)]
    return Build(
        id=family.row_id(package),
        source=f"wheel {file.filename} (version.py, METADATA)",
        derived=True,
        package=package,
        version=family.version,
        platform=family.platform,
        cuda=f"{local[1]}.{local[2]}" if local else NONE,
        needs={"torch": str(torch[0].specifier)} if torch and torch[0].specifier else {},
    )


def _version_file(source: WheelSource, file: IndexFile, member: str) -> tuple[str, str | None]:
    """Version with its local part, and CUDA where the file names one."""
    text = member_text(source, file, member)
    version, cuda = _VERSION.search(text), _CUDA.search(text)
    if version is None:
        raise ReleaseRefused(f"{member} of {file.filename} holds no __version__")
    return version["version"], cuda["cuda"] if cuda else None


def _pinned(prefix: str, requires: Sequence[Requirement]) -> str | NotKnown:
    for requirement in requires:
        pins = [spec.version for spec in requirement.specifier if spec.operator == "=="]
        if requirement.name.startswith(prefix) and pins:
            return pins[0]
    return NOT_KNOWN


def _architectures(
    source: WheelSource, file: IndexFile
) -> tuple[tuple[str, ...] | NotKnown, tuple[str, ...] | NotKnown]:
    """Native and PTX compute capabilities, as torch.cuda.get_arch_list() tells them."""
    if _ARCHITECTURES not in source.members(file):
        return NOT_KNOWN, NOT_KNOWN
    lists = _FLAGS.findall(member_bytes(source, file, _ARCHITECTURES))
    if not lists:
        return NOT_KNOWN, NOT_KNOWN
    flags = re.split("[ ;]", max(lists, key=len).decode("ascii"))
    native = tuple(capability(flag) for flag in flags if flag.startswith("sm_"))
    return native, tuple(capability(flag) for flag in flags if flag.startswith("compute_"))


def _partners(package: str, torch: str, companions: Sequence[Build]) -> tuple[str, ...]:
    """The companions that are made for exactly this torch."""
    versions = {
        Version(text)
        for row in companions
        if row.package == package and is_of_default(row.index) and row.needs.get("torch") == f"=={torch}"
        if (text := stated(row.version))
    }
    return tuple(str(version) for version in sorted(versions))
