"""Who asks for a package of a set."""

from __future__ import annotations

from audit_stubs import StubIndex, pinned, small_matrices

from solver.audit.askers import askers_of, refusing
from solver.audit.run import context_of, findings_in
from solver.core.model import Target, pypi_name

WHEEL = "a-1-py3-none-any.whl"
ASKING = {"a": [{"version": "1", "files": [WHEEL], "requires": ["b<2", "c; extra == 'x'", "d; python_version < '3'"]}]}
TWINS = [
    f"nvidia-{name}-{cuda}==9.1.0.70" for name in ("cudnn", "nccl", "cublas", "cufft") for cuda in ("cu11", "cu12")
]


class Counting(StubIndex):
    """Counts how often somebody asks what there is."""

    asked = 0

    def releases(self, name):
        self.asked += 1
        return super().releases(name)


def context(pins, index):
    return context_of(pinned(*pins), small_matrices(), index, Target(python="3.12", driver="580.65.06"))


def test_what_stands_under_an_extra_or_another_python_is_not_asked_for():
    here = context(["a==1", "b==2", "c==1", "d==1"], StubIndex(ASKING))
    names = {name: [one.pin for one in askers_of(here, pypi_name(name))] for name in "abcd"}
    assert names == {"a": [], "b": ["a==1"], "c": [], "d": []}


def test_who_admits_nothing_within_a_specifier_refuses_it():
    here = context(["a==1", "b==2"], StubIndex(ASKING))
    assert [(one.pin, ask) for one, ask in refusing(here, pypi_name("b"), ">=2")] == [("a==1", "b<2")]
    assert refusing(here, pypi_name("b"), ">=1") == ()
    assert refusing(here, pypi_name("b"), None) == ()


def test_the_index_is_asked_no_more_often_for_each_package_of_a_larger_set():
    def asked(others):
        index = Counting()
        assert findings_in(context([*TWINS, *(f"package-{number}==1" for number in range(others))], index))
        return index.asked

    assert asked(400) - asked(200) == 2 * (asked(200) - asked(100))
