"""A small valid file of every format that the audit reads, and the same files broken at random."""

from __future__ import annotations

import copy
import functools
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import tomli_w
import yaml

from solver.audit.inputs import read_sets
from solver.audit.run import audit
from solver.core.errors import BadInput

SHA = "b" * 64
CONDA = "https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda"
WHEEL = "https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl"

DATA: dict[str, tuple[str, Any]] = {
    "uv.lock": (
        "toml",
        {
            "version": 1,
            "requires-python": ">=3.10",
            "conflicts": [[{"package": "app", "extra": "cpu"}, {"package": "app", "group": "dev"}]],
            "package": [
                {
                    "name": "app",
                    "version": "0",
                    "source": {"virtual": "."},
                    "dependencies": [{"name": "torch", "marker": "sys_platform == 'linux'", "extra": ["gpu"]}],
                    "optional-dependencies": {"cpu": [{"name": "six"}]},
                    "dev-dependencies": {"dev": [{"name": "six", "version": "1.17.0"}]},
                },
                {
                    "name": "torch",
                    "version": "2.10.0",
                    "source": {"registry": "https://index.example/simple"},
                    "wheels": [{"url": WHEEL, "hash": f"sha256:{SHA}", "size": 1}],
                    "optional-dependencies": {"gpu": [{"name": "six"}]},
                },
                {
                    "name": "six",
                    "version": "1.17.0",
                    "source": {"registry": "https://index.example/simple"},
                    "sdist": {"url": "https://index.example/six-1.17.0.tar.gz", "hash": f"sha256:{SHA}"},
                },
            ],
        },
    ),
    "pyproject.toml": (
        "toml",
        {
            "project": {
                "name": "app",
                "requires-python": ">=3.10",
                "dependencies": ["torch>=2.6; sys_platform == 'linux'"],
                "optional-dependencies": {"gpu": ["app[more]"], "more": ["onnx==1.19.0"]},
            },
            "dependency-groups": {"dev": ["six", {"include-group": "lint"}], "lint": ["jinja2<3"]},
            "tool": {
                "uv": {
                    "default-groups": ["dev"],
                    "constraint-dependencies": ["six<2"],
                    "sources": {"torch": [{"index": "own", "marker": "os_name == 'posix'"}], "six": {"path": "six"}},
                    "index": [{"name": "own", "url": "https://index.example/simple", "explicit": True}],
                },
                "poetry": {
                    "dependencies": {"python": "^3.11", "keras": {"version": "~3.8", "optional": True}},
                    "extras": {"keras": ["keras"]},
                    "group": {"test": {"dependencies": {"pytest": "*"}}},
                },
            },
        },
    ),
    "poetry.lock": (
        "toml",
        {
            "package": [
                {
                    "name": "torch",
                    "version": "2.10.0",
                    "optional": False,
                    "python-versions": ">=3.10",
                    "groups": ["main", "dev"],
                    "markers": {"main": "sys_platform == 'linux'", "dev": "extra == 'gpu'"},
                    "files": [{"file": WHEEL.rpartition("/")[2], "hash": f"sha256:{SHA}"}],
                    "dependencies": {"six": {"version": "*", "markers": "os_name == 'posix'"}, "numpy": "*"},
                    "source": {"type": "legacy", "url": "https://index.example/simple"},
                },
                {"name": "six", "version": "1.17.0", "optional": True, "markers": "extra == 'gpu'"},
            ],
            "extras": {"gpu": ["six (>=1)"]},
            "metadata": {"lock-version": "2.1", "python-versions": ">=3.10,<3.13"},
        },
    ),
    "old poetry.lock": (
        "toml",
        {
            "package": [
                {
                    "name": "click",
                    "version": "8.1.0",
                    "optional": False,
                    "python-versions": "^3.7",
                    "dependencies": {"colorama": [{"version": "*", "markers": "os_name == 'nt'"}, "*"]},
                },
                {"name": "colorama", "version": "0.4.6", "optional": True, "python-versions": ">=2.7"},
            ],
            "extras": {"all": ["colorama"]},
            "metadata": {
                "lock-version": "1.1",
                "python-versions": "*",
                "files": {"click": [{"file": "click-8.1.0-py3-none-any.whl", "hash": f"sha256:{SHA}"}]},
            },
        },
    ),
    "pdm.lock": (
        "toml",
        {
            "metadata": {
                "groups": ["default", "dev"],
                "lock_version": "4.5.0",
                "targets": [{"requires_python": ">=3.10"}],
                "files": {"six 1.17.0": [{"url": "https://index.example/six-1.17.0-py3-none-any.whl"}]},
            },
            "package": [
                {
                    "name": "torch",
                    "version": "2.10.0",
                    "requires_python": ">=3.10",
                    "groups": ["default"],
                    "marker": "sys_platform == 'linux'",
                    "extras": ["gpu"],
                    "dependencies": ["six>=1; os_name == 'posix'"],
                    "files": [{"url": WHEEL, "hash": f"sha256:{SHA}"}],
                },
                {"name": "six", "version": "1.17.0"},
            ],
        },
    ),
    "pylock.toml": (
        "toml",
        {
            "lock-version": "1.0",
            "created-by": "tool",
            "requires-python": ">=3.10",
            "default-groups": ["main"],
            "dependency-groups": ["main"],
            "extras": ["gpu"],
            "packages": [
                {
                    "name": "torch",
                    "version": "2.10.0",
                    "marker": "sys_platform == 'linux' and 'main' in dependency_groups",
                    "requires-python": ">=3.10",
                    "dependencies": [{"name": "six"}],
                    "wheels": [{"name": WHEEL.rpartition("/")[2], "url": WHEEL, "size": 1, "hashes": {"sha256": SHA}}],
                },
                {
                    "name": "six",
                    "version": "1.17.0",
                    "sdist": {"url": "https://index.example/six-1.17.0.tar.gz", "hashes": {"sha256": SHA}},
                },
            ],
        },
    ),
    "Pipfile.lock": (
        "json",
        {
            "_meta": {
                "requires": {"python_version": "3.12"},
                "sources": [{"name": "index", "url": "https://index.example/simple", "verify_ssl": True}],
            },
            "default": {
                "torch": {
                    "version": "==2.10.0",
                    "index": "index",
                    "markers": "python_version >= '3.10'",
                    "hashes": [f"sha256:{SHA}"],
                    "extras": ["gpu"],
                },
                "six": {"file": "https://index.example/six-1.17.0-py3-none-any.whl"},
            },
            "develop": {"pytest": {"version": "==8.0.0"}},
        },
    ),
    "Pipfile": (
        "toml",
        {
            "source": [{"name": "index", "url": "https://index.example/simple", "verify_ssl": True}],
            "packages": {
                "torch": {"version": "==2.10.0", "index": "index", "sys_platform": "== 'linux'", "extras": ["gpu"]},
                "six": {"file": "https://index.example/six-1.17.0-py3-none-any.whl"},
            },
            "dev-packages": {"pytest": "*"},
            "requires": {"python_version": "3.12"},
        },
    ),
    "pip inspect": (
        "json",
        {
            "version": "1",
            "installed": [
                {
                    "metadata": {
                        "name": "torch",
                        "version": "2.10.0",
                        "requires_dist": ["six>=1", "numpy; extra == 'x'"],
                        "requires_python": ">=3.10",
                    },
                    "installer": "pip",
                    "download_info": {"url": WHEEL},
                }
            ],
            "environment": {"platform_system": "Linux", "platform_machine": "x86_64", "python_version": "3.12"},
        },
    ),
    "pip report": (
        "json",
        {"install": [{"metadata": {"name": "torch", "version": "2.10.0"}, "download_info": {"url": WHEEL}}]},
    ),
    "pip list --format json": (
        "json",
        [{"name": "torch", "version": "2.10.0"}, {"name": "six", "version": "1.17.0"}],
    ),
    "conda list --json": (
        "json",
        [
            {
                "name": "python",
                "version": "3.12.8",
                "build_string": "h9e4cc4f_1_cpython",
                "channel": "conda-forge",
                "platform": "linux-64",
            },
            {"name": "torch", "version": "2.10.0", "build_string": "pypi_0", "channel": "pypi", "platform": "pypi"},
        ],
    ),
    "conda-lock.yml": (
        "yaml",
        {
            "version": 1,
            "package": [
                {
                    "name": "python",
                    "version": "3.12.8",
                    "manager": "conda",
                    "platform": "linux-64",
                    "dependencies": {"__glibc": ">=2.17"},
                    "url": CONDA,
                    "hash": {"sha256": SHA, "md5": "a" * 32},
                    "category": "main",
                    "optional": False,
                },
                {
                    "name": "torch",
                    "version": "2.10.0",
                    "manager": "pip",
                    "platform": "win-64",
                    "url": WHEEL,
                    "hash": {"sha256": SHA},
                    "categories": ["main", "dev"],
                },
            ],
        },
    ),
    "pixi.lock": (
        "yaml",
        {
            "version": 6,
            "environments": {
                "default": {"channels": [], "packages": {"linux-64": [{"conda": CONDA}, {"pypi": WHEEL}]}},
                "test": {"packages": {"win-64": [{"pypi": WHEEL}]}},
            },
            "packages": [
                {"conda": CONDA, "sha256": SHA, "depends": []},
                {
                    "pypi": WHEEL,
                    "name": "torch",
                    "version": "2.10.0",
                    "sha256": SHA,
                    "requires_dist": ["six>=1"],
                    "requires_python": ">=3.10",
                },
            ],
        },
    ),
    "environment.yml": (
        "yaml",
        {
            "name": "e",
            "channels": ["conda-forge"],
            "dependencies": [
                "conda-forge::numpy=2.2=py312_0",
                "python[version='3.12.*',build=x]",
                "cuda-version >=12,<13",
                {"pip": ["torch==2.10.0 --hash=sha256:" + SHA, "six; os_name == 'posix'"]},
            ],
            "variables": {"A": "x", "B": 1},
        },
    ),
    "compose.yaml": (
        "yaml",
        {
            "services": {
                "one": {
                    "build": {"dockerfile_inline": "FROM x\nRUN pip install six==1.17.0\n", "args": {"A": "1"}},
                    "environment": ["LD_LIBRARY_PATH=/usr/lib"],
                },
                "two": {"image": "nvidia/cuda:12.8.1-runtime-ubuntu24.04", "environment": {"B": 1}},
            }
        },
    ),
}
"""Data by format, and the language that it is written in."""

