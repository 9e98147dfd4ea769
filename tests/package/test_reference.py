"""The reference of the site has all there is: metrics, public names, options of the command line, the C interface."""

import importlib
import pathlib
import re

import pytest
import typer

import squarely
from generators import c_header, command_line, gallery, metric_pages, pictures, python_pages, search_words
from squarely import _core
from squarely.cli.application import application


def test_every_metric_has_a_page_with_its_facts_and_its_picture() -> None:
    pages = metric_pages.pages()
    for name in squarely.metric_names():
        assert f"autofunction:: {name}\n" in pages[f"metrics/{name}.rst"]
        card = metric_pages.card(name)
        assert ":Best:" in card
        assert ":Range:" in card
        assert card.count("<path class=") > 2
        assert "nan" not in card


def test_a_card_stands_before_the_parameters() -> None:
    lines = ["Mean.", "", "Parameters", "----------"]
    metric_pages.add_card(None, "function", "squarely.mean_squared_error", None, None, lines)
    assert lines[0] == "Mean."
    assert lines.index("Parameters") == len(lines) - 2
    assert lines[2] == ".. container:: metric-card"


def test_a_picture_has_the_values_of_the_metric() -> None:
    values = pictures.values("mean_squared_error", {}, pictures.ONE)
    y_true = pictures.TRUTH
    expected = [squarely.mean_squared_error(y_true, [*y_true[:4], y_true[4] + error]) for error in pictures.ERRORS]
    assert values == expected


def test_the_gallery_has_every_picture_once() -> None:
    page = gallery.page()
    assert page.count("<svg ") == len(metric_pages.ROWS)
    for name in squarely.metric_names():
        assert page.count(f":doc:`metrics/{name}`: ") == 1


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("r2", "reference/metrics/r2_score"),
        ("mean squared error", "reference/metrics/mean_squared_error"),
        ("quantile loss", "reference/metrics/mean_pinball_loss"),
        ("merge states", "chunks"),
        ("missing values", "missing_values"),
        ("larger than memory", "files"),
    ],
)
def test_the_search_knows_what_a_page_is_about(words: str, page: str) -> None:
    assert words in search_words.words_of(page)


def test_words_to_search_for_are_of_pages_and_metrics() -> None:
    docs = pathlib.Path(search_words.__file__).parents[1]
    for page in search_words.OF_PAGES:
        assert page.startswith("reference/") or (docs / f"{page}.md").exists(), page
    assert set(search_words.OF_METRICS) <= set(metric_pages.ROWS)


def test_every_public_name_has_a_page() -> None:
    pages = python_pages.pages() | metric_pages.pages()
    last = {path.rpartition("/")[2].removesuffix(".rst").rpartition(".")[2] for path in pages}
    assert set(squarely.__all__) - {"__version__"} <= last


def test_the_page_of_a_class_has_what_it_has_from_one_of_its_bases() -> None:
    pages = python_pages.pages()
    assert ":inherited-members:" in pages["python/Accumulator.rst"]
    assert ":inherited-members:" in pages["python/GroupedAccumulator.rst"]
    assert ":inherited-members:" not in pages["python/named_metrics.Metric.rst"]


def test_names_elsewhere_are_of_metrics() -> None:
    assert set(metric_pages.NAMES_ELSEWHERE) <= set(_core.metrics)


@pytest.mark.parametrize(
    ("library", "module"), [("scikit-learn", "sklearn.metrics"), ("scikit-image", "skimage.metrics")]
)
def test_names_elsewhere_exist(library: str, module: str) -> None:
    pytest.importorskip(module.partition(".")[0])
    found = importlib.import_module(module)
    names = [names[library] for names in metric_pages.NAMES_ELSEWHERE.values() if library in names]
    assert names
    for name in names:
        assert hasattr(found, name), name


def test_every_option_of_the_command_line_is_explained() -> None:
    page = command_line.page()
    commands = typer.main.get_command(application).commands  # type: ignore[attr-defined]
    assert {"score", "merge", "metrics", "columns"} <= set(commands)
    for name, command in commands.items():
        section = page.partition(f"squarely {name}\n---")[2].partition("\n---")[0]
        for parameter in command.params:
            for option in parameter.opts if parameter.param_type_name == "option" else ():
                assert re.search(rf"(?m)^\.\. option:: (.*, )?{option}\b", section) or option == "--help", option
        assert f"\n   squarely {name}" in section


def test_every_declaration_of_the_header_is_on_the_page() -> None:
    header = pathlib.Path(squarely.get_include(), "squarely", "squarely.h").read_text()
    declared = set(re.findall(r"\b(squarely_\w+)\(", header)) - {"squarely_"}
    page = c_header.page()
    for name in declared:
        assert re.search(rf"^(\.\. c:function::| {{15}}) .*\b{name}\(", page, re.MULTILINE), name
    constants = set(re.findall(r"^ {4}(SQUARELY_\w+) = \d+", header, re.MULTILINE))
    assert len(constants) > 20
    for name in constants:
        assert f".. c:enumerator:: {name} = " in page
    for name in {name.removeprefix("squarely_") for name in declared} - {"abi_version", "get_api"}:
        assert re.search(rf"^   \.\. c:member:: .*\(\*{name}\)\(", page, re.MULTILINE), name


def test_words_of_the_header_stay_with_what_they_are_about() -> None:
    page = c_header.page()
    score = page.index("squarely_status squarely_score(")
    assert page.count("Any metric of sums") == 1
    assert page.index("The everyday metrics") < score < page.index("Any metric of sums")
    assert ".. c:macro:: SQUARELY_ABI_VERSION\n\n   Its value is 1." in page
    assert "``squarely_python.h``" in page


def test_a_declaration_of_no_known_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not know what this is"):
        c_header.declaration("union squarely_unknown { int32_t number; };")
