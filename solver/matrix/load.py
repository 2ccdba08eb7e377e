"""Reads the matrices: one YAML file a kind of row, refused at the door where it is not exact.

A user's own ``matrices/`` folder is laid over the built-in one: its rows come
in addition, or replace built-in rows that have the same id.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, TypeVar, cast

import msgspec

from solver.core import reading
from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.errors import BadInput
from solver.core.model import pypi_name
from solver.core.versions import meets, minor
from solver.matrix import rows as kinds
from solver.matrix.row_files import Entry, entries_of
from solver.matrix.rows import Row
from solver.matrix.write import written_fields

FILES: Mapping[str, tuple[str, type[Row]]] = {
    "tensorflow": ("builds", kinds.Build),
    "torch": ("builds", kinds.Build),
    "jax": ("builds", kinds.Build),
    "packages": ("builds", kinds.Build),
    "companions": ("builds", kinds.Build),
    "builds": ("builds", kinds.Build),
    "cuda": ("toolkits", kinds.CudaToolkit),
    "ptx": ("ptx", kinds.PtxVersion),
    "cuda-families": ("families", kinds.CudaFamily),
    "cuda-libraries": ("libraries", kinds.Library),
    "cudnn": ("cudnn", kinds.Cudnn),
    "drivers": ("drivers", kinds.DriverBranch),
    "gpus": ("gpus", kinds.GpuModels),
    "rules": ("rules", kinds.Rule),
    "custom-ops": ("custom_ops", kinds.CustomOps),
    "clobbers": ("clobbers", kinds.Clobber),
    "names": ("names", kinds.PackageName),
    "imports": ("imports", kinds.ImportName),
    "conda-builds": ("conda_builds", kinds.CondaBuild),
    "conda-traps": ("conda_traps", kinds.CondaTrap),
    "interop": ("interop", kinds.InteropPackages),
    "observations": ("observations", kinds.Observation),
    "images": ("images", kinds.BaseImage),
    "systems": ("systems", kinds.SystemPython),
    "verified": ("verified", kinds.Verified),
}
"""File stem -> the attribute of ``Matrices`` and the kind of its rows; several files may hold one kind."""
ATTRIBUTES: Mapping[str, type[Row]] = dict(FILES.values())
"""Attribute of ``Matrices`` -> the kind of its rows."""


_Packaged = TypeVar("_Packaged", kinds.Build, kinds.CondaBuild)


@dataclass(frozen=True)
class Matrices:
    """All rows, in the order of their files; built once and then only read."""

    builds: tuple[kinds.Build, ...] = ()
    toolkits: tuple[kinds.CudaToolkit, ...] = ()
    ptx: tuple[kinds.PtxVersion, ...] = ()
    families: tuple[kinds.CudaFamily, ...] = ()
    libraries: tuple[kinds.Library, ...] = ()
    cudnn: tuple[kinds.Cudnn, ...] = ()
    drivers: tuple[kinds.DriverBranch, ...] = ()
    gpus: tuple[kinds.GpuModels, ...] = ()
    rules: tuple[kinds.Rule, ...] = ()
    custom_ops: tuple[kinds.CustomOps, ...] = ()
    clobbers: tuple[kinds.Clobber, ...] = ()
    names: tuple[kinds.PackageName, ...] = ()
    imports: tuple[kinds.ImportName, ...] = ()
    conda_builds: tuple[kinds.CondaBuild, ...] = ()
    conda_traps: tuple[kinds.CondaTrap, ...] = ()
    interop: tuple[kinds.InteropPackages, ...] = ()
    observations: tuple[kinds.Observation, ...] = ()
    images: tuple[kinds.BaseImage, ...] = ()
    systems: tuple[kinds.SystemPython, ...] = ()
    verified: tuple[kinds.Verified, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Every row of every matrix."""
        for attribute in ATTRIBUTES:
            yield from cast("tuple[Row, ...]", getattr(self, attribute))

    def row(self, row_id: str) -> Row:
        """The row of that id; ``KeyError`` where there is none."""
        return self._by_id[row_id]

    def has(self, row_id: str) -> bool:
        """Whether there is a row of that id."""
        return row_id in self._by_id

    def digest(self, row_id: str) -> str:
        """sha256 (hex) of the row's canonical JSON; ``KeyError`` where there is none.

        Fields that hold their default are left out, so that a new optional
        field makes no lock stale.
        """
        return row_digest(self.row(row_id))

    def toolkit(self, cuda: str) -> kinds.CudaToolkit | NotKnown:
        """The toolkit of a CUDA version, which no row may tell of; "12.5.1" is served by the row of 12.5."""
        return self._toolkits.get(minor(cuda), NOT_KNOWN)

    def family(self, major: int) -> kinds.CudaFamily | NotKnown:
        """The row of a CUDA major, which no row may tell of."""
        return next((row for row in self.families if row.major == major), NOT_KNOWN)

    def builds_of(self, package: str) -> tuple[kinds.Build, ...]:
        """Every build of one distribution, on any platform and index; empty where no row speaks of it."""
        return self._builds.get(package, ())

    def conda_builds_of(self, package: str) -> tuple[kinds.CondaBuild, ...]:
        """Every build of one conda package, on any platform; empty where no row speaks of it."""
        return self._conda_builds.get(package, ())

    def build(self, package: str, version: str, platform: str) -> kinds.Build | NotKnown:
        """The build of a wheel; ``version`` as its index names it, local part included.

        A row of exactly this version goes before one of a range. NOT_KNOWN where no row tells of it.
        """
        exact = self._exact.get((package, version, platform))
        fitting = (row for row in self.builds_of(package) if row.platform == platform and _holds(row, version))
        return exact or next(fitting, NOT_KNOWN)

    def library(self, name: str, cuda_major: int, version: str | None = None) -> kinds.Library | NotKnown:
        """Who brings a CUDA library; with ``version`` of the distribution, the row that holds for it.

        Without one, the last row of the file, which is the newest layout. NOT_KNOWN where no row tells of it.
        """
        rows = self._libraries.get((name, cuda_major), ())
        if version is not None:
            rows = tuple(row for row in rows if meets(version, row.versions))
        return rows[-1] if rows else NOT_KNOWN

    def libraries_of(self, distribution: str) -> tuple[kinds.Library, ...]:
        """Every CUDA library that some release of a distribution (normalized) brings; empty where it has no row."""
        return self._libraries_of.get(distribution, ())

    @cached_property
    def _libraries_of(self) -> dict[str, tuple[kinds.Library, ...]]:
        by_name: dict[str, list[kinds.Library]] = defaultdict(list)
        for row in self.libraries:
            by_name[pypi_name(row.distribution)].append(row)
        return {name: tuple(rows) for name, rows in by_name.items()}

    @cached_property
    def _by_id(self) -> dict[str, Row]:
        return {row.id: row for row in self.rows()}

    @cached_property
    def _toolkits(self) -> dict[str, kinds.CudaToolkit]:
        return {row.cuda: row for row in self.toolkits}

    @cached_property
    def _builds(self) -> dict[str, tuple[kinds.Build, ...]]:
        return _by_package(self.builds)

    @cached_property
    def _conda_builds(self) -> dict[str, tuple[kinds.CondaBuild, ...]]:
        return _by_package(self.conda_builds)

    @cached_property
    def _exact(self) -> dict[tuple[str, str, str], kinds.Build]:
        return {(row.package, row.version, row.platform): row for row in self.builds if isinstance(row.version, str)}

    @cached_property
    def _libraries(self) -> dict[tuple[str, int], tuple[kinds.Library, ...]]:
        by_name: dict[tuple[str, int], tuple[kinds.Library, ...]] = {}
        for row in self.libraries:
            by_name[row.library, row.cuda] = (*by_name.get((row.library, row.cuda), ()), row)
        return by_name


