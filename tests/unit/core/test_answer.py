"""Three answers, and none of them taken for another."""

import pytest

from solver.core.answer import Answer, answer, every


def test_an_answer_has_no_truth_value():
    with pytest.raises(TypeError, match=r'^an Answer is compared with YES, NO or NOT_KNOWN; "not known" has no truth'):
        bool(Answer.NOT_KNOWN)


def test_yes_or_no_of_what_is_known():
    assert (answer(True), answer(False)) == (Answer.YES, Answer.NO)


@pytest.mark.parametrize(
    ("answers", "whole"),
    [
        ([], Answer.YES),
        ([Answer.YES, Answer.YES], Answer.YES),
        ([Answer.YES, Answer.NOT_KNOWN], Answer.NOT_KNOWN),
        ([Answer.NOT_KNOWN, Answer.NO], Answer.NO),
    ],
)
def test_every_answer_counts(answers, whole):
    assert every(answers) is whole
