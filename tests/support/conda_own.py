"""conda's own models (24.7.1, the copy that conda-lock carries) as a second reader of what is written for conda."""

import contextlib
import io
import sys
import types
import warnings


def installed_by_conda(prefix):
    """Every package of ``prefix`` as `conda list` reads it: conda's ``PrefixRecord`` by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it still uses of older python
        from conda_lock._vendor.conda.core.prefix_data import PrefixData

        PrefixData._cache_.clear()
        return {record.name: record for record in PrefixData(str(prefix)).iter_records()}


def conda_spec(text):
    """``text`` as conda's ``MatchSpec``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from conda_lock._vendor.conda.models.match_spec import MatchSpec

        return MatchSpec(text)


def addresses_by_conda(files, channel):
    """Where conda would look for ``channel`` with ``files``, weakest first, as its whole configuration."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from conda_lock._vendor.conda.base.context import reset_context
        from conda_lock._vendor.conda.models.channel import Channel

        reset_context(search_path=tuple(map(str, files)))
        Channel._reset_state()
        return list(Channel(channel).base_urls)


def conda_environment(path):
    """An environment.yml as `conda env create` reads it; a key that conda does not know is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # conda draws bars with it, which a reader of files has no use for.
        sys.modules.setdefault("tqdm", types.SimpleNamespace(tqdm=None))
        from conda_lock._vendor.conda.env import env

        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            read = env.from_file(str(path))
        assert said.getvalue() == ""
        return read
