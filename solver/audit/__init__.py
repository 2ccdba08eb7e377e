"""The audit: which breakages a set of packages holds that no package manager sees.

Read ``package_set`` (what is audited), ``inputs`` and ``readers/`` (how it is
read), ``context`` (what is known about it), then one module a finding code,
``run`` (all of them), ``fix`` and ``report``.
"""
