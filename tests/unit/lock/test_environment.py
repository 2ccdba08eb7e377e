"""environment.yml: conda's own rules, the pip block, and the variables of sharing."""

import msgspec
import pytest
import yaml
from conda_formats import CONDA, PIP
from conda_own import conda_spec
from packaging.requirements import Requirement

from solver.core.errors import BadInput
from solver.core.model import Profile, Target
from solver.index.conda_spec import read_spec
from solver.lock.environment import CondaHalf, environment_yml

LINES = [
    "--find-links ./wheels",
    f"numpy==2.1.0 --hash=sha256:{'a' * 64} --hash=sha256:{'b' * 64}",
    f"torch @ https://w.example/torch-2.11.0%2Bcu128.whl --hash=sha256:{'c' * 64}",
]


CPU = Target(driver=None)


def half(records, target=CPU, virtual=None, unrecorded=()):
    return CondaHalf(target, records, {} if virtual is None else virtual, unrecorded)


def test_the_whole_file(records):
    some = [record for record in read_whole(records) if record.name in {"pip", "tzdata"}]
    profile = Profile(name="demo", variables={"A": "1"}, target=CPU)
    assert environment_yml(profile, half(some), LINES).splitlines() == [
        "# Made by `nox -s lock` (or `interlock lock demo`); change environment.yml.in, not this file.",
        "# Install: conda env create -f locks/demo/environment.yml",
        "# For linux-64, glibc >= 2.28.",
        "# Keep the folder wheels/ beside this file, which names a wheel in it.",
        "# The folder of this file must be one that you may write to: conda puts a file into it for pip.",
        "# If the pip half fails, half an environment stays: mend the cause and run the same command again, or take it "
        "away with `conda env remove --name demo`.",
        "# conda cannot check hashes here: pip checks its half below; base-linux-64.lock holds those of conda's "
        "packages.",
        "# Where a channel has withdrawn a build, base-linux-64.lock still installs: it names each archive by its "
        "address.",
        "# `interlock install demo PREFIX` checks every hash and leaves a whole environment or none.",
        "name: demo",
        "channels:",
        "- conda-forge",
        "dependencies:",
        "- __glibc>=2.28",
        f"- conda-forge::{some[0].pin}",
        f"- conda-forge::{some[1].pin}",
        "- pip:",
        *(f"  - {line}" for line in LINES),
        "variables:",
        "  A: '1'",
    ]


def test_it_keeps_condas_rules(records):
    data = yaml.safe_load(environment_yml(PIP, half(records), LINES))
    assert tuple(data) == ("name", "channels", "dependencies", "variables")
    assert set(data) <= {"name", "channels", "dependencies", "prefix", "variables"}
    assert "nodefaults" not in data["channels"]
    assert all(isinstance(value, str) for value in data["variables"].values())
    glibc, *pins, block = data["dependencies"]
    assert glibc == "__glibc>=2.28"
    specs = [conda_spec(pin) for pin in pins]
    assert [(s.get("channel").name, s.name, str(s.version), s.get("build")) for s in specs] == [
        ("conda-forge", r.name, r.version, r.build) for r in records
    ]
    assert block == {"pip": LINES}
    for line in block["pip"][1:]:
        Requirement(line.partition(" --hash=")[0])


def read_whole(records):
    return [msgspec.structs.replace(record, inferred=False) for record in records]


