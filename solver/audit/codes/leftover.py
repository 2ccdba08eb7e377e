"""``leftover``: remains of other installs that come before what the set means to use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from solver.audit.context import AuditContext
from solver.audit.prefix_files import distributions_in, site_packages
from solver.audit.words import listed
from solver.core.frameworks import framework_of
from solver.core.model import Finding
from solver.core.versions import numbers

CODE = "leftover"
_CUDA_IN_PATH = re.compile(r"cuda[-_/]?v?(\d+\.\d+)")


def find(context: AuditContext) -> Iterator[Finding]:
    """Rules; in a prefix second copies and a user site; environment variables that lead elsewhere."""
    if context.set.prefix is not None:
        yield from _second_copies(Path(context.set.prefix))
        yield from _comes_first(context, Path(context.set.prefix))
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
                    why=f"{name} is recorded as installed {len(versions)} times in {site.name}",
                    source="the .dist-info folders",
                    cure=f"uninstall {name} until it is gone, then install it once",
                )


def _comes_first(context: AuditContext, prefix: Path) -> Iterator[Finding]:
    """Folders that python searches before the prefix's own: PYTHONPATH, and a user site outside a venv."""
    environ = context.environ
    folders = [(Path(part), "PYTHONPATH") for part in environ.get("PYTHONPATH", "").split(":") if part]
    is_venv = (prefix / "pyvenv.cfg").is_file()
    if not is_venv and not environ.get("PYTHONNOUSERSITE") and context.set.python is not None:
        base = environ.get("PYTHONUSERBASE") or (f"{environ['HOME']}/.local" if "HOME" in environ else None)
        if base is not None:
            user = Path(base) / "lib" / f"python{context.set.python}" / "site-packages"
            folders.append((user, "the user site"))
    for folder, called in folders:
        there = distributions_in(folder)
        shadowed = sorted(name for name in there if name in context.packages and _matters(context, name))
        for name in shadowed:
            mine = context.packages[name].version
            if mine is not None and there[name] != [mine]:
                yield Finding(
                    code=CODE,
                    severity="error",
                    packages=(f"{name}=={mine}",),
                    why=f"{called} ({folder}) holds {name} {listed(there[name])} and comes before the prefix's {mine}",
                    source="python's search order for modules",
                    cure="set PYTHONNOUSERSITE=1" if called == "the user site" else "unset PYTHONPATH",
                )


def _matters(context: AuditContext, name: str) -> bool:
    """Whether a framework, or a package that some rule speaks of, is shadowed."""
    spoken = {other for rule in context.matrices.rules for other in (*rule.when, *rule.needs)}
    return framework_of(name) is not None or name in spoken


def _library_path(context: AuditContext) -> Iterator[Finding]:
    """Known CUDA libraries in a folder of LD_LIBRARY_PATH outside the prefix: it comes before any RUNPATH."""
    sonames = {soname: item for item in context.provided for soname in item.library.sonames}
    inside = [site.resolve() for site in site_packages(Path(context.set.prefix))] if context.set.prefix else []
    for part in context.environ.get("LD_LIBRARY_PATH", "").split(":"):
        folder = Path(part)
        if not part or any(folder.resolve().is_relative_to(site) for site in inside):
            continue
        there = sorted(soname for soname in sonames if (folder / soname).exists())
        if there:
            packages = tuple(sorted({sonames[soname].package.pin for soname in there}))
            yield Finding(
                code=CODE,
                severity="warning",
                packages=packages,
                why=f"LD_LIBRARY_PATH names {folder}, whose {listed(there)} come before those of the packages",
                source="ld.so(8): LD_LIBRARY_PATH is searched before RUNPATH",
                cure=f"take {folder} off LD_LIBRARY_PATH",
                paths=tuple(str(folder / soname) for soname in there),
            )


def _cuda_home(context: AuditContext) -> Iterator[Finding]:
    wanted = {numbers(build.cuda) for build in context.builds if build.cuda is not None}
    for name in ("CUDA_HOME", "CUDA_PATH"):
        path = context.environ.get(name, "")
        found = _CUDA_IN_PATH.search(path.lower())
        if found is None or not wanted or numbers(found[1])[0] in {major for major, _ in wanted}:
            continue
        builds = sorted(build.pin for build in context.builds if build.cuda is not None)
        yield Finding(
            code=CODE,
            severity="warning",
            packages=tuple(builds),
            why=f"{name} points at CUDA {found[1]} ({path}); {listed(builds)} "
            f"{'is' if len(builds) == 1 else 'are'} built for CUDA "
            f"{listed(sorted(f'{a}.{b}' for a, b in wanted))}, so extensions compiled here do not fit",
            source="torch.utils.cpp_extension and XLA take the compiler from there",
            cure=f"unset {name}, or point it at a toolkit of the same CUDA major",
        )
