"""What the probes of a lock will report on a GPU, told from the matrices before anything runs.

A prediction holds only fields that evidence can be compared with; a field that no row decides is
None and is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, Verdict, answer, every
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, framework_of, preferred_first
from solver.core.model import Framework, Platform, Value
from solver.matrix.builds import Code, code_for, has_cuda, runs_on, stated
from solver.matrix.drivers import oldest, oldest_of
from solver.matrix.libraries import LOADER, Search, brought, decides_gpu, search
from solver.matrix.load import Matrices
from solver.matrix.place import Place
from solver.matrix.rows import Build, Library
from solver.matrix.rules import broken
from solver.proof.checks import Order
from solver.proof.evidence import frameworks_of, orders


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
    probes: dict[str, bool | None]
    """By probe: whether everything in it will be well."""
    dies: tuple[str, ...] = ()
    """Probes whose process will end before its time."""
    doubts: tuple[str, ...] = ()
    """Why a build does not, or not surely, run on the GPU, beyond what its code tells: a sentence each."""
    uncompiled: tuple[Framework, ...] = ()
    """Frameworks that have only PTX, which the driver does not, or not surely, compile."""
    unread: bool = False
    """True for conda's builds: nobody read which GPUs they hold code for."""

    def sentences(self) -> tuple[str, ...]:
        """Sentences for people, worst first; "works" alone where nothing is to be said."""
        lines = [f"driver {self.driver} is too old"] if self.driver_serves is False else []
        for name in preferred_first(FRAMEWORKS):
            lines += self._code_told(name, getattr(self, f"{name}_code"))
        lines += self.doubts
        if self.tensorflow_misses and self.tensorflow_sees_gpu is False:
            lines.append(f"TensorFlow alone sees no GPU: it does not find {', '.join(self.tensorflow_misses)}")
        lines += [f"torch.compile ends the process of the probe {name}" for name in self.dies]
        if self.unread:
            lines.append(f"nobody read whether conda's builds hold code for compute capability {self.gpu}")
        elif self.torch_cuda is None and self.tensorflow_cuda is None:
            lines.append("uses no GPU")
        return tuple(lines) or ("works",)

    def _code_told(self, name: Framework, code: Code | None) -> list[str]:
        title = FRAMEWORKS[name].title
        if code == "none":
            return [f"{title} has no kernel for compute capability {self.gpu}"]
        compiles = code == "ptx" and name not in self.uncompiled
        return [f"{title} compiles PTX for compute capability {self.gpu} first"] if compiles else []


