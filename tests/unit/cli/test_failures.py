"""What ends a command before its end: a sentence and an exit code; a traceback for bugs of ours alone."""

import errno
import os
import signal
import subprocess
import sys
from email.message import Message

import pytest
from paths import ROOT
from user_folder import REQUEST

from solver.cli import failures, program
from solver.cli.failures import failure_of
from solver.core.errors import BadInput, IndexUnavailable, InterlockError
from solver.core.names import BadName

OURS = "interlock (a bug of ours, please report it to the project's issue tracker): "


def of_the_system(number, *files):
    return OSError(number, os.strerror(number), files[0] if files else None, None, *files[1:])


@pytest.mark.parametrize(
    ("error", "sentence", "code"),
    [
        (of_the_system(errno.ENOSPC, "locks/a"), "locks/a: No space left on device; free some space", 2),
        (of_the_system(errno.ENOSPC), "No space left on device; free some space", 2),
        (
            of_the_system(errno.EACCES, "locks"),
            "locks: Permission denied; allow this user to use it, or name another place",
            2,
        ),
        (
            of_the_system(errno.EROFS, "locks"),
            "locks: Read-only file system; name a place that can be written to",
            2,
        ),
        (of_the_system(errno.EXDEV, "a", "b"), "a and b: Invalid cross-device link", 2),
        (
            of_the_system(errno.ENOENT, b"a\nb\xff"),
            "a b\udcff: No such file or directory; name something that is there",
            2,
        ),
        (OSError("odd\nthings"), "odd things", 2),
        (OSError(), "OSError", 2),
        (
            ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
            "the network failed: Connection reset by peer",
            4,
        ),
        (TimeoutError(), "the network failed: TimeoutError", 4),
        (MemoryError(), "there is not enough memory on this machine", 2),
        (BadInput("is wrong", file="a\nb"), "a b: is wrong", 2),
        (BadName("'x y' is no version"), "'x y' is no version", 2),
        (IndexUnavailable("http://ann:pw@h/t/tk-1/x is away"), "http://h/x is away", 4),
        (BadInput("x" * 5000), f"{'x' * 150} … {'x' * 20}", 2),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_mistake_of_a_person_or_a_machine_is_one_sentence(error, sentence, code):
    assert failure_of(error) == (f"interlock: {sentence}", code)


def test_who_interrupts_or_reads_no_more_is_told_nothing():
    assert failure_of(KeyboardInterrupt()) == ("", 130)
    assert failure_of(BrokenPipeError()) == ("", 141)


class PanicException(BaseException):
    """As the one of py-rattler, which is no ``Exception``."""


OUT_OF_FILES = 'failed to create UnixStream: Os { code: 24, kind: TooManyOpenFiles, message: "Too many open files" }'


@pytest.mark.parametrize(
    ("text", "start", "code"),
    [
        (
            OUT_OF_FILES,
            "interlock: py-rattler could not work: Too many open files; allow more open files (ulimit -n)",
            2,
        ),
        ("index out of bounds", f"{OURS}", 5),
    ],
)
def test_what_foreign_code_gives_up_about_is_no_answer_of_a_check(folder, monkeypatch, capsys, text, start, code):
    def give_up(**_):
        raise PanicException(text)

    monkeypatch.setattr(program.interlock, "main", give_up)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert (ended.value.code, capsys.readouterr().err.startswith(start)) == (code, True)


def test_links_that_lead_in_a_circle_are_told(tmp_path):
    for one, other in ("ab", "ba"):
        (tmp_path / one).symlink_to(other)
    sentence = f"interlock: {tmp_path}/a: Too many levels of symbolic links; mend the links"
    assert failure_of(RuntimeError(f"Symlink loop from '{tmp_path}/a'")) == (sentence, 2)
    with pytest.raises((RuntimeError, OSError)) as caught:
        (tmp_path / "a").resolve(strict=True)
    assert failure_of(caught.value) == (sentence, 2)


def test_a_bug_says_where_to_report_it_and_where_it_happened():
    assert failure_of(InterlockError("two and two are five")) == (f"{OURS}two and two are five", 5)
    try:
        {}["https://ann:s3cret@h/x"]
    except KeyError as error:
        sentence, code = failure_of(error)
    assert sentence.startswith(f"{OURS}Traceback (most recent call last):\n") and code == 5
    assert sentence.endswith("KeyError: 'https://h/x'")


@pytest.mark.parametrize(
    ("urls", "place"),
    [
        (["Documentation, https://d", "Issues, https://i", "Homepage, https://h"], "https://i"),
        (["Homepage, https://h"], "https://h"),
        (["Documentation, https://d"], "the project's issue tracker"),
        ([], "the project's issue tracker"),
    ],
)
def test_where_bugs_are_reported_is_what_the_installed_project_says(monkeypatch, urls, place):
    declared = Message()
    for url in urls:
        declared["Project-URL"] = url
    monkeypatch.setattr(failures.metadata, "metadata", lambda name: declared)
    assert failures.tracker() == place


# --- as processes -----------------------------------------------------------------------------------

START = [sys.executable, "-m", "solver"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "environment.yml.in").write_text(REQUEST)
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["click", "msgspec", "solver.commands.solve"])
def test_an_interrupt_while_the_tool_is_loaded_ends_with_no_word(folder, module):
    """The process interrupts itself when it comes to load ``module``."""
    code = f"""
import builtins, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have told them to ignore it
real = builtins.__import__
def load(name, *rest):
    if name == {module!r}:
        builtins.__import__ = real
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
from solver.__main__ import main
builtins.__import__ = load
sys.argv = ["interlock", "solve", "small"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_who_told_it_to_ignore_interrupts_is_obeyed(folder):
    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    code = """
import os, signal, sys
import solver.__main__
os.kill(os.getpid(), signal.SIGINT)
sys.argv = ["interlock", "--version"]
solver.__main__.main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, preexec_fn=ignore)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def at_rest():
    """The signals that end a process mean what they mean to everybody, after the test as before it."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def learn_and_end(interlock, monkeypatch, number):
    """What comes of a command that is ended before what it wrote takes its name."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.kill(os.getpid(), number))
    return interlock("matrices", "learn")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_who_is_ended_leaves_nothing_unfinished(folder, interlock, monkeypatch, at_rest, name, code):
    monkeypatch.chdir(folder)
    number = getattr(signal, name)
    assert learn_and_end(interlock, monkeypatch, number) == (code, "", "")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["environment.yml.in"]
    assert signal.getsignal(number) is signal.SIG_DFL


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_who_told_it_to_ignore_the_end_of_a_terminal_is_obeyed(folder, interlock, monkeypatch, at_rest):
    monkeypatch.chdir(folder)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert learn_and_end(interlock, monkeypatch, signal.SIGHUP)[0] == 0
    assert (folder / "matrices" / "verified.yaml").is_file()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_goes_away_is_no_error(folder):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*START, "--help"], cwd=folder, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is of Linux")  # noqa: PTH110
