"""Small worlds of rows and releases, and what is asked of them, drawn from a tape of small numbers.

So a failing one shrinks to the simplest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st
from search_world import World

from solver.core.model import Profile, Target

T = TypeVar("T")


class Tape:
    """Choices out of a list of numbers; at its end every choice is the first, simplest one."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = iter(numbers)

    def pick(self, options: Sequence[T]) -> T:
        return options[next(self._numbers, 0) % len(options)]

    def some(self, options: Sequence[T]) -> list[T]:
        return [option for option in options if self.pick([True, False])]


@dataclass(frozen=True)
class Problem:
    world: World
    profile: Profile


PYTHONS = [*[("3.11", "3.12")] * 6, ("3.12",), ("3.11",)]
NUMPY = [[], ["numpy"], ["numpy<2.1"], ["numpy<2"], ["numpy>=2"], ['numpy<2; python_version < "3.12"']]
PROTOBUF = [[], ["protobuf<5"], ["protobuf>=5"]]
EXTRA_PACKAGES = [
    (),
    (),
    ("numpy",),
    ("keras",),
    ("torchvision",),
    ("helper",),
    ("helper[x]", "numpy"),
    ("keras", "torchvision"),
]
CODE = [("8.0", "9.0"), ("8.0", "9.0"), ("8.0",), ("8.9", "9.0"), None]


def problem_of(numbers: Sequence[int]) -> Problem:
    tape, world = Tape(numbers), World()
    cuda_landscape(tape, world)
    for version in ["2.1", "2.2", "2.3"][: tape.pick([2, 3])]:
        tensorflow(tape, world, version)
    for version in ["2.5", "2.6", "2.6+cu124", "2.6+cu130"][: tape.pick([2, 4, 3, 4, 4])]:
        torch(tape, world, version)
    documented(tape, world)
    others(tape, world)
    rules(tape, world)
    return Problem(world, profile_of(tape))


def cuda_landscape(tape: Tape, world: World) -> None:
    world.add_row("families", "12", driver="525.60.13")
    world.add_row("families", "13", driver="580.65.06")
    for cuda, driver, oldest in (("12.4", "550.54.14", "5.0"), ("12.8", "570.26", "5.0"), ("13.0", "580.65.06", "9.0")):
        world.add_row("toolkits", cuda, driver=driver, gpus=[oldest, "9.0"][oldest == "9.0" :])
    names = {"12": ("runtime-cu12", "cudnn-cu12", "nvcc-cu12"), "13": ("runtime", "cudnn-cu13", "nvcc")}
    for major, (runtime, cudnn, nvcc) in names.items():
        for library, name in (("cudart", runtime), ("cudnn", cudnn), ("nvcc", nvcc)):
            fields: dict[str, Any] = {"cuda": major, "distribution": name, "same_minor": library != "cudnn"}
            # Layouts change: of one distribution several rows tell, each of its own versions.
            for versions, soname in (("<9.2", f"{library}.8"), (">=9.2", f"{library}.9")):
                told = fields | {"versions": versions, "directory": f"x{soname}", "sonames": [soname]}
                world.add_row("libraries", f"{library} of {major} {versions}", **told)
    index: dict[str, Any] = {
        "runtime-cu12": dict.fromkeys(tape.pick([*[["12.4.1", "12.8.1"]] * 5, ["12.4.1"]])),
        "runtime": {"13.0.1": None},
        "nvcc-cu12": dict.fromkeys(tape.pick([*[["12.4.2", "12.8.2"]] * 5, ["12.8.2"]])),
        "nvcc": {"13.0.2": None},
        "cudnn-cu12": dict.fromkeys(
            tape.pick([["9.1.0.1", "9.3.0.1", "9.4.0.1"], ["9.1.0.1", "9.3.0.1"], ["9.3.0.1", "8.9.0.1"]])
        ),
        "cudnn-cu13": dict.fromkeys(tape.pick([["9.3.0.1"], ["9.4.0.1"]])),
    }
    world.add({"index": index})


