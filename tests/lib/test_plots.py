import base64
import inspect
import io
import json
import subprocess
import sys
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from lib import _plot_colours, plots
from lib._plot_colours import contrast, ink_on
from lib._plot_labels import short_number
from lib.leaderboard import Row
from lib.metrics import Interval

ALT = "Bars: the fine-tuned model is far above BM25 <0.8 & 0.5>"


def texts(fig: Figure) -> list[str]:
    found = [t.get_text() for ax in fig.axes for t in ax.texts]
    found += [
        t.get_text() for ax in fig.axes for t in (*ax.get_xticklabels(), *ax.get_yticklabels())
    ]
    found += [t.get_text() for legend in fig.legends for t in legend.get_texts()]
    return [*found, fig.get_suptitle()]


def boxes(fig: Figure) -> list:
    fig.draw_without_rendering()
    renderer = fig.canvas.get_renderer()
    # of the words alone: an annotation's own box takes in its leader line
    return [Text.get_window_extent(t, renderer) for t in fig.axes[0].texts]


def a_map() -> Figure:
    xy = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    groups = ["organ" if i % 2 else "symptom" for i in range(60)]
    return plots.word_map(xy, [f"word number {i}" for i in range(60)], groups, title="Words")


def a_curve() -> Figure:
    x = np.arange(1, 50)
    series = {"ours": 1 / x, "gensim's": 1 / x + 0.001, "third": 1 / x - 0.001}
    return plots.curve(
        x, series, title="Loss", x_label="step", y_label="loss (nats)", references={"chance": 0.9}
    )


def a_curve_with_bands() -> Figure:
    x = [1, 2, 5, 10, 20, 50, 1000, 1_000_000]
    y = np.linspace(0.6, 0.7, 8)
    return plots.curve(
        x,
        {"the miner's four negatives, after the margin": y, "BM25": y - 0.1},
        bands={"BM25": (y - 0.12, y - 0.09)},
        band="lowest to highest of 3 seeds",
        title="A title of this figure that is far too long to stand over it in a single line",
        x_label="a long label of the horizontal axis, longer than the axis is, with its unit (MiB)",
        y_label="a long label of the vertical axis, longer than the axis is high, also with a unit",
        references={"one round with the miner of half A": 0.66, "untrained encoder": 0.655},
        regions={"measured": (1, 5), "extrapolated": (5, 1_000_000)},
        log_x=True,
    )


def two_hills() -> Figure:
    x = np.linspace(0.5, 1.7, 25)
    hills = {"ours": np.exp(-40 * (x - 1.2) ** 2), "noise": np.exp(-400 * (x - 1.4) ** 2)}
    labels = {"title": "Distances", "x_label": "distance", "y_label": "share of pairs"}
    return plots.curve(x, hills, **labels, at_peaks=True)


def a_heatmap() -> Figure:
    return plots.heatmap(
        [[1.0, -0.001], [0.5, float("nan")]],
        ["a heart defect", "pain"],
        ["left", "a longer label"],
        title="Cosines",
        value_label="cosine",
    )


def some_bars() -> Figure:
    return plots.bars(
        ["family", "currency"],
        [0.8, 0.1],
        [(0.7, 0.9), (0.05, 0.15)],
        title="By section",
        value_label="accuracy",
        references={"all": 0.5},
    )


def a_leaderboard() -> Figure:
    long = "All layers by MNRL, negatives chosen: the miner's, margin 5%"
    found = [Interval(m, m - 0.02, m + 0.02) for m in (0.737, 0.878, 0.692)]
    return plots.leaderboard([Row(name, "04", 10, *found, "t") for name in ("BM25", long)])


def a_large_heatmap() -> Figure:
    names = [f"a long label {i}" for i in range(20)]
    values = np.random.default_rng(0).uniform(-1, 1, (20, 20))
    return plots.heatmap(values, names, names, title="Cosines", value_label="cosine", x_label="of")


def bars_with_long_names() -> Figure:
    names = ["gram6-nationality-adjective (1445)", "Head by MNRL, negatives chosen: in-batch alone"]
    return plots.bars(
        names,
        [0.30, 0.45],
        [(0.2, 0.4), (0.4, 0.5)],
        title="By section",
        value_label="nDCG@10 on validation queries that were set aside before, over queries",
        references={"all, inputs excluded": 0.31, "all": 0.32, "all, inputs allowed": 0.33},
    )


