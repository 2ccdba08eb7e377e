"""The reader of a Pipfile: its categories, sources and comparisons, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading import pins, read

from solver.audit.inputs import read_sets
from solver.audit.readers.parts import Choice
from solver.core.errors import BadInput
from solver.core.model import Target

PIPFILE = """\
[[source]]
url = "https://index.example/simple"
name = "own"
[[source]]
url = "https://download.pytorch.org/whl/cu124"
name = "pytorch"
[packages]
tensorflow = {extras = ["and-cuda"], version = "==2.18.0"}
torch = {version = "==2.6.0", index = "pytorch"}
numpy = "<2"
six = "*"
pywin32 = {version = "*", sys_platform = "== 'win32'"}
wheel = {version = "*", markers = "python_version < '3.11' or os_name == 'nt'", platform_machine = "== 'x86_64'"}
demo = {editable = true, path = "."}
[packages.onnx]
git = "https://index.example/onnx.git"
[dev-packages]
pytest = "==8.3.4"
[docs]
sphinx = ">=7"
[requires]
python_version = "3.11"
"""


def test_the_packages_of_a_pipfile(tmp_path):
    package_set = read(PIPFILE, tmp_path)
    assert (package_set.kind, package_set.python, package_set.closed) == ("Pipfile", "3.11", False)
    assert [(one.pin, one.extras, one.sources, one.line) for one in package_set.packages] == [
        ("tensorflow==2.18.0", ("and-cuda",), ("https://index.example/simple",), 8),
        ("torch==2.6.0", (), ("https://download.pytorch.org/whl/cu124",), 9),
        ("numpy<2", (), ("https://index.example/simple",), 10),
        ("six", (), ("https://index.example/simple",), 11),
        ("demo", (), ("file:///.",), 14),
        ("onnx", (), ("https://index.example/onnx.git",), 15),
    ]
    assert package_set.sources == ("https://index.example/simple",)


def test_the_markers_of_a_pipfile_are_those_of_the_target(tmp_path):
    assert "pywin32" in pins(read(PIPFILE, tmp_path, Target(platform="win-64", python="3.11")))
    assert "wheel" in pins(read(PIPFILE, tmp_path, Target(python="3.10")))


def test_the_categories_of_a_pipfile():
    every = read_sets(Path("/nowhere/Pipfile"), text=PIPFILE)
    assert [(one.part, pins(one)[6:]) for one in every] == [
        ("", []),
        ("group dev-packages", ["pytest==8.3.4"]),
        ("group docs", ["sphinx>=7"]),
    ]
    both = read_sets(Path("/nowhere/Pipfile"), text=PIPFILE, choice=Choice(groups=("docs", "dev-packages")))
    assert [pins(one)[6:] for one in both] == [["pytest==8.3.4", "sphinx>=7"]]


def test_without_a_source_all_comes_from_the_default_index(tmp_path):
    assert [one.sources for one in read('[packages]\nsix = "*"\n', tmp_path).packages] == [()]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'six = "1.17"',
            "a.file:2: packages.six: expected a specifier such as >=1.2 and a marker, which make up 'six 1.17'; ",
        ),
        (
            'six = {version = "*", os_name = "posix"}',
            "a.file:2: packages.six: expected a specifier such as >=1.2 and a marker, which make up 'six ; os_name "
            "posix'; ",
        ),
        ("six = 1", 'a.file: packages.six: expected a string like "1", found an integer 1; '),
    ],
)
def test_what_is_no_package_is_refused(line, message, tmp_path):
    with pytest.raises(BadInput) as error:
        read(f"[packages]\n{line}\n", tmp_path)
    fix = 'write name = "*", name = "==1.2" or name = {version = "==1.2", index = "pytorch"}'
    assert str(error.value) == message + fix


def test_an_index_that_the_file_does_not_have_is_refused(tmp_path):
    with pytest.raises(BadInput) as error:
        read('[packages]\nsix = {index = "own"}\n', tmp_path)
    assert str(error.value) == ("a.file:2: packages.six: there is no source 'own'; name a [[source]] of the file")
