"""What a pyproject.toml asks for, by the tables of PEP 621 and 735, uv, poetry and pixi; and what a uv.lock does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from solver.core.dependency_groups import GroupEntry, IncludedGroup, expanded_groups
from solver.core.errors import BadInput
from solver.core.poetry import poetry_specifier
from solver.request.pixi_source import pixi_source
from solver.request.toml_tables import Table, elsewhere, extras_of, read_toml, table, tables
from solver.request.wishes import Source, Wish, names_framework, text_or_none, wishes_at


def wished_by_project(path: Path) -> Source:
    """The project's own dependencies, and of its extras and groups the first that names a framework where it does not.

    Raises ``BadInput`` where no table of it says what the project needs.
    """
    data = read_toml(path)
    if table(data, "tool", "pixi"):
        return _with_pixi(_project(path, data), pixi_source(path, table(data, "tool", "pixi"), "tool.pixi."))
    if not isinstance(data.get("project"), dict) and not table(data, "tool", "poetry"):
        raise BadInput(
            "has neither a table [project] nor [tool.poetry]",
            file=path,
            fix="name another file, or write the request yourself",
        )
    return _project(path, data)


def _project(path: Path, data: Table) -> Source:
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    asked = wishes_at(path, "project.dependencies", project.get("dependencies", []))
    asked += _of_poetry(path, "tool.poetry.dependencies", table(poetry, "dependencies"))
    more, told = _with_framework(path, asked, dict(_parts(path, data)))
    specifier = poetry_specifier(text_or_none(table(poetry, "dependencies").get("python")) or "")
    return Source(
        file=path.name,
        name=text_or_none(project.get("name")) or text_or_none(poetry.get("name")),
        pip=(*_indexes(path, data), *_sourced([*asked, *more], data)),
        python=text_or_none(project.get("requires-python")) or specifier or None,
        told=tuple(told),
    )


def _with_pixi(project: Source, pixi: Source) -> Source:
    """pixi installs what the project asks for beside what pixi's own tables do."""
    return replace(
        pixi,
        name=pixi.name or project.name,
        pip=(*pixi.pip, *project.pip),
        python=project.python,
        told=(*pixi.told, *project.told),
    )


def _parts(path: Path, data: Table) -> Iterator[tuple[str, tuple[Wish, ...]]]:
    """By the key where it stands, what each extra and each group asks for."""
    for name, texts in table(data, "project", "optional-dependencies").items():
        key = f"project.optional-dependencies.{name}"
        yield key, wishes_at(path, key, texts)
    for name, asked in _groups(path, table(data, "dependency-groups")).items():
        key = f"dependency-groups.{name}"
        yield key, wishes_at(path, key, list(asked))
    poetry = table(data, "tool", "poetry")
    if poetry.get("dev-dependencies"):
        key = "tool.poetry.dev-dependencies"
        yield key, _of_poetry(path, key, table(poetry, "dev-dependencies"))
    for name in table(poetry, "group"):
        key = f"tool.poetry.group.{name}"
        yield key, _of_poetry(path, key, table(poetry, "group", name, "dependencies"))
    for name, names in table(poetry, "extras").items():
        key = f"tool.poetry.extras.{name}"
        chosen = {name: entry for name, entry in table(poetry, "dependencies").items() if name in names}
        yield key, _of_poetry(path, key, chosen, optional=True)


def _groups(path: Path, groups: Table) -> Mapping[str, tuple[str, ...]]:
    """What each group asks for; raises ``BadInput`` for what is no group."""
    entries = {name: [_entry(path, name, entry) for entry in _listed(path, name, groups)] for name in groups}
    return expanded_groups(entries, path)


def _listed(path: Path, name: str, groups: Table) -> Sequence[object]:
    if not isinstance(groups[name], list):
        raise BadInput("expected a list of requirements", file=path, key=f"dependency-groups.{name}")
    return tuple(groups[name])


def _entry(path: Path, name: str, entry: object) -> GroupEntry:
    if isinstance(entry, dict) and isinstance(entry.get("include-group"), str) and len(entry) == 1:
        return IncludedGroup(entry["include-group"])
    if isinstance(entry, str):
        return entry
    problem = 'expected a requirement or {include-group = "name"}'
    raise BadInput(problem, file=path, key=f"dependency-groups.{name}")


