# ---
# jupyter:
#   course:
#     lesson: "03"
#     title: Contrastive learning and MNRL
#     minutes: 180
#     objectives:
#       - Write the multiple negatives ranking loss, with hard negatives, in both directions and without duplicates.
#       - Say what the loss of an untrained model is, and read a training curve by it.
#       - Measure what temperature, batch size and negatives do to retrieval.
#       - Tell ranking, triplet, cosine-similarity and distillation losses apart, and choose between them.
#       - Compute the gradient of a large batch in little memory, in two passes.
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
import copy
import math
from functools import partial

import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer import losses as st_losses

from lib import bi_encoder, diagrams, finetune, gradient_cache, leaderboard, losses, metrics, plots
from lib import contrastive_figures as figures
from lib.data import load_course_set
from lib.device import pick_device, seed_everything
from lib.explore import batch_by_temperature, explore
from lib.kept_memory import backward_bytes
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder
from lib.ontology_relations import Relations
from lib.pair_training import PairBench, drawn_from, in_pools
from lib.plots import show
from lib.progress_bar import track
from lib.search import encode_cached, top_k
from lib.significance import paired_interval

seed_everything(SEED)

# %% [markdown]
# ## 1. Pairs are enough
#
# Nobody labels sentences with vectors. What we have are *pairs* of texts that belong together. Here the first text is what a patient says, the *query*, and the second is the clinical *passage* that is meant (Human Phenotype Ontology, Köhler et al. 2021).

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
# How does a model learn vectors from pairs? The two texts of a pair should get similar vectors. But a model that gives all texts the same vector does that, too, and is useless. So it must also see texts that do *not* belong together. This is called **contrastive learning**.

# %% [markdown]
# Nobody has to collect such texts. Training goes in steps, and each step sees a *batch*, that is, some of the pairs. For each query of the batch, the passages of all other pairs are wrong answers:

# %% tags=["folded"]
four = ["Loss of bladder control", "Low hairline at back of neck", "Middle ear infection"]
four = [course.train.queries.index(text) for text in [*four, "Dropped arches"]]
titles = [course.titles[own[row]] for row in four]
show(*diagrams.batch_of_pairs([course.train.queries[row] for row in four], titles))

# %% [markdown]
# The passages on the diagonal are the *positives*. All others are **in-batch negatives**. They cost nothing, since each has to be encoded anyway, for its own query.

# %% [markdown]
# In this lesson we freeze the encoder: its weights stay as they are. On its vectors we train a *head*, one matrix that starts as the identity, so that at first nothing changes. A training run then takes about a second, and we can afford many. The losses are those that train whole encoders. (With `PROFILE = "full"`, meant for a GPU, section 5 does that, too.)

# %%
passages = encode_cached(model, course.passages)
queries = encode_cached(model, course.train.queries)
held_out = encode_cached(model, course.validation.queries)
print("passages", tuple(passages.shape), " queries", tuple(queries.shape))

# %% [markdown]
# Here are the cosines of a batch of eight pairs, before any training:

# %%
first_rows = {passage: row for row, passage in reversed(list(enumerate(own.tolist())))}
distinct = torch.tensor(sorted(first_rows.values()))  # one pair a passage, for looking at
generator = torch.Generator().manual_seed(SEED)
distinct = distinct[torch.randperm(len(distinct), generator=generator)]
eight = distinct[:8]
cosines = queries[eight] @ passages[own[eight]].T  # (queries, passages)

# %%
title = "A batch of eight pairs before training"
show(*figures.square(cosines.cpu(), title=title, value_label="cosine"))

# %% [markdown]
# The pairs stand out: on the diagonal the cosines are about 0.6, elsewhere about 0.3. This encoder has been trained already, on a billion other pairs. But some negatives come near, and in one row a wrong passage is even ahead of the right one.

# %% [markdown]
# ## 2. The loss: find your own
#
# Think of a multiple-choice test. Each query is asked: which of the passages of this batch is mine? Its cosines are its answer, and the loss says how wrong the answer is. It takes three steps.

# %% [markdown]
# 1. Multiply the cosines by a number, the *scale*. The results are *scores*, also called *logits*.
# 2. Turn each row of scores into shares that add up to 1, by the *softmax* of lesson 02: take exp of each score and divide it by the sum of its row. A share can be read as a probability.
# 3. The loss of a query is minus the logarithm of the share that its own passage got.

# %%
toy_q = torch.tensor([[2.0, 0.0], [0.5, 0.5], [-1.0, 3.0]])
toy_p = torch.tensor([[3.0, 1.0], [0.0, 2.0], [-0.5, -0.5]])
toy_cosines = F.normalize(toy_q) @ F.normalize(toy_p).T  # (queries, passages)

# %% tags=["folded"]
show(*diagrams.softmax_rows(toy_cosines, scale=2.0))

# %% [markdown]
# Query 0 is nearest to its own passage, which takes 84% of the row, so its loss is small. Query 1 likes another passage better, and query 2 puts nearly everything on a wrong one, which costs most. Row 0 by hand:

# %%
scores = [2 * float(c) for c in toy_cosines[0]]
powers = [math.exp(score) for score in scores]
share = powers[0] / sum(powers)
print("scores", [round(x, 2) for x in scores], " exp", [round(x, 2) for x in powers])
print(f"share {powers[0]:.2f} / {sum(powers):.2f} = {share:.2f}, loss {-math.log(share):.3f}")

# %% [markdown]
# And all rows, by a loop:

# %%
rows = []
for i in range(3):
    powers = [math.exp(2 * float(c)) for c in toy_cosines[i]]
    rows.append(-math.log(powers[i] / sum(powers)))
    print(f"query {i}: loss {rows[-1]:.3f}")
print(f"mean {sum(rows) / 3:.4f}")

# %% [markdown]
# As a formula:
#
# $$L = -\frac{1}{B} \sum_{i=1}^{B} \log \frac{e^{s \, c_{ii}}}{\sum_{j=1}^{B} e^{s \, c_{ij}}}$$
#
# $B$ is the number of pairs in the batch, $c_{ij}$ the cosine of query $i$ with passage $j$, and $s$ the scale. So $c_{ii}$ is the cosine of a pair. Under the fraction line stands the sum over the row.

# %% [markdown]
# The loss has several names. In sentence-transformers it is `MultipleNegativesRankingLoss`, **MNRL**. Papers call it *InfoNCE* (van den Oord et al. 2018), or *NT-Xent* in a variant with two views of each image (Chen et al. 2020). Henderson et al. (2017) used it for retrieval.

# %% [markdown]
# Most papers do not multiply by a scale, they *divide* by a **temperature**. The scale is 1 / temperature. The usual temperature 0.05 is the scale 1 / 0.05 = 20.

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
library = st_losses.MultipleNegativesRankingLoss(model)
pairs = [queries[eight], passages[own[eight]]]
print(f"MultipleNegativesRankingLoss, scale {library.scale:g}:", end=" ")
print(f"{library.compute_loss_from_embeddings(pairs, None):.4f}")
print(f"the same by one's own, temperature 0.05: {mnrl_(*pairs, scale=1 / 0.05):.4f}")

