"""The kinds of files and folders that a set is read from: what each leaves open, and what its tool's commands are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

SetKind = Literal[
    "requirements",
    "freeze",
    "pip list",
    "pip inspect",
    "conda list",
    "pylock",
    "uv.lock",
    "poetry.lock",
    "Pipfile.lock",
    "Pipfile",
    "pyproject.toml",
    "pdm.lock",
    "conda-lock",
    "pixi",
    "environment",
    "explicit",
    "image",
    "prefix",
    "solution",
]
_PIP = "pip install --force-reinstall --no-deps {pin}"


@dataclass(frozen=True)
class KindEntry:
    """One kind; in its commands stand ``{name}``, ``{pin}`` or ``{what}``."""

    kind: SetKind
    is_open: bool = False
    """Whether it leaves to pip what it does not name."""
    has_lines: bool = False
    """Whether it is lines of requirements, which can be mended where they stand."""
    is_frozen: bool = False
    """Whether it may be what ``pip freeze`` tells, which leaves pip and its like out."""
    is_installed: bool = False
    """Whether it tells of an environment that is there, in which conda and pip may both have been."""
    pip_after_conda: bool = False
    """Whether whoever installs it lets pip come after conda."""
    locks: str | None = None
    """What makes it, of a lock that holds all that its packages ask for: what is missing there, it left out. None: it
    is no such lock."""
    reinstall: str = _PIP
    """How a package is put back whole."""
    take_out: str | None = None
    """How one is taken out; None: its line goes."""
    add: str | None = None
    """How a requirement is added; None: it is written down."""


_OUT, _IN = "pip uninstall {name}", "pip install {what}"
_PIPENV: Mapping[str, Any] = {
    "reinstall": f"pipenv run {_PIP}",
    "take_out": "pipenv uninstall {name}",
    "add": "pipenv install {what}",
}

KINDS: Mapping[SetKind, KindEntry] = {
    entry.kind: entry
    for entry in (
        KindEntry("requirements", is_open=True, has_lines=True),
        KindEntry("freeze", is_open=True, has_lines=True, is_frozen=True, take_out=_OUT, add=_IN),
        KindEntry("pip list", take_out=_OUT, add=_IN),
        KindEntry("pip inspect", take_out=_OUT, add=_IN),
        KindEntry("conda list", is_installed=True, take_out=_OUT, add=_IN),
        KindEntry("prefix", is_installed=True, take_out=_OUT, add=_IN),
        KindEntry("pylock"),
        KindEntry(
            "uv.lock",
            locks="uv lock",
            reinstall="uv sync --reinstall-package {name}",
            take_out="uv remove {name}",
            add="uv add {what}",
        ),
        KindEntry(
            "poetry.lock",
            locks="poetry lock",
            reinstall=f"poetry run {_PIP}",
            take_out="poetry remove {name}",
            add="poetry add {what}",
        ),
        KindEntry(
            "pdm.lock",
            locks="pdm lock",
            reinstall="pdm sync --reinstall",
            take_out="pdm remove {name}",
            add="pdm add {what}",
        ),
        KindEntry("Pipfile.lock", locks="pipenv lock", **_PIPENV),
        KindEntry("Pipfile", is_open=True, **_PIPENV),
        KindEntry(
            "pixi",
            locks="pixi lock",
            reinstall="pixi reinstall {name}",
            take_out="pixi remove --pypi {name}",
            add="pixi add --pypi {what}",
        ),
        KindEntry("pyproject.toml", is_open=True),
        KindEntry("environment", is_open=True, pip_after_conda=True),
        KindEntry("image", is_open=True),
        KindEntry("conda-lock"),
        KindEntry("explicit"),
        KindEntry("solution"),
    )
}
