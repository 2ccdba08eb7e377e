"""Where conda channels are, as conda's own configuration says: names, mirrors, credentials, proxies.

conda merges the ``.condarc`` files of the system, the user and the active
environment; of their keys, those that say where a channel is and how to reach
it count here. ``~/.netrc`` and the keyring are py-rattler's own work.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.core import names
from solver.core.errors import BadInput
from solver.core.yamlfile import Data, load_yaml

if TYPE_CHECKING:
    from rattler import Client

RETRIES = 3
"""Times that a question to a channel is put again where its server or the connection fails."""
DEFAULT_ALIAS = "https://conda.anaconda.org"
"""Where a channel named by a single word lies unless a configuration says otherwise."""

_KEYS = ("channel_alias", "custom_channels", "mirrored_channels", "ssl_verify", "proxy_servers")


@dataclass(frozen=True)
class CondaSettings:
    """The part of conda's configuration that says where channels are; empty: conda's defaults."""

    alias: str = DEFAULT_ALIAS
    custom: Mapping[str, str] = field(default_factory=dict)
    """Channel name -> the address below which it lies (``custom_channels``)."""
    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Channel name or address -> addresses of mirrors, tried in order (``mirrored_channels``)."""
    verify_tls: bool = True
    proxies: Mapping[str, str] = field(default_factory=dict)
    """Scheme -> proxy."""

    def address(self, channel: str) -> str:
        """The address that locks name: without credentials, and the channel's own, never a mirror's.

        ``channel_alias`` counts as a mirror, since it moves channels that the world
        knows under their common address; ``custom_channels`` are known only there.
        """
        if _is_address(channel):
            return without_credentials(channel)
        base = self.custom.get(channel)
        return without_credentials(f"{base}/{channel}" if base else f"{DEFAULT_ALIAS}/{channel}")

    def sources(self, channel: str) -> tuple[str, ...]:
        """Addresses to read ``channel`` from, credentials included, first choice first."""
        mirrors = self.mirrors.get(channel) or self.mirrors.get(self.address(channel))
        if mirrors:
            return tuple(_trim(address) for address in mirrors)
        if _is_address(channel):
            return (_as_address(channel),)
        base = self.custom.get(channel, self.alias)
        return (f"{_trim(base)}/{channel}",)

    def sources_of(self, address: str) -> tuple[str, ...]:
        """As ``sources``, for a channel known by the address that locks name."""
        for name in (*self.mirrors, *self.custom):
            if self.address(name) == address:
                return self.sources(name)
        if address.startswith(f"{DEFAULT_ALIAS}/"):
            return self.sources(address.removeprefix(f"{DEFAULT_ALIAS}/"))
        return self.sources(address)

    def client(self) -> Client:
        """py-rattler's client: retries, ``~/.netrc``, the keyring, and these proxies."""
        from rattler import Client, Config

        config = Config()
        if not self.verify_tls:
            config.set("tls-no-verify", "true")
        for scheme in ("http", "https"):
            if scheme in self.proxies:
                config.set(f"proxy-config.{scheme}", self.proxies[scheme])
        return Client.from_config(config, max_retries=RETRIES)


def read_settings(environ: Mapping[str, str] | None = None, home: Path | None = None) -> CondaSettings:
    """The merged ``.condarc`` files that ``environ`` and ``home`` lead to.

    Raises ``BadInput`` for a file that is no YAML or a key of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    merged: dict[str, Any] = {}
    for path in _files(environ, Path.home() if home is None else home):
        for key, value in _read(path, environ).items():
            if isinstance(value, dict) and isinstance(merged.get(key), dict):
                value = {**merged[key], **value}
            merged[key] = value
    if "CONDA_CHANNEL_ALIAS" in environ:
        merged["channel_alias"] = environ["CONDA_CHANNEL_ALIAS"]
        _check("the environment", "CONDA_CHANNEL_ALIAS", merged["channel_alias"])
    if environ.get("CONDA_SSL_VERIFY", "").lower() in ("false", "no", "0"):
        merged["ssl_verify"] = False
    return CondaSettings(
        alias=_trim(merged.get("channel_alias") or DEFAULT_ALIAS),
        custom={name: _trim(base) for name, base in (merged.get("custom_channels") or {}).items()},
        mirrors={_trim(name): tuple(addresses) for name, addresses in (merged.get("mirrored_channels") or {}).items()},
        # A path to a certificate bundle is left to SSL_CERT_FILE, which the client reads by itself.
        verify_tls=merged.get("ssl_verify") is not False,
        proxies=merged.get("proxy_servers") or {},
    )


def without_credentials(address: str) -> str:
    """``address`` without user, password and conda's ``/t/<token>``: what may stand in a lock."""
    return _trim(names.public_address(_as_address(address)))


