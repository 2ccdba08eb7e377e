"""Tells what an audited file or folder is, by its content, and has it read."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import ValidationError, convert, structs

from solver.audit.package_set import PackageSet, default_python
from solver.core.errors import BadInput
from solver.core.model import Target
from solver.core.names import BadName
from solver.core.target import marker_environment

_FORMATS = (
    "requirements.txt, pip freeze output, pylock.toml, uv.lock, poetry.lock, conda-lock.yml, pixi.lock, "
    "environment.yml, an @EXPLICIT file, or an installed prefix"
)


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
        from solver.audit.readers.prefix import read_prefix

        return read_prefix(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput("there is no such file or folder", file=path) from None
    except UnicodeDecodeError as error:
        raise BadInput(
            f"is not UTF-8 text (byte {error.start})", file=path, fix=f"expected one of: {_FORMATS}"
        ) from None
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
    from solver.core.yamlfile import parse_yaml

    try:
        return convert(parse_yaml(block[0], str(path)).data["target"], Target)
    except (ValidationError, BadInput):
        return None


def read_text(text: str, file: str, folder: Path, target: Target | None = None) -> PackageSet:
    """Like ``read_set`` for text that is at hand; ``folder`` is where included files are looked for."""
    if _is_toml(text):
        return _read_toml(text, file, target)
    if _is_yaml(text):
        return _read_yaml(text, file, folder, target)
    environment = marker_environment(target or Target())
    from solver.audit.readers.explicit import is_explicit, read_explicit

    if is_explicit(text):
        return read_explicit(text, file, environment)
    from solver.audit.readers.requirements import compiled_for, read_requirements

    python = compiled_for(text)
    if target is None and python is not None:
        environment = marker_environment(structs.replace(Target(), python=python))
    return read_requirements(text, file, environment, folder)


def _is_toml(text: str) -> bool:
    """A table's header, which no other format has, or a lock's version as the first line that says something."""
    if re.search(r"^\s*\[\[?[\w.\-\" ]+\]\]?\s*(#.*)?$", text, re.MULTILINE):
        return True
    return re.match(r"(lock-)?version\s*=[^=]", _first(text)) is not None


def _is_yaml(text: str) -> bool:
    """A mapping or a document's start as the first line that says something."""
    first = _first(text)
    return first == "---" or re.match(r"[\w\-]+:(\s|$)", first) is not None


def _first(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")


def _read_toml(text: str, file: str, target: Target | None) -> PackageSet:
    from solver.audit.readers.poetry_lock import read_poetry_lock
    from solver.audit.readers.pylock import read_pylock
    from solver.audit.readers.toml import parse_toml
    from solver.audit.readers.uv_lock import read_uv_lock

    data = parse_toml(text, file)
    meta = data.get("metadata")
    poetry = isinstance(meta, dict) and "lock-version" in meta
    spec = meta.get("python-versions") if poetry and isinstance(meta, dict) else data.get("requires-python")
    assumed = structs.replace(Target(), python=default_python(str(spec) if spec else None))
    environment = marker_environment(target or assumed)
    if "lock-version" in data:
        return read_pylock(data, text, file, environment)
    if poetry:
        return read_poetry_lock(data, text, file, environment)
    if "package" in data and "version" in data:
        return read_uv_lock(data, text, file, environment)
    raise BadInput("is TOML, but neither pylock.toml nor uv.lock nor poetry.lock", file=file, fix=_EXPECTED)


def _read_yaml(text: str, file: str, folder: Path, target: Target | None) -> PackageSet:
    from solver.core.yamlfile import parse_yaml

    document = parse_yaml(text, file)
    data = document.data if isinstance(document.data, dict) else {}
    platform = None if target is None else target.platform
    if "environments" in data:
        from solver.audit.readers.pixi import read_pixi

        return read_pixi(document, platform)
    if "package" in data:
        from solver.audit.readers.conda_lock import read_conda_lock

        return read_conda_lock(document, platform)
    if "dependencies" in data:
        from solver.audit.readers.environment import read_environment

        return read_environment(document, marker_environment(target or Target()), folder)
    raise BadInput("is YAML, but neither conda-lock.yml nor pixi.lock nor environment.yml", file=file, fix=_EXPECTED)


_EXPECTED = f"expected one of: {_FORMATS}"
