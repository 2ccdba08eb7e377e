"""``unread``: what the rows of builds leave open: whether they have CUDA code, what they open, and of which cuDNN.

Told once for all of them that leave the same open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.phrases import listed
from solver.core.answer import NOT_KNOWN, Answer
from solver.core.model import Finding
from solver.matrix.cudnn import carried, carries
from solver.matrix.libraries import brings_its_own, is_cudnn, opened

CODE = "unread"
_MOST = 20
"""So many packages are named in a sentence."""


@dataclass(frozen=True)
class _Question:
    """Something that nobody read of some builds; its text names them and has the verbs that follow their number."""

    text: str
    is_open: Callable[[AuditContext, BuiltPackage], bool]


def find(context: AuditContext) -> Iterator[Finding]:
    """Of builds of a package index on a GPU: whether they have CUDA code, of which cuDNN, and what they look for."""
    if context.target.driver is None:
        return
    unread: dict[tuple[_Question, ...], list[BuiltPackage]] = {}
    companions = (build for build in context.companions if build.has_cuda is Answer.NOT_KNOWN)
    for build in (*context.builds, *companions):
        # Of a build that no row knows all of this is told at once, and of conda's builds conda's records tell it.
        if not build.guessed and build.package.from_index:
            questions = tuple(question for question in _QUESTIONS if question.is_open(context, build))
            unread.setdefault(questions, []).append(build)
    for questions, builds in unread.items():
        if questions:
            yield _told(questions, sorted(builds, key=lambda build: build.pin))


def _may_have_cuda(_: AuditContext, build: BuiltPackage) -> bool:
    return build.has_cuda is Answer.NOT_KNOWN


def _may_look_for_any(_: AuditContext, build: BuiltPackage) -> bool:
    """Whether it needs libraries that it does not surely bring, and nobody read which."""
    needs = build.has_cuda is Answer.YES and brings_its_own(build.row) is not Answer.YES
    return needs and opened(build.row) is NOT_KNOWN


def _may_meet_any_cudnn(context: AuditContext, build: BuiltPackage) -> bool:
    """Whether the set has a cuDNN that it may load, and nobody read which one it was compiled with."""
    if build.cudnn is not NOT_KNOWN or build.has_cuda is not Answer.YES or carries(build.row) is Answer.YES:
        return False
    brought = any(is_cudnn(item.library) and item.library.cuda == build.major for item in context.provided)
    return brought or any(carried(other.row) is not None for other in context.builds if other is not build)


_QUESTIONS = (
    _Question("whether {name} {has} CUDA code", _may_have_cuda),
    _Question("which CUDA libraries {name} {opens} and so whether {they} {finds} them", _may_look_for_any),
    _Question("which cuDNN {name} {was} compiled with and so whether the one here serves {them}", _may_meet_any_cudnn),
)


def _told(questions: Sequence[_Question], builds: Sequence[BuiltPackage]) -> Finding:
    words, row = (_OF_ONE, "its row") if len(builds) == 1 else (_OF_MANY, "their rows")
    names = chain([listed((build.pin for build in builds), most=_MOST)], repeat(words["they"]))
    texts = (question.text.format(name=name, **words) for question, name in zip(questions, names, strict=False))
    return finding_about(
        [build.package for build in builds],
        code=CODE,
        severity="note",
        why=f"nobody read {', nor '.join(texts)}",
        source=listed(dict.fromkeys(build.source for build in builds)),
        cure=f"add that to {row} in matrices/builds.yaml, or run the set on that GPU first",
    )


_OF_ONE = {"has": "has", "was": "was", "opens": "opens", "finds": "finds", "they": "it", "them": "it"}
_OF_MANY = {"has": "have", "was": "were", "opens": "open", "finds": "find", "they": "they", "them": "them"}
