"""refresh in a user's own project: what it says, what it writes, and what of the built-in record stays."""

from __future__ import annotations

import shutil
import sys
from datetime import date

import pytest
from fault_server import make_wheel
from killed import each_end
from tiny_index import TinyIndex, plain

from solver.commands import refresh as command
from solver.commands.project import open_snapshot
from solver.commands.refresh import refresh
from solver.core import whole
from solver.core.model import pypi_name
from solver.index import days
from solver.index.days import age, facts_of, read_days
from solver.index.pypi import INDEX_URL
from solver.refresh import record

TODAY = date(2026, 12, 1)
WHEEL = "tensorflow-2.99.0-cp312-cp312-manylinux_2_27_x86_64.whl"
ROOTS = """\
version: 1
groups:
  - {platform: linux-64, pythons: ["3.12"], newest: 1, some: [own-tool]}
"""


@pytest.fixture
def index(tmp_path, monkeypatch, fault_server):
    """An index whose tensorflow has a build_info without CUDA facts, and a package of its own."""
    monkeypatch.setenv(INDEX_URL, f"{fault_server.url}/simple/")
    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(tmp_path / "cache"))
    info = b"build_info = {'is_cuda_build': True, 'cuda_compute_capabilities': ['sm_90']}\n"
    wheel = make_wheel("tensorflow", "2.99.0", members=[("tensorflow/python/platform/build_info.py", info)])
    fault_server.add_wheel(WHEEL, wheel)
    fault_server.add_project("tensorflow", {WHEEL: {"size": len(wheel)}})
    add(fault_server, {"1.0": [], "2.0": ["broken (>=1.9.*)"]})
    own = tmp_path / "matrices" / "snapshot"
    own.mkdir(parents=True)
    (own / "roots.yaml").write_text(ROOTS)
    return fault_server


def add(server, versions):
    files = {}
    for version, requires in versions.items():
        filename = f"own_tool-{version}-py3-none-any.whl"
        server.add_wheel(filename, make_wheel("own_tool", version, requires))
        files[filename] = {}
    server.add_project("own-tool", files)


def lines(root, **parts):
    return list(refresh(root, TODAY, **{"rows": False, "snapshot": False, "channels": (), **parts}))


def test_facts_that_a_wheel_does_not_tell_are_told_and_not_known(index, tmp_path):
    steps = []
    assert lines(tmp_path, rows=True, tell=steps.append) == [
        "+ row tensorflow-2.99.0",
        "passed over: tensorflow/python/platform/build_info.py of "
        f"{WHEEL} does not tell cuda_version, which is not known therefore",
        "passed over: tensorflow/python/platform/build_info.py of "
        f"{WHEEL} does not tell cudnn_version, which is not known therefore",
        "rows: tensorflow.yaml",
    ]
    assert steps == [f"reading {WHEEL}"]
    text = (tmp_path / "matrices" / "tensorflow.yaml").read_text()
    assert "cuda:" not in text and "sm: ['9.0']" in text.replace('"', "'")
    assert read_days(tmp_path / "matrices" / "snapshot") == {"rows": TODAY}


def test_what_changed_on_the_index_is_told_by_package(index, tmp_path):
    passed_over = (
        'passed over: own-tool 2.0: own_tool-2.0-py3-none-any.whl asks for "broken (>=1.9.*)", which is no '
        "requirement: .* suffix can only be used with `==` or `!=` operators"
    )
    counts = "package index: 1 packages, {} releases recorded; {} new, 0 changed, {} gone"
    add(index, {"1.0": []})
    assert lines(tmp_path, snapshot=True) == ["+ own-tool 1.0", counts.format(1, 1, 0)]
    assert lines(tmp_path, snapshot=True) == [counts.format(1, 0, 0)]
    add(index, {"1.0": [], "2.0": ["broken (>=1.9.*)"], "3.0": []})
    assert lines(tmp_path, snapshot=True) == ["+ own-tool 3.0", "- own-tool 1.0", counts.format(1, 1, 1)]
    add(index, {"1.0": [], "2.0": ["broken (>=1.9.*)"]})
    assert lines(tmp_path, snapshot=True) == ["- own-tool 3.0", passed_over, counts.format(0, 0, 1)]


