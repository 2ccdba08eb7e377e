"""One CUDA major in a process: the one definition of what may be loaded together.

Libraries of two CUDA majors carry the same names and symbols, and a process gets those that it
loads first (rules.yaml, code mixed-cuda, holds what was seen). Within a major they serve each other.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from solver.core.answer import Answer, NotKnown, answer
from solver.core.versions import major
from solver.matrix.rows import NONE, Build, CondaBuild

K = TypeVar("K")


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


def serves(build: Build) -> tuple[str, ...]:
    """The CUDA majors of which a build takes that of the process; empty where it is of one, or of none."""
    return build.serves


def beside_each_other(builds: Mapping[K, Build]) -> dict[K, Build]:
    """The builds of a set, those that serve several CUDA majors as they are beside the others.

    Where the others have none of these majors, or none is known, as the newest of them.
    """
    theirs = {major(build.cuda) for build in builds.values() if isinstance(build.cuda, str) and build.cuda != NONE}
    return {key: _beside(build, theirs) for key, build in builds.items()}


def _beside(build: Build, theirs: Container[int]) -> Build:
    if not build.serves:
        return build
    newest = max(build.serves, key=major)
    return replace(build, cuda=next((one for one in build.serves if major(one) in theirs), newest), serves=())


def conda_go_together(one: CondaBuild, other: CondaBuild) -> Answer:
    """The same of two of conda's builds."""
    return share_a_process(one.cuda, other.cuda)


def majors(versions: Iterable[str]) -> tuple[int, ...]:
    """The CUDA majors of some versions, in their order: a set keeps to one of them."""
    return tuple(dict.fromkeys(map(major, versions)))
