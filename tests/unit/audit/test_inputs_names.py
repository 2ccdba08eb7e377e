"""A name, a hash or an address that is none ends in one sentence with its place, whatever file it stands in."""

import json

import pytest
from paths import DATA

from solver.audit.inputs import read_set
from solver.core.errors import BadInput

BROKEN = DATA / "broken"
AGAIN = "; write the lock anew with the tool that made it"
SITE, META = "lib/python3.12/site-packages/a.dist-info", "conda-meta/a.json"
NINES = "'" + "9" * 109 + " …"


def test_an_address_of_no_wheel_tells_no_version():
    versions = {package.name: package.version for package in read_set(BROKEN / "req-5000-digits.txt").packages}
    assert versions == {"a": "1", "b": None}


PACKAGE = 'version = 1\n[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n'
NEEDED = 'dependencies = [{ name = "b" }]\n[[package]]\nname = "b"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("file", "text", "sentence", "fix"),
    [
        ("requirements.txt", "a==1 --hash=sha256:../../../x\n", ":1: '../../../x' is no sha256", ""),
        (
            "uv.lock",
            f'{PACKAGE}{NEEDED}wheels = [{{ url = "https://x/b-1-py3-none-any.whl", hash = "sha256:/tmp/x" }}]\n',
            ":7: package[1]: '/tmp/x' is no sha256",
            AGAIN,
        ),
        (
            "pixi.lock",
            "version: 6\nenvironments: {default: {packages: {linux-64: [{pypi: 'https://x/b-1-py3-none-any.whl'}]}}}\n"
            "packages:\n- {pypi: 'https://x/b-1-py3-none-any.whl', name: b, version: '1', sha256: '../x'}\n",
            ":4: packages[0]: '../x' is no sha256",
            AGAIN,
        ),
        (
            "conda-lock.yml",
            "version: 1\npackage:\n- {name: b, version: '1', manager: pip, platform: linux-64,"
            " url: 'https://x/b-1-py3-none-any.whl', hash: {sha256: \"a\\nb\"}}\n",
            r":3: package[0]: 'a\nb' is no sha256",
            AGAIN,
        ),
    ],
)
def test_a_hash_is_64_hex_digits_in_every_lock(tmp_path, file, text, sentence, fix):
    (tmp_path / file).write_text(text)
    with pytest.raises(BadInput) as caught:
        read_set(tmp_path / file)
    assert str(caught.value) == f"{tmp_path / file}{sentence} of 64 lower-case hex digits{fix}"


def prefix(folder, name="a", version="1", record=None):
    site = folder / "lib" / "python3.12" / "site-packages" / "a.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if record is not None:
        (folder / "conda-meta").mkdir()
        (folder / "conda-meta" / "a.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        ({"name": "a" * 300}, f"{SITE}: '{'a' * 109} … is no name of a package; install it anew"),
        ({"name": "../../etc/passwd"}, f"{SITE}: '../../etc/passwd' is no name of a package; install it anew"),
        ({"version": "9" * 5000}, f"{SITE}: {NINES} is no version; install it anew"),
        (
            {"record": {"name": "cuda-n$cc", "version": "12.8", "build": "0"}},
            f"{META}: 'cuda-n$cc' is no conda package name; install that package anew with conda",
        ),
        (
            {"record": {"name": "b", "version": "1", "build": "0", "sha256": "../x"}},
            f"{META}: '../x' is no sha256 of 64 lower-case hex digits; install that package anew with conda",
        ),
        (
            {"record": {"name": "b", "version": 1, "build": "0"}},
            f"{META}: this is no record of conda: Expected `str`, got `int` - at `$.version`; install that package "
            "anew with conda",
        ),
    ],
    ids=["long name", "path as name", "long version", "conda name", "conda hash", "conda version"],
)
def test_a_prefix_with_a_bad_name_is_refused(tmp_path, made, sentence):
    with pytest.raises(BadInput) as caught:
        read_set(prefix(tmp_path / "env", **made))
    assert str(caught.value) == f"{tmp_path / 'env'}/{sentence}"
