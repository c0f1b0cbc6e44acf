"""The house rules of figures: each one broken on purpose, and what the course draws keeps them all."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lib import plots
from lib.plots import require_house_rules, show

ALT = "A line that rises from one to three over three steps."


def a_figure(title: str = "Loss", x_label: str = "step", y_label: str = "loss (nats)") -> Figure:
    fig = Figure(figsize=(plots.WIDTH, 4))
    FigureCanvasAgg(fig)
    ax = fig.add_subplot()
    ax.plot([0, 1, 2], [0, 2, 3], color="black")
    fig.suptitle(title)
    ax.set(xlabel=x_label, ylabel=y_label)
    return fig


def in_the_house(fig: Figure) -> Figure:
    """With words of a size that the rule accepts, as `lib.plots` draws them."""
    for text in fig.findobj(lambda artist: hasattr(artist, "set_fontsize")):
        text.set_fontsize(9)
    for ax in fig.axes:
        ax.tick_params(labelsize=9)
    return fig


def test_a_figure_with_all_that_is_asked_passes():
    require_house_rules(in_the_house(a_figure()))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda: a_figure(title=""), "the figure has no title"),
        (lambda: a_figure(x_label=""), "the x axis has numbers and no label"),
        (lambda: a_figure(y_label=" "), "the y axis has numbers and no label"),
    ],
)
def test_a_figure_that_lacks_words_is_refused_and_told_which(broken, says):
    with pytest.raises(ValueError, match=says):
        require_house_rules(in_the_house(broken()))


def test_words_too_small_for_a_telephone_are_refused_with_their_size():
    fig = in_the_house(a_figure())
    fig.axes[0].text(0, 0, "a footnote", fontsize=6)
    with pytest.raises(ValueError, match=r"'a footnote' is 5\.8 pixels high on a page of 390"):
        require_house_rules(fig)
    wide = in_the_house(a_figure())
    wide.set_figwidth(12)
    with pytest.raises(ValueError, match="make the figure narrower"):
        require_house_rules(wide)


def test_a_cut_axis_says_that_it_is_cut():
    fig = in_the_house(a_figure())
    fig.axes[0].set_ylim(1, 4)
    with pytest.raises(ValueError, match="the y axis begins at 1, not at 0"):
        require_house_rules(fig)
    fig.axes[0].set_title("The vertical axis does\nnot start at 0.", fontsize=9)
    require_house_rules(fig)


def test_bars_begin_at_0():
    fig = in_the_house(a_figure())
    fig.axes[0].barh([0, 1], [2, 3])
    fig.axes[0].set_xlim(1, 4)
    with pytest.raises(ValueError, match="horizontal bars stand on an axis from 1 to 4"):
        require_house_rules(fig)


def test_colours_that_differ_have_names():
    fig = in_the_house(a_figure())
    fig.axes[0].plot([0, 1, 2], [3, 2, 0], color="red", label="validation")
    with pytest.raises(ValueError, match="2 colours have 0 names"):
        require_house_rules(fig)
    fig.axes[0].lines[0].set_label("training")
    fig.axes[0].legend(fontsize=9)
    require_house_rules(fig)


def test_names_on_an_axis_explain_themselves_and_an_axis_that_is_off_needs_no_label():
    fig = in_the_house(a_figure(x_label="", y_label=""))
    fig.axes[0].set_xticks([0, 1], ["mean", "CLS"])
    fig.axes[0].set_yticks([])
    require_house_rules(fig)
    bare = in_the_house(a_figure(x_label="", y_label=""))
    bare.axes[0].set_axis_off()
    require_house_rules(bare)


def test_every_rule_that_is_broken_is_told_at_once():
    with pytest.raises(ValueError, match=r"no title.*; the x axis"):
        require_house_rules(in_the_house(a_figure(title="", x_label="")))


def test_show_keeps_the_house_rules(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    with pytest.raises(ValueError, match="show: the figure has no title"):
        show(in_the_house(a_figure(title="")), ALT)
    assert not shown
    show(in_the_house(a_figure()), ALT)
    assert len(shown) == 1
