# ---
# jupyter:
#   course:
#     lesson: "04"
#     title: Hard negatives
#     minutes: 155
#     objectives:
#       - Say what a negative teaches, and watch it by the loss and its gradient.
#       - Find negatives by words (BM25, with an analyser and without) and by vectors, blocked and without the positives, and put them into tuples.
#       - Find out what a miner's hardest finds are, and filter them by a margin or by a cross-encoder.
#       - Say what a cross-encoder costs and what it gives, compared with vectors trained on the same pairs.
#       - Compare filters, mixes and rounds of mining fairly, by paired differences against a control.
#     prerequisites:
#       - Lesson 03 (MNRL), or knowing what in-batch negatives are
#       - Lesson 02 (a cross-encoder reads two texts together)
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
# ---

# %% tags=["parameters"]
PROFILE = "fast"
SEED = 0
DEVICE = "auto"
MODEL = "all-MiniLM-L6-v2"

# %%
import math
import time
from collections import Counter
from functools import partial

import torch
import torch.nn.functional as F
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives

from lib import bm25, cross_encoder, diagrams, full_results, leaderboard, metrics, negatives
from lib import negative_figures as figures
from lib.analysis import analyze_english
from lib.data import load_course_set
from lib.device import pick_device, seed_everything
from lib.explore import explore
from lib.known_vectors import KnownVectors, rows_of
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.losses import mnrl
from lib.models import load_encoder
from lib.negative_filters import as_many_at_random, below_judge, below_margin, dropped_shares
from lib.negative_filters import first_below, first_kept, judged, mine_from_scores, refilled
from lib.negative_filters import scores_of
from lib.ontology_relations import KINDS, Relations
from lib.plots import show
from lib.progress_bar import track
from lib.search import encode_cached, top_k
from lib.significance import paired_interval
from lib.text import split_words
from lib.tuple_training import HeadBench, Taught, contests, in_batch, late

seed_everything(SEED)

# %% [markdown]
# ## 1. Wrong, but how wrong?
#
# In lesson 03 a model learned from pairs of a query and the passage that answers it, the *positive*. It had to tell this passage from wrong ones, the *negatives*, and any passage of another query would do.

# %% [markdown]
# But think of somebody who studies for an examination. A question whose wrong answers are silly teaches nothing. A question whose wrong answers are almost right teaches a lot, unless one of them is right after all. This lesson is about such wrong answers: where to find them, and how to keep the right ones out.

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
passages = encode_cached(model, course.passages)
queries = encode_cached(model, course.train.queries)
held_out = encode_cached(model, course.validation.queries)
own = torch.tensor(course.train.positives)  # the passage of each training query
print(f"{len(own):,} training pairs, {len(course.passages):,} passages")

# %% [markdown]
# A pair is a query in a layperson's words and the passage of the clinical term that is meant. `PROFILE`, in the first cell, says how much is searched: `fast` has 4,000 passages, `full` all that the ontology defines.

# %% [markdown]
# We shall train models that *find* negatives and models that *judge* them. A model should not judge pairs that it has learned by heart. So we split the training passages in two: half A trains finders and judges, half B is what we find negatives for.

# %%
generator = torch.Generator().manual_seed(SEED)
in_a = torch.rand(len(passages), generator=generator) < 0.5
shown = ["Waddling walk", "Sinus inflammation", "Abnormal shape of thyroid gland", "Renal failure"]
in_a[own[[course.train.queries.index(text) for text in shown]]] = False  # we shall look at these
half_a, half_b = in_a[own].nonzero().flatten(), (~in_a[own]).nonzero().flatten()
right = own[half_b]  # the passage of each query of half B
asked = queries[half_b.to(queries.device)]

# %%
asked_texts = [course.train.queries[i] for i in half_b]
print("half A:", len(half_a), "pairs; half B:", len(half_b), "pairs")
example = asked_texts.index("Renal failure")
print("query  :", asked_texts[example])
print("passage:", course.passages[right[example]])

# %% [markdown]
# The halves are about equal. This query says in two words what its passage explains in a sentence. We shall meet it again.

# %% [markdown]
# ### How we shall measure
#
# Good negatives are those that a model learns most from. So we train a small model with each kind of negatives, and measure how well it searches. The small model is a *head*, as in lesson 03: one matrix on top of the frozen encoder, which takes a second to train.

# %% [markdown]
# The measure is nDCG@10. Each of our queries has one right passage. If it stands at rank $r$ among the first ten, the query counts $1 / \log_2(1 + r)$, otherwise 0. We take the mean over the validation queries.

# %%
for rank in (1, 2, 3, 10):
    print(f"right passage at rank {rank:2}: {1 / math.log2(1 + rank):.2f}")
bench = HeadBench(course, queries, passages, held_out, SEED)
untrained = bench.quality()
print("nDCG@10 of the encoder without a head:", metrics.bootstrap_interval(untrained))

# %% [markdown]
# The first rank counts fully, the second less than two thirds, the tenth still a little. The brackets hold the 95% interval of the mean. `bench` keeps the vectors and trains and measures our heads.

# %% [markdown]
# ## 2. Four random passages, or the four nearest?
#
# To see what negatives are worth by themselves, each query here chooses among five passages only: its own and *four negatives*. We compare two kinds of negatives for the same queries: four passages drawn at random, and the four wrong ones that the encoder puts nearest to the query.

# %%
random_rows = negatives.random_negatives(len(passages), right, 4, seed=SEED, texts=course.passages)
mined = negatives.mine(asked, passages, right.to(device), 40, texts=course.passages)
nearest_four = mined.indices[:, :4].cpu()
for name, row in (("random", random_rows[example]), ("nearest", nearest_four[example])):
    print(f"{name:8}", " | ".join(course.titles[i] for i in row.tolist()))

# %% [markdown]
# The random passages are about anything. The nearest ones are all about the query's own subject, the kidney. Before you look at what they do to the loss:

# %% quiz="04-q1"

# %% [markdown]
# First one query by itself. The picture shows how similar each passage is to it, and how much weight each negative gets in the loss.

# %%
rows = [right[example, None], nearest_four[example], random_rows[example]]
show(*figures.pulls(course, asked_texts[example], (asked[example], passages), *rows))

# %% [markdown] tags=["folded"]
# The random passages lie far to the left: the encoder has told them apart long ago, and their weight is almost 0. The hard ones lie as far to the right as the positive, marked by the dashed line, or even farther. What does the weight mean?

# %% [markdown]
# The loss is the one of lesson 03, for one query. Each cosine is multiplied by 20, the *softmax* turns the five numbers into shares that add up to 1, and the loss is minus the logarithm of the positive's share:
#
# $$\text{loss} = -\log \frac{e^{20\,c_+}}{e^{20\,c_+} + \sum_j e^{20\,c_j}}$$

# %%
cosines = torch.tensor([0.55, 0.60, 0.40, 0.10, 0.05], requires_grad=True)  # the positive first
shares = (20 * cosines).softmax(dim=0)
loss = -shares[0].log()
loss.backward()
print("shares  ", [round(share, 3) for share in shares.tolist()], f"loss {loss:.2f}")
print("gradient", [round(slope, 2) for slope in cosines.grad.tolist()])

# %% [markdown]
# The positive has a cosine of 0.55. The slope of the loss at each negative is 20 times its share: a training step pushes a negative away in proportion to its share. The two negatives at 0.10 and 0.05 get almost no push, so almost nothing is learned from them.

# %% [markdown]
# Now the training. It goes through *tuples* of row numbers: query, positive, four negatives. We watch the loss and the length of its gradient, which says how strongly a step moves the head.

# %%
watched = {}
for name, wrong in {"random": random_rows, "the encoder's nearest": nearest_four}.items():
    tuples = torch.cat([half_b[:, None], right[:, None], wrong], dim=1)
    watched[name] = bench.train(tuples)[1]
