"""Where our loader heals a set, and how a set tells that it holds such a loader."""

from __future__ import annotations

import pytest

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.cures import healable, heals, in_need, is_healable, is_led, needs_symbols, unhealed_beside
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, CustomOps, Rule

RULE = Rule(
    id="crash",
    source="test",
    code="crash-together",
    severity="error",
    when={"tensorflow": ">=2.20"},
    needs={"triton": "<3.7"},
    why="both carry LLVM",
    cure="take an older triton",
    healed_by="loader",
    healed="a run",
)
SET = {"tensorflow": "2.21.0", "triton": "3.8.0"}


def build(global_symbols: object) -> Build:
    return Build(
        id="tensorflow-2.21.0",
        source="test",
        package="tensorflow",
        version="2.21.0",
        platform="linux-64",
        global_symbols=global_symbols,
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (build(True), Answer.YES),
        (build(False), Answer.NO),
        (build(NOT_KNOWN), Answer.NOT_KNOWN),
        (NOT_KNOWN, Answer.NOT_KNOWN),
    ],
    ids=["asks for global symbols", "does not", "nobody read it", "no row"],
)
def test_the_loader_heals_what_its_row_says_that_it_can_stop(row, expected):
    assert is_healable(RULE, row) is expected


def test_a_rule_that_nothing_heals_stays_hard():
    plain = Rule(id="hard", source="test", code="clobber", severity="error", when={"a": ""}, why="w", cure="c")
    assert is_healable(plain, build(True)) is Answer.NO


@pytest.mark.parametrize(("row", "count"), [(build(True), 1), (build(NOT_KNOWN), 0), (build(False), 0)])
def test_only_what_is_surely_healed_counts_as_healed(row, count):
    matrices = Matrices(builds=(row,), rules=(RULE,))
    assert len(list(healable(matrices.rules, matrices, SET, Place("linux-64")))) == count
    assert not list(healable(matrices.rules, matrices, {**SET, "triton": "3.6.0"}, Place("linux-64")))


def ops(versions: str, need: object) -> CustomOps:
    return CustomOps(id=f"ops {versions}", source="test", package="text", versions=versions, global_symbols=need)


OPS = (ops("<2", True), ops(">=2,<3", False), ops(">=3,<4", NOT_KNOWN))


@pytest.mark.parametrize(
    ("package", "version", "expected"),
    [
        ("text", "1.0", Answer.YES),
        ("text", "2.0", Answer.NO),
        ("text", "3.0", Answer.NOT_KNOWN),
        ("text", "4.0", Answer.NOT_KNOWN),
        ("text", NOT_KNOWN, Answer.NOT_KNOWN),
        ("other", "1.0", Answer.NO),
    ],
    ids=["a row says so", "a row denies it", "its row does not say", "no row admits it", "no version", "no row at all"],
)
def test_a_row_says_whether_a_package_needs_the_symbols(package, version, expected):
    assert needs_symbols(Matrices(custom_ops=OPS), package, version) is expected
    named = (package,) if expected is not Answer.NO else ()
    assert in_need(Matrices(custom_ops=OPS), {package: version}, expected)[: len(named)] == named


@pytest.mark.parametrize(("version", "count"), [("1.0", 0), ("2.0", 1), ("3.0", 1)])
def test_no_set_is_healed_that_holds_a_package_in_need_of_the_symbols(version, count):
    matrices = Matrices(builds=(build(True),), rules=(RULE,), custom_ops=OPS)
    assert len(list(healable(matrices.rules, matrices, {**SET, "text": version}, Place("linux-64")))) == count


def test_a_healed_rule_stays_beside_such_a_package():
    plain = Rule(id="hard", source="test", code="clobber", severity="error", when={"a": ""}, why="w", cure="c")
    (rule,) = unhealed_beside((RULE, plain), Matrices(custom_ops=OPS))
    assert (rule.id, rule.when, rule.needs) == (
        "crash",
        {"tensorflow": ">=2.20", "text": "<2"},
        RULE.needs,
    )
    assert (rule.severity, rule.healed_by, rule.healed) == ("error", None, None)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1+tf2.21.0.cu12.symbols.h0123456789ab", Answer.YES),
        ("1+symbols.h0123456789ab", Answer.YES),
        ("1+tf2.21.0.cu12.h0123456789ab", Answer.NO),
        ("1", Answer.NO),
        ("no version", Answer.NO),
        (NOT_KNOWN, Answer.NOT_KNOWN),
    ],
)
def test_the_loaders_version_says_whether_it_heals(version, expected):
    assert heals({"interlock-loader": version}) is expected


def test_without_a_loader_nothing_is_healed():
    assert heals(SET) is Answer.NO


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1+tf2.21.0.cu12.activation.h0123456789ab", Answer.YES),
        ("1+tf2.21.0.cu12.symbols.h0123456789ab", Answer.NO),
        (NOT_KNOWN, Answer.NOT_KNOWN),
    ],
)
def test_the_loaders_version_says_whether_it_has_code(version, expected):
    assert is_led({"interlock-loader": version}) is expected
    assert heals({"interlock-loader": version}) is not Answer.YES or expected is Answer.NO


def test_a_cure_without_evidence_is_no_row():
    with pytest.raises(ValueError, match="expected healed_by and healed together"):
        Rule(id="r", source="s", code="c", severity="error", when={"a": ""}, why="w", cure="c", healed_by="loader")