def _files(environ: Mapping[str, str], home: Path) -> Iterable[Path]:
    """conda's search path, weakest first."""
    folders = [Path("/etc/conda"), Path("/var/lib/conda")]
    folders += [Path(environ[key]) for key in ("CONDA_ROOT", "MAMBA_ROOT_PREFIX") if environ.get(key)]
    folders += [Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "conda", home / ".conda", home]
    if environ.get("CONDA_PREFIX"):
        folders.append(Path(environ["CONDA_PREFIX"]))
    files = [folder / ".condarc" for folder in folders]
    if environ.get("CONDARC"):
        files.append(Path(environ["CONDARC"]))
    return [path for path in files if path.is_file()]


def _read(path: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    data = load_yaml(path).data
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadInput("expected a mapping of conda's settings", file=path)
    settings = {key: _expanded(data[key], environ) for key in _KEYS if data.get(key) is not None}
    for key, value in settings.items():
        _check(path, key, value)
    return settings


def _check(path: Path | str, key: str, value: object) -> None:
    """Refuse a value of one key that is not of its kind, or an address in it that is none."""
    if key in ("channel_alias", "CONDA_CHANNEL_ALIAS"):
        _check_address(path, key, value)
    elif key in ("custom_channels", "proxy_servers"):
        for name, address in _entries(path, key, value, "expected names, each with an address"):
            if key == "proxy_servers" and isinstance(address, str) and "://" not in address:
                address = f"http://{address}"  # conda takes a bare host for one of http
            _check_address(path, f"{key}.{name}", address)
    elif key == "mirrored_channels":
        problem = "expected channel names, each with a list of addresses"
        for name, addresses in _entries(path, key, value, problem):
            if not isinstance(addresses, list) or not addresses:
                raise BadInput(problem, file=path, key=f"{key}.{name}")
            for address in addresses:
                _check_address(path, f"{key}.{name}", address)


def _entries(path: Path | str, key: str, value: object, problem: str) -> Iterable[tuple[str, object]]:
    if not isinstance(value, dict) or not all(isinstance(name, str) and name for name in value):
        raise BadInput(problem, file=path, key=key)
    return value.items()


def _check_address(path: Path | str, key: str, value: object) -> None:
    try:
        if not (isinstance(value, str) and value.startswith(("/", "~"))):
            names.address(value)
    except names.BadName as error:
        raise BadInput(f"expected an address: {error}", file=path, key=key) from None


def _expanded(value: Data, environ: Mapping[str, str]) -> Data:
    """conda replaces ``${NAME}`` in its configuration, which keeps tokens out of the file."""
    if isinstance(value, str):
        for name, text in environ.items():
            value = value.replace(f"${{{name}}}", text)
        return value
    if isinstance(value, dict):
        return {key: _expanded(entry, environ) for key, entry in value.items()}
    return [_expanded(entry, environ) for entry in value] if isinstance(value, list) else value


def _is_address(channel: str) -> bool:
    return "://" in channel or channel.startswith(("/", "./", "../", "~"))


def _as_address(channel: str) -> str:
    if "://" in channel:
        return _trim(channel)
    return Path(channel).expanduser().resolve().as_uri()


def _trim(address: str) -> str:
    return address.rstrip("/")