@dataclass(frozen=True)
class _Set:
    """The packages of a lock on one GPU, asked what the matrices know of them."""

    packages: Mapping[str, str]
    gpu: str
    place: Place
    driver: str
    matrices: Matrices

    @cached_property
    def builds(self) -> dict[str, Build]:
        """The builds that rows tell of, by package; companions stand and fall with their framework."""
        rows = {name: self.matrices.build(name, held, self.place.platform) for name, held in self.packages.items()}
        return {name: row for name, row in rows.items() if row is not None and name not in COMPANIONS}

    @cached_property
    def frameworks(self) -> dict[Framework, Build]:
        """The frameworks' builds among them."""
        return {name: row for package, row in self.builds.items() if (name := framework_of(package)) is not None}

    @cached_property
    def libraries(self) -> list[Library]:
        """The CUDA libraries that the packages bring."""
        return brought(self.matrices.libraries, self.packages)

    def serves(self) -> Answer:
        """Whether the driver is new enough for every CUDA build of the set."""
        needed = [oldest_of(row, self.matrices) for row in self.builds.values() if stated(row.cuda)]
        if not needed:
            return Answer.NOT_KNOWN
        return every(
            Answer.NOT_KNOWN if isinstance(one, NotKnown) else answer(one.admits(self.driver)) for one in needed
        )

    def runs(self, build: Build) -> Verdict:
        """Whether a build has code that runs on the GPU with the driver."""
        return runs_on(build, self.gpu, self.driver, self.matrices)

    def search(self, build: Build) -> Search | NotKnown:
        """How a build's search for its libraries ends; our loader leads it to whatever the set brings."""
        if isinstance(build.opens, NotKnown):
            return NOT_KNOWN
        found = search(build, self.libraries, self.matrices)
        return Search(nowhere=found.nowhere) if LOADER in self.packages else found

    def misses(self, build: Build | None) -> tuple[str, ...] | None:
        """Libraries that a build opens and does not find, in its own order; None where no row tells."""
        found = NOT_KNOWN if build is None or stated(build.cuda) is None else self.search(build)
        if build is None or isinstance(found, NotKnown) or isinstance(build.opens, NotKnown) or found.doubtful:
            return None
        missed = {*found.nowhere, *(row.library for row in found.hidden)}
        return tuple(name for name in build.opens if name in missed)

    def sees(self, build: Build) -> Answer:
        """Whether a build has CUDA code that the driver serves."""
        serves = self.serves() if has_cuda(build) is not Answer.NO else Answer.YES
        return every((has_cuda(build), serves))

    def finds(self, build: Build, *, after_torch: bool = False) -> Answer:
        """Whether a build finds what decides about its GPU; torch, imported first, loads whatever the set brings."""
        if build.same_minor or build.bundles is True:
            return Answer.YES
        found = self.search(build)
        if isinstance(found, NotKnown):
            return Answer.NOT_KNOWN
        hidden = () if after_torch else found.hidden
        if any(decides_gpu(build, name) for name in (*found.nowhere, *(row.library for row in hidden))):
            return Answer.NO
        return Answer.NOT_KNOWN if found.doubtful and not after_torch else Answer.YES

    def works(self, order: Order) -> Answer:
        """Whether everything in the probe that imports frameworks in this order will be well."""
        if not set(order) <= set(self.frameworks):
            return Answer.NOT_KNOWN
        answers = []
        for name in order:
            build = self.frameworks[name]
            found = self.finds(build, after_torch=name != "torch" and order[0] == "torch")
            answers += [self.sees(build), found, self.runs(build).answer]
        return every(answers)

    def dies(self) -> tuple[str, ...]:
        """Probes that a rule about the import order says will die."""
        first = {"tensorflow first": "tensorflow-torch", "torch first": "torch-tensorflow"}
        errors = (rule for rule in self.matrices.rules if rule.severity == "error")
        named = (breach.rule.order for breach in broken(errors, self.packages, self.place))
        return tuple(dict.fromkeys(first[order] for order in named if order is not None))

    def doubts(self) -> Iterable[str]:
        """Why a build does not, or not surely, run on the GPU; that a framework has no code at all is told apart."""
        for package, build in self.builds.items():
            verdict, framework = self.runs(build), framework_of(package)
            apart = framework is not None and _code(self.gpu, build) == "none"
            if verdict.answer is not Answer.YES and verdict.why and not apart:
                yield f"{package if framework is None else FRAMEWORKS[framework].title}: {verdict.why}"

    def uncompiled(self) -> tuple[Framework, ...]:
        """Frameworks whose PTX the driver does not surely compile."""
        return tuple(
            name
            for name, build in self.frameworks.items()
            if _code(self.gpu, build) == "ptx" and self.runs(build).answer is not Answer.YES
        )

    def loaded(self, name: str, parts: int) -> str | None:
        """Version that a loaded library will tell of itself, as the first components of its distribution's."""
        row = next((row for row in self.libraries if row.library == name), None)
        return None if row is None else ".".join(self.packages[row.distribution].split(".")[:parts])


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
    held = _Set(packages, gpu, Place(platform, python, driver, (gpu,)), driver, matrices)
    torch, tensorflow = held.frameworks.get("torch"), held.frameworks.get("tensorflow")
    dies = held.dies()
    cuda, cudnn, nccl = _loaded(held, torch)
    return Prediction(
        gpu=gpu,
        driver=driver,
        driver_serves=_plain(held.serves()),
        torch_sees_gpu=None if torch is None else _plain(held.sees(torch)),
        torch_cuda=None if torch is None else stated(torch.cuda),
        torch_code=_code(gpu, torch),
        tensorflow_sees_gpu=None
        if tensorflow is None
        else _plain(every((held.sees(tensorflow), held.finds(tensorflow)))),
        tensorflow_cuda=None if tensorflow is None else stated(tensorflow.cuda),
        tensorflow_code=_code(gpu, tensorflow),
        tensorflow_misses=held.misses(tensorflow),
        cuda=cuda,
        cudnn=cudnn,
        nccl=nccl,
        probes=_probes(held, dies),
        dies=dies,
        doubts=tuple(held.doubts()),
        uncompiled=held.uncompiled(),
    )


def _probes(held: _Set, dies: Iterable[str]) -> dict[str, bool | None]:
    named = {"-".join(order): order for order in orders(frameworks_of(held.packages))}
    return {name: False if name in dies else _plain(held.works(order)) for name, order in named.items()}


def _loaded(held: _Set, torch: Build | None) -> tuple[str | None, str | None, str | None]:
    """CUDA runtime, cuDNN and NCCL that will be loaded: torch's own where they lie inside its wheel."""
    if torch is not None and torch.bundles is True:
        return stated(torch.cuda), stated(torch.cudnn), stated(torch.nccl)
    return held.loaded("cudart", 2), held.loaded("cudnn", 3), held.loaded("nccl", 3)


def _code(gpu: str, build: Build | None) -> Code | None:
    code = NOT_KNOWN if build is None or stated(build.cuda) is None else code_for(gpu, build.sm, build.ptx)
    return None if isinstance(code, NotKnown) else code


def _plain(found: Answer) -> bool | None:
    """An answer as a field that evidence is compared with."""
    return None if found is Answer.NOT_KNOWN else found is Answer.YES


def predict_conda(
    axes: Mapping[str, str | None], gpu: str, driver: str, matrices: Matrices, platform: Platform = "linux-64"
) -> Prediction:
    """What the probes will report for a conda lock, whose libraries all lie where its builds look.

    ``axes`` are the lock's own: python, cuda, cudnn, tensorflow, torch.
    """
    cuda = axes.get("cuda")
    needed = oldest(cuda, platform, matrices) if cuda else NOT_KNOWN
    serves = Answer.NOT_KNOWN if isinstance(needed, NotKnown) else answer(needed.admits(driver))
    frameworks = frameworks_of({name: version for name, version in axes.items() if version})
    sees = _plain(serves) if cuda else False
    return Prediction(
        gpu=gpu,
        driver=driver,
        driver_serves=_plain(serves),
        unread=bool(cuda),
        torch_sees_gpu=sees if "torch" in frameworks else None,
        tensorflow_sees_gpu=sees if "tensorflow" in frameworks else None,
        tensorflow_misses=() if "tensorflow" in frameworks else None,
        cuda=cuda,
        cudnn=".".join((axes.get("cudnn") or "").split(".")[:3]) or None,
        probes={"-".join(order): sees for order in orders(frameworks)},
    )
