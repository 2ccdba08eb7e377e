"""init: a request of what is there, whole; and what commands say where there is none."""

from __future__ import annotations

import io

import own_index
import pytest
import yaml
from click.testing import CliRunner

from solver.cli import program
from solver.core.machine import Gpu, Machine
from solver.core.yamlfile import parse_yaml

ENVIRONMENT = """\
name: research
channels: [conda-forge, defaults]
dependencies:
  - python=3.12
  - numpy
  - pandas>=2
  - cudatoolkit=11.8
  - pytorch::pytorch=2.10
  - pip
  - pip:
      - tensorflow[and-cuda]==2.21.0
      - opencv-python-headless
      - -e git+https://github.com/me/proj.git@deadbeef#egg=proj
      - nvidia-cudnn-cu12==9.1.0.70
variables: {MODE: "1"}
prefix: /home/me/env
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("solver.commands.init.this_machine", Machine)
    return tmp_path


def request(folder):
    return (folder / "environment.yml.in").read_text()


def test_an_environment_becomes_a_request_that_locks(here, interlock):
    (here / "environment.yml").write_text(ENVIRONMENT)
    assert interlock("init") == (
        0,
        """\
environment.yml: channel defaults is not carried over: nothing of it is recorded
environment.yml:6: pandas>=2 stands under pip: no recorded channel holds it
environment.yml:7: cudatoolkit=11.8 is not carried over: CUDA is chosen with the frameworks
environment.yml:8: pytorch::pytorch=2.10 stands under pip as torch==2.10.*: frameworks come by pip
environment.yml:11: of tensorflow[and-cuda]==2.21.0 the extra is not carried over: its CUDA libraries are chosen \
from the matrices
environment.yml:13: "-e git+https://github.com/me/proj.git@deadbeef#egg=proj" is not carried over: an editable is the \
folder itself, of which no hash can be locked; `pip install --no-deps -e \
"git+https://github.com/me/proj.git@deadbeef#egg=proj"` puts it into the environment afterwards
environment.yml:14: nvidia-cudnn-cu12==9.1.0.70 is not carried over: the frameworks bring what they were built for
made environment.yml.in of environment.yml; `interlock lock` makes the lock
""",
        "",
    )
    assert (
        request(here)
        == """\
name: research
channels:
- conda-forge
dependencies:
- python=${python}
- numpy
- pip
- pip:
  - torch==${torch}
  - tensorflow==${tensorflow}
  - pandas>=2
  - opencv-python-headless
variables:
  MODE: '1'
profiles:
  gpu:
    python: '3.12'
    torch: 2.10.*
    tensorflow: 2.21.0
"""
    )
    code, out, err = interlock("lock", "--no-pylock")
    assert (code, err) == (0, "")
    assert out.startswith("gpu: tensorflow 2.21.0, torch 2.10.0, python 3.12, cuda 12.8, ")


LOCKED = f"""\
# Made by `nox -s lock` (or `interlock lock mine`); change environment.yml.in, not this file.
# For linux-64, glibc >= 2.31, NVIDIA driver >= 550.54.14, GPU of compute capability 9.0.
name: mine
channels: [conda-forge]
dependencies:
- __glibc>=2.31
- conda-forge::_x86_64-microarch-level>=3
- conda-forge::zstd=1.5.7=hb78ec9c_7
- conda-forge::python=3.12.13=h_cpython
- conda-forge::pip=26.3=h_0
- openssl
- pip:
  - --find-links ./wheels
  - --no-binary odd
  - interlock-loader==1+tf2.21.0 --hash=sha256:{"0" * 64}
  - jax==0.7.0 --hash=sha256:{"1" * 64}
  - pandas
  - tensorflow==2.21.0 --hash=sha256:{"1" * 64}
  - tensorflow-cpu==2.21.0 --hash=sha256:{"1" * 64}
  - torch @ https://download.pytorch.org/whl/cu126/torch-2.10.0%2Bcu126-cp312-cp312-linux_x86_64.whl \
--hash=sha256:{"1" * 64}
  - torchvision==0.25.0 --hash=sha256:{"1" * 64}
  - triton==3.6.0 --hash=sha256:{"2" * 64}
