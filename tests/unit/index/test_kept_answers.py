"""Listings that were read before are only confirmed by their server."""

from __future__ import annotations

import gzip

import pytest

from solver.core.errors import IndexUnavailable
from solver.core.model import pypi_name
from solver.index.pypi import PypiIndex
from solver.index.web import Web

NAME = pypi_name("tiny")
LISTING = "/simple/tiny/"
TAG = {"ETag": '"one"'}


def listing(server, *versions, headers=TAG):
    server.add_project("tiny", {f"tiny-{version}-py3-none-any.whl": {} for version in versions}, headers=headers)


@pytest.fixture
def asked(fault_server, tmp_path):
    """Asks for the versions as another process would that has the same cache folder."""

    def ask(url=None):
        with Web(retries=0, backoff=0, kept=tmp_path / "listings") as session:
            index = PypiIndex(url or f"{fault_server.url}/simple/", tmp_path, session)
            return [release.version for release in index.releases(NAME)]

    return ask


def kept(folder):
    return [path for path in (folder / "listings").rglob("*") if path.is_file()]


def test_what_the_server_confirms_is_not_sent_again(fault_server, asked):
    listing(fault_server, "1.0", "2.0")
    assert asked() == ["1.0", "2.0"]
    assert (asked(), fault_server.confirmed) == (["1.0", "2.0"], [LISTING])
    assert (asked(), fault_server.confirmed) == (["1.0", "2.0"], [LISTING, LISTING])


def test_what_has_changed_is_taken(fault_server, asked):
    listing(fault_server, "1.0")
    assert asked() == ["1.0"]
    listing(fault_server, "1.0", "2.0", headers={"ETag": '"two"'})
    assert (asked(), fault_server.confirmed) == (["1.0", "2.0"], [])
    assert (asked(), fault_server.confirmed) == (["1.0", "2.0"], [LISTING])


def test_it_is_asked_for_however_long_the_server_lets_it_live(fault_server, asked):
    listing(fault_server, "1.0", headers={**TAG, "Cache-Control": "max-age=31536000, immutable"})
    assert asked() == ["1.0"]
    listing(fault_server, "2.0", headers={"ETag": '"two"'})
    assert asked() == ["2.0"]


def test_a_compressed_listing_is_kept_as_it_came(fault_server, asked):
    listing(fault_server, "1.0", headers={**TAG, "Content-Encoding": "gzip"})
    answer = fault_server.answers[LISTING]
    answer.body = gzip.compress(answer.body)
    assert (asked(), asked(), fault_server.confirmed) == (["1.0"], ["1.0"], [LISTING])


@pytest.mark.parametrize("damage", [lambda data: data.replace(b"tiny-1.0", b"tiny-6.6"), lambda data: data[:-1], bytes])
def test_what_was_changed_on_the_disk_is_not_believed(fault_server, asked, tmp_path, damage):
    listing(fault_server, "1.0")
    assert asked() == ["1.0"]
    (path,) = kept(tmp_path)
    path.write_bytes(damage(path.read_bytes()) if damage is not bytes else b"")
    assert (asked(), fault_server.confirmed) == (["1.0"], [])
    assert (asked(), fault_server.confirmed) == (["1.0"], [LISTING])


def test_an_answer_that_breaks_off_is_not_kept(fault_server, asked, tmp_path):
    listing(fault_server, "1.0")
    fault_server.answers[LISTING].cut = 1
    with pytest.raises(IndexUnavailable, match="its answer broke off"):
        asked()
    assert kept(tmp_path) == []


@pytest.mark.parametrize("headers", [{}, {**TAG, "Cache-Control": "no-store"}, {**TAG, "Set-Cookie": "id=secret"}])
def test_what_cannot_or_shall_not_be_kept_is_not(fault_server, asked, tmp_path, headers):
    listing(fault_server, "1.0", headers=headers)
    assert (asked(), asked(), kept(tmp_path)) == (["1.0"], ["1.0"], [])


def test_nothing_is_kept_of_a_question_with_credentials(fault_server, asked, tmp_path):
    listing(fault_server, "1.0", headers={**TAG, "Vary": "Authorization"})
    assert asked(fault_server.url.replace("//", "//me:secret@") + "/simple/") == ["1.0"]
    assert fault_server.authorizations[0] is not None
    assert kept(tmp_path) == []


def test_what_one_address_told_is_not_believed_of_another(fault_server, asked):
    listing(fault_server, "1.0")
    assert asked() == ["1.0"]
    fault_server.answers["/other/tiny/"] = fault_server.answers[LISTING]
    assert (asked(f"{fault_server.url}/other/"), fault_server.confirmed) == (["1.0"], [])


def test_a_folder_that_cannot_be_written_is_no_cache(fault_server, asked, tmp_path):
    (tmp_path / "listings").write_text("")
    listing(fault_server, "1.0")
    assert (asked(), asked(), fault_server.confirmed) == (["1.0"], ["1.0"], [])