LINES: dict[str, str] = {
    "requirements.txt": f"""\
# This file was autogenerated by uv via the following command: uv pip compile --python-version 3.12
--index-url https://index.example/simple
-r other.txt
torch[gpu]==2.10.0 ; sys_platform == 'linux' \\
    --hash=sha256:{SHA}
six @ https://index.example/six-1.17.0-py3-none-any.whl
# Editable Git install with no remote (app==1.0)
-e /src/app
./dist/numpy-2.0.0-cp312-cp312-linux_x86_64.whl
protobuf>=4,<7
""",
    "pip list": """\
Package      Version  Editable project location
------------ -------- -------------------------
torch        2.10.0
six          1.17.0   /src
""",
    "conda list": """\
# packages in environment at /opt/conda:
#
# Name                    Version                   Build  Channel
python                    3.12.8     h9e4cc4f_1_cpython    conda-forge
torch                     2.10.0                   pypi_0    pypi
""",
    "conda list --export": """\
# platform: linux-64
python=3.12.8=h9e4cc4f_1_cpython
torch=2.10.0=pypi_0
""",
    "Dockerfile": """\
# syntax=docker/dockerfile:1
ARG TAG=12.8.1-runtime-ubuntu24.04
FROM --platform=linux/amd64 nvidia/cuda:${TAG} AS base
ENV A=1 PATH=/opt/venv/bin:$PATH
RUN apt-get install -y python3.12 libcudnn9-cuda-12=9.8.0.87-1 && python3.12 -m venv /opt/venv
COPY <<EOF /app/r.txt
six==1.17.0
EOF
RUN --mount=type=cache,target=/root/.cache pip install -r /app/r.txt \\
    # why
    "torch==2.10.0; sys_platform == 'linux'" -i https://index.example/simple
RUN <<EOF
conda create -n own python=3.12 'numpy>=2'
conda run -n own pip install "protobuf==${A:-4}.25.3" git+https://index.example/a.git
EOF
FROM base
COPY --from=base /opt/venv /opt/venv
SHELL ["conda", "run", "-n", "own", "/bin/bash", "-c"]
RUN ["pip", "install", "idna==3.1"]
""",
    "@EXPLICIT": f"""\
# platform: linux-64
@EXPLICIT
{CONDA}#{"a" * 32}
# pip torch @ {WHEEL} --hash=sha256:{SHA}
""",
}
FORMATS = (*DATA, *LINES)