"""


def test_an_environment_that_a_lock_made_becomes_what_a_person_would_ask_for(here, interlock):
    (here / "environment.yml").write_text(LOCKED)
    assert interlock("init")[1].splitlines() == [
        "environment.yml: is of a lock: python, frameworks, their companions, variables are carried over; what else "
        "was asked for stands in the environment.yml.in that the lock was made of",
        'environment.yml:20: "--extra-index-url https://download.pytorch.org/whl/cu126" is carried over as '
        "indexes: [pytorch]",
        "environment.yml:20: of torch==2.10.0+cu126 the build is not carried over: it is chosen by the GPU and the "
        "driver",
        "made environment.yml.in of environment.yml; `interlock lock` makes the lock",
    ]
    made = parse_yaml(request(here), here).data
    # What somebody wrote into the file since stays.
    packages = ["tensorflow==${tensorflow}", "torch==${torch}", "torchvision", "pandas"]
    assert made["dependencies"] == ["python=${python}", "openssl", "pip", {"pip": packages}]
    assert made["profiles"]["gpu"] == {
        "python": "3.12",
        "tensorflow": "2.21.0",
        "torch": "2.10.0",
        "indexes": ["pytorch"],
        "glibc": "2.31",
        "gpu": ["9.0"],
        "driver": ">=550.54.14",
    }


def test_of_channels_those_by_address_are_carried_over_by_name_and_others_are_told(here, interlock):
    address = "https://conda.anaconda.org"
    channels = f"[nodefaults, '{address}/conda-forge/', conda-forge, '{address}/torch/label/x']"
    (here / "environment.yml").write_text(f"channels: {channels}\ndependencies: [python=3.12, pip, {{pip: [torch]}}]\n")
    assert interlock("init")[1].splitlines()[:-1] == [
        "environment.yml: channel nodefaults is not carried over: it is no channel, and of none but those that are "
        "named anything is taken",
        f"environment.yml: channel {address}/torch/label/x is not carried over: nothing of it is recorded",
    ]
    assert parse_yaml(request(here), here).data["channels"] == ["conda-forge"]


LETTERS = "the name in letters from a to z, digits and ._-"
NO_PACKAGE = f"it is no conda package; write it as numpy>=2 or conda-forge::numpy, {LETTERS}"


@pytest.mark.parametrize(
    ("entry", "told", "asked"),
    [
        *(
            (text, [f'"{text}" is not carried over: {NO_PACKAGE}'], [])
            for text in ("conda-forge::Größe", "conda-forge::", "conda-forge::*", "a:b:zstd", "zstd=")
        ),
        (
            "x/y::zstd >=1",
            ["of x/y::zstd >=1 the channel is not carried over: it is none of those of the request"],
            ["zstd >=1"],
        ),
        (
            "zstd[channel=x, version='>=1']",
            ["of zstd[channel=x, version='>=1'] the channel is not carried over: it is none of those of the request"],
            ["zstd[version='>=1']"],
        ),
        ("https://conda.anaconda.org/conda-forge::zstd", [], ["https://conda.anaconda.org/conda-forge::zstd"]),
    ],
)
def test_what_is_no_package_and_whose_channel_is_not_there_is_told(here, interlock, entry, told, asked):
    text = yaml.safe_dump({"dependencies": [entry, "pip", {"pip": ["torch"]}]}, allow_unicode=True)
    (here / "environment.yml").write_text(text, encoding="utf-8")
    code, out, err = interlock("init")
    assert (code, out.splitlines()[:-1], err) == (0, [f"environment.yml:2: {line}" for line in told], "")
    assert parse_yaml(request(here), here).data["dependencies"][1:-2] == asked


def test_a_lock_of_pip_alone_becomes_a_request_too(here, interlock):
    (here / "requirements.txt").write_text(
        "# mine: torch 2.10.0; CPU only.\n# For python 3.13, linux-64, glibc >= 2.28.\n"
        "# Made by `interlock lock mine`; do not edit. Install: pip install --require-hashes -r requirements.txt\n"
        f"numpy==2.3.0 \\\n    --hash=sha256:{'1' * 64}\ntorch==2.10.0 \\\n    --hash=sha256:{'1' * 64}\n"
    )
    assert interlock("init")[0] == 0
    made = parse_yaml(request(here), here).data
    assert made["dependencies"] == ["python=${python}", "pip", {"pip": ["torch==${torch}"]}]
    assert made["profiles"] == {"cpu": {"python": "3.13", "torch": "2.10.0", "cuda": "none"}}


def test_a_name_and_variables_that_conda_does_not_take_are_told(here, interlock):
    text = "name: größe\nchannels: [conda-forge]\ndependencies: [python=3.12, pip, {pip: [torch]}]\n"
    (here / "environment.yml").write_text(text + "variables: {Ä: '1', MODE: '2'}\n", encoding="utf-8")
    assert interlock("init")[1].splitlines() == [
        "environment.yml: name größe is carried over as gro-e: a name has letters from a to z, digits and ._-",
        "environment.yml: variable Ä is not carried over: the name of one has letters from a to z, digits and _, and "
        "no digit first",
        "made environment.yml.in of environment.yml; `interlock lock` makes the lock",
    ]
    made = parse_yaml(request(here), "environment.yml.in").data
    assert (made["name"], made["variables"]) == ("gro-e", {"MODE": "2"})


SOURCED = {
    "pyproject.toml": """\
