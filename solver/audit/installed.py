"""What is found in a set as it would be installed: a list that leaves versions or packages open is resolved first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from solver.audit.codes.unknown import CODE as UNKNOWN_CODE
from solver.audit.codes.unknown_lines import unread_lines
from solver.audit.context import AuditContext
from solver.audit.doubt import doubted, unread_bringers
from solver.audit.image_packages import ImagePackages, findings_of, without_image
from solver.audit.package_set import PackageSet
from solver.audit.resolve import findings as resolution
from solver.audit.resolve.choices import Choices
from solver.audit.resolve.outcome import unread
from solver.audit.resolve.resolution import Resolved
from solver.audit.resolve.steps import installed_by_steps
from solver.audit.run import findings_in, gravest_first
from solver.audit.set_kinds import KINDS
from solver.audit.supposed import may_come_from_elsewhere, supposing, with_supposed
from solver.core.model import Finding
from solver.core.target import SEEDS


def findings_as_installed(context: AuditContext) -> tuple[AuditContext, tuple[Finding, ...]]:
    """What an audit looked at, and what it found there."""
    whole, findings = _as_installed(context)
    strange = may_come_from_elsewhere(whole.set)
    if not strange:
        return whole, findings
    _, supposed = _as_installed(supposing(context))
    return whole, gravest_first(with_supposed(strange, findings, supposed))


def _as_installed(context: AuditContext) -> tuple[AuditContext, tuple[Finding, ...]]:
    if not installs_more(context):
        return context, findings_in(context)
    image = ImagePackages(context)
    choices, resolved, installed = installed_by_steps(without_image(context, image))
    whole = replace(context, set=image.joined(installed))
    findings = (*findings_in(whole), *findings_of(image, whole))
    if resolved.contradictions or resolved.given_up:
        # Nothing installs the list, so that nobody knows where its libraries would come from.
        findings = tuple(doubted(whole, findings, ()))
    elif (bringers := unread_bringers(whole, choices, resolved)) or unread_lines(whole.set):
        findings = tuple(doubted(whole, findings, bringers, unread_lines(whole.set)))
    return whole, gravest_first(
        (*findings, *_of_resolution(choices, resolved, replace(context, set=image.beneath(installed)), findings))
    )


def installs_more(context: AuditContext) -> bool:
    """Whether more gets installed than the set names.

    What looks like the output of pip freeze may be a list that somebody sorted; the former has its CUDA libraries,
    and where no packages of them exist, whatever its packages ask for.
    """
    package_set = context.set
    if not is_open_list(package_set):
        return False
    return not KINDS[package_set.kind].is_frozen or not (
        context.provided or (context.target.platform == "win-64" and _has_what_it_asks_for(context))
    )


def _has_what_it_asks_for(context: AuditContext) -> bool:
    return all(name in context.packages or name in SEEDS for name in context.asks)


def is_open_list(package_set: PackageSet) -> bool:
    """Whether a set is of a kind that leaves to pip what it does not say."""
    return not package_set.closed and KINDS[package_set.kind].is_open


def _of_resolution(
    choices: Choices, resolved: Resolved, whole: AuditContext, findings: Sequence[Finding]
) -> Iterator[Finding]:
    """What is told of the resolution itself."""
    faulty = {name for one in findings if one.code == resolution.CODE and one.severity == "error" for name in one.names}
    # Who asks for another version than the list states is told once, of what the list itself names.
    yield from resolution.contradiction_findings(
        [one for one in resolved.contradictions if one.name not in faulty & choices.stated.keys()]
    )
    if resolved.given_up:
        yield resolution.too_long()
    missing = [package for package in whole.set.packages if package.name in choices.shelf.absent]
    if missing:
        yield resolution.absent(missing)
    known = {name for one in findings if one.code == UNKNOWN_CODE for name in one.names}
    known |= {name for one in resolved.contradictions for name in one.left_open}
    lacking = [package for package in unread(choices, whole.set) if package.name not in known]
    extras = sorted(ident for ident in choices.unread_extras if ident in resolved.choices)
    if lacking or extras:
        yield resolution.not_known(lacking or [whole.packages[name] for name, _ in extras], extras)
