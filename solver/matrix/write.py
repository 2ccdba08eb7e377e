"""Writes rows as a matrix file that a person can review: one key a line, short lists in one line."""

from __future__ import annotations

import functools
import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from solver.core.model import FORMAT_VERSION
from solver.core.whole import put_whole
from solver.matrix.rows import Row

WIDTH = 110
"""Longer texts are folded, longer lists take one line an item."""

# Plain where YAML 1.1 and 1.2 both read a string; everything else is quoted.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+\-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def written_fields(row: msgspec.Struct) -> dict[str, object]:
    """The fields of ``row`` that do not hold their default, as plain data in the order of the schema."""
    fields: dict[str, object] = {}
    for field in _fields(type(row)):
        value = getattr(row, field.name)
        has_default = field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT
        if has_default:
            factory = field.default_factory
            default = factory() if callable(factory) else field.default
            if value == default:
                continue
        fields[field.encode_name] = msgspec.to_builtins(value)
    return fields


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    # It evaluates every annotation anew, which for thousands of rows takes seconds.
    return msgspec.structs.fields(kind)


def matrix_text(rows: Iterable[Row], header: str = "") -> str:
    """The text of a matrix file; ``header`` is put above as comment lines."""
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    lines.append(f"version: {FORMAT_VERSION}")
    body = [line for row in rows for line in _row_lines(row)]
    lines.extend(["rows:", *body] if body else ["rows: []"])
    return "\n".join(lines) + "\n"


def write_matrix(path: Path, rows: Iterable[Row], header: str = "") -> None:
    """Write a matrix file whole or not at all."""
    put_whole(path, matrix_text(rows, header))


def header_of(text: str) -> str:
    """The comment lines that a matrix file begins with, without their signs."""
    comments = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comments.append(line[1:].removeprefix(" "))
    return "\n".join(comments)


def _row_lines(row: Row) -> Iterator[str]:
    sign = "- "
    for key, value in written_fields(row).items():
        for line in _entry(key, value, "  "):
            yield sign + line.removeprefix("  ") if sign == "- " else line
            sign = ""


def _entry(key: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield f"{indent}{key}:"
        for name, inner in value.items():
            yield f"{indent}  {_scalar(name)}: {_scalar(inner)}"
    elif isinstance(value, (list, tuple)):
        yield from _list(key, value, indent)
    elif isinstance(value, str) and len(indent + key) + len(value) + 2 > WIDTH and _can_fold(value):
        yield f"{indent}{key}: >-"
        yield from textwrap.wrap(
            value,
            WIDTH,
            initial_indent=f"{indent}  ",
            subsequent_indent=f"{indent}  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    else:
        yield f"{indent}{key}: {_scalar(value)}"


def _can_fold(text: str) -> bool:
    """Whether folding keeps the text: single plain spaces between words, and some to break at."""
    return " " in text and " ".join(text.split()) == text and text.isprintable()


def _list(key: str, value: list[object] | tuple[object, ...], indent: str) -> Iterator[str]:
    line = f"{indent}{key}: [{', '.join(_scalar(item) for item in value)}]"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{indent}{key}:"
    for item in value:
        yield f"{indent}- {_scalar(item)}"


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    if value == {}:
        return "{}"
    text = json.dumps(value, ensure_ascii=False)
    # YAML takes some of the signs that are not printable for line breaks, and refuses others.
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)
