"""The conda packages of a solution.yaml."""

import msgspec
import pytest
from conda_repodata import ADDRESS, records

from solver.core.errors import BadInput
from solver.lock.conda_section import CondaSection, conda_section, section_records


def test_solution_yaml_holds_the_same_records():
    section = conda_section(records(), ("conda-forge",), {"__glibc": "2.28", "__cuda": "12.4"})
    text = msgspec.json.encode(section)
    assert list(msgspec.json.decode(text)) == ["channels", "virtual", "packages", "inferred"]
    assert list(section.virtual) == ["__cuda", "__glibc"]
    assert section.inferred == sum(record.inferred for record in records())
    read = section_records(msgspec.json.decode(text, type=CondaSection), "solution.yaml")
    assert sorted(read, key=lambda r: r.filename) == sorted(records(), key=lambda r: r.filename)
    assert conda_section(reversed(records()), ("conda-forge",), {"__cuda": "12.4", "__glibc": "2.28"}) == section


def test_a_section_without_packages_says_why():
    section = CondaSection(channels=("conda-forge",), not_written="nothing was recorded")
    assert msgspec.to_builtins(section) == {"channels": ("conda-forge",), "not_written": "nothing was recorded"}
    assert section_records(section, "solution.yaml") == ()


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        ({"linux-64": []}, "solution.yaml: conda.packages.linux-64: expected the address of a channel's folder"),
        (
            {f"{ADDRESS}/noarch": [{"file": "x", "sha256": "0" * 64}]},
            f"solution.yaml: conda.packages.{ADDRESS}/noarch[0]: 'x' is no name of a conda archive",
        ),
    ],
)
def test_a_section_that_cannot_be_used_names_its_key(packages, message):
    section = msgspec.convert({"channels": [], "packages": packages}, CondaSection)
    with pytest.raises(BadInput) as caught:
        section_records(section, "solution.yaml")
    assert str(caught.value) == f"{message}; make the lock again with `interlock lock`"
