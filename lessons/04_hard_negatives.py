# ---
# jupyter:
#   course:
#     lesson: "04"
#     title: Hard negatives
#     minutes: 135
#     objectives:
#       - Say what a negative teaches, and watch it by the loss and its gradient.
#       - Find negatives by words (BM25, with an analyser and without) and by vectors, blocked and without the positives.
#       - Find out what a miner's hardest finds are, and filter them by a margin or by a cross-encoder.
#       - Say what a cross-encoder costs and what it gives, compared with vectors trained on the same pairs.
#       - Mix sources, mine in rounds, and put the result into tuples for MNRL.
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
from collections import Counter

import torch
import torch.nn.functional as F

from lib import (
    bi_encoder,
    bm25,
    cross_encoder,
    diagrams,
    finetune,
    losses,
    metrics,
    negatives,
    search,
)
from lib.data import load_course_set
from lib.device import pick_device, seed_everything
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder

seed_everything(SEED)

# %% [markdown]
# ## 1. Wrong, but how wrong?
#
# In lesson 03's loss each query chooses among its own passage, the *positive*, and wrong ones, the *negatives*. Any passage of another query will do, it said. But a passage about feet teaches little about ears. Which wrong passages teach, and where do we get them? This lesson tries one source after another.

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
passages = search.encode_cached(model, course.passages)
queries = search.encode_cached(model, course.train.queries)
held_out = search.encode_cached(model, course.validation.queries)
own = torch.tensor(course.train.positives)  # the passage of each training query
print(len(own), "training pairs,", len(course.passages), "passages")

# %% [markdown]
# A pair is a query in a layperson's words and the passage of the clinical term that is meant. `PROFILE`, in the first cell, says how much is searched: with `fast` 4,000 passages, with `full` all that the ontology defines, and then whole encoders are trained as well.
#
# We shall train models that *find* negatives and models that *judge* them. Nobody should judge pairs that it has learned by heart. So we split the training passages: half A trains finders and judges, half B is what we find negatives for.

# %%
generator = torch.Generator().manual_seed(SEED)
in_a = torch.rand(len(passages), generator=generator) < 0.5
half_a, half_b = in_a[own].nonzero().flatten(), (~in_a[own]).nonzero().flatten()
right = own[half_b]
asked = queries[half_b.to(queries.device)]
asked_texts = [course.train.queries[i] for i in half_b]
print("half A:", len(half_a), "pairs; half B:", len(half_b), "pairs")
print("query  :", asked_texts[7])
print("passage:", course.passages[right[7]])

# %% [markdown]
# The halves are about equal. The query says in a few words what its passage explains in a sentence.
#
# As in lesson 03 a *head*, one matrix on the frozen encoder's vectors, makes a training run a matter of seconds. It is trained on *tuples* of row numbers: a query, its passage, its negatives. To see what a source of negatives is worth by itself, each query here chooses among its own passage and its *own four negatives* only.


