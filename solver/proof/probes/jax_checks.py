"""What jax can do here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial

from .recorder import EXACT, HOLD, MIB, SIZE, TF32, Module, Recorder, Seen, Skipped, Tensor, Wrong, falling

LEFT = 0.5
"""Share of the GPU that is free at least while jax holds little: without that it has taken memory beforehand."""


class Jax:
    """The checks of jax."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.jax: Module = None
        self.usable = False

    def load(self) -> bool:
        """Import jax and tell its versions; False where that fails."""
        return self.recorder.check("jax.import", self._load)

    def _load(self) -> Seen:
        self.jax = jax = importlib.import_module("jax")
        # The reference is computed in double precision, which jax has to be told before it computes anything.
        jax.config.update("jax_enable_x64", True)
        self.recorder.result["frameworks"]["jax"] = {
            "version": str(jax.__version__),
            "cuda": None,
            "cudnn": None,
            "nccl": None,
            "archs": [],
        }
        return None, str(jax.__version__)

    def prepare(self) -> None:
        """Look for GPUs right after the import, as ``Tensorflow.prepare`` does and for the same reason."""
        self.usable = self.recorder.check("jax.devices", self._devices)

    def on_cpu(self) -> None:
        """The half that needs no GPU."""
        self.recorder.check("jax.cpu", self._cpu, EXACT)

    def on_gpu(self) -> bool:
        """Everything that a GPU makes possible; False: no GPU."""
        check = self.recorder.check
        if not self.usable:
            return False
        check("jax.memory", self._memory)
        for name in ("matmul", "convolution", "fft", "cholesky"):
            operation = getattr(self, name)
            check("jax." + name, partial(self.compare, operation, True), TF32)
            check(f"jax.{name}.fp32", partial(self.compare, operation, False), EXACT)
        check("jax.jit", self._jit, TF32)
        check("jax.grad", self._grad)
        check("jax.pmap", self._pmap)
        return True

    def gpus(self) -> list[Tensor]:
        """The GPUs that it sees; empty where it has no plugin for any."""
        try:
            return list(self.jax.devices("gpu"))
        except RuntimeError:  # what jax says where it has no such backend
            return []

    def _devices(self) -> Seen:
        gpus = self.gpus()
        if not gpus:
            raise Wrong("jax sees no GPU")
        seen = [
            {"name": gpu.device_kind, "capability": str(getattr(gpu, "compute_capability", "")), "memory": None}
            for gpu in gpus
        ]
        if not self.recorder.result["gpus"]:
            self.recorder.result["gpus"] = seen
        told = self.recorder.result["frameworks"]["jax"]
        told["cuda"], told["cudnn"] = self._versions()
        return float(len(gpus)), f"{seen[0]['name']}, compute capability {seen[0]['capability']}"

    @staticmethod
    def _versions() -> tuple[str | None, str | None]:
        """The CUDA and the cuDNN that its plugin was built with, as that tells them."""
        for name in ("jax_cuda13_plugin", "jax_cuda12_plugin"):
            try:
                versions = importlib.import_module(f"{name}._versions")
            except ImportError:
                continue
            cuda = int(versions.cuda_runtime_build_version())
            return f"{cuda // 1000}.{cuda % 1000 // 10}", str(versions.cudnn_build_version())
        return None, None

    def _memory(self) -> Seen:
        """It holds what it was asked for, and has not taken the GPU beforehand."""
        jnp, gpu = self.jax.numpy, self.gpus()[0]
        block = self.jax.device_put(jnp.ones(HOLD // 4, jnp.float32), gpu)
        if float(block.min()) != 1.0 or float(block.max()) != 1.0:
            raise Wrong("what was put into memory is not what is there")
        told = gpu.memory_stats() or {}
        held, pool = int(told.get("bytes_in_use", 0)), int(told.get("pool_bytes", 0))
        if held < HOLD:
            raise Wrong(f"jax holds {held} bytes of {HOLD}")
        if pool > LEFT * int(told.get("bytes_limit", 0)) + HOLD:
            raise Wrong(f"jax took {pool} bytes beforehand: XLA_PYTHON_CLIENT_PREALLOCATE is not false")
        return float(held), f"{held // MIB} MiB held, {pool // MIB} MiB taken"

    def cpu(self) -> Tensor:
        """The device that every reference is computed on."""
        return self.jax.devices("cpu")[0]

    def error(self, value: Tensor, expected: Tensor) -> float:
        """Distance of two arrays, relative to the norm of ``expected``."""
        norm = self.jax.numpy.linalg.norm
        value = self.jax.device_put(value, self.cpu()).astype(expected.dtype)
        return float(norm((value - expected).ravel()) / norm(expected.ravel()))

    def compare(self, run: Callable[[Tensor, Tensor], Tensor], tf32: bool) -> Seen:
        """The error of ``run`` on the GPU against the CPU in double precision."""
        jnp = self.jax.numpy
        expected = run(jnp.float64, self.cpu())
        with self.jax.default_matmul_precision("tensorfloat32" if tf32 else "float32"):
            value = run(jnp.float32, self.gpus()[0])
        platforms = {device.platform for device in value.devices()}
        if platforms != {"gpu"}:
            raise Wrong(f"the result lies on {', '.join(sorted(platforms))}")
        return self.error(value, expected), "TF32 allowed" if tf32 else "TF32 off"

    def _input(self, seed: int, shape: tuple[int, ...], dtype: Tensor, device: Tensor) -> Tensor:
        jax = self.jax
        with jax.default_device(self.cpu()):
            made = jax.random.normal(jax.random.PRNGKey(seed), shape, dtype=jax.numpy.float32).astype(dtype)
        return jax.device_put(made, device)

    def matmul(self, dtype: Tensor, device: Tensor) -> Tensor:
        """A product of two square matrices on ``device``."""
        return self._input(1, (SIZE, SIZE), dtype, device) @ self._input(2, (SIZE, SIZE), dtype, device)

    def convolution(self, dtype: Tensor, device: Tensor) -> Tensor:
        """A convolution of eight images on ``device``."""
        image = self._input(3, (8, 16, 32, 32), dtype, device)
        return self.jax.lax.conv(image, self._input(4, (32, 16, 3, 3), dtype, device), (1, 1), "SAME")

    def fft(self, dtype: Tensor, device: Tensor) -> Tensor:
        """Fourier transforms of 64 rows on ``device``."""
        return self.jax.numpy.fft.fft(self._input(5, (64, 1000), dtype, device))

    def cholesky(self, dtype: Tensor, device: Tensor) -> Tensor:
        """The Cholesky factor of a well-conditioned matrix on ``device``."""
        jnp = self.jax.numpy
        # Built on the CPU in double, so that both sides factor the same matrix.
        root = self._input(6, (128, 128), jnp.float64, self.cpu())
        with self.jax.default_device(self.cpu()):
            matrix = (root @ root.T + 128 * jnp.eye(128, dtype=jnp.float64)).astype(dtype)
        return jnp.linalg.cholesky(self.jax.device_put(matrix, device))

    def _cpu(self) -> Seen:
        jnp = self.jax.numpy
        return self.error(
            self.matmul(jnp.float32, self.cpu()), self.matmul(jnp.float64, self.cpu())
        ), "matmul on the CPU"

    def _jit(self) -> Seen:
        jnp = self.jax.numpy

        def function(x: Tensor) -> Tensor:
            return jnp.sin(x) * jnp.exp(-x * x) + 1.0

        compiled = self.jax.jit(function)(self._input(9, (SIZE, SIZE), jnp.float32, self.gpus()[0]))
        return self.error(compiled, function(self._input(9, (SIZE, SIZE), jnp.float64, self.cpu()))), "XLA on the GPU"

    def _grad(self) -> Seen:
        """A few steps of gradient descent lower a loss."""
        jnp, gpu = self.jax.numpy, self.gpus()[0]
        inputs = self._input(8, (256, 64), jnp.float32, gpu)
        targets = inputs.sum(axis=1) * 0.1
        step = self.jax.jit(self.jax.value_and_grad(lambda w: jnp.mean((inputs @ w - targets) ** 2)))
        weights, losses = self.jax.device_put(jnp.zeros(64, jnp.float32), gpu), []
        for _ in range(20):
            loss, slope = step(weights)
            weights = weights - 0.05 * slope
            losses.append(float(loss))
        return falling(losses)

    def _pmap(self) -> Seen:
        jax, count = self.jax, len(self.gpus())
        if count < 2:
            raise Skipped("several GPUs", "one GPU")
        added = jax.pmap(lambda x: jax.lax.psum(x, "i"), axis_name="i", devices=self.gpus())
        expected = count * (count + 1) / 2
        for value in added(jax.numpy.arange(1, count + 1, dtype=jax.numpy.float32)):
            if float(value) != expected:
                raise Wrong(f"the sum is not {expected!r} on every GPU")
        return expected, f"psum over {count} GPUs"
