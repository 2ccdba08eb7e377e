"""The record of one probe: every check with its figure, rewritten whole after each.

So that a crash leaves what was seen before it and the name of the check that died.
"""

from __future__ import annotations

import json
import math
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

Seen = Optional[tuple[Optional[float], str]]  # noqa: UP045 - Python 3.9 evaluates it
"""What a check returns: its figure, and what to tell beside it."""

Module = Any
"""A framework, imported by name."""

Tensor = Any
"""A tensor, dtype, model or device of a framework, whose types are not here to be checked."""

MIB = 2**20
HOLD = 256 * MIB
"""Bytes that a memory check holds."""
SIZE = 512
"""Rows and columns of the products."""
TF32 = 5e-3
"""Tolerance relative to the norm where TF32 may be used; TF32 itself is good for about 5e-4."""
EXACT = 1e-4
"""Tolerance relative to the norm with TF32 off."""


class Wrong(Exception):
    """A check ran and its answer is not right."""


class Skipped(Exception):
    """A check cannot be made here: ``lacks`` names in a word what is not there, the message says it in full."""

    def __init__(self, lacks: str, detail: str) -> None:
        self.lacks = lacks
        super().__init__(detail)


class Recorder:
    """Runs checks one by one and keeps the result file current."""

    def __init__(self, out: str, order: list[str], imports_only: bool) -> None:
        self.out = Path(out)
        self.result: dict[str, Any] = {
            "version": 1,
            "order": order,
            "imports_only": imports_only,
            "python": sys.version.split()[0],
            "prefix": sys.prefix,
            "running": None,
            "finished": False,
            "frameworks": {},
            "gpus": [],
            "checks": [],
            "libraries": [],
            "loaded": {},
        }
        self.save()

    def save(self) -> None:
        """Write the result whole."""
        part = self.out.with_name(self.out.name + ".part")
        part.write_text(json.dumps(self.result, indent=1, sort_keys=True), encoding="utf-8")
        part.replace(self.out)

    def check(self, name: str, function: Callable[[], Any], tolerance: float | None = None) -> bool:
        """Run one check and record it; its figure must not exceed ``tolerance``. True where it is ok."""
        self.result["running"] = name
        self.save()
        print("probe:", name, flush=True)
        start = time.perf_counter()
        figure: float | None = None
        detail, status = "", "ok"
        more: dict[str, str | bool] = {}
        try:
            figure, detail = function() or (None, "")
            if tolerance is not None:
                more["beyond"] = beyond = not (figure is not None and figure <= tolerance)  # NaN is, too
                if beyond:
                    status, detail = "failed", f"error {figure!r} is above the tolerance; {detail}"
        except Skipped as error:
            status, detail, more["lacks"] = "skipped", str(error), error.lacks
        except Exception as error:
            traceback.print_exc()
            status, detail = "failed", f"{type(error).__name__}: {error}"[:600]
        if figure is not None and not math.isfinite(figure):
            figure = None  # JSON knows no NaN
        self.result["checks"].append(
            {
                "name": name,
                "status": status,
                "figure": figure,
                "tolerance": tolerance,
                "seconds": round(time.perf_counter() - start, 3),
                "detail": detail,
                **more,
            }
        )
        self.result["running"] = None
        self.save()
        return status == "ok"

    def failed(self) -> bool:
        """Whether any check failed."""
        return any(check["status"] == "failed" for check in self.result["checks"])


def text(value: object) -> str | None:
    """``str(value)``; None stays None."""
    return None if value is None else str(value)


def falling(losses: list[float]) -> Seen:
    """The share of the loss that is left; raises where it is not finite or does not fall."""
    if not all(map(math.isfinite, losses)) or losses[-1] >= losses[0]:
        raise Wrong(f"the loss does not fall: {losses!r}")
    return losses[-1] / losses[0], "share of the loss that is left"
