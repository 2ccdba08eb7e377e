"""Bundles: what is downloaded, how they are cut, and what verify.py makes of them on a bare python."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fault_server import make_wheel

from solver.core.errors import BadInput, IndexUnavailable
from solver.core.lines import read_pins
from solver.core.model import IndexFile, Release, Target, pypi_name
from solver.core.programs import uv_here
from solver.core.wheelfile import pack_wheel
from solver.matrix.load import matrices_dir
from solver.proof.bundle.download import download, file_sha256
from solver.proof.bundle.make import LockToCarry, make_bundle
from solver.proof.bundle.manifest import carried_subjects, read_manifest
from solver.proof.bundle.split import parse_size, split
from solver.proof.bundle.tool import interlock_wheel, resolved
from solver.proof.bundle.wheels import RemoteWheel, downloads, locate
from solver.proof.subject import Subject

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Server:
    """Serves files by name; ``faults`` gives each the faults of its next answers."""

    def __init__(self):
        self.files, self.faults, self.asked = {}, {}, []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def answer(self, request):
        name, ranged = request.path[1:], request.headers.get("Range")
        self.asked.append((name, ranged))
        fault = self.faults.get(name, []).pop(0) if self.faults.get(name) else None
        content = self.files.get(name)
        start = int(re.fullmatch(r"bytes=(\d+)-", ranged)[1]) if ranged and fault != "no ranges" else 0
        if fault == "damage" and content is not None:
            content = content[:-1] + b"?"
        status = 404 if content is None else 503 if fault == "busy" else 206 if start else 200
        body = content[start:] if status in (200, 206) else b""
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        request.close_connection = fault == "cut"

    def put(self, name, content, **fields):
        self.files[name] = content
        digest = hashlib.sha256(content).hexdigest()
        url = f"http://127.0.0.1:{self.server.server_address[1]}/{name}"
        made = {"name": pypi_name(name.split("-")[0]), "filename": name, "sha256": digest, "size": len(content)}
        return RemoteWheel(**{"url": url, **made, **fields})


@pytest.fixture
def server():
    made = Server()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


CONTENT = os.urandom(100_000)
LARGE = bytes(2**20)
RESUMED = f"bytes={2**19}-"
"""A cut sends half, which is a whole number of blocks."""


def test_files_are_downloaded_and_progress_is_told(server, tmp_path):
    told = {}
    files = [server.put(f"a{number}-1-py3-none-any.whl", CONTENT[number:]) for number in range(5)]
    download(files, tmp_path, progress=lambda name, done, size: told.update({name: (done, size)}))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == server.files
    assert told == {file.filename: (file.size, file.size) for file in files}


def test_a_download_that_breaks_off_goes_on_where_it_stopped(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", LARGE)
    server.faults["a-1-py3-none-any.whl"] = ["cut", "busy"]
    download([file], tmp_path, pause=0)
    assert file_sha256(tmp_path / file.filename) == file.sha256
    assert [ranged for _, ranged in server.asked] == [None, RESUMED, RESUMED]


def test_the_next_call_goes_on_too(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", LARGE)
    server.faults[file.filename] = ["cut"]
    with pytest.raises(IndexUnavailable, match=r"a-1-py3-none-any\.whl could not be downloaded in 1 tries"):
        download([file], tmp_path, tries=1)
    assert [path.name for path in tmp_path.iterdir()] == ["a-1-py3-none-any.whl.part"]
    download([file], tmp_path)
    assert server.asked[-1][1] == RESUMED
    download([file], tmp_path)
    assert len(server.asked) == 2


def test_a_server_without_ranges_starts_again(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT)
    server.faults[file.filename] = ["cut", "no ranges"]
    download([file], tmp_path, pause=0)
    assert file_sha256(tmp_path / file.filename) == file.sha256


def test_other_bytes_than_locked_are_never_kept(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT, sha256="0" * 64)
    with pytest.raises(IndexUnavailable, match=f"its sha256 is .*, not {'0' * 64}"):
        download([file], tmp_path, tries=2, pause=0)
    assert list(tmp_path.iterdir()) == []


def test_damage_on_the_way_is_repaired(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT)
    server.faults[file.filename] = ["damage"]
    download([file], tmp_path, pause=0)
    assert file_sha256(tmp_path / file.filename) == file.sha256


def test_a_missing_file_is_named(server, tmp_path):
    file = server.put("a-1-py3-none-any.whl", CONTENT)
    del server.files[file.filename]
    with pytest.raises(IndexUnavailable, match=r"a-1-py3-none-any\.whl could not be downloaded .*404"):
        download([file], tmp_path, tries=2, pause=0)


# --- which files ------------------------------------------------------------------------------------


class Index:
    def __init__(self, *releases):
        self.held = {}
        for release in releases:
            self.held.setdefault(release.files[0].filename.split("-")[0], []).append(release)

    def releases(self, name):
        return tuple(self.held.get(name, ()))

    def address(self, file):
        return f"https://index.invalid/{file.filename}"


def release(filename, sha256="1" * 64, requires=()):
    version = filename.split("-")[1]
    return Release(version=version, files=(IndexFile(filename=filename, sha256=sha256, size=5),), requires=requires)


def test_requirements_are_read_with_their_hashes(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# made by interlock\n--find-links ./wheels\n\n"
        f"A_b==1.0 \\\n    --hash=sha256:{'1' * 64} \\\n    --hash=sha256:{'2' * 64}  # why\n"
        f"torch @ https://download.pytorch.org/whl/torch-1.0%2Bcu117-cp310-cp310-linux_x86_64.whl"
        f" --hash=sha256:{'3' * 64}\n"
        f"c==2 ; sys_platform == 'linux' --hash=sha256:{'4' * 64}\n"
    )
    pins = read_pins(path)
    assert [(pin.name, pin.version, sorted(pin.hashes)) for pin in pins] == [
        ("a-b", "1.0", ["1" * 64, "2" * 64]),
        ("torch", None, ["3" * 64]),
        ("c", "2", ["4" * 64]),
    ]
    (wheel,) = locate(pins[1:2], Index(), Target())
    assert wheel.filename == "torch-1.0+cu117-cp310-cp310-linux_x86_64.whl"


def test_the_wheel_of_the_target_is_taken_and_own_wheels_are_not_asked_for(tmp_path):
    (tmp_path / "r.txt").write_text(f"a==1 --hash=sha256:{'1' * 64}\nloader==1 --hash=sha256:{'9' * 64}\n")
    files = tuple(
        IndexFile(filename=f"a-1-cp3{minor}-cp3{minor}-manylinux_2_17_x86_64.whl", sha256="1" * 64)
        for minor in (11, 12)
    )
    index = Index(Release(version="1", files=files))
    pins = downloads(read_pins(tmp_path / "r.txt"), {"loader": "9" * 64})
    wheels = locate(pins, index, Target(python="3.12"))
    assert [wheel.filename for wheel in wheels] == ["a-1-cp312-cp312-manylinux_2_17_x86_64.whl"]


def test_what_the_index_no_longer_has_is_named(tmp_path):
    (tmp_path / "r.txt").write_text(f"a==1 --hash=sha256:{'2' * 64}\n")
    with pytest.raises(IndexUnavailable, match=r"no wheel of a 1 for python 3\.12 on linux-64 with a hash"):
        locate(read_pins(tmp_path / "r.txt"), Index(release("a-1-py3-none-any.whl")), Target())


@pytest.fixture
def uv(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    # A user's own settings have no say in what travels.
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2001-01-01")
    monkeypatch.setenv("UV_INDEX", "http://127.0.0.1:1/simple")
    return uv_here()


def add(index, name, *wheels):
    """A project of wheels (version, and requirements if any), with PEP 658 metadata."""
    files = {}
    for version, *requires in wheels:
        filename = f"{name}-{version}-py3-none-any.whl"
        index.add_wheel(filename, make_wheel(name, version, *requires))
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {text}" for few in requires for text in few]
        metadata = "\n".join([*lines, ""]).encode()
        index.add_wheel(f"{filename}.metadata", metadata)
        files[filename] = {"core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()}}
    index.add_project(name, files)


def test_the_tool_brings_what_it_needs_and_lowers_what_must_be_lower(fault_server, uv):
    index = fault_server
    add(index, "tool", ("1", ("a", "b ; sys_platform == 'win32'", "c ; extra == 'x'", "e ; python_version < '3.12'")))
    add(index, "a", ("2", ("d<2",)))
    add(index, "d", ("1",), ("3",))
    add(index, "e", ("5",))
    requirements = ("tool", "d", "f ; extra == 'conda'")
    pins = resolved(requirements, "3.11", uv=uv, index=f"{index.url}/simple")
    assert [f"{pin.name} {pin.version}" for pin in pins] == ["a 2", "d 1", "e 5", "tool 1"]
    assert pins[1].hashes == {hashlib.sha256(make_wheel("d", "1")).hexdigest()}
    newer = resolved(requirements, "3.13", uv=uv, index=f"{index.url}/simple")
    assert [f"{pin.name} {pin.version}" for pin in newer] == ["a 2", "d 1", "tool 1"]


def test_a_tool_that_fits_together_nowhere_is_told(fault_server, uv):
    index = fault_server
    add(index, "tool", ("1", ("d<2",)))
    add(index, "d", ("3",))
    with pytest.raises(IndexUnavailable, match=r"(?s)for interlock on python 3\.12, uv says: .*d<2"):
        resolved(("tool",), "3.12", uv=uv, index=f"{index.url}/simple")


def test_interlocks_own_wheel_is_the_same_every_time():
    name, content = interlock_wheel(matrices_dir())
    assert (name, content) == interlock_wheel(matrices_dir())
    assert len(content) < 10_000_000


# --- parts and the other side -----------------------------------------------------------------------

# Stands in for the whole of interlock: verify.py's own work is what is tried here.
CLI = b"""
import json, os, pathlib, sys
def main():
    out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    out.mkdir()
    (out / "seen.json").write_text(json.dumps([sys.argv[1:], sys.flags.isolated, sys.prefix]))
    return 7