# %% [markdown]
# The two are the same loss. What does a step of training do with it? Here are a query and its passages on the unit circle, where all our vectors end. The arrows show what happens to each cosine:

# %% tags=["folded"]
show(*diagrams.pull_and_push())

# %% [markdown]
# Each cosine with a negative is pushed down by the negative's share, so that of the nearest one most. What is far away is left alone. The cosine with the own passage is pulled up by as much as all the others together are pushed down.

# %% [markdown]
# ### What does a model lose that has not learned this task?
#
# We measure the loss of the encoder as it comes, on batches of three sizes:

# %%
for batch in (4, 64, 1024):
    some = distinct[:batch]
    loss = mnrl_(queries[some], passages[own[some]])
    print(f"batch of {batch:4}: {loss:.3f}")

# %% [markdown]
# The larger the batch, the larger the loss, as there are more choices. So a loss says little without its batch size. And what if the model can tell nothing apart? (Losses are given in *nats*, the unit of the natural logarithm.)

# %% quiz="03-q1"

# %% [markdown]
# To see it we take the same transformer with *random* weights, which has learned nothing. First with wrong pairs, in which each query gets the passage of the one before it:

# %%
blank = copy.deepcopy(model)
seed_everything(SEED)
fresh = type(model[0].auto_model)(model[0].auto_model.config)
blank[0].auto_model.load_state_dict(fresh.state_dict())
blank.eval()
some = distinct[:128]
blank_q = blank.encode([course.train.queries[i] for i in some], convert_to_tensor=True)
blank_p = blank.encode([course.passages[i] for i in own[some]], convert_to_tensor=True)
blank_wrong = blank_p.roll(1, dims=0)

# %%
blank_cosines = (blank_q[:8] @ blank_wrong[:8].T).cpu()
title = "Random weights, wrong pairs: softmax shares at scale 20"
shares = (20 * blank_cosines).softmax(dim=1)
kind = {"value_label": "share of the row", "diagonal": "where wrong pairs stand, too"}
show(*figures.square(shares, title=title, limits=(0, 1), **kind))

# %% [markdown] tags=["folded"]
# All vectors point in nearly the same direction, so all cosines are nearly equal, and each of the eight passages gets about an eighth of its row. Minus the logarithm of 1/8 is log(8) = 2.08. In a batch of 64 it is log(64).


# %%
def by_batches(q: torch.Tensor, p: torch.Tensor, batch: int) -> torch.Tensor:
    """The loss of each batch, minus log(batch), (batches,)."""
    pairs = zip(q.split(batch), p.split(batch))
    return torch.stack([mnrl_(a, b) for a, b in pairs]) - math.log(batch)


sizes = [4, 8, 16, 32, 64, 128]
off = torch.stack([by_batches(blank_q, blank_wrong, n).mean() for n in sizes])
noise = torch.randn(2, 512, 384, generator=torch.Generator().manual_seed(SEED))
below = metrics.bootstrap_interval(by_batches(blank_q, blank_p, 16))
above = metrics.bootstrap_interval(by_batches(*noise, 16))

# %%
claim(
    "A model that tells nothing apart has the loss log(batch).",
    holds=bool((off.abs() < 0.15).all()),
    measured="random weights, wrong pairs, minus log(batch): "
    + ", ".join(f"{n}: {x:+.3f}" for n, x in zip(sizes, off.tolist())),
)

# %% [markdown]
# Does a model that has learned nothing always begin at log(batch)? Here are two more, on batches of 16: random weights with the *right* pairs, and vectors drawn at random.

# %%
claim(
    "Random weights on right pairs are already below log(batch); random vectors are above it.",
    holds=below.high < 0 < above.low and abs(above.mean - 20**2 / (2 * 384)) < 0.25,
    measured=f"batches of 16, minus log(16): right pairs {below}, random vectors {above}; "
    f"scale^2 / (2 dim) is {20**2 / (2 * 384):.3f}",
)

# %% [markdown] tags=["folded"]
# So it need not. The texts of a right pair share words, and even random weights give the same word like vectors. The cosines of random vectors are not all equal: they scatter by 1 / sqrt(dim) around 0. Times the scale of 20 the scores scatter by about 1, and some wrong passages lie ahead of the right one. How much do they cost? A row's sum grows by the mean of exp(x). For x that scatters around 0 with variance v this mean is exp(v / 2), and here v = scale² / dim, so the loss is about scale² / (2 dim) higher.

# %% [markdown]
# ## 3. Train
#
# `bench` trains heads. It shuffles the pairs, takes a batch, asks a loss for the head's vectors of its queries and passages, and makes a step against the gradient. How long a step is, the *learning rate* says, here 0.003. (Two queries of one passage never come into the same batch; section 8 says why.) Passing over all pairs once is an *epoch*; we take three. The loss is your function.

# %%
bench = PairBench(course, queries, passages, held_out, SEED)
head, history = bench.train(mnrl_)

# %%
title, floors = "One matrix learns to find the pairs", {"log(128), a blind guess": math.log(128)}
batch = "batches of 128 pairs"
show(*figures.training({"training loss": history}, floors, title=title, batch=batch))

# %% [markdown] tags=["folded"]
# The loss begins far below a blind guess, as the encoder knows much already, and falls close to 0. (The curve is one run, so it has no band.) Does the head also search better, for queries that it has not seen?

# %% [markdown]
# The measure is nDCG@10 over the *validation* queries. Each has one right passage, which counts 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, and 0 beyond rank ten. If the right passages of three queries stand at the ranks 1, 3 and 40, nDCG@10 is (1 + 0.5 + 0) / 3 = 0.5.

# %% [markdown]
# A run depends on chance, on the order of the batches. So we train with three *seeds*, the numbers from which shuffling starts, and take the mean. In brackets stands a 95% interval, found by drawing the queries anew many times (*bootstrap*). Where the interval of a difference holds 0, no difference can be told.

# %%
before = bench.quality()
plain = bench.over_seeds(mnrl_)  # (seeds, queries)
print("nDCG@10 before", metrics.bootstrap_interval(before))
print("nDCG@10 after ", metrics.bootstrap_interval(plain.mean(dim=0)))
print("by seed       ", [round(x, 3) for x in plain.mean(dim=1).tolist()])


# %%
def gained(runs: torch.Tensor, other: torch.Tensor) -> metrics.Interval:
    """By how much the first is better, query by query: the mean over seeds, and its interval."""
    sides = (x.mean(dim=0) if x.ndim == 2 else x for x in (runs, other))
    return paired_interval(*sides)


