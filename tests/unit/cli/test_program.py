"""The command line as a whole: help, exit codes, bad input in one sentence, and faults of our own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from user_folder import REQUEST, written

from solver.cli import program
from solver.core.errors import InterlockError


def test_version_and_help(interlock):
    assert interlock("--version")[:2] == (0, f"interlock, version {program.__version__}\n")
    code, out, _ = interlock("--help")
    assert code == 0
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines() if line] == list(program.COMMANDS)


@pytest.mark.parametrize("command", program.COMMANDS)
def test_every_command_has_help(command, interlock):
    code, out, err = interlock(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ")
    assert f" {command} " in out.splitlines()[0]


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
        "interlock: environment.yml.in: there is no request here; `interlock init` makes one\n",
    )


def test_rows_of_ones_own_that_cannot_be_read(folder, interlock):
    (folder / "matrices").mkdir(exist_ok=True)
    (folder / "matrices" / "gpus.yaml").write_text("version: 1\nrows:\n- id: mine\n  gpu: '9.0'\n")
    code, out, err = interlock("solve", "small")
    assert (code, out) == (2, "")
    assert err.startswith("interlock: matrices/gpus.yaml:3: row mine, ")


def test_an_option_that_does_not_exist(folder, interlock):
    code, _, err = interlock("lock", "--xyzzy")
    assert code == 2
    assert err.splitlines()[-1] in ("Error: No such option: --xyzzy", "Error: No such option '--xyzzy'.")


@pytest.mark.parametrize(("word", "near"), [("lok", "lock"), ("explan", "explain"), ("instal", "install")])
def test_a_misspelt_command_is_told_a_near_one(interlock, word, near):
    code, _, err = interlock(word)
    assert (code, err.splitlines()[-1]) == (2, f"Error: No such command '{word}'; did you mean {near}?")


def test_a_command_like_no_other_is_told_as_it_is(interlock):
    code, _, err = interlock("frobnicate")
    assert (code, err.splitlines()[-1]) == (2, "Error: No such command 'frobnicate'.")


def test_an_error_of_ours_says_so(folder, interlock, monkeypatch):
    def wrong(*_, **__):
        raise InterlockError("two and two are five")

    monkeypatch.setattr("solver.cli.solving.solve_request", wrong)
    assert interlock("solve", "small") == (
        5,
        "",
        "interlock (a bug of ours, please report it to the project's issue tracker): two and two are five\n",
    )


def test_an_unforeseen_error_shows_where(folder, interlock, monkeypatch):
    def wrong(*_, **__):
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr("solver.cli.solving.solve_request", wrong)
    code, out, err = interlock("solve", "small")
    assert (code, out) == (5, "")
    assert err.startswith("interlock (a bug of ours, please report it to the project's issue tracker): Traceback")
    assert "ZeroDivisionError: nothing to divide by" in err


def test_python_m_solver_is_the_same_command(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "solver", "solve", "-c", "torch==2.9.1", "-c", "python==3.12", "--json"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["solution"]["torch"] == "2.9.1"
