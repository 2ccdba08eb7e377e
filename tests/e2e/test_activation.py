"""`loader: activation`: a lock's environment made, activated and left as conda does it, in every shell that is here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from channel_lock import Lock
from conda_world import VERSION
from paths import TESTS
from sealed import seal

from solver.commands.create import carry_out, plan
from solver.core.model import pypi_name
from solver.core.wheelfile import pack_wheel
from solver.lock.install.prefix import install_lock
from solver.lock.loader.wheel import activation_wheel
from solver.matrix.rows import Build, Library
from solver.proof.verify.runner import probe_environment

GCC = shutil.which("gcc")
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LD_LIBRARY_PATH is of Linux"),
    pytest.mark.skipif(GCC is None, reason="gcc is not there to make a stand-in library"),
]
LIBRARY = Library(
    id="standin",
    source="test",
    library="standin",
    cuda=12,
    distribution="nvidia-standin-cu12",
    directory="nvidia/standin/lib",
    sonames=("libstandin_led.so.1",),
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
    python=(VERSION,),
    cuda="12.5",
    cudnn="9.3",
    opens=("standin",),
    runpath=(),
)
SITE = f"lib/python{VERSION}/site-packages"
# What TensorFlow does: open a library by its soname alone, and go without a GPU if that fails.
TENSORFLOW = """
import ctypes
try:
    gpus = [ctypes.CDLL("libstandin_led.so.1").answer()]
except OSError:
    gpus = []