# %%
claim(
    "One matrix, trained by MNRL on pairs, retrieves far better than the encoder alone.",
    holds=gained(plain, before).low > 0.05,
    measured=f"nDCG@10 on validation queries gained {gained(plain, before)}, mean of 3 seeds",
)

# %% [markdown]
# ## 4. Temperature
#
# At scale 1 all scores lie between -1 and 1. Then no passage weighs more than exp(2) = 7.4 times as much as another in the softmax. At scale 200 a cosine that is 0.02 higher weighs exp(4) = 55 times as much. The scale decides how sharp the test is.

# %% [markdown]
# ### Explore: a batch and its temperature
#
# Here is the batch of eight pairs again. Choose an encoder and move the slider from a high temperature to a low one. The numbers are the shares of each row in percent. Point at a cell to read its query and its passage.

# %%
with torch.no_grad():
    after = (head(queries[eight]) @ head(passages[own[eight]]).T).cpu()
encoders = {"before training": cosines, "after training": after}
encoders["random weights"] = (blank_q[:8] @ blank_p[:8].T).cpu()
batch_texts = [course.train.queries[i] for i in eight], [course.passages[i] for i in own[eight]]

# %%
own_share = {n: (20 * c).softmax(dim=1).diagonal() for n, c in encoders.items()}
told = [f"{n} {s.mean():.2f} (loss {-s.log().mean():.2f})" for n, s in own_share.items()]
still = figures.square(
    (20 * cosines.cpu()).softmax(dim=1),
    title="Before training, temperature 0.05: softmax shares",
    value_label="share of the row",
    limits=(0, 1),
)
explore(
    batch_by_temperature(encoders, *batch_texts, title="Which passage is mine?"),
    "The shares of eight queries among eight passages, for three encoders and eight temperatures. At "
    f"temperature 0.05 the own passage gets on average: {', '.join(told)}.",
    still.figure,
)

# %% [markdown]
# At temperature 1 the shares differ little, and even the trained encoder, which finds every pair, keeps a loss of about 1.5: the softmax cannot show what it knows. At a low temperature each query is sure, and where it is sure of a wrong passage its loss is huge. Now, which temperature teaches best?

# %% quiz="03-q2"

# %%
scales = [1, 10, 20, 50, 200]
by_scale = {  # 20 is what section 3 trained with
    s: plain if s == 20 else bench.over_seeds(partial(mnrl_, scale=s))
    for s in track(scales, "Training runs", "run")
}
best = max(scales, key=lambda s: float(by_scale[s].mean()))

# %%
show(
    *figures.by_setting(
        {"trained head": by_scale},
        title="Temperature: too soft and too sharp both lose",
        x_label="scale = 1 / temperature",
        references={"before training": float(before.mean())},
    )
)

# %%
claim(
    "There is a best temperature between the extremes.",
    holds=1 < best < 200
    and gained(by_scale[best], by_scale[1]).low > 0
    and gained(by_scale[best], by_scale[200]).low > 0,
    measured=f"best scale {best}; nDCG@10 lost at scale 1 {gained(by_scale[best], by_scale[1])}, at "
    f"scale 200 {gained(by_scale[best], by_scale[200])}, at the usual 20 "
    f"{gained(by_scale[best], by_scale[20])}",
)

# %% [markdown] tags=["folded"]
# At a low scale all negatives are pushed alike, the easy ones too. At a very high one only the nearest is pushed, and it may be right after all. The usual temperature of 0.05, scale 20, lies near the best here and is a good place to start.

# %% [markdown] tags=["folded"]
# Wang and Isola (2020) read the loss as two wishes: pairs close together (*alignment*), and all vectors spread evenly over the sphere (*uniformity*). The temperature says how hard the nearest ones are pushed apart.

# %% [markdown]
# ## 5. Hard negatives
#
# Most passages of a batch have nothing to do with a query. A **hard negative** is similar to the query, but wrong. Does it teach more? If each query brings n such passages along, they join the candidates of *all* queries. On the toy, with two a query:

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

# %% [markdown]
# Three positives and six negatives make nine candidates. The loss is larger than the 1.3552 of before: more choices, and harder ones.

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
# Where do hard negatives come from? Here from the encoder's own ranking: the nearest passages that are not marked as right. (Lesson 04 does it properly.) From which ranks should one take them?

# %% quiz="03-q4"

# %%
hard_ = yours("mnrl_with_negatives", mnrl_with_negatives, instead=losses.mnrl)
nearest = top_k(queries, passages, k=45)[1]
wrong = []
for ranked, relevant in zip(nearest.tolist(), course.train.relevant):
    wrong.append([i for i in ranked if course.ids[i] not in relevant][:30])
wrong = torch.tensor(wrong)  # (pairs, 30), nearest first
print("query:", course.train.queries[10], "| right:", course.titles[own[10]])
print("rank 1:", course.titles[wrong[10, 0]], "| rank 20:", course.titles[wrong[10, 19]])

# %% [markdown]
# In batches of 32, each query brings four more passages from one of three pools: at random, its three nearest, or its ranks 11 to 30. By your function every query then has 128 more candidates. They are drawn anew each time, with repetition where a pool has only three.

# %%
generator = torch.Generator().manual_seed(SEED)
random_rows = torch.randint(len(passages), (len(own), 30), generator=generator)
sources = {"random": random_rows, "ranks 1-3": wrong[:, :3], "ranks 11-30": wrong[:, 10:]}
small = {"batch_size": 32, "epochs": 2}
by_source = {"in-batch only": bench.over_seeds(mnrl_, **small)}
for name, pool in track(sources.items(), "Training runs", "run"):
    by_source[name] = bench.over_seeds(hard_, negatives=drawn_from(pool, 4, SEED), **small)

# %%
compared = [("ranks 1-3", "ranks 11-30"), ("ranks 1-3", "in-batch only")]
compared += [("ranks 11-30", "in-batch only"), ("ranks 11-30", "random")]
compared += [("random", "in-batch only")]
show(*figures.differences(by_source, compared, "Four more negatives a query: from where?"))

# %%
harms = gained(by_source["ranks 1-3"], by_source["ranks 11-30"])
claim(
    "The nearest unmarked passages are worse negatives than those further down.",
    holds=harms.high < 0,
    measured=f"nDCG@10, ranks 1-3 minus ranks 11-30: {harms}",
)

# %% [markdown] tags=["folded"]
# Look at the fourth row, where mined negatives stand against as many *random* ones: no difference can be told. Perhaps one matrix cannot learn the fine distinctions that hard negatives show. Always make this comparison, or else the number of negatives passes for their hardness.

# %% [markdown]
# And the three nearest gain nothing over the batch alone. Are they perhaps right answers that nobody marked? The ontology tells how a passage is related to the right one: as parent, child, or sibling (with a common parent). We count such relatives in each pool.