[project]
name = "mine"
dependencies = ["torch", "My_Tool>=1", "other", "third", "pandas"]
[tool.uv.sources]
my-tool = { git = "https://example.org/my-tool", rev = "0123456789abcdef" }
other = { path = "libs/other", editable = true }
third = { url = "https://example.org/third-1-py3-none-any.whl" }
torch = { index = "pytorch-cu128" }
""",
    "uv.lock": """\
version = 1
[[package]]
name = "mine"
version = "0"
source = { virtual = "." }
[package.metadata]
requires-dist = [
    { name = "torch" },
    { name = "my-tool", git = "https://example.org/my-tool?rev=0123456789abcdef" },
    { name = "other", editable = "libs/other" },
    { name = "third", url = "https://example.org/third-1-py3-none-any.whl" },
    { name = "pandas" },
]
""",
    "pixi.toml": """\
[workspace]
name = "mine"
[pypi-dependencies]
torch = "*"
my-tool = { git = "https://example.org/my-tool", rev = "0123456789abcdef" }
other = { path = "libs/other", editable = true }
third = { url = "https://example.org/third-1-py3-none-any.whl" }
pandas = "*"
""",
}


@pytest.mark.parametrize("name", SOURCED)
def test_what_comes_from_elsewhere_than_an_index_is_no_package_of_the_index(here, interlock, name):
    (here / name).write_text(SOURCED[name])
    code, out, err = interlock("init", "--yes")
    assert (code, err) == (0, "")
    assert [line.partition('": ')[2] or line.partition(': "')[2] for line in out.splitlines()[:-1]] == [
        'my-tool @ git+https://example.org/my-tool@0123456789abcdef" is not carried over: what is built of a '
        "repository has no hash that could be locked; "
        '`pip install --no-deps "my-tool @ git+https://example.org/my-tool@0123456789abcdef"` '
        "puts it into the environment afterwards",
        '-e ./libs/other" is not carried over: an editable is the folder itself, of which no hash can be locked; '
        "`pip install --no-deps -e ./libs/other` puts it into the environment afterwards",
        'third @ https://example.org/third-1-py3-none-any.whl" is not carried over: it is on no index, and nothing '
        "says which file of that address is meant: it has no sha256; "
        '`pip install --no-deps "third @ https://example.org/third-1-py3-none-any.whl"` '
        "puts it into the environment afterwards",
    ]
    made = parse_yaml(request(here), "environment.yml.in").data
    assert made["dependencies"][-1]["pip"] == ["torch==${torch}", "pandas"]


EXPORTED = """\
name: exported
dependencies:
  - _libgcc_mutex=0.1=main
  - ca-certificates=2021.10.8=ha878542_0
  - ffmpeg
  - git
  - jinja2=2.11.0
  - numpy=1.26.4=py311h64a7726_0
  - opencv
  - pytables>=3
  - python{python}
  - pytorch=2.10.0=py3.11_cuda12.1_cudnn8.9.2_0
