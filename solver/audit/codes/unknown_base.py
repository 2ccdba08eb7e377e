"""What of an image nobody checked: a base image without a row, and commands of its build that nobody can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from solver.audit.context import AuditContext
from solver.audit.package_set import Base
from solver.core.model import Finding, pypi_name
from solver.matrix.images import ImageName

CODE = "unknown"
_LONGEST = 100
"""Letters of an image's name in the id of a finding."""


def find(context: AuditContext) -> Iterator[Finding]:
    """The base image, where no row tells of it, and each command of the build that nobody can tell."""
    base = context.set.base
    if base is None:
        return
    if base.unbuilt:
        cure = "audit its Dockerfile itself (--context), or the environment inside the built image"
        yield _finding(base, f"{base.unbuilt}, so nothing of it was checked", cure)
    elif base.row is None and not base.source:
        yield _finding(
            base,
            f"no row tells what the image {base.image} holds, so neither its CUDA, its python nor its packages were "
            "checked",
            "add it to matrices/images.yaml, or audit the environment inside the image",
        )
    elif not base.whole:
        yield _finding(
            base,
            f"nobody read which frameworks the image {base.image} holds, so none of them was checked",
            "add them to its row in matrices/images.yaml, or audit the environment inside the image",
        )
    if context.set.unread:
        said = "; ".join(context.set.unread)
        yield _finding(base, f"{said}, so nothing of that was checked", "audit the environment inside the built image")


def _finding(base: Base, why: str, cure: str) -> Finding:
    repository = ImageName.of(base.image).repository
    name = re.sub(r"[^A-Za-z0-9._-]+|^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "-", repository)[:_LONGEST].strip("-._") or "image"
    return Finding(
        code=CODE,
        severity="note",
        packages=(base.image,),
        names=(pypi_name(name),),
        why=why,
        source="the set itself",
        cure=cure,
    )
