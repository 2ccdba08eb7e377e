"""requirements.txt: every pin with the hashes of its usable wheels, in one form whatever the order."""

from __future__ import annotations

import msgspec
import pytest

from solver.core.answer import NOT_KNOWN
from solver.core.errors import InterlockError
from solver.core.model import IndexFile, Pin, Solution, Target, pypi_name
from solver.lock.requirements import LocalWheel, requirement_lines, requirements_txt

A, B, C = "a" * 64, "b" * 64, "c" * 64
AXES = {"python": "3.12", "cuda": "12.8", "cudnn": "9.10.2.21", "tensorflow": "2.20.0", "jax": None, "torch": "2.9.1"}


def wheel(name, sha256, url=None):
    return IndexFile(filename=f"{name}-py3-none-any.whl", sha256=sha256, url=url)


def pin(name, version, *files, index="default"):
    return Pin(name=pypi_name(name), version=version, index=index, files=files, requires=(), asked_by=())


def solution(*pins, axes=AXES, target=None):
    return Solution(profile="full", target=target or Target(), axes=axes, pins=pins, because=(), notes=(), missing=())


SMALL = solution(
    pin("torch", "2.9.1", wheel("torch-2.9.1-2", B), wheel("torch-2.9.1", A)),
    pin("numpy", "2.0.2", wheel("numpy-2.0.2", C)),
)
OURS = LocalWheel("interlock-loader", "1", "interlock_loader-1-py3-none-any.whl", A, b"")


def test_the_whole_file():
    text = requirements_txt(SMALL, requirement_lines(SMALL, [OURS]), "interlock lock full")
    assert (
        text
        == f"""\
# full: tensorflow 2.20.0, torch 2.9.1; CUDA 12.8, cuDNN 9.10.2.21.
# For python 3.12, linux-64, glibc >= 2.28, NVIDIA driver >= 525.60.13.
# Made by `interlock lock full`; do not edit. Install: pip install --require-hashes -r requirements.txt
--find-links ./wheels
interlock-loader==1 \\
    --hash=sha256:{A}
numpy==2.0.2 \\
    --hash=sha256:{C}
torch==2.9.1 \\
    --hash=sha256:{A} \\
    --hash=sha256:{B}
"""
    )


def test_for_cpus_no_driver_is_named():
    cpu = solution(axes={**AXES, "cuda": None, "cudnn": None}, target=Target(driver=None))
    first, second, *_ = requirements_txt(cpu, [], "interlock lock full").splitlines()
    assert first == "# full: tensorflow 2.20.0, torch 2.9.1; CPU only."
    assert second == "# For python 3.12, linux-64, glibc >= 2.28."


def test_windows_has_no_glibc():
    text = requirements_txt(solution(target=Target(platform="win-64")), [], "interlock lock full")
    assert "# For python 3.12, win-64, NVIDIA driver >= 525.60.13.\n" in text


def test_the_order_of_pins_and_files_changes_nothing():
    turned = msgspec.structs.replace(
        SMALL,
        pins=tuple(msgspec.structs.replace(one, files=tuple(reversed(one.files))) for one in reversed(SMALL.pins)),
    )
    assert requirement_lines(turned, [OURS]) == requirement_lines(SMALL, [OURS])


def test_without_wheels_of_our_own_there_is_no_option():
    assert not any(line.startswith("-") for line in requirement_lines(SMALL))


def test_another_index_is_named_by_address_and_never_as_an_index():
    url = "https://wheels.invalid/torch-2.11.0%2Bcu128-py3-none-any.whl"
    other = solution(pin("torch", "2.11.0+cu128", wheel("torch", NOT_KNOWN), wheel("torch", B, url), index="pytorch"))
    assert requirement_lines(other) == [f"torch @ {url} --hash=sha256:{B}"]


def test_a_hash_that_nobody_read_is_never_written():
    with pytest.raises(InterlockError, match=r"torch 2\.9\.1 has no hash and must not be locked"):
        requirement_lines(solution(pin("torch", "2.9.1", wheel("torch", NOT_KNOWN))))
    with pytest.raises(InterlockError, match="its address is not recorded"):
        requirement_lines(solution(pin("torch", "2.9.1", wheel("torch", A), index="pytorch")))


def test_wheels_of_which_one_hash_was_read_are_held_to_it():
    half = solution(pin("torch", "2.9.1", wheel("torch-1", NOT_KNOWN), wheel("torch-2", A)))
    assert requirement_lines(half) == [f"torch==2.9.1 --hash=sha256:{A}"]
