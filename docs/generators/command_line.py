"""The reference of the command line, from the parser itself."""

import re
from enum import Enum
from typing import Any

import typer

from generators.rst import heading, indented
from squarely.cli.application import application


def title(parameter: Any) -> str:
    """Return an option or an argument as it is typed."""
    word = parameter.metavar
    if isinstance(parameter.default, Enum):
        word = "|".join(choice.value for choice in type(parameter.default))
    if parameter.param_type_name == "argument":
        return f"{word} ..." if parameter.nargs == -1 else word
    names = ", ".join(parameter.opts)
    return names if parameter.is_flag else f"{names} <{word}>"


def marked(text: str) -> str:
    """Return the text of a help, in which options are marked as what is typed."""
    return re.sub(r"(?<!\w)--[\w-]+", r"``\g<0>``", text.replace("*", r"\*"))


def option(parameter: Any) -> str:
    """Return one option or argument as the help of its command explains it."""
    default = getattr(parameter.default, "value", parameter.default)
    notes = ["Required."] if parameter.required else []
    if default not in (None, False):
        notes.append(f"By default ``{default}``.")
    text = " ".join([marked(parameter.help), *notes])
    return f".. option:: {title(parameter)}\n\n{indented(text)}\n"


def command(name: str, found: Any) -> str:
    """Return the section of one command."""
    panels: dict[str, list[Any]] = {}
    for parameter in found.params:
        if parameter.name != "help":
            panels.setdefault(getattr(parameter, "rich_help_panel", None) or "", []).append(parameter)
    parts = [heading(f"squarely {name}", "-"), f".. program:: squarely {name}\n", f"{marked(found.help)}\n"]
    for panel, parameters in panels.items():
        parts += [*([f".. rubric:: {panel}\n"] if panel else []), *map(option, parameters)]
    _, *examples = (found.epilog or "").split("\n\n")
    if examples:
        parts += [".. rubric:: Examples\n", ".. code-block:: sh\n", indented("\n".join(examples))]
    return "\n".join(parts) + "\n"


def page() -> str:
    """Return the page of all commands."""
    group: Any = typer.main.get_command(application)
    own = [option(parameter) for parameter in group.params if parameter.name != "help"]
    parts = [heading("Command line"), f"{group.help} :doc:`/files` says what is read.\n", ".. program:: squarely\n"]
    return "\n".join([*parts, *own, *(command(name, found) for name, found in group.commands.items())])
