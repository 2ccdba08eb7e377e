"""What a part of the soak counts and what it found; and the table of all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_KEPT = 20
"""Failures told of one part: one fault is often met a thousand times."""


@dataclass
class Figures:
    """What one run of one part, or of a share of it, came to."""

    part: str
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    """Each with how to make it again."""
    seconds: float = 0.0
    processor: float = 0.0
    """Seconds of processor time of its process and of those that it started: what it costs where others work too."""

    def fail(self, what: str, again: str) -> None:
        """Count a failure, and keep the first of them with the command that makes it again."""
        self.counts["failures"] += 1
        if len(self.failures) < MOST_KEPT:
            self.failures.append(f"{what}\n  again: {again}")

    def add(self, other: Figures) -> None:
        """Take in those of another share of the same part, which ran beside this one."""
        self.counts.update(other.counts)
        self.failures = [*self.failures, *other.failures][:MOST_KEPT]
        self.seconds = max(self.seconds, other.seconds)
        self.processor += other.processor


def table(all_figures: list[Figures]) -> str:
    """Markdown: a line for each count of each part."""
    lines = ["| part | what | count | seconds | of a processor |", "|---|---|---|---|---|"]
    for figures in all_figures:
        counts = {"failures": 0, **figures.counts}
        took = f"{figures.seconds:.0f} | {figures.processor:.0f}"
        lines += [f"| {figures.part} | {what} | {count:,} | {took} |" for what, count in counts.items()]
    return "\n".join(lines)