print(tuple(tuples.shape), "the first tuple:", tuples[0].tolist())

# %%
show(*figures.loss_left(watched))

# %% [markdown] tags=["folded"]
# The random negatives' curve begins far below a blind guess among five passages, and soon lies at 0. The other begins above it: among its own nearest passages the encoder does worse than a guess. (Each curve is one training run, so there is no band.)

# %%
easy, hard = map(late, watched.values())  # loss and length of the gradient
claim(
    "Random negatives soon teach nothing: their loss and their gradient vanish.",
    holds=easy[0] < 0.1 * hard[0] and easy[1] < 0.2 * hard[1],
    measured=f"last third of the steps, random and nearest: loss {easy[0]:.4f} and {hard[0]:.3f}, "
    f"length of the gradient {easy[1]:.3f} and {hard[1]:.3f}",
)

# %% [markdown] tags=["folded"]
# *Hard negatives* are those that the model still confuses with the positive. The next two sections find them in two ways.

# %% [markdown]
# ## 3. Negatives by words: BM25
#
# The oldest way to find hard negatives is by words (Karpukhin et al. 2020): take passages that share words with the query. **BM25** is the score that search engines use for this. It rests on three ideas.

# %% [markdown]
# - A *rare* word says more than a common one. Its weight is called idf, inverse document frequency.
# - A word that comes *twice* says more than one that comes once, but not twice as much.
# - In a *long* passage any word may turn up by chance, so it counts less.
#
# The second and the third idea as a picture, before the formula:

# %%
show(*figures.word_share())

# %% [markdown]
# Each curve climbs towards the word's whole idf and never reaches it. The longer the passage, the slower it climbs. As a formula for one word, with $n$ for how often the passage has it:
#
# $$\text{idf} \cdot \frac{n}{n + k_1 \left(1 - b + b \cdot \frac{\text{length}}{\text{mean length}}\right)}$$

# %% [markdown]
# $k_1$ says how soon repetitions stop counting, $b$ how much the length matters. Usual values are 1.5 and 0.75. Where $m$ of all $N$ passages have the word, its idf is $\ln(1 + \frac{N - m + 0.5}{m + 0.5})$. By hand, for the word *heart*:

# %%
toy_passages = [
    ["heart", "pain"],
    ["heart", "heart"],
    ["pain", "of", "the", "heart", "muscle"],
    ["lung", "pain"],
]
k1, b, word = 1.5, 0.75, "heart"
have = sum(word in passage for passage in toy_passages)
idf = math.log(1 + (len(toy_passages) - have + 0.5) / (have + 0.5))
mean_length = sum(map(len, toy_passages)) / len(toy_passages)

# %%
print(f"{have} of {len(toy_passages)} passages have the word, so its idf is {idf:.3f}")
for passage in toy_passages:
    times = passage.count(word)
    slow = k1 * (1 - b + b * len(passage) / mean_length)
    print(f"{' '.join(passage):24} {times} times: {idf * times / (times + slow):.4f}")

# %% [markdown]
# Two occurrences score more than one, but not twice as much. One in a longer passage scores less, and a passage without the word gets 0.

# %% [markdown] card="bm25_scores"
# ### Exercise: BM25
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# The score of every passage for a query: the sum over the query's words of what the cell above computes for one; a word that the query has twice counts twice. This is Lucene's form. A word that a passage lacks adds nothing to its score, and an empty passage scores 0.


# %% answer="bm25_scores"
def bm25_scores(
    query: list[str], passages: list[list[str]], k1: float = 1.5, b: float = 0.75
) -> list[float]:
    """BM25 of each passage: sum of idf * count / (count + k1 * (1 - b + b * length / mean length)).

    query: words; passages: n lists of words, not all empty. idf is
    ln(1 + (n - df + 0.5) / (df + 0.5)), df the number of passages that have the word.
    Returns n numbers.

    Example: ["heart"] scores [0.1626, 0.2234, 0.1043, 0.0] on the four passages above.
    """
    ### BEGIN SOLUTION
    mean_length = sum(len(passage) for passage in passages) / len(passages)
    idf = {}
    for word in query:
        df = sum(word in passage for passage in passages)
        idf[word] = math.log(1 + (len(passages) - df + 0.5) / (df + 0.5))
    scores = []
    for passage in passages:
        score, slow = 0.0, k1 * (1 - b + b * len(passage) / mean_length)
        for word in query:
            count = passage.count(word)
            if count:
                score += idf[word] * count / (count + slow)
        scores.append(score)
    return scores
    ### END SOLUTION


# %% check="bm25_scores" points=1
check("bm25_scores", bm25_scores)

# %% hidden="bm25_scores" points=2 seed=40111

# %% [markdown] hints="bm25_scores"
# - **Common words get negative weights.** The 1 stands inside the logarithm: `math.log(1 + (n - df + 0.5) / (df + 0.5))`.
# - **Long passages score too high, or too low.** It is b times the passage's length over the *mean* length, inside `k1 * (1 - b + ...)`, which is added to the count in the denominator.
# - **A word that is asked for twice counts once.** Go through the query's words as they come, not through a set of them. But df counts passages, not occurrences.


# %%
def bm25_by_library(query, passages, k1=1.5, b=0.75):
    texts = [" ".join(words) for words in passages]
    return bm25.BM25(texts, k1, b, tokenize=str.split).scores([" ".join(query)])[0].tolist()


bm25_ = yours("bm25_scores", bm25_scores, instead=bm25_by_library)
scored = bm25_(split_words(asked_texts[example]), [split_words(text) for text in course.passages])
best = sorted(range(len(scored)), key=lambda i: -scored[i])[:4]
for i in best:
    print(f"{scored[i]:.2f} {course.titles[i]}")

# %% [markdown]
# Your function finds passages about the kidney for *Renal failure*. It goes through all passages for each query, which is too slow for thousands of queries. From here on the library **bm25s** does that work. It gives the same scores, but computes each word's weights once, when it makes the index.

# %% [markdown]
# These were words as they stand, so *ears* does not meet *ear*. Search engines put an **analyser** before the index. Ours writes everything in lower case, splits words at hyphens, drops *stop words* (*the*, *of* and others that say nothing of the subject), and cuts each word to its *stem*, which all its forms share.

# %%
asked_for = "Underdeveloped ears"
passage = course.passages[course.validation.positives[course.validation.queries.index(asked_for)]]
for name, terms in {"words": split_words, "analysed": analyze_english}.items():
    both = set(terms(asked_for)) & set(terms(passage))
    print(f"{name:9}{terms(asked_for)} and {terms(passage)} share {sorted(both) or 'nothing'}")

# %% [markdown]
# The query and its passage have no word in common, but two stems. What is that worth over all validation queries?

# %%
plain, index = bm25.BM25(course.passages, tokenize=split_words), bm25.BM25(course.passages)
indexes = {"BM25, words as they stand": plain, "BM25 with an analyser": index}
by_bm25 = [bench.ndcg(x.top_k(course.validation.queries, 10)[1]) for x in indexes.values()]

# %%
words, analysed = by_bm25
worth = paired_interval(analysed, words)
claim(
    "The analyser makes BM25 better.",
    holds=worth.low > 0,
    measured=f"nDCG@10 {words.mean():.3f} with words, {analysed.mean():.3f} analysed, difference "
    f"{worth}; the untrained encoder {untrained.mean():.3f}",
)

# %% [markdown] tags=["folded"]
# A baseline should be a strong one: whoever compares an encoder with BM25 on bare words flatters the encoder. From here on BM25 means BM25 with the analyser.

# %% [markdown]
# Now its negatives: for each query of half B the passages with the highest scores, without the positive. A passage that shares no stem with the query scores 0 and is not taken; -1 stands where there are too few.

