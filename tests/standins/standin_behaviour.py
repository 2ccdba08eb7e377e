"""What a stand-in does wrong, read from behaviour.json beside this file."""

import ctypes
import json
import os
import pathlib
import time

_FILE = pathlib.Path(__file__).with_name("behaviour.json")
BEHAVIOUR = json.loads(_FILE.read_text()) if _FILE.exists() else {}
GPU = bool(BEHAVIOUR.get("gpu"))
GPUS = int(BEHAVIOUR.get("gpus", 1)) if GPU else 0
NAME = BEHAVIOUR.get("name", "Stand-in GPU")
TOTAL = 150 * 10**9


def act(operation, value=1.0, device="cuda"):
    """Return ``value`` as the behaviour of ``operation`` spoils it; CPU results are always right."""
    action = BEHAVIOUR.get(operation)
    if action is None:
        return value
    if action == "segv":
        ctypes.string_at(0)
    elif action == "abort":
        os.abort()
    elif action == "hang":
        while True:
            time.sleep(3600)
    elif action == "exit":
        os._exit(0)
    elif action == "raise":
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")
    elif action == "wrong" and device != "cpu":
        return value * 1.5
    elif action == "nan" and device != "cpu":
        return value * float("nan")
    return value
