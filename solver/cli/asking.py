"""What is told of the questions to an index: how far they are, on a terminal, and in the end what was asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from solver.cli.failures import shown
from solver.core.versions import as_version
from solver.index.layered import Questions, Watch

_TOLD = 2
"""So many releases of one project are told with the reason why they cannot be used."""


@contextmanager
def asking() -> Iterator[Watch]:
    """Watch the questions to an index, and tell of them on the standard error when they are at an end."""
    last: list[Questions] = []

    def watch(questions: Questions) -> None:
        last[:] = [questions]
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[2K{_counts(questions)} …", nl=False, err=True)

    try:
        yield watch
    finally:
        for questions in last:
            start = "\r\x1b[2K" if sys.stderr.isatty() else ""
            click.echo(f"{start}{_counts(questions)}", err=True)
            for line in _passed_over(questions):
                click.echo(shown(f"passed over: {line}"), err=True)


def _passed_over(questions: Questions) -> Iterator[str]:
    """Why releases cannot be used: of each project the newest, and how many more there are."""
    for project, several in sorted(questions.passed_over.items()):
        newest = sorted(several, key=lambda one: as_version(one[0]), reverse=True)
        told, more = newest[:_TOLD], newest[_TOLD:]
        yield from sorted(why for _, why in told)
        if more:
            releases = "release" if len(more) == 1 else "releases"
            yield f"{len(more)} older {releases} of {project}, down to {more[-1][0]}, for the like"


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Show on the standard error, where that is a terminal, which step has begun; an empty step clears the line."""

    def tell(step: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[2K{step} …" if step else "\r\x1b[2K", nl=False, err=True)

    try:
        yield tell
    finally:
        tell("")


def _counts(questions: Questions) -> str:
    packages, releases = len(questions.packages), len(questions.read)
    return (
        f"asked the package index for {packages} {'package' if packages == 1 else 'packages'} beyond the record, "
        f"{releases} {'release' if releases == 1 else 'releases'} read"
    )
