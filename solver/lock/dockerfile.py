"""A Dockerfile, and what it copies, made from a lock and nothing else.

Every stage but the first stands on the one before it, so that images of one family share their
layers: the base image, an empty environment, what both frameworks need, then the rest. Only
wheels and conda packages are installed, so no compiler is ever there to be left behind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.core.axes import CUDA
from solver.core.errors import BadInput
from solver.core.flavours import FLAVOURS
from solver.core.frameworks import FRAMEWORKS
from solver.core.model import Image, Profile, Target
from solver.core.names import any_version
from solver.core.writers import comment, docker_copy, docker_env, docker_from, docker_label, docker_stage

ENVIRONMENT = "/opt/env"
PLACE = "/opt/interlock"
USER = "10001:10001"
"""By number, which needs no entry in the image's /etc/passwd."""
HOME = "/home/interlock"
JUPYTER = "jupyterlab"
PROBE = "interlock_probe"
PLATFORMS = ("linux-64", "linux-aarch64")


@dataclass(frozen=True)
class Plan:
    """What an image is made of."""

    name: str
    """Of the profile."""
    target: Target
    axes: Mapping[str, str | None]
    packages: Mapping[str, str]
    """Version by name of everything that the lock installs."""
    digest: str
    """Of the lock's installable files."""
    variables: Mapping[str, str]
    orders: Sequence[str]
    """Probes to run, each as the frameworks in the order of their import: "torch,tensorflow"."""
    shared: bool = False
    """True where requirements-base.txt holds what the family's variants share."""
    wheels: bool = False
    """True where the lock has wheels of its own."""
    explicit: str | None = None
    """Name of the @EXPLICIT file of a conda lock; None: it is no conda lock."""
    family: str = ""
    """Whose base it shares; the profile itself where it is no variant."""

    @property
    def gpu(self) -> bool:
        """Whether the lock is meant for a GPU."""
        return self.axes.get(CUDA) is not None


def base_image(profile: Profile, python: str, file: str, line: int | None) -> Image:
    """The image that the request names; raises ``BadInput`` with the commands that find what is missing."""
    if profile.target.platform not in PLATFORMS:
        raise BadInput(f"there are no images for {profile.target.platform}", file=file, line=line, key=profile.name)
    if profile.image is not None:
        return profile.image
    example = FLAVOURS[profile.flavour].image.format(python=python)
    owner = profile.variant_of or profile.name
    raise BadInput(
        "names no base image, and a digest is never made up",
        file=file,
        line=line,
        key=f"profiles.{owner}.image",
        fix=(
            "write image: {base: NAME:TAG, digest: sha256:…, glibc: 2.NN}; "
            f"`docker buildx imagetools inspect {example}` tells the digest, "
            f"`docker run --rm {example} ldd --version` the glibc"
        ),
    )


def dockerfile(plan: Plan, image: Image, command: str) -> str:
    """The whole file; ``command`` is the one that makes it."""
    stages = _conda_stages(plan.explicit) if plan.explicit is not None else _pip_stages(plan)
    return "\n".join([*_header(plan, image, command), *stages, "", *_final(plan), ""])


def _header(plan: Plan, image: Image, command: str) -> list[str]:
    axes = plan.axes
    chosen = ", ".join(f"{name} {axes[name]}" for name in FRAMEWORKS if axes.get(name))
    what = f"CUDA {axes['cuda']} comes with the lock, so the base image needs none" if plan.gpu else "CPU only"
    needs = "conda or micromamba" if plan.explicit is not None else f"python {plan.target.python}"
    return [
        comment(f"{plan.name}: {chosen or 'no framework'}. {what}; it must have {needs}."),
        comment(f"Made by `{command}`; do not edit. Build in this folder: docker build --tag {plan.name} ."),
        docker_from(image.base, image.digest, "start"),
    ]


ROOT = [
    comment("Only to install: the image itself runs as another user."),
    comment("hadolint ignore=DL3002"),
    "USER 0:0",
]


def _pip_stages(plan: Plan) -> list[str]:
    stages = [
        *ROOT,
        "RUN python3 -c " + json.dumps(_check_base(plan)) + " \\",
        f"    && python3 -m venv {ENVIRONMENT}",
    ]
    before = "start"
    if plan.shared:
        stages += ["", comment(f"What the frameworks of {plan.family} share; the same layer in its variants.")]
        stages += [docker_stage("start", "base"), docker_copy(["requirements-base.txt"], f"{PLACE}/lock/")]
        stages += [_install("requirements-base.txt")]
        before = "base"
    stages += ["", docker_stage(before, "packages")]
    stages += [docker_copy(["wheels"], f"{PLACE}/lock/wheels")] if plan.wheels else []
    stages += [docker_copy(["requirements.txt"], f"{PLACE}/lock/")]
    return [*stages, _install("requirements.txt") + f" \\\n    && {ENVIRONMENT}/bin/python -m pip check"]


