"""pylock.toml (PEP 751), read back by the reference reader."""

from __future__ import annotations

import tomllib

import pytest
from packaging.markers import default_environment
from packaging.pylock import Pylock
from packaging.utils import parse_wheel_filename

from solver.core.errors import InterlockError
from solver.core.model import IndexFile, Pin, Solution, Target, pypi_name
from solver.lock.pylock import pylock_toml
from solver.lock.requirements import LocalWheel

A, B = "a" * 64, "b" * 64
NUMPY = IndexFile(filename="numpy-2.0.2-cp312-cp312-manylinux_2_17_x86_64.whl", sha256=A, size=10)
TORCH = IndexFile(
    filename="torch-2.11.0+cu128-cp312-cp312-linux_x86_64.whl", sha256=B, url="https://wheels.invalid/torch.whl"
)
OURS = LocalWheel("interlock-loader", "1", "interlock_loader-1-py3-none-any.whl", A, b"12345")
ADDRESSES = {NUMPY.filename: f"https://files.invalid/{NUMPY.filename}"}


def solution(platform="linux-64", files=(NUMPY,)):
    parts = {"requires": (), "asked_by": ()}
    return Solution(
        profile="full",
        target=Target(platform=platform),
        axes={"python": "3.12"},
        pins=(
            Pin(name=pypi_name("numpy"), version="2.0.2", index="default", files=files, **parts),
            Pin(name=pypi_name("torch"), version="2.11.0+cu128", index="pytorch", files=(TORCH,), **parts),
        ),
        because=(),
        notes=(),
        missing=(),
    )


def test_the_reference_reader_takes_it():
    read = Pylock.from_dict(tomllib.loads(pylock_toml(solution(), ADDRESSES, [OURS])))
    read.validate()
    assert [(package.name, str(package.version)) for package in read.packages] == [
        ("interlock-loader", "1"),
        ("numpy", "2.0.2"),
        ("torch", "2.11.0+cu128"),
    ]
    loader, numpy, torch = (package.wheels[0] for package in read.packages)
    assert (loader.path, loader.size, loader.hashes) == ("wheels/interlock_loader-1-py3-none-any.whl", 5, {"sha256": A})
    assert (numpy.url, numpy.size, numpy.hashes) == (ADDRESSES[NUMPY.filename], 10, {"sha256": A})
    assert torch.url == "https://wheels.invalid/torch.whl"
    assert parse_wheel_filename(torch.name)[0] == "torch"


def test_what_has_to_be_built_is_a_source_archive():
    source = IndexFile(filename="numpy-2.0.2.tar.gz", sha256=A, size=10)
    text = pylock_toml(solution(files=(source,)), {source.filename: "https://files.invalid/numpy-2.0.2.tar.gz"})
    numpy = Pylock.from_dict(tomllib.loads(text)).packages[0]
    assert (numpy.wheels, numpy.sdist.url, numpy.sdist.hashes) == (
        None,
        "https://files.invalid/numpy-2.0.2.tar.gz",
        {"sha256": A},
    )


@pytest.mark.parametrize(
    ("platform", "system", "machine"),
    [("linux-64", "linux", "x86_64"), ("linux-aarch64", "linux", "aarch64"), ("win-64", "win32", "AMD64")],
)
def test_it_is_for_its_target_only(platform, system, machine):
    (marker,) = Pylock.from_dict(tomllib.loads(pylock_toml(solution(platform), ADDRESSES))).environments
    here = {**default_environment(), "python_version": "3.12", "sys_platform": system, "platform_machine": machine}
    assert marker.evaluate(here)
    assert not marker.evaluate({**here, "python_version": "3.11"})
    assert not marker.evaluate({**here, "platform_machine": "ppc64le"})


def test_an_address_that_nobody_knows_is_a_bug():
    with pytest.raises(InterlockError, match=f"no address is known for {NUMPY.filename}"):
        pylock_toml(solution(), {})


def test_the_order_of_files_changes_nothing():
    other = IndexFile(filename="numpy-2.0.2-cp312-abi3-manylinux_2_28_x86_64.whl", sha256=B)
    addresses = {**ADDRESSES, other.filename: "https://files.invalid/other"}
    assert pylock_toml(solution(files=(NUMPY, other)), addresses) == pylock_toml(
        solution(files=(other, NUMPY)), addresses
    )
