"""What is told of the questions to an index: how far they are, on a terminal, and in the end what was asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from solver.index.layered import Questions, Watch


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
            for why in sorted(questions.passed_over):
                click.echo(f"passed over: {why}", err=True)


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