# %%
by_words = negatives.mine_bm25(index, asked_texts, right, 40, texts=course.passages).indices
short = (by_words[:, 3] < 0).float().mean()
print("BM25    ", " | ".join(course.titles[i] for i in by_words[example, :4].tolist()))
print("encoder ", " | ".join(course.titles[i] for i in nearest_four[example].tolist()))
print(f"queries with fewer than four negatives by words: {short:.1%}")

# %% [markdown]
# Both lists are about the query's subject, and they share a passage. A few queries find fewer than four by words.

# %% [markdown]
# ## 4. Negatives by vectors
#
# The second way you have seen: take the passages whose vectors are nearest, without those that are right. In section 2 the library did that. How does it work?

# %% [markdown]
# Multiply all queries by all passages, and you have a table of scores, one row a query. Strike out the positives, and take the best of each row. For a million passages the table does not fit into memory, so we go through the queries in *blocks*. The naive loop, without blocks:

# %%
toy_q = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
toy_p = torch.tensor([[0.9, 0.1], [0.8, 0.3], [0.2, 0.7], [-0.5, 0.6]])
toy_right = [[0], [2, 1]]
for i, own_rows in enumerate(toy_right):
    scores = {j: float(toy_q[i] @ toy_p[j]) for j in range(4) if j not in own_rows}
    best = sorted(scores, key=lambda j: -scores[j])[:3]
    print(f"query {i}: rows {best + [-1] * (3 - len(best))}")

# %% [markdown]
# Query 1 has two positives, so only two passages are left for it, and -1 fills the row.

# %% [markdown] card="mine_negatives"
# ### Exercise: mine without the positives
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# For each query the k highest-scoring passages that are not among *its* positives, best first. A query may have several positives. Score `block` queries at a time. Where too few passages are left, fill the row with -1; a k beyond the corpus is cut to its size.


# %% answer="mine_negatives"
def mine_negatives(
    queries: torch.Tensor, passages: torch.Tensor, positives: list[list[int]], k: int, block: int
) -> torch.Tensor:
    """The k hardest negatives of each query by dot product.

    queries: (q, dim); passages: (n, dim); positives: for each query the rows that are right;
    block: queries that are scored at a time. Returns (q, min(k, n)) rows of passages, -1 where
    there are too few.

    Example: the loop above, with k = 3, gives [[1, 2, 3], [3, 0, -1]].
    """
    ### BEGIN SOLUTION
    found = []
    for start in range(0, len(queries), block):
        scores = queries[start : start + block] @ passages.T
        for row, own in enumerate(positives[start : start + block]):
            scores[row, own] = float("-inf")
        best, rows = scores.topk(min(k, len(passages)), dim=1)
        found.append(rows.masked_fill(best == float("-inf"), -1))
    return torch.cat(found)
    ### END SOLUTION


# %% check="mine_negatives" points=1
check("mine_negatives", mine_negatives)

# %% hidden="mine_negatives" points=2 seed=51229

# %% [markdown] hints="mine_negatives"
# - **Positives are among your negatives.** Set their scores to minus infinity before you take the best. 0 is not low enough: all others may lie below.
# - **It is right for one block and wrong for several.** The positives of a block are `positives[start : start + block]`; count rows within the block.
# - **-1 is missing, or topk fails.** Take `min(k, len(passages))`, and put -1 where the best score left is minus infinity.


# %%
def mine_by_library(queries, passages, positives, k, block):
    return negatives.mine(queries, passages, positives, min(k, len(passages))).indices


mine_ = yours("mine_negatives", mine_negatives, instead=mine_by_library)


def nearest(q: torch.Tensor, p: torch.Tensor, rows: torch.Tensor, k: int = 40) -> torch.Tensor:
    """The k nearest wrong passages of the training pairs `rows`, (pairs, k), by your function."""
    return mine_(q, p, own[rows][:, None].tolist(), k, 512).cpu()


by_encoder = nearest(asked, passages, half_b)
print("encoder ", " | ".join(course.titles[i] for i in by_encoder[example, :4].tolist()))

# %% [markdown]
# From here on your miner does the work. How many of their negatives do words and vectors have in common?

# %% quiz="04-q2"

# %%
shared = metrics.bootstrap_interval(negatives.overlap(by_words[:, :10], by_encoder[:, :10]))
claim(
    "BM25 and the encoder find mostly different negatives.",
    holds=shared.high < 0.5,
    measured=f"of BM25's ten, the encoder's ten hold {shared}",
)

# %% [markdown] tags=["folded"]
# More than half of what one source finds is unknown to the other. It could pay to ask both; section 10 tries it.

# %% [markdown]
# ## 5. Into tuples, and into training
#
# A loss wants rows of a fixed length: query, positive, n negatives. The library sentence-transformers calls them *n-tuples*. In section 2 every query had all its negatives. Now some lack one, and a -1 used as a row number would fetch the *last* passage.

# %% [markdown]
# So a query without all its negatives makes no tuple, and a query with two positives makes two:

# %%
toy_negatives = torch.tensor([[4, 5], [6, -1], [8, 9]])
for query, (own_rows, row) in enumerate(zip([[1, 0], [2], [3]], toy_negatives.tolist())):
    if -1 not in row:
        for positive in own_rows:
            print([query, positive, *row])

# %% [markdown]
# Query 0 makes two tuples, query 1 none.

# %% [markdown] card="make_tuples"
# ### Exercise: n-tuples for MNRL
#
# Difficulty: easy. Importance: high. Minutes: 6.
#
# Do as the loop does. Another number of rows than queries raises a ValueError.


# %% answer="make_tuples"
def make_tuples(positives: list[list[int]], negatives: torch.Tensor) -> list[list[int]]:
    """Return [query, positive, negative, ...] for each positive of a query that has all negatives.

    positives: for each query its rows; negatives: (q, n) rows, -1 where one is missing.
    Raises ValueError if there are not as many rows as queries.

    Example: [[1, 0], [2], [3]] with [[4, 5], [6, -1], [8, 9]] gives
    [[0, 1, 4, 5], [0, 0, 4, 5], [2, 3, 8, 9]].
    """
    ### BEGIN SOLUTION
    if len(positives) != len(negatives):
        raise ValueError(f"{len(positives)} queries, but {len(negatives)} rows of negatives")
    tuples = []
    for query, row in enumerate(negatives.tolist()):
        if -1 in row:
            continue
        for positive in positives[query]:
            tuples.append([query, positive, *row])
    return tuples
    ### END SOLUTION


# %% check="make_tuples" points=1
check("make_tuples", make_tuples)

# %% hidden="make_tuples" points=2 seed=95701

# %% [markdown] hints="make_tuples"
# - **Rows have different lengths.** Do not cut a -1 out: leave the whole query out.
# - **Queries have wrong numbers.** Count all queries, also those that are left out: `enumerate` over all of them.
# - **Tuples are missing.** Each positive of a query makes one of its own.


# %%
def tuples_by_library(positives, wrong):
    return negatives.ntuples(negatives.padded(positives), wrong).tolist()


tuples_ = yours("make_tuples", make_tuples, instead=tuples_by_library)


def tuples_of(wrong: torch.Tensor, rows: torch.Tensor = half_b) -> torch.Tensor:
    """Tuples (t, 2 + n) of the training pairs `rows` by your function, negatives (pairs, n)."""
    made = torch.tensor(tuples_(own[rows][:, None].tolist(), wrong))
    return torch.cat([rows[made[:, :1]], made[:, 1:]], dim=1)


tuples = tuples_of(by_words[:, :4])
print("tuples with BM25's negatives:", tuple(tuples.shape), "of", len(right), "queries")

