"""Search, audit and prediction judge a set of conda's packages apart, and never contradict each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from audit_stubs import StubIndex
from conda_repodata import entry, write_channel
from conda_repodata import record as recorded
from conda_scenarios import read_matrices
from drawing import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.audit.inputs import read_given, read_set
from solver.audit.package_set import PackageSet, of_records
from solver.audit.run import audit
from solver.core.answer import Answer
from solver.core.errors import Unsolvable
from solver.core.model import CondaName, Finding, Framework, Profile, Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.index.conda_record import CondaRecord
from solver.index.conda_spec import meets_spec
from solver.matrix.load import Matrices
from solver.proof.predict import predict_conda
from solver.proof.prediction import Prediction
from solver.solve.conda.breaches import CondaJudge
from solver.solve.conda.profile import solve_conda
from solver.solve.conda.traps import admitted_cuda, excluded_cudnn

FRAMEWORKS = (CondaName("pytorch"), CondaName("tensorflow"))
NAMES: dict[Framework, CondaName] = dict(zip(("torch", "tensorflow"), FRAMEWORKS, strict=True))
VERSIONS = {
    "cuda-version": ["12.4", "11.8", "12.9", "13.0"],
    "cudatoolkit": ["11.8.0", "12.4.0"],
    "cudnn": ["9.3.0.75", "8.9.7.29", "9.10.1.4", "9.99"],
    "libprotobuf": ["5.1.0", "6.1.0"],
    "libabseil": ["20250127.0", "20260107.0"],
    "keras": ["3.1", "2.15"],
    "numpy": ["1.26.4", "2.1.0"],
    "helper": ["1.0", "2.0"],
}
"""What may be beside the builds; each first where hardly anything else is told."""
BUILDS = {
    "pytorch": ["cuda124_py312_h_0", "cuda118_py312_h_0", "cpu_py312_h_0", "cuda_py312_h_0", "py312_h_0"],
    "tensorflow": ["cuda124py312h_0", "cuda118py312h_0", "cpu_py312h_0"],
    "tensorflow-base": ["cuda124py312h_0", "cuda118py312h_0", "cpu_py312h_0"],
    "libtorch": ["cuda124_h_0", "cuda118_h_0", "cpu_h_0"],
    "cudakit": ["cuda124_py312_h_0", "cuda118_py312_h_0", "py312_h_0", "py312_h_1", "cpu_py312_h_0"],
    "cupy": ["cuda124py312_0", "cuda118py312_0", "py312h_0"],
    "torchvision": ["cuda124_py312_h_0", "cuda118_py312_h_0", "cpu_py312_h_0"],
}
"""Packages with GPU code, of the last two of which no row tells."""
ROWS: dict[str, list[dict[str, Any]]] = {
    "drivers": [{"branch": 470, "cuda": "11.4"}],
    "toolkits": [{"cuda": "12.4", "gpus": ["8.0", "9.0"]}, {"cuda": "11.8", "gpus": ["7.5", "8.0"]}],
    "cudnn": [
        {"cudnn": ">=9,<9.90", "cuda": [12, 13], "soname": "libcudnn.so.9", "gpus": ["8.0", "9.0"], "forward": []},
        {"cudnn": ">=8,<9", "cuda": [11, 12], "soname": "libcudnn.so.8", "gpus": ["7.5", "8.0", "9.0"], "forward": []},
    ],
    "conda_traps": [{"package": "pytorch", "match": "pytorch=1=py312_h_0", "refuse": True, "why": "it is broken"}],
    "rules": [
        {"code": "leftover", "when": {"tensorflow": ""}, "needs": {"keras": ">=3"}, "why": "old", "cure": "c"},
        {"code": "numpy-abi", "when": {"torch": ""}, "needs": {"numpy": "<2"}, "why": "compiled", "cure": "c"},
        {"code": "seen", "when": {"helper": ">=2", "torch": ""}, "why": "they do not go together", "cure": "c"},
    ],
}
for one in ROWS["rules"]:
    one["severity"] = "error"


@dataclass(frozen=True)
class CondaWorld:
    """A set of conda's packages, the rows of its builds, and where it runs."""

    packages: dict[str, tuple[str, str]]
    """Version and build string by name."""
    builds: list[dict[str, Any]] = field(default_factory=list)
    driver: str = "580.65.06"
    gpu: str = "9.0"

    @property
    def target(self) -> Target:
        return Target(driver=self.driver, gpus=(self.gpu,))

    @property
    def records(self) -> list[CondaRecord]:
        return [recorded(f"{name} {version} {build}") for name, (version, build) in sorted(self.packages.items())]

    @property
    def matrices(self) -> Matrices:
        return read_matrices({**ROWS, "conda_builds": self.builds})


