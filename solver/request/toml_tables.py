"""The tables of a TOML file of another tool, of which nothing is certain before it is looked at."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from solver.core import reading
from solver.core.errors import BadInput
from solver.request.wishes import text_or_none

Table = Mapping[str, Any]


def read_toml(path: Path) -> dict[str, Any]:
    """The file; raises ``BadInput`` where it is no TOML."""
    try:
        return tomllib.loads(reading.read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"is not TOML: {error}", file=path) from None


def table(data: object, *keys: str) -> Table:
    """The table at a place; an empty one where none is."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def tables(value: object) -> Iterator[Table]:
    """Those in a list; none where there is no list."""
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))


def elsewhere(name: str, entry: Table) -> str | None:
    """As pip would be asked for what uv, pixi and poetry take from elsewhere than an index; None: from an index."""
    places = (str(entry[key]) for key in ("editable", "path", "directory") if text_or_none(entry.get(key)))
    if place := next(places, None):
        shown = place if place.startswith((".", "/")) else f"./{place}"
        return f"-e {shown}" if entry.get("editable") or entry.get("develop") else shown
    if entry.get("workspace") is True:
        return "-e ."
    if "git" in entry:
        address, _, query = str(entry["git"]).partition("?")
        revision = next((str(entry[key]) for key in ("rev", "tag", "branch") if key in entry), query.partition("=")[2])
        return f"{name} @ git+{address}{f'@{revision}' if revision else ''}"
    return f"{name} @ {entry['url']}" if "url" in entry else None


def extras_of(entry: Table) -> str:
    """``[one,two]``, as a requirement has them; empty where there are none."""
    extras = entry.get("extras")
    return f"[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else ""
