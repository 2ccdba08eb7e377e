"""How long a probe may take on a GPU: kernels that have to be compiled take their time, and where none are nothing."""

from __future__ import annotations

from solver.core.answer import Answer
from solver.proof.checks import Order
from solver.proof.prediction import Prediction

PLAIN = 420.0
"""Seconds; a probe of builds with machine code for the GPU takes a minute at most."""
COMPILING = 3600.0
"""Seconds while the driver compiles PTX: TensorFlow 2.10 warns on an H100 of thirty minutes or longer, once a cache."""
WITHOUT_KERNELS = 180.0
"""Seconds where a framework has no code for the GPU, so that nothing it computes comes to an end that counts."""


def limit_of(prediction: Prediction, order: Order) -> float:
    """Seconds that the probe of ``order`` may take where this is foretold."""
    frameworks = [prediction.frameworks[name] for name in order if name in prediction.frameworks]
    if any(one.code == "ptx" and one.compiles is not Answer.NO for one in frameworks):
        return COMPILING
    return WITHOUT_KERNELS if any(one.code == "none" for one in frameworks) else PLAIN
