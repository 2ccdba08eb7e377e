"""Whatever an index does instead of answering ends in one sentence about it; the tables are of ``index_faults``."""

import logging

import index_faults
import pytest
from index_faults import FAULTS, LIMITS, MENDED, NAME, NEEDED, UNREADABLE, serve

from solver.core.errors import IndexUnavailable
from solver.core.model import pypi_name
from solver.index import ReleaseRefused, UnknownPackage
from solver.index.pypi import PypiIndex
from solver.index.web import Web


@pytest.fixture
def read(fault_server, tmp_path, monkeypatch):
    """Ask for the requirements of the one release, of an index with a fault."""
    for module, name, limit in LIMITS:
        monkeypatch.setattr(module, name, limit)

    def asked(name, fault):
        serve(fault_server, fault)
        # Who is silent is given up at once, and nobody else is hurried, on a busy machine either.
        hurried = 0.05 if "silent" in name else 30
        with Web(retries=0, backoff=0, patience=30 if "silent about" in name else hurried) as session:
            index = PypiIndex(f"{fault_server.url}/simple/", tmp_path / "cache", session)
            (release,) = index.releases(pypi_name(NAME))
            session.patience = hurried
            return index.requires(release)

    return asked


def test_without_a_fault_the_release_can_be_read(fault_server, read, tmp_path):
    class Nothing:
        spoil = staticmethod(lambda server: None)

    assert read("nothing", Nothing) == (NEEDED,)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("name", FAULTS)
def test_an_index_that_fails_is_one_sentence_and_leaves_nothing(fault_server, read, tmp_path, name):
    with pytest.raises(IndexUnavailable) as caught:
        read(name, FAULTS[name])
    assert not isinstance(caught.value, ReleaseRefused | UnknownPackage)
    assert str(caught.value) == FAULTS[name].sentence.replace("{host}", fault_server.host)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", MENDED)
def test_what_is_wrong_beside_the_wheel_is_told_and_read_inside(fault_server, read, caplog, name):
    caplog.set_level(logging.INFO, "interlock")
    assert read(name, MENDED[name]) == (NEEDED,)
    assert caplog.messages == [f"{MENDED[name].sentence}; they were read inside the wheel"]


def test_silence_about_the_metadata_is_told_and_the_wheel_is_read(fault_server, tmp_path, caplog):
    caplog.set_level(logging.INFO, "interlock")
    fault = FAULTS["is silent about the metadata and the wheel"]
    serve(fault_server, fault)
    index_faults.wheel()(fault_server)
    with Web(retries=0, backoff=0, patience=1) as session:
        index = PypiIndex(f"{fault_server.url}/simple/", tmp_path / "cache", session)
        (release,) = index.releases(pypi_name(NAME))
        assert index.requires(release) == (NEEDED,)
    (told,) = caplog.messages
    assert told.endswith("so it was given up; they were read inside the wheel")


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_wheel_that_cannot_be_read_is_no_release(fault_server, read, tmp_path, name):
    with pytest.raises(ReleaseRefused) as caught:
        read(name, UNREADABLE[name])
    assert str(caught.value) == UNREADABLE[name].sentence.replace("{host}", fault_server.host)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