# %%
def choices(q: torch.Tensor, p: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """The loss of queries that choose among their passage and their own negatives (batch, n, dim)."""
    scores = torch.cat([(q * p).sum(dim=1, keepdim=True), (n @ q[:, :, None]).squeeze(2)], dim=1)
    return F.cross_entropy(20 * scores, torch.zeros_like(scores[:, 0], dtype=torch.long))


def tuples_of(wrong, rows=half_b, make=negatives.ntuples):
    """Tuples (t, 2 + n) of the training pairs `rows`, from their negatives (pairs, n).

    A pair that lacks a negative (-1) makes none. make: what builds them; in section 9 that is yours.
    """
    tuples = make(own[rows], wrong)
    return torch.cat([rows[tuples[:, :1]], tuples[:, 1:]], dim=1)


def train(tuples, loss=choices, *, seed=0, epochs=4, validated=False):
    """A head trained on tuples (t, 2 + n), and the history of its training."""
    head = finetune.ProjectionHead(passages.shape[1]).to(device)

    def step(batch):
        q, p, n = tuples[batch, 0], tuples[batch, 1], tuples[batch, 2:]
        with torch.autocast(device.type, enabled=False):
            return loss(head(queries[q]), head(passages[p]), head(passages[n]))

    options = {"batch_size": 128, "epochs": epochs, "lr": 3e-3, "seed": SEED + seed}
    if validated:  # the best state is kept
        options |= {"validate": lambda: float(quality(head).mean()), "every": 20}
    keys = tuples[:, 1].tolist()  # no passage twice in a batch
    history = finetune.fit(head, len(tuples), step, keys=keys, progress=False, **options)
    return head.eval(), history


# %% [markdown]
# How good a head is, we measure by nDCG@10 as in the lessons before. Each of our queries has one right passage: it counts 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, less and less down to rank 10, then 0. We take the mean over the validation queries.


# %%
def ndcg_of(found: torch.Tensor) -> torch.Tensor:
    """nDCG@10 of the first validation queries by the passages found, rows (queries, at least 10)."""
    ranked = [[course.ids[i] for i in row] for row in found[:, :10].tolist()]
    return metrics.ndcg_at_k(ranked, course.validation.relevant[: len(ranked)], 10)


@torch.no_grad()
def quality(head) -> torch.Tensor:
    """nDCG@10 of each validation query with a head on the frozen encoder, (queries,)."""
    return ndcg_of(search.top_k(head(held_out), head(passages), 10)[1])


def taught_by(wrong, loss=choices, **options) -> torch.Tensor:
    """The quality that negatives (pairs, n) teach, mean of three seeds, (queries,)."""
    tuples = tuples_of(wrong, **options)
    return torch.stack([quality(train(tuples, loss, seed=s)[0]) for s in (0, 1, 2)]).mean(dim=0)


def told(difference: metrics.Interval) -> str:
    """A difference with its interval, and whether chance may have made it."""
    unclear = difference.low <= 0 <= difference.high
    return f"{difference}, " + ("not told from 0" if unclear else "a clear difference")


# %% [markdown]
# ## 2. Four random passages, or the four nearest?
#
# Two kinds of negatives for the same queries: four random passages, and the four that the encoder ranks highest among the wrong ones. We watch the loss and the length of its gradient, which says how strongly a step moves the head.

# %% quiz="04-q1"

# %%
random_rows = negatives.random_negatives(len(passages), right, 4, seed=SEED, texts=course.passages)
by_encoder = negatives.mine(
    asked, passages, right.to(device), 40, texts=course.passages
).indices.cpu()
for name, row in (("random", random_rows[7]), ("encoder", by_encoder[7])):
    print(f"{name:8}", " | ".join(course.titles[i] for i in row[:4].tolist()))
watched = {
    "random": train(tuples_of(random_rows))[1],
    "the encoder's nearest": train(tuples_of(by_encoder[:, :4]))[1],
}

# %% [markdown]
# The random passages are about anything; the encoder's nearest are all about the query's own subject.

# %%
from lib import plots
from lib.plots import show

steps = list(range(1, 1 + len(watched["random"].losses)))
figure = plots.curve(
    steps,
    {name: history.losses[: len(steps)] for name, history in watched.items()},
    title="What is left to learn from four negatives a query",
    x_label="step (batches of 128 pairs)",
    y_label="loss (nats)",
    references={"log(5), a blind guess": math.log(5)},
)
show(
    figure,
    alt="Training loss over the steps. With random negatives it starts near "
    f"{watched['random'].losses[0]:.2f} and is soon almost 0; with the encoder's nearest it starts at "
    f"{watched['the encoder' + chr(39) + 's nearest'].losses[0]:.2f} and falls slowly.",
)


# %%
def last_third(numbers: list[float]) -> float:
    return sum(numbers[-(len(numbers) // 3) :]) / (len(numbers) // 3)


loss_left = {name: last_third(history.losses) for name, history in watched.items()}
gradient_left = {name: last_third(history.grad_norms) for name, history in watched.items()}
easy, hard = (list(x.values()) for x in (loss_left, gradient_left))

# %%
claim(
    "Random negatives soon teach nothing: their loss and their gradient vanish.",
    holds=easy[0] < 0.1 * easy[1] and hard[0] < 0.2 * hard[1],
    measured=f"last third of the steps, random and nearest: loss {easy[0]:.4f} and {easy[1]:.3f}, "
    f"length of the gradient {hard[0]:.3f} and {hard[1]:.3f}",
)

# %% [markdown] tags=["folded"]
# A negative that is told apart already has almost no weight in the softmax, so it moves nothing. *Hard* negatives are those that the model still confuses.

# %% [markdown]
# ## 3. Negatives by words: BM25
#
# The oldest source of hard negatives (Karpukhin et al. 2020): passages that share words with the query. BM25 weighs a word by how rare it is, counts repetitions less and less, and holds long passages back. One score, by hand:

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
for passage in toy_passages:
    times = passage.count(word)
    slow = k1 * (1 - b + b * len(passage) / mean_length)
    score = idf * times / (times + slow)
    print(f"{' '.join(passage):24} idf {idf:.3f}, {times} times: {score:.4f}")

# %% [markdown]
# Twice the word scores more, but not twice as much; once in a longer passage scores less. A passage without the word gets 0.

# %% [markdown] card="bm25_scores"
# ### Exercise: BM25
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# The score of every passage for a query: the sum over the query's words, as they come, of what the cell above computes for one. This is Lucene's form. A word that no passage has adds nothing.


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


from lib.text import split_words

bm25_ = yours("bm25_scores", bm25_scores, instead=bm25_by_library)
plain = bm25.BM25(course.passages, tokenize=split_words)
scored = bm25_(split_words(asked_texts[7]), [split_words(text) for text in course.passages])
best = sorted(range(len(scored)), key=lambda i: -scored[i])[:4]
print(asked_texts[7], "->", [(course.titles[i], round(scored[i], 2)) for i in best])
gap = torch.tensor(scored) - plain.scores([asked_texts[7]])[0]
print(f"largest difference from the library's scores: {gap.abs().max():.1e}")

# %% [markdown]
# Your function goes through all passages for each query, which is too slow for thousands of queries. So we go on with the library bm25s, which gives the same scores: it computes each word's weights once, when it indexes.
#
# These are words as they stand, and so BM25 is weaker than it has to be: *ears* does not meet *ear*. Search engines put an **analyser** before the index. Ours writes everything in lower case, splits words at hyphens, drops *stop words* (*the*, *of* and others that say nothing of the subject), and cuts each word to its *stem*, which all its forms share.

# %%
from lib.analysis import analyze_english

asked_for = "Underdeveloped ears"
passage = course.passages[course.validation.positives[course.validation.queries.index(asked_for)]]
for name, terms in {"words": split_words, "analysed": analyze_english}.items():
    both = set(terms(asked_for)) & set(terms(passage))
    print(f"{name:9}{terms(asked_for)} and {terms(passage)} share {sorted(both) or 'nothing'}")

# %% [markdown]
# The query and its passage have no word in common, but two stems. What is that worth over all validation queries?

# %%
index = bm25.BM25(course.passages)  # with the analyser, the default
found = {
    name: ndcg_of(x.top_k(course.validation.queries, 10)[1])
    for name, x in {"words": plain, "analysed": index}.items()
}
worth = metrics.bootstrap_interval(found["analysed"] - found["words"])
untrained = ndcg_of(search.top_k(held_out, passages, 10)[1])
claim(
    "The analyser makes BM25 better.",
    holds=worth.low > 0,
    measured=f"nDCG@10 with words {metrics.bootstrap_interval(found['words'])}, analysed "
    f"{metrics.bootstrap_interval(found['analysed'])}, difference {worth}; the untrained encoder "
    f"{metrics.bootstrap_interval(untrained)}",
)

# %% [markdown] tags=["folded"]
# A baseline should be a strong one: whoever compares an encoder with BM25 on bare words flatters the encoder. From here on BM25 means BM25 with the analyser.

# %% [markdown]
# Now its negatives. Positives are left out, and a passage that shares no stem with the query is none of BM25's finds: -1 stands where there are too few.

# %%
by_words = negatives.mine_bm25(index, asked_texts, right, 40, texts=course.passages).indices
short = (by_words[:, 3] < 0).float().mean()
print("BM25    ", " | ".join(course.titles[i] for i in by_words[7, :4].tolist()))
print("encoder ", " | ".join(course.titles[i] for i in by_encoder[7, :4].tolist()))
print(f"queries with fewer than four negatives by words: {short:.1%}")

# %% [markdown]
# Both bring passages about the query's subject, partly the same ones. A few queries find too little by words; in training they are left out.

# %% [markdown]
# ## 4. Negatives by vectors
#
# The encoder's nearest passages, without those that are right. A table of all scores grows with queries times passages, so go through the queries in blocks. The naive loop:

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


library, by_encoder = by_encoder, nearest(asked, passages, half_b)
print(f"the same rows as the library's: {(library == by_encoder).float().mean():.1%}")

# %% [markdown]
# Your function finds what the library found for section 2 (equal scores may change places). From here on it is your miner that works.

# %% [markdown]
# How many of their negatives do words and vectors have in common?

# %% quiz="04-q2"

# %%
shared = metrics.bootstrap_interval(negatives.overlap(by_words[:, :10], by_encoder[:, :10]))
claim(
    "BM25 and the encoder find mostly different negatives.",
    holds=shared.high < 0.5,
    measured=f"of BM25's ten, the encoder's ten hold {shared}",
)

# %% [markdown] tags=["folded"]
# More than half of what one source finds is unknown to the other, so it can pay to ask both (section 8).

# %% [markdown]
# Encoders differ, too. Here is a better one for this task: a head trained on half A by MNRL, lesson 03's way. Call it the *miner*.


# %%
def without_negatives(q, p, n):
    """MNRL with nothing but the batch's own passages."""
    return losses.mnrl(q, p)


positives_only = torch.stack([half_a, own[half_a]], dim=1)
miner, _ = train(positives_only, without_negatives, epochs=3)
with torch.no_grad():
    miner_q, miner_p = miner(asked), miner(passages)
by_miner = nearest(miner_q, miner_p, half_b)
better = metrics.bootstrap_interval(quality(miner) - untrained)
print("the miner ", " | ".join(course.titles[i] for i in by_miner[7, :4].tolist()))
print("nDCG@10 of the miner minus the encoder:", told(better))

# %% [markdown]
# The miner ranks far better than the untrained encoder. Four negatives a query from each source: which teach most?

# %% quiz="04-q3"

# %%
from lib.progress_bar import track


def training(items):
    """A progress bar for what takes more than two seconds."""
    return track(items, "Training runs", "run")


sources = {"random": random_rows, "BM25": by_words, "encoder": by_encoder, "miner": by_miner}
taught = {name: taught_by(rows[:, :4]) for name, rows in training(list(sources.items()))}


def minus(name: str, other: str) -> metrics.Interval:
    """How much more nDCG@10 the first teaches."""
    return metrics.bootstrap_interval(taught[name] - taught[other])


# %%
def draw(names: list[str], title: str) -> None:
    """Bars of what some negatives teach."""
    values = {name: metrics.bootstrap_interval(taught[name]) for name in names}
    figure = plots.bars(
        names,
        [v.mean for v in values.values()],
        [(v.low, v.high) for v in values.values()],
        title=title,
        value_label="nDCG@10 on validation queries, 95% interval",
        references={"untrained encoder": float(untrained.mean())},
    )
    words = ", ".join(f"{name} {v.mean:.3f}" for name, v in values.items())
    show(
        figure, alt=f"Bars of nDCG@10 on validation queries by the negatives trained with: {words}."
    )


draw(list(sources), "Four negatives a query: from where?")

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
# ## 5. What does the miner find?
#
# The ontology can tell us how the hardest find, which nobody marked as right, and the right term are related. A *child* is a special case of its *parent*, the more general term; *siblings* share a parent.


# %%
family = dict(zip(course.ids, map(set, course.parents)))


def relation(term: int, other: int) -> str:
    """What the passage `other` is to the passage `term`."""
    a, b = course.ids[term], course.ids[other]
    if a in family[b] or b in family[a]:
        return "child" if a in family[b] else "parent"
    return "sibling" if family[a] & family[b] else "none of these"


hardest = [relation(*pair) for pair in zip(right.tolist(), by_miner[:, 0].tolist())]
for kind in ("child", "parent", "sibling", "none of these"):
    rows = torch.tensor([other == kind for other in hardest])
    print(f"{kind}: {metrics.bootstrap_interval(rows.double())} of the hardest, such as")
    lots = torch.randperm(int(rows.sum()), generator=torch.Generator().manual_seed(SEED))
    for i in rows.nonzero().flatten()[lots[:2]].tolist():
        titles = course.titles[right[i]], course.titles[by_miner[i, 0]]
        print("    {!r} means {!r}; hardest: {!r}".format(asked_texts[i], *titles))

# %% [markdown] tags=["folded"]
# Nearly a third of the miner's hardest finds are children or parents of the right term: who asks for *sinusitis* is served by *chronic sinusitis*, too. Siblings are near, but something else.

# %% [markdown]
# Are children and parents found at deeper ranks as well, and by the other sources?


# %%
def kin(wrong: torch.Tensor) -> torch.Tensor:
    """(pairs, n), 1.0 where a negative is a parent or child of the right passage."""
    kinds = [[relation(r, j) for j in row] for r, row in zip(right.tolist(), wrong.tolist())]
    related = torch.tensor([[kind in ("child", "parent") for kind in row] for row in kinds])
    return (related & (wrong >= 0)).float()


ranks = list(range(1, 31))
kinship = {name: kin(rows[:, :30]) for name, rows in sources.items() if name != "random"}
by_chance = kin(negatives.random_negatives(len(passages), right, 30, seed=SEED)).mean()

# %% quiz="04-q4"

# %%
figure = plots.curve(
    ranks,
    {name: rows.mean(dim=0) * 100 for name, rows in kinship.items()},
    title="How many negatives are parents or children of the right passage",
    x_label="rank among the negatives",
    y_label="share of queries (%)",
    references={"random passages": float(by_chance) * 100},
)
show(
    figure,
    alt="Share of negatives that are parent or child of the right passage, over their rank: at rank 1 "
    + ", ".join(f"{name} {float(rows[:, 0].mean()):.0%}" for name, rows in kinship.items())
    + ", all falling steeply to a few percent at rank 30; random passages hardly ever.",
)

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
# Who asks for a term is served by its special case and by the more general term, at least in part. So these are **false negatives**: training pushes them away although they belong near. That holds the better miner back. (Qu et al. 2021 read a sample of what a model ranked highest in MS MARCO: 70% of the unmarked were right or highly relevant.)

# %% [markdown]
# ## 6. The margin
#
# A cheap cure: a passage that scores as high as the positive, or nearly so, is suspicious. An *absolute* margin drops what scores above positive - margin, a *relative* one what scores above 95%, say, of the positive (Moreira et al. 2024, NV-Retriever).


# %%
def keep_by_loops(scores, positive_scores, margin, relative):
    """What is asked for, candidate by candidate."""
    if not 0 <= margin <= (1 if relative else math.inf):
        raise ValueError(f"there is no margin of {margin}")
    kept = []
    for row, positive in zip(scores.tolist(), positive_scores.tolist()):
        room = margin * abs(positive) if relative else margin
        kept.append([score <= positive - room for score in row])
    return torch.tensor(kept, dtype=torch.bool)


toy_scores, toy_positive = torch.tensor([[0.6, 0.45, 0.35, 0.1]]), torch.tensor([0.5])
for relative in (False, True):
    kept = keep_by_loops(toy_scores, toy_positive, 0.2, relative)
    stay = [round(score, 2) for score in toy_scores[kept].tolist()]
    print("relative:" if relative else "absolute:", stay, "stay")

# %% [markdown]
# The positive scores 0.5. The absolute margin of 0.2 puts the limit at 0.3; the relative one drops a fifth of 0.5 and puts it at 0.4, so that 0.35 stays.

# %% [markdown] card="keep_by_margin"
# ### Exercise: the margin
#
# Difficulty: easy. Importance: high. Minutes: 8.
#
# Do as the loops do, for all candidates at once. Relative means a share of the positive's *absolute* value, so that a positive below 0 works too. What lies exactly at the limit stays. A margin below 0, or a relative one above 1, raises a ValueError.


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


# %%
keep_ = yours("keep_by_margin", keep_by_margin, instead=keep_by_loops)


def scores_of(q: torch.Tensor, p: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """The score of each query with its rows of passages, (queries, n)."""
    return (q @ p.T).cpu().gather(1, rows.clamp(min=0))


def first_four(kept: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """The first four rows of each query that are kept (pairs, m), -1 where there are fewer."""
    order = (~kept).to(torch.uint8).sort(dim=1, stable=True).indices[:, :4]
    return rows.gather(1, order).masked_fill(~kept.gather(1, order), -1)


def four_below(q, p, pairs=half_b, margin=0.05, k=40):
    """Four negatives of each pair, (pairs, 4), by your miner and your relative margin."""
    found = nearest(q, p, pairs, k)
    positive_scores = scores_of(q, p, own[pairs][:, None])[:, 0]
    return first_four(keep_(scores_of(q, p, found), positive_scores, margin, True), found)


# %%
margins = [0.0, 0.05, 0.1, 0.2, 0.4]
by_margin = {m: four_below(miner_q, miner_p, margin=m, k=200) for m in margins}
for m, rows in training(list(by_margin.items())):
    taught[f"margin {m:.0%}"] = taught_by(rows)
lost = (by_margin[0.05] < 0).any(dim=1).float().mean()
print(f"queries left without four negatives at 5%: {lost:.1%}")

# %% [markdown]
# Among 200 finds nearly every query keeps four, so little training data is lost.

# %%
curve = [float(taught[f"margin {m:.0%}"].mean()) for m in margins]
figure = plots.curve(
    [100 * m for m in margins],
    {"the miner's four, after the margin": curve},
    title="A margin below the positive",
    x_label="relative margin (% of the positive's score)",
    y_label="nDCG@10 on validation queries",
    references={
        "no margin": float(taught["miner"].mean()),
        "random negatives": float(taught["random"].mean()),
    },
)
show(
    figure,
    alt=f"nDCG@10 over the relative margin: {curve[0]:.3f} at 0%, {curve[1]:.3f} at 5%, highest "
    f"{max(curve):.3f}, {curve[-1]:.3f} at 40%; without a margin {float(taught['miner'].mean()):.3f}.",
)

# %%
claim(
    "Dropping what scores above 95% of the positive helps.",
    holds=minus("margin 5%", "miner").low > 0,
    measured=f"nDCG@10, 5% margin minus none: {minus('margin 5%', 'miner')}; minus the untrained "
    f"encoder's negatives: {minus('margin 5%', 'encoder')}",
)

# %% [markdown] tags=["folded"]
# Now the better miner pays. Is it because false negatives are gone? Partly: whatever drops the top goes deeper as well, where negatives are easier but safer. We shall need a control for that in section 7.

# %% [markdown]
# Does any model's margin do? We let the *untrained* encoder mine and set the limit:

# %%
taught["encoder, margin 5%"] = taught_by(four_below(asked, passages))
for name, q, p, found in (
    ("encoder", asked, passages, by_encoder),
    ("miner", miner_q, miner_p, by_miner),
):
    hardest, positive = scores_of(q, p, torch.stack([found[:, 0], right], dim=1)).T
    share = (hardest > positive).float().mean()
    print(f"{name:8} ranks a negative above the positive for {share:.0%} of the queries")
print("the encoder's margin minus no margin:", told(minus("encoder, margin 5%", "encoder")))

# %%
claim(
    "The miner's margin teaches more than the untrained encoder's.",
    holds=minus("margin 5%", "encoder, margin 5%").low > 0,
    measured=f"nDCG@10, difference {minus('margin 5%', 'encoder, margin 5%')}",
)

# %% [markdown] tags=["folded"]
# So not any model's margin will do. The encoder ranks a wrong passage above the right one for most queries, and its margin then throws out what it should learn from. A margin is as good as the ranking behind it.

# %% [markdown]
# Mining code is easily wrong, and wrong negatives still train *something*. So write the test that tells. One more thing goes wrong in practice: where people's questions are searched, the query's *own text* may stand in the corpus as well. It scores highest of all and teaches nothing, so a miner leaves that row out.

# %% [markdown] card="break_miner"
# ### Exercise: a test that no wrong miner survives
#
# Difficulty: hard. Importance: high. Minutes: 15.
#
# Return cases `(scores, positives, itself, margin, k, expected)` as nested lists. A right miner leaves out positives, the row of the query's own text (`itself`) and whatever scores above `lowest - margin * |lowest|`, lowest of the query's positives. It returns k rows, highest score first, lower row first among equals, then -1. Every wrong one must fail some case. A handful of cases is enough; 2,000 are the most.


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
# Does the library's miner survive your test?


# %%
def library_miner(scores, positives, itself, margin, k):
    scores = torch.tensor(scores, dtype=torch.float32)
    found = scores.sort(dim=1, descending=True, stable=True)
    lowest = torch.stack([row[rows].min() for row, rows in zip(scores, positives)])
    out = negatives.padded([[*rows, row] for rows, row in zip(positives, itself)])
    chosen = negatives.choose(*found, out, lowest, k, relative_margin=margin)
    return chosen.indices.tolist()


def one_case():
    return [([[0.25, 1]], [[1]], [-1], 0.5, 2, [[0, -1]])]


cases = yours("break_miner", break_miner, instead=one_case)()
passed = sum(library_miner(*given) == expected for *given, expected in cases)
print(f"the library's miner passes {passed} of {len(cases)} cases")

# %% [markdown]
# It passes them all: it does what the card says. A case that it failed would be a wrong case, or a bug for you to report.

# %% [markdown]
# ## 7. Another judge: the cross-encoder
#
# The miner filters its own finds. A **cross-encoder** reads query and passage *together*, so each word sees the words of the other text. Trained ones exist (`lib.models.load_cross_encoder`, from a hub); offline we make one from our encoder.

# %%
show(*diagrams.architectures())

# %% [markdown]
# The column on the right is what we make now; the miner is of the left one.
#
# Its lower layers read each text alone, once; the upper layers (two in `fast`) read the pair. At first the words pay little attention to the other text, so that training starts about as good as the encoder is.

# %%
GROUPS = 640 if PROFILE == "full" or device.type != "cpu" else 480
judge = cross_encoder.CrossEncoder(model, joint_layers=2 if PROFILE == "fast" else 6)
with torch.no_grad():
    head_a = miner(queries[half_a.to(queries.device)])
found = nearest(head_a, miner_p, half_a, 30)
generator = torch.Generator().manual_seed(SEED)
picked = torch.randperm(len(half_a), generator=generator)[:GROUPS]
places = torch.rand(len(picked), 30, generator=generator).argsort(dim=1)[:, :4]
groups = negatives.ntuples(own[half_a[picked]], found[picked].gather(1, places))
groups[:, 0] = half_a[picked]
print(
    tuple(groups.shape), "rows of query, positive, four negatives; the first:", groups[0].tolist()
)

# %% [markdown]
# Each tuple is a small contest: the positive against four of the miner's thirty hardest, drawn at random, all of half A. The loss is the one of section 2.

# %%
history = cross_encoder.train(
    judge, course.train.queries, course.passages, groups, seed=SEED, keep=True
)
trained_pairs = groups[:, 1:].numel()
print(
    f"{trained_pairs} pairs in {history.seconds:.0f} s: {trained_pairs / history.seconds:.0f} a second"
)

# %% [markdown]
# A few hundred pairs a second: that is why these are few. How good is the judge now, and what does a pair cost, against the dot product of two vectors that have been computed before?
#
# It puts the encoder's first twenty passages in a new order, for 300 validation queries. To compare like with like, two trained heads order the same twenty: one that learned from the judge's own tuples by the same loss, and the miner, which learned from all pairs of half A.

# %%
import time

few = held_out[:300]
candidates = search.top_k(few, passages, 20)[1].cpu()
began = time.perf_counter()
texts = [course.validation.queries[i] for i in range(len(few)) for _ in range(20)]
judged = judge.predict(texts, [course.passages[i] for i in candidates.flatten()]).view(-1, 20).cpu()
pair_seconds = (time.perf_counter() - began) / judged.numel()

began = time.perf_counter()
search.top_k(held_out, passages, 20)
dot_seconds = (time.perf_counter() - began) / (len(held_out) * len(passages))


# %%
same_pairs, _ = train(groups, epochs=20)
with torch.no_grad():
    orders = {
        name: scores_of(h(few), h(passages), candidates)
        for name, h in {
            "the head trained on the same tuples": same_pairs,
            "the miner": miner,
        }.items()
    }
orders |= {"the untrained encoder": -torch.arange(20.0).expand(candidates.shape)}
reranked = {
    name: ndcg_of(candidates.gather(1, scores.argsort(dim=1, descending=True)))
    for name, scores in ({"the cross-encoder": judged} | orders).items()
}
over = {
    name: metrics.bootstrap_interval(reranked["the cross-encoder"] - reranked[name])
    for name in orders
}
for name, difference in over.items():
    print(f"the cross-encoder minus {name}: {told(difference)}")

# %%
equal = over["the head trained on the same tuples"]
claim(
    "Trained on the same tuples, reading together beats comparing vectors, at more than a thousand "
    "times the cost.",
    holds=equal.low > 0 and pair_seconds > 1_000 * dot_seconds,
    measured=f"nDCG@10, cross-encoder minus head {equal}; a pair costs more than 1,000 dot products",
)

# %%
print(f"a pair read together {1e3 * pair_seconds:.2f} ms, a dot product {1e9 * dot_seconds:.0f} ns")
hours = pair_seconds * len(course.train.queries) * len(passages) / 3600
print(f"all training queries with all passages: {hours:.1f} hours by this cross-encoder")

# %% [markdown] tags=["folded"]
# Nobody reads all pairs together at that price: a cross-encoder gets a few candidates of each query.
#
# And is it better? Than vectors that learned from the same tuples, yes. But a dot product is so cheap to train that the miner saw all pairs of half A, each with 127 negatives, in about a second. Look at the line for the miner: where its difference is not told from 0, a second of training vectors was worth as much as all the reading. Cross-encoders pay when they, too, are trained on very many pairs.

# %% [markdown]
# As a judge it drops what it scores above the positive, less a margin. As loops, on a toy with a missing candidate:


# %%
def filter_by_loops(candidates, judged, positive_judged, margin, k):
    """What is asked for, candidate by candidate."""
    found = []
    for rows, scores, own_score in zip(candidates, judged, positive_judged):
        kept = []
        for row, score in zip(rows.tolist(), scores):
            if row != -1 and score <= own_score - margin and len(kept) < k:
                kept.append(row)
        found.append(kept + [-1] * (k - len(kept)))
    return torch.tensor(found, dtype=torch.long)


toy_candidates = torch.tensor([[7, 3, 9, 4], [5, -1, 2, -1]])
toy_judged = torch.tensor([[0.9, 0.3, 0.7, 0.2], [0.1, 0.0, 0.9, 0.0]])
print(filter_by_loops(toy_candidates, toy_judged, torch.tensor([0.8, 0.6]), 0.05, 2).tolist())

# %% [markdown]
# In the first row 7 is dropped, since the judge scores it above 0.75. The second row has one candidate left.

# %% [markdown] card="filter_by_judge"
# ### Exercise: filter by a judge
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# Do as the loops do. Candidates come hardest first; -1 is none. Drop those that the judge scores above the positive minus the margin. Of the rest return the first k, in the miner's order, filled with -1.


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
# The judge reads the miner's first six for every query of half B. Does it recognise parents and children? It would drop them more often than other passages.

# %%
DEPTH = 6
both = torch.cat([by_miner[:, :DEPTH], right[:, None]], dim=1)
pairs = [(text, course.passages[j]) for text, row in zip(asked_texts, both.tolist()) for j in row]
verdicts = judge.predict(*zip(*pairs), keep=True).view(both.shape).cpu()
judged, own_judged = verdicts[:, :DEPTH], verdicts[:, DEPTH]


filter_ = yours("filter_by_judge", filter_by_judge, instead=filter_by_loops)
JUDGE_MARGIN = 0.1
by_judge = filter_(by_miner[:, :DEPTH], judged, own_judged, JUDGE_MARGIN, DEPTH)

# %%
related = kin(by_miner[:, :DEPTH]).bool()
dropped = (by_miner[:, :DEPTH, None] != by_judge[:, None]).all(dim=2)
with_kin = related.any(dim=1)


def share(of: torch.Tensor) -> torch.Tensor:
    """For each query that has relatives among its six, the share of `of` that was dropped."""
    counted = (dropped & of).sum(dim=1) / of.sum(dim=1).clamp(min=1)
    return counted[with_kin & (~related).any(dim=1)]


more = metrics.bootstrap_interval(share(related) - share(~related))

# %%
claim(
    "The judge drops parents and children more often than other passages, without being told of them.",
    holds=more.low > 0,
    measured=f"dropped: {share(related).mean():.0%} of them, {share(~related).mean():.0%} of the "
    f"others among the same six; difference {more}",
)

# %% quiz="04-q6"

# %% [markdown]
# So the judge knows something of what is right. Does training gain by it? Three ways to drop some of the six, filled up from ranks 7 and further: the judge, the 5% margin, and as a *control* as many at random as the judge drops.

# %%
generator = torch.Generator().manual_seed(SEED)
lots = torch.rand(dropped.shape, generator=generator)
count = dropped.sum(dim=1, keepdim=True)
at_random = lots.argsort(dim=1).argsort(dim=1) < count
right_scores = scores_of(miner_q, miner_p, right[:, None])[:, 0]
limit = keep_(scores_of(miner_q, miner_p, by_miner[:, :DEPTH]), right_scores, 0.05, True)
ways = {"judge": dropped, "margin, same six": ~limit, "random drop": at_random}
for name, gone in training(list(ways.items())):
    kept = by_miner[:, :DEPTH].masked_fill(gone, -1)
    taught[name] = taught_by(negatives.mix([kept, by_miner[:, DEPTH:]], 4)[:, :4])

# %%
draw(["miner", "random drop", "judge", "margin, same six"], "Dropping some of the hardest six")

# %%
claim(
    "The judge's filter helps, and so does dropping as many at random.",
    holds=minus("judge", "miner").low > 0 and minus("random drop", "miner").low > 0,
    measured=f"nDCG@10 over no filter: judge {minus('judge', 'miner')}, random "
    f"{minus('random drop', 'miner')}; judge minus random {minus('judge', 'random drop')}, minus the "
    f"margin {minus('judge', 'margin, same six')}",
)

# %% [markdown] tags=["folded"]
# So most of a filter's gain comes from going deeper; only what it wins over the control is judgement. A filter that was never compared with random dropping proves little.
#
# And mind the yardstick: our evaluation knows one right passage a query, too. A model that ranks the child of the right term first gets no credit, so sparing relatives cannot show. That is why people judge *pools* of results before they trust such numbers.

# %% [markdown]
# ## 8. Mixing, and mining in rounds
#
# Is a mix of sources better than each alone? Take turns: one from the miner after its margin, one from BM25, one random, and so on.

# %%
best_four = by_margin[0.05]
word_scores = scores_of(miner_q, miner_p, by_words)
safe_words = by_words.where(keep_(word_scores, right_scores, 0.05, True) & (by_words >= 0), -1)
mixes = {
    "BM25, margin 5%": negatives.mix([safe_words], 4),
    "miner + BM25": negatives.mix([best_four, safe_words], 4),
    "miner + BM25 + random": negatives.mix([best_four, safe_words, random_rows], 4),
}
for name, rows in training(list(mixes.items())):
    taught[name] = taught_by(rows)
draw(["random", "BM25, margin 5%", "margin 5%", *list(mixes)[1:]], "One source or a mix")

# %%
claim(
    "A mix is safe: it beats random and BM25. It does not beat the best source alone here.",
    holds=minus("miner + BM25", "random").low > 0
    and minus("miner + BM25", "BM25, margin 5%").low > 0
    and minus("miner + BM25", "margin 5%").low <= 0
    and minus("miner + BM25", "margin 5%").high > -0.01,
    measured=f"nDCG@10, miner + BM25 minus random {minus('miner + BM25', 'random')}, minus BM25 "
    f"{minus('miner + BM25', 'BM25, margin 5%')}, minus the miner alone "
    f"{minus('miner + BM25', 'margin 5%')}",
)

# %% [markdown] tags=["folded"]
# So here a mix is not better than each source alone, though it is never far from the best. "A mix beats any one source" is often said, and often true where no single source is good. You know which it is only when you have measured each alone.

# %% [markdown]
# And if there is no trained miner yet? Mine in **rounds** (Xiong et al. 2021, ANCE): train with BM25's negatives, let the trained model mine, train anew, and again.


# %%
@torch.no_grad()
def mined_by(head, margin: float | None) -> torch.Tensor:
    """Four negatives of each pair of half B by a head, with a margin or without."""
    q, p = head(asked), head(passages)
    return nearest(q, p, half_b)[:, :4] if margin is None else four_below(q, p, margin=margin)


rounds = {"with a 5% margin": 0.05, "without": None}
by_round = {name: [[], [], []] for name in rounds}
for seed in training((0, 1, 2)):
    first_head, _ = train(tuples_of(by_words[:, :4]), seed=seed)
    for name, margin in rounds.items():
        head = first_head
        for number in range(3):
            if number > 0:
                head, _ = train(tuples_of(mined_by(head, margin)), seed=seed)
            by_round[name][number].append(quality(head))
by_round = {name: [torch.stack(q).mean(dim=0) for q in all_] for name, all_ in by_round.items()}

# %%
figure = plots.curve(
    [1, 2, 3],
    {name: [float(q.mean()) for q in all_] for name, all_ in by_round.items()},
    title="Mining in rounds: BM25 first, then the trained model",
    x_label="round",
    y_label="nDCG@10 on validation queries",
    references={"one round with the miner of half A": float(taught["margin 5%"].mean())},
)
show(
    figure,
    alt="nDCG@10 over three rounds: "
    + "; ".join(
        f"{name} " + ", ".join(f"{float(q.mean()):.3f}" for q in all_)
        for name, all_ in by_round.items()
    )
    + ".",
)

# %%
last = {name: all_[2] for name, all_ in by_round.items()}
for name, all_ in by_round.items():
    print(
        f"third round minus first, {name}:", told(metrics.bootstrap_interval(last[name] - all_[0]))
    )
by_limit = metrics.bootstrap_interval(last["with a 5% margin"] - last["without"])
claim(
    "Mining in rounds needs the margin: with it the third round's model is better than without.",
    holds=by_limit.low > 0,
    measured=f"nDCG@10, third round with a margin minus third round without {by_limit}",
)

# %% quiz="04-q7"

# %% [markdown] tags=["folded"]
# Without the margin the model trains against its own false negatives, and the rounds lead nowhere. With it, do they beat BM25's negatives of the first round? The lines above the claim tell. Among the few passages of `fast` BM25 with an analyser is a strong start and leaves little to gain; among the many of `full` the trained model finds better ones.

# %% [markdown]
# ## 9. Into the loss
#
# What trains a model are *n-tuples*, rows of a fixed length: query, positive, n negatives. Up to here the library made them. A query with two positives makes two; one without all its negatives makes none, since a -1 used as an index would fetch the *last* passage.

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

# %% [markdown]
# In lesson 03 each query also chose among all passages of its batch. Are mined negatives worth anything on top of that?

# %% quiz="04-q8"


# %%
def tuples_by_library(positives, wrong):
    return negatives.ntuples(negatives.padded(positives), wrong).tolist()


tuples_ = yours("make_tuples", make_tuples, instead=tuples_by_library)


def by_yours(positives: torch.Tensor, wrong: torch.Tensor) -> torch.Tensor:
    return torch.tensor(tuples_(positives[:, None].tolist(), wrong))


tuples = tuples_of(best_four, make=by_yours)
print("tuples:", tuple(tuples.shape), "of", len(right), "queries; the first:", tuples[0].tolist())
print("the same as the library's:", torch.equal(tuples, tuples_of(best_four)))

# %% [markdown]
# The first number is the query's row among all training queries. A few queries lack a negative and are left out. From here on your tuples train.

# %%
in_batch = {"nothing more": without_negatives, "random": losses.mnrl, "miner": losses.mnrl}
pools = {"nothing more": random_rows, "random": random_rows, "miner": by_miner[:, :4]}
pools["miner, margin 5%"] = best_four
for name, rows in training(list(pools.items())):
    loss = in_batch.get(name, losses.mnrl)
    taught[f"batch + {name}"] = taught_by(rows, loss, make=by_yours)

# %%
names = [f"batch + {name}" for name in pools]
draw(names, "In-batch negatives, and four more a query")
for name in names[1:]:
    print(f"{name} minus in-batch alone: {told(minus(name, names[0]))}")

# %%
damage = minus("batch + miner", "batch + miner, margin 5%")
little = minus("batch + miner, margin 5%", "batch + random")
claim(
    "On top of 127 in-batch negatives, mined ones give one matrix no more than as many random ones.",
    holds=little.low <= 0,
    measured=f"nDCG@10, unfiltered minus filtered {damage}; filtered minus as many random {little}",
)

# %% [markdown] tags=["folded"]
# So the same negatives that taught most by themselves add nothing to a large batch, for a model of one matrix. All layers of the encoder could learn more from them. That takes minutes a run, so only `full` measures it. Its batches are of 32, for memory's sake, so two things differ from the head's runs: the layers, and 31 in-batch negatives in place of 127.


# %%
def train_encoder(tuples: torch.Tensor, count: int):
    """The whole encoder trained by MNRL on tuples, with the first `count` negatives of each."""
    encoder = load_encoder(MODEL, device=device)
    texts, passage = course.train.queries, course.passages
    columns = [[texts[i] for i in tuples[:, 0]], [passage[i] for i in tuples[:, 1]]]
    if count:
        columns.append([[passage[i] for i in row[2 : 2 + count]] for row in tuples])
    keys = tuples[:, 1].tolist()
    history = bi_encoder.train(encoder, columns, losses.mnrl, lr=1e-4, keys=keys, seed=SEED)
    print(f"{len(history.losses)} steps, {history.seconds:.0f} s")
    return encoder


# %%
if PROFILE == "full":
    whole = {"in-batch alone": random_rows, "random": random_rows, "miner": by_miner[:, :4]}
    whole["miner, margin 5%"] = best_four
    for name, rows in whole.items():
        count = 0 if name == "in-batch alone" else 2
        encoder = train_encoder(tuples_of(rows, make=by_yours), count)
        vectors = (
            search.encode_cached(encoder, t) for t in (course.validation.queries, course.passages)
        )
        taught[f"all layers + {name}"] = ndcg_of(search.top_k(*vectors, 10)[1])
    names = [f"all layers + {name}" for name in whole]
    draw(names, "All layers: in-batch negatives, and two more a query")
    for name in names[1:]:
        print(f"{name} minus in-batch alone: {minus(name, names[0])}")
    filtered = "all layers + miner, margin 5%"
    claim(
        "Beside 31 in-batch negatives, filtered mined ones teach all layers more.",
        holds=minus(filtered, names[0]).low > 0,
        measured=f"nDCG@10, filtered minus none {minus(filtered, names[0])}; "
        f"minus as many random {minus(filtered, 'all layers + random')}",
    )
else:
    print('PROFILE = "full" trains all layers with each of these negatives')

# %% [markdown]
# ## 10. On the leaderboard
#
# All training pairs now: each half gets negatives from a miner that learned from the other half, with the 5% margin. Whether they go on the leaderboard is for the validation queries to say: mined negatives run against random ones and none. What cannot be told from the simplest is not worth its trouble.

# %%
positives_only = torch.stack([half_b, own[half_b]], dim=1)
miner_b, _ = train(positives_only, without_negatives, epochs=3)
everything = torch.full((len(own), 4), -1)
with torch.no_grad():
    for head, rows in ((miner, half_b), (miner_b, half_a)):
        everything[rows] = four_below(head(queries[rows]), head(passages), rows)
anything = negatives.random_negatives(len(passages), own, 4, seed=SEED, texts=course.passages)
complete = (everything >= 0).all(dim=1).float().mean()
print(f"pairs with four mined negatives: {complete:.1%}")

# %% [markdown]
# The others are left out of the training with mined negatives.

# %%
all_pairs = torch.arange(len(own))
pools = {"in-batch alone": anything, "random": anything, "mined": everything}
heads = {}
for name, pool in pools.items():
    loss = without_negatives if name == "in-batch alone" else losses.mnrl
    heads[name], _ = train(tuples_of(pool, all_pairs, by_yours), loss, validated=True)


def chosen(values: dict[str, torch.Tensor]) -> str:
    """The best on the validation queries; the first, which is the simplest, unless one is better."""
    first, *others = values
    gains = {n: metrics.bootstrap_interval(values[n] - values[first]) for n in others}
    for name, gain in gains.items():
        print(f"{name} minus {first}: {told(gain)}")
    better = [name for name, gain in gains.items() if gain.low > 0]
    return max(better, key=lambda name: gains[name].mean, default=first)


best = chosen({name: quality(head) for name, head in heads.items()})
print("chosen:", best)

# %% [markdown]
# The simplest one is chosen unless another is clearly better. That one goes to the test queries, beside BM25.

# %%
test = search.encode_cached(model, course.test.queries)
with torch.no_grad():
    vectors = heads[best](test), heads[best](passages)
system = f"Head by MNRL, negatives chosen: {best}"
if PROFILE == "full":
    best = chosen({name: taught[f"all layers + {name}"] for name in whole})
    pool = anything if best in ("in-batch alone", "random") else everything
    count = 0 if best == "in-batch alone" else 2
    encoder = train_encoder(tuples_of(pool, all_pairs, by_yours), count)
    vectors = [search.encode_cached(encoder, t) for t in (course.test.queries, course.passages)]
    system = f"All layers by MNRL, negatives chosen: {best}"

# %%
from lib import leaderboard


def row_of(system: str, found: torch.Tensor) -> leaderboard.Row:
    """The row of a system by the rows of passages that it found for the test queries."""
    ranked = [[course.ids[i] for i in row] for row in found.tolist()]
    return leaderboard.evaluate(system, "04", ranked, course.test)


by_bm25 = {"BM25, words as they stand": plain, "BM25 with an analyser": index}
rows = [row_of(name, x.top_k(course.test.queries, 10)[1]) for name, x in by_bm25.items()]
row = row_of(system, search.top_k(*vectors, 10)[1])
for entry in (*rows, row):
    leaderboard.save(entry)
    print(entry.system, "| nDCG@10", entry.ndcg_at_10, "recall@10", entry.recall_at_10)

# %%
board = leaderboard.board(row)
if PROFILE == "full":  # rows of `fast` searched fewer passages: they do not compare
    board = [*rows, row_of("all-MiniLM-L6-v2", search.top_k(test, passages, 10)[1]), row]
figure = plots.leaderboard(board)
show(
    figure,
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% [markdown] tags=["folded"]
# With an analyser BM25, which learns nothing, comes near the untrained encoder; the trained head is far above both. And a leaderboard is no staircase: what teaches most by itself need not add anything to what is there already, and a test set is no place to find that out.

# %% quiz="04-q9"

# %% [markdown]
# ## Takeaways
#
# - A negative teaches while the model confuses it. Random ones are told apart after a few steps.
# - Words and vectors find different negatives. Leave *all* positives of a query out, and the query's own text.
# - Give BM25 an analyser before you compare anything with it.
# - The hardest unmarked passages are often right. A better miner finds more of them, so it needs a margin, set by a model that knows the task.
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
