# ---
# jupyter:
#   course:
#     lesson: "03"
#     title: Contrastive learning and MNRL
#     minutes: 150
#     objectives:
#       - Write the multiple negatives ranking loss, with hard negatives, in both directions and without duplicates.
#       - Say what the loss of an untrained model is, and read a training curve by it.
#       - Measure what temperature, batch size and negatives do to retrieval.
#       - Tell ranking, triplet and margin losses apart, and choose between them.
#       - Train with a large batch in little memory by taking the gradient in two passes.
#     prerequisites:
#       - Lesson 02, or knowing how a sentence gets one vector
#       - PyTorch, gradients, cross-entropy
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

import torch
import torch.nn.functional as F

from lib import finetune, gradient_cache, leaderboard, losses, metrics, plots, search
from lib.data import load_course_set
from lib.device import pick_device, seed_everything
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder

seed_everything(SEED)

# %% [markdown]
# ## 1. Pairs are enough
#
# Nobody labels sentences with vectors. What we have are *pairs* that belong together: here a layperson's words and the clinical passage they mean (Human Phenotype Ontology, Köhler et al. 2021).

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
own = torch.tensor(course.train.positives)  # the passage of each training query
for i in (10, 1000):
    print("query  :", course.train.queries[i])
    print("passage:", course.passages[own[i]][:90], "...")
print(len(own), "training pairs,", len(course.passages), "passages")

# %% [markdown]
# We freeze the encoder (its weights stay as they are), keep its vectors, and train a *projection head* on them: one matrix that starts as the identity, so that at first nothing changes. A training run takes about a second, and we can afford many. The losses are those that train whole encoders: `PROFILE = "full"`, meant for a GPU, does so in section 6, on all passages; `"fast"` trains heads only.

# %%
passages = search.encode_cached(model, course.passages)
queries = search.encode_cached(model, course.train.queries)
held_out = search.encode_cached(model, course.validation.queries)
print("passages", tuple(passages.shape), " queries", tuple(queries.shape))

# %% [markdown]
# A *batch* is the pairs of one training step. Here are the cosines of all queries with all passages of a batch of eight:

# %%
from lib.plots import show

first_rows = {passage: row for row, passage in reversed(list(enumerate(own.tolist())))}
distinct = torch.tensor(sorted(first_rows.values()))  # one pair a passage, for looking at
generator = torch.Generator().manual_seed(SEED)
distinct = distinct[torch.randperm(len(distinct), generator=generator)]
cosines = queries[distinct[:8]] @ passages[own[distinct[:8]]].T  # (queries, passages)

# %%
figure = plots.heatmap(
    cosines.cpu(),
    [f"query {i}" for i in range(8)],
    [f"{i}" for i in range(8)],
    title="A batch of eight pairs before training",
    value_label="cosine",
    x_label="passage",
)
show(
    figure,
    alt="Heat map of the cosines of eight queries with eight passages before training: the diagonal, "
    f"where the pairs stand, has mean {cosines.diagonal().mean():.2f}, the rest "
    f"{(cosines.sum() - cosines.trace()) / 56:.2f}.",
)

# %% [markdown]
# The diagonal holds the pairs. Everything else in a row is a passage that belongs to another query: an *in-batch negative*. It costs nothing, since it is encoded anyway.
#
# ## 2. The loss: find your own
#
# Each query takes a multiple-choice test: which of the batch's passages is mine? Cosine times `scale` is the score (also called *logit*). The *softmax* makes probabilities of a row of scores: exp(score) over the sum of all of them. The loss is minus the logarithm of the right one's probability. A loop says it exactly:

# %%
toy_q = torch.tensor([[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]])
toy_p = torch.tensor([[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]])
scale, rows = 2.0, []
for i in range(3):
    cosine = [float(torch.cosine_similarity(toy_q[i], toy_p[j], dim=0)) for j in range(3)]
    powers = [math.exp(scale * c) for c in cosine]
    rows.append(-math.log(powers[i] / sum(powers)))
    print(f"query {i}: cosines {[round(c, 2) for c in cosine]}, loss {rows[-1]:.3f}")
print(f"mean {sum(rows) / 3:.4f}")

# %% [markdown]
# This is InfoNCE (van den Oord et al. 2018), used for retrieval by Henderson et al. (2017); sentence-transformers calls it MultipleNegativesRankingLoss, **MNRL**.

# %% [markdown] card="mnrl"
# ### Exercise: the multiple negatives ranking loss
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Write the loop above without loops. A query of zeros has cosine 0 with everything. Scores may be large: `exp(150)` is infinite in float32, so let the framework take the logarithm of a sum of exponentials.


# %% answer="mnrl"
def mnrl(queries: torch.Tensor, positives: torch.Tensor, scale: float = 20.0) -> torch.Tensor:
    """Multiple negatives ranking loss of a batch of pairs.

    queries, positives: (batch, dim), any length; row i of one belongs to row i of the other.
    scale: what cosines are multiplied by, 1 / temperature. Returns a scalar, the mean over queries.

    Example: two pairs of vectors that are all alike cost log(2) = 0.6931 at any scale.
    """
    ### BEGIN SOLUTION
    q = F.normalize(queries, dim=1)
    p = F.normalize(positives, dim=1)
    scores = scale * (q @ p.T)
    own = scores.diagonal()
    return (scores.logsumexp(dim=1) - own).mean()
    ### END SOLUTION


# %% check="mnrl" points=1
check("mnrl", mnrl)

# %% hidden="mnrl" points=2 seed=10957

# %% [markdown] hints="mnrl"
# - **You do not know how to say "the right answer is its own passage".** The positive of query i stands in column i: the labels are 0, 1, 2, ..., which is the diagonal of the score matrix.
# - **Your loss does not fall below log(batch).** The scores are nearly equal. Did you divide by `scale`, or take the softmax twice (`cross_entropy` takes it itself)?
# - **The loss is right for the toy, wrong for others.** Scores are (queries, passages), each query chooses: `dim=1`. And both sides need rows of length one, by `F.normalize(x, dim=1)`.

# %%
mnrl_ = yours("mnrl", mnrl, instead=losses.mnrl)
print(f"toy: {mnrl_(toy_q, toy_p, scale=2.0):.4f}")
for batch in (4, 64, 1024):
    some = distinct[:batch]
    loss = mnrl_(queries[some], passages[own[some]])
    print(f"the encoder before training, batch {batch:4}: {loss:.3f}")

# %% [markdown]
# The loss rises with the batch, as the test has more choices. So a loss says little without the batch size. What is it for a model that knows nothing, in *nats* (the unit of natural logarithms)?

# %% quiz="03-q1"

# %% [markdown]
# We measure it on a real transformer with *random* weights: the same architecture, nothing learned. Once with wrong pairs (each query gets the next one's passage), once with the right ones.

# %%
import copy

blank = copy.deepcopy(model)
seed_everything(SEED)
fresh = type(model[0].auto_model)(model[0].auto_model.config)
blank[0].auto_model.load_state_dict(fresh.state_dict())
blank.eval()
some = distinct[:256]
blank_q = blank.encode([course.train.queries[i] for i in some], convert_to_tensor=True)
blank_p = blank.encode([course.passages[i] for i in own[some]], convert_to_tensor=True)
print(f"mean cosine of random weights: {(blank_q @ blank_p.T).mean():.2f}")


# %%
def by_batches(q: torch.Tensor, p: torch.Tensor, batch: int) -> torch.Tensor:
    """The loss of each batch, (batches,)."""
    pairs = zip(q.split(batch), p.split(batch))
    return torch.stack([mnrl_(a, b) for a, b in pairs])


sizes = [4, 8, 16, 32, 64, 128]
generator = torch.Generator().manual_seed(SEED)
noise = torch.randn(2, 512, 384, generator=generator)
levels = {
    "random weights, wrong pairs": [by_batches(blank_q, blank_p.roll(1, 0), n) for n in sizes],
    "random weights, right pairs": [by_batches(blank_q, blank_p, n) for n in sizes],
    "random vectors": [by_batches(*noise, n) for n in sizes],
}
mean_level = {name: torch.tensor([v.mean() for v in row]) for name, row in levels.items()}

