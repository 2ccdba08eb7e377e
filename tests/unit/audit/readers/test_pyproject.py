"""What a pyproject.toml asks for: each extra and each group, where uv takes a package from, poetry's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.audit.inputs import read_sets
from solver.audit.readers.parts import EVERY, Choice
from solver.audit.readers.poetry_words import poetry_specifier
from solver.core.errors import BadInput

PROJECT = """\
[project]
name = "Demo"
requires-python = ">=3.10,<3.12"
dependencies = [
  "tensorflow[and-cuda]==2.18.0",
  "torch==2.6.0",
  "numpy<2; python_version < '3.12'",
  "numpy>=2; python_version >= '3.12'",
]
[project.optional-dependencies]
gpu = ["demo[more]", "onnx==1.19.0"]
more = ["scipy"]
[dependency-groups]
dev = ["pytest", {include-group = "lint"}]
lint = ["six"]
docs = ["jinja2<3"]
[tool.uv]
constraint-dependencies = ["scipy<1.15"]
[tool.uv.sources]
torch = [{ index = "cu124", marker = "sys_platform == 'linux'" }]
jinja2 = { git = "https://github.com/pallets/jinja" }
[[tool.uv.index]]
name = "cu124"
url = "https://download.pytorch.org/whl/cu124"
explicit = true
"""
BY_EXTRA = """\
[project]
name = "demo"
dependencies = ["numpy"]
[project.optional-dependencies]
cpu = ["torch==2.6.0"]
cu118 = ["torch==2.6.0"]
all = ["demo[cpu]", "six"]
[dependency-groups]
dev = ["torch==2.6.0"]
gpu = ["torch"]
[tool.uv]
conflicts = [[{extra = "cpu"}, {extra = "cu118"}, {group = "dev"}, {group = "gpu"}]]
[tool.uv.sources]
torch = [
  { index = "cpu", extra = "cpu" },
  { index = "cu118", extra = "cu118" },
  { url = "https://example.org/torch-2.7.0-py3-none-any.whl", group = "gpu" },
]
[[tool.uv.index]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
explicit = true
[[tool.uv.index]]
name = "cu118"
url = "https://download.pytorch.org/whl/cu118"
explicit = true
"""
POETRY = """\
[tool.poetry]
name = "demo"
[tool.poetry.dependencies]
python = "^3.11"
torch = "^2.6"
onnx = {version = "~1.19.0", optional = true}
keras = {version = "3.8.0", extras = ["torch"], markers = "sys_platform == 'win32'"}
[tool.poetry.extras]
export = ["onnx"]
[tool.poetry.group.test.dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
jinja2 = "*"
[tool.poetry.dev-dependencies]
ruff = "*"
"""


def sets_of(text, choice=EVERY):
    return read_sets(Path("pyproject.toml"), text=text, choice=choice)


def pins(package_set):
    return [package.pin for package in package_set.packages]


def test_each_extra_and_each_further_group_is_a_set():
    plain = ["tensorflow==2.18.0", "torch==2.6.0", "numpy<2", "pytest", "six"]
    assert {one.part: pins(one)[3:] for one in sets_of(PROJECT)} == {
        "": ["pytest", "six"],
        "extra gpu": ["scipy", "onnx==1.19.0", "pytest", "six"],
        "extra more": ["scipy", "pytest", "six"],
        "group lint": ["pytest", "six"],
        "group docs": ["pytest", "six", "jinja2<3"],
    }
    first = sets_of(PROJECT)[0]
    assert (pins(first), first.requires_python, first.closed) == (plain, ">=3.10,<3.12", False)
    assert [(one.name, one.line) for one in first.packages[:2]] == [("tensorflow", 5), ("torch", 6)]
    assert [one.pin for one in first.constraints] == ["scipy<1.15"]


def test_a_source_of_uv_says_where_its_package_alone_comes_from():
    (docs,) = sets_of(PROJECT, Choice(groups=("docs",)))
    by_name = {one.name: (one.sources, one.url) for one in docs.packages}
    assert by_name["torch"] == (("https://download.pytorch.org/whl/cu124",), None)
    assert by_name["jinja2"] == (("https://github.com/pallets/jinja",), "https://github.com/pallets/jinja")
    assert (by_name["six"], docs.sources) == (((), None), ())


def test_a_source_of_an_extra_or_a_group_serves_what_that_asks_for():
    wheel, torch = "https://example.org/torch-2.7.0-py3-none-any.whl", "https://download.pytorch.org/whl"
    assert {
        one.part: [(p.sources, p.version) for p in one.packages if p.name == "torch"] for one in sets_of(BY_EXTRA)
    } == {
        "": [((), "2.6.0")],  # of the group dev, of which no source speaks
        "extra cpu": [((f"{torch}/cpu",), "2.6.0")],
        "extra cu118": [((f"{torch}/cu118",), "2.6.0")],
        "extra all": [((f"{torch}/cpu",), "2.6.0")],
        "group gpu": [((wheel,), None)],
    }


@pytest.mark.parametrize(
    ("extras", "message"),
    [
        (
            ("cpu", "cu118"),
            "tool.uv.conflicts: extra cpu, extra cu118 cannot be installed together, as the project says",
        ),
        (
            ("all", "cu118"),
            "tool.uv.sources: torch would be taken from 'https://download.pytorch.org/whl/cpu' and from "
            "'https://download.pytorch.org/whl/cu118' at once, which uv refuses",
        ),
    ],
)
def test_two_sources_of_one_package_are_no_set(extras, message):
    with pytest.raises(BadInput) as caught:
        sets_of(BY_EXTRA, Choice(extras=extras))
    assert str(caught.value).startswith(f"pyproject.toml: {message}")


def test_an_index_that_is_not_explicit_serves_every_package():
    (plain, *_) = sets_of(PROJECT.replace("explicit = true", ""))
    assert plain.sources == ("https://download.pytorch.org/whl/cu124", "")
    assert plain.packages[0].sources == plain.sources


def test_what_poetry_asks_for_has_its_bounds():
    plain, export, docs = sets_of(POETRY)
    assert [pins(one) for one in (plain, export, docs)] == [
        ["torch<3,>=2.6", "ruff", "pytest"],
        ["torch<3,>=2.6", "onnx<1.20,>=1.19.0", "ruff", "pytest"],
        ["torch<3,>=2.6", "ruff", "pytest", "jinja2"],
    ]
    assert (plain.requires_python, export.part, docs.part) == (">=3.11,<4", "extra export", "group docs")


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("1.2.3", "==1.2.3"),
        ("1.2.*", "==1.2.*"),
        (">=1.2, <2", ">=1.2,<2"),
        ("~=1.2", "~=1.2"),
        ("*", ""),
        ("^1 || ^2", ""),
    ],
)
def test_a_constraint_of_poetrys_is_a_specifier(constraint, specifier):
    assert poetry_specifier(constraint) == specifier


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            PROJECT.replace("torch==2.6.0", "torch=2.6.0"),
            "pyproject.toml:6: expected a requirement such as name>=1.2, found 'torch=2.6.0'",
        ),
        (PROJECT.replace('index = "cu124"', 'index = "cu125"'), "pyproject.toml: tool.uv.sources: there is no index"),
        (PROJECT.replace('"lint"}', '"dev"}'), "pyproject.toml: dependency-groups: the group 'dev' includes itself"),
        (PROJECT.replace('"lint"}', '"none"}'), "pyproject.toml: dependency-groups: the group 'none' is not there"),
        (PROJECT.replace("sys_platform ==", "sys_platform is"), "pyproject.toml: expected a marker, found"),
        ("[tool.ruff]\nline-length = 120\n", "pyproject.toml: is TOML, but neither pylock.toml nor poetry.lock nor"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, message):
    with pytest.raises(BadInput) as caught:
        sets_of(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("said", "shared"),
    [
        ('extra-index-url = ["https://own.example/simple"]', ("https://own.example/simple", "")),
        ('index-url = "https://own.example/simple"', ("https://own.example/simple",)),
        ('find-links = ["https://own.example/links"]', ("https://own.example/links", "")),
        ("", ()),
    ],
)
def test_the_indexes_of_uvs_older_words_serve_every_package(said, shared):
    assert sources(f'[project]\nname = "demo"\ndependencies = ["six"]\n[tool.uv]\n{said}\n') == (
        {"six": shared},
        shared,
    )


OF_POETRY = """\
[tool.poetry]
name = "demo"
[tool.poetry.dependencies]
python = "^3.11"
torch = [
  {version = "2.6.0", source = "cpu", markers = "sys_platform == 'win32'"},
  {version = "2.6.0", source = "cu124", markers = "sys_platform == 'linux'"},
]
six = "*"
[[tool.poetry.source]]
name = "cpu"
url = "https://download.pytorch.org/whl/cpu"
priority = "explicit"
[[tool.poetry.source]]
name = "cu124"
url = "https://download.pytorch.org/whl/cu124"
priority = "explicit"
"""
OWN = '[[tool.poetry.source]]\nname = "own"\nurl = "https://own.example/simple"\n'


def sources(text):
    (plain, *_) = sets_of(text)
    return {one.name: one.sources for one in plain.packages}, plain.sources


def test_a_source_of_poetry_says_where_its_package_alone_comes_from():
    assert sources(OF_POETRY) == ({"torch": ("https://download.pytorch.org/whl/cu124",), "six": ()}, ())


@pytest.mark.parametrize(
    ("said", "shared"),
    [
        ("", ("https://own.example/simple",)),
        ('priority = "supplemental"\n', ("", "https://own.example/simple")),
        ("secondary = true\n", ("", "https://own.example/simple")),
        ('priority = "explicit"\n', ()),
        ('[[tool.poetry.source]]\nname = "PyPI"\n', ("https://own.example/simple", "")),
    ],
)
def test_a_primary_source_of_poetry_takes_the_place_of_the_default_index(said, shared):
    assert sources(POETRY + OWN + said) == (dict.fromkeys(("torch", "ruff", "pytest"), shared), shared)


def test_a_source_of_poetry_that_is_not_there_is_told():
    with pytest.raises(BadInput) as caught:
        sets_of(OF_POETRY.replace('name = "cu124"', 'name = "cu126"'))
    assert str(caught.value) == ("pyproject.toml: tool.poetry.source: there is no source 'cu124'; mend its name")


OF_PDM = """\
[project]
name = "demo"
dependencies = ["torch==2.6.0", "six"]
[tool.pdm.dev-dependencies]
test = ["pytest"]
[[tool.pdm.source]]
name = "torch"
url = "https://download.pytorch.org/whl/cu124"
"""


@pytest.mark.parametrize(
    ("said", "torch", "six", "shared"),
    [
        ("", "+", "+", "+"),
        ('include_packages = ["torch*"]\n', "only", "+", "+"),
        ('exclude_packages = ["six"]\n', "+", "", "+"),
        ('[[tool.pdm.source]]\nname = "pypi"\nurl = "https://own.example/simple"\n', "own", "own", "own"),
    ],
)
def test_sources_of_pdm_serve_what_they_include_alone(said, torch, six, shared):
    index = "https://download.pytorch.org/whl/cu124"
    places = {"+": ("", index), "": (), "only": (index,), "own": (index, "https://own.example/simple")}
    assert sources(OF_PDM + said) == (
        {"torch": places[torch], "six": places[six], "pytest": places[shared]},
        places[shared],
    )