FIGURES = [a_map, a_curve, a_curve_with_bands, two_hills, a_heatmap, a_large_heatmap]
FIGURES += [some_bars, bars_with_long_names, a_leaderboard]
PAGE = 390  # pixels of a telephone


@pytest.fixture
def shown(monkeypatch):
    """What `show` hands to the front end."""
    calls = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, metadata, raw: calls.append((data, metadata, raw))
    )
    return calls


def test_show_puts_the_alt_text_where_each_front_end_looks(shown):
    plots.show(some_bars(), ALT)
    [(data, metadata, raw)] = shown
    assert raw
    assert data["text/plain"] == ALT
    assert metadata == {"image/png": {"alt": ALT}}
    [image] = BeautifulSoup(data["text/html"], "html.parser").find_all(True)
    assert image.name == "img"
    assert image.get("alt") == ALT
    assert image.get("src") == "data:image/png;base64," + data["image/png"]


@pytest.mark.parametrize(
    ("template", "kinds"),
    [("lab", {"image/png", "text/html", "text/plain"}), ("classic", {"image/png", "text/plain"})],
)
def test_an_exported_page_carries_the_alt_text(shown, template, kinds):
    import nbformat
    from nbconvert import HTMLExporter

    plots.show(some_bars(), ALT)
    [(data, metadata, _)] = shown
    kept = {kind: content for kind, content in data.items() if kind in kinds}
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [nbformat.v4.new_output("display_data", data=kept, metadata=metadata)]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    images = BeautifulSoup(page, "html.parser").find_all("img")
    assert [image.get("alt") for image in images] == [ALT]


@pytest.mark.parametrize("alt", ["", "a figure", " " * 40])
def test_show_refuses_an_alt_text_that_says_nothing(shown, alt):
    with pytest.raises(ValueError, match="expected 20 or more"):
        plots.show(some_bars(), alt)
    assert shown == []


@pytest.mark.parametrize("make", FIGURES)
def test_a_figure_is_small_and_readable(shown, make):
    plots.show(make(), ALT)
    png = base64.b64decode(shown[0][0]["image/png"])
    assert len(png) < 100_000
    with Image.open(io.BytesIO(png)) as image:
        assert 400 <= image.width <= 1000
        assert 150 <= image.height <= 1250
        assert len(image.convert("RGB").getcolors(1 << 20)) > 20


@pytest.mark.parametrize("make", FIGURES)
def test_nothing_written_runs_off_the_figure(make):
    fig = make()
    fig.draw_without_rendering()
    box = fig.get_tightbbox()
    width, height = fig.get_size_inches()
    assert box.x0 >= -0.02
    assert box.y0 >= -0.02
    assert box.x1 <= width + 0.02
    assert box.y1 <= height + 0.02


@pytest.mark.parametrize("make", FIGURES)
def test_every_axis_says_what_it_shows(make):
    fig = make()
    assert fig.get_suptitle()
    ax = fig.axes[0]
    assert ax.get_xlabel() or any(t.get_text() for t in ax.get_xticklabels())
    assert ax.get_ylabel() or any(t.get_text() for t in ax.get_yticklabels())


@pytest.mark.parametrize(
    "make", [a_map, a_curve, a_curve_with_bands, some_bars, bars_with_long_names, a_heatmap]
)
def test_no_label_covers_another(make):
    found = boxes(make())
    for i, box in enumerate(found):
        assert box.count_overlaps(found[:i]) == 0


def test_a_map_names_most_words_and_all_groups():
    written = texts(a_map())
    assert sum(text.startswith("word number") for text in written) >= 20
    assert {"organ", "symptom"} <= set(written)


def test_groups_differ_by_marker_and_by_colour():
    first, second = a_map().axes[0].collections
    assert first.get_facecolor().tolist() != second.get_facecolor().tolist()
    assert not np.array_equal(first.get_paths()[0].vertices, second.get_paths()[0].vertices)


def test_a_curve_names_each_line_beside_it():
    assert {"ours", "gensim's", "third", "chance"} <= set(texts(a_curve()))


def test_hills_are_named_beside_their_tops_on_the_sides_away_from_each_other():
    figure = two_hills()
    places = {t.get_text(): t for t in figure.axes[0].texts}
    assert places["ours"].xy == pytest.approx((1.2, 1.0))
    assert places["noise"].xy == pytest.approx((1.4, 1.0))
    assert (places["ours"].get_ha(), places["noise"].get_ha()) == ("right", "left")


