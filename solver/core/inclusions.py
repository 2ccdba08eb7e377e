"""Files that a list of requirements includes (``-r``, ``-c``): which they are, and how many may be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from solver.core import names, reading
from solver.core.errors import BadInput
from solver.core.lines import Line

_OPTION = re.compile(r"(-[a-z]|--[a-z\-]+)[=\s]*(.*)")
_DEEPEST, _MOST = 20, 1000
"""Files that may include one another; files that may be included in all."""


def split_option(text: str) -> tuple[str, str]:
    """The option that a line begins with, and what follows; an empty one where it begins with none."""
    if not text.startswith("-"):
        return "", ""
    match = _OPTION.match(text)
    return (match[1], match[2]) if match else (text, "")


def included(text: str) -> str | None:
    """The file whose lines a line takes in, as it names it; None where it takes in none."""
    option, value = split_option(text.strip())
    return file_named(value) if option in ("-r", "--requirement") else None


def file_named(value: str) -> str | None:
    """The file that an option names, without the quotes of a name with blanks; None where it names none."""
    try:
        # As pip does it (req_file.py); without quotes a backslash stays what it is on Windows.
        words = shlex.split(value) if value.strip()[:1] in ("'", '"') else [value.strip()]
    except ValueError:
        words = [value.strip()]
    return words[0] or None if words else None


@dataclass
class Inclusions:
    """The files that one list includes, and those that they do."""

    count: int = 0

    def read(self, folder: Path, name: str, line: Line, file: str, within: Sequence[Path]) -> tuple[Path, str]:
        """Where the file lies that a ``line`` of ``file`` in ``folder`` includes, and what stands in it.

        ``within``: the files that include one another down to there. Raises ``BadInput`` where it cannot be read,
        includes itself, or is one too many.
        """
        path, text = _text_of(folder, name, file, line)
        if path in within:
            raise BadInput(f"{name} includes itself", file=file, line=line.number, fix="remove this line")
        self.count += 1
        # One that includes another twice, which includes a third twice, and so on, grows without end.
        if len(within) >= _DEEPEST or self.count > _MOST:
            problem = f"includes more than {_DEEPEST} files in one another, or more than {_MOST} in all"
            raise BadInput(problem, file=file, line=line.number, fix="write fewer files")
        return path, text


def _text_of(folder: Path, name: str, file: str, line: Line) -> tuple[Path, str]:
    fix = "put that file there, or remove this line"
    try:
        path = folder / name
        return path.resolve(), reading.read_text(path)
    except (BadInput, OSError, ValueError, RuntimeError):  # resolving follows links, perhaps in a circle
        raise BadInput(f"{names.shown(name)} cannot be read", file=file, line=line.number, fix=fix) from None