# %%
relations, kin = Relations(course), {}
for name, pool in sources.items():
    kinds = relations.kinds(own, pool)
    shares = [sum(kind != "none of these" for kind in row) / len(row) for row in kinds]
    kin[name] = metrics.bootstrap_interval(torch.tensor(shares))

# %%
claim(
    "The nearest unmarked passages are often close relatives of the right one.",
    holds=kin["ranks 1-3"].low > 2 * kin["ranks 11-30"].high > kin["random"].high,
    measured="share of parents, children and siblings: "
    + ", ".join(f"{name} {share}" for name, share in kin.items()),
)

# %% [markdown] tags=["folded"]
# Nearly a third of the three nearest are relatives. A relative that nobody marked may well answer the query. It is then a *false negative*, which training pushes away although it is right. Is that the reason? We leave the relatives out, take the three nearest of what is left, and train again. A query with fewer than three others among its fifteen nearest keeps its relatives:

# %%
kinds = relations.kinds(own, wrong[:, :15])
strangers = [
    [i for i, kind in zip(rows, of_row) if kind == "none of these"][:3]
    for rows, of_row in zip(wrong[:, :15].tolist(), kinds)
]
enough = [row if len(row) == 3 else wrong[n, :3].tolist() for n, row in enumerate(strangers)]
print(sum(len(row) < 3 for row in strangers), "of", len(strangers), "queries keep their relatives")

# %%
by_source["no relatives"] = bench.over_seeds(
    hard_, negatives=drawn_from(torch.tensor(enough), 4, SEED), **small
)
without_kin = gained(by_source["no relatives"], by_source["ranks 1-3"])
print("nDCG@10, the nearest three without relatives minus the nearest three:", without_kin)

# %% [markdown] tags=["folded"]
# Where this interval ends below the gap between ranks 1-3 and 11-30, relatives are at most a part of the reason. Other right answers that nobody marked may be among the nearest, too. Nor is rank all that differs: four draws from three passages always hold a copy, those from twenty seldom. Lesson 04 looks into what a miner finds, and filters it.

# %% [markdown]
# ### All layers
#
# What does an encoder make of hard negatives if *all its layers* learn? Every text then goes through all layers in every step: many minutes a run on a CPU. So here only `full` asks, with one more negative a query. In `fast`, too, you will see an answer: lesson 04 asks again in its section 13, with filtered negatives, and shows what a stored run of `full` found.

# %%
by_encoder, trained = {"one matrix, in-batch only": plain.mean(dim=0)}, {}  # batches of 128, too
if PROFILE == "full":
    everyone, pools = torch.arange(len(own)), {"in-batch only": None}
    pools |= {n: drawn_from(sources[n], 1, SEED)(everyone) for n in ("random", "ranks 11-30")}
    for name, rows in pools.items():
        loss = mnrl_ if rows is None else hard_
        trained[name], history = bi_encoder.trained_copy(model, course, loss, rows, seed=SEED)
        by_encoder[f"all layers, {name}"] = bench.quality_of(trained[name])
        print(f"{name}: {history.seconds:.0f} s, best at step {history.best_step}")

# %%
if PROFILE == "full":
    compared = [("all layers, in-batch only", "one matrix, in-batch only")]
    compared += [
        ("all layers, ranks 11-30", f"all layers, {n}") for n in ("in-batch only", "random")
    ]
    title = "The same pairs: one matrix, all layers, one more negative"
    show(*figures.differences(by_encoder, compared, title))

# %% [markdown] tags=["folded"]
# Whatever `full` finds between mined and random negatives, remember that each query then has 255 wrong passages, of which only one was mined for it. In section 13 of lesson 04 the batches are smaller, and each query brings two mined negatives.

# %% [markdown]
# ## 6. Both directions
#
# A query should find its passage. Should a passage also find its query? The *symmetric* loss takes the mean of both. On the square of scores that means: one softmax along the rows, another along the columns.

# %%
for name, table in (("queries choose", toy_cosines), ("passages choose", toy_cosines.T)):
    rows = []
    for i in range(3):
        powers = [math.exp(2 * c) for c in table[i].tolist()]
        rows.append(-math.log(powers[i] / sum(powers)))
    print(f"{name:16} mean {sum(rows) / 3:.4f}")

# %% [markdown]
# The two differ: passage 0 is found by its query, while passage 1 is wanted by query 2 more than by its own. The symmetric loss of the toy is the mean of the two numbers.

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
both = bench.over_seeds(symmetric_)
print("nDCG@10, symmetric minus one direction:", gained(both, plain))

# %% [markdown]
# The interval holds 0, so no difference is seen. Our search goes one way only, from query to passage. Where both sides are searched (pictures and captions, as in CLIP, or translations) the second direction belongs to the task. The library's option is `directions=("query_to_doc", "doc_to_query")` with `partition_mode="per_direction"`.

# %% [markdown]
# ## 7. How many negatives?
#
# A batch of 256 pairs gives each query 255 negatives. What are they worth *by themselves*? We cut each batch into pools. The data and the steps stay the same, but a query competes within its pool only.

# %% quiz="03-q3"

# %% [markdown]
# A loop over 128 pools in every step would be slow. `in_pools` computes them all at once, and gives the same number as your function pool by pool:

# %%
q, p = queries[distinct[:256]], passages[own[distinct[:256]]]
one_by_one = [mnrl_(a, b) for a, b in zip(q.split(4), p.split(4))]
print(f"pools of 4: {in_pools(4)(q, p):.4f} and {sum(one_by_one) / len(one_by_one):.4f}")

# %% [markdown]
# In practice one does not choose a pool but a batch size. So we also go over the data once, at one learning rate, and change the batch size alone.

# %%
pools, batch_sizes = [2, 16, 64, 256], [16, 64, 256, 1024]
by_pool = {
    n: bench.over_seeds(in_pools(n), batch_size=256) for n in track(pools, "Training runs", "run")
}
by_batch = {
    n: bench.over_seeds(mnrl_, batch_size=n, epochs=1, lr=1e-3)
    for n in track(batch_sizes, "Training runs", "run")
}

# %%
show(
    *figures.by_setting(
        {"pools, same steps": by_pool, "batches, one pass": by_batch},
        title="More negatives help; a larger batch also means fewer steps",
        x_label="passages that a query chooses among",
    )
)

# %%
first, later = gained(by_pool[16], by_pool[2]), gained(by_pool[256], by_pool[16])
claim(
    "More negatives help, and each further one helps less.",
    holds=first.low > 0 and later.low > 0 and first.low / 14 > 5 * later.high / 240,
    measured=f"nDCG@10 gained by the first 14 further negatives {first}, by the next 240 {later}",
)

