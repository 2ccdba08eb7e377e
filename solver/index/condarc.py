"""conda's own configuration read: the ``.condarc`` files where conda looks for them, and variables that outweigh them.

Of their keys, those that say where a channel is and how to reach it count here; all others are left to conda.
Keys in two files, or in a file and a variable, are merged as conda does it (``condarc_merge``): a list goes on with
that of the weaker one, names of a mapping are put together, and of anything else the stronger value counts.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from solver.core import names
from solver.core.errors import BadInput
from solver.core.reading import read_text
from solver.core.yamlfile import Data, parse_yaml
from solver.index.conda_config import (
    DEFAULT_ALIAS,
    DEFAULTS,
    DEFAULTS_NAME,
    CondaSettings,
    split_address,
    trimmed,
    without_credentials,
)
from solver.index.condarc_merge import Marked, marks_in, merged_settings, with_marks

_ALIASES = {
    "verify_ssl": "ssl_verify",
    "whitelist_channels": "allowlist_channels",
    "blacklist_channels": "denylist_channels",
}
_ADDRESSES, _CHANNELS = ("custom_channels", "proxy_servers"), ("mirrored_channels", "custom_multichannels")
_LISTS = ("default_channels", "allowlist_channels", "denylist_channels")
_CLIENT = "client_ssl_cert"
_KEYS = ("channel_alias", "ssl_verify", "offline", _CLIENT, *_ADDRESSES, *_CHANNELS, *_LISTS)
_OF_ENVIRONMENT = ("channel_alias", "ssl_verify", "offline", _CLIENT, *_LISTS)
"""Keys that conda reads of a variable, too: CONDA_OFFLINE …"""
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%(\w+)%")
_NAMES, _ENDS = (".condarc", "condarc"), (".yml", ".yaml")
"""How files of conda's configuration are called, and how the names end of those that have names of their own."""
_OF_THE_SYSTEM = "truststore"
"""A word of ``ssl_verify``; these certificates are taken anyway."""


def read_settings(environ: Mapping[str, str] | None = None, home: Path | None = None) -> CondaSettings:
    """The merged ``.condarc`` files that ``environ`` and ``home`` lead to.

    Raises ``BadInput`` for a file that is no YAML or a key of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    said: dict[str, list[Marked]] = {}
    files = (_read(path, environ) for path in _files(environ, Path.home() if home is None else home))
    for settings in (*files, _of_environment(environ)):
        for key, value in settings.items():
            said.setdefault(key, []).append(value)
    merged = {key: merged_settings(values) for key, values in said.items()}
    alias = trimmed(merged.get("channel_alias") or DEFAULT_ALIAS)
    groups = {DEFAULTS_NAME: tuple(merged.get("default_channels") or DEFAULTS)}
    groups |= {name: tuple(members) for name, members in (merged.get("custom_multichannels") or {}).items()}
    # The name of a member such as https://host/t/TOKEN/team is all that may stand in a lock; the address stays here.
    named = _named_by(groups.values(), alias)
    groups = {name: tuple(_public(member) for member in members) for name, members in groups.items()}
    own = {name: trimmed(base) for name, base in (merged.get("custom_channels") or {}).items()}
    mirrors = {trimmed(name): tuple(places) for name, places in (merged.get("mirrored_channels") or {}).items()}
    return CondaSettings(
        alias=alias,
        custom={**named, **own},
        groups=groups,
        mirrors=mirrors,
        verify_tls=merged.get("ssl_verify") is not False,
        certificates=_certificates(merged.get("ssl_verify")),
        proxies=merged.get("proxy_servers") or {},
        has_client_certificate=_CLIENT in merged,
        offline=merged.get("offline") is True,
        allowlist=tuple(merged.get("allowlist_channels") or ()),
        denylist=tuple(merged.get("denylist_channels") or ()),
    )


def _named_by(groups: Iterable[Sequence[str]], alias: str) -> dict[str, str]:
    """Where the channels lie that a group names by their address: each has a name of its own by that."""
    addresses = (address for members in groups for address in members if "://" in address)
    return {name: base for base, name in (split_address(address, alias) for address in addresses) if name}


def _public(channel: str) -> str:
    return without_credentials(channel) if "://" in channel else channel


def _certificates(value: object) -> Path | None:
    return None if isinstance(value, bool) or value in (None, _OF_THE_SYSTEM) else Path(str(value)).expanduser()


def _files(environ: Mapping[str, str], home: Path) -> list[Path]:
    """conda's search path, weakest first."""
    folders = [Path("C:/ProgramData/conda")] if os.name == "nt" else [Path("/etc/conda"), Path("/var/lib/conda")]
    folders += _roots(environ)
    folders += [Path(environ["XDG_CONFIG_HOME"], "conda")] if environ.get("XDG_CONFIG_HOME") else []
    folders += [home / ".config" / "conda", home / ".conda"]
    places = [place for folder in folders for place in _places(folder)]
    places.append(home / ".condarc")
    if environ.get("CONDA_PREFIX"):
        places += _places(Path(environ["CONDA_PREFIX"]))
    if environ.get("CONDARC"):
        places += _named(Path(environ["CONDARC"]))
    return [path for path in dict.fromkeys(places) if path.is_file()]


