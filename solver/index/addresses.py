"""What the address of a server tells: whether anybody can listen, and whose credentials it takes."""

from __future__ import annotations

from ipaddress import ip_address

from solver.core import names


def is_unencrypted(url: str) -> bool:
    """Whether what is asked for at ``url`` comes unencrypted."""
    return names.url_parts(url).scheme.lower() == "http"


def is_this_machine(url: str) -> bool:
    """Whether the server of ``url`` is on this machine, so that nobody is on the way."""
    host = names.url_parts(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Scheme and server of ``url``, without credentials."""
    parts = names.url_parts(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
