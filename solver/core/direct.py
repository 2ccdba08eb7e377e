"""What pip installs from elsewhere than an index: repositories, addresses, folders, editables; why no lock holds it."""

from __future__ import annotations

import re
from enum import Enum

from solver.core.spelling import command_line

_EDITABLE = re.compile(r"(-e|--editable)[\s=]")
_NAMED = re.compile(r"[A-Za-z0-9][\w.-]*\s*(\[[^]]*\])?\s*@\s*(?P<address>\S.*)")
_REPOSITORY = re.compile(r"(git|hg|svn|bzr)\+", re.IGNORECASE)
_COMMIT = re.compile(r"@[0-9a-f]{7,64}(?=$|[#;\s])")
_ADDRESS = re.compile(r"(https?|ftp)://", re.IGNORECASE)
_HASH = re.compile(r"#(.*&)?sha256=[0-9a-f]{64}", re.IGNORECASE)
_PLACE = re.compile(r"file:|\.{1,2}($|[/\\])|[/~\\]|[A-Za-z]:[/\\]|\S*[/\\]", re.IGNORECASE)
_OF_CONDA = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)\s*@\s*file:\S*(/croot/|/feedstock_root/|/conda-bld/|/tmp/build/|_\d{10,}/work$)\S*"
)
"""What pip freeze writes of a package that conda installed: the folder in which somebody else's machine built it."""


class Direct(Enum):
    """Where a requirement comes from that no index serves, and why a lock cannot hold it."""

    EDITABLE = "an editable is the folder itself, of which no hash can be locked"
    COMMIT = "what is built of a repository has no hash that could be locked"
    BRANCH = "a branch or a tag moves, and what is built of a repository has no hash that could be locked"
    HASHED = "only files of an index are locked, whose requirements are known before they are installed"
    ADDRESS = "it is on no index, and nothing says which file of that address is meant: it has no sha256"
    FOLDER = (
        "a folder or a file of one machine is not on another, and what is built of it has no hash that could be locked"
    )


def direct(text: str) -> Direct | None:
    """What kind of direct requirement a line for pip is; None: one of an index, or none at all."""
    if _EDITABLE.match(text):
        return Direct.EDITABLE
    named = _NAMED.fullmatch(text)
    address = named["address"] if named else text
    if _REPOSITORY.match(address):
        return Direct.COMMIT if _COMMIT.search(address) else Direct.BRANCH
    if _ADDRESS.match(address):
        return Direct.HASHED if _HASH.search(address) else Direct.ADDRESS
    return Direct.FOLDER if named or _PLACE.match(address) else None


def built_by_conda(text: str) -> str | None:
    """The package of a line that pip freeze wrote of what conda installed, without its version; None: no such line."""
    line = _OF_CONDA.fullmatch(text)
    return line["name"] if line else None


def afterwards(text: str) -> str:
    """The command that installs a direct requirement into an environment that was made of a lock."""
    editable = _EDITABLE.match(text)
    words = [editable[1], text[editable.end() :].strip()] if editable else [text]
    return command_line("pip", "install", "--no-deps", *words)
