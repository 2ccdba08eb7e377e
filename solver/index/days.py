"""On which day each part of the recorded facts was read: ``matrices/snapshot/days.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.decode import decode
from solver.core.model import Value
from solver.core.whole import put_whole
from solver.core.yamlfile import YamlDocument, load_yaml

FILE = "days.yaml"
ROWS, INDEX = "rows", "package index"
"""The parts beside the conda channels, which go by their names."""
_HEADER = "# On which day the facts were read; `interlock refresh` writes it.\n"


class Days(Value, frozen=True, kw_only=True):
    """The file; a part that is not there was read on a day that nobody recorded."""

    version: Literal[1] = 1
    read: dict[str, str]
    """Part -> ISO day."""


def read_days(snapshot: Path) -> dict[str, date]:
    """The day of each part that the snapshot in ``snapshot`` tells of; raises ``BadInput``."""
    path = snapshot / FILE
    if not path.is_file():
        return {}
    document = load_yaml(path)
    return {part: _day(document, part, text) for part, text in decode(document, Days).read.items()}


def _day(document: YamlDocument, part: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise document.error(f"{text} is no day", "read", part, fix='write it like "2026-11-01"') from None


def write_days(snapshot: Path, read: Mapping[str, date]) -> None:
    """Note in the snapshot in ``snapshot`` that the parts ``read`` were read on these days; other parts stay."""
    days = {**read_days(snapshot), **read}
    lines = [f'  {part}: "{day.isoformat()}"\n' for part, day in sorted(days.items())]
    put_whole(snapshot / FILE, f"{_HEADER}version: 1\nread:\n{''.join(lines)}")


def age(day: date | NotKnown, today: date) -> str:
    """How old what was read on ``day`` is, in words."""
    if isinstance(day, NotKnown):
        return "of unknown age"
    days = (today - day).days
    if days < 0:
        return f"of {day.isoformat()}, a day that this machine's clock has not reached"
    return f"{days} {'day' if days == 1 else 'days'} old ({day.isoformat()})"


def facts_of(shipped: Mapping[str, date], own: Mapping[str, date]) -> dict[str, date | NotKnown]:
    """By part, the day on which a project's facts were read: its own go before those that come along."""
    known: dict[str, date | NotKnown] = {ROWS: NOT_KNOWN, INDEX: NOT_KNOWN}
    return {**known, **shipped, **own}
