"""HTML of a listing: looked over before a parser takes it, which of broken HTML takes time without end.

html.parser goes over all that is left at each quote or comment that is never closed, and Beautiful Soup over all of a
link's text at each link within links. What a listing has by PEP 503, links one behind the other, takes linear time.
"""

from __future__ import annotations

import codecs
import re

MOST_TAGS = 200_000
"""Tags of one listing; a file is a link, its end and a line break."""
LONGEST_TAG = 8192
_CHARSETS = ("utf-8", "ascii", "iso8859-1", "cp1252")
"""As Python names them. In all of them a tag has the same bytes."""
# HTML 13.1.2: a name, then attributes, each a name and maybe a value, quoted or not. Taken one after the other, none is
# gone over twice; one expression for all of it would need what python has right since 3.11.4 only.
_NAME = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9:\-]*)", re.IGNORECASE | re.ASCII)
_ATTRIBUTE = re.compile(r"""(?:\s+|(?<=["']))[^\s"'<>/=]+(?:\s*=\s*(?:[^\s"'<>`]+|'[^']*'|"[^"]*"))?""", re.ASCII)
_CLOSE = re.compile(r"\s*/?>", re.ASCII)
_OTHER = re.compile(r"<[!?][^<>]*+>")
_VERBATIM = ("script", "style")
"""Elements whose content is no markup."""


def readable(body: bytes, charset: str) -> str:
    """The text of ``body``, whose markup can be parsed; raises ``ValueError`` where that would take too long."""
    text = body.decode(_known(charset), errors="replace")
    at, tags, links = text.find("<"), 0, 0
    while at >= 0:
        stop, name, is_end = _step(text, at)
        tags += 1
        if tags > MOST_TAGS:
            raise ValueError(f"its HTML has more than {MOST_TAGS} tags")
        if name == "a":
            links = 0 if is_end else links + 1
            if links > 1:
                raise ValueError("its HTML has a link within a link")
        if name in _VERBATIM and not is_end:
            stop = _found(text, f"</{name}", stop)
        at = text.find("<", stop)
    return text


def _known(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if name not in _CHARSETS:
        raise ValueError(f"its charset is {charset[:40]!a}")
    return name


def _step(text: str, at: int) -> tuple[int, str, bool]:
    """Where the markup that begins ``at`` ends, the name of its tag, which may be none, and whether it closes one."""
    if text.startswith("<!--", at):
        return _found(text, "-->", at) + len("-->"), "", False
    if (other := _OTHER.match(text, at)) is not None:
        return other.end(), "", False
    tag, last = _NAME.match(text, at, at + LONGEST_TAG), at + LONGEST_TAG
    stop = at if tag is None else tag.end()
    while tag is not None and (attribute := _ATTRIBUTE.match(text, stop, last)) is not None:
        stop = attribute.end()
    close = _CLOSE.match(text, stop, last)
    if tag is None or close is None:
        raise ValueError(f"its HTML is broken at {text[at : at + 20]!a}")
    return close.end(), tag["name"].lower(), bool(tag["end"])


def _found(text: str, end: str, start: int) -> int:
    at = text.find(end, start)
    if at < 0:
        raise ValueError(f"its HTML has no {end} behind {text[start : start + 20]!a}")
    return at
