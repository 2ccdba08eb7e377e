import hashlib
import subprocess
import sys

import pytest
from fault_server import HTML, Answer, make_wheel

from solver.core import answer
from solver.core.answer import NOT_KNOWN
from solver.core.errors import BadInput, IndexUnavailable
from solver.core.model import IndexFile, pypi_name
from solver.index import UnknownPackage
from solver.index.pypi import INDEX_URL, PypiIndex
from solver.index.web import Web

NAME = pypi_name("Tiny.Pack")
WHEEL = "tiny_pack-1.0-py3-none-any.whl"


@pytest.fixture
def index(fault_server, tmp_path):
    with Web(retries=1, backoff=0) as session:
        yield PypiIndex(f"{fault_server.url}/simple/", tmp_path / "cache", session)


def serve(server, keys=None, listing=None, **fault):
    server.add_wheel(WHEEL, make_wheel("tiny_pack", "1.0", ["numpy (<2,>=1.20)", 'six ; extra == "x"'], ">=3.9"))
    server.add_project("tiny-pack", {WHEEL: keys or {}}, **(listing or {}), **fault)


def fails(call, *arguments):
    with pytest.raises(IndexUnavailable) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_release_has_what_the_listing_says(fault_server, index):
    keys = {"size": 7, "upload-time": "2026-01-02T03:04:05.678901Z", "requires-python": ">=3.9", "yanked": "broken"}
    serve(fault_server, keys)
    (release,) = index.releases(NAME)
    (file,) = release.files
    digest = hashlib.sha256(fault_server.answers[f"/files/{WHEEL}"].body).hexdigest()
    assert (file.filename, file.sha256, file.size, file.uploaded, file.url) == (WHEEL, digest, 7, "2026-01-02", None)
    assert (release.version, release.requires, release.requires_python, release.yanked) == (
        "1.0",
        NOT_KNOWN,
        ">=3.9",
        "broken",
    )


def test_a_release_is_its_wheels_and_without_any_its_source_archives(fault_server, index):
    files = ["tiny_pack-1.0.tar.gz", "tiny_pack-not-a-wheel.whl", WHEEL, "tiny_pack-1.10-py3-none-any.whl"]
    files += ["tiny-pack-0.9.zip", "tiny-pack-0.9.tar.gz", "tiny_pack-0.8.win32.exe", "tiny_pack-0.7-beta.tar.gz"]
    fault_server.add_project("tiny-pack", {name: {} for name in files})
    assert {release.version: [file.filename for file in release.files] for release in index.releases(NAME)} == {
        "1.0": [WHEEL],
        "1.10": ["tiny_pack-1.10-py3-none-any.whl"],
        "0.9": ["tiny-pack-0.9.zip", "tiny-pack-0.9.tar.gz"],
    }


def test_wheels_of_variants_harm_no_release_that_has_other_files(fault_server, index):
    variants = [f"tiny_pack-{version}-py3-none-any-cu128.whl" for version in ("1.0", "0.9", "0.8")]
    others = [WHEEL, "tiny-pack-0.9.tar.gz", "tiny_pack-1.0-variants.json", "tiny_pack-0.8-1-py3-none-any-null.whl"]
    fault_server.add_project("tiny-pack", {name: {} for name in (*variants, *others)})
    assert {release.version: [file.filename for file in release.files] for release in index.releases(NAME)} == {
        "1.0": [WHEEL],
        "0.9": ["tiny-pack-0.9.tar.gz"],
        "0.8": [],
    }
    assert [release.refused for release in index.releases(NAME)] == [
        None,
        None,
        "it has nothing but wheels of variants (cu128, null), which pip does not take",
    ]


def test_a_source_archive_of_another_project_is_no_release(fault_server, index):
    fault_server.add_project("tiny-pack", {"other-1.0.tar.gz": {}})
    (release,) = index.releases(NAME)
    why = "the listing is wrong about it: other-1.0.tar.gz is a source archive of other, not of tiny-pack"
    assert (release.files, release.refused) == ((), why)


def test_a_listing_is_asked_for_once(fault_server, index):
    serve(fault_server)
    assert index.releases(NAME) is index.releases(NAME)
    assert fault_server.requests == [("/simple/tiny-pack/", None)]


def test_html_serves_where_json_does_not(fault_server, index):
    serve(fault_server, listing={"content_type": HTML})
    (release,) = index.releases(NAME)
    assert release.files[0].sha256 and release.files[0].size is NOT_KNOWN
    assert index.requires(release) == ("numpy<2,>=1.20", 'six; extra == "x"')


def test_requirements_come_out_of_the_wheel(fault_server, index):
    serve(fault_server)
    (release,) = index.releases(NAME)
    assert index.requires(release) == ("numpy<2,>=1.20", 'six; extra == "x"')
    assert index.metadata(release.files[0]).requires_python == ">=3.9"