# %% [markdown]
# `tuples_of` only turns your query numbers, which count within half B, into rows of all training queries. From here on your tuples train.

# %% [markdown]
# We have three sources: random, BM25, the encoder. Here is a fourth, a better encoder for this task: a head trained on half A by MNRL, as in lesson 03. We call it the *miner*.

# %%
miner, _ = bench.train(torch.stack([half_a, own[half_a]], dim=1), in_batch, epochs=3)
with torch.no_grad():
    miner_q, miner_p = miner(asked), miner(passages)
by_miner = nearest(miner_q, miner_p, half_b)
better = paired_interval(bench.quality(miner), untrained)
print("the miner ", " | ".join(course.titles[i] for i in by_miner[example, :4].tolist()))
print("nDCG@10 of the miner minus the encoder:", better)

# %% [markdown]
# The interval lies far above 0: the miner ranks much better than the untrained encoder. Now four negatives a query from each of the four sources, and a head trained with each. Which teach most?

# %% quiz="04-q3"

# %%
sources = {"random": random_rows, "BM25": by_words, "encoder": by_encoder, "miner": by_miner}
taught = Taught()
for name, rows in track(sources.items(), "Training runs", "run"):
    taught[name] = bench.taught_by(tuples_of(rows[:, :4]))
    print(f"{name:8} nDCG@10 {taught[name].mean():.3f}")

# %% [markdown] tags=["folded"]
# Each number is the mean of three heads with different seeds. To compare two of them fairly we take the difference *query by query*, so that hard and easy queries cancel; lesson 07 says more about that.

# %%
minus = taught.minus
pairs = [("BM25", "random"), ("encoder", "random"), ("miner", "random"), ("miner", "encoder")]
show(*figures.differences(taught, pairs, "Four negatives a query: from where?"))

# %%
claim(
    "Hard negatives teach more than random ones, but the better miner's are not the better negatives.",
    holds=minus("BM25", "random").low > 0
    and minus("encoder", "random").low > 0
    and minus("miner", "encoder").low <= 0
    and better.low > 0,
    measured=f"nDCG@10 over random: BM25 {minus('BM25', 'random')}, encoder "
    f"{minus('encoder', 'random')}; miner minus encoder {minus('miner', 'encoder')}",
)

# %% [markdown] tags=["folded"]
# Hard negatives pay, whoever finds them. But the miner knows the task much better than the encoder, and its negatives are no better. Why?

# %% [markdown]
# ## 6. What does the miner find?
#
# Let us read what it finds. For *Sinus inflammation* the right passage is *Sinusitis*. The picture shows the miner's five hardest negatives, and asks of each whether it would help somebody who searches for sinus inflammation. (A *child* is a special case of the right term.)

# %%
relations = Relations(course)
sinus = asked_texts.index("Sinus inflammation")
show(*figures.unmarked(course, asked_texts[sinus], right[sinus], by_miner[sinus, :5]))

# %% [markdown] tags=["folded"]
# Who asks for sinusitis is served by *chronic sinusitis*, too. But the data mark one passage a query, and training pushes every other one away. Such a passage is a **false negative**: right, at least in part, and not marked.

# %% [markdown]
# The ontology tells us how two terms are related. A *child* is a special case of its *parent*, the more general term: we count both as right, at least in part. *Siblings* share a parent: they are near, but something else. How often is the hardest find which of these?

# %%
found = [kind for (kind,) in relations.kinds(right, by_miner[:, :1])]
for kind in KINDS:
    share = metrics.bootstrap_interval(torch.tensor([other == kind for other in found]).double())
    i = found.index(kind)
    print(f"{kind}: {share} of the hardest, such as")
    print(
        f"    {asked_texts[i]!r}: {course.titles[right[i]]}, hardest {course.titles[by_miner[i, 0]]}"
    )

# %% [markdown] tags=["folded"]
# Nearly a third of the miner's hardest finds are children or parents of the right term.

# %% [markdown]
# Is that so at deeper ranks as well, and for the other sources? And what do missing marks do to the measure itself? The next question is about the second.

# %% quiz="04-q4"

# %%
kinship = {
    name: relations.in_line(right, rows[:, :30])
    for name, rows in sources.items()
    if name != "random"
}
thirty = negatives.random_negatives(len(passages), right, 30, seed=SEED)
by_chance = relations.in_line(right, thirty).mean()

# %%
show(*figures.kin_by_rank(kinship, float(by_chance)))

# %%
first = metrics.bootstrap_interval(kinship["miner"][:, 0])
deep = metrics.bootstrap_interval(kinship["miner"][:, 20:].mean(dim=1))
encoders_first = metrics.bootstrap_interval(kinship["encoder"][:, 0])
claim(
    "The hardest unmarked passages are often right, at least in part, and more so for a better miner.",
    holds=first.low > 0.15 and first.low > 5 * deep.high and first.mean > encoders_first.mean,
    measured=f"parents and children at the miner's rank 1: {first}, at ranks 21 to 30: {deep}; at the "
    f"encoder's rank 1: {encoders_first}",
)

# %% [markdown] tags=["folded"]
# The miner ranks better than the encoder, and more of its hardest finds are parents and children of the right term. (BM25 ranks worse than the encoder and finds as many.) So a better miner does not simply bring better negatives. This is no peculiarity of ours: Qu et al. (2021) read a sample of what a model ranked highest in the data set MS MARCO, and 70% of the unmarked were right or highly relevant.

# %% [markdown]
# ## 7. The margin
#
# How can we keep false negatives out, without marks? A cheap rule: what scores as high as the positive, or nearly so, is suspicious, and we drop it. The distance that a candidate has to keep is the **margin**. It is either a fixed number, *absolute*, or a share of the positive's score, *relative* (Moreira et al. 2024, NV-Retriever).

# %% [markdown]
# Four candidates with the scores 0.6, 0.45, 0.35 and 0.1, a positive that scores 0.5, and a margin of 0.2:

# %%
toy_positive, toy_scores = 0.5, [0.6, 0.45, 0.35, 0.1]
show(*diagrams.margin_limits(toy_positive, toy_scores, 0.2))

# %% [markdown]
# The absolute margin puts the limit at 0.3. The relative one takes a fifth of 0.5 and puts it at 0.4, so that 0.35 stays. In a loop, True where a candidate stays:

# %%
for relative in (False, True):
    room = 0.2 * abs(toy_positive) if relative else 0.2
    kept = [score <= toy_positive - room for score in toy_scores]
    print("relative:" if relative else "absolute:", kept)

# %% [markdown] card="keep_by_margin"
# ### Exercise: the margin
#
# Difficulty: easy. Importance: high. Minutes: 8.
#
# Do as the loop does, for the candidates of all queries at once. Relative means a share of the positive's *absolute* value, so that a positive below 0 works too. What lies exactly at the limit stays. A margin below 0, or a relative one above 1, raises a ValueError.


# %% answer="keep_by_margin"
def keep_by_margin(
    scores: torch.Tensor, positive_scores: torch.Tensor, margin: float, relative: bool
) -> torch.Tensor:
    """Tell which candidates score clearly below their query's positive.

    scores: (q, m) of candidates; positive_scores: (q,). Returns (q, m), True where a candidate
    scores at most positive - margin, or, relative, positive - margin * |positive|.
    Raises ValueError for a margin below 0, or above 1 if relative.

    Example: [[0.6, 0.45, 0.35, 0.1]], positive [0.5], margin 0.2: [[False, False, False, True]],
    relative: [[False, False, True, True]].
    """
    ### BEGIN SOLUTION
    if margin < 0 or (relative and margin > 1):
        raise ValueError(f"the margin is {margin}; expected 0 or more, at most 1 if relative")
    room = margin * positive_scores.abs() if relative else margin
    limit = positive_scores - room
    return scores <= limit[:, None]
    ### END SOLUTION


