"""How long probes may take, and the kernels that the probes of one lock share."""

from __future__ import annotations

import signal

import pytest
from paths import ROOT
from standin_env import make_environment

from solver.commands.predict import foretold
from solver.commands.subject import subject_of
from solver.matrix.load import load_matrices
from solver.proof.verify import runner
from solver.proof.verify.limits import COMPILING, PLAIN, WITHOUT_KERNELS, limit_of
from solver.proof.verify.runner import run_probe

H100 = ("9.0", "580.65.06")


@pytest.mark.parametrize(
    ("lock", "order", "limit"),
    [
        ("full-py312", ("tensorflow", "torch"), PLAIN),
        ("tf2.10-cu117", ("tensorflow",), COMPILING),  # nothing but PTX for an H100
        ("tf2.10-cu117", ("torch",), WITHOUT_KERNELS),  # not even that
        ("tf2.10-cu117", ("torch", "tensorflow"), COMPILING),
    ],
)
def test_a_probe_may_take_as_long_as_is_foretold(lock, order, limit):
    prediction = foretold(subject_of(ROOT / "locks" / lock), *H100, load_matrices())
    assert limit_of(prediction, order) == limit


def test_the_probes_of_a_lock_share_the_kernels_that_are_compiled(tmp_path, monkeypatch):
    environments = []
    plain = runner._run

    def seen(command, folder, environment, *more):
        environments.append(environment)
        return plain(command, folder, environment, *more)

    monkeypatch.setattr(runner, "_run", seen)
    python = make_environment(tmp_path / "env")
    for order in (("torch",), ("tensorflow",)):
        run_probe(
            python, order, scratch=tmp_path / "probe", log=tmp_path / "log", timeout=30, imports_only=True,
            variables={"TF_FORCE_GPU_ALLOW_GROWTH": "true"},
        )  # fmt: skip
    assert [(one["CUDA_CACHE_PATH"], one["CUDA_CACHE_MAXSIZE"]) for one in environments] == [
        (str(tmp_path / "probe" / "cuda-cache"), str(4 * 2**30))
    ] * 2
    assert len({one["HOME"] for one in environments}) == 2


def test_a_probe_does_not_outlive_who_is_interrupted(tmp_path, monkeypatch):
    """It runs in a session of its own, which neither a terminal nor a shell interrupts."""
    monkeypatch.setattr(runner, "TOLD_EVERY", 0.1)
    started = []
    real = runner.subprocess.Popen
    monkeypatch.setattr(
        runner.subprocess, "Popen", lambda *words, **keys: started.append(real(*words, **keys)) or started[-1]
    )

    def interrupted(line):
        raise KeyboardInterrupt

    python = make_environment(tmp_path / "env", {"gpu": True, "torch.import": "hang"})
    with pytest.raises(KeyboardInterrupt):
        run_probe(
            python, ("torch",), scratch=tmp_path / "probe", log=tmp_path / "log", timeout=60, imports_only=True,
            tell=interrupted,
        )  # fmt: skip
    assert started[-1].returncode == -signal.SIGKILL


def test_a_probe_that_takes_long_says_so_and_how_much_was_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "TOLD_EVERY", 0.1)
    (tmp_path / "probe" / "cuda-cache").mkdir(parents=True)
    (tmp_path / "probe" / "cuda-cache" / "kernels").write_bytes(bytes(2_000_000))
    told = []
    python = make_environment(tmp_path / "env", {"gpu": True, "torch.import": "hang"})
    result = run_probe(
        python, ("torch",), scratch=tmp_path / "probe", log=tmp_path / "log", timeout=0.5, imports_only=True,
        tell=told.append,
    )  # fmt: skip
    assert result.ended == "hung"
    assert {line.partition(" after ")[0] for line in told} == {"still runs"}
    assert {line.partition(", ")[2] for line in told} == {"2 MB of kernels compiled"}