def test_a_curve_draws_the_numbers_it_was_given():
    fig = plots.curve(
        [1, 10, 100],
        {"a": torch.tensor([1.0, float("nan"), 3.0])},
        title="t",
        x_label="pairs",
        y_label="nDCG@10",
        bands={"a": ([0, 0, 0], [4, 4, 4])},
        band="lowest to highest of 3 seeds",
        log_x=True,
    )
    line = fig.axes[0].lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [1, 10, 100])
    np.testing.assert_array_equal(line.get_ydata(), [1.0, np.nan, 3.0])
    assert {"1", "10", "100"} <= set(texts(fig))
    assert len(fig.axes[0].collections) == 1


def test_a_heatmap_writes_its_numbers_without_a_negative_zero():
    written = texts(a_heatmap())
    assert {"1.00", "0.50", "0.00", "a heart defect", "a longer label"} <= set(written)
    assert "-0.00" not in written
    assert "nan" not in written


def test_bars_stand_in_the_given_order_with_their_values():
    fig = some_bars()
    ax = fig.axes[0]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [0.8, 0.1])
    assert ax.yaxis_inverted()
    assert {"0.800", "0.100", "family", "currency", "all"} <= set(texts(fig))


def test_the_leaderboard_shows_systems_and_their_intervals():
    row = Row("BM25", "04", 10, *(Interval(m, m - 0.1, m + 0.1) for m in (0.5, 0.7, 0.6)), "t")
    assert {"BM25 (04)", "0.500"} <= set(texts(plots.leaderboard([row])))
    assert "0.700" in texts(plots.leaderboard([row], metric="recall_at_10"))


def test_an_empty_leaderboard_says_what_to_do():
    with pytest.raises(ValueError, match="no rows yet; run a lesson"):
        plots.leaderboard([])


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plots.word_map(np.zeros((3, 3)), list("abc"), title="t"), r"points is \(3, 3\)"),
        (lambda: plots.word_map(np.zeros((2, 2)), list("ab"), ["x"], title="t"), "1 groups for 2"),
        (
            lambda: plots.word_map(np.zeros((8, 2)), list("abcdefgh"), list("abcdefgh"), title="t"),
            "8 groups; at most 7",
        ),
        (
            lambda: plots.curve([1, 2], {"a": [1]}, title="t", x_label="x", y_label="y"),
            r"'a' is \(1,\) but x is \(2,\)",
        ),
        (lambda: plots.curve([1], {}, title="t", x_label="x", y_label="y"), "0 series"),
        (lambda: plots.heatmap([[1.0]], ["a", "b"], ["c"], title="t", value_label="v"), "2 row"),
        (lambda: plots.bars(["a"], [1, 2], title="t", value_label="v"), r"values is \(2,\)"),
        (lambda: plots.bars(["a"], [1], [], title="t", value_label="v"), "0 intervals"),
    ],
)
def test_shapes_that_do_not_fit_are_named(draw, says):
    with pytest.raises(ValueError, match=says):
        draw()


def test_drawing_needs_neither_pyplot_nor_a_screen(tmp_path):
    code = (
        "import json, sys; from lib import plots\n"
        "plots.bars(['a'], [1], title='t', value_label='v').savefig(sys.argv[1])\n"
        "print(json.dumps('matplotlib.pyplot' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bars.png")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) is False


def test_a_curve_over_whole_steps_has_ticks_at_whole_steps():
    figure = plots.curve([1, 2, 3], {"a": [0.1, 0.2, 0.3]}, title="t", x_label="x", y_label="y")
    figure.canvas.draw()
    assert all(tick % 1 == 0 for tick in figure.axes[0].get_xticks())


def shown_texts(fig: Figure) -> list[Text]:
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]


@pytest.mark.parametrize("make", FIGURES)
def test_every_word_can_be_read_on_a_page_of_390_pixels(make):
    fig = make()
    shrunk = PAGE / fig.get_figwidth() / 72  # pixels a point
    assert min(text.get_fontsize() * min(shrunk, 110 / 72) for text in shown_texts(fig)) >= 8.5


