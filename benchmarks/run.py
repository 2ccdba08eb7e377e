"""Interlock's searches beside their peers, measured in one run and told as ratios.

    python benchmarks/run.py [--rounds N] [--conda CHANNELS] [--pip] [--out FILE]

Absolute times belong to the machine of the day; the ratios are what is compared. Peers that
are not here, or that do not get an answer from the index, are skipped by name. Nothing is
written unless --out names a file.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROFILE = "full-py312"
AUDIT_AIM = 0.5
"""Seconds that the audit of a whole lock may take, the process included."""

Work = Callable[[], object]


@dataclass
class Measured:
    """One thing that was timed."""

    what: str
    seconds: float | None
    """Median of the rounds; None where it was skipped."""
    beside: str = ""
    ratio: float | None = None
    """Of the peer's time to ours: above 1 ours is faster."""
    note: str = ""
    rounds: list[float] = field(default_factory=list)


class Skipped(Exception):
    """A peer cannot be measured here, and why."""


def bare_environment() -> dict[str, str]:
    """The environment without any setting of pip and uv, so that both ask the default index."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull}


def process(*command: str, stdin: str | None = None) -> Work:
    """A whole process as work; a failing one is a peer that cannot be measured."""

    def work() -> str:
        ran = subprocess.run(
            command, input=stdin, cwd=ROOT, env=bare_environment(), capture_output=True, text=True, check=False
        )
        if ran.returncode:
            told = (ran.stderr.strip().splitlines() or ["it failed without a word"])[-1]
            raise Skipped(told[:100])
        return ran.stdout

    return work


def timed(work: Work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def side_by_side(works: Mapping[str, Work], rounds: int) -> dict[str, list[float] | str]:
    """Times of each, rounds interleaved after one that warms caches; or why one was skipped."""
    found: dict[str, list[float] | str] = {}
    for name, work in works.items():
        try:
            work()
            found[name] = []
        except (Skipped, OSError) as error:
            found[name] = f"skipped: {error}"
    for _ in range(rounds):
        for name, work in works.items():
            times = found[name]
            if isinstance(times, list):
                times.append(timed(work))
    return found


def interlock(*words: str) -> Work:
    return process(sys.executable, "-m", "solver", *words)


def library_search(*, facts_read: bool) -> Work:
    """The search of the profile as a library call, with or without reading matrices and snapshot."""
    from solver.commands.project import open_project
    from solver.commands.solve import solve_profile
    from solver.solve.space.packages import Spaces

    held = open_project(ROOT)

    def work() -> object:
        import dataclasses

        project = held if facts_read else open_project(ROOT)
        # No answer and no candidate is kept from the round before.
        project = dataclasses.replace(project, spaces=Spaces(project.matrices, project.index))
        return solve_profile(project, project.profile(PROFILE))

    return work


def requested() -> str:
    """The plain request for what the profile asks for, as pip and uv read it."""
    from solver.commands.project import open_project

    profile = open_project(ROOT).profile(PROFILE)
    return "\n".join([*profile.frameworks, *profile.packages, ""])


def uv_compile(request: str, *more: str) -> Work:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise Skipped("uv is not installed")
    options = ["--no-config", "--no-header", "--only-binary", ":all:", "--quiet"]
    target = ["--python-version", "3.12", "--python-platform", "x86_64-manylinux_2_28"]
    return process(uv, "pip", "compile", "-", *options, *target, *more, stdin=request)


def pip_dry_run(request: str) -> Work:
    """pip's own resolution for the same target; it reads metadata from the index at every run."""
    folder = Path(tempfile.mkdtemp(prefix="interlock-bench-"))
    (folder / "requirements.txt").write_text(request)
    options = ["--dry-run", "--ignore-installed", "--quiet", "--only-binary", ":all:", "--target", str(folder)]
    tags = ["--python-version", "3.12", "--implementation", "cp", "--platform", "manylinux_2_28_x86_64"]
    tags += ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64"]
    listed = ["-r", str(folder / "requirements.txt")]
    return process(sys.executable, "-m", "pip", "--isolated", "install", *options, *tags, *listed)


def or_skip(make: Callable[[], Work]) -> Work:
    """``make()``, or work that says why there is none."""
    try:
        return make()
    except Skipped as error:
        reason = str(error)

        def work() -> object:
            raise Skipped(reason)

        return work


