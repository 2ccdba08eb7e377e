"""The reader of uv.lock."""
# ruff: noqa: E501 - a lock has long lines

from __future__ import annotations

from textwrap import dedent

import pytest
from reading import HASH, pins, read

from solver.audit.inputs import read_sets
from solver.core.errors import BadInput
from solver.core.model import Target

UV = f"""
    version = 1
    revision = 3
    requires-python = ">=3.10"

    [[package]]
    name = "demo"
    version = "0.1.0"
    source = {{ virtual = "." }}
    dependencies = [
        {{ name = "numpy", version = "2.2.6", source = {{ registry = "https://index.example/simple" }}, marker = "python_full_version < '3.11'" }},
        {{ name = "numpy", version = "2.4.6", source = {{ registry = "https://index.example/simple" }}, marker = "python_full_version >= '3.11'" }},
        {{ name = "requests", extra = ["socks"] }},
    ]

    [package.dev-dependencies]
    dev = [{{ name = "pytest" }}]

    [package.optional-dependencies]
    plots = [{{ name = "matplotlib" }}]

    [[package]]
    name = "matplotlib"
    version = "3.10.0"
    source = {{ registry = "https://index.example/simple" }}

    [[package]]
    name = "numpy"
    version = "2.2.6"
    source = {{ registry = "https://index.example/simple" }}

    [[package]]
    name = "numpy"
    version = "2.4.6"
    source = {{ registry = "https://index.example/simple" }}
    wheels = [
        {{ url = "https://index.example/numpy-2.4.6-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:{HASH}", size = 1 }},
    ]

    [[package]]
    name = "pysocks"
    version = "1.7.1"
    source = {{ registry = "https://index.example/simple" }}

    [[package]]
    name = "pytest"
    version = "9.0.0"
    source = {{ registry = "https://index.example/simple" }}
    dependencies = [{{ name = "requests" }}]

    [[package]]
    name = "requests"
    version = "2.34.2"
    source = {{ registry = "https://index.example/simple" }}

    [package.optional-dependencies]
    socks = [{{ name = "pysocks" }}]
"""


def test_uv_lock_follows_the_project(tmp_path):
    package_set = read(UV, tmp_path, Target(python="3.12"))
    assert (package_set.kind, package_set.closed) == ("uv.lock", True)
    assert pins(package_set) == ["numpy==2.4.6", "pysocks==1.7.1", "pytest==9.0.0", "requests==2.34.2"]
    assert package_set.packages[0].hashes == (HASH,)
    assert package_set.packages[3].extras == ("socks",)
    assert pins(read(UV, tmp_path, Target(python="3.10")))[0] == "numpy==2.2.6"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            UV.replace("version = 1\n", "version = 9\n"),
            "a.file: version: expected version 1, found 9; update interlock, or write the lock with a uv of that "
            "version",
        ),
        (
            UV.replace('{ name = "pytest" }', '{ name = "nosuch" }'),
            "a.file:5: package[0].dev-dependencies.dev: nosuch is not in the lock; write the lock anew with the tool "
            "that made it",
        ),
        (
            UV.replace("\"python_full_version < '3.11'\"", '"python_full_version <> 3"'),
            "a.file:5: package[0].dependencies[0].marker: expected a marker, found 'python_full_version <> 3'; write the lock "
            "anew with the tool that made it",
        ),
    ],
)
def test_a_uv_lock_that_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


def test_what_the_sets_of_a_uv_lock_share_is_read_once(tmp_path):
    path = tmp_path / "uv.lock"
    path.write_text(dedent(UV))
    plain, plots = (
        {package.name: package for package in one.packages} for one in read_sets(path, Target(python="3.12"))
    )
    assert sorted(plots.keys() - plain.keys()) == ["matplotlib"]
    assert [name for name in plain if plots[name] is not plain[name]] == []


BESIDE = """
version = 1
[[package]]
name = "app"
source = { SOURCE = "." }
dependencies = [{ name = "torch" }, { name = "member" }]
[[package]]
name = "member"
version = "1.0"
source = { editable = "packages/member" }
[package.optional-dependencies]
fast = [{ name = "six" }]
[[package]]
name = "torch"
version = "2.9.0a0"
source = { KIND = "../torch" }
dependencies = [{ name = "sympy" }]
[[package]]
name = "sympy"
version = "1.14.0"
source = { registry = "https://example.org/simple" }
[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://example.org/simple" }
"""
WORKSPACE = '[manifest]\nmembers = ["app", "member"]\n'


def _beside(tmp_path, text):
    path = tmp_path / "uv.lock"
    path.write_text(text)
    return {one.part: [(p.name, p.sources) for p in one.packages] for one in read_sets(path)}


@pytest.mark.parametrize("source", ["virtual", "editable"])
@pytest.mark.parametrize("kind", ["directory", "editable"])
def test_what_is_built_from_another_folder_is_no_project_of_a_uv_lock(source, kind, tmp_path):
    text = BESIDE.replace("SOURCE", source).replace("KIND", kind)
    assert _beside(tmp_path, text) == {
        "": [
            ("member", ("packages/member",)),
            ("torch", ("../torch",)),
            ("sympy", ("https://example.org/simple",)),
        ]
    }


def test_of_a_virtual_dependency_of_a_uv_lock_only_what_it_asks_for_is_installed(tmp_path):
    text = BESIDE.replace("SOURCE", "virtual").replace("KIND", "virtual")
    assert [name for name, _ in _beside(tmp_path, text)[""]] == ["member", "sympy"]


def test_the_members_of_a_workspace_are_projects_of_a_uv_lock(tmp_path):
    text = BESIDE.replace("version = 1\n", "version = 1\n" + WORKSPACE, 1)
    told = _beside(tmp_path, text.replace("SOURCE", "virtual").replace("KIND", "directory"))
    assert {part: [name for name, _ in packages] for part, packages in told.items()} == {
        "": ["torch", "sympy"],
        "extra fast": ["torch", "sympy", "six"],
    }


def test_what_the_project_overrides_is_read(tmp_path):
    lock = UV.replace(
        "    [[package]]",
        '    [manifest]\n    overrides = [{ name = "NumPy", specifier = "==2" }]\n\n    [[package]]',
        1,
    )
    assert read(lock, tmp_path).overrides == (("numpy", "==2"),)


def test_wheels_of_variants_are_read_with_what_describes_them(tmp_path):
    lock = f"""
    version = 1
    revision = 3
    requires-python = ">=3.12"

    [[package]]
    name = "demo"
    version = "0.1.0"
    source = {{ virtual = "." }}
    dependencies = [{{ name = "torch" }}]

    [[package]]
    name = "torch"
    version = "2.10.0"
    source = {{ registry = "https://index.example/simple" }}
    wheels = [{{ url = "https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-cu128.whl", hash = "sha256:{HASH}" }}]

    [package.variants-json]
    url = "https://index.example/torch-2.10.0-variants.json"
    hash = "sha256:{HASH}"
    """
    (torch,) = read(lock, tmp_path, Target(python="3.12")).packages
    assert (torch.pin, torch.files) == ("torch==2.10.0", ("torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-cu128.whl",))
