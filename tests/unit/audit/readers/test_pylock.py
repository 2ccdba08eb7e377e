"""The reader of pylock.toml."""
# ruff: noqa: E501 - a lock has long lines

from __future__ import annotations

import pytest
from reading import HASH, pins, read

from solver.audit.inputs import read_sets
from solver.audit.readers.parts import Choice
from solver.core.errors import BadInput
from solver.core.model import Target

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


def test_pylock_keeps_what_the_target_wants(tmp_path):
    package_set = read(PYLOCK, tmp_path, Target(python="3.12"))
    assert (package_set.kind, package_set.closed, package_set.requires_python) == ("pylock", True, ">=3.10")
    assert pins(package_set) == ["numpy==2.4.6", "torch==2.10.0+cu128"]
    numpy, torch = package_set.packages
    assert numpy.files == ()  # an sdist may be installed as well
    assert torch.index == "pytorch"
    assert torch.files == ("torch-2.10.0+cu128-cp312-cp312-manylinux_2_28_x86_64.whl",)
    assert torch.line == 24
    windows = read(PYLOCK, tmp_path, Target(platform="win-64", python="3.10"))
    assert pins(windows) == ["colorama==0.4.6", "numpy==2.2.6", "torch==2.10.0+cu128"]


@pytest.mark.parametrize(
    ("environments", "platform"),
    [
        ("\"sys_platform == 'win32'\"", "win-64"),
        ("\"sys_platform == 'win32' and platform_machine == 'AMD64'\"", "win-64"),
        ("\"sys_platform == 'win32'\", \"sys_platform == 'linux'\"", None),
        ("\"sys_platform == 'linux'\"", None),
        ("\"sys_platform == 'darwin'\"", None),
        ("", None),
    ],
)
def test_pylock_for_one_platform_alone_is_read_for_it(tmp_path, environments, platform):
    text = PYLOCK.replace('created-by = "hand"', f'created-by = "hand"\n    environments = [{environments}]')
    package_set = read(text, tmp_path)
    assert package_set.platform == platform
    assert ("colorama==0.4.6" in pins(package_set)) is (platform == "win-64")
    named = read(text, tmp_path, Target(python="3.12"))
    assert (named.platform, pins(named)) == (None, ["numpy==2.4.6", "torch==2.10.0+cu128"])


def test_pylock_without_a_target_takes_a_python_that_it_admits(tmp_path):
    assert "numpy==2.4.6" in pins(read(PYLOCK, tmp_path))
    old = PYLOCK.replace('requires-python = ">=3.10"', 'requires-python = "<3.11"')
    assert "numpy==2.2.6" in pins(read(old, tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            PYLOCK.replace('"1.0"', '"7.0"'),
            "a.file: lock-version: pylock version 7.0 is not supported; update interlock, or write the older format",
        ),
        (
            PYLOCK.replace('version = "2.4.6"', "version = 2"),
            "a.file:17: packages[2].version: Unexpected type int (expected str); write the lock anew with the tool "
            "that made it",
        ),
    ],
)
def test_a_pylock_that_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


PARTS = """\
lock-version = "1.0"
created-by = "hand"
extras = ["gpu"]
dependency-groups = ["dev", "train"]
default-groups = ["dev"]

[[packages]]
name = "always"
version = "1"
directory = { path = "always" }

[[packages]]
name = "accelerated"
version = "1"
marker = "'gpu' in extras"
vcs = { type = "git", url = "https://example.com/accelerated.git", commit-id = "abc" }

[[packages]]
name = "tool"
version = "1"
marker = "'dev' in dependency_groups"
archive = { url = "https://example.com/tool-1.tar.gz", hashes = { sha256 = "aa" } }

[[packages]]
name = "trainer"
version = "1"
marker = "'train' in dependency_groups"
directory = { path = "trainer" }
"""


@pytest.mark.parametrize(
    ("choice", "sets"),
    [
        (
            Choice(),
            {
                "": ["always", "tool"],
                "extra gpu": ["always", "accelerated", "tool"],
                "group train": ["always", "tool", "trainer"],
            },
        ),
        (Choice(extras=("gpu",)), {"extra gpu": ["always", "accelerated", "tool"]}),
        # Groups that are named stand in the place of the default ones.
        (Choice(groups=("train",)), {"group train": ["always", "trainer"]}),
        (Choice(groups=("dev",)), {"group dev": ["always", "tool"]}),
    ],
)
def test_extras_and_groups_are_sets_of_their_own(choice, sets, tmp_path):
    held = read_sets(tmp_path / "pylock.toml", text=PARTS, choice=choice)
    assert {one.part: [package.name for package in one.packages] for one in held} == sets


def test_what_is_built_from_a_repository_a_folder_or_an_archive_comes_from_there(tmp_path):
    (held,) = read_sets(tmp_path / "pylock.toml", text=PARTS, choice=Choice(extras=("gpu",)))
    assert {package.name: package.sources for package in held.packages} == {
        "always": ("always",),
        "accelerated": ("https://example.com/accelerated.git",),
        "tool": ("https://example.com/tool-1.tar.gz",),
    }


def test_wheels_of_variants_are_read_with_what_describes_them(tmp_path):
    lock = f"""
    lock-version = "1.0"
    created-by = "hand"

    [[packages]]
    name = "torch"
    version = "2.10.0"
    wheels = [{{ url = "https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-cu128.whl", hashes = {{ sha256 = "{HASH}" }} }}]

    [packages.variants-json]
    url = "https://index.example/torch-2.10.0-variants.json"
    hashes = {{ sha256 = "{HASH}" }}
    """
    (torch,) = read(lock, tmp_path, Target(python="3.12")).packages
    assert (torch.pin, torch.files) == ("torch==2.10.0", ("torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64-cu128.whl",))