def test_the_project_s_record_hides_nothing_of_the_one_that_comes_along(index, tmp_path):
    lines(tmp_path, snapshot=True)
    names = open_snapshot(tmp_path).names()
    assert {pypi_name("own-tool"), pypi_name("torch"), pypi_name("numpy")} <= set(names)
    indexes = {release.index for release in open_snapshot(tmp_path).releases(pypi_name("torch"))}
    assert indexes == {"default", "pytorch"}
    written = [path.name for path in (tmp_path / "matrices" / "snapshot" / "default").iterdir()]
    assert written == ["own-tool.jsonl"]


def test_facts_are_as_old_as_the_newest_reading(index, tmp_path):
    shipped = {"rows": date(2026, 11, 22), "conda-forge": date(2026, 11, 22)}
    days = facts_of(shipped, {"rows": TODAY})
    told = {part: age(day, date(2026, 12, 2)) for part, day in days.items()}
    assert told == {
        "rows": "1 day old (2026-12-01)",
        "package index": "of unknown age",
        "conda-forge": "10 days old (2026-11-22)",
    }
    assert age(date(2026, 11, 22), date(1970, 1, 1)) == "of 2026-11-22, a day that this machine's clock has not reached"


def test_of_wheels_that_are_passed_over_for_one_reason_the_newest_two_are_told(index, tmp_path):
    module = "tensorflow/python/platform/build_info.py"
    info = b"build_info = {'is_cuda_build': True, 'cuda_compute_capabilities': ['sm_90']}\n"
    wheels = {f"tensorflow-2.{minor}.0-cp312-cp312-manylinux_2_27_x86_64.whl": minor for minor in range(94, 98)}
    for filename, minor in wheels.items():
        index.add_wheel(filename, make_wheel("tensorflow", f"2.{minor}.0", members=[(module, info)]))
    index.add_project("tensorflow", {filename: {} for filename in wheels})
    told = [line for line in lines(tmp_path, rows=True) if line.startswith("passed over: ")]
    newest, what = list(wheels)[2:], "does not tell cuda_version, which is not known therefore"
    assert told[:3] == [
        *(f"passed over: {module} of {filename} {what}" for filename in newest),
        f"passed over: {module} of tensorflow {what}: 2 older wheels more",
    ]
    assert len(told) == len(newest) + 1 + len(newest) + 1


def files_of(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
def test_wherever_it_is_ended_each_file_is_the_old_or_the_new_one_and_the_next_run_makes_all_of_them_new(
    tmp_path, monkeypatch
):
    own = tmp_path / "matrices" / "snapshot"
    old = {"own-tool": plain("1.0"), "gone": plain("1.0")}
    new = {"own-tool": plain("2.0", requires=("lib",)), "lib": plain("1.0")}
    states = {}
    monkeypatch.setattr(command, "built_in_snapshot", lambda: tmp_path / "shipped")  # the real one takes long to read

    def renewed(packages, day):
        roots = ROOTS if packages is new else ROOTS.replace("own-tool", "own-tool, gone")
        (own / "roots.yaml").write_text(roots)
        monkeypatch.setattr(command, "PypiIndex", lambda: TinyIndex(packages))
        return list(refresh(tmp_path, day, rows=False, snapshot=True, channels=()))

    for name, packages, day in (("new", new, TODAY), ("old", old, date(2026, 11, 1))):
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        renewed(packages, day)
        states[name] = files_of(own)

    def begin():
        renewed(old, date(2026, 11, 1))
        assert files_of(own) == states["old"]
        return lambda: renewed(new, TODAY)

    seen = set()
    for what in each_end((record, whole, days), begin, step=23):
        left = files_of(own)
        parts = {name for name in left if name.endswith(".part")}
        assert {
            name for name in left.keys() - parts if left[name] not in (states["old"].get(name), states["new"].get(name))
        } == set(), what
        assert not parts or what.startswith("SIGKILL"), what
        seen.add(any(name.endswith("/lib.jsonl") for name in left))
        renewed(new, TODAY)
        assert files_of(own) == states["new"], what
    assert seen == {False, True}


def test_what_a_kill_left_goes_where_its_file_is_not_written_again(index, tmp_path):
    left = tmp_path / "matrices" / "snapshot" / f".gone.jsonl.{'0' * 16}.part"
    left.write_text("half")
    lines(tmp_path)
    assert not left.exists()
