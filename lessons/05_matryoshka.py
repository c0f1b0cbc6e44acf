# ---
# jupyter:
#   course:
#     lesson: "05"
#     title: Matryoshka embeddings and quantisation
#     minutes: 120
#     objectives:
#       - Cut embeddings short and renormalise them, and show what goes wrong without.
#       - Train a head so that the first few numbers of a vector are an embedding too, and measure the gain against an ordinary head.
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
import copy
import math

import torch
import torch.nn.functional as F

from lib import (
    bi_encoder,
    finetune,
    leaderboard,
    losses,
    matryoshka,
    metrics,
    plots,
    plots_frontier,
    pooling,
    quantization,
    search,
)
from lib.data import load_course_set
from lib.device import pick_device, seed_everything
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder
from lib.plots import show

seed_everything(SEED)

# %% [markdown]
# ## 1. Cutting a vector short
#
# A number in float32 takes four bytes, and an index of a hundred million passages has to lie in memory. There are two ways to save: keep fewer numbers of each vector, or *quantise*, which means to store each number coarsely, in fewer bits. What does either cost in quality?
#
# A *Matryoshka* is a Russian doll with a smaller doll inside, which holds a smaller one again. So is a Matryoshka embedding: its first 128 numbers are an embedding, and the first 64 of these are one, too.

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
passages = search.encode_cached(model, course.passages)
queries = search.encode_cached(model, course.validation.queries)
print("passages", tuple(passages.shape), " validation queries", tuple(queries.shape))
print(f"a hundred million such vectors: {100_000_000 * passages.shape[1] * 4 / 1e9:.0f} GB")

# %% [markdown]
# Two cards of 80 GB, for the vectors alone. (The setting `PROFILE` says how much we search here: 4,000 passages with `fast`, all that the ontology defines with `full`, which also trains whole encoders.)
#
# The simplest way to shorten a vector: keep its first numbers. What is left of its length?

# %% quiz="05-q1"

# %%
lengths = {dim: passages[:, :dim].norm(dim=1) for dim in (384, 256, 128, 64, 32)}
for dim, length in lengths.items():
    print(
        f"{dim:>4} numbers: length {length.mean():.3f}, from {length.min():.3f} to {length.max():.3f}"
    )

# %% [markdown] tags=["folded"]
# Squares add up: a sixth of the numbers holds about a sixth of the squared length, and the root of a sixth is 0.41.

# %% [markdown]
# Each text keeps another part of its length. A dot product of cut vectors is therefore no cosine: it prefers passages that happened to keep much. By loops, with the repair:

# %%
toy = [[3.0, 4.0, 12.0], [0.0, 0.0, 5.0]]

for row in toy:
    short = row[:2]
    length = sum(x * x for x in short) ** 0.5
    print(row, "->", [x / length if length > 0 else 0.0 for x in short])

# %% [markdown]
# The first row is cut to 3 and 4, which has length 5. Of the second row nothing is left.

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
# A sixth of the numbers, each row with length 1 again. Is the repair worth the trouble? We measure by nDCG@10 as in the lessons before. Each of our queries has one right passage: it counts 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, less and less down to rank 10, then 0. We take the mean over the validation queries.


# %%
def ndcg_of(found: torch.Tensor, split=course.validation) -> torch.Tensor:
    """nDCG@10 of each query, (queries,), for rows found (queries, at least 10)."""
    ranked = [[course.ids[row] for row in rows] for rows in found.tolist()]
    return metrics.ndcg_at_k(ranked, split.relevant, 10)


