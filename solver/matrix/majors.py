"""One CUDA major in a process: the one definition of what may be loaded together.

Libraries of two CUDA majors carry the same names and symbols, and a process gets those that it
loads first (rules.yaml, code mixed-cuda, holds what was seen). Within a major they serve each other.
"""

from __future__ import annotations

from collections.abc import Iterable

from solver.core.answer import Answer, NotKnown, answer
from solver.core.versions import major
from solver.matrix.rows import NONE, Build, CondaBuild


def share_a_process(one: str | NotKnown, other: str | NotKnown) -> Answer:
    """Whether code of two CUDA versions may meet in one process; "none", which brings no CUDA, meets any."""
    if NONE in (one, other):
        return Answer.YES
    if isinstance(one, NotKnown) or isinstance(other, NotKnown):
        return Answer.NOT_KNOWN
    return answer(major(one) == major(other))


def go_together(one: Build, other: Build) -> Answer:
    """Whether two builds may meet in one process."""
    return share_a_process(one.cuda, other.cuda)


def conda_go_together(one: CondaBuild, other: CondaBuild) -> Answer:
    """The same of two of conda's builds."""
    return share_a_process(one.cuda, other.cuda)


def majors(versions: Iterable[str]) -> tuple[int, ...]:
    """The CUDA majors of some versions, in their order: a set keeps to one of them."""
    return tuple(dict.fromkeys(map(major, versions)))
