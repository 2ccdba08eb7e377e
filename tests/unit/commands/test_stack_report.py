"""Pin by pin, what became of a published stack, over a small made-up set."""

from __future__ import annotations

import msgspec
import pytest

from solver.commands.stack_report import StackLock, report
from solver.core.explanation import Cause
from solver.core.model import Pin, Profile, Solution, Target, pypi_name
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, CudaFamily, Rule


def small_lock(stack: dict[str, str], **changes: object) -> StackLock:
    axes = {"python": "3.9", "cuda": "11.8", "cudnn": "8.6", "tensorflow": "2.0", "torch": "1.0", "protobuf": None}
    requires = ("tool<2",)
    pin = Pin(name=pypi_name("app"), version="1", index="default", files=(), requires=requires, asked_by=())
    target = Target(python="3.9", platform=changes.get("platform", "linux-64"))  # type: ignore[arg-type]
    solution = Solution(
        profile="p", target=target, axes={**axes, "numpy": "1.5"}, pins=(pin,), because=(), notes=(), missing=()
    )
    matrices = Matrices(
        builds=(Build(id="torch-1.0", source="s", package="torch", version="1.0", reports="1.0+cu11",
                      platform="linux-64", python=("3.9",), cuda="11.8", cudnn="8.6"),),
        families=(CudaFamily(id="cuda-11", source="s", major=11, driver="450.80.02", driver_windows="452.39"),),
        rules=(Rule(id="rule", source="s", code="c", severity="error", when={"app": "<2"},
                    needs={"helper": "<5", "tool": "<2"}, why="it breaks", cure="take less"),),
    )  # fmt: skip
    packages = {"tensorflow": "2.0", "torch": "1.0", "numpy": "1.5", "app": "1", "helper": "4", "tool": "1"}
    return StackLock(Profile(name="p", stack=stack, constraints={"numpy": "<2"}), solution, packages, matrices)


def lines_of(stack: dict[str, str], causes: tuple[Cause, ...] = (), **changes: object) -> list[str]:
    return report(small_lock(stack, **changes), lambda _: causes, None)[1:]


def test_a_pin_that_is_what_the_own_build_says_is_kept():
    assert lines_of({"torch": "1.0+cu11"}) == [
        "  torch 1.0+cu11: kept, as 1.0 of the package index, whose own build is 1.0+cu11 [torch-1.0]"
    ]


def test_a_changed_pin_has_at_most_three_reasons_and_never_the_request_itself():
    mine = Cause(who="the request", asks="numpy==9", source="profile p")
    others = tuple(Cause(who=f"p{n}", asks="numpy<2", source="metadata") for n in range(5))
    assert lines_of({"numpy": "9"}, (mine, *others)) == [
        "  numpy 9: changed to 1.5",
        *(f"      p{n}: numpy<2  [metadata]" for n in range(3)),
        "      and 2 more",
    ]


def test_a_pin_that_nothing_known_meets_says_so():
    assert lines_of({"cudnn": "8.1"}, (Cause(who="the request", asks="cuDNN ==8.1.*", source="profile p"),)) == [
        "  cudnn 8.1: changed to 8.6",
        "      nothing that is known is cuDNN ==8.1.*",
    ]


def test_a_pin_that_the_profile_itself_changed_says_so():
    assert lines_of({"numpy": "1.4"}) == [
        "  numpy 1.4: changed to 1.5",
        "      it would do; the profile itself asks for something else",
    ]


@pytest.mark.parametrize(
    ("pin", "platform", "line"),
    [
        (">=450.80.02", "linux-64", "kept, it is what CUDA 11.x asks for [cuda-11]"),
        (">=465", "linux-64", "kept; CUDA 11.x asks for 450.80.02 [cuda-11]"),
        (">=450.80.02", "win-64", "changed to >=452.39"),
    ],
)
def test_a_driver_is_compared_with_what_the_cuda_asks_for(pin, platform, line):
    assert lines_of({"driver": pin}, platform=platform)[0] == f"  driver {pin}: {line}"


def test_the_literal_pin_takes_the_place_of_the_profiles_own_constraint():
    profiles: list[Profile] = []
    report(small_lock({"numpy": "9", "extra": "3"}), lambda profile: profiles.append(profile) or (), None)
    assert [profile.constraints for profile in profiles] == [{"numpy": "==9"}, {"numpy": "<2"}]
    assert [profile.packages for profile in profiles] == [(), ("extra==3",)]


def test_what_a_rule_holds_back_is_told_unless_the_metadata_says_it_too():
    newest = {"helper": "6", "tool": "3"}
    lines = report(small_lock({}), lambda _: (), newest.get)[1:]
    assert lines == ["  helper (not named): held at 4, the newest is 6", "      it breaks  [rule]"]
    named = msgspec.structs.replace(small_lock({}).profile, stack={"helper": "4"})
    shown = report(
        StackLock(named, small_lock({}).solution, small_lock({}).packages, small_lock({}).matrices),
        lambda _: (),
        newest.get,
    )
    assert shown[1:] == ["  helper 4: kept"]
