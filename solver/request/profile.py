"""Read one profile of a request: its keys against the template, each refused where it stands."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import UnsetType
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version

from solver.core.axes import AXES, axes_of
from solver.core.errors import BadInput
from solver.core.flavours import DEFAULT_FLAVOUR, FLAVOURS, WHEEL_FLAVOUR
from solver.core.frameworks import COMPANIONS, FRAMEWORKS, ON_GPU_ONLY, preferred_first, variables_of
from solver.core.indexes import Bindings
from solver.core.model import (
    Flavour,
    Framework,
    GpuSharing,
    Image,
    KnownIndex,
    LoaderWay,
    PrivateIndex,
    Profile,
    Target,
    pypi_name,
)
from solver.core.names import is_one_line, shown
from solver.core.yamlfile import Key, YamlDocument
from solver.index.conda_spec import read_spec
from solver.matrix.gpus import is_capability, resolve_gpus
from solver.matrix.load import Matrices
from solver.request.contradictions import contradictions
from solver.request.fields import (
    check_acceptance,
    check_base_image,
    check_channels,
    check_conda_spec,
    check_variables,
    check_virtual_packages,
)
from solver.request.interop import BETWEEN
from solver.request.loader import check_way, module_keys
from solver.request.template import Template, requirement_at
from solver.request.text import FrameworkText, RequestText
from solver.request.words import NO_ROWS, branch_in, parse_python, parse_target

Rows = Callable[[], Matrices]
"""Gives the rows that tell names of GPUs and branches of drivers, when they are needed."""

_MOST = 2**31 - 1
"""Of threads and of MB: what both frameworks take."""
_PACKAGE_AXES = axes_of("library", "framework", "package")
_TARGET_KEYS = ("platform", "glibc", "driver", "gpu", "cpu")


def specifier(text: str) -> str:
    """A specifier from a bare version ("2.10.1"), a prefix ("2.*") or a specifier (">=2.18,<2.21").

    Raises ``ValueError`` for anything else.
    """
    bare = text.strip()
    if bare[:1].isdigit():
        bare = f"=={bare}"
    try:
        specifiers = SpecifierSet(bare)
    except InvalidSpecifier:
        raise ValueError(f'"{text}" is no version and no specifier') from None
    if not len(specifiers) or any(part.operator == "===" for part in specifiers):
        raise ValueError(f'"{text}" is no version and no specifier')
    return str(specifiers)


class ProfileReader:
    """Reads the keys of one profile."""

    def __init__(
        self,
        document: YamlDocument,
        name: str,
        keys: Mapping[str, Any],
        text: RequestText,
        template: Template,
        rows: Rows,
        private: Sequence[PrivateIndex] = (),
    ) -> None:
        self.private = private
        self.document, self.name, self.keys = document, name, keys
        self.text, self.template, self.rows = text, template, rows

    def _bad(self, problem: str, *path: Key, fix: str | None = None) -> BadInput:
        return self.document.error(problem, "profiles", self.name, *path, fix=fix)

    def read(self) -> Profile:
        """The profile as a whole of its own; raises ``BadInput`` at the first key that cannot be used."""
        keys = self.keys
        frameworks = self._frameworks(self.template.frameworks)
        packages = self._without(self._packages(), frameworks)
        python, cuda = self._python(), self._cuda()
        check_channels(self.document, keys.get("channels", ()), ("profiles", self.name, "channels"))
        check_variables(self.document, keys.get("variables", {}), ("profiles", self.name, "variables"))
        profile = Profile(
            name=self.name,
            named=self._named(),
            flavour=self._flavour(),
            frameworks=frameworks,
            prefer=self._prefer(frameworks),
            prefer_verified=keys.get("prefer-verified", False) or keys.get("prefer") == "verified",
            target=self._target(python, cuda),
            driver_branch=self._driver_branch(),
            python=python,
            cuda=cuda,
            cpu_frameworks=self._cpu_frameworks(frameworks),
            constraints=self._constraints(frameworks),
            packages=tuple(packages.values()),
            conda_packages=self._conda_packages(),
            exclude_newer=self._exclude_newer(),
            virtual_packages=self._virtual_packages(),
            channels=keys.get("channels", self.text.channels),
            indexes=self._indexes(),
            bound=Bindings(tuple(self.private)).patterns,
            variables={**self._variables(frameworks), **keys.get("variables", {})},
            gpu_sharing=self._no_module(self._gpu_sharing()),
            loader=self._loader(),
            interop=self._interop(frameworks),
            attestations=self._attestations(),
            stack=self._stack(),
            image=keys.get("image"),
            accept=self._accept(),
        )
        self._check_image(profile.image, profile.target)
        return profile

    def variant(self, whole: Profile) -> Profile:
        """This profile as a part of ``whole``."""
        frameworks = self._frameworks(whole.frameworks)
        packages: dict[str, str] = {
            pypi_name(requirement_at(self.document, text, ()).name): text for text in whole.packages
        }
        left_out = {word for word in FRAMEWORKS if word not in frameworks}
        return msgspec.structs.replace(
            whole,
            name=self.name,
            named=self._named(),
            variant_of=whole.variant_of or whole.name,
            frameworks=frameworks,
            prefer=whole.prefer if whole.prefer in frameworks else (*frameworks, whole.prefer)[0],
            packages=tuple(self._without(packages, frameworks).values()),
            constraints={k: v for k, v in whole.constraints.items() if k not in left_out},
            variables=variables_of(frameworks, whole.variables),
            **self._of_cpu(whole, frameworks),
        )

    def _of_cpu(self, whole: Profile, frameworks: Sequence[Framework]) -> dict[str, Any]:
        """What of ``whole`` is for the CPU in a part of it: all, where no framework is left that uses the GPU."""
        cpu = tuple(word for word in whole.cpu_frameworks if word in frameworks)
        if cpu and len(cpu) == len(frameworks):
            target = msgspec.structs.replace(whole.target, driver=None, gpus=())
            return {"cuda": "none", "cpu_frameworks": (), "target": target, "driver_branch": None}
        return {"cpu_frameworks": cpu}

    def _variables(self, frameworks: Sequence[Framework]) -> dict[str, str]:
        """The template's, of which a profile takes those that its frameworks read; what it names itself stays."""
        variables = variables_of(frameworks, self.text.variables)
        if self.keys.get("cuda") != "none":
            return variables
        return {name: value for name, value in variables.items() if name not in ON_GPU_ONLY}

    def _accept(self) -> dict[str, str]:
        accepted: dict[str, str] = self.keys.get("accept", {})
        check_acceptance(self.document, accepted, ("profiles", self.name, "accept"))
        return accepted

    def _flavour(self) -> Flavour:
        flavour: Flavour = self.keys.get("flavour", DEFAULT_FLAVOUR)
        return flavour

    def _frameworks(self, default: tuple[Framework, ...]) -> tuple[Framework, ...]:
        frameworks = self.keys.get("frameworks", default)
        for position, framework in enumerate(frameworks):
            if framework in frameworks[:position]:
                raise self._bad(f"{framework} stands here for the second time", "frameworks", position)
            if "variant-of" in self.keys and framework not in default:
                raise self._bad(f"the parent has no {framework}", "frameworks", position, fix="leave it out")
            if not (FRAMEWORKS[framework].from_conda or FLAVOURS[self._flavour()].from_pip):
                problem = f"{framework} comes from the package index alone"
                raise self._bad(problem, "frameworks", position, fix=f"use flavour: {WHEEL_FLAVOUR}")
        return tuple(word for word in FRAMEWORKS if word in frameworks)

    def _prefer(self, frameworks: tuple[Framework, ...]) -> Framework:
        preference = self.keys.get("prefer")
        if preference not in (None, "verified", *FRAMEWORKS):
            raise self._bad(f"expected {', '.join(FRAMEWORKS)} or verified, found {preference}", "prefer")
        if preference in FRAMEWORKS and preference not in frameworks:
            raise self._bad(
                f"{preference} is not among the frameworks", "prefer", fix=f"prefer one of {', '.join(frameworks)}"
            )
        named = next((word for word in frameworks if word == preference), None)
        return next(iter(preferred_first(frameworks or FRAMEWORKS, named)))

    def _python(self) -> str:
        if "python" not in self.keys:
            fixed = self.template.versions.get("python")
            return "" if fixed is None else self._minor(fixed, "dependencies")
        return self._minor(self.keys["python"], "profiles", self.name, "python")

    def _minor(self, text: str, *place: Key) -> str:
        """A specifier over python's major.minor."""
        try:
            minors = specifier(text)
            for part in SpecifierSet(minors):
                if not part.version.endswith(".*"):
                    parse_python(part.version)
        except ValueError:
            problem = f'expected a python such as "3.12" or ">=3.10,<3.13", found "{text}"'
            raise self.document.error(problem, *place) from None
        except BadInput as error:
            raise self.document.error(error.problem, *place) from None
        return minors

    def _cuda(self) -> str:
        text = self.keys.get("cuda", "")
        if text in ("", "none"):
            return str(text)
        try:
            versions = specifier(text)
        except ValueError:
            versions = ""
        if not versions or not all(re.fullmatch(r"\d+\.(\d+|\*)", part.version) for part in SpecifierSet(versions)):
            raise self._bad(f'expected a CUDA such as "12.8", "13.*", ">=12.6,<13.0" or "none", found "{text}"', "cuda")
        return versions

    def _cpu_frameworks(self, frameworks: tuple[Framework, ...]) -> tuple[Framework, ...]:
        """The frameworks that have a ``cuda: none`` of their own."""
        sections = [word for word in FRAMEWORKS if isinstance(self.keys.get(word), FrameworkText)]
        cpu = tuple(word for word in sections if self.keys[word].cuda == "none" and word in frameworks)
        if cpu and self.keys.get("cuda") == "none":
            raise self._bad("repeats cuda: none, which is said of all", cpu[0], "cuda", fix="drop it here")
        if cpu and len(cpu) == len(frameworks):
            raise self._bad("leaves no framework for the GPU", cpu[0], "cuda", fix="write cuda: none in the profile")
        return cpu

    def _constraints(self, frameworks: tuple[Framework, ...]) -> dict[str, str]:
        constraints: dict[str, str] = {
            word: text for word, text in self.template.versions.items() if word in frameworks
        }
        for axis in _PACKAGE_AXES:
            if axis not in self.keys:
                continue
            if axis in FRAMEWORKS and axis not in frameworks:
                raise self._bad(f"{axis} is not among the frameworks", axis, fix="add it there, or drop this key")
            value = self.keys[axis]
            place = (axis, "version") if isinstance(value, FrameworkText) else (axis,)
            text = value.version if isinstance(value, FrameworkText) else value
            if text is not msgspec.UNSET:
                constraints[axis] = self._specifier(text, *place)
        if self.keys.get("cuda") == "none" and "cudnn" in self.keys:
            raise self._bad("contradicts cuda: none, which has no CUDA library", "cudnn", fix="drop one of them")
        for name, text in self.keys.get("constraints", {}).items():
            constraints[self._constrained(name)] = self._specifier(text, "constraints", name)
        return dict(sorted(constraints.items()))

    def _constrained(self, name: str) -> str:
        if name in AXES or name in {"driver", "gpu", "cpu", "glibc", "platform"}:
            raise self._bad(f"{name} has a key of its own", "constraints", name, fix=f"write {name}: in the profile")
        return self._package_name(name, "constraints", name)

    def _specifier(self, text: str, *path: Key) -> str:
        try:
            return specifier(text)
        except ValueError:
            raise self._bad(f'expected a version such as "2.10.1", "2.*" or ">=2.18", found "{text}"', *path) from None

    def _package_name(self, name: str, *path: Key) -> str:
        try:
            return canonicalize_name(name, validate=True)
        except InvalidName:
            quoted = f'"{name}"' if is_one_line(name) else shown(name)
            raise self._bad(f"{quoted} is no package name", *path) from None

    def _packages(self) -> dict[str, str]:
        """Requirement by name: the template's, then the profile's, which may replace one of the template."""
        packages: dict[str, str] = dict(self.template.packages)
        own: set[str] = set()
        for position, entry in enumerate(self.keys.get("packages", ())):
            place: tuple[Key, ...] = ("packages", position)
            requirement = requirement_at(self.document, entry, ("profiles", self.name, *place))
            name = pypi_name(requirement.name)
            if name in FRAMEWORKS:
                raise self._bad(
                    f"{name} is a framework", *place, fix=f"name it in frameworks: and its version in {name}:"
                )
            if name in own:
                raise self._bad(f"{name} stands here for the second time", *place, fix="leave one of them")
            own.add(name)
            packages[name] = str(requirement)
        return packages

    def _without(self, packages: Mapping[str, str], frameworks: Sequence[str]) -> dict[str, str]:
        """``packages`` less those named by ``without`` and those of an absent framework."""
        left_out = {name for name, framework in COMPANIONS.items() if framework not in frameworks}
        left_out |= {name for name in FRAMEWORKS if name not in frameworks}
        for position, entry in enumerate(self.keys.get("without", ())):
            name = self._package_name(entry, "without", position)
            if name in FRAMEWORKS:
                raise self._bad(f"{name} is a framework", "without", position, fix="leave it out of frameworks:")
            if name not in packages:
                fix = near(name, packages)
                raise self._bad(f"there is no {name} to leave out", "without", position, fix=fix)
            left_out.add(name)
        return {name: text for name, text in packages.items() if name not in left_out}

    def _exclude_newer(self) -> str | None:
        text: str | None = self.keys.get("exclude-newer")
        if text is not None:
            try:
                date.fromisoformat(text)
            except ValueError:
                raise self._bad(f"{text} is no day", "exclude-newer", fix='write it like "2026-11-01"') from None
        return text

    def _virtual_packages(self) -> dict[str, str]:
        versions: dict[str, str] = self.keys.get("virtual-packages", {})
        check_virtual_packages(self.document, versions, ("profiles", self.name, "virtual-packages"))
        return dict(versions)

    def _conda_packages(self) -> tuple[str, ...]:
        own = self.keys.get("conda-packages", ())
        if not FLAVOURS[self._flavour()].conda and (self.template.conda_packages or own):
            names = ", ".join((*self.template.conda_packages, *own))
            fix = "move them under pip:, or take flavour: pip-in-conda"
            raise self._bad(f"has nothing of conda, and {names} are conda packages", "flavour", fix=fix)
        for position, entry in enumerate(own):
            check_conda_spec(self.document, entry, ("profiles", self.name, "conda-packages", position))
            spec = read_spec(entry)
            if spec is None:
                raise self._bad(f'"{entry}" is no conda package', "conda-packages", position)
            if spec.name in ("python", "pip"):
                raise self._bad(f"{spec.name} is always there", "conda-packages", position, fix="drop it")
        return (*self.template.conda_packages, *own)

    def _named(self) -> str | None:
        return None if isinstance(self.text.name, UnsetType) else f"{self.text.name}-{self.name}"

    def _attestations(self) -> tuple[str, ...]:
        entries = enumerate(self.keys.get("attestations", ()))
        return tuple(sorted({self._package_name(entry, "attestations", position) for position, entry in entries}))

    def _indexes(self) -> tuple[KnownIndex, ...]:
        indexes: tuple[KnownIndex, ...] = self.keys.get("indexes", ())
        return ("default", *dict.fromkeys(index for index in indexes if index != "default"))

    def _target(self, python: str, cuda: str) -> Target:
        keys = self._target_keys(python, cuda)
        try:
            tell = self._driver_branch() or ("gpu" in keys and "driver" not in keys)
            target = parse_target(keys, self.rows() if tell else NO_ROWS)
        except BadInput as error:
            raise self._bad(error.problem, *([error.key] if error.key else []), fix=error.fix) from None
        if target.driver is None and cuda != "none":
            raise self._bad("a target without a driver can use no GPU", "driver", fix="write cuda: none instead")
        return target

    def _target_keys(self, python: str, cuda: str) -> dict[str, Any]:
        """The request's own keys of the target, and what its python and its cuda say of it."""
        keys = {key: self.keys[key] for key in _TARGET_KEYS if key in self.keys}
        for one in contradictions(keys, cuda):
            raise self._bad(one.problem, one.other, fix=one.fix)
        if exact := re.fullmatch(r"==(\d+\.\d+)", python):
            keys["python"] = exact[1]
        if cuda == "none":
            keys["driver"] = "none"
        if "gpu" in keys:
            keys["gpu"] = self._gpus(keys["gpu"])
        return keys

    def _driver_branch(self) -> str | None:
        return branch_in(str(self.keys.get("driver", "")))

    def _gpus(self, names: str | Sequence[str]) -> tuple[str, ...]:
        """Compute capabilities; the rows are read only where a product is named."""
        capabilities: list[str] = []
        for position, name in enumerate([names] if isinstance(names, str) else names):
            place: tuple[Key, ...] = ("gpu",) if isinstance(names, str) else ("gpu", position)
            try:
                capabilities += resolve_gpus([name], () if is_capability(name) else self.rows().gpus)
            except BadInput as error:
                raise self._bad(error.problem, *place, fix=error.fix) from None
        return tuple(capabilities)

    def _gpu_sharing(self) -> GpuSharing | None:
        place: tuple[Key, ...] = ("profiles", self.name, "gpu_sharing")
        sharing = self.keys.get("gpu_sharing")
        if sharing is None:
            place = ("gpu_sharing",)
            sharing = self.text.gpu_sharing if isinstance(self.text.gpu_sharing, GpuSharing) else None
        if sharing is None:
            return None
        for key in ("torch_fraction", "jax_fraction"):
            fraction = getattr(sharing, key)
            if fraction is not None and not 0 < fraction <= 1:
                raise self.document.error(f"expected a share above 0 and at most 1, found {fraction}", *place, key)
        for key in ("tensorflow_limit_mb", "intra_threads", "inter_threads"):
            number = getattr(sharing, key)
            if number is not None and not 1 <= number <= _MOST:
                problem = f"expected a whole number from 1 to {_MOST}, found {number}"
                raise self.document.error(problem, *place, key)
        return sharing

    def _no_module(self, sharing: GpuSharing | None) -> GpuSharing | None:
        """Refuse, in a conda profile, what only our module in the environment could set."""
        way = self.keys.get("loader", "wheel")
        if sharing is not None and (way != "wheel" or not FLAVOURS[self._flavour()].from_pip):
            for key in module_keys(sharing):
                problem = f"has {key}, which needs a module that comes by pip"
                cure = f"use flavour: {WHEEL_FLAVOUR}" if way == "wheel" else f"drop loader: {way}"
                raise self._bad(problem, "gpu_sharing", fix=f"{cure}, or drop this key")
        return sharing

    def _loader(self) -> LoaderWay:
        way: LoaderWay = self.keys.get("loader", "wheel")
        try:
            check_way(way, self._flavour(), self.keys.get("platform", Target().platform))
        except BadInput as error:
            raise self._bad(error.problem, "loader", fix=error.fix) from None
        return way

    def _interop(self, frameworks: Sequence[str]) -> bool:
        interop = bool(self.keys.get("interop", False))
        if interop and not set(BETWEEN) <= set(frameworks):
            fix = "name both in frameworks:, or drop this key"
            raise self._bad(f"needs {' and '.join(BETWEEN)}", "interop", fix=fix)
        if interop and not FLAVOURS[self._flavour()].from_pip:
            raise self._bad(
                "needs a converter that conda-forge has not", "interop", fix=f"use flavour: {WHEEL_FLAVOUR}"
            )
        return interop

    def _stack(self) -> dict[str, str]:
        pins: dict[str, str] = self.keys.get("stack", {})
        for name, text in pins.items():
            self._package_name(name, "stack", name)
            self._specifier(text, "stack", name)
        return dict(pins)

    def _check_image(self, image: Image | None, target: Target) -> None:
        if image is None:
            return
        check_base_image(self.document, image.base, ("profiles", self.name, "image", "base"))
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", image.digest):
            fix = f"take it from `docker buildx imagetools inspect {image.base}`"
            raise self._bad(f'expected "sha256:" and 64 hex digits, found "{image.digest}"', "image", "digest", fix=fix)
        if not re.fullmatch(r"2\.\d+", image.glibc):
            raise self._bad(f'expected a glibc such as "2.36", found "{image.glibc}"', "image", "glibc")
        if Version(image.glibc) < Version(target.glibc):
            problem = f"the image's glibc {image.glibc} is older than the target's {target.glibc}"
            raise self._bad(problem, "image", "glibc", fix="take a newer image, or lower glibc:")


def near(word: str, known: Mapping[str, object]) -> str:
    """What to write instead of ``word``: the nearest of ``known``, or all of them."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
