"""docs/codes.md against the table of codes, the shipped rules and the scenarios."""

from __future__ import annotations

import re

import pytest
from paths import ROOT
from scenario import AuditScenario, ListScenario, files, read

from solver.audit.codes import vulnerabilities
from solver.audit.inputs import read_given
from solver.audit.run import CODES, audit
from solver.commands.project import Reach, open_facts
from solver.core.model import Target
from solver.matrix.load import load_matrices
from solver.request.target_words import parse_target

PAGE = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([\w-]+)` \| ([\w, ]+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
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
    (means,) = [text for name, _, text, _ in ROWS if name == code]
    said = (MODULES[code].__doc__ or "").partition("\n\n")[0].replace("``", "`")
    # What follows on the page or in the module after that is for readers of the one or the other.
    start = means.partition(",")[0] if code == "vulnerability" else means
    assert said.startswith(f"`{code}`: {start}")


@pytest.mark.parametrize("code", [code for code, *_ in ROWS if code != "vulnerability"])
def test_the_severities_are_those_that_scenarios_and_rules_show(code):
    (severities,) = [set(text.split(", ")) for name, text, *_ in ROWS if name == code]
    findings = [
        entry for kind in (AuditScenario, ListScenario) for path in files(kind) for entry in read(path, kind).findings
    ]
    assert severities == {entry["severity"] for entry in findings if entry["code"] == code} | RULED.get(code, set())


@pytest.fixture(scope="module")
def facts():
    matrices, index, _ = open_facts(ROOT, reach=Reach.RECORD)
    return matrices, index


# What is vulnerable the network tells.
@pytest.mark.parametrize(
    ("code", "severities", "example"), [(code, grave, text) for code, grave, _, text in ROWS if code != "vulnerability"]
)
def test_the_example_of_a_code_is_told_under_it(code, severities, example, facts, tmp_path):
    lines = re.findall(r"`([^`]+)`", example)
    pins = [line for line in lines if "==" in line]
    given = dict(line.split("=") for line in lines if line not in pins)
    variables = {key: value for key, value in given.items() if key.isupper()}
    words = {key: [value] if key == "gpu" else value for key, value in given.items() if key not in variables}
    target = parse_target({"driver": Target().driver, **words}, facts[0]) if words else None
    packages = read_given("\n".join(pins), "requirements.txt", tmp_path, target)
    told = [one for one in audit(packages, *facts, target, variables) if one.code == code]
    assert [one.severity in severities.split(", ") for one in told] == [True]
    assert {package.partition("==")[0] for one in told for package in one.packages} <= {
        pin.partition("==")[0] for pin in pins
    }
