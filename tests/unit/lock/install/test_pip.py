import hashlib
import os
import sys
from pathlib import Path

import pytest
from conda_world import build_wheel

from solver.core.errors import BadInput, CheckFailed, IndexUnavailable
from solver.lock.install.pip import (
    _command,
    _environment,
    _from_folder,
    _run,
    find_uv,
    installer_here,
)


def requirements(tmp_path, *lines):
    path = tmp_path / "lock" / "requirements.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_from_a_folder_addresses_become_versions(tmp_path):
    _, plain = build_wheel(tmp_path / "wheels", "tiny", "1.0")
    _, local = build_wheel(tmp_path / "wheels" / "deep", "big", "2.0+cu128", body="VALUE = 8\n")
    path = requirements(
        tmp_path,
        "--find-links ./wheels",
        f"tiny==1.0 --hash=sha256:{plain} --hash=sha256:{'0' * 64}",
        f"big @ https://w.example/big-2.0%2Bcu128-py3-none-any.whl --hash=sha256:{local}",
    )
    rewritten, options = _from_folder(path, tmp_path / "wheels", tmp_path)
    assert options == ["--find-links", str(path.parent / "wheels")]
    assert rewritten.read_text().splitlines() == [
        f"tiny==1.0 --hash=sha256:{'0' * 64} --hash=sha256:{plain}"
        if plain > "0" * 64
        else f"tiny==1.0 --hash=sha256:{plain} --hash=sha256:{'0' * 64}",
        f"big==2.0+cu128 --hash=sha256:{local}",
    ]


def test_a_wheel_with_other_bytes_and_a_missing_one_are_told_apart(tmp_path):
    wheel, digest = build_wheel(tmp_path / "wheels", "tiny", "1.0")
    path = requirements(tmp_path, f"tiny==1.0 --hash=sha256:{digest}")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() != digest
    with pytest.raises(CheckFailed, match=r"tiny-1.0-py3-none-any.whl is not the file that the lock names"):
        _from_folder(path, tmp_path / "wheels", tmp_path)
    wheel.unlink()
    with pytest.raises(IndexUnavailable, match=r"no wheel of tiny==1.0 is in .*wheels; bundle the lock anew"):
        _from_folder(path, tmp_path / "wheels", tmp_path)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_both_installers_check_hashes_and_build_nothing(installer):
    command = _command(installer, Path("/prefix/bin/python"))
    assert command[-3:] == ["--require-hashes", "--only-binary", ":all:"]
    assert ("uv" in Path(command[0]).name) == (installer == "uv")


def test_a_users_configuration_counts_on_the_network_and_not_from_a_folder():
    environ = {
        "PIP_INDEX_URL": "https://own.example",
        "UV_INDEX": "x",
        "PYTHONPATH": "/x",
        "HOME": "/h",
        "PATH": "/bin",
    }
    online = _environment(environ, Path("/prefix/bin/python"), offline=False)
    assert (online["PIP_INDEX_URL"], online["HOME"]) == ("https://own.example", "/h")
    assert "PYTHONPATH" not in online
    assert online["PATH"] == os.pathsep.join(["/prefix/bin", "/bin"])
    offline = _environment({**environ, "UV_CACHE_DIR": "/c"}, Path("/prefix/bin/python"), offline=True)
    assert {name for name in offline if name.startswith(("PIP", "UV"))} == {
        "PIP_CONFIG_FILE",
        "UV_NO_CONFIG",
        "UV_CACHE_DIR",
    }


def test_uv_is_found_beside_this_python_or_told(monkeypatch):
    assert (Path(find_uv()).stem, installer_here()) == ("uv", "uv")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(BadInput, match="--with: there is no uv on this machine; install it, or choose pip"):
        find_uv()
    # Where nobody chose it nobody misses it.
    assert installer_here() == "pip"


@pytest.mark.parametrize(
    ("said", "error", "told"),
    [
        ("ERROR: [Errno 28] No space left on device", OSError, r"pip could not work: No space left on device"),
        ("ERROR: no match", CheckFailed, r"the pip half failed, pip says: ERROR: no match$"),
    ],
)
def test_a_full_disk_is_no_failed_check(said, error, told):
    with pytest.raises(error, match=told):
        _run([sys.executable, "-c", f"raise SystemExit({said!r})"], os.environ, ())
