"""solve, explain and diff: what is printed, JSON of the documented shape, and the exit codes."""

from __future__ import annotations

import json

from user_folder import written

from solver.core.errors import IndexUnavailable
from solver.index.pypi import PypiIndex

AXES = {"python", "cuda", "cudnn", "tensorflow", "torch", "jax", "protobuf", "numpy"}
SOLVED = {"version", "profile", "answer", "target", "solution", "because", "notes", "lockable", "missing"}


def test_solve_prints_the_row_behind_each_choice(folder, interlock):
    code, out, err = interlock("solve", "small")
    assert (code, err) == (0, "")
    assert out.startswith("small: python 3.12 on linux-64\n")
    assert "    torch==2.9.1  the request: torch==2.9.1 (profile small) [torch-2.9.1]\n" in out
    assert written(folder) == set()


def test_solve_as_json(folder, interlock):
    code, out, _ = interlock("solve", "small", "-c", "numpy", "--json")
    data = json.loads(out)
    assert code == 0
    assert set(data) == SOLVED
    assert data["answer"] == "yes"
    assert (data["version"], data["profile"], data["lockable"], data["missing"]) == (1, "small", True, [])
    assert set(data["solution"]) >= AXES | {"triton"}
    assert data["solution"]["torch"] == "2.9.1"
    assert data["solution"]["tensorflow"] is None
    assert all(version is None or isinstance(version, str) for version in data["solution"].values())
    assert {tuple(item) for item in data["because"]} == {("package", "version", "row", "source", "asked_by")}


def test_solve_needs_no_request_for_a_pair(tmp_path, monkeypatch, interlock):
    monkeypatch.chdir(tmp_path)
    code, out, _ = interlock("solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--json")
    assert code == 0
    assert json.loads(out)["solution"]["cuda"] == "12.8"


def test_torch_keeps_its_local_part_and_cuda_is_major_minor(folder, interlock):
    data = json.loads(interlock("solve", "-c", "torch==2.11.0", "-c", "python==3.12", "--json")[1])
    assert data["solution"]["torch"] == "2.11.0+cu128"
    assert data["solution"]["cuda"] == "12.8"


def test_explain_says_no_with_1_and_names_what_would_work(folder, interlock):
    code, out, err = interlock("explain", "tensorflow==2.21.0", "torch==2.15.0", "python==3.12")
    assert (code, err) == (1, "")
    first, *lines = out.splitlines()
    assert first == "no: tensorflow==2.21.0, torch==2.15.0, python==3.12 cannot live together, because"
    assert lines[:2] == ["  the request: torch==2.15.0", "      [profile ad hoc]"]
    assert any(line.startswith("would work: ") for line in lines)


def test_of_one_thing_it_is_told_whether_it_can_be_installed(folder, interlock):
    code, out, _ = interlock("explain", "nowhere-to-be-found")
    assert (code, out.splitlines()[0]) == (4, "not known whether nowhere-to-be-found can be installed, because")
    code, out, _ = interlock("explain", "--profile", "small")
    assert (code, out.splitlines()[0]) == (0, "yes: small has a solution")


def test_explain_begins_with_yes(folder, interlock):
    code, out, err = interlock("explain", "torch==2.9.1", "python==3.12")
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [
        "yes: torch==2.9.1, python==3.12 can live together",
        "ad hoc: python 3.12 on linux-64",
    ]
    data = json.loads(interlock("explain", "torch==2.9.1", "python==3.12", "--json")[1])
    assert set(data) == SOLVED | {"nearest"}
    assert (data["answer"], data["nearest"]) == ("yes", [])


def test_explain_names_a_lockable_set_beside_one_that_is_not(folder, interlock):
    code, out, err = interlock("explain", "torch==2.6.0", "tensorflow==2.18.0", "python==3.12")
    assert (code, err) == (0, "")
    axes = "python 3.12, cuda 12.6, cudnn 9.5.1.17, tensorflow 2.18.0, torch 2.7.0, protobuf 5.29.6, numpy 2.0.2"
    assert out.splitlines()[:5] == [
        "yes, but not lockable: torch==2.6.0, tensorflow==2.18.0, python==3.12 can live together",
        "  nobody read the requirements of torch 2.6.0+cu126",
        "nearest lockable: torch==2.7.0",
        f"    {axes}",
        "ad hoc: python 3.12 on linux-64",
    ]