# %%
figure = plots.curve(
    sizes,
    {"log(batch)": [math.log(n) for n in sizes], **mean_level},
    title="The loss of a model that knows nothing",
    x_label="batch size (pairs)",
    y_label="loss (nats)",
    log_x=True,
)
show(
    figure,
    alt="Four rising curves of the loss over the batch size: random weights with wrong pairs lie close to "
    "log(batch), with right pairs below it, random vectors above it.",
)

# %%
log_batch = torch.tensor([math.log(n) for n in sizes])
off = mean_level["random weights, wrong pairs"] - log_batch
below = metrics.bootstrap_interval(levels["random weights, right pairs"][2] - math.log(16))
above = metrics.bootstrap_interval(levels["random vectors"][2] - math.log(16))
claim(
    "A model that tells nothing apart has the loss log(batch).",
    holds=bool((off.abs() < 0.15).all()),
    measured="random weights, wrong pairs, minus log(batch): "
    + ", ".join(f"{n}: {x:+.3f}" for n, x in zip(sizes, off.tolist())),
)

# %% [markdown]
# And the two other curves? At a batch of 16, with intervals over the batches:

# %%
claim(
    "Random weights on right pairs are already below log(batch); random vectors are above it.",
    holds=below.high < 0 < above.low and abs(above.mean - 20**2 / (2 * 384)) < 0.25,
    measured=f"batches of 16, minus log(16): right pairs {below}, random vectors {above}; "
    f"scale^2 / (2 dim) is {20**2 / (2 * 384):.3f}",
)

# %% [markdown] tags=["folded"]
# So an untrained model need not begin at log(batch). Right pairs share words, and even random weights give shared words like vectors. Random vectors have cosines that scatter by 1 / sqrt(dim); times the scale they are confidently wrong, which costs about scale² / (2 dim) more.

# %% [markdown]
# ## 3. Train
#
# `finetune.fit` shuffles, asks for the loss of some rows, and steps; an *epoch* is one pass over all pairs. The quality of a run is nDCG@10 on the *validation* queries: each has one right passage, which counts 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, and 0 past rank ten (lesson 01 works out an example).
#
# A run depends on its *seed*, the number from which shuffling starts, so we take the mean of three. Intervals such as 0.7 [0.6, 0.8] are *bootstrap intervals*: 95% of the means that one gets by drawing the queries anew, with repetition.

# %%
SEEDS = (0, 1, 2)


def train(loss, items=None, *, seed=0, batch_size=128, epochs=3, lr=3e-3, out=None):
    """Train a head by `loss(head, items of the batch)`; items are rows of pairs, all by default."""
    items = torch.arange(len(own)) if items is None else items
    head = finetune.ProjectionHead(passages.shape[1], out).to(device)
    keys = own[items].tolist() if items.ndim == 1 else None  # no passage twice in a batch

    def step(batch):
        with torch.autocast(device.type, enabled=False):
            return loss(head, items[batch])

    options = {"batch_size": batch_size, "epochs": epochs, "lr": lr, "seed": SEED + seed}
    history = finetune.fit(head, len(items), step, keys=keys, progress=False, **options)
    return head, history


