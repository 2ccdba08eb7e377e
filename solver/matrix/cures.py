"""What makes a set work although it breaks a rule: where a cure acts, and whether a set holds it.

The one cure there is so far is our loader. While TensorFlow is imported, the loader keeps TensorFlow's request for
global symbols from acting, so that TensorFlow's LLVM and its CUDA stubs answer nobody else's calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.versions import version_or_none
from solver.matrix.libraries import LOADER
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, Rule
from solver.matrix.rules import Breach, Versions, broken

HEALING = "symbols"
"""The part of the loader's local version that says that this wheel keeps symbols local."""


def is_healable(rule: Rule, build: Build | NotKnown) -> Answer:
    """Whether the loader heals a set that breaks ``rule`` with this build of the rule's first package.

    It can where the build asks for global symbols in the way that the loader stops; of a build that nobody read
    nobody knows.
    """
    if rule.healed_by is None:
        return Answer.NO
    if isinstance(build, NotKnown) or isinstance(build.global_symbols, NotKnown):
        return Answer.NOT_KNOWN
    return answer(build.global_symbols)


def is_healed(breach: Breach, matrices: Matrices, versions: Versions, place: Place) -> Answer:
    """Whether the loader heals a breach of a set of ``versions``."""
    first = next(iter(breach.rule.when))
    version = versions[first]
    build = NOT_KNOWN if isinstance(version, NotKnown) else matrices.build(first, version, place.platform)
    return is_healable(breach.rule, build)


def healable(rules: Iterable[Rule], matrices: Matrices, versions: Versions, place: Place) -> Iterator[Breach]:
    """The breaches of ``rules`` by a set that the loader surely heals, should it be there."""
    for breach in broken((rule for rule in rules if rule.healed_by is not None), versions, place):
        if is_healed(breach, matrices, versions, place) is Answer.YES:
            yield breach


def heals(versions: Mapping[str, str | NotKnown]) -> Answer:
    """Whether a set holds a loader that keeps symbols local; its version says so."""
    held = versions.get(LOADER, "")
    if isinstance(held, NotKnown):
        return Answer.NOT_KNOWN
    version = version_or_none(held)
    return answer(isinstance(version, Version) and HEALING in (version.local or "").split("."))
