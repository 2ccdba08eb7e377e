"""Run one probe in a process of its own; however it ends, that is a result."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

import solver.proof.probes
from solver.core import reading
from solver.core.errors import BadInput
from solver.core.led import activated, plan_in
from solver.core.model import Framework
from solver.proof.checks import Order
from solver.proof.evidence import Ended, ProbeOutput, ProbeResult

PACKAGE = "interlock_probe"
LAST_LINES = 25
TOLD_EVERY = 30.0
"""Seconds of a probe after which it is told that it still runs."""
_CACHE = "cuda-cache"
_CACHE_SIZE = 4 * 2**30
"""Bytes; the driver's default is too small for the kernels of one framework."""
_GRACE = 5.0
"""Seconds in which a process may write where it stood, before it is killed."""

# What would change the frameworks' behaviour behind the lock's back, or add code of other environments.
_DROPPED = ("PYTHON", "CONDA", "VIRTUAL_ENV", "KERAS_", "TF_", "XLA_", "TORCHINDUCTOR_", "PYTORCH_", "LD_")
_DROPPED_NAMES = {"CUDA_HOME", "CUDA_PATH", "CUDNN_PATH", "NVIDIA_TF32_OVERRIDE", "CUDA_LAUNCH_BLOCKING"}
_DRIVER = "libcuda.so.1"
_TOOLKIT = ("ptxas", "nvcc")
_SYSTEM = {"/bin", "/usr/bin"}


