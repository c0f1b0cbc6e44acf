"""Lesson 01, training word vectors: skip-gram pairs, noise words and the loss."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib.checks.exercise import Case, Exercise, Mistake
from lib.checks.values import EXACT


def _pairs_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    yes = [True] * 5
    yield _sentence([7, 3, 9, 4, 2], [0.0] * 5, yes, 1, "five words, a window of one")
    yield _sentence([7, 3, 9, 4, 2], [0.0, 0.6, 0.99, 0.2, 0.5], yes, 2, "a reach a centre")
    kept = [True, False, True, True, True]
    yield _sentence([7, 3, 9, 4, 2], [0.0] * 5, kept, 1, "a word dropped by subsampling")
    yield _sentence([7, 3, 9, 4, 2], [0.1, 0.9, 0.9, 0.1, 0.9], kept, 2, "dropped, draws differ")
    yield _sentence([5, 8, 5, 8, 5], [0.7] * 5, yes, 3, "words that repeat")
    yield _sentence([6], [0.3], [True], 4, "one word")
    yield _sentence([6, 2, 1], [0.3, 0.9, 0.1], [False] * 3, 4, "every word dropped")
    for turn in range(12 if hidden else 6):
        length, window = int(rng.integers(2, 24)), int(rng.integers(1, 7))
        tokens = rng.integers(0, 30, length).tolist()
        keep = (rng.random(length) < 0.7).tolist()
        yield _sentence(tokens, rng.random(length).tolist(), keep, window, f"random {turn}")
    yield _sentence([4, 1, 3], [0.999] * 3, [True] * 3, 9, "a window wider than the sentence")


def _sentence(tokens: list, draws: list, keep: list, window: int, label: str) -> Case:
    args = (
        torch.tensor(tokens, dtype=torch.int64),
        torch.tensor(draws, dtype=torch.float64),
        torch.tensor(keep, dtype=torch.bool),
        window,
    )
    return Case(args, label)


def _pairs_by_loops(tokens, draws, keep, window) -> np.ndarray:
    kept = [(int(t), 1 + math.floor(float(u) * window)) for t, u, k in zip(tokens, draws, keep) if k]
    pairs = []
    for i, (centre, reach) in enumerate(kept):
        for j, (context, _) in enumerate(kept):
            if i != j and abs(i - j) <= reach:
                pairs.append((centre, context))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _sorted_rows(pairs) -> np.ndarray:
    """The pairs in a canonical order: the order in which they are made does not matter."""
    rows = np.asarray(pairs)
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise ValueError("pairs are (pairs, 2)")
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def _pairs_with(
    near=lambda gap, reach: (gap.abs() >= 1) & (gap.abs() <= reach[:, None]),
    reach=lambda draws, window: 1 + (draws * window).floor(),
):
    """A skip-gram function with another rule for what is near, or for how far a centre reaches."""

    def pairs(tokens: Tensor, window_draws: Tensor, keep: Tensor, window: int) -> Tensor:
        words, draws = tokens[keep], window_draws[keep]
        places = torch.arange(len(words))
        gap = places[None, :] - places[:, None]
        centre, context = near(gap, reach(draws, window)).nonzero(as_tuple=True)
        return torch.stack([words[centre], words[context]], dim=1)

    return pairs


def _full_pairs(tokens, window_draws, window):
    """Row numbers of centre and context when nothing is dropped."""
    places = torch.arange(len(tokens))
    gap = (places[None, :] - places[:, None]).abs()
    reach = 1 + (window_draws * window).floor()
    return ((gap >= 1) & (gap <= reach[:, None])).nonzero(as_tuple=True)


def _drop_afterwards(tokens, window_draws, keep, window):
    centre, context = _full_pairs(tokens, window_draws, window)
    both = keep[centre] & keep[context]
    return torch.stack([tokens[centre[both]], tokens[context[both]]], dim=1)


def _drop_centres_only(tokens, window_draws, keep, window):
    centre, context = _full_pairs(tokens, window_draws, window)
    return torch.stack([tokens[centre], tokens[context]], dim=1)[keep[centre]]


def _drop_nothing(tokens, window_draws, keep, window):
    return _pairs_with()(tokens, window_draws, torch.ones_like(keep), window)


def _draws_not_dropped(tokens, window_draws, keep, window):
    words = tokens[keep]
    return _pairs_with()(words, window_draws[: len(words)], keep.new_ones(len(words)), window)


def _unique_pairs(tokens, window_draws, keep, window):
    return torch.unique(_pairs_with()(tokens, window_draws, keep, window), dim=0)


def _positions(tokens, window_draws, keep, window):
    return _pairs_with()(torch.arange(len(tokens)), window_draws, keep, window)


def _pairs_by_slices(tokens, window_draws, keep, window):
    """An alternative: for each centre the slices on its left and right."""
    words, draws = tokens[keep].tolist(), window_draws[keep].tolist()
    pairs = []
    for i, (word, draw) in enumerate(zip(words, draws)):
        reach = int(draw * window) + 1
        around = words[max(0, i - reach) : i] + words[i + 1 : i + 1 + reach]
        pairs += [[word, other] for other in around]
    return torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)


def _pairs_by_shifts(tokens, window_draws, keep, window):
    """An alternative: for each distance, the sentence against itself shifted."""
    words = tokens.numpy()[keep.numpy()]
    reach = np.floor(window_draws.numpy()[keep.numpy()] * window) + 1
    found = [np.empty((0, 2), dtype=np.int64)]
    for step in range(1, window + 1):
        left, right = words[:-step], words[step:]
        found.append(np.stack([left, right], axis=1)[reach[:-step] >= step])
        found.append(np.stack([right, left], axis=1)[reach[step:] >= step])
    return np.concatenate(found)


SKIPGRAM_PAIRS = Exercise(
    name="skipgram_pairs",
    lesson="01",
    cases=_pairs_cases,
    oracle=_pairs_by_loops,
    tolerance=EXACT,
    canonical=_sorted_rows,
    mistakes=[
        Mistake(
            "centre-as-context",
            "A word is its own context in your pairs: distance 0 belongs to the centre itself. "
            "Keep the places at distance 1 and more, or every word learns to predict itself.",
            _pairs_with(near=lambda gap, reach: gap.abs() <= reach[:, None]),
        ),
        Mistake(
            "window-too-short",
            "Your window is one word too short. A centre reaches 1 + floor(draw * window) words "
            "to each side, the last of them included: between 1 and window, never 0.",
            _pairs_with(near=lambda gap, reach: (gap != 0) & (gap.abs() < reach[:, None])),
        ),
        Mistake(
            "window-too-long",
            "Your window is one word too long. The reach is 1 + floor(draw * window): a draw "
            "below 1 gives at most `window` itself.",
            _pairs_with(near=lambda gap, reach: (gap != 0) & (gap.abs() <= reach[:, None] + 1)),
        ),
        Mistake(
            "rounded-reach",
            "You round draw * window instead of cutting it off. Rounding makes the reaches "
            "unequally likely and lets some pass `window`; use floor, then add 1.",
            _pairs_with(reach=lambda draws, window: 1 + (draws * window).round()),
        ),
        Mistake(
            "fixed-window",
            "Every centre reaches the whole window, so the draws do nothing. The dynamic window "
            "gives each centre its own reach, which is how near words come to count more.",
            _pairs_with(reach=lambda draws, window: torch.full_like(draws, window)),
        ),
        Mistake(
            "one-side",
            "You only look to the right of the centre. The context is on both sides: compare the "
            "absolute distance with the reach.",
            _pairs_with(near=lambda gap, reach: (gap >= 1) & (gap <= reach[:, None])),
        ),
        Mistake(
            "reach-of-the-context",
            "Centre and context are swapped: the first column is the centre, and it is the "
            "*centre's* draw that says how far to look. Check on which axis the reach stands.",
            _pairs_with(near=lambda gap, reach: (gap != 0) & (gap.abs() <= reach[None, :])),
        ),
        Mistake(
            "dropped-afterwards",
            "You build the windows first and drop words afterwards. Subsampling comes first: the "
            "dropped words leave the sentence, their neighbours move together, and the window "
            "reaches further.",
            _drop_afterwards,
        ),
        Mistake(
            "dropped-as-centre-only",
            "Dropped words still appear as contexts (second column). A dropped word leaves the "
            "sentence altogether.",
            _drop_centres_only,
        ),
        Mistake(
            "nothing-dropped",
            "`keep` has no effect: no word is dropped. Where `keep` is False the word is gone "
            "before any window is laid.",
            _drop_nothing,
        ),
        Mistake(
            "draws-out-of-step",
            "You dropped words, but not their draws, so a centre uses the draw of another word. "
            "Index `window_draws` with `keep` as well.",
            _draws_not_dropped,
        ),
        Mistake(
            "pairs-once",
            "Each pair comes out once. A pair that stands twice in the sentence is two training "
            "examples: how often words meet is exactly what is to be learnt.",
            _unique_pairs,
        ),
        Mistake(
            "positions",
            "You return places in the sentence, not word ids. Look the ids up: words[place].",
            _positions,
        ),
    ],
    alternatives=[_pairs_by_slices, _pairs_by_shifts],
)


def _negatives_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    even = torch.tensor([0.0, 0.2, 0.4, 0.6, 0.9])
    yield Case((torch.tensor([1, 16, 1]), even), "one frequent word of three")
    yield Case((torch.tensor([5, 5]), torch.tensor([0.0, 0.25, 0.5, 0.75])), "two equal words")
    zeros = torch.tensor([0, 3, 0, 3, 0])
    edges = torch.tensor([0.0, 0.5, 1 - 2**-24], dtype=torch.float32)
    yield Case((zeros, edges), "words that never occur, draws on the edges")
    yield Case((torch.tensor([9]), torch.tensor([0.0, 0.99])), "a vocabulary of one word")
    grid = torch.from_numpy(rng.random((2, 3)))
    yield Case((torch.tensor([1, 10, 100, 1000]), grid), "draws in a grid")
    for turn in range(8 if hidden else 4):
        words = int(rng.integers(3, 40))
        counts = torch.from_numpy(rng.zipf(1.4, words).clip(max=10**7))
        draws = torch.from_numpy(rng.random((int(rng.integers(1, 30)), 5)))
        yield Case((counts, draws), f"random counts {turn}")
    wide = torch.from_numpy(rng.random((6, 8))).T
    yield Case((torch.tensor([900, 2, 40, 2, 7]), wide), "draws that are not contiguous")


def _negatives_by_loops(counts, draws) -> np.ndarray:
    weights = [float(c) ** 0.75 for c in counts]
    total = math.fsum(weights)
    ids = np.empty(tuple(draws.shape), dtype=np.int64)
    for place in np.ndindex(*ids.shape):
        used, draw = 0.0, float(draws[place])
        for word, weight in enumerate(weights):
            used += weight
            if draw * total < used:
                ids[place] = word
                break
    return ids


def _negatives_with(weigh=lambda c: c**0.75, *, right: bool = True, shift: int = 0):
    def sample(counts: Tensor, draws: Tensor) -> Tensor:
        cdf = weigh(counts.double()).cumsum(0)
        found = torch.searchsorted(cdf / cdf[-1], draws.double().contiguous(), right=right)
        return found + shift

    return sample


def _not_rescaled(counts, draws):
    share = counts.double() / counts.sum()
    cdf = (share**0.75).cumsum(0)
    return torch.searchsorted(cdf, draws.double().contiguous(), right=True)


def _ranks(counts, draws):
    ordered = counts.double().sort(descending=True).values
    return _negatives_with()(ordered, draws)


def _flat(counts, draws):
    return _negatives_with()(counts, draws.reshape(-1))


def _nearest_word(counts, draws):
    weights = counts.double() ** 0.75
    return (weights / weights.sum() - draws.double()[..., None]).abs().argmin(-1)


def _negatives_by_counting(counts, draws):
    """An alternative: the id is how many words lie wholly below the draw."""
    share = counts.double() / counts.sum()
    weights = share**0.75
    cdf = weights.cumsum(0)
    return (cdf / cdf[-1] <= draws.double().unsqueeze(-1)).sum(-1)


def _negatives_by_numpy(counts, draws):
    """An alternative with NumPy."""
    weights = counts.numpy().astype(np.float64) ** 0.75
    cdf = np.cumsum(weights)
    return np.searchsorted(cdf, draws.numpy().astype(np.float64) * cdf[-1], side="right")


SAMPLE_NEGATIVES = Exercise(
    name="sample_negatives",
    lesson="01",
    cases=_negatives_cases,
    oracle=_negatives_by_loops,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "unigram-power-one",
            "You draw words as often as they occur (counts to the power 1). Word2Vec raises the "
            "counts to 0.75 first, so that rare words are drawn a little more often.",
            _negatives_with(lambda c: c),
        ),
        Mistake(
            "uniform",
            "Every word is drawn equally often: the counts have no effect (except perhaps zeros). "
            "Weigh each word by its count to the power 0.75.",
            _negatives_with(lambda c: torch.ones_like(c)),
        ),
        Mistake(
            "power-inverted",
            "You raise the counts to 4/3, not to 3/4: frequent words are drawn even more often "
            "than they occur. The power is 0.75.",
            _negatives_with(lambda c: c ** (1 / 0.75)),
        ),
        Mistake(
            "not-rescaled",
            "Your weights do not add up to 1, so the draws stop before the last words are reached. "
            "Divide by the sum *after* taking the power.",
            _not_rescaled,
        ),
        Mistake(
            "left-edge",
            "On the edge you take the word before. Word i owns the draws from cdf[i-1] up to, but "
            "not including, cdf[i]; with the other rule a word of count 0 can be drawn. "
            "See the `right` argument of torch.searchsorted.",
            _negatives_with(right=False),
        ),
        Mistake(
            "off-by-one",
            "All your ids are one too high. searchsorted on the cumulative weights already gives "
            "the word; nothing is to be added.",
            _negatives_with(shift=1),
        ),
        Mistake(
            "ranks-not-ids",
            "You sort the counts and return ranks. The ids must be those of `counts`, in the order "
            "in which it came: do not sort.",
            _ranks,
        ),
        Mistake(
            "flat",
            "The shape of the draws is lost. Return one id a draw in the shape of `draws`, here "
            "one row a pair.",
            _flat,
        ),
        Mistake(
            "no-cumulative-sum",
            "You compare the draws with the probabilities themselves. Invert the *cumulative* "
            "distribution: cumsum first.",
            _nearest_word,
        ),
    ],
    alternatives=[_negatives_by_counting, _negatives_by_numpy],
)


def _loss_cases(rng: np.random.Generator, hidden: bool) -> Iterator[Case]:
    one = torch.tensor([[1.0, 0.0]])
    yield Case((one, one.clone(), torch.tensor([[[0.0, 2.0]]])), "one pair, one negative")
    yield Case((one, one.clone(), torch.tensor([[[3.0, 0.0]]])), "a negative that looks right")
    nothing = torch.zeros(2, 3)
    yield Case((nothing, nothing.clone(), torch.zeros(2, 5, 3)), "all vectors zero")
    yield Case(
        (_normal(rng, 3, 4), _normal(rng, 3, 4), _normal(rng, 3, 2, 4)),
        "three pairs, two negatives each",
    )
    big = torch.tensor([[15.0, 10.0]])
    yield Case((big, -big, torch.stack([big, -big], dim=1)), "scores beyond 300")
    for turn in range(5 if hidden else 3):
        batch, k, dim = (int(rng.integers(1, 9)) for _ in range(3))
        yield Case(
            (_normal(rng, batch, dim), _normal(rng, batch, dim), _normal(rng, batch, k, dim)),
            f"random {turn}",
        )
    yield Case(
        (_normal(rng, 4, 6).T, _normal(rng, 4, 6).T, _normal(rng, 6, 4, 3).transpose(1, 2)),
        "tensors that are not contiguous",
    )
    yield Case((_normal(rng, 1, 8), _normal(rng, 1, 8), _normal(rng, 1, 7, 8)), "a batch of one")


def _normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(size=shape)).float()


def _loss_by_loops(centre, context, negatives) -> float:
    def cost(score: float) -> float:  # -log sigmoid(score), without overflow
        return math.log1p(math.exp(-abs(score))) + max(-score, 0.0)

    total = 0.0
    for c, o, wrong in zip(centre.tolist(), context.tolist(), negatives.tolist()):
        total += cost(sum(x * y for x, y in zip(c, o)))
        total += sum(cost(-sum(x * y for x, y in zip(c, n))) for n in wrong)
    return total / len(centre)


def _scores(centre, context, negatives):
    return (centre * context).sum(-1), torch.einsum("bd,bkd->bk", centre, negatives)


def _loss_with(combine):
    def loss(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
        return combine(*_scores(centre, context, negatives))

    return loss


def _negatives_against_context(centre, context, negatives):
    right = (centre * context).sum(-1)
    wrong = torch.einsum("bd,bkd->bk", context, negatives)
    return -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()


def _summed_negatives(centre, context, negatives):
    right = (centre * context).sum(-1)
    wrong = (centre * negatives.sum(1)).sum(-1)
    return -(F.logsigmoid(right) + F.logsigmoid(-wrong)).mean()


def _each_dimension(centre, context, negatives):
    right = F.logsigmoid(centre * context).sum(-1)
    wrong = F.logsigmoid(-centre[:, None] * negatives).sum((1, 2))
    return -(right + wrong).mean()


def _cosines(centre, context, negatives):
    right = F.cosine_similarity(centre, context, dim=-1)
    wrong = F.cosine_similarity(centre[:, None], negatives, dim=-1)
    return -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()


def _loss_by_softplus(centre, context, negatives):
    """An alternative: -log sigmoid(x) is softplus(-x)."""
    right = torch.linalg.vecdot(centre, context)
    wrong = (negatives @ centre.unsqueeze(-1)).squeeze(-1)
    return (F.softplus(-right) + F.softplus(wrong).sum(dim=1)).sum() / centre.shape[0]


def _loss_by_cross_entropy(centre, context, negatives):
    """An alternative: a logistic regression with label 1 for the context and 0 for the rest."""
    all_ = torch.cat([context.unsqueeze(1), negatives], dim=1)
    scores = torch.einsum("bd,bkd->bk", centre, all_)
    labels = torch.zeros_like(scores)
    labels[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, labels, reduction="none").sum(1).mean()


SGNS_LOSS = Exercise(
    name="sgns_loss",
    lesson="01",
    cases=_loss_cases,
    oracle=_loss_by_loops,
    mistakes=[
        Mistake(
            "negatives-sign",
            "The negatives have the sign of positives: your loss falls when noise words come "
            "*nearer*. For a negative it is log sigmoid(-score).",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(wrong).sum(-1)).mean()
            ),
        ),
        Mistake(
            "positive-sign",
            "The true context has the sign of a negative: your loss falls when true pairs move "
            "*apart*. For the context it is log sigmoid(+score).",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(-right) + F.logsigmoid(-wrong).sum(-1)).mean()
            ),
        ),
        Mistake(
            "both-signs",
            "Both signs are swapped: true pairs are pushed apart and noise is pulled in. Log "
            "sigmoid(+score) for the context, log sigmoid(-score) for the negatives.",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(-right) + F.logsigmoid(wrong).sum(-1)).mean()
            ),
        ),
        Mistake(
            "log-likelihood",
            "This is the log-likelihood, which is never above 0. An optimiser goes downhill, so "
            "the loss is its negative.",
            _loss_with(
                lambda right, wrong: (F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).mean()
            ),
        ),
        Mistake(
            "mean-over-negatives",
            "You average over the negatives. The paper *sums* them: with k negatives, noise "
            "counts k times as much as the one true context.",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(-wrong).mean(-1)).mean()
            ),
        ),
        Mistake(
            "sum-over-batch",
            "You sum over the batch. Return the mean over the pairs, or the learning rate would "
            "depend on the batch size.",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(-1)).sum()
            ),
        ),
        Mistake(
            "log-of-sigmoid",
            "torch.log(torch.sigmoid(x)) is -inf once x is very negative. Use "
            "torch.nn.functional.logsigmoid, which stays finite.",
            _loss_with(
                lambda right, wrong: (
                    -(torch.log(torch.sigmoid(right)) + torch.log(torch.sigmoid(-wrong)).sum(-1))
                ).mean()
            ),
        ),
        Mistake(
            "one-minus-score",
            "For the negatives you flip the wrong thing: 1 - score is not the score of 'not a "
            "pair'. It is 1 - sigmoid(score) = sigmoid(-score).",
            _loss_with(
                lambda right, wrong: -(F.logsigmoid(right) + F.logsigmoid(1 - wrong).sum(-1)).mean()
            ),
        ),
        Mistake(
            "no-log",
            "The logarithm is missing: you return probabilities. The loss is -log sigmoid(score).",
            _loss_with(
                lambda right, wrong: -(torch.sigmoid(right) + torch.sigmoid(-wrong).sum(-1)).mean()
            ),
        ),
        Mistake(
            "negatives-against-context",
            "You score the negatives against the context. They are other contexts: score them "
            "against the *centre*.",
            _negatives_against_context,
        ),
        Mistake(
            "negatives-added-up",
            "You add the negatives up before scoring. Each negative has its own score and its own "
            "log sigmoid; then add up.",
            _summed_negatives,
        ),
        Mistake(
            "each-dimension",
            "You take the log sigmoid of every dimension. The score is a dot product: sum over "
            "dim first, then the log sigmoid.",
            _each_dimension,
        ),
        Mistake(
            "cosine-scores",
            "You score with the cosine. SGNS trains on the plain dot product; length is free to "
            "grow, and a cosine could never say 'certainly'.",
            _cosines,
        ),
    ],
    alternatives=[_loss_by_softplus, _loss_by_cross_entropy],
)
