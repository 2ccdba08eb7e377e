"""A click group whose commands are imported when they are called: `interlock --help` imports none of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from solver.cli.failures import reader_gone
from solver.core.spelling import either, near_names


class Lazy(NamedTuple):
    """A command that is not imported yet."""

    place: str
    """``module:attribute``."""
    help: str
    """The line of the group's help: the first sentence of the command's own."""


class LazyGroup(click.Group):
    """``lazy`` holds the commands by name, in the order in which they are listed."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy], **kwargs: Any) -> None:  # noqa: ANN401 - click's own
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are listed, which is the order of use."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that holds the command; None: there is no such command."""
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return None
        module, _, attribute = lazy.place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; of a misspelt command it names the near ones."""
        near = [] if not args or args[0].startswith("-") or args[0] in self._lazy else near_names(args[0], self._lazy)
        if near:
            raise click.UsageError(f"No such command '{args[0]}'; did you mean {either(near)}?", ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401
        """As click does."""
        with reader_gone():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """As click does."""
        with reader_gone():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, but for the help, which is at hand here."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self._lazy.items()])