"""
SAME = "no recorded channel holds it, and no project of the package index is known to be the same"


def test_of_an_exported_environment_what_only_conda_has_is_no_stranger_of_the_package_index(here, interlock):
    (here / "environment.yml").write_text(EXPORTED.format(python="=3.11.9"))
    code, out, err = interlock("init", "--yes")
    assert (code, err) == (0, "")
    assert out.splitlines()[:-1] == [
        f"environment.yml:3: _libgcc_mutex=0.1=main is not carried over: {SAME}",
        "environment.yml:4: of ca-certificates=2021.10.8=ha878542_0 the version is not carried over: "
        "no recorded channel holds it",
        f"environment.yml:5: ffmpeg is not carried over: {SAME}",
        f"environment.yml:6: git is not carried over: {SAME}",
        "environment.yml:7: jinja2=2.11.0 stands under pip as jinja2==2.11.0.*: no recorded channel holds it",
        "environment.yml:8: of numpy=1.26.4=py311h64a7726_0 the build is not carried over: it is chosen",
        "environment.yml:9: opencv stands under pip as opencv-python: no recorded channel holds it",
        "environment.yml:10: pytables>=3 stands under pip as tables>=3: no recorded channel holds it",
        "environment.yml:12: pytorch=2.10.0=py3.11_cuda12.1_cudnn8.9.2_0 stands under pip as torch==2.10.0.*: "
        "frameworks come by pip",
    ]
    assert parse_yaml(request(here), "environment.yml.in").data["dependencies"] == [
        "python=${python}",
        "ca-certificates",
        "numpy =1.26.4",
        "pip",
        {"pip": ["torch==${torch}", "jinja2==2.11.0.*", "opencv-python", "tables>=3"]},
    ]


PYTHONS = {
    ">=3.6": ({}, []),
    ">=3.6,<3.12": ({"python": "<3.12"}, []),
    "=3.6": ({}, ["environment.yml:11: python 3.6 is not carried over: the oldest that can be locked is 3.9"]),
    ">=3.10": ({"python": ">=3.10"}, []),
}


@pytest.mark.parametrize("bound", PYTHONS)
def test_of_a_python_only_what_can_be_locked_bounds_anything(here, interlock, bound):
    profile, told = PYTHONS[bound]
    (here / "environment.yml").write_text(EXPORTED.format(python=bound))
    code, out, err = interlock("init", "--yes")
    assert (code, [line for line in out.splitlines() if "python 3" in line], err) == (0, told, "")
    assert parse_yaml(request(here), "environment.yml.in").data["profiles"]["gpu"] == {**profile, "torch": "2.10.0.*"}


FILES = {
    "requirements.txt": (
        'torch==2.9.1+cu128\n# why\n--index-url https://x.org/simple\npandas>=2 ; sys_platform=="linux"\n'
        'pywin32; sys_platform=="win32"\npandas<3\n',
        [
            "requirements.txt:1: of torch==2.9.1+cu128 the build is not carried over: "
            "it is chosen by the GPU and the driver",
            'requirements.txt:3: "--index-url https://x.org/simple" is not carried over: '
            "a request names indexes, and what comes from each, under indexes:",
            'requirements.txt:5: "pywin32; sys_platform=="win32"" is not carried over: '
            "its marker does not hold on linux-64",
            "requirements.txt:6: pandas<3 is not carried over: pandas>=2 stood before",
        ],
        ["torch==${torch}", "pandas>=2"],
        {"torch": "2.9.1"},
    ),
    "pyproject.toml": (
        '[project]\nname = "mine"\nrequires-python = ">=3.10,<3.13"\n'
        'dependencies = ["torch>=2.7", "tensorflow~=2.20", "pandas[performance]"]\n'
        '[project.optional-dependencies]\ndev = ["pytest"]\n',
        ["pyproject.toml: project.optional-dependencies.dev is not carried over; add its packages to a profile"],
        ["torch==${torch}", "tensorflow==${tensorflow}", "pandas[performance]"],
        {"python": ">=3.10,<3.13", "torch": ">=2.7", "tensorflow": "~=2.20"},
    ),
    "poetry/pyproject.toml": (
        """\
[tool.poetry]
name = "mine"
[tool.poetry.dependencies]
python = "^3.10"
tensorflow = "~2.20"
pandas = [{ version = "^2.1", markers = "sys_platform == 'linux'" }, { version = "1.5", markers = "os_name == 'nt'" }]
viewer = { version = "*", optional = true }
mine = { git = "https://example.org/mine", rev = "0123456789abcdef" }
[tool.poetry.extras]
view = ["viewer"]
[tool.poetry.group.dev.dependencies]
pytest = "^8"
[[tool.poetry.source]]
name = "torch"
url = "https://download.pytorch.org/whl/cu128"
priority = "explicit"
""",
        [
            "pyproject.toml: tool.poetry.group.dev is not carried over; add its packages to a profile",
            "pyproject.toml: tool.poetry.extras.view is not carried over; add its packages to a profile",
            'pyproject.toml: tool.poetry.source.torch: "--extra-index-url https://download.pytorch.org/whl/cu128" is '
            "carried over as indexes: [pytorch]",
            "pyproject.toml: tool.poetry.dependencies: \"pandas==1.5; os_name == 'nt'\" is not carried over: "
            "its marker does not hold on linux-64 with python >=3.10",
            'pyproject.toml: tool.poetry.dependencies: "mine @ git+https://example.org/mine@0123456789abcdef" is not '
            "carried over: what is built of a repository has no hash that could be locked; "
            '`pip install --no-deps "mine @ git+https://example.org/mine@0123456789abcdef"` puts it into the '
            "environment afterwards",
        ],
        ["tensorflow==${tensorflow}", "pandas<3,>=2.1"],
        {"python": ">=3.10", "tensorflow": "<2.21,>=2.20", "indexes": ["pytorch"]},
    ),
    "groups/pyproject.toml": (
        """\
