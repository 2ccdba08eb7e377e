"""What parts two locks, as text, as Markdown for a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from solver.cli.show import Json
from solver.commands.diff import Alone, Difference, LockedPackage
from solver.core.answer import NotKnown


def text_lines(differences: Sequence[Difference | Alone]) -> Iterator[str]:
    """For a terminal: a line a package, the counts last."""
    for one in differences:
        if isinstance(one, Alone):
            yield _alone(one)
            continue
        a, b = one.packages
        yield from (f"- {name}=={a[name].version} ({_mb(a[name].size)})" for name in one.removed)
        yield from (f"+ {name}=={b[name].version} ({_mb(b[name].size)})" for name in one.added)
        yield from (f"~ {name} {a[name].version} -> {b[name].version}" for name in one.changed)
        yield from (f"! {name} published by {who.one} -> {who.other}" for name, who in one.published.items())
        yield f"{one.one}: {len(a)} packages; {one.other}: {len(b)} packages, {_between(one)}"


def markdown_lines(differences: Sequence[Difference | Alone]) -> Iterator[str]:
    """For a pull request: a heading and a table for each pair that differs."""
    for one in differences:
        if isinstance(one, Alone):
            yield from (f"**{_alone(one)}**", "")
            continue
        a, b = one.packages
        yield from (f"**{_cell(one.one)} → {_cell(one.other)}**: {len(a)} → {len(b)} packages, {_between(one)}", "")
        rows = sorted((*one.removed, *one.added, *one.changed))
        if rows:
            yield "| package | before | after | size |"
            yield "|---|---|---|---|"
            yield from (
                f"| {name} | {_version(a, name)} | {_version(b, name)} | {_sizes(a, b, name)} |" for name in rows
            )
            yield ""
        for name, who in one.published.items():
            yield from (f"{name} was published by {_cell(who.one)}, and now by {_cell(who.other)}", "")


def differences_as_json(differences: Sequence[Difference | Alone]) -> Json:
    """One pair by itself, several as a list."""
    if len(differences) == 1 and isinstance(differences[0], Difference):
        return {"version": 1, **_pair(differences[0])}
    return {
        "version": 1,
        "locks": [
            {"lock": one.name, "only": "before" if one.gone else "after"} if isinstance(one, Alone) else _pair(one)
            for one in differences
        ],
    }


def _pair(one: Difference) -> Json:
    a, b = one.packages
    return {
        "between": [one.one, one.other],
        "removed": {name: a[name].version for name in one.removed},
        "added": {name: b[name].version for name in one.added},
        "changed": {name: [a[name].version, b[name].version] for name in one.changed},
        "published": msgspec.to_builtins(one.published),
        "packages": [len(a), len(b)],
        "bytes": [sum(package.size or 0 for package in packages.values()) for packages in (a, b)],
        "size_unknown": one.sizeless(),
    }


def _alone(one: Alone) -> str:
    return f"{one.name}: {'there is no such lock any more' if one.gone else 'a new lock'}"


def _between(one: Difference) -> str:
    difference = f"{_mb(abs(one.more))} {'less' if one.more <= 0 else 'more'} to download"
    unknown = one.sizeless(differing=True)
    if not unknown:
        return difference
    names = ", ".join(unknown[:3]) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
    return f"{difference} beside {names}, whose sizes nobody recorded"


def _version(packages: Mapping[str, LockedPackage], name: str) -> str:
    return packages[name].version if name in packages else ""


def _sizes(a: Mapping[str, LockedPackage], b: Mapping[str, LockedPackage], name: str) -> str:
    return " → ".join(_mb(packages[name].size) for packages in (a, b) if name in packages)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _mb(size: int | NotKnown) -> str:
    return "size unknown" if isinstance(size, NotKnown) else f"{size / 1e6:.1f} MB"
