"""Run one probe.

    python -m interlock_probe --order torch,tensorflow --out result.json [--imports-only] [--cpu tensorflow]

``--order`` names one framework, or both in the order to import them; ``--cpu`` those that are to go without
a GPU. Exit status: 0 all well, 1 a
check failed; anything else is the death of the process.
"""

from __future__ import annotations

import argparse

from .distributions import used_distributions
from .interop_checks import Interop
from .libraries import check_libraries, describe_libraries
from .recorder import Recorder
from .sharing_checks import Sharing
from .tensorflow_checks import Tensorflow
from .together_checks import Together
from .torch_checks import Torch


def run(recorder: Recorder, order: list[str], imports_only: bool, cpu: frozenset[str] = frozenset()) -> None:
    """Import in the order asked, then check; what may end the process comes last."""
    torch, tensorflow = Torch(recorder), Tensorflow(recorder)
    parts: dict[str, Torch | Tensorflow] = {"torch": torch, "tensorflow": tensorflow}
    for name in order:
        if not parts[name].load():
            return
        if imports_only:
            continue
        if name == "tensorflow":
            if name not in cpu:
                tensorflow.prepare()
        elif len(order) == 2 and order[0] == "torch" and torch.torch.cuda.is_available():
            torch.compile("together.compile.before", 48)
    usable = [] if imports_only else [parts[name].on_gpu() for name in order if name not in cpu]
    if usable == [True, True]:
        Sharing(recorder, torch, tensorflow).on_gpu()  # before Together sets a share of its own
        Together(recorder, torch, tensorflow).on_gpu()
    for name in order:
        parts[name].on_cpu()
        if name == "tensorflow" and name in cpu and not imports_only:
            tensorflow.fit()
    if Interop.possible(order):
        Interop(recorder, torch, tensorflow).run()
    recorder.check("libraries", lambda: check_libraries(recorder, bool(usable)))
    if "torch" in order and not imports_only and torch.torch.cuda.is_available():
        torch.compile("torch.compile" if len(order) == 1 else "together.compile.after")
        describe_libraries(recorder)
    recorder.result["used"] = used_distributions()
    recorder.result["finished"] = True
    recorder.save()


def main() -> int:
    """Read the arguments, run, and return the exit status."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--order", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--imports-only", action="store_true")
    parser.add_argument("--cpu", default="")
    options = parser.parse_args()
    order = options.order.split(",")
    if not order or set(order) - {"torch", "tensorflow"} or len(set(order)) != len(order):
        parser.error("--order takes torch, tensorflow, or both with a comma between them")
    recorder = Recorder(options.out, order, options.imports_only)
    run(recorder, order, options.imports_only, frozenset(filter(None, options.cpu.split(","))))
    return int(recorder.failed())


if __name__ == "__main__":
    raise SystemExit(main())
