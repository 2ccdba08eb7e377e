"""lock --upgrade-package of a profile whose packages come from conda."""

from __future__ import annotations

import pytest
import yaml

OLDER = ', numpy: "<2.2", constraints: {setuptools: "<80"}'
REQUEST = """\
name: mine
dependencies:
  - python=${python}
  - pytorch=${torch}
profiles:
  gpu: {python: "3.12", flavour: conda%s}
"""


def records(folder):
    """Version and build of each package of the lock."""
    rows = yaml.safe_load((folder / "locks/gpu/conda-lock.yml").read_text())["package"]
    return {row["name"]: row["url"].rpartition("/")[2] for row in rows}


@pytest.fixture
def locked(folder, interlock):
    """A lock whose request would by now let numpy and setuptools be newer."""
    path = folder / "environment.yml.in"
    path.write_text(REQUEST % OLDER)
    assert interlock("lock", "--no-pylock")[0] == 0
    path.write_text(REQUEST % "")
    return records(folder)


def test_the_named_package_is_newer_and_all_others_stay_build_for_build(locked, interlock, folder):
    code, out, err = interlock("lock", "--no-pylock", "-P", "NumPy")
    after = records(folder)
    assert (code, err) == (0, "")
    assert [name for name in after if after[name] != locked.get(name)] == ["numpy"]
    # What only the older numpy asked for is gone with it.
    gone = {"libgcc-ng", "libstdcxx-ng"}
    assert locked.keys() - after.keys() == gone
    before, now = (each["numpy"].split("-")[1] for each in (locked, after))
    assert f"  numpy {before} -> {now}" in out.splitlines()
    assert interlock("lock", "--no-pylock")[0] == 0
    assert [name for name in after if after[name] != records(folder)[name]] == ["setuptools"]


def test_a_framework_is_meant_by_its_name_on_the_index_too(locked, interlock, folder):
    code, out, _ = interlock("lock", "--no-pylock", "-P", "torch")
    version = locked["pytorch"].split("-")[1]
    assert (code, out.splitlines()[1]) == (
        0,
        f"  pytorch {version} stays: nothing newer goes with the request, python and frameworks of the lock",
    )
    assert records(folder) == locked


def test_what_is_in_no_lock_is_told_with_a_near_name(locked, interlock):
    said = "interlock: --upgrade-package: no lock of gpu holds nompy; did you mean numpy?\n"
    assert interlock("lock", "-P", "nompy") == (2, "", said)
