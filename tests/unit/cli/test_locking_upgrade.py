"""lock --upgrade-package: one package newer, the others kept wherever they can be."""

from __future__ import annotations

import pytest
from own_index import add, files

NEXT = "written to locks/gpu; `interlock install gpu PREFIX` installs it\n"
MADE = "gpu: torch 2.9.1, python 3.12, cuda 12.8, cudnn 9.10.2.21; 29 packages by pip, 27 packages by conda"


def pins(folder):
    lines = (folder / "locks/gpu/requirements.txt").read_text().splitlines()
    return dict(line.split()[0].split("==") for line in lines if "==" in line and not line.startswith("#"))


@pytest.fixture
def locked(index, interlock, tmp_path):
    """own-tool 2.0 and helper 2.0 are locked; since then newer ones of both have come."""
    assert interlock("lock", "--no-pylock")[0] == 0
    add(index, "own-tool", {"2.0": ["helper>=2", "numpy"], "2.5": ["helper>=2", "numpy"]})
    add(index, "helper", {"2.0": [], "2.2": []})
    return pins(tmp_path)


def test_the_named_package_is_newer_and_all_others_stay(locked, index, interlock, tmp_path):
    code, out, err = interlock("lock", "--no-pylock", "--upgrade-package", "Own_Tool")
    assert (code, out) == (0, f"{MADE}\n  own-tool 2.0 -> 2.5\n{NEXT}")
    # What has no newer release that it could need is not asked for.
    assert err.startswith("asked the package index for 1 package beyond the record, ")
    assert pins(tmp_path) == locked | {"own-tool": "2.5"}
    made = files(tmp_path / "locks")
    index.close()
    assert interlock("lock", "--check") == (0, "gpu: fresh\n", "")
    assert interlock("lock", "--no-pylock") == (0, f"{MADE} (unchanged)\n{NEXT}", "")
    assert files(tmp_path / "locks") == made


def test_of_others_nothing_is_asked_where_the_request_itself_bounds_the_package(locked, index, interlock, tmp_path):
    request = tmp_path / "environment.yml.in"
    request.write_text(request.read_text().replace("own-tool>=1", "own-tool<2.3"))
    add(index, "own-tool", {"2.0": ["helper>=2", "numpy"], "2.2": ["helper>=2", "numpy"], "2.5": ["helper>=2"]})
    code, out, err = interlock("lock", "--no-pylock", "-P", "own-tool")
    assert (code, out) == (0, f"{MADE}\n  own-tool 2.0 -> 2.2\n{NEXT}")
    assert err.startswith("asked the package index for 1 package beyond the record, ")
    assert pins(tmp_path) == locked | {"own-tool": "2.2"}


def test_what_the_newer_one_needs_moves_with_it(locked, index, interlock, tmp_path):
    add(index, "own-tool", {"2.0": ["helper>=2", "numpy"], "3.0": ["helper>=2.1", "numpy"]})
    assert interlock("lock", "--no-pylock", "-P", "own-tool")[1].splitlines()[1:3] == [
        "  helper 2.0 -> 2.2",
        "  own-tool 2.0 -> 3.0",
    ]
    assert pins(tmp_path) == locked | {"own-tool": "3.0", "helper": "2.2"}


def test_frameworks_stay_whatever_a_newer_package_would_like(locked, index, interlock, tmp_path):
    add(index, "own-tool", {"2.0": ["helper>=2", "numpy"], "3.0": ["torch<2.9"]})
    assert interlock("lock", "--no-pylock", "-P", "own-tool")[1].splitlines()[1] == (
        "  own-tool 2.0 stays: nothing newer goes with the request, python and frameworks of the lock"
    )
    assert pins(tmp_path) == locked


def test_a_framework_is_made_newer_too(locked, index, interlock, tmp_path):
    request = tmp_path / "environment.yml.in"
    request.write_text(request.read_text().replace("==${torch}", "").replace(', torch: "2.9.1"', ""))
    assert interlock("lock", "--no-pylock", "-P", "torch", "--offline")[0] == 0
    after = pins(tmp_path)
    assert after["torch"] != locked["torch"] == "2.9.1"
    stayed = {name for name in after if after[name] == locked.get(name)}
    assert {"own-tool", "helper", "numpy", "jinja2", "filelock"} <= stayed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["own-tol"], "--upgrade-package: no lock of gpu holds own-tol; did you mean own-tool?"),
        (["requests"], "--upgrade-package: no lock of gpu holds requests; name a package that is in the lock"),
        (["own tool"], "--upgrade-package: 'own tool' is no name of a package; write it like pandas"),
        (["torch", "--live"], "--live: makes every package newer; leave it out, or --upgrade-package"),
    ],
)
def test_what_cannot_be_upgraded_is_told(locked, interlock, words, message):
    assert interlock("lock", "-P", *words) == (2, "", f"interlock: {message}\n")


def test_there_must_be_a_lock(index, interlock):
    assert interlock("lock", "-P", "torch") == (
        2,
        "",
        "interlock: locks/gpu/solution.yaml: this profile has no lock; make it with `interlock lock gpu`\n",
    )
