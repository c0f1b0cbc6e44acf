import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import _explore_budget, explore
from lib._explore_show import KEY, LARGEST
from lib._plot_colours import contrast
from lib.metrics import Interval

LIMITS = (2_000_000, 50.0)
SYSTEMS = {
    "BM25 <words>": (395_112, 1.3, Interval(0.512, 0.489, 0.534)),
    "float32": (6_144_000, 11.9, Interval(0.556, 0.533, 0.578)),
    "int8, head": (1_833_984, 12.1, Interval(0.660, 0.639, 0.681)),
    "reranked": (1_900_000, 70.4, Interval(0.690, 0.668, 0.711)),
    "bits, head": (486_912, 12.4, Interval(0.603, 0.581, 0.624)),
}
FILLED, SLOW, RING, NEXT, LINE = range(5)


def a_budget(systems=SYSTEMS, **changes):
    return explore.budget(systems, title="What would you buy?", **changes)


def states(figure) -> dict:
    """Each state's parts and its sentence, by the limits that its sliders show."""
    spec = figure.layout.meta[KEY]
    sizes, times = (control["options"] for control in spec["controls"])
    frames = {frame.name: frame for frame in figure.frames}
    return {
        (size, time): (frames[f"{i}.{j}"].data, spec["readings"][f"{i}.{j}"]["sentence"])
        for i, size in enumerate(sizes)
        for j, time in enumerate(times)
    }


def plain(part) -> list[str]:
    return [re.sub("</?[bi]>", "", text) for text in part.text or ()]


def test_two_sliders_go_over_the_systems_own_costs_and_begin_at_the_limits():
    spec = a_budget().layout.meta[KEY]
    size, time = spec["controls"]
    assert spec["joint"]
    assert size["slides"]
    assert time["slides"]
    assert size["options"] == ["396 kB", "487 kB", "1.84 MB", "1.9 MB", "2 MB", "6.15 MB"]
    assert time["options"] == ["1.3 ms", "12 ms", "13 ms", "50 ms", "71 ms"]
    assert size["options"][size["start"]] == "2 MB"
    assert time["options"][time["start"]] == "50 ms"
    assert len(a_budget().frames) == len(spec["readings"]) == 30


def test_what_fits_is_filled_and_named_what_is_too_slow_is_crossed_and_the_best_is_ringed():
    parts, said = states(a_budget())["2 MB", "50 ms"]
    assert plain(parts[FILLED]) == ["BM25 &lt;words&gt;", "", "bits, head"]
    assert parts[FILLED].x == (395_100, 1_834_000, 486_900)
    assert list(parts[SLOW].x) == [1_900_000]
    assert (parts[RING].x, parts[RING].y) == ((1_834_000,), (0.66,))
    assert plain(parts[RING]) == ["int8, head"]
    assert plain(parts[NEXT]) == ["reranked"]
    assert parts[LINE].x == (2_000_000, 2_000_000)
    assert said == (
        "With 2 MB and 50 ms a query 3 of 5 systems fit. The best is int8, head (1.834 MB, 12.1 ms) "
        "with nDCG@10 0.660 [0.639, 0.681]. The next better one is reranked with 0.690 "
        "[0.668, 0.711]: it needs 70.4 ms a query."
    )


def test_the_words_say_where_nothing_fits_and_where_nothing_is_better():
    found = states(a_budget())
    _, most = found["6.15 MB", "71 ms"]
    assert "5 of 5 systems fit. The best is reranked" in most
    assert most.endswith("No other has a higher nDCG@10.")
    _, least = found["396 kB", "1.3 ms"]
    assert "1 of 5 systems fits. The best is BM25 <words>" in least
    assert least.endswith(
        "The next better one is float32 with 0.556 [0.533, 0.578]: it needs 6.144 MB and 11.9 ms a query."
    )
    slow = {"a": (100, 9.0, SYSTEMS["float32"][2]), "b": (900, 2.0, SYSTEMS["float32"][2])}
    parts, none = states(a_budget(slow))["100 bytes", "2 ms"]
    assert none == (
        "With 100 bytes and 2 ms a query no system fits. The smallest is a (100 bytes, 9 ms), the "
        "fastest b (900 bytes, 2 ms)."
    )
    assert parts[RING].x == parts[FILLED].x == ()


def test_a_figure_begins_with_the_state_of_its_limits():
    figure = a_budget()
    parts, _ = states(figure)["2 MB", "50 ms"]
    assert figure.data[1].error_y.array == parts[FILLED].error_y.array
    for trace, part in zip(figure.data[1:], parts, strict=True):
        assert (trace.x, trace.y) == (part.x, part.y)
    assert figure.data[0].x == tuple(float(f"{size:.4g}") for size, _, _ in SYSTEMS.values())
    assert all(frame.traces == (1, 2, 3, 4, 5) for frame in figure.frames)