def _with_framework(
    path: Path, asked: Sequence[Wish], parts: Mapping[str, tuple[Wish, ...]]
) -> tuple[tuple[Wish, ...], list[str]]:
    """The first of ``parts`` that names a framework, unless ``asked`` does; and a line on each part."""
    named = (key for key, wishes in parts.items() if any(map(names_framework, wishes)))
    first = None if any(map(names_framework, asked)) else next(named, None)
    told = [
        f"{path.name}: {key} is carried over too: it names a framework, which the project itself does not"
        if key == first
        else f"{path.name}: {key} is not carried over; add its packages to a profile"
        for key in parts
    ]
    return parts.get(first or "", ()), told


def _of_poetry(path: Path, key: str, dependencies: Table, *, optional: bool = False) -> tuple[Wish, ...]:
    """Poetry's words for what is asked for, as pip's; ``optional``: also what only an extra asks for."""
    entries = (
        (name, entry) for name, said in dependencies.items() for entry in _alternatives(said) if name != "python"
    )
    wanted = [(name, entry) for name, entry in entries if optional or not _is_optional(entry)]
    return wishes_at(path, key, [_poetry_text(name, entry) for name, entry in wanted])


def _alternatives(said: object) -> Sequence[str | Table]:
    """What is said of one package: a constraint, a table, or several of these, one for each marker."""
    if isinstance(said, str):
        return (said,)
    return tuple(tables([said] if isinstance(said, dict) else said))


def _is_optional(entry: str | Table) -> bool:
    return not isinstance(entry, str) and bool(entry.get("optional"))


def _poetry_text(name: str, entry: str | Table) -> str:
    if isinstance(entry, str):
        return f"{name}{poetry_specifier(entry)}"
    address = elsewhere(name, entry)
    if address is not None:
        return address
    marker = f"; {entry['markers']}" if text_or_none(entry.get("markers")) else ""
    return f"{name}{extras_of(entry)}{poetry_specifier(str(entry.get('version', '*')))}{marker}"


def _indexes(path: Path, data: Table) -> Iterator[Wish]:
    """The further indexes that uv or poetry would ask, as pip names them."""
    for key in ("uv.index", "poetry.source"):
        tool, name = key.split(".")
        for entry in tables(table(data, "tool", tool).get(name)):
            if text_or_none(entry.get("url")):
                where = f"{path.name}: tool.{key}.{entry.get('name', '')}".rstrip(".")
                yield Wish(f"--extra-index-url {entry['url']}", where)


def _sourced(wishes: Iterable[Wish], data: Table) -> tuple[Wish, ...]:
    """What is asked for, from where ``[tool.uv.sources]`` says."""
    sources = table(data, "tool", "uv", "sources")
    named = {canonicalize_name(str(key)): value for key, value in sources.items() if isinstance(value, dict)}
    sourced = []
    for wish in wishes:
        found = re.match(r"[\w.-]+", wish.text.strip())
        name = canonicalize_name(found[0]) if found else canonicalize_name("")
        address = elsewhere(name, named[name]) if name in named else None
        sourced.append(wish if address is None else Wish(address, f"{wish.where} and tool.uv.sources.{name}"))
    return tuple(sourced)


def wished_by_workspace(path: Path) -> Source:
    """What the packages of the workspace require; the pins of the lock are uv's choice and not the person's."""
    data = read_toml(path)
    project = Source(file=path.name, python=text_or_none(data.get("requires-python")))
    for package in tables(data.get("package")):
        source = package.get("source", {})
        if isinstance(source, dict) and {"virtual", "editable"} & set(source):
            texts = [_requirement(entry) for entry in tables(table(package, "metadata").get("requires-dist"))]
            pip = (*project.pip, *wishes_at(path, str(package.get("name")), texts))
            project = replace(project, name=project.name or text_or_none(package.get("name")), pip=pip)
    if not project.pip:
        raise BadInput("names no package of a workspace that requires anything", file=path, fix="name pyproject.toml")
    return project


def _requirement(entry: Table) -> str:
    address = elsewhere(str(entry.get("name")), entry)
    if address is not None:
        return address
    marker = f"; {entry['marker']}" if entry.get("marker") else ""
    return f"{entry.get('name')}{extras_of(entry)}{entry.get('specifier', '')}{marker}"
