"""The frameworks that a set is made around, each told once: what it is called where, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from solver.core.model import CondaName, Framework


@dataclass(frozen=True)
class FrameworkEntry:
    """One framework under all its names."""

    name: Framework
    title: str
    """As a sentence calls it."""
    distributions: tuple[str, ...]
    """On the package index; the one that is asked for by the framework's own name first."""
    cpu: str | None
    """The distribution that holds nothing but CPU builds; None: there is none."""
    nightly: str | None
    """How the names of its nightly builds begin; None: those are versions of the same distribution."""
    conda: CondaName
    companions: tuple[str, ...]
    """Distributions of which each release is made for one release of the framework."""
    compiler: str | None
    """The distribution that compiles its kernels, one release of which each of its own is made for; None: none does."""
    dlopens: bool
    """Whether it opens its CUDA libraries when it needs them, and stays on the CPU without; else it links to them."""
    led: bool
    """Whether our loader leads it to its CUDA libraries."""
    checks: tuple[str, ...]
    """CUDA libraries (by their short names in cuda-libraries.yaml) that it tries to open before it registers a GPU."""
    local_builds: bool
    """Whether one release has a build for each CUDA and for the CPU, told apart by the local part of their version."""
    libraries: tuple[str, ...]
    """The files of its wheels that need CUDA libraries, the one that opens or loads them first; below site-packages."""
    probe: str
    """Module of ``solver.proof.probes`` that checks it."""
    gpu_check: str
    """The check that its own probe passes where it sees a GPU."""
    compiles_alone: bool
    """Whether its probe compiles a model before another framework comes in."""
    names_compute: bool
    """Whether it calls machine code and PTX for one GPU by one name, "compute_90"; else machine code is "sm_90"."""
    variables: tuple[str, ...]
    """How the names of environment variables begin that nothing but it reads."""
    rank: int
    """Which framework comes first where nobody says."""
    plugins: Mapping[str, str] = field(default_factory=dict)
    """Extra -> the distribution that holds its code for GPUs of one CUDA major, where its own hold none."""
    by_default: bool = True
    """Whether a request that names no framework means it."""
    from_conda: bool = True
    """Whether rows tell of conda's builds of it, so that conda's channels can be searched for one."""
    conda_code: str | None = None
    """conda's package that holds its GPU code, where it is there; None: the one of its name does."""

    @property
    def runtime(self) -> str | None:
        """The distribution that held its code for GPUs before there were plugins, and still runs it; None: none did."""
        return None if not self.plugins or self.conda_code is None else str(self.conda_code)

    @property
    def coded(self) -> tuple[str, ...]:
        """The distributions that hold its code for GPUs."""
        return tuple(self.plugins.values()) or self.distributions


FRAMEWORKS: Mapping[Framework, FrameworkEntry] = {
    entry.name: entry
    for entry in (
        FrameworkEntry(
            name="tensorflow",
            title="TensorFlow",
            distributions=("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-gpu"),
            cpu="tensorflow-cpu",
            nightly="tf-nightly",
            conda=CondaName("tensorflow"),
            companions=(),
            compiler=None,
            dlopens=True,
            led=True,
            # TryDlopenCUDALibraries in xla/tsl/platform/default/dlopen_checker.cc, since TensorFlow 2.5.
            checks=("cudart", "cublas", "cublaslt", "cufft", "cusolver", "cusparse", "cudnn"),
            local_builds=False,
            # From 2.9 on the first dlopens; it may be linked into the second.
            libraries=("tensorflow/libtensorflow_framework.so.2", "tensorflow/libtensorflow_cc.so.2"),
            probe="tensorflow_checks",
            gpu_check="tensorflow.devices",
            compiles_alone=False,
            names_compute=True,
            variables=("TF_",),
            rank=1,
            conda_code="tensorflow-base",
        ),
        FrameworkEntry(
            name="torch",
            title="torch",
            distributions=("torch",),
            cpu=None,
            nightly=None,
            conda=CondaName("pytorch"),
            companions=("torchvision", "torchaudio"),
            compiler="triton",
            dlopens=False,
            led=False,
            checks=(),
            local_builds=True,
            libraries=("torch/lib/libtorch_cuda.so", "torch/lib/libtorch_global_deps.so", "torch/lib/libc10_cuda.so"),
            probe="torch_checks",
            gpu_check="torch.available",
            compiles_alone=True,
            names_compute=False,
            variables=("TORCH_", "PYTORCH_"),
            rank=0,
            conda_code="libtorch",
        ),
        FrameworkEntry(
            name="jax",
            title="JAX",
            distributions=("jax",),
            cpu=None,
            nightly=None,
            conda=CondaName("jax"),
            companions=(),
            compiler=None,
            dlopens=True,
            led=False,
            checks=(),
            local_builds=False,
            libraries=(),
            probe="jax_checks",
            gpu_check="jax.devices",
            compiles_alone=False,
            names_compute=False,
            variables=("JAX_", "XLA_PYTHON_"),
            rank=2,
            plugins={"cuda12": "jax-cuda12-plugin", "cuda13": "jax-cuda13-plugin"},
            by_default=False,
            from_conda=False,
            conda_code="jaxlib",
        ),
    )
}
"""In the order in which they are told."""

