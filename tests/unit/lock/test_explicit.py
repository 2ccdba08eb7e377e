"""@EXPLICIT files, read back by rattler."""

import pytest
from conda_formats import CONDA, PIP

from solver.core.errors import BadInput
from solver.lock.explicit import base_explicit, explicit


def test_the_explicit_file_is_read_by_rattler(records):
    from rattler.explicit_environment.environment import ExplicitEnvironmentSpec

    text = explicit(CONDA, records, "linux-64")
    spec = ExplicitEnvironmentSpec.from_str(text)
    assert str(spec.platform) == "linux-64"
    expected = {record.url: record.sha256 for record in records}
    assert dict(entry.url.split("#sha256:") for entry in spec.packages) == expected


def test_what_is_depended_on_stands_first(records):
    lines = explicit(CONDA, records, "linux-64").splitlines()
    places = {line.partition("#")[0]: place for place, line in enumerate(lines) if "#sha256:" in line}
    by_name = {record.name: record for record in records}
    python, zlib, pip = (places[by_name[name].url] for name in ("python", "libzlib", "pip"))
    assert zlib < python < pip


def test_a_file_without_its_frameworks_is_never_called_a_lock(records):
    with pytest.raises(BadInput, match="demo: has frameworks that come from pip, which an @EXPLICIT file cannot hold"):
        explicit(PIP, records, "linux-64")
    first = base_explicit(PIP, records, "linux-64").splitlines()[0]
    assert first == (
        "# Only the base of demo: its frameworks come from pip, by "
        "pip install --require-hashes -r locks/demo/requirements.txt"
    )
