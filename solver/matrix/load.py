"""Reads the matrices: one YAML file a kind of row, refused at the door where it is not exact.

A user's own ``matrices/`` folder is laid over the built-in one: its rows come
in addition, or replace built-in rows that have the same id.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
import yaml

from solver.errors import BadInput
from solver.matrix import rows as kinds
from solver.matrix.rows import Row
from solver.matrix.write import held_fields
from solver.model import FORMAT_VERSION

FILES: Mapping[str, tuple[str, type[Row]]] = {
    "tensorflow": ("tensorflow", kinds.TensorflowBuild),
    "torch": ("torch", kinds.TorchBuild),
    "companions": ("companions", kinds.CompanionBuild),
    "cuda": ("toolkits", kinds.CudaToolkit),
    "cuda-families": ("families", kinds.CudaFamily),
    "cuda-libraries": ("libraries", kinds.Library),
    "cudnn": ("cudnn", kinds.Cudnn),
    "drivers": ("drivers", kinds.DriverBranch),
    "gpus": ("gpus", kinds.GpuModels),
    "rules": ("rules", kinds.Rule),
    "clobbers": ("clobbers", kinds.Clobber),
    "names": ("names", kinds.PackageName),
    "conda-builds": ("conda_builds", kinds.CondaBuild),
    "conda-traps": ("conda_traps", kinds.CondaTrap),
    "observations": ("observations", kinds.Observation),
    "verified": ("verified", kinds.Verified),
}
"""File stem -> the attribute of ``Matrices`` and the kind of its rows."""

_Row = TypeVar("_Row", bound=Row)


@dataclass(frozen=True)
class Matrices:
    """All rows, in the order of their files; built once and then only read."""

    tensorflow: tuple[kinds.TensorflowBuild, ...] = ()
    torch: tuple[kinds.TorchBuild, ...] = ()
    companions: tuple[kinds.CompanionBuild, ...] = ()
    toolkits: tuple[kinds.CudaToolkit, ...] = ()
    families: tuple[kinds.CudaFamily, ...] = ()
    libraries: tuple[kinds.Library, ...] = ()
    cudnn: tuple[kinds.Cudnn, ...] = ()
    drivers: tuple[kinds.DriverBranch, ...] = ()
    gpus: tuple[kinds.GpuModels, ...] = ()
    rules: tuple[kinds.Rule, ...] = ()
    clobbers: tuple[kinds.Clobber, ...] = ()
    names: tuple[kinds.PackageName, ...] = ()
    conda_builds: tuple[kinds.CondaBuild, ...] = ()
    conda_traps: tuple[kinds.CondaTrap, ...] = ()
    observations: tuple[kinds.Observation, ...] = ()
    verified: tuple[kinds.Verified, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Every row of every matrix."""
        for attribute, _ in FILES.values():
            yield from cast("tuple[Row, ...]", getattr(self, attribute))

    def row(self, row_id: str) -> Row:
        """The row of that id; ``KeyError`` where there is none."""
        return self._by_id[row_id]

    def digest(self, row_id: str) -> str:
        """sha256 (hex) of the row's canonical JSON; ``KeyError`` where there is none.

        Fields that hold their default are left out, so that a new optional
        field makes no lock stale.
        """
        return row_digest(self.row(row_id))

    def toolkit(self, cuda: str) -> kinds.CudaToolkit | None:
        """The toolkit of a CUDA version; "12.5.1" is served by the row of 12.5."""
        return self._toolkits.get(".".join(cuda.split(".")[:2]))

    def family(self, major: int) -> kinds.CudaFamily | None:
        """The row of a CUDA major."""
        return next((row for row in self.families if row.major == major), None)

    def torch_build(self, version: str, platform: str) -> kinds.TorchBuild | None:
        """The build of ``version`` as its index names it, local part included."""
        return self._torch.get((version, platform))

    def tensorflow_build(
        self, version: str, platform: str, distribution: str = "tensorflow"
    ) -> kinds.TensorflowBuild | None:
        """The build of one TensorFlow distribution for one platform."""
        return self._tensorflow.get((version, platform, distribution))

    def companion(self, package: str, version: str, platform: str = "linux-64") -> kinds.CompanionBuild | None:
        """The torchvision or torchaudio build of ``version`` as its index names it."""
        return self._companions.get((package, version, platform))

    def library(self, name: str, cuda_major: int, version: str | None = None) -> kinds.Library | None:
        """Who brings a CUDA library; with ``version`` of the distribution, the row that holds for it.

        Without one, the last row of the file, which is the newest layout.
        """
        found = self._libraries.get((name, cuda_major), ())
        if version is not None:
            from packaging.specifiers import SpecifierSet

            found = tuple(row for row in found if SpecifierSet(row.versions).contains(version))
        return found[-1] if found else None

    @cached_property
    def _by_id(self) -> dict[str, Row]:
        return {row.id: row for row in self.rows()}

    @cached_property
    def _toolkits(self) -> dict[str, kinds.CudaToolkit]:
        return {row.cuda: row for row in self.toolkits}

    @cached_property
    def _torch(self) -> dict[tuple[str, str], kinds.TorchBuild]:
        return {(row.torch, row.platform): row for row in self.torch}

    @cached_property
    def _tensorflow(self) -> dict[tuple[str, str, str], kinds.TensorflowBuild]:
        return {(row.tensorflow, row.platform, row.distribution): row for row in self.tensorflow}

    @cached_property
    def _companions(self) -> dict[tuple[str, str, str], kinds.CompanionBuild]:
        return {(row.package, row.version, row.platform): row for row in self.companions}

    @cached_property
    def _libraries(self) -> dict[tuple[str, int], tuple[kinds.Library, ...]]:
        found: dict[tuple[str, int], tuple[kinds.Library, ...]] = {}
        for row in self.libraries:
            found[row.library, row.cuda] = (*found.get((row.library, row.cuda), ()), row)
        return found


