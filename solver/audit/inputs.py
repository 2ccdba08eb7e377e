"""Tells what an audited file or folder is, by its content, and has it read."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import ValidationError, convert, structs

from solver.audit.package_set import PackageSet
from solver.audit.readers.prefix import read_prefix
from solver.audit.readers.table import EXPECTED, Document, read_document
from solver.core.errors import BadInput
from solver.core.model import Target
from solver.core.names import BadName
from solver.core.yamlfile import parse_yaml


def read_set(path: Path, target: Target | None = None) -> PackageSet:
    """The set that ``path`` holds, as it would be installed on ``target``.

    Without a target, that of the solution.yaml beside it counts; where there is
    none, locks that serve several platforms and pythons are read for the default
    platform and for a python that they admit. Raises
    ``BadInput`` naming file, line and key of what cannot be read.
    """
    try:
        return _read_set(path, target)
    except BadName as error:
        raise BadInput(str(error), file=path, line=error.line, fix="write it anew with the tool that made it") from None


def _read_set(path: Path, target: Target | None) -> PackageSet:
    if path.is_dir():
        return read_prefix(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput("there is no such file or folder", file=path) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"is not UTF-8 text (byte {error.start})", file=path, fix=EXPECTED) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", file=path) from None
    own = _target_of_our_lock(path.parent / "solution.yaml")
    found = read_text(text, str(path), path.parent, target or own)
    return found if own is None else structs.replace(found, target=own)


def _target_of_our_lock(path: Path) -> Target | None:
    """The target in the solution.yaml beside a file; None where there is none, or one that is not ours."""
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    # Only this block is parsed: the whole file takes longer than the audit.
    block = re.search(r"^target:\n(?:[ -].*\n)+", text, re.MULTILINE)
    if block is None or not text.startswith("# Made by `interlock"):
        return None
    try:
        return convert(parse_yaml(block[0], str(path)).data["target"], Target)
    except (ValidationError, BadInput):
        return None


def read_text(text: str, file: str, folder: Path, target: Target | None = None) -> PackageSet:
    """Like ``read_set`` for text that is at hand; ``folder`` is where included files are looked for."""
    return read_document(Document(text, file, folder, target))
