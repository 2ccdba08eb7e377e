"""The doors of the project: `nox -s lock`, `nox -s tests`, and the others listed by `nox -l`."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True

OWN_LOCK = ".ci/requirements.txt"
"""What our own tests, linters and releases need, each file of it by its hash: `nox -s lock-own` makes it."""
STARTER = ".ci/nox.txt"
"""What `.ci/run` installs before it can run a session: a part of that."""

PATIENCE = 300
"""Seconds in which vulnerability services must have answered."""

GROUPS = nox.project.load_toml("pyproject.toml")["dependency-groups"]


def _install(session: nox.Session) -> None:
    """Install what is locked for ourselves, and nothing else, then the project as it lies here."""
    session.install("--require-hashes", "-r", OWN_LOCK)
    session.install("--no-deps", "--no-build-isolation", "-e", ".")


@nox.session
def lock(session: nox.Session) -> None:
    """Make every lock of environment.yml.in, or the profiles named after --."""
    session.install("-e", ".")
    session.run("interlock", "lock", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; no network, no framework."""
    _install(session)
    session.run("pytest", "--numprocesses", "auto", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Kills, races, index faults and broken files, to their figures; a failure says how to make it again.

    Without more words all parts of tests/soak/run.py, which takes less than half an hour on two cores, and then
    `nox -s laws`, which draws new examples for the laws of the suite.
    """
    session.install("-e", ".[audit,cluster]", *GROUPS["test"], *GROUPS["soak"])
    session.run("python", "tests/soak/run.py", *session.posargs)
    if not session.posargs:
        session.notify("laws")


@nox.session
def mends(session: nox.Session) -> None:
    """Undo each mend of tests/mends/mends.yaml in a copy, and see its test fail; about a quarter of an hour."""
    session.install("-e", ".[audit,cluster]", *GROUPS["test"])
    session.run("python", "tests/mends/undo.py", *session.posargs)


@nox.session
def laws(session: nox.Session) -> None:
    """The suite's laws with new seeds and ten times the examples; a failure prints how to make it again."""
    session.install("-e", ".[audit,cluster]", *GROUPS["test"])
    drawn = ("-m", "hypothesis", "--hypothesis-profile", "soak")
    session.run("pytest", *drawn, "--numprocesses", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatting, lint and types."""
    _install(session)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("zizmor", "--offline", "--no-progress", ".github/workflows")


@nox.session(name="lock-own")
def lock_own(session: nox.Session) -> None:
    """Renew the hashes of what our own tests, linters and releases need, for every platform and python."""
    session.install("uv")
    groups = (word for name in ("test", "lint", "release") for word in ("--group", name))
    shape = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate")
    kept = ("--no-emit-index-url", "--custom-compile-command", "nox -s lock-own", "--output-file")
    compiled = ("uv", "pip", "compile", "--quiet", *shape, *kept)
    session.run(*compiled, OWN_LOCK, "pyproject.toml", "--all-extras", *groups)
    session.run(*compiled, STARTER, STARTER.replace(".txt", ".in"))


@nox.session(name="audit-own")
def audit_own(session: nox.Session) -> None:
    """Ask whether anything that is locked for ourselves has a known vulnerability; skipped where nobody answers."""
    _install(session)
    command = ("pip-audit", "--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json")
    program = [str(Path(session.bin) / command[0]), *command[1:], "-r", OWN_LOCK]
    try:
        done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        session.skip(f"not known: no vulnerability service answered in {PATIENCE} s")
    packages = json.loads(done.stdout)["dependencies"] if done.stdout.startswith("{") else []
    asked = [package for package in packages if "skip_reason" not in package]
    if not asked:
        # An index without advisories knows no package: that is no answer, and not the answer that all is well.
        session.skip(f"not known: no vulnerability service answered about any of {len(packages)} packages")
    found = [f"{package['name']} {package['version']}: {v['id']}" for package in asked for v in package["vulns"]]
    session.log(f"{len(asked)} of {len(packages)} packages asked about: {'; '.join(found) or 'nothing known'}")
    if found:
        session.error("there are known vulnerabilities")


@nox.session(name="release-files")
def release_files(session: nox.Session) -> None:
    """Build what is released into dist/, twice to the same bytes, with the hash of each file beside it."""
    _install(session)
    made, again = _built(session, Path("dist")), _built(session, Path(session.create_tmp()) / "again")
    if made != again:
        session.error(f"two builds of the same tree differ:\n{made}{again}")
    Path("SHA256SUMS").write_text(made, encoding="utf-8")


def _built(session: nox.Session, folder: Path) -> str:
    """A line of SHA256SUMS for each file that is built into ``folder``, where nothing else is left."""
    shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation", "--outdir", str(folder))
    files = sorted(path for path in folder.iterdir() if path.suffix in {".whl", ".gz"})
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


@nox.session
def verify(session: nox.Session) -> None:
    """Install locks on this GPU machine and run both probes against them."""
    _install(session)
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