# %% check="keep_by_margin" points=1
check("keep_by_margin", keep_by_margin)

# %% hidden="keep_by_margin" points=2 seed=62351

# %% [markdown] hints="keep_by_margin"
# - **All queries seem to have one limit.** Each row has its own: `limit[:, None]` is (q, 1) and is compared with (q, m).
# - **Positives below 0 go wrong.** `positive * (1 - margin)` lies above a negative positive. Subtract `margin * positive.abs()`.
# - **Only the edge is wrong.** What scores exactly the limit stays: `<=`. And the margin itself is checked first.


# %% quiz="04-q5"

# %% [markdown]
# With your filter behind your miner: find k candidates, drop what scores above the limit, and take the first four that are left.

# %%
keep_ = yours("keep_by_margin", keep_by_margin, instead=below_margin)


def four_below(q: torch.Tensor, p: torch.Tensor, k: int = 200) -> torch.Tensor:
    """Four negatives of each pair of half B, (pairs, 4), by your miner and your margin of 5%."""
    return first_below((q, p), nearest(q, p, half_b, k), right, keep_, margin=0.05)


best_four = four_below(miner_q, miner_p)
lost = (best_four < 0).any(dim=1).float().mean()
print(f"queries left without four negatives at 5%: {lost:.1%}")

# %% [markdown]
# Among 200 finds nearly every query keeps four. Move the margin yourself, for four queries and their twelve hardest candidates. For which query does it find the false negatives, for which not?

# %%
examples = {text: asked_texts.index(text) for text in shown}
explore(*figures.margin_search(course, examples, (miner_q, miner_p), right, by_miner))

# %% [markdown] tags=["folded"]
# For *Waddling walk* a margin of 5% drops the parent, *Gait disturbance*, and with it a sibling, *Out-toeing*, that would have been a good negative. For *Sinus inflammation* the positive scores far above everything, so a margin of 5% drops nothing, and only a wide one reaches the two children. For *Renal failure* everything scores near the positive or above it: the child is dropped, but so are the other eleven, and the negatives come from deeper ranks. A margin sees scores, no meanings.

# %% [markdown]
# Does it help all the same? We train with four margins. And does it matter *whose* scores set the limit? One more run lets the untrained encoder mine and set a margin of 5%.

# %%
margins = [0.0, 0.05, 0.2, 0.4]
deep = nearest(miner_q, miner_p, half_b, 200)
right_scores = scores_of(miner_q, miner_p, right[:, None])[:, 0]
deep_scores = scores_of(miner_q, miner_p, deep)
kept = {m: keep_(deep_scores, right_scores, m, True) for m in margins}
runs = {f"margin {m:.0%}": first_kept(deep, kept[m], 4) for m in margins}
runs["encoder, margin 5%"] = four_below(asked, passages)
for name, rows in track(runs.items(), "Training runs", "run"):
    taught[name] = bench.taught_by(tuples_of(rows))

# %%
curve = {m: float(taught[f"margin {m:.0%}"].mean()) for m in margins}
beside = {"no margin": "miner", "random": "random", "encoder's margin, 5%": "encoder, margin 5%"}
show(*figures.by_margin(curve, {n: float(taught[name].mean()) for n, name in beside.items()}))

# %%
pairs = [("margin 5%", "miner"), ("margin 5%", "encoder, margin 5%")]
pairs += [("encoder, margin 5%", "encoder")]
show(*figures.differences(taught, pairs, title="What a margin of 5% is worth"))

# %%
claim(
    "Dropping what scores above 95% of the positive helps.",
    holds=minus("margin 5%", "miner").low > 0,
    measured=f"nDCG@10, 5% margin minus none: {minus('margin 5%', 'miner')}",
)

# %%
for name, (q, p) in {"encoder": (asked, passages), "miner": (miner_q, miner_p)}.items():
    ahead = scores_of(q, p, sources[name][:, :1]) > scores_of(q, p, right[:, None])
    print(
        f"{name:8} puts a negative above the positive for {ahead.float().mean():.0%} of the queries"
    )

# %%
claim(
    "The miner with its margin teaches more than the untrained encoder with its own.",
    holds=minus("margin 5%", "encoder, margin 5%").low > 0,
    measured=f"nDCG@10, difference {minus('margin 5%', 'encoder, margin 5%')}; the encoder's margin "
    f"minus no margin {minus('encoder, margin 5%', 'encoder')}",
)

# %% [markdown] tags=["folded"]
# With a margin the better miner pays at last. (The curve has no band: what counts are the paired differences, which the second figure draws with their intervals.) But not any model's margin will do. The encoder ranks a wrong passage above the right one for most queries, so its margin may throw out what it should learn from. Who mined differs here as well, so this does not prove that the margin alone did it.

# %% [markdown] tags=["folded"]
# Does the gain come from false negatives that are gone? Only in part, perhaps: whatever drops the top goes deeper as well, where negatives are easier but safer. Section 10 needs a control for that.

# %% [markdown]
# ## 8. A test for miners
#
# Mining code is easily wrong, and wrong negatives still train *something*, so nobody notices. Write the test that tells. One more thing goes wrong in practice: where people's questions are searched, the query's *own text* may stand in the corpus as well. It scores highest of all and teaches nothing, so a miner leaves that row out.

# %% [markdown] card="break_miner"
# ### Exercise: a test that no wrong miner survives
#
# Difficulty: hard. Importance: high. Minutes: 15.
#
# Return cases `(scores, positives, itself, margin, k, expected)` as nested lists, with finite scores. A right miner leaves out the query's own positives, the row of its own text (`itself`) and whatever scores above `lowest - margin * |lowest|`, where `lowest` is the lowest score of its positives. Each query has one at least; k is 1 to 1,000. It returns k rows, highest score first, lower row first among equals, then -1. Every wrong one must fail some case. A handful of cases is enough; 2,000 are the most.


# %% answer="break_miner"
def break_miner() -> list:
    """Return test cases for a miner of hard negatives.

    Each case is (scores (q, n), positives: rows for each query, itself: the row of each query's own
    text or -1, margin: a share from 0 to 1, k, expected (q, k): rows, -1 where one is missing).

    Example of one case: ([[0.25, 1]], [[1]], [-1], 0.5, 2, [[0, -1]]).
    """
    ### BEGIN SOLUTION
    copies = [[1, 1, 0.5]], [[1]], [0], 0, 1, [[2]]
    order = [[0.25, 1, 0.25, 0.5]], [[1]], [-1], 0.25, 3, [[3, 0, 2]]
    margin = [[1, 0.5, 0.375, 0.25, 0.125]], [[0, 1]], [4], 0.5, 2, [[3, -1]]
    below_zero = [[-0.5, -0.375, -0.75, -1]], [[0]], [-1], 0.5, 2, [[2, 3]]
    two_queries = [[1, 0.5, 0], [0.5, 1, 0]], [[0], [1]], [-1, -1], 0.25, 1, [[1], [0]]
    return [copies, order, margin, below_zero, two_queries]
    ### END SOLUTION


# %% check="break_miner" points=1
check("break_miner", break_miner)

# %% hidden="break_miner" points=2 seed=73477

# %% [markdown] hints="break_miner"
# - **A suspect passes that mines positives, or the query itself.** The limit drops them anyhow where they score above it. Use a margin of 0, and let the query's own text score no more than the positive.
# - **A suspect passes whose limit is wrong.** With two positives, the higher listed first, put passages between every pair of limits you can think of, and one exactly at the right one. Then do the same with a positive below 0.
# - **A suspect passes on the order, the length or the rows.** Add two equal scores, a k larger than what is left, a k of 1 with the positive on top, and a second query whose negative is the first one's positive.


# %% [markdown]
# Does the miner of our library survive your test?


