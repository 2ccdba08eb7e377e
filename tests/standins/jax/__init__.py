"""A stand-in for jax: see README.md in the folder above."""

import contextlib
import types

from standin_behaviour import BEHAVIOUR, GPUS, NAME, TOTAL, act

__version__ = "0.12.0.1+standin"


class _Device:
    def __init__(self, platform):
        self.platform, self.device_kind, self.compute_capability = platform, NAME, "9.0"

    def memory_stats(self):
        held = 0 if act("jax.memory") != 1.0 else 2**28
        return {"bytes_in_use": held, "bytes_limit": TOTAL, "pool_bytes": BEHAVIOUR.get("jax.pool", 2**29)}


_cpu = _Device("cpu")
_gpus = [_Device("gpu") for _ in range(GPUS)]
_places = [_gpus[0] if _gpus else _cpu]


class Array:
    def __init__(self, value, dtype="float32", device=None):
        self.value, self.dtype, self.device = value, dtype, device or _places[-1]

    def _made(self, value):
        return Array(value, self.dtype, self.device)

    def _other(self, other):
        return other.value if isinstance(other, Array) else other

    def _named(self, operation, value):
        return self._made(act(operation, value, "cpu" if self.device is _cpu else "cuda"))

    def __matmul__(self, other):
        return self._named("jax.matmul", self.value * other.value)

    def __add__(self, other):
        return self._made(self.value + self._other(other))

    def __sub__(self, other):
        return self._made(self.value - self._other(other))

    def __mul__(self, other):
        return self._made(self.value * self._other(other))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self._made(self.value / self._other(other))

    def __pow__(self, power):
        return self._made(self.value**power)

    def __neg__(self):
        return self._made(-self.value)

    def __float__(self):
        return float(self.value)

    def __iter__(self):
        return iter([self])

    def _same(self, *_, **__):
        return self

    ravel = sum = min = max = block_until_ready = __dlpack__ = numpy = _same
    T = property(_same)

    def astype(self, dtype):
        return Array(self.value, dtype, self.device)

    def devices(self):
        return {self.device}

    def unsafe_buffer_pointer(self):
        return id(self)

    data_ptr = unsafe_buffer_pointer


def devices(kind):
    if kind == "gpu" and not _gpus:
        raise RuntimeError("Unknown backend gpu")
    return _gpus if kind == "gpu" else [_cpu]


@contextlib.contextmanager
def default_device(device):
    _places.append(device)
    yield
    _places.pop()


def default_matmul_precision(_):
    return contextlib.nullcontext()


def device_put(x, device):
    return Array(x.value, x.dtype, device)


def jit(call):
    return (lambda x: call(x) * act("jax.jit", 1.0)) if "jax.jit" in BEHAVIOUR else call


def value_and_grad(_):
    losses = iter([1.0 / (1 + step) for step in range(100)])
    return lambda w: (Array(act("jax.grad", next(losses))), w)


def pmap(_, axis_name, devices):
    total = len(devices) * (len(devices) + 1) / 2
    return lambda _: [Array(act("jax.pmap", total)) for _ in devices]


def _from_dlpack(x):
    crossed = act("jax.dlpack", 1.0)
    x = getattr(x, "capsule", x)
    if crossed != 1.0:
        return Array(x.value)
    if not hasattr(x, "unsafe_buffer_pointer"):
        x.unsafe_buffer_pointer = x.data_ptr
        x.__dlpack__ = lambda: x
    return x


_place = types.SimpleNamespace
numpy = _place(
    float32="float32",
    float64="float64",
    ones=lambda _, dtype: Array(1.0, dtype),
    zeros=lambda _, dtype: Array(0.0, dtype),
    eye=lambda _, dtype: Array(0.0, dtype),
    arange=lambda *_, dtype: Array(4095 * 2048.0, dtype),
    sin=lambda x: x * 0.5,
    exp=lambda x: x * 0.25,
    mean=lambda x: x,
    fft=_place(fft=lambda x: x._named("jax.fft", x.value * 3)),
    linalg=_place(
        norm=lambda x: x._made(abs(x.value)), cholesky=lambda x: x._named("jax.cholesky", abs(x.value) ** 0.5)
    ),
)
lax = _place(conv=lambda a, b, _, __: a._named("jax.convolution", a.value * b.value), psum=lambda x, _: x)
random = _place(PRNGKey=lambda seed: seed, normal=lambda seed, _, dtype: Array(1.0 + seed / 10, dtype))
config = _place(update=lambda *_: None)
dlpack = _place(from_dlpack=_from_dlpack)
act("jax.import")
