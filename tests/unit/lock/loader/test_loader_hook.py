"""The loader wheel at work: installed by pip and uv, beside stand-ins for TensorFlow and its CUDA libraries."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from solver.core.model import PypiName
from solver.lock.loader.wheel import loader_wheel
from solver.matrix.rows import Build, Library

GCC = shutil.which("gcc")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="CUDA libraries are loaded on Linux only"),
    pytest.mark.skipif(GCC is None, reason="gcc is not there to make stand-in libraries"),
]

UPPER = Library(
    id="upper",
    source="test",
    library="upper",
    cuda=12,
    distribution="nvidia-upper-cu12",
    directory="nvidia/upper/lib",
    sonames=("libstandin_upper.so.1", "libstandin_part.so.1"),
    needs=("lower",),
)
LOWER = Library(
    id="lower",
    source="test",
    library="lower",
    cuda=12,
    distribution="nvidia-lower-cu12",
    directory="nvidia/lower/lib",
    sonames=("libstandin_lower.so.1",),
)
NVCC = Library(
    id="nvcc", source="test", library="nvcc", cuda=12, distribution="nvidia-nvcc-cu12", directory="nvidia/cuda_nvcc"
)
BUILD = Build(
    id="tensorflow",
    source="test",
    package="tensorflow",
    version="2.21.0",
    platform="linux-64",
    python=("3.12",),
    cuda="12.5",
    cudnn="9.3",
    opens=("upper", "lower"),
    runpath=(),
)
WHEEL = loader_wheel(BUILD, (UPPER, LOWER, NVCC), {PypiName(row.distribution): "1.0" for row in (UPPER, LOWER, NVCC)})

# What TensorFlow does: open a library by its soname alone, and go without a GPU if that fails.
TENSORFLOW = """
import ctypes
try:
    gpus = [ctypes.CDLL("libstandin_upper.so.1").upper()]
except OSError:
    gpus = []
"""
TELL = "import json, sys; loader = sys.modules['_interlock_loader']; print(json.dumps({}))"


@pytest.fixture(scope="module")
def lock(tmp_path_factory) -> Path:
    """A lock's folder: requirements.txt and wheels/."""
    assert WHEEL is not None
    folder = tmp_path_factory.mktemp("lock")
    (folder / "wheels").mkdir()
    (folder / "wheels" / WHEEL[0]).write_bytes(WHEEL[1])
    write_requirements(folder, hashlib.sha256(WHEEL[1]).hexdigest())
    return folder


def write_requirements(folder: Path, digest: str) -> None:
    assert WHEEL is not None
    version = WHEEL[0].split("-")[1]
    (folder / "requirements.txt").write_text(
        f"--find-links ./wheels\ninterlock-loader=={version} --hash=sha256:{digest}\n"
    )


@pytest.fixture(scope="module")
def libraries(tmp_path_factory) -> Path:
    """site-packages/nvidia of the stand-ins: upper needs lower and its own part, and has no RUNPATH to either."""
    folder = tmp_path_factory.mktemp("libraries")
    for name, needs, code in (
        ("lower", [], "int lower(void) { return 40; }"),
        ("part", [], "int part(void) { return 2; }"),
        ("upper", ["lower", "part"], "int lower(void); int part(void); int upper(void) { return lower() + part(); }"),
    ):
        place = folder / "nvidia" / ("lower" if name == "lower" else "upper") / "lib"
        place.mkdir(parents=True, exist_ok=True)
        source = folder / f"{name}.c"
        source.write_text(code)
        soname = f"libstandin_{name}.so.1"
        command = [str(GCC), "-shared", "-fPIC", "-o", str(place / soname), str(source), f"-Wl,-soname,{soname}"]
        for need in needs:
            owner = "lower" if need == "lower" else "upper"
            command.append(str(folder / "nvidia" / owner / "lib" / f"libstandin_{need}.so.1"))
        subprocess.run(command, check=True)
    return folder / "nvidia"


def clean_environment(**more: str) -> dict[str, str]:
    foreign = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "XLA_FLAGS")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**variables, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}