def test_an_extra_is_one_that_the_metadata_name(fault_server, index):
    metadata = b"""Metadata-Version: 2.1\nName: tiny_pack\nVersion: 1.0\nProvides-Extra: Bare_One
Requires-Dist: six ; extra == 'x'\n"""
    fault_server.answers[f"/files/{WHEEL}.metadata"] = Answer(metadata)
    serve(fault_server, {"core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()}})
    (release,) = index.releases(NAME)
    assert [index.provides(release, extra) for extra in ("x", "bare-one", "y")] == [
        answer.Answer.YES,
        answer.Answer.YES,
        answer.Answer.NO,
    ]


def test_metadata_that_were_kept_before_extras_were_read_are_read_again(fault_server, index, tmp_path):
    serve(fault_server)
    (release,) = index.releases(NAME)
    index.requires(release)
    (file,) = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    file.write_text('{"requires":["stale"]}')
    assert index.provides(release, "x") is answer.Answer.YES
    assert index.requires(release) == ("numpy<2,>=1.20", 'six; extra == "x"')


def test_a_second_reading_is_from_the_cache(fault_server, index):
    serve(fault_server)
    (release,) = index.releases(NAME)
    first = index.requires(release)
    before = len(fault_server.requests)
    assert index.requires(release) == first
    assert len(fault_server.requests) == before


def test_metadata_that_the_listing_vouches_for_is_taken(fault_server, index):
    metadata = b"Metadata-Version: 2.1\nName: tiny_pack\nVersion: 1.0\nRequires-Dist: told\n"
    fault_server.answers[f"/files/{WHEEL}.metadata"] = Answer(metadata)
    serve(fault_server, {"core-metadata": {"sha256": hashlib.sha256(metadata).hexdigest()}})
    (release,) = index.releases(NAME)
    assert index.requires(release) == ("told",)
    assert (f"/files/{WHEEL}", None) not in fault_server.requests


def test_metadata_without_a_hash_is_not_taken(fault_server, index):
    fault_server.answers[f"/files/{WHEEL}.metadata"] = Answer(b"Name: tiny_pack\nRequires-Dist: forged\n")
    serve(fault_server, {"core-metadata": True})
    (release,) = index.releases(NAME)
    assert "forged" not in index.requires(release)


def test_metadata_with_another_hash_is_refused(fault_server, index):
    fault_server.answers[f"/files/{WHEEL}.metadata"] = Answer(b"Name: tiny_pack\n")
    serve(fault_server, {"core-metadata": {"sha256": "1" * 64}})
    (release,) = index.releases(NAME)
    assert fails(index.requires, release) == (
        f"the package index is at odds with itself about the metadata of {WHEEL}: "
        "they have another sha256 than the listing says; "
        "and those inside the wheel have another sha256 than the listing says"
    )


def test_promised_metadata_that_is_missing_is_told(fault_server, index):
    serve(fault_server, {"core-metadata": {"sha256": "1" * 64}})
    (release,) = index.releases(NAME)
    assert fails(index.requires, release) == (
        f"the package index is at odds with itself about the metadata of {WHEEL}: it lists them and has none; "
        "and those inside the wheel have another sha256 than the listing says"
    )


def test_a_requirement_that_is_none_is_named(fault_server, index):
    fault_server.add_wheel(WHEEL, make_wheel("tiny_pack", "1.0", ["numpy ~= oops"]))
    fault_server.add_project("tiny-pack", {WHEEL: {}})
    (release,) = index.releases(NAME)
    assert fails(index.requires, release).startswith(f'{WHEEL} asks for "numpy ~= oops", which is no requirement: ')


def test_an_unknown_name_is_told_apart_and_asked_for_once(fault_server, index):
    for _ in range(2):
        with pytest.raises(UnknownPackage, match="the package index has no package tiny-pack"):
            index.releases(NAME)
    assert [path for path, _ in fault_server.requests] == ["/simple/tiny-pack/"]


def test_a_failing_index_is_asked_again(fault_server, index):
    serve(fault_server, fail_first=[500])
    assert len(index.releases(NAME)) == 1


def test_an_index_that_keeps_failing_is_told(fault_server, index):
    serve(fault_server, fail_first=[500, 502])
    assert fails(index.releases, NAME) == "the package index answered 502 Bad Gateway when asked for tiny-pack"


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (Answer(b"hello", "text/plain"), "its content type is 'text/plain'"),
        (Answer(b"{", "application/vnd.pypi.simple.v1+json"), ""),
        (Answer(b"[]", "application/vnd.pypi.simple.v1+json"), "Expected `object`, got `array`"),
        (Answer(b'{"meta":{"api-version":"2.0"},"name":"x","files":[]}', "application/vnd.pypi.simple.v1+json"), ""),
    ],
    ids=["content type", "broken", "schema", "version"],
)
def test_what_is_no_listing_is_told(fault_server, index, answer, end):
    fault_server.answers["/simple/tiny-pack/"] = answer
    sentence = fails(index.releases, NAME)
    assert sentence.startswith("the package index answered what is no listing of tiny-pack: ")
    assert sentence.endswith(end)


