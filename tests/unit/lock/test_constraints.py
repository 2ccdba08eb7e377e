"""constraints.txt: what a pip user holds to, by PyPI names."""

from conda_formats import PIP
from packaging.requirements import Requirement

from solver.index.conda_record import by_name_and_build
from solver.lock.constraints import constraints_txt
from solver.matrix.load import Matrices
from solver.matrix.names import Names
from solver.matrix.rows import PackageName


def test_constraints_hold_pythons_packages_by_their_pypi_names(records):
    rows = (
        PackageName(id="a", source="s", conda="pytorch", pypi="torch"),
        PackageName(id="b", source="s", conda="libtorch", pypi=None),
    )
    text = constraints_txt(PIP, {"torch": "2.11.0+cu128"}, records, Names(Matrices(names=rows)))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert "torch==2.11.0+cu128" in lines
    assert lines == sorted(lines, key=lambda line: line.partition("==")[0])
    names = {Requirement(line.partition("  #")[0]).name for line in lines}
    assert {line.partition("==")[0] for line in lines if not line.endswith("  # of conda")} == {"torch"}
    builds = [line for line in text.splitlines() if line.startswith("# conda installs ")]
    assert builds == [f"# conda installs {record.pin}" for record in by_name_and_build(records)]
    assert {"setuptools", "wheel", "numpy"} <= names
    assert not names & {"python", "libtorch", "zstd", "tzdata"}
