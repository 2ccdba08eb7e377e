"""The formats that the audit reads: one entry each, the first that fits a text reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from solver.audit.package_set import PackageSet, default_python
from solver.audit.readers.bounds import is_bounds, read_bounds
from solver.audit.readers.conda_list import (
    is_conda_export,
    is_conda_list,
    read_conda_export,
    read_conda_json,
    read_conda_list,
)
from solver.audit.readers.conda_lock import read_conda_lock
from solver.audit.readers.document import Document
from solver.audit.readers.environment import read_environment
from solver.audit.readers.explicit import is_explicit, read_archives
from solver.audit.readers.foreign import PlainDocument
from solver.audit.readers.image.build import read_dockerfile
from solver.audit.readers.image.compose import is_compose, read_compose
from solver.audit.readers.image.dockerfile import is_dockerfile
from solver.audit.readers.parts import parts_of
from solver.audit.readers.pdm_lock import groups_of_pdm, pythons_of_pdm, read_pdm_lock
from solver.audit.readers.pip_list import is_pip_list, read_inspection, read_pip_json, read_pip_list
from solver.audit.readers.pipfile import DEVELOP, PACKAGES, python_of_pipfile, read_pipfile
from solver.audit.readers.pipfile_lock import categories, python_of_pipfile_lock, read_pipfile_lock
from solver.audit.readers.pixi import read_pixi
from solver.audit.readers.poetry_lock import pythons_of_poetry, read_poetry_lock
from solver.audit.readers.pylock import pythons_of_pylock, read_pylock
from solver.audit.readers.pyproject import pythons_of_pyproject, read_pyproject
from solver.audit.readers.requirements import read_requirements
from solver.audit.readers.toml import TomlDocument
from solver.audit.readers.uv_lock import pythons_of_uv, read_uv_lock
from solver.core.errors import BadInput
from solver.core.yamlfile import YamlDocument

Language = Literal["JSON", "TOML", "YAML"]


@dataclass(frozen=True)
class Reader:
    """One format."""

    title: str
    """As a person calls it."""
    fits: Callable[[Document], bool]
    read: Callable[[Document], PackageSet | tuple[PackageSet, ...]]
    chooses: tuple[str, ...] = ()
    """By what its sets are chosen, where it may hold several: extra, group, environment; context is a build's."""
    language: Language | None = None
    """What it is written in; None: in lines of its own."""
    is_output: bool = False
    """Whether it is what a command prints, and no file that people keep."""
    is_known: bool = True
    """False of what is in a language and of no format that is read."""


def _metadata(document: Document) -> frozenset[str]:
    """The keys of the table ``metadata``."""
    metadata = document.toml.data.get("metadata") if document.toml else None
    return frozenset(metadata) if isinstance(metadata, dict) else frozenset()


def _pylock(document: Document) -> tuple[PackageSet, ...]:
    lock = _toml(document)
    environment = _for_pythons(document, pythons_of_pylock(lock))
    return read_pylock(lock, environment, document.choice, document.platform)


def _poetry(document: Document) -> tuple[PackageSet, ...]:
    lock = _toml(document)
    return read_poetry_lock(lock, _for_pythons(document, pythons_of_poetry(lock)), document.choice)


def _uv(document: Document) -> tuple[PackageSet, ...]:
    lock = _toml(document)
    return read_uv_lock(lock, _for_pythons(document, pythons_of_uv(lock)), document.choice)


def _pyproject(document: Document) -> tuple[PackageSet, ...]:
    project = _toml(document)
    return read_pyproject(project, _for_pythons(document, pythons_of_pyproject(project)), document.choice)


def _is_pyproject(document: Document) -> bool:
    data = None if document.toml is None else document.toml.data
    if not isinstance(data, dict):
        return False
    tool = data.get("tool")
    return bool({"project", "dependency-groups"} & set(data)) or (isinstance(tool, dict) and "poetry" in tool)


def _for_pythons(document: Document, specifier: str | None) -> dict[str, str]:
    """The markers of a lock for several pythons: those of one that it admits, where nobody named a target."""
    return document.environment(default_python(specifier))


