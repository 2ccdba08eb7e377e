"""What a package index says is believed of the release that was asked for, or of none."""

import json

import pytest
from fault_server import JSON, Answer, make_wheel
from hostile_index import HONEST, KINDS, NAME, serve

from solver.core.errors import IndexUnavailable
from solver.core.model import pypi_name
from solver.index import ReleaseRefused
from solver.index.pypi import PypiIndex
from solver.index.web import Web

VICTIM = pypi_name(NAME)


@pytest.fixture
def index(fault_server, tmp_path):
    with Web(retries=0, backoff=0) as session:
        yield PypiIndex(f"{fault_server.url}/simple/", tmp_path / "deep" / "er" / "cache", session)


@pytest.mark.parametrize("kind", KINDS)
def test_a_lie_is_refused_with_its_release_and_the_rest_stands(fault_server, index, tmp_path, kind):
    lie = KINDS[kind]
    serve(fault_server, lie)
    releases = {release.version: release for release in index.releases(VICTIM)}
    assert sorted(releases) == [HONEST, lie.version]
    assert index.requires(releases[HONEST]) == ()
    lying = releases[lie.version]
    if lie.late:
        with pytest.raises(ReleaseRefused) as caught:
            index.requires(lying)
        assert str(caught.value) == lie.sentence
    else:
        assert (lying.files, lying.refused) == ((), lie.sentence)
    # Of both only the honest one was kept, and nothing lies beside the cache.
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files] == [f"{NAME}-{HONEST}-py3-none-any.whl"]
    assert all(path.is_relative_to(tmp_path / "deep" / "er" / "cache" / "metadata") for path in files)


def test_the_listing_of_another_project_is_refused(fault_server, index):
    listing = {"meta": {"api-version": "1.1"}, "name": "torch", "files": [], "versions": []}
    fault_server.answers[f"/simple/{NAME}/"] = Answer(json.dumps(listing).encode(), JSON)
    with pytest.raises(IndexUnavailable) as caught:
        index.releases(VICTIM)
    assert str(caught.value) == (
        "the package index answered what is no listing of victim: it is the listing of 'torch'"
    )


def test_a_listing_too_deep_to_read_is_told(fault_server, index):
    body = b'{"meta":{"api-version":"1.1"},"name":"victim","files":' + b"[" * 200_000
    fault_server.answers[f"/simple/{NAME}/"] = Answer(body, JSON)
    with pytest.raises(IndexUnavailable, match="the package index answered what is no listing of victim: "):
        index.releases(VICTIM)


@pytest.mark.parametrize("body", [b"", b"\x00\x01", b"hello"])
def test_a_listing_of_no_kind_is_told(fault_server, index, body):
    fault_server.answers[f"/simple/{NAME}/"] = Answer(body, "")
    with pytest.raises(IndexUnavailable, match="the package index answered what is no listing of victim: "):
        index.releases(VICTIM)


def test_a_version_of_many_digits_is_no_release(fault_server, index):
    serve(fault_server, KINDS["short hash"])
    long = {f"{NAME}-{'9' * 5000}-py3-none-any.whl": {}}
    fault_server.add_project(NAME, {**long, f"{NAME}-1.0-py3-none-any.whl": {}})
    assert [release.version for release in index.releases(VICTIM)] == ["1.0"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(">=3.9", ">=3.9"), ("garbage!!", None), (">=3.9\n--pre", None), (">=3.9\n", None), ("9" * 5000, None)],
)
def test_a_requires_python_is_a_specifier_on_one_line_or_none(fault_server, index, text, expected):
    fault_server.add_project(NAME, {f"{NAME}-1.0-py3-none-any.whl": {"requires-python": text}})
    assert [release.requires_python for release in index.releases(VICTIM)] == [expected]


def test_a_status_that_nobody_has_heard_of_hides_no_release(fault_server, index):
    fault_server.add_project(NAME, {f"{NAME}-1.0-py3-none-any.whl": {}})
    answer = fault_server.answers[f"/simple/{NAME}/"]
    listing = json.loads(answer.body) | {"project-status": {"status": "frozen", "reason": "\x1b[2J"}}
    fault_server.answers[f"/simple/{NAME}/"] = Answer(json.dumps(listing).encode(), JSON)
    assert [release.version for release in index.releases(VICTIM)] == ["1.0"]


JUNK = [None, True, -1, 2**70, 1.5, "", "\0\n\u202e", "9" * 5000, [], [None], {}, {"": []}, {"sha256": "x\n--pre"}]
UNREAD = ("gpg-sig", "uploaded-by", "dist-info-metadata", "\u202e")


