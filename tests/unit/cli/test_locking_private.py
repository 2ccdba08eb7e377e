"""lock with a private index: what is bound to it is asked of nobody else, and its credentials reach no file."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from fault_server import FaultServer, make_wheel
from own_index import REQUEST, add, files

BOUND = 'indexes:\n  company: {{{}packages: [Own_Tool, "helper*"]}}\n'


class Guarded(FaultServer):
    """Answers only who is ann."""

    secret = "s3cret"

    def answer(self, request):
        header = "Basic " + base64.b64encode(f"ann:{self.secret}".encode()).decode()
        if self.secret and request.headers.get("Authorization") != header:
            return self._send(request, 401, b"", {})
        return super().answer(request)


@pytest.fixture
def company(index, tmp_path, monkeypatch):
    """A private index with own-tool 2.0 and a helper; the public one has an own-tool 99 of somebody else."""
    add(index, "own-tool", {"99.0": ["stolen"]})
    server = Guarded()
    add(server, "own-tool", {"1.0": [], "2.0": ["helper>=2", "numpy"]})
    add(server, "helper", {"2.0": []})
    monkeypatch.setenv("INTERLOCK_INDEX_COMPANY_URL", f"{server.url}/simple")
    monkeypatch.setenv("INTERLOCK_INDEX_COMPANY_USERNAME", "ann")
    monkeypatch.setenv("INTERLOCK_INDEX_COMPANY_PASSWORD", server.secret)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    (tmp_path / "environment.yml.in").write_text(REQUEST + BOUND.format(""))
    yield server
    server.close()


def test_what_is_bound_comes_from_there_alone(company, index, interlock, tmp_path):
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, err) == (0, "asked the package index for 2 packages beyond the record, 3 releases read\n")
    lines = (tmp_path / "locks/gpu/requirements.txt").read_text().splitlines()
    assert [line for line in lines if line.startswith(("helper", "own-tool"))] == [
        f"helper @ {company.url}/files/helper-2.0-py3-none-any.whl \\",
        f"own-tool @ {company.url}/files/own_tool-2.0-py3-none-any.whl \\",
    ]
    assert not [path for path, _ in index.requests if "own-tool" in path or "helper" in path]
    made = files(tmp_path / "locks")
    assert not [name for name, content in files(tmp_path).items() if b"s3cret" in content]
    company.close()
    index.close()
    assert interlock("lock", "--no-pylock")[:2] == (0, out.replace(" by conda", " by conda (unchanged)"))
    assert files(tmp_path / "locks") == made
    assert interlock("lock", "--check") == (0, "gpu: fresh\n", "")
    code, out, _ = interlock("audit", "locks/gpu/requirements.txt")
    assert (code, "error" in out) == (0, False)


def test_a_lock_of_the_public_package_is_stale_once_it_is_bound(company, index, interlock, tmp_path):
    company.secret = ""
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    add(index, "own-tool", {"1.0": []})
    assert interlock("lock", "--no-pylock")[0] == 0
    (tmp_path / "environment.yml.in").write_text(REQUEST + BOUND.format(""))
    assert interlock("lock", "--check") == (1, "gpu: the request was changed\n", "")
    assert interlock("lock", "--no-pylock")[0] == 0
    assert f"own-tool @ {company.url}/" in (tmp_path / "locks/gpu/requirements.txt").read_text()


def without_variables(monkeypatch):
    for what in ("USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"INTERLOCK_INDEX_COMPANY_{what}")


def test_credentials_of_netrc(company, interlock, tmp_path, monkeypatch):
    without_variables(monkeypatch)
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login ann password {company.secret}\n")
    assert interlock("lock", "--no-pylock")[0] == 0


def add_installable(server, name, version, requires=()):
    """A wheel with the two members that pip wants beside the metadata."""
    stem = name.replace("-", "_")
    folder, kind = f"{stem}-{version}.dist-info", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    wheel = make_wheel(stem, version, requires, members=[(f"{folder}/WHEEL", kind), (f"{folder}/RECORD", b"")])
    server.add_wheel(f"{stem}-{version}-py3-none-any.whl", wheel)
    server.add_project(name, {f"{stem}-{version}-py3-none-any.whl": {"upload-time": "2026-01-01T00:00:00Z"}})


def test_pip_installs_what_is_bound_as_the_lock_names_it(company, interlock, tmp_path, monkeypatch):
    without_variables(monkeypatch)
    add_installable(company, "own-tool", "2.0", ["helper>=2"])
    add_installable(company, "helper", "2.0")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login ann password {company.secret}\n")
    netrc.chmod(0o600)
    assert interlock("lock", "--no-pylock")[0] == 0
    text = (tmp_path / "locks/gpu/requirements.txt").read_text()
    own = tmp_path / "own.txt"
    own.write_text("".join(re.findall(r"^(?:own-tool|helper) @ .*\\\n(?: +--hash.*\n)+", text, re.MULTILINE)))
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-index", "--no-deps"]
    command = [*pip, "--no-cache-dir", "--require-hashes", "-r", str(own), "--target", str(tmp_path / "installed")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert {path.name for path in (tmp_path / "installed").glob("*.dist-info")} == {
        "helper-2.0.dist-info",
        "own_tool-2.0.dist-info",
    }
    netrc.unlink()
    assert "401" in subprocess.run([*command, "--upgrade"], capture_output=True, text=True, check=False).stderr


def test_credentials_of_the_keyring(company, interlock, monkeypatch):
    without_variables(monkeypatch)
    keyring, asked = ModuleType("keyring"), []
    keyring.__spec__ = SimpleNamespace(name="keyring")
    keyring.get_credential = lambda service, user: (
        asked.append(service) or SimpleNamespace(username="ann", password=company.secret)
    )
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert interlock("lock", "--no-pylock")[0] == 0
    assert asked == [company.url]


def test_an_index_that_does_not_let_in_ends_it(company, interlock, monkeypatch):
    without_variables(monkeypatch)
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, out) == (4, "")
    assert err.splitlines()[0] == "interlock: the index company answered 401 Unauthorized when asked for own-tool"


def test_an_index_that_does_not_answer_is_not_replaced_by_another(company, interlock):
    company.close()
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, out) == (4, "")
    assert err.splitlines()[0] == (
        "interlock: the index company did not answer when asked for own-tool: Connection refused"
    )


def test_a_package_that_it_does_not_have_is_told_with_its_name(company, interlock, tmp_path):
    del company.answers["/simple/helper/"]
    request = tmp_path / "environment.yml.in"
    request.write_text(request.read_text().replace("own-tool>=1", "own-tool>=2"))
    code, _, err = interlock("lock", "--no-pylock")
    assert code == 3
    assert err.splitlines()[3] == "  helper: the index company has no package of this name  [the index company]"


def test_without_an_address_that_is_told(company, interlock, monkeypatch):
    monkeypatch.delenv("INTERLOCK_INDEX_COMPANY_URL")
    assert interlock("lock", "--no-pylock")[2].splitlines()[0] == (
        "interlock: indexes.company: has no address; write its url, or set INTERLOCK_INDEX_COMPANY_URL"
    )


def test_the_address_may_stand_in_the_request(company, interlock, tmp_path, monkeypatch):
    monkeypatch.delenv("INTERLOCK_INDEX_COMPANY_URL")
    url = f'url: "{company.url}/simple/", '
    (tmp_path / "environment.yml.in").write_text(REQUEST + BOUND.format(url))
    assert interlock("lock", "--no-pylock")[0] == 0