@pytest.mark.parametrize("make", FIGURES)
def test_every_word_has_contrast_with_the_white_paper_that_a_figure_brings(make, shown):
    fig = make()
    on_cells = fig.axes[0].texts if fig.axes[0].images else []
    for text in shown_texts(fig):
        if text not in on_cells:
            assert contrast(to_rgb(text.get_color()), (1, 1, 1)) >= 4.5, text.get_text()
    plots.show(fig, ALT)
    with Image.open(io.BytesIO(base64.b64decode(shown[0][0]["image/png"]))) as image:
        rgba = image.convert("RGBA")
        edge = [rgba.getpixel((x, y)) for x in range(rgba.width) for y in (0, rgba.height - 1)]
        assert set(edge) == {(255, 255, 255, 255)}
    assert "background: #fff" in shown[0][0]["text/html"]


@pytest.mark.parametrize("name", ["cividis_r", "viridis", "gray", "coolwarm", "turbo"])
@given(share=st.floats(0, 1))
def test_numbers_are_readable_on_every_shade(name, share):
    background = colormaps[name](share)
    assert contrast(to_rgb(ink_on(background)), background[:3]) >= 4.5


@given(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)))
def test_black_or_white_is_readable_on_every_colour(background):
    assert contrast(to_rgb(ink_on(background)), background) >= 4.5


def test_contrast_is_wcag_s():
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast((1, 1, 1), to_rgb("#767676")) == pytest.approx(4.54, abs=0.01)
    assert contrast(to_rgb("#0072B2"), (1, 1, 1)) == pytest.approx(5.19, abs=0.02)


@given(
    values=arrays(float, (4, 4), elements=st.floats(-1, 1, width=32)),
    limits=st.sampled_from([None, (-1.0, 1.0), (0.0, 0.5)]),
)
@settings(max_examples=10, deadline=None)
def test_the_numbers_of_a_heatmap_stand_out_from_their_cells(values, limits):
    names = list("abcd")
    fig = plots.heatmap(values, names, names, title="t", value_label="v", limits=limits)
    ax = fig.axes[0]
    image = ax.images[0]
    assert len(ax.texts) == 16
    for text in ax.texts:
        column, row = text.get_position()
        cell = image.cmap(image.norm(values[int(row), int(column)]))
        assert contrast(to_rgb(text.get_color()), cell[:3]) >= 4.5


def colours(fig: Figure) -> dict[str, str]:
    """The colour of each line, by the leader from its end to its name."""
    ax = fig.axes[0]
    named = {" ".join(t.get_text().split()): t.arrow_patch.get_edgecolor() for t in ax.texts}
    return {name: to_hex(colour).upper() for name, colour in named.items()}


def lines(*names: str) -> Figure:
    series = {name: [float(i), i + 1.0] for i, name in enumerate(names)}
    return plots.curve([1, 2], series, title="t", x_label="x", y_label="y")


def test_a_series_keeps_its_colour_from_figure_to_figure():
    cut = colours(lines("first numbers", "random numbers", "PCA directions"))
    trained = colours(lines("untrained", "untrained, PCA", "plain", "Matryoshka"))
    assert cut["PCA directions"] == trained["untrained, PCA"]
    assert cut["first numbers"] == trained["untrained"]


def test_names_that_the_course_does_not_know_keep_their_colours_too(monkeypatch):
    monkeypatch.setattr(_plot_colours, "_given", {})
    first = colours(lines("one", "two", "three"))
    assert list(first.values()) == list(plots.PALETTE[:3])
    second = colours(lines("three", "four", "one"))
    assert (second["one"], second["three"]) == (first["one"], first["three"])
    assert colours(lines("four"))["four"] == second["four"]


NAMES = st.lists(
    st.sampled_from([*_plot_colours._KNOWN, *"abcdefghij"]), min_size=1, max_size=7, unique=True
)


@given(figures=st.lists(NAMES, min_size=1, max_size=5))
def test_no_two_names_of_a_figure_share_a_colour(figures):
    for names in figures:
        places = _plot_colours.colours_of(names)
        assert len(set(places)) == len(names)
        assert all(0 <= place < len(plots.PALETTE) for place in places)


