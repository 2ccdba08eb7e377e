"""The command line: exit codes, exact sentences, JSON of the documented shape, nothing written on bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from solver import cli
from solver.commands import doctor
from solver.core.errors import IndexUnavailable, InterlockError
from solver.core.machine import Gpu, Machine
from solver.index.pypi import PypiIndex

REQUEST = """\
name: test
channels: [nowhere]
dependencies:
  - python=${python}
  - pip
  - pip:
      - torch==${torch}
      - tensorflow==${tensorflow}
profiles:
  small: {python: "3.12", frameworks: [torch], torch: "2.9.1"}
  smaller: {variant-of: small, frameworks: []}
  never: {python: "3.12", torch: "2.15.0", tensorflow: "2.21.0"}
"""
AXES = {"python", "cuda", "cudnn", "tensorflow", "torch", "protobuf", "numpy"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's own folder with a request, where the command runs."""
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "environment.yml.in"
    }


# ---- 0


def test_solve_prints_the_row_behind_each_choice(folder, interlock):
    code, out, err = interlock("solve", "small")
    assert (code, err) == (0, "")
    assert out.startswith("small: python 3.12 on linux-64\n")
    assert "    torch==2.9.1  the request: torch==2.9.1 (profile small) [torch-2.9.1]\n" in out
    assert written(folder) == set()


def test_solve_as_json(folder, interlock):
    code, out, _ = interlock("solve", "small", "-c", "numpy", "--json")
    told = json.loads(out)
    assert code == 0
    assert set(told) == {"version", "profile", "target", "solution", "because", "notes", "lockable", "missing"}
    assert (told["version"], told["profile"], told["lockable"], told["missing"]) == (1, "small", True, [])
    assert set(told["solution"]) >= AXES | {"triton"}
    assert told["solution"]["torch"] == "2.9.1"
    assert told["solution"]["tensorflow"] is None
    assert all(version is None or isinstance(version, str) for version in told["solution"].values())
    assert {tuple(item) for item in told["because"]} == {("package", "version", "row", "source", "asked_by")}


def test_solve_needs_no_request_for_a_pair(tmp_path, monkeypatch, interlock):
    monkeypatch.chdir(tmp_path)
    code, out, _ = interlock("solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--json")
    assert code == 0
    assert json.loads(out)["solution"]["cuda"] == "12.8"


def test_torch_keeps_its_local_part_and_cuda_is_major_minor(folder, interlock):
    told = json.loads(interlock("solve", "-c", "torch==2.11.0", "-c", "python==3.12", "--json")[1])
    assert told["solution"]["torch"] == "2.11.0+cu128"
    assert told["solution"]["cuda"] == "12.8"


