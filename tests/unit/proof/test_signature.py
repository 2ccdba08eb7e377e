"""Signed evidence: whose key it was, and whether the record is still what was signed."""

from __future__ import annotations

import pytest
from key_pair import key_pair

from solver.core.errors import BadInput
from solver.proof.signature import public_key, sign, signer_of, unsigned

OTHERS = "its signature is not of this key and this record"


@pytest.fixture
def record(tmp_path):
    """A signed record and the public key."""
    private, public = key_pair(tmp_path)
    made = tmp_path / "record.json"
    made.write_text("{}")
    assert unsigned(made, public_key(public)) == "nobody signed it"
    assert sign(made, signer_of(private)) == tmp_path / "record.json.sig"
    return made, public_key(public)


def test_a_signature_is_of_one_key_and_one_record(record, tmp_path):
    made, key = record
    assert unsigned(made, key) is None
    assert unsigned(made, public_key(key_pair(tmp_path, "other")[1])) == OTHERS
    made.write_text("{} ")
    assert unsigned(made, key) == OTHERS


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("x", "its signature cannot be read: "),
        ("{}", "its signature cannot be read: "),
        ('{"version": 1, "key": "k", "signature": "00"}', OTHERS),
        ('{"version": 1, "key": "k", "signature": "no hex"}', OTHERS),
    ],
)
def test_what_is_no_signature_counts_for_none(record, content, why):
    made, key = record
    made.with_name("record.json.sig").write_text(content)
    assert str(unsigned(made, key)).startswith(why)


def test_what_is_no_key_is_told(tmp_path):
    private, public = key_pair(tmp_path)
    closed, _ = key_pair(tmp_path, "closed", b"secret")
    for wrong in (public, closed):
        with pytest.raises(BadInput, match=f"^--sign: {wrong} is no key to sign with; name a private key in PEM"):
            signer_of(wrong)
    with pytest.raises(BadInput, match=f"^--signed-by: {private} is no public key; name the public key in PEM"):
        public_key(private)
