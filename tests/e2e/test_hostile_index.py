"""End to end against an index that lies: no line of its own in a lock, no file of its own on the disk.

Every kind of fault is tried on the index itself in ``tests/unit/index``; here some of them on the whole command.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from urllib.parse import quote

import index_faults
import pytest
from fault_server import make_wheel
from hostile_index import HONEST, KINDS, LYING, NAME, TAG, serve
from index_faults import FAULTS, LIMITS, MENDED, UNREADABLE
from one_index import python_channel, request_of, variables_of

from solver.commands import project
from solver.index import pypi
from solver.index.pypi import INDEX_URL
from solver.index.web import Web

PROFILES = {"open": "packages: [victim]", "lying": 'packages: ["victim==2.0"]'}


@pytest.fixture
def folder(tmp_path, monkeypatch, fault_server, own_cache):
    """A user's project, whose home and cache lie beside it, and the one index that it asks."""
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    (project / "environment.yml.in").write_text(request_of(python_channel(tmp_path / "channel"), **PROFILES))
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name, value in variables_of(tmp_path / "home" / "cache", fault_server.url).items():
        monkeypatch.setenv(name, value)
    return tmp_path


def files(folder):
    """All files but listings and rows, which the cache has sealed and under a digest of ours."""
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {path for path in paths if not path.startswith(SEALED)}


SEALED = ("home/cache/listings/", "home/cache/matrices/")


FILES = ("base-linux-64.lock", "environment.yml", "pylock.toml", "requirements.txt", "solution.yaml")
ASKED = re.compile(r"asked the package index for \d+ packages? beyond the record, \d+ releases? read")
LINE = re.compile(rf"#.*|victim=={re.escape(HONEST)} \\|    --hash=sha256:[0-9a-f]{{64}}")


@pytest.mark.parametrize("kind", KINDS)
def test_the_honest_release_is_locked_and_nothing_else(folder, interlock, fault_server, kind):
    serve(fault_server, KINDS[kind])
    before = files(folder)
    code, _, err = interlock("lock", "open", "--live")
    first, *more = err.splitlines()
    assert code == 0 and ASKED.fullmatch(first)
    assert more == ([f"passed over: {KINDS[kind].sentence}"] if KINDS[kind].late else [])
    made = files(folder) - before
    kept = {name for name in made if name.startswith(("home/cache/addresses/", "home/cache/metadata/"))}
    assert {name.rpartition("/")[2] for name in kept} == {f"{NAME}-{HONEST}-{TAG}"}
    lock = "home/project/locks/open"
    facts = "home/project/matrices/snapshot/kept"
    channel = f"{facts}/conda/{quote((folder / 'channel').as_uri(), safe='')}/linux-64.jsonl"
    assert made - kept == {f"{facts}/victim.jsonl", channel, *(f"{lock}/{name}" for name in FILES)}
    lines = (folder / lock / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert not any(b"intruder" in (folder / name).read_bytes() for name in made)


def test_the_password_of_an_index_is_in_no_file_and_no_message(folder, interlock, fault_server, monkeypatch):
    serve(fault_server, KINDS["short hash"])
    monkeypatch.setenv(INDEX_URL, f"{fault_server.url.replace('//', '//ann:s3cret@')}/simple/")
    before = files(folder)
    answers = [interlock("lock", "open", "--live"), interlock("export", "pylock.toml", "open")]
    fault_server.answers.clear()
    answers.append(interlock("lock", "lying", "--live"))
    assert [code for code, _, _ in answers] == [0, 0, 3]
    made = files(folder) - before
    assert "home/project/locks/open/pylock.toml" in made
    told = "".join(out + err for _, out, err in answers) + "".join(made)
    everything = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert "s3cret" not in told and not any(b"s3cret" in content for content in everything)
    assert all(header and header.startswith("Basic ") for header in fault_server.authorizations)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].version == LYING])
def test_who_asks_for_the_lie_is_told_why_not(folder, interlock, fault_server, kind):
    serve(fault_server, KINDS[kind])
    before = files(folder)
    code, _, err = interlock("lock", "lying", "--live")
    assert code == 3
    assert f"  victim 2.0: may not be chosen: {KINDS[kind].sentence}  [the package index]\n" in err
    assert {name for name in files(folder) - before if not name.startswith("home/cache/metadata/")} == set()


