"""What torch can do here."""

from __future__ import annotations

import importlib
import os
import shutil
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .recorder import EXACT, HOLD, SIZE, TF32, Module, Recorder, Seen, Skipped, Tensor, Wrong, falling, text


class Torch:
    """The checks of torch."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.torch: Module = None

    def load(self) -> bool:
        """Import torch and tell its versions; False where that fails."""
        return self.recorder.check("torch.import", self._load)

    def _load(self) -> Seen:
        self.torch = torch = importlib.import_module("torch")
        torch.manual_seed(7)
        nccl = None
        if torch.cuda.is_available() and torch.distributed.is_available():
            nccl = ".".join(map(str, torch.cuda.nccl.version()))
        self.recorder.result["frameworks"]["torch"] = {
            "version": str(torch.__version__),
            "cuda": torch.version.cuda,
            "cudnn": text(torch.backends.cudnn.version()),
            "nccl": nccl,
            "archs": list(torch.cuda.get_arch_list()) if torch.cuda.is_available() else [],
        }
        return None, str(torch.__version__)

    def on_cpu(self) -> None:
        """The half that needs no GPU."""
        self.recorder.check("torch.cpu", self._cpu, EXACT)
        self.recorder.check("torch.numpy", self._numpy)

    def on_gpu(self) -> bool:
        """Everything but ``torch.compile``, which may end the process and so comes last; False: no GPU."""
        check = self.recorder.check
        if not check("torch.available", self._available):
            return False
        check("torch.device", self._device)
        check("torch.memory", self._memory)
        for name in ("matmul", "convolution", "fft", "cholesky"):
            operation = getattr(self, name)
            check("torch." + name, partial(self.compare, operation, True), TF32)
            check(f"torch.{name}.fp32", partial(self.compare, operation, False), EXACT)
        check("torch.autocast", self._autocast)
        return True

    def compile(self, name: str = "torch.compile", size: int = 64) -> None:
        """``torch.compile`` of a small function, through triton."""
        self.recorder.check(name, lambda: self._compile(size), TF32)

    def _cpu(self) -> Seen:
        torch = self.torch
        a, b = torch.randn(64, 64), torch.randn(64, 64)
        return self.error(a @ b, a.double() @ b.double()), "matmul on the CPU"

    def _numpy(self) -> Seen:
        try:
            importlib.import_module("numpy")
        except ImportError:
            raise Skipped("numpy", "no numpy in this environment") from None
        value = float(self.torch.ones(3).numpy().sum())
        if value != 3.0:
            raise Wrong(f"three ones add up to {value!r}")
        return value, "tensor to numpy"

    def _available(self) -> Seen:
        torch = self.torch
        if not torch.cuda.is_available():
            raise Wrong("torch.cuda.is_available() is False")
        return float(torch.cuda.device_count()), f"{torch.cuda.device_count()} GPU"

    def _device(self) -> Seen:
        torch = self.torch
        gpus = []
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            capability = f"{properties.major}.{properties.minor}"
            gpus.append({"name": properties.name, "capability": capability, "memory": int(properties.total_memory)})
        self.recorder.result["gpus"] = gpus
        first = gpus[0]
        return float(first["capability"]), f"{first['name']}, compute capability {first['capability']}"

    def _memory(self) -> Seen:
        torch = self.torch
        before = torch.cuda.memory_allocated()
        block = torch.ones(HOLD // 4, device="cuda")
        size = torch.cuda.memory_allocated() - before
        least, most = float(block.min().item()), float(block.max().item())
        del block
        after = torch.cuda.memory_allocated() - before
        if not least == most == 1.0:
            raise Wrong(f"ones were written, {least:g} to {most:g} came back")
        if size < HOLD or after != 0:
            raise Wrong(f"held {size} bytes for {HOLD} asked, {after} after letting go")
        return float(size), "bytes held"

    def error(self, value: Tensor, expected: Tensor) -> float:
        """Distance of two tensors, relative to the norm of ``expected``."""
        torch = self.torch
        kind = torch.complex128 if value.is_complex() else torch.float64
        value, expected = value.cpu().to(kind), expected.cpu().to(kind)
        return float(torch.linalg.norm((value - expected).flatten()) / torch.linalg.norm(expected.flatten()))

    def compare(self, run: Callable[[Tensor, str], Tensor], tf32: bool) -> Seen:
        """The error of ``run`` on the GPU against the CPU in double precision."""
        torch = self.torch
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        expected = run(torch.float64, "cpu")
        value = run(torch.float32, "cuda")
        if value.device.type != "cuda":
            raise Wrong(f"the result lies on {value.device}")
        return self.error(value, expected), "TF32 allowed" if tf32 else "TF32 off"

    def _input(self, seed: int, shape: tuple[int, ...], dtype: Tensor, device: str) -> Tensor:
        generator = self.torch.Generator().manual_seed(seed)
        made = self.torch.randn(*shape, generator=generator)
        return made.to(device=device, dtype=dtype)

    def matmul(self, dtype: Tensor, device: str) -> Tensor:
        """A product of two square matrices on ``device``."""
        return self._input(1, (SIZE, SIZE), dtype, device) @ self._input(2, (SIZE, SIZE), dtype, device)

    def convolution(self, dtype: Tensor, device: str) -> Tensor:
        """A convolution of eight images on ``device``."""
        image = self._input(3, (8, 16, 32, 32), dtype, device)
        kernel = self._input(4, (32, 16, 3, 3), dtype, device)
        return self.torch.nn.functional.conv2d(image, kernel, padding=1)

    def fft(self, dtype: Tensor, device: str) -> Tensor:
        """Fourier transforms of 64 rows on ``device``."""
        return self.torch.fft.fft(self._input(5, (64, 1000), dtype, device))

    def cholesky(self, dtype: Tensor, device: str) -> Tensor:
        """The Cholesky factor of a well-conditioned matrix on ``device``."""
        # Built on the CPU in double, so that both sides factor the same matrix.
        root = self._input(6, (128, 128), self.torch.float64, "cpu")
        matrix = root @ root.T + 128 * self.torch.eye(128, dtype=self.torch.float64)
        return self.torch.linalg.cholesky(matrix.to(device=device, dtype=dtype))

    def _autocast(self) -> Seen:
        torch = self.torch
        model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)).cuda()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        # torch.amp.GradScaler came with 2.3; the older spelling is deprecated since.
        new = hasattr(torch.amp, "GradScaler")
        scaler = torch.amp.GradScaler("cuda") if new else torch.cuda.amp.GradScaler()
        inputs = self._input(8, (256, 64), torch.float32, "cuda")
        targets = inputs.sum(1, keepdim=True) * 0.1
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            with torch.autocast("cuda", dtype=torch.float16):
                answer = model(inputs)
                if answer.dtype != torch.float16:
                    raise Wrong(f"autocast computed in {answer.dtype}")
            loss = ((answer.float() - targets) ** 2).mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(float(loss.detach().item()))
        return falling(losses)

    def _compile(self, size: int) -> Seen:
        torch = self.torch
        if not hasattr(torch, "compile"):
            raise Skipped("torch.compile", f"torch {torch.__version__} has no torch.compile")
        if not any(map(shutil.which, filter(None, [os.environ.get("CC"), "cc", "gcc", "clang"]))):
            raise Skipped("compiler", "no C compiler on this machine")
        if not Path(sysconfig.get_paths()["include"], "Python.h").exists():
            raise Skipped("compiler", "no C compiler can be used: this python has no Python.h")

        def function(x: Tensor) -> Tensor:
            return torch.sin(x) * torch.exp(-x * x) + 1.0

        value = self._input(9, (size, size), torch.float32, "cuda")
        compiled = torch.compile(function)
        return self.error(compiled(value), function(value.cpu().double())), "compared with the CPU"
