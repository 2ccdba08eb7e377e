"""Where conda channels are, as conda's own configuration says (``condarc``): names, mirrors, credentials, proxies.

``~/.netrc`` and the keyring are py-rattler's own work.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from solver.core import names
from solver.core.errors import BadInput

if TYPE_CHECKING:
    from rattler import Client

RETRIES = 3
"""Times that a question to a channel is put again where its server or the connection fails."""
DEFAULT_ALIAS = "https://conda.anaconda.org"
"""Where a channel named by a single word lies unless a configuration says otherwise."""
DEFAULTS_NAME = "defaults"
DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")
"""What that name stands for, unless a configuration says otherwise."""
_PLACES_OF_DEFAULTS = {address.partition(".com/")[2]: "https://repo.anaconda.com" for address in DEFAULTS}
# conda takes what follows the first /t/ for a token, wherever in the path it stands.
_TOKEN = re.compile(r"^(https?://.*?)/t/[A-Za-z0-9-]+(?=/|$)")
_PUBLIC = ("conda-forge", "bioconda", "nvidia", "pytorch")
"""Channels of a single word that lie at the common address, wherever a configuration has them read from."""


@dataclass(frozen=True)
class CondaSettings:
    """The part of conda's configuration that says where channels are; empty: conda's defaults."""

    alias: str = DEFAULT_ALIAS
    custom: Mapping[str, str] = field(default_factory=lambda: dict(_PLACES_OF_DEFAULTS))
    """Channel name -> the address below which it lies (``custom_channels``, and by their groups)."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {DEFAULTS_NAME: DEFAULTS})
    """Name -> the channels that it stands for, highest priority first (``custom_multichannels``)."""
    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Channel name or address -> addresses of mirrors, tried in order (``mirrored_channels``)."""
    verify_tls: bool = True
    certificates: Path | None = None
    """A file or a folder of the authorities to believe; None: the system's."""
    proxies: Mapping[str, str] = field(default_factory=dict)
    """Scheme -> proxy."""
    has_client_certificate: bool = False
    """Whether one is configured (``client_ssl_cert``), which py-rattler cannot send."""
    offline: bool = False
    """Nothing is asked for over the network."""
    allowlist: tuple[str, ...] = ()
    """The only channels that may be used; empty: every one."""
    denylist: tuple[str, ...] = ()

    def members(self, channel: str) -> tuple[str, ...]:
        """The channels that ``channel`` stands for: itself, unless it is the name of several."""
        return tuple(map(self.name_of, self.groups.get(channel, (channel,))))

    def allowed(self, channels: Iterable[str]) -> Iterator[str]:
        """Every channel that ``channels`` stand for; raises ``BadInput`` where one of them may not be used."""
        for channel in (member for named in channels for member in self.members(named)):
            self.check_allowed(channel)
            yield channel

    def address(self, channel: str) -> str:
        """The address that locks name: without credentials, and the channel's own, never a mirror's.

        ``channel_alias`` counts as a mirror, since it moves channels that the world
        knows under their common address; ``custom_channels`` are known only there, but for public ones.
        """
        if _is_address(channel):
            return without_credentials(channel)
        base = None if channel.partition("/")[0] in _PUBLIC else self._custom_base(channel)
        return without_credentials(f"{base or DEFAULT_ALIAS}/{channel}")

    def name_of(self, channel: str) -> str:
        """What conda calls a channel that is written by its address: its name where it lies below the alias."""
        if "://" not in channel:
            return channel
        place = without_credentials(channel).partition("://")[2]
        for alias in (DEFAULT_ALIAS, self.alias):
            base, _, name = place.partition(f"{without_credentials(alias).partition('://')[2]}/")
            if not base and names.is_plain_channel(name):
                return name
        return channel

    def sources(self, channel: str) -> tuple[str, ...]:
        """Addresses to read ``channel`` from, credentials included, first choice first."""
        mirrors = self.mirrors.get(channel) or self.mirrors.get(self.address(channel))
        if mirrors:
            return tuple(trimmed(address) for address in mirrors)
        if _is_address(channel):
            own = (f"{base}/{name}" for name, base in self.custom.items() if f"{base}/{name}" != channel)
            with_credentials = (each for each in own if without_credentials(each) == without_credentials(channel))
            return (next(with_credentials, _as_address(channel)),)
        return (f"{trimmed(self._custom_base(channel) or self.alias)}/{channel}",)

    def sources_of(self, address: str) -> tuple[str, ...]:
        """As ``sources``, for a channel known by the address that locks name."""
        for name in (*self.mirrors, *self.custom):
            own = self.address(name)
            if address == own or (address.startswith(f"{own}/") and not _is_address(name)):
                return self.sources(name + address.removeprefix(own))
        if address.startswith(f"{DEFAULT_ALIAS}/"):
            return self.sources(address.removeprefix(f"{DEFAULT_ALIAS}/"))
        return self.sources(address)

    def check_allowed(self, channel: str) -> None:
        """Refuse a channel, by its name or address, that ``allowlist_channels`` and ``denylist_channels`` exclude."""
        places = self._places(channel)
        for key, named in (("denylist_channels", self.denylist), ("allowlist_channels", self.allowlist)):
            listed = any(places & self._places(each) for name in named for each in self.members(name))
            if named and listed == (named is self.denylist):
                shown = without_credentials(channel) if _is_address(channel) else channel
                problem = f"{key} of conda's configuration does not allow the channel {shown}"
                raise BadInput(problem, fix="name another channel, or ask whoever wrote that")

    def _places(self, channel: str) -> set[str]:
        """Every address that is the channel's, credentials aside."""
        sources = self.sources_of(channel) if _is_address(channel) else self.sources(channel)
        return {self.address(channel), *map(without_credentials, sources)}

    def _custom_base(self, channel: str) -> str | None:
        """Of the names before each slash of ``channel`` the longest that lies somewhere of its own says where."""
        while channel not in self.custom and "/" in channel:
            channel = channel.rpartition("/")[0]
        return self.custom.get(channel)

    def client(self) -> Client:
        """py-rattler's client: retries, ``~/.netrc``, the keyring, and these proxies.

        Raises ``BadInput`` for certificates that are none.
        """
        from rattler import Client, Config

        config = Config()
        if not self.verify_tls:
            config.set("tls-no-verify", "true")
        for scheme in ("http", "https"):
            if scheme in self.proxies:
                config.set(f"proxy-config.{scheme}", self.proxies[scheme])
        with _believing(self.certificates):
            try:
                return Client.from_config(config, max_retries=RETRIES)
            except ValueError:
                if self.certificates is None:
                    raise
                problem, fix = "holds no certificates", "name a file of them in ssl_verify of conda's configuration"
                raise BadInput(problem, file=self.certificates, fix=fix) from None


