"""The formats that the audit reads: one entry each, the first that fits a text reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import structs

from solver.audit.package_set import PackageSet, default_python
from solver.audit.readers.conda_list import (
    is_conda_export,
    is_conda_list,
    read_conda_export,
    read_conda_json,
    read_conda_list,
)
from solver.audit.readers.conda_lock import read_conda_lock
from solver.audit.readers.environment import read_environment
from solver.audit.readers.explicit import is_explicit, read_archives
from solver.audit.readers.json import JsonValue, parse_json
from solver.audit.readers.parts import EVERY, Choice, parts_of
from solver.audit.readers.pdm_lock import groups_of_pdm, pythons_of_pdm, read_pdm_lock
from solver.audit.readers.pip_list import is_pip_list, read_inspection, read_pip_json, read_pip_list
from solver.audit.readers.pipfile_lock import categories, python_of_pipfile, read_pipfile_lock
from solver.audit.readers.pixi import read_pixi
from solver.audit.readers.poetry_lock import read_poetry_lock
from solver.audit.readers.pylock import read_pylock
from solver.audit.readers.requirements import compiled_for, read_requirements
from solver.audit.readers.toml import Table, parse_toml
from solver.audit.readers.uv_lock import read_uv_lock
from solver.core.errors import BadInput
from solver.core.model import Platform, Target
from solver.core.target import marker_environment
from solver.core.yamlfile import YamlDocument, parse_yaml


@dataclass(frozen=True)
class Document:
    """A text that is to be read as a set of packages; it is parsed once, as the language that it is in."""

    text: str
    file: str
    """As errors name it."""
    folder: Path
    """Where files that it includes are looked for."""
    target: Target | None
    """Where the set is installed; None: nobody said."""
    choice: Choice = EVERY
    """Which of its sets somebody wants."""

    @cached_property
    def toml(self) -> Table | None:
        """Its tables; None where it is no TOML."""
        # A table's header, which no other format has, or a lock's version as the first line that says something.
        if self.json is not None:
            return None
        header = re.search(r"^\s*\[\[?[\w.\-\" ]+\]\]?\s*(#.*)?$", self.text, re.MULTILINE)
        if header is None and re.match(r"(lock-)?version\s*=[^=]", self._first_line) is None:
            return None
        return parse_toml(self.text, self.file)

    @cached_property
    def json(self) -> JsonValue | None:
        """Its JSON; None where it is none."""
        # A mapping, or a list of them: an option of pip's in brackets does not go on like that.
        if re.match(r"\s*(\{\s*[\"}]|\[\s*[{\]])", self.text) is None:
            return None
        return parse_json(self.text, self.file)

    @property
    def json_keys(self) -> frozenset[str]:
        """The keys of a JSON mapping, or those of the first of a list of mappings."""
        first = self.json[:1] if isinstance(self.json, list) else [self.json]
        return frozenset(key for entry in first if isinstance(entry, dict) for key in entry)

    @cached_property
    def yaml(self) -> YamlDocument | None:
        """Its YAML; None where it is none."""
        # A mapping or a document's start as the first line that says something.
        first = self._first_line
        if self.toml is not None or self.json is not None or not (first == "---" or re.match(r"[\w\-]+:(\s|$)", first)):
            return None
        return parse_yaml(self.text, self.file)

    @property
    def keys(self) -> frozenset[str]:
        """The outermost keys, of TOML and YAML."""
        data = self.toml if self.yaml is None else self.yaml.data
        return frozenset(data) if isinstance(data, dict) else frozenset()

    @property
    def platform(self) -> Platform | None:
        """The platform that was asked for."""
        return None if self.target is None else self.target.platform

    def environment(self, python: str | None = None) -> dict[str, str]:
        """PEP 508's markers on the target; without one, on the default target with ``python`` (major.minor)."""
        assumed = Target() if python is None else structs.replace(Target(), python=python)
        return marker_environment(self.target or assumed)

    @cached_property
    def _first_line(self) -> str:
        lines = (line.strip() for line in self.text.splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")


@dataclass(frozen=True)
class Reader:
    """One format."""

    title: str
    """As a person calls it."""
    fits: Callable[[Document], bool]
    read: Callable[[Document], PackageSet | tuple[PackageSet, ...]]
    chooses: tuple[str, ...] = ()
    """By what its sets are chosen, where it may hold several: extra, group, environment."""


def _is_pdm(document: Document) -> bool:
    metadata = (document.toml or {}).get("metadata")
    return isinstance(metadata, dict) and "lock_version" in metadata


def _is_poetry(document: Document) -> bool:
    metadata = (document.toml or {}).get("metadata")
    return isinstance(metadata, dict) and "lock-version" in metadata


def _pylock(document: Document) -> PackageSet:
    data = document.toml or {}
    return read_pylock(data, document.text, document.file, _for_pythons(document, data.get("requires-python")))


def _poetry(document: Document) -> tuple[PackageSet, ...]:
    data = document.toml or {}
    environment = _for_pythons(document, data["metadata"].get("python-versions"))
    return read_poetry_lock(data, document.text, document.file, environment, document.choice)


def _uv(document: Document) -> tuple[PackageSet, ...]:
    data = document.toml or {}
    environment = _for_pythons(document, data.get("requires-python"))
    return read_uv_lock(data, document.text, document.file, environment, document.choice)


def _for_pythons(document: Document, specifier: object) -> dict[str, str]:
    """The markers of a lock for several pythons: those of one that it admits, where nobody named a target."""
    return document.environment(default_python(str(specifier) if specifier else None))


def _pdm(document: Document) -> tuple[PackageSet, ...]:
    data, text, file = document.toml or {}, document.text, document.file
    environment = _for_pythons(document, pythons_of_pdm(data))
    parts = parts_of(document.choice, (), groups_of_pdm(data), file)
    return tuple(read_pdm_lock(data, text, file, environment, part) for part in parts)


def _pipfile(document: Document) -> tuple[PackageSet, ...]:
    data = _json_mapping(document)
    environment = document.environment(python_of_pipfile(data))
    parts = parts_of(document.choice, (), categories(data), document.file)
    return tuple(read_pipfile_lock(data, document.file, environment, part) for part in parts)


def _inspection(document: Document) -> PackageSet:
    return read_inspection(_json_mapping(document), document.file)


def _json_mapping(document: Document) -> Table:
    assert isinstance(document.json, dict)  # what ``fits`` has seen
    return document.json


def _json_list(document: Document) -> list[Any]:
    assert isinstance(document.json, list)  # what ``fits`` has seen
    return document.json


def _is_json(*keys: str, kind: type = dict) -> Callable[[Document], bool]:
    """Whether a text is a mapping, or a list of mappings, with ``keys``."""
    return lambda document: isinstance(document.json, kind) and set(keys) <= document.json_keys


def _pixi(document: Document) -> tuple[PackageSet, ...]:
    return read_pixi(_yaml(document), document.platform, document.choice)


def _conda_lock(document: Document) -> tuple[PackageSet, ...]:
    return read_conda_lock(_yaml(document), document.platform, document.choice)


def _environment(document: Document) -> PackageSet:
    return read_environment(_yaml(document), document.environment(), document.folder)


def _explicit(document: Document) -> PackageSet:
    return read_archives(document.text, document.file, document.environment())


def _requirements(document: Document) -> PackageSet:
    environment = document.environment(compiled_for(document.text))
    return read_requirements(document.text, document.file, environment, document.folder)


def _yaml(document: Document) -> YamlDocument:
    assert document.yaml is not None  # what ``fits`` has seen
    return document.yaml


def _neither(language: str, titles: str) -> Callable[[Document], PackageSet]:
    def refuse(document: Document) -> PackageSet:
        raise BadInput(f"is {language}, but neither {titles}", file=document.file, fix=EXPECTED)

    return refuse


READERS = (
    # What tools say around their tables may look like any other language.
    Reader("pip list", lambda one: is_pip_list(one.text), lambda one: read_pip_list(one.text, one.file)),
    Reader("conda list", lambda one: is_conda_list(one.text), lambda one: read_conda_list(one.text, one.file)),
    Reader("Pipfile.lock", _is_json("_meta", "default"), _pipfile, ("group",)),
    Reader("pip inspect", _is_json("installed"), _inspection),
    Reader("pip install --report", _is_json("install"), _inspection),
    Reader(
        "conda list --json",
        _is_json("name", "version", "build_string", kind=list),
        lambda one: read_conda_json(_json_list(one), one.file),
    ),
    Reader(
        "pip list --format json",
        _is_json("name", "version", kind=list),
        lambda one: read_pip_json(_json_list(one), one.file),
    ),
    Reader(
        "JSON of another kind",
        lambda one: one.json is not None,
        _neither("JSON", "Pipfile.lock nor what pip or conda tells of an environment"),
    ),
    Reader("pylock.toml", lambda one: one.toml is not None and "lock-version" in one.keys, _pylock),
    Reader("poetry.lock", _is_poetry, _poetry, ("extra", "group")),
    Reader("pdm.lock", _is_pdm, _pdm, ("group",)),
    Reader("uv.lock", lambda one: one.toml is not None and {"package", "version"} <= one.keys, _uv, ("extra", "group")),
    Reader(
        "TOML of another kind",
        lambda one: one.toml is not None,
        _neither("TOML", "pylock.toml nor uv.lock nor poetry.lock nor pdm.lock"),
    ),
    Reader("pixi.lock", lambda one: one.yaml is not None and "environments" in one.keys, _pixi, ("environment",)),
    Reader("conda-lock.yml", lambda one: one.yaml is not None and "package" in one.keys, _conda_lock, ("group",)),
    Reader("environment.yml", lambda one: one.yaml is not None and "dependencies" in one.keys, _environment),
    Reader(
        "YAML of another kind",
        lambda one: one.yaml is not None,
        _neither("YAML", "conda-lock.yml nor pixi.lock nor environment.yml"),
    ),
    Reader("an @EXPLICIT file", lambda one: is_explicit(one.text), _explicit),
    Reader(
        "conda list --export",
        lambda one: is_conda_export(one.text),
        lambda one: read_conda_export(one.text, one.file),
    ),
    Reader("requirements.txt or pip freeze output", lambda _: True, _requirements),
)
"""In the order in which they are tried; the last takes everything."""

FORMATS = (
    "requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, conda-lock.yml, pixi.lock, "
    "environment.yml, an @EXPLICIT file, the output of pip freeze, pip list, pip inspect or conda list, or an "
    "installed prefix"
)
EXPECTED = f"expected one of: {FORMATS}"


def read_document(document: Document) -> tuple[PackageSet, ...]:
    """The sets that a text holds, first the one that is installed where nobody asks for more.

    Raises ``BadInput`` naming file, line and key of what cannot be read, or the option that chooses what
    the format does not have.
    """
    reader = next(reader for reader in READERS if reader.fits(document))
    choice = document.choice
    chosen = {"extra": choice.extras, "group": choice.groups, "environment": choice.environments}
    for kind, names in chosen.items():
        if names and kind not in reader.chooses:
            raise BadInput(f"{reader.title} has no {kind}s to choose from", file=document.file, key=f"--{kind}")
    sets = reader.read(document)
    return sets if isinstance(sets, tuple) else (sets,)
