"""The request as a person writes it: one struct a block, and the JSON schema that editors take from them.

``request`` turns these into the frozen values of ``model``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from solver.core.model import Flavour, Framework, GpuSharing, Image, KnownIndex, LoaderWay, Platform
from solver.core.whole import put_whole

SCHEMA_COMMAND = 'python -c "from solver.request.text import write_schema; write_schema()"'
"""What makes ``request.schema.json``."""

_VERSION = "a version, a prefix or a specifier"
_LONGEST = 1000
"""Letters of one entry."""
EntryText = Annotated[str, Meta(min_length=1, max_length=_LONGEST)]
VersionText = Annotated[
    str,
    Meta(min_length=1, max_length=_LONGEST, description=_VERSION, examples=["2.10.1", "2.*", ">=2.18,<2.21"]),
]
ProfileKey = Annotated[str, Meta(min_length=1, description="also the folder under locks/")]
PackageNames = Annotated[tuple[EntryText, ...], Meta(description="package names")]


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a request is made of; a key that is not written is UNSET."""


class PipBlock(Block, frozen=True, kw_only=True):
    """The ``- pip:`` entry of ``dependencies``."""

    pip: Annotated[tuple[EntryText, ...], Meta(description="requirements; a slot such as ${torch} is left open")]


class FrameworkText(Block, frozen=True, kw_only=True):
    """A framework of which more is said than its version."""

    version: VersionText | UnsetType = UNSET
    cuda: (
        Annotated[Literal["none"], Meta(description="a CPU build, beside a framework that uses the GPU")] | UnsetType
    ) = UNSET


# Keys are written as conda writes its own: words joined by hyphens, gpu_sharing apart.
_HYPHENS = {
    name: name.replace("_", "-")
    for name in ("variant_of", "prefer_verified", "conda_packages", "exclude_newer", "virtual_packages")
}


class ProfileText(Block, frozen=True, kw_only=True, rename=_HYPHENS):
    """One profile: what differs from the template, and the target."""

    flavour: Annotated[Flavour, Meta(description="where packages come from")] | UnsetType = UNSET
    variant_of: (
        Annotated[ProfileKey, Meta(description="the profile whose solution this one is a part of")] | UnsetType
    ) = UNSET
    frameworks: Annotated[tuple[Framework, ...], Meta(description="default: all of the template")] | UnsetType = UNSET
    prefer: (
        Annotated[str, Meta(description="a framework (newest first), or verified", pattern="^[a-z]+$")] | UnsetType
    ) = UNSET
    prefer_verified: (
        Annotated[bool, Meta(description="take a solution that ran on a GPU over a newer one")] | UnsetType
    ) = UNSET
    python: Annotated[EntryText, Meta(description="major.minor or a specifier", examples=["3.12"])] | UnsetType = UNSET
    cuda: (
        Annotated[EntryText, Meta(description="major.minor, a specifier, or none", examples=["12.8", "13.*", "none"])]
        | UnsetType
    ) = UNSET
    cudnn: VersionText | UnsetType = UNSET
    tensorflow: VersionText | FrameworkText | UnsetType = UNSET
    torch: VersionText | FrameworkText | UnsetType = UNSET
    jax: VersionText | FrameworkText | UnsetType = UNSET
    protobuf: VersionText | UnsetType = UNSET
    numpy: VersionText | UnsetType = UNSET
    driver: Annotated[EntryText, Meta(description="oldest NVIDIA driver", examples=[">=550"])] | UnsetType = UNSET
    gpu: (
        Annotated[
            EntryText | tuple[EntryText, ...],
            Meta(description="compute capabilities or product names, each of which must be served"),
        ]
        | UnsetType
    ) = UNSET
    glibc: Annotated[EntryText, Meta(description="oldest glibc", examples=["2.28"])] | UnsetType = UNSET
    platform: Platform | UnsetType = UNSET
    cpu: (
        Annotated[EntryText, Meta(description="oldest level of x86-64 processors", examples=["x86-64-v3"])] | UnsetType
    ) = UNSET
    packages: Annotated[tuple[EntryText, ...], Meta(description="further PEP 508 requirements")] | UnsetType = UNSET
    conda_packages: Annotated[tuple[EntryText, ...], Meta(description="further conda MatchSpecs")] | UnsetType = UNSET
    exclude_newer: (
        Annotated[
            str,
            Meta(description="day; later files and records count as absent", pattern=r"^\d{4}-\d\d-\d\d$"),
        ]
        | UnsetType
    ) = UNSET
    virtual_packages: (
        Annotated[
            dict[str, EntryText], Meta(description="versions of conda's virtual packages, in place of the target's")
        ]
        | UnsetType
    ) = UNSET
    without: Annotated[PackageNames, Meta(description="entries of the template to leave out")] | UnsetType = UNSET
    constraints: (
        Annotated[dict[str, VersionText], Meta(description="versions of packages, should they be chosen")] | UnsetType
    ) = UNSET
    channels: Annotated[tuple[EntryText, ...], Meta(min_length=1)] | UnsetType = UNSET
    indexes: Annotated[tuple[KnownIndex, ...], Meta(description="public indexes, beside the default")] | UnsetType = (
        UNSET
    )
    variables: Annotated[dict[str, str], Meta(description="environment variables")] | UnsetType = UNSET
    gpu_sharing: GpuSharing | UnsetType = UNSET
    attestations: (
        Annotated[PackageNames, Meta(description="packages that need provenance attestations")] | UnsetType
    ) = UNSET
    loader: (
        Annotated[
            LoaderWay,
            Meta(description="activation: by LD_LIBRARY_PATH, in the activated environment; none: by nothing of ours"),
        ]
        | UnsetType
    ) = UNSET
    interop: Annotated[bool, Meta(description="onnx between the frameworks")] | UnsetType = UNSET
    stack: (
        Annotated[dict[str, VersionText], Meta(description="pins of a published stack, taken literally")] | UnsetType
    ) = UNSET
    image: Annotated[Image, Meta(description="base image of a Dockerfile")] | UnsetType = UNSET
    accept: (
        Annotated[dict[str, EntryText], Meta(description="rows or findings that are accepted, each with the reason")]
        | UnsetType
    ) = UNSET


