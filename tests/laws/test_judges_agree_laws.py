"""Search, audit and prediction judge apart from one another, and what the one says yes to the others never deny."""

from __future__ import annotations

from typing import Any

import msgspec
from audit_stubs import pinned
from drawing import examples
from drawn_world import Problem, near_problems, problems, read
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from search_world import World

from solver.audit.run import audit
from solver.core.answer import Answer
from solver.core.errors import BadInput
from solver.core.model import Finding, Solution
from solver.matrix.libraries import LOADER
from solver.proof.predict import predict
from solver.proof.prediction import Prediction
from solver.solve.search import explain_none, find
from solver.solve.space.packages import Spaces

FIELDS: dict[str, list[Any]] = {
    "cuda": ["12.4", "12.4", "12.8", "12.8", "13.0", "12.9", "14.0", "none"],
    "cudnn": ["9.1", "9.1", "9.4", "8.9", "none"],
    "bundles": [False, False, True],
    "same_minor": [False, False, True],
    "opens": [["cudart"], ["cudnn", "cudart"], ["cufoo"], []],
    "runpath": [[], ["xcudart.9", "xcudnn.9"], ["xcudart.8", "xcudnn.8", "xcudart.9", "xcudnn.9", "xfoo"]],
    "sm": [["8.0", "9.0"], ["8.0", "9.0"], ["8.0"], ["10.0"]],
    "ptx": [[], ["8.0"]],
    "driver": ["525.60.13", "525.60.13", "590.0"],
    "protobuf": ["4.0", "5.0"],
}
"""Fields of a build of a package that is no framework; each may also be unread."""
KITS = ("gpukit", "otherkit")
FOO = ("foo-a", "foo-b")
"""What brings one library: the files of the two are the same."""
IDLE = ("bar-cu12", "bar-cu13")
"""What brings a library that nobody opens, one for each CUDA major."""
kits = st.lists(
    st.tuples(
        st.fixed_dictionaries({name: st.sampled_from([*values, *values, None]) for name, values in FIELDS.items()}),
        st.sampled_from([[], [], ["nccl"], ["cufoo"]]),
        st.sampled_from([{}, {}, {"torch": ">=2.6"}, {"torch": "<2.6"}, {"numpy": "<2"}, {"otherkit": "<2"}]),
        st.sampled_from(
            [[], ["runtime-cu12", "cudnn-cu12"], ["runtime-cu12"], ["runtime", "cudnn-cu13"], ["foo-a"], [*FOO]]
        ),
    ),
    min_size=1,
    max_size=3,
)


@st.composite
def gpu_problems(draw: st.DrawFn) -> Problem:
    """A problem on a GPU, in whose world rows alone tell of other packages with GPU code."""
    problem = draw(st.one_of(problems, near_problems))
    served = draw(st.sampled_from([["8.0", "8.6", "9.0"], ["8.0", "8.6", "9.0"], ["8.0", "8.6"], None]))
    add_libraries(problem.world, draw(st.sampled_from(["xfoo", "xbar"])), served)
    add_idle(problem.world)
    add_companions(problem.world, draw(st.sampled_from(["13.0", "12.8", "none", None])))
    add_rules(problem.world, draw(st.lists(rules, max_size=2)))
    add_kit(problem.world, "gpukit", draw(kits), part_of=None)
    add_kit(problem.world, "otherkit", draw(kits), part_of=draw(st.sampled_from([None, "gpukit"])))
    target = msgspec.structs.replace(
        problem.profile.target, driver=problem.profile.target.driver or "580.65.06", gpus=("9.0",)
    )
    cuda = "" if problem.profile.cuda == "none" else problem.profile.cuda
    added = draw(st.sampled_from([("gpukit",), ("otherkit",), KITS, (), (*FOO,), ("gpukit", "torchvision")]))
    packages = (*dict.fromkeys((*problem.profile.packages, *added)),)
    frameworks = draw(st.sampled_from([problem.profile.frameworks, ()]))
    asked = {name: text for name, text in problem.profile.constraints.items() if name not in ("tensorflow", "torch")}
    profile = msgspec.structs.replace(problem.profile, target=target, cuda=cuda, packages=packages)
    if packages and not frameworks:
        profile = msgspec.structs.replace(profile, frameworks=(), prefer=None, constraints=asked)
    return Problem(problem.world, profile)


