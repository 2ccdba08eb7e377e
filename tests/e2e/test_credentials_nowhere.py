"""Whatever way credentials come to us, no file that is written and no line that is told has them."""

from __future__ import annotations

import base64

import pytest
from channel_server import ChannelServer
from conda_repodata import entry, write_channel
from fault_server import FaultServer, make_wheel
from one_index import request_of

from solver.index.pypi import INDEX_URL

SECRET = "s3cret-word"
BASIC = "Basic " + base64.b64encode(f"ann:{SECRET}".encode()).decode()
COMMANDS = (
    "lock open --live",
    "lock --check",
    "export pixi.lock open --out {out}/pixi.lock",
    "export pylock.toml open --out {out}/pylock.toml",
    "audit locks/open/requirements.txt",
)


class Guarded(FaultServer):
    """Answers only who is ann; as a proxy it is asked for whole addresses."""

    header = "Authorization"
    let_in = 0

    def answer(self, request):
        if request.headers.get(self.header) != BASIC:
            return self._send(request, 401, b"", {})
        self.let_in += 1
        request.path = request.path.removeprefix("http://index.invalid")
        return super().answer(request)


@pytest.fixture
def server():
    server = Guarded()
    wheel = "own_tool-1.0-py3-none-any.whl"
    server.add_wheel(wheel, make_wheel("own_tool", "1.0"))
    server.add_project("own-tool", {wheel: {"url": f"../../files/{wheel}", "upload-time": "2026-01-01T00:00:00Z"}})
    yield server
    server.close()


@pytest.fixture
def channels(tmp_path):
    server = ChannelServer()
    place = write_channel(tmp_path / "served", [entry("python", "3.12.1"), entry("pip", "25.0", depends=["python"])])
    server.url_of = {prefix: server.serve(prefix, place) for prefix in ("own", f"t/{SECRET}/own")}
    yield server
    server.close()


@pytest.fixture
def project(tmp_path, monkeypatch, channels):
    """A project with nothing secret in it, in a folder of its own."""
    home, folder = tmp_path / "home", tmp_path / "project"
    for each in (home, folder, tmp_path / "out"):
        each.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    (folder / "environment.yml.in").write_text(request_of(channels.url_of["own"], open="packages: [own-tool]"))
    return folder


def in_the_address(server, monkeypatch, home):
    monkeypatch.setenv(INDEX_URL, server.url.replace("//", f"//ann:{SECRET}@") + "/simple/")


def in_netrc(server, monkeypatch, home):
    (home / ".netrc").write_text(f"machine 127.0.0.1 login ann password {SECRET}\n")
    monkeypatch.setenv(INDEX_URL, f"{server.url}/simple/")


def of_a_proxy(server, monkeypatch, home):
    server.header = "Proxy-Authorization"
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", f"//ann:{SECRET}@"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(INDEX_URL, "http://index.invalid/simple/")


def as_pip_knows_them(server, monkeypatch, home):
    address = server.url.replace("//", f"//ann:{SECRET}@") + "/simple/"
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL"):
        monkeypatch.setenv(name, address)
    in_the_address(server, monkeypatch, home)


def of_a_channel(server, monkeypatch, home):
    in_the_address(server, monkeypatch, home)
    text = (home.parent / "project/environment.yml.in").read_text()
    host = text.partition("http://")[2].partition("/own")[0]
    (home / ".condarc").write_text(f"custom_channels: {{own: 'http://ann:{SECRET}@{host}/t/{SECRET}'}}\n")
    (home.parent / "project/environment.yml.in").write_text(text.replace(f'"http://{host}/own"', "own"))


WAYS = (in_the_address, in_netrc, of_a_proxy, as_pip_knows_them, of_a_channel)


def assert_nowhere(folders, outputs):
    assert [words for words, output in outputs if SECRET in str(output)] == []
    written = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert [path for path in written if SECRET in str(path) or SECRET.encode() in path.read_bytes()] == []
    return written


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_that_is_made_or_told_has_them(way, project, server, interlock, monkeypatch, tmp_path, own_cache):
    monkeypatch.delenv("INTERLOCK_OFFLINE")
    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(tmp_path / "cache"))
    way(server, monkeypatch, tmp_path / "home")
    outputs = [(words, interlock(*words.format(out=tmp_path / "out").split())) for words in COMMANDS]
    assert {words: output[0] for words, output in outputs if output[0]} == {}
    assert server.let_in
    server.close()
    outputs.append(("of a server that is gone", interlock("lock", "open", "--live")))
    written = assert_nowhere((project, tmp_path / "out", tmp_path / "cache", own_cache), outputs)
    assert {"requirements.txt", "solution.yaml", "pixi.lock", "pylock.toml"} <= {path.name for path in written}


