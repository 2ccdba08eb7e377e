"""What an installation asks of this machine."""

from solver.lock.install.prefix import installed_driver


def test_a_driver_is_a_version_or_none():
    found = installed_driver()
    assert found is None or found.split(".")[0].isdigit()
