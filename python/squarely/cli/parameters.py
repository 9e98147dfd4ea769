"""Options that several commands have, as one parameter of each: a dataclass whose fields are what typer sees."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

__all__ = ["with_fields_as_parameters"]


def with_fields_as_parameters(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command whose parameters are the fields of those that are dataclasses, and the others as they are.

    Where such a parameter has a default, its fields have those of this.
    """
    parameters = inspect.signature(command).parameters.values()
    groups: dict[str, Any] = {
        one.name: one.annotation for one in parameters if dataclasses.is_dataclass(one.annotation)
    }

    @functools.wraps(command)
    def run(**typed: Any) -> int:
        for name, group in groups.items():
            typed[name] = group(**{field.name: typed.pop(field.name) for field in dataclasses.fields(group)})
        return command(**typed)

    flat = [one for own in parameters for one in (_fields(own) if own.name in groups else [own])]
    run.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return run


def _fields(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    default = parameter.annotation() if parameter.default is parameter.empty else parameter.default
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for field in dataclasses.fields(parameter.annotation):
        own = getattr(default, field.name)
        yield inspect.Parameter(field.name, parameter.kind, default=own, annotation=hints[field.name])
