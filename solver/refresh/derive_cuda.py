"""Reads what CUDA toolkits shipped out of the metadata of the cuda-toolkit distribution."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.core.model import IndexFile, pypi_name
from solver.matrix.rows import CudaToolkit
from solver.refresh.families import Reading, WheelSource, requirements

_TOOLKIT = pypi_name("cuda-toolkit")
_READ_FROM = re.compile(r"wheel METADATA of cuda-toolkit [^;]*")
_FLOOR = re.compile(r"[=>]=(\d+(?:\.\d+)*)")
_CEILING = re.compile(r"<(\d+(?:\.\d+)*)")

Pins = Mapping[str, str]
"""Distribution -> specifier, of one cuda-toolkit release."""


def toolkit_rows(known: Iterable[CudaToolkit], reading: Reading) -> Iterator[CudaToolkit]:
    """A row for each toolkit line: its components; drivers and GPUs stay as the known row has them.

    The metadata is small, so that every release is read each time.
    """
    by_cuda = {row.cuda: row for row in known}
    lines: dict[str, list[tuple[Version, Pins]]] = defaultdict(list)
    for version, file in _releases(reading.source):
        pins = reading.row(file, partial(_pins, reading.source, file))
        if pins is not None:
            lines[f"{version.major}.{version.minor}"].append((version, pins))
    shipped = components({cuda: [pins for _, pins in releases] for cuda, releases in lines.items()})
    for cuda, releases in lines.items():
        first, last = releases[0][0], releases[-1][0]
        read = f"wheel METADATA of cuda-toolkit {first}" + (f" to {last}" if last != first else "")
        before = by_cuda.get(cuda) or CudaToolkit(id=f"cuda-{cuda}", source=read, derived=True, cuda=cuda)
        yield msgspec.structs.replace(before, source=_READ_FROM.sub(read, before.source), components=shipped[cuda])


def _pins(source: WheelSource, file: IndexFile) -> Pins:
    return {pypi_name(one.name): str(one.specifier) for one in requirements(source, file)}


def _releases(source: WheelSource) -> list[tuple[Version, IndexFile]]:
    files = {}
    for file in source.wheels(_TOOLKIT):
        try:
            version = parse_wheel_filename(file.filename)[1]
        except InvalidWheelFilename:
            continue
        if not version.is_prerelease:
            files[version] = file
    return sorted(files.items(), key=lambda item: item[0])


def components(lines: Mapping[str, Sequence[Pins]]) -> dict[str, dict[str, str]]:
    """CUDA major.minor -> distribution -> specifier of the versions that belong to that line.

    From the oldest version that the line shipped to what the next line of the same distribution begins with, without
    what other lines shipped in between: the numbers do not rise with the lines everywhere. Of the last line to the
    newest that it shipped, or on to the distribution's next major where a newer CUDA major has come: whatever
    appears of it since is a mend of that line.
    """
    shipped: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for cuda, releases in lines.items():
        for name in {name for pins in releases for name in pins}:
            shipped[name][cuda] = [pins[name] for pins in releases if name in pins]
    by_cuda: dict[str, dict[str, str]] = {cuda: {} for cuda in lines}
    closed = _closing(lines)
    for name, by_line in sorted(shipped.items()):
        ordered = sorted(by_line, key=Version)
        for cuda, following in zip(ordered, [*ordered[1:], None], strict=True):
            begins = None if following is None else _oldest(by_line[following])
            end = _end(by_line[cuda], begins, closed=following is None and cuda in closed)
            # A patch of an old line may appear after the next line began, with a number in the middle of that one's.
            foreign = {base for other in by_line if other != cuda for base in _bases(by_line[other])}
            by_cuda[cuda][name] = _span(by_line[cuda], end, foreign)
    return by_cuda


def _closing(lines: Iterable[str]) -> set[str]:
    """The last line of each CUDA major but the newest."""
    last: dict[int, Version] = {}
    for line in sorted(map(Version, lines)):
        last[line.major] = line
    return {str(line) for number, line in last.items() if number < max(last)}


def _end(specifiers: Sequence[str], begins: Version | None, *, closed: bool) -> str:
    if closed:
        return str(max(_bases(specifiers)).major + 1)
    return _beyond(specifiers) if begins is None or begins <= max(_bases(specifiers)) else str(begins)


def _span(specifiers: Sequence[str], end: str, foreign: Iterable[Version]) -> str:
    oldest, own = _oldest(specifiers), set(_bases(specifiers))
    between = sorted(base for base in foreign if oldest < base < Version(end) and base not in own)
    return ",".join((f">={oldest}", f"<{end}", *(f"!={base}.*" for base in between)))


def _bases(specifiers: Sequence[str]) -> list[Version]:
    """The versions pinned as "==12.8.4.1.*", and the floor of ">=12.8.93,<13"."""
    return [Version(text) for spec in specifiers for text in _FLOOR.findall(spec)]


def _oldest(specifiers: Sequence[str]) -> Version:
    return min(_bases(specifiers))


def _beyond(specifiers: Sequence[str]) -> str:
    ceilings = [Version(text) for spec in specifiers for text in _CEILING.findall(spec)]
    if ceilings:
        return str(max(ceilings))
    *head, last = max(_bases(specifiers)).release
    return ".".join(str(part) for part in (*head, last + 1))
