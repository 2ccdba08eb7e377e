"""A list of absurd length is judged as it stands, which is told; of others the search is what it was."""

import pytest
from audit_stubs import StubIndex, small_matrices

from solver.audit.context import AuditContext
from solver.audit.inputs import read_given
from solver.audit.installed import findings_as_installed
from solver.audit.resolve import findings, resolution
from solver.core.answer import NOT_KNOWN
from solver.core.model import Target
from solver.matrix.load import load_matrices

LINES = ["a", "b[x,y]", "c"]
IDENTS = 5
"""Three packages and two extras; the search needs one round more to see that nothing is left."""


def notes(tmp_path):
    releases = {name: [{"version": "1", "files": [f"{name}-1-py3-none-any.whl"], "requires": []}] for name in "abc"}
    package_set = read_given("\n".join(LINES), "requirements.txt", tmp_path)
    context = AuditContext(package_set, small_matrices(), StubIndex(releases), Target(python="3.12"))
    return [finding.why for finding in findings_as_installed(context)[1]]


@pytest.mark.parametrize(("rounds", "long"), [(IDENTS + 1, False), (IDENTS - 1, True)])
def test_a_list_is_resolved_up_to_a_length(tmp_path, monkeypatch, rounds, long):
    monkeypatch.setattr(resolution, "MOST_ROUNDS", rounds)
    assert (findings.too_long().why in notes(tmp_path)) is long


def test_a_version_of_a_package_that_rows_of_ranges_speak_of_may_be_open():
    assert small_matrices().build("no-such-package", "", "linux-64") is NOT_KNOWN
    builds = (*load_matrices().builds,)
    ranged = next(row for row in builds if isinstance(row.versions, str))
    assert load_matrices().build(ranged.package, "", ranged.platform) is NOT_KNOWN


def test_what_the_list_states_is_not_searched(tmp_path, monkeypatch):
    """A lock of many pins costs as many steps, and not their square."""
    picked = []
    plain = resolution._Provider.find_matches

    def counted(self, identifier, **of):
        picked.append(identifier)
        return plain(self, identifier, **of)

    monkeypatch.setattr(resolution._Provider, "find_matches", counted)
    names = [f"p{number}" for number in range(50)]
    releases = {
        name: [{"version": "1", "files": [f"{name}-1-py3-none-any.whl"], "requires": ["open>=1", "p0"]}]
        for name in [*names, "open"]
    }
    text = "".join(f"{name}==1\n" for name in names)
    package_set = read_given(text, "requirements.txt", tmp_path)
    context = AuditContext(package_set, small_matrices(), StubIndex(releases), Target(python="3.12"))
    assert [package.pin for package in findings_as_installed(context)[0].set.packages][-1] == "open==1"
    assert {name for name, _ in picked} == {"open", "p0"}
