"""The module that limits what each framework takes of a GPU, at work beside stand-in frameworks."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from solver.core.model import GpuSharing
from solver.lock.loader.wheel import loader_wheel

ALL = GpuSharing(
    growth=False,
    torch_fraction=0.4,
    tensorflow_limit_mb=2048,
    intra_threads=4,
    inter_threads=2,
    cudnn_benchmark=True,
    mixed_precision="bfloat16",
)


TORCH = """
calls, queued = [], []
bfloat16 = "bfloat16"
def set_num_interop_threads(number): calls.append(["interop", number])
def set_autocast_dtype(device, dtype): calls.append(["autocast", device, dtype])
class cuda:
    def _lazy_call(call): queued.append(call)
    def device_count(): return 2
    def set_per_process_memory_fraction(fraction, device): calls.append(["fraction", fraction, device])
class backends:
    class cudnn: benchmark = False
"""
TENSORFLOW = """
calls = []
class config:
    def list_physical_devices(kind): return [kind + ":0", kind + ":1"]
    def set_logical_device_configuration(device, configuration): calls.append([device, configuration])
    def LogicalDeviceConfiguration(memory_limit): return memory_limit
"""
TORCH_DONE = ["torch: inter_threads=2", "torch: cudnn_benchmark=True", "torch: mixed_precision=bfloat16"]
KERAS = "calls = []\n"
PRECISION = "import keras\ndef set_global_policy(name): keras.calls.append(name)\n"


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """An environment with the wheel of ``ALL`` and stand-in frameworks."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    wheel = loader_wheel(None, (), {}, ALL)
    assert wheel is not None
    with zipfile.ZipFile(io.BytesIO(wheel[1])) as archive:
        archive.extractall(site)
    for name, text in (("torch", TORCH), ("tensorflow", TENSORFLOW), ("keras", KERAS)):
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(text)
    (site / "keras" / "mixed_precision.py").write_text(PRECISION)
    return python


def ask(python: Path, first: str, what: str) -> object:
    code = f"import json, sys\nsharing = sys.modules['_interlock_sharing']\n{first}\nprint(json.dumps({what}))"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_nothing_is_applied_before_an_import(python):
    first = "import importlib.util; found = [importlib.util.find_spec(n) is not None for n in ('torch', 'keras')]"
    what = "[found, sharing.report, sorted({'torch', 'tensorflow', 'keras'} & set(sys.modules))]"
    assert ask(python, first, what) == [[True, True], {"done": [], "errors": []}, []]


def test_torch_is_limited_once_it_uses_the_gpu(python):
    assert ask(python, "import torch", "[torch.calls, torch.backends.cudnn.benchmark, sharing.report]") == [
        [["interop", 2], ["autocast", "cuda", "bfloat16"]],
        True,
        {"done": TORCH_DONE, "errors": []},
    ]
    first = "import torch\nfor call in torch.queued: call()"
    assert ask(python, first, "[torch.calls[2:], sharing.report['done'][-1]]") == [
        [["fraction", 0.4, 0], ["fraction", 0.4, 1]],
        "torch: torch_fraction=0.4",
    ]


def test_tensorflow_is_limited_on_every_gpu(python):
    assert ask(python, "import tensorflow", "[tensorflow.calls, sharing.report, 'torch' in sys.modules]") == [
        [["GPU:0", [2048]], ["GPU:1", [2048]]],
        {"done": ["tensorflow: tensorflow_limit_mb=2048"], "errors": []},
        False,
    ]


@pytest.mark.parametrize("order", ["torch, tensorflow", "tensorflow, torch"])
def test_either_order_of_import_works(order, python):
    first = f"import {order}\nfor call in torch.queued: call()"
    answer = ask(python, first, "[sorted(sharing.report['done']), sharing.report['errors']]")
    limits = ["tensorflow: tensorflow_limit_mb=2048", "torch: torch_fraction=0.4"]
    assert answer == [sorted([*TORCH_DONE, *limits]), []]


def test_keras_gets_its_policy(python):
    assert ask(python, "import keras", "[keras.calls, sharing.report['done']]") == [
        ["mixed_bfloat16"],
        ["keras: mixed_precision=bfloat16"],
    ]


def test_a_framework_that_knows_a_setting_not_is_imported_all_the_same(python):
    first = "import torch\ndel torch.cuda._lazy_call, torch.set_num_interop_threads\ntorch.calls.clear()\n"
    first += "sharing.report['done'].clear()\nsharing.share_torch(torch)"
    assert ask(python, first, "[torch.calls, sharing.report]") == [
        [["autocast", "cuda", "bfloat16"]],
        {
            "done": TORCH_DONE[1:],
            "errors": [
                "torch: torch_fraction: AttributeError: type object 'cuda' has no attribute '_lazy_call'",
                "torch: inter_threads: AttributeError: module 'torch' has no attribute 'set_num_interop_threads'",
            ],
        },
    ]


def test_an_older_torch_gets_its_autocast_type_too(python):
    first = "import torch\ndel torch.set_autocast_dtype\n"
    first += "torch.set_autocast_gpu_dtype = lambda dtype: torch.calls.append(['old', dtype])\n"
    first += "torch.calls.clear(); sharing.share_torch(torch)"
    assert ask(python, first, "torch.calls") == [["interop", 2], ["old", "bfloat16"]]


def test_reloading_and_finding_twice_apply_a_setting_once(python):
    """A finder may hand out one spec, and with it one loader, again and again."""
    first = """
import importlib, importlib.util
importlib.reload(sys.modules["_interlock_loader"])
importlib.reload(sharing)
class Cached:
    spec = importlib.util.find_spec("torch")
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return cls.spec if name == "torch" else None
sys.meta_path.insert(1, Cached)
importlib.util.find_spec("torch")
importlib.util.find_spec("torch")
import torch
"""
    assert ask(python, first, "[torch.calls, sharing.report['done'], len(torch.queued)]") == [
        [["interop", 2], ["autocast", "cuda", "bfloat16"]],
        TORCH_DONE,
        1,
    ]
