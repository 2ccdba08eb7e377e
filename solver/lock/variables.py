"""The environment variables of a lock: what its environment sets wherever the lock is installed, carried or run."""

from __future__ import annotations

from solver.core.frameworks import ON_GPU_ONLY
from solver.core.model import GpuSharing, Profile
from solver.lock.loader.sharing import sharing_variables


def profile_variables(profile: Profile) -> dict[str, str]:
    """The profile's variables, and those that let both frameworks share a GPU, by name, sorted.

    Without a ``gpu_sharing`` block TensorFlow only leaves room for torch; with one, what the
    block says outweighs a variable of the same name.
    """
    sharing = profile.gpu_sharing or GpuSharing()
    variables = sharing_variables(sharing, profile.frameworks)
    if profile.cuda == "none" or profile.target.driver is None:
        variables = {name: value for name, value in variables.items() if name not in ON_GPU_ONLY}
    stated = profile.variables
    return dict(sorted((variables | stated if profile.gpu_sharing is None else stated | variables).items()))
