"""The readers of conda's files: environment.yml, @EXPLICIT, conda-lock.yml and pixi.lock."""

from __future__ import annotations

from textwrap import dedent

import pytest

from solver.audit.inputs import read_text
from solver.audit.readers import conda_names
from solver.core.errors import BadInput
from solver.core.model import Target

HASH = "c" * 64
CONDA_LOCK = f"""
    version: 1
    metadata:
      channels: [{{url: conda-forge, used_env_vars: []}}]
      platforms: [linux-64, win-64]
    package:
      - name: python
        version: 3.12.8
        manager: conda
        platform: linux-64
        dependencies: {{}}
        url: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
        hash: {{md5: 7fd2fd79436d9b473812f14e86746844, sha256: {HASH}}}
        category: main
        optional: false
      - name: python
        version: 3.12.8
        manager: conda
        platform: win-64
        dependencies: {{}}
        url: https://conda.anaconda.org/conda-forge/win-64/python-3.12.8-h3f84c4b_1_cpython.conda
        hash: {{md5: 7fd2fd79436d9b473812f14e86746845}}
        category: main
        optional: false
      - name: pytest
        version: 9.0.0
        manager: conda
        platform: linux-64
        dependencies: {{}}
        url: https://conda.anaconda.org/conda-forge/noarch/pytest-9.0.0-pyhd8ed1ab_0.conda
        hash: {{md5: 7fd2fd79436d9b473812f14e86746846}}
        category: dev
        optional: true
      - name: torch
        version: 2.10.0
        manager: pip
        platform: linux-64
        dependencies: {{}}
        url: https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl
        hash: {{sha256: {HASH}}}
        category: main
        optional: false
"""
PIXI = f"""
    version: 6
    environments:
      default:
        channels: [{{url: "https://conda.anaconda.org/conda-forge/"}}]
        packages:
          linux-64:
          - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
          - pypi: https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl
    packages:
    - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
      sha256: {HASH}
    - pypi: https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl
      name: torch
      version: 2.10
      sha256: {HASH}
      requires_dist: [filelock]
      requires_python: '>=3.10'
"""


def read(text, tmp_path, target=None):
    return read_text(dedent(text).lstrip(), "a.yml", tmp_path, target)


def pins(found):
    return [package.pin for package in found.packages]


def test_environment_yml_with_its_pip_block(tmp_path):
    (tmp_path / "more.txt").write_text("idna==3.1\n")
    text = f"""
        name: demo
        channels: [conda-forge]
        dependencies:
          - python=3.12
          - conda-forge::numpy=2.2.6=py312h72c5963_0
          - scipy >=1.13
          - pip
          - pip:
              - torch==2.10.0 --hash=sha256:{HASH}
              - colorama==0.4.6 ; sys_platform == "win32"
              - -r more.txt
        variables:
          XLA_FLAGS: --xla
    """
    found = read(text, tmp_path)
    assert (found.kind, found.python, found.closed) == ("environment", "3.12", False)
    assert pins(found) == ["python==3.12", "numpy==2.2.6", "scipy>=1.13", "pip", "torch==2.10.0", "idna==3.1"]
    numpy, torch = found.packages[1], found.packages[4]
    assert (numpy.origin, numpy.build, numpy.line) == ("conda", "py312h72c5963_0", 5)
    assert (torch.origin, torch.hashes, torch.line) == ("pypi", (HASH,), 9)
    assert found.variables == (("XLA_FLAGS", "--xla"),)


def test_a_hashed_pip_block_is_closed(tmp_path):
    text = f"dependencies:\n- python=3.12\n- pip:\n  - torch==2.10.0 --hash=sha256:{HASH}\n"
    assert read(text, tmp_path).closed


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("numpy", ("numpy", None, None)),
        ("numpy=1.26", ("numpy", "1.26", None)),
        ("numpy==1.26.4", ("numpy", "1.26.4", None)),
        ("numpy 1.26.4 py312_0", ("numpy", "1.26.4", "py312_0")),
        ("conda-forge/linux-64::pytorch=2.5.1=cuda126*", ("pytorch", "2.5.1", None)),
        ("numpy[version='1.26.4',build=py312_0]", ("numpy", "1.26.4", "py312_0")),
        ("numpy >=1.26,<2", ("numpy", None, None)),
        ("numpy=1.26.*", ("numpy", None, None)),
    ],
)
def test_match_specs(spec, expected):
    package = conda_names.from_spec(spec, 1)
    assert (package.conda, package.version, package.build) == expected


