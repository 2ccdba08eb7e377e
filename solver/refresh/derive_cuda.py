"""Reads what CUDA toolkits shipped out of the metadata of the cuda-toolkit distribution."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from solver.core.model import IndexFile, pypi_name
from solver.matrix.rows import CudaToolkit
from solver.refresh.families import WheelSource, requirements

_TOOLKIT = pypi_name("cuda-toolkit")
_READ_FROM = re.compile(r"wheel METADATA of cuda-toolkit [^;]*")
_FLOOR = re.compile(r"[=>]=(\d+(?:\.\d+)*)")
_CEILING = re.compile(r"<(\d+(?:\.\d+)*)")

Pins = Mapping[str, str]
"""Distribution -> specifier, of one cuda-toolkit release."""


def toolkit_rows(
    known: Iterable[CudaToolkit], source: WheelSource, tell: Callable[[str], None]
) -> Iterator[CudaToolkit]:
    """A row for each toolkit line: its components; drivers and GPUs stay as the known row has them.

    The metadata is small, so that every release is read each time.
    """
    by_cuda = {row.cuda: row for row in known}
    lines: dict[str, list[tuple[Version, Pins]]] = defaultdict(list)
    for version, file in _releases(source):
        tell(f"reading the metadata of {file.filename}")
        pins: Pins = {pypi_name(one.name): str(one.specifier) for one in requirements(source, file)}
        lines[f"{version.major}.{version.minor}"].append((version, pins))
    shipped = components({cuda: [pins for _, pins in releases] for cuda, releases in lines.items()})
    for cuda, releases in lines.items():
        first, last = releases[0][0], releases[-1][0]
        read = f"wheel METADATA of cuda-toolkit {first}" + (f" to {last}" if last != first else "")
        before = by_cuda.get(cuda) or CudaToolkit(id=f"cuda-{cuda}", source=read, derived=True, cuda=cuda)
        yield msgspec.structs.replace(before, source=_READ_FROM.sub(read, before.source), components=shipped[cuda])


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

    From the oldest version that the line shipped to what the next line of the
    same distribution begins with; of the last line to the newest that it shipped.
    """
    bounds: dict[str, dict[str, tuple[Version, str]]] = defaultdict(dict)
    for cuda, shipped in lines.items():
        for name in {name for pins in shipped for name in pins}:
            specifiers = [pins[name] for pins in shipped if name in pins]
            bounds[name][cuda] = (_oldest(specifiers), _beyond(specifiers))
    by_cuda: dict[str, dict[str, str]] = {cuda: {} for cuda in lines}
    for name, by_line in sorted(bounds.items()):
        ordered = sorted(by_line.items(), key=lambda item: Version(item[0]))
        for place, (cuda, (oldest, beyond)) in enumerate(ordered):
            following = ordered[place + 1][1][0] if place + 1 < len(ordered) else None
            end = beyond if following is None or following <= oldest else str(following)
            by_cuda[cuda][name] = f">={oldest},<{end}"
    return by_cuda


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
