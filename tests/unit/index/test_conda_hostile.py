"""What a conda channel says is believed of the package that was asked for, or of none."""

import json

import pytest
from conda_repodata import entry, write_channel

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


@pytest.mark.parametrize(
    "fields",
    [{"sha256": "abc"}, {"md5": 5}, {"version": "9" * 5000 + " x"}, {"build_number": -1}, {"depends": "a"}],
    ids=lambda fields: next(iter(fields)),
)
def test_a_record_that_cannot_be_read_costs_itself_alone_and_is_told(index, fields):
    asking = index(fields, FILE)
    assert [record.filename for record in close(asking, "demo")] == ["demo-1.0-0.conda"]
    with pytest.raises(ChannelRefusal) as caught:
        close(asking, "demo >=2")
    (told,) = [line for line in caught.value.reason.splitlines() if "may not be chosen" in line]
    assert told.startswith(f"'{FILE}' of channel own may not be chosen: ")
    assert len(told) < 400
