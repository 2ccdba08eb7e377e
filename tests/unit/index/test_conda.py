import base64
import warnings

import pytest
from channel_server import ChannelServer
from conda_repodata import entry, write_channel

from solver.core.errors import IndexUnavailable
from solver.core.model import Target
from solver.index.conda import CondaIndex, open_channels
from solver.index.conda_config import CondaSettings
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver

TARGET = Target(driver=None)


def close(index, *specs, **more):
    return ChannelSolver(index, TARGET, {}, **more).close(specs)


@pytest.fixture
def server():
    server = ChannelServer()
    yield server
    server.close()


@pytest.fixture
def channel(tmp_path):
    return write_channel(
        tmp_path / "channel", [entry("demo", "1.0", depends=["lib"]), entry("lib", "2.0", subdir="noarch")]
    )


def mirrored(*addresses, channel="conda-forge", cache=None):
    return CondaIndex((channel,), CondaSettings(mirrors={channel: addresses}), cache=cache)


def test_a_folder_is_read_as_the_channel_whose_copy_it_is(channel):
    records = close(mirrored(channel.as_uri()), "demo")
    assert [record.url for record in records] == [
        "https://conda.anaconda.org/conda-forge/linux-64/demo-1.0-0.conda",
        "https://conda.anaconda.org/conda-forge/noarch/lib-2.0-0.conda",
    ]
    assert [record.channel for record in records] == ["https://conda.anaconda.org/conda-forge"] * 2


def test_a_web_server_gives_the_same_as_a_folder(channel, server, tmp_path):
    web = mirrored(server.serve("cf", channel), cache=tmp_path / "cache")
    assert close(web, "demo") == close(mirrored(channel.as_uri()), "demo")


def test_the_next_mirror_answers_where_the_first_does_not(channel, server, tmp_path):
    index = mirrored(f"{server.url}/first", server.serve("second", channel), cache=tmp_path / "cache")
    assert [record.name for record in close(index, "demo")] == ["demo", "lib"]


def test_a_channel_that_does_not_answer_is_named(server, tmp_path):
    with pytest.raises(IndexUnavailable, match=r"channel conda-forge at http:.*/gone did not answer: it answered 404"):
        close(mirrored(f"{server.url}/gone", cache=tmp_path / "cache"), "demo")


def test_credentials_reach_the_server_and_nothing_else(channel, server, tmp_path):
    server.serve("t/tk-1/team/own", channel)
    settings = CondaSettings(custom={"own": f"http://ann:secret@{server.host}/t/tk-1/team"})
    records = close(CondaIndex(("own",), settings, cache=tmp_path / "cache"), "demo")
    assert f"Basic {base64.b64encode(b'ann:secret').decode()}" in server.authorizations
    assert {record.channel for record in records} == {f"http://{server.host}/team/own"}
    assert not any(word in str(records) for word in ("secret", "ann:", "tk-1"))


def test_an_error_tells_no_credentials(server, tmp_path):
    settings = CondaSettings(custom={"own": f"http://ann:secret@{server.host}/t/tk-1/team"})
    with pytest.raises(IndexUnavailable) as caught:
        close(CondaIndex(("own",), settings, cache=tmp_path / "cache"), "demo")
    assert not any(word in str(caught.value) for word in ("secret", "tk-1"))


def test_a_folder_without_repodata_says_what_to_do(tmp_path):
    with pytest.raises(IndexUnavailable, match=r"holds no repodata.json for linux-64 or noarch; index the folder"):
        close(mirrored(tmp_path.as_uri()), "demo")


def test_repodata_that_is_none_is_named(channel):
    (channel / "linux-64" / "repodata.json").write_text("<html>")
    with pytest.raises(IndexUnavailable, match=r"linux-64/repodata.json is no repodata"):
        close(mirrored(channel.as_uri()), "demo")


def test_a_record_without_sha256_is_refused(tmp_path):
    name, record = entry("demo", "1.0")
    del record["sha256"]
    index = mirrored(write_channel(tmp_path, [(name, record)]).as_uri())
    with pytest.raises(ChannelRefusal, match=r"demo 1\.0 of .* may not be chosen: the channel gives no sha256"):
        close(index, "demo")


