"""Reads the RECORD of a wheel on an index by range requests: a few hundred kilobytes instead of gigabytes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from solver.audit.context import RecordReader
from solver.audit.prefix_files import hex_digest
from solver.core.answer import NotKnown
from solver.core.errors import IndexUnavailable
from solver.core.model import IndexFile
from solver.index import ranges
from solver.index.file_cache import FileCache
from solver.index.web import Web

RECORD = "*.dist-info/RECORD"
MOST_CACHED = 2 * ranges.LIMIT
"""Bytes of what is kept of one RECORD, whose hashes are longer in hex than in base64."""


def record_reader(
    source: Callable[[IndexFile], str],
    cache: Path,
    read_member: Callable[[str, str], bytes] | None = None,
    session: Web | None = None,
    index_of: Callable[[IndexFile], str] = lambda file: "",
) -> RecordReader:
    """A reader of RECORDs that asks each wheel once and keeps what it read under ``cache`` by sha256 and name.

    ``source`` gives a file's URL; ``read_member(url, member)`` reads one
    member of a remote wheel (default: by HTTP range requests of ``session``). ``index_of`` tells
    the index that a file is asked of, since what one of them told is believed of no other. The reader
    raises ``IndexUnavailable`` where the index does not answer, or with what is no RECORD.
    """

    def read(file: IndexFile) -> Mapping[str, str]:
        kept = FileCache(cache, "records", index_of(file), MOST_CACHED)
        cached = None if isinstance(file.sha256, NotKnown) else _decoded(kept.get(file))
        if cached is not None:
            return cached
        url = source(file)
        content = read_member(url, RECORD) if read_member else ranges.read_member(url, RECORD, session)
        record = parse_record(content.decode("utf-8", "replace"), file.filename)
        if not isinstance(file.sha256, NotKnown):
            kept.put(file, msgspec.json.encode(record, order="sorted"))
        return record

    return read


def _decoded(content: bytes) -> Mapping[str, str] | None:
    """What was kept; None where nothing readable was."""
    try:
        return msgspec.json.decode(content, type=dict[str, str])
    except msgspec.DecodeError:
        return None


def parse_record(text: str, filename: str) -> dict[str, str]:
    """path -> sha256 (hex) of each line that carries one; the .dist-info folder is each wheel's own.

    Raises ``IndexUnavailable`` where ``text``, out of the wheel ``filename``, is no RECORD.
    """
    try:
        rows = [row for row in csv.reader(text.splitlines()) if len(row) >= 2]
    except csv.Error as error:
        raise IndexUnavailable(f"the RECORD of {filename} cannot be read: {error}") from error
    return {row[0]: digest for row in rows if (digest := hex_digest(row[1])) and ".dist-info/" not in row[0]}
