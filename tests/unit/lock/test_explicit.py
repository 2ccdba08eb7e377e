"""@EXPLICIT files, read back by rattler."""

import msgspec
import pytest
from conda_formats import CONDA, PIP

from solver.core.errors import BadInput
from solver.core.model import Target
from solver.lock.explicit import base_explicit, explicit


def test_the_explicit_file_is_read_by_rattler(records):
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    text = explicit(CONDA, records, Target())
    spec = ExplicitEnvironmentSpec.from_str(text)
    assert str(spec.platform) == "linux-64"
    expected = {record.url: record.sha256 for record in records}
    assert dict(entry.url.split("#sha256:") for entry in spec.packages) == expected


def test_what_is_depended_on_stands_first(records):
    lines = explicit(CONDA, records, Target()).splitlines()
    places = {line.partition("#")[0]: place for place, line in enumerate(lines) if "#sha256:" in line}
    by_name = {record.name: record for record in records}
    python, zlib, pip = (places[by_name[name].url] for name in ("python", "libzlib", "pip"))
    assert zlib < python < pip


def test_a_file_without_its_frameworks_is_never_called_a_lock(records):
    with pytest.raises(BadInput, match="demo: has frameworks that come from pip, which an @EXPLICIT file cannot hold"):
        explicit(PIP, records, Target())
    text = base_explicit(PIP, records, Target())
    assert text.splitlines()[:8] == [
        "# Only the base of demo: what comes from pip follows in the activated environment, by "
        "pip install --require-hashes -r locks/demo/requirements.txt",
        "# Made by `nox -s lock` (or `interlock lock demo`); change environment.yml.in, not this file.",
        "# Install: conda create --name demo --file locks/demo/base-linux-64.lock",
        "# Its hashes are read by conda 24.9 and newer, by mamba 2 and by micromamba 2.",
        "# For linux-64, glibc >= 2.28, NVIDIA driver >= 525.60.13; conda asks nothing of the machine here.",
        "# Then: conda env config vars set --name demo TF_FORCE_GPU_ALLOW_GROWTH=true",
        "# platform: linux-64",
        "@EXPLICIT",
    ]


def test_the_whole_environment_by_address_says_what_it_needs(records):
    profile = msgspec.structs.replace(CONDA, variables={"B": "two words", "A": "1"}, frameworks=("torch",))
    target = Target(platform="linux-aarch64", glibc="2.35", driver=None)
    assert explicit(profile, records, target).splitlines()[:7] == [
        "# Made by `nox -s lock` (or `interlock lock demo`); change environment.yml.in, not this file.",
        "# Install: conda create --name demo --file locks/demo/linux-aarch64.lock",
        "# Its hashes are read by conda 24.9 and newer, by mamba 2 and by micromamba 2.",
        "# For linux-aarch64, glibc >= 2.35; conda asks nothing of the machine here.",
        "# Then: conda env config vars set --name demo A=1 B='two words'",
        "# platform: linux-aarch64",
        "@EXPLICIT",
    ]
