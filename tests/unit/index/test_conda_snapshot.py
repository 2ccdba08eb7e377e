"""Recorded channels, written and read back."""

import json
import random
import re

import msgspec
import pytest
from conda_repodata import ADDRESS, ENTRIES, records, write_channel

from solver.core.errors import BadInput, NotRecorded
from solver.core.model import Profile, Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.index.conda_snapshot import CondaSnapshot, channel_folder, read_records, write_records
from solver.matrix.load import load_matrices, matrices_dir
from solver.solve.conda.channels import ChannelSolver
from solver.solve.conda.profile import base_records


def written(folder, some):
    paths = write_records(folder, "conda-forge", some, "what the tests need")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_what_was_written_is_read_back(tmp_path):
    files = written(tmp_path, records())
    assert list(files) == ["conda/conda-forge/linux-64.jsonl", "conda/conda-forge/noarch.jsonl"]
    listing = [r for name in files for r in read_records(tmp_path / name)]
    assert sorted(listing, key=lambda r: r.filename) == sorted(records(), key=lambda r: r.filename)


def test_any_order_gives_the_same_bytes(tmp_path):
    first = written(tmp_path / "a", records())
    for seed in range(5):
        assert written(tmp_path / str(seed), random.Random(seed).sample(records(), 4)) == first


def test_a_line_holds_only_what_its_file_name_does_not(tmp_path):
    written(tmp_path, records())
    lines = (tmp_path / "conda/conda-forge/linux-64.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "version": 1,
        "channel": "conda-forge",
        "address": ADDRESS,
        "subdir": "linux-64",
        "held": "what the tests need",
    }
    assert [sorted(json.loads(line)) for line in lines[1:]] == [
        ["constrains", "depends", "file", "md5", "sha256", "size", "timestamp"],
        ["build_number", "depends", "file", "md5", "sha256", "size"],
    ]


def test_a_subdir_that_is_no_longer_held_goes(tmp_path):
    written(tmp_path, records())
    assert list(written(tmp_path, records()[:1])) == ["conda/conda-forge/linux-64.jsonl"]
    assert not (tmp_path / "conda/conda-forge/noarch.jsonl").exists()


def test_the_solver_gets_the_same_from_the_snapshot_as_from_the_channel(tmp_path):
    channel = write_channel(tmp_path / "channel", ENTRIES)
    live = CondaIndex(
        settings=CondaSettings(mirrors={"conda-forge": (channel.as_uri(),)}),
        inferred=frozenset({"conda-forge/noarch/lib-2.0-py_0.conda"}),
    )
    written(tmp_path, records())
    target = Target(driver=None)
    for specs in (["demo"], ["lib =2.0"]):
        closures = [ChannelSolver(source, target, {}).close(specs) for source in (live, CondaSnapshot(tmp_path))]
        assert closures[0] == closures[1]


def test_a_project_s_own_channels_hide_none_that_come_along(tmp_path):
    written(tmp_path / "shipped", records())
    changed = [msgspec.structs.replace(records()[0], size=1)]
    written(tmp_path / "own", changed)
    write_records(tmp_path / "own", "bioconda", changed, "other")
    source = CondaSnapshot(tmp_path / "shipped", own=tmp_path / "own")
    listing = [*source.records("conda-forge", "linux-64"), *source.records("conda-forge", "noarch")]
    assert {r.filename: r.size for r in listing} == {r.filename: r.size for r in [*records(), *changed]}
    assert len(source.records("bioconda", "linux-64")) == 1


def test_of_a_channel_at_another_address_nothing_is_mixed(tmp_path):
    written(tmp_path / "shipped", records())
    mirrored = [msgspec.structs.replace(records()[0], channel="https://mirror.example/conda-forge")]
    written(tmp_path / "own", mirrored)
    source = CondaSnapshot(tmp_path / "shipped", own=tmp_path / "own")
    assert [r.channel for r in source.records("conda-forge", "linux-64")] == ["https://mirror.example/conda-forge"]


def test_a_channel_or_platform_that_is_not_recorded_is_told(tmp_path):
    written(tmp_path, records()[:1])
    with pytest.raises(NotRecorded, match="nothing for linux-64 of this channel: bioconda"):
        CondaSnapshot(tmp_path, ("bioconda",)).opened("linux-64")
    with pytest.raises(NotRecorded, match="nothing for win-64 of this channel: conda-forge"):
        CondaSnapshot(tmp_path).opened("win-64")


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "", "line 1|is no recorded channel"),
        (1, '{"version":2,"channel":"c","address":"a","subdir":"s","held":"h"}', "expected format version 1, found 2"),
        (2, '{"file":"x-1-0.conda","sha256":"' + "a" * 64 + '","colour":1}', "unknown field `colour`"),
        (2, '{"file":"x.conda","sha256":"' + "a" * 64 + '"}', "is no name of a conda archive"),
        (2, '{"file":"x-1-0.conda","sha256":"../x"}', "matching regex"),
        (2, '{"file":"x-1-0.conda","sha256":"' + "a" * 64 + '","md5":"x"}', "matching regex"),
        (2, '{"file":"../x-1-0.conda","sha256":"' + "a" * 64 + '"}', "'../x-1-0.conda' is no plain file name"),
        (
            1,
            '{"version":1,"channel":"other","address":"https://c","subdir":"linux-64","held":"h"}',
            "the header is of other",
        ),
        (
            1,
            '{"version":1,"channel":"conda-forge","address":"https://c","subdir":"x","held":"h"}',
            "conda-forge, x; name",
        ),
        (
            1,
            '{"version":1,"channel":"~","address":"https://c","subdir":"linux-64","held":"h"}',
            "'~' is no channel's name or address",
        ),
        (2, '{"file":"x-1-0.conda"}', "missing required field `sha256`"),
        (2, '{"file":"x-1-0.conda","sha256":"' + "a" * 64 + '","noarch":"ruby"}', "'ruby' is no kind of noarch"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, line, text, message):
    written(tmp_path, records())
    path = tmp_path / "conda/conda-forge/linux-64.jsonl"
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadInput, match=message) as caught:
        read_records(path)
    assert (caught.value.file, caught.value.line) == (path, line)