BY_DEFAULT: tuple[Framework, ...] = tuple(entry.name for entry in FRAMEWORKS.values() if entry.by_default)
"""What a request means that names no framework."""

ON_GPU_ONLY = ("TF_CUDNN_USE_AUTOTUNE", "TF_FORCE_GPU_ALLOW_GROWTH", "XLA_PYTHON_CLIENT_PREALLOCATE")
"""Environment variables that a framework reads for a GPU alone."""

COMPANIONS: Mapping[str, Framework] = {
    companion: entry.name for entry in FRAMEWORKS.values() for companion in entry.companions
}
"""Companion -> its framework."""
RUNTIMES = frozenset(entry.runtime for entry in FRAMEWORKS.values() if entry.runtime is not None)
"""Distributions that hold GPU code in some builds of theirs, where by now plugins do."""

_BY_DISTRIBUTION: Mapping[str, Framework] = {
    name: entry.name for entry in FRAMEWORKS.values() for name in (*entry.distributions, *entry.coded)
}


CPU_DISTRIBUTIONS = frozenset(entry.cpu for entry in FRAMEWORKS.values() if entry.cpu is not None)
"""The distributions whose builds have no CUDA code."""


def framework_of(distribution: str) -> Framework | None:
    """The framework that a distribution of the package index is a build or a plugin of; None for any other."""
    return _BY_DISTRIBUTION.get(distribution)


def holds_code(distribution: str) -> bool:
    """Whether the builds of a framework's distribution, rather than plugins beside it, hold its code for GPUs."""
    framework = framework_of(distribution)
    return framework is not None and distribution in FRAMEWORKS[framework].coded


def variables_of(frameworks: Iterable[Framework], variables: Mapping[str, str]) -> dict[str, str]:
    """``variables`` without those that none but an absent framework reads."""
    absent = tuple(
        prefix for entry in FRAMEWORKS.values() if entry.name not in frameworks for prefix in entry.variables
    )
    return {name: value for name, value in variables.items() if not name.startswith(absent)}


def is_led_by_us(framework: Framework | None) -> bool:
    """Whether it is a framework that our loader leads to its CUDA libraries."""
    return framework is not None and FRAMEWORKS[framework].led


def opens_libraries(framework: Framework | None) -> bool:
    """Whether a framework opens its CUDA libraries itself, so that our loader wheel can lead it to them."""
    return framework is not None and FRAMEWORKS[framework].dlopens


def preferred_first(names: Iterable[Framework], prefer: Framework | None = None) -> list[Framework]:
    """``names`` with ``prefer`` first, the rest by rank."""
    return sorted(names, key=lambda name: (name != prefer, FRAMEWORKS[name].rank))


def distributions(name: str) -> tuple[str, ...]:
    """Every distribution that a package name stands for: a framework's name for all of its distributions."""
    entry = next((entry for entry in FRAMEWORKS.values() if entry.name == name), None)
    return (name,) if entry is None else entry.distributions
