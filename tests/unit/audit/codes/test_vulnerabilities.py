"""Known vulnerabilities, by pip-audit's library with a stand-in for its service."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from audit_stubs import pinned

from solver.audit.codes.vulnerabilities import vulnerabilities
from solver.core.errors import BadInput, IndexUnavailable


class Service:
    def __init__(self, known):
        self.known = known

    def query_all(self, specs):
        for spec in specs:
            yield spec, self.known.get((spec.name, str(spec.version)), [])


def test_each_vulnerability_is_a_warning_with_its_cure():
    pytest.importorskip("pip_audit")
    known = {
        ("jinja2", "3.1.0"): [
            SimpleNamespace(id="CVE-1", description="A\nhole.", fix_versions=["3.1.3"], aliases={"GHSA-1"}),
            SimpleNamespace(id="CVE-2", description="Another.", fix_versions=[], aliases=set()),
        ]
    }
    findings = vulnerabilities(pinned("idna==3.1", "jinja2==3.1.0"), Service(known))
    assert {(f.code, f.severity, f.packages) for f in findings} == {("vulnerability", "warning", ("jinja2==3.1.0",))}
    assert [(f.why, f.source, f.cure) for f in findings] == [
        ("CVE-1: A hole.", "CVE-1, GHSA-1", "take jinja2 3.1.3"),
        ("CVE-2: Another.", "CVE-2", "no fixed version of jinja2 is known"),
    ]


def test_a_service_that_does_not_answer():
    interface = pytest.importorskip("pip_audit._service")

    class Down:
        def query_all(self, specs):
            raise interface.ConnectionError("offline")

    with pytest.raises(IndexUnavailable, match="the vulnerability service does not answer: offline"):
        vulnerabilities(pinned("idna==3.1"), Down())


def test_without_pip_audit(monkeypatch):
    monkeypatch.setitem(sys.modules, "pip_audit._service", None)
    with pytest.raises(BadInput, match=r"--vulnerabilities needs pip-audit; install interlock\[audit\]"):
        vulnerabilities(pinned("idna==3.1"))
