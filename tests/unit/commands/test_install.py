"""install finds the lock of a profile where lock writes it, and hands the rest to the installer."""

from __future__ import annotations

import pytest

from solver.commands import install as page
from solver.core.errors import BadInput
from solver.lock.install.prefix import Environment


def test_the_profiles_lock_is_handed_to_the_installer(tmp_path, monkeypatch):
    calls = []

    def install_lock(lock, prefix, **options):
        calls.append((lock, prefix, options))
        return Environment(prefix, prefix / "bin" / "python", 1, 2)

    monkeypatch.setattr(page, "install_lock", install_lock)
    made = page.install(tmp_path, "small", tmp_path / "env", installer="pip", check_driver=False)
    assert (made.conda, made.pip) == (1, 2)
    options = {"folder": None, "python": None, "installer": "pip", "check_driver": False}
    assert calls == [(tmp_path / "locks" / "small", tmp_path / "env", options)]


def test_a_profile_without_a_lock(tmp_path):
    with pytest.raises(BadInput) as caught:
        page.install(tmp_path, "small", tmp_path / "env")
    file = tmp_path / "locks" / "small" / "solution.yaml"
    assert str(caught.value) == f"{file}: this profile has no lock; make it with `interlock lock small`"
    assert not (tmp_path / "env").exists()
