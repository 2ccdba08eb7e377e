"""What a conda channel says is believed of the package that was asked for, or of none."""

import json

import pytest
from conda_repodata import entry, write_channel
from real_channel import FORMS, RealChannel

from solver.core.model import Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver

FILE = "demo-2.0-0.conda"
LIES = {
    "another version": ({"version": "9.0"}, FILE, "demo 9.0", f"{FILE} is no archive of demo 9.0 0"),
    "another build": ({"build": "cuda_0"}, FILE, "demo 2.0", f"{FILE} is no archive of demo 2.0 cuda_0"),
    "a way up": ({}, "demo-2.0-0/../../x.conda", "demo 2.0", "'demo-2.0-0/../../x.conda' is no plain file name"),
    "a blank": ({}, "demo-2.0-0 x.conda", "demo 2.0", "'demo-2.0-0 x.conda' is no plain file name"),
    "packages without end": (
        {"depends": [f"a{number}" for number in range(5001)]},
        FILE,
        "demo 2.0",
        "it asks for more than 5000 packages",
    ),
    "a bound without end": (
        {"depends": ["lib " + ",".join(["!=1"] * 1000)]},
        FILE,
        "demo 2.0",
        "it asks for a package in 4003 letters",
    ),
    "another platform": ({"subdir": "win-64"}, FILE, "demo 2.0", "the channel says that it is demo of win-64"),
    "no sha256": ({"sha256": None}, FILE, "demo 2.0", "the channel gives no sha256"),
    "two lines": ({"license": "MIT\nRUN x"}, FILE, "demo 2.0", "it tells 'MIT\\nRUN x', which is no line of text"),
}


@pytest.fixture
def index(tmp_path):
    def lying(fields, filename):
        _, record = entry("demo", "2.0")
        channel = write_channel(tmp_path / "channel", [entry("demo", "1.0")])
        path = channel / "linux-64" / "repodata.json"
        data = json.loads(path.read_text())
        data["packages.conda"][filename] = {**record, **fields}
        path.write_text(json.dumps(data))
        return CondaIndex(("own",), CondaSettings(mirrors={"own": (channel.as_uri(),)}))

    return lying


def close(index, spec):
    return ChannelSolver(index, Target(driver=None), {}).close([spec])


@pytest.mark.parametrize("kind", LIES)
def test_the_honest_record_is_chosen(index, kind):
    fields, filename, _, _ = LIES[kind]
    assert [record.filename for record in close(index(fields, filename), "demo")] == ["demo-1.0-0.conda"]


@pytest.mark.parametrize("kind", LIES)
def test_who_asks_for_the_lie_is_told_why_not(index, kind):
    fields, filename, release, sentence = LIES[kind]
    with pytest.raises(ChannelRefusal) as caught:
        close(index(fields, filename), "demo >=2")
    assert caught.value.reason.splitlines() == [
        f"{release} of channel own may not be chosen: {sentence}",
        "No candidates were found for demo >=2.",
    ]


def test_an_archive_of_another_package_is_none_of_it(index):
    with pytest.raises(ChannelRefusal) as caught:
        close(index({}, "torch-2.0-0.conda"), "torch")
    assert caught.value.reason.splitlines() == [
        "torch 2.0 of channel own may not be chosen: the channel says that it is demo of linux-64",
        "No candidates were found for torch *.",
    ]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("https://host.invalid/linux-64/evil-1-0.conda", 'evil [url="https://host.invalid/linux-64/evil-1-0.conda"]'),
        ("other::lib", 'lib [channel="other"]'),
        ("lib[url=https://host.invalid/lib-1-0.conda]", 'lib [url="https://host.invalid/lib-1-0.conda"]'),
    ],
)
def test_a_record_that_asks_for_what_the_channel_has_not_is_not_chosen(index, spec, wanted):
    asking = index({"depends": [spec]}, FILE)
    assert [record.filename for record in close(asking, "demo")] == ["demo-1.0-0.conda"]
    with pytest.raises(ChannelRefusal) as caught:
        close(asking, "demo >=2")
    assert caught.value.reason.splitlines()[-1] == f"   └─ {wanted}, for which no candidates were found."


