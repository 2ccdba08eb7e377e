"""What packages of an installed environment ask of each other."""

from __future__ import annotations


def test_what_pip_check_would_say(prefix):
    prefix.install("requests", "2.34.2", requires=["idna>=3", "colorama; sys_platform == 'win32'"])
    prefix.install("idna", "2.10")
    (finding,) = prefix.findings()
    assert (finding.code, finding.why) == ("metadata", "requests==2.34.2 asks for idna>=3, and the set has 2.10")
