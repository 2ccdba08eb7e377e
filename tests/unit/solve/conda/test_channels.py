"""What conda takes for installed on a target, and its solver over channels."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from conda_repodata import entry, write_channel

from solver.core.errors import BadInput
from solver.core.model import Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.matrix.rows import DriverBranch
from solver.solve.conda.channels import ChannelRefusal, ChannelSolver, virtual_packages

DRIVERS = tuple(
    DriverBranch(id=str(branch), source="s", branch=branch, cuda=cuda)
    for branch, cuda in ((450, "11.0"), (525, "12.0"), (550, "12.4"), (580, "13.0"))
)


def test_virtual_packages_are_the_targets_and_not_this_machines():
    assert virtual_packages(Target(), DRIVERS) == {
        "__archspec": "x86_64_v3",
        "__cuda": "12.0",
        "__glibc": "2.28",
        "__linux": "0",
        "__unix": "0",
    }
    assert virtual_packages(Target(driver=None, glibc="2.34"), DRIVERS) == {
        "__archspec": "x86_64",
        "__glibc": "2.34",
        "__linux": "0",
        "__unix": "0",
    }
    assert virtual_packages(Target(platform="linux-aarch64"), DRIVERS)["__archspec"] == "aarch64"
    assert set(virtual_packages(Target(platform="win-64"), DRIVERS)) == {"__archspec", "__cuda", "__win"}


def test_virtual_packages_can_be_replaced_and_taken_away():
    virtual = virtual_packages(Target(), DRIVERS, {"__cuda": "12.9", "__glibc": None, "__archspec": "zen4"})
    assert (virtual["__cuda"], virtual["__archspec"]) == ("12.9", "zen4")
    assert "__glibc" not in virtual


def close(folder, entries, specs, constraints=(), *, target=None, virtual=None, **more):
    channel = write_channel(folder, entries).as_uri()
    index = CondaIndex(settings=CondaSettings(mirrors={"conda-forge": (channel,)}))
    target = Target() if target is None else target
    virtual = virtual_packages(target, DRIVERS) if virtual is None else virtual
    return [r.pin for r in ChannelSolver(index, target, virtual, **more).close(specs, constraints)]


@pytest.mark.parametrize(
    ("needs", "virtual", "possible"),
    [
        ("__cuda >=12", {"__cuda": "12.4"}, True),
        ("__cuda >=12.8", {"__cuda": "12.4"}, False),
        ("__cuda", {}, False),
        ("__glibc >=2.28", {"__glibc": "2.28"}, True),
        ("__glibc >=2.34", {"__glibc": "2.28"}, False),
        ("__archspec 1 x86_64_v3", {"__archspec": "x86_64_v3"}, True),
        ("__archspec 1 x86_64_v3", {"__archspec": "x86_64"}, False),
        ("__unix", {"__unix": "0"}, True),
        ("__win", {"__unix": "0"}, False),
    ],
)
def test_packages_ask_the_target(tmp_path, needs, virtual, possible):
    entries = [entry("demo", "1.0", depends=[needs])]
    if possible:
        assert close(tmp_path, entries, ["demo"], virtual=virtual) == ["demo=1.0=0"]
    else:
        with pytest.raises(ChannelRefusal, match=needs.split()[0]):
            close(tmp_path, entries, ["demo"], virtual=virtual)


def test_a_constraint_holds_only_where_its_package_is_installed(tmp_path):
    entries = [entry("demo", "1.0", depends=["lib"]), entry("lib", "1.0"), entry("lib", "2.0"), entry("other", "1.0")]
    assert close(tmp_path, entries, ["demo"], ["lib <2", "other >5"]) == ["demo=1.0=0", "lib=1.0=0"]


def test_newer_records_count_as_absent_and_so_do_those_of_unknown_age(tmp_path):
    def at(day):
        return int(datetime(2026, 1, day, tzinfo=UTC).timestamp() * 1000)

    entries = [
        entry("demo", "1.0", timestamp=at(1)),
        entry("demo", "2.0", timestamp=at(10)),
        entry("demo", "3.0"),
    ]
    assert close(tmp_path, entries, ["demo"]) == ["demo=3.0=0"]
    assert close(tmp_path, entries, ["demo"], exclude_newer=datetime(2026, 1, 10)) == ["demo=2.0=0"]
    assert close(tmp_path, entries, ["demo"], exclude_newer=datetime(2026, 1, 9)) == ["demo=1.0=0"]
    elsewhere = timezone(timedelta(hours=2))
    assert close(tmp_path, entries, ["demo"], exclude_newer=datetime(2026, 1, 10, 1, tzinfo=elsewhere)) == [
        "demo=1.0=0"
    ]
    with pytest.raises(ChannelRefusal):
        close(tmp_path, entries, ["demo"], exclude_newer=datetime(2025, 1, 1))


def test_what_is_refused_is_not_chosen(tmp_path):
    entries = [entry("demo", "1.0"), entry("demo", "2.0")]
    assert close(tmp_path, entries, ["demo"], refuses=lambda record: str(record.version) == "2.0") == ["demo=1.0=0"]


def test_a_refusal_names_specs_and_reason(tmp_path):
    with pytest.raises(ChannelRefusal) as caught:
        close(tmp_path, [entry("demo", "1.0")], ["demo >=2"])
    assert str(caught.value) == "no set of conda packages meets demo >=2: No candidates were found for demo >=2."
    assert caught.value.exit_code == 3


def of_two(folder, specs):
    """What is chosen of conda-forge, which has the newest and goes first, and two channels of a group of one's own."""
    there = {
        "conda-forge": [entry("demo", "3.0"), entry("needs", "1.0", depends=["demo"])],
        "ours": [entry("demo", "2.0")],
        "theirs": [entry("demo", "1.0"), entry("other", "1.0", depends=["ours::demo"])],
    }
    mirrors = {name: (write_channel(folder / name, entries).as_uri(),) for name, entries in there.items()}
    custom = {"ours": "https://conda.invalid/a"}
    groups = {"team": ("ours", "theirs")}
    settings = CondaSettings(mirrors=mirrors, custom=custom, groups=groups)
    index = CondaIndex(channels=("conda-forge", "team"), settings=settings)
    records = ChannelSolver(index, Target(), virtual_packages(Target(), DRIVERS)).close(specs)
    return [(record.pin, record.channel) for record in records]