"""


def stub():
    members = {"solver/__init__.py": b"", "solver/cli.py": CLI, "x-1.data/scripts/tried": b"#!/bin/sh\n"}
    return pack_wheel("interlock-1", members, {})


def subject(folder, profile, packages=()):
    return Subject(profile=profile, folder=folder, digest="a" * 64, packages=dict(packages))


@pytest.fixture
def bundle(server, tmp_path):
    lock = tmp_path / "lock"
    (lock / "wheels").mkdir(parents=True)
    (lock / "wheels" / "loader-1-py3-none-any.whl").write_bytes(b"loader")
    (lock / "evidence").mkdir()
    (lock / "evidence" / "x.json").write_text("{}")
    wheels = tuple(server.put(f"w{number}-1-py3-none-any.whl", CONTENT[number:]) for number in range(3))
    locks = [
        LockToCarry(subject=subject(lock, name, packages={"torch": "2.10.0"}), python=MINOR, wheels=few)
        for name, few in (("full", wheels), ("other", wheels[:2]))
    ]
    made = tmp_path / "bundle"
    make_bundle(locks, made, tool={MINOR: ()}, interlock=stub())
    return made


def run(script, *arguments, cwd):
    command = [sys.executable, "-I", str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60)


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


def test_a_whole_bundle_starts_interlock_in_an_environment_of_its_own(bundle, tmp_path):
    done = run(bundle / "verify.py", "--out", tmp_path / "out", "--profiles", "full", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    arguments, isolated, prefix = json.loads((tmp_path / "out" / "seen.json").read_text())
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


def test_an_interpreter_may_be_carried(server, tmp_path):
    lock, python = tmp_path / "lock", tmp_path / "py"
    lock.mkdir()
    (python / "bin").mkdir(parents=True)
    (python / "bin" / "python3").symlink_to(sys.executable)
    carry = LockToCarry(subject=subject(lock, "a"), python=MINOR, wheels=())
    manifest = make_bundle([carry], tmp_path / "bundle", tool={MINOR: ()}, interlock=stub(), python=python)
    assert manifest.interpreter == "python.tar.gz"
    done = run(tmp_path / "bundle" / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    assert (tmp_path / "out.work" / "python" / "python" / "bin" / "python3").exists()


def test_a_part_size_that_holds_nothing_is_refused(bundle, tmp_path):
    with pytest.raises(BadInput, match="parts of 1000 bytes are too small"):
        split(bundle, tmp_path / "parts", 1000)


@pytest.mark.parametrize(
    ("text", "size"),
    [("54MB", 54_000_000), ("54 MiB", 54 * 2**20), ("1.5g", 1_500_000_000), ("1000", 1000)],
)
def test_sizes_are_read(text, size):
    assert parse_size(text) == size


def test_a_size_that_is_none_is_refused():
    with pytest.raises(BadInput, match="is no size"):
        parse_size("large")


def test_verify_py_needs_nothing_but_the_standard_library():
    import ast

    import solver.proof.bundle.offline as offline

    tree = ast.parse(Path(offline.__file__).read_text(), feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)


HASH = "a" * 64
NO_PATHS = ["", "/etc/x", "../x", "a/../x", "a//x", "./a", "a\\b", "a\n", "a\0", "a b", 7, None, []]
BAD_ENTRIES = [
    *({"path": path, "sha256": HASH, "size": 1} for path in NO_PATHS),
    *({"path": "a", "sha256": digest, "size": 1} for digest in (None, "", "A" * 64, HASH + "\n", 7)),
    *({"path": "a", "sha256": HASH, "size": size} for size in (None, -1, "1", True)),
    {},
    [],
]


@pytest.mark.parametrize("entry", BAD_ENTRIES, ids=str)
def test_a_manifest_names_plain_paths_and_whole_hashes(bundle, tmp_path, entry):
    path = bundle / "manifest.json"
    data = json.loads(path.read_bytes())
    data["files"] = [entry]
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput, match="this is no manifest: "):
        read_manifest(bundle)
    done = run(bundle / "verify.py", "--out", tmp_path / "out", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert re.search(r"is no path within the bundle|is damaged: .* is not what it must be", done.stderr)


@pytest.mark.parametrize("profile", ["", "/abs/path", "../x", "a\nb", "A", "a" * 101])
def test_a_carried_lock_is_of_a_profile(bundle, profile):
    path = bundle / "manifest.json"
    data = json.loads(path.read_bytes())
    data["locks"][0]["profile"] = profile
    path.write_text(json.dumps(data))
    with pytest.raises(BadInput, match=r"this is no manifest: .* `\$\.locks\[0\]\.profile`"):
        read_manifest(bundle)


@pytest.mark.parametrize(
    "change",
    [
        {"files": None},
        {"files": 5},
        {"tool": None},
        {"tool": {MINOR: "x"}},
        {"tool": {MINOR: ["../x"]}},
        {"interpreter": "../x"},
        {"interpreter": 5},
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


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("filename", "../a-1-py3-none-any.whl", "is no plain file name"),
        ("filename", "torch-1-py3-none-any.whl", "is a wheel of torch, not of a"),
        ("sha256", "", "'' is no sha256"),
        ("url", "file:///etc/passwd", "is no address of the web"),
    ],
)
def test_what_is_fetched_is_a_wheel_of_its_package(server, field, value, told):
    with pytest.raises(ValueError, match=told):
        server.put("a-1-py3-none-any.whl", CONTENT, **{field: value})
