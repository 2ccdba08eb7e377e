import conda_scenarios as scenarios
import pytest
from conda_repodata import parse, write_channel

from solver.core.answer import Answer
from solver.core.errors import Unsolvable
from solver.core.model import Profile, Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.index.conda_snapshot import CondaSnapshot, write_records
from solver.solve.conda.profile import base_offers, base_records, solve_conda
from solver.solve.conda.reach import refresh_conda

CHANNEL = {
    **{f"python {version} 0_cpython": [] for version in ("3.11.9", "3.12.4", "3.13.1")},
    "cuda-version 12.4 h_0": {"constrains": ["__cuda >=12"]},
    "pytorch 2.5 cuda124_py312_h_0": ["python 3.12.*", "cuda-version 12.*", "libtorch 2.5.* cuda124_h_0"],
    "pytorch 2.4 cuda124_py312_h_0": ["python 3.12.*", "cuda-version 12.*", "numpy <2"],
    "pytorch 2.5 cuda124_py313_h_0": ["python 3.13.*", "cuda-version 12.*", "libtorch 2.5.* cuda124_h_0"],
    "pytorch 2.5 cpu_py312_h_0": ["python 3.12.*"],
    "libtorch 2.5 cuda124_h_0": [],
    "tensorflow 2.19 cuda124py312h_0": ["python 3.12.*", "cuda-version 12.*", "numpy"],
    "numpy 1.26 py312_0": [],
    "numpy 2.0 py312_0": [],
    "unrelated 1.0 h_0": [],
    "pip 24.0 py_0": {"depends": ["python", "setuptools"], "noarch": "python", "subdir": "noarch"},
    "setuptools 80.0 py_0": {"depends": ["python"], "noarch": "python", "subdir": "noarch"},
    "setuptools 81.0 py_0": {"depends": ["python"], "noarch": "python", "subdir": "noarch"},
}
PROFILES = (
    Profile(name="both", flavour="conda", python="==3.12", target=Target(driver="550.54.14")),
    Profile(name="pip", target=Target(driver="550.54.14")),
)


@pytest.fixture
def live(tmp_path):
    channel = write_channel(tmp_path / "channel", parse(CHANNEL)).as_uri()
    return CondaIndex(settings=CondaSettings(mirrors={"conda-forge": (channel,)}))


@pytest.fixture
def matrices():
    return scenarios.read_matrices({})


@pytest.fixture
def recorded(live, matrices, tmp_path):
    refresh_conda(PROFILES, ("3.11", "3.12", "3.13"), live, matrices, tmp_path / "snapshot")
    return CondaSnapshot(tmp_path / "snapshot")


def names(snapshot):
    return {r.filename for s in ("linux-64", "noarch") for r in snapshot.records("conda-forge", s)}


def test_what_the_profiles_reach_is_recorded_and_nothing_else(recorded):
    assert names(recorded) == {
        f"{'-'.join(text.split())}.conda"
        for text in CHANNEL
        if text not in ("unrelated 1.0 h_0", "pytorch 2.5 cpu_py312_h_0")
    }


def test_the_snapshot_answers_as_the_channel_does(recorded, live, matrices):
    for constraints in ({}, {"torch": "<2.5"}):
        profile = Profile(
            name="both", flavour="conda", python="==3.12", target=Target(driver="550.54.14"), constraints=constraints
        )
        answers = [solve_conda(profile, matrices, source) for source in (live, recorded)]
        assert answers[0].records == answers[1].records
    for python in ("3.11", "3.12", "3.13"):
        target = Target(python=python)
        assert base_records(PROFILES[1], python, target, live, matrices) == base_records(
            PROFILES[1], python, target, recorded, matrices
        )


def test_what_the_channel_denies_the_snapshot_does_not_know(recorded, live, matrices):
    profile = Profile(name="both", flavour="conda", python="==3.13", target=Target(driver="550.54.14"))
    explanations = []
    for source in (live, recorded):
        with pytest.raises(Unsolvable) as caught:
            solve_conda(profile, matrices, source)
        explanations.append(caught.value.explanation)
    assert explanations[0].causes == explanations[1].causes
    assert explanations[0].note is None
    assert explanations[1].note == (
        "the record may lack packages that suit python ==3.13 and tensorflow as a CUDA build; "
        "with --live the channels themselves are asked"
    )
    assert [explanation.answer for explanation in explanations] == [Answer.NO, Answer.NOT_KNOWN]


def test_a_search_can_keep_to_what_the_base_offers(recorded, matrices):
    offers = base_offers(PROFILES[1], "3.12", Target(), recorded, matrices)
    assert {name: sorted(versions) for name, versions in offers.items()} == {
        "pip": ["24.0"],
        "setuptools": ["80.0", "81.0"],
    }


def test_two_refreshes_give_the_same_bytes(recorded, live, matrices, tmp_path):
    refresh_conda(tuple(reversed(PROFILES)), ("3.13", "3.12", "3.11"), live, matrices, tmp_path / "again")
    for path in (tmp_path / "snapshot").rglob("*.jsonl"):
        assert (tmp_path / "again" / path.relative_to(tmp_path / "snapshot")).read_bytes() == path.read_bytes()


def test_a_platform_that_was_recorded_stays_so_though_no_profile_is_for_it(live, matrices, tmp_path):
    arm = {"subdir": "linux-aarch64", "depends": []}
    write_channel(tmp_path / "channel", parse({**CHANNEL, "python 3.12.7 0_cpython": arm}))
    root = tmp_path / "snapshot"
    write_records(root, "conda-forge", [], "any", ["linux-aarch64"])
    refresh_conda(PROFILES, ("3.12",), live, matrices, root)
    (record,) = CondaSnapshot(root).records("conda-forge", "linux-aarch64")
    assert record.pin == "python=3.12.7=0_cpython"
    refresh_conda(PROFILES, ("3.12",), live, matrices, tmp_path / "other")
    assert not CondaSnapshot(tmp_path / "other").covers("conda-forge", "linux-aarch64")
