"""What status and verify print, and with which exit code they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real_evidence import real_evidence
from standin_lock import make_lock

from solver.cli import proving
from solver.commands.status import Standing
from solver.commands.verify import Outcome
from solver.core.answer import NOT_KNOWN
from solver.core.machine import Machine
from solver.proof.verify.one import LockReport, Step
from solver.proof.verify.report import Report


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(verdict="verified", why="", prediction=()):
    lock = LockReport(
        profile="one",
        lock="a" * 64,
        verdict=verdict,
        why=why,
        steps=(Step(name="install", status="ok", seconds=3.2),),
        probes=real_evidence().probes[:1],
        prediction=prediction,
    )
    return Outcome(Report(machine=Machine(), locks=(lock,)), (Path("locks/one/evidence/a.json"),), Path("/work"))


def test_the_report_is_a_table_and_what_is_wrong_a_line_each(interlock, folder, monkeypatch):
    manners = []
    bad = outcome("failed", "torch: SIGSEGV in torch.fft", ("cuda: predicted 12.8, seen 13.0",))
    monkeypatch.setattr(proving, "verify_locks", lambda root, names, manner: manners.append(manner) or bad)
    code, out, err = interlock("verify", "one", "--timeout", "9", "--scheduler", "tcp://x")
    assert (code, err) == (1, "")
    assert [line.split() for line in out.splitlines()] == [
        ["locks/one/evidence/a.json"],
        ["environments", "and", "logs:", "/work"],
        ["profile", "verdict", "install", "pip", "check", "audit", "probes"],
        ["one", "failed", "ok", "3", "s", "–", "–", "torch", "ok"],
        ["one:", "torch:", "SIGSEGV", "in", "torch.fft"],
        ["one:", "not", "as", "predicted:", "cuda:", "predicted", "12.8,", "seen", "13.0"],
    ]
    (manner,) = manners
    assert (manner.timeout, manner.scheduler, manner.keep, manner.out) == (9.0, "tcp://x", False, None)


def test_with_json_nothing_else_goes_to_the_standard_output(interlock, folder, monkeypatch):
    monkeypatch.setattr(proving, "verify_locks", lambda *_: outcome())
    code, out, err = interlock("verify", "--json")
    assert (code, json.loads(out)["locks"][0]["verdict"]) == (0, "verified")
    assert err == "locks/one/evidence/a.json\nenvironments and logs: /work\n"


def test_a_lock_that_is_not_there_is_told(interlock, folder):
    code, out, err = interlock("verify", "nothing")
    assert (code, out) == (2, "")
    assert "this profile has no lock; make it with `interlock lock nothing`" in err


def test_it_predicts_without_running_anything(interlock, folder):
    make_lock(folder / "locks")
    code, out, err = interlock("verify", "--predict", "--gpu", "5.0", "--driver", "580.65.06")
    assert (code, err) == (0, "")
    assert out.startswith("full-py312: torch has no kernel for compute capability 5.0; ")
    code, out, err = interlock("verify", "--predict", "--gpu", "x")
    assert (code, out, err) == (
        2,
        "",
        'interlock: --gpu: no GPU is known by the name "x"; write its compute capability, such as "9.0", '
        "or add it to the gpus matrix\n",
    )
    by_name = interlock("verify", "--predict", "--gpu", "NVIDIA H100 80GB HBM3", "--driver", "580")
    assert by_name == interlock("verify", "--predict", "--gpu", "9.0", "--driver", "580.65.06")


@pytest.mark.parametrize("option", ["--gpu", "--driver"])
def test_what_is_for_a_prediction_proves_nothing(interlock, folder, option):
    code, out, err = interlock("verify", option, "9.0")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("Error: --gpu and --driver are for --predict: ")


def test_of_several_gpus_it_predicts_a_table_and_tells_why_below(interlock, folder):
    make_lock(folder / "locks")
    words = ("verify", "--predict", "--gpu", "H100", "--gpu", "5.0", "--driver", "580")
    code, out, err = interlock(*words)
    header, row, *sentences = out.splitlines()
    assert (code, err) == (0, "")
    assert [header.split(), row.split()[0]] == [["lock", "H100", "5.0"], "full-py312"]
    assert row.endswith("does not work ")
    assert all(line.startswith(("full-py312 on H100: ", "full-py312 on 5.0: ")) for line in sentences)
    assert any(line.startswith("full-py312 on 5.0: torch has no kernel for compute") for line in sentences)
    made = json.loads(interlock(*words, "--json")[1])
    assert {gpu: list(locks) for gpu, locks in made.items()} == {"H100": ["full-py312"], "5.0": ["full-py312"]}


STANDINGS = (
    Standing(profile="one", lock="fresh", gpus={"A100": "stale", "H200": "verified"}, changed={}, note=""),
    Standing(profile="two", lock="stale", gpus={}, changed={}, note="run `interlock lock two`: it was never made"),
)


@pytest.mark.parametrize(
    ("option", "lines"),
    [
        (
            [],
            [
                "one: fresh; A100: stale, H200: verified",
                "two: stale; never on a GPU (run `interlock lock two`: it was never made)",
                "facts: rows of unknown age",
            ],
        ),
        (
            ["--markdown"],
            [
                "| lock | state | A100 | H200 | note |",
                "|---|---|---|---|---|",
                "| one | fresh | stale | verified |  |",
                "| two | stale | never | never | run `interlock lock two`: it was never made |",
            ],
        ),
    ],
    ids=["text", "markdown"],
)
def test_how_locks_stand_is_told_a_line_each(interlock, folder, monkeypatch, option, lines):
    monkeypatch.setattr(proving, "standings", lambda root, signed_by: STANDINGS)
    monkeypatch.setattr(proving, "facts", lambda root: {"rows": NOT_KNOWN})
    assert interlock("status", *option) == (0, "\n".join(lines) + "\n", "")