# %%
def ndcg(q: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    """nDCG@10 of each validation query, (queries,), by vectors of the queries and all passages."""
    found = search.top_k(q, p, k=10)[1]
    ranked = [[course.ids[i] for i in row] for row in found.tolist()]
    return metrics.ndcg_at_k(ranked, course.validation.relevant, 10)


@torch.no_grad()
def quality(head) -> torch.Tensor:
    """nDCG@10 of each validation query with a head on the frozen encoder, (queries,)."""
    return ndcg(head(held_out), head(passages))


def over_seeds(loss, items=None, seeds=SEEDS, **options) -> torch.Tensor:
    """The quality of each query after training with each seed, (seeds, queries)."""
    runs = [train(loss, items, seed=seed, **options)[0] for seed in seeds]
    return torch.stack([quality(head) for head in runs])


def decided(interval: metrics.Interval) -> str:
    return "not told from 0" if interval.low <= 0 <= interval.high else "a clear difference"


def pairs_loss(head, rows, scale=20.0):
    return mnrl_(head(queries[rows]), head(passages[own[rows]]), scale=scale)


# %%
head, history = train(pairs_loss)
before = quality(finetune.ProjectionHead(passages.shape[1]).to(device))
plain = over_seeds(pairs_loss)
gain = metrics.bootstrap_interval(plain.mean(dim=0) - before)
print("nDCG@10 before", metrics.bootstrap_interval(before))
print("nDCG@10 after ", metrics.bootstrap_interval(plain.mean(dim=0)))
print("by seed       ", [round(x, 3) for x in plain.mean(dim=1).tolist()])

# %%
steps = list(range(1, len(history.losses) + 1))
figure = plots.curve(
    steps,
    {"training loss": history.losses},
    title="One matrix learns to find the pairs",
    x_label="step (batches of 128 pairs)",
    y_label="loss (nats)",
    references={"log(128), a blind guess": math.log(128)},
)
show(
    figure,
    alt=f"The training loss falls from {history.losses[0]:.2f} to {history.losses[-1]:.2f} nats in "
    f"{len(steps)} steps; a blind guess would cost log(128) = {math.log(128):.2f}.",
)

# %%
claim(
    "One matrix, trained by MNRL on pairs, retrieves far better than the encoder alone.",
    holds=gain.low > 0.05,
    measured=f"nDCG@10 on validation queries gained {gain}, mean of {len(SEEDS)} seeds",
)

# %% [markdown]
# ## 4. Temperature
#
# `scale` is 1 / temperature. At scale 1 the scores of a query lie between -1 and 1, so that no passage weighs more than exp(2) = 7.4 times as much as another in the softmax. At scale 200 a cosine that is 0.02 higher weighs exp(4) = 55 times as much.

# %% quiz="03-q2"

# %%
from functools import partial

from lib.progress_bar import track


def watched(items):
    """A progress bar for what takes more than two seconds."""
    return track(items, "Training runs", "run")


def summary(runs: list) -> tuple[list, tuple[list, list]]:
    """The mean of some runs (seeds, queries), and the lowest and highest seed, for a curve."""
    by_seed = [run.mean(dim=1) for run in runs]
    ends = [float(s.min()) for s in by_seed], [float(s.max()) for s in by_seed]
    return [float(s.mean()) for s in by_seed], ends


# %%
scales = [1, 2, 5, 10, 20, 50, 200]
by_scale = {  # 20 is what section 3 trained with
    s: plain if s == 20 else over_seeds(partial(pairs_loss, scale=s)) for s in watched(scales)
}
means, band = summary(list(by_scale.values()))
best = scales[means.index(max(means))]

# %%
figure = plots.curve(
    scales,
    {"trained head": means},
    bands={"trained head": band},
    band=f"lowest to highest of {len(SEEDS)} seeds",
    title="Temperature: too soft and too sharp both lose",
    x_label="scale = 1 / temperature",
    y_label="nDCG@10 on validation queries",
    references={"before training": float(before.mean())},
    log_x=True,
)
show(
    figure,
    alt=f"nDCG@10 over the scale: it rises from {means[0]:.3f} at scale 1 to {max(means):.3f} at "
    f"scale {best} and falls to {means[-1]:.3f} at scale 200, always above the untrained encoder.",
)

# %%
lost_soft = metrics.bootstrap_interval((by_scale[best] - by_scale[1]).mean(dim=0))
lost_sharp = metrics.bootstrap_interval((by_scale[best] - by_scale[200]).mean(dim=0))
lost_usual = metrics.bootstrap_interval((by_scale[best] - by_scale[20]).mean(dim=0))
claim(
    "There is a best temperature between the extremes.",
    holds=1 < best < 200 and lost_soft.low > 0 and lost_sharp.low > 0,
    measured=f"best scale {best}; nDCG@10 lost at scale 1 {lost_soft}, at scale 200 {lost_sharp}, "
    f"at the usual 20 {lost_usual}",
)

# %% [markdown] tags=["folded"]
# At a low scale all negatives push alike, the easy ones too; at a very high one almost only the nearest does, and it may be right after all. Wang and Isola (2020) read the loss as two wishes: pairs close together, everything spread evenly; temperature says how hard to push the nearest ones apart. The usual 0.05 (scale 20) lies near the best here and is a good place to start.

# %% [markdown]
# ## 5. How many negatives?
#
# A batch of 256 gives each query 255 negatives. To see what they are worth *by themselves* we cut each batch into pools: same data, same steps, but a query only competes within its pool.

# %% quiz="03-q3"


# %%
def in_pools(size: int):
    """The loss with the batch cut into pools of `size` pairs."""

    def loss(head, rows):
        fits = min(size, len(rows))
        rows = rows[: len(rows) // fits * fits]
        q, p = head(queries[rows]), head(passages[own[rows]])
        scores = 20 * q.view(-1, fits, q.shape[1]) @ p.view(-1, fits, p.shape[1]).mT
        labels = torch.arange(fits, device=q.device).repeat(len(scores))
        return F.cross_entropy(scores.flatten(0, 1), labels)

    return loss


pools = [2, 4, 8, 16, 32, 64, 128, 256]
by_pool = {n: over_seeds(in_pools(n), batch_size=256) for n in watched(pools)}
means, band = summary(list(by_pool.values()))

# %%
figure = plots.curve(
    pools,
    {"same batches, same steps": means},
    bands={"same batches, same steps": band},
    band=f"lowest to highest of {len(SEEDS)} seeds",
    title="More negatives help, each one less than the last",
    x_label="pool of candidates (1 positive, the rest negatives)",
    y_label="nDCG@10 on validation queries",
    log_x=True,
)
show(
    figure,
    alt=f"nDCG@10 rises with the pool from {means[0]:.3f} at 2 candidates by {means[3] - means[0]:.3f} "
    f"over three doublings to 16, then by {means[-1] - means[3]:.3f} over four to 256.",
)

# %%
first = metrics.bootstrap_interval((by_pool[16] - by_pool[2]).mean(dim=0))
later = metrics.bootstrap_interval((by_pool[256] - by_pool[16]).mean(dim=0))
claim(
    "More negatives help, and each further one helps less.",
    holds=first.low > 0 and later.low > 0 and first.low / 14 > 5 * later.high / 240,
    measured=f"nDCG@10 gained by the first 14 further negatives {first}, by the next 240 {later}",
)

# %% [markdown]
# In practice a batch size is chosen, not a pool. We go over the data once, at one learning rate, and change the batch size alone:

# %%
batch_sizes = [16, 32, 64, 128, 256, 512, 1024]
by_batch = {
    n: over_seeds(pairs_loss, batch_size=n, epochs=1, lr=1e-3) for n in watched(batch_sizes)
}
means, band = summary(list(by_batch.values()))
top = batch_sizes[means.index(max(means))]

# %%
figure = plots.curve(
    batch_sizes,
    {"one pass": means},
    bands={"one pass": band},
    band=f"lowest to highest of {len(SEEDS)} seeds",
    title="Batch size at one pass: more negatives, fewer steps",
    x_label="batch size (pairs)",
    y_label="nDCG@10 on validation queries",
    log_x=True,
)
show(
    figure,
    alt=f"nDCG@10 after one pass over the data: {means[0]:.3f} at batch size 16, highest "
    f"({max(means):.3f}) at {top}, {means[-1]:.3f} at 1024.",
)

# %%
small = metrics.bootstrap_interval((by_batch[top] - by_batch[16]).mean(dim=0))
large = metrics.bootstrap_interval((by_batch[top] - by_batch[1024]).mean(dim=0))
claim(
    "At one pass and one learning rate, the largest batch is not the best.",
    holds=top < 1024 and large.low > 0,
    measured=f"best batch {top}; nDCG@10 lost at 1024 {large}, at 16 {small}",
)

# %% [markdown] tags=["folded"]
# A larger batch has more negatives a query, which helps, and fewer steps in a pass, which harms. So "larger batches are better" holds only if the learning rate or the number of passes is raised along with them.

# %% [markdown]
# ## 6. Hard negatives
#
# Most passages of a batch have nothing to do with a query. A *hard* negative is similar to the query, but wrong. Does it teach more? Given n of them a query, they join the pool of everybody. By loops, on the toy:

# %%
toy_n = torch.tensor(
    [[[1.0, -1.0], [2.0, 2.0]], [[0.0, -4.0], [3.0, 1.0]], [[-1.0, 1.0], [0.2, 0.0]]]
)
rows = []
for i in range(3):
    candidates = [toy_p[j] for j in range(3)] + [x for group in toy_n for x in group]
    powers = [math.exp(2 * torch.cosine_similarity(toy_q[i], c, dim=0)) for c in candidates]
    rows.append(-math.log(powers[i] / sum(powers)))
print(len(candidates), "candidates a query;", f"mean loss {sum(rows) / 3:.4f}")

# %% [markdown] card="mnrl_with_negatives"
# ### Exercise: MNRL with hard negatives
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# Every query chooses among *all* positives and *all* negatives of the batch: batch * (1 + n) candidates. Its own positive is still the right answer.


# %% answer="mnrl_with_negatives"
def mnrl_with_negatives(
    queries: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor, scale: float = 20.0
) -> torch.Tensor:
    """MNRL with n further wrong passages a query, which join the pool of every query.

    queries, positives: (batch, dim); negatives: (batch, n, dim); all of any length.
    scale: what cosines are multiplied by. Returns a scalar, the mean over queries.

    Example: one pair and two negatives, all vectors alike, cost log(3) = 1.0986.
    """
    ### BEGIN SOLUTION
    candidates = torch.cat([positives, negatives.flatten(0, 1)])
    q = F.normalize(queries, dim=1)
    c = F.normalize(candidates, dim=1)
    scores = scale * (q @ c.T)
    own = scores.diagonal()
    return (scores.logsumexp(dim=1) - own).mean()
    ### END SOLUTION


# %% check="mnrl_with_negatives" points=1
check("mnrl_with_negatives", mnrl_with_negatives)

# %% hidden="mnrl_with_negatives" points=2 seed=21893

# %% [markdown] hints="mnrl_with_negatives"
# - **The shapes do not fit.** Make one list of candidates: `negatives.flatten(0, 1)` is (batch * n, dim), and `torch.cat` puts it behind the positives.
# - **The loss is far too large.** Is the right answer still in column i? Only if all positives come first, then all negatives.
# - **The loss is too small.** Each query should see the negatives of the other rows, too, and the other rows' positives: batch * (1 + n) columns in all.

# %% [markdown]
# Where do hard negatives come from? Here from the encoder's own ranking: its nearest passages that are not marked as right. Lesson 04 does it properly. Which ranks teach most?

# %% quiz="03-q4"

# %%
hard_ = yours("mnrl_with_negatives", mnrl_with_negatives, instead=losses.mnrl)
nearest = search.top_k(queries, passages, k=45)[1]
wrong = []
for ranked, relevant in zip(nearest.tolist(), course.train.relevant):
    wrong.append([i for i in ranked if course.ids[i] not in relevant][:30])
wrong = torch.tensor(wrong)  # (pairs, 30), nearest first
print("query:", course.train.queries[10], "| right:", course.titles[own[10]])
print("rank 1:", course.titles[wrong[10, 0]], "| rank 20:", course.titles[wrong[10, 19]])


# %%
def with_negatives(pool: torch.Tensor, count: int = 4):
    """The loss with `count` negatives a query, drawn anew each time from its row of `pool`."""
    generator = torch.Generator().manual_seed(SEED)

    def loss(head, rows):
        places = torch.randint(pool.shape[1], (len(rows), count), generator=generator)
        chosen = passages[pool[rows].gather(1, places)]  # (batch, count, dim)
        negatives = head(chosen.flatten(0, 1)).unflatten(0, (len(rows), count))
        return hard_(head(queries[rows]), head(passages[own[rows]]), negatives, scale=20.0)

    return loss


# %%
generator = torch.Generator().manual_seed(SEED)
random_rows = torch.randint(len(passages), (len(own), 30), generator=generator)
sources = {"random": random_rows, "ranks 1-3": wrong[:, :3], "ranks 11-30": wrong[:, 10:]}
by_source = {"in-batch only": over_seeds(pairs_loss, batch_size=32, epochs=2)}
for name, pool in watched(sources.items()):
    by_source[name] = over_seeds(with_negatives(pool), batch_size=32, epochs=2)

# %%
bars = {name: metrics.bootstrap_interval(run.mean(dim=0)) for name, run in by_source.items()}
figure = plots.bars(
    list(bars),
    [b.mean for b in bars.values()],
    [(b.low, b.high) for b in bars.values()],
    title="Four more negatives a query: from where?",
    value_label="nDCG@10 on validation queries, 95% interval over queries",
)
show(
    figure,
    alt="Bars of nDCG@10 by the source of four more negatives a query: "
    + ", ".join(f"{name} {b.mean:.3f}" for name, b in bars.items())
    + ". The nearest wrong passages teach least.",
)


# %%
def gained_by(name: str, other: str) -> metrics.Interval:
    return metrics.bootstrap_interval((by_source[name] - by_source[other]).mean(dim=0))


# %%
harms = gained_by("ranks 1-3", "ranks 11-30")
claim(
    "The nearest unmarked passages are worse negatives than those further down.",
    holds=harms.high < 0,
    measured=f"nDCG@10, ranks 1-3 minus ranks 11-30: {harms}",
)
for other in ("in-batch only", "random"):
    helps = gained_by("ranks 11-30", other)
    print(f"ranks 11-30 minus {other}: {helps}, {decided(helps)}")

# %% [markdown]
# Look at the last line, where mined negatives stand against *random* ones: is one matrix enough to learn the fine distinctions that hard negatives show? What does an encoder with *all its layers* make of them?

# %% [markdown]
# Every text then goes through all layers in every step: many minutes a run on a CPU, not a second. So most runs of this lesson train the head, and only `full` puts this question to the encoder.

# %%
from lib import bi_encoder


def train_encoder(*negatives: list[list[str]]) -> torch.nn.Module:
    """A copy of the encoder with all its layers trained by MNRL, with or without negatives."""
    encoder = copy.deepcopy(model)
    history = bi_encoder.train(
        encoder,
        [course.train.queries, [course.passages[i] for i in own], *negatives],
        hard_ if negatives else mnrl_,
        batch_size=128,
        epochs=2,
        lr=1e-4,
        keys=course.train.positives,
        validate=bi_encoder.validator(encoder, course),
        every=30,
        seed=SEED,
    )
    print(f"{len(history.losses)} steps, {history.seconds:.0f} s; best at {history.best_step}")
    return encoder


def drawn(pool: torch.Tensor) -> list[list[str]]:
    """One passage of each row of a pool, drawn once."""
    generator = torch.Generator().manual_seed(SEED)
    places = torch.randint(pool.shape[1], (len(pool), 1), generator=generator)
    return [[course.passages[i]] for i in pool.gather(1, places).flatten().tolist()]


# %%
by_encoder = {}
if PROFILE == "full":
    trained = train_encoder()  # by MNRL in the batch; the leaderboard's
    for name, pool in {"in-batch only": None, **sources}.items():
        if name != "ranks 1-3":
            encoder = trained if pool is None else train_encoder(drawn(pool))
            texts = course.validation.queries, course.passages
            by_encoder[name] = ndcg(*(search.encode_cached(encoder, side) for side in texts))
            print(f"all layers, {name:13} nDCG@10", metrics.bootstrap_interval(by_encoder[name]))
else:
    print('PROFILE = "full" trains all layers here, with one more negative a query, from where?')

# %%
if PROFILE == "full":
    compared = {"one matrix, in-batch only": plain.mean(dim=0)}  # batches of 128 as well
    compared |= {f"all layers, {n}": values for n, values in by_encoder.items()}
    bars = {name: metrics.bootstrap_interval(values) for name, values in compared.items()}
    figure = plots.bars(
        list(bars),
        [b.mean for b in bars.values()],
        [(b.low, b.high) for b in bars.values()],
        title="The same pairs: one matrix, all layers, one more negative",
        value_label="nDCG@10 on validation queries, 95% interval over queries",
    )
    show(figure, alt="nDCG@10: " + ", ".join(f"{n} {b.mean:.3f}" for n, b in bars.items()))
    for other in ("in-batch only", "random"):
        helps = metrics.bootstrap_interval(by_encoder["ranks 11-30"] - by_encoder[other])
        print(f"all layers, ranks 11-30 minus {other}: {helps}, {decided(helps)}")

# %% [markdown]
# Always set mined negatives against *as many random ones*, not only against none: else their number may pass for their hardness. If all layers show no difference either, remember that a batch of 128 already holds 127 others: one more is little, however hard.

# %% [markdown]
# What kind of passages are these negatives? The ontology tells how a passage is related to the right one: parent, child, or sibling (a common parent).

# %%
family = dict(zip(course.ids, map(set, course.parents)))


def related(row: int, other: int) -> bool:
    a, b = course.ids[row], course.ids[other]
    return a in family[b] or b in family[a] or bool(family[a] & family[b])


def share_related(pool: torch.Tensor) -> metrics.Interval:
    """The share of relatives of the right passage in a pool, with its interval over queries."""
    rows = zip(own.tolist(), pool.tolist())
    shares = [sum(related(right, other) for other in row) / len(row) for right, row in rows]
    return metrics.bootstrap_interval(torch.tensor(shares))


# %%
kin = {name: share_related(pool) for name, pool in sources.items()}
claim(
    "The nearest unmarked passages are often close relatives of the right one.",
    holds=kin["ranks 1-3"].low > 2 * kin["ranks 11-30"].high > kin["random"].high,
    measured="share of parents, children and siblings: "
    + ", ".join(f"{name} {share}" for name, share in kin.items()),
)

# %% [markdown] tags=["folded"]
# Nearly a third of the three nearest are relatives of the right passage. A relative that nobody marked may well answer the query: a *false negative*, which training pushes away although it is right. Lesson 04 finds and filters them.

# %% [markdown]
# ## 7. Both directions
#
# A query should find its passage; should a passage find its query? The symmetric form takes the mean of both losses. On a square of scores that means: softmax along the rows, and along the columns.

# %%
scores = 2 * torch.cosine_similarity(toy_q[:, None], toy_p[None], dim=2)
for name, table in (("queries choose", scores), ("passages choose", scores.T)):
    rows = []
    for i in range(3):
        powers = [math.exp(s) for s in table[i].tolist()]
        rows.append(-math.log(powers[i] / sum(powers)))
    print(f"{name:16} mean {sum(rows) / 3:.4f}")

# %% [markdown] card="mnrl_symmetric"
# ### Exercise: the symmetric loss
#
# Difficulty: easy. Importance: medium. Minutes: 6.
#
# The mean of two losses: queries choose among passages, and passages among queries. Each has its own softmax.


# %% answer="mnrl_symmetric"
def mnrl_symmetric(
    queries: torch.Tensor, positives: torch.Tensor, scale: float = 20.0
) -> torch.Tensor:
    """The mean of MNRL from queries to positives and MNRL from positives to queries.

    queries, positives: (batch, dim), any length; row i of one belongs to row i of the other.
    scale: what cosines are multiplied by. Returns a scalar.

    Example: swapping queries and positives does not change the result.
    """
    ### BEGIN SOLUTION
    q = F.normalize(queries, dim=1)
    p = F.normalize(positives, dim=1)
    scores = scale * (q @ p.T)
    own = scores.diagonal()
    there = scores.logsumexp(dim=1) - own
    back = scores.logsumexp(dim=0) - own
    return (there + back).mean() / 2
    ### END SOLUTION


# %% check="mnrl_symmetric" points=1
check("mnrl_symmetric", mnrl_symmetric)

# %% hidden="mnrl_symmetric" points=2 seed=32771

# %% [markdown] hints="mnrl_symmetric"
# - **You are about to compute the scores twice.** The scores of the second direction are the transpose of the first.
# - **Your loss is twice as large as it should be.** It is the mean of both directions, not their sum.
# - **Swapping the arguments changes your result.** One direction is missing, or both run over the same axis: `dim=1` for the queries, `dim=0` for the passages.

# %%
symmetric_ = yours("mnrl_symmetric", mnrl_symmetric, instead=partial(losses.mnrl, symmetric=True))
both = over_seeds(lambda head, rows: symmetric_(head(queries[rows]), head(passages[own[rows]])))
more = metrics.bootstrap_interval((both - plain).mean(dim=0))
print(f"nDCG@10, symmetric minus one direction: {more}, {decided(more)}")

# %% [markdown]
# The interval holds 0: no difference is seen. Our search goes one way only, from query to passage. Where both sides are searched (image and caption, as in CLIP; translation pairs) the second direction belongs to the task.
#
# ## 8. What if two queries share a passage?
#
# If two queries of one passage meet in a batch, the passage stands there twice: as the right answer of each and as a negative of the other. How often does that happen?

# %%
copies = torch.bincount(own)
print(
    "passages with several training queries:",
    int((copies > 1).sum()),
    "of",
    int((copies > 0).sum()),
)
generator = torch.Generator().manual_seed(SEED)
for n in (16, 64, 256, 1024):
    shares = []
    for _ in range(200):
        drawn = own[torch.randperm(len(own), generator=generator)[:n]]
        shares.append(float((torch.bincount(drawn)[drawn] > 1).float().mean()))
    print(f"random batch of {n:4}: {sum(shares) / 200:.1%} of its queries meet a duplicate")

# %% quiz="03-q5"

# %% [markdown]
# The cure is a mask: a passage with the same key as one's own is no candidate. In the softmax a score of -inf weighs exp(-inf) = 0. By a loop:

# %%
toy_keys, twins, rows = [7, 7, 4], toy_p[[0, 0, 2]], []
for i in range(3):
    total = 0.0
    for j in range(3):
        if j == i or toy_keys[j] != toy_keys[i]:
            total += math.exp(2 * torch.cosine_similarity(toy_q[i], twins[j], dim=0))
    rows.append(math.log(total) - float(2 * torch.cosine_similarity(toy_q[i], twins[i], dim=0)))
print(f"masked {sum(rows) / 3:.4f}, unmasked {mnrl_(toy_q, twins, scale=2.0):.4f}")

# %% [markdown] card="mnrl_masked"
# ### Exercise: mask the duplicates
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# As `mnrl`, but rows with equal keys are not each other's candidates. Each row's own positive stays. A query without any negative left costs 0.


# %% answer="mnrl_masked"
def mnrl_masked(
    queries: torch.Tensor, positives: torch.Tensor, keys: torch.Tensor, scale: float = 20.0
) -> torch.Tensor:
    """MNRL in which rows with equal keys are not each other's negatives.

    queries, positives: (batch, dim), any length; keys: (batch,) whole numbers, equal where the
    positives are the same passage. scale: what cosines are multiplied by. Returns a scalar.

    Example: a batch whose keys are all equal has no negatives, so its loss is 0.
    """
    ### BEGIN SOLUTION
    q = F.normalize(queries, dim=1)
    p = F.normalize(positives, dim=1)
    scores = scale * (q @ p.T)
    own = scores.diagonal()
    twins = keys[:, None] == keys
    twins = twins & ~torch.eye(len(keys), dtype=torch.bool, device=keys.device)
    scores = scores.masked_fill(twins, float("-inf"))
    return (scores.logsumexp(dim=1) - own).mean()
    ### END SOLUTION


# %% check="mnrl_masked" points=1
check("mnrl_masked", mnrl_masked)

# %% hidden="mnrl_masked" points=2 seed=43691

# %% [markdown] hints="mnrl_masked"
# - **The loss is infinite.** You masked the right answers as well: every key equals itself. Leave the diagonal out of the mask.
# - **The loss hardly changed.** A masked score of 0 still weighs exp(0) = 1. Use `masked_fill(mask, float("-inf"))`.
# - **You do not know how to compare all keys with all.** `keys[:, None] == keys` is (batch, batch), True where two rows have the same key.

# %% [markdown]
# In a shuffled batch duplicates are few. They are many where data comes grouped, say by product or by FAQ entry. We build such batches: 32 passages with two of their queries each, and train with and without the mask.

# %%
masked_ = yours(
    "mnrl_masked",
    mnrl_masked,
    instead=lambda q, p, keys, scale=20.0: losses.mnrl(q, p, scale=scale, same=keys),
)
grouped = [torch.nonzero(own == key).flatten()[:2] for key in torch.nonzero(copies > 1).flatten()]
grouped = torch.stack(grouped)  # (passages, 2), rows of two pairs with the same passage
print(tuple(grouped.shape))


# %%
def unmasked_loss(head, groups):
    rows = groups.flatten()
    return mnrl_(head(queries[rows]), head(passages[own[rows]]))


def masked_loss(head, groups):
    rows = groups.flatten()
    keys = own[rows].to(device)
    return masked_(head(queries[rows]), head(passages[own[rows]]), keys)


many = range(6)
options = {"items": grouped, "batch_size": 32, "lr": 1e-3, "epochs": 5}
curves = {
    "unmasked": train(unmasked_loss, **options)[1].losses,
    "masked": train(masked_loss, **options)[1].losses,
}
without = over_seeds(unmasked_loss, seeds=many, **options)
with_mask = over_seeds(masked_loss, seeds=many, **options)

# %%
figure = plots.curve(
    range(1, len(curves["masked"]) + 1),
    curves,
    title="Every passage twice in the batch: the loss cannot fall",
    x_label="step (batches of 32 passages with two queries each)",
    y_label="training loss (nats)",
    references={"log(2)": math.log(2)},
)
show(
    figure,
    alt="Training loss of batches in which every passage stands twice: unmasked it stays above "
    f"log(2) = {math.log(2):.2f} (last {curves['unmasked'][-1]:.2f}), masked it falls to "
    f"{curves['masked'][-1]:.2f}.",
)

# %%
help_ = metrics.bootstrap_interval((with_mask - without).mean(dim=0))
seed_gaps = (with_mask - without).mean(dim=1)
claim(
    "Duplicates in a batch are false negatives: they hold the loss above log(2), masking frees it.",
    holds=min(curves["unmasked"]) > math.log(2) > 3 * curves["masked"][-1],
    measured=f"lowest loss {min(curves['unmasked']):.3f} unmasked, {min(curves['masked']):.3f} masked",
)
print(f"nDCG@10, masked minus unmasked: {help_}, {decided(help_)};", end=" ")
print(f"positive for {int((seed_gaps > 0).sum())} of {len(seed_gaps)} seeds")

# %% [markdown] tags=["folded"]
# Without the mask a copy of the right passage takes half of the probability, so that the loss cannot fall below log(2). Retrieval loses little (0.006 nDCG@10, though with all six seeds): the copy is the query's own positive, too, and is pulled closer as much as it is pushed away. So the curve of the loss misleads more than the model suffers.

# %% [markdown]
# `batch_sampler="no_duplicates"` in sentence-transformers, `keys` in our `fit`, keep duplicates apart in the first place.

# %% [markdown]
# ## 9. Triplets and margins
#
# Before in-batch softmax there was the **triplet loss**. A triplet is a query (the *anchor*), its passage (the positive) and one negative. The negative should be farther from the anchor than the positive, by a *margin*; then the triplet is *closed* and costs nothing. A loop:

# %%
for i in range(3):
    a, p, n = toy_q[i], toy_p[i], toy_p[(i + 1) % 3]
    near = 1 - float(torch.cosine_similarity(a, p, dim=0))
    far = 1 - float(torch.cosine_similarity(a, n, dim=0))
    print(
        f"distances {near:.2f} and {far:.2f}: loss {max(0.0, near - far + 0.3):.2f} at margin 0.3"
    )

# %% [markdown] card="triplet_cosine"
# ### Exercise: the triplet loss with cosine distance
#
# Difficulty: easy. Importance: medium. Minutes: 6.
#
# The distance is 1 - cosine. Cut each triplet off at 0, then take the mean.


# %% answer="triplet_cosine"
def triplet_cosine(
    anchors: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor, margin: float
) -> torch.Tensor:
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), d = 1 - cosine.

    anchors, positives, negatives: (batch, dim), any length; margin: a number. Returns a scalar.

    Example: where negative and positive are the same vector the loss is the margin.
    """
    ### BEGIN SOLUTION
    a = F.normalize(anchors, dim=1)
    p = F.normalize(positives, dim=1)
    n = F.normalize(negatives, dim=1)
    near = 1 - (a * p).sum(dim=1)
    far = 1 - (a * n).sum(dim=1)
    return (near - far + margin).clamp(min=0).mean()
    ### END SOLUTION


# %% check="triplet_cosine" points=1
check("triplet_cosine", triplet_cosine)

# %% hidden="triplet_cosine" points=2 seed=54403

# %% [markdown] hints="triplet_cosine"
# - **The loss is negative.** Closed triplets cost 0: cut with `clamp(min=0)` or `relu`.
# - **The loss is right for one triplet, wrong for several.** Cut each triplet before you take the mean; the other way round, closed triplets pay for open ones.
# - **The loss is large where it should be 0.** The positive should be near: its distance counts with plus, the negative's with minus, the margin is added.

# %% [markdown]
# sentence-transformers has a TripletLoss, too. By default it takes the *Euclidean* distance and a margin of 5. Our vectors have length one.

# %% quiz="03-q6"

# %%
from sentence_transformers.sentence_transformer.losses import TripletLoss

library = TripletLoss(model)
print(f"margin {library.triplet_margin}")
unit = F.normalize(torch.randn(1, 384), dim=1)
best = library.compute_loss_from_embeddings([unit, unit, -unit], None)
print(f"the best triplet there can be costs {best:.2f}")


# %%
def library_default(head, rows):
    q, p = head(queries[rows]), head(passages[own[rows]])
    return library.compute_loss_from_embeddings([q, p, p.roll(1, 0)], None)


head_default, history_default = train(library_default)
with torch.no_grad():
    q, p = head_default(queries), head_default(passages[own])
    gaps = (q - p).norm(dim=1) - (q - p.roll(1, 0)).norm(dim=1)
closed = float((gaps + 5 <= 0).float().mean())
loss_of_default = metrics.bootstrap_interval(quality(head_default) - before)

# %%
claim(
    "The library's TripletLoss default never closes a triplet of unit vectors.",
    holds=closed == 0 and min(history_default.losses) >= 3 and abs(float(best) - 3) < 1e-4,
    measured=f"{closed:.0%} of the triplets closed, lowest loss {min(history_default.losses):.2f}, "
    f"possible {float(best):.2f}; nDCG@10 against no training {loss_of_default}",
)

# %% [markdown] tags=["folded"]
# Two points of the unit sphere are at most 2 apart, so a margin of 5 is never reached: every triplet, however good, keeps pushing, and after training search is no better than before.

# %% [markdown]
# For unit vectors we take the cosine distance and a margin of at most 1. Which? To be fair to the triplet loss we choose its margin and its learning rate on the very queries that we report; MNRL keeps its defaults.

# %%
triplet_ = yours("triplet_cosine", triplet_cosine, instead=losses.triplet_loss)


def triplet_loss_of(margin: float):
    """Triplets whose negative is another pair's passage."""

    def loss(head, rows):
        q, p = head(queries[rows]), head(passages[own[rows]])
        return triplet_(q, p, p.roll(1, 0), margin=margin)

    return loss


grid = [(m, lr) for m in (0.1, 0.3, 0.5, 1.0) for lr in (1e-3, 3e-3)]
tried = {s: quality(train(triplet_loss_of(s[0]), lr=s[1])[0]).mean() for s in watched(grid)}
margin, triplet_lr = max(tried, key=tried.get)
print(f"best triplet: margin {margin}, learning rate {triplet_lr}")

# %%
order = torch.randperm(len(own), generator=torch.Generator().manual_seed(SEED))
amounts = [len(own) // 8, len(own) // 4, len(own) // 2, len(own)]
equal_data = {"MNRL": [], "triplet": []}
for amount in watched(amounts):
    rows = order[:amount].sort().values
    equal_data["MNRL"].append(plain if amount == len(own) else over_seeds(pairs_loss, rows))
    equal_data["triplet"].append(over_seeds(triplet_loss_of(margin), rows, lr=triplet_lr))
lines = {name: summary(runs) for name, runs in equal_data.items()}

# %%
figure = plots.curve(
    amounts,
    {name: means for name, (means, _) in lines.items()},
    bands={name: ends for name, (_, ends) in lines.items()},
    band=f"lowest to highest of {len(SEEDS)} seeds",
    title="The same pairs, two losses",
    x_label="training pairs (three passes each)",
    y_label="nDCG@10 on validation queries",
    references={"before training": float(before.mean())},
    log_x=True,
)
show(
    figure,
    alt="nDCG@10 over the number of training pairs: MNRL is above the triplet loss everywhere; with "
    f"all pairs {lines['MNRL'][0][-1]:.3f} against {lines['triplet'][0][-1]:.3f}.",
)

# %%
ahead = [
    metrics.bootstrap_interval((m - t).mean(dim=0))
    for m, t in zip(equal_data["MNRL"], equal_data["triplet"])
]
claim(
    "MNRL learns more from the same pairs than the triplet loss.",
    holds=all(interval.low > 0 for interval in ahead),
    measured="nDCG@10 ahead: " + ", ".join(f"{n} pairs {i}" for n, i in zip(amounts, ahead)),
)
eighth = metrics.bootstrap_interval((equal_data["MNRL"][0] - equal_data["triplet"][-1]).mean(dim=0))
print(f"MNRL on {amounts[0]} pairs minus triplet on {amounts[-1]}: {eighth}, {decided(eighth)}")

# %% [markdown] tags=["folded"]
# MNRL is ahead at every amount of data, and with an eighth of the pairs it does at least as well as the triplet loss with all. A triplet sees one negative, and closed ones teach nothing; MNRL sees every passage of the batch and weighs the hardest most. (`losses` has `cosine_similarity_loss` as well, for pairs with a graded score, as in STS.)

# %% [markdown]
# ## 10. Learn from a teacher: margin-MSE
#
# A label says right or wrong. A *teacher* says how much: its margin between a positive and a negative is large for a silly negative, near 0 for a false one. The student should show the same margins (Hofstätter et al. 2020).

# %%
toy_teacher = [[4.0, 1.5], [3.0, -0.5], [0.0, 1.0]]
squares = []
for i in range(3):
    for j in range(2):
        margin_ij = float(toy_q[i] @ toy_p[i] - toy_q[i] @ toy_n[i, j])
        squares.append((margin_ij - toy_teacher[i][j]) ** 2)
        print(
            f"query {i}, negative {j}: student {margin_ij:5.2f}, teacher {toy_teacher[i][j]:5.2f}"
        )
print(f"mean square {sum(squares) / len(squares):.4f}")

# %% [markdown] card="margin_mse"
# ### Exercise: margin-MSE
#
# Difficulty: medium. Importance: medium. Minutes: 8.
#
# The mean squared difference between the student's margins and the teacher's. Scores are dot products of the vectors as they are: a teacher's margin may be larger than any cosine.


# %% answer="margin_mse"
def margin_mse(
    queries: torch.Tensor,
    positives: torch.Tensor,
    negatives: torch.Tensor,
    teacher_margins: torch.Tensor,
) -> torch.Tensor:
    """The mean squared difference between the student's margins and the teacher's.

    queries, positives: (batch, dim); negatives: (batch, n, dim); teacher_margins: (batch, n), the
    teacher's score of the positive minus that of the negative. Returns a scalar.

    Example: a student whose margins are all 2 below the teacher's has a loss of 4.
    """
    ### BEGIN SOLUTION
    own = (queries * positives).sum(dim=1)
    wrong = (queries.unsqueeze(1) * negatives).sum(dim=2)
    margins = own.unsqueeze(1) - wrong
    return (margins - teacher_margins).square().mean()
    ### END SOLUTION


# %% check="margin_mse" points=1
check("margin_mse", margin_mse)

# %% hidden="margin_mse" points=2 seed=65579

# %% [markdown] hints="margin_mse"
# - **(batch, dim) and (batch, n, dim) do not multiply.** Give the queries an axis in the middle: `queries.unsqueeze(1)` is (batch, 1, dim).
# - **Your result is a table.** It is the mean over all margins: square, then `.mean()`, nothing before.
# - **The student cannot reach the teacher's margins.** You normalise. Here scores are plain dot products.

# %% quiz="03-q8"

# %% [markdown]
# A use for it: make the vectors small. (*Distillation* is what one calls training by a teacher.) Teacher: the head with 384 dimensions that mined negatives trained. Student: a head with 64, once by labels (MNRL), once by the teacher's margins on eight wrong passages a query.

# %%
margin_mse_ = yours("margin_mse", margin_mse, instead=losses.margin_mse)
teacher, _ = train(with_negatives(wrong[:, 10:]), batch_size=64)
with torch.no_grad():
    teacher_q, teacher_p = teacher(queries), teacher(passages)
candidates = wrong[:, torch.linspace(0, 29, 8).long()]  # (pairs, 8) from rank 1 to 30
own_score = (teacher_q * teacher_p[own]).sum(dim=1)
wrong_score = (teacher_q[:, None] * teacher_p[candidates]).sum(dim=2)
teacher_margins = own_score[:, None] - wrong_score
low, high = teacher_margins.min(), teacher_margins.max()
print(f"teacher's margins from {low:.2f} to {high:.2f}")


# %%
def distilled(head, rows):
    negatives = head(passages[candidates[rows]].flatten(0, 1)).unflatten(0, (len(rows), -1))
    q, p = head(queries[rows]), head(passages[own[rows]])
    return margin_mse_(q, p, negatives, teacher_margins[rows])


students = {
    "cut, not trained": quality(finetune.ProjectionHead(passages.shape[1], 64).to(device))[None],
    "64 by MNRL": over_seeds(pairs_loss, out=64, batch_size=64),
    "64 by margin-MSE": over_seeds(distilled, out=64, batch_size=64),
    "teacher, 384": quality(teacher)[None],
}

# %%
bars = {name: metrics.bootstrap_interval(run.mean(dim=0)) for name, run in students.items()}
figure = plots.bars(
    list(bars),
    [b.mean for b in bars.values()],
    [(b.low, b.high) for b in bars.values()],
    title="Small vectors: by labels or by a teacher",
    value_label="nDCG@10 on validation queries, 95% interval over queries",
)
show(
    figure,
    alt="Bars of nDCG@10 for vectors of 64 dimensions and their teacher: "
    + ", ".join(f"{name} {b.mean:.3f}" for name, b in bars.items())
    + ".",
)

# %%
taught = (students["64 by margin-MSE"] - students["cut, not trained"]).mean(dim=0)
taught = metrics.bootstrap_interval(taught)
rather = (students["64 by margin-MSE"] - students["64 by MNRL"]).mean(dim=0)
rather = metrics.bootstrap_interval(rather)
claim(
    "A teacher's margins alone, without a scale or a softmax, train a good small model.",
    holds=taught.low > 0.05,
    measured=f"nDCG@10 gained over 64 untrained dimensions {taught}; over MNRL {rather}",
)

# %% [markdown] tags=["folded"]
# The teacher's margins make a small model far better than cutting does, but not better than the labels do: against MNRL the interval ends at 0 and lies below it. This teacher learned from the same labels, so it has nothing to add. A teacher can help where it knows more than the labels: a cross-encoder, or queries without labels.

# %% [markdown]
# ## 11. A large batch in little memory
#
# Negatives come from the batch, and a batch has to fit: the *activations* of every text (what each layer computed) wait in memory for the backward pass. Can we cut the batch into chunks and add up the gradients, as usual?

# %%
rows = torch.arange(8)
weight = torch.eye(384, device=device).requires_grad_()


def gradient_of(parts: list) -> torch.Tensor:
    """The summed gradient with a loss of its own for each part of the batch."""
    added = torch.zeros_like(weight)
    for part in parts:
        value = mnrl_(queries[part] @ weight.T, passages[own[part]] @ weight.T)
        added += torch.autograd.grad(value, weight)[0] * len(part) / len(rows)
    return added


whole, cut = gradient_of([rows]), gradient_of(rows.split(2))
print(f"difference, relative to the gradient: {(whole - cut).norm() / whole.norm():.2f}")

# %% [markdown]
# No: the two gradients have little in common, as each chunk sees only its own negatives. But the loss needs just the *vectors*, which are small. So (Gao et al. 2021): encode all without keeping activations; take the gradient of the loss with respect to the vectors; encode again, chunk by chunk, and hand each chunk its part.

# %% [markdown]
# For a linear encoder, `vectors = inputs @ weight.T`, one can follow every number. If g is the gradient with respect to one vector, its share in the weight's gradient is the outer product of g and the input:

# %%
toy_w = torch.tensor([[1.0, 0.5], [0.0, 1.0]])
leaves = [(x @ toy_w.T).requires_grad_() for x in (toy_q, toy_p)]
upstream = torch.autograd.grad(mnrl_(*leaves, scale=2.0), leaves)
total = torch.zeros(2, 2)
for i in range(3):
    for g, x in ((upstream[0][i], toy_q[i]), (upstream[1][i], toy_p[i])):
        total = total + torch.outer(g, x)
    print(f"after pair {i}:", [[round(v, 4) for v in row] for row in total.tolist()])

# %% [markdown] card="cached_gradient"
# ### Exercise: the gradient in two passes
#
# Difficulty: hard. Importance: high. Minutes: 15.
#
# Take one loss over the vectors of the whole batch and its gradient with respect to them; then go through the batch in chunks and add up. Return what has been added up after *each* chunk: the last entry is the full gradient.


# %% answer="cached_gradient"
def cached_gradient(
    weight: torch.Tensor, queries: torch.Tensor, positives: torch.Tensor, chunk: int, scale: float
) -> torch.Tensor:
    """The gradient of MNRL with respect to a linear encoder's weight, accumulated by chunks.

    weight: (out, width); queries, positives: inputs (batch, width), encoded as inputs @ weight.T;
    chunk: pairs in a chunk (the last may be shorter). Returns (chunks, out, width): the running sum
    after each chunk. `losses.mnrl(q, p, scale=scale)` may be used.

    Example: with chunk = batch there is one entry, the gradient of the whole batch.
    """
    ### BEGIN SOLUTION
    q = (queries @ weight.T).requires_grad_()
    p = (positives @ weight.T).requires_grad_()
    loss = losses.mnrl(q, p, scale=scale)
    to_q, to_p = torch.autograd.grad(loss, (q, p))
    total = torch.zeros_like(weight)
    steps = []
    for start in range(0, len(queries), chunk):
        rows = slice(start, start + chunk)
        total = total + to_q[rows].T @ queries[rows] + to_p[rows].T @ positives[rows]
        steps.append(total)
    return torch.stack(steps)
    ### END SOLUTION


# %% check="cached_gradient" points=1
check("cached_gradient", cached_gradient)

# %% hidden="cached_gradient" points=2 seed=76801

# %% [markdown] hints="cached_gradient"
# - **Your first step is right only if the chunk is the whole batch.** You take a loss for each chunk. Take one loss over all vectors, once, before the loop.
# - **You do not know how to get a gradient with respect to vectors.** Detach them, call `requires_grad_()`, take the loss, then `torch.autograd.grad(loss, (q, p))`.
# - **The gradient is about half of what it should be.** Queries and passages were both encoded with the weight: add up both shares, `to_q[rows].T @ queries[rows]` and the same for the passages.


# %%
def library_gradient(weight, queries, positives, chunk, scale):
    encoder = torch.nn.Linear(*weight.T.shape, bias=False).to(weight)
    encoder.load_state_dict({"weight": weight})
    parts = [queries.split(chunk), positives.split(chunk)]
    gradient_cache.cached_backward(encoder, parts, partial(losses.mnrl, scale=scale))
    return encoder.weight.grad[None]


cached_ = yours("cached_gradient", cached_gradient, instead=library_gradient)
again = cached_(weight.detach(), queries[rows], passages[own[rows]], 2, 20.0)[-1]
print(f"difference from the whole batch: {(again - whole).norm() / whole.norm():.6f}")

# %% [markdown]
# Now the real encoder, all of its layers. `cached_backward` does the same for any encoder. We count the bytes that PyTorch keeps for the backward pass: a hook sees every tensor that is kept, and when it is let go.


# %%
class Kept:
    """A tensor kept for the backward pass; counts bytes, now and at most."""

    now = most = 0

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor, self.size = tensor, tensor.numel() * tensor.element_size()
        Kept.now += self.size
        Kept.most = max(Kept.most, Kept.now)

    def __del__(self) -> None:
        Kept.now -= self.size


weights = {p.data_ptr() for p in model.parameters()}


def keep(tensor: torch.Tensor):
    """Weights are there anyway; everything else is kept for the backward pass."""
    return tensor if tensor.data_ptr() in weights else Kept(tensor)


def backward_bytes(backward) -> tuple[int, torch.Tensor]:
    """The most bytes kept at a time while `backward()` runs, and the gradient it leaves."""
    model.zero_grad()
    Kept.now = Kept.most = 0
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda kept: getattr(kept, "tensor", kept)):
        backward()
    grads = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return Kept.most, torch.cat(grads)


# %%
texts = [course.train.queries[:32], [course.passages[i] for i in own[:32]]]
model.requires_grad_(True)


def in_chunks(size: int):
    parts = [[side[i : i + size] for i in range(0, 32, size)] for side in texts]
    return gradient_cache.cached_backward(partial(finetune.embed, model), parts, losses.mnrl)


at_once, right = backward_bytes(
    lambda: losses.mnrl(*(finetune.embed(model, side) for side in texts)).backward()
)
chunk_sizes = [4, 8, 16]
cached = {size: backward_bytes(partial(in_chunks, size)) for size in watched(chunk_sizes)}
errors = {size: float((g - right).norm() / right.norm()) for size, (_, g) in cached.items()}
model = model.requires_grad_(False)

# %%
megabytes = [kept / 2**20 for kept, _ in cached.values()] + [at_once / 2**20]
figure = plots.bars(
    [f"chunks of {size}" for size in chunk_sizes] + ["32 pairs at once"],
    megabytes,
    title="32 pairs through all layers of the encoder",
    value_label="most kept for the backward pass (MiB)",
    decimals=0,
)
show(
    figure,
    alt="Bars of the memory kept for the backward pass: "
    + ", ".join(f"chunks of {s} {m:.0f} MiB" for s, m in zip(chunk_sizes, megabytes))
    + f", at once {megabytes[-1]:.0f} MiB.",
)

# %%
claim(
    "Two passes give the same gradient in the memory of one chunk.",
    holds=max(errors.values()) < 1e-3 and cached[4][0] < 0.2 * at_once,
    measured=f"gradients differ by less than {'0.1%' if max(errors.values()) < 1e-3 else '?'}; chunks of "
    f"4 keep {cached[4][0] / at_once:.0%} of the memory",
)

# %% [markdown]
# The price is a second forward pass for all chunks but one. In sentence-transformers: CachedMultipleNegativesRankingLoss.

# %% quiz="03-q7"

# %% [markdown]
# ## 12. Break it
#
# A wrong loss can fall as well as a right one; it only trains something else. So test the loss itself, on vectors for which you can say what it must be.

# %% [markdown] card="break_mnrl"
# ### Exercise: a test that no wrong MNRL survives
#
# Difficulty: hard. Importance: high. Minutes: 12.
#
# Return cases `(queries, positives, scale, expected)`: two nested lists (batch, dim), two numbers. Right implementations must pass; every wrong one must fail some case. Work the expected value out with `math.exp` and `math.log` (four decimals count). A handful of cases is enough; 2,000 are the most.


# %% answer="break_mnrl"
def break_mnrl() -> list:
    """Return test cases for the multiple negatives ranking loss.

    Each case is (queries (batch, dim), positives (batch, dim), scale, expected loss): nested lists
    and numbers.

    Example of one case: ([[1, 0], [0, 1]], [[1, 0], [0, 1]], 1, 0.3133), log(1 + exp(-1)).
    """
    ### BEGIN SOLUTION
    apart = [[3, 0], [-1, 0]], [[1, 0], [0, 5]], 2
    found = math.log(1 + math.exp(-2))
    wrong_pair = [[3, 0], [-1, 0]], [[-1, 0], [0, 5]], 2
    lost = math.log(1 + math.exp(2))
    alike = [[1, 0], [1, 0]], [[1, 0], [1, 0]], 100
    blind = math.log(2)
    three = [[1, 0], [1, 0], [1, 0]], [[2, 0], [0, 2], [-2, 0]], 1
    spread = math.log(math.exp(1) + 1 + math.exp(-1))
    return [(*apart, found), (*wrong_pair, lost), (*alike, blind), (*three, spread)]
    ### END SOLUTION


# %% check="break_mnrl" points=1
check("break_mnrl", break_mnrl)

# %% hidden="break_mnrl" points=2 seed=87887

# %% [markdown] hints="break_mnrl"
# - **You do not know what to expect.** Take vectors on the axes: their cosines are 1, 0 or -1, so a row of scores is scale, 0 or -scale, and the loss of two candidates is log(1 + exp(other - own)).
# - **A suspect passes though it mixes up rows and columns, or takes the first column.** Let query 1 point away from passage 0, without passage 1 doing the same to query 0.
# - **A suspect passes though it takes `exp` carelessly, or divides by the scale.** Add two pairs of vectors that are all alike at scale 100, where the loss is log(2), and a case with scale 2.

# %% [markdown]
# ## 13. On the leaderboard
#
# One head, trained by MNRL on the pairs; in `full` the encoder of section 6, trained by the same loss on the same pairs. The validation queries say when to stop. The test queries, seen here for the first time, judge: by nDCG@10, by recall@10 (is the right passage among the first ten?) and by MRR@10 (1 over its rank).

# %% [markdown]
# Rows that `fast` saved searched fewer passages, which is easier: `full` compares with rows of its own.

# %%
final = finetune.ProjectionHead(passages.shape[1]).to(device)
history = finetune.fit(
    final,
    len(own),
    lambda rows: pairs_loss(final, rows),
    batch_size=128,
    epochs=5,
    lr=3e-3,
    keys=course.train.positives,
    seed=SEED,
    validate=lambda: float(quality(final).mean()),
    every=20,
)
print(f"best of {len(history.scores)} validations at step {history.best_step}")

# %%
test = search.encode_cached(model, course.test.queries)


def ranking(queries: torch.Tensor, passages: torch.Tensor) -> list[list[str]]:
    found = search.top_k(queries, passages, k=10)[1]
    return [[course.ids[i] for i in row] for row in found.tolist()]


with torch.no_grad():
    ranked = ranking(final(test), final(passages))
system = "MiniLM and a head trained by MNRL"
if PROFILE == "full":
    by_head, texts = ranked, (course.test.queries, course.passages)
    ranked = ranking(*(search.encode_cached(trained, side) for side in texts))
    system = "MiniLM, all layers trained by MNRL"
row = leaderboard.evaluate(system, "03", ranked, course.test)
leaderboard.save(row)
print("nDCG@10", row.ndcg_at_10, " recall@10", row.recall_at_10, " MRR@10", row.mrr_at_10)

# %%
relevant = course.test.relevant
untrained = metrics.ndcg_at_k(ranking(test, passages), relevant, 10)
gained = metrics.bootstrap_interval(metrics.ndcg_at_k(ranked, relevant, 10) - untrained)
claim(
    "On queries that training never saw, training beats the encoder that it began with.",
    holds=gained.low > 0,
    measured=f"nDCG@10 on the test queries gained {gained}",
)
if PROFILE == "full":
    deeper = metrics.ndcg_at_k(ranked, relevant, 10) - metrics.ndcg_at_k(by_head, relevant, 10)
    deeper = metrics.bootstrap_interval(deeper)
    claim(
        "All layers learn more from the same pairs than one matrix.",
        holds=deeper.low > 0,
        measured=f"nDCG@10 on the test queries, all layers minus the head: {deeper}",
    )

# %%
board = leaderboard.board(row)
if PROFILE == "full":
    others = {"all-MiniLM-L6-v2": ranking(test, passages), "MiniLM and a head": by_head}
    board = [leaderboard.evaluate(name, "03", r, course.test) for name, r in others.items()]
    board.append(row)
figure = plots.leaderboard(board)
show(
    figure,
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% quiz="03-q9"

# %% [markdown]
# ## Takeaways
#
# - MNRL is a multiple-choice test over the batch: cosine times scale, softmax along the passages, the diagonal is right. Know your log(batch).
# - Temperature and negatives decide what is learned. Start at scale 20. More negatives help, false ones harm; whether hard ones beat as many random ones, measure.
# - A larger batch means fewer steps: move the learning rate or the passes along with it.
# - Duplicates in a batch are false negatives. Keep them apart or mask them.
# - Unit vectors have distances of at most 2: a margin of 5 never closes.
# - A gradient in two passes gives a large batch the memory of a small one.

# %% [markdown]
# ## Further reading
#
# - van den Oord, Li and Vinyals (2018). Representation Learning with Contrastive Predictive Coding. arXiv.
# - Henderson et al. (2017). Efficient Natural Language Response Suggestion for Smart Reply. arXiv.
# - Wang and Isola (2020). Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere. ICML.
# - Schroff, Kalenichenko and Philbin (2015). FaceNet: A Unified Embedding for Face Recognition and Clustering. CVPR.
# - Hofstätter, Althammer, Schröder, Sertkan and Hanbury (2020). Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation. arXiv.
# - Gao, Zhang, Han and Callan (2021). Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup. RepL4NLP.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
