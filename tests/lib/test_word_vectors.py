import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.judgements import AnalogySection, load_analogies, load_similarity
from lib.models import load_word_vectors
from lib.word_vectors import (
    WordVectors,
    analogy_accuracy,
    average_words,
    idf_weights,
    noise_distribution,
    sgns_loss,
    skipgram_pairs,
    subsample_keep_probability,
)


@pytest.fixture(scope="module")
def glove():
    return load_word_vectors(30_000)


def small(n=40, dim=6, seed=0):
    vectors = torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))
    return WordVectors([f"w{i}" for i in range(n)], vectors)


# the pieces of skip-gram


def pairs_by_loops(tokens, draws, keep):
    kept = [(t, d) for t, d, k in zip(tokens, draws, keep) if k]
    return [
        [centre, kept[j][0]]
        for i, (centre, reach) in enumerate(kept)
        for j in range(len(kept))
        if i != j and abs(i - j) <= reach
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4), st.booleans()), max_size=12))
def test_skipgram_pairs_match_the_loops(rows):
    tokens, draws, keep = (list(column) for column in zip(*rows)) if rows else ([], [], [])
    found = skipgram_pairs(
        torch.tensor(tokens, dtype=torch.long),
        torch.tensor(draws, dtype=torch.long),
        torch.tensor(keep, dtype=torch.bool),
    )
    assert found.shape[1] == 2
    assert found.tolist() == pairs_by_loops(tokens, draws, keep)


def test_a_dropped_word_lets_the_window_reach_further():
    tokens, draws = torch.tensor([5, 6, 7]), torch.ones(3, dtype=torch.long)
    assert skipgram_pairs(tokens, draws).tolist() == [[5, 6], [6, 5], [6, 7], [7, 6]]
    keep = torch.tensor([True, False, True])
    assert skipgram_pairs(tokens, draws, keep).tolist() == [[5, 7], [7, 5]]


def test_skipgram_pairs_names_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"tokens is \(3,\), window_draws is \(2,\), keep is None"):
        skipgram_pairs(torch.zeros(3, dtype=torch.long), torch.ones(2, dtype=torch.long))


def test_keep_probability_is_what_gensim_samples_with():
    from gensim.models import Word2Vec

    sentence = ["the"] * 500 + ["heart"] * 60 + ["valve"] * 5
    model = Word2Vec(min_count=1, sample=1e-2, vector_size=2)
    model.build_vocab([sentence])
    counts = torch.tensor([500, 60, 5])
    expected = [model.wv.get_vecattr(w, "sample_int") / 2**32 for w in ("the", "heart", "valve")]
    ours = subsample_keep_probability(counts, 1e-2)
    torch.testing.assert_close(ours, torch.tensor(expected).float(), atol=1e-6, rtol=0)


def test_rare_and_absent_words_are_always_kept():
    assert subsample_keep_probability(torch.tensor([10_000, 1, 0]))[1:].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("threshold", [0.0, -1.0])
def test_a_threshold_that_is_not_positive_is_refused(threshold):
    with pytest.raises(ValueError, match="expected a positive share"):
        subsample_keep_probability(torch.ones(2), threshold)


def test_noise_is_the_flattened_unigram_distribution():
    noise = noise_distribution(torch.tensor([16, 1, 0]))
    torch.testing.assert_close(noise, torch.tensor([8 / 9, 1 / 9, 0.0]), atol=1e-6, rtol=0)
    unigram = noise_distribution(torch.tensor([16, 1]), power=1.0)
    torch.testing.assert_close(unigram, torch.tensor([16 / 17, 1 / 17]), atol=1e-6, rtol=0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 5), st.integers(0, 9999))
