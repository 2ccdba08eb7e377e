"""The doors of the project: `nox -s lock`, `nox -s tests`, and the others listed by `nox -l`."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True

GROUPS = nox.project.load_toml("pyproject.toml")["dependency-groups"]


@nox.session
def lock(session: nox.Session) -> None:
    """Make every lock of environment.yml.in, or the profiles named after --."""
    session.install("-e", ".")
    session.run("interlock", "lock", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; no network, no framework."""
    session.install("-e", ".[audit,cluster]", *GROUPS["test"])
    session.run("pytest", "--numprocesses", "auto", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Kills, races, index faults and broken files, to their figures; a failure says how to make it again.

    Without more words all parts of tests/soak/run.py, which takes less than half an hour on two cores.
    `nox -s laws` draws more for the laws of the suite.
    """
    session.install("-e", ".[audit,cluster]", *GROUPS["test"], *GROUPS["soak"])
    session.run("python", "tests/soak/run.py", *session.posargs)


@nox.session
def laws(session: nox.Session) -> None:
    """The suite's laws with new seeds and ten times the examples; a failure prints how to make it again."""
    session.install("-e", ".[audit,cluster]", *GROUPS["test"])
    drawn = ("-m", "hypothesis", "--hypothesis-profile", "soak")
    session.run("pytest", *drawn, "--numprocesses", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting, lint and types."""
    session.install("-e", ".[audit,cluster]", *GROUPS["lint"])
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")


@nox.session
def verify(session: nox.Session) -> None:
    """Install locks on this GPU machine and run both probes against them."""
    session.install("-e", ".[audit,cluster]")
    session.run("interlock", "verify", *session.posargs)


@nox.session
def pairs(session: nox.Session) -> None:
    """Search the 77 TensorFlow x torch pairs and print them beside uv's answers."""
    session.install("-e", ".")
    session.run("interlock", "pairs", *session.posargs)


@nox.session
def refresh(session: nox.Session) -> None:
    """Renew every row and index fact that can be read from the index."""
    session.install("-e", ".[audit]")
    session.run("interlock", "refresh", *session.posargs)


@nox.session(name="install-locks")
def install_locks(session: nox.Session) -> None:
    """Really install locks here (gigabytes), by default full-py312, and run both frameworks on the CPU."""
    session.install("-e", ".[audit]", *GROUPS["test"])
    session.run("pytest", "tests/real", "-m", "index", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Time the searches beside their peers, as ratios in one run."""
    session.install("-e", ".", "uv")
    session.run("python", "benchmarks/run.py", *session.posargs)
