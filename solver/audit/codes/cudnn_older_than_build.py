"""``cudnn-older-than-build``: the cuDNN that gets loaded cannot serve what a framework was compiled with."""

from __future__ import annotations

from collections.abc import Iterator

from solver.audit.builds import BuiltPackage
from solver.audit.context import AuditContext
from solver.audit.findings import finding_about
from solver.audit.package_set import Package
from solver.core.model import Finding
from solver.core.versions import numbers

CODE = "cudnn-older-than-build"


def find(context: AuditContext) -> Iterator[Finding]:
    """Another major than the build's, or a lower minor: cuDNN promises neither."""
    for build in context.builds:
        # A wheel with its own CUDA inside takes its own cuDNN.
        if build.cudnn is None or build.cuda is None or (build.bundles and build.package.origin == "pypi"):
            continue
        for package in _loaded(context, build):
            if package.version is None:
                continue
            version, built = numbers(package.version), numbers(build.cudnn)
            if version[0] != built[0] or version < built:
                yield _finding(build, package, version[0] != built[0])


def _loaded(context: AuditContext, build: BuiltPackage) -> list[Package]:
    """The cuDNN of the build's CUDA major, and whatever overwrites it."""
    own = context.libraries(build.major or 0).get("cudnn")
    if own is None:
        conda = context.package("cudnn")
        return [conda] if conda is not None and conda.origin == "conda" else []
    folder = own.library.directory
    return [
        item.package
        for item in context.provided
        if item.library.library == "cudnn" and item.library.directory == folder
    ]


def _finding(build: BuiltPackage, package: Package, other_major: bool) -> Finding:
    what = "has another major" if other_major else "is older"
    built = numbers(build.cudnn or "")
    return finding_about(
        (build.package, package),
        code=CODE,
        severity="error",
        why=f"{build.pin} was compiled with cuDNN {build.cudnn}; {package.pin}, which it will load, {what}",
        source=build.source,
        cure=f"take {package.name} >={built[0]}.{built[1]},<{built[0] + 1}",
    )
