"""A framework whose GPU code lies in plugins beside it: which of them serves it is chosen with the CUDA of the set.

A wish for such a framework on the GPU is a wish for one of its plugins, each for one CUDA major. They are the
candidates of an identifier of its own, and each asks for the extra of the framework that brings it.
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement

from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Framework
from solver.core.spelling import either
from solver.solve.space.candidates import Candidates
from solver.solve.space.terms import Ask, Candidate, plugin, served_by_plugin

_SOURCE = "what brings its code for a GPU"


def plugin_ask(framework: Framework, source: str) -> Ask:
    """That one of the plugins of ``framework`` is there."""
    extras = _extras(framework)
    text = f"{framework} for a GPU ({either(extras)})"
    return Ask(plugin(framework), (1 << len(extras)) - 1, text, source)


def plugin_candidates(framework: Framework) -> list[Candidate]:
    """The ways to bring the GPU code of ``framework``, that of the newest CUDA first."""
    return [Candidate(plugin(framework), at, text) for at, text in enumerate(_extras(framework))]


def plugin_asks(space: Candidates, candidate: Candidate) -> Iterator[Ask]:
    """The extra that brings the plugin, and the plugin itself: a release may lack the extra, and nobody recorded it."""
    requirement = Requirement(candidate.version)
    framework, (extra,) = served_by_plugin(candidate.ident), requirement.extras
    assert framework is not None
    yield from (ask for ask in space.requirement_asks(requirement, _SOURCE, strict=True) if ask.ident != framework)
    yield space.ask(FRAMEWORKS[framework].plugins[extra], "", _SOURCE)


def _extras(framework: Framework) -> list[str]:
    return [f"{framework}[{extra}]" for extra in sorted(FRAMEWORKS[framework].plugins, reverse=True)]
