"""Each file under tests/scenarios/lists is one claim: what pip would install for a list, and all findings there."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from audit_stubs import StubIndex, small_matrices
from scenario import ListScenario, each, read

from solver.audit.inputs import read_given
from solver.audit.installed import findings_as_installed
from solver.audit.report import entry_of
from solver.audit.run import context_of
from solver.matrix.load import spelled_out
from solver.matrix.rows import Rule
from solver.request.target_words import parse_target


def outcome(scenario, folder):
    for name, text in scenario.files.items():
        (folder / name).write_text(text)
    target = None if scenario.target is None else parse_target(scenario.target)
    package_set = read_given(scenario.text, scenario.file, folder, target, small_matrices())
    index = StubIndex({name: [_with_a_wheel(name, one) for one in several] for name, several in scenario.index.items()})
    index.whole = scenario.whole
    rules = spelled_out(tuple(msgspec.convert(row, Rule) for row in scenario.rules))
    matrices = replace(small_matrices(), rules=(*small_matrices().rules, *rules))
    return findings_as_installed(context_of(package_set, matrices, index, target))


def _with_a_wheel(name, release):
    file = f"{name.replace('-', '_')}-{release.version}-py3-none-any.whl"
    return release if release.files else msgspec.structs.replace(release, files=[file])


@each(ListScenario)
def test_a_list_is_resolved_to_just_this(path, tmp_path):
    scenario = read(path, ListScenario)
    context, findings = outcome(scenario, tmp_path)
    assert [package.pin for package in context.set.packages] == scenario.installed
    assert [entry_of(finding) for finding in findings] == scenario.findings