# %%
top = max(batch_sizes, key=lambda n: float(by_batch[n].mean()))
claim(
    "At one pass and one learning rate, the largest batch is not the best.",
    holds=top < 1024 and gained(by_batch[top], by_batch[1024]).low > 0,
    measured=f"best batch {top}; nDCG@10 lost at 1024 {gained(by_batch[top], by_batch[1024])}, at 16 "
    f"{gained(by_batch[top], by_batch[16])}",
)

# %% [markdown] tags=["folded"]
# A larger batch has more negatives a query, which helps, and takes fewer steps in a pass, which harms. So a larger batch is not better by itself: from some size on, the missing steps cost more than the negatives bring. Then try a higher learning rate or more passes; we have not measured that.

# %% [markdown]
# ## 8. What if two queries share a passage?
#
# If two queries of one passage meet in a batch, the passage stands there twice. It is then the right answer of each and a negative of the other. How often does that happen?

# %%
copies = torch.bincount(own)
several, all_of_them = int((copies > 1).sum()), int((copies > 0).sum())
print("passages with several training queries:", several, "of", all_of_them)
generator = torch.Generator().manual_seed(SEED)
for n in (16, 64, 256, 1024):
    batches = [own[torch.randperm(len(own), generator=generator)[:n]] for _ in range(200)]
    met = [float((torch.bincount(b)[b] > 1).float().mean()) for b in batches]
    print(f"random batch of {n:4}: {sum(met) / 200:.1%} of its queries meet a duplicate")

# %% quiz="03-q5"

# %% [markdown]
# The cure is a mask. Each row has a *key*, the number of its passage, and a passage with the query's own key is no candidate, except at the query's own place. A score of -inf weighs exp(-inf) = 0 in the softmax. By a loop, where the first two pairs have the same passage:

# %%
toy_keys, twins, rows = [7, 7, 4], toy_p[[0, 0, 2]], []
for i in range(3):
    total = 0.0
    for j in range(3):
        if j == i or toy_keys[j] != toy_keys[i]:
            total += math.exp(2 * torch.cosine_similarity(toy_q[i], twins[j], dim=0))
    rows.append(math.log(total) - float(2 * torch.cosine_similarity(toy_q[i], twins[i], dim=0)))
print(f"masked {sum(rows) / 3:.4f}, unmasked {mnrl_(toy_q, twins, scale=2.0):.4f}")

# %% [markdown]
# Without the copy among the candidates, queries 0 and 1 are no longer punished for liking it.

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
# In a shuffled batch duplicates are few. They are many where data comes grouped, say by product or by question of an FAQ. We build such batches, of 32 passages with two of their queries each, and train with the mask and without.

# %%
masked_ = yours(
    "mnrl_masked",
    mnrl_masked,
    instead=lambda q, p, keys, scale=20.0: losses.mnrl(q, p, scale=scale, same=keys),
)
grouped = [torch.nonzero(own == key).flatten()[:2] for key in torch.nonzero(copies > 1).flatten()]
grouped = torch.stack(grouped)  # (passages, 2), rows of two pairs with the same passage
settings = {"batch_size": 32, "lr": 1e-3, "epochs": 5}

# %%
curves = {
    "unmasked": bench.train(mnrl_, grouped, **settings)[1],
    "masked": bench.train(masked_, grouped, given=own, **settings)[1],
}
without = bench.over_seeds(mnrl_, grouped, **settings)
with_mask = bench.over_seeds(masked_, grouped, given=own, **settings)

# %%
title, batch = "Every passage twice in the batch", "batches of 32 passages with two queries each"
show(*figures.training(curves, {"log(2)": math.log(2)}, title=title, batch=batch))

# %%
low = {name: min(history.losses) for name, history in curves.items()}
claim(
    "Duplicates in a batch are false negatives: they hold the loss above log(2), masking frees it.",
    holds=low["unmasked"] > math.log(2) > 3 * curves["masked"].losses[-1],
    measured=f"lowest loss {low['unmasked']:.3f} unmasked, {low['masked']:.3f} masked",
)
print("nDCG@10, masked minus unmasked:", gained(with_mask, without))

# %% [markdown] tags=["folded"]
# Without the mask a copy of the right passage takes half of the probability, so the loss cannot fall below log(2). (Each curve is one run, so there is no band.) Retrieval loses little: the copy is the query's own positive, too, and is pulled as much as it is pushed. So here the curve misleads more than the model suffers.

# %% [markdown]
# One can also keep duplicates out of a batch. Our `bench` does so, and sentence-transformers does with `batch_sampler=BatchSamplers.NO_DUPLICATES`, or `"no_duplicates"`, in the training arguments.

# %% [markdown]
# ## 9. Triplets and margins
#
# Before the softmax over a batch there was the **triplet loss**. A triplet is a query (here called the *anchor*), its positive and *one* negative. The negative should be farther from the anchor than the positive, by a *margin*.

# %% tags=["folded"]
show(*diagrams.triplet_margins())

# %% [markdown]
# Once the negative is beyond the margin, the triplet is *closed* and costs nothing. Otherwise it costs what is missing:
#
# $$\max(0,\; d(a, p) - d(a, n) + \text{margin})$$
#
# Here $a$, $p$ and $n$ are the anchor, the positive and the negative, and $d$ is a distance, for us 1 - cosine. On the toy, by a loop:

# %%
for i in range(3):
    a, p, n = toy_q[i], toy_p[i], toy_p[(i + 1) % 3]
    near = 1 - float(torch.cosine_similarity(a, p, dim=0))
    far = 1 - float(torch.cosine_similarity(a, n, dim=0))
    loss = max(0.0, near - far + 0.3)
    print(f"distances {near:.2f} and {far:.2f}: loss {loss:.2f} at margin 0.3")

# %% [markdown] card="triplet_cosine"
# ### Exercise: the triplet loss with cosine distance
#
# Difficulty: easy. Importance: medium. Minutes: 6.
#
# The distance is 1 - cosine; a vector of zeros has cosine 0 with everything. Cut each triplet off at 0, then take the mean.


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
# sentence-transformers has a `TripletLoss`, too. By default it takes the *Euclidean* distance, and a margin of 5. Our vectors have the length 1.

# %% quiz="03-q6"

# %%
library = st_losses.TripletLoss(model)
unit = F.normalize(torch.randn(1, 384), dim=1)
best = library.compute_loss_from_embeddings([unit, unit, -unit], None)
print(f"margin {library.triplet_margin}; the best triplet there can be costs {best:.2f}")


# %%
def library_default(q, p):
    return library.compute_loss_from_embeddings([q, p, p.roll(1, 0)], None)


head_default, history_default = bench.train(library_default)
head_gentle, _ = bench.train(library_default, lr=1e-3)
with torch.no_grad():
    q, p = head_default(queries), head_default(passages[own])
    gaps = (q - p).norm(dim=1) - (q - p.roll(1, 0)).norm(dim=1)
closed = float((gaps + 5 <= 0).float().mean())

