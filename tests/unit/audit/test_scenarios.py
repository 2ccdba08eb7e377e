"""Each file under tests/scenarios/audit is one claim; its findings are all that the audit may say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from audit_stubs import StubIndex, small_matrices
from scenario import AuditScenario, each, files, read

from solver.audit.inputs import read_given
from solver.audit.report import entry_of
from solver.audit.run import CODES, audit
from solver.matrix.load import spelled_out
from solver.matrix.rows import Build, CustomOps, Rule
from solver.request.target_words import parse_target

TOLD = sorted({module.CODE for module in CODES} | {rule.code for rule in small_matrices().rules})
"""The codes of modules, and those that rows alone bring."""


def outcome(scenario, folder=Path()):
    target = None if scenario.target is None else parse_target(scenario.target)
    index = StubIndex(scenario.index)
    rules = tuple(msgspec.convert(row, Rule) for row in scenario.rules)
    builds = tuple(msgspec.convert(row, Build) for row in scenario.builds)
    custom_ops = tuple(msgspec.convert(row, CustomOps) for row in scenario.custom_ops)
    small = small_matrices()
    matrices = replace(
        small,
        rules=(*small.rules, *spelled_out(rules)),
        builds=(*small.builds, *builds),
        custom_ops=(*small.custom_ops, *custom_ops),
    )
    packages = read_given(scenario.text, scenario.file, folder, target, matrices)
    return [entry_of(finding) for finding in audit(packages, matrices, index, target, scenario.environ)]


@each(AuditScenario)
def test_the_audit_says_exactly_this(path):
    scenario = read(path, AuditScenario)
    assert outcome(scenario) == scenario.findings


@pytest.mark.parametrize("code", TOLD)
def test_every_code_has_a_scenario_for_it_and_one_against_it(code):
    mine = [read(path, AuditScenario) for path in files(AuditScenario) if path.stem.startswith(f"{code}-")]
    hits = [any(entry["code"] == code for entry in scenario.findings) for scenario in mine]
    assert True in hits
    assert False in hits
