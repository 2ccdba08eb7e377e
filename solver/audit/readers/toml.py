"""What the readers of TOML locks share: parsing, and errors that name a line and a key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property

from solver.audit.readers.foreign import PlainDocument
from solver.core.errors import BadInput
from solver.core.yamlfile import Key

_HEADER = re.compile(r"\[\[\s*(?P<array>[A-Za-z0-9_\-]+)\s*\]\]")


@dataclass(frozen=True)
class TomlDocument(PlainDocument):
    """A parsed TOML lock, which knows the lines of the tables of its arrays, such as ``[[package]]``."""

    source: str = field(repr=False)

    def line(self, *path: Key) -> int | None:
        """1-based line of the header of the table that ``path`` leads to or through; None where it has none."""
        array, number = (*path, None, None)[:2]
        lines = self._headers.get(array, []) if isinstance(array, str) else []
        return lines[number] if isinstance(number, int) and number < len(lines) else None

    @cached_property
    def _headers(self) -> dict[str, list[int]]:
        """The lines of all headers, found once: a lock of a few MB has thousands."""
        lines: dict[str, list[int]] = {}
        for number, raw in enumerate(self.source.split("\n"), start=1):
            text = raw.strip()
            if text.startswith("[[") and (header := _HEADER.match(text)):
                lines.setdefault(header["array"], []).append(number)
        return lines


def parse_toml(text: str, file: str) -> TomlDocument:
    """``text`` as TOML; raises ``BadInput`` with the line of what is none."""
    try:
        return TomlDocument(file, tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column \d+\)| \(at end of document\)", str(error))
        line = int(at[1]) if at and at[1] else None
        problem = str(error)[: at.start()] if at else str(error)
        raise BadInput(f"expected TOML, but {problem}", file=file, line=line) from None
    except RecursionError:  # its lists and tables are read by calls within calls
        raise BadInput("expected TOML, but it is nested too deeply to be read", file=file) from None
    except ValueError as error:  # a number that Python does not read
        raise BadInput(f"expected TOML, but {str(error).partition(';')[0]}", file=file) from None


def sha256_of(text: str | None) -> str | None:
    """The hex digits of ``sha256:…``; None for another algorithm."""
    return text.removeprefix("sha256:").lower() if text is not None and text.startswith("sha256:") else None