def pip(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not there")
    command = [sys.executable, "-m", "pip", "--isolated", "--python", str(python), *arguments]
    return subprocess.run(command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, check=False)


def uv(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("uv") is None:
        pytest.skip("uv is not there")
    from uv import find_uv_bin

    command, *rest = arguments
    line = [find_uv_bin(), "--no-config", "pip", command, "--python", str(python), *rest]
    cache = str(cwd / "uv-cache")
    env = clean_environment(UV_CACHE_DIR=cache)
    return subprocess.run(line, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def new_environment(folder: Path, python: Path | None = None) -> Path:
    """An environment without pip; returns its python."""
    if python is None:
        venv.create(folder, with_pip=False, symlinks=True)
    else:
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, env=clean_environment())
    return folder / "bin" / "python"


def site_packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python*/site-packages"))


def add_stand_ins(python: Path, libraries: Path) -> None:
    site = site_packages(python)
    shutil.copytree(libraries, site / "nvidia")
    (site / "tensorflow").mkdir()
    (site / "tensorflow" / "__init__.py").write_text(TENSORFLOW)


def unpack_wheel(site: Path) -> None:
    assert WHEEL is not None
    archive = site / "wheel.zip"
    archive.write_bytes(WHEEL[1])
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(site)
    archive.unlink()


@pytest.fixture
def environment(tmp_path, libraries) -> Path:
    """The python of an environment with the wheel and the stand-ins."""
    python = new_environment(tmp_path / "environment")
    unpack_wheel(site_packages(python))
    add_stand_ins(python, libraries)
    return python


def run(python: Path, code: str, *flags: str, **env: str) -> str:
    done = subprocess.run(
        [python, *flags, "-c", code], env=clean_environment(**env), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def ask(python: Path, what: str, *flags: str, first: str = "import tensorflow", **env: str) -> object:
    return json.loads(run(python, f"{first}\n" + TELL.format(what), *flags, **env))


@pytest.mark.parametrize("installer", [pip, uv], ids=["pip", "uv"])
@pytest.mark.parametrize("inside", [True, False], ids=["from the lock's folder", "from another folder"])
def test_a_hashed_requirements_file_installs_it(installer: Callable, inside, lock, libraries, tmp_path):
    python = new_environment(tmp_path / "environment")
    file = "requirements.txt" if inside else str(lock / "requirements.txt")
    cwd = lock if inside else tmp_path
    done = installer(python, "install", "--no-index", "--require-hashes", "-r", file, cwd=cwd)
    assert done.returncode == 0, done.stderr
    checked = installer(python, "check", cwd=cwd)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    add_stand_ins(python, libraries)
    assert ask(python, "sys.modules['tensorflow'].gpus") == [42]


@pytest.mark.parametrize("installer", [pip, uv], ids=["pip", "uv"])
def test_a_wrong_hash_is_refused(installer: Callable, lock, tmp_path):
    folder = tmp_path / "lock"
    shutil.copytree(lock, folder)
    write_requirements(folder, "0" * 64)
    python = new_environment(tmp_path / "environment")
    done = installer(python, "install", "--no-index", "--require-hashes", "-r", "requirements.txt", cwd=folder)
    assert done.returncode != 0
    assert not list(site_packages(python).glob("*interlock*"))


def pythons() -> dict[str, Path]:
    by_version = {}
    for place in sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python")):
        major, minor, *_ = place.parts[-3].split(".")
        if (int(major), int(minor)) >= (3, 9):
            by_version[f"{major}.{minor}"] = place
    return by_version


@pytest.mark.parametrize("minor", ["3.9", "3.10", "3.11", "3.12", "3.13"])
def test_every_python_finds_the_library_by_its_soname(minor, libraries, tmp_path):
    python = pythons().get(minor)
    if python is None:
        pytest.skip(f"python {minor} is not there")
    python = new_environment(tmp_path / "environment", python)
    unpack_wheel(site_packages(python))
    add_stand_ins(python, libraries)
    answer = ask(python, "[sys.modules['tensorflow'].gpus, loader.report]")
    site = site_packages(python)
    places = [site / f"nvidia/{path}.so.1" for path in ("lower/lib/libstandin_lower", "upper/lib/libstandin_part")]
    assert answer == [
        [42],
        {
            "ran": True,
            "loaded": [str(path) for path in (*places, site / "nvidia/upper/lib/libstandin_upper.so.1")],
            "there": [],
            "missing": [],
            "errors": [],
            "xla": "no libdevice in any nvidia/cuda_nvcc",
        },
    ]
    # -S: no site, so no hook, so TensorFlow is left to itself
    assert run(python, "import tensorflow; print(tensorflow.gpus)", "-S", PYTHONPATH=str(site)) == "[]"


def test_nothing_happens_before_tensorflow_is_imported(environment):
    code = """
import sys
idle = lambda: "ctypes" not in sys.modules and "standin" not in open("/proc/self/maps").read()
assert "_interlock_loader" in sys.modules
assert not {"json", "ctypes", "pathlib"} & set(sys.modules)
assert idle()
import email, importlib.util
assert importlib.util.find_spec("tensorflow") is not None
assert idle() and not sys.modules["_interlock_loader"].report["ran"]
import tensorflow
print(not idle(), tensorflow.gpus)
"""
    assert run(environment, code, "-I") == "True [42]"


def test_a_package_that_imports_tensorflow_is_served(environment):
    (site_packages(environment) / "above.py").write_text("import tensorflow.python\n")
    (site_packages(environment) / "tensorflow" / "python.py").write_text("")
    assert ask(environment, "sys.modules['tensorflow'].gpus", first="import above") == [42]


def test_the_loader_of_tensorflow_is_left_as_it_was(environment):
    code = (
        "import tensorflow, importlib.resources; print(vars(tensorflow.__spec__.loader).keys() <= {'name', 'path'}, "
        "tensorflow.__loader__ is tensorflow.__spec__.loader, type(tensorflow.__loader__).__name__)"
    )
    assert run(environment, code) == "True True SourceFileLoader"


@pytest.mark.parametrize("damage", ["no library", "an empty file", "gone", "no list", "a broken list"])
def test_no_damage_makes_the_import_fail(damage, environment):
    site = site_packages(environment)
    upper, table = site / "nvidia/upper/lib/libstandin_upper.so.1", site / "_interlock_loader.json"
    expected = {"no library": "invalid ELF header", "an empty file": "file too short"}.get(damage)
    if expected is not None:
        upper.write_bytes(b"no library at all" * 99 if damage == "no library" else b"")
    elif damage == "gone":
        upper.unlink()
    elif damage == "no list":
        table.unlink()
    else:
        table.write_text("{")
    gpus, report = ask(environment, "[sys.modules['tensorflow'].gpus, loader.report]")  # type: ignore[misc]
    assert gpus == []
    if damage == "gone":
        assert (report["missing"], report["errors"]) == (["libstandin_upper.so.1"], [])
    elif expected is not None:
        [error] = report["errors"]
        assert error.startswith(f"{upper}: OSError: ") and expected in error
    else:
        [error] = report["errors"]
        assert error.startswith("tensorflow: ")


def test_an_import_that_fails_fails_as_ever(environment):
    (site_packages(environment) / "tensorflow" / "__init__.py").write_text("raise RuntimeError('of its own')")
    code = "try: import tensorflow\nexcept RuntimeError as error: print(error)"
    assert run(environment, code) == "of its own"
    shutil.rmtree(site_packages(environment) / "tensorflow")
    code = "try: import tensorflow\nexcept ModuleNotFoundError as error: print(error.name)"
    assert run(environment, code) == "tensorflow"


def test_what_is_loaded_already_is_left_alone(environment):
    lower = site_packages(environment) / "nvidia/lower/lib/libstandin_lower.so.1"
    first = f"import ctypes; ctypes.CDLL({str(lower)!r}); import tensorflow"
    answer = ask(environment, "[sys.modules['tensorflow'].gpus, loader.report['there']]", first=first)
    assert answer == [[42], ["libstandin_lower.so.1"]]


def test_reloading_does_nothing_twice(environment):
    first = """
import importlib, sys, tensorflow
import _interlock_loader
importlib.reload(tensorflow)
importlib.reload(_interlock_loader)
importlib.reload(tensorflow)
"""
    answer = ask(
        environment,
        "[sum(hasattr(f, 'interlock') for f in sys.meta_path)] + [loader.report[k] for k in ('there', 'errors')]",
        first=first,
    )
    assert answer == [1, [], []]


def test_a_symlinked_environment_works(environment, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(environment.parent.parent)
    assert ask(link / "bin" / "python", "sys.modules['tensorflow'].gpus") == [42]


def test_libraries_and_tensorflow_may_lie_in_other_folders(environment, tmp_path):
    site, other, third = site_packages(environment), tmp_path / "other", tmp_path / "third"
    other.mkdir()
    third.mkdir()
    shutil.move(site / "nvidia", other / "nvidia")
    shutil.move(site / "tensorflow", third / "tensorflow")
    (site / "folders.pth").write_text(f"{other}\n{third}\n")
    assert ask(environment, "sys.modules['tensorflow'].gpus") == [42]


def test_a_finder_in_front_of_ours_works(environment, tmp_path):
    """As an editable install, or another hook that asks all finders in turn."""
    shutil.move(site_packages(environment) / "tensorflow", tmp_path / "tensorflow")
    first = f"""
import importlib.util, sys
class Editable:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "tensorflow":
            return importlib.util.spec_from_file_location(name, {str(tmp_path / "tensorflow" / "__init__.py")!r})
class Curious:
    asking = False
    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow" or self.asking:
            return None
        self.asking = True
        return importlib.util.find_spec(name)
sys.meta_path.append(Editable)
sys.meta_path.insert(0, Curious())
import tensorflow
"""
    assert ask(environment, "sys.modules['tensorflow'].gpus", first=first) == [42]


def test_another_hook_like_ours_works(environment):
    """Each asks all finders but itself, so they ask each other."""
    first = """
import sys
class Twin:
    def find_spec(self, name, path=None, target=None):
        for finder in sys.meta_path:
            if finder is not self and name == "tensorflow":
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    return spec
sys.meta_path.insert(0, Twin())
import tensorflow
"""
    assert ask(environment, "[sys.modules['tensorflow'].gpus, loader.report['errors']]", first=first) == [[42], []]


def test_tensorflow_and_the_hook_may_lie_in_zip_files(environment, tmp_path):
    site = site_packages(environment)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("tensorflow/__init__.py", TENSORFLOW)
        archive.writestr("other.py", "")
        for path in site.glob("*interlock*.*"):
            if path.is_file() and path.suffix != ".pth":
                archive.write(path, path.name)
                path.unlink()
    shutil.rmtree(site / "tensorflow")
    (site / "aa.pth").write_text(f"{tmp_path / 'all.zip'}\n")
    first = """
import importlib.util, sys
importlib.util.find_spec("tensorflow")
import other
assert not sys.modules["_interlock_loader"].report["ran"]
import tensorflow
"""
    # python 3.9 would go without: its zipimport has no exec_module to wrap
    assert ask(environment, "sys.modules['tensorflow'].gpus", first=first) == [42]


def test_threads_that_import_at_once_load_once(environment):
    first = """
import threading, sys
def load(): import tensorflow
threads = [threading.Thread(target=load) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    assert ask(environment, "[loader.report['errors'], len(loader.report['loaded'])]", first=first) == [[], 3]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (None, "--xla_gpu_cuda_data_dir={}"),
        ("--xla_dump_to=/x", "--xla_dump_to=/x --xla_gpu_cuda_data_dir={}"),
        ("--xla_gpu_cuda_data_dir=/mine", "--xla_gpu_cuda_data_dir=/mine"),
        ("/a/file/of/flags", "/a/file/of/flags"),
    ],
    ids=["unset", "other flags", "set by the user", "a file"],
)
def test_xla_is_told_where_its_data_is(flags, expected, environment):
    data = site_packages(environment) / "nvidia" / "cuda_nvcc"
    (data / "nvvm" / "libdevice").mkdir(parents=True)
    env = {} if flags is None else {"XLA_FLAGS": flags}
    answer = ask(environment, "__import__('os').environ.get('XLA_FLAGS')", **env)
    assert answer == expected.format(data)


def test_a_data_folder_with_a_space_is_quoted(libraries, tmp_path):
    python = new_environment(tmp_path / "an environment")
    unpack_wheel(site_packages(python))
    add_stand_ins(python, libraries)
    data = site_packages(python) / "nvidia" / "cuda_nvcc"
    (data / "nvvm" / "libdevice").mkdir(parents=True)
    assert ask(python, "__import__('os').environ['XLA_FLAGS']") == f'--xla_gpu_cuda_data_dir="{data}"'
