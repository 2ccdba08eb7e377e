"""The commands of a shell script, as far as they can be told without running it.

Words are split as a POSIX shell does. What stands in a variable is put in where it is known; a word whose variable, or
whose command substitution, nobody knows holds ``UNKNOWN`` in that place. No condition is decided: each branch counts.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

UNKNOWN = "\ue000"
"""What stands in a word for what nobody knows; no text has this letter."""


def named_words(text: str) -> frozenset[str]:
    """The words of ``text``."""
    return frozenset(text.split())


_VARIABLE = re.compile(
    r"\\(?P<escaped>\$)"
    r"|\$\{(?P<braced>[A-Za-z_]\w*)(?P<operator>:?[-+=?])(?P<word>[^${}]*)\}"
    r"|\$\{(?P<plain>[A-Za-z_]\w*)\}"
    r"|\$(?P<name>[A-Za-z_]\w*)"
    r"|\$\{[^{}]*\}|\$\([^()]*\)|`[^`]*`"
)
# POSIX, 2.3: a word that begins with "#" begins a comment; what is quoted is no such word.
_COMMENT = re.compile(r"""(?P<kept>'[^']*'|"(?:\\.|[^"\\])*"|\\.|(?<!\s)#)|(?<!\S)#[^\n]*""", re.DOTALL)
_ASKS = r"(?:command\s+-v|which|type\s+-[pP])\s+"
_WHERE_IT_LIES = re.compile(
    rf"\$\(\s*{_ASKS}(?P<wrapped>[\w.+/\-]+)(?:\s*\|\|[^()`]*)?\s*\)"
    rf"|`\s*{_ASKS}(?P<ticked>[\w.+/\-]+)(?:\s*\|\|[^()`]*)?\s*`"
)
_ENDS = frozenset(";\n&|()")
_REDIRECTS = re.compile(r"[<>&|]*[<>][<>&|]*")
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
_BEFORE = named_words(
    "! { } if then elif else fi do done while until for case esac time sudo exec env command nohup nice export"
)
"""What may stand before a command and changes nothing about it."""
SHELL = re.compile(r"(?:.*/)?(?:ba|da|z|k|a)?sh")
_DEEPEST = 5
MOST_BROUGHT = 2**12
"""Letters that variables bring into one text; each could be twice the one before it. What does not fit is UNKNOWN."""
MOST_SCRIPTS = 2**19
"""Letters of the scripts of one file, what variables bring and what is run by ``sh -c`` counted again."""


class NoScript(Exception):
    """A text that no shell can split into words."""


class Room:
    """How much more of a file's scripts is read."""

    def __init__(self) -> None:
        self._left = MOST_SCRIPTS

    def take(self, words: list[str]) -> list[str]:
        """``words``, which are read; raises ``NoScript`` where there is no more room for them."""
        self._left -= sum(map(len, words)) + len(words)
        if self._left < 0:
            raise NoScript(f"with its variables there are more than {MOST_SCRIPTS >> 10} KiB of scripts")
        return words


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with the values of variables put in; UNKNOWN stands for what has none, or one that is too long."""
    left = MOST_BROUGHT  # a variable that holds two of another, and so on, doubles with every line

    def value(match: re.Match[str]) -> str:
        nonlocal left
        brought = named(match)
        if len(brought) > left or (brought and not brought.strip(UNKNOWN)):
            return UNKNOWN
        left -= len(brought)
        return brought

    def named(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name = match["braced"] or match["plain"] or match["name"]
        if name is None:
            return UNKNOWN
        operator, word = match["operator"], match["word"]
        current = variables.get(name)
        if operator is None:
            return UNKNOWN if current is None else current
        is_there = current is not None and (current != "" or not operator.startswith(":"))
        if operator.endswith("+"):
            return word if is_there else ""
        return current if is_there and current is not None else (UNKNOWN if operator.endswith("?") else word)

    return _VARIABLE.sub(value, text)


def commands(script: str, variables: Mapping[str, str], room: Room, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """The commands of a script, each as its words; those of ``sh -c`` too.

    Variables that the script itself sets count from there on. Raises ``NoScript`` for a quotation without an end, and
    where the ``room`` ends.
    """
    own = dict(variables)
    for words in _simple_commands(script, own, room):
        if SHELL.fullmatch(words[0]) and depth < _DEEPEST:
            inner = _script_of(words)
            if inner is not None:
                yield from commands(inner, own, room, depth + 1)
                continue
        yield words


def _simple_commands(script: str, variables: dict[str, str], room: Room) -> Iterator[tuple[str, ...]]:
    for words in _split(script, variables, room):
        while words:
            assignment = _ASSIGNMENT.fullmatch(words[0])
            if assignment is not None:
                variables[assignment["name"]] = assignment["value"]
            elif words[0] not in _BEFORE:
                break
            words.pop(0)
        if words:
            yield tuple(words)


def _split(script: str, variables: dict[str, str], room: Room) -> Iterator[list[str]]:
    """Each command's words; a line is expanded when it is come to, so that what was set before it counts."""
    words: list[str] = []
    skip = False
    for token in _tokens(_with_programs(_without_comments(script))):
        if set(token) <= _ENDS and token:
            if words:
                yield [part for word in words for part in room.take(_parts(word, variables))]
            words, skip = [], False
        elif _REDIRECTS.fullmatch(token):
            # The number of a stream before it was taken for a word.
            if words and words[-1].isdigit():
                words.pop()
            skip = True
        elif skip:
            skip = False
        else:
            words.append(token)
    if words:
        yield [part for word in words for part in room.take(_parts(word, variables))]


def _parts(word: str, variables: Mapping[str, str]) -> list[str]:
    """A word expanded; one that is nothing but a variable may hold several words."""
    current = expanded(word, variables)
    return current.split() if _VARIABLE.fullmatch(word) else [current]


def _tokens(script: str) -> Iterator[str]:
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";\n&|()<>")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t\r", "", True
    try:
        yield from lexer
    except ValueError as error:
        raise NoScript(str(error)) from None


def _without_comments(script: str) -> str:
    """``script`` without its comments, and with those lines joined that a backslash continues."""
    lines = (line for line in script.split("\n") if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return _COMMENT.sub(lambda match: match["kept"] or "", joined)


def _with_programs(script: str) -> str:
    """``script`` with the name of a program in place of the question where it lies; the first of several is meant."""
    return _WHERE_IT_LIES.sub(lambda match: match["wrapped"] or match["ticked"], script)


def _script_of(words: tuple[str, ...]) -> str | None:
    """The script of ``sh -c script``."""
    for position, word in enumerate(words[1:], start=1):
        if re.fullmatch(r"-[a-z]*c", word):
            return words[position + 1] if position + 1 < len(words) else None
        if not word.startswith("-"):
            return None
    return None