def _entries(data: Mapping[str, object], *keys: str) -> int:
    """How many entries the lists and tables of a lock under some keys have, all together."""
    return sum(len(value) for key in keys if isinstance(value := data.get(key), list | dict))


def _pdm(document: Document) -> tuple[PackageSet, ...]:
    lock = _toml(document)
    environment = _for_pythons(document, pythons_of_pdm(lock))
    parts = parts_of(document.choice, (), groups_of_pdm(lock), document.file, packages=_entries(lock.data, "package"))
    return tuple(read_pdm_lock(lock, environment, part) for part in parts)


def _pipfile(document: Document) -> tuple[PackageSet, ...]:
    pipfile = _toml(document)
    return read_pipfile(pipfile, document.environment(python_of_pipfile(pipfile)), document.choice)


def _pipfile_lock(document: Document) -> tuple[PackageSet, ...]:
    lock = _json(document)
    environment = document.environment(python_of_pipfile_lock(lock))
    parts = parts_of(
        document.choice, (), categories(lock), document.file, packages=_entries(lock.data, *categories(lock))
    )
    return tuple(read_pipfile_lock(lock, environment, part) for part in parts)


def _toml(document: Document) -> TomlDocument:
    assert document.toml is not None  # what ``fits`` has seen
    return document.toml


def _json(document: Document) -> PlainDocument:
    assert document.json is not None  # what ``fits`` has seen
    return document.json


def _is_json(*keys: str, kind: type = dict) -> Callable[[Document], bool]:
    """Whether a text is a mapping, or a list of mappings, with ``keys``."""
    return lambda one: one.json is not None and isinstance(one.json.data, kind) and set(keys) <= one.json_keys


def _pixi(document: Document) -> tuple[PackageSet, ...]:
    return read_pixi(_yaml(document), document.platform, document.choice)


def _conda_lock(document: Document) -> tuple[PackageSet, ...]:
    return read_conda_lock(_yaml(document), document.platform, document.choice)


def _environment(document: Document) -> PackageSet:
    return read_environment(_yaml(document), document.environment(), document.folder, document.head)


def _explicit(document: Document) -> PackageSet:
    return read_archives(document.text, document.file, document.environment())


def _requirements(document: Document) -> PackageSet:
    environment = document.environment(document.head.python)
    return read_requirements(document.text, document.file, environment, document.folder)


def _bounds(document: Document) -> PackageSet:
    return read_bounds(document.text, document.file, document.environment(document.head.python))


def _yaml(document: Document) -> YamlDocument:
    assert document.yaml is not None  # what ``fits`` has seen
    return document.yaml


def _unknown(language: Language, fits: Callable[[Document], bool]) -> Reader:
    """What is in a language and of no format that is read: it is told which of them are."""

    def refuse(document: Document) -> PackageSet:
        titles = " nor ".join(reader.title for reader in READERS if reader.is_known and reader.language == language)
        raise BadInput(f"is {language}, but neither {titles}", file=document.file, fix=EXPECTED)

    return Reader(f"{language} of another kind", fits, refuse, language=language, is_known=False)


