"""The conda packages of a solution.yaml."""

import json

import pytest
from conda_repodata import ADDRESS, records

from solver.core.errors import BadInput
from solver.lock.conda_section import conda_section, read_conda_section


def test_solution_yaml_holds_the_same_records():
    section = conda_section(records(), ("conda-forge",), {"__cuda": "12.4"})
    assert list(section) == ["channels", "virtual", "packages"]
    found = read_conda_section(json.loads(json.dumps(section)), "solution.yaml")
    assert sorted(found, key=lambda r: r.filename) == sorted(records(), key=lambda r: r.filename)
    assert conda_section(reversed(records()), ("conda-forge",), {"__cuda": "12.4"}) == section


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (None, "conda.packages: expected the packages"),
        ({"packages": {"linux-64": []}}, "conda.linux-64: expected the address"),
        ({"packages": {f"{ADDRESS}/noarch": [{"file": "x"}]}}, r"noarch\[0\]: Object missing required field"),
    ],
)
def test_a_section_that_cannot_be_used_names_its_key(section, message):
    with pytest.raises(BadInput, match=message):
        read_conda_section(section, "solution.yaml")