class IndexText(Block, frozen=True, kw_only=True):
    """A private package index."""

    url: (
        Annotated[EntryText, Meta(description="its address (PEP 503); $INTERLOCK_INDEX_<NAME>_URL goes before it")]
        | UnsetType
    ) = UNSET
    packages: Annotated[
        tuple[EntryText, ...],
        Meta(description='packages that come from there alone; "company-*" means all that begin so', min_length=1),
    ]


class RequestText(Block, frozen=True, kw_only=True):
    """A whole environment.yml.in."""

    name: Annotated[EntryText, Meta(description="environments are called by this and their profile")] | UnsetType = (
        UNSET
    )
    channels: Annotated[tuple[EntryText, ...], Meta(min_length=1)] = ("conda-forge",)
    dependencies: Annotated[tuple[EntryText | PipBlock, ...], Meta(description="as in a conda environment.yml")]
    variables: dict[str, str] = {}
    gpu_sharing: GpuSharing | UnsetType = UNSET
    indexes: Annotated[dict[str, IndexText], Meta(description="private package indexes by name")] = {}
    profiles: Annotated[dict[ProfileKey, ProfileText], Meta(min_length=1)]


def written(profile: ProfileText) -> dict[str, Any]:
    """The keys of ``profile`` that were written, by the name the file uses."""
    pairs = zip(profile.__struct_encode_fields__, profile.__struct_fields__, strict=True)
    values = {encoded: getattr(profile, name) for encoded, name in pairs}
    return {key: value for key, value in values.items() if value is not UNSET}


def schema() -> str:
    """The JSON schema of a request, as the text of a file."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"generated: {SCHEMA_COMMAND}",
        "title": "Interlock request (environment.yml.in)",
        **msgspec.json.schema(RequestText),
    }
    return msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2).decode() + "\n"


def schema_path() -> Path:
    """Where the shipped schema lies."""
    return Path(__file__).with_name("request.schema.json")


def write_schema(path: Path | None = None) -> None:
    """Write ``schema()`` to ``path`` (default: where it is shipped), whole or not at all."""
    put_whole(path or schema_path(), schema())
