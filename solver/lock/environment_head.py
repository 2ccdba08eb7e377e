"""What environment.yml says above its first key: where it installs, what it needs beside it, what it cannot hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from solver.core.answer import NotKnown
from solver.core.flavours import FLAVOURS, explicit_filename
from solver.core.model import Profile, Target
from solver.core.target import gpu_words
from solver.core.writers import LOCAL_WHEELS, WHEELS
from solver.index.conda_record import CondaRecord, without_md5
from solver.index.conda_spec import spec_name

_CUDA = "__cuda"
_LED = (
    "Activating it puts the folders of its CUDA libraries on LD_LIBRARY_PATH, by which TensorFlow finds them.",
    "Every other program that is started in it looks there first, too; and a python that is started without an "
    "activation (by a notebook's server, a service, an editor) sees no GPU in TensorFlow.",
)
"""What ``loader: activation`` means."""


def head_lines(
    profile: Profile,
    target: Target,
    records: Sequence[CondaRecord],
    virtual: Mapping[str, str],
    requirements: Sequence[str],
    *,
    by_hash: bool = False,
) -> list[str]:
    """The lines, without the signs of a comment; ``target`` has no driver where nothing asks for a GPU.

    ``by_hash``: of the export that names archives by their hashes.
    """
    name = profile.name
    create = f"conda env create -f {'exports' if by_hash else 'locks'}/{name}/environment.yml"
    return [
        f"Made by `interlock export environment.yml {name}`; do not edit."
        if by_hash
        else f"Made by `nox -s lock` (or `interlock lock {name}`); change environment.yml.in, not this file.",
        f"Install: {create}",
        f"For {machine(target)}.",
        *without_driver(records, virtual, create),
        *(_pip_half(profile.environment, requirements) if requirements else ()),
        *(_LED if profile.loader == "activation" and LOCAL_WHEELS in requirements else ()),
        *(_by_hash(requirements) if by_hash else _hashes(profile, target, records)),
        *_inferred(records),
    ]


def machine(target: Target) -> str:
    """What a machine must be for a lock, on one line."""
    needs: list[str] = [target.platform]
    if target.platform.startswith("linux"):
        needs.append(f"glibc >= {target.glibc}")
    if target.driver is not None:
        needs.append(f"NVIDIA driver >= {target.driver}")
    needs += gpu_words(target)
    if not isinstance(target.cpu, NotKnown):
        needs.append(f"a processor of {target.cpu} or newer")
    return ", ".join(needs)


def without_driver(records: Sequence[CondaRecord], virtual: Mapping[str, str], create: str) -> Iterator[str]:
    """How the command ``create`` is told of a driver that is not there, where a record asks for one."""
    if _CUDA in virtual and any(spec_name(spec) == _CUDA for record in records for spec in record.depends):
        yield (
            "Where no NVIDIA driver answers (a login node, the build of an image): "
            f"CONDA_OVERRIDE_CUDA={virtual[_CUDA]} {create}"
        )


def _pip_half(name: str, requirements: Sequence[str]) -> Iterator[str]:
    if LOCAL_WHEELS in requirements:
        yield f"Keep the folder {WHEELS}/ beside this file, which names a wheel in it."
    yield "The folder of this file must be one that you may write to: conda puts a file into it for pip."
    yield (
        "If the pip half fails, half an environment stays: mend the cause and run the same command again, or "
        f"take it away with `conda env remove --name {name}`."
    )


def _by_hash(requirements: Sequence[str]) -> Iterator[str]:
    pip = "; pip checks the hashes of its half" if requirements else ""
    yield f"conda takes each of its packages by its sha256, from any channel that has it{pip}."


def _hashes(profile: Profile, target: Target, records: Sequence[CondaRecord]) -> Iterator[str]:
    name, from_pip = profile.name, FLAVOURS[profile.flavour].from_pip
    if not records:
        yield (
            f"Nobody recorded what the channels have of python {target.python} for {target.platform}: conda chooses "
            "the builds of python and pip, and of what they need. pip checks the hashes of its half below."
        )
        return
    explicit = explicit_filename(profile.flavour, target.platform)
    if from_pip:
        yield f"conda cannot check hashes here: pip checks its half below; {explicit} holds those of conda's packages."
    elif lacking := without_md5(records):
        several = ", ".join(lacking[:3]) + (" and others" if len(lacking) > 3 else "")
        yield (
            f"conda cannot check hashes here; {explicit} holds them. There is no conda-lock.yml, which must have the "
            f"md5 of each archive: the channel gives none for {several}."
        )
    else:
        yield f"conda cannot check hashes here; {explicit} and conda-lock.yml hold them."
    yield f"Where a channel has withdrawn a build, {explicit} still installs: it names each archive by its address."
    yield f"`interlock install {name} PREFIX` checks every hash and leaves a whole environment or none."


def _inferred(records: Sequence[CondaRecord]) -> Iterator[str]:
    inferred = sorted(record.name for record in records if record.inferred)
    if inferred:
        yield (
            f"Of {len(inferred)} of the {len(records)} records not all was read in a channel, so that conda may find "
            f"that they ask for something else: {', '.join(inferred)}"
        )