def test_a_cut_listing_is_told(fault_server, index):
    serve(fault_server, listing={"cut": 5})
    assert fails(index.releases, NAME).startswith("the package index did not answer when asked for tiny-pack: ")


def test_the_environment_names_another_index(fault_server, tmp_path, monkeypatch):
    serve(fault_server)
    monkeypatch.setenv(INDEX_URL, f"{fault_server.url}/simple")
    with Web(retries=0, backoff=0) as session:
        assert len(PypiIndex(cache=tmp_path, session=session).releases(NAME)) == 1


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://x\ny/simple", "'http://x\\ny/simple' is no address"),
        ("ftp://h/simple", "'ftp://h/simple' is no address of the web"),
        ("http://[::1", "'http://[::1' is no address"),
        ("nonsense", "'nonsense' is no address"),
        ("https://ann:s3cret@h/a b", "'https://...@h/a b' is no address"),
        ("https://ann:s3cret @h/simple", "'https://...@h/simple' is no address"),
        ("https://ann:s3cret/x@h/simple", "'https://...@h/simple' is no address"),
        ("ann:s3cret@h/simple", "'...@h/simple' is no address"),
        ("https://h/simple#s3cret", "'https://h/simple#...' is no address"),
        ("ftp://h/t/s3cret/simple?s3cret", "'ftp://h/t/.../simple?...' is no address of the web"),
        ("https://h/simple?key=1", "an index's address has no query and no fragment"),
    ],
)
def test_what_the_environment_names_is_an_address(monkeypatch, tmp_path, address, problem):
    monkeypatch.setenv(INDEX_URL, address)
    with pytest.raises(BadInput) as caught:
        PypiIndex(cache=tmp_path)
    fix = "write it like https://HOST/simple, or unset the variable"
    assert str(caught.value) == f"INTERLOCK_INDEX_URL: {problem}; {fix}"


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    from solver.core.caches import user_cache

    monkeypatch.setenv("INTERLOCK_CACHE_DIR", str(tmp_path))
    assert user_cache() == tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="each system has a cache folder of its own")
def test_the_cache_folder_is_the_systems(monkeypatch, tmp_path):
    from solver.core.caches import user_cache

    monkeypatch.delenv("INTERLOCK_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache() == tmp_path / "interlock"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache() == tmp_path / ".cache" / "interlock"


def test_a_cache_that_cannot_be_written_is_none(tmp_path):
    from solver.index.metadata import Metadata, MetadataCache

    (tmp_path / "file").write_text("")
    cache = MetadataCache(tmp_path / "file", "https://index.invalid/")
    file = IndexFile(filename=WHEEL, sha256="a" * 64)
    cache.put(file, Metadata(requires=(), extras=(), digest=""))
    assert cache.get(file) is None


def test_a_cache_of_absurd_size_is_none(tmp_path):
    from solver.index.metadata import Metadata, MetadataCache

    cache, file = MetadataCache(tmp_path, "https://index.invalid/"), IndexFile(filename=WHEEL, sha256="a" * 64)
    cache.put(file, Metadata(requires=(), extras=(), digest=""))
    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    with path.open("ab") as stream:
        stream.truncate(2**40)
    assert cache.get(file) is None


def kept_metadata(folder):
    (path,) = [path for path in (folder / "cache" / "metadata").rglob("*") if path.is_file()]
    return path


def test_cached_metadata_that_were_changed_are_read_again(fault_server, index, tmp_path):
    serve(fault_server)
    read = index.metadata(index.releases(NAME)[0].files[0])
    path = kept_metadata(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"numpy", b"nunpy"))
    asked = len(fault_server.requests)
    again = PypiIndex(f"{fault_server.url}/simple/", tmp_path / "cache", index.session)
    assert again.metadata(again.releases(NAME)[0].files[0]) == read
    assert len(fault_server.requests) > asked + 1


def test_cached_metadata_of_another_hash_than_the_listing_tells_are_read_again(fault_server, index, tmp_path):
    serve(fault_server)
    index.metadata(index.releases(NAME)[0].files[0])
    serve(fault_server, {"core-metadata": {"sha256": "1" * 64}})
    again = PypiIndex(f"{fault_server.url}/simple/", tmp_path / "cache", index.session)
    assert "have another sha256 than the listing says" in fails(again.metadata, again.releases(NAME)[0].files[0])


def test_importing_loads_no_client():
    loaded = "import sys, solver.index.pypi; print({'requests', 'pypi_simple'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
