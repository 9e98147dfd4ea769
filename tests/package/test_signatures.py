"""What help() and completion show of the package: annotations as they are written, and public names alone."""

import importlib
import inspect
import typing
from collections.abc import Iterator
from typing import Any

import pytest

import squarely as sq

# What stands beside other libraries is public too, and imported when it is asked for.
OTHER_MODULES = ("boosting", "dask", "files", "scorers", "spark", "xarray")


def public_things() -> Iterator[tuple[str, Any]]:
    for name in sq.__all__:
        yield name, getattr(sq, name)
    for name in OTHER_MODULES:
        module = importlib.import_module(f"squarely.{name}")
        for own in module.__all__:
            yield f"{name}.{own}", getattr(module, own)


def callables() -> dict[str, Any]:
    """Return every public function and class, and the methods of the classes."""
    found = {name: thing for name, thing in public_things() if callable(thing) and not is_exception(thing)}
    for name, thing in list(found.items()):
        for own, method in vars(thing).items() if inspect.isclass(thing) else ():
            if inspect.isfunction(method) and (own == "__init__" or not own.startswith("_")):
                found[f"{name}.{own}"] = method
    return found


def is_exception(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


CALLABLES = callables()


@pytest.mark.parametrize("name", CALLABLES)
def test_annotations_are_shown_as_they_are_written(name: str) -> None:
    signature = inspect.signature(CALLABLES[name])
    written = [parameter.annotation for parameter in signature.parameters.values()] + [signature.return_annotation]
    assert all(one in (None, inspect.Parameter.empty) or isinstance(one, (str, typing.ForwardRef)) for one in written)


@pytest.mark.parametrize("name", [name for name, thing in CALLABLES.items() if inspect.isfunction(thing)])
def test_annotations_can_be_resolved_to_types(name: str) -> None:
    assert typing.get_type_hints(CALLABLES[name])["return"] is not None


def test_a_signature_fits_on_a_few_lines() -> None:
    shown = str(inspect.signature(sq.mean_squared_error))
    assert shown.startswith("(y_true: 'npt.ArrayLike', y_pred: 'npt.ArrayLike', *, sample_weight: ")
    assert len(shown) < 400


def test_only_public_names_are_offered() -> None:
    assert set(dir(sq)) == {*sq.__all__, "boosting", "dask", "scorers", "xarray"}
