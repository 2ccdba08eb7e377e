"""What the readers of TOML locks share: parsing, and errors that name a line and a key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from solver.core.errors import BadInput

Table = Mapping[str, Any]


def parse_toml(text: str, file: str) -> Table:
    """``text`` as TOML; raises ``BadInput`` with the line of what is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(at[1]) if at and at[1] else None
        problem = str(error)[: at.start()] if at else str(error)
        raise BadInput(f"expected TOML, but {problem}", file=file, line=line) from None


class Tables:
    """The tables of one array, such as ``[[package]]``, each with its place."""

    def __init__(self, data: Table, text: str, file: str, array: str) -> None:
        self.data, self.text, self.file, self.array = data, text, file, array
        self.tables: list[Any] = data.get(array, [])
        if not isinstance(self.tables, list):
            raise BadInput("expected an array of tables", file=file, key=array)

    def __iter__(self) -> Iterator[tuple[int, Table]]:
        for number, table in enumerate(self.tables):
            if not isinstance(table, Mapping):
                raise self.error(number, "", "expected a table")
            yield number, table

    def text_of(self, number: int, key: str) -> str:
        """A string that has to be there."""
        value = self.tables[number].get(key)
        if not isinstance(value, str):
            instead = "nothing" if value is None else repr(value)
            raise self.error(number, key, f"expected a string, found {instead}")
        return value

    def list_of(self, number: int, key: str) -> list[Table]:
        """The tables of a list that may be missing."""
        value = self.tables[number].get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self.error(number, key, "expected a list of tables")
        return value

    def line(self, number: int) -> int | None:
        """1-based line of the header of a table."""
        return self._lines[number] if number < len(self._lines) else None

    @cached_property
    def _lines(self) -> list[int]:
        """The lines of all headers, counted once: a lock of a few MB has thousands."""
        header = re.compile(rf"\s*\[\[\s*{re.escape(self.array)}\s*\]\]")
        return [number for number, line in enumerate(self.text.split("\n"), start=1) if header.match(line)]

    def error(self, number: int, key: str, problem: str) -> BadInput:
        """A ``BadInput`` at one key of one table."""
        place = f"{self.array}[{number}]"
        return BadInput(
            problem,
            file=self.file,
            line=self.line(number),
            key=f"{place}.{key}" if key else place,
            fix="write the lock anew with the tool that made it",
        )


def sha256_of(text: object) -> str | None:
    """The hex digits of ``sha256:…``; None for another algorithm."""
    return text.removeprefix("sha256:").lower() if isinstance(text, str) and text.startswith("sha256:") else None