rules = st.tuples(
    st.sampled_from([{"gpukit": ""}, {"gpukit": ">=2", "torch": ""}, {"torch": ">=2.6"}, {"foo-a": ""}]),
    st.sampled_from([{}, {"numpy": "<2"}, {"otherkit": "!"}, {"foo-b": "!"}, {"gpukit": "<2"}]),
    st.sampled_from([(), (), ("keras",)]),
    st.sampled_from([{}, {}, {"gpus": ">=9"}, {"gpus": "<9"}, {"driver": "<570"}, {"pythons": "==3.12"}]),
    st.sampled_from(["error", "error", "warning"]),
)
"""What they are about, what that needs, what has to be there, where they hold, and how grave they are."""


def add_rules(world: World, drawn: list[Any]) -> None:
    """Rules about packages that rows alone tell of, some of them about a target."""
    for number, (when, needs, expects, where, severity) in enumerate(drawn):
        told = {"when": when, "needs": needs, "expects": expects, "severity": severity, **where}
        world.add_row("rules", f"rule of kits {number}", **told)


def add_libraries(world: World, folder: str, served: list[str] | None) -> None:
    """A cuDNN whose GPUs may not be known, and two distributions of one library, whose folders may be one."""
    told = {"cuda": [12, 13], "soname": "cudnn.9", "gpus": served, "forward": []}
    world.add_row("cudnn", ">=9,<10", **read(told))
    for name, directory in zip(FOO, ("xfoo", folder), strict=True):
        fields = {"cuda": 12, "distribution": name, "directory": directory, "sonames": ["foo.1"]}
        world.add_row("libraries", f"cufoo of {name}", **fields)
        world.releases[name] = [world.release(name, "1.0", [])]


def add_idle(world: World) -> None:
    """A library of each CUDA major, each by a name of its own, that no build opens."""
    for cuda, name in zip((12, 13), IDLE, strict=True):
        fields = {"cuda": cuda, "distribution": name, "directory": f"x{name}", "sonames": [f"bar.{cuda}"]}
        world.add_row("libraries", f"cubar of {cuda}", **fields)
        world.releases[name] = [world.release(name, "1.0", [])]


def add_companions(world: World, cuda: str | None) -> None:
    """A torch without CUDA, and builds of the companion of which a row, or its version alone, tells the CUDA."""
    world.add_row("torch", "2.6+cpu", cuda="none", cudnn="none")
    world.releases["torch"].append(world.release("torch", "2.6+cpu", []))
    world.add_row("companions", "0.7", needs={"torch": "==2.6"}, **read({"cuda": cuda}))
    for version in ("0.7", "0.5+cu124", "0.6+cu130", "0.7+cpu"):
        world.releases["torchvision"].append(world.release("torchvision", version, []))


def add_kit(world: World, name: str, kit: list[Any], part_of: str | None) -> None:
    """Releases of a package with GPU code of which rows alone tell."""
    for number, (fields, uses, needs, requires) in enumerate(kit, 1):
        told = {"package": name, "needs": needs, "uses": uses, "part_of": part_of, **read(fields)}
        world.add_row("builds", f"{number}.0 of {name}", version=f"{number}.0", **told)
        releases = world.releases.setdefault(name, [])
        releases.append(world.release(name, f"{number}.0", {"requires": requires}))
    # Of one build its version alone tells the CUDA.
    world.releases[name].append(world.release(name, "1.0+cu124", {"index": "default"}))


