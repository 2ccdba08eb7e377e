"""The reader of installed environments, a venv or one of conda."""

from __future__ import annotations

import shutil

import pytest
from paths import DATA
from standin_prefix import conda_prefix, record

from solver.audit import prefix_files
from solver.audit.inputs import read_set
from solver.core.errors import BadInput
from solver.core.model import Target
from solver.core.scratch import UNFINISHED


def test_what_is_installed_is_read_without_running_it(prefix):
    prefix.install("Demo_Package", "1.0", requires=["idna>=3"])
    package_set = read_set(prefix.root)
    assert (package_set.kind, package_set.python, package_set.platform, package_set.closed) == (
        "prefix",
        "3.12",
        "linux-64",
        True,
    )
    (package,) = package_set.packages
    assert (package.pin, package.requires) == ("demo-package==1.0", ("idna>=3",))


def test_a_conda_environment_tells_builds_by_its_records(tmp_path):
    env = conda_prefix(tmp_path / "env")
    record(env.root, "tensorflow", "2.16.1", "cpu_py312h69ecde4_0")
    env.install("tensorflow", "2.16.1", requires=["idna"], installer="conda")
    record(env.root, "idna", "3.1", "pyhd8ed1ab_0")
    env.install("idna", "3.1", installer="conda")
    (finding,) = env.findings(Target(python="3.12", gpus=("9.0",)))
    assert (finding.code, finding.packages) == ("cpu-build", ("tensorflow==2.16.1",))


def test_a_folder_that_is_no_prefix(tmp_path):
    with pytest.raises(BadInput, match="is neither a venv nor a conda environment"):
        read_set(tmp_path)


def test_a_record_of_conda_that_cannot_be_read(tmp_path):
    env = conda_prefix(tmp_path / "env")
    (env.root / "conda-meta" / "x-1-0.json").write_text("{")
    with pytest.raises(BadInput, match="is no record of conda"):
        read_set(env.root)


def test_nothing_at_all(tmp_path):
    with pytest.raises(BadInput, match="there is no such file or folder"):
        read_set(tmp_path / "gone")


BROKEN = DATA / "broken" / "prefix"
ANEW = "; install it anew"
NO_LIBRARY = "expected a shared library, but it cannot be read (it is damaged); install it anew"
TORCH = "lib/python3.12/site-packages/torch-2.10.0.dist-info"
LIB = "lib/python3.12/site-packages/torch/lib"
TENSORFLOW = "lib/python3.12/site-packages/tensorflow"
META = "conda-meta/cuda-nvcc-12.8-0.json"


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("AssertionError.libc10_cuda.so", f"{LIB}/libc10_cuda.so", f": {NO_LIBRARY}"),
        ("AssertionError.libtorch_cuda.so", f"{LIB}/libtorch_cuda.so", f": {NO_LIBRARY}"),
        ("ValueError.libtorch_cuda.so", f"{LIB}/libtorch_cuda.so", f": {NO_LIBRARY}"),
        (
            "ValueError.libtensorflow_framework.so.2",
            f"{TENSORFLOW}/libtensorflow_framework.so.2",
            f": {NO_LIBRARY}",
        ),
        (
            "Error.RECORD",
            f"{TORCH}/RECORD",
            f":1: is no RECORD: field larger than field limit (131072){ANEW}",
        ),
        ("UnicodeDecodeError.RECORD", f"{TORCH}/RECORD", f":1: is not UTF-8 text: byte 0 cannot be read{ANEW}"),
        ("UnicodeDecodeError.2.INSTALLER", f"{TORCH}/INSTALLER", f":1: is not UTF-8 text: byte 0 cannot be read{ANEW}"),
        ("UnicodeDecodeError.pyvenv.cfg", "pyvenv.cfg", ":1: is not UTF-8 text: byte 0 cannot be read"),
        (
            "UnicodeDecodeError.cuda-nvcc-12.8-0.json",
            META,
            ": this is no record of conda: Input data was truncated; install that package anew with conda",
        ),
        (
            "ValueError.cuda-nvcc-12.8-0.json",
            META,
            ": 'cuda-n$cc' is no conda package name; install that package anew with conda",
        ),
    ],
)
def test_a_lying_file_of_a_prefix_ends_in_one_sentence(prefix, name, place, sentence):
    put(prefix, name, place)
    with pytest.raises(BadInput) as caught:
        prefix.findings()
    assert str(caught.value) == f"{prefix.root / place}{sentence}"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("OSError.METADATA", f"'nu{'9' * 107} … is no name of a package{ANEW}"),
        ("ValueError.2.METADATA", f"'9.10.2.{'9' * 102} … is no version{ANEW}"),
    ],
)
def test_metadata_of_no_package_are_told_with_their_folder(prefix, name, sentence):
    put(prefix, name, f"{TORCH}/METADATA")
    with pytest.raises(BadInput) as caught:
        prefix.findings()
    assert str(caught.value) == f"{prefix.root / TORCH}: {sentence}"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("UndefinedComparison.METADATA", f"{TORCH}/METADATA"),
        ("ValueError.METADATA", f"{TORCH}/METADATA"),
        ("UnicodeDecodeError.INSTALLER", f"{TORCH}/INSTALLER"),
        ("UnicodeDecodeError.WHEEL", f"{TORCH}/WHEEL"),
        ("ValueError.libc10_cuda.so", f"{LIB}/libc10_cuda.so"),
        ("ValueError.libtensorflow_cc.so.2", f"{TENSORFLOW}/libtensorflow_cc.so.2"),
    ],
)
def test_what_lies_about_nothing_that_is_asked_is_audited(prefix, name, place):
    put(prefix, name, place)
    assert [finding.severity for finding in prefix.findings()] == ["error"]


