"""Answers that were read before and that their server only has to confirm: the rules of HTTP are CacheControl's.

Each is asked for anew with the tag that it came with, so that nothing old is believed; what the server confirms
(304) is not sent once more. Nothing is kept of a question or an answer with credentials in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from solver.core import names, reading
from solver.core.errors import BadInput
from solver.core.vouched import vouched, vouching
from solver.core.whole import put_whole

if TYPE_CHECKING:
    from datetime import datetime

    import requests
    from cachecontrol.cache import BaseCache
    from cachecontrol.controller import CacheController
    from urllib3 import HTTPResponse

_GOOD = (200,)


class KeptAnswers:
    """The answers that lie in ``folder``; may be shared by threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _controller(self) -> CacheController:
        from cachecontrol.controller import CacheController

        return CacheController(cast("BaseCache", _Folder(self._folder)), status_codes=_GOOD)

    def conditions(self, request: requests.PreparedRequest) -> dict[str, str]:
        """The headers that ask only for what changed since; none where nothing is kept of the address."""
        return self._controller.conditional_headers(request) if _is_open(request) else {}

    def confirmed(self, request: requests.PreparedRequest, response: HTTPResponse) -> HTTPResponse | None:
        """The whole answer that the server confirmed by ``response``; None where it is kept no more."""
        from urllib3 import HTTPResponse

        answer = self._controller.update_cached_response(request, response)
        if answer is response:
            return None
        body = answer.read(decode_content=False)
        return HTTPResponse(io.BytesIO(body), answer.headers, answer.status, preload_content=False)

    def keep(self, request: requests.PreparedRequest, response: HTTPResponse, body: bytes) -> None:
        """Keep a whole answer, ``body`` as it was sent, where its server gives a tag to ask for it again."""
        if _is_open(request) and "Set-Cookie" not in response.headers and "ETag" in response.headers:
            self._controller.cache_response(request, response, body)


def _is_open(request: requests.PreparedRequest) -> bool:
    """Whether there is nothing secret in a question."""
    secret = {"Authorization", "Cookie", "Proxy-Authorization"}
    return not names.url_parts(request.url or "").query and not any(name in request.headers for name in secret)


class _Folder:
    """A ``BaseCache``: a file an address; what was changed on the disk is not believed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """What was kept; None where nothing whole was."""
        try:
            return vouched(reading.read_bytes(self._path(key))) or None
        except BadInput:
            return None

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:
        """Keep ``value``; a cache that cannot be written is none, and no error."""
        with contextlib.suppress(OSError):
            put_whole(self._path(key), vouching(value), durable=False)

    def delete(self, key: str) -> None:
        """Keep it no more."""
        with contextlib.suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / name[:2] / name