"""
TELL = "import tensorflow; print(tensorflow.gpus)"


def put_wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> str:
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    filename, content = pack_wheel(f"{name.replace('-', '_')}-{version}", files, {"METADATA": metadata})
    (folder / filename).write_bytes(content)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def lock(channel, tmp_path):
    lock = Lock(channel, tmp_path)
    (tmp_path / "led.c").write_text("int answer(void) { return 42; }")
    built = tmp_path / "libstandin_led.so.1"
    command = [str(GCC), "-shared", "-fPIC", "-o", str(built), str(tmp_path / "led.c"), f"-Wl,-soname,{built.name}"]
    subprocess.run(command, check=True)
    wheels = lock.folder / "wheels"
    library = {f"{LIBRARY.directory}/{built.name}": built.read_bytes(), "nvidia/cuda_nvcc/nvvm/libdevice/x.bc": b""}
    pins = {pypi_name(row.distribution): "1.0" for row in (LIBRARY, NVCC)}
    made = activation_wheel(BUILD, (LIBRARY, NVCC), pins, VERSION)
    assert made is not None
    (wheels / made[0]).write_bytes(made[1])
    version = made[0].split("-")[1]
    lock.lines += [
        put_wheel(wheels, "nvidia-standin-cu12", "1.0", library),
        put_wheel(wheels, "tensorflow", "2.21.0", {"tensorflow/__init__.py": TENSORFLOW.encode()}),
        f"interlock-loader=={version} --hash=sha256:{hashlib.sha256(made[1]).hexdigest()}",
    ]
    lock.write()
    seal(lock.folder)
    return lock


@pytest.fixture
def prefix(lock, tmp_path):
    prefix = tmp_path / "my env"
    install_lock(lock.folder, prefix, folder=lock.channel)
    return prefix


def clean(**more):
    foreign = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "XLA_FLAGS", "CONDA", "INTERLOCK")
    return {**{k: v for k, v in os.environ.items() if not k.startswith(foreign)}, **more}


SHELLS = {
    "sh": ("posix", 'eval "$({})"'),
    "bash": ("posix", 'eval "$({})"'),
    "zsh": ("posix", 'eval "$({})"'),
    "tcsh": ("csh", 'eval "`{}`"'),
    "fish": ("fish", "eval ({})"),
}
PRINT = 'printenv LD_LIBRARY_PATH\nprintenv XLA_FLAGS\nprintenv DEMO\npython -c "{}"\n'.format(TELL.replace('"', "'"))


def activated(shell, prefix, tmp_path, **environ):
    """What the shell prints in the activated environment, after its reactivation, and after leaving it."""
    kind, evaluate = SHELLS[shell]
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    conda = f"{sys.executable} {TESTS / 'support' / 'conda_shell.py'} {kind}"
    (tmp_path / "link").symlink_to(prefix)  # a quoted path within csh's own quotes is beyond it
    script = tmp_path / "script"
    script.write_text(
        "\n".join(
            [
                evaluate.format(f"{conda} activate {tmp_path / 'link'}"),
                PRINT,
                evaluate.format(f"{conda} reactivate"),
                "printenv LD_LIBRARY_PATH",
                evaluate.format(f"{conda} deactivate"),
                "echo left",
                "printenv LD_LIBRARY_PATH",
                "printenv XLA_FLAGS",
                "true",
            ]
        )
    )
    done = subprocess.run([shell, script], env=clean(**environ), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", SHELLS)
def test_what_activation_puts_on_the_path_leaving_takes_away(prefix, tmp_path, shell):
    site = tmp_path / "link" / SITE
    path, flag = f"{site}/nvidia/standin/lib", f'--xla_gpu_cuda_data_dir="{site}/nvidia/cuda_nvcc"'
    assert activated(shell, prefix, tmp_path) == [path, flag, "1", "[42]", path, "left"]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_was_there_before_stays_behind_it_and_is_put_back(prefix, tmp_path, shell):
    site = tmp_path / "link" / SITE
    flag = f'--xla_gpu_cuda_data_dir="{site}/nvidia/cuda_nvcc"'
    path = f"{site}/nvidia/standin/lib:/opt/a b:/opt/c"
    lines = activated(shell, prefix, tmp_path, LD_LIBRARY_PATH="/opt/a b:/opt/c", XLA_FLAGS="--one=1 --two")
    assert lines == [path, f"--one=1 --two {flag}", "1", "[42]", path, "left", "/opt/a b:/opt/c", "--one=1 --two"]


def test_a_prefix_with_a_space_in_its_path(prefix):
    script = f'CONDA_PREFIX="{prefix}"; . "$CONDA_PREFIX/etc/conda/activate.d/interlock-loader.sh"; "$0" -c "{TELL}"'
    python = prefix / "bin" / "python"
    done = subprocess.run(["sh", "-eu", "-c", script, python], env=clean(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[42]\n", "")


@pytest.mark.parametrize("flags", ["flags.txt", "--xla_gpu_cuda_data_dir=/mine"])
def test_flags_that_name_a_file_or_a_folder_are_left_as_they_are(prefix, tmp_path, flags):
    assert activated("sh", prefix, tmp_path, XLA_FLAGS=flags)[1:3] == [flags, "1"]


def test_it_can_be_turned_off(prefix, tmp_path):
    assert activated("bash", prefix, tmp_path, INTERLOCK_LOADER="off") == ["1", "[]", "left"]


def test_a_python_that_nobody_activated_finds_nothing_of_it_and_runs_no_code_of_ours(prefix):
    code = TELL + "; import sys; print([name for name in sys.modules if 'interlock' in name])"
    command = [prefix / "bin" / "python", "-c", code]
    done = subprocess.run(command, env=clean(), capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]"]


def test_the_line_that_create_ends_with_runs_the_script(lock, tmp_path):
    made = plan(tmp_path, "demo", name=None, prefix=tmp_path / "env", program=None, environ={"PATH": ""})
    carry_out(made)
    script = f'{made.activation}\npython -c "{TELL}"'
    done = subprocess.run(["sh", "-c", script], env=clean(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[42]\n", "")


def test_a_plain_venv_has_a_script_that_does_the_same(lock, tmp_path):
    install_lock(lock.folder, tmp_path / "venv", python=Path(sys.executable), folder=lock.channel)
    script = f'. "$0"; . "$1"; python -c "{TELL}"'
    files = [tmp_path / "venv" / "bin" / name for name in ("activate", "activate-variables.sh")]
    done = subprocess.run(["sh", "-eu", "-c", script, *files], env=clean(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[42]\n", "")


def test_a_probe_runs_as_in_the_activated_environment(prefix, tmp_path):
    environ = probe_environment(prefix, tmp_path, os.environ, {})
    done = subprocess.run([prefix / "bin" / "python", "-c", TELL], env=environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[42]\n", "")
    assert environ["XLA_FLAGS"] == f'--xla_gpu_cuda_data_dir="{prefix / SITE}/nvidia/cuda_nvcc"'
