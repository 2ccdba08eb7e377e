"""What torch and tensorflow can do in one process."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from .recorder import HOLD, MIB, TF32, Recorder, Seen, Skipped, Tensor, Wrong
from .tensorflow_checks import Tensorflow
from .torch_checks import Torch

FRACTION = 0.5
"""Share of the GPU that torch may take while the cap is tried."""


class Together:
    """The checks that need both frameworks in one process."""

    def __init__(self, recorder: Recorder, torch: Torch, tensorflow: Tensorflow) -> None:
        self.recorder, self.t, self.f = recorder, torch, tensorflow

    def on_gpu(self) -> None:
        """Memory, DLPack, threads, and NCCL where there are GPUs for it."""
        check = self.recorder.check
        check("together.memory", self._memory)
        check("together.dlpack", self._dlpack)
        check("together.threads", self._threads, TF32)
        check("together.nccl.torch", self._nccl_torch)
        check("together.nccl.tensorflow", self._nccl_tensorflow)

    def _memory(self) -> Seen:
        torch, tf = self.t.torch, self.f.tf
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(FRACTION, 0)
        with tf.device("/GPU:0"):
            theirs = tf.ones((HOLD // 4,))
        ours = torch.ones(HOLD // 4, device="cuda")
        size = tf.config.experimental.get_memory_info("GPU:0")["current"]
        if size < HOLD or torch.cuda.memory_allocated() < HOLD:
            raise Wrong(f"tensorflow holds {size} bytes, torch {torch.cuda.memory_allocated()}")
        ends = (ours.min().item(), ours.max().item(), tf.reduce_min(theirs), tf.reduce_max(theirs))
        if any(float(end) != 1.0 for end in ends):
            raise Wrong("what was put into memory is not what is there")
        free = torch.cuda.mem_get_info()[0]
        try:
            torch.empty(int(total * (FRACTION + 0.05)), dtype=torch.uint8, device="cuda")
        except RuntimeError:
            pass
        else:
            raise Wrong(f"torch took more than its share of {FRACTION:g}")
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, 0)
        return round(1 - free / total, 4), f"share of the GPU in use while both hold {HOLD // MIB} MiB"

    def _dlpack(self) -> Seen:
        torch, tf = self.t.torch, self.f.tf
        source = torch.arange(4096, dtype=torch.float32, device="cuda")
        torch.cuda.synchronize()
        passed = tf.experimental.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(source))
        back = torch.utils.dlpack.from_dlpack(tf.experimental.dlpack.to_dlpack(passed))
        if back.data_ptr() != source.data_ptr():
            raise Wrong("a copy was made on the way")
        total = float(tf.reduce_sum(passed).numpy())
        if total != 4095 * 2048:
            raise Wrong(f"tensorflow read {total!r}")
        return total, "torch, tensorflow, torch at one address"

    def _threads(self) -> Seen:
        errors: list[float] = []
        faults: list[BaseException] = []

        def work(compare: Callable[[], Seen]) -> None:
            try:
                for _ in range(10):
                    seen = compare()
                    errors.append(math.inf if seen is None or seen[0] is None else seen[0])
            except BaseException as error:
                faults.append(error)

        torch, tensorflow = self.t, self.f
        tasks = (
            lambda: torch.compare(torch.matmul, tf32=True),
            lambda: tensorflow.compare(tensorflow.matmul, tf32=True),
        )
        threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]
        return max(errors), "two threads, ten products each"

    def _nccl_torch(self) -> Seen:
        torch = self.t.torch
        count = self._several(torch.cuda.device_count())
        tensors = [torch.full((1024,), float(index + 1), device=f"cuda:{index}") for index in range(count)]
        torch.cuda.nccl.all_reduce(tensors)
        expected = count * (count + 1) / 2
        for tensor in tensors:
            if float(tensor.mean().item()) != expected:
                raise Wrong(f"the sum is not {expected!r} on every GPU")
        return expected, f"all_reduce over {count} GPUs"

    def _nccl_tensorflow(self) -> Seen:
        tf = self.f.tf
        count = self._several(len(tf.config.list_logical_devices("GPU")))
        with self.f.placed_softly():
            strategy = tf.distribute.MirroredStrategy(cross_device_ops=tf.distribute.NcclAllReduce())

            def one() -> Tensor:
                replica = tf.distribute.get_replica_context()
                value = tf.cast(replica.replica_id_in_sync_group + 1, tf.float32)
                return replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.ones((1024,)) * value)

            results = strategy.experimental_local_results(tf.function(lambda: strategy.run(one))())
        expected = count * (count + 1) / 2
        for result in results:
            if float(tf.reduce_mean(result).numpy()) != expected:
                raise Wrong(f"the sum is not {expected!r} on every GPU")
        return expected, f"MirroredStrategy over {count} GPUs"

    @staticmethod
    def _several(count: int) -> int:
        if count < 2:
            raise Skipped("several GPUs", "one GPU")
        return count