def test_version_and_help(interlock):
    assert interlock("--version")[:2] == (0, f"interlock, version {cli.__version__}\n")
    code, out, _ = interlock("--help")
    assert code == 0
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines() if line] == list(cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command, interlock):
    code, out, err = interlock(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ")
    assert f" {command} " in out.splitlines()[0]


# ---- locks


def test_lock_writes_what_it_says_and_check_finds_it_fresh(folder, interlock):
    code, out, err = interlock("lock", "small", "smaller", "--no-pylock")
    assert (code, err) == (0, "")
    assert out.startswith("small: torch 2.9.1, python 3.12, cuda 12.8, cudnn 9.10.2.21; ")
    names = {f"locks/{name}/{file}" for name in ("small", "smaller") for file in ("requirements.txt", "solution.yaml")}
    assert written(folder) == names
    assert interlock("lock", "--check", "small", "smaller") == (0, "small: fresh\nsmaller: fresh\n", "")
    code, again, _ = interlock("lock", "small", "--no-pylock")
    assert (code, again) == (0, out.splitlines()[0] + " (unchanged)\n")


def test_check_says_no_and_writes_nothing(folder, interlock):
    assert interlock("lock", "--check", "small") == (1, "small: it was never made\n", "")
    assert written(folder) == set()
    interlock("lock", "small", "--no-pylock")
    path = folder / "locks" / "small" / "requirements.txt"
    path.write_text(path.read_text().replace("torch==2.9.1", "torch==2.9.2"))
    assert interlock("lock", "--check", "small") == (1, "small: its files were changed\n", "")
    assert "torch==2.9.2" in path.read_text()


def test_a_lock_for_python_3_10_comes_out_of_this_python(folder, interlock):
    (folder / "environment.yml.in").write_text(REQUEST.replace('small: {python: "3.12"', 'small: {python: "3.10"'))
    assert interlock("lock", "small", "--no-pylock")[0] == 0
    text = (folder / "locks" / "small" / "requirements.txt").read_text()
    assert "# For python 3.10, linux-64, glibc >= 2.28, NVIDIA driver >= 525.60.13." in text


def test_an_impossible_profile_stops_no_other(folder, interlock):
    code, out, err = interlock("lock", "never", "small", "--no-pylock")
    assert code == 3
    assert out.startswith("small: torch 2.9.1")
    assert err.startswith("interlock: never has no solution, because\n  the request: torch==2.15.0  [profile never]\n")
    assert {name.split("/")[1] for name in written(folder)} == {"small"}


def test_pylock_waits_for_the_index(folder, interlock, monkeypatch):
    def silent(*_):
        raise IndexUnavailable("the package index did not answer")

    monkeypatch.setattr(PypiIndex, "releases", silent)
    code, _, err = interlock("lock", "small")
    assert code == 0
    assert err == "pylock.toml not written, it needs the index for addresses: the package index did not answer\n"
    assert written(folder) == {"locks/small/requirements.txt", "locks/small/solution.yaml"}


# ---- 1: a check says no


def test_explain_says_no_with_1_and_names_what_would_work(folder, interlock):
    code, out, err = interlock("explain", "tensorflow==2.21.0", "torch==2.15.0", "python==3.12")
    assert (code, err) == (1, "")
    first, *lines = out.splitlines()
    assert first == "tensorflow==2.21.0, torch==2.15.0, python==3.12: cannot live together, because"
    assert lines[:2] == ["  the request: torch==2.15.0", "      [profile ad hoc]"]
    assert any(line.startswith("would work with ") for line in lines)


def test_explain_as_json(folder, interlock):
    code, out, _ = interlock("explain", "tensorflow==2.21.0", "torch==2.15.0", "python==3.12", "--json")
    told = json.loads(out)
    assert code == 1
    assert set(told) == {"version", "profile", "solution", "causes", "nearest"}
    assert (told["version"], told["solution"]) == (1, None)
    assert {tuple(cause) for cause in told["causes"]} == {("who", "asks", "source")}
    assert told["nearest"]
    for near in told["nearest"]:
        assert set(near) - {"lockable"} == {"changes", "solution"}
        assert set(near["solution"]) == AXES


def test_audit_says_no_with_1(folder, interlock):
    (folder / "requirements.txt").write_text("nvidia-cudnn-cu12==9.28.0.42\nnvidia-cudnn-cu13==9.26.0.51\n")
    code, out, _ = interlock("audit", "requirements.txt", "--json")
    found = json.loads(out)["findings"]
    assert code == 1
    assert [finding["code"] for finding in found] == ["clobber"]
    assert set(found[0]) >= {"code", "severity", "packages", "why", "source", "cure"}


# ---- 2: bad input, in one sentence, and nothing is written

BAD = {
    ("solve",): "solve: nothing is asked for; name a profile or give constraints: -c torch==2.9.1",
    ("explain",): "explain: nothing is asked for; name packages: tensorflow==2.21.0 torch==2.13.0",
    ("solve", "big"): "environment.yml.in: profiles: there is no profile big; choose from small, smaller, never",
    ("lock", "big"): "environment.yml.in: profiles: there is no profile big; choose from small, smaller, never",
    (
        "lock",
        "small",
        "big",
    ): "environment.yml.in: profiles: there is no profile big; choose from small, smaller, never",
    ("export", "pylock.toml", "big"): (
        "environment.yml.in: profiles: there is no profile big; choose from small, smaller, never"
    ),
    (
        "diff",
        "small",
        "big",
    ): "environment.yml.in: profiles: there is no profile big; choose from small, smaller, never",
    ("solve", "-c", "torch=>2"): "-c: 'torch=>2' is no constraint; write it like torch>=2.7 or python==3.12",
    ("solve", "small", "-c", "tensorflow==2.20.0"): ("-c: small has no tensorflow; name another profile, or none"),
    ("audit", "requirements.txt", "--target", "driver"): (
        "--target: 'driver' is no KEY=VALUE; write it like driver=550 or gpu=9.0"
    ),
}


@pytest.mark.parametrize("words", BAD, ids=" ".join)
def test_bad_input_is_one_sentence(folder, interlock, words):
    assert interlock(*words) == (2, "", f"interlock: {BAD[words]}\n")
    assert written(folder) == set()


def test_a_request_that_cannot_be_read(folder, interlock):
    (folder / "environment.yml.in").write_text(REQUEST.replace('small: {python: "3.12"', "small: {python: 3.12"))
    for command in ("lock", "status", "doctor"):
        code, out, err = interlock(command)
        assert (code, out) == (2, "")
        assert err == (
            'interlock: environment.yml.in:10: profiles.small.python: expected a string like "3.12", '
            "found a float 3.12; put it in quotes\n"
        )
    assert written(folder) == set()


def test_no_request_here(tmp_path, monkeypatch, interlock):
    monkeypatch.chdir(tmp_path)
    assert interlock("lock") == (
        2,
        "",
        "interlock: environment.yml.in: there is no request here; write one (docs/request.md) or change folder\n",
    )


def test_rows_of_ones_own_that_cannot_be_read(folder, interlock):
    (folder / "matrices").mkdir()
    (folder / "matrices" / "gpus.yaml").write_text("version: 1\nrows:\n- id: mine\n  gpu: '9.0'\n")
    code, out, err = interlock("solve", "small")
    assert (code, out) == (2, "")
    assert err.startswith("interlock: matrices/gpus.yaml:3: row mine, ")


def test_an_option_that_does_not_exist(folder, interlock):
    code, _, err = interlock("lock", "--fast")
    assert code == 2
    assert err.splitlines()[-1] in ("Error: No such option: --fast", "Error: No such option '--fast'.")


# ---- 3: no solution


def test_solve_without_a_solution(folder, interlock):
    code, out, err = interlock("solve", "never")
    assert (code, out) == (3, "")
    assert err.startswith("interlock: never has no solution, because\n")
    assert written(folder) == set()


def test_solve_without_a_solution_as_json(folder, interlock):
    code, out, err = interlock("solve", "never", "--json")
    assert (code, err) == (3, "")
    assert json.loads(out)["solution"] is None


# ---- 4: the index or the network


def test_an_index_that_does_not_answer(folder, interlock, monkeypatch):
    def silent(*_):
        raise IndexUnavailable("the package index did not answer")

    monkeypatch.setattr(PypiIndex, "releases", silent)
    asked = interlock("solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--live")
    assert asked == (4, "", "interlock: the package index did not answer\n")
    assert written(folder) == set()


# ---- 5: a bug of ours


def test_an_error_of_ours_says_so(folder, interlock, monkeypatch):
    def wrong(*_):
        raise InterlockError("two and two are five")

    monkeypatch.setattr("solver.cli.solving.solve_profile", wrong)
    assert interlock("solve", "small") == (
        5,
        "",
        "interlock (a bug of ours, please report it): two and two are five\n",
    )


def test_an_unforeseen_error_shows_where(folder, interlock, monkeypatch):
    def wrong(*_):
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr("solver.cli.solving.solve_profile", wrong)
    code, out, err = interlock("solve", "small")
    assert (code, out) == (5, "")
    assert err.startswith("interlock (a bug of ours, please report it): Traceback")
    assert "ZeroDivisionError: nothing to divide by" in err


# ---- the rest of the commands that write nothing


def test_status_as_json(folder, interlock):
    interlock("lock", "small", "--no-pylock")
    code, out, _ = interlock("status", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [(row["profile"], row["lock"]) for row in rows] == [
        ("small", "fresh"),
        ("smaller", "stale"),
        ("never", "stale"),
    ]
    assert all(set(row) == {"profile", "lock", "gpus", "note"} for row in rows)


def test_diff_gives_0_whatever_differs(folder, interlock):
    assert interlock("lock", "small", "smaller", "--no-pylock")[0] == 0
    code, out, err = interlock("diff", "small", "smaller", "--json")
    assert (code, err) == (0, "")
    assert set(json.loads(out)) == {"version", "removed", "added", "changed", "packages", "bytes", "size_unknown"}


def test_doctor_says_no_without_a_driver(folder, interlock, monkeypatch):
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine(driver=None, gpus=()))
    code, out, _ = interlock("doctor", "small", "--json")
    told = json.loads(out)
    assert code == 1
    assert told["profiles"] == [
        {"profile": "small", "problems": ["no NVIDIA driver answers; the frameworks would run on the CPU"]}
    ]


def test_doctor_as_text(folder, interlock, monkeypatch):
    gpu = Gpu(name="Some GPU", uuid="0" * 64, capability="9.0", memory=1)
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine(driver="580.65.06", gpus=(gpu,)))
    monkeypatch.setattr("platform.libc_ver", lambda: ("", ""))
    assert interlock("doctor", "small") == (
        0,
        "this machine: Some GPU (9.0), driver 580.65.06, glibc unknown\n  small: fine\n",
        "",
    )


def test_fix_tells_what_it_changed_and_what_is_left(folder, interlock):
    (folder / "requirements.txt").write_text("six==1.17.0\n")
    assert interlock("audit", "--fix", "requirements.txt") == (0, "requirements.txt: nothing to mend\n", "")
    (folder / "requirements.txt").write_text("protobuf==5.28.0\ntensorflow==2.20.0\n")
    code, out, _ = interlock("audit", "--fix", "requirements.txt", "--target", "driver=none")
    first, *lines = out.splitlines()
    assert (code, first) == (0, "wrote requirements.txt:")
    assert "  termcolor: not there -> 3.3.0: tensorflow-cpu asks for it" in lines


def test_fix_that_finds_nothing_says_so(folder, interlock):
    # Both are asked for by name, and every pair of their versions writes the same files.
    (folder / "requirements.txt").write_text("opencv-python==4.13.0.92\nopencv-python-headless==4.13.0.92\n")
    assert interlock("audit", "--fix", "requirements.txt") == (
        1,
        "no set near to this one passes; `interlock explain` tells why two packages cannot live together\n",
        "",
    )


def test_python_m_solver_is_the_same_command(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "solver", "solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--json"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["solution"]["torch"] == "2.9.1"