def test_nothing_is_told_by_colour_alone():
    figure = a_budget()
    symbols = [trace.marker.symbol for trace in figure.data[:4]]
    assert symbols == ["circle-open", "circle", "x-thin", "circle-open"]
    for said in ("Filled: fits", "Hollow: too large", "a cross: too slow", "Ring: the best"):
        assert said in re.sub("<.*?>", " ", figure.layout.title.text)
    pale = figure.data[0].marker.color
    rgb = [int(pale[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert contrast(rgb, (1, 1, 1)) >= 3, "a mark has to be seen, too"


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(1, 1e9), st.floats(1e-3, 1e4), st.integers(0, 5)),
        min_size=1,
        max_size=5,
    )
)
def test_every_state_rings_the_best_that_fits(rows):
    systems = {
        f"s{i}": (size, spent, Interval(mean / 5, mean / 5 - 0.01, mean / 5 + 0.01))
        for i, (size, spent, mean) in enumerate(rows)
    }
    sizes = _explore_budget._steps([size for size, _, _ in rows], LIMITS[0], 3)
    times = _explore_budget._steps([spent for _, spent, _ in rows], LIMITS[1], 2)
    figure = a_budget(systems)
    frames = {frame.name: frame.data for frame in figure.frames}
    for i, size in enumerate(sizes):
        for j, spent in enumerate(times):
            fits = [n for n, (own, took, _) in systems.items() if own <= size and took <= spent]
            parts = frames[f"{i}.{j}"]
            shown = plain(parts[FILLED])
            assert [text or plain(parts[RING])[0] for text in shown] == fits
            best = max((systems[name][2].mean for name in fits), default=None)
            assert list(parts[RING].y) == ([] if best is None else [pytest.approx(best, abs=1e-4)])
    last = frames[f"{len(sizes) - 1}.{len(times) - 1}"]
    assert len(last[FILLED].x) == len(systems), "at the largest steps every system fits"


@given(st.floats(1e-6, 1e12), st.integers(2, 4))
def test_a_step_lies_at_its_cost_or_just_above(value, kept):
    step = _explore_budget._rounded_up(value, kept)
    assert value <= step <= value * (1 + 1.001 * 10.0 ** (1 - kept))
    assert _explore_budget._rounded_up(step, kept) == step


def test_ten_systems_of_different_costs_are_small_enough_and_many_are_refused():
    def many(n: int) -> dict:
        return {
            f"system number {i}": (1e5 * 1.5**i, 2.0 * 1.3**i, Interval(0.4 + i / 50, 0.3, 0.9))
            for i in range(n)
        }

    assert len(a_budget(many(10)).to_json()) < LARGEST
    with pytest.raises(ValueError, match="give it fewer states"):
        a_budget(many(16))


@pytest.mark.parametrize(
    ("systems", "limits", "says"),
    [
        ({}, LIMITS, "no system came"),
        ({"a": (0, 1, Interval(0.5, 0.4, 0.6))}, LIMITS, "'a' costs 0 bytes"),
        ({"a": (1, float("nan"), Interval(0.5, 0.4, 0.6))}, LIMITS, "positive, finite"),
        ({"a": (1, 1, Interval(0.5, 0.6, 0.7))}, LIMITS, "mean between its ends"),
        (SYSTEMS, (0, 50), r"limits is \(0, 50\)"),
        (SYSTEMS, (1,), "expected bytes and milliseconds"),
    ],
)
def test_a_budget_refuses_what_it_cannot_draw_and_says_why(systems, limits, says):
    with pytest.raises(ValueError, match=says):
        a_budget(systems, limits=limits)
    with pytest.raises(ValueError, match="title"):
        explore.budget(SYSTEMS, title=" ")


def test_the_name_of_the_smallest_system_stays_within_the_paper():
    """It is bold beside a wide ring once, and at the left edge of a telephone it lost two letters."""
    systems = {
        "BM25": (140_000, 3.0, Interval(0.51, 0.48, 0.54)),
        "float32": (6_100_000, 11.0, Interval(0.74, 0.72, 0.77)),
    }
    figure = a_budget(systems)
    sides = {
        name: side
        for frame in figure.frames
        for trace in frame.data
        for name, side in zip(trace.text or (), trace.textposition or ())
    }
    assert sides["<b>BM25</b>"].endswith("right")
    assert sides["<b>float32</b>"].endswith("left")