_TEXTS = (
    *("", " ", "a", "é", "\0", "a\nb", "\u2028", "9" * 5000, "a" * 300, "(" * 2000, "[" * 300, "1.0", "1!2.0+x.1"),
    *("*", "==", ">=1,<2", "^1.2", "<>", "~=1", "extra == 'a'", "os_name ~= '1'", "'a' in extras", "'a' == 'b'"),
    *("python_version in '3'", "'x' in dependency_groups", "platform_release >= '9'", "http://[", "https://x/y#z"),
    *("file:///x", "../../x", "%zz", "https://x/a-1-py3-none-any.whl", "git+https://x/y@z", "sha256:", "sha256:x"),
    *("linux-64", "main", "dev", "pypi", "conda", "²", "0", "-1", "=", "::", "a::b[c=d]", "a[b,c=d]", "-r x", "-"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**70, 1.5, float("inf"), float("nan"), [], {}, [[]], {"": {}}, [None]),
    *(["a", 1], {"a": []}, [{}], {"name": "a"}, [{"name": "six", "version": "1"}]),
    *_TEXTS,
)
_KEYS = ("name", "version", "", "url", "package", "metadata", "groups", "extra", "a b", "é", "packages", "x" * 300)


@functools.cache
def plain(name: str) -> str:
    """The valid file of a format."""
    return LINES[name] if name in LINES else _written(DATA[name][0], DATA[name][1])


