"""`interlock install` killed anywhere: what is left is known as unfinished or whole, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from channel_lock import Lock, run_python
from conda_world import build_channel
from figures import Figures

from solver.audit.readers.prefix import is_prefix, read_prefix
from solver.core.errors import BadInput, InterlockError
from solver.core.scratch import UNFINISHED
from solver.lock.install.prefix import install_lock

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "support" / "killed_install.py"
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
PYTHONS: dict[str, tuple[Path, ...]] = {"conda": (), "venv": (Path(sys.executable),)}


class Place:
    """A lock, and a folder where it is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "place"
        self.lock = Lock(build_channel(folder / "channel"), folder)
        self.lines = {kind: self._lines(kind) for kind in PYTHONS}

    def start(self, kind: str, prefix: Path, line: int) -> subprocess.Popen[str]:
        """An installation that kills itself before a line, unless that is 0."""
        words = [SCRIPT, self.lock.folder, prefix, self.lock.channel, line, *PYTHONS[kind]]
        return subprocess.Popen(
            [sys.executable, *map(str, words)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _lines(self, kind: str) -> int:
        out, err = self.start(kind, self.folder / f"counted-{kind}", 0).communicate()
        assert out, err
        return int(out)

    def problem(self, prefix: Path) -> str:
        """What is wrong with what a kill left; nothing where it is no environment, a whole one, or known as none."""
        if (prefix / UNFINISHED).exists():
            try:
                read_prefix(prefix)
            except BadInput:
                return ""
            return "an unfinished environment is read as one"
        return self.missing(prefix) if is_prefix(prefix) else ""

    def missing(self, prefix: Path) -> str:
        """What an environment lacks."""
        try:
            whole = run_python(prefix, "import tiny, json; print(tiny.VALUE)") == ["7"]
        except (OSError, subprocess.SubprocessError) as error:
            return f"python does not run: {error}"
        return "" if whole else "tiny has another value"


def soak(seed: int, kills: int, folder: Path) -> Figures:
    """Kill until ``kills`` installations were ended in the middle, by what ``seed`` draws."""
    figures, random, began = Figures("installs"), Random(seed), time.monotonic()
    place = Place(folder)
    while figures.counts["effective kills"] < kills:
        _one(place, random, figures, f"python tests/soak/run.py installs --seed {seed}")
    figures.seconds = time.monotonic() - began
    return figures


def _one(place: Place, random: Random, figures: Figures, again: str) -> None:
    kind, how = random.choice(list(PYTHONS)), random.choice(SIGNALS)
    prefix = place.folder / f"prefix-{figures.counts['tries']}"
    figures.counts["tries"] += 1
    line = random.randint(1, place.lines[kind]) if random.random() < 0.75 else 0
    process = place.start(kind, prefix, line)
    moment = f"SIGKILL before line {line}"
    if not line:
        wait = random.uniform(0.2, 1.5)
        moment = f"{how.name} after {wait:.3f} s"
        time.sleep(wait)
        process.send_signal(how)
    process.communicate()
    figures.counts["effective kills"] += process.returncode != 0
    figures.counts["unfinished environments"] += (prefix / UNFINISHED).exists()
    what = f"{kind}, {moment} (try {figures.counts['tries']})"
    if problem := place.problem(prefix):
        figures.fail(f"{what}: {problem}", again)
    _next(place, kind, prefix, figures, what, again)


def _next(place: Place, kind: str, prefix: Path, figures: Figures, what: str, again: str) -> None:
    """The next installation is whole and leaves nothing beside it, wherever there is no whole one already."""
    done = is_prefix(prefix) and not (prefix / UNFINISHED).exists()
    try:
        python = next(iter(PYTHONS[kind]), None)
        install_lock(place.lock.folder, prefix, folder=place.lock.channel, python=python)
    except InterlockError as error:
        if not done:
            figures.fail(f"{what}, the next one: {error}", again)
        return
    figures.counts["installed after them"] += 1
    problem = place.missing(prefix)
    left = sorted(path.name for path in place.folder.glob(".*"))
    if problem or left or (prefix / UNFINISHED).exists():
        figures.fail(f"{what}, the next one: {problem or 'unfinished'}, beside it {left}", again)
