"""`interlock lock` killed at random moments, and before single lines of what writes folders; and several at once."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from figures import Figures
from line_trace import LineTrace
from locking import VERSIONS, WORDS, TwoLocks, command, ended

from solver.commands import lock
from solver.core import exchange, whole

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WRITERS = (whole, exchange)
"""Modules before whose lines a command is killed."""
INTERRUPTED = (130, 143, -signal.SIGINT)


def _no_exchange() -> None:
    """From now on this process has a file system that cannot exchange two names."""
    whole.exchange = lambda one, other: False


def _at_line(number: int, then: Callable[[], None]) -> Callable[[], None]:
    """Called in a command's process: ``then`` is called before the line of that number, counted while it writes."""
    trace = LineTrace(WRITERS, number, then)

    def install() -> None:
        real = lock.write_lock

        def traced(*arguments):
            try:
                with trace.on():
                    return real(*arguments)
            finally:
                Path("lines").write_text(json.dumps(trace.passed))

        lock.write_lock = traced

    return install


def lines_of(project: TwoLocks, prepare: Callable[[], None]) -> int:
    """How many lines of the writers one undisturbed command passes."""
    project.want(VERSIONS[1] if project.content() == project.states[VERSIONS[0]] else VERSIONS[0])
    count = _at_line(0, lambda: None)
    code, said = ended(project.root, command(project.root, WORDS, lambda: (prepare(), count())))
    assert code == 0, said
    return int(json.loads((project.root / "lines").read_text()))


def soak(seed: int, kills: int, folder: Path) -> Figures:
    """Kill until ``kills`` commands were ended in the middle, by what ``seed`` draws."""
    figures, random, began = Figures("kills"), Random(seed), time.monotonic()
    project = TwoLocks(folder / "project")
    try:
        ways = {way: lines_of(project, way) for way in (lambda: None, _no_exchange)}
        while figures.counts["effective kills"] < kills:
            _one(project, random, ways, figures, f"python tests/soak/run.py kills --seed {seed}")
    finally:
        project.close()
    figures.seconds = time.monotonic() - began
    return figures


def _one(project: TwoLocks, random: Random, ways: dict, figures: Figures, again: str) -> None:
    version, how = random.choice(VERSIONS), random.choice(SIGNALS)
    prepare = random.choice(list(ways))
    project.want(version)
    if random.random() < 0.75:
        line = random.randint(1, ways[prepare])
        moment = f"before line {line} of the writers"
        stop = _at_line(line, lambda: os.kill(os.getpid(), how))
        pid = command(project.root, WORDS, lambda: (prepare(), stop()))
    else:
        wait = random.uniform(0.01, 0.6)
        moment = f"after {wait:.3f} s"
        pid = command(project.root, WORDS, prepare)
        time.sleep(wait)
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            os.kill(pid, how)
    code, said = ended(project.root, pid)
    _judge(
        project,
        figures,
        code,
        said,
        f"{how.name} {moment}{' without exchange' if prepare is _no_exchange else ''}",
        again,
    )
    if figures.counts["tries"] % 10 == 0:
        _next_run(project, version, figures, again)


def _judge(project: TwoLocks, figures: Figures, code: int, said: str, what: str, again: str) -> None:
    """Look at what lies there, then at what the next start makes of it."""
    figures.counts["tries"] += 1
    number = f"{what} (try {figures.counts['tries']})"
    if code:
        figures.counts["effective kills"] += 1
        figures.counts[f"of them {what.split()[0]}"] += 1
    if "a bug of ours" in said or code in (5, 99, 70) or (code > 0 and code not in INTERRUPTED):
        figures.counts["exits 5"] += 1
        figures.fail(f"{number}: exit {code}: {said[-400:]}", again)
    if not project.lock.is_dir() and "without exchange" in what:
        figures.counts["put back by the next start"] += 1
    elif problem := project.problem():
        figures.fail(f"{number}: {problem}", again)
    if project.leftovers():
        figures.counts["leftovers"] += 1
    whole.recover(project.root / "locks")
    if problem := project.problem():
        figures.fail(f"{number}, after the next start: {problem}", again)


def _next_run(project: TwoLocks, version: str, figures: Figures, again: str) -> None:
    """An undisturbed command makes the right lock and leaves nothing else."""
    project.want(version)
    project.run(*WORDS)
    figures.counts["undisturbed runs between them"] += 1
    if project.content() != project.states[version]:
        figures.fail("the next run made another lock", again)
    # A run that changes nothing writes nothing, and so may leave what lies beside; the next that writes may not.
    other = VERSIONS[1 - VERSIONS.index(version)]
    project.want(other)
    project.run(*WORDS)
    if project.leftovers():
        figures.fail(f"the next run left {project.leftovers()}", again)


def races(seed: int, rounds: int, folder: Path) -> Figures:
    """Three commands at once, each for one of both locks, while somebody reads."""
    figures, random, began = Figures("races"), Random(seed), time.monotonic()
    again = f"python tests/soak/run.py races --seed {seed}"
    project = TwoLocks(folder / "project")
    try:
        for _ in range(rounds):
            _race(project, random, figures, again)
    finally:
        project.close()
    figures.seconds = time.monotonic() - began
    return figures


def _race(project: TwoLocks, random: Random, figures: Figures, again: str) -> None:
    running = []
    for _ in range(3):
        version = random.choice(VERSIONS)
        running.append(command(project.root, WORDS, lambda version=version: project.want_for_me(version)))
    figures.counts["commands"] += len(running)
    while running:
        figures.counts["looks"] += 1
        if not (project.lock / "solution.yaml").is_file():
            figures.fail("a reader found no lock", again)
        time.sleep(0.001)  # so that the commands have the processor
        done = [pid for pid in running if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)]
        for pid in done:
            running.remove(pid)
            code, said = ended(project.root, pid)
            if code:
                figures.counts["exits 5"] += code == 5
                figures.fail(f"exit {code}: {said[-400:]}", again)
    if problem := project.problem():
        figures.fail(problem, again)
    if project.leftovers():
        figures.fail(f"left {project.leftovers()}", again)


def writers(seed: int, writes: int, folder: Path) -> Figures:
    """Two processes that do nothing but write the same folder, each its own state."""
    figures, began = Figures("racing writers"), time.monotonic()
    place = folder / "locks" / "open"
    states = [{"solution.yaml": bytes([65 + n]) * 5000, "requirements.txt": bytes([97 + n]) * 5000} for n in (0, 1)]
    whole.write_folder(place, {**states[0], "evidence/a.json": b"{}"})
    running = [_writer(place, state, writes) for state in states]
    again = f"python tests/soak/run.py writers --seed {seed}"
    while running:
        figures.counts["looks"] += 1
        if not place.is_dir():
            figures.fail("a reader found no folder", again)
        for pid in [pid for pid in running if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)]:
            running.remove(pid)
            if code := os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
                figures.fail(f"a writer ended with {code}", again)
    figures.counts["writes"] = 2 * writes
    content = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    if content not in states or not (place / "evidence" / "a.json").is_file():
        figures.fail("the folder is torn, or its evidence gone", again)
    if left := sorted(path.name for path in place.parent.iterdir() if path != place):
        figures.fail(f"left {left}", again)
    figures.seconds = time.monotonic() - began
    return figures


def _writer(place: Path, state: dict[str, bytes], writes: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for count in range(writes):
            whole.write_folder(place, {**state, "count": b""} if count % 2 else state, keep=("evidence/",))
        whole.write_folder(place, state, keep=("evidence/",))
        code = 0
    finally:
        os._exit(code)
