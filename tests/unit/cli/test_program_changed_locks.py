"""A lock that somebody changed: no command installs it, carries it or hands it on."""

from __future__ import annotations

import sys

import pytest
from user_folder import written

CHANGED = {
    "a hash": lambda text: text.replace("--hash=sha256:", f"--hash=sha256:{'0' * 64} --hash=sha256:", 1),
    "an option": lambda text: f"--index-url http://evil.invalid/simple\n{text}",
    "a comment": lambda text: f"{text}# more\n",
}
COMMANDS = {
    "install": ("install", "small", "prefix", "--no-driver-check", "--python", sys.executable),
    "create": ("create", "small", "--prefix", "prefix", "--with", "interlock", "--no-driver-check", "-y"),
    "export": ("export", "constraints.txt", "small"),
    "pixi.lock": ("export", "pixi.lock", "small"),
    "pylock.toml": ("export", "pylock.toml", "small"),
    "upgrade": ("lock", "small", "--upgrade-package", "numpy"),
    "verify": ("verify", "small", "--out", "out"),
    "predict": ("verify", "small", "--predict", "--gpu", "9.0", "--driver", "580.65.06"),
}


@pytest.fixture
def locked(folder, interlock):
    assert interlock("lock", "small", "--no-pylock")[0] == 0
    return folder / "locks" / "small"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_lock_that_was_changed_is_handed_on_by_no_command(locked, interlock, folder, command):
    path = locked / "requirements.txt"
    text = path.read_text()
    for change in CHANGED.values():
        path.write_text(change(text))
        before = written(folder)
        code, out, err = interlock(*COMMANDS[command])
        assert (code, out) == (2, "")
        assert err.endswith(
            "locks/small: its files were changed after the lock was made; "
            "restore the folder, or make it again with `interlock lock small`\n"
        )
        assert written(folder) == before


def test_a_lock_that_was_changed_is_not_bundled(locked, interlock, folder):
    path = locked / "requirements.txt"
    path.write_text(CHANGED["an option"](path.read_text()))
    said = "small is not bundled, since it is stale: its files were changed; `interlock lock small` makes it anew"
    assert interlock("bundle", "small", "out") == (1, "", f"interlock: {said}\n")
    (folder / "environment.yml.in").unlink()  # without a request nobody can tell what is stale
    code, out, err = interlock("bundle", "small", "out")
    assert (code, out) == (2, "")
    assert "locks/small: its files were changed after the lock was made" in err
    assert not (folder / "out").exists()


def test_a_lock_that_was_changed_is_told_as_stale(locked, interlock):
    path = locked / "requirements.txt"
    path.write_text(CHANGED["a comment"](path.read_text()))
    code, out, _ = interlock("lock", "--check", "small")
    assert (code, out.splitlines()[0]) == (1, "small: its files were changed")
    code, out, _ = interlock("status")
    assert (code, "run `interlock lock small`: its files were changed" in out) == (0, True)
