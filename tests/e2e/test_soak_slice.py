"""A small share of each part of the soak: what it counts, and that it finds what is broken on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import corpus
import formats
import pytest
import soak_indexes
import soak_readers
from figures import Figures, table


def test_broken_files_are_read_or_refused_in_one_sentence():
    figures = soak_readers.soak(seed=1, inputs=300)
    assert (figures.counts["inputs"], figures.failures) == (300, [])
    assert 0 < figures.counts["refused in one sentence"] < 300


def test_a_reader_that_breaks_is_told_with_the_smallest_file(monkeypatch, tmp_path):
    """A reader that cannot stand one word: what is kept is the line with it."""
    monkeypatch.setattr(soak_readers, "FOUND", tmp_path)
    readers = soak_readers.Readers()

    def read(path, text):
        if "numpy" in text:
            raise KeyError("numpy")
        return ()

    monkeypatch.setattr(formats, "read_sets", read)
    figures = Figures("readers")
    monkeypatch.setattr(formats, "broken", lambda name, random: "six\nnumpy==2\n\ntorch\n")
    soak_readers.one(readers, "requirements.txt", 7, figures)
    kept = tmp_path / "7-requirements.txt"
    assert kept.read_text() == "numpy==2\n"
    again = f"python tests/soak/run.py --file {kept} --format 'requirements.txt'"
    assert figures.failures == [f"requirements.txt, seed 7: KeyError: 'numpy'\n  again: {again}"]


def test_the_kept_inputs_of_the_guided_part_are_read_or_refused(tmp_path):
    readers = soak_readers.Readers()
    kept = sorted(corpus.unpack(tmp_path / "corpus").iterdir())
    told = Counter()
    for path in kept:
        data = path.read_bytes()
        name = readers.names[data[0] % len(readers.names)]
        told[readers.told(name, data[1:].decode("utf-8", "replace")) is None] += 1
    assert len(kept) > 100
    assert min(told[True], told[False]) > 10


ROOT = Path(__file__).parents[2]
PARTS = ("", "tests", "tests/soak", "tests/support")
"""What the soak is imported from; the whole path of this process may hold what other libraries put there."""
KILLS = "figures = soak_kills.soak(1, 3, Path(sys.argv[1])); print(figures.failures, figures.counts['effective kills'])"
WRITERS = """
print(soak_kills.writers(1, 4, Path(sys.argv[1]) / "good").failures)
whole.write_folder = lambda *args, **keys: None
(Path(sys.argv[1]) / "bad/locks/open").mkdir(parents=True)
print(*soak_kills.writers(1, 1, Path(sys.argv[1]) / "bad").failures)
"""


def alone(code, folder):
    """What ``code`` prints in a python of its own: what forks has no threads, and those who run tests have some."""
    start = "import sys; from pathlib import Path; import soak_kills; from solver.core import whole\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in PARTS)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="commands are forked")
def test_kills_leave_the_old_lock_or_the_new_one(tmp_path):
    assert alone(KILLS, tmp_path) == "[] 3\n"


@pytest.mark.skipif(sys.platform != "linux", reason="writers are forked")
def test_writers_at_once_leave_one_whole_folder_and_one_that_vanishes_is_seen(tmp_path):
    again = "again: python tests/soak/run.py writers --seed 1"
    assert alone(WRITERS, tmp_path) == f"[]\nthe folder is torn, or its evidence gone\n  {again}\n"


def test_index_faults_end_in_a_right_lock_or_in_none(tmp_path):
    assert len(soak_indexes.kinds()) >= 90
    figures = soak_indexes.soak(1, 20, tmp_path, only=4)
    assert figures.failures == []
    assert (figures.counts["kinds of fault"], figures.counts["broken listings"]) == (4, 20)


def test_the_table_has_a_line_for_each_count():
    figures = Figures("kills", Counter(tries=1200), seconds=61.4, processor=30.2)
    figures.fail("the lock vanished", "do it")
    assert table([figures]).splitlines()[2:] == [
        "| kills | failures | 1 | 61 | 30 |",
        "| kills | tries | 1,200 | 61 | 30 |",
    ]
