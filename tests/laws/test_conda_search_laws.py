"""Laws of the conda search, and a second judge that tries every set there is."""

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conda_repodata import entry, write_channel
from drawing import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.core.errors import Unsolvable
from solver.core.model import Profile, Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.matrix.load import Matrices
from solver.matrix.rows import CudaFamily, DriverBranch, PackageName, Rule
from solver.solve.conda.profile import solve_conda

PREFERENCE = ("pytorch", "tensorflow", "python", "cuda-version", "cudnn", "protobuf", "numpy")
CUDA = ("11.8", "12.4", "12.9")
BASE = Matrices(
    drivers=(DriverBranch(id="d", source="s", branch=550, cuda="12.4"),),
    families=(
        CudaFamily(id="f11", source="s", major=11, driver="450.80.02"),
        CudaFamily(id="f12", source="s", major=12, driver="525.60.13"),
    ),
    names=(PackageName(id="n", source="s", conda="pytorch", pypi="torch"),),
)
FREE = {
    "python": ("3.11.1", "3.11.2", "3.12.1"),
    "cudnn": ("8.9", "9.1"),
    "protobuf": ("4.1", "5.1"),
    "numpy": ("1.26", "2.0"),
}


@st.composite
def needs(draw):
    """What one build of a framework depends on, apart from its CUDA: a part of the versions of some packages."""
    found = {}
    for name, versions in FREE.items():
        kept = draw(st.lists(st.sampled_from(versions), min_size=1, unique=True))
        if len(kept) < len(versions):
            found[name] = tuple(sorted(kept))
    return found


@st.composite
def worlds(draw):
    """Builds of each framework as (version, CUDA major, needs), and rules that forbid pairs of versions."""
    builds = {
        name: draw(
            st.lists(
                st.tuples(st.sampled_from(("1.0", "2.0", "3.0")), st.sampled_from((11, 12)), needs()),
                min_size=1,
                max_size=3,
                unique_by=lambda build: build[:2],
            )
        )
        for name in ("pytorch", "tensorflow")
    }
    rules = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("torch", "tensorflow")),
                st.sampled_from(("1.0", "2.0", "3.0")),
                st.sampled_from(FREE["numpy"]),
            ),
            max_size=2,
            unique=True,
        )
    )
    return builds, rules


def entries(builds):
    for name, versions in FREE.items():
        for version in versions:
            yield entry(name, version, "h_0")
    for version in CUDA:
        yield entry("cuda-version", version, "h_0")
    for name, found in builds.items():
        for version, major, wanted in found:
            depends = [f"cuda-version {major}.*", *FREE]
            depends += [f"{package} {'|'.join(kept)}" for package, kept in wanted.items()]
            yield entry(name, version, f"cuda{major}0_h_0", depends)


def matrices_of(rules):
    found = tuple(
        Rule(
            id=f"r{n}",
            source="s",
            code="c",
            severity="error",
            when={name: f"=={version}"},
            needs={"numpy": f"!={numpy}"},
            why="w",
            cure="c",
        )
        for n, (name, version, numpy) in enumerate(rules)
    )
    return Matrices(drivers=BASE.drivers, families=BASE.families, names=BASE.names, rules=found)


def naive(builds, rules):
    """The best set by trying each one."""
    best = None
    for torch, tensorflow in itertools.product(builds["pytorch"], builds["tensorflow"]):
        if torch[1] != tensorflow[1]:
            continue
        for cuda, *rest in itertools.product(CUDA, *FREE.values()):
            chosen = dict(zip(FREE, rest, strict=True))
            if int(cuda.split(".")[0]) != torch[1]:
                continue
            if any(chosen[name] not in kept for build in (torch, tensorflow) for name, kept in build[2].items()):
                continue
            chosen |= {"torch": torch[0], "tensorflow": tensorflow[0]}
            if any(chosen[name] == version and chosen["numpy"] == numpy for name, version, numpy in rules):
                continue
            chosen |= {"pytorch": torch[0], "cuda-version": cuda}
            rank = tuple(tuple(int(part) for part in chosen[name].split(".")) for name in PREFERENCE)
            best = rank if best is None or rank > best else best
    return best


def searched(builds, rules, folder, shuffled=lambda listed: listed):
    write_channel(folder, shuffled(list(entries(builds))))
    index = CondaIndex(settings=CondaSettings(mirrors={"conda-forge": (Path(folder).as_uri(),)}))
    profile = Profile(name="p", flavour="conda", target=Target(driver="550.54.14"))
    try:
        found = solve_conda(profile, matrices_of(rules), index)
    except Unsolvable:
        return None, ()
    chosen = {record.name: record.version for record in found.records}
    return tuple(tuple(int(part) for part in chosen[name].split(".")) for name in PREFERENCE), found.records


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_the_search_finds_what_trying_everything_finds(world):
    builds, rules = world
    with TemporaryDirectory() as folder:
        assert searched(builds, rules, folder)[0] == naive(builds, rules)


@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_channel_does_not_matter(world, random):
    builds, rules = world
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        first = searched(builds, rules, one)
        assert searched(builds, rules, other, lambda listed: random.sample(listed, len(listed))) == first


@pytest.mark.parametrize("axis", PREFERENCE)
def test_the_second_judge_would_notice_another_preference(axis):
    builds = {"pytorch": [("1.0", 12, {})], "tensorflow": [("1.0", 12, {})]}
    best = dict(zip(PREFERENCE, naive(builds, []), strict=True))
    newest = {"cuda-version": (12, 9), **{n: tuple(int(p) for p in v[-1].split(".")) for n, v in FREE.items()}}
    assert best[axis] == newest.get(axis, (1, 0))