READERS = (
    # What tools say around their tables may look like any other language.
    Reader(
        "pip list", lambda one: is_pip_list(one.text), lambda one: read_pip_list(one.text, one.file), is_output=True
    ),
    Reader(
        "conda list",
        lambda one: is_conda_list(one.text),
        lambda one: read_conda_list(one.text, one.file),
        is_output=True,
    ),
    Reader("Pipfile.lock", _is_json("_meta", "default"), _pipfile_lock, ("group",), language="JSON"),
    Reader(
        "pip inspect",
        _is_json("installed"),
        lambda one: read_inspection(_json(one)),
        language="JSON",
        is_output=True,
    ),
    Reader(
        "pip install --report",
        _is_json("install"),
        lambda one: read_inspection(_json(one)),
        language="JSON",
        is_output=True,
    ),
    Reader(
        "conda list --json",
        _is_json("name", "version", "build_string", kind=list),
        lambda one: read_conda_json(_json(one)),
        language="JSON",
        is_output=True,
    ),
    Reader(
        "pip list --format json",
        _is_json("name", "version", kind=list),
        lambda one: read_pip_json(_json(one)),
        language="JSON",
        is_output=True,
    ),
    _unknown("JSON", lambda one: one.json is not None),
    Reader(
        "pylock.toml",
        lambda one: one.toml is not None and "lock-version" in one.keys,
        _pylock,
        ("extra", "group"),
        language="TOML",
    ),
    Reader("poetry.lock", lambda one: "lock-version" in _metadata(one), _poetry, ("extra", "group"), language="TOML"),
    Reader("pdm.lock", lambda one: "lock_version" in _metadata(one), _pdm, ("group",), language="TOML"),
    Reader(
        "uv.lock",
        lambda one: one.toml is not None and {"package", "version"} <= one.keys,
        _uv,
        ("extra", "group"),
        language="TOML",
    ),
    Reader("pyproject.toml", _is_pyproject, _pyproject, ("extra", "group"), language="TOML"),
    Reader(
        "Pipfile",
        lambda one: one.toml is not None and bool({PACKAGES, DEVELOP} & one.keys),
        _pipfile,
        ("group",),
        language="TOML",
    ),
    _unknown("TOML", lambda one: one.toml is not None),
    Reader(
        "pixi.lock",
        lambda one: one.yaml is not None and "environments" in one.keys,
        _pixi,
        ("environment",),
        language="YAML",
    ),
    Reader(
        "conda-lock.yml",
        lambda one: one.yaml is not None and "package" in one.keys,
        _conda_lock,
        ("group",),
        language="YAML",
    ),
    Reader(
        "environment.yml",
        lambda one: one.yaml is not None and "dependencies" in one.keys,
        _environment,
        language="YAML",
    ),
    Reader("compose.yaml", is_compose, lambda one: read_compose(one, read_document), ("service",), language="YAML"),
    _unknown("YAML", lambda one: one.yaml is not None),
    Reader(
        "Dockerfile",
        lambda one: is_dockerfile(one.first_line),
        lambda one: read_dockerfile(one, read_document),
        ("context",),
    ),
    Reader("@EXPLICIT file", lambda one: is_explicit(one.text), _explicit),
    Reader(
        "conda list --export",
        lambda one: is_conda_export(one.text),
        lambda one: read_conda_export(one.text, one.file),
        is_output=True,
    ),
    Reader("constraints.txt of Interlock", lambda one: is_bounds(one.text), _bounds),
    Reader("requirements.txt or pip freeze output", lambda _: True, _requirements),
)
"""In the order in which they are tried; the last takes everything."""


def _titles(*, of_outputs: bool) -> str:
    """Those of the formats, the plainest first."""
    named = [reader.title for reader in READERS if reader.is_known and reader.is_output is of_outputs]
    return ", ".join(reversed(named))


EXPECTED = (
    f"expected one of: {_titles(of_outputs=False)}, the output of {_titles(of_outputs=True)}, or an installed prefix"
)


def read_document(document: Document) -> tuple[PackageSet, ...]:
    """The sets that a text holds, first the one that is installed where nobody asks for more.

    Raises ``BadInput`` naming file, line and key of what cannot be read, or the option that chooses what
    the format does not have.
    """
    reader = next(reader for reader in READERS if reader.fits(document))
    choice = document.choice
    chosen = {
        "extra": choice.extras,
        "group": choice.groups,
        "environment": choice.environments,
        "service": choice.services,
    }
    for kind, names in chosen.items():
        if names and kind not in reader.chooses:
            raise BadInput(f"{reader.title} has no {kind}s to choose from", file=document.file, key=f"--{kind}")
    if document.context is not None and "context" not in reader.chooses:
        raise BadInput(f"{reader.title} is built in no context", file=document.file, key="--context")
    sets = reader.read(document)
    return sets if isinstance(sets, tuple) else (sets,)
