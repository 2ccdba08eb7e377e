"""The keys that a request writes under one profile, each of which is refused where it stands."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name

from solver.core.axes import CUDA
from solver.core.errors import BadInput
from solver.core.flavours import DEFAULT_FLAVOUR
from solver.core.model import Flavour, PrivateIndex
from solver.core.names import is_one_line, shown
from solver.core.yamlfile import Key, YamlDocument
from solver.matrix.load import Matrices
from solver.matrix.rows import NONE
from solver.request.template import Template
from solver.request.text import RequestText

Rows = Callable[[], Matrices]
"""Gives the rows that tell names of GPUs and branches of drivers, when they are needed."""


def specifier(text: str) -> str:
    """A specifier from a bare version ("2.10.1"), a prefix ("2.*") or a specifier (">=2.18,<2.21").

    Raises ``ValueError`` for anything else.
    """
    bare = text.strip()
    if bare[:1].isdigit():
        bare = f"=={bare}"
    try:
        specifiers = SpecifierSet(bare)
    except InvalidSpecifier:
        raise ValueError(f'"{text}" is no version and no specifier') from None
    if not len(specifiers) or any(part.operator == "===" for part in specifiers):
        raise ValueError(f'"{text}" is no version and no specifier')
    return str(specifiers)


def near(word: str, known: Mapping[str, object]) -> str:
    """What to write instead of ``word``: the nearest of ``known``, or all of them."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"


@dataclass(frozen=True)
class ProfileKeys:
    """One profile as it is written, and what it is read with."""

    document: YamlDocument
    name: str
    written: Mapping[str, Any]
    """Value by key, of the types that a request has."""
    text: RequestText
    template: Template
    rows: Rows
    private: Sequence[PrivateIndex] = ()

    def bad(self, problem: str, *path: Key, fix: str | None = None) -> BadInput:
        """An error at a key of the profile."""
        return self.document.error(problem, "profiles", self.name, *path, fix=fix)

    @property
    def is_for_cpu(self) -> bool:
        """Whether it says that nothing of it uses a GPU."""
        return bool(self.written.get(CUDA) == NONE)

    def flavour(self) -> Flavour:
        """The profile's, or else that of a profile which names none."""
        flavour: Flavour = self.written.get("flavour", DEFAULT_FLAVOUR)
        return flavour

    def specifier(self, text: str, *path: Key) -> str:
        """As the function of that name; raises ``BadInput`` at ``path``."""
        try:
            return specifier(text)
        except ValueError:
            raise self.bad(f'expected a version such as "2.10.1", "2.*" or ">=2.18", found "{text}"', *path) from None

    def package_name(self, name: str, *path: Key) -> str:
        """The normalized name of a package; raises ``BadInput`` at ``path`` where it is none."""
        try:
            return canonicalize_name(name, validate=True)
        except InvalidName:
            quoted = f'"{name}"' if is_one_line(name) else shown(name)
            raise self.bad(f"{quoted} is no package name", *path) from None
