"""Whether arrays cross from one framework to another on the GPU without a copy, where jax is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from .jax_checks import Jax
from .recorder import Recorder, Seen, Tensor, Wrong
from .tensorflow_checks import Tensorflow
from .torch_checks import Torch

COUNT = 4096
TOTAL = float((COUNT - 1) * COUNT // 2)


class Crossings:
    """The checks of DLPack that need jax and another framework in one process."""

    def __init__(
        self,
        recorder: Recorder,
        jax: Jax,
        torch: Optional[Torch],  # noqa: UP045 - Python 3.9 evaluates it
        tensorflow: Optional[Tensorflow],  # noqa: UP045
    ) -> None:
        self.recorder, self.j, self.t, self.f = recorder, jax, torch, tensorflow

    def on_gpu(self) -> None:
        """Each crossing that the frameworks here make possible."""
        check = self.recorder.check
        if self.t is not None:
            check("together.dlpack.torch.jax", self._torch_jax)
        if self.f is not None:
            check("together.dlpack.jax.tensorflow", self._jax_tensorflow)
        if self.t is not None and self.f is not None:
            check("together.dlpack.torch.jax.tensorflow", self._all)

    def _torch_jax(self) -> Seen:
        source = self._of_torch()
        passed = self.j.jax.dlpack.from_dlpack(source)
        return self._same("torch, jax", [source.data_ptr(), self._address(passed)], float(passed.sum()))

    def _jax_tensorflow(self) -> Seen:
        jax, tf = self.j.jax, self._tf()
        source = jax.device_put(jax.numpy.arange(COUNT, dtype=jax.numpy.float32), self.j.gpus()[0])
        source.block_until_ready()
        passed = tf.experimental.dlpack.from_dlpack(source.__dlpack__())
        back = jax.dlpack.from_dlpack(Capsule(tf.experimental.dlpack.to_dlpack(passed), source))
        addresses = [self._address(source), self._address(back)]
        return self._same("jax, tensorflow, jax", addresses, float(tf.reduce_sum(passed).numpy()))

    def _all(self) -> Seen:
        assert self.t is not None
        tf, source = self._tf(), self._of_torch()
        middle = self.j.jax.dlpack.from_dlpack(source)
        passed = tf.experimental.dlpack.from_dlpack(middle.__dlpack__())
        back = self.t.torch.utils.dlpack.from_dlpack(tf.experimental.dlpack.to_dlpack(passed))
        addresses = [source.data_ptr(), self._address(middle), back.data_ptr()]
        return self._same("torch, jax, tensorflow, torch", addresses, float(tf.reduce_sum(passed).numpy()))

    def _of_torch(self) -> Tensor:
        assert self.t is not None
        torch = self.t.torch
        source = torch.arange(COUNT, dtype=torch.float32, device="cuda")
        torch.cuda.synchronize()
        return source

    def _tf(self) -> Tensor:
        assert self.f is not None
        return self.f.tf

    @staticmethod
    def _address(array: Tensor) -> int:
        return int(array.unsafe_buffer_pointer())

    @staticmethod
    def _same(way: str, addresses: Sequence[int], total: float) -> Seen:
        if len(set(addresses)) != 1:
            raise Wrong("a copy was made on the way")
        if total != TOTAL:
            raise Wrong(f"the numbers add up to {total!r}")
        return total, f"{way} at one address"


class Capsule:
    """A DLPack capsule as jax takes it: an object that gives it, and tells where it lies."""

    def __init__(self, capsule: object, like: Tensor) -> None:
        self.capsule, self.like = capsule, like

    def __dlpack__(self, **_: object) -> object:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        device: tuple[int, int] = self.like.__dlpack_device__()
        return device
