"""A lock's folder is the old one or the new one, whatever happens in between."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest
from killed import each_end

from solver.core import whole as folders
from solver.core.errors import BadInput
from solver.core.exchange import one_writer, only_holder, sync_folder
from solver.core.whole import put_whole, recover, write_folder

OLD = {"requirements.txt": b"torch==2.9.1\n", "wheels/a-1-py3-none-any.whl": b"old wheel", "solution.yaml": b"old\n"}
NEW = {"requirements.txt": b"torch==2.10.0\n", "wheels/b-1-py3-none-any.whl": b"new wheel", "solution.yaml": b"new\n"}


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_folder_holds_exactly_the_files(tmp_path):
    place = tmp_path / "locks" / "full"
    assert write_folder(place, OLD) is True
    assert content(place) == OLD
    assert write_folder(place, NEW) is True
    assert content(place) == NEW
    assert [path.name for path in place.parent.iterdir()] == ["full"]
    assert (place.stat().st_mode & 0o777) == 0o755


def test_nothing_is_touched_where_nothing_changes(tmp_path):
    place = tmp_path / "full"
    write_folder(place, OLD)
    before = place.stat().st_ino
    assert write_folder(place, dict(reversed(OLD.items()))) is False
    assert place.stat().st_ino == before


def test_evidence_stays_and_what_was_made_of_the_old_lock_goes_with_it(tmp_path):
    place = tmp_path / "full"
    write_folder(place, OLD)
    (place / "evidence").mkdir()
    (place / "evidence" / "H200-580.json").write_bytes(b"{}")
    (place / "pylock.toml").write_bytes(b"of the old lock")
    beside = {"keep": ("evidence/",), "derived": ("pylock.toml",)}
    assert write_folder(place, OLD, **beside) is False
    assert (place / "pylock.toml").is_file()
    assert write_folder(place, NEW, **beside) is True
    assert content(place) == NEW | {"evidence/H200-580.json": b"{}"}


@pytest.fixture
def broken_after(monkeypatch):
    """Makes the nth call of a function of the module, or method of a path, fail."""

    def install(where, name, count):
        real, calls = getattr(where, name), iter(range(1, 1000))

        def failing(*args, **options):
            if next(calls) == count:
                raise OSError("no space left on device")
            return real(*args, **options)

        monkeypatch.setattr(where, name, failing)

    return install


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_disk_that_is_full_in_the_middle_leaves_the_old_lock(tmp_path, broken_after, count):
    place = tmp_path / "full"
    write_folder(place, OLD)
    broken_after(folders, "_put", count)
    with pytest.raises(OSError, match="no space left"):
        write_folder(place, NEW)
    assert content(place) == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.fixture
def no_exchange(monkeypatch):
    """A file system that cannot exchange two names."""
    monkeypatch.setattr(folders, "exchange", lambda one, other: False)


@pytest.mark.parametrize("count", [1, 2])
def test_a_rename_that_fails_leaves_the_old_lock(tmp_path, broken_after, no_exchange, count):
    place = tmp_path / "full"
    write_folder(place, OLD)
    broken_after(Path, "rename", count)
    with pytest.raises(OSError, match="no space left"):
        write_folder(place, NEW)
    assert content(place) == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_a_first_lock_that_cannot_be_written_leaves_nothing(tmp_path, broken_after):
    broken_after(folders, "_put", 2)
    with pytest.raises(OSError, match="no space left"):
        write_folder(tmp_path / "locks" / "full", NEW)
    assert list((tmp_path / "locks").iterdir()) == []


def test_without_an_exchange_of_names_the_folder_holds_exactly_the_files(tmp_path, no_exchange):
    write_folder(tmp_path / "full", OLD)
    assert write_folder(tmp_path / "full", NEW) is True
    assert content(tmp_path / "full") == NEW
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.skipif(sys.platform != "linux", reason="what a kill finds is tried where names can be exchanged")
def test_at_no_instant_is_there_no_lock(tmp_path, monkeypatch):
    place = tmp_path / "full"
    write_folder(place, OLD)
    seen = []
    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, lambda *_: pytest.fail("a name was free for a moment"))
    real = folders.exchange
    monkeypatch.setattr(folders, "exchange", lambda one, other: (seen.append(content(other)), real(one, other))[1])
    assert write_folder(place, NEW) is True
    assert (seen, content(place)) == ([OLD], NEW)


def killed_between_the_renames(tmp_path):
    """The old lock, with evidence, under the name that it has for a moment; a new one that was never put in place."""
    old, building = tmp_path / ".full.old.part", tmp_path / ".full.new-abcdefgh.part"
    write_folder(old, OLD | {"evidence/H200-580.json": b"{}"})
    write_folder(building, NEW)
    return tmp_path / "full"


def test_what_a_kill_left_comes_back_at_the_next_start(tmp_path):
    place = killed_between_the_renames(tmp_path)
    recover(tmp_path)
    assert content(place) == OLD | {"evidence/H200-580.json": b"{}"}
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_the_next_writer_keeps_the_evidence_that_a_kill_left(tmp_path):
    place = killed_between_the_renames(tmp_path)
    assert write_folder(place, NEW, keep=("evidence/",)) is True
    assert content(place) == NEW | {"evidence/H200-580.json": b"{}"}
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


def test_what_was_left_of_another_profile_stays_its_own(tmp_path):
    write_folder(tmp_path / ".full.new-er.old.part", OLD)
    write_folder(tmp_path / "full", NEW)
    recover(tmp_path)
    assert content(tmp_path / "full.new-er") == OLD


def test_a_link_is_followed_and_never_replaced(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "full"
    place.symlink_to("elsewhere")
    assert write_folder(place, OLD) is True
    assert place.is_symlink()
    assert content(tmp_path / "elsewhere") == OLD


def test_what_a_link_leads_to_is_not_copied(tmp_path):
    folder = tmp_path / "lock"
    write_folder(folder, {"a": b"1"})
    (folder / "evidence").mkdir()
    (folder / "evidence" / "x.json").symlink_to("/etc/passwd")
    with pytest.raises(BadInput) as caught:
        write_folder(folder, {"a": b"2"}, keep=["evidence/"])
    assert str(caught.value) == (
        f"{folder}/evidence/x.json: is a link, and only files are kept; put the file itself there, or remove it"
    )
    assert (folder / "a").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_evidence_of_absurd_size_is_not_read(tmp_path):
    folder = tmp_path / "lock"
    write_folder(folder, {"a": b"1"})
    (folder / "evidence").mkdir()
    with (folder / "evidence" / "x.json").open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(BadInput) as caught:
        write_folder(folder, {"a": b"2"}, keep=["evidence/"])
    assert str(caught.value) == f"{folder}/evidence/x.json: is larger than 16 MiB, which no lock or list is"
    with (folder / "a").open("wb") as stream:
        stream.truncate(2**40)
    (folder / "evidence" / "x.json").unlink()
    assert write_folder(folder, {"a": b"2"}, keep=["evidence/"]) is True
    assert content(folder) == {"a": b"2"}


def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_empty(tmp_path, monkeypatch):
    """Whoever runs the tests may be somebody who can look into every folder."""
    folder = tmp_path / "lock"
    write_folder(folder, {"a": b"1", "evidence/x.json": b"{}"})
    monkeypatch.setattr(folders.os, "access", lambda path, mode: path.name != "evidence")
    with pytest.raises(PermissionError) as caught:
        write_folder(folder, {"a": b"2"}, keep=["evidence/"])
    assert caught.value.filename == str(folder / "evidence")
    assert (folder / "evidence" / "x.json").read_bytes() == b"{}"


def test_what_is_no_folder_is_not_replaced(tmp_path):
    (tmp_path / "gone").symlink_to("nowhere")
    with pytest.raises(BadInput, match=r"gone: is a link that leads nowhere; remove it"):
        write_folder(tmp_path / "gone", OLD)
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"file: is no folder; move it away"):
        write_folder(tmp_path / "file", OLD)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folder")
def test_one_process_writes_at_a_time(tmp_path, monkeypatch):
    import fcntl

    def is_free():
        # A lock is of the open folder, so that this asks as another process would.
        descriptor = os.open(tmp_path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    write_folder(tmp_path / "full", OLD)
    real, free = folders.exchange, []
    monkeypatch.setattr(folders, "exchange", lambda one, other: (free.append(is_free()), real(one, other))[1])
    write_folder(tmp_path / "full", NEW)
    assert (free, is_free()) == ([False], True)
    with pytest.raises(OSError, match="broken"), one_writer(tmp_path):
        raise OSError("broken")
    assert is_free()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folder")
def test_a_file_system_that_locks_no_folder_is_written_all_the_same(tmp_path, monkeypatch):
    import fcntl

    def refuse(*_):
        raise OSError(errno.EBADF, "bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr("solver.core.exchange.os.fsync", refuse)
    sync_folder(tmp_path)
    with one_writer(tmp_path):
        put_whole(tmp_path / "solution.yaml", OLD["solution.yaml"], durable=False)
    assert content(tmp_path) == {"solution.yaml": OLD["solution.yaml"]}


def test_one_file_is_put_whole(tmp_path, monkeypatch):
    target = tmp_path / "exports" / "pixi.lock"
    put_whole(target, b"one")
    put_whole(target, b"two")
    assert content(tmp_path) == {"exports/pixi.lock": b"two"}

    def failing(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", failing)
    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OSError, match="no space left"):
        put_whole(target, b"three")
    assert content(tmp_path) == {"exports/pixi.lock": b"two"}


def test_a_write_that_fails_names_its_place(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for place, write in (
        (tmp_path / "file", lambda: folders.put_whole(tmp_path / "file", b"")),
        (tmp_path / "full", lambda: write_folder(tmp_path / "full", NEW)),
    ):
        with pytest.raises(OSError) as caught:
            write()
        assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(place))
    assert [*tmp_path.iterdir()] == []


def test_two_writers_of_one_file_share_no_name(tmp_path, monkeypatch):
    place, real = tmp_path / "pylock.toml", Path.replace

    def second(*both):
        monkeypatch.setattr(Path, "replace", real)
        folders.put_whole(place, b"second")
        return real(*both)

    monkeypatch.setattr(Path, "replace", second)
    folders.put_whole(place, b"first")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"pylock.toml": b"first"}


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is held there")
def test_what_a_kill_leaves_of_a_file_goes_with_the_next_write_of_it(tmp_path):
    place = tmp_path / "pylock.toml"
    left, held = (tmp_path / f".pylock.toml.{digit * 16}.part" for digit in "ab")
    others = [tmp_path / name for name in (".pylock.toml.part", f".solution.yaml.{'a' * 16}.part", "pylock.toml.bak")]
    for path in (left, held, *others):
        path.write_bytes(b"half")
    with only_holder(held):
        put_whole(place, b"new")
        assert sorted(tmp_path.iterdir()) == sorted([place, held, *others])
    put_whole(place, b"new")
    assert sorted(tmp_path.iterdir()) == sorted([place, *others])


def test_who_is_taken_for_unfinished_writes_once_more(tmp_path, monkeypatch):
    real, files = folders.only_holder, []

    def cleaned_up_before(file):
        files.append(file)
        if len(files) == 1:
            file.unlink()
        return real(file)

    monkeypatch.setattr(folders, "only_holder", cleaned_up_before)
    put_whole(tmp_path / "file", b"new")
    assert content(tmp_path) == {"file": b"new"} and len(files) == 2


def test_what_a_kill_leaves_behind_is_no_file_of_ours(tmp_path, monkeypatch):
    names = []
    monkeypatch.setattr(Path, "replace", lambda self, target: names.append(self.name))
    put_whole(tmp_path / "numpy.jsonl", "text")
    assert len(names) == 1
    assert names[0].startswith(".numpy.jsonl.")
    assert names[0].endswith(".part")


@pytest.mark.skipif(sys.platform != "linux", reason="the name of an open file is read as Linux tells it")
def test_all_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    """A loss of power after the exchange of names must not leave empty files under them."""
    place, events = tmp_path / "full", []
    write_folder(place, OLD)
    real_sync, real_exchange, real_replace = os.fsync, folders.exchange, Path.replace

    def sync(descriptor):
        events.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real_sync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(folders, "exchange", lambda *both: (events.append("exchange"), real_exchange(*both))[1])
    write_folder(place, {"a": b"1", "wheels/b": b"2"})
    before, after = events[: events.index("exchange")], events[events.index("exchange") + 1 :]
    assert [name for name in before if ".new-" not in name] == ["a", "b", "wheels"]
    assert [".full.new-" in name for name in before[-1:]] == [True]
    assert after == [tmp_path.name]
    events.clear()
    monkeypatch.setattr(Path, "replace", lambda *both: (events.append("replace"), real_replace(*both))[1])
    folders.put_whole(tmp_path / "x.json", b"{}")
    assert [name.endswith(".part") for name in events[:1]] + events[1:] == [True, "replace"]


@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
def test_whatever_ends_a_write_of_one_file_it_is_the_old_or_the_new_and_the_next_leaves_nothing_else(tmp_path):
    file, seen = tmp_path / "facts.yaml", set()

    def begin():
        put_whole(file, "old")
        return lambda: put_whole(file, "new")

    for what in each_end((folders,), begin):
        seen.add((what.split()[0], file.read_text()))
        put_whole(file, "next")
        assert [path.name for path in tmp_path.iterdir()] == ["facts.yaml"], what
    assert seen == {(how, text) for how in ("SIGKILL", "SIGTERM", "SIGINT") for text in ("old", "new")}
