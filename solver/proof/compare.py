"""What evidence says about each field of a prediction, and where the two differ."""

from __future__ import annotations

import re

from solver.core.answer import NotKnown
from solver.core.versions import minor
from solver.matrix.builds import Code, code_for
from solver.proof.evidence import Evidence, ProbeResult
from solver.proof.predict import Prediction


def _archs(probe: ProbeResult | None, framework: str, gpu: str) -> Code | None:
    """The code that a framework says it has, e.g. sm_90 and compute_90; sm_90a and sm_100 included."""
    seen = probe.frameworks.get(framework) if probe is not None else None
    if seen is None or not seen.archs:
        return None
    found = [re.fullmatch(r"(sm|compute)_(\d+)(\d)[af]?", arch) for arch in seen.archs]
    codes = [(one.group(1), f"{one.group(2)}.{one.group(3)}") for one in found if one]
    # TensorFlow's build names compute_90 where it holds machine code and PTX for 9.0.
    native = [code for kind, code in codes if kind == "sm" or framework == "tensorflow"]
    held = code_for(gpu, native, [code for kind, code in codes if kind == "compute"])
    return None if isinstance(held, NotKnown) else held


def _ok(probe: ProbeResult | None, check: str) -> bool | None:
    if probe is None:
        return None
    return next((one.status == "ok" for one in probe.checks if one.name == check), None)


def seen(evidence: Evidence) -> dict[str, object]:
    """What evidence says about each field of a prediction; a field that it does not tell is None."""
    probes = {probe.name: probe for probe in evidence.probes}
    torch, tensorflow = probes.get("torch"), probes.get("tensorflow")
    loaded = (torch or tensorflow or evidence.probes[0]).loaded if evidence.probes else {}
    frameworks = {name: one for probe in (torch, tensorflow) if probe for name, one in probe.frameworks.items()}

    def build(name: str) -> str | None:
        version = frameworks[name].cuda if name in frameworks else None
        return minor(version) if version else None

    return {
        "gpu": evidence.gpu.capability,
        "driver": evidence.driver,
        "torch_sees_gpu": _ok(torch, "torch.available"),
        "torch_cuda": build("torch"),
        "torch_code": _archs(torch, "torch", evidence.gpu.capability),
        "tensorflow_sees_gpu": _ok(tensorflow, "tensorflow.devices"),
        "tensorflow_cuda": build("tensorflow"),
        "tensorflow_code": _archs(tensorflow, "tensorflow", evidence.gpu.capability),
        "cuda": loaded.get("libcudart"),
        "cudnn": loaded.get("libcudnn"),
        "nccl": loaded.get("libnccl"),
        "probes": {name: probe.ok for name, probe in probes.items()},
    }


def compare(prediction: Prediction, evidence: Evidence) -> tuple[str, ...]:
    """Each field in which evidence differs from its prediction, as a sentence."""
    differences = []
    for field, value in seen(evidence).items():
        predicted = getattr(prediction, field)
        if predicted is None or value is None:
            continue
        if field == "probes":
            differences += _of_probes(prediction, evidence)
        elif predicted != value and not str(value).startswith(f"{predicted}."):
            differences.append(f"{field}: predicted {predicted}, seen {value}")
    return tuple(differences)


def _of_probes(prediction: Prediction, evidence: Evidence) -> list[str]:
    """Probes that end otherwise than predicted, and those that nobody foresaw; where no row tells, nothing differs."""
    predicted = prediction.probes
    return [
        f"probe {probe.name}: predicted {_word(predicted.get(probe.name))}, seen {_word(probe.ok)}"
        for probe in evidence.probes
        if probe.name not in predicted or predicted[probe.name] not in (None, probe.ok)
    ]


def _word(ok: bool | None) -> str:
    return {True: "well", False: "not well", None: "nothing"}[ok]
