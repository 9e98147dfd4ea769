"""Helps that fold where the terminal is narrow: the boxes of typer cut names and examples off."""

from typing import Any

from typer.core import TyperCommand, TyperGroup

WIDEST_TERM = 21  # characters; the help of a longer option is below it


class FoldedCommand(TyperCommand):
    """A command whose options stand under the titles of their panels."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what is said of every argument and option."""
        panels: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            term, said = parameter.get_help_record(ctx) or ("", "")
            if parameter.param_type_name == "argument":
                panels["Arguments"].append((str(parameter.metavar), said))  # without its type
            else:
                panels.setdefault(getattr(parameter, "rich_help_panel", None) or "Options", []).append((term, said))
        for title, records in panels.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records, col_max=WIDEST_TERM)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write examples whole, a line each, to be copied."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}\n".replace("\n\n", "\n  "))


class FoldedGroup(TyperGroup):
    """A group that says of every command the whole first sentence of its help."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line or more for each command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in self.commands.items()])