def test_the_shipped_snapshot_is_whole_and_small():
    folder = matrices_dir() / "snapshot" / "conda"
    files = sorted(folder.rglob("*.jsonl"))
    assert [path.stem for path in files] == ["linux-64", "linux-aarch64", "noarch", "win-64"]
    assert sum(path.stat().st_size for path in files) < 1_200_000
    for path in files:
        listing = read_records(path)
        assert len({record.filename for record in listing}) == len(listing)
        assert all(record.md5 and len(record.sha256) == 64 for record in listing)
    assert {path.stem: len(read_records(path)) > 200 for path in files} == {
        "linux-64": True,
        "linux-aarch64": False,
        "noarch": True,
        "win-64": False,
    }


@pytest.mark.parametrize("subdir", ["linux-aarch64", "win-64"])
def test_what_was_read_in_lock_files_of_others_names_them_and_is_whole(subdir):
    path = matrices_dir() / "snapshot" / "conda" / "conda-forge" / f"{subdir}.jsonl"
    header = json.loads(path.read_text().splitlines()[0])
    assert all(
        re.fullmatch(r"https://github\.com/[^/]+/[^/]+/blob/[0-9a-f]{40}/\S+\.lock", s) for s in header["sources"]
    )
    assert header["sources"]
    listing = read_records(path)
    assert [
        record.filename for record in listing if record.inferred or record.size is None or record.timestamp is None
    ] == []


@pytest.mark.parametrize(
    ("platform", "pythons"),
    [("win-64", ("3.9", "3.10", "3.11", "3.12", "3.13")), ("linux-aarch64", ("3.11", "3.12", "3.13"))],
)
def test_the_base_of_each_recorded_python_of_another_platform(platform, pythons):
    matrices, source = load_matrices(), CondaSnapshot(matrices_dir() / "snapshot")
    recorded = {r.version.rpartition(".")[0] for r in source.records("conda-forge", platform) if r.name == "python"}
    assert recorded == set(pythons)
    for python in pythons:
        target = Target(platform=platform, python=python, driver=None)
        base = base_records(Profile(name="demo", target=target), python, target, source, matrices)
        assert {"pip", "python", "openssl"} <= {record.name for record in base}
        assert {record.subdir for record in base} == {platform, "noarch"}


def test_no_record_is_put_together_from_those_of_two_builds():
    """A CUDA build of libtorch asks for a CUDA, and leaves out no other release of pytorch than its own."""
    folder = matrices_dir() / "snapshot" / "conda"
    for record in (one for path in sorted(folder.rglob("*.jsonl")) for one in read_records(path)):
        if record.name != "libtorch" or not record.build.startswith("cuda1"):
            continue
        asked = {spec.partition(" ")[0] for spec in record.depends}
        assert asked & {"cuda-version", "cudatoolkit"}, record.filename
        own = [spec.split()[1] for spec in record.constrains if spec.startswith("pytorch ")]
        assert all(version == record.version for version in own), record.filename


def test_a_channel_known_by_its_address_lies_in_a_folder_of_one_word(tmp_path):
    address = "https://ann:pw@host.example/conda/" + "deep/" * 80
    known = [msgspec.structs.replace(record, channel="https://host.example/conda") for record in records()]
    for channel in ("https://host.example/conda", address, str(tmp_path)):
        write_records(tmp_path, channel, known, "any", ["osx-arm64"])
        assert len(channel_folder(channel)) <= 200
        assert len(CondaSnapshot(tmp_path).records(channel, "linux-64")) == len(
            [record for record in known if record.subdir == "linux-64"]
        )
        assert CondaSnapshot(tmp_path).covers(channel, "osx-arm64")
    assert channel_folder("https://host.example/conda") == "https%3A%2F%2Fhost.example%2Fconda"


def test_a_folder_of_nobody_is_no_channel():
    with pytest.raises(BadInput) as caught:
        channel_folder("~nobody-of-that-name/x")
    assert str(caught.value) == (
        "'~nobody-of-that-name/x' is no folder: Could not determine home directory; write where the channel lies"
    )
