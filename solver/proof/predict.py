"""What the probes of a lock will report on a GPU, told from the matrices before anything runs.

A prediction holds only fields that evidence can be compared with; a field that no row decides is
None and is compared with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from solver.core.answer import NOT_KNOWN, NotKnown
from solver.core.frameworks import FRAMEWORKS, preferred_first
from solver.core.model import Platform, Value
from solver.matrix.builds import Code, code_for, major, stated
from solver.matrix.drivers import oldest, oldest_of
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, Library
from solver.matrix.rules import broken
from solver.proof.evidence import Evidence, ProbeResult, frameworks_of, orders

LOADER = "interlock-loader"
"""The wheel of ours that loads what TensorFlow does not find by itself."""

PROFILER_ONLY = frozenset({"cupti"})
"""Libraries that TensorFlow opens and whose absence costs it the profiler, not the GPU."""


class Prediction(Value, frozen=True, kw_only=True):
    """What the probes of one lock will report on one GPU."""

    gpu: str
    """Compute capability."""
    driver: str
    driver_serves: bool | None = None
    """Whether the driver is new enough for every build's CUDA, minor versions counted in."""
    torch_sees_gpu: bool | None = None
    torch_cuda: str | None = None
    """CUDA major.minor of torch's build."""
    torch_code: Code | None = None
    tensorflow_sees_gpu: bool | None = None
    """Imported alone, without torch to load CUDA for it."""
    tensorflow_cuda: str | None = None
    tensorflow_code: Code | None = None
    tensorflow_misses: tuple[str, ...] | None = None
    """CUDA libraries that TensorFlow does not find by itself."""
    cuda: str | None = None
    """major.minor of the CUDA runtime that is loaded."""
    cudnn: str | None = None
    nccl: str | None = None
    probes: dict[str, bool]
    """By probe: whether everything in it will be well."""
    dies: tuple[str, ...] = ()
    """Probes whose process will end before its time."""
    unread: bool = False
    """True for conda's builds: nobody read which GPUs they hold code for."""

    def told(self) -> tuple[str, ...]:
        """Sentences for people, worst first; "works" alone where nothing is to be said."""
        lines = []
        if self.driver_serves is False:
            lines.append(f"driver {self.driver} is too old")
        for name in preferred_first(FRAMEWORKS):
            shown = FRAMEWORKS[name].title
            if getattr(self, f"{name}_code") == "none":
                lines.append(f"{shown} has no kernel for compute capability {self.gpu}")
            if getattr(self, f"{name}_code") == "ptx":
                lines.append(f"{shown} compiles PTX for compute capability {self.gpu} first")
        if self.tensorflow_misses and self.tensorflow_sees_gpu is False:
            lines.append(f"TensorFlow alone sees no GPU: it does not find {', '.join(self.tensorflow_misses)}")
        lines += [f"torch.compile ends the process of the probe {name}" for name in self.dies]
        if self.unread:
            lines.append(f"nobody read whether conda's builds hold code for compute capability {self.gpu}")
        elif self.torch_cuda is None and self.tensorflow_cuda is None:
            lines.append("uses no GPU")
        return tuple(lines) or ("works",)


def _minor(capability: str) -> tuple[int, int]:
    major, _, minor = capability.partition(".")
    return int(major), int(minor or 0)


def _code(gpu: str, sm: Sequence[str] | NotKnown, ptx: Sequence[str] | NotKnown) -> Code | None:
    code = code_for(gpu, sm, ptx)
    return None if isinstance(code, NotKnown) else code


