"""docs/codes.md against the table of codes, the shipped rules and the scenarios."""

from __future__ import annotations

import re

import pytest
from paths import ROOT
from scenario import AuditScenario, files, read

from solver.audit.codes import vulnerabilities
from solver.audit.run import CODES
from solver.matrix.load import load_matrices

PAGE = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w-]+)` \| ([\w, ]+) \| (.+) \|$", PAGE, re.MULTILINE)
RULED = {rule.code: set() for rule in load_matrices().rules}
for rule in load_matrices().rules:
    RULED[rule.code].add(rule.severity)
MODULES = {module.CODE: module for module in (*CODES, vulnerabilities)}


def test_the_page_lists_every_code_once_by_name():
    assert [code for code, *_ in ROWS] == sorted({*MODULES, *RULED})


def test_the_page_names_the_codes_that_rules_alone_tell():
    alone = [f"`{code}`" for code in sorted(RULED.keys() - MODULES.keys())]
    assert f"{', '.join(alone[:-1])} and {alone[-1]} are told by rows of" in PAGE


@pytest.mark.parametrize("code", MODULES)
def test_a_code_means_what_its_module_says(code):
    (means,) = [text for name, _, text in ROWS if name == code]
    said = (MODULES[code].__doc__ or "").partition("\n\n")[0].replace("``", "`")
    # What follows on the page or in the module after that is for readers of the one or the other.
    start = means.partition(",")[0] if code == "vulnerability" else means
    assert said.startswith(f"`{code}`: {start}")


@pytest.mark.parametrize("code", [code for code, *_ in ROWS if code != "vulnerability"])
def test_the_severities_are_those_that_scenarios_and_rules_show(code):
    (severities,) = [set(text.split(", ")) for name, text, _ in ROWS if name == code]
    findings = [entry for path in files(AuditScenario) for entry in read(path, AuditScenario).findings]
    assert severities == {entry["severity"] for entry in findings if entry["code"] == code} | RULED.get(code, set())
