"""What a command does to the packages of an environment."""

import pytest

from solver.audit.readers.image.installs import BuildStep, step_of


def step(act, **fields):
    return BuildStep(act, **fields)


@pytest.mark.parametrize(
    ("command", "words", "options"),
    [
        ("pip install a b==1", ("a", "b==1"), ()),
        ("pip3.11 --no-cache-dir install -q a", ("a",), ()),
        ("python3 -m pip install -r r.txt -c c.txt", (), ("-r r.txt", "-c c.txt")),
        ("python -u -m pip install --requirement=r.txt", (), ("-r r.txt",)),
        ("pip install -rr.txt", (), ("-r r.txt",)),
        ("uv pip install --system a", ("a",), ()),
        ("uv add a", ("a",), ()),
        (
            "pip install a --index-url https://x --extra-index-url=https://y -f https://z",
            ("a",),
            ("--index-url https://x", "--extra-index-url https://y", "--find-links https://z"),
        ),
        ("uv pip install a --index own=https://x", ("a",), ("--extra-index-url https://x",)),
        (
            "uv pip install a --torch-backend cu128",
            ("a",),
            ("--extra-index-url https://download.pytorch.org/whl/cu128",),
        ),
        ("pip install --trusted-host h --timeout 5 a -e ./b", ("a",), ("-e ./b",)),
        ("conda run -n base pip install a", ("a",), ()),
    ],
)
def test_pip_and_uv_install_requirements(command, words, options):
    held = step_of(command.split())
    assert (held.act, held.words, held.options) == ("pip", words, options)


@pytest.mark.parametrize(
    ("command", "place", "replaces"),
    [
        ("pip install -U a", None, True),
        ("pip install -qU a", None, True),
        ("pip install --force-reinstall a", None, True),
        ("/opt/venv/bin/pip install a", "/opt/venv", False),
        ("/opt/venv/bin/python -m pip install a", "/opt/venv", False),
        ("uv pip install --python /opt/venv/bin/python3 a", "/opt/venv", False),
        ("pip install --prefix=/install a", "/install", False),
        ("mamba run -n own pip install a", "own", False),
    ],
)
def test_pip_is_about_an_environment(command, place, replaces):
    held = step_of(command.split())
    assert (held.words, held.place, held.replaces) == (("a",), place, replaces)


@pytest.mark.parametrize(
    ("command", "held"),
    [
        ("pip uninstall -y a b", step("uninstall", words=("a", "b"), text="pip uninstall -y a b")),
        (
            "mamba install -y -c conda-forge a=1 b",
            step("conda", words=("a=1", "b"), text="mamba install -y -c conda-forge a=1 b"),
        ),
        (
            "conda create -n own python=3.10",
            step("create", words=("python=3.10",), place="own", makes=True, text="conda create -n own python=3.10"),
        ),
        (
            "conda env create -f e.yml",
            step("environment", files=("e.yml",), makes=True, text="conda env create -f e.yml"),
        ),
        (
            "conda env update -n base",
            step("environment", files=("environment.yml",), place="base", makes=True, text="conda env update -n base"),
        ),
        ("conda activate own", step("activate", place="own")),
        (". /opt/venv/bin/activate", step("activate", place="/opt/venv")),
        ("source /opt/conda/bin/activate own", step("activate", place="own")),
        ("python3 -m venv /opt/venv", step("create", place="/opt/venv", makes=True)),
        ("uv venv --python 3.11", step("create", place=".venv", makes=True, python="3.11")),
        (
            "uv sync --extra gpu --group dev",
            step("lock", files=("uv.lock",), extras=("gpu",), groups=("dev",), text="uv sync --extra gpu --group dev"),
        ),
        (
            "poetry install --with train",
            step("lock", files=("poetry.lock",), groups=("train",), text="poetry install --with train"),
        ),
        (
            "conda-lock install -p /opt/own lock.yml",
            step(
                "lock",
                files=("lock.yml",),
                place="/opt/own",
                makes=True,
                text="conda-lock install -p /opt/own lock.yml",
            ),
        ),
        (
            "apt-get install -y libcudnn8",
            step("system", words=("install", "libcudnn8"), text="apt-get install -y libcudnn8"),
        ),
    ],
)
def test_other_commands_that_install(command, held):
    assert step_of(command.split()) == held


@pytest.mark.parametrize(
    "command",
    [
        "pip download a",
        "pip wheel install",
        "python run.py",
        "conda clean -a",
        "uv run a",
        "poetry config a b",
        "make install",
    ],
)
def test_what_installs_nothing(command):
    assert step_of(command.split()) is None
