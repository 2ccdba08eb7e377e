"""A stand-in for tensorflow: see README.md in the folder above."""

import types

from standin_behaviour import GPU, GPUS, NAME, act

__version__ = "2.21.0+standin"


class _Type(str):
    @property
    def is_complex(self):
        return self.startswith("complex")


float32, float64, complex64, complex128 = map(_Type, ("float32", "float64", "complex64", "complex128"))
_devices = ["/CPU:0"]


class _Device:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        _devices.append(self.name)

    def __exit__(self, *_):
        _devices.pop()


device = _Device


def _kind():
    return "cpu" if "CPU" in _devices[-1] else "cuda"


class Tensor:
    def __init__(self, value, dtype=float32):
        self.value, self.dtype, self.device = value, dtype, _devices[-1]

    def _other(self, other):
        return other.value if isinstance(other, Tensor) else other

    def __add__(self, other):
        return Tensor(self.value + self._other(other), self.dtype)

    def __sub__(self, other):
        return Tensor(self.value - self._other(other), self.dtype)

    def __mul__(self, other):
        return Tensor(self.value * self._other(other), self.dtype)

    __rmul__ = __mul__

    def __neg__(self):
        return Tensor(-self.value, self.dtype)

    def __float__(self):
        return float(self.value)

    def numpy(self):
        return self.value

    def data_ptr(self):
        return id(self)


def cast(x, dtype):
    return Tensor(x.value if hasattr(x, "value") else x, dtype)


def identity(x):
    return Tensor(x.value, x.dtype)


def matmul(a, b, transpose_b=False):
    return Tensor(act("tensorflow.matmul", a.value * b.value, _kind()), a.dtype)


def tanh(x):
    return x * 0.5


def exp(x):
    return x * 0.25


def eye(_, dtype):
    return Tensor(0.0, dtype)


def ones(_):
    return Tensor(1.0)


def norm(x):
    return Tensor(abs(x.value))


def _reduced(x, axis=None, keepdims=None):
    return x


reduce_min = reduce_max = reduce_mean = reduce_sum = _reduced


def function(call, jit_compile=False):
    if not jit_compile:
        return call
    return lambda x: call(x) * act("tensorflow.xla", 1.0)


class _Model:
    def __init__(self, *_):
        pass

    def compile(self, **_):
        pass

    def fit(self, *_, **__):
        return types.SimpleNamespace(history={"loss": [1.0, 0.5, act("tensorflow.fit", 0.25)]})


class _Strategy:
    def __init__(self, **_):
        pass

    def run(self, call):
        replica = types.SimpleNamespace(
            replica_id_in_sync_group=0,
            all_reduce=lambda _, __: Tensor(act("tensorflow.nccl", GPUS * (GPUS + 1) / 2)),
        )
        distribute.get_replica_context = lambda: replica
        return call()

    def experimental_local_results(self, result):
        return [result]


_place = types.SimpleNamespace
_gpu_list = [f"GPU:{index}" for index in range(GPUS)]
_policy = ["float32"]
_info = {"cuda_version": "12.5.1", "cudnn_version": "9", "cuda_compute_capabilities": ["sm_90"]}
_any = lambda *_, **__: None  # noqa: E731
test = _place(is_built_with_cuda=lambda: True, is_built_with_gpu_support=lambda: True)
sysconfig = _place(get_build_info=lambda: _info)
config = _place(
    list_physical_devices=lambda _: _gpu_list,
    list_logical_devices=lambda _: _gpu_list,
    get_logical_device_configuration=lambda _: None,
    set_soft_device_placement=_any,
    experimental=_place(
        set_memory_growth=_any,
        get_memory_growth=lambda _: True,
        enable_tensor_float_32_execution=_any,
        get_device_details=lambda _: {"compute_capability": (9, 0), "device_name": NAME},
        get_memory_info=lambda _: {"current": 2**28 if GPU else 0},
    ),
)
random = _place(set_seed=_any, stateless_normal=lambda shape, seed, dtype: Tensor(1.0 + seed[0] / 10, dtype))
nn = _place(
    conv2d=lambda a, b, strides, padding: Tensor(act("tensorflow.convolution", a.value * b.value, _kind()), a.dtype)
)
signal = _place(fft=lambda x: Tensor(act("tensorflow.fft", x.value * 3, _kind()), x.dtype))
linalg = _place(cholesky=lambda x: Tensor(act("tensorflow.cholesky", x.value**0.5, _kind()), x.dtype))
keras = _place(
    Sequential=_Model,
    layers=_place(Input=_any, Dense=_any),
    optimizers=_place(SGD=_any),
    mixed_precision=_place(
        global_policy=lambda: _policy[0], set_global_policy=lambda name: _policy.__setitem__(0, name)
    ),
)
experimental = _place(dlpack=_place(from_dlpack=lambda x: x, to_dlpack=lambda x: x))
distribute = _place(
    MirroredStrategy=_Strategy, NcclAllReduce=_any, ReduceOp=_place(SUM="sum"), get_replica_context=_any
)
act("tensorflow.import")
