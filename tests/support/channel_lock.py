"""A lock of real packages on disk, to be installed: the channel of ``conda_world`` and one tiny wheel."""

import subprocess

import msgspec
import yaml
from conda_world import VERSION, build_wheel
from sealed import seal

from solver.core.flavours import explicit_filename
from solver.core.model import Profile, Target
from solver.index.conda import CondaIndex
from solver.lock.conda_section import conda_section
from solver.lock.environment import CondaHalf, environment_yml
from solver.lock.explicit import base_explicit, explicit
from solver.matrix.load import Matrices
from solver.solve.conda.profile import base_records

TARGET = Target(driver=None, python=VERSION)


class Lock:
    """A lock folder made of the channel and one tiny wheel."""

    def __init__(self, channel, root, flavour="pip-in-conda"):
        self.channel, self.folder = channel, root / "locks" / "demo"
        self.folder.mkdir(parents=True)
        self.profile = Profile(
            name="demo",
            flavour=flavour,
            target=TARGET,
            channels=(str(channel),),
            conda_packages=("demo",),
            variables={"DEMO": "1"},
        )
        index = CondaIndex(channels=(str(channel),))
        self.records = base_records(self.profile, VERSION, TARGET, index, Matrices(), pins={"setuptools": "80.0"})
        self.wheel, digest = build_wheel(self.folder / "wheels")
        self.lines = ["--find-links ./wheels", f"tiny==1.0 --hash=sha256:{digest}"] if flavour != "conda" else []
        self.write()

    def write(self):
        if self.lines:
            text = "\n".join(line.replace(" --hash", " \\\n    --hash") for line in self.lines)
            (self.folder / "requirements.txt").write_text(text + "\n")
        environment = environment_yml(self.profile, CondaHalf(TARGET, self.records, {}), self.lines)
        (self.folder / "environment.yml").write_text(environment)
        write = explicit if self.profile.flavour == "conda" else base_explicit
        name = explicit_filename(self.profile.flavour, "linux-64")
        (self.folder / name).write_text(write(self.profile, self.records, TARGET))
        solution = {
            "version": 1,
            "profile": "demo",
            "flavour": self.profile.flavour,
            "variables": self.profile.variables,
            "target": {"platform": "linux-64", "python": VERSION, "glibc": "2.28", "driver": None, "gpus": []},
            "conda": msgspec.to_builtins(conda_section(self.records, self.profile.channels, {})),
        }
        (self.folder / "solution.yaml").write_text(yaml.safe_dump(solution, sort_keys=False))
        seal(self.folder)

    def change(self, name, **fields):
        self.records = tuple(
            msgspec.structs.replace(record, **fields) if record.name == name else record for record in self.records
        )
        self.write()


def run_python(prefix, code):
    done = subprocess.run([prefix / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()