[project]
name = "mine"
dependencies = ["pandas"]
[project.optional-dependencies]
docs = ["sphinx"]
gpu = ["torch>=2.7"]
cpu = ["torch"]
[dependency-groups]
test = ["pytest"]
dev = [{ include-group = "test" }, "ruff"]
""",
        [
            "pyproject.toml: project.optional-dependencies.docs is not carried over; add its packages to a profile",
            "pyproject.toml: project.optional-dependencies.gpu is carried over too: it names a framework, which the "
            "project itself does not",
            "pyproject.toml: project.optional-dependencies.cpu is not carried over; add its packages to a profile",
            "pyproject.toml: dependency-groups.test is not carried over; add its packages to a profile",
            "pyproject.toml: dependency-groups.dev is not carried over; add its packages to a profile",
        ],
        ["torch==${torch}", "pandas"],
        {"torch": ">=2.7"},
    ),
    "included/pyproject.toml": (
        """\
[project]
name = "mine"
dependencies = ["pandas"]
[dependency-groups]
run = [{ include-group = "GPU-b" }, "six"]
gpu_b = ["torch>=2.7"]
""",
        [
            "pyproject.toml: dependency-groups.run is carried over too: it names a framework, which the project itself "
            "does not",
            "pyproject.toml: dependency-groups.gpu_b is not carried over; add its packages to a profile",
        ],
        ["torch==${torch}", "pandas", "six"],
        {"torch": ">=2.7"},
    ),
    "pixi/pyproject.toml": (
        """\
[project]
name = "mine"
requires-python = ">=3.11"
dependencies = ["keras>=3"]
[tool.pixi.workspace]
channels = ["conda-forge"]
[tool.pixi.tasks]
run = "x"
[tool.pixi.pypi-dependencies]
torch = ">=2.9"
""",
        ["pyproject.toml: tool.pixi.tasks is not carried over"],
        ["torch==${torch}", "keras>=3"],
        {"python": ">=3.11", "torch": ">=2.9"},
    ),
    "features/pixi.toml": (
        """\
