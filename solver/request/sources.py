"""The files that a request is made of, by name; and how conda's and pip's are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from solver.core import reading
from solver.core.errors import BadInput
from solver.core.inclusions import Inclusions, included
from solver.core.lines import Line, logical_lines
from solver.core.yamlfile import load_yaml
from solver.request.pixi_source import wished_by_pixi
from solver.request.project_source import wished_by_project, wished_by_workspace
from solver.request.wishes import Source, SourceReader, Wish, text_or_none


def find_source(folder: Path) -> Path | None:
    """The file in ``folder`` to make a request of: the first of ``SOURCES`` that is there; None: none is."""
    return next((folder / name for name in SOURCES if (folder / name).is_file()), None)


def read_source(path: Path) -> Source:
    """What the file at ``path`` asks for; raises ``BadInput`` where it is none of those that can be read."""
    reader = SOURCES.get(path.name)
    if reader is None:
        suffixes: Mapping[str, SourceReader] = {".yml": _environment, ".yaml": _environment, ".txt": _requirements}
        reader = suffixes.get(path.suffix)
    if reader is None:
        raise BadInput("is none of the files that a request is made of", file=path, fix=f"name {', '.join(SOURCES)}")
    return reader(path)


def _environment(path: Path) -> Source:
    document = load_yaml(path)
    data = document.data
    if not isinstance(data, dict) or not isinstance(data.get("dependencies"), list):
        raise document.error("holds no list of dependencies", fix="write it as conda reads it")
    conda: list[Wish] = []
    pip: list[Wish] = []
    listed = _List(path.parent)
    told = [f"{key}: is not carried over" for key in data if key not in _CARRIED]
    for position, entry in enumerate(data["dependencies"]):
        where = f"{path.name}:{document.line('dependencies', position)}"
        # Each line of pip is told by its own place; what it includes lies beside the file, as pip would look for it.
        if isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            lines = (document.line("dependencies", position, "pip", at) for at in range(len(entry["pip"])))
            for text, at in zip(entry["pip"], lines, strict=True):
                pip += listed.or_included(Line(str(text), at or 1), path, (path.resolve(),))
        elif isinstance(entry, str):
            conda.append(Wish(entry, where))
        else:
            told.append(f"{where}: {entry} is not carried over: it is no package")
    return Source(
        file=path.name,
        name=text_or_none(data.get("name")),
        channels=tuple(map(str, data.get("channels") or ())),
        conda=tuple(conda),
        pip=tuple(pip),
        variables={str(key): str(value) for key, value in (data.get("variables") or {}).items()},
        told=tuple(told),
    )


_CARRIED = ("name", "channels", "dependencies", "variables", "prefix")
"""Keys of an environment.yml that are read; ``prefix`` is a place on one machine and means nothing elsewhere."""


def _requirements(path: Path) -> Source:
    return Source(file=path.name, pip=tuple(_List(path.parent).wishes(path)))


class _List:
    """The lines of a list, each file that it includes once; places are told as seen from ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._inclusions, self._read = folder, Inclusions(), set[Path]()

    def wishes(self, path: Path, within: tuple[Path, ...] = ()) -> Iterator[Wish]:
        """Of the list at ``path``, which the files ``within`` include."""
        return self._wishes(path, reading.read_text(path), (*within, path.resolve()))

    def _wishes(self, path: Path, text: str, within: tuple[Path, ...]) -> Iterator[Wish]:
        for line in logical_lines(text):
            yield from self.or_included(line, path, within)

    def or_included(self, line: Line, path: Path, within: tuple[Path, ...]) -> Iterator[Wish]:
        """What a line of ``path`` takes in; otherwise, or where no such file lies here or below, the line itself."""
        file = str(path.relative_to(self._folder))
        name = included(line.text)
        other = None if name is None else path.parent / name
        if name is None or other is None or not self._lies_here(other):
            yield Wish(line.text, f"{file}:{line.number}")
            return
        resolved, text = self._inclusions.read(path.parent, name, line, file, within)
        if resolved not in self._read:
            self._read.add(resolved)
            below = self._folder / resolved.relative_to(self._folder.resolve())
            yield from self._wishes(below, text, (*within, resolved))

    def _lies_here(self, path: Path) -> bool:
        return path.is_file() and path.resolve().is_relative_to(self._folder.resolve())


SOURCES: Mapping[str, SourceReader] = {
    "environment.yml": _environment,
    "environment.yaml": _environment,
    "pixi.toml": wished_by_pixi,
    "pyproject.toml": wished_by_project,
    "uv.lock": wished_by_workspace,
    "requirements.txt": _requirements,
}
"""By name, in the order in which they are looked for: what holds a conda half first, then what says most."""
