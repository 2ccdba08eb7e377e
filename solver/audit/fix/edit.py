"""A requirements file with the lines mended that a change is about, and every other line as it was, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from solver.audit.fix.changes import Fixed, PackageChange
from solver.audit.fix.file import change_reason, package_line
from solver.audit.phrases import listed
from solver.core.errors import BadInput
from solver.core.lines import logical_lines
from solver.core.writers import LOCAL_WHEELS, comment, wrapped

_OPTIONS = re.compile(r"\s--?[a-z].*", re.S)
"""What pip takes behind a requirement: its hashes and settings."""
_HASHES = re.compile(r"(\s*\\\n)?[ \t]*--hash=\S+")
_WITHOUT = "is without hashes, of which pip wants all or none: nobody recorded those of {}"
_MOST = 5
_REMARK = re.compile(r"\s+#.*$")


def edited(text: str, fixed: Fixed, file: str, *, local_wheels: bool = False) -> str:
    """``text`` with the changes of ``fixed``, each with a comment that says why.

    What is new stands at the end; where nobody recorded some hash, all of them go. ``local_wheels``: wheels of our own
    lie beside the file. Raises ``BadInput`` where a package that changes stands on no line of ``text``, but in a file
    that it includes.
    """
    changes = {str(change.name): change for change in fixed.changes}
    # pip wants hashes of all or of none, so that one package without would spoil the file.
    bare = [package.pin for package in fixed.package_set.packages if not package.hashes] if "--hash" in text else []
    hashed = "--hash" in text and not bare
    text = _HASHES.sub("", text) if bare else text
    lines, mended = text.splitlines(), dict(_mended(text, changes, hashed=hashed))
    present = {change.name for change, _ in mended.values()}
    for change in fixed.changes:
        if change.before is not None and change.name not in present:
            raise BadInput(
                f"{change.before.pin} stands in a file that this one includes, or comes with another line",
                file=file,
                key="--fix",
                fix="mend the file that names it, or write it here",
            )
    new = [change for change in fixed.changes if change.before is None and change.after is not None]
    return "\n".join(
        [
            *([comment(_WITHOUT.format(listed(sorted(bare), most=_MOST)))] if bare else []),
            *([LOCAL_WHEELS] if local_wheels and LOCAL_WHEELS not in lines else []),
            *_with(lines, mended),
            *(line for change in new for line in _written(change, None, hashed=hashed)),
            "",
        ]
    )


def _mended(
    text: str, changes: Mapping[str, PackageChange], *, hashed: bool
) -> Iterator[tuple[range, tuple[PackageChange, list[str]]]]:
    """By the physical lines (0-based) that a changed package takes up: its change, and what stands there instead."""
    lines = text.splitlines()
    for line in logical_lines(text):
        requirement = _requirement(line.text)
        change = None if requirement is None else changes.get(canonicalize_name(requirement.name))
        if change is None:
            continue
        end = line.number
        while lines[end - 1].endswith("\\") and end < len(lines):
            end += 1
        remark = _REMARK.search(lines[end - 1])
        written = _written(change, requirement, hashed=hashed)
        if remark and written and change.after is not None:
            written[-1] += remark[0]
        yield range(line.number - 1, end), (change, written)


def _requirement(text: str) -> Requirement | None:
    """The package that a logical line names by a version; None of options, paths, addresses and repositories."""
    try:
        requirement = Requirement(_OPTIONS.sub("", text).strip())
    except InvalidRequirement:
        return None
    return None if requirement.url is not None and "+" in requirement.url.partition(":")[0] else requirement


def _written(change: PackageChange, requirement: Requirement | None, *, hashed: bool) -> list[str]:
    reason = comment(change_reason(change))
    if change.after is None:
        return [reason]
    line = package_line(change.after, change.after.hashes if hashed else ())
    if requirement is not None and requirement.marker is not None:
        head, gap, hashes = line.partition(" --hash")
        line = f"{head} ; {requirement.marker}{gap}{hashes}"
    return [reason, *wrapped(line).split("\n")]


def _with(lines: Sequence[str], mended: Mapping[range, tuple[PackageChange, list[str]]]) -> Iterator[str]:
    starts = {span.start: (span, written) for span, (_, written) in mended.items()}
    inside = {number for span in mended for number in span}
    for number, line in enumerate(lines):
        if number in starts:
            yield from starts[number][1]
        elif number not in inside:
            yield line
