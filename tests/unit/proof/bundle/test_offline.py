"""What verify.py makes of a bundle or its parts on a bare python."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from small_bundle import MINOR, run

from solver.core.errors import BadInput
from solver.proof.bundle.manifest import read_manifest
from solver.proof.bundle.split import split


def test_a_whole_bundle_starts_interlock_in_an_environment_of_its_own(bundle, tmp_path):
    done = run(bundle / "verify.py", "--out", tmp_path / "out", "--profiles", "full", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    arguments, isolated, prefix, _ = json.loads((tmp_path / "out" / "seen.json").read_text())
    assert arguments == ["verify", "full", "--bundle", str(bundle), "--out", str(tmp_path / "out")]
    assert (isolated, prefix) == (1, str(tmp_path / "out.work" / "tool"))
    assert os.access(tmp_path / "out.work" / "tool" / "bin" / "tried", os.X_OK)


SIZE = 120_000
"""Bytes of a part in these tests: small enough that every wheel is cut."""


def test_parts_keep_to_their_size_and_join_to_the_same_bundle(bundle, tmp_path):
    made = split(bundle, tmp_path / "parts", SIZE)
    assert len(made) > 3
    assert all(sum(file.stat().st_size for file in part.iterdir()) <= SIZE for part in made)
    done = run(made[1] / "verify.py", "--parts", tmp_path / "parts", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    joined = tmp_path / "out.work" / "bundle"
    for file in (*(one.path for one in read_manifest(bundle).files), "manifest.json"):
        assert (joined / file).read_bytes() == (bundle / file).read_bytes()


def test_a_missing_part_is_named(bundle, tmp_path):
    made = split(bundle, tmp_path / "parts", SIZE)
    made[2].rename(tmp_path / "elsewhere")
    done = run(made[0] / "verify.py", "--parts", tmp_path / "parts", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"verify.py: 1 of {len(made)} parts are missing: c002\n")


def test_a_damaged_part_is_named(bundle, tmp_path):
    made = split(bundle, tmp_path / "parts", SIZE)
    piece = max(made[1].glob("p*"), key=lambda path: path.stat().st_size)
    content = piece.read_bytes()
    piece.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    done = run(made[0] / "verify.py", "--parts", tmp_path / "parts", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(rf"is damaged by {re.escape(str(piece))}", done.stderr)


def test_parts_of_two_bundles_are_not_mixed(bundle, tmp_path):
    split(bundle, tmp_path / "parts", SIZE)
    other = split(bundle, tmp_path / "more", SIZE * 2)
    other[0].rename(tmp_path / "parts" / "d000")
    done = run(other[1] / "verify.py", "--parts", tmp_path / "parts", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, "holds parts of 2 different bundles" in done.stderr) == (2, True)


def test_a_damaged_bundle_is_refused_before_anything_is_installed(bundle, tmp_path):
    (bundle / "wheels" / "w0-1-py3-none-any.whl").write_bytes(b"other")
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "verify.py: wheels/w0-1-py3-none-any.whl is damaged\n")
    assert not (tmp_path / "out.work" / "tool").exists()


def test_a_path_that_leads_out_of_the_bundle_is_refused(bundle, tmp_path):
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"][0]["path"] = "../outside"
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "verify.py: '../outside' is no path within the bundle\n")
    with pytest.raises(BadInput, match="this is no manifest"):
        read_manifest(bundle)


def test_a_python_that_interlock_has_no_wheels_for_is_told(bundle, tmp_path):
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["tool"] = {"3.99": []}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.stderr == (
        "verify.py: interlock needs one of python 3.99, and there is none here; "
        "make the bundle with --python to carry one\n"
    )


def test_verify_py_needs_nothing_but_the_standard_library():
    import ast

    import solver.proof.bundle.offline as offline

    tree = ast.parse(Path(offline.__file__).read_text(), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)


def test_a_manifest_larger_than_any_is_not_read(bundle, tmp_path):
    (bundle / "manifest.json").write_bytes(b" " * (2**24 + 1))
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        f"verify.py: {bundle / 'manifest.json'} cannot be read: it is larger than 16 MiB\n",
    )


HASH = "a" * 64


@pytest.mark.parametrize(
    "change",
    [
        {"files": None},
        {"files": 5},
        {"tool": None},
        {"tool": {MINOR: "x"}},
        {"tool": {MINOR: ["../x"]}},
        {"pythons": 5},
        {"pythons": ["x"]},
        {"pythons": [{"path": "../x", "python": "3.12"}]},
        {"pythons": [{"path": "x", "python": "../3"}]},
        {"pythons": [{"path": "x", "python": "3.12", "prefix": "/opt/../etc"}]},
        {"version": [2]},
    ],
    ids=str,
)
def test_a_manifest_of_another_shape_is_refused_in_one_line(bundle, tmp_path, change):
    path = bundle / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("verify.py: ")


@pytest.mark.parametrize(
    "change",
    [
        {"count": 100_000_000},
        {"count": 0},
        {"count": "3"},
        {"number": None},
        {"number": 999},
        {"bundle": "x"},
        {"pieces": None},
        {"pieces": [5]},
        {"pieces": [{"name": "../x", "path": "a", "offset": 0, "sha256": HASH}]},
        {"pieces": [{"name": "p0000", "path": "../x", "offset": 0, "sha256": HASH}]},
        {"pieces": [{"name": "p0000", "path": "a", "offset": -1, "sha256": HASH}]},
        {"pieces": [{"name": "p0000", "path": "a", "offset": 0, "sha256": "x"}]},
    ],
    ids=str,
)
def test_a_part_of_another_shape_is_refused_in_one_line(bundle, tmp_path, change):
    made = split(bundle, tmp_path / "parts", SIZE)
    path = made[0] / "part.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    done = run(made[1] / "verify.py", "--parts", tmp_path / "parts", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert re.search(r"is no path within the bundle|is damaged: .* is not what it must be", done.stderr)


@pytest.mark.parametrize("name", ["locks/full-py312/extra.txt", "matrices/extra.yaml", "locks/other/solution.yaml"])
def test_a_lock_or_a_row_that_the_manifest_does_not_name_is_refused(bundle, tmp_path, name):
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_text("")
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"verify.py: {name!r} is not named by the manifest\n")


def test_a_wheel_that_the_manifest_does_not_name_is_told_and_not_used(bundle, tmp_path):
    (bundle / "wheels" / "stray-1.0-py3-none-any.whl").write_bytes(b"")
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 7
    assert "s: 1 files are not named by the manifest and not used, such as 'wheels/stray-1.0-py3-none-any.whl'\n" in (
        done.stdout
    )


def wheel_of(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


RECORD = "x-1.dist-info/RECORD"
TOOLS = {
    "is no zip": (b"nothing", "the bundle cannot be unpacked: BadZipFile: File is not a zip file"),
    "has no RECORD": (wheel_of(x=b""), "{name} has 0 RECORDs, expected one"),
    "has two RECORDs": (
        wheel_of(**{RECORD: b"", "y-1.dist-info/RECORD": b""}),
        "{name} has 2 RECORDs, expected one",
    ),
    "has a RECORD of a file that is absent": (wheel_of(**{RECORD: b"x.py,,\n"}), "{name}: 'x.py' is missing"),
    "has a binary RECORD": (wheel_of(**{RECORD: b"\xff\xfe"}), "{name}: its RECORD is no text"),
    "leads out": (
        wheel_of(**{RECORD: b"../x.py,,\n", "../x.py": b""}),
        "'../x.py' leads out of the bundle",
    ),
    "leads to the root": (
        wheel_of(**{RECORD: b"/tmp/x.py,,\n", "/tmp/x.py": b""}),
        "'/tmp/x.py' leads out of the bundle",
    ),
    "has another hash": (
        wheel_of(**{RECORD: b"x.py,sha256=AAAA,1\n", "x.py": b"1"}),
        "{name}: x.py is damaged",
    ),
}


@pytest.mark.parametrize("kind", TOOLS)
def test_a_tool_of_another_shape_is_refused_in_one_line(bundle, tmp_path, kind):
    """Its hash is in the manifest: whoever made the bundle made it so."""
    content, sentence = TOOLS[kind]
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_bytes())
    name = manifest["tool"][MINOR][0]
    (bundle / name).write_bytes(content)
    for entry in manifest["files"]:
        if entry["path"] == name:
            entry["sha256"] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(manifest))
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    told = sentence.replace("{name}", name.rpartition("/")[2])
    assert (done.returncode, done.stderr) == (2, f"verify.py: {told}\n")


def leading_out():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../x"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no tar", "the bundle cannot be unpacked: ReadError: "),
        (b"", "the bundle cannot be unpacked: ReadError: "),
        (leading_out(), "the bundle cannot be unpacked: OutsideDestinationError: "),
    ],
    ids=["no tar", "empty", "leads out"],
)
def test_an_interpreter_of_another_shape_is_refused_in_one_line(bundle, tmp_path, content, sentence):
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_bytes())
    (bundle / "python.tar.gz").write_bytes(content)
    entry = {"path": "python.tar.gz", "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    python = {"path": "python.tar.gz", "python": "3.99"}
    path.write_text(json.dumps({**manifest, "pythons": [python], "files": [*manifest["files"], entry]}))
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"verify.py: {sentence}")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x").exists() and not (tmp_path / "out.work" / "x").exists()
