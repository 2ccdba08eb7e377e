"""Read a request (environment.yml.in): the template, and per profile what differs from it.

Everything that can be wrong is refused here with file, line and key; what comes
out are frozen values whose specifiers, names and target are valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from solver.core.decode import decode
from solver.core.model import Profile, Request
from solver.core.yamlfile import Data, Key, YamlDocument, dotted, load_yaml
from solver.matrix.load import Matrices, load_matrices
from solver.request.fields import check_channels, check_environment_name, check_profile_name, check_variables
from solver.request.indexes import read_indexes
from solver.request.keys import ProfileKeys, Rows, near
from solver.request.profile import ProfileReader
from solver.request.template import read_template
from solver.request.text import ProfileText, RequestText, written

_DEEPEST = 50
"""Profiles that may be variants of one another."""
_VARIANT_KEYS = {"variant-of", "frameworks", "without"}


def read_request(path: Path, matrices: Matrices | None = None) -> Request:
    """The request in the file at ``path``.

    In ``matrices`` names of GPUs and branches of drivers are looked up; None means the
    built-in ones, which are read only if a profile uses such a word.
    Raises ``BadInput`` for the first thing that cannot be used.
    """
    return parse_request(load_yaml(path), matrices)


def parse_request(document: YamlDocument, matrices: Matrices | None = None) -> Request:
    """The request in ``document``; see ``read_request``."""
    text = decode(document, RequestText)
    reader = _Reader(document, text, _rows(matrices))
    profiles = tuple(reader.profile(name) for name in text.profiles)
    return Request(file=document.file, profiles=profiles, indexes=reader.indexes, lines=_lines(document))


def _rows(matrices: Matrices | None) -> Rows:
    return load_matrices if matrices is None else lambda: matrices


def _lines(document: YamlDocument) -> dict[str, int]:
    """The line of everything in the file, by dotted key path."""
    lines: dict[str, int] = {}

    def walk(data: Data, path: tuple[Key, ...]) -> None:
        line = document.line(*path)
        if path and line is not None:
            lines[dotted(path)] = line
        steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
        for step, value in steps:
            walk(value, (*path, step))

    walk(document.data, ())
    return lines


class _Reader:
    """Turns the profiles of one request into values; a variant needs its parent first."""

    def __init__(self, document: YamlDocument, text: RequestText, rows: Rows) -> None:
        self.document, self.text, self.rows = document, text, rows
        self.template = read_template(document, text)
        self.indexes = read_indexes(document, text)
        self.done: dict[str, Profile] = {}
        check_environment_name(document, text.name)
        check_channels(document, text.channels, ("channels",))
        check_variables(document, text.variables, ("variables",))

    def profile(self, name: str, children: tuple[str, ...] = ()) -> Profile:
        if name not in self.done:
            check_profile_name(self.document, name)
            text = self.text.profiles[name]
            keys = written(text)
            if "variant-of" in keys:
                self.done[name] = self._variant(name, text, keys, (*children, name))
            else:
                self.done[name] = self._keys(name, keys).read()
        return self.done[name]

    def _variant(self, name: str, text: ProfileText, keys: Mapping[str, Any], children: tuple[str, ...]) -> Profile:
        bad, parent = self.document.error, keys["variant-of"]
        for key in keys:
            if key not in _VARIANT_KEYS:
                raise bad(
                    "cannot be set in a variant, which is a part of its parent's solution",
                    "profiles",
                    name,
                    key,
                    fix="use frameworks and without only, or drop variant-of",
                )
        if parent not in self.text.profiles:
            raise bad(
                f"there is no profile {parent}", "profiles", name, "variant-of", fix=near(parent, self.text.profiles)
            )
        if parent in children:
            circle = " -> ".join([*children[children.index(parent) :], parent])
            raise bad(f"the variants go in a circle: {circle}", "profiles", name, "variant-of", fix="break it")
        if len(children) > _DEEPEST:
            problem = f"is one of more than {_DEEPEST} variants of one another"
            raise bad(problem, "profiles", name, "variant-of", fix="name the first of them")
        whole = self.profile(parent, children)
        return self._keys(name, keys).variant(whole)

    def _keys(self, name: str, keys: Mapping[str, Any]) -> ProfileReader:
        return ProfileReader(ProfileKeys(self.document, name, keys, self.text, self.template, self.rows, self.indexes))