# Whoever gives up who is silent at once gives up others too, on a busy machine.
@pytest.mark.parametrize("name", [name for name in list(FAULTS)[::6] if "silent" not in name])
def test_an_index_that_fails_ends_with_4_and_no_lock(folder, interlock, fault_server, monkeypatch, name):
    index_faults.serve(fault_server, FAULTS[name])
    for module, limit, value in LIMITS:
        monkeypatch.setattr(module, limit, value)
    monkeypatch.setattr(pypi, "Web", lambda **kept: Web(retries=0, backoff=0, patience=30, **kept))
    monkeypatch.setattr(project, "load_matrices", functools.cache(project.load_matrices))
    before = files(folder)
    sentence = FAULTS[name].sentence.replace("{host}", fault_server.host)
    code, out, err = interlock("lock", "open", "--live")
    told, *more = err.splitlines()
    assert (code, out, told) == (4, "", f"interlock: {sentence}")
    assert all(map(ASKED.fullmatch, more)) and len(more) <= 1
    assert files(folder) == before


@pytest.mark.parametrize("name", list(MENDED)[::3])
def test_a_release_whose_metadata_are_read_inside_the_wheel_is_locked(
    folder, interlock, fault_server, monkeypatch, name
):
    index_faults.serve(fault_server, MENDED[name])
    for module, limit, value in LIMITS:
        monkeypatch.setattr(module, limit, value)
    code, out, err = interlock("lock", "lying", "--live")
    assert (code, out) == (
        0,
        "lying: python 3.12; 1 packages by pip, 2 packages by conda\n"
        "written to locks/lying; `interlock install lying PREFIX` installs it\n",
    )
    told, asked = err.splitlines()
    assert told == f"interlock: {MENDED[name].sentence}; they were read inside the wheel"
    assert ASKED.fullmatch(asked)
    lines = (folder / "home/project/locks/lying/requirements.txt").read_text().splitlines()
    digest = hashlib.sha256(index_faults.GOOD).hexdigest()
    assert lines[-2:] == ["victim==2.0 \\", f"    --hash=sha256:{digest}"]


@pytest.mark.parametrize("name", list(UNREADABLE)[::3])
def test_a_wheel_that_cannot_be_read_is_never_locked(folder, interlock, fault_server, monkeypatch, name):
    index_faults.serve(fault_server, UNREADABLE[name])
    for module, limit, value in LIMITS:
        monkeypatch.setattr(module, limit, value)
    before = files(folder)
    code, out, err = interlock("lock", "lying", "--live")
    sentence = UNREADABLE[name].sentence.replace("{host}", fault_server.host)
    assert (code, out) == (3, "")
    assert f"  victim 2.0: may not be chosen: {sentence}  [the package index]\n" in err
    assert files(folder) == before


@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_tells_the_lie_and_writes_nothing_outside_its_cache(folder, interlock, fault_server, kind):
    """Two packages whose wheels are compared by their RECORDs, one of them of a lying listing."""
    lie = KINDS[kind]
    serve(fault_server, lie)
    other = make_wheel("other", "1.0", members=[("other-1.0.dist-info/RECORD", b"")])
    fault_server.add_wheel(f"other-1.0-{TAG}", other)
    fault_server.add_project("other", {f"other-1.0-{TAG}": {}})
    (folder / "requirements.txt").write_text(f"victim=={lie.version}\nother==1.0\n")
    before = files(folder)
    code, out, err = interlock("audit", str(folder / "requirements.txt"), "--live", "--json")
    assert (code, err) == (1, "")
    (finding,) = json.loads(out)["findings"]
    assert (finding["code"], finding["severity"]) == ("metadata", "error")
    assert finding["why"] == f"the package index cannot mean victim=={lie.version}: {lie.sentence}"
    made = {name for name in files(folder) - before if not name.startswith("home/cache/metadata/")}
    digest = hashlib.sha256(other).hexdigest()
    index = hashlib.sha256(f"{fault_server.url}/simple/".encode()).hexdigest()[:16]
    assert made <= {f"home/cache/records/{index}/{digest[:2]}/{digest}/other-1.0-{TAG}"}
