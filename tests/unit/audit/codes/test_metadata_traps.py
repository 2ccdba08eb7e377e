"""Builds of conda-forge that cannot work, as a row's MatchSpec names them."""

import subprocess
import sys
from dataclasses import replace

import pytest
from audit_stubs import StubIndex, small_matrices

from solver.audit.inputs import read_given
from solver.audit.run import audit
from solver.matrix.rows import CondaTrap

LOCK = "@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/linux-64/pytorch-2.5.1-cpu_mkl_py311_0.conda\n"


@pytest.mark.parametrize(
    ("match", "trapped"),
    [("pytorch=2.5", True), ("pytorch >=2.5,<2.6", True), ("pytorch=2.5.1=cuda*", False), ("pytorch=2.6", False)],
)
def test_every_kind_of_spec_is_read_as_conda_reads_it(match, trapped, tmp_path):
    row = CondaTrap(id="t", source="s", package="pytorch", match=match, refuse=True, why="it is broken")
    matrices = replace(small_matrices(), conda_traps=(row,))
    findings = audit(read_given(LOCK, "linux-64.lock", tmp_path, None), matrices, StubIndex({}), None, {})
    assert [finding.why for finding in findings if finding.row == "t"] == (
        ["conda-forge's build cpu_mkl_py311_0 of pytorch==2.5.1 cannot work: it is broken"] if trapped else []
    )


def test_a_set_of_wheels_is_audited_without_conda(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch==2.5.1\nnumpy==2.0.2\n")
    code = "import sys; from solver.cli.program import main; sys.argv[1:] = ['audit', 'requirements.txt']\n"
    code += "try: main()\nfinally: print('rattler' in sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.stderr.splitlines()[-1] == "False"
