"""Which cuDNN serves a build, as its own and as one that somebody else has loaded."""

import msgspec
import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.cudnn import carried, cudnn_suits, has_name, served_by, works_beside
from solver.matrix.rows import Build

replace = msgspec.structs.replace
KIT = Build(
    id="kit-1", source="a test", package="kit", version="1", platform="linux-64", cuda="12.8", cudnn="9.10.2.21"
)
UNREAD = replace(KIT, cudnn=NOT_KNOWN)
NO_CUDNN, NO_CUDA = replace(KIT, cudnn="none"), replace(KIT, cuda="none", cudnn=NOT_KNOWN)


@pytest.mark.parametrize(
    ("cudnn", "own", "beside", "why"),
    [
        ("9.10.2.21", Answer.YES, Answer.YES, ""),
        ("9.10.1.4", Answer.YES, Answer.YES, ""),
        ("9.12.0.46", Answer.YES, Answer.YES, ""),
        ("9.9.0.52", Answer.NO, Answer.NO, "it was compiled with cuDNN 9.10.2.21, and 9.9.0.52 is older"),
        ("8.9.7.29", Answer.NO, Answer.YES, "it was compiled with cuDNN 9.10.2.21, and 8.9.7.29 has another major"),
        ("10.0.0", Answer.NO, Answer.YES, "it was compiled with cuDNN 9.10.2.21, and 10.0.0 has another major"),
        (NOT_KNOWN, Answer.NOT_KNOWN, Answer.NOT_KNOWN, "nobody read which cuDNN it will load"),
        ("latest", Answer.NOT_KNOWN, Answer.NOT_KNOWN, "nobody read which cuDNN it will load"),
    ],
)
def test_its_minor_or_a_newer_one_serves_and_another_name_does_no_harm(cudnn, own, beside, why):
    assert (cudnn_suits(KIT, cudnn).answer, cudnn_suits(KIT, cudnn).why) == (own, why)
    assert works_beside(KIT, cudnn).answer is beside


@pytest.mark.parametrize(
    ("build", "answer", "specifier"),
    [(NO_CUDNN, Answer.YES, None), (NO_CUDA, Answer.YES, None), (UNREAD, Answer.NOT_KNOWN, NOT_KNOWN)],
)
def test_what_uses_none_is_served_by_any_and_of_what_nobody_read_nobody_knows(build, answer, specifier):
    assert (cudnn_suits(build, "9.1").answer, works_beside(build, "9.1").answer) == (answer, answer)
    assert served_by(build) is specifier


@pytest.mark.parametrize(("cudnn", "specifier"), [("9.10.2.21", ">=9.10,<10"), ("8.6", ">=8.6,<9"), ("8", ">=8.0,<9")])
def test_what_serves_is_a_specifier(cudnn, specifier):
    assert served_by(replace(KIT, cudnn=cudnn)) == specifier


def test_one_major_has_one_name():
    assert [has_name(KIT, cudnn) for cudnn in ("9.1", "8.9", NOT_KNOWN)] == [
        Answer.YES,
        Answer.NO,
        Answer.NOT_KNOWN,
    ]
    assert [has_name(build, "9.1") for build in (NO_CUDNN, UNREAD)] == [Answer.NO, Answer.NOT_KNOWN]


@pytest.mark.parametrize(
    ("build", "inside"),
    [
        (replace(KIT, bundles=False), None),
        (replace(KIT, opens=("cudnn",)), None),
        (replace(KIT, same_minor=True), None),
        (KIT, NOT_KNOWN),
        (replace(KIT, bundles=True), "9.10.2.21"),
        (replace(UNREAD, bundles=True), NOT_KNOWN),
        (replace(NO_CUDNN, bundles=True), None),
        (NO_CUDNN, None),
    ],
    ids=["beside", "opened", "pinned", "place unread", "inside", "unread", "none", "none wherever"],
)
def test_a_wheel_that_bundles_carries_the_cudnn_it_was_built_with(build, inside):
    assert carried(build) == inside