def _check_base(plan: Plan) -> str:
    # Both stand in code below, within its quotes.
    python, glibc = any_version(plan.target.python), any_version(plan.target.glibc)
    return (
        "import os, sys; "
        f"assert '{python}' == '%d.%d' % sys.version_info[:2], 'this lock is for python {python}'; "
        "have = os.confstr('CS_GNU_LIBC_VERSION').split()[1]; "
        f"assert tuple(map(int, have.split('.'))) >= {tuple(map(int, glibc.split('.')))}, "
        f"'this lock needs glibc {glibc}, here is ' + have"
    )


def _install(name: str) -> str:
    # pip looks up ./wheels beside the requirements file.
    options = "--no-cache-dir --only-binary :all: --require-hashes"
    return f"RUN {ENVIRONMENT}/bin/python -m pip install {options} \\\n        --requirement {PLACE}/lock/{name}"


def _conda_stages(explicit: str) -> list[str]:
    return [
        *ROOT,
        "",
        docker_stage("start", "packages"),
        docker_copy([explicit], f"{PLACE}/lock/"),
        # Each line of the file holds the package's hash, which both programs check.
        'RUN conda="$(command -v micromamba || command -v mamba || command -v conda)" \\',
        f'    && "$conda" create --yes --prefix {ENVIRONMENT} --file {PLACE}/lock/{explicit} \\',
        '    && "$conda" clean --all --yes',
    ]


def _final(plan: Plan) -> list[str]:
    variables = {"HOME": HOME, "PYTHONUNBUFFERED": "1", **plan.variables}
    if plan.gpu:
        # What the NVIDIA container toolkit lets in of the driver.
        variables |= {"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
    lines = [
        docker_stage("packages", "image"),
        docker_label({"org.opencontainers.image.title": plan.name, "interlock.lock": f"sha256:{plan.digest}"}),
        docker_env(variables, f"{ENVIRONMENT}/bin"),
        docker_copy([PROBE], f"{PLACE}/{PROBE}"),
        docker_copy(["check.sh", "entry.sh"], f"{PLACE}/"),
        f"RUN mkdir -p {HOME} \\\n    && chown {USER} {HOME}",
        f"USER {USER}",
        f"WORKDIR {HOME}",
    ]
    lines += ["EXPOSE 8888"] if JUPYTER in plan.packages else []
    check = json.dumps(["/bin/sh", f"{PLACE}/check.sh", "health"])
    lines.append(f"HEALTHCHECK --interval=10m --timeout=5m --start-period=10m --retries=2 CMD {check}")
    lines.append("ENTRYPOINT " + json.dumps(["/bin/sh", f"{PLACE}/entry.sh"]))
    jupyter = ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
    lines.append("CMD " + json.dumps(jupyter if JUPYTER in plan.packages else ["python"]))
    return lines


def check_sh(plan: Plan, command: str) -> str:
    """The script that runs the probes: ``health``, ``imports``, ``full``, ``auto`` or ``off``."""
    health = plan.orders[-1] if plan.orders else ""
    return f"""#!/bin/sh
{comment(f"Made by `{command}`; do not edit.")}
# Runs the probes of this image: `health` imports the frameworks once, `imports` in every order, `full` computes
# on the GPU too, `auto` is full where there is a GPU, `off` does nothing. Exit status 1: a probe failed.
set -eu
mode="${{1:-auto}}"
orders="{" ".join(plan.orders)}"
how=--imports-only
case "$mode" in
    off) exit 0 ;;
    health) orders="{health}" ;;
    imports) ;;
    full) how= ;;
    auto) if [ -e /dev/nvidiactl ] || [ -e /dev/dxg ]; then how=; fi ;;
    *) echo "interlock: no check is called $mode; use health, imports, full, auto or off" >&2; exit 2 ;;
esac
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
cd "$(dirname "$0")"
python="$(cd ../env/bin && pwd)/python"
for order in $orders; do
    # how is empty or one word
    if ! "$python" -m {PROBE} --order "$order" --out "$place/result.json" $how >"$place/log" 2>&1; then
        echo "interlock: the probe $order failed; its last lines:" >&2
        tail -n 20 "$place/log" >&2
        exit 1
    fi
done
"""


def entry_sh(command: str) -> str:
    """The entry: the check once, then what the container was asked to run."""
    return f"""#!/bin/sh
{comment(f"Made by `{command}`; do not edit.")}
# INTERLOCK_CHECK says how the environment is checked first: auto (the default), imports, full or off.
set -eu
/bin/sh "$(dirname "$0")/check.sh" "${{INTERLOCK_CHECK:-auto}}"
exec "$@"
"""


def compose_yaml(plan: Plan, command: str) -> str:
    """A compose file that builds the image and reserves the machine's GPUs for it."""
    import yaml

    service: dict[str, object] = {"build": {"context": "."}, "image": plan.name}
    if JUPYTER in plan.packages:
        service["ports"] = ["127.0.0.1:8888:8888"]
    if plan.gpu:
        device = {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    name = plan.name.replace(".", "-")
    body = yaml.safe_dump({"services": {name: service}}, sort_keys=False)
    return comment(f"Made by `{command}`; do not edit.") + "\n" + body
