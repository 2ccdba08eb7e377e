"""What parts two locks of a project that is at hand, as lines and as data."""

from solver.cli.differences import differences_as_json, text_lines
from solver.commands.diff import difference
from solver.commands.locked import locked_profile


def diff_locks(project, one, other):
    differences = [difference((one, locked_profile(project, one)), (other, locked_profile(project, other)))]
    return list(text_lines(differences)), differences_as_json(differences)
