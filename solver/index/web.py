"""The one door to the web: what a server may cost in bytes and in time, and where it may send somebody.

Every answer has a most of bytes (as sent and as unpacked), every question a most of time (a server that
goes silent, or gives a byte a second, is given up), and credentials stay here: an address that leaves this
module has none, and no sentence names one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin

from solver.core import names
from solver.core.threads import ending
from solver.index.addresses import is_unencrypted
from solver.index.codings import CODINGS, unpacked
from solver.index.credentials import Credentials
from solver.index.kept_answers import KeptAnswers
from solver.index.web_faults import TIMEOUT, may_pass, retry_after, why

if TYPE_CHECKING:
    from pathlib import Path

    import requests

PATIENCE = 90.0
"""Seconds that a question may take, its repetitions included, beside what its bytes need at ``SLOWEST``."""
SLOWEST = 16 * 1024
"""Bytes a second; a server that gives less for longer than ``PATIENCE`` is given up."""
BACKOFF = 0.5
"""Seconds before a question is put a second time."""
WORD_EVERY = 10.0
"""Seconds of waiting after which it is told what is waited for."""
_SLOW = 32 * SLOWEST
"""Bytes a second; of a server that gives less it is told that it is waited for."""
LONGEST_PAUSE = 30.0
"""Most seconds before a question is put again, whatever the server asks for."""
MOST_REDIRECTS = 10
_BLOCK = 64 * 1024
NOT_MODIFIED = 304
_AGAIN = (429, 500, 502, 503, 504)
_UNKNOWN_WHO = 401
_REDIRECTS = (301, 302, 303, 307, 308)
log = logging.getLogger("interlock")
Sink = Callable[[bytes], object]
"""Takes the body, piece by piece."""


Begin = Callable[["WebAnswer"], tuple[int, Sink]]


class NoAnswer(Exception):
    """A server did not answer, or with what is not taken; the message has no address in it."""


@dataclass(frozen=True)
class WebAnswer:
    """What a server answered; ``body`` is empty unless the status is one of success."""

    url: str
    """Where the answer came from in the end; never with credentials."""
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the server gave what was asked for."""
        return self.status in (200, 206)

    @property
    def said(self) -> str:
        """Status and reason, and how long the server asks to wait where it does."""
        wait = retry_after(self.headers)
        wish = "" if wait is None or self.good else f" (it asks to wait {wait:.0f} s)"
        return names.one_line(f"{self.status} {self.reason}") + wish


Admission = Callable[[WebAnswer], int]
"""Looks at an answer before its body comes: the most bytes that it may have; or raises what the asker is told."""


