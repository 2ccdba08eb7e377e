"""Each file under tests/scenarios/audit is one claim; its findings are all that the audit may say.

``rules`` and ``builds`` are further rows beside those of matrices/.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from audit_stubs import AUDIT_SCENARIOS, StubIndex, read_yaml, small_matrices

from solver.audit.inputs import read_text
from solver.audit.report import as_json
from solver.audit.run import CODES, audit
from solver.matrix.load import spelled_out
from solver.matrix.rows import Build, Rule
from solver.request.words import parse_target

FILES = sorted(AUDIT_SCENARIOS.glob("*.yaml"))
TOLD = sorted({module.CODE for module in CODES} | {rule.code for rule in small_matrices().rules})
"""The codes of modules, and those that rows alone bring."""


def outcome(scenario, folder=Path()):
    target = parse_target(scenario["target"]) if "target" in scenario else None
    packages = read_text(scenario["text"], scenario.get("file", "requirements.txt"), folder, target)
    index = StubIndex(scenario.get("index"))
    rules = tuple(msgspec.convert(row, Rule) for row in scenario.get("rules", ()))
    builds = tuple(msgspec.convert(row, Build) for row in scenario.get("builds", ()))
    small = small_matrices()
    matrices = replace(small, rules=(*small.rules, *spelled_out(rules)), builds=(*small.builds, *builds))
    found = audit(packages, matrices, index, target, scenario.get("environ"))
    return as_json(found)["findings"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_audit_says_exactly_this(path):
    scenario = read_yaml(path)
    assert outcome(scenario) == scenario["findings"]


@pytest.mark.parametrize("code", TOLD)
def test_every_code_has_a_scenario_for_it_and_one_against_it(code):
    mine = [path for path in FILES if path.stem.startswith(f"{code}-")]
    told = [any(entry["code"] == code for entry in read_yaml(path)["findings"]) for path in mine]
    assert True in told
    assert False in told
