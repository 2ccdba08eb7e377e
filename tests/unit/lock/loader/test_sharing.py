"""Sharing one GPU: the variables, the settings of the module, and the activation file."""

from __future__ import annotations

import os
import subprocess

from solver.core.model import GpuSharing
from solver.lock.loader.sharing import activation_script, sharing_settings, sharing_variables

ALL = GpuSharing(
    growth=False,
    torch_fraction=0.4,
    tensorflow_limit_mb=2048,
    intra_threads=4,
    inter_threads=2,
    cudnn_benchmark=True,
    mixed_precision="bfloat16",
)


def test_the_variables_of_both_frameworks():
    assert sharing_variables(ALL, ["tensorflow", "torch"]) == {
        "OMP_NUM_THREADS": "4",
        "TF_CUDNN_USE_AUTOTUNE": "1",
        "TF_FORCE_GPU_ALLOW_GROWTH": "false",
        "TF_NUM_INTEROP_THREADS": "2",
        "TF_NUM_INTRAOP_THREADS": "4",
    }


def test_a_framework_that_is_not_there_gets_no_variable():
    assert sharing_variables(ALL, ["torch"]) == {"OMP_NUM_THREADS": "4"}
    assert sharing_variables(GpuSharing(), ["tensorflow"]) == {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    assert sharing_variables(GpuSharing(), ["torch"]) == {}


def test_the_module_gets_what_no_variable_can_set():
    assert sharing_settings(ALL, ["tensorflow", "torch"]) == {
        "cudnn_benchmark": True,
        "inter_threads": 2,
        "mixed_precision": "bfloat16",
        "tensorflow_limit_mb": 2048,
        "torch_fraction": 0.4,
    }
    assert sharing_settings(ALL, ["tensorflow"]) == {"mixed_precision": "bfloat16", "tensorflow_limit_mb": 2048}
    assert sharing_settings(GpuSharing(growth=True, intra_threads=4), ["tensorflow", "torch"]) == {}


def test_the_activation_script_sets_what_is_not_set(tmp_path):
    script = tmp_path / "activate-variables.sh"
    script.write_text(activation_script({"SET": "ours", "NEW": "it's $HOME `x`", "EMPTY": "ours"}))
    command = f'. {script}; printf "%s|" "$SET" "$NEW" "$EMPTY"'
    done = subprocess.run(
        ["sh", "-eu", "-c", command],
        env={"PATH": os.environ["PATH"], "SET": "theirs", "EMPTY": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("theirs|it's $HOME `x`||", "")