def closures(rounds: int, *, with_pip: bool) -> Iterator[Measured]:
    """The closure of the profile: as a library call, as a process, and by the peers."""
    request = requested()
    ours = "interlock solve (process)"
    works = {
        "interlock search (library, facts read)": library_search(facts_read=True),
        "interlock search (library, facts from disk)": library_search(facts_read=False),
        ours: interlock("solve", PROFILE, "--json"),
        "uv pip compile (process, asks the index)": or_skip(lambda: uv_compile(request)),
        "uv pip compile --offline (process, its cache only)": or_skip(lambda: uv_compile(request, "--offline")),
    }
    times = side_by_side(works, rounds)
    if with_pip:
        times |= side_by_side({"pip install --dry-run (process)": or_skip(lambda: pip_dry_run(request))}, 1)
    mine = times[ours]
    for name, found in times.items():
        peer = not name.startswith("interlock")
        yield measured(name, found, beside=ours if peer else "", ours=mine if peer else None)


def measured(what: str, found: list[float] | str, beside: str = "", ours: list[float] | str | None = None) -> Measured:
    if isinstance(found, str):
        return Measured(what, None, note=found)
    middle = statistics.median(found)
    ratio = middle / statistics.median(ours) if isinstance(ours, list) and ours else None
    return Measured(what, middle, beside, ratio, rounds=found)


def pairs() -> Measured:
    """Every recorded TensorFlow x torch pair: a search of the full closure or an explanation for each."""
    from solver.commands.pairs import recorded_pairs, search_pairs
    from solver.commands.project import open_facts

    matrices, index, _ = open_facts(ROOT)
    start = time.perf_counter()
    found = list(search_pairs(recorded_pairs().pairs, matrices, index))
    seconds = time.perf_counter() - start
    solved = sum(answer.solution is not None for answer in found)
    note = f"{solved} sets, {len(found) - solved} explanations; {seconds / len(found):.2f} s each"
    return Measured(f"interlock pairs ({len(found)}, library)", seconds, note=note, rounds=[seconds])


def audit(rounds: int) -> Measured:
    lock = ROOT / "locks" / PROFILE / "requirements.txt"
    if not lock.is_file():
        return Measured("interlock audit (process)", None, note=f"skipped: there is no {lock.relative_to(ROOT)}")

    def work() -> object:
        return subprocess.run(
            [sys.executable, "-m", "solver", "audit", str(lock)], cwd=ROOT, capture_output=True, check=False
        ).returncode

    found = side_by_side({"audit": work}, rounds)["audit"]
    assert isinstance(found, list)
    packages = sum("==" in line for line in lock.read_text().splitlines())
    kept = "within" if statistics.median(found) <= AUDIT_AIM else "over"
    note = f"{packages} packages; {kept} {AUDIT_AIM} s"
    return Measured("interlock audit (process)", statistics.median(found), note=note, rounds=found)


def conda(channels: Path | None) -> Iterator[Measured]:
    """Our conda solve beside py-rattler's own, by the benchmark next to this one."""
    if channels is None:
        yield Measured("conda solve", None, note="skipped: name a folder of channels with --conda")
        return
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        from conda_solve import measure, unpack

        with tempfile.TemporaryDirectory() as scratch:
            rows = measure(unpack(channels, Path(scratch)))
    except ImportError as error:
        yield Measured("conda solve", None, note=f"skipped: {error}")
        return
    for row in rows:
        what = f"conda solve, python {row['python']} ({row['packages']} packages)"
        ratio = float(row["py-rattler"]) / float(row["ours"])
        yield Measured(what, float(row["ours"]), "py-rattler alone", ratio, f"whole search {row['search']} s")


def table(found: Sequence[Measured]) -> Iterator[str]:
    width = max(len(one.what) for one in found)
    yield f"{'':{width}}  {'seconds':>8}  {'ratio':>6}"
    for one in found:
        seconds = "-" if one.seconds is None else f"{one.seconds:.3f}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        told = "; ".join(part for part in (f"of {one.beside}" if one.beside else "", one.note) if part)
        yield f"{one.what:{width}}  {seconds:>8}  {ratio:>6}  {told}".rstrip()


def machine() -> str:
    return f"python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each, after one that warms caches")
    parser.add_argument("--conda", type=Path, metavar="CHANNELS", help="folder of channels for the conda solve")
    parser.add_argument("--pip", action="store_true", help="also pip's own resolution, which takes its time")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the measurements as JSON")
    options = parser.parse_args()
    found = [*closures(options.rounds, with_pip=options.pip), pairs(), audit(options.rounds), *conda(options.conda)]
    print(machine())
    print("\n".join(table(found)))
    if options.out is not None:
        options.out.write_text(json.dumps({"version": 1, "machine": machine(), "measured": list(map(asdict, found))}))


if __name__ == "__main__":
    main()