def ndcg(q: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """nDCG@10 of each query by exact search."""
    return ndcg_of(search.top_k(q.contiguous(), p.contiguous(), 10)[1])


# %%
whole = ndcg(queries, passages)
renormalised = ndcg(cut(queries, 64), cut(passages, 64))
raw = ndcg(queries[:, :64], passages[:, :64])
loss = metrics.bootstrap_interval(renormalised - raw)
claim(
    "Cut vectors are shorter than 1, each by another factor, and without renormalising search loses.",
    holds=float(lengths[64].max()) < 0.9 and float(lengths[64].std()) > 0.01 and loss.low > 0,
    measured=f"mean length {lengths[64].mean():.3f} at 64 of 384; renormalising wins {loss} nDCG@10",
)

# %% [markdown] tags=["folded"]
# So always renormalise after a cut. `cut`, from here on, is your function.

# %% [markdown]
# ## 2. What an ordinary model loses
#
# Our model was never trained to be cut. How fast does its quality fall, and are its first numbers special? We compare with numbers picked at random, and with as many *directions*, each a mix of all numbers, in which the passages' vectors have most of their length (PCA, principal component analysis).

# %% quiz="05-q2"

# %%
DIMS = [8, 16, 32, 64, 128, 256, 384]
ways = {"first numbers": [], "random numbers": [], "PCA directions": []}
for dim in DIMS:
    ways["first numbers"].append(ndcg(cut(queries, dim), cut(passages, dim)))
    draws = [matryoshka.random_dimensions(384, dim, seed) for seed in range(3)]
    scored = [ndcg(*(pooling.normalize(x[:, rows]) for x in (queries, passages))) for rows in draws]
    mean = torch.stack(scored).mean(dim=0)
    ways["random numbers"].append(mean)
    axes = matryoshka.principal_directions(passages, dim)
    ways["PCA directions"].append(ndcg(*(pooling.normalize(x @ axes) for x in (queries, passages))))


# %%
def means_of(series: dict[str, list[torch.Tensor]]) -> tuple[dict, dict]:
    """Means over the queries at each length, printed, and the ends of their 95% intervals."""
    means = {name: [float(v.mean()) for v in values] for name, values in series.items()}
    bands = {}
    for name, values in series.items():
        print(f"{name:26}", {dim: round(mean, 3) for dim, mean in zip(DIMS, means[name])})
        intervals = [metrics.bootstrap_interval(v) for v in values]
        bands[name] = [i.low for i in intervals], [i.high for i in intervals]
    return means, bands


# %%
untrained = {name: ways[name] for name in ("first numbers", "PCA directions")}
means, bands = means_of(untrained | {"random numbers": ways["random numbers"]})
LABELS = {
    "x_label": "numbers kept of 384",
    "y_label": "nDCG@10 on validation queries",
    "band": "95% interval over queries",
}
figure = plots.curve(
    DIMS,
    means,
    bands=bands,
    title="An ordinary model, cut short in three ways",
    log_x=True,
    **LABELS,
)
show(
    figure,
    alt="nDCG@10 over the numbers kept: the first numbers and random ones fall together, PCA "
    "directions stay higher; at 128 all keep most, at 16 all have lost more than a third.",
)

# %%
at = {dim: place for place, dim in enumerate(DIMS)}
kept = float(ways["first numbers"][at[128]].mean() / whole.mean())
gap = metrics.bootstrap_interval(ways["first numbers"][at[128]] - ways["random numbers"][at[128]])
better = metrics.bootstrap_interval(ways["PCA directions"][at[64]] - ways["first numbers"][at[64]])
claim(
    "An ordinary model keeps most of its quality when cut to a third, its first numbers are nothing "
    "special, and PCA does better.",
    holds=kept > 0.85 and max(abs(gap.low), abs(gap.high)) < 0.04 and better.low > 0,
    measured=f"128 of 384 keep {kept:.0%}; first minus random {gap}; at 64 PCA minus first {better}",
)

# %% [markdown] tags=["folded"]
# The quality falls slowly at first and fast below 64 numbers, and which numbers are kept makes no difference: each tells a little about everything. So "it still works at 128" proves nothing about a training method. A Matryoshka model has to win where an ordinary one fails: at few numbers, and against PCA.

# %% [markdown]
# ## 3. The Matryoshka loss
#
# How do the dolls get into the vector? By the loss: Kusupati et al. (2022) ask for it at several lengths at once. Cut both sides to each *prefix* (the first so many numbers), renormalise, take the loss, multiply by a weight, and *add up*. The loss is lesson 03's MNRL, in which each query has to find its own passage among those of its batch.

# %%
toy_queries = torch.tensor([[1.0, 0.0, 2.0, 1.0], [0.0, 1.0, -1.0, 3.0]])
toy_positives = torch.tensor([[0.8, 0.3, 1.0, -1.0], [-0.2, 1.0, 0.5, 2.0]])

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
# The second prefix has half the weight, so half of its loss is added.

# %% quiz="05-q3"

# %% [markdown] card="matryoshka_mnrl"
# ### Exercise: MNRL over prefixes
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# The weighted sum of `losses.mnrl` over the prefixes in `dims`. It normalises what it gets. Without weights each prefix counts 1; another number of weights than dims raises a ValueError.


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
# The sum of the loops above. This function now trains the models of this lesson.

# %% [markdown]
# ## 4. Does training help?
#
# We train a linear head, one matrix, on the encoder's vectors: 384 numbers in, 384 out, starting from the identity. One head learns by the loss of whole vectors alone (a single prefix of 384), one by the sum over five prefixes; everything else is equal.

# %%
train = course.train
train_queries = search.encode_cached(model, train.queries)
train_positives = passages[torch.tensor(train.positives, device=device)]
PREFIXES = {"plain": [384], "Matryoshka": [384, 128, 64, 32, 16]}
EPOCHS = 6 if PROFILE == "fast" else 12


def train_head(prefixes: list[int], seed: int) -> finetune.ProjectionHead:
    """Train a head on all pairs; no passage stands twice in a batch."""
    head = finetune.ProjectionHead(384).to(device)

    def step(rows: torch.Tensor) -> torch.Tensor:
        rows = rows.to(device)
        q, p = head(train_queries[rows]), head(train_positives[rows])
        return nested_loss(q, p, prefixes, None, 20.0)

    settings = {"batch_size": 128, "epochs": EPOCHS, "lr": 2e-3, "seed": seed}
    finetune.fit(head, len(train_queries), step, keys=train.positives, **settings)
    return head


# %%
heads = {name: [train_head(dims, seed) for seed in range(3)] for name, dims in PREFIXES.items()}


def at_every_length(q: torch.Tensor, p: torch.Tensor) -> list[torch.Tensor]:
    """nDCG@10 of each query at each length."""
    return [ndcg(cut(q, dim), cut(p, dim)) for dim in DIMS]


trained = {}
for name, three in heads.items():
    with torch.no_grad():
        seeds = [at_every_length(head(queries), head(passages)) for head in three]
    trained[name] = [torch.stack(values).mean(dim=0) for values in zip(*seeds)]

# %%
by_head = {f"head, {name}": values for name, values in trained.items()}
means, bands = means_of(untrained | by_head)
figure = plots.curve(
    DIMS,
    means,
    bands=bands,
    title="Cut short: untrained (first numbers, PCA), and two heads",
    log_x=True,
    **LABELS,
)
show(
    figure,
    alt="nDCG@10 over the numbers kept: both trained heads lie far above the untrained model at 384; "
    "going down, the plain head falls fast while the Matryoshka head stays up, widest apart at 16.",
)

# %%
gain = {
    dim: metrics.bootstrap_interval(trained["Matryoshka"][at[dim]] - trained["plain"][at[dim]])
    for dim in DIMS
}
claim(
    "A head's Matryoshka training pays where vectors are short and costs nothing at full length.",
    holds=gain[16].low > 0.1 and gain[32].low > 0.05 and gain[384].low > -0.01,
    measured=", ".join(f"{dim}: {gain[dim]}" for dim in (384, 128, 64, 32, 16))
    + " nDCG@10 above the plain head, mean of three seeds",
)

# %% [markdown] tags=["folded"]
# So training helps, most where least is left. Both heads saw the same pairs in the same order. Part of what looks like "it works at 64" is simply training on our task: compare with the plain head, not with the untrained model.

# %% [markdown]
# A head can only mix the numbers that the encoder gives. All layers could learn more. Every text then goes through the encoder in every step, which takes minutes a model on a CPU, so only `full` does it, once with each loss.


# %%
def train_encoder(prefixes: list[int]) -> torch.nn.Module:
    """A copy of the encoder with all its layers trained on all pairs."""
    encoder = copy.deepcopy(model)
    history = bi_encoder.train(
        encoder,
        [train.queries, [course.passages[row] for row in train.positives]],
        lambda q, p: nested_loss(q, p, prefixes, None, 20.0),
        batch_size=128,
        epochs=2,
        lr=1e-4,
        keys=train.positives,
        validate=bi_encoder.validator(encoder, course),
        every=30,
        seed=SEED,
    )
    print(f"{len(history.losses)} steps, {history.seconds:.0f} s; best at {history.best_step}")
    return encoder


# %%
encoders, deep = {}, {}
if PROFILE == "full":
    for name, prefixes in PREFIXES.items():
        encoders[name] = train_encoder(prefixes)
        texts = course.validation.queries, course.passages
        deep[name] = at_every_length(*(search.encode_cached(encoders[name], x) for x in texts))
else:
    print('PROFILE = "full" trains all layers here; "fast" goes on with the Matryoshka head.')

# %%
if PROFILE == "full":
    series = by_head | {f"all layers, {name}": values for name, values in deep.items()}
    means, bands = means_of(untrained | series)
    figure = plots.curve(
        DIMS,
        means,
        bands=bands,
        title="Cut short: untrained (first numbers, PCA), heads, all layers",
        log_x=True,
        **LABELS,
    )
    said = (f"{name} {m[at[16]]:.2f} at 16 and {m[-1]:.2f} at 384" for name, m in means.items())
    show(figure, alt="nDCG@10 over the numbers kept: " + "; ".join(said) + ".")
    gain = {
        dim: metrics.bootstrap_interval(deep["Matryoshka"][at[dim]] - deep["plain"][at[dim]])
        for dim in DIMS
    }
    claim(
        "With all layers trained, too, the Matryoshka loss pays where vectors are short.",
        holds=gain[16].low > 0 and gain[32].low > 0,
        measured=", ".join(f"{dim}: {interval}" for dim, interval in gain.items())
        + " nDCG@10 above the encoder trained by plain MNRL, one seed each",
    )
    price = "a clear loss" if gain[384].high < 0 else "no clear loss"
    print("At full length the encoder's Matryoshka training means", price, gain[384])

# %% [markdown]
# The head pays nothing at full length. An encoder may: all its layers serve all prefixes at once, each counts 1 in the sum, and short ones tend to have the larger losses. So `full` measures that price as well. Other `weights` make long prefixes count more.

# %% [markdown]
# ## 5. Shortlist, then rescore
#
# Short vectors need not give the final order. Let them find a *shortlist*, the passages that come into question, and *rescore* only these: put them in order by all numbers (*adaptive retrieval*). By hand:

# %%
query, corpus = [0.6, 0.0, 0.8], [[0.8, 0.6, 0.0], [0.28, 0.0, 0.96], [0.0, 1.0, 0.0]]


def score(row: int, numbers: int) -> float:
    u, v = query[:numbers], corpus[row][:numbers]
    lengths = math.sqrt(sum(x * x for x in u)) * math.sqrt(sum(x * x for x in v))
    return sum(x * y for x, y in zip(u, v)) / lengths


shortlist = sorted(range(3), key=lambda row: -score(row, 2))[:2]
print("shortlist by two numbers:", shortlist)
print("best by all three       :", sorted(shortlist, key=lambda row: -score(row, 3))[:1])

# %% [markdown]
# By two numbers the two passages are equal; the third number decides for row 1.

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


nested_queries, nested_passages = nested(course.validation.queries), nested(course.passages)

# %% quiz="05-q4"

# %%
exact = ndcg(nested_queries, nested_passages)
SIZES = [10, 20, 50, 100]
change = {
    size: metrics.bootstrap_interval(
        ndcg_of(rescored(nested_queries, nested_passages, 64, size, 10)) - exact
    )
    for size in SIZES
}
untrained_change = metrics.bootstrap_interval(
    ndcg_of(rescored(queries, passages, 64, 50, 10)) - whole
)
for size, interval in change.items():
    print(f"shortlist of {size:>3} at 64 numbers, minus exact search: {interval}")

# %%
claim(
    "A shortlist of 50 at 64 numbers, rescored at 384, loses nothing measurable with the Matryoshka "
    "model; without that training it does.",
    holds=change[50].low > -0.01
    and change[50].low <= 0 <= change[50].high + 1e-9
    and untrained_change.high < 0,
    measured=f"Matryoshka {change[50]}, untrained model {untrained_change} nDCG@10",
)

# %% [markdown] tags=["folded"]
# A shortlist of ten is too short: what it misses, rescoring cannot bring back. With fifty the loss is within chance, and only fifty passages a query need their whole vectors.

# %% [markdown]
# A test that rescoring code survives by luck is easily written. You write one that it cannot.

# %% [markdown] card="break_rescore"
# ### Exercise: a test that no wrong rescoring survives
#
# Difficulty: hard. Importance: medium. Minutes: 12.
#
# Return cases `(queries, corpus, candidates, k, expected)` as nested lists. Right code orders each query's candidates by dot product, lowest row first among equals, skips candidates of -1 and keeps k; a row with fewer candidates stays shorter, and is not filled up. Every wrong one must fail some case. A handful of cases is enough; 2,000 are the most.


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


cases = yours("break_rescore", break_rescore, instead=one_case)()
passed = sum(library_rescore(*given) == expected for *given, expected in cases)
print(f"the library's rescoring passes {passed} of {len(cases)} cases")

# %% [markdown]
# It passes them all: it does what the card says.

# %% [markdown]
# ## 6. A byte for each number
#
# The other way to save: keep all numbers and store each in fewer bits. *int8* is a whole number in one byte, from -128 to 127. Each dimension's range is cut into 255 equal steps, and a number becomes the count of its step. To find the ranges is called *calibration*; it takes vectors like those of the index.

# %%
known = [0.0, 2.55, 1.0]  # what passages have in this dimension
low, step = min(known), (max(known) - min(known)) / 255

for value in (0.0, 1.004, 2.55, 99.0, -9.0):
    code = max(0, min(255, int((value - low) // step))) - 128
    print(f"{value:>6} -> {code}")

# %% [markdown]
# The least known value gets -128, the largest 127; what lies outside gets the same codes as the ends.

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
lost = metrics.bootstrap_interval(by_codes - exact)
print(codes.dtype, tuple(codes.shape), codes[0, :6].tolist())

# %% [markdown]
# A quarter of the bytes. To search, the library turns each code back into the middle of its step.

# %%
claim(
    "A byte for each number instead of four changes nothing that we can measure.",
    holds=lost.low > -0.01 and lost.high < 0.01,
    measured=f"int8 minus float32: {lost} nDCG@10",
)

# %% [markdown] tags=["folded"]
# So store int8 unless you know why not.

# %% [markdown]
# ## 7. A bit for each number
#
# The extreme: keep only the sign. Two texts are then compared by the number of bits in which they differ, the *Hamming distance*, which processors count very fast.

# %%
signs = [[1, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 0]]
for row in signs[1:]:
    print(signs[0], row, "differ in", sum(a != b for a, b in zip(signs[0], row)))

packed = quantization.to_binary(nested_passages)
print(tuple(nested_passages.shape), "float32 ->", tuple(packed.shape), "bytes")

# %% [markdown]
# Eight bits fill a byte, so 384 numbers take 48 bytes.
#
# The query's own numbers cost nothing to keep: there is one query. So bits find the shortlist, and then the query's numbers are multiplied with the passages' signs. By loops:

# %%
query, corpus = [0.8, -0.4, 0.2], [[0.1, -0.9, -0.5], [-0.7, -0.3, 0.6], [0.5, -0.1, 0.2]]

for row in corpus:
    differ = sum((x > 0) != (y > 0) for x, y in zip(query, row))
    score = sum(x if y > 0 else -x for x, y in zip(query, row))
    print(row, f"differs in {differ} bits, query x signs {score:.1f}")

# %% [markdown]
# Two passages differ in one bit each, but not equally: the query's 0.8 weighs more than its 0.2.

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
    near = quantization.hamming_top_k(
        quantization.to_binary(q), quantization.to_binary(p), size, dim
    )
    signs = quantization.from_binary(quantization.to_binary(p), dim)
    return matryoshka.rescore(q, signs, near[1], k)[1]


bits = yours("binary_rescore", binary_rescore, instead=by_bits)
near = quantization.hamming_top_k(quantization.to_binary(nested_queries), packed, 50, 384)[1]
decoded = coder.decode(codes)
binary = {
    "bits alone": ndcg_of(near[:, :10]),
    "bits, then query numbers x signs": ndcg_of(bits(nested_queries, nested_passages, 50, 10)),
    "bits, then int8": ndcg_of(matryoshka.rescore(nested_queries, decoded, near, 10)[1]),
}
for name, values in binary.items():
    print(f"{name:33} {float(values.mean() / exact.mean()):.1%} of {exact.mean():.3f}")

# %%
kept = float(binary["bits, then query numbers x signs"].mean() / exact.mean())
won = metrics.bootstrap_interval(binary["bits, then query numbers x signs"] - binary["bits alone"])
full = metrics.bootstrap_interval(binary["bits, then int8"] - exact)
claim(
    "Single bits, rescored with the query's numbers, keep most of the quality at a 32nd of the bytes.",
    holds=kept > 0.9 and won.low > 0 and full.low > -0.02,
    measured=f"{kept:.1%} kept, {won} nDCG@10 above bits alone; rescored with int8 the change is {full}",
)

# %% quiz="05-q6"

# %% [markdown] tags=["folded"]
# Signs alone keep most of the quality. The query's numbers win some of the rest back for nothing, and int8 vectors of fifty passages nearly all.

# %% [markdown]
# ## 8. What an index costs
#
# Two-step search keeps two vectors for each passage: a small one to find, a better one to rescore. Bytes are counted for each vector, and a vector fills whole bytes: nine bits take two.

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
points = {
    "384 x float32": (cost(1, 384, 32, 0), exact),
    "384 x int8": (cost(1, 384, 8, 0), by_codes),
    "384 bits": (cost(1, 384, 1, 0), binary["bits alone"]),
    "384 bits, query x signs": (cost(1, 384, 1, 0), binary["bits, then query numbers x signs"]),
    "384 bits + int8": (cost(1, 384, 1, 8), binary["bits, then int8"]),
}
for dim in (128, 64, 32, 16):
    vectors = [cut(x, dim) for x in (nested_queries, nested_passages)]
    points[f"{dim} x float32"] = (cost(1, dim, 32, 0), ndcg(*vectors))
    dim_coder = quantization.Int8.calibrate(vectors[1])
    found = dim_coder.top_k(vectors[0], int8(vectors[1], vectors[1]), 10)[1]
    points[f"{dim} x int8"] = (cost(1, dim, 8, 0), ndcg_of(found))

# %% [markdown]
# Your two functions have coded the vectors and counted their bytes. The **frontier** is the line of points that are worth having: a point below it or to the right of it has another that takes no more bytes and finds more.

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

# %%
beaten = {}  # number of dimensions -> (what is compared, paired difference)
for dim in (128, 64, 32, 16):
    size, values = points[f"{dim} x float32"]
    rivals = {n: v for n, (b, v) in points.items() if b <= size and "float32" not in n}
    name = max(rivals, key=lambda n: float(rivals[n].mean()))
    gain = metrics.bootstrap_interval(rivals[name] - values)
    beaten[dim] = f"{name} minus {dim} x float32 {gain}", gain.low
claim(
    "Vectors that are cut and kept in float32 are not worth their bytes: codes of no more bytes find "
    "more where 64 numbers or fewer are left, and no less where 128 are.",
    holds=all(low > (0 if dim <= 64 else -0.02) for dim, (_, low) in beaten.items()),
    measured="nDCG@10, " + ", ".join(said for said, _ in beaten.values()),
)

# %% quiz="05-q7"

# %%
small = metrics.bootstrap_interval(points["64 x int8"][1] - points["384 bits"][1])
print("64 x int8 (64 B) minus 384 bits (48 B):", small)
print(
    "bytes for a billion passages:",
    f"{cost(10**9, 384, 32, 0):,} down to {cost(10**9, 384, 1, 0):,}",
)

# %% [markdown] tags=["folded"]
# There is no single best point on the frontier: it depends on what you pay for bytes and for a lost rank. A point off the frontier is never worth it. But the whiskers are wide: where two points take about the same bytes, look at their paired difference, as for 64 int8 numbers and 384 bits, before you call one better.
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
# The rows of the trained models overlap: this lesson does not search better than the last ones, it searches as well with a sixth of the numbers in the first step.

# %% [markdown]
# ## Takeaways
#
# - Cut, then renormalise: a cut vector is shorter than 1, by another factor for each text.
# - "It still works at a third of the numbers" holds for an ordinary model too. Compare at few numbers, with PCA, and with a plain head trained on the same pairs.
# - The Matryoshka loss is a weighted sum over prefixes, not an average. What it costs at full length, measure.
# - The first numbers of an ordinary model are nothing special.
# - Short vectors or bits find a shortlist; better vectors put it in order. What the shortlist misses is lost.
# - Choose on the frontier: what another way beats at no more bytes is never worth it. Codes beat cut float32.
# - int8 ranges come from the corpus, one for each dimension. Bits keep only signs; the query keeps its numbers.

# %% [markdown]
# ## Further reading
#
# - Kusupati et al. (2022). Matryoshka Representation Learning. NeurIPS.
# - Yamada, Asai and Hajishirzi (2021). Efficient Passage Retrieval with Hashing for Open-domain Question Answering. ACL.
# - Jégou, Douze and Schmid (2011). Product Quantization for Nearest Neighbor Search. IEEE TPAMI.
# - Takeshita et al. (2025). Randomly Removing 50% of Dimensions in Text Embeddings has Minimal Impact on Retrieval and Classification Tasks. EMNLP.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
