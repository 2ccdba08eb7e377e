"""The reader of poetry.lock, of both layouts."""

from __future__ import annotations

import pytest
from reading import HASH, pins, read

from solver.core.errors import BadInput
from solver.core.model import Target

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


def test_poetry_lock_reads_markers_of_any_group(tmp_path):
    package_set = read(POETRY, tmp_path, Target(python="3.12"))
    assert (package_set.kind, package_set.requires_python) == ("poetry.lock", "<3.13,>=3.10")
    assert pins(package_set) == ["requests==2.34.2"]
    assert package_set.packages[0].files == ("requests-2.34.2-py3-none-any.whl",)
    assert pins(read(POETRY, tmp_path, Target(platform="win-64"))) == ["colorama==0.4.6", "requests==2.34.2"]


def test_an_old_poetry_lock_drops_what_is_asked_for_elsewhere_only(tmp_path):
    package_set = read(OLD_POETRY, tmp_path)
    assert pins(package_set) == ["click==8.1.0"]
    assert package_set.packages[0].hashes == (HASH,)
    assert pins(read(OLD_POETRY, tmp_path, Target(platform="win-64"))) == ["click==8.1.0", "colorama==0.4.6"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            POETRY.replace('"2.1"', '"3.0"'),
            "a.file: metadata.lock-version: expected a lock-version up to 2, found '3.0'; update interlock, or write "
            "the lock with an older poetry",
        ),
        (
            POETRY.replace('name = "requests"', "name = 7"),
            'a.file:11: package[1].name: expected a string like "7", found an integer 7; write the lock anew '
            "with the tool that made it",
        ),
    ],
)
def test_a_poetry_lock_that_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


TWO_VERSIONS = """
    [[package]]
    name = "user"
    version = "1.0"
    optional = false
    python-versions = "*"

    [package.dependencies]
    twice = [
        {version = ">=1.0,<2.0", markers = "python_version < \\"3.11\\""},
        {version = ">=1.5", markers = "python_version >= \\"3.11\\""},
    ]

    [[package]]
    name = "twice"
    version = "1.9"
    optional = false
    python-versions = "*"

    [[package]]
    name = "twice"
    version = "2.10"
    optional = false
    python-versions = "*"

    [metadata]
    lock-version = "2.0"
    python-versions = "*"
    content-hash = "0"
"""


@pytest.mark.parametrize(("python", "version"), [("3.10", "1.9"), ("3.12", "2.10")])
def test_of_two_versions_without_markers_the_newest_that_suits_all_is_installed(tmp_path, python, version):
    assert pins(read(TWO_VERSIONS, tmp_path, Target(python=python))) == [
        "user==1.0",
        f"twice=={version}",
    ]


def test_a_version_goes_that_asks_for_what_the_lock_has_not(tmp_path):
    with_ask = TWO_VERSIONS.replace('version = "2.10"', 'version = "2.10"\n    dependencies = {user = ">=2"}')
    assert pins(read(with_ask, tmp_path, Target(python="3.12"))) == ["user==1.0", "twice==1.9"]
