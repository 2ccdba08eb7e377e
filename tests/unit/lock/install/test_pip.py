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
    find_uv,
    read_requirements,
)
from solver.proof.bundle.wanted import read_requirements as read_locked


def requirements(tmp_path, *lines):
    path = tmp_path / "lock" / "requirements.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def test_requirements_are_read_with_all_their_hashes(tmp_path):
    path = requirements(
        tmp_path,
        "# a comment",
        "--find-links ./wheels",
        "Num_Py[extra]==2.1.0 \\",
        f"    --hash=sha256:{'a' * 64} \\",
        f"    --hash=sha256:{'b' * 64}",
        f"torch @ https://w.example/torch-2.11.0%2Bcu128-cp312-cp312-linux_x86_64.whl --hash=sha256:{'c' * 64}",
    )
    found = read_requirements(path)
    assert [(each.name, each.text, sorted(h[0] for h in each.hashes)) for each in found] == [
        ("num-py", "Num_Py[extra]==2.1.0", ["a", "b"]),
        ("torch", "torch @ https://w.example/torch-2.11.0%2Bcu128-cp312-cp312-linux_x86_64.whl", ["c"]),
    ]


BROKEN = Path(__file__).parents[3] / "data" / "broken"


@pytest.mark.parametrize("read", [read_requirements, read_locked])
def test_an_option_that_no_lock_has_is_refused(read):
    """What a listing's "hash" with line ends once wrote into a lock."""
    with pytest.raises(BadInput) as caught:
        read(BROKEN / "smuggled-requirements.txt")
    assert caught.value.problem == "--index-url is no option that a lock may have"


OPTIONS = ["--find-links /x", "-f ./wheels", "--pre", "-r other.txt", "--find-links ./wheels -i x"]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("read", [read_requirements, read_locked])
def test_of_options_only_that_of_own_wheels_is_taken(tmp_path, read, option):
    path = requirements(tmp_path, option, f"numpy==2.1.0 --hash=sha256:{'a' * 64}")
    with pytest.raises(BadInput) as caught:
        read(path)
    assert caught.value.problem == f"{option.split()[0]} is no option that a lock may have"


def test_an_address_is_one_of_the_package(tmp_path):
    url = "https://w.example/torch-2.11.0-cp312-cp312-linux_x86_64.whl"
    path = requirements(tmp_path, f"numpy @ {url} --hash=sha256:{'a' * 64}")
    with pytest.raises(BadInput, match=r"torch-2\.11\.0-\S+ is a wheel of torch, not of numpy; lock the profile again"):
        read_locked(path)


@pytest.mark.parametrize("digest", ["a" * 65, "A" * 64, "a" * 64 + "x", "a" * 63])
@pytest.mark.parametrize("read", [read_requirements, read_locked])
def test_a_hash_is_whole(tmp_path, read, digest):
    path = requirements(tmp_path, f"numpy==2.1.0 --hash=sha256:{digest}")
    with pytest.raises(BadInput, match="has no sha256"):
        read(path)


def test_a_requirement_without_a_hash_is_refused(tmp_path):
    path = requirements(tmp_path, "numpy==2.1.0")
    with pytest.raises(BadInput, match=r"requirements.txt: numpy==2.1.0 has no sha256; make the lock again"):
        read_requirements(path)


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
    assert Path(find_uv()).stem == "uv"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(BadInput, match="--installer: there is no uv on this machine; install it, or choose pip"):
        find_uv()