def put(prefix, name, place):
    """A broken file into an environment of both frameworks."""
    prefix.install("torch", "2.10.0")
    prefix.install("tensorflow", "2.20.0")
    target = prefix.root / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(BROKEN / name, target)


def test_a_recorded_file_outside_of_the_prefix_is_not_looked_at(prefix):
    prefix.install("a", "1")
    record = prefix.site / "a-1.dist-info" / "RECORD"
    record.write_text("/dev/zero,sha256=a,\n../../../../../x,sha256=a,1\na\0b,sha256=a,1\nb.py,sha256=a,\u00b2\n")
    prefix_files.records.cache_clear()
    (files,) = prefix_files.records(prefix.root).values()
    assert [(path.name, entry.size) for path, entry in files.items()] == [("b.py", None)]


def test_what_pip_left_half_removed_is_passed_over(prefix):
    prefix.install("torch", "2.10.0")
    prefix.install("x", "1")
    (prefix.site / "x-1.dist-info").rename(prefix.site / "~x-1.dist-info")
    assert [package.pin for package in read_set(prefix.root).packages] == ["torch==2.10.0"]


def test_an_egg_is_read_too(prefix):
    egg = prefix.site / "demo-1.0-py3.12.egg-info"
    egg.mkdir()
    (egg / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    (egg / "requires.txt").write_text("six\n\n[x]\nidna\n")
    (prefix.site / "old-2.0.egg-info").write_text("Metadata-Version: 1.0\nName: old\nVersion: 2.0\n")
    packages = read_set(prefix.root).packages
    assert [(package.pin, package.requires) for package in packages] == [
        ("demo==1.0", ("six", 'idna; extra == "x"')),
        ("old==2.0", ()),
    ]


@pytest.mark.parametrize("home", ["/\0/bin", "/" + "x" * 5000 + "/bin", "/nowhere/bin"])
def test_a_home_that_cannot_be_is_no_folder_of_packages(prefix, home):
    prefix.install("torch", "2.10.0")
    config = f"home = {home}\ninclude-system-site-packages = true\n"
    (prefix.root / "pyvenv.cfg").write_text(config)
    assert [package.pin for package in read_set(prefix.root).packages] == ["torch==2.10.0"]


def test_an_environment_that_was_never_finished_is_none(prefix):
    (prefix.root / UNFINISHED).write_text("x")
    with pytest.raises(BadInput) as caught:
        read_set(prefix.root)
    assert str(caught.value) == (
        f"{prefix.root}: was never finished, or is being installed right now; "
        "wait for it, or install the lock there again, which begins anew"
    )


@pytest.mark.parametrize(
    ("wheel", "platform"),
    [
        ("Generator: linux-wheels\nTag: cp312-cp312-win_amd64\n", "win-64"),
        ("Tag: py3-none-any\nTag: cp312-cp312-manylinux2014_aarch64.manylinux_2_17_aarch64\n", "linux-aarch64"),
        ("Generator: for aarch64 too\nTag: cp312-cp312-linux_x86_64\n", "linux-64"),
        ("Tag: linux\n", None),
    ],
)
def test_the_platform_of_an_environment_is_that_of_its_wheels_tags(prefix, wheel, platform):
    prefix.install("demo", "1.0")
    (info,) = prefix.root.rglob("demo-1.0.dist-info")
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\n{wheel}")
    assert read_set(prefix.root).platform == platform