def test_sgns_loss_matches_binary_cross_entropy(pairs, dim, k, seed):
    generator = torch.Generator().manual_seed(seed)
    centre, context = (torch.randn(pairs, dim, generator=generator) for _ in range(2))
    negatives = torch.randn(pairs, k, dim, generator=generator)
    scores = torch.cat([context[:, None], negatives], dim=1) @ centre[:, :, None]
    labels = torch.zeros(pairs, k + 1)
    labels[:, 0] = 1
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        scores[..., 0], labels, reduction="sum"
    )
    torch.testing.assert_close(
        sgns_loss(centre, context, negatives), expected / pairs, atol=1e-5, rtol=1e-6
    )


def test_sgns_loss_of_untrained_vectors_is_log_two_a_score():
    zero = torch.zeros(4, 3)
    loss = sgns_loss(zero, zero, torch.zeros(4, 5, 3))
    assert loss.item() == pytest.approx(6 * math.log(2), rel=1e-6)


def test_sgns_loss_is_finite_at_extreme_scores():
    far = torch.full((1, 2), 1e4)
    assert torch.isfinite(sgns_loss(far, -far, far[:, None]))


@pytest.mark.parametrize(
    ("context", "negatives"), [((3, 2), (4, 5, 2)), ((4, 2), (4, 2)), ((4, 2), (3, 5, 2))]
)
def test_sgns_loss_names_shapes_that_do_not_fit(context, negatives):
    with pytest.raises(ValueError, match=r"centre is \(4, 2\)"):
        sgns_loss(torch.zeros(4, 2), torch.zeros(context), torch.zeros(negatives))


def test_the_pieces_stay_on_their_device():
    on = {"device": "meta"}
    assert subsample_keep_probability(torch.empty(7, **on)).device.type == "meta"
    assert noise_distribution(torch.empty(7, dtype=torch.long, **on)).device.type == "meta"
    empty = torch.empty(4, 2, **on)
    assert sgns_loss(empty, empty, torch.empty(4, 5, 2, **on)).device.type == "meta"


# looking up words


def test_most_similar_matches_gensim():
    from gensim.models import KeyedVectors

    ours = small()
    theirs = KeyedVectors(6)
    theirs.add_vectors(ours.words, ours.vectors.numpy())
    for query, expected in (
        (ours.most_similar("w3", 7), theirs.most_similar("w3", topn=7)),
        (ours.analogy("w1", "w2", "w3", 5), theirs.most_similar(["w2", "w3"], ["w1"], topn=5)),
    ):
        assert [word for word, _ in query] == [word for word, _ in expected]
    cosines = [cosine for _, cosine in ours.most_similar("w3", 7)]
    assert cosines == pytest.approx([c for _, c in theirs.most_similar("w3", topn=7)], abs=1e-5)


def test_a_word_is_not_its_own_neighbour_but_its_vector_is():
    vectors = small()
    assert "w3" not in [word for word, _ in vectors.most_similar("w3", k=39)]
    assert vectors.most_similar(vectors["w3"], k=1)[0][0] == "w3"
    best = vectors.most_similar("w3", k=1)[0][0]
    assert vectors.most_similar("w3", k=1, exclude=[best, "unknown"])[0][0] != best


def test_more_neighbours_than_words_gives_all_others():
    assert len(small(5).most_similar("w0", k=50)) == 4


def test_an_unknown_word_is_named():
    vectors = small(3)
    assert "W1" not in vectors
    with pytest.raises(KeyError, match=r"'W1' is not among the 3 words.*lower case"):
        vectors["W1"]
    with pytest.raises(KeyError, match="'W1'"):
        vectors.analogy("w0", "w1", "W1")


def test_words_and_vectors_must_agree():
    with pytest.raises(ValueError, match=r"2 words came with vectors of shape \(3, 4\)"):
        WordVectors(["a", "b"], torch.zeros(3, 4))
    with pytest.raises(ValueError, match="stands twice"):
        WordVectors(["a", "a"], torch.zeros(2, 4))
    with pytest.raises(ValueError, match=r"query is \(2, 6\)"):
        small().most_similar(torch.zeros(2, 6))