[workspace]
channels = ["conda-forge"]
[dependencies]
python = "3.12.*"
[target.linux-64.dependencies]
numpy = "2.*"
[target.win-64.dependencies]
pywin32 = "*"
[feature.cuda.pypi-options]
index-url = "https://download.pytorch.org/whl/cu128"
[feature.cuda.pypi-dependencies]
torch = ">=2.9"
[feature.cuda.target.linux.pypi-dependencies]
keras = ">=3"
[feature.lint.dependencies]
ruff = "*"
[environments]
lint = ["lint"]
train = { features = ["cuda"] }
""",
        [
            "pixi.toml: environments.train is carried over: the default names no framework",
            "pixi.toml: feature.lint is not carried over: environment train has none of it; add its packages to a "
            "profile",
            "pixi.toml: target.win-64 is not carried over: it is not for linux-64",
            'pixi.toml: feature.cuda.pypi-options: "--extra-index-url https://download.pytorch.org/whl/cu128" is '
            "carried over as indexes: [pytorch]",
        ],
        ["torch==${torch}", "keras>=3"],
        {"python": "3.12", "torch": ">=2.9", "indexes": ["pytorch"]},
    ),
    "uv.lock": (
        'version = 1\nrequires-python = "==3.12.*"\n[[package]]\nname = "mine"\nversion = "0"\n'
        'source = { virtual = "." }\n[package.metadata]\n'
        'requires-dist = [{ name = "torch", specifier = ">=2.7" }, { name = "pandas", extras = ["performance"] }]\n'
        '[[package]]\nname = "torch"\nversion = "2.9.1"\nsource = { registry = "https://x.org" }\n',
        [],
        ["torch==${torch}", "pandas[performance]"],
        {"python": "3.12", "torch": ">=2.7"},
    ),
    "pixi.toml": (
        '[workspace]\nname = "mine"\nchannels = ["conda-forge"]\nplatforms = ["linux-64"]\n[tasks]\nrun = "x"\n'
        '[dependencies]\npython = "3.12.*"\npytorch-gpu = ">=2.9,<3"\nscikit-learn = "*"\n'
        '[pypi-dependencies]\nkeras = ">=3"\nmine = { path = ".", editable = true }\n',
        [
            "pixi.toml: tasks is not carried over",
            "pixi.toml: dependencies: pytorch-gpu >=2.9,<3 stands under pip as torch<3,>=2.9: frameworks come by pip",
            "pixi.toml: dependencies: scikit-learn stands under pip: no recorded channel holds it",
            'pixi.toml: pypi-dependencies: "-e ." is not carried over: an editable is the folder itself, of which no '
            "hash can be locked; `pip install --no-deps -e .` puts it into the environment afterwards",
        ],
        ["torch==${torch}", "scikit-learn", "keras>=3"],
        {"python": "3.12", "torch": "<3,>=2.9"},
    ),
}


def test_of_a_freeze_what_conda_built_is_a_package_and_no_folder_of_another_machine(here, interlock):
    built = [
        "numpy @ file:///home/conda/feedstock_root/build_artifacts/numpy_1717057054362/work/dist/numpy-2.0-cp312.whl",
        "PyYAML @ file:///croot/pyyaml_1728657952215/work",
        "mine @ file:///home/me/mine",
    ]
    (here / "freeze.txt").write_text("\n".join(["torch==2.9.1", *built]) + "\n")
    code, out, err = interlock("init", "freeze.txt")
    why = "conda installed it, and the line does not tell its version"
    assert (code, out.splitlines()[:2], err) == (
        0,
        [
            f'freeze.txt:2: "{built[0]}" is carried over as numpy: {why}',
            f'freeze.txt:3: "{built[1]}" is carried over as PyYAML: {why}',
        ],
        "",
    )
    assert out.splitlines()[2].startswith('freeze.txt:4: "mine @ file:///home/me/mine" is not carried over: a folder ')
    made = parse_yaml(request(here), "environment.yml.in").data
    assert made["dependencies"][-1]["pip"] == ["torch==${torch}", "numpy", "PyYAML"]


@pytest.mark.parametrize("name", FILES)
def test_each_file_becomes_a_request(here, interlock, name):
    text, told, pip, profile = FILES[name]
    name = name.rpartition("/")[2]
    (here / name).write_text(text)
    said = [*told, f"made environment.yml.in of {name}; `interlock lock` makes the lock"]
    assert interlock("init") == (0, "\n".join(said) + "\n", "")
    made = parse_yaml(request(here), "environment.yml.in").data
    assert made["dependencies"][-1]["pip"] == pip
    assert made["profiles"] == {"gpu": profile}


@pytest.mark.parametrize(
    ("lines", "profiles", "said"),
    [
        (
            ["tensorflow-cpu==2.20.0", "torch==2.9.1+cpu"],
            {"cpu": {"tensorflow": "2.20.0", "torch": "2.9.1", "indexes": ["pytorch"], "cuda": "none"}},
            [
                "1: tensorflow-cpu is carried over as tensorflow with cuda: none",
                "2: torch==2.9.1+cpu is carried over as torch with cuda: none",
            ],
        ),
        (
            ["tensorflow-cpu==2.20.0", "torch"],
            {"gpu": {"tensorflow": {"cuda": "none", "version": "2.20.0"}}},
            ["1: tensorflow-cpu is carried over as tensorflow with cuda: none"],
        ),
        (
            ["--index-url https://download.pytorch.org/whl/cpu", "torch>=2.9"],
            {"cpu": {"torch": ">=2.9", "indexes": ["pytorch"], "cuda": "none"}},
            [
                '1: "--index-url https://download.pytorch.org/whl/cpu" is carried over as indexes: [pytorch] and '
                "cuda: none for torch"
            ],
        ),
        (
            ["--extra-index-url=https://download.pytorch.org/whl/cu128", "tensorflow", "torch==2.9.1+cu128"],
            {"gpu": {"torch": "2.9.1", "indexes": ["pytorch"]}},
            [
                '1: "--extra-index-url=https://download.pytorch.org/whl/cu128" is carried over as indexes: [pytorch]',
                "3: of torch==2.9.1+cu128 the build is not carried over: it is chosen by the GPU and the driver",
            ],
        ),
    ],
    ids=["all for the CPU", "one for the CPU", "index of builds for the CPU", "index of builds for a CUDA"],
)
def test_builds_and_indexes_of_frameworks_become_what_the_profile_says_of_them(here, interlock, lines, profiles, said):
    (here / "requirements.txt").write_text("\n".join(lines) + "\n")
    code, out, err = interlock("init", "requirements.txt")
    assert code == 0
    assert [line for line in (out + err).splitlines() if "carried" in line] == [
        f"requirements.txt:{one}" for one in said
    ]
    assert parse_yaml(request(here), "environment.yml.in").data["profiles"] == profiles


def test_of_nothing_this_machine_answers(here, interlock, monkeypatch):
    card = Gpu(name="H100", uuid="0" * 64, capability="9.0", memory=1)
    monkeypatch.setattr("solver.commands.init.this_machine", lambda: Machine(driver="570.86.15", gpus=(card, card)))
    assert interlock("init", "--yes") == (0, "made environment.yml.in; `interlock lock` makes the lock\n", "")
    made = parse_yaml(request(here), "environment.yml.in").data
    assert made["profiles"] == {"gpu": {"python": "3.12", "gpu": ["9.0"], "driver": ">=570.86.15"}}


def test_of_nothing_a_person_is_asked(here):
    answers = "torch\n3.11\nRTX 4090\n>=550\n"
    result = CliRunner().invoke(program.interlock, ["init"], input=answers)
    assert result.exit_code == 0, result.output
    made = parse_yaml(request(here), "environment.yml.in").data
    assert made["dependencies"] == ["python=${python}", "pip", {"pip": ["torch==${torch}"]}]
    assert made["profiles"] == {"gpu": {"python": "3.11", "gpu": ["RTX 4090"], "driver": ">=550"}}


def test_a_request_is_never_written_over(here, interlock):
    (here / "environment.yml.in").write_text("mine")
    said = "interlock: environment.yml.in: is here already; change it, or move it away\n"
    assert interlock("init", "--yes") == (2, "", said)
    assert request(here) == "mine"


def test_where_there_is_no_request_the_file_to_make_one_of_is_named(here, interlock):
    (here / "environment.yml").write_text(ENVIRONMENT)
    said = "interlock: environment.yml.in: there is no request here; `interlock init` makes one of environment.yml\n"
    assert interlock("lock") == (2, "", said)


def test_a_project_is_found_from_below(here, interlock, monkeypatch):
    (here / "environment.yml").write_text(ENVIRONMENT)
    assert interlock("init")[0] == 0
    (here / "deep" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(here / "deep" / "deeper")
    assert interlock("lock", "--check") == (1, "gpu: it was never made\n", "")


BOTH = "and both write the same files"
SETTLED = {
    "opencv-python>=4.1\nviewer\n": (
        [f"opencv-python is carried over as opencv-python-headless: viewer asks for that, {BOTH}"],
        ["opencv-python-headless", "viewer"],
    ),
    "opencv-python==4.9.0.80\nviewer\n": ([], ["opencv-python==4.9.0.80", "viewer"]),
    "opencv-python\nopencv-python-headless\n": (
        [f"opencv-python-headless is not carried over: opencv-python stood before, {BOTH}"],
        ["opencv-python"],
    ),
    "opencv-contrib-python==4.9.0.80\nopencv-python-headless==4.9.0.80\nopencv-python==4.9.0.80\n": (
        [
            f"{name}==4.9.0.80 is not carried over: opencv-contrib-python stood before, {BOTH}"
            for name in ("opencv-python-headless", "opencv-python")
        ],
        ["opencv-contrib-python==4.9.0.80"],
    ),
    "opencv-python==4.9.0.80\nopencv-python-headless==4.9.0.80\nviewer\n": (
        [f"opencv-python==4.9.0.80 is not carried over: viewer asks for opencv-python-headless, {BOTH}"],
        ["opencv-python-headless==4.9.0.80", "viewer"],
    ),
    "opencv-python==4.9.0.80\nopencv-python-headless\nviewer\nwindow\n": (
        [
            "window asks for opencv-python and viewer for opencv-python-headless, which write the same files: "
            "no lock holds both"
        ],
        ["opencv-python==4.9.0.80", "opencv-python-headless", "viewer", "window"],
    ),
}


@pytest.mark.parametrize("text", SETTLED)
def test_of_packages_that_write_the_same_files_one_is_carried_over(index, interlock, tmp_path, text):
    remarks, pip = SETTLED[text]
    (tmp_path / "environment.yml.in").unlink()
    (tmp_path / "requirements.txt").write_text(text)
    own_index.add(index, "viewer", {"1.0": ["opencv-python-headless>=4"], "2.0rc1": []})
    own_index.add(index, "window", {"1.0": ["opencv-python"]})
    code, out, err = interlock("init", "--yes")
    assert (code, out.splitlines()[:-1], err) == (0, [*remarks, NO_FRAMEWORK], "")
    assert parse_yaml(request(tmp_path), "environment.yml.in").data["dependencies"][-1]["pip"] == pip


def test_rivals_are_settled_by_the_record_alone_where_the_index_does_not_answer(index, interlock, tmp_path):
    (tmp_path / "environment.yml.in").unlink()
    (tmp_path / "requirements.txt").write_text(next(iter(SETTLED)))
    index.close()
    assert interlock("init", "--yes")[0] == 0
    assert "opencv-python>=4.1\n" in request(tmp_path)


NO_FRAMEWORK = "it names neither TensorFlow nor torch; add torch==${torch} or tensorflow==${tensorflow} under pip:"


def test_files_that_a_list_includes_are_read(here, interlock):
    (here / "sub").mkdir()
    (here / "requirements.txt").write_text(
        'torch\n-r sub/more.txt\n--requirement=lost.txt\n-r once.txt\n-r "mehr ü.txt"\n'
    )
    (here / "mehr ü.txt").write_text("idna\n")
    (here / "sub" / "more.txt").write_text("pandas\n-r deep.txt\nsix==\n")
    (here / "sub" / "deep.txt").write_text("numpy\n-r ../once.txt\n")
    (here / "once.txt").write_text("six\n")
    assert interlock("init", "--yes") == (
        0,
        'sub/more.txt:3: "six==" is not carried over: it is no requirement\n'
        'requirements.txt:3: "--requirement=lost.txt" is not carried over: '
        "there is no such file in this folder or below\n"
        "made environment.yml.in of requirements.txt; `interlock lock` makes the lock\n",
        "",
    )
    asked = parse_yaml(request(here), "environment.yml.in").data["dependencies"][-1]["pip"]
    assert asked == ["torch==${torch}", "pandas", "numpy", "six", "idna"]


def test_files_that_include_one_another_without_end_are_refused_as_an_audit_does(here, interlock):
    (here / "requirements.txt").write_text("torch\n-r more.txt\n")
    (here / "more.txt").write_text("six\n-r requirements.txt\n")
    told = "interlock: more.txt:2: requirements.txt includes itself; remove this line\n"
    assert interlock("init", "--yes") == (2, "", told)
    code, _, err = interlock("audit", "requirements.txt")
    assert (code, err) == (2, f"interlock: {here}/requirements.txt:2: more.txt includes itself; remove this line\n")
    for number in range(25):
        (here / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    (here / "25.txt").write_text("six\n")
    code, _, err = interlock("init", "0.txt")
    assert (code, err.split(": ", 2)[2]) == (
        2,
        "includes more than 20 files in one another, or more than 1000 in all; write fewer files\n",
    )


MARKED = """\
dependencies:
  - python={python}
  - pip:
      - torch
      - six; python_version < "3.12"
      - numpy; python_version >= "3.12"
