"""What the probes of a lock are expected to report, as a value and in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from solver.core.answer import NOT_KNOWN, Answer, NotKnown, every
from solver.core.frameworks import FRAMEWORKS, framework_of
from solver.core.model import Framework, Value
from solver.matrix.code import Code
from solver.matrix.rows import NONE


class FrameworkPrediction(Value, frozen=True, kw_only=True):
    """What one framework will report of itself; of a field that is NOT_KNOWN nothing is foretold."""

    sees_gpu: Answer = Answer.NOT_KNOWN
    """Imported alone, with no other framework to load CUDA for it."""
    cuda: str | NotKnown = NOT_KNOWN
    """CUDA major.minor of its build; "none" for a CPU build."""
    code: Code | NotKnown | None = NOT_KNOWN
    """What it has for the GPU; None: it is a CPU build."""
    wrong: str | None = None
    """What a build of it without code for the GPU was seen to do; None: nothing is foretold of that."""
    compiles: Answer = Answer.NOT_KNOWN
    """Whether the driver compiles its PTX, where it has nothing but that; of others nothing is foretold."""
    misses: tuple[str, ...] | NotKnown = NOT_KNOWN
    """CUDA libraries that it opens and does not find by itself."""


class LoadedPrediction(Value, frozen=True, kw_only=True):
    """Versions that loaded libraries will tell of themselves; NOT_KNOWN: no row decides it, and nothing is foretold."""

    cuda: str | NotKnown = NOT_KNOWN
    """major.minor of the CUDA runtime."""
    cudnn: str | NotKnown = NOT_KNOWN
    nccl: str | NotKnown = NOT_KNOWN


class Prediction(Value, frozen=True, kw_only=True):
    """What the probes of one lock will report on one GPU."""

    gpu: str
    """Compute capability."""
    driver: str
    driver_serves: Answer = Answer.NOT_KNOWN
    """Whether the driver is new enough for every build's CUDA, minor versions counted in."""
    frameworks: dict[Framework, FrameworkPrediction]
    """Those of the lock, the preferred one first."""
    loaded: LoadedPrediction
    probes: dict[str, Answer]
    """By probe: whether everything in it will be well."""
    dies: tuple[str, ...] = ()
    """Probes whose process will end before its time."""
    doubts: tuple[str, ...] = ()
    """Why a build does not, or not surely, run on the GPU, beyond what its code tells: a sentence each."""
    unread: bool = False
    """True for conda's builds: nobody read which GPUs they hold code for."""
    others: dict[str, Answer] = msgspec.field(default_factory=dict)
    """By package with GPU code that is no framework: whether it will be well."""
    broken: tuple[str, ...] = ()
    """Packages that break one another whatever is imported first, by a rule of severity error or by their files."""
    doubtful: tuple[str, ...] = ()
    """Packages of which nobody knows whether they break one another, by their files."""
    unread_builds: tuple[str, ...] = ()
    """Packages with GPU code of which no row tells."""
    uses_gpu: Answer = Answer.NOT_KNOWN
    """Whether anything of the lock has GPU code."""

    @property
    def works(self) -> Answer:
        """Whether everything of the lock will be well on the GPU; not known of a lock in which nothing is probed."""
        well = [*self.probes.values(), *self.others.values(), *(Answer.NOT_KNOWN for _ in self.unread_builds)]
        well += [*(Answer.NO for _ in self.broken), *(Answer.NOT_KNOWN for _ in self.doubtful)]
        return every(well or [Answer.NOT_KNOWN])

    def sentences(self) -> tuple[str, ...]:
        """Sentences for people, worst first; "works" alone where every answer is yes and nothing is to be said."""
        lines = list(self.about_wrong_numbers())
        lines += [f"driver {self.driver} is too old"] if self.driver_serves is Answer.NO else []
        lines += self._about_code()
        lines += self.doubts
        for name, one in self.frameworks.items():
            if one.misses and one.sees_gpu is Answer.NO:
                lines.append(f"{_title(name)} alone sees no GPU: it does not find {', '.join(one.misses)}")
        lines += [f"torch.compile ends the process of the probe {name}" for name in self.dies]
        if self.unread:
            lines += self._about_unread()
            lines.append(f"nobody read whether conda's builds hold code for compute capability {self.gpu}")
        else:
            lines += self._about_no_cuda()
        return tuple(lines) or (self.verdict,)

    @property
    def verdict(self) -> str:
        """What ``works`` answers, in words; of what is meant for the CPU, that it is."""
        return _CPU if self.uses_gpu is Answer.NO and not self.broken else _VERDICTS[self.works]

    def about_wrong_numbers(self) -> Iterator[str]:
        """The worst that can become of a framework: that it goes on and nobody notices."""
        for name, one in self.frameworks.items():
            if one.wrong is not None:
                yield f"{_title(name)} has no kernel for compute capability {self.gpu}; {one.wrong}"

    def _about_code(self) -> Iterator[str]:
        for name, one in self.frameworks.items():
            if one.code == "none" and one.wrong is None:
                yield f"{_title(name)} has no kernel for compute capability {self.gpu}"
            elif one.code == "ptx" and one.compiles is Answer.YES and self.probes.get(name) is not Answer.NO:
                yield f"{_title(name)} compiles PTX for compute capability {self.gpu} first"

    def _about_unread(self) -> Iterator[str]:
        for package in self.unread_builds:
            framework = framework_of(package)
            yield f"nobody read what {package if framework is None else _title(framework)}'s build has for a GPU"

    def _about_no_cuda(self) -> Iterator[str]:
        """That a build has no CUDA code is said only where somebody read so, or its name says it."""
        yield from self._about_unread()
        if self.uses_gpu is Answer.NO:
            yield _CPU
            return
        if self.uses_gpu is Answer.NOT_KNOWN and not self.unread_builds:
            yield "not known whether anything in it uses a GPU"
        else:
            cpu = (name for name, one in self.frameworks.items() if one.cuda == NONE)
            yield from (f"{_title(name)} uses no GPU" for name in cpu)


_CPU = "uses no GPU"
_VERDICTS = {
    Answer.YES: "works",
    Answer.NO: "does not work",
    Answer.NOT_KNOWN: "not known whether it works",
}
"""What ``Prediction.works`` answers, in words."""


def _title(name: Framework) -> str:
    return FRAMEWORKS[name].title
