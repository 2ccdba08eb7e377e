"""HTML that no parser is given: it would take time without end, or says nothing that a listing says."""

import pytest
from limits import computing

from solver.index import markup
from solver.index.markup import readable

LINK = '<a href="x#sha256=0" data-requires-python=">=3.8" class=b\n>x</a><br />'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no markup",
        LINK * 3,
        f"<!DOCTYPE html><html><head><meta name='pypi:repository-version' content='1.0'></head>{LINK}</html>",
        f"<!-- <a href=' -->{LINK}",
        f"<script>if (a < b && b > 'c) {{}}</script><style>a > b {{}}</style>{LINK}",
        f"<A HREF=x>x</A>{LINK}",
        "<a href=\"x\"data-yanked='y'>\u00e9</a>",
    ],
)
def test_what_a_listing_has_is_given_to_the_parser_as_it_is(text):
    assert readable(text.encode(), "utf-8") == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('<a href="' * 100_000, "its HTML is broken at '<a href=\"<a href=\"<a'"),
        ('<a b=x"y href=">z</a>' * 100_000, "its HTML is broken at '<a b=x\"y href=\">z</a'"),
        ("<" * 100_000, "its HTML is broken at '<<<<<<<<<<<<<<<<<<<<'"),
        ("<a b" + " " * 100_000, "its HTML is broken at '<a b                '"),
        ("<a " + "a " * 5000 + ">", "its HTML is broken at '<a a a a a a a a a a'"),
        ("<!--" * 100_000, "its HTML has no --> behind '<!--<!--<!--<!--<!--'"),
        ("<![CDATA[" * 100_000, "its HTML is broken at '<![CDATA[<![CDATA[<!'"),
        ("<script>" * 100_000, "its HTML has no </script behind '<script><script><scr'"),
        ("<a href=x>y" * 100_000, "its HTML has a link within a link"),
        ("<br>" * 200_001, "its HTML has more than 200000 tags"),
    ],
    ids=["quotes", "half quotes", "brackets", "blanks", "long", "comments", "cdata", "script", "links", "tags"],
)
def test_what_would_take_time_without_end_is_refused(text, sentence):
    with computing(5), pytest.raises(ValueError) as caught:
        readable(text.encode(), "utf-8")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("charset", "text"), [("UTF8", "\u00e9"), ("latin-1", "\u00c3\u00a9"), ("ascii", "\ufffd\ufffd")]
)
def test_text_is_decoded_as_its_server_says(charset, text):
    assert readable("\u00e9".encode(), charset) == text


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "punycode", "zlib_codec", "unheard", "a\0b", ""])
def test_a_charset_in_which_tags_have_other_bytes_is_refused(charset):
    with pytest.raises(ValueError) as caught:
        readable(b"x", charset)
    assert str(caught.value) == f"its charset is {charset!a}"


def test_the_most_tags_are_those_of_the_most_files():
    assert markup.MOST_TAGS >= 3 * 50_000