def release(tape: Tape, world: World, name: str, version: str, asks: list[str], **told: Any) -> None:
    fault = tape.pick([*[None] * 20, "yanked", "python"])
    if fault == "yanked":
        told["yanked"] = "broken"
    if fault == "python":
        told["requires_python"] = tape.pick([">=3.12", "<3.12"])
    world.releases.setdefault(name, []).append(world.release(name, version, {"requires": asks} | told))


def read(fields: dict[str, Any]) -> dict[str, Any]:
    """A row's fields without those that nobody read."""
    return {name: value for name, value in fields.items() if value is not None}


def tensorflow(tape: Tape, world: World, version: str) -> None:
    cuda = tape.pick(["12.4", "12.8", "12.4", "12.8", "12.4", "13.0", None])
    cudnn, opens = None, []
    if cuda is not None:
        cudnn, opens = tape.pick(["9.1", "9.1", "9.1", "9.3", "9.3", "9.4"]), ["cudart", "cudnn", *tape.some(["nvcc"])]
    pythons, code = tape.pick(PYTHONS), tape.pick(CODE[:4])
    told = {"cuda": cuda or "none", "cudnn": cudnn, "opens": opens, "sm": code, "ptx": tape.pick([(), code])}
    world.add_row("tensorflow", version, python=pythons, **read(told))
    requires = [*tape.pick(NUMPY), *tape.pick(PROTOBUF), *tape.pick([[], ["keras"], ["keras>=2"]])]
    release(tape, world, "tensorflow", version, requires, pythons=tape.pick([pythons, pythons, pythons, ("3.12",)]))


def torch(tape: Tape, world: World, version: str) -> None:
    cuda = {"2.6+cu124": "12.4", "2.6+cu130": "13.0"}.get(version) or tape.pick(
        ["12.4", "12.8", "12.8", "12.4", "13.0", None]
    )
    cudnn = tape.pick(["9.3.0.1", "9.3.0.1", "9.1.0.1", "9.3.0.1", "9.4.0.1", "9.3", "9.3.0.1", None]) if cuda else None
    bundles = bool(cuda) and tape.pick([False, False, True])
    pythons, code = tape.pick(PYTHONS), tape.pick(CODE)
    row = {"cuda": cuda or "none", "cudnn": cudnn, "bundles": bundles, "sm": code, "ptx": code}
    world.add_row("torch", version, python=pythons, **read(row))
    requires = [*tape.pick(NUMPY), *tape.pick([[], ["triton==1"], ["triton==2"]])]
    if cuda and not bundles:
        runtime, libraries = ("runtime-cu12", "cudnn-cu12") if cuda[:2] == "12" else ("runtime", "cudnn-cu13")
        requires.append(f"{runtime}=={cuda}.*")
        requires.append(f"{libraries}=={cudnn}" if cudnn and cudnn != "9.3" else libraries)
    told: dict[str, Any] = {"pythons": pythons}
    if "+" in version:
        told |= tape.pick([{}, {"requires": None}, {"sha256": None}, {"requires": None, "sha256": None}])
    release(tape, world, "torch", version, requires, **told)


def documented(tape: Tape, world: World) -> None:
    """A build of the PyTorch index that only a row tells of."""
    if tape.pick([False, False, True]):
        world.add_row("torch", "2.7+cu128", python=("3.12",), cuda="12.8", cudnn="9.3.0.1", sm=("8.0", "9.0"), ptx=())


def others(tape: Tape, world: World) -> None:
    packages = {
        "numpy": ["1.9", "2.0", "2.1"],
        "protobuf": ["4.0", "5.0"],
        "triton": ["1", "2"],
        "helper": ["1.0", "2.0"],
    }
    for name, versions in packages.items():
        for version in versions:
            extra = ['numpy<2; extra == "x"'] if (name, version) == ("helper", "2.0") else []
            release(tape, world, name, version, extra)
    if tape.pick([True, False]):
        release(tape, world, "numpy", "3.0rc1", [])
    for version in ["1.0", "2.0"]:
        asked = [[], [], ["helper"], ["helper[x]"], ["numpy<2"], ["runtime-cu12"], ["cudnn-cu13"]]
        release(tape, world, "keras", version, tape.pick(asked))
    for version in ["0.5", "0.6"]:
        if tape.pick([False, True]):
            cuda = tape.pick([None, "12.4", "13.0"])
            world.add_row("companions", version, needs={"torch": f"==2.{version[2:]}.*"}, **read({"cuda": cuda}))
        release(tape, world, "torchvision", version, tape.pick([["torch"], ["torch==2.5"], ["numpy"]]))


