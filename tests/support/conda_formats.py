"""What the tests of conda's lock formats write: two profiles, and wheels that stand beside conda's records."""

from solver.core.model import Profile, pypi_name
from solver.lock.pip_half import LockedWheel

CONDA = Profile(name="demo", flavour="conda", python="==3.12")
PIP = Profile(name="demo", python="==3.12")
WHEELS = (
    LockedWheel(pypi_name("torch"), "2.11.0+cu128", "https://w.example/torch.whl", "c" * 64, ("numpy>=2", "filelock")),
    LockedWheel(pypi_name("interlock-loader"), "1", "file:///locks/demo/wheels/interlock_loader-1.whl", "d" * 64),
)
