"""What is in a bundle."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from killed import each_end
from small_bundle import CONTENT, MINOR, run, stub, subject

from solver.core import whole as core_whole
from solver.core.errors import BadInput
from solver.proof.bundle import download, make
from solver.proof.bundle.download import file_sha256
from solver.proof.bundle.make import LockToCarry, make_bundle
from solver.proof.bundle.manifest import carried_subjects, read_manifest


def test_the_manifest_tells_everything_and_shares_files(bundle, tmp_path):
    manifest = read_manifest(bundle)
    assert [file.path for file in manifest.files] == [
        "locks/full/wheels/loader-1-py3-none-any.whl",
        "locks/other/wheels/loader-1-py3-none-any.whl",
        "tool/interlock-1-py3-none-any.whl",
        "verify.py",
        "wheels/w0-1-py3-none-any.whl",
        "wheels/w1-1-py3-none-any.whl",
        "wheels/w2-1-py3-none-any.whl",
    ]
    assert [len(lock.files) for lock in manifest.locks] == [3, 2]
    assert all(file_sha256(bundle / file.path) == file.sha256 for file in manifest.files)
    (subject,) = carried_subjects(bundle, ["other"])
    assert (subject.folder, subject.packages) == (bundle / "locks/other", {"torch": "2.10.0"})
    with pytest.raises(BadInput, match="the bundle carries no nothing"):
        carried_subjects(bundle, ["nothing"])


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
def test_whatever_ends_a_bundle_the_next_one_is_whole_and_holds_nothing_else(server, tmp_path):
    lock, made = tmp_path / "lock", tmp_path / "bundle"
    lock.mkdir()
    (lock / "requirements.txt").write_text("w0==1\n")
    wheels = tuple(server.put(f"w{number}-1-py3-none-any.whl", CONTENT[number:]) for number in range(2))
    carry = LockToCarry(subject=subject(lock, "full"), python=MINOR, wheels=wheels)

    def bundled():
        make_bundle([carry], made, tool={MINOR: ()}, interlock=stub())

    def begin():
        shutil.rmtree(made, ignore_errors=True)
        return bundled

    def content():
        return {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}

    bundled()
    whole = content()
    for what in each_end((make, download, core_whole), begin, step=41):
        left = content()
        assert left.get("manifest.json") in (None, whole["manifest.json"]), what
        bundled()
        assert content() == whole, what


def test_an_interpreter_is_carried_for_the_lock_that_needs_it(tmp_path):
    lock = tmp_path / "lock"
    lock.mkdir()
    carry = LockToCarry(subject=subject(lock, "a"), python=MINOR, wheels=())
    made = tmp_path / "bundle"
    manifest = make_bundle([carry], made, tool={MINOR: ()}, interlock=stub(), pythons=[sys.executable])
    (python,) = manifest.pythons
    assert python.path in [file.path for file in manifest.files]
    for _ in range(2):  # the second time it is there already
        done = run(made / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
        assert done.returncode == 7, done.stderr
        seen = json.loads((tmp_path / "out" / "seen.json").read_text())
        place = tmp_path / "out.work" / f"python{MINOR}" if python.prefix is None else Path(python.prefix)
        assert f"{place}/bin" in seen[3].split(":")
        assert (place / "bin" / "python3").exists()
        shutil.rmtree(tmp_path / "out")


def test_rows_of_ones_own_travel_and_those_of_an_earlier_bundle_do_not(tmp_path):
    lock, own = tmp_path / "lock", tmp_path / "own"
    lock.mkdir()
    (own / "snapshot" / "default").mkdir(parents=True)
    (own / "rules.yaml").write_text("version: 1\nrows: []\n")
    (own / ".rules.yaml.swp").write_bytes(b"")
    (own / "snapshot" / "default" / "a.json").write_text("{}")
    carry = LockToCarry(subject=subject(lock, "a"), python=MINOR, wheels=())
    made = tmp_path / "bundle"
    make_bundle([carry], made, tool={MINOR: ()}, interlock=stub(), matrices=own)
    rows = [file.path for file in read_manifest(made).files if file.path.startswith("matrices/")]
    assert rows == ["matrices/rules.yaml", "matrices/snapshot/default/a.json"]
    make_bundle([carry], made, tool={MINOR: ()}, interlock=stub())
    assert [file.path for file in read_manifest(made).files] == ["tool/interlock-1-py3-none-any.whl", "verify.py"]
