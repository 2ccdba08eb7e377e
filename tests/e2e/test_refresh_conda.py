"""`refresh --conda` against a channel like the public ones: what was inferred is read, in every form of repodata."""

from datetime import date

import msgspec
import pytest
from conda_repodata import parse
from real_channel import FORMS, RealChannel

from solver.commands.refresh import refresh
from solver.core.errors import IndexUnavailable
from solver.index.conda_record import from_repodata
from solver.index.conda_snapshot import read_records, write_records

ADDRESS = "https://conda.anaconda.org/conda-forge"
REQUEST = """
name: test
channels: [conda-forge]
dependencies:
- python=${python}
- pip
- pip: [torch]
profiles:
  one: {flavour: conda, python: "3.12", frameworks: [torch]}
"""
CHANNEL = {
    "python 3.12.4 0_cpython": ["libzlib >=1.3"],
    "libzlib 1.3.1 h_2": [],
    "libzlib 1.2.13 h_0": [],
    "cuda-version 12.9 h_0": {"constrains": ["__cuda >=12"], "noarch": "generic", "subdir": "noarch"},
    "pytorch 2.5.0 cuda129_py312_h_300": ["python >=3.12,<3.13.0a0", "cuda-version >=12.9,<13", "__cuda"],
    "pip 24.0 py_0": {"depends": ["python", "setuptools"], "noarch": "python", "subdir": "noarch"},
    "setuptools 80.0 py_0": {"depends": ["python"], "noarch": "python", "subdir": "noarch"},
}
DAY = date(2026, 1, 1)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project whose record of the channel is half inferred, and knows nothing of what pytorch asks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    made = [from_repodata({**fields, "depends": []}, ADDRESS, name, inferred=True) for name, fields in parse(CHANNEL)]
    write_records(tmp_path / "matrices" / "snapshot", "conda-forge", made, "a test")
    return tmp_path


@pytest.fixture
def serve():
    servers = []

    def start(form, channel=CHANNEL):
        servers.append(RealChannel(form, parse(channel)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def recorded(root):
    folder = root / "matrices" / "snapshot" / "conda" / "conda-forge"
    return {record.filename: record for path in folder.glob("*.jsonl") for record in read_records(path)}


def renew(root, server):
    return list(refresh(root, DAY, rows=False, snapshot=False, channels=[f"conda-forge={server.url}"]))


@pytest.mark.parametrize("form", FORMS)
def test_every_record_that_the_profiles_reach_is_read(root, serve, form):
    server = serve(form)
    renew(root, server)
    fields = dict(parse(CHANNEL))
    held = recorded(root)
    # Nothing reaches the old libzlib.
    assert set(held) == set(fields) - {"libzlib-1.2.13-h_0.conda"}
    assert held == {name: from_repodata(fields[name], ADDRESS, name, inferred=False) for name in held}
    assert not [path for path in server.asked if "current_repodata" in path or "run_exports" in path]
    suffix = {"shards": "repodata_shards.msgpack.zst", "zst": "repodata.json.zst", "json": "repodata.json"}[form]
    assert f"/linux-64/{suffix}" in server.asked


@pytest.mark.parametrize("form", FORMS)
def test_a_second_reading_takes_a_304_for_what_it_holds(root, serve, form):
    server = serve(form)
    renew(root, server)
    first = recorded(root)
    renew(root, server)
    assert recorded(root) == first
    assert server.unchanged


@pytest.mark.parametrize("form", FORMS)
def test_a_patch_of_the_channel_outweighs_what_was_read_before(root, serve, form):
    server = serve(form)
    renew(root, server)
    patched = {**CHANNEL, "python 3.12.4 0_cpython": ["libzlib >=1.2,<1.3"]}
    server.publish(parse(patched))
    renew(root, server)
    held = recorded(root)
    assert held["python-3.12.4-0_cpython.conda"].depends == ("libzlib >=1.2,<1.3",)
    assert {name for name in held if name.startswith("libzlib")} == {"libzlib-1.2.13-h_0.conda"}


def test_what_a_channel_sent_is_kept_where_the_tools_built_on_rattler_keep_it(root, serve, tmp_path, monkeypatch):
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "shared"))
    renew(root, serve("json"))
    assert list((tmp_path / "shared").glob("*.json"))


def test_a_channel_that_is_not_there_leaves_the_record(root, serve):
    server = serve("json", {})
    server.files = {}
    before = recorded(root)
    with pytest.raises(IndexUnavailable, match="channel conda-forge"):
        renew(root, server)
    assert recorded(root) == before
    assert all(msgspec.to_builtins(record)["inferred"] for record in before.values())
