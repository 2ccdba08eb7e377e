"""Predictions from the real matrices, and their comparison with evidence."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from conda_repodata import record
from paths import ROOT
from real_evidence import PACKAGES, real_evidence, real_probe

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix.load import load_matrices
from solver.matrix.rows import Build, Clobber, Rule
from solver.proof.checks import orders
from solver.proof.compare import compare
from solver.proof.evidence_files import read_evidence
from solver.proof.predict import predict, predict_conda
from solver.proof.prediction import FrameworkPrediction

replace = msgspec.structs.replace
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.NOT_KNOWN
EVIDENCE = sorted((ROOT / "locks").glob("*/evidence/*.json"))


@pytest.fixture(scope="module")
def matrices():
    return load_matrices()


SEEN = (
    "seen of torch 1.13.0 on 9.0: it warned, and then computed wrong numbers without an error "
    "(four ones plus one gave zeros)"
)


LLVM = (
    "TensorFlow: the LLVM inside the wheels of the package index writes PTX 8.5 at most, and compute capability 12.x "
    "takes 8.7 or newer, whatever driver and ptxas there are: kernels that XLA compiles fail with "
    "CUDA_ERROR_INVALID_PTX, CUDA_ERROR_INVALID_HANDLE or an LLVM error"
)


def without(name):
    return {key: value for key, value in PACKAGES.items() if key != name}


@pytest.mark.parametrize(
    ("packages", "gpu", "driver", "sentences"),
    [
        (PACKAGES, "9.0", "580.159.04", ("works",)),
        (PACKAGES, "10.0", "580.159.04", ("TensorFlow compiles PTX for compute capability 10.0 first",)),
        (PACKAGES, "12.0", "580.159.04", (LLVM,)),
        (
            PACKAGES,
            "5.0",
            "580.159.04",
            (
                f"torch has no kernel for compute capability 5.0; {SEEN}",
                "TensorFlow has no kernel for compute capability 5.0",
            ),
        ),
        (PACKAGES, "9.0", "450.80.02", ("driver 450.80.02 is too old",)),
        (
            without("interlock-loader"),
            "9.0",
            "580.159.04",
            ("TensorFlow alone sees no GPU: it does not find cusolver",),
        ),
        (
            {**PACKAGES, "triton": "3.9.0"},
            "9.0",
            "580.159.04",
            ("torch.compile ends the process of the probe tensorflow-torch",),
        ),
    ],
)
def test_what_is_told(matrices, packages, gpu, driver, sentences):
    assert predict(packages, gpu, driver, matrices).sentences() == sentences


@pytest.mark.parametrize(
    ("python", "dies"),
    [("3.12", ("torch-tensorflow",)), ("3.13", ()), (NOT_KNOWN, ())],
    ids=["held", "other", "unknown"],
)
def test_a_rule_about_pythons_is_told_of_those_alone(matrices, python, dies):
    crash = Rule(
        id="crash", source="s", code="c", severity="error", when={"torch": ""}, pythons="<3.13", first="torch",
        why="w", cure="c",
    )  # fmt: skip
    with_crash = dataclasses.replace(matrices, rules=(crash,))
    assert predict(PACKAGES, "9.0", "580.159.04", with_crash, python=python).dies == dies


@pytest.mark.parametrize(
    ("driver", "platform", "serves"),
    [("450.80.02", "linux-64", YES), ("450.80.02", "win-64", NO), ("452.39", "win-64", YES)],
)
def test_windows_has_drivers_of_its_own(matrices, driver, platform, serves):
    packages = {"torch": "1.13.0+cu117"}
    assert matrices.build("torch", "1.13.0+cu117", platform).cuda == "11.7"
    assert predict(packages, "7.5", driver, matrices, platform).driver_serves is serves
    records = [record("cudatoolkit 11.8.0 h_0"), record("pytorch 1.13.0 cuda118_py310_0")]
    assert predict_conda(records, "7.5", driver, matrices, platform).driver_serves is serves


def test_without_the_loader_only_torch_first_helps_tensorflow(matrices):
    prediction = predict(without("interlock-loader"), "9.0", "580.159.04", matrices)
    assert prediction.probes == {
        "torch": YES,
        "tensorflow": NO,
        "torch-tensorflow": YES,
        "tensorflow-torch": NO,
    }


CARRYING = Build(
    id="torch-carrying", source="a test", package="torch", version="2.99", platform="linux-64", cuda="12.8",
    cudnn="9.1.0.70", bundles=True, sm=("9.0",), ptx=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("cudnn", "probes", "said"),
    [
        (
            "9.1.0.70",
            (YES, YES, NO, YES),
            ("TensorFlow after torch: it was compiled with cuDNN 9.3, and 9.1.0.70 is older",),
        ),
        ("9.5.1.17", (YES, YES, YES, YES), ("works",)),
        (
            "9.99.0.1",
            (YES, YES, YES, NO),
            ("torch after TensorFlow: it was compiled with cuDNN 9.99.0.1, and 9.10.2.21 is older",),
        ),
        (
            NOT_KNOWN,
            (UNKNOWN, YES, UNKNOWN, UNKNOWN),
            (
                "TensorFlow after torch: nobody read which cuDNN it will load",
                "torch after TensorFlow: nobody read which cuDNN it was compiled with",
                "torch: nobody read which cuDNN it carries, so compute capability 9.0 is not assured",
            ),
        ),
    ],
    ids=["older-inside", "serves", "older-outside", "unread"],
)
def test_the_first_cudnn_must_serve_both(matrices, cudnn, probes, said):
    carrying = dataclasses.replace(matrices, builds=(*matrices.builds, replace(CARRYING, cudnn=cudnn)))
    prediction = predict({**PACKAGES, "torch": "2.99"}, "9.0", "580.159.04", carrying)
    assert (tuple(prediction.probes.values()), prediction.sentences()) == (probes, said)


def test_without_the_loader_nobody_knows_whose_cudnn_is_first(matrices):
    """TensorFlow opens its cuDNN when it first uses it, and torch its own when it is imported."""
    rows = {row.id: row for row in matrices.builds}
    row = rows[f"tensorflow-{PACKAGES['tensorflow']}"]
    sees_all = replace(row, runpath=(*row.runpath, "cusolver/lib"))
    builds = (*{**rows, row.id: sees_all}.values(), replace(CARRYING, cudnn="9.99.0.1"))
    packages = {**without("interlock-loader"), "torch": "2.99"}
    prediction = predict(packages, "9.0", "580.159.04", dataclasses.replace(matrices, builds=builds))
    assert tuple(prediction.probes.values()) == (YES, YES, YES, UNKNOWN)
    assert prediction.sentences() == (
        "torch after TensorFlow: nobody knows whether its cuDNN or that of tensorflow is loaded first",
    )


KIT = Build(
    id="cudakit-1", source="a test", package="cudakit", version="1.0", platform="linux-64", cuda="12.7",
    sm=("8.0",), ptx=("8.0",), cudnn="none", bundles=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("build", "gpu", "sentences"),
    [
        (KIT, "8.0", ("works",)),
        (KIT, "7.5", ("cudakit: it has neither native code nor PTX for compute capability 7.5",)),
        (
            KIT,
            "9.0",
            (
                "cudakit: it has only PTX for compute capability 9.0: "
                "nobody read which driver compiles PTX of CUDA 12.7 on linux-64",
            ),
        ),
        (replace(KIT, driver="590.1"), "8.0", ("driver 580.159.04 is too old",)),
    ],
)
def test_another_package_is_predicted_by_its_rows(matrices, build, gpu, sentences):
    more = dataclasses.replace(matrices, builds=(*matrices.builds, build))
    before = predict(PACKAGES, gpu, "580.159.04", matrices).sentences()
    assert set(predict({**PACKAGES, "cudakit": "1.0"}, gpu, "580.159.04", more).sentences()) - set(before) == set(
        sentences if sentences != before else ()
    )


def test_works_is_said_where_every_answer_is_yes(matrices):
    """A package that is no framework is asked too; of one that bundles nothing nobody knows what it finds."""

    def said(build):
        return predict({"cudakit": "1.0"}, "8.0", "580.159.04", dataclasses.replace(matrices, builds=(build,)))

    assert (said(KIT).others, said(KIT).works, said(KIT).sentences()) == ({"cudakit": YES}, YES, ("works",))
    open_kit = said(replace(KIT, bundles=NOT_KNOWN, opens=NOT_KNOWN))
    assert (open_kit.others, open_kit.works, open_kit.uses_gpu) == ({"cudakit": UNKNOWN}, UNKNOWN, YES)
    assert open_kit.sentences() == ("cudakit: nobody read whether it finds its CUDA libraries",)
    cpu = said(replace(KIT, cuda="none"))
    assert (cpu.others, cpu.uses_gpu, cpu.sentences()) == ({}, NO, ("uses no GPU",))


@pytest.mark.parametrize(
    ("packages", "uses", "sentences"),
    [
        ({"cucim-cu12": "25.10.0"}, UNKNOWN, ("nobody read what cucim-cu12's build has for a GPU",)),
        ({"onnxruntime-gpu": "99.0"}, UNKNOWN, ("nobody read what onnxruntime-gpu's build has for a GPU",)),
        ({"numpy": "2.0.0"}, UNKNOWN, ("not known whether anything in it uses a GPU",)),
        (
            {"torch": "2.9.1+cpu", "cupy-cuda12x": "13.0"},
            UNKNOWN,
            ("nobody read what cupy-cuda12x's build has for a GPU", "torch uses no GPU"),
        ),
        (
            {"onnxruntime-gpu": "1.22.0"},
            YES,
            (
                "onnxruntime-gpu: nobody read which compute capabilities it has code for, so 9.0 is not assured",
                "onnxruntime-gpu: nobody read whether it finds its CUDA libraries",
            ),
        ),
    ],
)
def test_that_a_set_uses_no_gpu_is_said_by_its_rows(matrices, packages, uses, sentences):
    prediction = predict(packages, "9.0", "580.159.04", matrices)
    assert (prediction.uses_gpu, prediction.sentences()) == (uses, sentences)
    assert prediction.works is not YES


def test_what_no_row_decides_is_compared_with_nothing(matrices):
    rows = {row.id: row for row in matrices.builds}
    (row,) = [row for row in rows.values() if row.id == f"tensorflow-{PACKAGES['tensorflow']}"]
    unread = dataclasses.replace(matrices, builds=tuple({**rows, row.id: replace(row, runpath=NOT_KNOWN)}.values()))
    prediction = predict(without("interlock-loader"), "9.0", "580.159.04", unread)
    tensorflow = prediction.frameworks["tensorflow"]
    assert (tensorflow.sees_gpu, tensorflow.misses) == (UNKNOWN, NOT_KNOWN)
    assert prediction.probes == {
        "torch": YES, "tensorflow": UNKNOWN, "torch-tensorflow": YES, "tensorflow-torch": UNKNOWN,
    }  # fmt: skip
    assert compare(prediction, real_evidence()) == ()


def test_what_may_overwrite_each_other_is_no_yes(matrices):
    fields = {"a": "viewer", "b": "viewer-headless", "source": "RECORD", "shared": 3, "paths": ("viewer/core.so",)}
    one = Clobber(id="one", versions_a="==1", versions_b="==1", different=1, **fields)
    other = Clobber(id="other", versions_a="==2", versions_b="==2", different=0, **fields)
    rows = dataclasses.replace(matrices, clobbers=(one, other))
    versions = {"1": NO, "2": YES, "3": UNKNOWN}
    for version, works in versions.items():
        packages = PACKAGES | {"viewer": version, "viewer-headless": version}
        assert predict(packages, "9.0", "580.159.04", rows).works is works


def test_without_any_cuda_library_a_build_that_looks_nowhere_sees_no_gpu(matrices):
    rows = {row.id: row for row in matrices.builds}
    row = rows[f"tensorflow-{PACKAGES['tensorflow']}"]
    unread = {**rows, row.id: replace(row, opens=NOT_KNOWN, runpath=())}
    more = dataclasses.replace(matrices, builds=tuple(unread.values()))
    assert predict({"tensorflow": row.version}, "9.0", "580.159.04", more).probes == {"tensorflow": NO}
    assert predict(without("torch"), "9.0", "580.159.04", more).probes == {"tensorflow": UNKNOWN}


def test_a_framework_without_a_row_is_not_known(matrices):
    prediction = predict({"torch": "99.0"}, "9.0", "580.159.04", matrices)
    assert (prediction.frameworks, prediction.probes) == ({"torch": FrameworkPrediction()}, {"torch": UNKNOWN})
    assert prediction.sentences() == ("nobody read what torch's build has for a GPU",)


def test_cpu_builds_use_no_gpu(matrices):
    prediction = predict({"torch": "2.9.1+cpu"}, "9.0", "580.159.04", matrices)
    assert prediction.frameworks == {"torch": FrameworkPrediction(sees_gpu=NO, cuda="none", code=None)}
    assert (prediction.probes, prediction.sentences()) == ({"torch": NO}, ("uses no GPU",))
    assert (prediction.works, prediction.verdict) == (NO, "uses no GPU")
    assert replace(prediction, broken=("torch and numpy",)).verdict == "does not work"


def test_no_probe_dies_that_the_lock_does_not_have(matrices):
    packages = {**without("torch"), "triton": "3.9.0"}
    prediction = predict(packages, "9.0", "580.159.04", matrices)
    assert (prediction.dies, prediction.sentences()) == ((), ("works",))


def test_an_old_driver_compiles_no_new_ptx(matrices):
    # 525.60.13 serves CUDA 12.5 by minor-version compatibility, which leaves PTX out, and GPUs that it does not know.
    prediction = predict(PACKAGES, "12.0", "525.60.13", matrices)
    assert prediction.driver_serves is NO
    tensorflow = prediction.frameworks["tensorflow"]
    assert (tensorflow.code, tensorflow.compiles) == ("ptx", NO)
    assert prediction.probes["tensorflow"] is NO
    assert prediction.sentences() == (
        "driver 525.60.13 is too old",
        "TensorFlow: it has only PTX for compute capability 12.0: "
        "driver 525.60.13 is older than 555.42.02, CUDA 12.5's own, and does not compile its PTX",
        LLVM,
    )


def test_a_real_run_agrees(matrices):
    assert compare(predict(PACKAGES, "9.0", "580.159.04", matrices), real_evidence()) == ()


def test_each_difference_is_told(matrices):
    crashed = replace(real_probe(("tensorflow", "torch")), ended="crashed", signal="SIGABRT")
    torch = real_probe(("torch",))
    blind = tuple(replace(one, status="failed") if one.name == "torch.available" else one for one in torch.checks)
    torch = replace(torch, checks=blind, loaded={"libcudart": "13.0", "libcudnn": "9.10.2"})
    probes = {probe.order: probe for probe in (torch, crashed)}
    evidence = real_evidence(
        probes=tuple(probes.get(order, real_probe(order)) for order in orders(("torch", "tensorflow")))
    )
    assert compare(predict(PACKAGES, "9.0", "580.159.04", matrices), evidence) == (
        "torch_sees_gpu: predicted yes, seen no",
        "cuda: predicted 12.8, seen 13.0",
        "probe torch: predicted well, seen not well",
        "probe tensorflow-torch: predicted well, seen not well",
    )


@pytest.mark.parametrize("path", EVIDENCE, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_committed_evidence_agrees_with_its_prediction(matrices, path):
    evidence = read_evidence(path)
    prediction = predict(evidence.packages, evidence.gpu.capability, evidence.driver, matrices)
    assert compare(prediction, evidence) == ()


def test_a_framework_for_the_cpu_beside_one_for_the_gpu(matrices):
    packages = {key: value for key, value in PACKAGES.items() if key not in ("tensorflow", "interlock-loader")}
    prediction = predict({**packages, "tensorflow-cpu": "2.21.0"}, "9.0", "580.159.04", matrices)
    assert prediction.sentences() == ("TensorFlow uses no GPU",)
    assert prediction.frameworks["tensorflow"].sees_gpu is NO
    assert prediction.frameworks["torch"].sees_gpu is YES
