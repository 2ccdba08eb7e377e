"""Reads a compose file: each service is a set, of the image that it builds or takes as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from solver.audit.package_set import Base, PackageSet
from solver.audit.readers.document import Document
from solver.audit.readers.foreign import Foreign
from solver.audit.readers.image.build import of_image, read_dockerfile
from solver.audit.readers.image.installing import Read
from solver.audit.readers.image.shell import UNKNOWN, expanded
from solver.audit.readers.parts import EVERY, refuse_unknown
from solver.core import reading
from solver.core.decode import decode
from solver.core.errors import BadInput
from solver.core.names import brief, shown
from solver.core.yamlfile import YamlDocument

_LONGEST = 1000
"""Letters of a path."""
_Scalar = str | int | float | bool | None
_Pairs = dict[str, _Scalar] | tuple[str, ...]
"""``{a: b}`` or ``[a=b]``."""


class _Build(Foreign, frozen=True, kw_only=True):
    context: str = "."
    dockerfile: str | None = None
    dockerfile_inline: str | None = None
    args: _Pairs = ()
    target: str | None = None


class _Service(Foreign, frozen=True, kw_only=True):
    image: str | None = None
    build: _Build | str | None = None
    environment: _Pairs = ()


class _Compose(Foreign, frozen=True, kw_only=True):
    services: dict[str, _Service]


def is_compose(document: Document) -> bool:
    """Whether a text is YAML with services that build or name images."""
    data = None if document.yaml is None else document.yaml.data
    services = data.get("services") if isinstance(data, dict) else None
    return isinstance(services, dict)


def read_compose(document: Document, read: Read) -> tuple[PackageSet, ...]:
    """A set for each service, or each that was chosen, that builds an image or names one.

    Raises ``BadInput`` where none does, and for a choice of what is not there.
    """
    yaml = document.yaml
    assert yaml is not None  # what ``is_compose`` has seen
    services = decode(yaml, _Compose, "write it as docs.docker.com/reference/compose-file says").services
    chosen = document.choice.services
    refuse_unknown("service", chosen, services, document.file, "compose file")
    looked_at = {name: service for name, service in services.items() if not chosen or name in chosen}
    sets = tuple(one for name, service in looked_at.items() for one in _sets(document, yaml, name, service, read))
    if not sets:
        problem = "has no service with build or image"
        if chosen:
            problem = f"of {', '.join(map(brief, chosen))} nothing tells an image: expected build or image"
        raise BadInput(problem, file=document.file, key="services")
    return sets


def _sets(document: Document, yaml: YamlDocument, name: str, service: _Service, read: Read) -> Iterator[PackageSet]:
    """The sets of one service, each called after it."""
    part = f"service {name}"
    variables = tuple(sorted(_pairs(service.environment).items()))
    if service.build is not None:
        for one in _built(document, yaml, name, service, read):
            inside = f"{part}, {one.part}" if one.part else part
            together = dict(one.variables) | dict(variables)
            yield structs.replace(one, part=inside, file=document.file, variables=tuple(sorted(together.items())))
    elif service.image is not None:
        image = expanded(service.image, {}).replace(UNKNOWN, "…")
        one = of_image(document, image, yaml.line("services", name, "image"))
        yield structs.replace(one, part=part, variables=variables)


def _built(document: Document, yaml: YamlDocument, name: str, service: _Service, read: Read) -> tuple[PackageSet, ...]:
    """The sets of the Dockerfile that a service is built from."""
    build = service.build
    recipe = _Build(context=build) if isinstance(build, str) else build or _Build()
    folder, file = (expanded(text, {}) for text in (recipe.context, recipe.dockerfile or "Dockerfile"))
    if not (_is_of_this_machine(folder) and _is_of_this_machine(file)):
        problem = f"is built in {shown(recipe.context)}, which is no folder of this machine"
        return (_unread(document, yaml, name, service, problem),)
    context = document.folder / folder
    arguments = {key: value for key, value in _pairs(recipe.args).items() if UNKNOWN not in value}
    document = replace(document, choice=EVERY, context=context)  # it was of services, which a Dockerfile has none of
    path = context / file
    if recipe.dockerfile_inline is not None:
        inner = replace(document, text=recipe.dockerfile_inline)
    elif not os.path.isfile(path):  # noqa: PTH113 (unlike ``Path.is_file`` it has an answer for any name)
        return (_unread(document, yaml, name, service, f"is built from {path}, which is not there"),)
    else:
        inner = replace(document, text=reading.read_text(path), file=str(path), folder=path.parent)
    return read_dockerfile(inner, read, arguments, recipe.target)


def _unread(document: Document, yaml: YamlDocument, name: str, service: _Service, problem: str) -> PackageSet:
    """The set of a service that nobody can tell anything of."""
    line = yaml.line("services", name, "build")
    base = Base(image=service.image or name, line=line, unbuilt=f"the service {brief(name)} {problem}")
    return PackageSet(kind="image", file=document.file, packages=(), base=base)


def _is_of_this_machine(path: str) -> bool:
    """Whether a path may be looked for here: it is no address, and its variables have defaults."""
    return not (UNKNOWN in path or "://" in path or path.startswith("git@") or len(path) > _LONGEST)


def _pairs(pairs: _Pairs) -> dict[str, str]:
    """Names and values, with variables of the shell that compose runs in left out."""
    if not isinstance(pairs, dict):
        pairs = {text.partition("=")[0]: text.partition("=")[2] for text in pairs if "=" in text}
    known = {name: expanded(str(value), {}) for name, value in pairs.items() if value is not None}
    return {name: value for name, value in known.items() if UNKNOWN not in value}
