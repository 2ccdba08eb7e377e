"""``leftover``: remains of other installs that come before what the set means to use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.phrases import listed
from solver.audit.prefix_files import distributions_in, site_packages
from solver.core.answer import Answer
from solver.core.frameworks import framework_of
from solver.core.model import Finding, PypiName
from solver.core.versions import numbers
from solver.matrix.rules import spoken_of

CODE = "leftover"
_CUDA_IN_PATH = re.compile(r"cuda[-_/]?v?(\d+\.\d+)")


def find(context: AuditContext) -> Iterator[Finding]:
    """In a prefix second copies and folders that come first; environment variables that lead elsewhere."""
    if context.set.prefix is not None:
        prefix = Path(context.set.prefix)
        yield from _second_copies(prefix)
        for folder, called, cure in _searched_first(context, prefix):
            yield from _shadowed(context, folder, called, cure)
    yield from _library_path(context)
    yield from _cuda_home(context)


def _second_copies(prefix: Path) -> Iterator[Finding]:
    for site in site_packages(prefix):
        for name, versions in sorted(distributions_in(site).items()):
            if len(versions) > 1:
                yield Finding(
                    code=CODE,
                    severity="warning",
                    packages=tuple(f"{name}=={version}" for version in versions),
                    names=(name,),
                    why=f"{name} is recorded as installed {len(versions)} times in {site.name}",
                    source="the .dist-info folders",
                    cure=f"uninstall {name} until it is gone, then install it once",
                )


def _searched_first(context: AuditContext, prefix: Path) -> Iterator[tuple[Path, str, str]]:
    """Folders that python searches before the prefix's own: what each is called, and how to be rid of it."""
    for part in context.environ.get("PYTHONPATH", "").split(":"):
        if part:
            yield Path(part), "PYTHONPATH", "unset PYTHONPATH"
    # A venv has no user site; conda's environments and the system's python do.
    is_venv = (prefix / "pyvenv.cfg").is_file()
    base = _user_base(context.environ)
    if not is_venv and base is not None and context.set.python is not None:
        folder = base / "lib" / f"python{context.set.python}" / "site-packages"
        yield folder, "the user site", "set PYTHONNOUSERSITE=1"


def _user_base(environ: Mapping[str, str]) -> Path | None:
    """Where ``pip install --user`` installs below; None where python does not look there."""
    if environ.get("PYTHONNOUSERSITE"):
        return None
    if environ.get("PYTHONUSERBASE"):
        return Path(environ["PYTHONUSERBASE"])
    return Path(environ["HOME"]) / ".local" if "HOME" in environ else None


def _shadowed(context: AuditContext, folder: Path, called: str, cure: str) -> Iterator[Finding]:
    """What matters of the prefix's packages and stands in ``folder`` at another version."""
    for name, versions in sorted(distributions_in(folder).items()):
        package = context.packages.get(name)
        if package is None or not _matters(context, name):
            continue
        if package.version is not None and versions != [package.version]:
            yield Finding(
                code=CODE,
                severity="error",
                packages=(f"{name}=={package.version}",),
                names=(name,),
                why=f"{called} ({folder}) holds {name} {listed(versions)} and comes before the prefix's "
                f"{package.version}",
                source="python's search order for modules",
                cure=cure,
            )


def _matters(context: AuditContext, name: PypiName) -> bool:
    """Whether it is a framework, or some rule speaks of it."""
    return framework_of(name) is not None or name in spoken_of(context.matrices.rules)


def _library_path(context: AuditContext) -> Iterator[Finding]:
    """Known CUDA libraries in a folder of LD_LIBRARY_PATH outside the prefix: it comes before any RUNPATH."""
    providers = {soname: item.package for item in context.provided for soname in item.library.sonames}
    inside = [site.resolve() for site in site_packages(Path(context.set.prefix))] if context.set.prefix else []
    for part in context.environ.get("LD_LIBRARY_PATH", "").split(":"):
        folder = Path(part)
        if not part or any(folder.resolve().is_relative_to(site) for site in inside):
            continue
        sonames = sorted(soname for soname in providers if (folder / soname).exists())
        if sonames:
            yield finding_about(
                [providers[soname] for soname in sonames],
                code=CODE,
                severity="warning",
                why=f"LD_LIBRARY_PATH names {folder}, whose {listed(sonames)} come before those of the packages",
                source="ld.so(8): LD_LIBRARY_PATH is searched before RUNPATH",
                cure=f"take {folder} off LD_LIBRARY_PATH",
                paths=tuple(str(folder / soname) for soname in sonames),
            )


def _cuda_home(context: AuditContext) -> Iterator[Finding]:
    """A toolkit of a CUDA major that no build was made with: extensions would be compiled by it."""
    builds = [build for build in context.builds if build.has_cuda is Answer.YES]
    cudas = {numbers(build.cuda) for build in builds if isinstance(build.cuda, str)}
    for name in ("CUDA_HOME", "CUDA_PATH"):
        path = context.environ.get(name, "")
        toolkit = _CUDA_IN_PATH.search(path.lower())
        if toolkit is None or not builds or numbers(toolkit[1])[0] in {major for major, _ in cudas}:
            continue
        pins = sorted(build.pin for build in builds)
        yield finding_about(
            [build.package for build in builds],
            code=CODE,
            severity="warning",
            why=f"{name} points at CUDA {toolkit[1]} ({path}); {listed(pins)} {'is' if len(pins) == 1 else 'are'} "
            f"built for CUDA {listed(sorted(f'{major}.{minor}' for major, minor in cudas))}, so extensions compiled "
            "here do not fit",
            source="torch.utils.cpp_extension and XLA take the compiler from there",
            cure=f"unset {name}, or point it at a toolkit of the same CUDA major",
        )
