"""Reads one matrix file; whatever is not exact is refused with file, line, row and key."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import msgspec

from solver.core import reading
from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.model import FORMAT_VERSION
from solver.core.yamlfile import YamlDocument, parse_yaml
from solver.matrix.compiled import CompiledFile, compiled, keep
from solver.matrix.rows import Row


@dataclass(frozen=True)
class Entry:
    """A row and where it stands."""

    row: Row
    stem: str
    """Of the file, which tells the kind of row."""
    file: str
    """The file as it is shown in messages."""
    line: int
    """Where its id stands."""

    def error(self, problem: str) -> BadInput:
        """A ``BadInput`` about the id of this row."""
        return _of_row(self.row.id, BadInput(problem, file=self.file, line=self.line, key="id"))


def read_entries(path: Path, file: str, kind: type[Row]) -> tuple[Entry, ...]:
    """Every row of one file, shown as ``file`` in messages; raises ``BadInput``."""
    return entries_of(reading.read_bytes(path, file), file, kind)


@functools.lru_cache(maxsize=128)
def entries_of(content: bytes, file: str, kind: type[Row]) -> tuple[Entry, ...]:
    """As ``read_entries``, of what a file holds; its name without the ending is the stem."""
    kept = compiled(content)
    if kept is not None:
        # Whatever does not fit any more is told by reading the file itself.
        with contextlib.suppress(msgspec.ValidationError):
            return _entries(msgspec.convert(kept.rows, list[kind], strict=True), kept.lines, file)  # type: ignore[valid-type]
    documents = tuple(_rows(parse_yaml(reading.decoded(content, file), file)))
    rows = [_row(document, kind, number) for number, document in enumerate(documents, start=1)]
    lines = [document.line("id") or 0 for document in documents]
    keep(content, CompiledFile([document.data for document in documents], lines))
    return _entries(rows, lines, file)


def _entries(rows: Iterable[Row], lines: Iterable[int], file: str) -> tuple[Entry, ...]:
    return tuple(Entry(row, PurePath(file).stem, file, line) for row, line in zip(rows, lines, strict=True))


def _rows(document: YamlDocument) -> Iterator[YamlDocument]:
    """Each row of a file of the format that is read here."""
    data = document.data
    if not isinstance(data, dict):
        raise document.error("expected a mapping with the keys version and rows")
    version = data.get("version")
    if not isinstance(version, int) or isinstance(version, bool):
        raise document.error(f"expected the number {FORMAT_VERSION}, found {version!r}", "version")
    if version != FORMAT_VERSION:
        fix = "a newer interlock wrote it: install that one" if version > FORMAT_VERSION else None
        raise document.error(f"expected format version {FORMAT_VERSION}, found {version}", "version", fix=fix)
    for name in data:
        if name not in ("version", "rows"):
            raise document.error("expected only version and rows", str(name))
    if not isinstance(data.get("rows"), list):
        raise document.error("expected a list of rows", "rows")
    return document.items("rows")


def _row(document: YamlDocument, kind: type[Row], number: int) -> Row:
    try:
        return decode(document, kind)
    except BadInput as error:
        row_id = document.data.get("id") if isinstance(document.data, dict) else None
        raise _of_row(row_id or f"number {number}", error) from None


def _of_row(row_id: object, error: BadInput) -> BadInput:
    """``error``, which tells of a key, with the row that the key is of."""
    place = f"row {row_id}, {error.key}" if error.key else f"row {row_id}"
    return BadInput(error.problem, file=error.file, line=error.line, key=place, fix=error.fix)
