"""The options of reading as they are typed: --separator ';' --na -999."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from squarely.cli.errors import UsageError
from squarely.files import ReadingOptions

if TYPE_CHECKING:  # what is refused is told where typer is missing, too
    from squarely.cli.options import Reading

# Characters that are hard to type, and the absence of one.
CHARACTERS = {r"\t": "\t", "tab": "\t", "blanks": " ", "none": None}


def reading_options(typed: "Reading") -> ReadingOptions:
    """Return the options that were typed; those that were not are as the names of files say."""
    given = {name: value for name, value in vars(typed).items() if value is not None}
    given |= {"header": not given.pop("no_header"), "na": tuple(typed.na or ())}
    for name in ("separator", "thousands", "quote"):
        if name in given:
            given[name] = CHARACTERS.get(given[name], given[name])
    try:
        return ReadingOptions(**given)
    except ValueError as error:
        raise UsageError(f"--{str(error).replace('_', '-')}") from error


def as_typed(options: Mapping[str, Any]) -> str:
    """Return options as they are typed in a shell."""
    return " ".join(word for name, value in options.items() for word in _typed(name, value))


def _typed(name: str, value: Any) -> list[str]:
    if name == "header":
        return ["--no-header"]
    option = f"--{name.replace('_', '-')}"
    if name == "na":
        return [word for one in value for word in (option, shlex.quote(str(one)))]
    characters = {character: word for word, character in CHARACTERS.items()}
    return [option, characters.get(value) or shlex.quote(str(value))]
