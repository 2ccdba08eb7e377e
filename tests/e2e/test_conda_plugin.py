"""`conda interlock`: what conda loads at each start, and what runs when it is called."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
from paths import ROOT

STANDIN = {
    "conda/__init__.py": "",
    "conda/plugins/__init__.py": "def hookimpl(function):\n    return function\n",
    "conda/plugins/types.py": (
        "class CondaSubcommand:\n"
        "    def __init__(self, *, name, summary, action):\n"
        "        self.name, self.summary, self.action = name, summary, action\n"
    ),
}


@pytest.fixture
def conda(tmp_path):
    """Runs code where the part of conda that a plugin imports is there."""
    for name, text in STANDIN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def run(code):
        start = "import sys\nfrom solver.cli import conda_plugin\n(command,) = conda_plugin.conda_subcommands()\n"
        environ = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", start + code]
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)

    return run


def test_conda_finds_the_plugin_under_its_own_group():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["conda"] == {"interlock": "solver.cli.conda_plugin"}


def test_nothing_of_ours_is_loaded_until_it_is_called(conda):
    done = conda("print(command.name, sorted(n for n in sys.modules if n.startswith(('solver', 'click', 'msgspec'))))")
    assert (done.stdout, done.stderr) == ("interlock ['solver', 'solver.cli', 'solver.cli.conda_plugin']\n", "")


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (("--version",), 0, "interlock, version ", ""),
        (("doctor", "nobody"), 2, "", "interlock: environment.yml.in: "),
        (("audit",), 2, "", "interlock: name what to audit, since no environment is active"),
    ],
)
def test_it_is_the_command_line_with_its_exit_codes(conda, words, code, out, err):
    done = conda(f"command.action({words!r})")
    assert done.returncode == code
    assert done.stdout.startswith(out)
    assert done.stderr.startswith(err)