def _holds(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(Version(version), prereleases=True)


class _Set:
    """The packages of a lock, asked what the matrices know of them."""

    def __init__(self, packages: Mapping[str, str], platform: str, matrices: Matrices) -> None:
        self.packages, self.matrices = packages, matrices
        rows = {name: matrices.build(name, version, platform) for name, version in packages.items()}
        self.torch: Build | None = rows.get("torch")
        self.tensorflow: Build | None = next(
            (rows[name] for name in FRAMEWORKS["tensorflow"].distributions if name in rows), None
        )
        self.platform = platform

    def brought(self, name: str, major: int | None = None) -> tuple[Library, str] | None:
        """The row and the version of the package that brings a CUDA library."""
        for row in self.matrices.libraries:
            version = self.packages.get(row.distribution)
            asked = row.library == name and major in (None, row.cuda)
            if asked and version is not None and _holds(row.versions, version):
                return row, version
        return None

    def version_of(self, name: str, parts: int) -> str | None:
        """Version that a loaded library will tell of itself, as the distribution's first components."""
        found = self.brought(name)
        return ".".join(found[1].split(".")[:parts]) if found else None

    def misses(self) -> tuple[str, ...] | None:
        """Libraries that TensorFlow opens and does not find; None where no row tells."""
        build = self.tensorflow
        built = None if build is None else stated(build.cuda)
        if build is None or built is None or isinstance(build.runpath, NotKnown) or isinstance(build.opens, NotKnown):
            return None
        missing = []
        for name in build.opens:
            found = self.brought(name, major(built))
            if found is None:
                known = self.matrices.library(name, major(built))
                missing += [] if known is not None and not known.sonames else [name]
                continue
            on_path = found[0].directory.removeprefix("nvidia/") in build.runpath
            if found[0].sonames and not on_path and LOADER not in self.packages:
                missing.append(name)
        return tuple(missing)

    def driver_serves(self, driver: str) -> bool | None:
        """Whether the driver is new enough for every CUDA build of the set."""
        answers = []
        for build in (self.torch, self.tensorflow):
            if build is None or stated(build.cuda) is None:
                continue
            needed = oldest_of(build, self.matrices)
            answers.append(None if isinstance(needed, NotKnown) else needed.admits(driver))
        if False in answers:
            return False
        return None if None in answers or not answers else True

    def compiles(self, build: Build, driver: str) -> bool:
        """Whether the driver can compile the build's PTX, which minor-version compatibility does not cover."""
        toolkit = self.matrices.toolkit(stated(build.cuda) or "")
        return toolkit is None or isinstance(toolkit.driver, NotKnown) or Version(driver) >= Version(toolkit.driver)

    def crashes(self, place: Place) -> tuple[str, ...]:
        """Probes that a rule about the import order says will die."""
        first = {"tensorflow first": "tensorflow-torch", "torch first": "torch-tensorflow"}
        errors = (rule for rule in self.matrices.rules if rule.severity == "error")
        orders = (breach.rule.order for breach in broken(errors, self.packages, place))
        return tuple(dict.fromkeys(first[order] for order in orders if order is not None))


def predict(
    packages: Mapping[str, str],
    gpu: str,
    driver: str,
    matrices: Matrices,
    platform: Platform = "linux-64",
    python: str | NotKnown = NOT_KNOWN,
) -> Prediction:
    """What the probes will report for a lock that installs ``packages`` on compute capability ``gpu``.

    ``python`` is major.minor; rules that name pythons count only where it is known.
    """
    held = _Set(packages, platform, matrices)
    torch, tensorflow = held.torch, held.tensorflow
    serves, misses = held.driver_serves(driver), held.misses()
    torch_cuda = None if torch is None else stated(torch.cuda)
    tensorflow_cuda = None if tensorflow is None else stated(tensorflow.cuda)
    torch_code = _code(gpu, torch.sm, torch.ptx) if torch and torch_cuda else None
    tensorflow_code = _code(gpu, tensorflow.sm, tensorflow.ptx) if tensorflow and tensorflow_cuda else None
    torch_sees = bool(torch_cuda) and serves is not False if torch else None
    tensorflow_sees = bool(tensorflow_cuda) and serves is not False if tensorflow else None
    found = bool(tensorflow_sees) and not set(misses or ()) - PROFILER_ONLY
    # torch, imported first, loads what TensorFlow does not find, where the set brings it at all.
    found_after_torch = bool(tensorflow_sees) and all(held.brought(name) for name in misses or ())
    torch_runs = torch is not None and _runs(torch_code, held.compiles(torch, driver))
    tensorflow_runs = tensorflow is not None and _runs(tensorflow_code, held.compiles(tensorflow, driver))
    works = {
        "torch": bool(torch_sees) and torch_runs,
        "tensorflow": found and tensorflow_runs,
    }
    works["tensorflow-torch"] = works["tensorflow"] and works["torch"]
    works["torch-tensorflow"] = found_after_torch and tensorflow_runs and works["torch"]
    crashes = held.crashes(Place(platform, python, driver, (gpu,)))
    names = ["-".join(order) for order in orders(frameworks_of(packages))]
    bundled = torch is not None and torch.bundles is True
    return Prediction(
        gpu=gpu, driver=driver, driver_serves=serves,
        torch_sees_gpu=torch_sees, torch_cuda=torch_cuda, torch_code=torch_code,
        tensorflow_sees_gpu=found if tensorflow else None,
        tensorflow_cuda=tensorflow_cuda,
        tensorflow_code=tensorflow_code, tensorflow_misses=misses,
        cuda=torch_cuda if bundled and torch else held.version_of("cudart", 2),
        cudnn=stated(torch.cudnn) if bundled and torch else held.version_of("cudnn", 3),
        nccl=stated(torch.nccl) if bundled and torch else held.version_of("nccl", 3),
        probes={name: works[name] and name not in crashes for name in names}, dies=crashes,
    )  # fmt: skip


def predict_conda(
    axes: Mapping[str, str | None], gpu: str, driver: str, matrices: Matrices, platform: Platform = "linux-64"
) -> Prediction:
    """What the probes will report for a conda lock, whose libraries all lie where its builds look.

    ``axes`` are the lock's own: python, cuda, cudnn, tensorflow, torch.
    """
    cuda = axes.get("cuda")
    needed = oldest(cuda, platform, matrices) if cuda else NOT_KNOWN
    serves = None if isinstance(needed, NotKnown) else needed.admits(driver)
    frameworks = frameworks_of({name: version for name, version in axes.items() if version})
    sees = bool(cuda) and serves is not False
    return Prediction(
        gpu=gpu, driver=driver, driver_serves=serves, unread=bool(cuda),
        torch_sees_gpu=sees if "torch" in frameworks else None,
        tensorflow_sees_gpu=sees if "tensorflow" in frameworks else None,
        tensorflow_misses=() if "tensorflow" in frameworks else None,
        cuda=cuda, cudnn=".".join((axes.get("cudnn") or "").split(".")[:3]) or None,
        probes={"-".join(order): sees for order in orders(frameworks)},
    )  # fmt: skip


def _runs(code: Code | None, compiles: bool) -> bool:
    return code in (None, "native") or (code == "ptx" and compiles)


# --- what was seen ----------------------------------------------------------------------------------


def _archs(probe: ProbeResult | None, framework: str, gpu: str) -> Code | None:
    """The code that a framework says it has, e.g. sm_90 and compute_90; sm_90a and sm_100 included."""
    seen = probe.frameworks.get(framework) if probe is not None else None
    if seen is None or not seen.archs:
        return None
    found = [re.fullmatch(r"(sm|compute)_(\d+)(\d)[af]?", arch) for arch in seen.archs]
    codes = [(one.group(1), f"{one.group(2)}.{one.group(3)}") for one in found if one]
    # TensorFlow's build names compute_90 where it holds machine code and PTX for 9.0.
    native = [code for kind, code in codes if kind == "sm" or framework == "tensorflow"]
    return _code(gpu, native, [code for kind, code in codes if kind == "compute"])


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
        return ".".join(version.split(".")[:2]) if version else None

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
            differences += [
                f"probe {name}: predicted {_word(predicted.get(name))}, seen {_word(ok)}"
                for name, ok in value.items()  # type: ignore[attr-defined]
                if predicted.get(name) != ok
            ]
        elif predicted != value and not str(value).startswith(f"{predicted}."):
            differences.append(f"{field}: predicted {predicted}, seen {value}")
    return tuple(differences)


def _word(ok: bool | None) -> str:
    return {True: "well", False: "not well", None: "nothing"}[ok]
