"""Reads one matrix file; whatever is not exact is refused with file, line, row and field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec
import yaml

from solver.core.errors import BadInput
from solver.core.model import FORMAT_VERSION
from solver.matrix.rows import Row

_STR = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class Entry:
    """A row and where it stands."""

    row: Row
    stem: str
    """Of the file, which tells the kind of row."""
    file: str
    """The file as it is shown in messages."""
    node: yaml.Node

    def error(self, key: str, problem: str) -> BadInput:
        """A ``BadInput`` about one field of this row."""
        return _row_error(self.file, self.node, self.row.id, key, problem)


def read_entries(path: Path, file: str, kind: type[Row]) -> list[Entry]:
    """Every row of one file, shown as ``file`` in messages; raises ``BadInput``."""
    # Composing and reading the nodes here takes two thirds of the time of yaml.load, and keeps the
    # lines. The C reader is absent where PyYAML was built without libyaml.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(path.read_bytes())
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise BadInput("expected a mapping with the keys version and rows", file=file)
        return [
            Entry(row=_row(_data(node, loader, file), kind, file, node, number), stem=path.stem, file=file, node=node)
            for number, node in enumerate(_row_nodes(root, loader, file), start=1)
        ]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise BadInput(
            f"expected YAML, but {problem}", file=file, line=None if mark is None else mark.line + 1
        ) from error
    finally:
        loader.dispose()


def _row_nodes(root: yaml.MappingNode, loader: yaml.SafeLoader, file: str) -> list[yaml.Node]:
    parts = {str(name.value): value for name, value in root.value}
    version = _data(parts["version"], loader, file) if "version" in parts else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise BadInput(f"expected the number {FORMAT_VERSION}, found {version!r}", file=file, key="version")
    if version != FORMAT_VERSION:
        raise BadInput(
            f"expected format version {FORMAT_VERSION}, found {version}",
            file=file,
            key="version",
            fix="a newer interlock wrote it: install that one" if version > FORMAT_VERSION else None,
        )
    for name in parts:
        if name not in ("version", "rows"):
            raise BadInput("expected only version and rows", file=file, key=name)
    rows = parts.get("rows")
    if not isinstance(rows, yaml.SequenceNode):
        raise BadInput("expected a list of rows", file=file, key="rows")
    return cast("list[yaml.Node]", rows.value)


def _data(node: yaml.Node, loader: yaml.SafeLoader, file: str) -> object:
    """The plain data of a node; keys are strings and stand once."""
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.tag == _STR else loader.construct_object(node)
    if isinstance(node, yaml.SequenceNode):
        return [_data(item, loader, file) for item in node.value]
    held = {str(name.value): _data(value, loader, file) for name, value in node.value}
    if len(held) != len(node.value):
        names = [str(name.value) for name, _ in node.value]
        twin = next(name for place, name in enumerate(names) if name in names[:place])
        raise BadInput(f"expected the key {twin} once", file=file, line=node.start_mark.line + 1)
    return held


_AT = re.compile(r" - at `(?:key in )?\$(?:\.)?(?P<path>[^`]*)`$")
_FIELD = re.compile(r"field `(?P<field>[^`]+)`")


def _row(raw: object, kind: type[Row], file: str, node: yaml.Node, number: int) -> Row:
    row_id = str(raw["id"]) if isinstance(raw, dict) and raw.get("id") else f"number {number}"
    bare = _url_without_hash(raw)
    if bare is not None:
        raise _row_error(file, node, row_id, bare, "expected a sha256 beside a url")
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        key, problem = _told(str(error))
        raise _row_error(file, node, row_id, key, problem) from error


def _told(message: str) -> tuple[str, str]:
    """The field path and the sentence of one of msgspec's messages."""
    at = _AT.search(message)
    key = at["path"].replace("[...]", "") if at else ""
    text = message[: at.start()] if at else message
    field = _FIELD.search(text)
    if field:
        key = f"{key}.{field['field']}" if key else field["field"]
        return key, "expected this field" if "missing" in text else "expected no field of this name"
    problem = (text[:1].lower() + text[1:]).replace("`", "")
    return key, problem + " (put it in quotes)" if problem.startswith("expected str, got") else problem


def _url_without_hash(raw: object, key: str = "") -> str | None:
    """The key path of the first mapping that has a url and no sha256; None where there is none."""
    if isinstance(raw, dict):
        if "url" in raw and not raw.get("sha256"):
            return f"{key}.url".lstrip(".")
        inner = [(f"{key}.{name}".lstrip("."), value) for name, value in raw.items()]
    elif isinstance(raw, list):
        inner = [(f"{key}[{number}]", value) for number, value in enumerate(raw)]
    else:
        return None
    found = (_url_without_hash(value, name) for name, value in inner if isinstance(value, (dict, list)))
    return next((place for place in found if place is not None), None)


def _row_error(file: str, node: yaml.Node, row_id: str, key: str, problem: str) -> BadInput:
    where = f"row {row_id}, {key}" if key else f"row {row_id}"
    return BadInput(problem, file=file, line=_line(node, key), key=where)


def _line(node: yaml.Node, key: str) -> int:
    """1-based line of a field of a row; of the row where it has no such field."""
    field = re.split(r"[.\[]", key)[0]
    if isinstance(node, yaml.MappingNode):
        for name, _ in node.value:
            if name.value == field:
                return int(name.start_mark.line) + 1
    return int(node.start_mark.line) + 1
