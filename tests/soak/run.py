"""Run the soak to its figures, and print them: `nox -s soak`.

    python tests/soak/run.py [PART …] [--seed N] [--share F]

Parts that use one processor each run two at a time. A failure says how to make it again; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import json
import multiprocessing
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from corpus import unpack
from figures import Figures, table

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "support"), str(HERE)]

INPUTS, GUIDED, KILLS, INSTALLS, WRITES, ROUNDS, LISTINGS = 1_000_000, 60_000, 320, 100, 1_000, 20, 10_000
"""What a whole soak tries of each."""


def readers(seed: int, share: float) -> Figures:
    """Files broken at random."""
    from soak_readers import soak

    return soak(seed, int(INPUTS / 8 * share))


def kills(seed: int, share: float) -> Figures:
    """Commands killed."""
    from soak_kills import soak

    with tempfile.TemporaryDirectory() as folder:
        return soak(seed, max(1, int(KILLS / 4 * share)), Path(folder))


def installs(seed: int, share: float) -> Figures:
    """Installations killed."""
    from soak_installs import soak

    with tempfile.TemporaryDirectory() as folder:
        return soak(seed, max(1, int(INSTALLS * share)), Path(folder))


def writers(seed: int, share: float) -> Figures:
    """Two writers of one folder."""
    from soak_kills import writers as race

    with tempfile.TemporaryDirectory() as folder:
        return race(seed, max(2, int(WRITES * share)), Path(folder))


def races(seed: int, share: float) -> Figures:
    """Commands at once."""
    from soak_kills import races as race

    with tempfile.TemporaryDirectory() as folder:
        return race(seed, max(1, int(ROUNDS * share)), Path(folder))


def indexes(seed: int, share: float) -> Figures:
    """Indexes that fail and lie: every kind, however small the share."""
    from soak_indexes import soak

    with tempfile.TemporaryDirectory() as folder:
        return soak(seed, int(LISTINGS * share), Path(folder))


def guided(seed: int, share: float) -> Figures:
    """Readers under atheris, which begins with the corpus that is kept."""
    figures, began, runs = Figures("guided"), time.monotonic(), int(GUIDED * share)
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found"
        words = [
            HERE / "guided.py",
            found,
            unpack(Path(folder) / "corpus"),
            f"-runs={runs}",
            f"-seed={seed % 2**31 or 1}",
        ]
        words += ["-max_len=4096", "-timeout=30", f"-artifact_prefix={folder}/"]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
        crashes = [path for path in Path(folder).iterdir() if path.is_file()]
        if done.returncode:
            kept = HERE / "found"
            kept.mkdir(exist_ok=True)
            for path in crashes:
                (kept / path.name).write_bytes(path.read_bytes())
            again = "; ".join(f"python tests/soak/guided.py /tmp/none {kept / path.name}" for path in crashes)
            figures.counts["exits 5"] += 1
            figures.fail(done.stderr[-1500:], again or "the same seed")
        else:
            figures.counts["inputs"] = runs
    figures.seconds = time.monotonic() - began
    return figures


PARTS = {
    "kills": (kills, 4),
    "installs": (installs, 1),
    "readers": (readers, 8),
    "guided": (guided, 1),
    "indexes": (indexes, 1),
    "races": (races, 1),
    "writers": (writers, 1),
}
"""Each with how many shares of it may run beside one another."""


def _share(part: str, seed: int, share: float) -> Figures:
    try:
        figures = PARTS[part][0](seed, share)
        figures.processor = sum(_used(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    except Exception:
        # The other parts go on; what this share had counted is lost.
        figures = Figures(part)
        figures.fail(traceback.format_exc()[-1500:], f"python tests/soak/run.py {part} --seed {seed} --share {share}")
    figures.part = part
    return figures


def _used(whose: int) -> float:
    """Seconds of processor time that this share's process, or those that it started, took so far."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def run(parts: list[str], seed: int, share: float = 1.0) -> list[Figures]:
    """Run the parts, two shares at a time, each in a process of its own."""
    tasks = [(part, seed + number, share) for part in parts for number in range(PARTS[part][1])]
    made: dict[str, Figures] = {}
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, context, max_tasks_per_child=1) as pool:
        for done in concurrent.futures.as_completed([pool.submit(_share, *task) for task in tasks]):
            figures = done.result()
            took = f"{figures.seconds:.0f} s, {figures.processor:.0f} s of a processor"
            print(f"{figures.part}: {json.dumps(figures.counts)} in {took}", file=sys.stderr, flush=True)
            for text in figures.failures:
                print(text, file=sys.stderr, flush=True)
            if figures.part in made:
                seconds = made[figures.part].seconds + figures.seconds
                made[figures.part].add(figures)
                made[figures.part].seconds = seconds
            else:
                made[figures.part] = figures
    return [made[part] for part in parts]


def main() -> int:
    """Called as a script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--share", type=float, default=1.0, help="of what a whole soak tries")
    parser.add_argument("--file", type=Path, help="read this file alone, as --format")
    parser.add_argument("--format")
    parser.add_argument("--kind", help="this kind of index fault alone")
    parser.add_argument("--listing", type=int, help="the listing of this seed alone")
    chosen = parser.parse_args()
    if chosen.file or chosen.kind or chosen.listing is not None:
        return _again(chosen)
    # A shell's background job ignores interrupts, and all that it starts with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()
    made = run(chosen.parts or list(PARTS), chosen.seed, chosen.share)
    day = datetime.datetime.now(datetime.UTC).date()
    cores = os.cpu_count()
    print(f"{day}, python {platform.python_version()}, {cores} cores, seed {chosen.seed}: ", end="")
    print(f"{(time.monotonic() - began) / 60:.1f} minutes\n\n{table(made)}")
    failures = [f"{figures.part}: {text}" for figures in made for text in figures.failures]
    print("\n".join(failures))
    return int(bool(failures))


def _again(chosen: argparse.Namespace) -> int:
    """Make one failure again: its traceback, or what is wrong."""
    if chosen.file:
        from soak_readers import Readers

        print(Readers().told(chosen.format, chosen.file.read_text(encoding="utf-8")))
        return 0
    from soak_indexes import again

    with tempfile.TemporaryDirectory() as folder:
        figures = again(chosen.kind, chosen.listing, Path(folder))
    print("\n".join(figures.failures) or "nothing wrong")
    return int(bool(figures.failures))


if __name__ == "__main__":
    sys.exit(main())