# --- priority ---------------------------------------------------------------------------------------


@pytest.fixture
def two(tmp_path):
    high = write_channel(tmp_path / "high", [entry("demo", "1.0"), entry("only-high", "1.0", depends=["lib"])])
    low = write_channel(tmp_path / "low", [entry("demo", "3.0"), entry("lib", "2.0")])
    mirrors = {"high": (high.as_uri(),), "low": (low.as_uri(),)}
    return lambda *order: CondaIndex(order, CondaSettings(mirrors=mirrors))


def test_the_first_channel_that_has_a_name_is_the_only_one_for_it(two):
    assert [(r.version, r.channel.rsplit("/", 1)[1]) for r in close(two("high", "low"), "demo")] == [("1.0", "high")]
    assert [(r.version, r.channel.rsplit("/", 1)[1]) for r in close(two("low", "high"), "demo")] == [("3.0", "low")]


def test_a_spec_that_only_the_lower_channel_meets_does_not_reach_it(two):
    # py-rattler alone would take demo 3.0 here.
    with pytest.raises(ChannelRefusal, match="demo >=2"):
        close(two("high", "low"), "demo >=2")


def test_other_names_still_come_from_the_lower_channel(two):
    assert [r.channel.rsplit("/", 1)[1] for r in close(two("high", "low"), "only-high")] == ["low", "high"]


def test_candidates_are_those_of_the_first_channel(two):
    solver = ChannelSolver(two("high", "low"), TARGET, {})
    assert [str(record.version) for record in solver.candidates("demo")] == ["1.0"]
    assert solver.candidates("nothing") == []


# --- the rest ---------------------------------------------------------------------------------------


def test_records_that_were_inferred_are_marked(channel):
    index = CondaIndex(
        ("conda-forge",),
        CondaSettings(mirrors={"conda-forge": (channel.as_uri(),)}),
        inferred=frozenset({"conda-forge/noarch/lib-2.0-0.conda", "other/linux-64/demo-1.0-0.conda"}),
    )
    assert [(record.name, record.inferred) for record in close(index, "demo")] == [("demo", False), ("lib", True)]


def test_a_channel_named_with_an_address_is_read_there_and_keeps_its_name(channel, tmp_path):
    partial = tmp_path / "partial.txt"
    partial.write_text("conda-forge/noarch/lib-2.0-0.conda\n")
    index = open_channels([f"conda-forge={channel.as_uri()}", "own"], CondaSettings(), partial)
    assert index.channels == ("conda-forge", "own")
    records = close(open_channels([f"conda-forge={channel.as_uri()}"], CondaSettings(), partial), "demo")
    assert [(r.channel, r.inferred) for r in records] == [
        ("https://conda.anaconda.org/conda-forge", False),
        ("https://conda.anaconda.org/conda-forge", True),
    ]
    assert open_channels([channel.as_uri()], CondaSettings()).channels == (channel.as_uri(),)


def test_solving_works_inside_a_running_loop(channel):
    import asyncio

    async def notebook():
        return close(mirrored(channel.as_uri()), "demo")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(asyncio.run(notebook())) == 2


def test_py_rattler_lets_go_before_the_process_ends(channel):
    """Without the wait a process that ends at once dies of a segmentation fault, once in six runs."""
    import subprocess
    import sys

    code = (
        "from solver.solve.conda.channels import *\n"
        "from solver.index.conda import *\n"
        "from solver.index.conda_config import *\n"
        "from solver.core.model import Target\n"
        f"index = CondaIndex(('c',), CondaSettings(mirrors={{'c': ('{channel.as_uri()}',)}}))\n"
        "try: ChannelSolver(index, Target(driver=None), {}).close(['demo >9'])\n"
        "except ChannelRefusal: raise SystemExit(3)\n"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True) for _ in range(6)]
    assert [done.returncode for done in runs] == [3] * 6
