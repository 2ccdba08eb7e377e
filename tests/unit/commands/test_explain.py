"""explain searches a profile or requirements alone, and tells of a stack where it is asked to."""

from __future__ import annotations

import pytest
from user_folder import REQUEST

from solver.cli.show import solution_lines
from solver.commands.explain import explain
from solver.core.errors import BadInput
from solver.core.explanation import Explanation
from solver.core.model import Solution

STACKED = '  stacked: {python: "3.12", frameworks: [torch], torch: "2.9.1", stack: {torch: "2.9.1", cuda: ">=12.2"}}\n'


@pytest.fixture
def root(tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST + STACKED)
    return tmp_path


def test_requirements_alone_need_no_project(tmp_path):
    verdict = explain(tmp_path, None, ("torch==2.9.1", "python==3.12"))
    assert (verdict.profile, verdict.stack) == ("ad hoc", ())
    assert isinstance(verdict.outcome, Solution)
    assert verdict.outcome.axes["torch"] == "2.9.1"


def test_a_profile_takes_further_requirements(root):
    verdict = explain(root, "small", ("torch==2.15.0",))
    assert verdict.profile == "small"
    assert isinstance(verdict.outcome, Explanation)
    assert verdict.outcome.causes[0].asks == "torch==2.9.1,==2.15.0"


def test_a_stack_is_told_where_it_is_asked_for(root):
    assert explain(root, "stacked", ()).stack == ()
    assert explain(root, "small", (), with_stack=True).stack == ()
    lines = explain(root, "stacked", (), with_stack=True).stack
    assert lines[:3] == (
        "stacked: what this lock makes of the published pins",
        "  torch 2.9.1: kept",
        "  cuda >=12.2: kept, as 12.8",
    )


def test_a_profile_that_is_not_there(root):
    with pytest.raises(BadInput, match="there is no profile big"):
        explain(root, "big", ())


def test_a_profile_without_our_loader_is_told_what_that_costs(root):
    both = '  {}: {{python: "3.12", frameworks: [tensorflow], loader: none{}}}\n'
    (root / "environment.yml.in").write_text(
        REQUEST + both.format("bare", "") + both.format("newest", ", tensorflow: 2.21.0")
    )
    bare = explain(root, "bare", ()).outcome
    assert isinstance(bare, Solution)
    assert (bare.axes["tensorflow"], bare.notes[-1].package) == ("2.20.0", "interlock-loader")
    assert bare.notes[-1].text == "with our loader wheel (loader: wheel) the set would have TensorFlow 2.21.0"
    assert explain(root, "bare", (), no_loader=True).outcome == bare
    newest = explain(root, "newest", ()).outcome
    assert isinstance(newest, Explanation)
    assert newest.causes[-1].asks.startswith("may not be chosen: it does not find cusolver by itself, and loader: none")
    assert newest.note.startswith("with our loader wheel (loader: wheel) the set would have python 3.12, CUDA 12.")


def test_a_profile_whose_activation_leads_is_told_what_that_means(root):
    (root / "environment.yml.in").write_text(
        REQUEST + '  led: {python: "3.12", frameworks: [tensorflow], loader: activation}\n'
    )
    led = explain(root, "led", ()).outcome
    assert isinstance(led, Solution)
    assert (led.axes["tensorflow"], led.notes[-1].package) == ("2.21.0", "tensorflow")
    assert led.notes[-1].text == (
        "tensorflow 2.21.0 does not find libcusolver.so.11 by itself; interlock-loader, which a lock of this set would "
        "hold, puts their folders on LD_LIBRARY_PATH when conda activates the environment, for every program that is "
        "started in it; a python that is started without an activation finds none of them"
    )


def test_what_costs_nothing_is_told_as_nothing(root):
    (root / "environment.yml.in").write_text(REQUEST + '  bare: {python: "3.12", frameworks: [torch], loader: none}\n')
    bare = explain(root, "bare", ()).outcome
    assert isinstance(bare, Solution)
    assert not [note for note in bare.notes if note.package == "interlock-loader"]


def test_requirements_alone_may_go_without_our_loader(tmp_path):
    asked = ("tensorflow", "python==3.12")
    newest, bare = (explain(tmp_path, None, asked, no_loader=without).outcome for without in (False, True))
    assert isinstance(newest, Solution)
    assert isinstance(bare, Solution)
    assert (newest.axes["tensorflow"], bare.axes["tensorflow"]) == ("2.21.0", "2.20.0")


def test_conda_s_set_is_told_with_the_records_that_a_newer_one_lacks(tmp_path):
    fields = 'flavour: conda, python: "3.12"'
    (tmp_path / "environment.yml.in").write_text(
        "dependencies: ['python=${python}', pip, pip: ['torch==${torch}', 'tensorflow==${tensorflow}']]\n"
        f"profiles:\n  whole: {{{fields}}}\n  pinned: {{{fields}, torch: '2.10.0'}}\n"
    )
    tensorflow = (
        "newer than tensorflow 2.19.1: there is no record of tensorflow >2.19.1 as a CUDA build; "
        "with --live the channels themselves are asked"
    )
    torch = (
        "newer than torch 2.10.0: nobody recorded pytorch 2.13.0, 2.12.0, 2.11.0 for python 3.12, of which there is a "
        "recipe; with --live the channels themselves are asked"
    )
    for name, told in (("whole", [tensorflow, torch]), ("pinned", [tensorflow])):
        outcome = explain(tmp_path, name, ()).outcome
        assert [note.text for note in outcome.notes if note.text.startswith("newer than")] == told
    lines = list(solution_lines(outcome))
    assert f"  with {len(outcome.because)} packages by conda:" in lines
    assert any(line.startswith("    pytorch 2.10.0 cuda129_") for line in lines)
