"""What went wrong with a question to the web: whether another try may go better, and a sentence without addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from solver.core import names

TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and to wait for the next bytes."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait; None where it does not say so in a way that can be read."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return float(text)
    try:
        wait: timedelta = parsedate_to_datetime(text) - datetime.now(UTC)
        return max(0.0, wait.total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def may_pass(error: Exception) -> bool:
    """Whether another try may go better: a certificate, an address or a bad answer stays what it is."""
    import requests
    import urllib3

    lasting = (requests.exceptions.SSLError, urllib3.exceptions.DecodeError, ValueError)  # InvalidURL is a ValueError
    return not isinstance(error, lasting)


def why(error: Exception) -> str:
    """What went wrong, in a sentence without addresses: those of the libraries name theirs, query and all."""
    import requests
    import urllib3

    chain = _chain(error)
    for kind, sentence in (
        ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), "its certificate is not accepted"),
        ((requests.exceptions.ProxyError, urllib3.exceptions.ProxyError), "the proxy does not answer"),
        ((requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError), f"nothing came for {TIMEOUT[1]:.0f} s"),
        ((urllib3.exceptions.NameResolutionError,), "its name is not known"),
        ((requests.exceptions.InvalidURL, urllib3.exceptions.LocationValueError), "its address cannot be used"),
        ((urllib3.exceptions.DecodeError,), "its answer is compressed in a way that cannot be read"),
        ((urllib3.exceptions.IncompleteRead,), "its answer broke off"),
    ):
        if any(isinstance(one, kind) for one in chain):
            return sentence
    reasons = [one.strerror for one in chain if isinstance(one, OSError) and one.strerror]
    if reasons:
        return names.one_line(reasons[-1])
    timed_out = any(isinstance(one, urllib3.exceptions.ConnectTimeoutError) for one in chain)
    return f"no connection in {TIMEOUT[0]:.0f} s" if timed_out else "the connection broke off"


def _chain(error: BaseException) -> list[BaseException]:
    """``error`` and what lies behind it, the first cause last."""
    chain: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in chain:
            chain.append(one)
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return chain