def test_explain_says_when_it_is_not_known(folder, interlock):
    code, out, err = interlock("explain", "torch==2.9.1", "nowhere-to-be-found", "python==3.12")
    assert (code, err) == (4, "")
    assert out.splitlines()[0] == (
        "not known whether torch==2.9.1, nowhere-to-be-found, python==3.12 can live together, because"
    )
    assert "would work: without nowhere-to-be-found" in out.splitlines()


def test_explain_as_json(folder, interlock):
    code, out, _ = interlock("explain", "tensorflow==2.21.0", "torch==2.15.0", "python==3.12", "--json")
    data = json.loads(out)
    assert code == 1
    assert set(data) == {"version", "profile", "solution", "answer", "causes", "nearest", "note"}
    assert (data["version"], data["solution"], data["answer"]) == (1, None, "no")
    assert {tuple(cause) for cause in data["causes"]} == {("who", "asks", "source", "package")}
    assert data["nearest"]
    for near in data["nearest"]:
        assert set(near) - {"lockable"} == {"changes", "solution"}
        assert set(near["solution"]) == AXES


def test_solve_without_a_solution(folder, interlock):
    code, out, err = interlock("solve", "never")
    assert (code, out) == (3, "")
    assert err.startswith("interlock: never has no solution, because\n")
    assert written(folder) == set()


def test_solve_without_a_solution_as_json(folder, interlock):
    code, out, err = interlock("solve", "never", "--json")
    assert (code, err) == (3, "")
    assert json.loads(out)["solution"] is None


def test_an_index_that_does_not_answer(folder, interlock, monkeypatch):
    def silent(*_):
        raise IndexUnavailable("the package index did not answer")

    monkeypatch.setattr(PypiIndex, "releases", silent)
    answer = interlock("solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--live")
    assert answer == (4, "", "interlock: the package index did not answer\n")
    assert written(folder) == set()


def test_diff_gives_0_whatever_differs(folder, interlock):
    assert interlock("lock", "small", "smaller", "--no-pylock")[0] == 0
    code, out, err = interlock("diff", "small", "smaller", "--json")
    assert (code, err) == (0, "")
    assert set(json.loads(out)) == {
        *("version", "between", "removed", "added", "changed", "published", "packages", "bytes", "size_unknown")
    }


def test_an_extra_that_no_release_has_is_denied_and_one_that_was_not_recorded_is_not_known(interlock, folder):
    words = ("python==3.12", "torch==2.10.0", "--offline")
    code, out, _ = interlock("explain", "rich[jupytr]==15.0.0", *words)
    assert code == 1
    assert "may not be chosen: it has no extra jupytr; did you mean rich[jupyter]?" in out
    code, out, _ = interlock("explain", "rich[jupyter]", *words)
    assert (code, out.splitlines()[0]) == (
        4,
        "not known whether rich[jupyter], python==3.12, torch==2.10.0 can live together, because",
    )


def test_a_machine_is_named_by_options_as_by_constraints(folder, interlock):
    words = ("explain", "torch==2.9.1", "python==3.12")
    code, out, err = interlock(*words, "--gpu", "RTX 4090", "--gpu", "H100", "--driver", ">=525")
    assert (code, err) == (0, "")
    named = interlock(*words, "-c", "gpu=RTX 4090", "-c", "gpu=H100", "-c", "driver>=525")[1]
    assert out == named
    assert out.splitlines()[2].startswith("  note: driver 525 means 525.60.13, the first release of its branch to ")
    assert (
        interlock("solve", "-c", "torch==2.9.1", "--driver", "525")[1].splitlines()[1].startswith("  note: driver 525")
    )
    said = 'interlock: -c gpu=RTX 4091: no GPU is known by the name "RTX 4091"; did you mean GeForce RTX 4090? '
    assert interlock(*words, "--gpu", "RTX 4091")[2].startswith(said)


def test_of_a_set_that_can_be_locked_within_the_same_request_the_other_versions_are_told(folder, interlock):
    code, out, _ = interlock("explain", "--offline", "torch", "--driver", "525")
    assert code == 0
    assert out.splitlines()[2] == "nearest lockable: with python 3.12 for 3.13, torch 2.12.1+cu126 for 2.14.1+cu126"
