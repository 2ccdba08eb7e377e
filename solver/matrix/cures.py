"""What makes a set work although it breaks a rule: where a cure acts, and whether a set holds it.

The one cure there is so far is our loader. While TensorFlow is imported, the loader keeps TensorFlow's request for
global symbols from acting, so that TensorFlow's LLVM and its CUDA stubs answer nobody else's calls. A package that
needs them answered would break by that, so that no set that holds one is healed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import msgspec
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.versions import version_or_none
from solver.matrix.libraries import LOADER
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, Rule
from solver.matrix.rules import Breach, Versions, admits, broken

HEALING = "symbols"
"""The part of the loader's local version that says that this wheel keeps symbols local."""
LED = "activation"
"""The part of the loader's local version that says that this wheel holds scripts of the activation, and no code."""


def may_heal(rule: Rule) -> bool:
    """Whether the loader heals sets that break ``rule``, should nothing in them hinder it."""
    return rule.healed_by is not None


def is_healable(rule: Rule, build: Build | NotKnown) -> Answer:
    """Whether the loader heals a set that breaks ``rule`` with this build of the rule's first package.

    It can where the build asks for global symbols in the way that the loader stops; of a build that nobody read
    nobody knows.
    """
    if not may_heal(rule):
        return Answer.NO
    if isinstance(build, NotKnown) or isinstance(build.global_symbols, NotKnown):
        return Answer.NOT_KNOWN
    return answer(build.global_symbols)


def needs_symbols(matrices: Matrices, package: str, version: str | NotKnown) -> Answer:
    """Whether a package works only where TensorFlow's symbols are everybody's.

    Of a package that has no row nobody knows anything to the contrary; of one that has, a release that no row
    admits is not known.
    """
    rows = [row for row in matrices.custom_ops if row.package == package]
    if not rows:
        return Answer.NO
    fitting = (row for row in rows if admits(row.versions, version) is Answer.YES)
    need = next((row.global_symbols for row in fitting), NOT_KNOWN)
    return Answer.NOT_KNOWN if isinstance(need, NotKnown) else answer(need)


def in_need(matrices: Matrices, versions: Versions, need: Answer) -> tuple[str, ...]:
    """The packages of a set that work only with TensorFlow's global symbols; or of which that is not known."""
    return tuple(name for name in sorted(versions) if needs_symbols(matrices, name, versions[name]) is need)


def unhealed_beside(rules: Iterable[Rule], matrices: Matrices) -> Iterator[Rule]:
    """Each rule that is healed, under its id, as it stays beside a package that needs what the loader takes away."""
    needing = [row for row in matrices.custom_ops if row.global_symbols is True]
    for rule, row in product((rule for rule in rules if rule.healed_by is not None), needing):
        yield msgspec.structs.replace(
            rule,
            source=f"{rule.source}; {row.source}",
            when={**rule.when, row.package: row.versions},
            why=f"{rule.why}; {LOADER} does not heal it where {row.package} is, which needs TensorFlow's symbols",
            healed_by=None,
            healed=None,
        )


def is_healed(breach: Breach, matrices: Matrices, versions: Versions, place: Place) -> Answer:
    """Whether the loader heals a breach of a set of ``versions``.

    It is so sure as no package is in the set of which nobody read whether it needs the symbols (``in_need``).
    """
    if in_need(matrices, versions, Answer.YES):
        return Answer.NO
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
    return _is_marked(versions, HEALING)


def is_led(versions: Mapping[str, str | NotKnown]) -> Answer:
    """Whether a set holds a loader without code, so that TensorFlow looks for its libraries only when it uses them."""
    return _is_marked(versions, LED)


def _is_marked(versions: Mapping[str, str | NotKnown], mark: str) -> Answer:
    present = versions.get(LOADER, "")
    if isinstance(present, NotKnown):
        return Answer.NOT_KNOWN
    version = version_or_none(present)
    return answer(isinstance(version, Version) and mark in (version.local or "").split("."))