def test_explicit_files_tell_order_platform_and_python(tmp_path):
    text = f"""
        # This file may be used to create an environment
        @EXPLICIT
        https://conda.anaconda.org/conda-forge/noarch/tzdata-2026a-h78e105d_0.conda#0123456789abcdef0123456789abcdef
        https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda#sha256:{HASH}
        # pip torch @ https://index.example/torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl --hash=sha256:{HASH}
    """
    found = read(text, tmp_path)
    assert (found.kind, found.python, found.platform) == ("explicit", "3.12", "linux-64")
    assert (found.ordered, found.closed) == (True, True)
    assert pins(found) == ["tzdata==2026a", "python==3.12.8", "torch==2.10.0"]
    assert [package.hashes for package in found.packages] == [(), (HASH,), (HASH,)]


def test_conda_lock_gives_one_platform_and_only_what_is_installed(tmp_path):
    found = read(CONDA_LOCK, tmp_path)
    assert (found.kind, found.platform, found.python) == ("conda-lock", "linux-64", "3.12")
    assert pins(found) == ["python==3.12.8", "torch==2.10.0"]
    assert [package.origin for package in found.packages] == ["conda", "pypi"]
    windows = read(CONDA_LOCK, tmp_path, Target(platform="win-64"))
    assert [package.build for package in windows.packages] == ["h3f84c4b_1_cpython"]


@pytest.mark.parametrize(
    "change",
    [("version: 6", "version: 6"), ("version: 6", "version: 7\nplatforms:\n- name: linux-64")],
    ids=["6", "7"],
)
def test_pixi_lock(change, tmp_path):
    found = read(dedent(PIXI).replace(*change), tmp_path)
    assert (found.kind, found.platform, found.python) == ("pixi", "linux-64", "3.12")
    assert pins(found) == ["python==3.12.8", "torch==2.10"]  # the version as it is spelled, no number
    assert found.packages[1].requires == ("filelock",)


def test_pixi_lock_of_version_5(tmp_path):
    text = """
        version: 5
        environments:
          default:
            channels: []
            packages:
              linux-64:
              - conda: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
        packages:
        - kind: conda
          name: python
          version: 3.12.8
          build: h9e4cc4f_1_cpython
          subdir: linux-64
          url: https://conda.anaconda.org/conda-forge/linux-64/python-3.12.8-h9e4cc4f_1_cpython.conda
    """
    assert pins(read(text, tmp_path)) == ["python==3.12.8"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dependencies:\n- python=3.12\n- {conda: x}\n",
         "a.yml:3: dependencies[1]: expected a match spec, or pip and its list"),
        ("dependencies:\n- '!!'\n", "a.yml:2: dependencies[0]: expected a match spec such as numpy=2.2, found '!!'"),
        ("dependencies:\n- pip:\n  - a==1\n  - a=b=c\n",
         "a.yml:4: expected a requirement such as name==1.2, found 'a=b=c'"),
        ("dependencies: python\n", "a.yml:1: dependencies: expected a list"),
        ("@EXPLICIT\nhttps://index.example/x.zip\n",
         "a.yml:2: expected the address of a .conda or .tar.bz2 archive, found 'https://index.example/x.zip'"),
        (dedent(CONDA_LOCK).replace("version: 1\n", "version: 2\n", 1),
         "a.yml:1: version: expected version 1, found 2; update interlock, or write the older format"),
        (dedent(CONDA_LOCK).replace("manager: pip", "manager: gem"),
         "a.yml:35: package[3].manager: expected conda or pip, found 'gem'"),
        (dedent(CONDA_LOCK).replace("name: torch", "title: torch"), "a.yml:33: package[3].name: expected a string"),
        (dedent(PIXI).replace("version: 6", "version: 8"),
         "a.yml:1: version: expected version 5 to 7, found 8; update interlock, or write the lock with a pixi of that "
         "version"),
        (dedent(PIXI).replace("- pypi: https://index.example/torch", "- pypi: https://index.example/other", 1),
         "a.yml:8: environments.default.packages.linux-64[1]: expected conda or pypi with an address that packages "
         "lists"),
        ("title: nothing\n",
         "a.yml: is YAML, but neither conda-lock.yml nor pixi.lock nor environment.yml; expected one of: "
         "requirements.txt, pip freeze output, pylock.toml, uv.lock, poetry.lock, conda-lock.yml, pixi.lock, "
         "environment.yml, an @EXPLICIT file, or an installed prefix"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_line_and_key(text, message, tmp_path):
    with pytest.raises(BadInput) as caught:
        read(text, tmp_path)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", [CONDA_LOCK, PIXI], ids=["conda-lock", "pixi"])
def test_a_platform_that_the_lock_does_not_serve(text, tmp_path):
    with pytest.raises(BadInput, match=r"the lock serves linux-64.*, not linux-aarch64"):
        read(text, tmp_path, Target(platform="linux-aarch64"))