FORGE, OURS, THEIRS = (
    "https://conda.anaconda.org/conda-forge",
    "https://conda.invalid/a/ours",
    "https://conda.anaconda.org/theirs",
)


@pytest.mark.parametrize(
    ("spec", "chosen"),
    [
        ("demo", ("demo=3.0=0", FORGE)),
        ("conda-forge::demo", ("demo=3.0=0", FORGE)),
        ("conda-forge/linux-64::demo", ("demo=3.0=0", FORGE)),
        (f"{FORGE}::demo", ("demo=3.0=0", FORGE)),
        (f"{FORGE}/::demo", ("demo=3.0=0", FORGE)),
        ("demo[channel=ours]", ("demo=2.0=0", OURS)),
        ("demo[version='<9', channel=ours]", ("demo=2.0=0", OURS)),
        (f"{OURS}::demo", ("demo=2.0=0", OURS)),
        ("https://ann:pw@conda.invalid/a/ours::demo", ("demo=2.0=0", OURS)),
        ("team::demo", ("demo=2.0=0", OURS)),
        ("theirs::demo>=1", ("demo=1.0=0", THEIRS)),
    ],
)
def test_a_package_comes_from_the_channel_that_it_is_wanted_from(tmp_path, spec, chosen):
    assert of_two(tmp_path, [spec]) == [chosen]


def test_so_does_one_that_another_asks_for(tmp_path):
    assert of_two(tmp_path, ["needs", "ours::demo"]) == [("demo=2.0=0", OURS), ("needs=1.0=0", FORGE)]


def test_a_channel_that_is_not_among_them_is_told_without_credentials(tmp_path):
    with pytest.raises(BadInput) as caught:
        of_two(tmp_path, ["https://ann:pw@conda.invalid/b::demo"])
    there = "conda-forge, ours, theirs"
    assert str(caught.value) == (
        f"channels: demo is wanted from the channel https://conda.invalid/b, which is not among {there}; "
        "add https://conda.invalid/b to them, or leave it out before demo"
    )


def test_a_channel_that_was_wanted_once_binds_no_later_question(tmp_path):
    write_channel(tmp_path / "a", [entry("demo", "2.0")])
    write_channel(tmp_path / "b", [entry("demo", "1.0")])
    mirrors = {name: ((tmp_path / name).as_uri(),) for name in ("a", "b")}
    index = CondaIndex(channels=("a", "b"), settings=CondaSettings(mirrors=mirrors))
    solver = ChannelSolver(index, Target(), virtual_packages(Target(), DRIVERS))
    chosen = [[record.pin for record in solver.close([spec])] for spec in ("demo", "b::demo", "demo", "a::demo")]
    assert chosen == [["demo=2.0=0"], ["demo=1.0=0"], ["demo=2.0=0"], ["demo=2.0=0"]]


@pytest.mark.parametrize("spec", ["conda-forge/noarch::demo", "demo[subdir=noarch]", "conda-forge/osx-64::demo"])
def test_a_package_of_another_subdir_is_not_taken(tmp_path, spec):
    with pytest.raises(ChannelRefusal):
        close(tmp_path, [entry("demo", "1.0")], [spec])


def test_a_channel_is_known_by_the_address_that_an_alias_gives_it(tmp_path):
    write_channel(tmp_path / "ours", [entry("demo", "1.0")])
    settings = CondaSettings(alias=tmp_path.as_uri())
    solver = ChannelSolver(
        CondaIndex(channels=("ours",), settings=settings), Target(), virtual_packages(Target(), DRIVERS)
    )
    assert [one.pin for one in solver.close([f"{tmp_path.as_uri()}/ours::demo"])] == ["demo=1.0=0"]