class Web:
    """A session with limits; may be shared by threads. To be closed.

    A question is put again up to ``retries`` times where the server or the connection fails, the first
    time after ``backoff`` seconds (None: ``BACKOFF``), which is doubled each time; 0 never pauses.
    ``kept`` is the folder of answers that servers have to confirm and need not send again; None: nothing is kept.
    """

    def __init__(
        self, retries: int = 3, backoff: float | None = None, patience: float = PATIENCE, kept: Path | None = None
    ) -> None:
        self.retries, self.patience = retries, patience
        self.backoff = BACKOFF if backoff is None else backoff
        self._answers = None if kept is None else KeptAnswers(kept)
        self._credentials = Credentials()

    @cached_property
    def session(self) -> requests.Session:
        """Its connections; who asks nothing does not wait for the library."""
        import requests
        from requests.adapters import HTTPAdapter

        session = requests.Session()
        session.headers["Accept-Encoding"] = ", ".join(CODINGS)
        adapter = HTTPAdapter(max_retries=0, pool_maxsize=32)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # requests would read the whole body of a redirect, to see where a redirect leads that it shall not follow.
        session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
        return session

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of every connection."""
        if "session" in vars(self):
            self.session.close()

    def public(self, url: str) -> str:
        """``url`` without user and password, which are kept for questions to its server; the first ones count."""
        return self._credentials.taken_from(url)

    def get(
        self, url: str, most: Admission | int, headers: Mapping[str, str] | None = None, *, keep: bool = False
    ) -> WebAnswer:
        """Ask for ``url``; the body has at most ``most`` bytes. Raises ``NoAnswer``, and what ``most`` raises.

        ``keep``: what was kept of it need only be confirmed, and what comes is kept.
        """
        body = bytearray()

        def begin(answer: WebAnswer) -> tuple[int, Sink]:
            body.clear()
            return (most if isinstance(most, int) else most(answer)), body.extend

        answer = self.receive(url, begin, headers, keep=keep)
        return WebAnswer(answer.url, answer.status, answer.reason, answer.headers, bytes(body))

    def receive(
        self,
        url: str,
        begin: Begin,
        headers: Mapping[str, str] | None = None,
        *,
        again: bool = True,
        keep: bool = False,
    ) -> WebAnswer:
        """As ``get``, for a body that is not kept here: ``begin`` gives for each try its most of bytes and its taker.

        ``again``: whether the question may be put again.
        """
        answers = self._answers if keep else None
        call = _Call(self, self.public(url), begin, headers or {}, self.retries if again else 0, answers)
        threading.Thread(target=call.run, daemon=True).start()
        try:
            self._await(call)
        finally:
            call.given_up.set()
        if call.error is not None:
            raise call.error
        assert call.answer is not None
        return call.answer

    def _await(self, call: _Call) -> None:
        """Wait in this thread, which can be interrupted, while another one reads: a byte a second holds up no more."""
        begun = time.monotonic()
        word_due, received = WORD_EVERY, 0
        while not call.done.wait(min(1.0, self.patience / 4)):
            if ending.is_set():
                raise NoAnswer("it was given up")
            waited = time.monotonic() - begun
            if waited > self.patience + call.received / SLOWEST:
                raise NoAnswer(f"only {call.received} bytes came in {waited:.0f} s, so it was given up")
            if waited > word_due:
                word_due, slow = word_due + WORD_EVERY, call.received - received < WORD_EVERY * _SLOW
                received = call.received
            else:
                slow = False
            if slow:
                log.info("waiting for %s: %d bytes in %.0f s", call.host, call.received, waited)

    def _open(self, url: str, headers: Mapping[str, str], answers: KeptAnswers | None) -> requests.Response:
        """The answer at ``url``, its body not yet read, wherever the server sends."""
        for _ in range(MOST_REDIRECTS + 1):
            response = self._send(url, headers, answers)
            if response.status_code == _UNKNOWN_WHO and self._credentials.come_from_keyring(url):
                response.close()
                continue
            place = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or place is None:
                return response
            response.close()  # its body is not read: it may have no end
            url = self.public(forwarded(url, place))
        raise NoAnswer(f"it sends on more than {MOST_REDIRECTS} times")

    def _send(self, url: str, headers: Mapping[str, str], answers: KeptAnswers | None) -> requests.Response:
        import requests

        question = requests.Request("GET", url, headers=dict(headers), auth=self._credentials.of(url))
        request = self.session.prepare_request(question)
        conditions = {} if answers is None else answers.conditions(request)
        request.headers.update(conditions)
        settings = self.session.merge_environment_settings(request.url or url, {}, True, None, None)
        response = self.session.send(request, timeout=TIMEOUT, allow_redirects=False, **settings)
        if answers is not None and conditions and response.status_code == NOT_MODIFIED:
            whole = answers.confirmed(request, response.raw)
            response.close()
            if whole is None:
                raise NoAnswer("it confirmed what is kept no more")
            response.raw, response.status_code, response.reason = whole, whole.status, "OK"
            response.headers = requests.structures.CaseInsensitiveDict(whole.headers)
        return response


@dataclass
class _Call:
    """One question with its repetitions, run in a thread of its own."""

    web: Web
    url: str
    begin: Begin
    headers: Mapping[str, str]
    retries: int
    answers: KeptAnswers | None = None
    """Where the answer is kept; None: nowhere."""
    received: int = 0
    answer: WebAnswer | None = None
    """None: there is none yet, or an error instead."""
    error: Exception | None = None
    """None: there is none yet, or an answer instead."""
    done: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        """The server that is asked."""
        return names.url_parts(self.url).netloc

    def run(self) -> None:
        """Ask until there is an answer or no try is left."""
        try:
            for left in reversed(range(self.retries + 1)):
                pause = self._try(left)
                if pause is None or self.given_up.wait(pause):
                    break
        except Exception as error:
            self.error = error
        finally:
            self.done.set()

    def _try(self, left: int) -> float | None:
        """One try; the seconds before the next one where one should follow and is ``left``."""
        import requests
        import urllib3

        try:
            with self.web._open(self.url, self.headers, self.answers) as response:
                answer = WebAnswer(
                    self.web.public(response.url), response.status_code, str(response.reason), response.headers
                )
                if left and answer.status in _AGAIN:
                    return self._pause(left, retry_after(answer.headers))
                self._read(response, *self.begin(answer) if answer.good else (0, None))
                self.answer = answer
                return None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if left and may_pass(error):
                return self._pause(left, None)
            raise NoAnswer(why(error)) from error

    def _read(self, response: requests.Response, most: int, sink: Sink | None) -> None:
        if sink is None:
            return
        announced = response.headers.get("Content-Length", "")
        if announced.isascii() and announced.isdigit() and (len(announced) > 15 or int(announced) > most):
            raise NoAnswer(f"its answer has {announced[:20]} bytes, and at most {most} are read")
        size, sent = 0, bytearray()
        pieces = self._pieces(response, most)
        if self.answers is not None:
            pieces = _noted(pieces, sent)
        for piece in unpacked(pieces, response.headers.get("Content-Encoding", "")):
            size += len(piece)
            if size > most:
                raise NoAnswer(f"its answer has more than {most} bytes")
            sink(piece)
        if self.answers is not None:
            self.answers.keep(response.request, response.raw, bytes(sent))

    def _pieces(self, response: requests.Response, most: int) -> Iterator[bytes]:
        """The body as it is sent, piece by piece."""
        # One piece is what one look at the connection gives, so that the clock is looked at in between.
        while piece := response.raw.read1(_BLOCK, decode_content=False):
            self.received = response.raw.tell()
            if self.received > most:
                raise NoAnswer(f"its answer has more than {most} bytes")
            if self.given_up.is_set():
                raise NoAnswer("it was given up")
            yield piece

    def _pause(self, left: int, wish: float | None) -> float:
        if self.web.backoff == 0:
            return 0.0
        pause = self.web.backoff * 2.0 ** (self.retries - left)
        if wish is not None and wish > pause:
            pause = min(wish, LONGEST_PAUSE)
            log.info("%s asks to wait %.0f s; it is asked again in %.0f s", self.host, wish, pause)
        return min(pause, LONGEST_PAUSE)


def _noted(pieces: Iterable[bytes], sent: bytearray) -> Iterator[bytes]:
    """``pieces``, each of which is put behind ``sent``."""
    for piece in pieces:
        sent += piece
        yield piece


def forwarded(url: str, place: str) -> str:
    """The address that the answer of ``url`` sends to; raises ``NoAnswer`` where nobody should go there."""
    from requests.utils import requote_uri

    try:
        target = names.web_address(requote_uri(urljoin(url, place)))
    except (ValueError, UnicodeError):
        raise NoAnswer("it sends on to what is no address of the web") from None
    if is_unencrypted(target) and not is_unencrypted(url):
        raise NoAnswer("it sends on from https to http, where anybody can change what comes")
    return target
