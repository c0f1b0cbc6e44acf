# ---
# jupyter:
#   course:
#     lesson: "05"
#     title: Matryoshka embeddings and quantisation
#     minutes: 165
#     objectives:
#       - Cut embeddings short and renormalise them, and show what goes wrong without.
#       - Train a head so that the first few numbers of a vector are an embedding too, and measure the gain against strong rivals.
#       - Search with short vectors or single bits, then rescore a shortlist, and say what that costs in quality.
#       - Store vectors as int8 codes and as bits, with ranges from the right place.
#       - Compute what an index takes and choose a point on the frontier of bytes and quality.
#     prerequisites:
#       - Lesson 02 (encoding, cosine search)
#       - Lesson 03 (MNRL) or knowing what in-batch negatives are
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
import functools
import math

import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer import losses as st_losses
from sentence_transformers.util import batch_to_device

from lib import (
    bi_encoder,
    diagrams,
    finetune,
    leaderboard,
    losses,
    matryoshka,
    metrics,
    plots,
    plots_frontier,
    plots_lengths,
    plots_paired,
    pooling,
    quantization,
    search,
    significance,
)
from lib.data import load_course_set
from lib.device import pick_device, seed_everything
from lib.explore import explore, neighbour_lists, neighbours_by_length
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder
from lib.plots import show

seed_everything(SEED)

# %% [markdown]
# ## 1. Cutting a vector short
#
# A search index keeps one vector for every passage, and to be fast it keeps them all in memory. Our vectors have 384 numbers, and a number in float32 takes four bytes. For many passages that adds up.

# %% [markdown]
# There are two ways to save. One is to keep fewer numbers of each vector. The other is to *quantise*, which means to store each number coarsely, in fewer bits. This lesson asks what either costs in quality, and how training can lower the price.

# %% [markdown]
# A *Matryoshka* is a Russian doll with a smaller doll inside, which holds a smaller one again. A Matryoshka embedding is built in the same way: its first 128 numbers are an embedding by themselves, and so are the first 64 of these.

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
passages = search.encode_cached(model, course.passages)
queries = search.encode_cached(model, course.validation.queries)
print("passages", tuple(passages.shape), " validation queries", tuple(queries.shape))
print(f"a hundred million such vectors: {100_000_000 * passages.shape[1] * 4 / 1e9:.0f} GB")

# %% [markdown]
# Two graphics cards of 80 GB would be full of vectors alone. (The setting `PROFILE` in the first cell says how much we search here: 4,000 passages with `fast`, all that the ontology defines with `full`, which also trains whole encoders.)

# %% [markdown]
# The simplest way to shorten a vector is to keep its first numbers and to drop the rest. Before you run the next cell: how long is what is left?

# %% quiz="05-q1"

# %%
lengths = {dim: passages[:, :dim].norm(dim=1) for dim in (384, 256, 128, 64, 32)}
for dim, length in lengths.items():
    print(
        f"{dim:>4} numbers: length {length.mean():.3f}, from {length.min():.3f} to {length.max():.3f}"
    )

# %% [markdown] tags=["folded"]
# Squares add up, so a sixth of the numbers holds about a sixth of the squared length, and the root of a sixth is 0.41. But this is only the mean. Each text keeps another part of its length, some of them much less than others.

# %% [markdown]
# What does that do to a search? Here is a toy question with two passages, A and B. Each vector has three numbers and the length 1, and we keep the first two numbers.

# %%
show(*diagrams.cut_vectors([0.6, 0.0, 0.8], {"A": [0.28, 0.0, 0.96], "B": [0.8, 0.6, 0.0]}, dim=2))

# %% [markdown]
# By all three numbers, A is the nearer passage. After the cut, the dot product prefers B, although what is left of A points in exactly the question's direction. The reason is that a dot product is a cosine times two lengths:
#
# $$a \cdot b = \lVert a \rVert \, \lVert b \rVert \, \cos(a, b)$$

# %% [markdown]
# The length of the question is the same for all passages, so it changes no order. But of A little length is left, and of B all of it: B wins because it is long, not because it is near. The remedy is to **renormalise**, which means to give what is left of each vector the length 1 again. Then the dot product is the cosine, as in the last column. With numbers and loops:

# %%
toy = [[3.0, 4.0, 12.0], [0.0, 0.0, 5.0]]

for row in toy:
    short = row[:2]
    length = sum(x * x for x in short) ** 0.5
    print(row, "->", [x / length if length > 0 else 0.0 for x in short])

# %% [markdown]
# The first row is cut to 3 and 4. These have the length 5, since 9 + 16 is 25, and dividing by 5 gives 0.6 and 0.8. Of the second row nothing is left. Nothing cannot be made longer, so the row stays at zeros, and the program must not divide by 0.

# %% [markdown] card="truncate_vectors"
# ### Exercise: cut and renormalise
#
# Difficulty: easy. Importance: high. Minutes: 8.
#
# Keep the first `dim` numbers of each row and give what is left length 1. A row of which nothing is left stays zeros. A `dim` below 1 or above the vectors' own raises a ValueError.


# %% answer="truncate_vectors"
def truncate_vectors(vectors: torch.Tensor, dim: int) -> torch.Tensor:
    """Cut vectors short and renormalise them.

    vectors: (n, long). Returns (n, dim) unit vectors; zeros where nothing is left.
    Raises ValueError if dim is not 1 to long.

    Example: [[3, 4, 12]] with dim 2 gives [[0.6, 0.8]].
    """
    ### BEGIN SOLUTION
    if not 1 <= dim <= vectors.shape[1]:
        raise ValueError(f"dim is {dim}, the vectors have {vectors.shape[1]} numbers")
    short = vectors[:, :dim]
    lengths = short.norm(dim=1, keepdim=True)
    return short / lengths.clamp(min=1e-12)
    ### END SOLUTION


# %% check="truncate_vectors" points=1
check("truncate_vectors", truncate_vectors)

# %% hidden="truncate_vectors" points=2 seed=50117

# %% [markdown] hints="truncate_vectors"
# - **The lengths are not 1.** Cut first, then normalise: cutting a unit vector leaves a shorter one.
# - **Other rows change a row's result.** `norm(dim=1, keepdim=True)` gives each row its own length, (n, 1), which divides (n, dim).
# - **No error for a length that cannot be.** Slicing never complains: `v[:, :999]` is the whole vector, `v[:, :-1]` drops one number. Compare `dim` with 1 and `vectors.shape[1]` and raise.

# %%
cut = yours("truncate_vectors", truncate_vectors, instead=matryoshka.truncate)
short = cut(passages, 64)
print(tuple(passages.shape), "->", tuple(short.shape))

# %% [markdown]
# A sixth of the numbers, and each row has the length 1 again. From here on, `cut` is your function.

# %% [markdown]
# Is the repair worth the trouble? As in the lessons before, we measure by nDCG@10. Each of our queries has one right passage. At rank $r$ it counts $1 / \log_2(r + 1)$: 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, down to 0.29 at rank 10, and nothing below. If the right passages of three queries stand at the ranks 1, 3 and 40, nDCG@10 is (1 + 0.5 + 0) / 3 = 0.5.


# %%
def ndcg_of(found: torch.Tensor, split=course.validation) -> torch.Tensor:
    """nDCG@10 of each query, (queries,), for rows found (queries, at least 10)."""
    ranked = [[course.ids[row] for row in rows] for rows in found.tolist()]
    return metrics.ndcg_at_k(ranked, split.relevant, 10)