def row_digest(row: Row) -> str:
    """sha256 (hex) of a row's canonical JSON: sorted keys, no defaults, no spaces."""
    text = json.dumps(held_fields(row), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def matrices_dir() -> Path:
    """The folder of the built-in matrices: the checkout's, or the one inside the package."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "matrices"
    return checkout if (checkout / "tensorflow.yaml").is_file() else package / "_matrices"


def load_matrices(overlay: Path | None = None) -> Matrices:
    """The built-in rows with those of ``overlay``, a folder laid out like ``matrices/``.

    Raises ``BadInput`` naming file, line, row and field where a file does not
    keep to the schema. An overlay that does not exist, or that is the built-in
    folder itself, adds nothing.
    """
    built_in = matrices_dir()
    held = _read_folder(built_in, shown="matrices")
    if overlay is not None and overlay.is_dir() and overlay.resolve() != built_in.resolve():
        _lay_over(held, _read_folder(overlay, shown=str(overlay)))
    parts: dict[str, Any] = {
        attribute: tuple(entry.row for entry in held.values() if entry.stem == stem)
        for stem, (attribute, _) in FILES.items()
    }
    return Matrices(**parts)


@dataclass(frozen=True)
class _Entry:
    """A row and where it stands."""

    row: Row
    stem: str
    file: str
    path: Path
    number: int


def _lay_over(held: dict[str, _Entry], own: dict[str, _Entry]) -> None:
    for row_id, entry in own.items():
        replaced = held.get(row_id)
        if replaced is not None and replaced.stem != entry.stem:
            raise _error(
                entry.path,
                entry.file,
                entry.number,
                row_id,
                "id",
                f"expected an id of its own or one of this file, found that of a row in {replaced.file}",
            )
        held[row_id] = entry


def _read_folder(folder: Path, shown: str) -> dict[str, _Entry]:
    held: dict[str, _Entry] = {}
    for path in sorted(folder.glob("*.yaml")):
        file = f"{shown}/{path.name}"
        for entry in _read_file(path, file):
            twin = held.get(entry.row.id)
            if twin is not None:
                raise _error(
                    path,
                    file,
                    entry.number,
                    entry.row.id,
                    "id",
                    f"expected an id that no other row has, found that of a row in {twin.file}",
                )
            held[entry.row.id] = entry
    return held


def _read_file(path: Path, file: str) -> Iterable[_Entry]:
    if path.stem not in FILES:
        raise BadInput(f"expected one of {', '.join(FILES)} as the name of a matrix", file=file)
    kind = FILES[path.stem][1]
    raw_rows = _rows_of(_parse(path, file), file)
    return [
        _Entry(row=_decode(raw, kind, path, file, number), stem=path.stem, file=file, path=path, number=number)
        for number, raw in enumerate(raw_rows)
    ]


def _parse(path: Path, file: str) -> object:
    # The C reader is ten times as fast; it is absent where PyYAML was built without libyaml.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(path.read_bytes(), Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise BadInput(
            f"expected YAML, but {problem}", file=file, line=None if mark is None else mark.line + 1
        ) from error


def _rows_of(data: object, file: str) -> list[object]:
    if not isinstance(data, dict):
        raise BadInput("expected a mapping with the keys version and rows", file=file)
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise BadInput(f"expected the number {FORMAT_VERSION}, found {version!r}", file=file, key="version")
    if version != FORMAT_VERSION:
        raise BadInput(
            f"expected format version {FORMAT_VERSION}, found {version}",
            file=file,
            key="version",
            fix="a newer interlock wrote it: install that one",
        )
    for key in data:
        if key not in ("version", "rows"):
            raise BadInput("expected only version and rows", file=file, key=str(key))
    found = data.get("rows")
    if not isinstance(found, list):
        raise BadInput("expected a list of rows", file=file, key="rows")
    return cast("list[object]", found)


_AT = re.compile(r" - at `\$(?:\.)?(?P<path>[^`]*)`$")
_FIELD = re.compile(r"field `(?P<field>[^`]+)`")


def _decode(raw: object, kind: type[_Row], path: Path, file: str, number: int) -> _Row:
    row_id = str(raw.get("id", f"number {number + 1}")) if isinstance(raw, dict) else f"number {number + 1}"
    bare = _url_without_hash(raw)
    if bare is not None:
        raise _error(path, file, number, row_id, bare, "expected a sha256 beside a url")
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        key, problem = _told(str(error))
        raise _error(path, file, number, row_id, key, problem) from error


def _told(message: str) -> tuple[str, str]:
    """The field path and the sentence of one of msgspec's messages."""
    at = _AT.search(message)
    key = at["path"] if at else ""
    text = message[: at.start()] if at else message
    field = _FIELD.search(text)
    if field:
        key = f"{key}.{field['field']}" if key else field["field"]
        problem = "expected this field" if "missing" in text else "expected no field of this name"
    else:
        problem = (text[:1].lower() + text[1:]).replace("`", "")
    if problem.startswith("expected str, got"):
        problem += " (put it in quotes)"
    return key.replace("[...]", ""), problem


def _url_without_hash(raw: object, key: str = "") -> str | None:
    """The key path of the first mapping that has a url and no sha256; None where there is none."""
    if isinstance(raw, dict):
        if "url" in raw and not raw.get("sha256"):
            return f"{key}.url".lstrip(".")
        inner = ((f"{key}.{name}".lstrip("."), value) for name, value in raw.items())
    elif isinstance(raw, list):
        inner = ((f"{key}[{number}]", value) for number, value in enumerate(raw))
    else:
        return None
    for name, value in inner:
        if isinstance(value, (dict, list)):
            found = _url_without_hash(value, name)
            if found is not None:
                return found
    return None


def _error(path: Path, file: str, number: int, row_id: str, key: str, problem: str) -> BadInput:
    where = f"row {row_id}, {key}" if key else f"row {row_id}"
    return BadInput(problem, file=file, line=_line(path, number, key), key=where)


def _line(path: Path, number: int, key: str) -> int | None:
    """1-based line of a field of a row, or of the row; read again, since only errors need it."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    rows = next((value for name, value in root.value if name.value == "rows"), None)
    if not isinstance(rows, yaml.SequenceNode) or number >= len(rows.value):
        return None
    row = rows.value[number]
    field = re.split(r"[.\[]", key)[0]
    if isinstance(row, yaml.MappingNode):
        for name, _ in row.value:
            if name.value == field:
                return int(name.start_mark.line) + 1
    return int(row.start_mark.line) + 1
