"""What a project says in place of whatever anybody asks for: uv's override-dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from solver.audit.package_set import parsed
from solver.core.model import PypiName, pypi_name


def overridden(texts: Iterable[str], overrides: Mapping[PypiName, str]) -> Iterator[str]:
    """Requirements with the specifier of the project in place of their own, where it overrides that."""
    for text in texts:
        requirement = parsed(text)
        specifier = None if requirement is None else overrides.get(pypi_name(requirement.name))
        if requirement is None or specifier is None:
            yield text
            continue
        marker = "" if requirement.marker is None else f" ; {requirement.marker}"
        yield f"{requirement.name}{specifier}{marker}"
