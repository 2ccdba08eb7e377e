"""What the files that other tools read ask for, as it stands in them: the matter of which a request is made."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from solver.core import reading
from solver.core.errors import BadInput
from solver.core.lines import logical_lines
from solver.core.yamlfile import load_yaml


@dataclass(frozen=True)
class Wish:
    """One line that asks for something."""

    text: str
    where: str
    """File and line, or file and key."""


@dataclass(frozen=True)
class Source:
    """What a file asks for."""

    file: str
    name: str | None = None
    """Of the environment; None: the file names none."""
    channels: tuple[str, ...] = ()
    conda: tuple[Wish, ...] = ()
    """MatchSpecs, python and pip among them."""
    pip: tuple[Wish, ...] = ()
    """Requirements and options as pip reads them."""
    python: str | None = None
    """Specifier; None: the file states none."""
    variables: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    """What is not read of the file, a line each."""


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
    left = [f"{key}: is not carried over" for key in data if key not in _CARRIED]
    for position, entry in enumerate(data["dependencies"]):
        where = f"{path.name}:{document.line('dependencies', position)}"
        if isinstance(entry, dict) and isinstance(entry.get("pip"), list):
            lines = (document.line("dependencies", position, "pip", at) for at in range(len(entry["pip"])))
            for text, at in zip(entry["pip"], lines, strict=True):
                pip += _or_included(Wish(str(text), f"{path.name}:{at}"), path.parent, path.parent, {path.resolve()})
        elif isinstance(entry, str):
            conda.append(Wish(entry, where))
        else:
            left.append(f"{where}: {entry} is not carried over: it is no package")
    return Source(
        file=path.name,
        name=_text(data.get("name")),
        channels=tuple(map(str, data.get("channels") or ())),
        conda=tuple(conda),
        pip=tuple(pip),
        variables={str(key): str(value) for key, value in (data.get("variables") or {}).items()},
        left=tuple(left),
    )


_CARRIED = ("name", "channels", "dependencies", "variables", "prefix")
"""Keys of an environment.yml that are read; ``prefix`` is a place on one machine and means nothing elsewhere."""


_INCLUDES = re.compile(r"(?:-r|--requirement)(?:\s+|=|(?<=-r))(\S+)")
"""A line by which pip reads another file."""


def included(line: str) -> str | None:
    """The file that a line includes, as it names it; None where it includes none."""
    includes = _INCLUDES.fullmatch(line.strip())
    return None if includes is None else includes[1]


def _requirements(path: Path) -> Source:
    return Source(file=path.name, pip=tuple(_wishes(path, path.parent, {path.resolve()})))


def _wishes(path: Path, folder: Path, seen: set[Path]) -> Iterator[Wish]:
    """The lines of a requirements file; ``folder``: places are told as seen from there."""
    for line in logical_lines(reading.read_text(path)):
        yield from _or_included(Wish(line.text, f"{path.relative_to(folder)}:{line.number}"), path.parent, folder, seen)


def _or_included(wish: Wish, beside: Path, folder: Path, seen: set[Path]) -> Iterator[Wish]:
    """The lines of the file that a line includes, each once; otherwise, or where there is no such file, the line."""
    name = included(wish.text)
    other = None if name is None else beside / name
    if other is None or not other.is_file() or not other.resolve().is_relative_to(folder.resolve()):
        yield wish
    elif other.resolve() not in seen:
        seen.add(other.resolve())
        yield from _wishes(folder / other.resolve().relative_to(folder.resolve()), folder, seen)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(reading.read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"is not TOML: {error}", file=path) from None


def _pyproject(path: Path) -> Source:
    data = _toml(path)
    project = data.get("project")
    if not isinstance(project, dict):
        tool = data.get("tool")
        if isinstance(tool, dict) and "poetry" in tool:
            fix = "write them with `poetry export -o requirements.txt --without-hashes`, and name that"
            raise BadInput("has its packages in [tool.poetry], which is not read", file=path, fix=fix)
        raise BadInput("has no table [project]", file=path, fix="name another file, or write the request yourself")
    left = [
        f"{path.name}: {table}.{name} is not carried over; add its packages to a profile"
        for table, names in (
            ("project.optional-dependencies", project.get("optional-dependencies")),
            ("dependency-groups", data.get("dependency-groups")),
        )
        for name in names or ()
    ]
    return Source(
        file=path.name,
        name=_text(project.get("name")),
        pip=_sourced(_entries(path, "project.dependencies", project.get("dependencies", [])), data),
        python=_text(project.get("requires-python")),
        left=tuple(left),
    )


def _sourced(wishes: Iterable[Wish], data: Mapping[str, Any]) -> tuple[Wish, ...]:
    """What is asked for, from where ``[tool.uv.sources]`` says."""
    tool = data.get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    sources = uv.get("sources") if isinstance(uv, dict) else None
    tables = {
        str(canonicalize_name(str(key))): value for key, value in (sources or {}).items() if isinstance(value, dict)
    }
    sourced = []
    for wish in wishes:
        named = re.match(r"[\w.-]+", wish.text.strip())
        name = str(canonicalize_name(named[0])) if named else ""
        address = _address(name, tables[name]) if name in tables else None
        sourced.append(wish if address is None else Wish(address, f"{wish.where} and tool.uv.sources.{name}"))
    return tuple(sourced)


def _uv(path: Path) -> Source:
    """What the packages of the workspace require; the pins of the lock are uv's choice and not the person's."""
    data = _toml(path)
    project = Source(file=path.name, python=_text(data.get("requires-python")))
    for package in _tables(data.get("package")):
        source = package.get("source", {})
        if isinstance(source, dict) and {"virtual", "editable"} & set(source):
            metadata = package.get("metadata", {})
            texts = [_requirement(table) for table in _tables(metadata.get("requires-dist"))]
            pip = (*project.pip, *_entries(path, str(package.get("name")), texts))
            project = replace(project, name=project.name or _text(package.get("name")), pip=pip)
    if not project.pip:
        raise BadInput("names no package of a workspace that requires anything", file=path, fix="name pyproject.toml")
    return project


def _requirement(table: Mapping[str, Any]) -> str:
    address = _address(str(table.get("name")), table)
    if address is not None:
        return address
    extras = f"[{','.join(map(str, table['extras']))}]" if table.get("extras") else ""
    marker = f"; {table['marker']}" if table.get("marker") else ""
    return f"{table.get('name')}{extras}{table.get('specifier', '')}{marker}"


def _address(name: str, table: Mapping[str, Any]) -> str | None:
    """As pip would be asked for what uv and pixi take from elsewhere than an index; None: from an index."""
    if place := next((str(table[key]) for key in ("editable", "path", "directory") if _text(table.get(key))), None):
        shown = place if place.startswith((".", "/")) else f"./{place}"
        return f"-e {shown}" if table.get("editable") else shown
    if table.get("workspace") is True:
        return "-e ."
    if "git" in table:
        address, _, query = str(table["git"]).partition("?")
        revision = next((str(table[key]) for key in ("rev", "tag", "branch") if key in table), query.partition("=")[2])
        return f"{name} @ git+{address}{f'@{revision}' if revision else ''}"
    return f"{name} @ {table['url']}" if "url" in table else None


def _pixi(path: Path) -> Source:
    data = _toml(path)
    project = data.get("workspace") or data.get("project") or {}
    left = [f"{path.name}: {key} is not carried over" for key in data if key not in _PIXI]
    pip = [_pixi_pip(str(name), value) for name, value in (data.get("pypi-dependencies") or {}).items()]
    conda = [_pixi_conda(str(name), value) for name, value in (data.get("dependencies") or {}).items()]
    return Source(
        file=path.name,
        name=_text(project.get("name")),
        channels=tuple(str(channel) for channel in project.get("channels", ()) if isinstance(channel, str)),
        conda=_entries(path, "dependencies", conda),
        pip=_entries(path, "pypi-dependencies", pip),
        left=tuple(left),
    )


_PIXI = ("workspace", "project", "dependencies", "pypi-dependencies")


def _pixi_conda(name: str, value: object) -> str:
    version = value.get("version", "*") if isinstance(value, dict) else value
    return name if version == "*" else f"{name} {version}"


def _pixi_pip(name: str, value: object) -> str:
    if not isinstance(value, dict):
        return name if value == "*" else f"{name}{_specifier(str(value))}"
    address = _address(name, value)
    if address is not None:
        return address
    extras = f"[{','.join(map(str, value['extras']))}]" if value.get("extras") else ""
    version = str(value.get("version", "*"))
    return f"{name}{extras}{'' if version == '*' else _specifier(version)}"


def _specifier(version: str) -> str:
    return f"=={version}" if version[:1].isdigit() else version


def _entries(path: Path, key: str, texts: object) -> tuple[Wish, ...]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadInput("expected a list of requirements", file=path, key=key)
    return tuple(Wish(text, f"{path.name}: {key}") for text in texts)


def _tables(value: object) -> Iterator[Mapping[str, Any]]:
    yield from (table for table in (value if isinstance(value, list) else ()) if isinstance(table, dict))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and re.search(r"\S", value) else None


SourceReader = Callable[[Path], Source]
SOURCES: Mapping[str, SourceReader] = {
    "environment.yml": _environment,
    "environment.yaml": _environment,
    "pixi.toml": _pixi,
    "pyproject.toml": _pyproject,
    "uv.lock": _uv,
    "requirements.txt": _requirements,
}
"""By name, in the order in which they are looked for: what holds a conda half first, then what says most."""