def solved(problem: Problem) -> Solution | None:
    try:
        return find(problem.profile, Spaces(problem.world.matrices(), problem.world.index()), lockable_only=False)
    except BadInput:
        return None


def pins_of(solution: Solution) -> dict[str, str]:
    return {str(pin.name): pin.version for pin in solution.pins} | {LOADER: "1"}


def findings(problem: Problem, solution: Solution, pins: dict[str, str]) -> list[Finding]:
    packages = msgspec.structs.replace(pinned(*(f"{name}=={version}" for name, version in pins.items())), closed=True)
    return audit(packages, problem.world.matrices(), problem.world.index(), solution.target)


def foretold(problem: Problem, solution: Solution, pins: dict[str, str]) -> Prediction:
    target = solution.target
    matrices = problem.world.matrices()
    return predict(pins, target.gpus[0], target.driver or "", matrices, python=target.python)


@settings(max_examples=examples(200))
@given(gpu_problems())
def test_what_the_search_admits_no_audit_breaks_and_no_prediction_denies(problem: Problem) -> None:
    solution = solved(problem)
    assume(solution is not None)
    pins = pins_of(solution)
    assert [one for one in findings(problem, solution, pins) if one.severity == "error"] == []
    prediction = foretold(problem, solution, pins)
    assert [name for name, answer in prediction.probes.items() if answer is Answer.NO] == []
    assert prediction.works is not Answer.NO


@st.composite
def changed_sets(draw: st.DrawFn) -> tuple[Problem, Solution, dict[str, str]]:
    """A solution with another version of one package, or with others beside it."""
    problem = draw(gpu_problems())
    solution = solved(problem)
    assume(solution is not None)
    pins, releases = pins_of(solution), problem.world.releases
    place, other = draw(st.integers(0, 7)), draw(st.integers(0, 4))
    for added in draw(st.sampled_from([(), IDLE, FOO, ("torchvision",), KITS, ("nvcc-cu12", "runtime-cu12")])):
        pins[added] = releases[added][other % len(releases[added])].version
    name = sorted(pins, key=lambda name: (name not in (*KITS, "torch", "torchvision"), name))[place % len(pins)]
    versions = [release.version for release in releases.get(name, ())] or [pins[name]]
    pins[name] = versions[other % len(versions)]
    return problem, solution, pins


@settings(max_examples=examples(300))
@given(changed_sets())
def test_what_the_audit_calls_broken_or_not_read_nobody_foretells_to_work(
    changed: tuple[Problem, Solution, dict[str, str]],
) -> None:
    prediction, told = foretold(*changed), findings(*changed)
    if prediction.works is Answer.YES:
        # A warning tells of what it goes without, "cpu-build" of what may be meant. What metadata ask for and which
        # python a wheel is for is pip's to check, and no prediction reads it.
        apart = ("metadata", "python-tag", "cpu-build")
        assert [one for one in told if one.severity != "warning" and one.code not in apart] == []
    elif prediction.uses_gpu is Answer.YES:
        assert told


@settings(max_examples=examples(150))
@given(changed_sets())
def test_what_a_prediction_calls_well_and_no_audit_questions_no_search_denies(
    changed: tuple[Problem, Solution, dict[str, str]],
) -> None:
    problem, solution, pins = changed
    told = [one for one in findings(*changed) if one.severity != "warning" or one.code in ("metadata", "mixed-cuda")]
    if told or foretold(*changed).works is not Answer.YES:
        return
    asked = tuple(f"{name}=={version}" for name, version in pins.items() if name != LOADER)
    profile = msgspec.structs.replace(
        problem.profile, constraints={}, cuda="", frameworks=(), prefer=None, packages=asked, target=solution.target
    )
    same = Problem(problem.world, msgspec.structs.replace(profile, python=f"=={solution.target.python}"))
    if solved(same) is None:
        spaces = Spaces(problem.world.matrices(), problem.world.index())
        assert explain_none(same.profile, spaces, lockable_only=False).answer is not Answer.NO
