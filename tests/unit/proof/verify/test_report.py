"""Several locks in turn: what is said meanwhile, and a run that was cut off and goes on."""

from __future__ import annotations

import functools
import re
import shutil

import msgspec
import pytest
from real_evidence import real_probe
from standin_env import CLAIMED, FRAMEWORKS, make_environment

from solver.core.machine import Machine
from solver.proof.subject import Subject
from solver.proof.verify.one import Means
from solver.proof.verify.report import REPORT, Report, cut_off, keep_logs, prove_all, write_report
from solver.proof.verify.under_way import UNDER_WAY, UnderWay

REAL = Machine(driver=CLAIMED.driver, gpus=(msgspec.structs.replace(CLAIMED.gpus[0], name="NVIDIA H200"),))
NAMES = ("one", "two", "three")


class Cut(BaseException):
    """The process is ended."""


@pytest.fixture
def run(tmp_path):
    """Proves the locks ``NAMES`` into a folder; ends where ``last`` more were installed."""
    installed, told, probed, cut_at = [], [], [], {}

    def install(last, lock, prefix):
        if last is not None and len(installed) == last:
            raise Cut
        installed.append(lock.name)
        return make_environment(prefix, {"gpu": True})

    def probe(python, order, log, **_):
        if len(probed) == cut_at.get("probes"):
            raise Cut
        probed.append(order)
        log.write_text(f"{log.stem} ran")
        return real_probe(order)

    def prove(last=None, machine=REAL, digest="a" * 64, probes=None, prover="c" * 64):
        logs = tmp_path / "logs"
        shutil.rmtree(logs, ignore_errors=True)  # each process has a folder of its own for them
        under_way = UnderWay(tmp_path / "out" / UNDER_WAY)
        means = Means(
            install=functools.partial(install, last),
            audit=lambda prefix: (),
            pip_check=lambda python: (),
            probe_runner=probe,
            under_way=under_way,
            machine=machine,
            prover=prover,
            work=tmp_path / "work",
            logs=logs,
            tell=told.append,
        )
        subjects = []
        for name in NAMES:
            (tmp_path / name).mkdir(exist_ok=True)
            subjects.append(Subject(profile=name, folder=tmp_path / name, digest=digest, packages=FRAMEWORKS))
        out = tmp_path / "out"
        keep_logs(out, logs)
        cut_at["probes"] = probes
        report = prove_all(subjects, means, functools.partial(write_report, out=out, logs=logs), cut_off(out))
        under_way.forget()
        write_report(report, out, logs)
        return report

    return prove, installed, told


def _verdicts(report: Report) -> list[tuple[str, str]]:
    return [(lock.profile, lock.verdict) for lock in report.locks]


@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_run_that_was_cut_off_goes_on_where_it_was(run, last):
    prove, installed, told = run
    with pytest.raises(Cut):
        prove(last)
    assert installed == list(NAMES[:last])
    report = prove()
    assert (installed, _verdicts(report)) == (list(NAMES), [(name, "verified") for name in NAMES])
    assert [line for line in told if "cut off" in line] == [
        f"{name}: verified, by the run that was cut off" for name in NAMES[:last]
    ]


def test_a_run_that_was_cut_off_leaves_what_an_unbroken_one_does(run, tmp_path):
    def left():
        """The files of results; of two runs only the seconds differ."""
        return {
            path.relative_to(tmp_path / "out").as_posix(): re.sub(
                r'("seconds"|"install"|"audit"|"pip check"|"probes"): [0-9.]+', "", path.read_text()
            )
            for path in (tmp_path / "out").rglob("*")
            if path.is_file()
        }

    prove, installed, _ = run
    prove()
    unbroken = left()
    shutil.rmtree(tmp_path / "out")
    for last in (2, 0):
        installed.clear()
        with pytest.raises(Cut):
            prove(last)
    prove()
    assert left() == unbroken
    orders = ("tensorflow-torch", "tensorflow", "torch-tensorflow", "torch")
    logs = {f"logs/{name}-{order}.log": f"{name}-{order} ran" for name in NAMES for order in orders}
    assert {name: text for name, text in unbroken.items() if name.startswith("logs/")} == logs
    assert sorted(set(unbroken) - set(logs)) == ["one.json", REPORT, "three.json", "two.json"]


@pytest.mark.parametrize(
    "changed", [{}, {"digest": "b" * 64}, {"prover": "d" * 64}], ids=["same lock", "another lock", "another interlock"]
)
def test_a_lock_that_was_cut_off_goes_on_with_the_probes_that_are_left(run, tmp_path, changed):
    prove, _, told = run
    (tmp_path / "out").mkdir()
    with pytest.raises(Cut):
        prove(probes=6)  # two of the second lock's
    report = prove(**changed)
    assert _verdicts(report) == [(name, "verified") for name in NAMES]
    assert [len(lock.probes) for lock in report.locks] == [4, 4, 4]
    taken = [line for line in told if line.endswith("by the run that was cut off")]
    again = [
        "one: verified, by the run that was cut off",
        "two: probe 1 of 4, torch: ok, by the run that was cut off",
        "two: probe 2 of 4, tensorflow: ok, by the run that was cut off",
    ]
    assert taken == ([] if changed else again)
    assert not (tmp_path / "out" / UNDER_WAY).exists()


def test_a_run_that_came_to_its_end_is_not_taken_over(run, tmp_path):
    prove, installed, _ = run
    prove()
    assert cut_off(tmp_path / "out") is None
    prove()
    assert installed == [*NAMES, *NAMES]


@pytest.mark.parametrize(
    "changed",
    [{"digest": "b" * 64}, {"machine": msgspec.structs.replace(REAL, driver="580.1")}, {"prover": "d" * 64}],
    ids=["another lock", "another machine", "another interlock"],
)
def test_what_is_of_another_lock_machine_or_interlock_is_proved_anew(run, changed):
    prove, installed, _ = run
    with pytest.raises(Cut):
        prove(2)
    prove(**changed)
    assert installed == ["one", "two", *NAMES]


def test_each_step_and_probe_is_told_as_it_begins_and_ends(run):
    prove, _, told = run
    prove()
    lines = [line.rpartition(", ")[0] if line.endswith(" s") else line for line in told if line.startswith("one")]
    orders = ["torch", "tensorflow", "torch-tensorflow", "tensorflow-torch"]
    assert lines == [
        "one: install …",
        "one: install: ok",
        "one: pip check …",
        "one: pip check: ok",
        "one: audit …",
        "one: audit: ok",
        "one: probes …",
        *(f"one: probe {number} of 4, {order}: ok" for number, order in enumerate(orders, start=1)),
        "one: probes: ok",
    ]