"""


@pytest.mark.parametrize(
    ("python", "asked", "left"),
    [
        ("3.11", ["torch==${torch}", "six"], 'numpy; python_version >= "3.12"'),
        ("3.12", ["torch==${torch}", "numpy"], 'six; python_version < "3.12"'),
    ],
)
def test_markers_are_judged_for_the_python_of_the_file(here, interlock, python, asked, left):
    (here / "environment.yml").write_text(MARKED.format(python=python))
    _, out, _ = interlock("init", "--yes")
    assert f'"{left}" is not carried over: its marker does not hold on linux-64 with python {python}\n' in out
    assert parse_yaml(request(here), "environment.yml.in").data["dependencies"][-1]["pip"] == asked


def test_a_marker_that_the_python_decides_is_carried_over(here, interlock):
    (here / "environment.yml").write_text(MARKED.format(python="").replace("python=\n", "python\n"))
    _, out, _ = interlock("init", "--yes")
    assert "marker" not in out
    asked = parse_yaml(request(here), "environment.yml.in").data["dependencies"][-1]["pip"]
    assert asked == ["torch==${torch}", 'six; python_version < "3.12"', 'numpy; python_version >= "3.12"']


def test_of_a_freeze_what_nobody_publishes_is_told(here, interlock):
    (here / "requirements.txt").write_text("torch==2.9.1\npkg-resources==0.0.0\n")
    assert interlock("init", "--yes")[:2] == (
        0,
        "requirements.txt:2: pkg-resources==0.0.0 is not carried over: pip of Debian and Ubuntu lists it, and it is a "
        "part of setuptools\nmade environment.yml.in of requirements.txt; `interlock lock` makes the lock\n",
    )


def test_a_question_that_nobody_answers_is_told(here, interlock, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, err = interlock("init")
    assert (code, err.splitlines()[-1]) == (
        2,
        "interlock: nobody answers the question; answer it in a terminal, or see --help for --yes",
    )
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        ('dev = [{include-group = "no"}]', "dependency-groups: the group 'no' is not there; mend its name"),
        ("dev = [3]", 'dependency-groups.dev: expected a requirement or {include-group = "name"}'),
        ('dev = "six"', "dependency-groups.dev: expected a list of requirements"),
    ],
)
def test_what_is_no_group_is_told_with_its_place(here, interlock, groups, problem):
    (here / "pyproject.toml").write_text(f'[project]\ndependencies = ["torch"]\n[dependency-groups]\n{groups}\n')
    assert interlock("init") == (2, "", f"interlock: pyproject.toml: {problem}\n")