def lines_of(text):
    return [line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")]


def test_a_conda_profile_says_what_the_machine_must_be(records):
    asking = [msgspec.structs.replace(r, depends=(*r.depends, "__cuda")) for r in read_whole(records)]
    text = environment_yml(CONDA, half(asking, Target(cpu="x86-64-v3"), {"__cuda": "12.0", "__glibc": "2.31"}))
    assert "pip:" not in text
    assert lines_of(text)[2:] == [
        "For linux-64, glibc >= 2.28, NVIDIA driver >= 525.60.13, a processor of x86-64-v3 or newer.",
        "Where no NVIDIA driver answers (a login node, the build of an image): CONDA_OVERRIDE_CUDA=12.0 conda env "
        "create -f locks/demo/environment.yml",
        "conda cannot check hashes here; linux-64.lock and conda-lock.yml hold them.",
        "Where a channel has withdrawn a build, linux-64.lock still installs: it names each archive by its address.",
        "`interlock install demo PREFIX` checks every hash and leaves a whole environment or none.",
    ]
    assert yaml.safe_load(text)["dependencies"][:2] == ["__glibc>=2.31", "conda-forge::_x86_64-microarch-level>=3"]


def test_it_says_why_there_is_no_conda_lock(records):
    bare = [msgspec.structs.replace(r, md5=None) if r.name == "tzdata" else r for r in read_whole(records)]
    (tzdata,) = [record.filename for record in bare if record.md5 is None]
    assert lines_of(environment_yml(CONDA, half(bare, CPU, {"__glibc": "2.28"})))[3] == (
        "conda cannot check hashes here; linux-64.lock holds them. There is no conda-lock.yml, which must have the "
        f"md5 of each archive: the channel gives none for {tzdata}."
    )


def test_an_export_names_each_archive_by_its_hash(records):
    some = [record for record in read_whole(records) if record.name == "tzdata"]
    text = environment_yml(CONDA, CondaHalf(CPU, some, {"__glibc": "2.28"}, by_hash=True))
    assert text.splitlines() == [
        "# Made by `interlock export environment.yml demo`; do not edit.",
        "# Install: conda env create -f exports/demo/environment.yml",
        "# For linux-64, glibc >= 2.28.",
        "# conda takes each of its packages by its sha256, from any channel that has it.",
        "name: demo",
        "channels:",
        "- conda-forge",
        "dependencies:",
        "- __glibc>=2.28",
        f"- {some[0].pin}[sha256={some[0].sha256}]",
        *text.splitlines()[10:],
    ]


def test_conda_asks_for_no_driver_that_its_packages_do_not_ask_for(records):
    text = environment_yml(CONDA, half([r for r in records if r.name == "tzdata"], Target(), {"__cuda": "12.0"}))
    assert "CONDA_OVERRIDE_CUDA" not in text
    # Where the request takes __glibc away, conda is not asked for it either.
    assert "__glibc" not in text


def test_records_that_nobody_read_whole_are_named(records):
    some = [msgspec.structs.replace(r, inferred=r.name in ("pip", "libzlib")) for r in records]
    assert lines_of(environment_yml(CONDA, half(some)))[-1] == (
        f"Of 2 of the {len(records)} records not all was read in a channel, so that conda may find that they ask for "
        "something else: libzlib, pip"
    )


def test_a_platform_of_which_no_channel_was_recorded(records):
    profile, target = (
        Profile(name="demo", frameworks=("torch",)),
        Target(platform="win-64", python="3.10", driver="527.41"),
    )
    text = environment_yml(profile, half((), target, {}, ("python=3.10", "pip=26.2")), LINES[1:])
    assert yaml.safe_load(text)["dependencies"] == [
        "conda-forge::python=3.10",
        "conda-forge::pip=26.2",
        {"pip": LINES[1:]},
    ]
    assert lines_of(text)[2:] == [
        "For win-64, NVIDIA driver >= 527.41.",
        "The folder of this file must be one that you may write to: conda puts a file into it for pip.",
        "If the pip half fails, half an environment stays: mend the cause and run the same command again, or take it "
        "away with `conda env remove --name demo`.",
        "Nobody recorded what the channels have of python 3.10 for win-64: conda chooses the builds of python and pip, "
        "and of what they need. pip checks the hashes of its half below.",
    ]


@pytest.mark.parametrize(
    ("channels", "address", "named"),
    [
        (("conda-forge",), "https://conda.anaconda.org/conda-forge", "conda-forge"),
        (("pytorch", "conda-forge"), "https://mirror.example/x/conda-forge", "conda-forge"),
        (("conda-forge/label/rc",), "https://conda.anaconda.org/conda-forge/label/rc", "conda-forge/label/rc"),
        (("https://host.example/ours",), "https://host.example/ours", "https://host.example/ours"),
        (("/srv/channel",), "file:///srv/channel", "file:///srv/channel"),
        # A channel whose name ends another one's is not that one.
        (("forge",), "https://conda.anaconda.org/conda-forge", "https://conda.anaconda.org/conda-forge"),
    ],
)
def test_each_package_names_its_channel_as_conda_reads_it(records, channels, address, named):
    profile = msgspec.structs.replace(CONDA, channels=channels)
    some = [msgspec.structs.replace(records[0], channel=address)]
    entry = yaml.safe_load(environment_yml(profile, half(some)))["dependencies"][-1]
    assert entry == f"{named}::{records[0].pin}"
    spec = conda_spec(entry)
    assert (spec.name, str(spec.version), spec.get("build")) == (records[0].name, records[0].version, records[0].build)
    read = read_spec(entry)
    assert (read.name, read.version, read.build) == (records[0].name, records[0].version, records[0].build)


def test_a_pip_block_needs_pip(records):
    with pytest.raises(BadInput, match="demo: has packages for pip and no pip among its conda packages; add pip"):
        environment_yml(PIP, half([r for r in records if r.name != "pip"]), LINES)
