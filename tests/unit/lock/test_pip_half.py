"""The half of a lock that comes from pip."""

import msgspec
import pytest
from conda_formats import PIP

from solver.core.errors import BadInput
from solver.lock.condalock import conda_lock_yml
from solver.lock.pixi import pixi_lock


@pytest.mark.parametrize("write", [conda_lock_yml, pixi_lock])
def test_a_lock_without_its_pip_half_is_refused(records, write):
    with pytest.raises(BadInput, match="demo: has packages that come from pip, and the lock was to be without them"):
        write(PIP, records, (), "linux-64")


@pytest.mark.parametrize("write", [conda_lock_yml, pixi_lock])
def test_a_profile_that_asks_for_nothing_of_pip_has_none(records, write):
    bare = msgspec.structs.replace(PIP, frameworks=(), packages=())
    assert "pypi" not in write(bare, records, (), "linux-64")