@st.composite
def rows_of_builds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of some builds, whose fields may each be unread."""
    rows = []
    for name in ("pytorch", "tensorflow", "cudakit"):
        for cuda in draw(st.lists(st.sampled_from(["12.4", "11.8", "none"]), max_size=2)):
            told = {
                "cudnn": draw(st.sampled_from([None, None, ["9.3"], ["9.10"], ["8"]])),
                "libprotobuf": draw(st.sampled_from([None, "5.1", "6.1"])),
                "libabseil": draw(st.sampled_from([None, None, "20250127"])),
            }
            fields = {"package": name, "version": "1", "platform": "linux-64", "cuda": cuda}
            fields["python"] = draw(st.sampled_from([["3.12"], ["3.12"], ["3.11"], []]))
            rows.append({**fields, "build_numbers": [0], **{key: value for key, value in told.items() if value}})
    return rows


@st.composite
def conda_worlds(draw: st.DrawFn) -> CondaWorld:
    """A few builds with GPU code, a CUDA runtime, and what may be beside them; nearly always what goes together."""
    packages = {
        "python": ("3.12.4", "0_cpython"),
        "cuda-version": (_often_first(draw, VERSIONS["cuda-version"]), "h_0"),
    }
    frameworks = draw(st.sampled_from([("pytorch",), ("tensorflow",), ("pytorch", "tensorflow")]))
    more = draw(
        st.lists(st.sampled_from(["cudakit", "cupy", "torchvision", "tensorflow-base", "libtorch"]), max_size=2)
    )
    for name in (*frameworks, *more):
        packages[name] = (_often_first(draw, ["1", "2"]), _often_first(draw, BUILDS[name]))
    for name in draw(st.lists(st.sampled_from(sorted(VERSIONS)), max_size=4)):
        packages.setdefault(name, (_often_first(draw, VERSIONS[name]), "h_0"))
    driver = draw(st.sampled_from(["580.65.06", "580.65.06", "580.65.06", "470.10"]))
    gpu = draw(st.sampled_from(["9.0", "9.0", "9.0", "8.0", "7.5", "12.0"]))
    return CondaWorld(packages, draw(rows_of_builds()), driver, gpu)


def _often_first(draw: st.DrawFn, values: Sequence[str]) -> str:
    return draw(st.sampled_from([*[values[0]] * 4, *values[1:]]))


def refusals(world: CondaWorld) -> list[str]:
    """Why the search of a channel would not take the set."""
    frameworks = tuple(name for name in FRAMEWORKS if name in world.packages)
    records = {record.name: record for record in world.records}
    matrices, target = world.matrices, world.target
    why = [breach.why for breach in CondaJudge(matrices, target, frameworks, gpu=True)(records)]
    trapped = ((row, records[row.package]) for row in matrices.conda_traps if row.package in records)
    why += [row.why for row, one in trapped if meets_spec(row.match, one.name, one.version, one.build, one.subdir)]
    cuda, cudnn = world.packages.get("cuda-version"), world.packages.get("cudnn")
    why += [one.why for one in admitted_cuda([cuda[0]], "", target, matrices)[1]] if cuda else []
    return why + ([one.why for one in excluded_cudnn([cudnn[0]], target, matrices)] if cudnn else [])


def sets_of(world: CondaWorld) -> Iterator[PackageSet]:
    """What an audit reads of the set: the closure at hand, the conda-lock.yml of it, and an environment of it."""
    yield of_records(world.records, world.target, "wanted")
    listed = [
        {
            "name": record.name,
            "version": record.version,
            "manager": "conda",
            "platform": "linux-64",
            "dependencies": {},
            "url": f"{record.channel}/linux-64/{record.filename}",
            "hash": {"sha256": record.sha256},
        }
        for record in world.records
    ]
    meta = {"content_hash": {"linux-64": "0"}, "channels": [], "platforms": ["linux-64"], "sources": []}
    yield read_given(yaml.safe_dump({"version": 1, "metadata": meta, "package": listed}), "conda-lock.yml", Path())
    with TemporaryDirectory() as folder:
        Path(folder, "conda-meta").mkdir()
        for record in world.records:
            told = {"name": record.name, "version": record.version, "build": record.build}
            Path(folder, "conda-meta", f"{record.filename[:-6]}.json").write_text(json.dumps(told))
        yield read_set(Path(folder))


def findings(world: CondaWorld) -> list[Finding]:
    """What the audit says of the set, which is the same however it is read."""
    every = [audit(one, world.matrices, StubIndex(), world.target) for one in sets_of(world)]
    assert every[1:] == every[:-1]
    return list(every[0])


def foretold(world: CondaWorld) -> Prediction:
    return predict_conda(world.records, world.gpu, world.driver, world.matrices, python="3.12")


@settings(max_examples=examples(150))
@given(conda_worlds())
def test_the_search_refuses_what_the_audit_calls_broken_and_no_prediction_lets_pass(world: CondaWorld) -> None:
    refused, prediction = refusals(world), foretold(world)
    broken = [one.why for one in findings(world) if one.severity == "error"]
    told = {"search": refused, "audit": broken, "prediction": prediction.sentences()}
    answers = [bool(refused), bool(broken), prediction.works is Answer.NO]
    assert len(set(answers)) == 1, told


@settings(max_examples=examples(150))
@given(conda_worlds())
def test_of_what_the_audit_did_not_check_no_prediction_says_that_it_is_well_or_uses_no_gpu(world: CondaWorld) -> None:
    prediction = foretold(world)
    unchecked = {name for one in findings(world) if one.code == "unknown" for name in one.names}
    named = {"torch": "pytorch"}
    others = {named.get(name, name) for name in unchecked} - {*FRAMEWORKS}
    assert others == {*prediction.unread_builds}
    if unchecked:
        assert prediction.uses_gpu is not Answer.NO
        assert prediction.works is not Answer.YES


def entries(depends: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A channel of every build and version, in which each build asks for some of what may be beside it."""
    yield entry("python", "3.12.4", "0_cpython")
    for name, versions in VERSIONS.items():
        yield from (entry(name, version, "h_0") for version in versions)
    for name, builds in BUILDS.items():
        yield from (entry(name, "1", build, ["python", "cuda-version", *depends]) for build in builds)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
@given(conda_worlds(), st.lists(st.sampled_from(sorted(VERSIONS)), max_size=5, unique=True))
def test_what_the_search_of_a_channel_takes_no_audit_calls_broken(world: CondaWorld, depends: list[str]) -> None:
    target, matrices = world.target, world.matrices
    frameworks = tuple(name for name, conda in NAMES.items() if conda in world.packages)
    packages = tuple(name for name in ("cudakit", "cupy", "helper") if name in world.packages)
    profile = Profile(name="p", flavour="conda", target=target, frameworks=frameworks, packages=packages)
    with TemporaryDirectory() as folder:
        write_channel(folder, list(entries(depends)))
        index = CondaIndex(settings=CondaSettings(mirrors={"conda-forge": (Path(folder).as_uri(),)}))
        try:
            records = solve_conda(profile, matrices, index).records
        except Unsolvable:
            return
    found = audit(of_records(records, target, "p"), matrices, StubIndex(), target)
    assert [one.why for one in found if one.severity == "error"] == []
    assert predict_conda(records, world.gpu, world.driver, matrices, python="3.12").works is Answer.NOT_KNOWN