_believes = threading.Lock()


@contextmanager
def _believing(certificates: Path | None) -> Iterator[None]:
    """While it lasts a client that is made believes the authorities in ``certificates``, and no others."""
    if certificates is None:
        yield
        return
    variables = {"SSL_CERT_DIR" if certificates.is_dir() else "SSL_CERT_FILE": str(certificates)}
    with _believes:
        # py-rattler has no other way to be told, and reads them when it makes the client.
        before = {key: os.environ.pop(key, None) for key in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
        os.environ.update(variables)
        try:
            yield
        finally:
            for key, value in before.items():
                os.environ.pop(key, None)
                if value is not None:
                    os.environ[key] = value


def without_credentials(address: str) -> str:
    """``address`` without user, password and conda's ``/t/<token>``: what may stand in a lock."""
    return trimmed(_TOKEN.sub(r"\1", names.public_address(_as_address(address))))


def split_address(address: str, alias: str) -> tuple[str, str]:
    """Where a channel lies that is known by its address, and its name there, as conda splits them."""
    public, public_alias = without_credentials(address), without_credentials(alias)
    if public.startswith(f"{public_alias}/"):
        name = public.removeprefix(f"{public_alias}/")
    else:
        name = urlsplit(public).path.strip("/")
    return trimmed(address).removesuffix(f"/{name}"), name


def trimmed(address: str) -> str:
    """``address`` without slashes at its end."""
    return address.rstrip("/")


def _is_address(channel: str) -> bool:
    return "://" in channel or channel.startswith(("/", "./", "../", "~"))


def _as_address(channel: str) -> str:
    if "://" in channel:
        return trimmed(channel)
    try:
        return Path(channel).expanduser().resolve().as_uri()
    except (RuntimeError, ValueError) as error:  # of a user whom nobody knows, of what no path can hold
        raise BadInput(
            f"{names.shown(channel)} is no folder: {str(error).rstrip('.')}", fix="write where the channel lies"
        ) from None
