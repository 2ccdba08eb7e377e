"""A project with one lock of stand-ins, and one of a few rows that can make its own."""

import pytest
from small_project import project_with
from standin_lock import make_lock


@pytest.fixture
def lock(tmp_path):
    """The folder of the lock; the project is the parent of its parent."""
    return make_lock(tmp_path / "project" / "locks")


@pytest.fixture
def root(lock):
    return lock.parent.parent


@pytest.fixture
def project(tmp_path, own_cache):
    return project_with(tmp_path)
