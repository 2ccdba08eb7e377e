"""Three answers: what nobody wrote down is not known, and knowing less makes nothing surely wrong."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from audit_stubs import small_matrices, without
from drawing import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.core.answer import NOT_KNOWN, Answer
from solver.matrix import drivers
from solver.matrix.builds import has_cuda, wheel_build
from solver.matrix.code import compiles_ptx, runs_on
from solver.matrix.cudnn import cudnn_suits
from solver.matrix.gpus import cudnn_serves, toolkit_serves
from solver.matrix.load import Matrices, load_matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, CudaToolkit

GPUS = ("3.5", "5.0", "7.0", "7.2", "8.0", "8.7", "8.9", "9.0", "10.3", "11.0", "12.0", "12.1", "13.0")
DRIVERS = ("450.80.02", "470.42.01", "525.60.13", "550.54.14", "570.26", "580.65.06", "615.71.09")
CUDNNS = ("7.6.5", "8.2.4", "8.5.0.96", "8.7.0.84", "8.9.7.29", "9.1.0.70", "9.10.2.21", "9.11.0.98", "9.28.0.42")
PLATFORMS = ("linux-64", "win-64")
SHIPPED, SMALL = load_matrices(), small_matrices()
CUDAS = tuple(sorted({row.cuda for row in SHIPPED.toolkits}))
BUILDS = [(row.package, row.version, row.platform) for row in SMALL.builds if isinstance(row.version, str)]
OF_HARDWARE = (*SHIPPED.cudnn, *SHIPPED.toolkits, *SHIPPED.families, *SHIPPED.drivers)
OF_BUILDS = tuple(row for row in SHIPPED.builds if (row.package, row.version, row.platform) in BUILDS)

Answers = dict[tuple[str, ...], Answer]


def answers(matrices: Matrices) -> Answers:
    """What the rows say to every question of a grid, by its words."""
    return {(kind, *words): given for kind, words, given in (*_of_hardware(matrices), *_of_builds(matrices))}


def _of_hardware(matrices: Matrices) -> Iterator[tuple[str, tuple[str, ...], Answer]]:
    for version, gpu, cuda in product(CUDNNS, GPUS, (NOT_KNOWN, 11, 12)):
        yield "cudnn", (version, gpu, str(cuda)), cudnn_serves(version, gpu, matrices.cudnn, cuda).answer
    for cuda, gpu in product(CUDAS, GPUS):
        toolkit = matrices.toolkit(cuda)
        if isinstance(toolkit, CudaToolkit):
            yield "toolkit", (cuda, gpu), toolkit_serves(toolkit, gpu).answer
    for cuda, driver, platform in product(CUDAS, DRIVERS, PLATFORMS):
        place = Place(platform, "3.12", driver)
        yield "driver", (cuda, driver, platform), drivers.driver_serves(cuda, place, matrices).answer
        yield "ptx", (cuda, driver, platform), compiles_ptx(cuda, driver, platform, matrices).answer


def _of_builds(matrices: Matrices) -> Iterator[tuple[str, tuple[str, ...], Answer]]:
    for words in BUILDS:
        build = wheel_build(matrices, *words)
        if not isinstance(build, Build):
            continue
        yield "has cuda", words, has_cuda(build)
        for gpu, driver in product(GPUS, DRIVERS):
            yield "runs", (*words, gpu, driver), runs_on(build, gpu, driver, matrices).answer
        for cudnn in CUDNNS:
            yield "cudnn of", (*words, cudnn), cudnn_suits(build, cudnn).answer


BEFORE = answers(SHIPPED)


@settings(deadline=None, max_examples=examples(60))
@given(st.sampled_from((*OF_HARDWARE, *OF_BUILDS)))
def test_without_a_row_no_answer_becomes_no(row):
    after = answers(without(SHIPPED, row))
    assert [question for question, given in after.items() if given is Answer.NO and BEFORE[question] is not given] == []
