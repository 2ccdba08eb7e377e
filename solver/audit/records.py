"""Reads the RECORD of a wheel on an index by range requests: a few hundred kilobytes instead of gigabytes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from solver.audit.context import RecordReader
from solver.audit.prefix_files import hex_digest
from solver.core import names, reading
from solver.core.answer import NotKnown
from solver.core.errors import BadInput
from solver.core.model import IndexFile
from solver.core.whole import put_whole
from solver.index import ranges
from solver.index.web import Web

RECORD = "*.dist-info/RECORD"
MOST_CACHED = 2 * ranges.LIMIT
"""Bytes of what is kept of one RECORD, whose hashes are longer in hex than in base64."""


def record_reader(
    source: Callable[[IndexFile], str],
    cache: Path,
    read_member: Callable[[str, str], bytes] | None = None,
    session: Web | None = None,
) -> RecordReader:
    """A reader of RECORDs that asks each wheel once and keeps what it read under ``cache`` by sha256 and name.

    ``source`` gives a file's URL; ``read_member(url, member)`` reads one
    member of a remote wheel (default: by HTTP range requests of ``session``). The reader
    raises ``IndexUnavailable`` where the index does not answer.
    """

    def read(file: IndexFile) -> Mapping[str, str]:
        cached = (
            None
            if isinstance(file.sha256, NotKnown)
            else cache / names.sha256(file.sha256) / names.file_name(file.filename)
        )
        if cached is not None and cached.is_file():
            try:
                return msgspec.json.decode(reading.read_bytes(cached, largest=MOST_CACHED), type=dict[str, str])
            except (msgspec.DecodeError, BadInput):
                cached.unlink()  # Cut short by a crash of another program, or written by one; read it again.
        url = source(file)
        content = read_member(url, RECORD) if read_member else ranges.read_member(url, RECORD, session)
        record = parse_record(content.decode("utf-8", "replace"))
        if cached is not None:
            _write(cached, record)
        return record

    return read


def parse_record(text: str) -> dict[str, str]:
    """path -> sha256 (hex) of each line that carries one; the .dist-info folder is each wheel's own."""
    rows = (row for row in csv.reader(text.splitlines()) if len(row) >= 2)
    return {row[0]: digest for row in rows if (digest := hex_digest(row[1])) and ".dist-info/" not in row[0]}


def _write(path: Path, record: Mapping[str, str]) -> None:
    put_whole(path, json.dumps(record, sort_keys=True), durable=False)
