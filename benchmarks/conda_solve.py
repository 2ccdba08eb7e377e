"""Our conda solve beside a bare py-rattler solve of the same specs, over the same records, in one run.

    python benchmarks/conda_solve.py CHANNELS

CHANNELS is a folder of channels (``conda-forge/linux-64/repodata.json``, packed as .zst or not).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from solver.core.model import Profile, Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.index.conda_spec import match_spec
from solver.matrix.load import load_matrices
from solver.solve.conda.channels import ChannelSolver
from solver.solve.conda.profile import CondaSolution, solve_conda

PYTHONS = ("3.10", "3.11", "3.12")
PACKAGES = ("torchvision", "keras", "tensorboard")
ROUNDS = 9
AIM = 1.3
"""Most times that ours may take as long as py-rattler alone."""


def unpack(channels: Path, into: Path) -> Path:
    """The channels as py-rattler reads them from a folder."""
    import zstandard

    for packed in channels.glob("*/*/repodata.json.zst"):
        target = into / packed.relative_to(channels).with_suffix("")
        target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open("rb") as stream:
            target.write_bytes(zstandard.ZstdDecompressor().stream_reader(stream).read())
    return into if any(into.iterdir()) else channels


def ours(index: CondaIndex, found: CondaSolution) -> int:
    """The closing solve: repodata opened, solved, and the records made ours."""
    solver = ChannelSolver(index, found.solution.target, found.virtual)
    return len(solver.close(found.specs, found.constraints))


def bare(folder: Path, found: CondaSolution) -> int:
    """The same with nothing of ours between."""
    from rattler import Channel, SparseRepoData, solve

    from solver.solve.conda.channels import _generic

    sources = [
        SparseRepoData(Channel("conda-forge"), subdir, folder / "conda-forge" / subdir / "repodata.json")
        for subdir in ("linux-64", "noarch")
    ]
    work = solve(
        sources,
        [match_spec(spec) for spec in found.specs],
        constraints=[match_spec(spec) for spec in found.constraints],
        virtual_packages=_generic(found.virtual),
        platforms=["linux-64", "noarch"],
    )
    return len(asyncio.run(work))


def timed(call: Callable[[], int]) -> tuple[float, int]:
    """Seconds, and what came out."""
    start = time.perf_counter()
    count = call()
    return time.perf_counter() - start, count


def measure(folder: Path) -> list[dict[str, float | int | str]]:
    """One row a python: medians of interleaved rounds, and the whole search once."""
    matrices = load_matrices()
    index = CondaIndex(settings=CondaSettings(mirrors={"conda-forge": ((folder / "conda-forge").as_uri(),)}))
    rows: list[dict[str, float | int | str]] = []
    for python in PYTHONS:
        profile = Profile(
            name="bench", flavour="conda", python=f"=={python}", target=Target(python=python), packages=PACKAGES
        )
        start = time.perf_counter()
        found = solve_conda(profile, matrices, index)
        search = time.perf_counter() - start
        pairs = [(timed(lambda: ours(index, found)), timed(lambda: bare(folder, found))) for _ in range(ROUNDS)]  # noqa: B023
        assert {count for pair in pairs for _, count in pair} == {len(found.records)}
        mine, theirs = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
        rows.append(
            {
                "python": python,
                "packages": len(found.records),
                "ours": round(mine, 4),
                "py-rattler": round(theirs, 4),
                "ratio": round(mine / theirs, 2),
                "search": round(search, 2),
                "solves": found.solves,
            }
        )
    return rows


def main(channels: Path) -> int:
    """Print the table; 1 where the aim is missed."""
    with TemporaryDirectory() as scratch:
        rows = measure(unpack(channels, Path(scratch)))
    print("python  packages  ours s  py-rattler s  ratio  whole search s (solves)")
    for row in rows:
        print(
            f"{row['python']:6}  {row['packages']:8}  {row['ours']:6.3f}  {row['py-rattler']:12.3f}  "
            f"{row['ratio']:5.2f}  {row['search']:.2f} ({row['solves']})"
        )
    return 0 if all(float(row["ratio"]) <= AIM for row in rows) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
