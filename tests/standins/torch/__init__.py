"""A stand-in for torch: see README.md in the folder above."""

import types

from standin_behaviour import GPU, GPUS, NAME, TOTAL, act

__version__ = "2.10.0+standin"

float16, float32, float64, complex128, uint8 = "float16", "float32", "float64", "complex128", "uint8"
_allocated = [0]
_fraction = [1.0]


class Tensor:
    def __init__(self, value, dtype=float32, device="cpu", count=0):
        self.value, self.dtype, self._device, self.count = value, dtype, device.partition(":")[0], count
        self.held = count * 4 if self._device == "cuda" else 0
        _allocated[0] += self.held

    def __del__(self):
        _allocated[0] -= self.held

    @property
    def device(self):
        return types.SimpleNamespace(type=self._device)

    def _made(self, value, dtype=None):
        return Tensor(value, dtype or self.dtype, self._device)

    def _other(self, other):
        return other.value if isinstance(other, Tensor) else other

    def to(self, dtype=None, device=None):
        if dtype in ("cpu", "cuda"):
            dtype, device = None, dtype
        return Tensor(self.value, dtype or self.dtype, device or self._device)

    def cpu(self):
        return self.to(device="cpu")

    def double(self):
        return self.to(float64)

    def float(self):
        return self.to(float32)

    def is_complex(self):
        return self.dtype == complex128

    def __matmul__(self, other):
        return self._made(act("torch.matmul", self.value * other.value, self._device))

    def __add__(self, other):
        return self._made(self.value + self._other(other))

    def __sub__(self, other):
        return self._made(self.value - self._other(other))

    def __mul__(self, other):
        return self._made(self.value * self._other(other))

    __rmul__ = __mul__

    def __pow__(self, power):
        return self._made(self.value**power)

    def __neg__(self):
        return self._made(-self.value)

    def __float__(self):
        return float(self.value)

    def _same(self, *_, **__):
        return self

    flatten = detach = sum = mean = min = max = backward = numpy = _same

    def item(self):
        return self.value

    @property
    def T(self):
        return self

    def data_ptr(self):
        return id(self)


class _Sum(Tensor):
    def numpy(self):
        return types.SimpleNamespace(sum=lambda: float(self.count))


class Generator:
    def manual_seed(self, seed):
        self.seed = seed
        return self


def manual_seed(_):
    pass


def randn(*_, generator=None):
    return Tensor(1.0 + (generator.seed if generator else 1) / 10)


def ones(count, device="cpu"):
    return _Sum(act("torch.memory", 1.0, device), device=device, count=count)


def full(shape, value, device):
    return Tensor(value, device=device)


def empty(count, dtype, device):
    if count > _fraction[0] * TOTAL:
        raise RuntimeError("out of memory")
    return Tensor(0.0)


def arange(count, dtype, device):
    return Tensor(float(sum(range(count))), dtype, device)


def eye(_, dtype):
    return Tensor(0.0, dtype)


def sin(x):
    return x * 0.5


def exp(x):
    return x * 0.25


def compile(function):
    return lambda x: function(x) * act("torch.compile", 1.0)


class autocast:
    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        pass

    def __exit__(self, *_):
        pass


class _Model:
    def __init__(self, *_):
        self.gap = 1.0

    def cuda(self):
        return self

    def parameters(self):
        return self

    def __call__(self, inputs):
        return Tensor(inputs.value * 0.1 + act("torch.autocast", self.gap), float16, "cuda")


class _Sgd:
    def __init__(self, model, lr):
        self.model = model

    def zero_grad(self):
        pass

    def step(self):
        self.model.gap *= 0.5


class _Scaler:
    def __init__(self, *_):
        pass

    def scale(self, loss):
        return loss

    def step(self, optimizer):
        optimizer.step()

    def update(self):
        pass


def _fft(x):
    return Tensor(act("torch.fft", x.value * 3, x._device), complex128, x._device)


def _convolution(image, kernel, padding):
    return Tensor(act("torch.convolution", image.value * kernel.value, image._device), image.dtype, image._device)


def _cholesky(x):
    return Tensor(act("torch.cholesky", x.value**0.5, x._device), x.dtype, x._device)


_Properties = types.SimpleNamespace(major=9, minor=0, name=NAME, total_memory=TOTAL)
_place = types.SimpleNamespace
nn = _place(Sequential=_Model, Linear=lambda *_: None, ReLU=lambda: None, functional=_place(conv2d=_convolution))
optim = _place(SGD=_Sgd)
amp = _place(GradScaler=_Scaler)
linalg = _place(norm=lambda x: abs(x.value), cholesky=_cholesky)
fft = _place(fft=_fft)
version = _place(cuda="12.8")
backends = _place(cudnn=_place(version=lambda: 91002, allow_tf32=True), cuda=_place(matmul=_place(allow_tf32=False)))
distributed = _place(is_available=lambda: True)
utils = _place(dlpack=_place(to_dlpack=lambda x: x, from_dlpack=lambda x: act("torch.dlpack", x)))


def _all_reduce(tensors):
    total = sum(tensor.value for tensor in tensors)
    for tensor in tensors:
        tensor.value = act("torch.nccl", total)


cuda = _place(
    is_available=lambda: GPU,
    device_count=lambda: GPUS,
    get_arch_list=lambda: ["sm_90"],
    get_device_properties=lambda _: _Properties,
    memory_allocated=lambda: _allocated[0],
    set_per_process_memory_fraction=lambda share, _: _fraction.__setitem__(0, share),
    mem_get_info=lambda: (TOTAL - _allocated[0], TOTAL),
    synchronize=lambda: None,
    nccl=_place(version=lambda: (2, 27, 5), all_reduce=_all_reduce),
)
act("torch.import")
