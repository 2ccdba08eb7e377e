"""Fixtures that the tests of lock formats share."""

import pytest

from solver.index.conda_snapshot import read_records
from solver.matrix.load import matrices_dir


@pytest.fixture(scope="session")
def records():
    """Real records, one a name: what a lock looks like."""
    folder = matrices_dir() / "snapshot" / "conda" / "conda-forge"
    by_name = {r.name: r for name in ("linux-64", "noarch") for r in read_records(folder / f"{name}.jsonl")}
    return tuple(by_name[name] for name in sorted(by_name))
