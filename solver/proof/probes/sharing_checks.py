"""Whether the limits that an environment sets on the frameworks' GPU memory hold while both use it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any, Optional

from .recorder import HOLD, MIB, Recorder, Seen, Skipped, Wrong
from .tensorflow_checks import Tensorflow
from .torch_checks import Torch

MODULE = "_interlock_sharing"
"""The environment's module that applies the limits, its settings beside it."""


class Sharing:
    """The checks of an environment whose profile has a gpu_sharing block."""

    def __init__(self, recorder: Recorder, torch: Torch, tensorflow: Tensorflow) -> None:
        self.recorder, self.t, self.f = recorder, torch, tensorflow
        self.settings = settings() or {}

    def on_gpu(self) -> None:
        """Nothing is made where the environment sets no limits."""
        if self.settings:
            self.recorder.check("sharing.torch", self._torch)
            self.recorder.check("sharing.tensorflow", self._tensorflow)

    def _torch(self) -> Seen:
        share, torch = self.settings.get("torch_fraction"), self.t.torch
        if share is None:
            raise Skipped("limit", "no limit is set for torch")
        total = torch.cuda.get_device_properties(0).total_memory
        block = torch.ones(HOLD // 4, device="cuda")
        if float(block.min().item()) != 1.0:
            raise Wrong("what was put into memory is not what is there")
        try:
            torch.empty(int(total * share) + HOLD, dtype=torch.uint8, device="cuda")
        except RuntimeError:
            return float(share), "share of the GPU that torch may take, and no more"
        raise Wrong(f"torch took more than its share of {share:g}")

    def _tensorflow(self) -> Seen:
        limit, tf = self.settings.get("tensorflow_limit_mb"), self.f.tf
        if limit is None:
            raise Skipped("limit", "no limit is set for tensorflow")
        size = min(HOLD, limit * MIB // 4)
        with tf.device("/GPU:0"):
            block = tf.ones((size // 4,))
            if float(tf.reduce_min(block)) != 1.0:
                raise Wrong("what was put into memory is not what is there")
            try:
                more = tf.ones((limit * MIB // 4,))
                float(tf.reduce_min(more))
            except tf.errors.ResourceExhaustedError:
                return float(limit), "MB that tensorflow may take, and no more"
        raise Wrong(f"tensorflow took more than its {limit} MB")


def settings() -> Optional[dict[str, Any]]:  # noqa: UP045 - Python 3.9 evaluates it
    """What the environment's module applies; None where there is none."""
    spec = importlib.util.find_spec(MODULE)
    if spec is None or spec.origin is None:
        return None
    return dict(json.loads(Path(spec.origin).with_name(MODULE + ".json").read_text(encoding="utf-8")))