def ndcg(q: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """nDCG@10 of each query by exact search."""
    return ndcg_of(search.top_k(q.contiguous(), p.contiguous(), 10)[1])


# %% [markdown]
# Two ways to search answer the same queries, so we take their difference query by query. The mean of these differences comes with a 95% interval in square brackets: how far that mean would move if other queries of the same kind had been asked. Where the interval holds 0, no difference can be told.

# %%
whole = ndcg(queries, passages)
renormalised = ndcg(cut(queries, 64), cut(passages, 64))
raw = ndcg(queries[:, :64], passages[:, :64])
loss = significance.paired_interval(renormalised, raw)
claim(
    "Cut vectors are shorter than 1, each by another factor, and without renormalising search loses.",
    holds=float(lengths[64].max()) < 0.9 and float(lengths[64].std()) > 0.01 and loss.low > 0,
    measured=f"mean length {lengths[64].mean():.3f} at 64 of 384; renormalising wins {loss} nDCG@10",
)

# %% [markdown] tags=["folded"]
# What happened to A in the toy happens to right passages in earnest. So always renormalise after a cut.

# %% [markdown]
# ## 2. What does an ordinary model lose?
#
# Our model was never trained to be cut. What does a cut do to its scores? A dot product is a sum with one summand for each number:
#
# $$q \cdot p = q_1 p_1 + q_2 p_2 + \dots + q_{384} \, p_{384}$$
#
# Cutting to 64 numbers means adding up only the first 64 of them. We watch one query, "Spinal muscle wasting", while numbers are added: the cosine with its right passage, *Spinal muscular atrophy*, and with the three passages that lead at 32 numbers.

# %%
DIMS = [8, 16, 32, 64, 128, 256, 384]
asked, answer = "Spinal muscle wasting", "Spinal muscular atrophy"
one = search.encode_cached(model, [asked])
leaders = search.top_k(cut(one, 32), cut(passages, 32), 3)[1][0].tolist()
rows = [course.titles.index(answer), *leaders]
cosines = {dim: (cut(one, dim) @ cut(passages[rows], dim).T)[0] for dim in DIMS}

# %%
lines = {course.titles[row]: [float(cosines[dim][i]) for dim in DIMS] for i, row in enumerate(rows)}
figure = plots.curve(
    DIMS,
    lines,
    title=f"'{asked}': cosines with four passages, from more and more numbers",
    x_label="numbers kept of 384 (log scale)",
    y_label="cosine after the cut",
    log_x=True,
)
ends = (f"{name} {v[2]:.2f} at 32 and {v[-1]:.2f} at 384" for name, v in lines.items())
show(figure, alt="Cosine over the numbers kept, for four passages: " + "; ".join(ends) + ".")

# %% [markdown]
# With all 384 numbers the right passage stands on top. With 32, passages that have nothing to do with the query are far above it. (With `fast` it is *Alexia* that leads, the loss of the ability to read.) A cosine from few numbers is like an opinion poll among few people: off by chance, now up, now down. Among thousands of passages some are always lucky, and these come first. With more numbers, luck evens out.

# %% [markdown]
# Can one choose better numbers to keep? One may mix them before the cut. If all vectors are turned by the same rotation, no dot product changes, but length moves from one number to another. **PCA** (principal component analysis) finds the rotation after which the first number holds as much of the passages' squared length as one number can, the second as much as possible of what is left, and so on. (Textbook PCA first subtracts the mean of all vectors. We do not, since dot products would change.)

# %%
show(*diagrams.principal_direction())

# %% [markdown]
# Each point has two numbers, and only one may be kept. The first number alone throws most of the length away, and points far apart, such as b and d, come to lie side by side. Along the turned axis they stay apart. In numbers: the direction (0.6, 0.8) turns a point by a dot product.

# %%
direction = torch.tensor([0.6, 0.8])
for point in ([3.0, 4.0], [4.0, -3.0]):
    along = float(torch.tensor(point) @ direction)
    print(f"{point}: length 5, first number {point[0]}, along the direction {along:.1f}")

# %% [markdown]
# The first point lies along the direction, so one number holds its whole length. The second lies across, and nothing is left of it. PCA picks directions along which the passages lie.

# %% [markdown]
# For our vectors this means one matrix of 384 by `dim`, computed from the passages, without any training and without a single label. That makes PCA the rival that every other method for short vectors has to beat.


# %%
def first(q, p, dim):
    """Queries and passages by their first numbers."""
    return cut(q, dim), cut(p, dim)


def turned(q, p, dim):
    """Queries and passages along the passages' principal directions, renormalised."""
    axes = matryoshka.principal_directions(p, dim)  # (384, dim)
    return pooling.normalize(q @ axes), pooling.normalize(p @ axes)


# %% quiz="05-q2"


# %%
def drawn(q, p, dim, seed):
    """Queries and passages by numbers drawn at random, the same for both."""
    kept = matryoshka.random_dimensions(384, dim, seed)
    return cut(q[:, kept], dim), cut(p[:, kept], dim)


def at_every_length(shorten, q, p, dims=DIMS) -> list[torch.Tensor]:
    """nDCG@10 of each query at each length."""
    return [ndcg(*shorten(q, p, dim)) for dim in dims]


def mean_of(runs) -> list[torch.Tensor]:
    """The mean over several runs, for each length and query."""
    return [torch.stack(values).mean(dim=0) for values in zip(*runs)]


# %%
draws = [functools.partial(drawn, seed=seed) for seed in range(3)]
ways = {
    "first numbers": at_every_length(first, queries, passages),
    "random numbers": mean_of(at_every_length(draw, queries, passages) for draw in draws),
    "PCA directions": at_every_length(turned, queries, passages),
}

# %%
title = "An ordinary model, cut short in three ways"
show(*plots_lengths.quality_by_length(DIMS, ways, title=title))

# %%
at = {dim: place for place, dim in enumerate(DIMS)}
by_way = {
    f"{way} {what}, {dim} kept": significance.paired_interval(
        ways[f"{way} {what}"][at[dim]], ways["first numbers"][at[dim]]
    )
    for way, what in (("random", "numbers"), ("PCA", "directions"))
    for dim in (128, 64, 16)
}
show(
    *plots_paired.paired_differences(
        by_way,
        title="Random numbers and PCA against the first numbers",
        value_label="nDCG@10 minus that of the first numbers",
    )
)

# %%
kept = float(ways["first numbers"][at[128]].mean() / whole.mean())
gap, better = by_way["random numbers, 128 kept"], by_way["PCA directions, 64 kept"]
claim(
    "An ordinary model keeps most of its quality when cut to a third, its first numbers are nothing "
    "special, and PCA does better.",
    holds=kept > 0.85 and max(abs(gap.low), abs(gap.high)) < 0.04 and better.low > 0,
    measured=f"128 of 384 keep {kept:.0%}; random minus first {gap}; at 64 PCA minus first {better}",
)

# %% [markdown] tags=["folded"]
# The quality falls slowly at first, and fast below 64 numbers. At 128 and at 64 it cannot be told whether the first numbers were kept or some drawn at random: each number tells a little about everything. (At 16 our three draws do a little worse. With so few numbers the luck of a draw may count, and the interval, which is about queries, does not contain it.)
#
# So "it still works at 128" proves nothing about a training method. A Matryoshka model has to win where an ordinary one fails: at few numbers, and against PCA.

# %% [markdown]
# ## 3. The Matryoshka loss
#
# Why is no number of an ordinary model special? Because its loss never looks at one. The loss of lesson 03, MNRL, in which each query has to find its own passage among those of its batch, sees only cosines of whole vectors. Turn all vectors by the same rotation, and every cosine stays as it was, and the loss with them. Nothing in such a training puts what matters first.

# %% [markdown]
# So we have to ask for it. Kusupati et al. (2022) set the same task at several lengths at once: find your passage by all 384 numbers; find it by the first 128 alone; by the first 64 alone; and so on. Each of these beginnings of a vector is called a **prefix**. It is cut out and renormalised, and it gets a loss of its own.

# %%
PREFIXES = {"plain": [384], "Matryoshka": [384, 128, 64, 32, 16]}
show(*diagrams.nested_prefixes(PREFIXES["Matryoshka"]))

# %% [markdown]
# The picture shows why the order of the numbers now matters. The first 16 numbers take part in all five losses, so all five pull at them. The last 256 take part in one. What helps most to tell passages apart is worth most at the front, where every length can use it.

# %% [markdown]
# As a formula, with $\hat q_{1:m}$ for the first $m$ numbers of a query, renormalised, and $w_m$ for the weight of that length:
#
# $$L = \sum_{m} w_m \; \mathrm{MNRL}\left(\hat q_{1:m},\, \hat p_{1:m}\right)$$

# %% [markdown]
# Let us work through one term of the sum. The toy has two queries, each with its own passage (its *positive*), and four numbers. We take the prefix of two. MNRL multiplies the cosines by a scale, here 2, turns each row into shares that sum to 1 (softmax), and asks how large the share of the own passage is.

# %%
toy_queries = torch.tensor([[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, -1.0, 3.0]])
toy_positives = torch.tensor([[0.8, 0.3, 1.0, -1.0], [-0.2, 1.0, 0.5, 2.0]])

cosines = F.normalize(toy_queries[:, :2]) @ F.normalize(toy_positives[:, :2]).T  # (2, 2)
shares = (2.0 * cosines).softmax(dim=1)
for i in range(2):
    row, own = [round(float(x), 2) for x in cosines[i]], float(shares[i, i])
    print(f"query {i}: cosines {row}, share of its own {own:.3f}, loss {-math.log(own):.4f}")

# %% [markdown]
# Each query gives most of its shares to its own passage. Its loss is minus the logarithm of that share, so it is small: 0 if the share were 1, and 0.69 (ln 2) for a blind guess between two passages. The mean of the two is the MNRL of this prefix. The loop below does the same for both prefixes, four numbers with the weight 1 and two with the weight 0.5, and adds up.

# %%
total = 0.0
for dim, weight in zip([4, 2], [1.0, 0.5]):
    a, b = F.normalize(toy_queries[:, :dim]), F.normalize(toy_positives[:, :dim])
    part = 0.0
    for i in range(2):
        scores = [2.0 * float(a[i] @ b[j]) for j in range(2)]
        part += math.log(sum(math.exp(s) for s in scores)) - scores[i]
    total += weight * part / 2
    print(f"prefix of {dim}: MNRL {part / 2:.4f}, sum so far {total:.4f}")

# %% [markdown]
# The second prefix has half the weight, so half of its loss is added. It is a sum and not a mean: each further prefix makes the loss larger.

# %% quiz="05-q3"

# %% [markdown] card="matryoshka_mnrl"
# ### Exercise: MNRL over prefixes
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# The weighted sum of `losses.mnrl` over the prefixes in `dims`. `losses.mnrl` normalises what it gets. Without weights each prefix counts 1; another number of weights than dims raises a ValueError.


# %% answer="matryoshka_mnrl"
def matryoshka_mnrl(
    queries: torch.Tensor,
    positives: torch.Tensor,
    dims: list[int],
    weights: list[float] | None,
    scale: float,
) -> torch.Tensor:
    """Sum the multiple negatives ranking loss over prefixes.

    queries, positives: (batch, long), row i of one belongs to row i of the other. dims: lengths of
    the prefixes; weights: one each, None for 1 each. scale: as in losses.mnrl(..., scale=scale).
    Returns a scalar. Raises ValueError for another number of weights than dims.

    Example: with dims [4, 2] and weights [1.0, 0.5]: MNRL of 4 numbers + half of MNRL of 2.
    """
    ### BEGIN SOLUTION
    if weights is None:
        weights = [1.0] * len(dims)
    if len(weights) != len(dims):
        raise ValueError(f"{len(dims)} dims, but {len(weights)} weights")
    total = torch.zeros(())
    for dim, weight in zip(dims, weights):
        short_queries, short_positives = queries[:, :dim], positives[:, :dim]
        loss = losses.mnrl(short_queries, short_positives, scale=scale)
        total = total + weight * loss
    return total
    ### END SOLUTION


# %% check="matryoshka_mnrl" points=1
check("matryoshka_mnrl", matryoshka_mnrl)

# %% hidden="matryoshka_mnrl" points=2 seed=61843

# %% [markdown] hints="matryoshka_mnrl"
# - **It is right for one prefix and wrong for two.** Add to the sum in each round, and return after the loop.
# - **It is too small by a constant factor.** Nothing is averaged: neither by the number of prefixes nor by the sum of the weights.
# - **Prefixes without a weight vanish.** `zip` stops at the shorter list without a word. Compare the lengths first.


# %%
def summed(q, p, dims, weights, scale):
    return matryoshka.matryoshka_loss(losses.mnrl, q, p, dims=dims, weights=weights, scale=scale)


nested_loss = yours("matryoshka_mnrl", matryoshka_mnrl, instead=summed)
print(f"{float(nested_loss(toy_queries, toy_positives, [4, 2], [1.0, 0.5], 2.0)):.4f}")

# %% [markdown]
# The sum of the loops above. This function will train the models of this lesson.

# %% [markdown]
# ### Under the library's own name
#
# In sentence-transformers the same loss is called `MatryoshkaLoss`. It is wrapped around another loss, here `MultipleNegativesRankingLoss`, whose scale is 20 unless you say otherwise. We give eight training pairs to both.

# %%
train = course.train
train_queries = search.encode_cached(model, train.queries)
train_positives = passages[torch.tensor(train.positives, device=device)]
own_rows = list(dict.fromkeys(train.positives))[:8]  # eight different passages
pairs = [train.positives.index(row) for row in own_rows]  # and a query of each
texts = [train.queries[i] for i in pairs], [course.passages[row] for row in own_rows]

# %%
dims = [384, 256, 128, 64, 32]
inner = st_losses.MultipleNegativesRankingLoss(model)
wrapped = st_losses.MatryoshkaLoss(model, inner, matryoshka_dims=dims)
batch = [batch_to_device(model.preprocess(side), device) for side in texts]
with torch.no_grad():
    theirs = float(wrapped(batch, None))
    sides = [model.encode(list(side), convert_to_tensor=True) for side in texts]
print(f"MatryoshkaLoss {theirs:.4f}, yours {nested_loss(*sides, dims, None, 20.0):.4f}")

# %% [markdown]
# The two are equal. Many examples that you will meet set `matryoshka_dims=[768, 512, 256, 128, 64]`, because their encoder has 768 numbers. Ours has 384, so the prefixes 768 and 512 do not exist:

# %%
try:
    st_losses.MatryoshkaLoss(model, inner, matryoshka_dims=[768, 512, 256, 128, 64])
except ValueError as error:
    print(f"ValueError: {error}")

# %% [markdown]
# The full length itself belongs into the list, or else nothing trains the vectors as a whole; the library warns when it is missing. (Its code also sorts the lengths, longest first. In a sum the order makes no difference.)

# %% [markdown]
# ## 4. Does training help?
#
# We train a *head*: one matrix behind the encoder, which stays as it is. 384 numbers go in, 384 come out, and at the start the matrix is the identity, so that they come out unchanged. One head learns by the loss of whole vectors alone, with the single prefix of 384. The other learns by the sum over the five prefixes of the picture. Everything else is equal: the pairs, their order, the number of steps.

# %%
EPOCHS = 6 if PROFILE == "fast" else 12
SETTINGS = {"batch_size": 128, "epochs": EPOCHS, "lr": 2e-3, "keys": train.positives}


def train_head(prefixes: list[int], seed: int) -> finetune.ProjectionHead:
    """Train a head on all pairs; with `keys`, no passage stands twice in a batch."""
    head = finetune.ProjectionHead(384).to(device)

    def step(rows: torch.Tensor) -> torch.Tensor:
        q, p = head(train_queries[rows.to(device)]), head(train_positives[rows.to(device)])
        return nested_loss(q, p, prefixes, None, 20.0)

    finetune.fit(head, len(train_queries), step, seed=seed, **SETTINGS)
    return head


# %% [markdown]
# A training run depends on chance, on the order of the batches. So we train three heads of each kind and take the mean.

# %%
heads = {name: [train_head(dims, seed) for seed in range(3)] for name, dims in PREFIXES.items()}

# %%
vectors, trained = {}, {}
for name, three in heads.items():
    with torch.no_grad():
        vectors[name] = [(head(queries), head(passages)) for head in three]
    trained[name] = mean_of(at_every_length(first, q, p) for q, p in vectors[name])

# %%
series = {"untrained": ways["first numbers"]}
series |= {f"head, {name}": values for name, values in trained.items()}
title = "Cut to the first numbers: untrained, and two heads"
show(*plots_lengths.quality_by_length(DIMS, series, title=title))

# %%
gain = {
    dim: significance.paired_interval(trained["Matryoshka"][at[dim]], trained["plain"][at[dim]])
    for dim in DIMS
}
show(
    *plots_paired.paired_differences(
        {f"{dim} numbers": gain[dim] for dim in (384, 128, 64, 32, 16)},
        title="Matryoshka head minus plain head, both cut to the first numbers",
        value_label="difference of nDCG@10, mean of three seeds",
    )
)

# %%
claim(
    "A head's Matryoshka training pays where vectors are short and costs nothing at full length.",
    holds=gain[16].low > 0.1 and gain[32].low > 0.05 and gain[384].low > -0.01,
    measured=", ".join(f"{dim}: {gain[dim]}" for dim in (384, 128, 64, 32, 16))
    + " nDCG@10 above the plain head, mean of three seeds",
)

# %% [markdown] tags=["folded"]
# The prefixes help, and the more the fewer numbers are left, down to 16, the shortest prefix that was trained. At 8 they help less again. Mind the comparison, though. Against the untrained model even the plain head looks good at 64 numbers, simply because it has learned our task. What the *prefixes* add is the distance between the two heads.

# %% [markdown]
# And the strong rival of section 2? It is at hand for the plain head, too: train by whole vectors, then turn the vectors along the principal directions of the passages, then cut. Does the Matryoshka head beat that?

# %%
SHORT = [128, 64, 32, 16]
rival = mean_of(at_every_length(turned, q, p, SHORT) for q, p in vectors["plain"])
against = {
    dim: significance.paired_interval(trained["Matryoshka"][at[dim]], values)
    for dim, values in zip(SHORT, rival)
}

# %%
show(
    *plots_paired.paired_differences(
        {f"{dim} numbers": interval for dim, interval in against.items()},
        title="Matryoshka head minus plain head with PCA behind it",
        value_label="difference of nDCG@10, mean of three seeds",
    )
)

# %%
claim(
    "For a head, plain training with PCA behind it is a match for the Matryoshka loss: it finds more at 64 and "
    "128 numbers.",
    holds=against[64].high < 0 and against[128].high < 0,
    measured="Matryoshka minus plain with PCA: "
    + ", ".join(f"{dim}: {interval}" for dim, interval in against.items()),
)

# %% [markdown] tags=["folded"]
# That is sobering, and it is why a baseline has to be a strong one. A head can only mix the numbers that the encoder gives, and so does PCA, which is computed from all the passages of the index. At 16, the shortest length that it was trained on, the Matryoshka head holds its own. Where all layers are trained, a loss can do what PCA cannot: they can learn to compute *other* numbers, and not only mix the given ones. Whether the prefixes then win is measured in `full` only.

# %% [markdown]
# ### Explore: who are the neighbours?
#
# A mean over hundreds of queries hides what happens to a single list. Choose the vectors and a query, then move the slider from 384 numbers down to 8. The ring shows what a passage costs in bytes, and the nDCG@10 of all validation queries. The list shows the ten nearest passages: which stayed, which moved, and which entered from below. The text under it names those that left. (The curve of the heads is the mean of three, the lists are by the first of them.)

# %%
answers = {
    "Spinal muscle wasting": "Spinal muscular atrophy",
    "Crowded teeth": "Dental crowding",
    "Accumulation of fluid in the abdomen": "Ascites",
}
asked_vectors, falling = search.encode_cached(model, [*answers]), DIMS[::-1]


# %%
def lists_of(q: torch.Tensor, p: torch.Tensor) -> dict[str, list[list[str]]]:
    """The titles of each query's 100 nearest passages at each length."""
    found = [search.top_k(*first(q, p, dim), 100)[1].tolist() for dim in falling]
    return {
        query: [[course.titles[row] for row in rows[place]] for rows in found]
        for place, query in enumerate(answers)
    }


# %%
with torch.no_grad():
    head = heads["Matryoshka"][0]
    rankings = {
        "untrained": lists_of(asked_vectors, passages),
        "head, Matryoshka": lists_of(head(asked_vectors), head(passages)),
    }
qualities = {name: [float(series[name][at[dim]].mean()) for dim in falling] for name in rankings}

# %%
untrained = rankings["untrained"][asked]
both = {"all 384 numbers": untrained[0], "the first 64": untrained[falling.index(64)]}
still = neighbour_lists(both, answer, title=f"'{asked}', untrained: ten neighbours")
stay = set(untrained[0][:10]) & set(both["the first 64"][:10])
explore(
    neighbours_by_length(falling, rankings, qualities, answers, title="Neighbours at every length"),
    f"The ten nearest passages of {len(answers)} queries by 384 to 8 numbers, for two models, under a "
    f"curve of nDCG@10 over bytes a passage. For '{asked}' and the untrained model {len(stay)} of "
    f"the ten neighbours by 384 numbers are left at 64, where nDCG@10 over all queries is "
    f"{qualities['untrained'][falling.index(64)]:.3f} and no longer {qualities['untrained'][0]:.3f}.",
    still,
)

# %% [markdown]
# The three queries were picked because their lists change much; the curve says what holds for all. The lists of the untrained model fill up with strangers as the vectors get shorter. With the head many of the ten change as well, but the answer stays near the top for longer.

# %% [markdown]
# ### All layers
#
# All layers can be trained by the same loss. Every text then goes through the whole encoder in every step, which takes many minutes a model on a CPU. So only `full` does it, once with each loss. What `fast` says of training, here and in the takeaways, it says of heads.

# %%
encoders, deep = {}, {}
if PROFILE == "full":
    for name, prefixes in PREFIXES.items():
        loss_of = lambda q, p, prefixes=prefixes: nested_loss(q, p, prefixes, None, 20.0)  # noqa: E731
        encoders[name], _ = bi_encoder.trained_copy(model, course, loss_of, seed=SEED)
        sides = course.validation.queries, course.passages
        q, p = (search.encode_cached(encoders[name], side) for side in sides)
        deep[name] = at_every_length(first, q, p)
        deep[f"{name}, PCA"] = at_every_length(turned, q, p)

# %%
if PROFILE == "full":
    by_all = {f"all layers, {name}": deep[name] for name in PREFIXES}
    title = "Cut to the first numbers: untrained, heads, all layers"
    show(*plots_lengths.quality_by_length(DIMS, series | by_all, title=title))

# %%
if PROFILE == "full":
    gain = {
        f"{dim} numbers, minus {other}": significance.paired_interval(
            deep["Matryoshka"][at[dim]], deep[other][at[dim]]
        )
        for other in ("plain", "plain, PCA")
        for dim in (384, 128, 64, 32, 16)
    }
    title, label = "All layers: Matryoshka minus plain", "difference of nDCG@10, one seed each"
    show(*plots_paired.paired_differences(gain, title=title, value_label=label))

# %%
if PROFILE == "full":
    by_plain = {dim: gain[f"{dim} numbers, minus plain"] for dim in (384, 32, 16)}
    claim(
        "With all layers trained, too, the Matryoshka loss pays where vectors are short.",
        holds=by_plain[16].low > 0 and by_plain[32].low > 0,
        measured="nDCG@10 above the encoder trained by plain MNRL, one seed each: "
        + ", ".join(f"{dim}: {interval}" for dim, interval in by_plain.items()),
    )

# %% [markdown]
# Our head pays nothing for its prefixes at full length. An encoder may: all its layers serve all prefixes at once, each counts 1 in the sum, and short ones tend to have the larger losses. That is what the `weights` are for: with smaller ones for short prefixes, long ones count more.

# %% [markdown]
# ## 5. Shortlist, then rescore
#
# A short vector need not give the final order. Think of how a company fills a post: somebody reads all applications quickly and invites a few people, and only these get a long interview. A search can do the same. Short vectors find a **shortlist**, the passages that come into question. Then only these are **rescored**, which means put in order anew, by all their numbers. (Kusupati et al. call this *adaptive retrieval*.)

# %%
show(*diagrams.shortlist_then_rescore())

# %% [markdown]
# In step 1 every passage is looked at, but cheaply. In step 2 the scores are exact, but only four passages are left. The order changes: what led by three numbers falls behind by eight. And one thing step 2 cannot do. A good passage that is not on the shortlist never comes back, however exact the second scores are. So the shortlist must be longer than the result.

# %% [markdown]
# The toy of section 1, with a third passage, by hand. B is row 0 and A is row 1:

# %%
query, corpus = [0.6, 0.0, 0.8], [[0.8, 0.6, 0.0], [0.28, 0.0, 0.96], [0.0, 1.0, 0.0]]


def score(row: int, numbers: int) -> float:
    u, v = query[:numbers], corpus[row][:numbers]
    lengths = math.sqrt(sum(x * x for x in u)) * math.sqrt(sum(x * x for x in v))
    return sum(x * y for x, y in zip(u, v)) / lengths


shortlist = sorted(range(3), key=lambda row: -score(row, 2))[:2]
print("shortlist by two numbers:", shortlist, [round(score(row, 2), 2) for row in shortlist])
print("by all three numbers    :", [round(score(row, 3), 2) for row in shortlist])

# %% [markdown]
# Rows 1 and 0 make the shortlist, and row 2 is dropped without a second look. All three numbers then confirm row 1, by a much larger distance than two numbers showed.

# %% [markdown] card="shortlist_rescore"
# ### Exercise: shortlist and rescore
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Find `size` passages by the renormalised first `dim` numbers; of these return the rows of the `k` best by the whole vectors, best first. Shortlists longer than the corpus and a `k` longer than the shortlist are cut.


# %% answer="shortlist_rescore"
def shortlist_rescore(
    queries: torch.Tensor, corpus: torch.Tensor, dim: int, size: int, k: int
) -> torch.Tensor:
    """Search by short vectors, order by long ones.

    queries: (q, long), corpus: (n, long), unit vectors. Returns (q, min(k, size, n)) rows of the
    corpus.

    Example: query [0.6, 0, 0.8] and passages [0.8, 0.6, 0], [0.28, 0, 0.96], [0, 1, 0] with dim 2,
    size 2, k 1: the shortlist is rows 1 and 0, and row 1 comes back.
    """
    ### BEGIN SOLUTION
    size = min(size, len(corpus))
    short_queries = F.normalize(queries[:, :dim], dim=1)
    short_corpus = F.normalize(corpus[:, :dim], dim=1)
    candidates = (short_queries @ short_corpus.T).topk(size, dim=1).indices
    scores = (queries @ corpus.T).gather(1, candidates)
    best = scores.topk(min(k, size), dim=1).indices
    return candidates.gather(1, best)
    ### END SOLUTION


# %% check="shortlist_rescore" points=1
check("shortlist_rescore", shortlist_rescore)

# %% hidden="shortlist_rescore" points=2 seed=72949

# %% [markdown] hints="shortlist_rescore"
# - **The order is that of the short vectors.** Take the scores of the whole vectors at the shortlist's places: `scores.gather(1, candidates)`.
# - **The rows are small numbers, 0 to size.** `topk` on the gathered scores gives places in the shortlist. `candidates.gather(1, best)` turns them into rows.
# - **It crashes on small inputs.** `topk` wants no more than there is: bound `size` by `len(corpus)` and `k` by `size`.


# %%
def by_library(q, p, dim, size, k):
    return matryoshka.shortlist_and_rescore(q, p, k, dim=dim, size=size)[1]


rescored = yours("shortlist_rescore", shortlist_rescore, instead=by_library)


@torch.no_grad()
def nested(texts: list[str]) -> torch.Tensor:
    """Vectors by the Matryoshka model: in `full` the encoder, in `fast` the head."""
    if PROFILE == "full":
        return search.encode_cached(encoders["Matryoshka"], texts)
    return heads["Matryoshka"][0](search.encode_cached(model, texts))


# %% quiz="05-q4"

# %% [markdown]
# From here on we search with the Matryoshka model. How long must a shortlist by 64 numbers be, so that nothing is lost against an exact search by all 384?

# %%
nested_queries, nested_passages = nested(course.validation.queries), nested(course.passages)
exact = ndcg(nested_queries, nested_passages)
change = {}
for size in (10, 20, 50, 100):
    found = rescored(nested_queries, nested_passages, 64, size, 10)
    change[size] = significance.paired_interval(ndcg_of(found), exact)
found = rescored(queries, passages, 64, 50, 10)
untrained_change = significance.paired_interval(ndcg_of(found), whole)

# %%
rows = {f"shortlist of {size}": interval for size, interval in change.items()}
show(
    *plots_paired.paired_differences(
        rows | {"untrained model, shortlist of 50": untrained_change},
        title="A shortlist by 64 numbers, rescored by 384",
        value_label="nDCG@10 minus that of exact search by the same model",
    )
)

# %%
claim(
    "A shortlist of 50 at 64 numbers, rescored at 384, loses nothing measurable with the Matryoshka "
    "model; with the untrained encoder it loses.",
    holds=change[50].low > -0.01
    and change[50].low <= 0 <= change[50].high + 1e-9
    and untrained_change.high < 0,
    measured=f"Matryoshka {change[50]}, untrained model {untrained_change} nDCG@10",
)

# %% [markdown] tags=["folded"]
# A shortlist of ten is too short, for what it misses, rescoring cannot bring back. With fifty the loss is within chance. So 64 numbers of every passage have to be in fast memory, and the whole vectors, of which a query needs fifty, may lie on a disk.

# %% [markdown]
# A test that rescoring code survives by luck is easily written. You write one that it cannot.

# %% [markdown] card="break_rescore"
# ### Exercise: a test that no wrong rescoring survives
#
# Difficulty: hard. Importance: medium. Minutes: 12.
#
# Return cases `(queries, corpus, candidates, k, expected)` as nested lists. Right code orders each query's candidates by dot product, lowest row first among equals, skips candidates of -1 and keeps k; a row with fewer candidates stays shorter, and is not filled up. No candidate but -1 stands twice in a row. Give equal scores to equal passages, or use whole numbers and halves: rounding would decide between 0.3 and 0.1 + 0.2. Every wrong one must fail some case. A handful of cases is enough; 2,000 are the most.


# %% answer="break_rescore"
def break_rescore() -> list:
    """Return test cases for rescoring.

    Each case is (queries (q, dim), corpus (n, dim), candidates (q, m) rows of the corpus or -1, k,
    expected: rows for each query).

    Example of one case: ([[1]], [[5], [9]], [[0, 1]], 1, [[1]]).
    """
    ### BEGIN SOLUTION
    line = [[5], [9], [1], [7], [3]]
    two = [[1], [-1]], line, [[2, 4, 0], [0, 2, 4]], 2, [[0, 4], [2, 4]]
    missing = [[1]], [[5], [9], [1], [7]], [[2, -1, 0]], 3, [[0, 2]]
    below = [[-1]], [[5], [9], [1], [7]], [[0, -1, 2]], 2, [[2, 0]]
    tie = [[1]], [[4], [6], [4]], [[2, 0]], 2, [[0, 2]]
    long = [[1, 1]], [[3, 0], [1, 1], [0, 0]], [[1, 0]], 2, [[0, 1]]
    return [two, missing, below, tie, long]
    ### END SOLUTION


# %% check="break_rescore" points=1
check("break_rescore", break_rescore)

# %% hidden="break_rescore" points=2 seed=83207

# %% [markdown] hints="break_rescore"
# - **A suspect passes that never looks at the scores, or at the shortlist.** Give candidates in the wrong order, and leave the best passage of the corpus off the list.
# - **A suspect passes with one query.** Use two queries that want opposite orders, such as 1 and -1 in one dimension, and ask for fewer than there are.
# - **A suspect passes on clean data.** Add a -1 beside a good last passage, two equal passages, and a long vector that beats a better direction.

# %% [markdown]
# Does the library's rescoring survive your test?


# %%
def library_rescore(queries, corpus, candidates, k):
    sides = [torch.tensor(rows, dtype=torch.float32) for rows in (queries, corpus)]
    found = matryoshka.rescore(*sides, torch.tensor(candidates), k)[1]
    return [[row for row in rows if row != -1] for rows in found.tolist()]


def one_case():
    return [([[1]], [[5], [9]], [[0, 1]], 1, [[1]])]


# %%
cases = yours("break_rescore", break_rescore, instead=one_case)()
passed = sum(library_rescore(*given) == expected for *given, expected in cases)
print(f"the library's rescoring passes {passed} of {len(cases)} cases")

# %% [markdown]
# It passes them all: it does what the exercise says.

# %% [markdown]
# ## 6. A byte for each number
#
# The other way to save is to keep all numbers and to store each in fewer bits. A number in float32 has about seven digits. Does a search need them? If a ruler is marked in millimetres, one reads off the last mark that is passed, and not the place between two marks. *int8* does that: it is a whole number in one byte, from -128 to 127, and it counts marks.

# %% [markdown]
# Every dimension of the vectors gets a ruler of its own. It begins at the least value that the passages have there, ends at the largest, and is divided into 255 equal steps. The largest value itself begins one step more, so that there are 256 codes. To find these ends is called *calibration*. Here is one dimension of three passages, and the value 1.004:

# %%
show(*diagrams.int8_steps([0.0, 2.55, 1.0], value=1.004))

# %% [markdown]
# In a formula, with *low* and *high* for the ends and $\lfloor x \rfloor$ for the largest whole number that is not above $x$:
#
# $$\text{step} = \frac{\text{high} - \text{low}}{255}, \qquad \text{code} = \left\lfloor \frac{x - \text{low}}{\text{step}} \right\rfloor - 128$$

# %% [markdown]
# To use a code, one turns it back into the middle of its step, so the error is at most half a step. That is the price, and it is a small one as long as the range is not stretched by a few extreme values. What lies outside the range, as a query's numbers may, gets the code of the nearer end. By loops:

# %%
known = [0.0, 2.55, 1.0]  # what passages have in this dimension
low, step = min(known), (max(known) - min(known)) / 255

for value in (0.0, 1.004, 2.55, 99.0, -9.0):
    code = max(0, min(255, int((value - low) // step))) - 128
    middle = low + (code + 128 + 0.5) * step
    print(f"{value:>6} -> code {code:>4} -> {middle:.3f}")

# %% [markdown]
# The least known value gets -128 and the largest 127. For 99 and -9 the code is that of the ends: the number that comes back has nothing to do with them any more.

# %% quiz="05-q5"

# %% [markdown] card="to_int8"
# ### Exercise: int8 codes
#
# Difficulty: medium. Importance: medium. Minutes: 10.
#
# Code `vectors` with the ranges of `corpus`, one for each dimension. Take the floor; values outside get the outermost codes. A dimension that is the same in all passages has a step of 1.


# %% answer="to_int8"
def to_int8(vectors: torch.Tensor, corpus: torch.Tensor) -> torch.Tensor:
    """Store numbers as bytes.

    vectors: (n, dim) to be coded; corpus: (m, dim), whose ranges are used.
    Returns (n, dim) of dtype torch.int8, -128 to 127.

    Example: 1.004 in a dimension where passages go from 0 to 2.55 lies in step 100 and becomes -28.
    """
    ### BEGIN SOLUTION
    low, high = corpus.amin(dim=0), corpus.amax(dim=0)
    step = (high - low) / 255
    step = torch.where(step == 0, 1.0, step)
    codes = ((vectors - low) / step).floor().clamp(0, 255)
    return (codes - 128).to(torch.int8)
    ### END SOLUTION


# %% check="to_int8" points=1
check("to_int8", to_int8)

# %% hidden="to_int8" points=2 seed=94261

# %% [markdown] hints="to_int8"
# - **Queries get other codes than equal passages.** The ranges come from the corpus, whatever is coded, and each dimension has its own: `amin(dim=0)`.
# - **Large values turn negative.** int8 ends at 127. Clamp to 0 and 255, subtract 128, convert last.
# - **A column is NaN or wild.** Its range is 0. `torch.where(step == 0, 1.0, step)`.


# %%
def coded(vectors, corpus):
    return quantization.Int8.calibrate(corpus).encode(vectors)


int8 = yours("to_int8", to_int8, instead=coded)
coder = quantization.Int8.calibrate(nested_passages)
codes = int8(nested_passages, nested_passages)
by_codes = ndcg_of(coder.top_k(nested_queries, codes, 10)[1])
print(codes.dtype, tuple(codes.shape), codes[0, :6].tolist())
off = (coder.decode(codes) - nested_passages).abs() / coder.step
print(f"the largest error is {off.max():.2f} of a step")

# %% [markdown]
# A quarter of the bytes, and no number is off by more than half a step (a rounding error of float32 aside). For the search, `coder.top_k` turns the codes of the passages back into the middles of their steps. The query keeps its own numbers: it is only one vector, so it need not be small.

# %%
lost = significance.paired_interval(by_codes, exact)
claim(
    "A byte for each number instead of four changes nothing that we can measure.",
    holds=lost.low > -0.01 and lost.high < 0.01,
    measured=f"int8 minus float32: {lost} nDCG@10",
)

# %% [markdown] tags=["folded"]
# The errors of 384 numbers have different signs, and in a sum they mostly cancel. So store int8 unless you know why not.

# %% [markdown]
# ## 7. A bit for each number
#
# How far can one go? The extreme is to keep only the sign of each number: is it above 0 or not? That is one bit, and eight bits fill a byte.

# %% [markdown]
# How can signs be enough? Two vectors that point in nearly the same direction agree in most signs, for only numbers near 0 flip. The farther apart they point, the more signs differ. The number of differing bits is called the **Hamming distance**, and processors count it very fast.

# %%
query = [0.8, -0.4, 0.2, 0.5, -0.1, 0.3, -0.7, 0.6]
near = [0.6, -0.2, 0.1, 0.7, -0.3, -0.2, -0.5, 0.4]
far = [-0.5, 0.3, 0.2, 0.4, -0.6, 0.1, 0.2, 0.9]
show(*diagrams.hamming_bits(query, {"passage A": near, "passage B": far}))

# %% [markdown]
# You can check the Hamming distances by eye. As bytes, 181 and 177 differ in the bit that is worth 4, and in no other. One formula is useful for computing with tensors. Write the signs as 1 and -1. In their dot product each equal sign adds 1 and each differing one takes 1 away, so
#
# $$\text{dot product of signs} = \text{dim} - 2 \cdot \text{Hamming distance}$$
#
# For A that is 8 - 2 = 6. The largest dot product of signs belongs to the smallest distance.

# %%
for name, passage in (("A", near), ("B", far)):
    differ = sum((x > 0) != (y > 0) for x, y in zip(query, passage))
    signs = sum((1 if x > 0 else -1) * (1 if y > 0 else -1) for x, y in zip(query, passage))
    print(f"{name}: Hamming distance {differ}, dot product of signs {signs} = 8 - 2 * {differ}")

packed = quantization.to_binary(nested_passages)
print(tuple(nested_passages.shape), "float32 ->", tuple(packed.shape), "bytes")

# %% [markdown]
# 384 numbers take 48 bytes now, a 32nd. Mind the *order of the bits*: ours, like numpy's and sentence-transformers', puts the first number into the highest bit of a byte; faiss, where it packs the bits itself, puts it into the lowest. Who reads a byte from its lowest bit on gets eight signs in the wrong order, and no error. What does the search then find? (The query keeps its own numbers here, and they are multiplied with the signs; more on that below.)

# %%
print(f"181 is {181:08b}, and backwards {int(f'{181:08b}'[::-1], 2)}")
signs = quantization.from_binary(packed, 384)
backwards = signs.unflatten(1, (-1, 8)).flip(2).flatten(1)  # each byte from its lowest bit on
for order, read in {"as they were packed": signs, "backwards": backwards}.items():
    print(f"query x signs, bits read {order}: nDCG@10 {ndcg(nested_queries, read).mean():.3f}")

# %% [markdown]
# Next to nothing: the signs are all there, but at other numbers than the query's. Whoever packs and whoever unpacks must agree.

# %% [markdown]
# A sign does not say how *large* a number is. For the passages that is lost. For the query it need not be: there is only one, and its own numbers cost nothing to keep. So we search in two steps again. Bits find a shortlist, and then the query's numbers are multiplied with the passages' signs:

# %%
query, corpus = [0.8, -0.4, 0.2], [[0.1, -0.9, -0.5], [-0.7, -0.3, 0.6], [0.5, -0.1, 0.2]]

for row in corpus:
    differ = sum((x > 0) != (y > 0) for x, y in zip(query, row))
    score = sum(x if y > 0 else -x for x, y in zip(query, row))
    print(row, f"differs in {differ} bits, query x signs {score:.1f}")

# %% [markdown]
# The first two passages differ in one bit each, so bits alone cannot tell them apart. But the first one differs where the query has 0.2, which says little, and the second where it has 0.8, which says much.

# %% [markdown] card="binary_rescore"
# ### Exercise: search by bits, rescore by the query's numbers
#
# Difficulty: hard. Importance: medium. Minutes: 12.
#
# Bits are 1 above 0. Shortlist the `size` passages that differ from the query in fewest bits; return the rows of the `k` best by the query's numbers times the passages' signs (1 and -1).


# %% answer="binary_rescore"
def binary_rescore(queries: torch.Tensor, corpus: torch.Tensor, size: int, k: int) -> torch.Tensor:
    """Search by signs, then by the query's numbers times signs.

    queries: (q, dim), corpus: (n, dim); of the corpus only signs may be used.
    Returns (q, min(k, size, n)) rows of the corpus, best first.

    Example: query [0.8, -0.4, 0.2] has signs + - +, bits 101; the third passage of the loop above
    differs in none and scores 0.8 + 0.4 + 0.2 = 1.4. With size 2 and k 1 the result is [[2]].
    """
    ### BEGIN SOLUTION
    query_signs = torch.where(queries > 0, 1.0, -1.0).to(queries)
    corpus_signs = torch.where(corpus > 0, 1.0, -1.0).to(corpus)
    size = min(size, len(corpus))
    candidates = (query_signs @ corpus_signs.T).topk(size, dim=1).indices
    scores = (queries @ corpus_signs.T).gather(1, candidates)
    best = scores.topk(min(k, size), dim=1).indices
    return candidates.gather(1, best)
    ### END SOLUTION


# %% check="binary_rescore" points=1
check("binary_rescore", binary_rescore)

# %% hidden="binary_rescore" points=2 seed=15443

# %% [markdown] hints="binary_rescore"
# - **The shortlist is the wrong one.** The dot product of signs 1 and -1 is the number of equal bits minus the number of differing ones: largest means nearest.
# - **The order is that of the bits.** Score the shortlist with `queries @ corpus_signs.T`, gathered at the candidates.
# - **Zeros trouble you.** A number of 0 is not above 0: its sign is -1. `torch.sign` gives 0 there, so use `torch.where`.


# %%
def by_bits(q, p, size, k):
    dim = p.shape[1]
    bits_of = quantization.to_binary
    near = quantization.hamming_top_k(bits_of(q), bits_of(p), size, dim)[1]
    return matryoshka.rescore(q, quantization.from_binary(bits_of(p), dim), near, k)[1]


bits = yours("binary_rescore", binary_rescore, instead=by_bits)

# %% [markdown]
# One can also rescore by something better than signs: keep the int8 codes of the passages on a disk, and read those of the fifty on the shortlist. We measure all three.

# %%
near = quantization.hamming_top_k(quantization.to_binary(nested_queries), packed, 50, 384)[1]
decoded = coder.decode(codes)
binary = {
    "bits alone": ndcg_of(near[:, :10]),
    "bits, then query x signs": ndcg_of(bits(nested_queries, nested_passages, 50, 10)),
    "bits, then int8": ndcg_of(matryoshka.rescore(nested_queries, decoded, near, 10)[1]),
}
for name, values in binary.items():
    print(f"{name:25} {float(values.mean() / exact.mean()):.1%} of {exact.mean():.3f}")

# %%
by_kind = {
    f"{name} minus float32": significance.paired_interval(values, exact)
    for name, values in binary.items()
}
show(
    *plots_paired.paired_differences(
        by_kind,
        title="Single bits, and two ways to rescore a shortlist of 50",
        value_label="nDCG@10 minus that of exact search in float32",
    )
)

# %%
kept = float(binary["bits, then query x signs"].mean() / exact.mean())
won = significance.paired_interval(binary["bits, then query x signs"], binary["bits alone"])
full = by_kind["bits, then int8 minus float32"]
claim(
    "Single bits, rescored with the query's numbers, keep most of the quality at a 32nd of the bytes.",
    holds=kept > 0.9 and won.low > 0 and full.low > -0.02,
    measured=f"{kept:.1%} kept, {won} nDCG@10 above bits alone; rescored with int8 the change is {full}",
)

# %% [markdown] tags=["folded"]
# Signs alone keep most of the quality. The query's numbers win some of the rest back at no more bytes, and the int8 codes of fifty passages win back nearly all of it.

# %% quiz="05-q6"

# %% [markdown]
# ## 8. What an index costs
#
# We now have many ways to store a passage, and each has its quality. What is each worth? First we need the bytes. A two-step search may keep two vectors for each passage: a small one to find it, and a better one to rescore it. Bytes are counted for each vector by itself, and a vector fills whole bytes: nine bits take two.

# %%
for numbers, bits_each in ((384, 32), (384, 1), (9, 1)):
    size, left = divmod(numbers * bits_each, 8)
    print(f"{numbers} numbers of {bits_each} bits: {size + (left > 0)} bytes")

# %% [markdown] card="index_bytes"
# ### Exercise: bytes of an index
#
# Difficulty: easy. Importance: medium. Minutes: 5.
#
# Bytes of `passages` vectors of `dim` numbers, each in `bits` bits, and of a second vector with `kept_bits` a number (0 for none). Each vector fills whole bytes on its own. Fewer than 0 passages or kept bits, and fewer than 1 number or bit, raise a ValueError.


# %% answer="index_bytes"
def index_bytes(passages: int, dim: int, bits: int, kept_bits: int) -> int:
    """Return the bytes of an index.

    passages: how many; dim: numbers a vector; bits: of each number to search with; kept_bits: of
    each number to rescore with, 0 for none.

    Example: 1,000 passages of 384 bits, with int8 to rescore: 1,000 * (48 + 384) = 432,000.
    """
    ### BEGIN SOLUTION
    if min(passages, kept_bits) < 0 or min(dim, bits) < 1:
        raise ValueError(f"{passages} passages, {dim} numbers, {bits} and {kept_bits} bits")
    shortlist = math.ceil(dim * bits / 8)
    kept = math.ceil(dim * kept_bits / 8)
    return passages * (shortlist + kept)
    ### END SOLUTION


# %% check="index_bytes" points=1
check("index_bytes", index_bytes)

# %% hidden="index_bytes" points=2 seed=26731

# %% [markdown] hints="index_bytes"
# - **Eight times too much.** A byte has eight bits.
# - **A byte is missing for odd sizes.** Round up: `math.ceil(dim * bits / 8)`.
# - **One or two bytes off.** Round each of the two vectors by itself, then add, then multiply by the passages.


# %%
def by_library_bytes(n, dim, bits, kept_bits):
    kinds = {bits_each: kind for kind, bits_each in quantization.BITS.items()}
    parts = (quantization.index_bytes(n, dim, kinds[each]) for each in (bits, kept_bits) if each)
    return sum(parts)


cost = yours("index_bytes", index_bytes, instead=by_library_bytes)

# %% [markdown]
# Your function counts the bytes of one passage, and your `to_int8` codes the short vectors.

# %%
points = {
    "384 x float32": (cost(1, 384, 32, 0), exact),
    "384 x int8": (cost(1, 384, 8, 0), by_codes),
    "384 bits": (cost(1, 384, 1, 0), binary["bits alone"]),
    "384 bits, query x signs": (cost(1, 384, 1, 0), binary["bits, then query x signs"]),
    "384 bits + int8": (cost(1, 384, 1, 8), binary["bits, then int8"]),
}
for dim in (128, 64, 32, 16):
    vectors = first(nested_queries, nested_passages, dim)
    points[f"{dim} x float32"] = (cost(1, dim, 32, 0), ndcg(*vectors))

# %%
for dim in (128, 64, 32, 16):
    vectors = first(nested_queries, nested_passages, dim)
    dim_coder = quantization.Int8.calibrate(vectors[1])
    found = dim_coder.top_k(vectors[0], int8(vectors[1], vectors[1]), 10)[1]
    points[f"{dim} x int8"] = (cost(1, dim, 8, 0), ndcg_of(found))

# %% [markdown]
# The **frontier** is the line of points that are worth having. A point below it or to the right of it is not: another one takes no more bytes and finds as much or more.

# %%
ordered = sorted(points.items(), key=lambda item: item[1][0])
sizes = [size for _, (size, _) in ordered]
spread = [metrics.bootstrap_interval(values) for _, (_, values) in ordered]
figure = plots_frontier.frontier(
    sizes,
    spread,
    [name for name, _ in ordered],
    title="Thirteen ways to store a passage: bytes against quality",
    x_label="bytes a passage (log scale)",
    y_label="nDCG@10 on validation queries, 95% interval",
)
best = plots_frontier.on_frontier(sizes, [interval.mean for interval in spread])
told = [
    f"{name}, {size} bytes, {interval.mean:.3f}" + (", on the frontier" if on else "")
    for (name, (size, _)), interval, on in zip(ordered, spread, best)
]
show(figure, alt="Points of nDCG@10 over bytes a passage, log scale: " + "; ".join(told) + ".")

# %% [markdown]
# The whiskers are wide, since queries differ much from each other. Where two points take about the same bytes, look at their paired difference before you call one better. For each vector that was cut and left in float32, we take the best rival that needs no more bytes:

# %%
beaten, lows = {}, {}
for dim in (128, 64, 32, 16):
    size, values = points[f"{dim} x float32"]
    rivals = {n: v for n, (b, v) in points.items() if b <= size and "float32" not in n}
    name = max(rivals, key=lambda n: float(rivals[n].mean()))
    gain_of = significance.paired_interval(rivals[name], values)
    beaten[f"{name} minus {dim} x float32"], lows[dim] = gain_of, gain_of.low
same = significance.paired_interval(points["64 x int8"][1], points["384 bits"][1])
show(
    *plots_paired.paired_differences(
        beaten | {"64 x int8 minus 384 bits": same},
        title="Codes against cut float32 vectors of as many bytes or more",
        value_label="difference of nDCG@10",
    )
)

# %%
claim(
    "Vectors that are cut and kept in float32 are not worth their bytes: codes of no more bytes find "
    "more where 64 numbers or fewer are left, and no less where 128 are.",
    holds=all(low > (0 if dim <= 64 else -0.02) for dim, low in lows.items()),
    measured="nDCG@10, " + ", ".join(f"{name} {gain_of}" for name, gain_of in beaten.items()),
)

# %% quiz="05-q7"

# %%
print(
    "bytes for a billion passages:",
    f"{cost(10**9, 384, 32, 0):,} down to {cost(10**9, 384, 1, 0):,}",
)

# %% [markdown] tags=["folded"]
# There is no single best point on the frontier: it depends on what you pay for bytes and for a lost rank. A point off the frontier is not worth its bytes, if all bytes cost the same. They need not: of *384 bits + int8* only 48 bytes have to be in fast memory.

# %% [markdown] tags=["folded"]
# Between 64 int8 numbers of this head and 384 bits no difference can be told, so the bits, which take fewer bytes, are the better buy. Short vectors by PCA, the rival of section 4, are not in the figure.
#
# For a billion passages the choice is between 1.5 TB of float32 and 48 GB of bits, which one machine holds in memory.

# %% quiz="05-q8"

# %% [markdown]
# ## 9. On the leaderboard
#
# The Matryoshka model (the head, in `full` the whole encoder) on the test queries: 64 numbers find fifty passages, all 384 put them in order, by your function.

# %% [markdown]
# Rows that `fast` saved searched fewer passages, which is easier, so they do not compare: `full` measures its own.

# %%
found = rescored(nested(course.test.queries), nested_passages, 64, 50, 10)


def row_of(system: str, found: torch.Tensor) -> leaderboard.Row:
    ranked = [[course.ids[row] for row in rows] for rows in found.tolist()]
    return leaderboard.evaluate(system, "05", ranked, course.test)


kind = "encoder" if PROFILE == "full" else "head"
row = row_of(f"Matryoshka {kind}, 64 then 384", found)
leaderboard.save(row)
print("nDCG@10", row.ndcg_at_10, " recall@10", row.recall_at_10, " MRR@10", row.mrr_at_10)

# %%
board = leaderboard.board(row)
if PROFILE == "full":
    board = []
    for name, encoder in {"all-MiniLM-L6-v2": model, "plain encoder": encoders["plain"]}.items():
        sides = (search.encode_cached(encoder, x) for x in (course.test.queries, course.passages))
        board.append(row_of(f"{name}, all 384", search.top_k(*sides, 10)[1]))
    board.append(row)
figure = plots.leaderboard(board)
show(
    figure,
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% [markdown] tags=["folded"]
# The intervals of the trained models overlap, so this figure shows no difference between them; only paired differences could. The first step here uses a sixth of the numbers.

# %% [markdown]
# ## Takeaways
#
# - Cut, then renormalise: a cut vector is shorter than 1, by another factor for each text.
# - A cosine of few numbers is off by chance. "It still works at a third of the numbers" holds for an ordinary model too, and its first numbers are nothing special.
# - The Matryoshka loss is a weighted sum over prefixes, not an average. Cut alike, it beats plain training where vectors are short. What it costs at full length, measure.
# - PCA is a strong rival: behind a plainly trained head it is a match for the Matryoshka loss. Compare with it.
# - Short vectors or bits find a shortlist; better vectors put it in order. What the shortlist misses is lost.
# - Choose on the frontier: what another way beats at no more bytes is not worth its bytes. Count fast memory and disk apart. Codes beat cut float32.
# - int8 ranges come from the corpus, one for each dimension. Bits keep only signs; the query keeps its numbers.

# %% [markdown]
# ## Further reading
#
# - Kusupati et al. (2022). Matryoshka Representation Learning. NeurIPS.
# - Yamada, Asai and Hajishirzi (2021). Efficient Passage Retrieval with Hashing for Open-domain Question Answering. ACL.
# - Jégou, Douze and Schmid (2011). Product Quantization for Nearest Neighbor Search. IEEE TPAMI.
# - Takeshita et al. (2025). Randomly Removing 50% of Dimensions in Text Embeddings has Minimal Impact on Retrieval and Classification Tasks. EMNLP.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
