"""The part of the loader that keeps TensorFlow's symbols local, at work beside stand-ins with the same manners."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from solver.lock.loader.wheel import loader_wheel
from solver.matrix.rows import Build

GCC = shutil.which("gcc")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RTLD_GLOBAL is asked for on Linux only"),
    pytest.mark.skipif(GCC is None, reason="gcc is not there to make stand-in libraries"),
]

BUILD = Build(
    id="tensorflow", source="test", package="tensorflow", version="2.21.0", platform="linux-64", cuda="none", opens=()
)
# What TensorFlow does: ask for global symbols, load its own library, take the request back.
TENSORFLOW = """
import ctypes, sys
from pathlib import Path
from tensorflow.python import pywrap_dlopen_global_flags as flags
flags.set_dlopen_flags()
during = sys.getdlopenflags()
llvm = ctypes.CDLL(str(Path(__file__).with_name("libstandin_tf.so")), mode=during)
flags.reset_dlopen_flags()
"""
FLAGS = """
import ctypes, sys
before = sys.getdlopenflags()
def set_dlopen_flags(): sys.setdlopenflags(before | ctypes.RTLD_GLOBAL)
def reset_dlopen_flags(): sys.setdlopenflags(before)
"""
# What triton does: load its library, which calls a function by the name that TensorFlow's has too.
TRITON = """
import ctypes
from pathlib import Path
whose = ctypes.CDLL(str(Path(__file__).parent / "_C" / "libtriton.so")).ask()
"""


def compile_library(path: Path, code: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = path.with_suffix(".c")
    source.write_text(code)
    subprocess.run([str(GCC), "-shared", "-fPIC", "-o", str(path), str(source)], check=True)


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """An environment with the healing wheel, a stand-in TensorFlow (40) and a stand-in triton (2)."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    wheel = loader_wheel(BUILD, (), {}, symbols=True)
    assert wheel is not None
    with zipfile.ZipFile(io.BytesIO(wheel[1])) as archive:
        archive.extractall(site)
    for place, text in (
        ("tensorflow/__init__.py", TENSORFLOW),
        ("tensorflow/python/__init__.py", ""),
        ("tensorflow/python/pywrap_dlopen_global_flags.py", FLAGS),
        ("triton/__init__.py", TRITON),
    ):
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        (site / place).write_text(text)
    compile_library(site / "tensorflow" / "libstandin_tf.so", "int llvm(void) { return 40; }")
    code = "int llvm(void) { return 2; } int ask(void) { return llvm(); }"
    compile_library(site / "triton" / "_C" / "libtriton.so", code)
    return folder / "bin" / "python"


def ask(python: Path, first: str, what: str, **env: str) -> object:
    code = f"import json, os, sys\n{first}\nprint(json.dumps({what}))"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "INTERLOCK"))}
    done = subprocess.run([python, "-c", code], env={**variables, **env}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


BOTH = "import tensorflow, triton"
WHOSE = "triton.whose"
REPORT = "sys.modules['_interlock_symbols'].report"
DONE = {"done": ["tensorflow's symbols stay its own"], "errors": []}


def test_without_the_loader_one_library_answers_for_the_other(python):
    assert ask(python, BOTH, WHOSE, INTERLOCK_LOADER="off") == 40


def test_each_library_has_its_own_symbols(python):
    assert ask(python, BOTH, f"[{WHOSE}, {REPORT}]") == [2, DONE]
    assert ask(python, "import triton, tensorflow", f"[{WHOSE}, {REPORT}]") == [2, DONE]


def test_the_flags_of_the_process_stay_as_they_are(python):
    what = "[sys.getdlopenflags() == before, tensorflow.during == before]"
    assert ask(python, "before = sys.getdlopenflags()\nimport tensorflow", what) == [True, True]


def test_a_program_that_asks_for_global_symbols_itself_has_them(python):
    first = f"sys.setdlopenflags(sys.getdlopenflags() | os.RTLD_GLOBAL)\n{BOTH}"
    assert ask(python, first, f"[{WHOSE}, bool(sys.getdlopenflags() & os.RTLD_GLOBAL)]") == [40, True]


def test_it_heals_in_threads_and_in_subprocesses(python):
    thread = "import threading\nt = threading.Thread(target=lambda: __import__('tensorflow'))\nt.start(); t.join()"
    assert ask(python, f"{thread}\nimport triton", WHOSE) == 2
    code = f"{BOTH}; print({WHOSE})"
    child = f"import subprocess\nout = subprocess.run([sys.executable, '-c', {code!r}], capture_output=True, text=True)"
    assert ask(python, child, "out.stdout.strip()") == "2"


LATE = """
import _interlock_loader as loader, _interlock_symbols as symbols
calls = loader.after.pop(symbols.FLAGS)  # as if the loader had come after TensorFlow
import tensorflow
loader.after[symbols.FLAGS] = calls
import triton
"""


def test_where_tensorflow_came_first_the_others_see_their_own_symbols_first(python):
    done = {"done": ["libtriton.so sees its own symbols first"], "errors": []}
    assert ask(python, LATE, f"[{WHOSE}, {REPORT}]") == [2, done]


def test_a_tensorflow_that_no_longer_has_the_functions_is_told(python):
    first = """
import tensorflow.python.pywrap_dlopen_global_flags as flags
del flags.set_dlopen_flags
symbols = sys.modules['_interlock_symbols']
symbols.keep_local(flags)
"""
    assert ask(python, first, "symbols.report['errors']") == [
        "tensorflow.python.pywrap_dlopen_global_flags has no set_dlopen_flags"
    ]


def test_the_module_tells_what_was_done(python):
    done = subprocess.run(
        [python, "-m", "interlock_loader", "tensorflow", "triton", "nowhere"],
        capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
    )  # fmt: skip
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["symbols"] == DONE
    assert told["failed"] == {"nowhere": "ModuleNotFoundError: No module named 'nowhere'"}