# %%
def one_case():
    return [([[0.25, 1]], [[1]], [-1], 0.5, 2, [[0, -1]])]


cases = yours("break_miner", break_miner, instead=one_case)()
passed = sum(mine_from_scores(*given) == expected for *given, expected in cases)
print(f"the library's miner passes {passed} of {len(cases)} cases")

# %% [markdown]
# It passes them all. A case that it failed would be a wrong case, or one with a score just at the limit, where rounding decides.

# %% [markdown]
# ### The same by sentence-transformers
#
# Outside this course you will meet `mine_hard_negatives` of the library sentence-transformers. It does what you have written: mine, leave positives out, apply a margin, make n-tuples. `range_max` is how many candidates it looks at, `num_negatives` how many it keeps. (In version 6 there is no `top_k`.)

# %% [markdown]
# It encodes all texts anew with the model it gets. To save that time we give it `KnownVectors`, a stand-in that hands out the miner's vectors.

# %%
texts = {"query": asked_texts, "positive": [course.passages[i] for i in right]}
known = KnownVectors((asked_texts, miner_q), (course.passages, miner_p))
options = {"range_max": 30, "num_negatives": 5, "relative_margin": 0.05}
options |= {"corpus": course.passages, "output_format": "n-tuple", "verbose": False}
found = mine_hard_negatives(Dataset.from_dict(texts), known, **options)
theirs = rows_of(found, asked_texts, course.passages, 5)  # (pairs, 5), -1 without a tuple
print(found.column_names, len(found), "tuples")

# %% [markdown]
# And ours: the first five below the limit, out of 200 candidates.

# %%
ours = first_kept(deep, kept[0.05], 5)
whole = (theirs >= 0).all(dim=1)
only_ours = ~whole & (ours >= 0).all(dim=1)
equal = (theirs == ours).all(dim=1) & whole
print(f"the same five for {equal.sum()} of {whole.sum()}; only ours has five for {only_ours.sum()}")
dropped = (~kept[0.05][:, :30]).sum(dim=1)
print(f"of the first 30 of these the margin drops at least {dropped[only_ours].min()}")

# %% [markdown] tags=["folded"]
# Where both have five, they are the same. The others differ by one setting: theirs looks at 30 candidates, and where more than 25 of these lie above the limit, fewer than five are left and the query makes no tuple. Ours looks at 200. So give `range_max` room when you use a margin; by default it is ten times `num_negatives` and a little more.

# %% [markdown]
# ## 9. Another judge: the cross-encoder
#
# A margin compares finished vectors. A **cross-encoder** reads query and passage *together*, so that each word sees the words of the other text. It may notice what two vectors cannot say.

# %%
show(*diagrams.architectures())

# %% [markdown]
# The miner is of the left column. What we make now stands between the first and the last one. Trained cross-encoders exist (`lib.models.load_cross_encoder`, from a hub); offline we make one from our encoder. Its lower layers read each text alone, once; only the upper two read the pair, so a full cross-encoder would cost more.

# %% [markdown]
# It learns from small contests: the positive against four passages, drawn from the miner's thirty hardest. Queries and positives are of half A. `full` makes a contest of each pair of half A, `fast` of fewer. The loss is the one of section 2.

# %%
many = len(half_a) if PROFILE == "full" else 480 if device.type == "cpu" else 640
with torch.no_grad():
    thirty_hardest = nearest(miner(queries[half_a.to(queries.device)]), miner_p, half_a, 30)
groups = contests(half_a, own[half_a], thirty_hardest, many, seed=SEED)
judge = cross_encoder.CrossEncoder(model, joint_layers=2)
history = cross_encoder.train(
    judge, course.train.queries, course.passages, groups, seed=SEED, keep=True
)
pairs_read = groups[:, 1:].numel()
print(f"{pairs_read} pairs in {history.seconds:.0f} s: {pairs_read / history.seconds:.0f} a second")

# %% [markdown]
# Reading pairs is slow: that is why there are so few. Is the judge any good now? It puts the encoder's first twenty passages in a new order, for 300 validation queries. We also take the time that a pair needs.

# %%
few, texts = held_out[:300], course.validation.queries[:300]
candidates = top_k(few, passages, 20)[1].cpu()
began = time.perf_counter()
read = judged(judge, texts, course.passages, candidates)
pair_seconds = (time.perf_counter() - began) / read.numel()
began = time.perf_counter()
top_k(held_out, passages, 20)
dot_seconds = (time.perf_counter() - began) / (len(held_out) * len(passages))

# %% [markdown]
# To compare like with like, two trained heads order the same twenty passages: one that learned from the judge's own tuples by the same loss, and the miner, which learned from all pairs of half A.

# %%
heads = {"head, same tuples": bench.train(groups, epochs=20)[0], "miner": miner}
orders = {"cross-encoder": read, "untrained encoder": -torch.arange(20.0).expand(read.shape)}
with torch.no_grad():
    orders |= {n: scores_of(h(few), h(passages), candidates) for n, h in heads.items()}
reranked = Taught((name, bench.reordered(candidates, own)) for name, own in orders.items())

# %%
pairs = [("cross-encoder", n) for n in ("untrained encoder", "head, same tuples", "miner")]
show(*figures.differences(reranked, pairs, "Twenty passages in a new order"))

# %%
equal = reranked.minus("cross-encoder", "head, same tuples")
claim(
    "Trained on the same tuples, this cross-encoder beats a head of one matrix, at more than a thousand "
    "times the cost.",
    holds=equal.low > 0 and pair_seconds > 1_000 * dot_seconds,
    measured=f"nDCG@10, cross-encoder minus head {equal}; a pair costs more than 1,000 dot products",
)

# %%
hours = pair_seconds * len(course.train.queries) * len(passages) / 3600
print(f"a pair read together {1e3 * pair_seconds:.2f} ms, a dot product {1e9 * dot_seconds:.0f} ns")
print(f"all training queries with all passages: {hours:.1f} hours by this cross-encoder")

# %% [markdown] tags=["folded"]
# Nobody reads all pairs together at that price: a cross-encoder gets a few candidates of each query. It is better than a head that learned from the same tuples. It also has more to train, two layers against one matrix, so not all of this need come from reading together.

# %% [markdown] tags=["folded"]
# But a dot product is so cheap to train that the miner saw all pairs of half A, each with 127 negatives, in about a second. Look at the line for the miner: where no difference can be told, nobody can say that all the reading was worth more. Cross-encoders in use are trained on very many more pairs.

# %% [markdown]
# As a judge it drops what it scores above the positive, less a margin. As a loop, for two negatives a query and a margin of 0.05, on a toy with missing candidates:

# %%
toy_candidates = [[7, 3, 9, 4], [5, -1, 2, -1]]
toy_judged, toy_positives = [[0.9, 0.3, 0.7, 0.2], [0.1, 0.0, 0.9, 0.0]], [0.8, 0.6]
for rows, scores, positive in zip(toy_candidates, toy_judged, toy_positives):
    kept = [row for row, s in zip(rows, scores) if row != -1 and s <= positive - 0.05][:2]
    print(kept + [-1] * (2 - len(kept)))

# %% [markdown]
# In the first row 7 is dropped, since the judge scores it above 0.75. The second row has one candidate left.

# %% [markdown] card="filter_by_judge"
# ### Exercise: filter by a judge
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# Do as the loop does. Candidates come hardest first; -1 is none. Drop those that the judge scores above the positive minus the margin. Of the rest return the first k, in the miner's order, filled with -1.


