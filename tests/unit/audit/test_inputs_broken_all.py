"""Each input that once broke something is asserted by name somewhere."""

from paths import DATA, TESTS


def test_every_broken_input_is_named_by_a_test():
    inputs = {path.name for path in (DATA / "broken").rglob("*") if path.is_file()}
    said = "".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    assert len(inputs) > 50
    assert {name for name in inputs if f'{name}"' not in said} == set()