TEXTS = {
    "requirements.txt": (
        f"--extra-index-url https://ann:{SECRET}@index.invalid/simple?key={SECRET}\n"
        f"--index-url https://{SECRET}@index.invalid/simple\n--find-links https://ann:{SECRET}@files.invalid/\n"
        f"tool @ git+https://ann:{SECRET}@git.invalid/tool.git@v1\nother @ https://ann:{SECRET}@files.invalid/o.whl\n"
        "torch==2.9.1\nnumpy\n"
    ),
    "environment.yml": (
        f"channels: ['https://host.invalid/t/{SECRET}/chan', 'https://ann:{SECRET}@host.invalid/c', conda-forge]\n"
        f"dependencies:\n- python=3.12\n- https://ann:{SECRET}@host.invalid/linux-64/a-1-0.conda\n- pip:\n"
        f"  - --extra-index-url https://ann:{SECRET}@index.invalid/simple\n  - torch==2.9.1\n"
        f"  - tool @ git+https://{SECRET}@git.invalid/tool.git\n"
    ),
    "pyproject.toml": (
        '[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.12"\n'
        f'dependencies = ["torch==2.9.1", "tool @ git+https://ann:{SECRET}@git.invalid/tool.git"]\n'
        f'[[tool.uv.index]]\nname = "own"\nurl = "https://ann:{SECRET}@index.invalid/simple"\n'
        f'[tool.uv.sources]\nother = {{git = "https://ann:{SECRET}@git.invalid/other.git"}}\n'
    ),
    "Pipfile": (
        f'[[source]]\nname = "own"\nurl = "https://ann:{SECRET}@index.invalid/simple"\nverify_ssl = true\n'
        f'[packages]\ntorch = "==2.9.1"\ntool = {{git = "https://ann:{SECRET}@git.invalid/tool.git"}}\n'
    ),
    "pixi.toml": (
        f'[workspace]\nname = "mine"\nchannels = ["https://host.invalid/t/{SECRET}/chan"]\nplatforms = ["linux-64"]\n'
        f'[dependencies]\npython = "3.12.*"\n[pypi-options]\nindex-url = "https://ann:{SECRET}@index.invalid/simple"\n'
        f'[pypi-dependencies]\ntorch = "==2.9.1"\ntool = {{git = "https://ann:{SECRET}@git.invalid/tool.git"}}\n'
    ),
    "Dockerfile": (
        f"FROM python:3.12\nENV PIP_INDEX_URL=https://ann:{SECRET}@index.invalid/simple\n"
        f"RUN pip install --extra-index-url https://ann:{SECRET}@index.invalid/simple torch==2.9.1 tensorflow==2.20.0\n"
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_that_is_made_of_a_file_that_has_them_has_them(name, project, interlock, tmp_path):
    (project / "environment.yml.in").unlink()
    given = tmp_path / "given" / name
    given.parent.mkdir()
    given.write_text(TEXTS[name])
    commands = (f"audit {given}", f"audit --json {given}", f"audit --fix {given}", f"init {given}", "lock --check")
    outputs = [(words, interlock(*words.split())) for words in commands]
    assert not [output for _, output in outputs if output[0] == 5]
    assert_nowhere((project,), outputs)


REQUESTS = {
    "channels: [{address}/c]": "channels[0]: {told}/c",
    "channels: [{token}]": "channels[0]: {told}/c",
    "indexes: {{company: {{url: '{address}/simple', packages: [own-tool]}}}}": "indexes.company.url: {told}/simple",
    "{open}, packages: ['tool @ git+{address}/tool.git']}}}}": "{place}packages[0]: tool @ git+{told}/tool.git",
    "{open}, conda-packages: ['{address}/a-1-0.conda']}}}}": "{place}conda-packages[0]: {told}/a-1-0.conda",
    "{open}, variables: {{INDEX: '{address}/simple'}}}}}}": "{place}variables.INDEX: the value {told}/simple",
    "{open}, variables: {{CHANNEL: 'x {token}'}}}}}}": "{place}variables.CHANNEL: the value x {told}/c",
    "variables: {{all_proxy: '{address}'}}": "variables.all_proxy: the value {told}",
}


@pytest.mark.parametrize("line", REQUESTS)
def test_a_request_with_them_is_refused_and_told_without_them(line, project, interlock):
    told = REQUESTS[line].format(told="https://host.invalid", place="profiles.open.")
    made = line.format(
        address=f"https://ann:{SECRET}@host.invalid",
        token=f"https://host.invalid/t/{SECRET}/c",
        open="profiles: {open: {python: '3.12', frameworks: []",
    )
    whole = "" if made.startswith("profiles") else "profiles: {open: {python: '3.12', frameworks: []}}\n"
    dependencies = "dependencies: ['python=${python}', pip, pip: ['torch==${torch}']]\n"
    (project / "environment.yml.in").write_text(f"{made}\nname: x\n{dependencies}{whole}")
    code, out, err = interlock("lock", "open")
    assert (code, out, SECRET in err) == (2, "", False)
    plain = err.translate({ord('"'): None, ord("'"): None})
    assert plain.startswith(f"interlock: environment.yml.in:1: {told}")