def probe_environment(
    prefix: Path, home: Path, base: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    """Environment variables for a probe of the environment at ``prefix``.

    Nothing of another environment or of a CUDA toolkit of the machine is left in it; of
    LD_LIBRARY_PATH only the folders of the driver stay, which some containers need.
    ``variables`` are the lock's own; what a loader without code has the activation of the environment set is added.
    """
    clean = {
        name: value for name, value in base.items() if not name.startswith(_DROPPED) and name not in _DROPPED_NAMES
    }
    folders = [folder for folder in base.get("LD_LIBRARY_PATH", "").split(os.pathsep) if folder]
    # A folder of the driver alone; one that holds a toolkit besides would lend the probe what the lock lacks.
    driver = [
        folder for folder in folders if Path(folder, _DRIVER).exists() and not list(Path(folder).glob("libcudart.so*"))
    ]
    if driver:
        clean["LD_LIBRARY_PATH"] = os.pathsep.join(driver)
    path = [folder for folder in base.get("PATH", os.defpath).split(os.pathsep) if folder]
    tools = [
        folder for folder in path if folder in _SYSTEM or not any(Path(folder, tool).exists() for tool in _TOOLKIT)
    ]
    clean["PATH"] = os.pathsep.join([str(prefix / "bin"), *tools])
    clean.update(HOME=str(home), TMPDIR=str(home), XDG_CACHE_HOME=str(home / "cache"))
    clean.update(PYTHONFAULTHANDLER="1", PYTHONNOUSERSITE="1", PYTHONUNBUFFERED="1")
    clean.update(variables)
    for site in sorted(prefix.glob("lib/python*/site-packages")):
        clean.update(activated(plan_in(site), site, clean))
    return clean


def place_probes(scratch: Path) -> Path:
    """Copy the probe's scripts below ``scratch`` and return the folder to start python in."""
    source = Path(next(iter(solver.proof.probes.__path__)))
    target = scratch / PACKAGE
    if not target.exists():
        target.mkdir(parents=True)
        for script in sorted(source.glob("*.py")):
            shutil.copyfile(script, target / script.name)
    return scratch


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    timeout: float,
    waiting: Callable[[float], object],
) -> tuple[int, bool]:
    """The exit status of ``command``, and whether it had to be ended after ``timeout`` seconds.

    ``waiting`` is called with the seconds that have passed, now and then.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            if (status := _wait(process, timeout, waiting)) is not None:
                return status, False
        except BaseException:  # who interrupts us does not reach a session of its own
            _kill(process)
            raise
        _end(process)
        return process.returncode, True


def _wait(process: subprocess.Popen[bytes], timeout: float, waiting: Callable[[float], object]) -> int | None:
    """The exit status of ``process``; None where it has none after ``timeout`` seconds."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < timeout:
        try:
            return process.wait(min(TOLD_EVERY, timeout - passed))
        except subprocess.TimeoutExpired:
            waiting(time.monotonic() - start)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process where it stands (faulthandler answers SIGABRT), then kill all it started."""
    process.send_signal(signal.SIGABRT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _output(path: Path) -> ProbeOutput | None:
    try:
        return msgspec.json.decode(reading.read_bytes(path), type=ProbeOutput, strict=True)
    except (BadInput, msgspec.MsgspecError):
        return None


def _result(order: Order, output: ProbeOutput | None, status: int, hung: bool, seconds: float) -> ProbeResult:
    finished = output is not None and output.finished and output.order == order and status in (0, 1)
    crashed = status < 0 or status > 128
    ended: Ended = "hung" if hung else "finished" if finished else "crashed" if crashed else "silent"
    number = -status if status < 0 else status - 128
    known = {one.value for one in signal.Signals}
    name = signal.Signals(number).name if crashed and number in known else None
    seen = output or ProbeOutput(
        version=1, order=order, imports_only=False, python="", prefix="", running=None, finished=False,
        frameworks={}, gpus=(), checks=(), libraries=(), loaded={},
    )  # fmt: skip
    return ProbeResult(
        order=order, ended=ended, exit_status=status, signal=None if hung else name, running=seen.running,
        seconds=round(seconds, 3), python=seen.python, frameworks=seen.frameworks, gpus=seen.gpus,
        checks=seen.checks, libraries=seen.libraries, loaded=seen.loaded, used=seen.used,
    )  # fmt: skip


def run_probe(
    python: Path,
    order: Order,
    *,
    scratch: Path,
    log: Path,
    timeout: float,
    imports_only: bool,
    variables: Mapping[str, str] | None = None,
    prefix: Path | None = None,
    cpu: Collection[Framework] = (),
    tell: Callable[[str], object] = lambda _: None,
) -> ProbeResult:
    """Run the probe of ``order`` with ``python``; ends it after ``timeout`` seconds.

    ``scratch`` is an empty or former scratch folder, whose probes share the kernels that the driver compiles; all
    output goes to ``log``. ``cpu`` are the frameworks that the lock means for the CPU. ``tell`` is told now and then
    that it still runs.
    """
    name = "-".join(order)
    home = scratch / f"home-{name}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    out = home / "result.json"
    command = [str(python), "-m", PACKAGE, "--order", ",".join(order), "--out", str(out)]
    command += ["--imports-only"] if imports_only else []
    command += ["--cpu", ",".join(cpu)] if cpu else []
    cache = scratch / _CACHE
    compiled = {"CUDA_CACHE_PATH": str(cache), "CUDA_CACHE_MAXSIZE": str(_CACHE_SIZE)}
    own = {**compiled, **(variables or {})}
    environment = probe_environment(prefix or python.parent.parent, home, os.environ, own)

    def waiting(seconds: float) -> None:
        size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file()) if cache.is_dir() else 0
        kernels = f", {size / 1e6:.0f} MB of kernels compiled" if size else ""
        tell(f"still runs after {seconds:.0f} s{kernels}")

    start = time.monotonic()
    status, hung = _run(command, place_probes(scratch), environment, log, timeout, waiting)
    result = _result(order, _output(out), status, hung, time.monotonic() - start)
    if result.ended != "finished":
        result = msgspec.structs.replace(result, last_lines=tuple(reading.end_of(log).splitlines()[-LAST_LINES:]))
    shutil.rmtree(home, ignore_errors=True)
    return result
