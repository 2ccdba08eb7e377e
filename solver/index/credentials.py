"""User and password of each server that is asked: out of its address or the system's keyring; nobody else is told."""

from __future__ import annotations

import threading
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import unquote

from solver.core import names
from solver.index.addresses import origin_of


class Credentials:
    """Those of one session; may be shared by threads."""

    def __init__(self) -> None:
        self._by_server: dict[str, tuple[str, str]] = {}
        self._asked: set[str] = set()
        """The servers of which the keyring was asked."""
        self._lock = threading.Lock()

    def of(self, url: str) -> tuple[str, str] | None:
        """Those of the server of ``url``; None where it has none."""
        return self._by_server.get(origin_of(url))

    def taken_from(self, url: str) -> str:
        """``url`` without user and password, which are kept for questions to its server; the first ones count."""
        parts = names.url_parts(url)
        user, at, host = parts.netloc.rpartition("@")
        if not at:
            return url
        name, _, password = user.partition(":")
        bare = parts._replace(netloc=host).geturl()
        self._by_server.setdefault(origin_of(bare), (unquote(name), unquote(password)))
        return bare

    def come_from_keyring(self, url: str) -> bool:
        """Whether the system's keyring has new credentials for the server of ``url``, which then are kept.

        ``keyring`` is used where somebody installed it beside this, as pip does; ``requests`` has tried ~/.netrc.
        """
        origin = origin_of(url)
        with self._lock:
            if origin in self._by_server or origin in self._asked or find_spec("keyring") is None:
                return False
            self._asked.add(origin)
            credentials = import_module("keyring").get_credential(origin, None)
            if credentials is None:
                return False
            self._by_server[origin] = (credentials.username, credentials.password)
            return True
