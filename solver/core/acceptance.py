"""What somebody accepts although an audit finds it: by the id of a row or of a finding, with a reason.

The id of a finding is its code and the names of its packages, ``mixed-cuda/tensorflow+torch``; a row's id stands for
every finding that the row decides. In a file it is a comment, so that it goes wherever the file goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import structs

from solver.core.model import Finding
from solver.core.names import is_one_line
from solver.core.writers import comment

ACCEPTED = "share/interlock/accepted.txt"
"""What an installed prefix holds of it, by POSIX name there."""
Acceptance = Mapping[str, str]
"""The reason by id."""
NOTHING: Acceptance = MappingProxyType({})
"""What nobody accepts anything by."""
FORM = "expected the id of a row, or a code and names such as mixed-cuda/tensorflow+torch"
_ID = re.compile(r"[a-z0-9_][A-Za-z0-9_.+-]*(/[a-z0-9_][a-z0-9_.-]*(\+[a-z0-9_][a-z0-9_.-]*)*)?")
_SAYS = "interlock accepts"
_COMMENT = re.compile(rf"^[ \t]*# {_SAYS} (?P<id>\S+): (?P<reason>\S.*)$", re.MULTILINE)


def is_id(text: str) -> bool:
    """Whether ``text`` can be the id of a row or of a finding."""
    return len(text) <= 1000 and _ID.fullmatch(text) is not None


def is_reason(text: str) -> bool:
    """Whether ``text`` says something on one line."""
    return bool(text.strip()) and is_one_line(text)


def finding_id(code: str, names: Iterable[str]) -> str:
    """The id of what is found under ``code`` about packages of these names."""
    return "/".join(filter(None, (code, "+".join(sorted(set(names))))))


def reason_for(accepted: Acceptance, code: str, names: Iterable[str], row: str | None) -> str | None:
    """Why such a finding is accepted; None where nobody accepts it."""
    return accepted.get(finding_id(code, names), None if row is None else accepted.get(row))


def marked(findings: Iterable[Finding], accepted: Acceptance) -> tuple[Finding, ...]:
    """``findings`` in their order, each that is accepted with the reason."""
    return tuple(
        structs.replace(finding, accepted=reason_for(accepted, finding.code, finding.names, finding.row))
        for finding in findings
    )


def idle(findings: Iterable[Finding], accepted: Acceptance) -> tuple[str, ...]:
    """The ids of ``accepted`` that none of ``findings`` has, sorted: misspelt, or no longer needed."""
    every = list(findings)
    ids = {finding_id(finding.code, finding.names) for finding in every} | {finding.row for finding in every}
    return tuple(sorted(name for name in accepted if name not in ids))


def acceptance_of(findings: Iterable[Finding]) -> dict[str, str]:
    """What of ``findings`` is accepted: the reason by the id of the finding."""
    accepted = ((finding_id(finding.code, finding.names), finding.accepted) for finding in findings)
    return {name: reason for name, reason in accepted if reason is not None}


def accepted_in(text: str) -> dict[str, str]:
    """What the comments of a file accept, the reason by id."""
    if _SAYS not in text:
        return {}
    return {match["id"]: match["reason"].strip() for match in _COMMENT.finditer(text) if is_id(match["id"])}


def accepting_lines(accepted: Acceptance) -> list[str]:
    """The comments that ``accepted_in`` reads, by id."""
    return [comment(f"{_SAYS} {name}: {reason}") for name, reason in sorted(accepted.items())]


def accepting(text: str, accepted: Acceptance) -> str:
    """``text`` of a file with the comments below its head; itself where nothing is accepted."""
    lines = text.split("\n")
    head = next((number for number, line in enumerate(lines) if not line.startswith("#")), 0)
    return "\n".join([*lines[:head], *accepting_lines(accepted), *lines[head:]])
