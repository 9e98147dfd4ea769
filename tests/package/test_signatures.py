"""What help() and completion show of the package: annotations as they are written, and public names alone."""

import importlib
import inspect
import pydoc
import re
import typing
from collections.abc import Iterator
from typing import Any

import pytest

import squarely as sq
from squarely.files import ReadingOptions, accumulate_files

# What stands beside other libraries is public too, and imported when it is asked for.
OTHER_MODULES = ("boosting", "dask", "files", "plots", "scorers", "spark", "xarray")


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


@pytest.mark.parametrize("name", CALLABLES)
def test_a_signature_can_be_read(name: str) -> None:
    signature = inspect.signature(CALLABLES[name])
    # score_files has 22 parameters.
    assert len(str(signature)) < 840
    assert max((len(str(one)) for one in signature.parameters.values()), default=0) < 72
    assert not re.search(r"<|\b_\w|squarely\.", str(signature))


@pytest.mark.parametrize("name", [name for name in CALLABLES if not name.endswith("__init__")])
def test_help_has_the_signature_and_the_docstring(name: str) -> None:
    shown = pydoc.plain(pydoc.render_doc(CALLABLES[name]))
    assert all(parameter in shown for parameter in inspect.signature(CALLABLES[name]).parameters)
    assert inspect.getdoc(CALLABLES[name]).splitlines()[0] in shown


def test_only_public_names_are_offered() -> None:
    assert set(dir(sq)) == {*sq.__all__, *OTHER_MODULES}
    assert all(hasattr(sq, name) for name in dir(sq))


RESULTS = {
    "Accumulator": sq.Accumulator(),
    "GroupedAccumulator": sq.GroupedAccumulator(),
    "RollingAccumulator": sq.RollingAccumulator(window=2),
    "Report": sq.evaluate([1.0, 2.0], [1.0, 3.0]),
    "GroupedReport": sq.evaluate([1.0, 2.0], [1.0, 3.0], by=["a", "b"]),
    "Metric": sq.metric("mean_pinball_loss", alpha=0.9),
    "BiasVariance": sq.bias_variance([1.0, 2.0], [1.0, 3.0]),
    "FileStates": accumulate_files([([1.0], [2.0])]),
    "ReadingOptions": ReadingOptions(),
}


@pytest.mark.parametrize("name", RESULTS)
def test_what_is_offered_of_a_result_is_documented(name: str) -> None:
    kind = type(RESULTS[name])
    assert kind.__name__ == name
    fields = {*getattr(kind, "_fields", ()), *getattr(kind, "__dataclass_fields__", ())}
    for offered in {one for one in dir(RESULTS[name]) if not one.startswith("_")} - fields:
        assert inspect.getdoc(getattr(kind, offered)), offered


def test_options_of_reading_show_what_was_given() -> None:
    assert repr(ReadingOptions()) == "ReadingOptions()"
    assert repr(ReadingOptions(separator=";", na=(-200,))) == "ReadingOptions(separator=';', na=(-200,))"
