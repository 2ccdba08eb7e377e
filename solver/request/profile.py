"""Read one profile of a request: its keys against the template, each refused where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import UnsetType

from solver.core.axes import CUDA
from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS, WHEEL_FLAVOUR
from solver.core.frameworks import FRAMEWORKS, ON_GPU_ONLY, preferred_first, variables_of
from solver.core.indexes import DEFAULT_NAME, Bindings, is_of_default
from solver.core.model import (
    Framework,
    GpuSharing,
    KnownIndex,
    LoaderWay,
    Profile,
    Target,
    pypi_name,
)
from solver.core.yamlfile import Key
from solver.matrix.rows import NONE
from solver.request.fields import (
    check_acceptance,
    check_channels,
    check_variables,
    check_virtual_packages,
)
from solver.request.interop import BETWEEN
from solver.request.keys import ProfileKeys
from solver.request.loader import check_way, module_keys
from solver.request.profile_packages import (
    attestations_of,
    conda_packages_of,
    constraints_of,
    packages_of,
    stack_of,
    without,
)
from solver.request.profile_target import check_image, cuda_of, driver_branch_of, python_of, target_of
from solver.request.template import requirement_at
from solver.request.text import FrameworkText

_MOST = 2**31 - 1
"""Of threads and of MB: what both frameworks take."""


class ProfileReader:
    """Reads the keys of one profile."""

    def __init__(self, keys: ProfileKeys) -> None:
        self.keys, self.written = keys, keys.written

    def read(self) -> Profile:
        """The profile as a whole of its own; raises ``BadInput`` at the first key that cannot be used."""
        keys, written = self.keys, self.written
        frameworks = self._frameworks(keys.template.frameworks)
        packages = without(keys, packages_of(keys), frameworks)
        python, cuda = python_of(keys), cuda_of(keys)
        check_channels(keys.document, written.get("channels", ()), ("profiles", keys.name, "channels"))
        check_variables(keys.document, written.get("variables", {}), ("profiles", keys.name, "variables"))
        profile = Profile(
            name=keys.name,
            named=self._named(),
            flavour=keys.flavour(),
            frameworks=frameworks,
            prefer=self._prefer(frameworks),
            prefer_verified=written.get("prefer-verified", False) or written.get("prefer") == "verified",
            target=target_of(keys, python, cuda),
            driver_branch=driver_branch_of(keys),
            python=python,
            cuda=cuda,
            cpu_frameworks=self._cpu_frameworks(frameworks),
            constraints=constraints_of(keys, frameworks),
            packages=tuple(packages.values()),
            conda_packages=conda_packages_of(keys),
            exclude_newer=self._exclude_newer(),
            virtual_packages=self._virtual_packages(),
            channels=written.get("channels", keys.text.channels),
            indexes=self._indexes(),
            bound=Bindings(tuple(keys.private)).patterns,
            variables={**self._variables(frameworks), **written.get("variables", {})},
            gpu_sharing=self._no_module(self._gpu_sharing()),
            loader=self._loader(),
            interop=self._interop(frameworks),
            attestations=attestations_of(keys),
            stack=stack_of(keys),
            image=written.get("image"),
            accept=self._accept(),
        )
        check_image(keys, profile.image, profile.target)
        return profile

    def variant(self, whole: Profile) -> Profile:
        """This profile as a part of ``whole``."""
        frameworks = self._frameworks(whole.frameworks)
        packages: dict[str, str] = {
            pypi_name(requirement_at(self.keys.document, text, ()).name): text for text in whole.packages
        }
        left_out = {word for word in FRAMEWORKS if word not in frameworks}
        return msgspec.structs.replace(
            whole,
            name=self.keys.name,
            named=self._named(),
            variant_of=whole.variant_of or whole.name,
            frameworks=frameworks,
            prefer=whole.prefer if whole.prefer in frameworks else (*frameworks, whole.prefer)[0],
            packages=tuple(without(self.keys, packages, frameworks).values()),
            constraints={k: v for k, v in whole.constraints.items() if k not in left_out},
            variables=variables_of(frameworks, whole.variables),
            **self._of_cpu(whole, frameworks),
        )

    def _of_cpu(self, whole: Profile, frameworks: Sequence[Framework]) -> dict[str, Any]:
        """What of ``whole`` is for the CPU in a part of it: all, where no framework is left that uses the GPU."""
        cpu = tuple(word for word in whole.cpu_frameworks if word in frameworks)
        if cpu and len(cpu) == len(frameworks):
            target = msgspec.structs.replace(whole.target, driver=None, gpus=())
            return {CUDA: NONE, "cpu_frameworks": (), "target": target, "driver_branch": None}
        return {"cpu_frameworks": cpu}

    def _variables(self, frameworks: Sequence[Framework]) -> dict[str, str]:
        """The template's, of which a profile takes those that its frameworks read; what it names itself stays."""
        variables = variables_of(frameworks, self.keys.text.variables)
        if not self.keys.is_for_cpu:
            return variables
        return {name: value for name, value in variables.items() if name not in ON_GPU_ONLY}

    def _accept(self) -> dict[str, str]:
        accepted: dict[str, str] = self.written.get("accept", {})
        check_acceptance(self.keys.document, accepted, ("profiles", self.keys.name, "accept"))
        return accepted

    def _frameworks(self, default: tuple[Framework, ...]) -> tuple[Framework, ...]:
        frameworks = self.written.get("frameworks", default)
        for position, framework in enumerate(frameworks):
            if framework in frameworks[:position]:
                raise self.keys.bad(f"{framework} stands here for the second time", "frameworks", position)
            if "variant-of" in self.written and framework not in default:
                raise self.keys.bad(f"the parent has no {framework}", "frameworks", position, fix="leave it out")
            if not (FRAMEWORKS[framework].from_conda or FLAVOURS[self.keys.flavour()].from_pip):
                problem = f"{framework} comes from the package index alone"
                raise self.keys.bad(problem, "frameworks", position, fix=f"use flavour: {WHEEL_FLAVOUR}")
        return tuple(word for word in FRAMEWORKS if word in frameworks)

    def _prefer(self, frameworks: tuple[Framework, ...]) -> Framework:
        preference = self.written.get("prefer")
        if preference not in (None, "verified", *FRAMEWORKS):
            raise self.keys.bad(f"expected {', '.join(FRAMEWORKS)} or verified, found {preference}", "prefer")
        if preference in FRAMEWORKS and preference not in frameworks:
            raise self.keys.bad(
                f"{preference} is not among the frameworks", "prefer", fix=f"prefer one of {', '.join(frameworks)}"
            )
        named = next((word for word in frameworks if word == preference), None)
        return next(iter(preferred_first(frameworks or FRAMEWORKS, named)))

    def _cpu_frameworks(self, frameworks: tuple[Framework, ...]) -> tuple[Framework, ...]:
        """The frameworks that have a ``cuda: none`` of their own."""
        sections = [word for word in FRAMEWORKS if isinstance(self.written.get(word), FrameworkText)]
        cpu = tuple(word for word in sections if self.written[word].cuda == NONE and word in frameworks)
        if cpu and self.keys.is_for_cpu:
            raise self.keys.bad("repeats cuda: none, which is said of all", cpu[0], "cuda", fix="drop it here")
        if cpu and len(cpu) == len(frameworks):
            raise self.keys.bad(
                "leaves no framework for the GPU", cpu[0], "cuda", fix="write cuda: none in the profile"
            )
        if cpu and not FLAVOURS[self.keys.flavour()].from_pip:
            problem = "is not to be had from conda's channels, of which one CUDA is chosen for every framework"
            raise self.keys.bad(problem, cpu[0], "cuda", fix=f"drop it, or use flavour: {WHEEL_FLAVOUR}")
        return cpu

    def _exclude_newer(self) -> str | None:
        text: str | None = self.written.get("exclude-newer")
        if text is not None:
            try:
                date.fromisoformat(text)
            except ValueError:
                raise self.keys.bad(f"{text} is no day", "exclude-newer", fix='write it like "2026-11-01"') from None
        return text

    def _virtual_packages(self) -> dict[str, str]:
        versions: dict[str, str] = self.written.get("virtual-packages", {})
        check_virtual_packages(self.keys.document, versions, ("profiles", self.keys.name, "virtual-packages"))
        return dict(versions)

    def _named(self) -> str | None:
        return None if isinstance(self.keys.text.name, UnsetType) else f"{self.keys.text.name}-{self.keys.name}"

    def _indexes(self) -> tuple[KnownIndex, ...]:
        indexes: tuple[KnownIndex, ...] = self.written.get("indexes", ())
        return (DEFAULT_NAME, *dict.fromkeys(index for index in indexes if not is_of_default(index)))

    def _gpu_sharing(self) -> GpuSharing | None:
        place: tuple[Key, ...] = ("profiles", self.keys.name, "gpu_sharing")
        sharing = self.written.get("gpu_sharing")
        if sharing is None:
            place = ("gpu_sharing",)
            sharing = self.keys.text.gpu_sharing if isinstance(self.keys.text.gpu_sharing, GpuSharing) else None
        if sharing is None:
            return None
        for key in ("torch_fraction", "jax_fraction"):
            fraction = getattr(sharing, key)
            if fraction is not None and not 0 < fraction <= 1:
                raise self.keys.document.error(f"expected a share above 0 and at most 1, found {fraction}", *place, key)
        for key in ("tensorflow_limit_mb", "intra_threads", "inter_threads"):
            number = getattr(sharing, key)
            if number is not None and not 1 <= number <= _MOST:
                problem = f"expected a whole number from 1 to {_MOST}, found {number}"
                raise self.keys.document.error(problem, *place, key)
        return sharing

    def _no_module(self, sharing: GpuSharing | None) -> GpuSharing | None:
        """Refuse, in a conda profile, what only our module in the environment could set."""
        way = self.written.get("loader", "wheel")
        if sharing is not None and (way != "wheel" or not FLAVOURS[self.keys.flavour()].from_pip):
            for key in module_keys(sharing):
                problem = f"has {key}, which needs a module that comes by pip"
                cure = f"use flavour: {WHEEL_FLAVOUR}" if way == "wheel" else f"drop loader: {way}"
                raise self.keys.bad(problem, "gpu_sharing", fix=f"{cure}, or drop this key")
        return sharing

    def _loader(self) -> LoaderWay:
        way: LoaderWay = self.written.get("loader", "wheel")
        try:
            check_way(way, self.keys.flavour(), self.written.get("platform", Target().platform))
        except BadInput as error:
            raise self.keys.bad(error.problem, "loader", fix=error.fix) from None
        return way

    def _interop(self, frameworks: Sequence[str]) -> bool:
        interop = bool(self.written.get("interop", False))
        if interop and not set(BETWEEN) <= set(frameworks):
            fix = "name both in frameworks:, or drop this key"
            raise self.keys.bad(f"needs {' and '.join(BETWEEN)}", "interop", fix=fix)
        if interop and not FLAVOURS[self.keys.flavour()].from_pip:
            raise self.keys.bad(
                "needs a converter that conda-forge has not", "interop", fix=f"use flavour: {WHEEL_FLAVOUR}"
            )
        return interop
