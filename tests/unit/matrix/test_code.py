"""Which GPUs a build has code for."""

import msgspec
import pytest
from audit_stubs import small_matrices

from solver.core.answer import NOT_KNOWN, Answer, Verdict
from solver.matrix.code import code_for, is_beyond, runs_on
from solver.matrix.load import Matrices
from solver.matrix.rows import Build, CudaToolkit

CODED = Build(id="k", source="s", package="kit", version="1", platform="linux-64", sm=("8.0",), ptx=("8.0",))


@pytest.mark.parametrize(
    ("gpu", "sm", "ptx", "code"),
    [
        ("8.9", ("8.0",), (), "native"),
        ("8.0", ("8.6",), (), "none"),
        ("9.0", ("8.0",), ("8.0",), "ptx"),
        ("9.0", ("8.0",), ("10.0",), "none"),
        ("9.0", NOT_KNOWN, (), NOT_KNOWN),
        ("9.0", ("8.0",), NOT_KNOWN, NOT_KNOWN),
        ("9.0", ("9.0",), NOT_KNOWN, "native"),
    ],
)
def test_code_for_a_gpu(gpu, sm, ptx, code):
    assert code_for(gpu, sm, ptx) == code


@pytest.mark.parametrize(
    ("cuda", "gpu", "verdict"),
    [
        (NOT_KNOWN, "8.6", Verdict(Answer.YES)),
        (
            NOT_KNOWN,
            "7.0",
            Verdict(Answer.NO, "it has neither native code nor PTX for compute capability 7.0", "s", "k"),
        ),
        (
            NOT_KNOWN,
            "9.0",
            Verdict(
                Answer.NOT_KNOWN, "it has only PTX for compute capability 9.0, and nobody read of which CUDA", "s", "k"
            ),
        ),
        ("none", "7.0", Verdict(Answer.YES)),
    ],
)
def test_code_that_somebody_read_is_judged_also_where_its_cuda_was_not(cuda, gpu, verdict):
    assert runs_on(msgspec.structs.replace(CODED, cuda=cuda), gpu, "580.65.06", small_matrices()) == verdict


@pytest.mark.parametrize(
    ("cuda", "sm", "gpu", "beyond"),
    [
        ("12.8", ("8.0",), "12.1", True),
        ("12.8", NOT_KNOWN, "12.1", True),
        ("12.8", NOT_KNOWN, "9.0", False),
        (NOT_KNOWN, ("8.0", "9.0"), "8.6", False),
        (NOT_KNOWN, ("8.0", "9.0"), "12.0", True),
        (NOT_KNOWN, NOT_KNOWN, "12.0", False),
        (NOT_KNOWN, (), "12.0", False),
    ],
)
def test_a_gpu_is_beyond_a_build_that_is_older_than_it(cuda, sm, gpu, beyond):
    kit = CudaToolkit(id="t", source="ptxas", cuda="12.8", gpus=("8.0", "9.0", "12.0"))
    build = msgspec.structs.replace(CODED, cuda=cuda, sm=sm)
    assert is_beyond(build, gpu, Matrices(toolkits=(kit,))) is beyond
