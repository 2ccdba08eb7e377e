"""The probe in processes of its own, against stand-ins that claim a GPU, compute wrong or die."""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

import pytest
from standin_env import make_environment

import solver.proof.probes
from solver.proof.checks import demanded_checks, orders
from solver.proof.verify.runner import place_probes, probe_environment, run_probe

BOTH = ("torch", "tensorflow")
ALL = ("torch", "tensorflow", "jax")
NEEDS_COMPILER = pytest.mark.skipif(shutil.which("cc") is None, reason="torch.compile is skipped without one")


@pytest.fixture
def probe(tmp_path):
    def run(behaviour, order=BOTH, *, imports_only=False, timeout=60.0, cpu=()):
        python = make_environment(tmp_path / "env", behaviour)
        scratch, log = tmp_path / "scratch", tmp_path / "log"
        return run_probe(python, order, scratch=scratch, log=log, timeout=timeout, imports_only=imports_only, cpu=cpu)

    return run


def statuses(result):
    return {check.name: check.status for check in result.checks}


def test_probe_imports_only_the_standard_library_itself_and_frameworks():
    allowed = set(sys.stdlib_module_names)
    for path in Path(solver.proof.probes.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= allowed, path
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert (node.module or "").partition(".")[0] in allowed, path


def test_probe_is_valid_for_the_oldest_python_it_runs_under():
    for path in Path(solver.proof.probes.__path__[0]).glob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("order", orders(ALL), ids="-".join)
def test_every_mandatory_check_is_made(probe, order):
    result = probe({"gpu": True}, order)
    seen = statuses(result)
    assert result.ended == "finished"
    assert set(demanded_checks(order)) <= set(seen)
    # The stand-ins compute right, so the one thing that gives them away is what was never loaded.
    assert [name for name, status in seen.items() if status == "failed"] == ["libraries"]


@pytest.mark.parametrize("order", orders(BOTH), ids="-".join)
def test_a_framework_for_the_cpu_is_asked_for_no_gpu(probe, order):
    result = probe({"gpu": True}, order, cpu=("tensorflow",))
    seen = statuses(result)
    assert result.ended == "finished"
    assert set(demanded_checks(order, ("tensorflow",))) <= set(seen)
    assert "tensorflow.devices" not in seen
    # Where torch is on the GPU, the stand-ins are given away by what was never loaded.
    assert [name for name, status in seen.items() if status == "failed"] == (["libraries"] if "torch" in order else [])


def test_imports_only_needs_no_gpu(probe):
    result = probe({}, imports_only=True)
    assert result.ok
    assert statuses(result) == dict.fromkeys(
        ["torch.import", "tensorflow.import", "torch.cpu", "torch.numpy", "tensorflow.cpu", "libraries"], "ok"
    )
    assert result.frameworks["tensorflow"].cuda == "12.5.1"


def test_without_a_gpu_the_device_checks_fail_by_name(probe):
    failed = [check for check in probe({}).checks if check.status == "failed"]
    assert [check.name for check in failed] == ["tensorflow.devices", "torch.available", "libraries"]
    assert failed[0].detail == "Wrong: tensorflow sees no GPU"


@pytest.mark.parametrize("framework", ALL)
@pytest.mark.parametrize("operation", ["matmul", "convolution", "fft", "cholesky"])
@pytest.mark.parametrize("how", ["wrong", "nan"])
def test_wrong_results_are_caught_by_name(probe, framework, operation, how):
    name = f"{framework}.{operation}"
    result = probe({"gpu": True, name: how}, (framework,))
    failed = {check.name: check for check in result.checks if check.status == "failed"}
    assert {name, f"{name}.fp32"} <= set(failed)
    assert failed[name].figure == (pytest.approx(0.5) if how == "wrong" else None)
    assert "is above the tolerance" in failed[name].detail


@pytest.mark.parametrize(
    ("behaviour", "check"),
    [
        pytest.param({"torch.compile": "wrong"}, "together.compile.before", marks=NEEDS_COMPILER),
        ({"tensorflow.xla": "wrong"}, "tensorflow.xla"),
        ({"tensorflow.fit": "nan"}, "tensorflow.fit"),
        ({"torch.autocast": "nan"}, "torch.autocast"),
        ({"torch.memory": "wrong"}, "torch.memory"),
        ({"torch.matmul": "wrong"}, "together.threads"),
        ({"torch.dlpack": "raise"}, "together.dlpack"),
        ({"gpus": 2, "torch.nccl": "wrong"}, "together.nccl.torch"),
        ({"gpus": 2, "tensorflow.nccl": "wrong"}, "together.nccl.tensorflow"),
        ({"torch.matmul": "raise"}, "torch.matmul"),
    ],
)
def test_each_fault_is_found_by_its_check(probe, behaviour, check):
    assert statuses(probe({"gpu": True, **behaviour}))[check] == "failed"


@pytest.mark.parametrize(
    ("behaviour", "order", "check"),
    [
        ({"gpu": False}, ("jax",), "jax.devices"),
        ({"jax.memory": "nan"}, ("jax",), "jax.memory"),
        ({"jax.jit": "wrong"}, ("jax",), "jax.jit"),
        ({"jax.grad": "nan"}, ("jax",), "jax.grad"),
        ({"gpus": 2, "jax.pmap": "wrong"}, ("jax",), "jax.pmap"),
        ({"jax.dlpack": "wrong"}, ("torch", "jax"), "together.dlpack.torch.jax"),
        ({"jax.dlpack": "wrong"}, ("jax", "tensorflow"), "together.dlpack.jax.tensorflow"),
        ({"jax.dlpack": "wrong"}, ALL, "together.dlpack.torch.jax.tensorflow"),
    ],
)
def test_each_fault_of_jax_is_found_by_its_check(probe, behaviour, order, check):
    failed = [name for name, status in statuses(probe({"gpu": True, **behaviour}, order)).items() if status == "failed"]
    assert check in failed


def test_what_came_back_in_place_of_ones_is_told(probe):
    checks = {check.name: check for check in probe({"gpu": True, "torch.memory": "wrong"}, ("torch",)).checks}
    assert checks["torch.memory"].detail == "Wrong: ones were written, 1.5 to 1.5 came back"


def test_a_jax_that_takes_the_gpu_beforehand_is_told_which_variable_it_lacks(probe):
    checks = {check.name: check for check in probe({"gpu": True, "jax.pool": 100 * 10**9}, ("jax",)).checks}
    assert checks["jax.memory"].detail == (
        "Wrong: jax took 100000000000 bytes beforehand: XLA_PYTHON_CLIENT_PREALLOCATE is not false"
    )


@pytest.mark.parametrize(("how", "signal"), [("segv", "SIGSEGV"), ("abort", "SIGABRT")])
@pytest.mark.parametrize("where", ["torch.import", "tensorflow.fft"])
def test_death_is_a_result_with_its_signal_and_place(probe, how, signal, where):
    result = probe({"gpu": True, where: how})
    assert (result.ended, result.signal, result.running) == ("crashed", signal, where)
    assert any("Fatal Python error" in line for line in result.last_lines)
    assert result.problem() == f"torch-tensorflow: {signal} in {where}"


def test_a_hang_is_ended_and_says_where_it_stood(probe):
    result = probe({"gpu": True, "torch.import": "hang"}, ("torch",), timeout=1.5)
    assert (result.ended, result.signal, result.running) == ("hung", None, "torch.import")
    assert result.seconds < 7
    assert any("standin_behaviour.py" in line for line in result.last_lines)


def test_leaving_without_a_word_is_no_success(probe):
    result = probe({"gpu": True, "torch.fft": "exit"})
    assert (result.ended, result.exit_status, result.running) == ("silent", 0, "torch.fft")
    assert not result.ok


def test_checks_made_before_a_death_are_kept(probe):
    result = probe({"gpu": True, "tensorflow.xla": "segv"})
    assert statuses(result)["tensorflow.fit"] == "ok"
    assert "tensorflow.xla" not in statuses(result)


def test_the_environment_is_the_locks_own(tmp_path):
    driver, toolkit = tmp_path / "driver", tmp_path / "toolkit"
    for folder, names in ((driver, ["libcuda.so.1"]), (toolkit, ["libcuda.so.1", "libcudart.so.12", "ptxas"])):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    base = {
        "PATH": f"/usr/bin:{toolkit}:/somewhere",
        "LD_LIBRARY_PATH": f"{toolkit}:{driver}",
        "LD_PRELOAD": "x.so",
        "PYTHONPATH": "/elsewhere",
        "TF_XLA_FLAGS": "x",
        "CUDA_HOME": "/cuda",
        "CUDA_VISIBLE_DEVICES": "0",
        "NCCL_NVLS_ENABLE": "0",
    }
    made = probe_environment(Path("/env"), tmp_path / "home", base, {"TF_CPP_MIN_LOG_LEVEL": "1"})
    variables = {name: value for name, value in made.items() if str(tmp_path / "home") not in value}
    assert variables == {
        "PATH": "/env/bin:/usr/bin:/somewhere",
        "LD_LIBRARY_PATH": str(driver),
        "CUDA_VISIBLE_DEVICES": "0",
        "NCCL_NVLS_ENABLE": "0",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "1",
    }


def test_nothing_but_the_probe_lies_beside_it(tmp_path):
    placed = place_probes(tmp_path / "scratch")
    assert [path.name for path in placed.iterdir()] == ["interlock_probe"]
