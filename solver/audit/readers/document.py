"""A text that is to be read as a set of packages, parsed once, as the language that it is in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from msgspec import structs

from solver.audit.readers.foreign import PlainDocument
from solver.audit.readers.head import Head, head_of
from solver.audit.readers.json import parse_json
from solver.audit.readers.parts import EVERY, Choice
from solver.audit.readers.toml import TomlDocument, parse_toml
from solver.core.model import Platform, Target
from solver.core.target import marker_environment
from solver.core.yamlfile import YamlDocument, parse_yaml
from solver.matrix.load import Matrices

_TABLE = re.compile(r"\[\[?[\w.\-\" ]+\]\]?\s*(#.*)?")
_VERSION = re.compile(r"(lock-)?version\s*=[^=]")


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
    context: Path | None = None
    """The folder that a Dockerfile is built in; None: nobody said, so that it is its own."""
    matrices: Matrices = field(default_factory=Matrices, repr=False, compare=False)
    """What is known of images that a Dockerfile begins with."""

    @cached_property
    def toml(self) -> TomlDocument | None:
        """Its tables; None where it is no TOML."""
        if self.json is not None:
            return None
        # A table's header, which no other format has, or a lock's version as the first line that says something.
        lines = (line.strip() for line in self.text.splitlines())
        header = any(line.startswith("[") and _TABLE.fullmatch(line) for line in lines)
        called_so = Path(self.file).suffix == ".toml"
        return parse_toml(self.text, self.file) if header or called_so or _VERSION.match(self.first_line) else None

    @cached_property
    def json(self) -> PlainDocument | None:
        """Its JSON; None where it is none."""
        # A mapping, or a list of them: an option of pip's in brackets does not go on like that.
        if re.match(r"\s*(\{\s*[\"}]|\[\s*[{\]])", self.text) is None:
            return None
        return parse_json(self.text, self.file)

    @property
    def json_keys(self) -> frozenset[str]:
        """The keys of a JSON mapping, or those of the first of a list of mappings."""
        data = None if self.json is None else self.json.data
        first = data[:1] if isinstance(data, list) else [data]
        return frozenset(key for entry in first if isinstance(entry, dict) for key in entry)

    @cached_property
    def yaml(self) -> YamlDocument | None:
        """Its YAML; None where it is none."""
        # A mapping or a document's start as the first line that says something.
        first = self.first_line
        if self.toml is not None or self.json is not None or not (first == "---" or re.match(r"[\w\-]+:(\s|$)", first)):
            return None
        return parse_yaml(self.text, self.file)

    @property
    def keys(self) -> frozenset[str]:
        """The outermost keys, of TOML and YAML."""
        document = self.toml or self.yaml
        data = None if document is None else document.data
        return frozenset(data) if isinstance(data, dict) else frozenset()

    @property
    def platform(self) -> Platform | None:
        """The platform that was asked for; None: none was."""
        return None if self.target is None else self.target.platform

    @cached_property
    def head(self) -> Head:
        """What the comments at its head say."""
        return head_of(self.text)

    def environment(self, python: str | None = None) -> dict[str, str]:
        """PEP 508's markers on the target; without one, on that of its head, with ``python`` (major.minor)."""
        assumed = self.head.target or structs.replace(Target(), platform=self.head.platform or Target().platform)
        return marker_environment(
            self.target or (assumed if python is None else structs.replace(assumed, python=python))
        )

    @cached_property
    def first_line(self) -> str:
        """The first line that says something; empty where none does."""
        lines = (line.strip() for line in self.text.splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")
