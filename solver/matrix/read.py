"""Reads one matrix file; whatever is not exact is refused with file, line, row and key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.model import FORMAT_VERSION
from solver.core.yamlfile import YamlDocument, load_yaml
from solver.matrix.rows import Row


@dataclass(frozen=True)
class Entry:
    """A row and where it stands."""

    row: Row
    stem: str
    """Of the file, which tells the kind of row."""
    document: YamlDocument
    """The row as it is written."""

    @property
    def file(self) -> str:
        """The file as it is shown in messages."""
        return self.document.file

    def error(self, key: str, problem: str) -> BadInput:
        """A ``BadInput`` about one key of this row."""
        return _of_row(self.row.id, self.document.error(problem, key))


def read_entries(path: Path, file: str, kind: type[Row]) -> list[Entry]:
    """Every row of one file, shown as ``file`` in messages; raises ``BadInput``."""
    rows = _rows(load_yaml(path, file))
    return [Entry(_row(row, kind, number), path.stem, row) for number, row in enumerate(rows, start=1)]


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
