"""Where pip looks for the packages of a list, as its options say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from solver.audit.package_set import Package
from solver.core import names
from solver.core.inclusions import Inclusions
from solver.core.indexes import DEFAULT_INDEX
from solver.core.model import pypi_name
from solver.core.names import url_parts


@dataclass
class ListSources:
    """Where pip looks, as the options of the file and of those that it includes say."""

    index: list[str] = field(default_factory=lambda: [DEFAULT_INDEX])
    others: list[str] = field(default_factory=list)
    """Further indexes and pages of links."""
    constraints: list[Package] = field(default_factory=list)
    """What files of constraints say."""
    nameless: list[str] = field(default_factory=list)
    """Lines that install what has no name here, with their numbers."""
    inclusions: Inclusions = field(default_factory=Inclusions)
    """The files that it includes."""
    shelves: dict[str, frozenset[str]] = field(default_factory=dict)
    """The names of the wheels in each folder of this machine that is named; none of one that is not there."""

    def take(self, option: str, value: str, folder: Path | None) -> None:
        """Heed an option; a folder of files counts like any place that may hold other builds."""
        address = value.strip().strip("\"'")
        if option == "--no-index":
            self.index.clear()
        elif not address or url_parts(address).scheme not in ("http", "https", "file", ""):
            return
        elif option in ("-i", "--index-url", "--pypi-url"):
            self.index[:] = [address]
        elif option in ("-f", "--find-links", "--extra-index-url"):
            self.others.append(address)
            shelf = None if folder is None or url_parts(address).scheme else wheels_in(folder / address)
            if shelf is not None:
                self.shelves[address] = shelf

    def of(self, package: Package) -> tuple[str, ...]:
        """All that may serve a package; none where only the default index does."""
        every = (*self.index, *(one for one in self.others if self._may_serve(one, package)))
        return () if every == (DEFAULT_INDEX,) else every

    def _may_serve(self, address: str, package: Package) -> bool:
        return address not in self.shelves or package.name in self.shelves[address]


def wheel_filename(url: str) -> str | None:
    """The wheel's file name at the end of a URL or a path; None where there is no wheel."""
    name = unquote(names.url_parts(url).path.rpartition("/")[2])
    try:
        names.wheel(name)
    except names.BadName:
        return None
    return name


def wheels_in(folder: Path) -> frozenset[str] | None:
    """The names of the packages of which a folder holds wheels; None where it is not there."""
    try:
        files = [path.name for path in folder.iterdir()]
    except (OSError, ValueError):
        return None
    return frozenset(pypi_name(names.wheel(file).project) for file in files if wheel_filename(file) is not None)
