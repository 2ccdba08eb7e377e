"""What evidence says about each field of a prediction, and where the two differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, answer
from solver.core.frameworks import FRAMEWORKS, preferred_first
from solver.core.model import Framework
from solver.core.versions import minor
from solver.matrix.code import Code, code_for
from solver.proof.evidence import Evidence, ProbeResult
from solver.proof.prediction import Prediction

_ARCH = re.compile(r"(sm|compute)_(\d+)(\d)[af]?")  # sm_90, compute_90, sm_90a, sm_100


def compare(prediction: Prediction, evidence: Evidence) -> tuple[str, ...]:
    """Each field in which evidence differs from its prediction, as a sentence."""
    differences = [
        f"{field}: predicted {_shown(predicted)}, seen {_shown(seen)}"
        for field, predicted, seen in _fields(prediction, evidence)
        if _tells(predicted) and _tells(seen) and not _agree(predicted, seen)
    ]
    return (*differences, *_of_probes(prediction, evidence))


def _tells(value: object) -> bool:
    return value not in (None, NOT_KNOWN, Answer.NOT_KNOWN)


def _agree(predicted: object, seen: object) -> bool:
    """Whether they are the same, or what was seen is told more exactly: 12.8.90 where 12.8 was predicted."""
    return predicted == seen or str(seen).startswith(f"{predicted}.")


def _fields(prediction: Prediction, evidence: Evidence) -> Iterator[tuple[str, object, object]]:
    """Name, prediction and evidence of each field but the probes; what is None or not known does not tell."""
    probes = {probe.name: probe for probe in evidence.probes}
    yield "gpu", prediction.gpu, evidence.gpu.capability
    yield "driver", prediction.driver, evidence.driver
    for name, framework in prediction.frameworks.items():
        probe = probes.get(name)  # the one that imports it alone
        yield f"{name}_sees_gpu", framework.sees_gpu, _passed(probe, FRAMEWORKS[name].gpu_check)
        yield f"{name}_cuda", framework.cuda, _cuda(probe, name)
        yield f"{name}_code", framework.code, _code(probe, name, evidence.gpu.capability)
    loaded = _loaded(probes)
    yield "cuda", prediction.loaded.cuda, loaded.get("libcudart")
    yield "cudnn", prediction.loaded.cudnn, loaded.get("libcudnn")
    yield "nccl", prediction.loaded.nccl, loaded.get("libnccl")


def _loaded(probes: Mapping[str, ProbeResult]) -> Mapping[str, str]:
    """What the preferred framework's own probe had loaded, or else the first of all."""
    alone = [probes[name] for name in preferred_first(FRAMEWORKS) if name in probes]
    by_preference = [*alone, *probes.values()]
    return by_preference[0].loaded if by_preference else {}


def _passed(probe: ProbeResult | None, check: str) -> Answer:
    checks = () if probe is None else probe.checks
    return next((answer(one.status == "ok") for one in checks if one.name == check), Answer.NOT_KNOWN)


def _cuda(probe: ProbeResult | None, name: Framework) -> str | NotKnown:
    """major.minor of the CUDA that a framework says it was built with; NOT_KNOWN where it says none."""
    framework = probe.frameworks.get(name) if probe is not None else None
    return minor(framework.cuda) if framework is not None and framework.cuda else NOT_KNOWN


def _code(probe: ProbeResult | None, name: Framework, gpu: str) -> Code | NotKnown:
    """What a framework says it has for a GPU, by the architectures that it names; NOT_KNOWN where it names none."""
    framework = probe.frameworks.get(name) if probe is not None else None
    if framework is None or not framework.archs:
        return NOT_KNOWN
    matches = [match for arch in framework.archs if (match := _ARCH.fullmatch(arch))]
    codes = [(match[1], f"{match[2]}.{match[3]}") for match in matches]
    native = [code for kind, code in codes if kind == "sm" or FRAMEWORKS[name].names_compute]
    return code_for(gpu, native, [code for kind, code in codes if kind == "compute"])


def _of_probes(prediction: Prediction, evidence: Evidence) -> list[str]:
    """Probes that end otherwise than predicted, and those that nobody foresaw; where no row tells, nothing differs."""
    predicted = prediction.probes
    return [
        f"probe {probe.name}: predicted {_WORDS[predicted.get(probe.name, Answer.NOT_KNOWN)]}, "
        f"seen {_WORDS[answer(probe.ok)]}"
        for probe in evidence.probes
        if probe.name not in predicted or predicted[probe.name] not in (Answer.NOT_KNOWN, answer(probe.ok))
    ]


_WORDS = {Answer.YES: "well", Answer.NO: "not well", Answer.NOT_KNOWN: "nothing"}


def _shown(value: object) -> object:
    return value.value if isinstance(value, Answer) else value
