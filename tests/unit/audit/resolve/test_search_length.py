"""A list of absurd length is judged as it stands, which is told; of others the search is what it was."""

import pytest
from audit_stubs import StubIndex, small_matrices

from solver.audit.context import AuditContext
from solver.audit.inputs import read_text
from solver.audit.installed import findings_as_installed
from solver.audit.resolve import search, told
from solver.core.model import Target

LINES = ["a==1", "b[x,y]==1", "c"]
IDENTS = 5
"""Three packages and two extras; the search needs one round more to see that nothing is left."""


def notes(tmp_path):
    releases = {name: [{"version": "1", "files": [f"{name}-1-py3-none-any.whl"], "requires": []}] for name in "abc"}
    package_set = read_text("\n".join(LINES), "requirements.txt", tmp_path)
    context = AuditContext(package_set, small_matrices(), StubIndex(releases), Target(python="3.12"))
    return [finding.why for finding in findings_as_installed(context)[1]]


@pytest.mark.parametrize(("rounds", "long"), [(IDENTS + 1, False), (IDENTS - 1, True)])
def test_a_list_is_resolved_up_to_a_length(tmp_path, monkeypatch, rounds, long):
    monkeypatch.setattr(search, "MOST_ROUNDS", rounds)
    assert (told.too_long().why in notes(tmp_path)) is long