@pytest.mark.parametrize(
    "names",
    [
        ["first numbers", "PCA directions", "random numbers"],
        ["untrained, first numbers", "untrained, PCA directions", "untrained, random numbers"],
        ["untrained", "untrained, PCA", "plain", "Matryoshka"],
        ["untrained, first numbers", "untrained, PCA directions", "plain", "Matryoshka"],
        ["head, plain", "head, Matryoshka", "all layers, plain", "all layers, Matryoshka"],
        ["random", "the encoder's nearest"],
        ["BM25", "encoder", "miner", "random"],
        ["MNRL", "triplet"],
        ["masked", "unmasked"],
    ],
)
def test_names_that_stand_together_in_a_lesson_have_their_own_colours(names):
    known = [_plot_colours._KNOWN[name.casefold()] for name in names]
    assert _plot_colours.colours_of(names) == known


def test_bands_say_what_they_are():
    draw = partial(plots.curve, [1, 2], {"a": [1, 2]}, title="t", x_label="x", y_label="y")
    bands = {"a": ([0, 1], [2, 3])}
    for nothing in ({}, {"band": ""}, {"band": " "}):
        with pytest.raises(ValueError, match="bands came without band; say what they are"):
            draw(bands=bands, **nothing)
    with pytest.raises(ValueError, match=r"bands of \['b'\], which are no series: \['a'\]"):
        draw(bands={"b": bands["a"]}, band="95% interval")
    fig = draw(bands=bands, band="lowest to highest of 3 seeds")
    assert "Band: lowest to highest of 3 seeds." in fig.axes[0].get_title("left")
    assert "Band" not in draw().axes[0].get_title("left")


def test_whiskers_say_what_they_are():
    assert "Whiskers: 95% interval." in some_bars().axes[0].get_title("left")
    assert a_leaderboard().axes[0].get_title("left") == ""  # its label says it


def test_an_axis_that_is_cut_says_so():
    draw = partial(plots.curve, [1, 2, 3], title="t", x_label="x", y_label="y")
    cut = draw({"a": [0.6, 0.7, 0.65]})
    assert "does not start at 0" in cut.axes[0].get_title("left")
    near = draw({"a": [0.1, 0.7, 0.65]})
    assert near.axes[0].get_title("left") == ""
    assert near.axes[0].get_ylim()[0] == 0
    assert draw({"a": [-1, 2, 3]}).axes[0].get_title("left") == ""
    assert draw({"a": [1, 10, 100]}, log_y=True).axes[0].get_title("left") == ""
    assert some_bars().axes[0].get_xlim()[0] <= 0


def test_regions_are_shaded_and_named_over_the_axes():
    fig = a_curve_with_bands()
    assert {"measured", "extrapolated"} <= set(texts(fig))
    assert len(fig.axes[0].patches) == 2


def test_ticks_of_large_numbers_are_short_and_apart():
    fig = plots.curve(
        [6, 7, 24, 1024, 10_000, 1_000_000],
        {"a": [1, 2, 3, 4, 5, 6]},
        title="t",
        x_label="x",
        y_label="y",
        log_x=True,
    )
    fig.draw_without_rendering()
    labels = [t for t in fig.axes[0].get_xticklabels() if t.get_text()]
    assert [t.get_text() for t in labels] == ["6", "24", "1,024", "10k", "1M"]
    found = [t.get_window_extent() for t in labels]
    assert all(a.x1 < b.x0 for a, b in pairwise(found))
    assert short_number(0.5) == "0.5"
    assert short_number(12_345) == "12,345"


def drawing_functions() -> dict:
    found = {name: getattr(plots, name) for name in plots.__all__}
    kinds = {
        n: f for n, f in found.items() if callable(f) and n not in ("show", "require_house_rules")
    }
    assert set(kinds) == {"word_map", "curve", "heatmap", "bars", "leaderboard"}
    return kinds


def test_no_figure_can_be_drawn_without_a_title_and_labels_of_its_axes():
    """Required by keyword, or set by the function, as of a map's components."""
    set_by_itself = {"word_map": {"x_label", "y_label"}, "leaderboard": {"title", "value_label"}}
    for name, draw in drawing_functions().items():
        required = {
            p.name
            for p in inspect.signature(draw).parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.default is p.empty
        }
        assert "title" in required | set_by_itself.get(name, set()), name
        given_ = required | set_by_itself.get(name, set())
        assert given_ >= {"x_label", "y_label"} or "value_label" in given_, name
    assert inspect.signature(plots.show).parameters["alt"].default is inspect.Parameter.empty


@pytest.mark.parametrize("title", ["", "  "])
def test_an_empty_title_is_refused(title):
    with pytest.raises(ValueError, match="title is empty"):
        plots.bars(["a"], [1], title=title, value_label="v")