# published figures


@pytest.mark.parametrize(("name", "published"), [("wordsim353", 0.503), ("simlex999", 0.264)])
def test_glove_agrees_with_people_as_measured_elsewhere(name, published):
    from scipy.stats import spearmanr

    vectors, pairs = load_word_vectors(), load_similarity(name)
    rows = [[vectors.index.get(w.lower(), 0) for w in side] for side in (pairs.left, pairs.right)]
    cosines = (vectors.unit[rows[0]] * vectors.unit[rows[1]]).sum(dim=1)
    assert spearmanr(cosines.numpy(), pairs.scores).statistic == pytest.approx(published, abs=2e-3)


def test_king_minus_man_plus_woman_is_queen_only_because_the_inputs_are_excluded(glove):
    assert glove.analogy("man", "king", "woman")[0][0] == "queen"
    assert glove.analogy("man", "king", "woman", exclude_inputs=False)[0][0] == "king"


@pytest.mark.slow
@pytest.mark.parametrize(("exclude_inputs", "published"), [(True, 0.497), (False, 0.320)])
def test_glove_analogy_accuracy_as_measured_elsewhere(glove, exclude_inputs, published):
    result = analogy_accuracy(glove, load_analogies(), exclude_inputs)[-1]
    assert result.asked + result.skipped == 19_544
    assert result.accuracy == pytest.approx(published, abs=1e-3)


# analogies


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 999), exclude=st.booleans(), block=st.integers(1, 40))
def test_analogy_accuracy_counts_what_analogy_answers(seed, exclude, block):
    vectors = small(12, 4, seed)
    generator = torch.Generator().manual_seed(seed)
    asked = torch.randint(0, 14, (30, 4), generator=generator).tolist()  # w12, w13 are unknown
    sections = [
        AnalogySection("one", [tuple(f"w{i}" for i in q) for q in asked[:20]]),
        AnalogySection("two", [tuple(f"w{i}" for i in q) for q in asked[20:]]),
    ]
    results = analogy_accuracy(vectors, sections, exclude, block)
    assert [r.name for r in results] == ["one", "two", "all"]
    for section, result in zip(sections, results):
        known = [q for q in section.questions if all(w in vectors for w in q)]
        right = [vectors.analogy(*q[:3], exclude_inputs=exclude)[0][0] == q[3] for q in known]
        assert (result.asked, result.correct) == (len(known), sum(right))
        assert result.asked + result.skipped == len(section.questions)
    assert results[2].correct == results[0].correct + results[1].correct


def test_no_question_asked_is_no_accuracy():
    [section, total] = analogy_accuracy(small(3), [AnalogySection("s", [("a", "b", "c", "d")])])
    assert (section.asked, section.skipped, total.skipped) == (0, 1, 1)
    assert math.isnan(total.accuracy)


# averages


DOCUMENTS = [["w1", "w2", "w1"], ["w2", "unknown"], [], ["unknown"], ["w5"]]


def test_idf_is_that_of_bm25():
    import bm25s

    documents = [["a", "b", "a"], ["b"], ["b", "c"]]
    model = bm25s.BM25(method="lucene", k1=1e9, b=0.0)
    vocabulary = {"a": 0, "b": 1, "c": 2}
    ids = [[vocabulary[word] for word in words] for words in documents]
    model.index((ids, vocabulary), show_progress=False)
    ours = idf_weights(documents)
    # with k1 without bound a term's score is idf * tf / k1: one occurrence shows its idf
    scores = model.get_scores(["c"])
    assert scores[2] * 1e9 == pytest.approx(ours["c"], rel=1e-4)
    assert ours["a"] == pytest.approx(math.log(1 + 2.5 / 1.5))
    assert ours["b"] == pytest.approx(math.log(1 + 0.5 / 3.5))


