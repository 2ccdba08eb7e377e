"""What the claims about conda are told in: rows and records in shorthand, and the whole answer to a profile."""

from unittest import mock

import msgspec
import yaml
from conda_repodata import parse, write_channel
from paths import SCENARIOS

import solver.commands.conda as commands
from solver.commands.project import Project
from solver.commands.stack import explain_stack
from solver.core.errors import InterlockError
from solver.core.model import Profile, Target
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings
from solver.matrix import rows
from solver.matrix.load import Matrices
from solver.solve.conda.profile import base_records, solve_conda
from solver.solve.space.packages import Spaces

KINDS = {
    "drivers": rows.DriverBranch,
    "families": rows.CudaFamily,
    "toolkits": rows.CudaToolkit,
    "names": rows.PackageName,
    "rules": rows.Rule,
    "conda_builds": rows.CondaBuild,
    "conda_traps": rows.CondaTrap,
    "cudnn": rows.Cudnn,
}
COMMON = yaml.safe_load((SCENARIOS / "conda" / "common" / "matrices.yaml").read_text())


def read_matrices(own):
    """The common rows, and those of the scenario; a row of the scenario is told by ``a row``."""
    tables = {}
    for kind in {*COMMON, *own}:
        listed = [*COMMON.get(kind, ()), *own.get(kind, ())]
        tables[kind] = tuple(
            msgspec.convert({"id": f"{kind}-{n}", "source": "a row", **row}, KINDS[kind])
            for n, row in enumerate(listed)
        )
    return Matrices(**tables)


def answer(scenario, folder):
    matrices = read_matrices(scenario.matrices)
    address = {"conda-forge": (write_channel(folder, parse(scenario.channel)).as_uri(),)}
    index = CondaIndex(settings=CondaSettings(mirrors=address), partial=scenario.partial)
    fields = dict(scenario.profile)
    target = msgspec.convert({"driver": "550.54.14", **fields.pop("target", {})}, Target)
    fields = {"name": "demo", "flavour": "conda", "target": msgspec.to_builtins(target), **fields}
    profile = msgspec.convert(fields, Profile)
    try:
        if profile.flavour != "conda":
            records = base_records(profile, target.python, target, index, matrices, pins=scenario.pins)
            return {"records": [record.pin for record in records]}
        result = solve_conda(profile, matrices, index)
    except InterlockError as error:
        return {"exit": error.exit_code, "error": str(error)}
    shown = {
        "records": [record.pin for record in result.records],
        "cpu": result.solution.target.cpu or "",
        "axes": {axis: version for axis, version in result.solution.axes.items() if version},
        "notes": [note.text for note in result.solution.notes],
        "rejected": [f"{r.package} {r.tried}: {r.why.splitlines()[0]} [{r.source}]" for r in result.rejected],
    }
    if profile.stack:
        shown["stack"] = explained(profile, matrices, index, folder)
    return {key: value for key, value in shown.items() if value}


def explained(profile, matrices, index, folder):
    """What `interlock explain --profile` says of the profile's stack, over the same channel."""
    project = Project(folder, None, matrices, None, None, Spaces(matrices, None))
    with mock.patch.object(commands, "source_for", lambda *_: index):
        return explain_stack(project, profile)
