"""environment.yml: conda's own rules, the pip block, and the variables of sharing."""

import pytest
import yaml
from conda_formats import CONDA, PIP
from packaging.requirements import Requirement

from solver.core.errors import BadInput
from solver.core.model import Profile, Target
from solver.lock.environment import environment_yml, pip_block

LINES = [
    "# a comment",
    "--find-links ./wheels",
    "",
    "numpy==2.1.0 \\",
    f"    --hash=sha256:{'a' * 64} \\",
    f"    --hash=sha256:{'b' * 64}",
    f"torch @ https://w.example/torch-2.11.0%2Bcu128.whl --hash=sha256:{'c' * 64}  # from elsewhere",
]
LOGICAL = [
    "--find-links ./wheels",
    f"numpy==2.1.0 --hash=sha256:{'a' * 64} --hash=sha256:{'b' * 64}",
    f"torch @ https://w.example/torch-2.11.0%2Bcu128.whl --hash=sha256:{'c' * 64}",
]


def test_the_whole_file(records):
    some = [record for record in records if record.name in {"pip", "tzdata"}]
    profile = Profile(name="demo", variables={"A": "1"}, target=Target(driver=None))
    assert environment_yml(profile, some, LINES).splitlines() == [
        "# Made by `nox -s lock` (or `interlock lock demo`); change environment.yml.in, not this file.",
        "# Install: conda env create -f locks/demo/environment.yml",
        "# conda cannot check hashes here: pip checks its half below, nobody checks conda's packages.",
        "# `interlock install demo PREFIX` checks every hash and leaves a whole environment or none.",
        "name: demo",
        "channels:",
        "- conda-forge",
        "dependencies:",
        f"- {some[0].pin}",
        f"- {some[1].pin}",
        "- pip:",
        *(f"  - {line}" for line in LOGICAL),
        "variables:",
        "  A: '1'",
    ]


def test_it_keeps_condas_rules(records):
    data = yaml.safe_load(environment_yml(PIP, records, LINES))
    assert tuple(data) == ("name", "channels", "dependencies", "variables")
    assert set(data) <= {"name", "channels", "dependencies", "prefix", "variables"}
    assert "nodefaults" not in data["channels"]
    assert all(isinstance(value, str) for value in data["variables"].values())
    *pins, block = data["dependencies"]
    assert [pin.count("=") for pin in pins] == [2] * len(records)
    assert pins == sorted(pins, key=lambda pin: pin.split("=")[0])
    assert block == {"pip": LOGICAL}
    for line in block["pip"][1:]:
        Requirement(line.partition(" --hash=")[0])


def test_conda_profiles_have_no_pip_block_and_tell_where_the_hashes_are(records):
    text = environment_yml(CONDA, records)
    assert "pip:" not in text
    assert "# conda cannot check hashes here; linux-64.lock and conda-lock.yml hold them." in text


def test_a_pip_block_needs_pip(records):
    with pytest.raises(BadInput, match="demo: has packages for pip and no pip among its conda packages; add pip"):
        environment_yml(PIP, [r for r in records if r.name != "pip"], LINES)


def test_lines_are_joined_and_comments_dropped():
    assert pip_block(LINES) == LOGICAL
    assert pip_block(["a==1 \\"]) == ["a==1"]
    assert pip_block([]) == []
