"""The reader of installed environments, a venv or one of conda."""

from __future__ import annotations

import pytest
from standin_prefix import conda_prefix, record

from solver.audit.inputs import read_set
from solver.core.errors import BadInput
from solver.core.model import Target


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
