"""On 33,255 real records: what the recorded snapshot promises holds on the whole collection too."""

import functools

import msgspec
import pytest
from shared_channels import SHARED, index_over, unpack

from solver.core.errors import Unsolvable
from solver.core.model import Profile, Target
from solver.index.conda_snapshot import CondaSnapshot
from solver.matrix.load import load_matrices, matrices_dir
from solver.solve.conda.breaches import parts
from solver.solve.conda.channels import ChannelSolver, virtual_packages
from solver.solve.conda.profile import base_records, open_solver, solve_conda

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the collection of real records is not beside the checkout"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return unpack(tmp_path_factory.mktemp("channels"))


@pytest.fixture(scope="module")
def matrices():
    return load_matrices()


@pytest.fixture(scope="module")
def solved(folder, matrices):
    return functools.cache(lambda python: solve_conda(profile(python), matrices, index_over(folder)))


@pytest.fixture(scope="module")
def snapshot():
    return CondaSnapshot(matrices_dir() / "snapshot")


def profile(python, **fields):
    settings = {"packages": ("torchvision", "keras", "tensorboard"), **fields}
    target = Target(python=python)
    return Profile(name=f"full-py{python}", flavour="conda", python=f"=={python}", target=target, **settings)


@pytest.mark.parametrize(
    ("python", "axes"),
    [
        ("3.10", {"cuda": "11.8", "cudnn": "8.9.7.29", "tensorflow": "2.12.1", "torch": "2.0.0", "numpy": "1.26.4"}),
        ("3.11", {"cuda": "12.9", "cudnn": "8.9.7.29", "tensorflow": "2.16.1", "torch": "2.3.1", "numpy": "1.26.4"}),
        ("3.12", {"cuda": "12.9", "cudnn": "9.13.1.26", "tensorflow": "2.19.1", "torch": "2.10.0", "numpy": "2.5.2"}),
    ],
)
def test_each_python_has_a_dual_gpu_set_and_the_snapshot_gives_the_same(solved, matrices, snapshot, python, axes):
    solution = solved(python)
    assert {axis: solution.solution.axes[axis] for axis in axes} == axes
    chosen = {record.name: record for record in solution.records}
    for name in ("pytorch", "tensorflow"):
        assert all("cpu" not in part.build for part in parts(chosen, name))
    majors = {r.build.partition("cuda")[2][:2] for r in solution.records if r.build.startswith("cuda1")}
    assert majors == {axes["cuda"][:2]}
    assert len([r for r in solution.records if r.name in ("libprotobuf", "libabseil")]) == 2
    recorded = solve_conda(profile(python), matrices, snapshot)
    assert recorded.records == solution.records
    assert recorded.solution == solution.solution


def test_python_3_13_is_explained_in_the_matrices_words_and_the_channels(folder, matrices, snapshot):
    stories = []
    for source in (index_over(folder), snapshot):
        with pytest.raises(Unsolvable) as caught:
            solve_conda(profile("3.13"), matrices, source)
        explanation = caught.value.explanation
        stories.append([(cause.who, cause.asks) for cause in explanation.causes])
        assert [near.changes for near in explanation.nearest] == [("python 3.12",), ("python 3.11",), ("python 3.10",)]
    assert stories[0] == stories[1]
    causes = stories[0]
    assert causes[:2] == [("the request", "python ==3.13"), ("the request", "tensorflow as a CUDA build")]
    assert causes[2][0].startswith("tensorflow 2.")
    assert "python 3." in causes[2][1]
    assert causes[-1][0] == "channel conda-forge"
    assert "python >=3.12,<3.13.0a0, for which no candidates were found" in causes[-1][1]


def test_a_build_that_depends_on_another_libtorch_is_never_chosen(folder, matrices):
    target = Target(driver=None)
    virtual = virtual_packages(target, matrices.drivers)
    bare = ChannelSolver(index_over(folder), target, virtual).candidates("pytorch")
    trapped = {
        str(r.build)
        for r in bare
        if str(r.version) == "2.5.1" and any(spec.startswith("libtorch 2.6.0") for spec in r.depends)
    }
    assert {build.rpartition("_")[2] for build in trapped} == {"13", "113", "313"}
    left = open_solver(
        Profile(name="any", flavour="conda", target=target), target, index_over(folder), matrices
    ).candidates("pytorch")
    assert {str(r.build) for r in bare} - {str(r.build) for r in left} == trapped


@pytest.mark.parametrize("python", ["3.9", "3.10", "3.11", "3.12", "3.13"])
def test_each_python_has_a_base(folder, matrices, snapshot, python):
    target = Target(python=python)
    bases = [
        base_records(Profile(name="p"), python, target, source, matrices) for source in (index_over(folder), snapshot)
    ]
    assert bases[0] == bases[1]
    assert {"python", "pip"} <= {record.name for record in bases[0]}
    assert next(r.version for r in bases[0] if r.name == "python").startswith(f"{python}.")


def test_what_was_inferred_is_marked(solved):
    solution = solved("3.12")
    inferred = {f"conda-forge/{r.subdir}/{r.filename}" for r in solution.records if r.inferred}
    listed = set((SHARED / "partial.txt").read_text().split())
    assert inferred
    assert inferred == {f"conda-forge/{r.subdir}/{r.filename}" for r in solution.records} & listed
    assert any("partly inferred" in note.text for note in solution.solution.notes)


def test_strict_priority_over_three_real_channels(folder, matrices):
    target = Target(python="3.10")
    index = index_over(folder, "pytorch", "nvidia", "conda-forge")
    virtual = virtual_packages(target, matrices.drivers)
    records = ChannelSolver(index, target, virtual).close(["python 3.10.*", "pytorch", "pytorch-cuda 11.8.*"])
    channel = {record.name: record.channel.rsplit("/", 1)[1] for record in records}
    assert (channel["pytorch"], channel["cuda-cudart"], channel["python"]) == ("pytorch", "nvidia", "conda-forge")
    solver = ChannelSolver(index, target, virtual)
    assert {str(r.version) for r in solver.candidates("pytorch")} < {
        str(r.version)
        for name in ("pytorch", "conda-forge")
        for r in ChannelSolver(index_over(folder, name), target, virtual).candidates("pytorch")
    }


def test_a_removed_constraint_never_breaks(solved, matrices, snapshot):
    bounded = profile("3.12", constraints={"torch": "<2.9", "numpy": ">=2"})
    assert solve_conda(bounded, matrices, snapshot).solution.axes["torch"] == "2.8.0"
    loose = msgspec.structs.replace(bounded, constraints={"torch": "<2.9"})
    assert solve_conda(loose, matrices, snapshot).solution.axes["torch"] == "2.8.0"
    assert solved("3.12").solution.axes["torch"] == "2.10.0"