@pytest.mark.parametrize("junk", JUNK, ids=ascii)
def test_what_nobody_reads_of_a_file_or_a_package_may_be_anything(fault_server, index, junk):
    wheel = f"{NAME}-1.0-py3-none-any.whl"
    fault_server.add_project(NAME, {wheel: dict.fromkeys(UNREAD, junk)})
    answer = fault_server.answers[f"/simple/{NAME}/"]
    listing = json.loads(answer.body)
    for key in ("versions", "alternate-locations", "project-status", "_last-serial"):
        listing[key] = junk
    listing["meta"] |= {"tracks": junk, "_last-serial": junk}
    for entry in listing["files"]:
        entry["hashes"]["md5"] = junk
    fault_server.answers[f"/simple/{NAME}/"] = Answer(json.dumps(listing).encode(), JSON)
    (release,) = index.releases(VICTIM)
    assert (release.version, release.refused, [file.filename for file in release.files]) == ("1.0", None, [wheel])


@pytest.mark.parametrize("entry", [*JUNK, {"filename": 5}, {"url": "https://x/a-1-py3-none-any.whl"}], ids=ascii)
def test_an_entry_without_a_name_costs_nothing(fault_server, index, entry):
    fault_server.add_project(NAME, {f"{NAME}-1.0-py3-none-any.whl": {}})
    answer = fault_server.answers[f"/simple/{NAME}/"]
    listing = json.loads(answer.body)
    listing["files"] = [entry, *listing["files"], entry]
    fault_server.answers[f"/simple/{NAME}/"] = Answer(json.dumps(listing).encode(), JSON)
    assert [release.version for release in index.releases(VICTIM)] == ["1.0"]


def test_a_link_that_leads_nowhere_costs_its_own_release(fault_server, index):
    names = [f"{NAME}-{version}-py3-none-any.whl" for version in ("1.0", "2.0")]
    digest = "0" * 64
    lines = [
        '<meta name="pypi:project-status" content="frozen">',
        f'<a href="/files/{names[0]}#sha256={digest}">{names[0]}</a>',
        f'<a href="http://[#sha256={digest}">{names[1]}</a>',
        '<a href="http://[">a note</a>',
    ]
    fault_server.answers[f"/simple/{NAME}/"] = Answer("\n".join(lines).encode(), "text/html")
    good, bad = index.releases(VICTIM)
    assert (good.version, [file.sha256 for file in good.files]) == ("1.0", [digest])
    assert (bad.version, bad.refused) == (
        "2.0",
        f"the listing is wrong about it: '{names[1]}': Invalid IPv6 URL",
    )


def test_html_has_no_other_rules(fault_server, index):
    wheel = f"{NAME}-2.0-py3-none-any.whl"
    body = f'<a href="{fault_server.url}/files/{wheel}#sha256=zz%0a--index-url%20http://evil">{wheel}</a>'
    fault_server.answers[f"/simple/{NAME}/"] = Answer(body.encode(), "text/html")
    (release,) = index.releases(VICTIM)
    assert release.files == ()
    assert release.refused.endswith("is no sha256 of 64 lower-case hex digits")


def test_a_hash_of_another_wheel_gives_that_wheel_no_requirements(fault_server, tmp_path):
    """Whoever names torch's hash for a file of his own must not tell what torch requires."""
    mine, theirs = make_wheel("mine", "1.0", ["intruder"]), make_wheel("theirs", "1.0")
    fault_server.add_wheel("mine-1.0-py3-none-any.whl", mine)
    fault_server.add_wheel("theirs-1.0-py3-none-any.whl", theirs)
    same = {"hashes": {"sha256": "a" * 64}}
    fault_server.add_project("mine", {"mine-1.0-py3-none-any.whl": same})
    fault_server.add_project("theirs", {"theirs-1.0-py3-none-any.whl": same})
    with Web(retries=0, backoff=0) as session:
        index = PypiIndex(f"{fault_server.url}/simple/", tmp_path, session)
        read = {
            name: [index.requires(release) for release in index.releases(pypi_name(name))]
            for name in ("mine", "theirs")
        }
    assert read == {"mine": [("intruder",)], "theirs": [()]}


def test_what_one_index_told_is_not_believed_of_another(fault_server, tmp_path):
    name = "theirs-1.0-py3-none-any.whl"
    fault_server.add_wheel(name, make_wheel("theirs", "1.0", ["intruder"]))
    fault_server.add_project("theirs", {name: {"hashes": {"sha256": "a" * 64}}})
    fault_server.answers["/other/theirs/"] = fault_server.answers["/simple/theirs/"]
    with Web(retries=0, backoff=0) as session:
        first = PypiIndex(f"{fault_server.url}/simple/", tmp_path, session)
        assert [first.requires(release) for release in first.releases(pypi_name("theirs"))] == [("intruder",)]
        fault_server.add_wheel(name, make_wheel("theirs", "1.0"))
        other = PypiIndex(f"{fault_server.url}/other/", tmp_path, session)
        assert [other.requires(release) for release in other.releases(pypi_name("theirs"))] == [()]
