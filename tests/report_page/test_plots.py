"""Plots with matplotlib: the same numbers as on the page, on axes of the caller's."""

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

from instruments.counted_arrays import distribution_of_arrays
from squarely import plots
from squarely.distribution import drawn

TRUTH = np.random.default_rng(3).lognormal(2, 1, 20_000)
COUNTS = distribution_of_arrays(TRUTH, TRUTH * 1.1)


@pytest.fixture(autouse=True)
def no_window():
    with matplotlib.rc_context(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "agg")
        pyplot.switch_backend("agg")
        yield
        pyplot.close("all")


@pytest.mark.parametrize("draw", plots.PICTURES, ids=lambda draw: draw.__name__)
def test_a_picture_is_drawn_on_the_axes_it_is_given(draw):
    ax = pyplot.subplots()[1]
    assert draw(COUNTS, ax=ax) is ax
    assert ax.get_title() and ax.get_xlabel() and ax.get_ylabel()
    ax.figure.canvas.draw()


@pytest.mark.parametrize("draw", plots.PICTURES, ids=lambda draw: draw.__name__)
def test_a_picture_makes_a_figure_where_there_is_none(draw):
    before = len(pyplot.get_fignums())
    draw(COUNTS)
    assert len(pyplot.get_fignums()) == before + 1


def test_bars_are_those_of_the_page():
    (bars,) = plots.residual_histogram(COUNTS).patches
    np.testing.assert_array_equal(bars.get_data().values, drawn.residual_histogram(COUNTS).bars.counts)


def test_cells_are_those_of_the_page():
    (mesh,) = plots.truth_and_prediction(COUNTS).collections
    counts = drawn.truth_and_prediction(COUNTS).counts.T
    np.testing.assert_array_equal(mesh.get_array().filled(0), np.where(counts >= 0.5, counts, 0))


def test_colours_are_those_of_the_settings():
    with matplotlib.rc_context({"axes.prop_cycle": matplotlib.cycler(color=["#123456", "#654321"])}):
        even, found = plots.shares_of_squares(COUNTS).lines
        assert matplotlib.colors.to_hex(found.get_color()) == "#123456"
        assert matplotlib.colors.to_hex(even.get_color()) == "#654321"


def test_all_pictures_stand_in_one_figure():
    axes = plots.all_pictures(COUNTS)
    assert axes.shape == (3, 2)
    assert len({ax.get_title() for ax in axes.flat}) == 6
    assert len(pyplot.get_fignums()) == 1


def test_what_has_no_counts_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"has no counts to draw pictures from. Make it with pictures=True"):
        plots.residual_histogram(object())


def test_what_is_passed_on_tells_models_on_the_same_axes_apart():
    ax = plots.normal_quantiles(COUNTS, label="one")
    assert plots.normal_quantiles(COUNTS, ax=ax, color="k", label="other") is ax
    assert [line.get_label() for line in ax.lines[1::2]] == ["one", "other"]
    assert ax.lines[3].get_color() == "k"
    (mesh,) = plots.truth_and_prediction(COUNTS, cmap="Greys", norm="linear").collections
    assert mesh.get_cmap().name == "Greys"
    (bars,) = plots.residual_histogram(COUNTS, fill=False, color="k").patches
    assert not bars.get_fill()


def test_axes_say_why_there_is_nothing_to_see():
    constant = distribution_of_arrays(np.full(9, 3.0), np.full(9, 3.0))
    axes = plots.all_pictures(constant)
    said = [ax for ax in axes.flat if ax.texts]
    assert len(said) == 5  # all but the bars
    for ax in said:
        assert ax.get_title() and ax.texts[0].get_text().endswith(".")
    axes[0, 0].figure.canvas.draw()
