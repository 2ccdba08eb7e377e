"""The 77 pairs of TensorFlow and torch: a set that holds together, or a true story and a way out, for each."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from lock_checker import ROOT, recorded
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from solver.commands import pairs
from solver.commands.pairs import Pair, recorded_pairs, search_pairs
from solver.commands.project import open_facts
from solver.core.answer import NOT_KNOWN
from solver.core.target import marker_environment
from solver.request.adhoc import ad_hoc
from solver.solve.search import find
from solver.solve.space.packages import Spaces

TENSORFLOW = ["2.15.1", "2.16.2", "2.17.1", "2.18.1", "2.19.1", "2.20.0", "2.21.0"]
TORCH = ["2.2.2", "2.4.1", "2.5.1", "2.6.0", "2.7.1", "2.8.0", "2.9.1", "2.10.0", "2.11.0", "2.13.0", "2.15.0"]
FACTS = open_facts(ROOT)[:2]


@pytest.fixture(scope="module")
def outcomes():
    return {(one.pair.tensorflow, one.pair.torch): one for one in search_pairs(recorded_pairs().pairs, *FACTS)}


def test_the_pairs_are_those_that_were_promised(outcomes):
    assert set(outcomes) == {(tensorflow, torch) for tensorflow in TENSORFLOW for torch in TORCH}
    assert {one.pair.python for one in outcomes.values() if one.pair.tensorflow == "2.15.1"} == {"3.11"}
    assert {one.pair.python for one in outcomes.values() if one.pair.tensorflow != "2.15.1"} == {"3.12"}


def test_what_uv_said_is_what_was_measured(outcomes):
    assert Counter(one.pair.uv for one in outcomes.values()) == {"clean": 4, "twin CUDA majors": 21, "none": 52}


def test_each_ends_in_a_set_or_in_an_explanation(outcomes):
    for one in outcomes.values():
        assert (one.solution is None) != (one.explanation is None)


def test_where_uv_gives_a_clean_set_there_is_one_that_can_be_locked(outcomes):
    for one in outcomes.values():
        if one.pair.uv == "clean":
            assert one.solution is not None and one.solution.lockable, one.pair


def test_where_only_our_loader_makes_a_pair_sound_it_is_told_as_healed(outcomes):
    healed = {pair for pair, one in outcomes.items() if one.healed}
    assert healed == {("2.20.0", "2.13.0"), ("2.21.0", "2.13.0")}


def broken(solution) -> list[str]:
    """Requirements that the set does not meet, by the raw snapshot and nothing of the search."""
    versions = {pin.name: pin.version for pin in solution.pins}
    environment = marker_environment(solution.target)
    problems = []
    for pin in solution.pins:
        lines = [line for line in recorded(pin.index, pin.name) if line["version"] == pin.version]
        hashes = {file.sha256 for file in pin.files}
        mine = [line for line in lines if {file[1] for file in line["files"]} & hashes]
        for text in (mine[0]["requires"] or []) if mine else []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""}):
                have = versions.get(canonicalize_name(requirement.name))
                if have is None or not requirement.specifier.contains(have, prereleases=True):
                    problems.append(f"{pin.name} asks for {requirement}, and {have} is chosen")
    return problems


def test_each_set_meets_every_hard_requirement_and_has_one_cuda_major(outcomes):
    for one in outcomes.values():
        if one.solution is None:
            continue
        versions = {str(pin.name): pin.version for pin in one.solution.pins}
        assert versions["tensorflow"] == one.pair.tensorflow
        assert Version(versions["torch"]).public == one.pair.torch
        assert broken(one.solution) == []
        majors = {match[1] for name in versions if (match := re.fullmatch(r"nvidia-.*-cu(1\d)", name))}
        assert majors <= {one.solution.axes["cuda"].split(".")[0]}


def test_each_set_has_a_cudnn_of_the_minor_that_tensorflow_was_built_with(outcomes):
    matrices = FACTS[0]
    for one in outcomes.values():
        if one.solution is not None:
            row = matrices.build("tensorflow", one.pair.tensorflow, "linux-64")
            have = Version(one.solution.axes["cudnn"])
            assert have.major == Version(row.cudnn).major and have >= Version(row.cudnn), one.pair


def test_what_nobody_read_is_told_and_only_that(outcomes):
    for one in outcomes.values():
        if one.solution is not None:
            unread = [
                pin for pin in one.solution.pins if pin.requires is NOT_KNOWN or not any(f.sha256 for f in pin.files)
            ]
            assert one.solution.lockable == (not unread)


CHANGE = re.compile(r"(tensorflow|torch|python)==(\S+)|driver>=(\S+)")


def changed(pair: Pair, changes) -> list[str] | None:
    """The request with ``changes`` made; None where a change is of another kind."""
    versions = {"tensorflow": pair.tensorflow, "torch": pair.torch, "python": pair.python}
    driver = []
    for text in changes:
        match = CHANGE.fullmatch(text)
        if match is None:
            return None
        if match[1]:
            versions[match[1]] = match[2]
        else:
            driver = [text]
    return [*(f"{name}=={version}" for name, version in versions.items()), *driver]


def test_what_would_work_does_work(outcomes):
    spaces = Spaces(*FACTS)
    tried = 0
    for one in outcomes.values():
        for near in one.explanation.nearest if one.explanation is not None else ():
            request = changed(one.pair, near.changes)
            if request is not None:
                solution = find(ad_hoc(request), spaces)
                assert solution is not None and solution.axes == near.solution, (one.pair, near.changes)
                tried += 1
    assert tried > 20


def test_each_explanation_names_a_cause_beside_the_request_and_a_way_out(outcomes):
    for one in outcomes.values():
        if one.explanation is not None:
            assert any(cause.who != "the request" for cause in one.explanation.causes), one.pair
            assert all(cause.source for cause in one.explanation.causes)
            assert one.explanation.nearest, one.pair


@pytest.mark.parametrize(
    "constraints",
    [
        # resolvelib alone runs in circles on these.
        ["typing-extensions~=4.2.0", "python==3.11"],
        ["accelerate>=1.10.0", "fsspec==2025.12.0", "tensorflow==2.19.1", "python==3.10"],
    ],
)
def test_a_search_ends_whatever_else_is_asked_for(constraints):
    solution = find(ad_hoc(constraints), Spaces(*FACTS))
    assert solution is not None
    assert broken(solution) == []
    versions = {str(pin.name): pin.version for pin in solution.pins}
    for text in constraints[:-1]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(versions[requirement.name])


# ---- reading uv's answer


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["nvidia-cudnn-cu12==9.1.0.70", "nvidia-cudnn-cu13==9.12.0.46"], "twin CUDA majors"),
        (["nvidia-cudnn-cu12==9.1.0.70", "nvidia-nccl-cu13==2.27.7"], "clean"),
        (["nvidia-cudnn-cu12==9.1.0.70", "nvidia-cublas==13.1"], "clean"),
        (["nvidia-cublas-cu12==12.8.4.1", "nvidia-cublas==13.1.0.3"], "clean"),  # in folders of their own
        (["nvidia-nccl-cu12==2.27.5", "nvidia-nccl-cu13==2.27.7"], "twin CUDA majors"),
        (["# by uv", "torch==2.9.1"], "clean"),
    ],
)
def test_twins_are_two_majors_of_one_library(lines, verdict):
    assert pairs._verdict(lines, FACTS[0]) == verdict


def test_uv_that_finds_nothing_is_none(monkeypatch, tmp_path):
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pairs.uv_answer(Pair(tensorflow="2.20.0", torch="2.9.1", python="3.12", uv="clean"), FACTS[0]) == "none"


def test_uv_is_asked_without_the_machines_own_indexes(monkeypatch, tmp_path):
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$@" > "$(dirname "$0")/asked"\nenv > "$(dirname "$0")/env"\n/bin/cat\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://wheels.invalid")
    monkeypatch.setenv("UV_INDEX_URL", "https://wheels.invalid")
    assert pairs.uv_answer(Pair(tensorflow="2.20.0", torch="2.9.1", python="3.12", uv="none"), FACTS[0]) == "clean"
    words = (tmp_path / "asked").read_text().split()
    assert "--no-config" in words
    assert words[words.index("--python-version") + 1] == "3.12"
    assert "wheels.invalid" not in (tmp_path / "env").read_text()
