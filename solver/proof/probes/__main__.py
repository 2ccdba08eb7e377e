"""Run one probe.

    python -m interlock_probe --order torch,tensorflow --out result.json [--imports-only] [--cpu tensorflow]

``--order`` names one framework, or several in the order to import them; ``--cpu`` those that are to go without
a GPU. Exit status: 0 all well, 1 a
check failed; anything else is the death of the process.
"""

from __future__ import annotations

import argparse

from .crossing_checks import Crossings
from .distributions import used_distributions
from .interop_checks import Interop
from .jax_checks import Jax
from .libraries import check_libraries, describe_libraries
from .recorder import Recorder
from .sharing_checks import Sharing
from .tensorflow_checks import Tensorflow
from .together_checks import Together
from .torch_checks import Torch


class Probe:
    """The frameworks of one process, in the order in which they are imported, and the checks that they make possible.

    ``cpu`` are those that are to go without a GPU.
    """

    def __init__(self, recorder: Recorder, order: list[str], cpu: frozenset[str]) -> None:
        self.recorder, self.order, self.cpu = recorder, order, cpu
        self.torch, self.tensorflow, self.jax = Torch(recorder), Tensorflow(recorder), Jax(recorder)
        self.parts: dict[str, Torch | Tensorflow | Jax] = {
            "torch": self.torch,
            "tensorflow": self.tensorflow,
            "jax": self.jax,
        }

    def load(self, imports_only: bool) -> bool:
        """Import in the order asked; False where that fails."""
        for name in self.order:
            if not self.parts[name].load():
                return False
            if not imports_only:
                self._prepare(name)
        return True

    def _prepare(self, name: str) -> None:
        part = self.parts[name]
        if isinstance(part, Torch):
            if name == self.order[0] and len(self.order) > 1 and part.torch.cuda.is_available():
                part.compile("together.compile.before", 48)
        elif name not in self.cpu:
            part.prepare()

    def on_gpu(self) -> list[bool]:
        """What each alone can do on the GPU, and then together; whether each saw one."""
        here = {name: self.parts[name].on_gpu() for name in self.order if name not in self.cpu}
        recorder = self.recorder
        if here.get("torch") and here.get("tensorflow"):
            Sharing(recorder, self.torch, self.tensorflow).on_gpu()  # before Together sets a share of its own
            Together(recorder, self.torch, self.tensorflow).on_gpu()
        if here.get("jax"):
            torch = self.torch if here.get("torch") else None
            tensorflow = self.tensorflow if here.get("tensorflow") else None
            Crossings(recorder, self.jax, torch, tensorflow).on_gpu()
        return list(here.values())

    def on_cpu(self, imports_only: bool) -> None:
        """The halves that need no GPU."""
        for name in self.order:
            self.parts[name].on_cpu()
            if name == "tensorflow" and name in self.cpu and not imports_only:
                self.tensorflow.fit()


def run(recorder: Recorder, order: list[str], imports_only: bool, cpu: frozenset[str] = frozenset()) -> None:
    """Import in the order asked, then check; what may end the process comes last."""
    probe = Probe(recorder, order, cpu)
    if not probe.load(imports_only):
        return
    usable = [] if imports_only else probe.on_gpu()
    probe.on_cpu(imports_only)
    if Interop.possible(order):
        Interop(recorder, probe.torch, probe.tensorflow).run()
    recorder.check("libraries", lambda: check_libraries(recorder, bool(usable)))
    if "torch" in order and not imports_only and probe.torch.torch.cuda.is_available():
        probe.torch.compile("torch.compile" if len(order) == 1 else "together.compile.after")
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
    if not order or set(order) - {"torch", "tensorflow", "jax"} or len(set(order)) != len(order):
        parser.error("--order takes torch, tensorflow and jax, one of them or several with commas between them")
    recorder = Recorder(options.out, order, options.imports_only)
    run(recorder, order, options.imports_only, frozenset(filter(None, options.cpu.split(","))))
    return int(recorder.failed())


if __name__ == "__main__":
    raise SystemExit(main())
