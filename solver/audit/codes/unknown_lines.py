"""Lines of a list that install what has no name in it: a folder, an archive or a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

from solver.audit.context import AuditContext
from solver.audit.package_set import PackageSet
from solver.audit.phrases import listed
from solver.core.model import Finding, pypi_name

CODE = "unknown"
_LINE = re.compile(r"(line \d+): .*", re.DOTALL)


def find(context: AuditContext) -> Iterator[Finding]:
    """All of them together; what an image's build installs so is told of its image."""
    lines = nameless(context.set)
    if not lines:
        return
    one = len(lines) == 1
    said = "says no name, so what it installs and asks for" if one else "say no name, so what they install and ask for"
    yield Finding(
        code=CODE,
        severity="note",
        packages=lines,
        names=(pypi_name("unnamed"),),
        why=f"{listed(lines)} {said} was not checked",
        source="the set itself",
        cure=f"name {'it' if one else 'them'}, as in `name @ git+https://…`, or audit the environment itself",
    )


def nameless(package_set: PackageSet) -> tuple[str, ...]:
    """The lines of a list that install what has no name in it."""
    return () if package_set.base is not None else package_set.unread


def unread_lines(package_set: PackageSet) -> tuple[str, ...]:
    """The lines of a list or of an image's build that install what nobody can tell."""
    if package_set.base is None:
        return package_set.unread
    return tuple(dict.fromkeys(_LINE.sub(r"\1", sentence) for sentence in package_set.unread))
