"""The readers of pylock.toml, uv.lock and poetry.lock."""
# ruff: noqa: E501 - a lock has long lines

from __future__ import annotations

from textwrap import dedent

import pytest

from solver.audit.inputs import read_text
from solver.core.errors import BadInput
from solver.core.model import Target

HASH = "b" * 64
PYLOCK = f"""
    lock-version = "1.0"
    created-by = "hand"
    requires-python = ">=3.10"

    [[packages]]
    name = "colorama"
    version = "0.4.6"
    marker = "sys_platform == 'win32'"
    wheels = [{{ name = "colorama-0.4.6-py2.py3-none-any.whl", url = "https://index.example/c.whl", hashes = {{ sha256 = "{HASH}" }} }}]

    [[packages]]
    name = "numpy"
    version = "2.2.6"
    marker = "python_full_version < '3.11'"
    wheels = [{{ url = "https://index.example/numpy-2.2.6-cp310-cp310-manylinux_2_17_x86_64.whl", hashes = {{ sha256 = "{HASH}" }} }}]

    [[packages]]
    name = "numpy"
    version = "2.4.6"
    marker = "python_full_version >= '3.11'"
    sdist = {{ url = "https://index.example/numpy-2.4.6.tar.gz", hashes = {{ sha256 = "{HASH}" }} }}
    wheels = [{{ url = "https://index.example/numpy-2.4.6-cp312-cp312-manylinux_2_17_x86_64.whl", hashes = {{ sha256 = "{HASH}" }} }}]

    [[packages]]
    name = "torch"
    version = "2.10.0+cu128"
    wheels = [{{ url = "https://download.pytorch.org/whl/cu128/torch-2.10.0%2Bcu128-cp312-cp312-manylinux_2_28_x86_64.whl", hashes = {{ sha256 = "{HASH}" }} }}]
"""
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
POETRY = f"""
    [[package]]
    name = "colorama"
    version = "0.4.6"
    description = ""
    optional = false
    python-versions = ">=2.7"
    groups = ["main", "dev"]
    markers = {{main = "platform_system == \\"Windows\\"", dev = "sys_platform == \\"win32\\""}}
    files = []

    [[package]]
    name = "requests"
    version = "2.34.2"
    description = ""
    optional = false
    python-versions = ">=3.10"
    groups = ["main"]
    files = [
        {{file = "requests-2.34.2-py3-none-any.whl", hash = "sha256:{HASH}"}},
    ]

    [package.dependencies]
    PySocks = {{version = ">=1.5.6", optional = true, markers = "extra == \\"socks\\""}}

    [[package]]
    name = "pysocks"
    version = "1.7.1"
    description = ""
    optional = true
    python-versions = "*"
    groups = ["main"]
    files = []

    [metadata]
    lock-version = "2.1"
    python-versions = ">=3.10,<3.13"
    content-hash = "0"
"""
OLD_POETRY = """
    [[package]]
    name = "click"
    version = "8.1.0"
    description = ""
    category = "main"
    optional = false
    python-versions = ">=3.7"

    [package.dependencies]
    colorama = {version = "*", markers = "platform_system == \\"Windows\\""}

    [[package]]
    name = "colorama"
    version = "0.4.6"
    description = ""
    category = "main"
    optional = false
    python-versions = ">=2.7"

    [metadata]
    lock-version = "1.1"
    python-versions = "^3.8"
    content-hash = "0"

    [metadata.files]
    click = [{file = "click-8.1.0-py3-none-any.whl", hash = "sha256:HASH"}]
    colorama = []
""".replace("HASH", HASH)


def read(text, tmp_path, target=None):
    return read_text(dedent(text), "a.lock", tmp_path, target)


def pins(found):
    return [package.pin for package in found.packages]