def rules(tape: Tape, world: World) -> None:
    for number in range(tape.pick([0, 1, 2])):
        when, needs = tape.pick(
            [
                ({"tensorflow": "<2.2"}, {"numpy": "<2"}),
                ({"torch": "<2.6"}, {"numpy": "<2"}),
                ({"tensorflow": ">=2.2"}, {"protobuf": ">=5"}),
                ({"tensorflow": ">=2.1"}, {"triton": "!"}),
                ({"keras": ">=2"}, {"protobuf": "<5"}),
                ({"numpy": ">=2"}, {"helper": ">=2"}),
                ({"tensorflow": ">=2.1", "numpy": ">=2"}, {"protobuf": ">=5"}),
                ({"keras": ">=2", "torch": ">=2.6"}, {"helper": "!"}),
                ({"numpy": ">=2", "helper": ">=2"}, {"keras": "<2", "protobuf": "<5"}),
            ]
        )
        severity = tape.pick(["error", "error", "warning"])
        world.add_row("rules", f"rule {number}", when=when, needs=needs, severity=severity)
    for number, (versions, different) in enumerate(
        tape.pick([[], [], [("<2", 1)], [("<2", 1), (">=2", 0)], [("<2", 0), (">=2", 1)]])
    ):
        world.add_row(
            "clobbers",
            f"pair {number}",
            a="helper",
            b="triton",
            versions_a=versions,
            versions_b="<2",
            shared=1,
            different=different,
            paths=["x"],
        )


def profile_of(tape: Tape) -> Profile:
    frameworks: tuple[Any, ...] = tape.pick(
        [("tensorflow", "torch"), ("tensorflow", "torch"), ("tensorflow",), ("torch",)]
    )
    constraints: dict[str, str] = {}
    for name, specifiers in (
        ("tensorflow", [*[""] * 9, "<2.3", ">=2.2", "==2.1"]),
        ("torch", [*[""] * 9, "<2.6", ">=2.6", "==2.6"]),
        ("numpy", [*[""] * 6, "<2", ">=2"]),
        ("cudnn", [*[""] * 9, ">=9.3", "<9.3"]),
    ):
        if (specifier := tape.pick(specifiers)) and (name not in ("tensorflow", "torch") or name in frameworks):
            constraints[name] = specifier
    cuda = tape.pick([*[""] * 9, "==12.*", "==12.8", "none"])
    if cuda == "none":
        constraints.pop("cudnn", None)
    gpus = tape.pick([*[()] * 6, ("8.0",), ("8.6",), ("9.0",), ("8.0", "9.0")]) if cuda != "none" else ()
    driver = None if cuda == "none" else tape.pick(["580.65.06", "580.65.06", "525.60.13", "555.0"])
    return Profile(
        name="drawn",
        frameworks=frameworks,
        prefer=tape.pick([frameworks[-1], frameworks[0]]),
        python=tape.pick(["", "", "", "==3.12", "==3.11"]),
        cuda=cuda,
        constraints=constraints,
        packages=tuple(tape.pick(EXTRA_PACKAGES)),
        indexes=tape.pick([("default", "pytorch"), ("default",)]),
        target=Target(driver=driver, gpus=gpus),
    )


tapes = st.binary(min_size=160, max_size=160)
problems = tapes.map(problem_of)


def sparse(drawn: dict[int, int]) -> Problem:
    """A problem near the simplest one, so that many are tried in little time."""
    return problem_of(bytes(drawn.get(place, 0) for place in range(160)))


near_problems = st.dictionaries(st.integers(0, 159), st.integers(1, 255), min_size=20, max_size=40).map(sparse)