# %% answer="filter_by_judge"
def filter_by_judge(
    candidates: torch.Tensor,
    judged: torch.Tensor,
    positive_judged: torch.Tensor,
    margin: float,
    k: int,
) -> torch.Tensor:
    """Keep the first k candidates that a judge does not find right.

    candidates: (q, m) rows or -1; judged: (q, m), the judge's scores; positive_judged: (q,), its
    score of the positive. Returns (q, k) rows in the order they came, -1 where there are too few.

    Example: [[7, 3, 9, 4]] judged [[0.9, 0.3, 0.7, 0.2]], positive [0.8], margin 0.05, k = 2:
    [[3, 9]].
    """
    ### BEGIN SOLUTION
    kept = (judged <= (positive_judged - margin)[:, None]) & (candidates != -1)
    found = torch.full((len(candidates), k), -1)
    for query in range(len(candidates)):
        rows = candidates[query][kept[query]][:k]
        found[query, : len(rows)] = rows
    return found
    ### END SOLUTION


# %% check="filter_by_judge" points=1
check("filter_by_judge", filter_by_judge)

# %% hidden="filter_by_judge" points=2 seed=84589

# %% [markdown] hints="filter_by_judge"
# - **Too much or too little is kept, or in another order.** Each row has its own limit, the positive's score minus the margin; what lies exactly at it stays. Select with a mask, so that the miner's order stays, too.
# - **Rows come back shorter than k.** Filter first, take the first k then, and fill with -1.
# - **-1 takes a place.** A missing candidate is not kept, whatever its score says.


# %% [markdown]
# The judge reads the miner's first six for every query of half B, and your function drops what it scores above the positive's score less 0.1 (its scores lie between -1 and 1).

# %%
DEPTH = 6
six = by_miner[:, :DEPTH]
both = torch.cat([six, right[:, None]], dim=1)
verdicts = judged(judge, asked_texts, course.passages, both, keep=True)
filter_ = yours("filter_by_judge", filter_by_judge, instead=below_judge)
left = filter_(by_miner[:, :DEPTH], verdicts[:, :DEPTH], verdicts[:, DEPTH], 0.1, DEPTH)
by_judge = ~(six[:, :, None] == left[:, None]).any(dim=2)  # (pairs, 6), True where it dropped
print(f"the judge drops {by_judge.float().mean():.0%} of the six")

# %% [markdown]
# Nobody has told it what parents and children are. If it recognises them, it drops them more often than the other passages among the same six.

# %%
related = relations.in_line(right, six).bool()
of_kin, of_others = dropped_shares(by_judge, related)
more = paired_interval(of_kin, of_others)
claim(
    "The judge drops parents and children more often than other passages, without being told of them.",
    holds=more.low > 0,
    measured=f"dropped: {of_kin.mean():.0%} of them, {of_others.mean():.0%} of the others among the "
    f"same six; difference {more}",
)

# %% [markdown] tags=["folded"]
# So the judge throws them out more often. A part of that may be their rank: they stand higher among the six, and what is more alike scores higher. Does training gain by it?

# %% [markdown]
# ## 10. One comparison of all filters
#
# We have the parts for all our recipes. They all begin with the miner's finds, and they are all compared in one figure. First a question about what makes such a comparison fair.

# %% quiz="04-q6"

# %% [markdown]
# **Filters.** Four ways to drop some of the six, filled up from ranks 7 and further: the judge; the 5% margin; as a *control* as many at random as the judge drops; and both together, in which the judge reads only the *borderline* cases. There the margin decides alone what scores above the positive (dropped) and what scores more than 15% below it (kept).

# %%
six_scores = scores_of(miner_q, miner_p, six)
above = ~keep_(six_scores, right_scores, 0.0, True)
borderline = ~above & ~keep_(six_scores, right_scores, 0.15, True)
filters = {
    "judge": by_judge,
    "random drop": as_many_at_random(by_judge, SEED),
    "margin, same six": ~keep_(six_scores, right_scores, 0.05, True),
    "borderline by judge": above | (borderline & by_judge),
}
print(f"the judge has to read {borderline.float().mean():.0%} of the six")

# %% [markdown]
# That is a fraction of its work. `mine_hard_negatives` takes a `cross_encoder`, too. It has it read every candidate, not the borderline alone, and does not ask it at all unless a margin or a limit is set.

# %% [markdown]
# **Mixes.** Is a mix of sources better than each alone? They take turns: one negative from the miner after its margin, one from BM25, and so on.

# %%
word_scores = scores_of(miner_q, miner_p, by_words)
safe_words = first_kept(by_words, keep_(word_scores, right_scores, 0.05, True), 4)
recipes = {name: refilled(by_miner, gone, 4) for name, gone in filters.items()}
recipes["BM25, margin 5%"] = safe_words
recipes["miner + BM25"] = negatives.mix([best_four, safe_words], 4)
for name, rows in track(recipes.items(), "Training runs", "run"):
    taught[name] = bench.taught_by(tuples_of(rows))

# %% [markdown]
# **Rounds.** And what if nobody has trained a miner yet? Then one starts from words.

# %% quiz="04-q7"

# %% [markdown] tags=["folded"]
# This is called mining in rounds (Xiong et al. 2021, ANCE). Each round's model finds the negatives for the next, and for the very pairs that it was trained on: here we break the rule of section 1, as is usual. We run three rounds, with the margin and without.

# %%
ways = {"rounds": partial(nearest, rows=half_b, k=4), "rounds, margin": partial(four_below, k=40)}
miners = {name: bench.mined_by(half_b, way, tuples_of) for name, way in ways.items()}
for name, each in bench.in_rounds(tuples_of(by_words[:, :4]), miners).items():
    taught |= {f"{name} {n}": quality for n, quality in enumerate(each, start=1)}
    print(f"{name:15}", [f"{quality.mean():.3f}" for quality in each])

# %% [markdown]
# `rounds, margin 3` is the model of the third round, with a margin of 5% in each. Now all in one figure. The first four rows compare each filter with *no* filter, the miner's first four as they come; the next two with the control. The seventh says what is lost, if anything, where the judge reads the borderline only. Then come the mix and the rounds.

# %%
pairs = [(name, "miner") for name in filters]
pairs += [("judge", "random drop"), ("margin, same six", "random drop")]
pairs += [("borderline by judge", "judge")]
pairs += [("miner + BM25", "margin 5%"), ("miner + BM25", "BM25, margin 5%")]
pairs += [("rounds, margin 3", "rounds 3"), ("rounds, margin 3", "rounds, margin 1")]
show(*figures.differences(taught, pairs, "Filters, mixes and rounds"))

# %%
claim(
    "The judge's filter helps, and so does dropping as many at random.",
    holds=minus("judge", "miner").low > 0 and minus("random drop", "miner").low > 0,
    measured=f"nDCG@10 over no filter: judge {minus('judge', 'miner')}, random "
    f"{minus('random drop', 'miner')}; judge minus random {minus('judge', 'random drop')}",
)

# %% [markdown] tags=["folded"]
# Only what a filter wins over a control that drops as many is judgement. The judge wins nothing over it here, though it drops more parents and children. For the margin no difference can be told, and this control drops another number than it does.

# %% [markdown] tags=["folded"]
# Asking the judge at the border only reads a third of the candidates, and the result is better than where it reads all. A filter that was never compared with random dropping proves little.

# %% [markdown] tags=["folded"]
# Mind the yardstick, too: our measure knows one right passage a query. A model that ranks a child first gets no credit for the child, so what sparing relatives is worth to a reader may not show. That is why people judge *pools* of results before they trust such numbers; lesson 07 does.

# %%
mix = {name: minus("miner + BM25", name) for name in ("random", "BM25, margin 5%", "margin 5%")}
claim(
    "A mix is safe: it beats random and BM25. It does not beat the best source alone here.",
    holds=mix["random"].low > 0
    and mix["BM25, margin 5%"].low > 0
    and mix["margin 5%"].low <= 0
    and mix["margin 5%"].high > -0.01,
    measured="nDCG@10, miner + BM25 minus " + ", minus ".join(f"{n} {v}" for n, v in mix.items()),
)