def test_pylock_keeps_what_the_target_wants(tmp_path):
    found = read(PYLOCK, tmp_path, Target(python="3.12"))
    assert (found.kind, found.closed, found.requires_python) == ("pylock", True, ">=3.10")
    assert pins(found) == ["numpy==2.4.6", "torch==2.10.0+cu128"]
    numpy, torch = found.packages
    assert numpy.files == ()  # an sdist may be installed as well
    assert torch.index == "pytorch"
    assert torch.files == ("torch-2.10.0+cu128-cp312-cp312-manylinux_2_28_x86_64.whl",)
    assert torch.line == 25
    windows = read(PYLOCK, tmp_path, Target(platform="win-64", python="3.10"))
    assert pins(windows) == ["colorama==0.4.6", "numpy==2.2.6", "torch==2.10.0+cu128"]


def test_pylock_without_a_target_takes_a_python_that_it_admits(tmp_path):
    assert "numpy==2.4.6" in pins(read(PYLOCK, tmp_path))
    old = PYLOCK.replace('requires-python = ">=3.10"', 'requires-python = "<3.11"')
    assert "numpy==2.2.6" in pins(read(old, tmp_path))


def test_uv_lock_follows_the_project(tmp_path):
    found = read(UV, tmp_path, Target(python="3.12"))
    assert (found.kind, found.closed) == ("uv.lock", True)
    assert pins(found) == ["numpy==2.4.6", "pysocks==1.7.1", "pytest==9.0.0", "requests==2.34.2"]
    assert found.packages[0].hashes == (HASH,)
    assert found.packages[3].extras == ("socks",)
    assert pins(read(UV, tmp_path, Target(python="3.10")))[0] == "numpy==2.2.6"


def test_poetry_lock_reads_markers_of_any_group(tmp_path):
    found = read(POETRY, tmp_path, Target(python="3.12"))
    assert (found.kind, found.requires_python) == ("poetry.lock", "<3.13,>=3.10")
    assert pins(found) == ["requests==2.34.2"]
    assert found.packages[0].files == ("requests-2.34.2-py3-none-any.whl",)
    assert pins(read(POETRY, tmp_path, Target(platform="win-64"))) == ["colorama==0.4.6", "requests==2.34.2"]


def test_an_old_poetry_lock_drops_what_is_asked_for_elsewhere_only(tmp_path):
    found = read(OLD_POETRY, tmp_path)
    assert pins(found) == ["click==8.1.0"]
    assert found.packages[0].hashes == (HASH,)
    assert pins(read(OLD_POETRY, tmp_path, Target(platform="win-64"))) == ["click==8.1.0", "colorama==0.4.6"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[[package]]\nname = "a"\nname = "b"\n',
            "a.lock:3: expected TOML, but Cannot overwrite a value",
        ),
        (
            PYLOCK.replace('"1.0"', '"7.0"'),
            "a.lock: lock-version: pylock version 7.0 is not supported; update interlock, or write the older format",
        ),
        (
            PYLOCK.replace('version = "2.4.6"', "version = 2"),
            "a.lock:18: packages[2].version: Unexpected type int (expected str); write the lock anew with the tool "
            "that made it",
        ),
        (
            UV.replace("version = 1\n", "version = 9\n"),
            "a.lock: version: expected version 1, found 9; update interlock, or write the lock with a uv of that "
            "version",
        ),
        (
            UV.replace('{ name = "pytest" }', '{ name = "nosuch" }'),
            "a.lock:6: package[0].dev-dependencies.dev: nosuch is not in the lock; write the lock anew with the tool "
            "that made it",
        ),
        (
            UV.replace("\"python_full_version < '3.11'\"", '"python_full_version <> 3"'),
            "a.lock:6: package[0].dependencies: expected a marker, found 'python_full_version <> 3'; write the lock "
            "anew with the tool that made it",
        ),
        (
            POETRY.replace('"2.1"', '"3.0"'),
            "a.lock: metadata.lock-version: expected a lock-version up to 2, found 3.0; update interlock, or write "
            "the lock with an older poetry",
        ),
        (
            POETRY.replace('name = "requests"', "name = 7"),
            "a.lock:12: package[1].name: expected a string, found 7; write the lock anew with the tool that made it",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message