def _by_package(rows: Iterable[_Packaged]) -> dict[str, tuple[_Packaged, ...]]:
    by_package: dict[str, list[_Packaged]] = defaultdict(list)
    for row in rows:
        by_package[row.package].append(row)
    return {package: tuple(rows) for package, rows in by_package.items()}


def _holds(row: kinds.Build, version: str) -> bool:
    return isinstance(row.versions, str) and meets(version, row.versions)


def row_digest(row: Row) -> str:
    """sha256 (hex) of a row's canonical JSON: sorted keys, no defaults, no spaces."""
    text = json.dumps(written_fields(row), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def matrices_dir() -> Path:
    """The folder of the built-in matrices: the checkout's, or the one inside the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "matrices"
    return checkout if (checkout / "tensorflow.yaml").is_file() else package / "_matrices"


def load_matrices(overlay: Path | None = None) -> Matrices:
    """The built-in rows with those of ``overlay``, a folder laid out like ``matrices/``.

    Raises ``BadInput`` naming file, line, row and key where a file does not
    keep to the schema. An overlay that does not exist, or that is the built-in
    folder itself, adds nothing.
    """
    built_in = matrices_dir()
    own: _Contents = ()
    if overlay is not None and overlay.is_dir() and overlay.resolve() != built_in.resolve():
        own = _read_folder(overlay, str(overlay))
    return _matrices(_read_folder(built_in, "matrices"), own)


_Contents = tuple[tuple[str, bytes], ...]
"""The files of a folder: how each is shown, and what it holds."""


def _read_folder(folder: Path, shown: str) -> _Contents:
    files = {f"{shown}/{path.name}": path for path in sorted(folder.glob("*.yaml"))}
    return tuple((file, reading.read_bytes(path, file)) for file, path in files.items())


@functools.lru_cache(maxsize=8)
def _matrices(built_in: _Contents, own: _Contents) -> Matrices:
    entries = _entries(built_in)
    _lay_over(entries, _entries(own))
    parts: dict[str, Any] = {
        attribute: tuple(
            entry.row
            for stem in FILES
            if FILES[stem][0] == attribute
            for entry in entries.values()
            if entry.stem == stem
        )
        for attribute in ATTRIBUTES
    }
    parts["rules"] = spelled_out(parts["rules"])
    return Matrices(**parts)


def spelled_out(rules: Iterable[kinds.Rule]) -> tuple[kinds.Rule, ...]:
    """Every rule, and one like it for each further distribution that it names; names normalized."""
    return tuple(each for rule in rules for each in _spelled_out(rule))


def _spelled_out(rule: kinds.Rule) -> Iterator[kinds.Rule]:
    when = {str(pypi_name(name)): specifier for name, specifier in rule.when.items()}
    needs = {str(pypi_name(name)): specifier for name, specifier in rule.needs.items()}
    expects = tuple(str(pypi_name(name)) for name in rule.expects)
    first = msgspec.structs.replace(rule, when=when, needs=needs, expects=expects, also=())
    yield first
    for name in rule.also:
        (_, specifier), *others = when.items()
        like = {str(pypi_name(name)): specifier, **dict(others)}
        yield msgspec.structs.replace(first, id=f"{rule.id}@{name}", when=like)


def _lay_over(entries: dict[str, Entry], own: dict[str, Entry]) -> None:
    for row_id, entry in own.items():
        replaced = entries.get(row_id)
        if replaced is not None and replaced.stem != entry.stem:
            raise entry.error(
                f"expected an id of its own or of a row in {entry.stem}.yaml, found that of {replaced.file}"
            )
        entries[row_id] = entry


def _entries(contents: _Contents) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for file, content in contents:
        stem = PurePath(file).stem
        if stem not in FILES:
            raise BadInput(f"expected one of {', '.join(FILES)} as the name of a matrix", file=file)
        for entry in entries_of(content, file, FILES[stem][1]):
            twin = entries.get(entry.row.id)
            if twin is not None:
                raise entry.error(f"expected an id that no other row has, found that of {twin.file}")
            entries[entry.row.id] = entry
    return entries
