"""The table of pairs: one reason a package, the third and later ones as a number."""

from __future__ import annotations

from solver.commands.pairs import Comparison, Pair, PairOutcome
from solver.core.explanation import Cause, Explanation
from solver.core.model import REQUEST

CAUSES = (
    Cause(who=REQUEST, asks="torch==2.15.0", source="profile ad hoc"),
    Cause(who="tensorflow 2.21.0", asks="CUDA 12", source="row", package="tensorflow"),
    Cause(who="tensorflow[and-cuda] 2.21.0", asks="cuDNN 9", source="row", package="tensorflow"),
    Cause(who="torch 2.15.0", asks="CUDA 13.2", source="row", package="torch"),
    Cause(who="CUDA 13.2", asks="may not be chosen: no driver", source="row", package="cuda"),
)


def test_a_pair_without_a_set_names_two_packages_and_counts_the_rest(folder, interlock, monkeypatch):
    pair = Pair(tensorflow="2.21.0", torch="2.15.0", python="3.12", uv="none")
    outcome = PairOutcome(pair=pair, solution=None, explanation=Explanation(causes=CAUSES))
    comparison = Comparison(outcomes=(outcome,), uv_source="uv 1 on a day")
    monkeypatch.setattr("solver.cli.pairs.compare_pairs", lambda root, ask_uv: comparison)
    code, out, err = interlock("pairs")
    assert (code, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "tensorflow torch python interlock uv pip compile",
        "2.21.0 2.15.0 3.12 no: tensorflow 2.21.0: CUDA 12; torch 2.15.0: CUDA 13.2; and 1 more none",
        "",
        "1 pairs. interlock: 0 lockable, 0 solvable but not lockable here, 1 explained. uv: 0 clean, 0 with twin CUDA "
        "majors, 1 none (uv 1 on a day).",
    ]