def broken(name: str, random: Random) -> str:
    """A file of a format with one to four things in it changed at random."""
    text = plain(name)
    if name in LINES:
        for _ in range(random.randint(1, 4)):
            text = with_other_letters(text, random)
        return text
    language = DATA[name][0]
    data = copy.deepcopy(_data(name))
    for _ in range(random.randint(1, 4)):
        data = with_other_data(data, random)
    try:
        text = _written(language, data)
    except (AttributeError, TypeError, ValueError, RecursionError):  # what this language cannot hold
        return with_other_letters(text, random)
    return with_other_letters(text, random) if random.random() < 0.1 else text


def told(name: str, text: str, folder: Path, matrices: Any, index: Any) -> str | None:
    """The sentence that ends the reading of ``text``; None where it is read and audited."""
    try:
        sets = read_sets(folder / name.replace(" ", "-"), text=text)
    except BadInput as error:
        return str(error)
    for one in sets:
        audit(one, matrices, index)
    return None


def _written(language: str, data: Any) -> str:
    if language == "json":
        return json.dumps(data, indent=1)
    if language == "toml":
        return tomli_w.dumps(data)
    return yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)


def _parsed(language: str, text: str) -> Any:
    if language == "yaml":
        return yaml.load(text, Loader=yaml.CSafeLoader)
    return {"json": json.loads, "toml": tomllib.loads}[language](text)


@functools.cache
def _data(name: str) -> Any:
    """What a reader of its language finds in the valid file of a format."""
    language, data = DATA[name]
    return _parsed(language, _written(language, data))


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key of something in it."""
    pairs = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    for key, value in pairs:
        yield data, key
        yield from _places(value)


def with_other_data(data: Any, random: Random) -> Any:
    places = list(_places(data))
    if not places:
        return random.choice(_VALUES)
    inside, key = random.choice(places)
    match random.randrange(7):
        case 0 | 1:
            inside[key] = json.loads(json.dumps(random.choice(_VALUES)))
        case 2:
            del inside[key]
        case 3 if isinstance(inside, dict):
            inside[random.choice(_KEYS)] = inside.pop(key)
        case 4 if isinstance(inside, list):
            inside.insert(random.randrange(len(inside) + 1), inside[key])
        case 5:
            inside[key] = [inside[key]] if random.random() < 0.5 else {random.choice(_KEYS): inside[key]}
        case _:
            other, there = random.choice(places)
            if there in other if isinstance(other, dict) else there < len(other):
                inside[key] = json.loads(json.dumps(other[there]))
    return data


def with_other_letters(text: str, random: Random) -> str:
    start = random.randrange(len(text) + 1)
    end = min(len(text), start + random.choice((0, 1, 1, 3, 20)))
    lines = text.splitlines() or [""]
    piece = random.choice((random.choice(_TEXTS), "", "\n", "\\\n", "\t", "#", random.choice(lines), " "))
    return text[:start] + piece + text[end:]
