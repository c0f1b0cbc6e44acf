"""Diagrams as a reader gets them, and that what they show was computed."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import (
    _diagram_fusion,
    _diagram_graph,
    _diagram_judge,
    _diagram_late,
    _diagram_two_stage,
    diagrams,
)
from lib.diagrams import (
    Diagram,
    architectures,
    bootstrap_picture,
    fine_tuning_loop,
    fused_rankings,
    how_it_is_judged,
    max_sim_steps,
    rank_discount,
    residual_codec,
    search_graph,
    toy_vectors,
    trained_parts,
    two_stage_search,
)
from lib.metrics import bootstrap_interval, bootstrap_means, ndcg_at_k
from lib.plots import show
from tests.lib.figures import require_contrast, require_readable, written


def a_max_sim() -> Diagram:
    dots = torch.tensor([[0.61, 0.2, 0.1, -0.05], [0.1, 0.3, 0.78, 0.4], [0.2, 0.0, 0.5, 0.97]])
    return max_sim_steps(dots, ["weak", "heart", "muscle"], ["a", "disease", "cardiac", "muscle"])


def the_largest_max_sim() -> Diagram:
    dots = np.random.default_rng(0).uniform(-1, 1, (12, 9))
    return max_sim_steps(
        dots, [f"q{i} word" for i in range(12)], [f"[unused{i}]" for i in range(9)]
    )


GRADES, JUDGED = [0, 2, 1, 0, 1, 0, 0, 2, 0, 0], [2, 2, 1, 1, 1, 1]
SCORES = torch.rand(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def a_bootstrap(values=SCORES) -> Diagram:
    return bootstrap_picture(values, value_label="nDCG@10")


HARD = [("Reversible renal failure", 0.77), ("Nephropathy", 0.64), ("Renal atrophy", 0.5)]
RANDOM = [("Cone-shaped epiphysis of the distal phalanx of the 5th finger", 0.08), ("Gait", -0.1)]
RIGHT = ("Renal insufficiency", 0.55)
SINUS = [("Chronic sinusitis", "child"), ("Rhinitis", "sibling"), ("Myelitis", "none of these")]
QUESTION, OTHERS = (2.0, 1.0), {"A": (1.6, 1.2), "B": (4.0, 0.4), "C": (0.4, 0.3)}

MET = {"kidney": {"the": 10, "blood": 5, "wood": 1}, "chair": {"the": 10, "blood": 1, "wood": 5}}
STEP = (("kidney", (1.0, 0.5)), ("renal", (2.0, 0.0)), {"skin": (0.0, 1.0), "finger": (-1.0, -1.0)})
BLADDER = ["loss", "of", "bladder", "control", "at", "night"]

BATCH = ["Loss of bladder control", "Low hairline at back of neck", "Crowded teeth"]
TERMS = ["Urinary incontinence", "Low posterior hairline", "Dental crowding"]

DRAWN = {
    "analogy_arrows": lambda: diagrams.analogy_arrows(
        {"man": 20, "woman": 50, "king": 70, "queen": 95, "apple": 150}, "man", "woman", "king"
    ),
    "counts_to_ppmi": lambda: diagrams.counts_to_ppmi(MET, [("kidney", "the"), ("chair", "blood")]),
    "shares_on_a_line": lambda: diagrams.shares_on_a_line([1, 16, 1], [0.05, 0.5, 0.95]),
    "skipgram_window": lambda: diagrams.skipgram_window(BLADDER, 2, 1),
    "skipgram_window, noise": lambda: diagrams.skipgram_window(BLADDER, 2, 9, ["finger", "the"]),
    "training_step": lambda: diagrams.training_step(*STEP),
    "batch_of_pairs": lambda: diagrams.batch_of_pairs(BATCH, TERMS),
    "pull_and_push": diagrams.pull_and_push,
    "scored_pairs": diagrams.scored_pairs,
    "softmax_rows": lambda: diagrams.softmax_rows([[0.9, 0.1], [-0.2, 0.4]], 2.0),
    "teacher_and_student": diagrams.teacher_and_student,
    "triplet_margins": diagrams.triplet_margins,
    "two_passes": diagrams.two_passes,
    "cut_vectors": lambda: diagrams.cut_vectors((1, 0, 1), {"A": (1, 0, 0), "B": (0.5, 0.5, 1)}, 2),
    "attention_step": lambda: diagrams.attention_step(
        ["the", "bank", "raised", "rates"], [0, 1, 1, 2], 1
    ),
    "masked_mean": lambda: diagrams.masked_mean([[1, 4], [3, 2], [9, 9]], [1, 1, 0]),
    "masked_mean, as large as can be": lambda: diagrams.masked_mean(
        [[-1.25, 4]] * 5, [0, 1, 1, 1, 0]
    ),
    "text_to_vector": lambda: diagrams.text_to_vector(
        "Red eyes", ["[CLS]", "red", "eyes", "[SEP]"]
    ),
    "unit_vectors": lambda: diagrams.unit_vectors(
        {"query": (1.2, 1.6), "a": (3, 0.6), "b": (0.2, 0.5)}
    ),
    "unit_vectors, in all directions": lambda: diagrams.unit_vectors(
        {"up": (0, 1.5), "left": (-3, 0), "down": (0, -0.5), "right": (2, 0)}
    ),
    "hamming_bits": lambda: diagrams.hamming_bits([0.5, -0.1] * 4, {"A": [0.2] * 8}),
    "int8_steps": lambda: diagrams.int8_steps([0.0, 2.55, 1.0], 1.004),
    "nested_prefixes": lambda: diagrams.nested_prefixes([384, 128, 64, 32, 16]),
    "nested_prefixes, two": lambda: diagrams.nested_prefixes([4, 2], [1, 0.5]),
    "principal_direction": diagrams.principal_direction,
    "shortlist_then_rescore": diagrams.shortlist_then_rescore,
    "search_graph": search_graph,
    "long_text": lambda: diagrams.long_text(430, 254, 128, 32, 300),
    "long_text, many chunks": lambda: diagrams.long_text(900, 254, 64, 8, 899),
    "pooled_tokens": diagrams.pooled_tokens,
    "fused_rankings": fused_rankings,
    "how_it_is_judged": how_it_is_judged,
    "rank_discount": lambda: rank_discount(GRADES, 10, judged=JUDGED),
    "rank_discount, three ranks": lambda: rank_discount([0, 1], 3),
    "bootstrap_picture": a_bootstrap,
    "bootstrap_picture, ends close together": lambda: a_bootstrap(
        torch.tensor([0.5] * 500 + [0.6])
    ),
    "architectures": architectures,
    "fine_tuning_loop": fine_tuning_loop,
    "trained_parts": trained_parts,
    "max_sim_steps": a_max_sim,
    "max_sim_steps, as large as can be": the_largest_max_sim,
    "max_sim_steps, one number": lambda: max_sim_steps([[-0.5]], ["a"], ["b"]),
    "residual_codec": residual_codec,
    "residual_codec, 1 bit": lambda: residual_codec(1),
    "residual_codec, 4 bits": lambda: residual_codec(4),
    "two_stage_search": two_stage_search,
    "negatives_on_a_line": lambda: diagrams.negatives_on_a_line(
        "Renal failure", RIGHT, HARD, RANDOM
    ),
    "negatives_on_a_line, far below 0": lambda: diagrams.negatives_on_a_line(
        "Abnormality of the shape of the thyroid gland", ("a", 0.9), [("b", 0.89)], [("c", -0.7)]
    ),
    "unmarked_positives": lambda: diagrams.unmarked_positives(
        "Sinus inflammation", "Sinusitis", SINUS
    ),
    "unmarked_positives, long names": lambda: diagrams.unmarked_positives(
        "Underdevelopment of the muscles of the upper limb",
        "Upper limb muscle hypoplasia",
        [("Aplasia/Hypoplasia involving the musculature of the upper limbs", "parent")] * 8,
    ),
    "margin_limits": lambda: diagrams.margin_limits(0.5, [0.6, 0.45, 0.35, 0.1], 0.2),
    "margin_limits, all dropped": lambda: diagrams.margin_limits(0.5, [0.6], 0.3),
    "toy_vectors": lambda: toy_vectors(QUESTION, OTHERS),
    "toy_vectors, in all directions": lambda: toy_vectors(
        (0, 1), {"behind": (0, -2), "left": (-3, 0), "the same": (0, 0.5)}
    ),
}


def test_every_diagram_is_looked_at_here():
    kinds = set(diagrams.__all__) - {"Diagram"}
    assert {name.split(",")[0] for name in DRAWN} == kinds


@pytest.mark.parametrize("name", DRAWN)
def test_a_diagram_can_be_read_on_a_telephone(name):
    require_readable(DRAWN[name]().figure)


@pytest.mark.parametrize("name", [name for name in DRAWN if not name.startswith("max_sim")])
def test_every_word_has_contrast_with_the_paper(name):
    require_contrast(DRAWN[name]().figure)


@pytest.mark.parametrize("name", DRAWN)
def test_a_diagram_and_its_words_go_to_show_together(name, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    diagram = DRAWN[name]()
    show(*diagram)
    assert shown[0]["text/plain"] == diagram.alt
    assert 100 <= len(diagram.alt) <= 1200
    assert "  " not in diagram.alt


@pytest.mark.parametrize("name", DRAWN)
def test_two_drawings_are_equal(name):
    first, second = (DRAWN[name]() for _ in range(2))
    assert first.alt == second.alt
    assert written(first.figure) == written(second.figure)


NUMBER = re.compile(r"\d[\d,]*\.\d+|(?<!\d)\.\d+")
# These draw numbers as lengths and places on a line; each has a test of its own.
TO_SCALE = {
    *("analogy_arrows", "int8_steps", "negatives_on_a_line", "residual_codec", "scored_pairs"),
    *("shares_on_a_line", "toy_vectors", "triplet_margins", "unit_vectors"),
}


@pytest.mark.parametrize("name", [name for name in DRAWN if name.split(",")[0] not in TO_SCALE])
def test_numbers_that_the_words_tell_stand_in_the_picture(name):
    figure, alt = DRAWN[name]()
    assert {*NUMBER.findall(alt)} <= {*NUMBER.findall(written(figure))}


def test_the_architectures_say_the_same_in_the_picture_and_in_words():
    figure, alt = architectures()
    for text in ("one vector a passage", "one vector a token", "no vector", "Late interaction"):
        assert text in written(figure)
        assert text in alt


def test_max_sim_rings_the_largest_of_each_row_and_sums_them():
    figure, alt = a_max_sim()
    rings = [tuple(ring.get_center()) for ring in figure.axes[0].patches]
    assert rings == [(0, 0), (2, 1), (3, 2)]
    assert "the score, is 2.36" in alt
    assert "heart 0.78 at cardiac" in alt
    assert "2.36" in written(figure)


def test_the_words_of_the_passage_stand_above_their_columns_and_the_sum_below_the_grid():
    ax = a_max_sim().figure.axes[0]
    assert [word.get_text() for word in ax.get_xticklabels()] == [
        *("a", "disease", "cardiac", "muscle"),
        "largest",
    ]
    assert ax.xaxis.get_ticks_position() == ax.xaxis.get_label_position() == "top"
    (total,) = [text for text in ax.texts if text.get_text() == "2.36"]
    assert total.get_position()[1] > 2.5, "rows count downwards, and the last one is 2"


@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 9),
    seed=st.integers(0, 9),
    longest=st.integers(1, 9),
)
@settings(max_examples=4, deadline=None)
def test_a_max_sim_of_any_size_can_be_read(rows, columns, seed, longest):
    dots = np.random.default_rng(seed).uniform(-1, 1, (rows, columns))
    figure, alt = max_sim_steps(dots, ["w" * longest] * rows, ["d" * longest] * columns)
    require_readable(figure)
    total = dots.max(axis=1).sum()
    assert f"{abs(total):.2f}" in alt


@pytest.mark.parametrize(
    ("dots", "query", "document", "says"),
    [
        (np.ones((2, 3)), ["a"], ["b", "c", "d"], r"similarities is \(2, 3\) for 1 query words"),
        (np.ones((0, 0)), [], [], "expected"),
        (np.ones((1, 10)), ["a"], list("abcdefghij"), "draw a longer passage by plots.heatmap"),
        ([[float("nan")]], ["a"], ["b"], "leave padding out"),
    ],
)
def test_max_sim_refuses_what_it_cannot_draw(dots, query, document, says):
    with pytest.raises(ValueError, match=says):
        max_sim_steps(dots, query, document)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_the_codec_s_bytes_are_the_buckets_and_the_buckets_those_of_the_residual(bits):
    alt = residual_codec(bits).alt.replace("\N{MINUS SIGN}", "-")
    between = lambda a, b: alt.split(a)[1].split(b)[0].split(", ")  # noqa: E731
    residual = [float(x) for x in between("difference and small: ", ". A")]
    edges = [float(x) for x in between("numbers, at ", ". The")]
    codes = between("into the buckets ", ", which are")
    packed = [int(x) for x in between("into bytes: ", ". Of")]
    assert len(edges) == 2**bits - 1
    assert "".join(f"{byte:08b}" for byte in packed) == "".join(codes)
    for value, code in zip(residual, codes, strict=True):
        bucket = int(code, 2)
        low, high = (-np.inf, *edges)[bucket], (*edges, np.inf)[bucket]
        assert low - 0.005 <= value <= high + 0.005  # the alt text has two decimals


@pytest.mark.parametrize("seed", range(3))
def test_the_codec_s_token_and_centroid_are_unit_vectors(seed):
    token, centroid, residuals = _diagram_late._around_centroids(seed)
    for vector in (token, centroid):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=0.015)  # of two decimals
    assert np.abs(residuals - (token - centroid)).max(axis=1).min() <= 0.0101, "it is one of them"
    assert np.linalg.norm(residuals, axis=1).mean() < 0.4
    assert written(residual_codec(seed=seed).figure).count("length 1") == 1


def test_the_codec_says_what_a_vector_takes():
    alt = residual_codec().alt
    for said in ("256 bytes", "68 bytes", "36 bytes", "20 bytes"):
        assert said in alt
        assert said in written(residual_codec().figure)


@pytest.mark.parametrize("bits", [0, 3, 8])
def test_the_codec_refuses_other_bits(bits):
    with pytest.raises(ValueError, match="expected 1, 2 or 4"):
        residual_codec(bits)


def test_the_two_stages_find_what_loops_find():
    found = _diagram_two_stage._searched()
    assert sorted(found.rough) == sorted({p for c in found.probed for p in found.lists[c]})
    assert len(found.rough) < 10, "every passage is a candidate: the picture shows nothing"
    by_rough = sorted(found.rough, key=found.rough.get, reverse=True)
    assert sorted(found.exact) == sorted(by_rough[:4])
    assert len({round(score, 2) for score in found.rough.values()}) == len(found.rough), "a tie"
    assert found.ranked == sorted(found.exact, key=found.exact.get, reverse=True)
    assert found.ranked != by_rough[:4], "exact scores change nothing: why compute them?"
    figure, alt = two_stage_search()
    for passage, score in [*found.rough.items(), *found.exact.items()]:
        assert f"p{passage + 1} {score:.2f}" in alt
        assert f"{score:.2f}" in written(figure)


def test_a_score_by_centroids_is_that_of_the_centroids_that_have_the_passage():
    found = _diagram_two_stage._searched()
    at = lambda angles: np.stack([np.cos(angles), np.sin(angles)], axis=-1)  # noqa: E731
    table = at(np.array([2.7, 3.3, 4.6])) @ at(np.arange(8) * np.pi / 4).T
    for passage, score in found.rough.items():
        own = [c for c in range(8) if passage in found.lists[c]]
        assert score == pytest.approx(sum(max(row[c] for c in own) for row in table))


def test_the_list_s_ndcg_is_the_metric_s():
    figure, alt = rank_discount(GRADES, 10, judged=JUDGED)
    relevant = {f"d{i}": grade for i, grade in enumerate(GRADES)}
    relevant |= {f"missed{i}": 1 for i in range(2)}
    assert sorted(g for g in relevant.values() if g) == sorted(JUDGED)
    value = ndcg_at_k([[f"d{i}" for i in range(10)]], [relevant], 10).item()
    assert f"nDCG@10 = 2.78 / 4.94 = {value:.3f}" in alt
    assert f"{value:.3f}" in figure.get_suptitle()
    gains, discounted = figure.axes[0].containers
    assert [bar.get_height() for bar in gains] == GRADES
    heights = [grade / np.log2(rank + 1) for rank, grade in enumerate(GRADES, 1)]
    np.testing.assert_allclose([bar.get_height() for bar in discounted], heights)
    for text in figure.axes[0].texts:  # a product stands on its own bar, not on the gain's
        assert f"{text.xy[1]:.2f}" == text.get_text()
    assert "rank 8 2 to 0.63" in alt


@given(grades=st.lists(st.integers(0, 3), min_size=1, max_size=12), k=st.integers(1, 10))
@settings(max_examples=5, deadline=None)
def test_any_list_can_be_read(grades, k):
    require_readable(rank_discount(grades, k, judged=[*grades, 1]).figure)


@pytest.mark.parametrize(
    ("grades", "k", "says"),
    [
        ([1], 0, "expected 1 to 10"),
        ([1], 11, "expected 1 to 10"),
        ([0, 0], 2, "no judged passage is relevant"),
        ([1, -1], 2, "grades of 0 or more"),
        ([], 2, "grades of 0 or more"),
    ],
)
def test_a_list_without_an_ndcg_is_refused(grades, k, says):
    with pytest.raises(ValueError, match=says):
        rank_discount(grades, k)


def test_the_bootstrap_drawn_is_the_bootstrap_measured():
    figure, alt = a_bootstrap()
    found = bootstrap_interval(SCORES)
    for value in (found.low, found.mean, found.high, *bootstrap_means(SCORES)[:3].tolist()):
        assert f"{value:.3f}" in written(figure)
        assert f"{value:.3f}" in alt


@pytest.mark.parametrize("values", [torch.rand(6), torch.rand(8, 2)])
def test_a_bootstrap_of_too_few_queries_is_refused(values):
    with pytest.raises(ValueError, match="7 queries or more"):
        a_bootstrap(values)


def test_the_walk_is_a_walk_along_links_that_comes_nearer_with_each_step():
    points, query = _diagram_graph._data()
    distance = [float(np.hypot(*(point - query))) for point in points]
    walks = _diagram_graph._walked(points, query)
    assert [len(walk.there) for walk in walks] == [5, 20, 60]
    for walk in walks:
        links = {frozenset(link) for link in walk.links}
        assert all(frozenset(step) in links for step in zip(walk.path, walk.path[1:]))
        assert [distance[p] for p in walk.path] == sorted(
            (distance[p] for p in walk.path), reverse=True
        )
        ends = {p for link in links if walk.path[-1] in link for p in link}
        assert min(ends, key=distance.__getitem__) == walk.path[-1], "a neighbour was nearer"
        assert len(walk.path) > 1, "a layer without a step shows nothing"
    assert [above.path[-1] for above in walks[:-1]] == [below.path[0] for below in walks[1:]]
    met = set()
    for walk in walks:
        near = {p for link in walk.links if set(link) & set(walk.path) for p in link}
        assert walk.compared == len(near - met)
        met |= near


def test_the_cells_are_probed_by_the_nearest_centroids_and_the_words_say_what_is_found():
    points, query = _diagram_graph._data()
    probe = _diagram_graph._probed(points, query)
    away = np.hypot(*(probe.centroids - query).T)
    assert sorted(probe.probed) == sorted(np.argsort(away)[:2])
    held = [p for p in range(60) if probe.cell[p] in probe.probed]
    assert probe.compared == 7 + len(held)
    assert probe.best == min(held, key=lambda p: np.hypot(*(points[p] - query)))
    figure, alt = search_graph()
    assert f"{probe.compared} in all" in alt
    assert f"7 centroids + {len(held)} points compared" in written(figure)
    assert alt.count("finds the nearest point") == 2


def test_a_square_marks_where_each_layer_of_the_walk_begins():
    points, query = _diagram_graph._data()
    walks = _diagram_graph._walked(points, query)
    figure, _ = search_graph()
    for ax, walk in zip(figure.axes, walks):
        (square,) = [
            line for line in ax.lines if line.get_marker() == "s" and len(line.get_xdata())
        ]
        np.testing.assert_allclose(square.get_xydata()[0], points[walk.path[0]])
    for said in ("start of a layer", "step of the walk", "link"):
        assert said in written(figure)


def test_the_arrows_are_the_vectors_and_the_words_their_angles_and_distances():
    figure, alt = toy_vectors(QUESTION, OTHERS)
    (ax,) = figure.axes
    assert sum(hasattr(patch, "get_arrowstyle") for patch in ax.patches) == 4
    ends = [np.array(line.get_xydata()) for line in ax.lines if len(line.get_xydata())]
    for name, (first, second) in OTHERS.items():
        away = np.hypot(first - 2, second - 1)
        assert any(np.allclose(line, [QUESTION, (first, second)]) for line in ends)
        cosine = (2 * first + second) / np.hypot(2, 1) / np.hypot(first, second)
        assert f"{name} ({first:g}, {second:g}), {np.hypot(first, second):.2f} long" in alt
        assert f"{np.degrees(np.arccos(cosine)):.0f} degrees from the question" in alt
        assert f"its tip {away:.2f} away" in alt
    arcs = [a for a in ax.patches if hasattr(a, "theta1")]
    assert len(arcs) == 2, "A and C point the same way and share an arc"


@pytest.mark.parametrize(
    ("query", "others", "says"),
    [
        ((1, 0), {}, "0 others; expected 1 to 4"),
        ((1, 0), {str(i): (1, i) for i in range(5)}, "5 others"),
        ((0, 0), {"A": (1, 0)}, "'question' is .*not both 0"),
        ((1, 0), {"A": (1, 2, 3)}, "'A' is .*two finite numbers"),
        ((1, 0), {"A": (1, float("inf"))}, "'A' is"),
    ],
)
def test_what_is_no_arrow_in_the_plane_is_refused(query, others, says):
    with pytest.raises(ValueError, match=says):
        toy_vectors(query, others)


def test_the_numbers_that_are_trained_are_those_of_the_course_s_model(encoder):
    parts = encoder[0].auto_model
    last = sum(p.numel() for p in parts.encoder.layer[-1].parameters())
    whole = sum(p.numel() for name, p in parts.named_parameters() if "pooler" not in name)
    said = written(trained_parts().figure)
    for text in (f"{384 * 384 / 1e6:.2f} million", f"{last / 1e6:.1f} million"):
        assert text in said
    assert f"{whole / 1e6:.1f} million" in said


def test_a_fact_that_is_read_makes_no_picture_of_a_long_text():
    with pytest.raises(ValueError, match="expected a fact behind the limit"):
        diagrams.long_text(400, 254, 64, 16, 100)


def test_a_long_text_is_drawn_with_the_chunks_that_hold_the_fact():
    alt = diagrams.long_text(430, 254, 128, 32, 300).alt
    assert "in 5 chunks" in alt  # at 0, 96, 192, 288 and 384
    assert "the fact stands in chunks 3 and 4" in alt


def test_the_fused_list_is_sorted_by_sums_of_one_over_60_plus_rank():
    sums = {}
    for ranking in _diagram_fusion._RANKINGS.values():
        for place, passage in enumerate(ranking):
            sums[passage] = sums.get(passage, 0) + 1 / (61 + place)
    assert len(sums) == 5
    assert len({f"{total:.6f}" for total in sums.values()}) == 5, "a tie would have to be explained"
    ranked = sorted(sums, key=sums.__getitem__, reverse=True)
    figure, alt = fused_rankings()
    told = ", ".join(f"{i} {passage} {sums[passage]:.6f}" for i, passage in enumerate(ranked, 1))
    assert f"fused list: {told}." in alt
    assert all(ranking[0] != ranked[0] for ranking in _diagram_fusion._RANKINGS.values())
    for passage, total in sums.items():
        parts = [
            1 / (61 + ranking.index(passage))
            for ranking in _diagram_fusion._RANKINGS.values()
            if passage in ranking
        ]
        shown = " + ".join(f"{part:.6f}" for part in parts)
        assert shown in written(figure)
        assert sum(round(part, 6) for part in parts) == pytest.approx(round(total, 6), abs=1e-9)


def test_a_line_leads_from_each_place_of_both_lists_to_the_passage_s_sum():
    figure, _ = fused_rankings()
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    assert len(lines) == sum(map(len, _diagram_fusion._RANKINGS.values()))
    ranked = list(_diagram_fusion._fused())
    expected = {
        (place, ranked.index(passage))
        for ranking in _diagram_fusion._RANKINGS.values()
        for place, passage in enumerate(ranking)
    }
    heights = [_diagram_fusion._height(rank) for rank in range(1, 6)]
    assert {tuple(heights.index(y) for y in line.get_ydata()) for line in lines} == expected
    assert len({line.get_linestyle() for line in lines}) == 2, "not by colour alone"


def test_the_picture_of_the_judge_says_what_is_secret_and_what_is_allowed():
    figure, alt = how_it_is_judged()
    for text in ("hidden queries (secret)", "right passages (secret)", "2,000,000 are allowed"):
        assert text in written(figure)
    for text in ("build_index", "search", "2,000,000", "30% at BM25", "which are secret"):
        assert text in alt


def test_the_picture_of_the_judge_has_the_judge_s_rules():
    rules = pytest.importorskip("lib.checks.lesson_10._rules")
    assert _diagram_judge._BYTES == rules.BYTES
    assert _diagram_judge._MILLISECONDS == rules.MILLISECONDS
    assert (_diagram_judge._TIMES, rules.TIMES) == ("five", 5)
    assert tuple(_diagram_judge._SHARES.values()) == rules.SHARES


def test_a_negative_s_weight_is_its_share_of_the_softmax():
    figure, alt = diagrams.negatives_on_a_line("Renal failure", RIGHT, HARD, RANDOM)
    for group in (HARD, RANDOM):
        shares = (20 * torch.tensor([RIGHT[1], *(s for _, s in group)])).softmax(dim=0)[1:]
        for (title, score), share in zip(group, shares.tolist()):
            assert f"{title} {score:.2f} (weight {share:.3f})" in alt
            assert f"{share:.3f}" in written(figure)


def test_what_is_unmarked_and_helps_is_named_a_false_negative():
    figure, alt = diagrams.unmarked_positives("Sinus inflammation", "Sinusitis", SINUS)
    assert "Sinusitis: marked, yes, pulled near" in alt
    assert "Chronic sinusitis: not marked, in part: child, pushed away" in alt
    assert "Rhinitis: not marked, no: sibling, pushed away" in alt
    assert written(figure).count("in part") == 1


def test_the_two_margins_put_the_limit_where_the_rules_say():
    _, alt = diagrams.margin_limits(0.5, [0.6, 0.45, 0.35, 0.1], 0.2)
    assert "limit is 0.5 - 0.2 = 0.3, and 0.1 stay" in alt
    assert "0.5 - 0.2 \N{MULTIPLICATION SIGN} 0.5 = 0.4, and 0.35, 0.1 stay" in alt


@pytest.mark.parametrize(
    ("refused", "says"),
    [
        (lambda: diagrams.negatives_on_a_line("q", RIGHT, [], RANDOM), "0 hard and 2 random"),
        (
            lambda: diagrams.negatives_on_a_line("q", RIGHT, HARD, [("a", 1.5)]),
            "cosines of -1 to 1",
        ),
        (lambda: diagrams.unmarked_positives("q", "right", []), "0 passages"),
        (lambda: diagrams.unmarked_positives("q", "right", SINUS * 3), "9 passages"),
        (lambda: diagrams.margin_limits(0.5, [], 0.1), "0 candidates"),
        (lambda: diagrams.margin_limits(0.5, [0.1], 1.1), "margin of 1.1"),
    ],
)
def test_a_picture_of_negatives_refuses_what_it_cannot_draw(refused, says):
    with pytest.raises(ValueError, match=says):
        refused()
