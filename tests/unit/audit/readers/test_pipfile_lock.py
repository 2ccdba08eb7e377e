"""The reader of Pipfile.lock."""

from __future__ import annotations

import json

import pytest
from reading import HASH, pins, read

from solver.core.errors import BadInput
from solver.core.model import Target

LOCK = {
    "_meta": {
        "hash": {"sha256": HASH},
        "pipfile-spec": 6,
        "requires": {"python_version": "3.11"},
        "sources": [
            {"name": "pypi", "url": "https://index.example/simple", "verify_ssl": True},
            {"name": "torch", "url": "https://download.pytorch.org/whl/cu124", "verify_ssl": True},
        ],
    },
    "default": {
        "numpy": {
            "hashes": [f"sha256:{HASH}"],
            "index": "pypi",
            "markers": "python_version >= '3.10'",
            "version": "==2.1.3",
        },
        "pywin32": {"markers": "sys_platform == 'win32'", "version": "==308"},
        "torch": {"index": "torch", "version": "==2.6.0+cu124"},
        "tensorflow": {"extras": ["and-cuda"], "version": "==2.18.0"},
        "demo": {"editable": True, "path": "."},
    },
    "develop": {"pytest": {"version": "==8.3.4"}},
}


def test_the_default_packages_of_a_pipfile_lock(tmp_path):
    package_set = read(json.dumps(LOCK), tmp_path)
    assert (package_set.kind, package_set.python, package_set.closed) == ("Pipfile.lock", "3.11", True)
    assert pins(package_set) == ["numpy==2.1.3", "torch==2.6.0+cu124", "tensorflow==2.18.0", "demo"]
    numpy, torch, tensorflow, _ = package_set.packages
    assert (numpy.hashes, numpy.index) == ((HASH,), None)
    assert (torch.index, tensorflow.extras) == ("pytorch", ("and-cuda",))


def test_the_markers_of_a_pipfile_lock_are_those_of_the_target(tmp_path):
    assert "pywin32==308" in pins(read(json.dumps(LOCK), tmp_path, Target(platform="win-64", python="3.11")))
    assert "numpy==2.1.3" not in pins(read(json.dumps(LOCK), tmp_path, Target(python="3.9")))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("*", 'a.file: default.six: expected a mapping, found a string "*"; write the lock anew with pipenv'),
        (
            {"version": "==1", "markers": "python <> 3"},
            "a.file: default.six.markers: expected a marker, found 'python <> 3'; write the lock anew with pipenv",
        ),
    ],
)
def test_a_pipfile_lock_that_cannot_be_read_is_named_with_its_key(entry, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(json.dumps({"_meta": {}, "default": {"six": entry}}), tmp_path)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("said", "python"), [("3.12", "3.12"), ("3.12.4", "3.12"), ("3", None), ("https://x", None), ("3.121", None)]
)
def test_a_python_counts_only_with_its_minor(said, python, tmp_path):
    text = json.dumps({"_meta": {"requires": {"python_version": said}}, "default": {"six": {"version": "==1"}}})
    assert read(text, tmp_path).python == python
