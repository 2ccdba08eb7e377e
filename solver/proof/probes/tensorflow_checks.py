"""What tensorflow can do here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial

from .recorder import EXACT, SIZE, TF32, Module, Recorder, Seen, Tensor, Wrong, falling, text


class Tensorflow:
    """The checks of tensorflow."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.tf: Module = None
        self.usable = False

    def load(self) -> bool:
        """Import tensorflow and tell its versions; False where that fails."""
        return self.recorder.check("tensorflow.import", self._load)

    def _load(self) -> Seen:
        self.tf = tf = importlib.import_module("tensorflow")
        tf.random.set_seed(7)
        info = dict(tf.sysconfig.get_build_info())
        self.recorder.result["frameworks"]["tensorflow"] = {
            "version": str(tf.__version__),
            "cuda": text(info.get("cuda_version")),
            "cudnn": text(info.get("cudnn_version")),
            "nccl": None,
            "archs": list(info.get("cuda_compute_capabilities", ())),
        }
        return None, str(tf.__version__)

    def on_cpu(self) -> None:
        """The half that needs no GPU."""
        self.recorder.check("tensorflow.cpu", self._cpu, EXACT)

    def fit(self) -> None:
        """Train a small model where TensorFlow places it."""
        self.recorder.check("tensorflow.fit", self._fit)

    def prepare(self) -> None:
        """Look for GPUs and set growth, right after the import.

        A torch imported later would load the CUDA libraries that tensorflow does not find by itself,
        and a process that computes before growth is set loses the whole GPU to tensorflow.
        """
        self.recorder.check("tensorflow.built", self._built)
        self.usable = self.recorder.check("tensorflow.devices", self._devices)
        if self.usable:
            self.recorder.check("tensorflow.growth", self._growth)

    def on_gpu(self) -> bool:
        """Everything that a GPU makes possible; False: no GPU."""
        check = self.recorder.check
        if not self.usable:
            return False
        for name in ("matmul", "convolution", "fft", "cholesky"):
            operation = getattr(self, name)
            check("tensorflow." + name, partial(self.compare, operation, True), TF32)
            check(f"tensorflow.{name}.fp32", partial(self.compare, operation, False), EXACT)
        self.fit()
        check("tensorflow.mixed_float16", self._mixed)
        check("tensorflow.xla", self._xla, TF32)
        return True

    def _cpu(self) -> Seen:
        tf = self.tf
        with tf.device("/CPU:0"):
            a, b = self._input(1, (64, 64), tf.float32), self._input(2, (64, 64), tf.float32)
            exact = tf.matmul(tf.cast(a, tf.float64), tf.cast(b, tf.float64))
            return self.error(tf.matmul(a, b), exact), "matmul on the CPU"

    def _built(self) -> Seen:
        tf = self.tf
        if not (tf.test.is_built_with_cuda() and tf.test.is_built_with_gpu_support()):
            raise Wrong("this build has no CUDA support")
        info = tf.sysconfig.get_build_info()
        return None, f"CUDA {info.get('cuda_version')}, cuDNN {info.get('cudnn_version')}"

    def _devices(self) -> Seen:
        tf = self.tf
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            raise Wrong("tensorflow sees no GPU")
        seen = []
        for gpu in gpus:
            details = tf.config.experimental.get_device_details(gpu)
            capability = ".".join(map(str, details.get("compute_capability", ())))
            seen.append({"name": details.get("device_name", ""), "capability": capability, "memory": None})
        if not self.recorder.result["gpus"]:
            self.recorder.result["gpus"] = seen
        return float(len(gpus)), f"{seen[0]['name']}, compute capability {seen[0]['capability']}"

    def _growth(self) -> Seen:
        tf = self.tf
        gpus = tf.config.list_physical_devices("GPU")
        # tensorflow refuses growth where the environment gave it a limit instead (sharing_checks)
        free = [gpu for gpu in gpus if not tf.config.get_logical_device_configuration(gpu)]
        for gpu in free:
            tf.config.experimental.set_memory_growth(gpu, True)
        if not all(tf.config.experimental.get_memory_growth(gpu) for gpu in free):
            raise Wrong("memory growth does not hold")
        tf.config.set_soft_device_placement(False)  # or a missing GPU kernel would quietly run on the CPU
        return None, f"memory growth on {len(free)} of {len(gpus)} GPU"

    def error(self, value: Tensor, expected: Tensor) -> float:
        """Distance of two tensors, relative to the norm of ``expected``."""
        tf = self.tf
        with tf.device("/CPU:0"):
            kind = tf.complex128 if value.dtype.is_complex else tf.float64
            value, expected = tf.cast(tf.identity(value), kind), tf.cast(tf.identity(expected), kind)
            return float(abs(tf.norm(value - expected).numpy()) / abs(tf.norm(expected).numpy()))

    def compare(self, run: Callable[[Tensor, str], Tensor], tf32: bool) -> Seen:
        """The error of ``run`` on the GPU against the CPU in double precision."""
        tf = self.tf
        tf.config.experimental.enable_tensor_float_32_execution(tf32)
        expected = run(tf.float64, "/CPU:0")
        value = run(tf.float32, "/GPU:0")
        if "GPU" not in value.device:
            raise Wrong(f"the result lies on {value.device}")
        return self.error(value, expected), "TF32 allowed" if tf32 else "TF32 off"

    def _input(self, seed: int, shape: tuple[int, ...], dtype: Tensor) -> Tensor:
        tf = self.tf
        with tf.device("/CPU:0"):
            made = tf.random.stateless_normal(shape, seed=[seed, 0], dtype=tf.float32)
        return tf.cast(tf.identity(made), dtype)

    def matmul(self, dtype: Tensor, device: str) -> Tensor:
        """A product of two square matrices on ``device``."""
        with self.tf.device(device):
            return self.tf.matmul(self._input(1, (SIZE, SIZE), dtype), self._input(2, (SIZE, SIZE), dtype))

    def convolution(self, dtype: Tensor, device: str) -> Tensor:
        """A convolution of eight images on ``device``."""
        with self.tf.device(device):
            image = self._input(3, (8, 32, 32, 16), dtype)
            return self.tf.nn.conv2d(image, self._input(4, (3, 3, 16, 32), dtype), strides=1, padding="SAME")

    def fft(self, dtype: Tensor, device: str) -> Tensor:
        """Fourier transforms of 64 rows on ``device``."""
        tf = self.tf
        with tf.device(device):
            kind = tf.complex128 if dtype == tf.float64 else tf.complex64
            return tf.signal.fft(tf.cast(self._input(5, (64, 1000), dtype), kind))

    def cholesky(self, dtype: Tensor, device: str) -> Tensor:
        """The Cholesky factor of a well-conditioned matrix on ``device``."""
        tf = self.tf
        with tf.device("/CPU:0"):
            root = self._input(6, (128, 128), tf.float64)
            matrix = tf.matmul(root, root, transpose_b=True) + 128 * tf.eye(128, dtype=tf.float64)
            matrix = tf.cast(matrix, dtype)
        with tf.device(device):
            return tf.linalg.cholesky(tf.identity(matrix))

    def _model(self) -> Tensor:
        keras = self.tf.keras
        model = keras.Sequential(
            [
                keras.layers.Input((32,)),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dense(1, dtype="float32"),
            ]
        )
        model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
        return model

    def _train(self) -> list[float]:
        inputs = self._input(8, (256, 32), self.tf.float32)
        targets = self.tf.reduce_sum(inputs, axis=1, keepdims=True) * 0.1
        history = self._model().fit(inputs, targets, epochs=6, batch_size=64, verbose=0)
        return [float(loss) for loss in history.history["loss"]]

    def _fit(self) -> Seen:
        with self.placed_softly():
            return falling(self._train())

    def _mixed(self) -> Seen:
        policy = self.tf.keras.mixed_precision
        before = policy.global_policy()
        policy.set_global_policy("mixed_float16")
        try:
            with self.placed_softly():
                return falling(self._train())
        finally:
            policy.set_global_policy(before)

    def placed_softly(self) -> SoftPlacement:
        """Soft placement for the length of a with block."""
        # Keras puts strings and datasets on the CPU by itself, which strict placement forbids.
        return SoftPlacement(self.tf)

    def _xla(self) -> Seen:
        tf = self.tf
        function = tf.function(lambda x: tf.tanh(x) * tf.exp(-x * x) + 1.0, jit_compile=True)
        with tf.device("/GPU:0"):
            value = function(self._input(9, (SIZE, SIZE), tf.float32))
        with tf.device("/CPU:0"):
            x = self._input(9, (SIZE, SIZE), tf.float64)
            expected = tf.tanh(x) * tf.exp(-x * x) + 1.0
        if "GPU" not in value.device:
            raise Wrong(f"the result lies on {value.device}")
        return self.error(value, expected), "XLA on the GPU"


class SoftPlacement:
    """Allow soft placement for a while."""

    def __init__(self, tf: Tensor) -> None:
        self.tf = tf

    def __enter__(self) -> None:
        self.tf.config.set_soft_device_placement(True)

    def __exit__(self, *_: object) -> None:
        self.tf.config.set_soft_device_placement(False)
