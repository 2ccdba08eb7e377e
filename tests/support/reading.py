"""What the tests of the audit's readers share: a text read as a file whose name tells nothing, and its pins."""

from textwrap import dedent

from solver.audit.inputs import read_given

HASH = "b" * 64


def read(text, folder, target=None):
    """The set of packages in ``text``, the indentation of which does not count."""
    return read_given(dedent(text).lstrip(), "a.file", folder, target)


def pins(package_set):
    return [package.pin for package in package_set.packages]