# %% [markdown] tags=["folded"]
# "A mix beats any one source" is often said, and often true where no single source is good. Here the miner with its margin is good by itself. You know which it is only when you have measured each alone.

# %%
claim(
    "Mining in rounds needs the margin: with it the third round's model is better than without.",
    holds=minus("rounds, margin 3", "rounds 3").low > 0,
    measured=f"nDCG@10, with a margin minus without {minus('rounds, margin 3', 'rounds 3')}",
)

# %% [markdown] tags=["folded"]
# A likely reason: without the margin each round trains against the false negatives that the last one has found. With it, does the third round beat the first? Only if the interval in the last row lies above 0.

# %% [markdown]
# ## 11. On top of the batch
#
# So far each query chose among five passages. In lesson 03 it chose among all passages of its batch, 128 of them. Are mined negatives worth anything on top of these *in-batch negatives*? In MNRL a query's mined negatives join the pool of the whole batch: with four each, every query has 127 + 4 · 128 = 639 others.

# %% quiz="04-q8"

# %%
on_top = {"random": random_rows, "miner": by_miner[:, :4], "miner, margin 5%": best_four}
taught["in-batch alone"] = bench.taught_by(tuples_of(random_rows), in_batch)
for name, rows in track(on_top.items(), "Training runs", "run"):
    taught[f"in-batch + {name}"] = bench.taught_by(tuples_of(rows), mnrl)

# %%
plain_batch, unfiltered = "in-batch alone", "in-batch + miner"
filtered = "in-batch + miner, margin 5%"
pairs = [(f"in-batch + {name}", plain_batch) for name in on_top]
pairs += [(filtered, unfiltered), (filtered, "in-batch + random")]
show(*figures.differences(taught, pairs, "In-batch negatives, and four more a query"))

# %%
little = minus(filtered, "in-batch + random")
claim(
    "On top of 127 in-batch negatives, no gain of mined ones over as many random ones can be told, for one matrix.",
    holds=little.low <= 0,
    measured=f"nDCG@10, filtered minus as many random {little}; unfiltered minus filtered "
    f"{minus(unfiltered, filtered)}",
)

# %% [markdown] tags=["folded"]
# So no gain can be told from the negatives that taught most by themselves, in a large batch and for a model of one matrix. Perhaps some of the 127 others are hard enough already, or one matrix can learn only so much.

# %% [markdown]
# ## 12. On the leaderboard
#
# What cannot be told from the simplest is not worth its trouble. So the leaderboard gets a head trained on *all* pairs with in-batch negatives alone, of which the state is kept that does best on the validation queries. It goes to the test queries beside BM25.

# %%
everybody = torch.stack([torch.arange(len(own)), own], dim=1)
head, _ = bench.train(everybody, in_batch, validated=True)
test = encode_cached(model, course.test.queries)
found = {name: x.top_k(course.test.queries, 10)[1] for name, x in indexes.items()}
with torch.no_grad():
    best = bench.found(head(test), head(passages))
found["Head by MNRL, negatives chosen: in-batch alone"] = best

# %%
for system, best in found.items():
    ranked = [[course.ids[i] for i in one] for one in best.tolist()]
    row = leaderboard.evaluate(system, "04", ranked, course.test)
    leaderboard.save(row)
    print(row.system, "| nDCG@10", row.ndcg_at_10, "recall@10", row.recall_at_10)

# %%
show(*figures.board(leaderboard.board(row)))
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% [markdown] tags=["folded"]
# With an analyser BM25, which learns nothing, comes near the untrained encoder; the trained head is far above both. And what teaches most by itself need not add anything to what is there already.

# %% [markdown]
# ## 13. What `full` found
#
# Perhaps one matrix can learn only so much. What if all layers of the encoder are trained, and all passages of the ontology are searched? All runs together take minutes on a GPU and about an hour on a CPU, so only `PROFILE = "full"` does it. Its batches are of 32, for memory's sake: 31 in-batch negatives, and two mined ones a query, which all 32 share.

# %%
stored = full_results.load("04")
if PROFILE == "full":
    whole = {plain_batch: random_rows[:, :0], "in-batch + random": random_rows}
    whole |= {unfiltered: by_miner[:, :4], filtered: best_four}
    made = {name: tuples_of(rows)[:, :4] for name, rows in whole.items()}
    taught |= bench.all_layers(load_encoder(MODEL, device=device), made)
    settings = {"passages": len(passages), "pairs": len(right), "device": device, "seed": SEED}
    stored = full_results.save("04", settings, *taught.beside_all_layers(pairs))

# %% [markdown]
# In `fast` the next cells show what such a run has left, with its date and settings. Where none has been kept they say so.

# %%
print(stored or "No run of full has been kept yet: course run 04 --profile full --save")
if stored:
    show(*figures.told_differences(stored.differences, f"What full found on {stored.date}"))

# %%
if stored:
    gain, more = (
        stored.differences[f"all layers, {filtered} minus all layers, {other}"]
        for other in (plain_batch, "in-batch + random")
    )
    claim(
        "Beside 31 in-batch negatives, filtered mined ones taught all layers more, in one run each.",
        holds=gain.low > 0,
        measured=f"nDCG@10, filtered minus none {gain}, minus as many random {more}, in the run of "
        f"{stored.date}",
    )

# %% [markdown] tags=["folded"]
# What one matrix could not use, all layers could, in one run each: the interval is about queries, not about seeds. Mind what else differs from section 11: here a batch holds 31 other passages, there 127. And mind the control once more: a part of the gain comes from having more negatives at all, as the random ones show. Where the interval of *filtered minus as many random* lies above 0, the rest is owed to their being hard.

# %% quiz="04-q9"

# %% [markdown]
# ## Takeaways
#
# - A negative teaches while the model confuses it with the positive. Random ones are told apart after a few steps.
# - Words and vectors find different negatives. Leave *all* positives of a query out, and the query's own text.
# - Give BM25 an analyser before you compare anything with it.
# - The hardest unmarked passages are often right. Our better miner found more of them, and needed a margin, set by a model that knows the task.
# - A filter also goes deeper: compare it with as many dropped at random.
# - A cross-encoder reads pairs together, at a cost. Compare it with vectors trained on the same pairs, and with vectors trained at the same cost.
# - Measure each source alone, then the mix, then on top of the batch: the answers differ.

# %% [markdown]
# ## Further reading
#
# - Karpukhin et al. (2020). Dense Passage Retrieval for Open-Domain Question Answering. EMNLP.
# - Xiong et al. (2021). Approximate Nearest Neighbor Negative Contrastive Learning for Dense Text Retrieval. ICLR.
# - Qu et al. (2021). RocketQA: An Optimized Training Approach to Dense Passage Retrieval for Open-Domain Question Answering. NAACL.
# - Moreira et al. (2024). NV-Retriever: Improving Text Embedding Models with Effective Hard-Negative Mining. arXiv.
# - Manning, Raghavan and Schütze (2008). Introduction to Information Retrieval, section 2.2 (analysers). Cambridge University Press.
# - Robertson and Zaragoza (2009). The Probabilistic Relevance Framework: BM25 and Beyond. Foundations and Trends in Information Retrieval.
# - Kamphuis et al. (2020). Which BM25 Do You Mean? A Large-Scale Reproducibility Study of Scoring Variants. ECIR.
# - Nogueira and Cho (2019). Passage Re-ranking with BERT. arXiv.
# - Cao et al. (2020). DeFormer: Decomposing Pre-trained Transformers for Faster Question Answering. ACL.
# - MacAvaney et al. (2020). Efficient Document Re-Ranking for Transformers by Precomputing Term Representations. SIGIR.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
