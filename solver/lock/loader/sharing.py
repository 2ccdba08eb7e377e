"""Share one GPU between the frameworks: what environment variables can set, and what a module must.

Sources: tensorflow.org/guide/gpu (TF_FORCE_GPU_ALLOW_GROWTH, logical devices);
tensorflow/core/common_runtime/process_util.cc (TF_NUM_*_THREADS) and
tensorflow/core/util/use_cudnn.cc (TF_CUDNN_USE_AUTOTUNE), all of them read in the
TensorFlow 2.21.0 wheel too; docs.pytorch.org/docs/stable/threading_environment_variables.html
(OMP_NUM_THREADS); the docstrings of torch.cuda.set_per_process_memory_fraction and
torch.set_num_interop_threads; docs.jax.dev/en/latest/gpu_memory_allocation.html
(XLA_PYTHON_CLIENT_PREALLOCATE, XLA_PYTHON_CLIENT_MEM_FRACTION).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from solver.core.model import Framework, GpuSharing
from solver.core.writers import comment, shell_default, shell_quoted

ACTIVATION = "activate-variables.sh"
"""Name of the activation file in a lock's folder."""
SCRIPT = "etc/conda/activate.d/interlock-loader.sh"
"""Where below a prefix the loader without code has the script that conda runs."""


def sharing_variables(sharing: GpuSharing, frameworks: Sequence[Framework]) -> dict[str, str]:
    """The environment variables that carry out ``sharing``, sorted; only those that some framework reads."""
    variables: dict[str, str] = {}
    if "tensorflow" in frameworks:
        variables["TF_FORCE_GPU_ALLOW_GROWTH"] = "true" if sharing.growth else "false"
        if sharing.intra_threads is not None:
            variables["TF_NUM_INTRAOP_THREADS"] = str(sharing.intra_threads)
        if sharing.inter_threads is not None:
            variables["TF_NUM_INTEROP_THREADS"] = str(sharing.inter_threads)
        if sharing.cudnn_benchmark is not None:
            variables["TF_CUDNN_USE_AUTOTUNE"] = "1" if sharing.cudnn_benchmark else "0"
    if "torch" in frameworks and sharing.intra_threads is not None:
        variables["OMP_NUM_THREADS"] = str(sharing.intra_threads)
    if "jax" in frameworks:
        variables["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false" if sharing.growth else "true"
        if sharing.jax_fraction is not None:
            variables["XLA_PYTHON_CLIENT_MEM_FRACTION"] = str(sharing.jax_fraction)
    return dict(sorted(variables.items()))


def sharing_settings(sharing: GpuSharing, frameworks: Sequence[Framework]) -> dict[str, float | int | bool | str]:
    """The settings that no variable can make, for the module of the environment; empty: none is needed."""
    settings: dict[str, float | int | bool | str | None] = {"mixed_precision": sharing.mixed_precision}
    if "torch" in frameworks:
        settings |= {
            "torch_fraction": sharing.torch_fraction,
            "inter_threads": sharing.inter_threads,
            "cudnn_benchmark": sharing.cudnn_benchmark,
        }
    if "tensorflow" in frameworks:
        settings["tensorflow_limit_mb"] = sharing.tensorflow_limit_mb
    return {key: value for key, value in sorted(settings.items()) if value is not None}


def activation_script(variables: Mapping[str, str], scripts: str | None = None) -> str:
    """A shell script that sets ``variables`` where they are not set; for venvs, which have no `variables:`.

    ``scripts`` is the prefix below which conda's activation would find scripts of ours, which are run too.
    """
    lines = [
        comment("Source this after the environment's own activate script:  . activate-variables.sh"),
        comment("A variable that is set already keeps its value."),
        *(shell_default(name, value) for name, value in sorted(variables.items())),
        *(() if scripts is None else _run_script(scripts)),
    ]
    return "\n".join(lines) + "\n"


def _run_script(prefix: str) -> tuple[str, ...]:
    script = shell_quoted(f"{prefix}/{SCRIPT}")
    return (f"INTERLOCK_PREFIX={shell_quoted(prefix)}", f". {script}", "unset INTERLOCK_PREFIX")
