"""Which build a version without a local part is, by the indexes that the set names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from audit_stubs import StubIndex
from paths import SCENARIOS
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from reading import read

import solver
from solver.audit.origins import settled
from solver.core.answer import NOT_KNOWN
from solver.matrix.load import Matrices
from solver.matrix.rows import Build

WHL = "https://download.pytorch.org/whl"
HASH = "c" * 64


def _build(version):
    return Build(id=version, source="a test", package="torch", version=version, platform="linux-64", cuda=NOT_KNOWN)


MATRICES = Matrices(builds=(_build("2.6.0"), _build("2.6.0+cu118"), _build("2.6.0+cu124")))
INDEX = StubIndex(
    {
        "torch": [{"version": "2.6.0", "files": ["torch-2.6.0-cp312-cp312-manylinux1_x86_64.whl"]}],
        "six": [{"version": "1.17.0", "files": ["six-1.17.0-py2.py3-none-any.whl"]}],
    }
)


def _told(text, folder):
    packages = settled(read(text, folder), MATRICES, INDEX).packages
    return [(package.pin, package.index, package.elsewhere) for package in packages]


@pytest.mark.parametrize(
    ("options", "torch"),
    [
        ("", ("torch==2.6.0", None, None)),
        (f"--index-url {PYPI_SIMPLE_ENDPOINT}", ("torch==2.6.0", None, None)),
        # Nobody knows what lies in a folder that is not here.
        ("--find-links wheels", ("torch==2.6.0", None, "wheels")),
        ("--find-links file:///own/wheels", ("torch==2.6.0", None, "file:///own/wheels")),
        (f"--index-url {WHL}/cu124", ("torch==2.6.0+cu124", "pytorch", None)),
        (f"-i {WHL}/nightly/cu128/", ("torch==2.6.0+cu128", "pytorch", None)),
        (f"--index-url={WHL}/rocm6.2", ("torch==2.6.0+rocm6.2", "pytorch", None)),
        (f"--find-links {WHL}/cpu", ("torch==2.6.0+cpu", "pytorch", None)),
        (f"--extra-index-url {WHL}/cu118\n--extra-index-url {WHL}/cu124", ("torch==2.6.0+cu124", "pytorch", None)),
        # No such build: pip takes that of the default index.
        (f"--extra-index-url {WHL}/cu128", ("torch==2.6.0", None, None)),
        (f"-f {WHL}/torch_stable.html", ("torch==2.6.0", "pytorch", "download.pytorch.org")),
        ("--extra-index-url https://jetson.example/simple", ("torch==2.6.0", None, "jetson.example")),
        ("--no-index\n-f https://wheels.example/page.html", ("torch==2.6.0", None, "wheels.example")),
    ],
)
def test_the_build_is_that_of_the_index(options, torch, tmp_path):
    assert _told(f"{options}\ntorch==2.6.0\n", tmp_path) == [torch]


def test_options_count_for_lines_above_them_and_for_included_files(tmp_path):
    (tmp_path / "more.txt").write_text(f"--index-url {WHL}/cpu\ntorchvision==0.21.0\n")
    assert _told("torch==2.6.0\n-r more.txt\n", tmp_path) == [
        ("torch==2.6.0+cpu", "pytorch", None),
        ("torchvision==0.21.0+cpu", "pytorch", None),
    ]


def test_another_index_beside_the_default_one_is_named_for_gpu_packages(tmp_path):
    text = "--extra-index-url https://jetson.example/simple\nsix==1.17.0\n"
    assert _told(text, tmp_path) == [("six==1.17.0", None, None)]
    assert _told(text.replace("extra-", ""), tmp_path) == [("six==1.17.0", None, "jetson.example")]


@pytest.mark.parametrize(
    ("wheel", "elsewhere"),
    [
        ("torch-2.6.0-cp312-cp312-manylinux1_x86_64.whl", None),
        ("torch-2.6.0-5-cp312-cp312-linux_x86_64.whl", "rebuilt.example"),
    ],
)
def test_a_file_is_of_the_default_index_where_it_is_among_its_files(wheel, elsewhere, tmp_path):
    text = f'''
        lock-version = "1.0"
        created-by = "hand"
        [[packages]]
        name = "torch"
        version = "2.6.0"
        wheels = [{{ url = "https://rebuilt.example/{wheel}", hashes = {{ sha256 = "{HASH}" }} }}]
    '''
    assert _told(text, tmp_path) == [("torch==2.6.0", None, elsewhere)]


def test_nobody_asks_for_the_default_index_address_about_files_that_are_known(tmp_path):
    # Whoever knows that address takes longer to import than the audit of a large lock takes.
    lock = tmp_path / "pylock.toml"
    lock.write_text(
        'lock-version = "1.0"\ncreated-by = "a test"\n[[packages]]\nname = "six"\nversion = "1.17.0"\n'
        '[[packages.wheels]]\nname = "six-1.17.0-py2.py3-none-any.whl"\n'
        f'url = "https://files.example/six-1.17.0-py2.py3-none-any.whl"\nhashes = {{sha256 = "{HASH}"}}\n'
    )
    code = (
        "import sys; from audit_stubs import StubIndex; from pathlib import Path;"
        "from solver.matrix.load import Matrices;"
        "from solver.audit.inputs import read_set; from solver.audit.origins import settled;"
        "index = StubIndex({'six': [{'version': '1.17.0', 'files': ['six-1.17.0-py2.py3-none-any.whl']}]});"
        f"one = settled(read_set(Path({str(lock)!r})), Matrices(), index).packages[0];"
        "print(one.pin, one.sources, one.elsewhere, 'pypi_simple' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": os.pathsep.join([str(Path(solver.__file__).parents[1]), str(SCENARIOS.parent / "support")])},
        text=True,
        capture_output=True,
        check=True,
    )
    assert told.stdout == "six==1.17.0 ('https://files.example/six-1.17.0-py2.py3-none-any.whl',) None False\n"


UV = """\
version = 1
[[package]]
name = "own"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "torch" }}]
[[package]]
name = "torch"
version = "2.6.0"
source = {{ {} }}
"""
POETRY = """\
[[package]]
name = "torch"
version = "2.6.0"
groups = ["main"]
files = []
[package.source]
type = "{}"
url = "{}"
[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "x"
"""
PDM = """\
[metadata]
groups = ["default"]
lock_version = "4.5.0"
[[package]]
name = "torch"
version = "2.6.0"
groups = ["default"]
{}
"""
PIPFILE = '{{"_meta": {{"sources": []}}, "default": {{"torch": {{"version": "==2.6.0", {}}}}}}}'


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        (UV.format('git = "https://git.example/torch?rev=a#b"'), "git.example"),
        (UV.format('url = "https://wheels.example/torch-2.6.0.tar.gz"'), "wheels.example"),
        (UV.format('path = "../torch.tar.gz"'), "../torch.tar.gz"),
        (UV.format('registry = "https://index.example/simple"'), "index.example"),
        (UV.format('registry = "../wheels"'), "../wheels"),
        (UV.format(f'registry = "{PYPI_SIMPLE_ENDPOINT}"'), None),
        (POETRY.format("git", "https://git.example/torch"), "git.example"),
        (POETRY.format("directory", "../torch"), "../torch"),
        (POETRY.format("legacy", "https://index.example/simple"), "index.example"),
        (PDM.format('git = "https://git.example/torch"'), "git.example"),
        (PDM.format('path = "./torch"'), "./torch"),
        (PDM.format(""), None),
        (PIPFILE.format('"git": "https://git.example/torch"'), "git.example"),
        (PIPFILE.format('"hashes": []'), None),
    ],
)
def test_what_is_built_from_a_repository_or_a_file_is_not_the_default_indexs(text, elsewhere, tmp_path):
    assert _told(text, tmp_path) == [("torch==2.6.0", None, elsewhere)]


@pytest.mark.parametrize(
    ("wheel", "elsewhere"),
    [("torch-2.6.0-cp312-cp312-linux_x86_64.whl", "wheels"), ("six-1.17.0-py2.py3-none-any.whl", None)],
)
def test_a_folder_of_wheels_counts_for_the_packages_in_it(wheel, elsewhere, tmp_path):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / wheel).touch()
    assert _told("--find-links wheels\ntorch==2.6.0\n", tmp_path) == [("torch==2.6.0", None, elsewhere)]
