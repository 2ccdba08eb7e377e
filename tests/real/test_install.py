"""Locks really installed, on a machine without a GPU; gigabytes, so `nox -s install-locks` runs them and nothing else.

pip and uv run without any configuration of the machine: what a lock needs stands in the lock.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from paths import ROOT

LOCKS = {path.parent.name: path for path in sorted((ROOT / "locks").glob("*/requirements.txt"))}
INSTALLED = tuple(os.environ.get("INTERLOCK_INSTALL", "full-py312").split())
"""The locks that are installed whole: `INTERLOCK_INSTALL="full-py312 tf-latest" nox -s install-locks`."""

pytestmark = pytest.mark.index


def bare() -> dict[str, str]:
    """The environment without a setting of pip, uv or python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2"}


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, env=bare(), cwd=cwd, check=False)


def uv() -> str:
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip("uv is not installed")
    return found


def python_of(version: str) -> str:
    """An interpreter of this major.minor, found by uv; the test is skipped by name where there is none."""
    ran = run(uv(), "--no-config", "python", "find", "--no-python-downloads", version)
    if ran.returncode:
        pytest.skip(f"no python {version} on this machine")
    return ran.stdout.strip()


def target_python(requirements: Path) -> str:
    found = re.search(r"^# For python (3\.\d+), linux-64", requirements.read_text(), re.M)
    if found is None:
        pytest.skip("the lock is for another platform")
    return found[1]


@pytest.mark.parametrize("name", LOCKS)
def test_uv_accepts_the_lock(name, tmp_path):
    requirements = LOCKS[name]
    if " @ " in requirements.read_text():
        pytest.skip("the lock names files of another index")
    python = target_python(requirements)
    made = run(uv(), "--no-config", "venv", "--python", python_of(python), tmp_path / "env")
    assert made.returncode == 0, made.stderr
    options = ["--dry-run", "--require-hashes", "--python", tmp_path / "env", "--no-cache"]
    ran = run(uv(), "--no-config", "pip", "install", *options, "-r", requirements, cwd=requirements.parent)
    assert ran.returncode == 0, ran.stderr
    pins = re.findall(r"^([a-z0-9][a-z0-9.-]*)==", requirements.read_text(), re.M)
    assert f"Would install {len(pins)} packages" in ran.stderr


@pytest.fixture(scope="module", params=INSTALLED)
def environment(request, tmp_path_factory):
    """A fresh venv of the lock's python into which pip installed the lock, hashes checked."""
    requirements = LOCKS[request.param]
    where = tmp_path_factory.mktemp(request.param)
    subprocess.run([python_of(target_python(requirements)), "-m", "venv", str(where)], check=True, env=bare())
    ran = pip(where, "install", "--no-cache-dir", "--require-hashes", "-r", requirements, cwd=requirements.parent)
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    yield where
    shutil.rmtree(where)


def pip(where: Path, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run(where / "bin" / "python", "-m", "pip", "--isolated", *words, cwd=cwd)


def test_what_is_installed_is_the_lock_and_nothing_else(environment, request):
    name = request.node.callspec.params["environment"]
    locked = set(re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:==| @ )", LOCKS[name].read_text(), re.M))
    listed = pip(environment, "list", "--format=freeze").stdout
    have = {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in listed.split()}
    assert have - {"pip", "setuptools", "wheel"} == locked - {"pip", "setuptools", "wheel"}
    checked = pip(environment, "check")
    assert (checked.returncode, checked.stdout.strip()) == (0, "No broken requirements found.")


STEPS = """
    import numpy as np
    keras = tensorflow.keras
    x = np.random.default_rng(0).normal(size=(256, 8)).astype("float32")
    y = x @ np.arange(8, dtype="float32")[:, None]

    layers = [keras.layers.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer="adam", loss="mse")
    losses = model.fit(x, y, epochs=5, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < losses[0], losses

    layer = torch.nn.Linear(8, 1)
    step = torch.optim.SGD(layer.parameters(), lr=0.05)
    before = torch.nn.functional.mse_loss(layer(torch.from_numpy(x)), torch.from_numpy(y))
    for _ in range(20):
        loss = torch.nn.functional.mse_loss(layer(torch.from_numpy(x)), torch.from_numpy(y))
        step.zero_grad(); loss.backward(); step.step()
    assert loss < before, (loss, before)

    shared = torch.utils.dlpack.from_dlpack(tensorflow.experimental.dlpack.to_dlpack(tensorflow.constant(x)))
    assert np.array_equal(shared.numpy(), x)
    print("trained", tensorflow.__version__, torch.__version__)
"""


@pytest.mark.parametrize("order", ["import torch, tensorflow", "import tensorflow, torch"])
def test_both_frameworks_train_in_one_process(environment, order, tmp_path):
    script = tmp_path / "steps.py"
    script.write_text(order + "\n" + textwrap.dedent(STEPS))
    ran = run(environment / "bin" / "python", script)
    assert ran.returncode == 0, ran.stderr[-4000:]
    assert ran.stdout.startswith("trained")


# ---- what a damaged lock does, with a small part of a lock, so that it stays cheap


@pytest.fixture
def small(tmp_path):
    """A lock of a package and its one dependency, cut out of a committed lock, and a venv."""
    requirements = LOCKS[INSTALLED[0]]
    entries = {entry.partition("==")[0]: entry for entry in re.split(r"\n(?=[a-z0-9])", requirements.read_text())}
    small = tmp_path / "requirements.txt"
    small.write_text("\n".join([entries["jinja2"], entries["markupsafe"], ""]))
    subprocess.run([python_of(target_python(requirements)), "-m", "venv", tmp_path / "env"], check=True, env=bare())
    return small


def install(small: Path) -> subprocess.CompletedProcess[str]:
    return pip(small.parent / "env", "install", "--no-cache-dir", "--require-hashes", "-r", small)


def test_a_part_that_is_whole_installs(small):
    assert install(small).returncode == 0


def test_taking_one_package_out_makes_pip_refuse(small):
    text = small.read_text()
    small.write_text(text[: text.index("markupsafe==")])
    ran = install(small)
    assert ran.returncode != 0
    assert "In --require-hashes mode, all requirements must have their versions pinned with ==" in ran.stderr
    assert "MarkupSafe" in ran.stderr


def test_changing_one_hash_makes_pip_refuse(small):
    text = small.read_text()
    last = re.findall(r"sha256:([0-9a-f]{64})", text)[-1]
    changed = re.sub(r"(markupsafe==.*?)sha256:[0-9a-f]{64}", lambda m: f"{m[1]}sha256:{'0' * 64}", text, flags=re.S)
    small.write_text(changed)
    assert last
    ran = install(small)
    assert ran.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in ran.stderr