@pytest.mark.parametrize("weights", [None, {"w1": 2.0, "w2": 0.5}])
def test_average_words_matches_the_loop(weights):
    vectors = small()
    found = average_words(vectors, DOCUMENTS, weights)
    assert found.shape == (5, 6)
    for row, words in zip(found, DOCUMENTS):
        known = [w for w in words if w in vectors]
        weight = [1.0 if weights is None else weights.get(w, 2.0) for w in known]
        expected = sum((w * vectors[word] for w, word in zip(weight, known)), torch.zeros(6))
        expected = expected / sum(weight) if known else expected
        torch.testing.assert_close(row, expected, atol=1e-6, rtol=0)


def test_average_of_no_document_is_empty():
    assert average_words(small(), []).shape == (0, 6)


def test_words_of_weight_zero_give_zero_not_nan():
    assert average_words(small(), [["w1"]], {"w1": 0.0}).tolist() == [[0.0] * 6]


def test_average_words_stays_on_its_device():
    vectors = WordVectors(["a", "b"], torch.empty(2, 3, device="meta"))
    assert average_words(vectors, [["a"], ["b", "a"]]).device.type == "meta"


# what is refused


@pytest.mark.parametrize(
    "counts", [[], [0, 0], [3, -1], [1.0, math.nan], [1.0, math.inf], [[1, 2], [3, 4]]]
)
def test_counts_that_are_none_are_refused(counts):
    for function in (subsample_keep_probability, noise_distribution):
        with pytest.raises(ValueError, match=f"{function.__name__}: counts"):
            function(torch.tensor(counts))


def test_a_threshold_or_a_power_of_nan_is_refused():
    with pytest.raises(ValueError, match="threshold is nan"):
        subsample_keep_probability(torch.ones(2), math.nan)
    with pytest.raises(ValueError, match="power is nan"):
        noise_distribution(torch.ones(2), math.nan)


def test_positions_are_not_taken_for_truth_values_nor_floats_for_ids():
    tokens, draws = torch.tensor([5, 6, 7]), torch.ones(3, dtype=torch.long)
    with pytest.raises(TypeError, match=r"expected bool.*keep.bool\(\)"):
        skipgram_pairs(tokens, draws, torch.tensor([1, 0, 1]))
    with pytest.raises(TypeError, match=r"tokens are torch\.float32"):
        skipgram_pairs(tokens.float(), draws)
    with pytest.raises(TypeError, match=r"window_draws are torch\.float32"):
        skipgram_pairs(tokens, draws.float())
    with pytest.raises(ValueError, match="expected one of each a token"):
        skipgram_pairs(tokens[None], draws[None])


def test_a_word_of_nan_is_not_the_nearest_of_all():
    vectors = small().vectors.clone()
    vectors[[3, 8], 0] = torch.tensor([torch.nan, torch.inf])
    with pytest.raises(ValueError, match="WordVectors: rows 3, 8 of vectors"):
        WordVectors([f"w{i}" for i in range(40)], vectors)
    with pytest.raises(ValueError, match="most_similar: row 0 of query"):
        small().most_similar(vectors[3])


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"k": 0}, ValueError, "k is 0"),
        ({"k": -1}, ValueError, "k is -1"),
        ({"exclude": "w1"}, TypeError, r"write \['w1'\]"),
    ],
)
def test_neighbours_that_cannot_be_asked_for(options, error, says):
    with pytest.raises(error, match=says):
        small().most_similar("w3", **options)


def test_texts_are_not_taken_for_lists_of_letters():
    for documents in (["heart pain"], [["w1"], "w2 w3"], "w1 w2"):
        with pytest.raises(TypeError, match="expected a list of its words"):
            idf_weights(documents)
        with pytest.raises(TypeError, match="expected a list of its words"):
            average_words(small(), documents)


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_weights_that_make_no_mean_are_refused(weight):
    with pytest.raises(ValueError, match="the weight of 'w2' is"):
        average_words(small(), DOCUMENTS, {"w1": 1.0, "w2": weight})
