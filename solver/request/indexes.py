"""The private package indexes that a request names, and the packages that are bound to each."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import UNSET
from packaging.utils import canonicalize_name

from solver.core import names
from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.indexes import INDEXES, PUBLIC, Bindings
from solver.core.model import PrivateIndex
from solver.core.yamlfile import Data, YamlDocument, load_yaml
from solver.index.private import variable_of
from solver.request.text import IndexText, RequestText

KEY = "indexes"
_NAME = re.compile(names.INDEX)


def read_indexes(document: YamlDocument, text: RequestText) -> tuple[PrivateIndex, ...]:
    """Raises ``BadInput`` at what cannot be used."""
    taken: dict[str, str] = {}
    return tuple(_read(document, name, index, taken) for name, index in text.indexes.items())


def read_bindings(path: Path) -> Bindings:
    """Those of the request in the file at ``path``, whatever else is in it; none where it names none.

    Raises ``BadInput`` where it names some that cannot be used: their packages must be asked of nobody else.
    """
    try:
        document = load_yaml(path) if path.is_file() else None
    except BadInput:
        return PUBLIC  # whoever needs the request itself tells what is wrong with it
    named: Data = document.data.get(KEY) if document is not None and isinstance(document.data, dict) else None
    if document is None or not named:
        return PUBLIC
    return Bindings(read_indexes(document, decode(document, RequestText)))


def _read(document: YamlDocument, name: str, text: IndexText, taken: dict[str, str]) -> PrivateIndex:
    if not _NAME.fullmatch(name) or name in INDEXES:
        fix = f"use lower-case letters, digits and '-', and none of {', '.join(INDEXES)}"
        raise document.error("is no name for a private index", KEY, name, fix=fix)
    url = None if text.url is UNSET else _address(document, name, str(text.url))
    packages = tuple(_pattern(document, name, position, one, taken) for position, one in enumerate(text.packages))
    return PrivateIndex(name=name, url=url, packages=packages)


def _address(document: YamlDocument, name: str, url: str) -> str:
    try:
        names.web_address(url)
    except names.BadName as error:
        raise document.error(str(error), KEY, name, "url", fix="write it like https://host/simple") from None
    if names.public_address(url) != url:
        # Requests are committed.
        raise document.error(
            f'"{names.public_address(url)}" is written with a user, a token, a query or a fragment',
            KEY,
            name,
            "url",
            fix=f"leave that out; {variable_of(name, 'USERNAME')} and {variable_of(name, 'PASSWORD')}, ~/.netrc or "
            "keyring have what the server wants to see",
        )
    return url


def _pattern(document: YamlDocument, name: str, position: int, text: str, taken: dict[str, str]) -> str:
    pattern = canonicalize_name(text)
    if not names.is_project(pattern.replace("*", "x")) or pattern.strip("*-") == "":
        fix = 'name a package, or all that begin alike: "company-*"'
        raise document.error(f"{names.shown(text)} is no name of a package", KEY, name, "packages", position, fix=fix)
    if pattern in taken:
        problem = f"{pattern} is bound to {taken[pattern]} already"
        raise document.error(problem, KEY, name, "packages", position, fix="leave one of them")
    taken[pattern] = name
    return pattern