def test_a_full_disk_under_the_output_is_told(folder):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run([*START, "solve", "small"], cwd=folder, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "interlock: No space left on device; free some space\n")


NOTHING = (
    "nothing found: the set holds neither TensorFlow nor torch nor JAX; "
    "only requirements and wheels of 0 packages were checked\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed as a shell of Unix does")
@pytest.mark.parametrize(
    ("words", "closed", "outcome"),
    [
        ("--version", ">&-", (0, "", "")),
        ("--version", "<&- >&- 2>&-", (0, "", "")),
        ("--no-such", "2>&-", (2, "", "")),
        ("audit -", "<&-", (0, NOTHING, "")),
    ],
)
def test_a_stream_that_is_closed_leads_nowhere(tmp_path, words, closed, outcome):
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m solver {words} {closed}', sys.executable],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == outcome


def test_what_is_written_goes_into_no_file_of_ours(tmp_path):
    """With the standard output closed, the first file that is opened would be it."""
    code = "import solver.__main__ as m; m._open_what_is_closed(); f = open('mine', 'w'); print('lost', flush=True)"
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr, (tmp_path / "mine").read_text()) == (0, "", "")


@pytest.mark.parametrize(("option", "said"), [((), ""), (("-Wdefault",), "odd")])
def test_what_libraries_warn_of_is_for_whoever_asks_python_for_it(option, said):
    code = "import sys, warnings, solver.__main__ as ours; sys.argv = ['interlock', '--version']; ours.main()"
    words = [sys.executable, *option, "-c", f"{code}; warnings.warn('odd')"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert said in done.stderr and bool(done.stderr) is bool(said)