def test_what_turns_writing_around_is_told_as_what_it_is(index):
    with pytest.raises(ChannelRefusal) as caught:
        close(index({"depends": ["lib \u202e"]}, FILE), "demo >=2")
    assert caught.value.reason.splitlines()[-1] == (
        r"   └─ demo 2.0 is excluded because the dependency 'lib \u202e' failed to parse: "
        r"unable to parse version spec: \u202e"
    )


UNREADABLE = {
    "sha256": ({"sha256": "abc"}, "failed to parse digest"),
    "md5": ({"md5": 5}, "invalid type: integer `5`, expected a hex-encoded digest"),
    "version": ({"version": "9" * 5000 + " x"}, "malformed version string '999"),
    "build_number": ({"build_number": -1}, "invalid value: integer `-1`, expected u64"),
    "depends": ({"depends": "a"}, 'invalid type: string "a", expected a sequence'),
}


@pytest.fixture
def live(tmp_path):
    """A channel on the web in one of the forms that they have, with what ``index`` writes to a folder."""
    servers = []

    def lying(form, fields):
        _, record = entry("demo", "2.0")
        servers.append(RealChannel(form, [entry("demo", "1.0"), (FILE, {**record, **fields}), entry("other", "1.0")]))
        return CondaIndex(("own",), CondaSettings(mirrors={"own": (servers[-1].url,)}), cache=tmp_path / "cache")

    yield lying
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("form", "kind"), [*(("folder", kind) for kind in UNREADABLE), *((form, "version") for form in FORMS)]
)
def test_a_record_that_cannot_be_read_costs_itself_alone_and_is_told(index, live, form, kind):
    fields, why = UNREADABLE[kind]
    asking = index(fields, FILE) if form == "folder" else live(form, fields)
    assert [record.filename for record in close(asking, "demo")] == ["demo-1.0-0.conda"]
    with pytest.raises(ChannelRefusal) as caught:
        close(asking, "demo >=2")
    (told,) = [line for line in caught.value.reason.splitlines() if "may not be chosen" in line]
    assert told.startswith(f"'{FILE}' of channel own may not be chosen: {why}")
    assert len(told) < 400


@pytest.mark.parametrize("form", FORMS)
def test_it_costs_no_other_package(live, form):
    solver = ChannelSolver(live(form, {"depends": "a"}), Target(driver=None), {})
    names = ("demo", "other", "gone", "demo")
    files = ["demo-1.0-0.conda"], ["other-1.0-0.conda"], [], ["demo-1.0-0.conda"]
    assert tuple([record.file_name for record in solver.candidates(name)] for name in names) == files


def test_of_two_archives_of_one_build_the_newer_stays_where_another_cannot_be_read(tmp_path):
    name, record = entry("demo", "1.0")
    older = {name.replace(".conda", ".tar.bz2"): {**record, "sha256": "0" * 64}}
    newer = {name: record, FILE: {**entry("demo", "2.0")[1], "depends": 5}}
    place = write_channel(tmp_path / "channel", [])
    (place / "linux-64" / "repodata.json").write_text(json.dumps({"packages": older, "packages.conda": newer}))
    solver = ChannelSolver(CondaIndex((place.as_uri(),)), Target(driver=None), {})
    assert [record.file_name for record in solver.candidates("demo")] == [name]


@pytest.mark.parametrize("filename", ["", "demo.conda", "demo-2.0-0\n.conda"])
def test_a_name_that_no_archive_has_costs_no_channel(index, filename):
    asking = index({}, filename)
    assert [record.filename for record in close(asking, "demo")] == ["demo-1.0-0.conda"]


def test_what_is_removed_stays_so_where_another_record_cannot_be_read(tmp_path):
    (kept, one), (gone, two) = entry("demo", "1.0"), entry("demo", "2.0")
    place = write_channel(tmp_path / "channel", [])
    whole = {"packages.conda": {kept: one, gone: two, "demo-3.0-0.conda": 5}, "removed": [gone]}
    (place / "linux-64" / "repodata.json").write_text(json.dumps(whole))
    solver = ChannelSolver(CondaIndex((place.as_uri(),)), Target(driver=None), {})
    assert [record.file_name for record in solver.candidates("demo")] == [kept]