def _roots(environ: Mapping[str, str]) -> list[Path]:
    """Where conda and mamba themselves lie: whoever installs them for others puts a configuration there."""
    roots = [Path(environ[key]) for key in ("CONDA_ROOT", "_CONDA_ROOT", "MAMBA_ROOT_PREFIX") if environ.get(key)]
    program = environ.get("CONDA_EXE") or shutil.which("conda", path=environ.get("PATH", ""))
    return [*([Path(program).parent.parent] if program else []), *roots]


def _places(folder: Path) -> list[Path]:
    return [*(folder / name for name in _NAMES), *_parts(folder / "condarc.d")]


def _named(place: Path) -> list[Path]:
    """The configuration at ``$CONDARC``, a file or a folder; conda passes over a file that is called otherwise."""
    return [place] if place.name in _NAMES or place.suffix in _ENDS else _parts(place)


def _parts(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in _ENDS) if folder.is_dir() else []


def _of_environment(environ: Mapping[str, str]) -> dict[str, Marked]:
    settings: dict[str, Marked] = {}
    for name in (*_OF_ENVIRONMENT, *_ALIASES):
        variable, key = f"CONDA_{name.upper()}", _ALIASES.get(name, name)
        if text := environ.get(variable):
            value = [part.strip() for part in text.split(",") if part.strip()] if key in _LISTS else text
            settings[key] = with_marks(_checked("the environment", variable, key, value))
    return settings


def _read(path: Path, environ: Mapping[str, str]) -> dict[str, Marked]:
    text = read_text(path)
    document = parse_yaml(text, str(path))
    data, mark_of = document.data, marks_in(document, text)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadInput("expected a mapping of conda's settings", file=path)
    settings = {}
    for name in (*_ALIASES, *_KEYS):
        if data.get(name) is not None:
            key = _ALIASES.get(name, name)
            settings[key] = with_marks(_checked(path, name, key, _expanded(data[name], environ)), mark_of, (name,))
    return settings


def _checked(file: Path | str, name: str, key: str, value: Data) -> Data:
    """The value of ``key``, written there as ``name``; refused where it is not of its kind."""
    if key in ("offline", "ssl_verify"):
        return _checked_truth(file, name, key, value)
    if key == "proxy_servers" and isinstance(value, dict):
        value = {scheme: _with_scheme(proxy) for scheme, proxy in value.items()}
    if key == "channel_alias":
        _check_address(file, name, value)
    elif key in _ADDRESSES:
        for entry, address in _entries(file, name, value, "expected names, each with an address"):
            _check_address(file, f"{name}.{entry}", address)
    elif key in _LISTS:
        _check_channels(file, name, value, "expected a list of channels")
    elif key != _CLIENT:
        _check_lists(file, name, key, value)
    return value


def _with_scheme(proxy: Data) -> Data:
    """``proxy`` as conda takes it: a bare host speaks http."""
    return f"http://{proxy}" if isinstance(proxy, str) and "://" not in proxy else proxy


def _checked_truth(file: Path | str, name: str, key: str, value: Data) -> Data:
    """True or false, which conda also takes as words; of ``ssl_verify`` also where certificates lie."""
    value = _TRUTH.get(value.lower(), value) if isinstance(value, str) else value
    if isinstance(value, bool) or (key == "ssl_verify" and value == _OF_THE_SYSTEM):
        return value
    if key == "offline":
        raise BadInput("expected true or false", file=file, key=name)
    if not isinstance(value, str) or not Path(value).expanduser().exists():
        raise BadInput("expected true, false, truststore, or where certificates lie", file=file, key=name)
    return value


def _check_lists(file: Path | str, name: str, key: str, value: Data) -> None:
    """Refuse what is no mapping of channels: to their mirrors' addresses, or to the channels they stand for."""
    what = "addresses" if key == "mirrored_channels" else "channels"
    problem = f"expected channel names, each with a list of {what}"
    for entry, members in _entries(file, name, value, problem):
        if not isinstance(members, list) or not members:
            raise BadInput(problem, file=file, key=f"{name}.{entry}")
        if key == "custom_multichannels":
            _check_channels(file, f"{name}.{entry}", members, problem)
            continue
        for address in members:
            _check_address(file, f"{name}.{entry}", address)


def _check_channels(file: Path | str, key: str, value: Data, problem: str) -> None:
    if not isinstance(value, list):
        raise BadInput(problem, file=file, key=key)
    for channel in value:
        try:
            names.channel(channel)
        except names.BadName as error:
            raise BadInput(str(error), file=file, key=key) from None


def _entries(file: Path | str, key: str, value: object, problem: str) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(name, str) and name for name in value):
        raise BadInput(problem, file=file, key=key)
    return value.items()


def _check_address(file: Path | str, key: str, value: object) -> None:
    try:
        if not (isinstance(value, str) and value.startswith(("/", "~"))):
            names.address(value)
    except names.BadName as error:
        raise BadInput(f"expected an address: {error}", file=file, key=key) from None


def _expanded(value: Data, environ: Mapping[str, str]) -> Data:
    """conda replaces ``${NAME}``, ``$NAME`` and ``%NAME%`` in its configuration, which keeps tokens out of the file."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: environ.get(next(filter(None, match.groups())), match[0]), value)
    if isinstance(value, dict):
        return {key: _expanded(entry, environ) for key, entry in value.items()}
    return [_expanded(entry, environ) for entry in value] if isinstance(value, list) else value
