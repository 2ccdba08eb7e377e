"""What rows of compared wheels tell of two distributions, at versions that were compared and at others."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.clobbers import Clobbers
from solver.matrix.load import Matrices
from solver.matrix.rows import Clobber, Library


def row(row_id, versions_a, versions_b, different, a="A_Lib", b="b-lib"):
    fields = {"versions_a": versions_a, "versions_b": versions_b, "shared": 9, "different": different, "paths": ()}
    return Clobber(id=row_id, source="RECORD", a=a, b=b, **fields)


def library(distribution, versions, directory):
    fields = {"library": "lib", "cuda": 12, "sonames": ("lib.so",)}
    row_id = f"{distribution} {versions}"
    return Library(
        id=row_id, source="RECORD", distribution=distribution, versions=versions, directory=directory, **fields
    )


SAME = row("same", "==1.0", "==1.0", 0)
DIFFERENT = row("different", "==2.0", "==2.0", 4)
ALSO = row("also", "==3.0", "==3.0", 5)
TURNED = row("turned", "==4.0", "==5.0", 6, a="b-lib", b="a-lib")


@pytest.mark.parametrize(
    ("rows", "versions", "answer", "telling", "compared"),
    [
        ([SAME, DIFFERENT], ("1.0", "1.0"), Answer.NO, ["same"], True),
        ([SAME, DIFFERENT], ("2.0", "2.0"), Answer.YES, ["different"], True),
        ([SAME, DIFFERENT], ("1.0", "2.0"), Answer.NOT_KNOWN, ["same", "different"], False),
        ([ALSO, DIFFERENT], ("1.0", "2.0"), Answer.YES, ["also", "different"], False),
        ([SAME], ("2.0", "2.0"), Answer.NO, ["same"], False),
        ([DIFFERENT], (NOT_KNOWN, "2.0"), Answer.YES, ["different"], False),
        ([DIFFERENT, TURNED], ("5.0", "4.0"), Answer.YES, ["turned"], True),
        ([], ("1.0", "1.0"), Answer.NO, [], False),
    ],
)
def test_rows_of_these_versions_go_before_rows_of_others(rows, versions, answer, telling, compared):
    clobbers = Clobbers(Matrices(clobbers=tuple(rows)))
    a, b = versions
    for overlap in (clobbers.between("a-lib", a, "b-lib", b), clobbers.between("b-lib", b, "a-lib", a)):
        assert overlap.answer is answer
        assert [one.id for one in overlap.rows] == telling
        assert overlap.compared is compared


@pytest.mark.parametrize(("version", "answer"), [("9.0", Answer.NO), ("8.0", Answer.YES), (NOT_KNOWN, Answer.YES)])
def test_where_libraries_lie_goes_before_rows_of_other_versions(version, answer):
    libraries = (
        library("a-lib", "", "nvidia/a"),
        library("b-lib", ">=9", "nvidia/b"),
        library("b-lib", "<9", "nvidia/a"),
    )
    clobbers = Clobbers(Matrices(clobbers=(DIFFERENT,), libraries=libraries))
    assert clobbers.between("a-lib", "7.0", "b-lib", version).answer is answer


def test_each_of_a_pair_knows_the_other():
    third = row("third", "", "", 1, b="c-lib")
    clobbers = Clobbers(Matrices(clobbers=(DIFFERENT, TURNED, third)))
    assert dict(clobbers.partners) == {"a-lib": ("b-lib", "c-lib"), "b-lib": ("a-lib",), "c-lib": ("a-lib",)}
    assert list(clobbers.pairs) == [("a-lib", "b-lib"), ("a-lib", "c-lib")]
