import base64
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from lib import plots
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


FIGURES = [a_map, a_curve, a_heatmap, some_bars, a_leaderboard]


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
        assert 150 <= image.height <= 1000
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


@pytest.mark.parametrize("make", [a_map, a_curve])
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


def test_a_curve_draws_the_numbers_it_was_given():
    fig = plots.curve(
        [1, 10, 100],
        {"a": torch.tensor([1.0, float("nan"), 3.0])},
        title="t",
        x_label="pairs",
        y_label="nDCG@10",
        bands={"a": ([0, 0, 0], [4, 4, 4])},
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