# %%
claim(
    "The library's TripletLoss default never closes a triplet of unit vectors.",
    holds=closed == 0 and min(history_default.losses) >= 3 and abs(float(best) - 3) < 1e-4,
    measured=f"{closed:.0%} of the triplets closed, lowest loss {min(history_default.losses):.2f}, "
    f"possible {float(best):.2f}; nDCG@10 against no training "
    f"{gained(bench.quality(head_default), before)} at learning rate 0.003, "
    f"{gained(bench.quality(head_gentle), before)} at 0.001",
)

# %% [markdown] tags=["folded"]
# Two points of the unit sphere are at most 2 apart, so a margin of 5 is never reached. Every triplet, however good, keeps pushing. At our learning rate nothing is gained by it, at a smaller one something. For unit vectors take a margin well below 2; the next section measures what a triplet loss with such a margin gains.

# %% [markdown]
# ## 10. Pairs with a score
#
# Some data is labelled otherwise: two texts, and a *score* for how similar they are. In STS (semantic textual similarity) people gave such scores, from 0 to 5. Divided by 5 they can be compared with cosines:

# %% tags=["folded"]
show(*diagrams.scored_pairs())

# %% [markdown]
# `CosineSimilarityLoss` wants each cosine to *be* its score: it is the mean squared difference. No pair is compared with another one. For a cosine $c_i$ and a score $y_i$:
#
# $$\frac{1}{B} \sum_{i=1}^{B} (c_i - y_i)^2$$

# %%
toy_c, toy_y = [0.35, 0.6, 0.3], [1.0, 0.5, 0.0]
errors = [(c - y) ** 2 for c, y in zip(toy_c, toy_y)]
print("cosine similarity:", [round(e, 4) for e in errors], f"mean {sum(errors) / 3:.4f}")
behind = [
    math.exp(20 * (toy_c[j] - toy_c[i])) for i in range(3) for j in range(3) if toy_y[i] > toy_y[j]
]
print("CoSENT:", [round(x, 2) for x in behind], f"loss {math.log(1 + sum(behind)):.3f}")

# %% [markdown]
# The last line is `CoSENTLoss`, which uses the *order* of the scores only: of two pairs, the one with the higher score should have the higher cosine. Pair 1 should lie above pair 2, but lies 0.25 below it, which costs exp(20 · 0.25) = 148 in the sum. Pairs in the right order cost little. (It is the library's default where no loss is given.)

# %% [markdown]
# What do these losses learn from our pairs? We have no graded scores, but we can make two: 1 for each pair, and 0 for each query with the passage of another pair. The triplet loss gets the same passages. MNRL gets the pairs alone, which hold the negatives already.


# %%
def right_and_wrong(loss, q, p):
    """A loss of pairs with the score 1, and of as many with the score 0: another pair's passage."""
    scores = torch.cat([torch.ones(len(q)), torch.zeros(len(q))]).to(q)
    return loss(q.repeat(2, 1), torch.cat([p, p.roll(1, 0)]), scores)


triplet_ = yours("triplet_cosine", triplet_cosine, instead=losses.triplet_loss)
rivals = {
    f"triplet, margin {m}": lambda q, p, m=m: triplet_(q, p, p.roll(1, 0), margin=m)
    for m in (0.1, 0.3, 0.5)
}
rivals["cosine similarity"] = partial(right_and_wrong, losses.cosine_similarity_loss)
rivals["CoSENT"] = partial(right_and_wrong, losses.cosent_loss)

# %% [markdown]
# To be fair to the rivals we choose their learning rate, and the triplet's margin, on the very queries that we report. MNRL keeps its defaults.

# %%
grid = [(name, lr) for name in rivals for lr in (1e-3, 3e-3)]
tried = {}
for name, lr in track(grid, "Training runs", "run"):
    tried[name, lr] = float(bench.quality(bench.train(rivals[name], lr=lr)[0]).mean())
chosen = {}
for kind in ("triplet", "cosine similarity", "CoSENT"):
    chosen[kind] = max((s for s in grid if s[0].startswith(kind)), key=tried.get)
print(chosen)

# %% [markdown]
# A choice that lies at the edge of what was tried might be better still beyond it, so a wider search might bring the rivals a little nearer.

