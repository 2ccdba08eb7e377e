"""What `nox -s mends` undoes is where it is said to be: a mend that moved would be undone by nobody."""

from __future__ import annotations

import yaml
from paths import ROOT, TESTS

MENDS = yaml.safe_load((TESTS / "mends" / "mends.yaml").read_text())


def test_each_mend_stands_in_its_file_once():
    counts = {mend["broke"]: (ROOT / mend["file"]).read_text().count(mend["mended"]) for mend in MENDS}
    assert {broke: count for broke, count in counts.items() if count != 1} == {}


def test_the_tests_of_each_mend_are_there():
    named = {word.partition("::")[0] for mend in MENDS for word in mend["test"].split() if word.startswith("tests/")}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
