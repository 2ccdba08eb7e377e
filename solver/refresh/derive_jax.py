"""Reads the plugins of JAX, which hold its code for GPUs, out of their wheels: METADATA, RUNPATH, symbols, kernels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import msgspec
from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import IndexFile, pypi_name
from solver.index import ReleaseRefused
from solver.matrix.builds import stated
from solver.matrix.rows import Build, PtxVersion
from solver.refresh.families import Family, Reading, WheelSource, families, requirements
from solver.refresh.gpu_code import capabilities, compiled_by
from solver.refresh.shared_libraries import SYMBOLS, Libraries, read_libraries, shared_libraries

_PLUGINS = FRAMEWORKS["jax"].plugins
_JAXLIB = "jaxlib"
_NVIDIA = "nvidia/"
_FLOOR = re.compile(r"[>=]=(\d+\.\d+)")


def jax_rows(known: Iterable[Build], ptx: Sequence[PtxVersion], reading: Reading) -> Iterator[Build]:
    """A row for each wheel family of the plugins from the oldest known version on."""
    by_id = {row.id: row for row in known}
    oldest = min((Version(text) for row in by_id.values() if (text := stated(row.version))), default=Version("0"))
    for extra, distribution in _PLUGINS.items():
        asking = _Asking(reading.source, extra, distribution)
        for family in families(reading.source, pypi_name(distribution), oldest):
            before = by_id.get(family.row_id(distribution))
            if before is not None and (not before.derived or not reading.again):
                yield msgspec.structs.replace(before, python=family.python)
                continue
            row = reading.row(family.file, partial(_row, distribution, family, reading.source, asking, ptx))
            if row is not None:
                yield row


class _Asking:
    """What the releases of one plugin ask of CUDA's distributions: by an extra of its own, before 0.4.30 by JAX's."""

    def __init__(self, source: WheelSource, extra: str, plugin: str) -> None:
        self.source, self.extra = source, extra
        self.files = {name: _by_version(source, name) for name in (plugin, *FRAMEWORKS["jax"].distributions)}

    def cudnn(self, version: str) -> tuple[str | NotKnown, str]:
        """major.minor of the oldest cuDNN that is admitted, and the package that says so."""
        for name, files in self.files.items():
            file = files.get(version)
            for one in requirements(self.source, file) if file is not None else ():
                floor = _FLOOR.search(str(one.specifier))
                if file is not None and floor and self._is_cudnn(one):
                    return floor[1], name
        return NOT_KNOWN, ""

    def _is_cudnn(self, requirement: Requirement) -> bool:
        major = self.extra.removeprefix("cuda")
        return requirement.name == f"nvidia-cudnn-cu{major}"


def _by_version(source: WheelSource, name: str) -> dict[str, IndexFile]:
    """The first wheel of each release by file name, whose metadata is that of all."""
    files: dict[str, IndexFile] = {}
    for file in sorted(source.wheels(pypi_name(name)), key=lambda file: file.filename):
        try:
            files.setdefault(str(parse_wheel_filename(file.filename)[1]), file)
        except InvalidWheelFilename:
            continue
    return files


def _row(distribution: str, family: Family, source: WheelSource, asking: _Asking, ptx: Sequence[PtxVersion]) -> Build:
    file = family.file
    members = shared_libraries(source.members(file))
    if not members:
        raise ReleaseRefused(f"{file.filename} holds no library")
    read = read_libraries(source, file, members)
    cudnn, wheel = asking.cudnn(family.version)
    return Build(
        id=family.row_id(distribution),
        source=f"wheel {file.filename} (RUNPATH, symbols, fat binaries); cuDNN: METADATA of {wheel}; {_SAME_VERSION}",
        derived=True,
        package=distribution,
        version=family.version,
        platform=family.platform,
        python=family.python,
        cuda=compiled_by(read.releases, read.isas, ptx),
        cudnn=cudnn,
        bundles=False,
        sm=capabilities(set(read.native)) or NOT_KNOWN,
        ptx=capabilities(set(read.ptx)),
        opens=_opens(read),
        runpath=tuple(sorted(one.removeprefix(_NVIDIA) for one in read.folders if one.startswith(_NVIDIA))),
        needs={_JAXLIB: f"=={family.version}"},
    )


_SAME_VERSION = "jaxlib/plugin_support.py (check_plugin_version)"


def _opens(read: Libraries) -> tuple[str, ...]:
    """The CUDA libraries, and nvcc: XLA compiles with its ptxas and libdevice."""
    return (*(name for name in SYMBOLS if name in read.stubs), "nvcc")
