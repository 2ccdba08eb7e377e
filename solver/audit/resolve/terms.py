"""The words of the resolution: what may be chosen, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from solver.audit.package_set import Package
from solver.core.answer import NotKnown
from solver.core.model import PypiName
from solver.core.versions import is_empty, meets, specifier_or_none, version_or_none

Ident = tuple[PypiName, str]
"""What has one choice: a package by its name and "", or what it asks for under an extra, by name and extra."""


@dataclass(frozen=True)
class Pick:
    """One version of a package, or of what it asks for under an extra."""

    name: PypiName
    extra: str
    version: str | NotKnown
    """NOT_KNOWN where nobody knows which it would be: not recorded, of another index, of a repository."""
    stated: bool
    """Whether the list itself says that it is this one."""
    package: Package = field(compare=False)

    @property
    def ident(self) -> Ident:
        """What it is a choice of."""
        return self.name, self.extra

    @property
    def text(self) -> str:
        """``tensorflow[and-cuda]==2.18.0``."""
        extra = f"[{self.extra}]" if self.extra else ""
        return f"{self.name}{extra}" + (f"=={self.version}" if self.version else self.package.specifier)


@dataclass(frozen=True)
class ListAsk:
    """What the list or a choice asks of a package."""

    name: PypiName
    extra: str
    specifier: str
    asker: Pick | None
    """None: the list itself."""
    line: Package | None = field(default=None, compare=False)
    """What the list says; None: a choice asks."""
    file: Package | None = None
    """What an address that is asked for leads to; None: an index is to serve it."""

    @property
    def ident(self) -> Ident:
        """What it is about."""
        return self.name, self.extra

    @property
    def text(self) -> str:
        """``nvidia-cublas-cu12==12.4.5.8``."""
        return f"{self.name}{self.specifier}"

    @property
    def is_certain(self) -> bool:
        """Whether it is asked in any case: by the list, or by what the list states."""
        return self.asker is None or self.asker.stated

    @property
    def exact(self) -> str | None:
        """The one version that it takes; None where it takes several."""
        clauses = list(specifier_or_none(self.specifier) or ())
        pins = [one.version for one in clauses if one.operator in ("==", "===") and not one.version.endswith(".*")]
        return pins[0] if pins else None

    def admits(self, choice: Pick) -> bool:
        """Whether a choice meets it.

        A version that the list states stands against what another such version asks for: nothing is to be chosen
        there, and the code ``metadata`` tells of it.
        """
        if isinstance(choice.version, NotKnown) or (choice.stated and self.is_certain):
            return True
        return not self.specifier or meets(choice.version, self.specifier)


def joined(asks: Iterable[ListAsk]) -> str:
    """The specifier of what all of them admit."""
    return ",".join(dict.fromkeys(ask.specifier for ask in asks if ask.specifier))


def exclude_each_other(asks: Iterable[ListAsk]) -> bool:
    """Whether no version at all, recorded or not, meets every one of them."""
    every = [ask for ask in asks if ask.specifier]
    exact = next((ask.exact for ask in every if ask.exact is not None), None)
    if exact is not None:
        return version_or_none(exact) is not None and not all(meets(exact, ask.specifier) for ask in every)
    return is_empty(joined(every))