# %%
order = torch.randperm(len(own), generator=torch.Generator().manual_seed(SEED))
amounts = [len(own) // 8, len(own) // 4, len(own)]
equal_data = {"MNRL": {len(own): plain}, "triplet": {}, "cosine similarity": {}, "CoSENT": {}}
for amount in track(amounts, "Training runs", "run"):
    rows = order[:amount].sort().values
    if amount < len(own):
        equal_data["MNRL"][amount] = bench.over_seeds(mnrl_, rows)
    for kind, (name, lr) in chosen.items():
        equal_data[kind][amount] = bench.over_seeds(rivals[name], rows, lr=lr)

# %%
show(
    *figures.by_setting(
        equal_data,
        title="The same pairs, four losses",
        x_label="training pairs (three passes each)",
        references={"before training": float(before.mean())},
    )
)

# %%
ahead = {
    kind: {n: gained(equal_data["MNRL"][n], runs[n]) for n in amounts}
    for kind, runs in equal_data.items()
    if kind != "MNRL"
}
claim(
    "MNRL learns more from the same pairs than the triplet loss.",
    holds=all(interval.low > 0 for interval in ahead["triplet"].values()),
    measured="nDCG@10 ahead: " + ", ".join(f"{n} pairs {i}" for n, i in ahead["triplet"].items()),
)

# %%
claim(
    "MNRL also learns more from them than the losses that want scores.",
    holds=all(i.low > 0 for kind in ("cosine similarity", "CoSENT") for i in ahead[kind].values()),
    measured="nDCG@10 ahead with all pairs: "
    + ", ".join(f"of {kind} {each[len(own)]}" for kind, each in ahead.items()),
)
eighth = gained(equal_data["MNRL"][amounts[0]], equal_data["triplet"][amounts[-1]])
print(f"MNRL on {amounts[0]} pairs minus triplet on {amounts[-1]}: {eighth}")
scored = gained(equal_data["cosine similarity"][len(own)], equal_data["triplet"][len(own)])
print(f"cosine similarity minus triplet: {scored}")

# %% [markdown] tags=["folded"]
# In the other three losses each query meets one wrong passage of its own, which may be easy. MNRL sees every passage of the batch and weighs the hardest most; that may be why. Here an eighth of the pairs is at least as good for MNRL as all of them are for the triplet loss. CoSENT, which is made for many grades, has only two here.

# %% [markdown]
# When should you take a loss with scores? When that is what you have: people's judgements of similarity, for which MNRL has no use. And, with `CosineSimilarityLoss`, when the cosine itself must mean something, such as "call two texts duplicates above 0.8". (CoSENT sees the order only.) For pairs without scores take MNRL.

# %% [markdown]
# ## 11. Learn from a teacher: margin-MSE
#
# A label says right or wrong. A **teacher** says how much: it is a model that is better than the one we train, the *student*, but too slow or too large to search with. To train a student by a teacher's scores is called **distillation**.

# %% tags=["folded"]
show(*diagrams.teacher_and_student())

# %% [markdown]
# For the label both wrong passages are the same, 0. The teacher sees a difference: the near miss is almost as good as the positive. The student should learn that. There are two ways to hand it on, by *margins* and by *shares*.

# %% [markdown]
# The first is **margin-MSE** (Hofstätter et al. 2020), in the library `MarginMSELoss`. A margin is the positive's score minus that of a wrong passage. The student's margins should be the teacher's, and the loss is the mean squared difference:
#
# $$\frac{1}{n} \sum_{j=1}^{n} \big( (s_+ - s_j) - (t_+ - t_j) \big)^2$$
#
# $t$ are the teacher's scores, $s$ the student's, + is the positive, and $j$ goes over the wrong passages.

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

# %% [markdown]
# Most of the loss comes from query 2, whose student has the order wrong: its margins are -5 and -0.8, where the teacher says 0 and 1.

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
# The second way is to hand on the teacher's *shares*. Both columns of scores go through a softmax. The **Kullback-Leibler divergence** (KL) says how far the student's shares $q$ are from the teacher's shares $p$; it is 0 if they are equal:
#
# $$\mathrm{KL} = \sum_j p_j \log \frac{p_j}{q_j}$$

# %%
teacher_scores, student_scores = torch.tensor([[4.0, 3.5, 1.0], [2.0, 1.0, 1.5]])
p, q = teacher_scores.softmax(dim=0), student_scores.softmax(dim=0)
terms = [float(a * (a / b).log()) for a, b in zip(p, q)]
print("teacher", [round(x, 2) for x in p.tolist()], " student", [round(x, 2) for x in q.tolist()])
print("terms", [round(x, 3) for x in terms], f"sum {sum(terms):.3f}")

# %% [markdown]
# The near miss contributes most, since the student gives it far too little. In the library this is `DistillKLDivLoss`. There is a third way: `MSELoss` (or `EmbedDistillLoss`) asks the student for the teacher's *vectors* themselves, for which both need vectors of one length. We do not measure it.

# %% [markdown]
# What is a teacher good for? For making vectors small, for example. The teacher is a head with 384 numbers, trained with mined negatives. The students have 64. (Beside them stands the encoder's vector, cut off after its first 64 numbers.) One learns by the labels (MNRL), one by margins (your function), one by shares, each from the same pairs; the teacher scores eight wrong passages a query.

# %%
margin_mse_ = yours("margin_mse", margin_mse, instead=losses.margin_mse)
teacher, _ = bench.train(hard_, negatives=drawn_from(wrong[:, 10:], 4, SEED), batch_size=64)
candidates = wrong[:, torch.linspace(0, 29, 8).long()]  # (pairs, 8) from rank 1 to 30
with torch.no_grad():
    teacher_q, teacher_p = teacher(queries), teacher(passages)
offered = torch.cat([own[:, None], candidates], dim=1)  # the positive first
teacher_scores = (teacher_q[:, None] * teacher_p[offered]).sum(dim=2)
teacher_margins = teacher_scores[:, :1] - teacher_scores[:, 1:]
print(f"teacher's margins from {teacher_margins.min():.2f} to {teacher_margins.max():.2f}")


# %%
def by_shares(q, p, n, scores):
    """KL between the student's ranking of positive and negatives and the teacher's."""
    return losses.kl_distillation(q, torch.cat([p[:, None], n], dim=1), scores, temperature=0.05)


# %%
small = {"out": 64, "batch_size": 64}
taught = {"negatives": lambda rows: candidates[rows], **small}
students = {
    "cut, not trained": bench.quality(finetune.ProjectionHead(384, 64).to(device)),
    "64 by MNRL": bench.over_seeds(mnrl_, **small),
    "64 by margin-MSE": bench.over_seeds(margin_mse_, given=teacher_margins, **taught),
    "64 by KL": bench.over_seeds(by_shares, given=teacher_scores, **taught),
    "teacher, 384": bench.quality(teacher),
}

# %%
show(*figures.qualities(students, title="Small vectors: by labels or by a teacher"))

# %%
pairs = [("64 by margin-MSE", "cut, not trained"), ("64 by margin-MSE", "64 by MNRL")]
pairs += [("64 by KL", "64 by margin-MSE"), ("64 by KL", "64 by MNRL")]
show(*figures.differences(students, pairs, "Who teaches 64 numbers better?"))

# %%
worth = gained(students["64 by margin-MSE"], students["cut, not trained"])
rather = gained(students["64 by margin-MSE"], students["64 by MNRL"])
claim(
    "A teacher's margins alone, without a scale or a softmax, train a good small model.",
    holds=worth.low > 0.05,
    measured=f"nDCG@10 gained over 64 untrained dimensions {worth}; over MNRL {rather}",
)

# %% [markdown] tags=["folded"]
# Both ways of teaching make 64 numbers far better than cutting does, and between them no difference can be told. But both fall short of the labels. Two reasons are likely, and we did not part them: this teacher learned from the same labels, and its students see eight wrong passages a query, MNRL those of the whole batch.

# %% [markdown]
# A teacher helps where it knows more than the labels: a cross-encoder (lesson 04), a much larger model, or any good model for queries that have no labels. Its scores cost nothing but time.

# %% [markdown]
# ### Which loss for which data?
#
# | you have | take | in sentence-transformers |
# |---|---|---|
# | pairs that belong together | MNRL | `MultipleNegativesRankingLoss` |
# | ... and too little memory for a large batch | MNRL in two passes (next section) | `CachedMultipleNegativesRankingLoss` |
# | pairs, and wrong passages for each | MNRL with these negatives | `MultipleNegativesRankingLoss` |
# | pairs with a graded score | cosine similarity, CoSENT | `CosineSimilarityLoss`, `CoSENTLoss` |
# | a better model and its scores | margin-MSE, KL | `MarginMSELoss`, `DistillKLDivLoss` |

# %% [markdown]
# ## 12. A large batch in little memory
#
# Negatives come from the batch, and a batch has to fit into memory. What takes the room are the *activations*, what each layer computed for each text. They wait there for the backward pass, which needs them for the gradient.

# %% [markdown]
# With other losses one cuts a batch into chunks and adds up their gradients. Can we do that here?

# %%
rows = eight  # eight pairs with eight different passages
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
# No: it is another gradient, because each chunk sees its own negatives only. But the loss needs just the *vectors*, and these are small. That is the idea of the *gradient cache* (GradCache, Gao et al. 2021):

# %% tags=["folded"]
show(*diagrams.two_passes())

# %% [markdown]
# For a linear encoder, whose vectors are `inputs @ weight.T`, one can follow every number. If $g$ is the gradient with respect to one vector and $x$ the input of that vector, its part of the weight's gradient is the outer product of $g$ and $x$. (A change of `weight[a, b]` changes number $a$ of the vector by $x_b$ times as much, so the gradient there is $g_a x_b$.) All parts are added up:

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
    chunk: pairs in a chunk (the last may be shorter; one larger than the batch is one chunk).
    Returns (chunks, out, width): the running sum after each chunk. `losses.mnrl(q, p, scale=scale)`
    may be used.

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
# In chunks of two, your function now gives the gradient of the whole batch. What about the real encoder? `cached_backward` does the same for any encoder. We count the bytes that PyTorch keeps for the backward pass, at most at a time.

# %%
texts = [course.train.queries[:32], [course.passages[i] for i in own[:32]]]
model.requires_grad_(True)


def in_chunks(size: int):
    parts = [[side[i : i + size] for i in range(0, 32, size)] for side in texts]
    return gradient_cache.cached_backward(partial(finetune.embed, model), parts, mnrl_)


def at_once():
    return mnrl_(*(finetune.embed(model, side) for side in texts)).backward()


# %%
chunk_sizes = [4, 16]
everything, right = backward_bytes(model, at_once)
cached = {n: backward_bytes(model, partial(in_chunks, n)) for n in track(chunk_sizes, "Chunks")}
errors = {n: float((g - right).norm() / right.norm()) for n, (_, g) in cached.items()}
model = model.requires_grad_(False)

# %%
kept = {f"chunks of {n}": size for n, (size, _) in cached.items()} | {
    "32 pairs at once": everything
}
show(*figures.memory(kept, title="32 pairs through all layers of the encoder"))

# %%
claim(
    "Two passes give the same gradient in the memory of one chunk.",
    holds=max(errors.values()) < 1e-3 and cached[4][0] < 0.2 * everything,
    measured=f"gradients differ by less than {'0.1%' if max(errors.values()) < 1e-3 else '?'}; chunks of "
    f"4 keep {cached[4][0] / everything:.0%} of the memory",
)

# %% [markdown]
# The price is a second forward pass. In sentence-transformers it is `CachedMultipleNegativesRankingLoss`, whose `mini_batch_size` is our chunk.

# %% quiz="03-q7"

# %% [markdown]
# ## 13. Break it
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
# ## 14. On the leaderboard
#
# One head, trained by your MNRL on the pairs, for five passes now. (In `full` it is the encoder of section 5 instead, trained by the same loss on the same pairs.) Every few steps it searches for the validation queries, and its best state is kept.

# %%
final, history = bench.train(mnrl_, epochs=5, validated=True)
print(f"best of {len(history.scores)} validations at step {history.best_step}")

# %% [markdown]
# The *test* queries, seen here for the first time, judge: by nDCG@10, by recall@10 (is the right passage among the first ten?) and by MRR@10 (1 over its rank). Rows that `fast` saved searched fewer passages, which is easier, so `full` compares with rows of its own.

# %%
test = encode_cached(model, course.test.queries)
untrained = bench.ranked(test, passages)
with torch.no_grad():
    ranked = by_head = bench.ranked(final(test), final(passages))
whose = "the library's" if mnrl_ is losses.mnrl else "yours"
system = f"MiniLM and a head trained by MNRL, {whose}"
if PROFILE == "full":
    sides = course.test.queries, course.passages
    ranked = bench.ranked(*(encode_cached(trained["in-batch only"], side) for side in sides))
    system = f"MiniLM, all layers trained by MNRL, {whose}"

# %%
row = leaderboard.evaluate(system, "03", ranked, course.test)
leaderboard.save(row)
print("nDCG@10", row.ndcg_at_10, " recall@10", row.recall_at_10, " MRR@10", row.mrr_at_10)
by_query = {
    name: metrics.ndcg_at_k(found, course.test.relevant, 10)
    for name, found in {"base": untrained, "head": by_head, "this": ranked}.items()
}

# %%
claim(
    "On queries that training never saw, training beats the encoder that it began with.",
    holds=gained(by_query["this"], by_query["base"]).low > 0,
    measured=f"nDCG@10 on the test queries gained {gained(by_query['this'], by_query['base'])}",
)
if PROFILE == "full":
    deeper = gained(by_query["this"], by_query["head"])
    claim(
        "All layers learn more from the same pairs than one matrix.",
        holds=deeper.low > 0,
        measured=f"nDCG@10 on the test queries, all layers minus the head: {deeper}",
    )

# %%
board = leaderboard.board(row)
if PROFILE == "full":
    others = {"all-MiniLM-L6-v2": untrained, "MiniLM and a head": by_head}
    board = [leaderboard.evaluate(name, "03", r, course.test) for name, r in others.items()]
    board.append(row)
show(
    plots.leaderboard(board),
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% [markdown] tags=["folded"]
# Where the row of this lesson ends with "yours", your own loss has trained the vectors. The row is ahead of the encoder that it began with, by a few thousand pairs; in `fast` far ahead, by one matrix alone.

# %% quiz="03-q9"

# %% [markdown]
# ## Takeaways
#
# - MNRL is a multiple-choice test over the batch: cosine times scale, softmax along the passages, the diagonal is right. Know your log(batch).
# - Scale is 1 / temperature. Start at 20, which is temperature 0.05.
# - More negatives help, false ones harm. Whether hard ones beat as many random ones, measure.
# - A larger batch means fewer steps: move the learning rate or the passes along with it.
# - Duplicates in a batch are false negatives. Keep them apart or mask them.
# - Unit vectors have distances of at most 2: a margin of 5 never closes.
# - Pairs: MNRL. Scores: cosine similarity or CoSENT. A teacher: margin-MSE or KL.
# - A gradient in two passes gives a large batch the memory of a small one.

# %% [markdown]
# ## Further reading
#
# - van den Oord, Li and Vinyals (2018). Representation Learning with Contrastive Predictive Coding. arXiv.
# - Chen, Kornblith, Norouzi and Hinton (2020). A Simple Framework for Contrastive Learning of Visual Representations. ICML.
# - Henderson et al. (2017). Efficient Natural Language Response Suggestion for Smart Reply. arXiv.
# - Wang and Isola (2020). Understanding Contrastive Representation Learning through Alignment and Uniformity on the Hypersphere. ICML.
# - Schroff, Kalenichenko and Philbin (2015). FaceNet: A Unified Embedding for Face Recognition and Clustering. CVPR.
# - Reimers and Gurevych (2019). Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks. EMNLP.
# - Hinton, Vinyals and Dean (2015). Distilling the Knowledge in a Neural Network. arXiv.
# - Hofstätter, Althammer, Schröder, Sertkan and Hanbury (2020). Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation. arXiv.
# - Gao, Zhang, Han and Callan (2021). Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup. RepL4NLP.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
