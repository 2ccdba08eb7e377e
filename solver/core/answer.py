"""The three answers of every question to the facts: yes, no, not known.

What nobody recorded is neither yes nor no, and must reach the user as what it is. So an
``Answer`` has no truth value, and a field that nobody read is ``NOT_KNOWN`` and never None.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NoReturn

import msgspec

NotKnown = msgspec.UnsetType
"""The type of a field that nobody read; in a file such a field is absent."""

NOT_KNOWN: Final = msgspec.UNSET
"""The value of a field that nobody read; test for it with ``is``."""


class Answer(Enum):
    """What the facts say to a question that has yes or no for an answer."""

    YES = "yes"
    NO = "no"
    NOT_KNOWN = "not known"

    def __bool__(self) -> NoReturn:
        """Refused: whoever asks has to say what becomes of "not known"."""
        raise TypeError('an Answer is compared with YES, NO or NOT_KNOWN; "not known" has no truth value')


def answer(value: bool) -> Answer:
    """YES or NO."""
    return Answer.YES if value else Answer.NO


def every(answers: Iterable[Answer]) -> Answer:
    """NO where one is, otherwise NOT_KNOWN where one is, otherwise YES."""
    distinct = set(answers)
    if Answer.NO in distinct:
        return Answer.NO
    return Answer.NOT_KNOWN if Answer.NOT_KNOWN in distinct else Answer.YES


def some(answers: Iterable[Answer]) -> Answer:
    """YES where one is, otherwise NOT_KNOWN where one is, otherwise NO."""
    distinct = set(answers)
    if Answer.YES in distinct:
        return Answer.YES
    return Answer.NOT_KNOWN if Answer.NOT_KNOWN in distinct else Answer.NO


@dataclass(frozen=True)
class Verdict:
    """An answer with its reason: what the facts say, and where they say it."""

    answer: Answer
    why: str = ""
    """One clause without a full stop; empty where the answer is YES and nothing need be told."""
    source: str = ""
    row: str | None = None
    """Id of the row that decided; None: no row did."""
    predicate: str = field(default="", compare=False)
    """``why`` without its subject, where that is the very thing that was asked about: "serves 8.0, not 7.0"."""
