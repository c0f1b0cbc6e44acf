# ---
# jupyter:
#   course:
#     lesson: "07"
#     title: Metrics and geometry
#     minutes: 230
#     objectives:
#       - Compare dot product, cosine and Euclidean distance, and say when they rank alike.
#       - Measure how real embeddings lie in space (concentration, intrinsic dimension, hubs), and what centring changes.
#       - Compute recall, reciprocal rank, average precision and nDCG as trec_eval does, the standard scoring program of retrieval research, and write a test that catches wrong nDCG code.
#       - Say how sure a result is, by a bootstrap interval and a paired randomisation test; and see how graded relevance changes a result.
#       - Judge an approximate index by its recall, its speed and what the metric loses, and a model by seven kinds of task.
#     prerequisites:
#       - Lesson 02 (encoding and exact search)
#       - Lessons 03 and 04, whose conclusions are tested again here
#       - Lesson 05 (vectors cut short)
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
from sentence_transformers import SentenceTransformer
from sklearn.metrics import v_measure_score

from lib import (
    diagrams,
    evaluation,
    finetune,
    geometry,
    graded,
    index,
    leaderboard,
    losses,
    matryoshka,
    metrics,
    mini_mteb,
    plots,
    plots_frontier,
    plots_paired,
    pooling,
    residual_codec,
    search,
    significance,
)
from lib.bm25 import BM25
from lib.data import families_of, load_course_set
from lib.device import pick_device, seed_everything
from lib.explore import explore, ranked_list, recall_speed
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder
from lib.plots import show

seed_everything(SEED)

# %% [markdown]
# ## 1. Three ways to be near
#
# All lessons so far asked which passage is *nearest* to a question, and used the cosine without much ado. There are two other common answers. Picture vectors as arrows that start at one point. (In code and figures a question is also called a *query*.)

# %% [markdown]
# The **cosine** looks at the angle between the arrows only. The **Euclidean distance** is the length of the straight line between their tips. The **dot product** is the cosine times both lengths: a long arrow scores high even when it points elsewhere.

# %%
question = (2.0, 1.0)
toy = {"A": (1.6, 1.2), "B": (4.0, 0.4), "C": (0.4, 0.3)}

# %%
show(*diagrams.toy_vectors(question, toy))

# %% [markdown]
# Which of A, B and C does each measure prefer? Judge by eye first, then compute.

# %%
for name in toy:
    dot = sum(x * y for x, y in zip(question, toy[name]))
    cosine = dot / math.hypot(*question) / math.hypot(*toy[name])
    distance = math.dist(question, toy[name])
    print(f"{name}: dot {dot:.2f}, cosine {cosine:.3f}, distance {distance:.2f}")

# %% [markdown]
# Three measures, and they do not agree: the dot product prefers B, the longest. For the cosine A and C are equally good: C is A shortened to a quarter, so both point the same way. The distance prefers A and puts B and C far behind.
#
# If all arrows have length 1, is anything left to disagree about?

# %% quiz="07-q1"

# %% [markdown]
# The three belong together by one formula. Write $|a|$ for the length of $a$:
#
# $$|a - b|^2 = |a|^2 + |b|^2 - 2\, a \cdot b$$
#
# So one matrix product gives all three; many libraries compute distances in this way: first the product, then the squared lengths are added.

# %% [markdown] card="three_similarities"
# ### Exercise: three similarities from one product
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# Compare every row of `a` with every row of `b` in three ways: dot product, cosine, Euclidean distance. Take the distances from the dot products, ||a - b||² = |a|² + |b|² - 2 a·b, and never the root of a negative number. A row of zeros has cosine 0; other rows may be as short as 0.05.


# %% answer="three_similarities"
def three_similarities(
    a: torch.Tensor, b: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compare all rows of two matrices by dot product, cosine and Euclidean distance.

    a: (n, dim); b: (m, dim).
    Returns three tensors in this order, each (n, m): dot products, cosines, distances. A row of
    zeros has cosine 0 with everything.

    Example: a [[3, 4]] and b [[6, 8], [0, 0]] give ([[50, 0]], [[1, 0]], [[5, 5]]).
    """
    ### BEGIN SOLUTION
    dots = a @ b.T
    left, right = a.norm(dim=1)[:, None], b.norm(dim=1)
    cosines = dots / (left * right).clamp(min=1e-12)
    squares = left.square() + right.square() - 2 * dots
    return dots, cosines, squares.clamp(min=0).sqrt()
    ### END SOLUTION


# %% check="three_similarities" points=1
check("three_similarities", three_similarities)

# %% hidden="three_similarities" points=2 seed=48017

# %% [markdown] hints="three_similarities"
# - **If your distances are wrong, or their shapes do not fit.** The squared length of each row of `a` belongs to a whole row of the result, that of each row of `b` to a whole column: `[:, None]` for the first. Subtract the dot product twice, and take the root.
# - **If a distance is NaN.** Two nearly equal vectors: rounding makes the squared distance a little negative. `squares.clamp(min=0)` before the root.
# - **If a cosine is above 1, or NaN.** Divide the dot product by both lengths, `(left * right).clamp(min=1e-12)`: with a tiny lower bound a row of zeros gives 0 / 1e-12 = 0.

# %%
three = yours("three_similarities", three_similarities, instead=geometry.similarities)
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
split = course.validation
passages = search.encode_cached(model, course.passages)
queries = search.encode_cached(model, split.queries)

# %%
dots, cosines, distances = (torch.as_tensor(table) for table in three(queries[:200], passages))
best = cosines.topk(10, dim=1).indices
by_dot, by_distance = dots.topk(10, dim=1).indices, (-distances).topk(10, dim=1).indices
same = [float((other == best).float().mean()) for other in (by_dot, by_distance)]
print(f"first ten places that agree with the cosine: dot {same[0]:.1%}, distance {same[1]:.1%}")
print(f"the first pair: cosine {cosines[0, 0]:.3f}, distance {distances[0, 0]:.3f}")

# %% [markdown]
# The vectors of our encoder have length 1, because its last module normalises. On such vectors the formula shrinks to $|a-b|^2 = 2 - 2\cos$: the values differ, the order does not. (Two passages that are almost equally near may be swapped by rounding.)
#
# Check it on the pair printed above: the root of 2 - 2 x cosine is the distance.

# %% [markdown]
# Now leave that last module away. Some texts get long vectors, others short ones. To save time we search every fourth passage, and all that are right for some question. Among fewer passages every score is higher: compare these three only with each other.

# %%
# model[0] makes vectors of tokens, model[1] their mean; model[2], which normalises, is left out
raw = SentenceTransformer(modules=[model[0], model[1]], device=str(device))
kept = sorted({*split.positives, *range(0, len(course.passages), 4)})
raw_passages = search.encode_cached(raw, [course.passages[row] for row in kept])
raw_queries = search.encode_cached(raw, split.queries)
lengths = raw_passages.norm(dim=1)
print(f"{len(kept):,} passages, lengths from {lengths.min():.1f} to {lengths.max():.1f}")


# %%
def ndcg(rows: torch.Tensor, ids=course.ids, relevant=split.relevant) -> torch.Tensor:
    """nDCG@10 of each question, (q,), for rows found (q, at least 10), -1 for none."""
    ranked = [[ids[row] for row in found if row >= 0] for found in rows.tolist()]
    return metrics.ndcg_at_k(ranked, relevant, 10)


kept_ids = [course.ids[row] for row in kept]
by_measure = {}
for measure in ("cosine", "dot", "euclid"):
    found = geometry.nearest(raw_queries, raw_passages, 10, measure)[1]
    by_measure[measure] = ndcg(found, kept_ids)
    print(f"{measure:7} nDCG@10 {metrics.bootstrap_interval(by_measure[measure])}")

# %%
lost = {
    name: significance.paired_interval(by_measure["cosine"], by_measure[name])
    for name in ("dot", "euclid")
}
claim(
    "On unit vectors dot product, cosine and Euclidean distance rank alike; on vectors of unequal "
    "length the dot product ranks otherwise, and falls far behind.",
    holds=min(same) > 0.99 and lost["dot"].low > 0.05 and lost["euclid"].mean < lost["dot"].low,
    measured=f"unit: {min(same):.1%} of the places agree; unequal lengths, nDCG@10 the cosine wins over "
    f"the dot product {lost['dot']}, over the distance {lost['euclid']}",
)

# %% [markdown] tags=["folded"]
# So the choice between the three matters only when lengths differ. Then the dot product prefers long vectors, whatever they say, and our model gave no meaning to length: it was trained by cosine. The small loss of the distance cannot be told from 0 (its interval includes 0). If you use the measure that the model was trained with, this problem does not arise.

# %% quiz="07-q2"

# %% [markdown]
# ## 2. What many dimensions do
#
# We like to picture vectors as points in a room, some near, some far. In 384 dimensions that picture can mislead. Take random points and draw each of their numbers independently. With two numbers per point, some pairs are close and some far apart. The more numbers each point has, the more the differences even out: all points become about equally far from each other. That is called *concentration of distances*.

# %% [markdown]
# Are embeddings like that? We take pairs at random from our passages, and from *noise*: vectors of random numbers (drawn from a bell curve, a *Gaussian*), scaled to length 1. How are their distances distributed?

# %%
generator = torch.Generator().manual_seed(SEED)
noise = pooling.normalize(torch.randn(len(passages), 384, generator=generator)).to(device)
clouds = {"random vectors": noise, "our passages": passages}
distances_of = {name: geometry.pair_distances(cloud).cpu() for name, cloud in clouds.items()}
for name, found in distances_of.items():
    spread = float(geometry.coefficient_of_variation(found))
    print(f"{name:15} mean distance {found.mean():.2f}, standard deviation {spread:.1%} of it")

# %%
centres = torch.linspace(0.5, 1.7, 25)[:-1] + 0.025
shares = {name: torch.histc(d, 24, 0.5, 1.7) / len(d) for name, d in distances_of.items()}
by_chance = max(float((s * (1 - s) / 10_000).sqrt().max()) for s in shares.values())
print(f"10,000 other pairs would move a point of the figure by about {2 * by_chance:.2f} at most:")
print("too little to draw it as a band around the curves")
figure = plots.curve(
    centres,
    shares,
    title=f"Distances between pairs of unit vectors, {passages.shape[1]} numbers each",
    x_label="Euclidean distance",
    y_label="share of 10,000 pairs, in steps of 0.05",
    at_peaks=True,
)
wide = {name: centres[share > 0.005] for name, share in shares.items()}
hills = [
    f"{name}, highest at {centres[shares[name].argmax()]:.2f}, more than 0.5% of the pairs a step "
    f"from {at.min():.2f} to {at.max():.2f}"
    for name, at in wide.items()
]
show(
    figure,
    alt=f"Two hills of the share of pairs over their distance: {'; '.join(hills)}. The hill of the "
    "random vectors is narrow and high, that of the passages low and broad.",
)

# %% [markdown]
# The noise has a single peak at $\sqrt 2$, the distance of two vectors at right angles: in 384 dimensions two random directions are nearly always perpendicular, and so everything is about equally far away. The passages are spread out, with near and far. How far away is the *nearest* neighbour?

# %%
for name, cloud in clouds.items():
    nearest = float(geometry.neighbours(cloud, 1)[0].mean())
    mean = float(distances_of[name].mean())
    print(f"{name:15} nearest neighbour {nearest:.2f} away, a random point {mean:.2f}")

# %% [markdown]
# Even the nearest neighbour of a noise point is hardly nearer than all others. A passage has one at half the distance of a random passage.

# %% [markdown]
# How many numbers does one need to say where a passage lies? Think of a curve in a room. The room has three dimensions, but one number (how far along the curve) is enough to name a point on it.

# %% [markdown]
# The **intrinsic dimension** counts the numbers that are really needed. TwoNN (Facco et al. 2017) estimates it from the ratio of the distances to a point's second and first neighbour: the higher the dimension, the closer that ratio is to 1.

# %%
real_dimension = float(geometry.intrinsic_dimension(passages))
noise_dimension = float(geometry.intrinsic_dimension(noise))
print(
    f"intrinsic dimension: passages {real_dimension:.0f}, noise {noise_dimension:.0f}, of 384 numbers each"
)

# %%
spreads = {n: float(geometry.coefficient_of_variation(d)) for n, d in distances_of.items()}
claim(
    "Distances concentrate in random data, far less in real embeddings, whose intrinsic dimension is lower.",
    holds=spreads["our passages"] > 2 * spreads["random vectors"]
    and real_dimension < noise_dimension / 2,
    measured=f"standard deviation over mean {spreads['our passages']:.3f} against {spreads['random vectors']:.3f}; "
    f"intrinsic dimension {real_dimension:.0f} against {noise_dimension:.0f}",
)

# %% [markdown] tags=["folded"]
# So a nearest neighbour tells something among embeddings, and little in noise. (With only some thousands of points TwoNN underestimates large dimensions. In truth the noise has 383 of them: a vector has 384 numbers, and its fixed length takes one away.)

# %% [markdown]
# ## 3. Everybody's neighbour
#
# Let every passage name its ten nearest neighbours, and count how often each is named. In the mean that is ten times. A passage that is named far more often is called a **hub**: it is near to so much that its nearness says little.

# %% quiz="07-q3"

# %%
counts = geometry.k_occurrence(geometry.neighbours(passages, 10)[1], len(passages))
middle = passages.mean(dim=0)
to_middle = passages @ pooling.normalize(middle[None])[0]  # cosine of each passage to the mean
for row in counts.topk(4).indices.tolist():
    nearer = float((to_middle[row] > to_middle).float().mean())
    print(
        f"{int(counts[row]):3} times: {course.titles[row]}, nearer to the mean than {nearer:.0%} of all"
    )

# %% [markdown]
# Most of these hubs are broad terms. One part of the cause is geometry. Embeddings do not surround the origin: they lie to one side of it, as in a cone. The mean cosine of pairs measures this (*anisotropy*, Ethayarajh 2019); it would be 0 if all directions were used alike. What lies near the middle of the cone is near to everything in it.

# %% [markdown]
# The percentages say for which hubs that explains much: one that is nearer to the mean than nearly all passages lies near the middle; one at about 50% lies no nearer to the middle than half of all passages, and must be a hub for other reasons.

# %% [markdown]
# A simple remedy is *centring*: subtract the mean of all vectors from each, and normalise again.

# %%
centred = geometry.centre(passages, middle)
centred_counts = geometry.k_occurrence(geometry.neighbours(centred, 10)[1], len(passages))
for name, cloud, named in (("as they are", passages, counts), ("centred", centred, centred_counts)):
    print(f"{name:12} mean cosine {geometry.anisotropy(cloud):.3f}, largest hub {int(named.max())}")

# %% [markdown]
# The largest hub becomes smaller, and the mean cosine vanishes (nearly 0 by construction: the vectors are scaled to length 1 afterwards). Does search gain by it? There are two ways to centre the questions: by the mean of the passages, as one cloud with them, or by a mean of their own, for which we take the training questions.

# %%
asked = search.encode_cached(model, course.train.queries)
base = ndcg(search.top_k(queries, passages, 10)[1])
by_centring = {}
for name, mean in {"passages' mean": middle, "questions' own mean": asked.mean(dim=0)}.items():
    found = search.top_k(geometry.centre(queries, mean), centred, 10)[1]
    by_centring[name] = significance.paired_interval(ndcg(found), base)
    print(f"nDCG@10, questions centred by the {name}, minus as they are: {by_centring[name]}")

# %%
common, separate = by_centring.values()
claim(
    "Centring makes the largest hub smaller. One mean for both leaves search as it is; a mean of its own for each side does no harm, and may help.",
    holds=int(centred_counts.max()) < int(counts.max())
    and common.low < 0.005
    and separate.low > -0.01
    and separate.mean > common.mean,
    measured=f"largest hub named {int(counts.max())} times, centred {int(centred_counts.max())}; nDCG@10 "
    f"changes by {common} with one mean, by {separate} with two",
)

# %% [markdown] tags=["folded"]
# Questions and passages are two clouds: questions are short and in everyday words, passages long and clinical. What all questions have in common, and what all passages have in common, may stand between them. Taking away each cloud's own mean costs three lines and a sample of questions, and no training. Among the 4,000 passages of `fast` it gains; among all of `full` no gain can be told. Try it on your data, and measure.

# %% [markdown]
# ## 4. How good is a ranking?
#
# So far one number, nDCG@10, has judged everything. It is time to look behind it, and at its three relatives. All four look at one question, one ranked list, and a *grade* for each passage that somebody has judged: 0 not relevant, 1 relevant in part, 2 relevant.
#
# - **Recall@k**: which share of the relevant passages is among the first k?
# - **Reciprocal rank**: how early does the first relevant one come? 1, 1/2, 1/3 ...
# - **Average precision**: at the rank of each relevant passage, which share of the list so far is relevant? The mean of these shares.
# - **nDCG@k**: how much is gained, if good passages count more and early places count more?

# %% [markdown]
# For the first three a passage is relevant from grade 1 on. Their means over all questions are called recall, MRR (mean reciprocal rank) and MAP (mean average precision). What you will write computes them as **trec_eval** does, the standard scoring program of retrieval research.

# %% [markdown]
# By hand, for one list. `x` was never judged, which counts as grade 0.

# %%
toy_ranked = ["b", "x", "a", "d"]
toy_grades = {"a": 2, "b": 1, "c": 1, "d": 0}

found = 0
for rank, passage in enumerate(toy_ranked, start=1):
    grade = toy_grades.get(passage, 0)
    found += grade >= 1
    print(f"rank {rank}: grade {grade}, relevant so far {found} of 3, precision {found / rank:.2f}")

# %% [markdown]
# Recall@4 is 2/3, since c is missing. The first relevant passage stands at rank 1, so the reciprocal rank is 1. The precisions at the relevant ranks 1 and 3 are 1 and 0.67; c adds 0, and the average over all three is 0.56.

# %% [markdown] card="recall_at_k"
# ### Exercise: recall@k
#
# Difficulty: easy. Importance: high. Minutes: 6.
#
# For one question: which share of its relevant passages is among the first `k`? Relevant means a grade of 1 or more: a passage with a lower grade, even below 0, is not relevant, nor is one that `relevant` does not name. Without a relevant passage the recall is 0.0, and a list shorter than `k` is taken as it is.


# %% answer="recall_at_k"
def recall_at_k(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Return the share of a query's relevant passages that are among the first k.

    ranked: passage ids, best first, each at most once; relevant: {id: grade}, relevant from grade 1
    on; k: at least 1.
    Returns a number from 0 to 1; 0.0 without a relevant passage.

    Example: ranked ["a", "b", "c"], relevant {"b": 1, "c": 0, "d": 2} and k = 2 give 0.5.
    """
    ### BEGIN SOLUTION
    right = {passage for passage, grade in relevant.items() if grade >= 1}
    found = [passage for passage in ranked[:k] if passage in right]
    return len(found) / len(right) if len(right) > 0 else 0.0
    ### END SOLUTION


# %% check="recall_at_k" points=1
check("recall_at_k", recall_at_k)

# %% hidden="recall_at_k" points=2 seed=30571

# %% [markdown] hints="recall_at_k"
# - **If your numbers are of the right kind, and another share.** Above the line: relevant passages among the first k. Below it: all relevant passages, also those that the list does not hold, whatever k is.
# - **If grades of 0 change your result.** A judged passage need not be relevant. Collect the ids whose grade is 1 or more, and use only these.
# - **If a question with few passages gives an error.** Without a relevant passage you would divide by 0: return 0.0. And `ranked[:k]` never fails, `ranked[k - 1]` does where the list is short.

# %% [markdown] card="reciprocal_rank_at_k"
# ### Exercise: the reciprocal rank
#
# Difficulty: easy. Importance: high. Minutes: 6.
#
# 1 divided by the rank of the first relevant passage (grade 1 or more) among the first `k`, ranks from 1; 0.0 where there is none. A grade below 1 is not relevant. A list shorter than `k` is taken as it is.


# %% answer="reciprocal_rank_at_k"
def reciprocal_rank_at_k(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Return 1 / the rank of the first relevant passage, or 0.0 if it is not among the first k.

    ranked: passage ids, best first, each at most once; relevant: {id: grade}, relevant from grade 1
    on; k: at least 1.

    Example: ranked ["a", "b", "c"], relevant {"a": 0, "c": 2, "b": 1} and k = 3 give 0.5.
    """
    ### BEGIN SOLUTION
    for rank, passage in enumerate(ranked[:k], start=1):
        if relevant.get(passage, 0) >= 1:
            return 1 / rank
    return 0.0
    ### END SOLUTION


# %% check="reciprocal_rank_at_k" points=1
check("reciprocal_rank_at_k", reciprocal_rank_at_k)

# %% hidden="reciprocal_rank_at_k" points=2 seed=61283

# %% [markdown] hints="reciprocal_rank_at_k"
# - **If a relevant passage in the first place does not score 1.** Ranks begin at 1: `enumerate(ranked[:k], start=1)`. Then divide 1 by the rank.
# - **If you stop at the wrong passage.** Go through the ranked list, best first, and ask each passage for its grade: `relevant.get(passage, 0) >= 1`. The order of `relevant` and the size of the grade make no difference.
# - **If several relevant passages, or none in the first place, give a wrong number.** Return as soon as you meet the first one. `return 0.0` stands behind the loop, not in it.

# %% [markdown] card="average_precision"
# ### Exercise: average precision
#
# Difficulty: medium. Importance: high. Minutes: 8.
#
# At the rank of each relevant passage (grade 1 or more) take the precision: the share of relevant passages up to and including that rank. A grade below 1 is not relevant. Average over *all* relevant passages; one that was not retrieved adds 0. Without a relevant passage the result is 0.0.


# %% answer="average_precision"
def average_precision(ranked: list[str], relevant: dict[str, int]) -> float:
    """Return the mean over all relevant passages of the precision at their rank.

    ranked: passage ids, best first, each at most once; relevant: {id: grade}, relevant from grade 1
    on. A relevant passage that is not in the list adds 0. trec_eval's `map`, for one query.

    Example: ranked ["b", "a", "d"], relevant {"b": 1, "d": 2, "x": 1} give (1 + 2/3 + 0) / 3 = 0.5556.
    """
    ### BEGIN SOLUTION
    right = {passage for passage, grade in relevant.items() if grade >= 1}
    found, total = 0, 0.0
    for rank, passage in enumerate(ranked, start=1):
        if passage in right:
            found += 1
            total += found / rank
    return total / len(right) if len(right) > 0 else 0.0
    ### END SOLUTION


# %% check="average_precision" points=1
check("average_precision", average_precision)

# %% hidden="average_precision" points=2 seed=17395

# %% [markdown] hints="average_precision"
# - **If your result is too large, or an error says division by zero.** Divide by the number of all passages with a grade of 1 or more, also those that the list does not hold; return 0.0 where there is none.
# - **If single ranks are wrong.** Work out the example: rank 1 is relevant, precision 1/1; rank 2 is not and adds nothing; rank 3 is the second relevant one, precision 2/3. Count first, then divide by the rank.
# - **If a perfect list does not score 1.** Ranks begin at 1: `enumerate(ranked, start=1)`.

# %% quiz="07-q4"

# %% [markdown]
# The first three ignore how high a grade is: 1 and 2 are the same to them. nDCG does not. Each passage *gains* its grade; the gain is *discounted* by the logarithm of its rank. The sum is called **DCG**, discounted cumulative gain. Divided by the DCG of the best list that could be made it is nDCG, *normalised*.

# %%
show(*diagrams.rank_discount([1, 0, 2, 0], 4, judged=[2, 1, 1, 0]))

# %% [markdown]
# As a formula, with $g_r$ for the grade at rank $r$ and $g^*_r$ for that of the ideal list:
#
# $$\text{nDCG@}k = \frac{\sum_{r=1}^{k} g_r / \log_2(r+1)}{\sum_{r=1}^{k} g^*_r / \log_2(r+1)}$$
#
# The ideal list is made of *all* judged passages, not of those that were found: otherwise a system that finds one poor passage and puts it first would score 1.

# %% [markdown] card="ndcg_at_k"
# ### Exercise: nDCG@k
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Each of the first `k` passages gains its grade, divided by log2(rank + 1), ranks from 1. Divide the sum by that of the best possible list: the `k` highest grades among *all* judged passages, highest first. A grade below 0 counts as 0, and so does a passage that nobody judged; without a relevant passage the result is 0.0.


# %% answer="ndcg_at_k"
def ndcg_at_k(ranked: list[str], relevant: dict[str, int], k: int) -> float:
    """Return the discounted gain of the first k passages over that of the best possible k.

    ranked: passage ids, best first, each at most once; relevant: {id: grade}; k: at least 1. The
    gain is the grade (0 if it is negative or missing), the discount log2(rank + 1).

    Example: ranked ["a", "b"], relevant {"a": 1, "b": 3} and k = 2 give 0.7967.
    """
    ### BEGIN SOLUTION
    grades = [max(relevant.get(passage, 0), 0) for passage in ranked[:k]]
    best = sorted((max(grade, 0) for grade in relevant.values()), reverse=True)[:k]
    gained = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))
    most = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(best, start=1))
    return gained / most if most > 0 else 0.0
    ### END SOLUTION


# %% check="ndcg_at_k" points=1
check("ndcg_at_k", ndcg_at_k)

# %% hidden="ndcg_at_k" points=2 seed=72946

# %% [markdown] hints="ndcg_at_k"
# - **If grades other than 0 and 1 go wrong, or an id is not found.** The gain is the grade itself: `max(relevant.get(passage, 0), 0)`, which is 0 for a passage that nobody judged and for a grade below 0.
# - **If a bad list scores too high, or a perfect one below 1.** The best possible list does not depend on the ranked one: sort *all* grades of `relevant`, highest first, and cut at k.
# - **If the first rank fails, or ranks are shifted.** Print the discounts: log2(2) = 1 at rank 1, log2(3) = 1.585 at rank 2, log2(4) = 2 at rank 3. `enumerate(..., start=1)` with `math.log2(rank + 1)`.

# %% quiz="07-q5"

# %% [markdown]
# Your four functions now judge a system on all validation questions: BM25, the strong baseline from lesson 04, and the encoder.


# %%
def one(metric):
    """The library's metric of many questions, for one."""
    return lambda ids, grades, *k: float(metric([ids], [grades], *k)[0])


recall_ = yours("recall_at_k", recall_at_k, instead=one(metrics.recall_at_k))
rank_ = yours("reciprocal_rank_at_k", reciprocal_rank_at_k, instead=one(metrics.mrr_at_k))
precision_ = yours("average_precision", average_precision, instead=one(metrics.average_precision))
ndcg_ = yours("ndcg_at_k", ndcg_at_k, instead=one(metrics.ndcg_at_k))
# name: (the metric, and the rank at which it cuts the list, where it does)
mine = {"recall@10": (recall_, 10), "MRR@10": (rank_, 10)}
mine |= {"MAP": (precision_,), "nDCG@10": (ndcg_, 10)}

# %%
bm25_rows = BM25(course.passages).top_k(split.queries, 100)[1]
ranked = {"BM25": bm25_rows, "the encoder": search.top_k(queries, passages, 100)[1]}
for system, found in ranked.items():
    lists = [[course.ids[row] for row in rows if row >= 0] for rows in found.tolist()]
    for name, (metric, *cut) in mine.items():
        values = [float(metric(ids, g, *cut)) for ids, g in zip(lists, split.relevant)]
        print(f"{system:12} {name:10} {sum(values) / len(values):.3f}")

# %%
theirs = (metrics.recall_at_k, metrics.mrr_at_k, metrics.average_precision, metrics.ndcg_at_k)
for library, (name, (metric, *cut)) in zip(theirs, mine.items()):
    values = torch.tensor([float(metric(*one, *cut)) for one in zip(lists, split.relevant)])
    apart = (library(lists, split.relevant, *cut) - values).abs().max()
    assert apart < 1e-5, name
    print(f"{name:10} yours and the library's, question by question: at most {apart:.6f} apart")

# %% [markdown]
# They agree, so the cells below may use the library's, which judge all questions at once.

# %% [markdown]
# With one right passage a question, average precision equals the reciprocal rank. It is a little larger here only because it looks at 100 ranks and MRR@10 at 10. The four agree about who is better. They need not, as soon as questions have several relevant passages.

# %% [markdown]
# ### Explore: what is an order worth?
#
# Below are twelve passages for one question, with their grades (2 is the term asked for, 1 its parent or child; section 6 says where they come from). Move them, with the mouse or with the buttons, and watch the metrics. Can you raise the recall without touching the reciprocal rank? Can you lower nDCG and leave the recall as it is?

# %%
grades = graded.graded_relevance(course, split)
first_twelve = [
    [judged.get(course.ids[row], 0) for row in rows[:12].tolist()]
    for judged, rows in zip(grades, ranked["the encoder"])
]
# the first question with three to five relevant passages, none at rank 1, one at rank 11 or 12
shown = next(
    (
        i
        for i, found in enumerate(first_twelve)
        if found[0] == 0 and max(found[10:]) > 0 and 3 <= sum(grade > 0 for grade in found) <= 5
    ),
    0,
)
first = ranked["the encoder"][shown, :12].tolist()
names = [(course.titles[row], grades[shown].get(course.ids[row], 0)) for row in first]
missed = [
    grade
    for passage, grade in grades[shown].items()
    if passage not in {course.ids[row] for row in first}
]
explore(
    ranked_list(
        names,
        title="What is this order worth?",
        query=split.queries[shown],
        elsewhere=missed,
        grades={0: "not relevant", 1: "relevant in part", 2: "relevant"},
    ),
    f"Twelve passages that the encoder finds for the question '{split.queries[shown]}', in its order, with their "
    "grades: "
    + "; ".join(f"{rank}. {name}, grade {grade}" for rank, (name, grade) in enumerate(names, 1))
    + ".",
)

# %% [markdown] tags=["folded"]
# Raise the recall and leave the reciprocal rank: take a relevant passage from below the line into the first ten, but not above the first relevant one, and let no other relevant one fall below the line. nDCG and average precision rise, too. Lower nDCG and leave the recall: move a relevant passage down, past passages of grade 0, but within the ten. Average precision falls, too; the reciprocal rank falls only if it was the first relevant one.

# %% [markdown] card="break_ndcg"
# ### Exercise: a test that no wrong nDCG survives
#
# Difficulty: hard. Importance: medium. Minutes: 15.
#
# Return cases `(ranked, relevant, k, expected)`: ids without repetition, whole grades, `k` from 1 to 1,000, and the nDCG@k as the exercise above defines it, to four decimals or better. The check runs your cases on right code and on 17 wrong implementations, the *suspects*. Right code must pass every case; each suspect must fail at least one. A handful of cases is enough; 2,000 are the most.


# %% answer="break_ndcg"
def break_ndcg() -> list:
    """Return test cases for nDCG@k.

    Each case is (ranked: list of ids, relevant: {id: grade}, k, expected: a number).

    Example of one case: (['a', 'b'], {'a': 1, 'b': 2}, 2, 0.8597).
    """
    ### BEGIN SOLUTION
    second = 1 / math.log2(3)  # what the second rank counts
    wrong_order = ["a", "b"], {"a": 1, "b": 2}, 2, (1 + 2 * second) / (2 + second)
    not_found = ["a", "c"], {"a": 1, "b": 1}, 2, 1 / (1 + second)
    behind_k = ["x", "a", "b"], {"a": 1, "b": 1, "c": 1}, 2, second / (1 + second)
    short = ["b"], {"a": 1, "b": 1}, 2, 1 / (1 + second)
    nothing = ["a"], {"a": 0}, 1, 0.0
    negative = ["a", "b"], {"a": -1, "b": 1}, 2, second
    return [wrong_order, not_found, behind_k, short, nothing, negative]
    ### END SOLUTION


# %% check="break_ndcg" points=1
check("break_ndcg", break_ndcg)

# %% hidden="break_ndcg" points=2 seed=55109

# %% [markdown] hints="break_ndcg"
# - **If a suspect passes whose gain or discount is wrong.** Put a passage of grade 1 before one of grade 2. For the discount, let the only relevant passage stand at rank 2: it scores 1 / log2(3) = 0.6309.
# - **If a suspect passes whose list or ideal list is wrong.** Judge more passages as relevant than the ranked list holds and more than k, name a low grade before a high one, put a relevant passage behind k, and give a list shorter than k.
# - **If a suspect passes on strange questions.** Add one whose grades are all 0, a retrieved passage with grade -1, and a retrieved passage that nobody judged.

# %% [markdown]
# ## 5. How sure are we?
#
# A mean over 747 questions looks exact. On 747 other questions of the same kind it would be a little different. How different? We cannot ask again, but we can *draw* again: take 747 of our questions at random, some twice and some not at all, and compute the mean. Many such draws show how much the mean moves. This is the **bootstrap**.

# %% [markdown] card="bootstrap_interval"
# ### Exercise: the bootstrap interval
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# `values` holds a metric, one value a question. Each row of `draws` is a draw of questions with replacement: row numbers, some several times. Return the mean of `values`, and the 2.5% and 97.5% quantiles (as `torch.quantile` takes them) of the means of the draws.


# %% answer="bootstrap_interval"
def bootstrap_interval(values: torch.Tensor, draws: torch.Tensor) -> tuple[float, float, float]:
    """Return a mean over queries with its 95% percentile bootstrap interval.

    values: (queries,), at least one; draws: (draws, queries) whole numbers, the rows drawn.
    Returns (mean, low, high).

    Example: values [0, 1, 1, 0] with one draw [[1, 1, 2, 0]] give (0.5, 0.75, 0.75).
    """
    ### BEGIN SOLUTION
    means = values[draws].mean(dim=1)
    low, high = torch.quantile(means, 0.025), torch.quantile(means, 0.975)
    return float(values.mean()), float(low), float(high)
    ### END SOLUTION


# %% check="bootstrap_interval" points=1
check("bootstrap_interval", bootstrap_interval)

# %% hidden="bootstrap_interval" points=2 seed=26834

# %% [markdown] hints="bootstrap_interval"
# - **If your interval is far too wide, or does not depend on the draws.** `values[draws]` is (draws, queries): the drawn values. Each row becomes its mean, `mean(dim=1)`, before you take quantiles.
# - **If the interval is near and not right.** Cut off 2.5% of the means at each end: `torch.quantile(means, 0.025)` and `torch.quantile(means, 0.975)`.
# - **If you are in doubt about the three numbers.** First the mean of `values`, as measured and not drawn; then the lower end, then the upper end.


# %%
def library_interval(values, draws):
    interval = metrics.bootstrap_interval(values, len(draws), seed=SEED)
    return interval.mean, interval.low, interval.high


interval_ = yours("bootstrap_interval", bootstrap_interval, instead=library_interval)
draws = torch.randint(len(base), (1_000, len(base)), generator=generator)
mean, low, high = (float(x) for x in interval_(base, draws))
print(f"nDCG@10 of the encoder: {mean:.3f}, 95% interval {low:.3f} to {high:.3f}")

# %%
show(*diagrams.bootstrap_picture(base, value_label="nDCG@10"))

# %% [markdown]
# The figure made its own thousand draws, so its last digits may differ from the line printed above it. In about 95 of 100 such studies the interval contains the mean that endless questions of this kind would give. The mean of *one* other sample of 747 falls outside more often, since it has luck of its own. How often?

# %%
means = metrics.bootstrap_means(base, 10_000, seed=SEED)
apart = (means[:5_000] - means[5_000:]).abs()
outside = float((apart > (high - low) / 2).float().mean())
print(f"two draws whose means are farther apart than half the interval: {outside:.0%}")

# %% [markdown]
# In theory about one time in six: half the interval is 1.96 standard deviations of one mean. The difference of two means has a standard deviation 1.41 times as large, so the limit is only 1.96 / 1.41 = 1.39 of its standard deviations.

# %% [markdown]
# Mind what is drawn: *questions*, because we want to speak about questions to come. Drawing passages would tell us about other passages.

# %% [markdown]
# But are our 747 questions 747 separate witnesses? Many are different wordings of one term, or ask for its siblings: the third toe, the fourth toe. A system that fails on one tends to fail on all of them. Then one has to draw whole *families* of questions, not single ones.

# %%
families = families_of(split)
by_families = significance.interval_by_groups(base, families)
by_questions = metrics.bootstrap_interval(base)
print(f"questions drawn: {by_questions}")
print(f"{len(set(families))} families drawn: {by_families}")

# %%
claim(
    "Questions that belong together make an interval too narrow: drawn by families it is much wider.",
    holds=by_families.high - by_families.low > 1.5 * (by_questions.high - by_questions.low),
    measured=f"drawn by questions {by_questions}, by families {by_families}",
)

# %% [markdown] tags=["folded"]
# So every interval for which single questions were drawn is too narrow, if the questions to come are from other families; it holds for more questions from these families.

# %% [markdown] tags=["folded"]
# Ask first what your items are a sample of. Intervals of differences between two systems widen too, but by how much depends on the pair: little for vectors cut short, much more for training (section 6), since training helps some families a lot and others little. Where a conclusion is near the edge, test it again with families drawn.

# %% quiz="07-q6"

# %% [markdown]
# Now two systems. Both find some questions easy and others hard, the same ones. So compare them question by question and look at the *differences*. If the systems were equally good, each difference could just as well have had the opposite sign. The **randomisation test** flips signs at random, many times, and asks how often chance alone makes the mean difference as large as the one we saw.

# %% [markdown]
# This share is the **p-value**, *p* for short: if it is small, chance is a poor explanation. The test is *two-sided*: a mean as far *below* 0 counts as well.

# %% quiz="07-q7"

# %% [markdown] card="randomisation_test"
# ### Exercise: the paired randomisation test
#
# Difficulty: hard. Importance: high. Minutes: 12.
#
# If two systems were alike, each question's difference `a - b` could just as well have had the opposite sign. Flip the differences by each row of `signs` and count the rows whose mean is at least as far from 0 as the observed mean. Means of the same numbers in another order may differ in the last digit: compare with `>= observed - 1e-6`. The observed outcome is one of the possible ones, too: p = (1 + count) / (1 + draws).


# %% answer="randomisation_test"
def randomisation_test(a: torch.Tensor, b: torch.Tensor, signs: torch.Tensor) -> float:
    """Return the two-sided p-value of the paired randomisation test.

    a, b: (queries,), a metric of two systems on the same queries; signs: (draws, queries), 1.0 or
    -1.0 for each query in each draw.
    Returns (1 + the draws at least as far from 0 as the observed mean) / (1 + draws).

    Example: a [1, 1], b [0, 0.5] and signs [[1, 1], [1, -1], [-1, -1]] give (1 + 2) / (1 + 3) = 0.75.
    """
    ### BEGIN SOLUTION
    difference = a - b
    observed = difference.mean().abs()
    flipped = (signs * difference).mean(dim=1).abs()
    count = int((flipped >= observed - 1e-6).sum())
    return (1 + count) / (1 + len(signs))
    ### END SOLUTION


# %% check="randomisation_test" points=1
check("randomisation_test", randomisation_test)

# %% hidden="randomisation_test" points=2 seed=93470

# %% [markdown] hints="randomisation_test"
# - **If the result is right where `a` is better and wrong where `b` is.** The test is two-sided: "far from 0" is the absolute value, of the observed mean and of every flipped one.
# - **If your p is a little too small, or 0.** A draw that is just as far counts (`>=`), and the observed outcome counts itself: 1 + count above the line, 1 + draws below it.
# - **If all draws look alike, or their number is wrong.** Flip the differences, `signs * (a - b)`, which is (draws, queries); average each row, `mean(dim=1)`; take the absolute value last.

# %% [markdown]
# Our encoder's vectors have 384 numbers. Is the search worse with only the first 368 of them, or the first 64? (Lesson 05 cut vectors short.) Each difference is printed with its interval twice: questions drawn, and families drawn.


# %%
def library_test(a, b, signs):
    return significance.randomisation_test(a, b, len(signs), SEED).p


def paired_by_families(a, b):
    """The mean of a - b with its interval, whole families of questions drawn."""
    return significance.paired_interval(a, b, groups=families)


test_ = yours("randomisation_test", randomisation_test, instead=library_test)
signs = (2.0 * torch.randint(2, (2_000, len(base)), generator=generator) - 1).to(base)

# %%
differences, p_values, cut_short = {}, {}, {}
for dim in (368, 256, 128, 64):
    shorter = [matryoshka.truncate(vectors, dim) for vectors in (queries, passages)]
    cut_short[dim] = search.top_k(*shorter, 10)[1]
    cut = ndcg(cut_short[dim])
    name = f"{dim} minus 384"
    differences[name] = significance.paired_interval(cut, base)
    differences[f"{name}, by families"] = by_family = paired_by_families(cut, base)
    p_values[dim] = float(test_(cut, base, signs))
    print(f"{name}: {differences[name]}, by families {by_family}, p {p_values[dim]:.4f}")

# %%
show(
    *plots_paired.paired_differences(
        differences,
        title="What can be told apart, and what cannot",
        value_label="difference of nDCG@10 on the same questions",
    )
)

# %%
near, clear = differences["368 minus 384"], differences["128 minus 384"]
near_family, clear_family = (differences[f"{n} minus 384, by families"] for n in (368, 128))
claim(
    "Two systems within noise cannot be ranked: 368 numbers are not told from 384, and 128 are, whether "
    "questions are drawn or families.",
    holds=max(near.low, near_family.low) < 0 < min(near.high, near_family.high)
    and max(clear.high, clear_family.high) < 0
    and p_values[368] > 0.05
    and p_values[128] < 0.01,
    measured=f"368 minus 384: {near}, by families {near_family}, p {p_values[368]:.2f}; 128 minus 384: "
    f"{clear}, by families {clear_family}, p {p_values[128]:.4f}",
)

# %% [markdown]
# The smallest p that 2,000 draws can give is 1/2001, about 0.0005. A small p does not say that a difference is *large*, only that chance is a poor explanation. The interval says how large it is. Report both, and never a ranking of systems that the data cannot tell apart.

# %% [markdown]
# *This is a good place to pause.* Sections 6 to 9 build on the variables above: when you come back, run the cells from the top once more. Your points are kept.

# %% [markdown]
# ## 6. The passages that nobody marked
#
# Lesson 04 left a question open. Each of our questions has *one* right passage. But the ontology is a tree of terms: a question about "sinus infection" is partly answered by its child, "chronic sinus infection", and by its parent. Our test calls these wrong, just as wrong as a passage about toes.

# %% [markdown]
# The ontology itself can be the judge: grade 2 (relevant) for the term, 1 (relevant in part) for its parents and children, 0 (not relevant) for all others.

# %%
relatives = [sum(grade == 1 for grade in judged.values()) for judged in grades]
mean, without = sum(relatives) / len(relatives), relatives.count(0)
print(f"relevant in part: {mean:.1f} passages a question; none for {without} of {len(relatives)}:")
print(f"for these {without} the grades change nothing")

# %% [markdown]
# About two passages per question were counted as wrong although they answer in part. What if they count? Four systems: BM25, the encoder, the encoder with the head of lesson 03, trained again here, and the encoder with its vectors cut to 64 numbers, as lesson 05 cut them.

# %%
head = finetune.ProjectionHead(passages.shape[1]).to(device)
right = passages[torch.tensor(course.train.positives, device=device)]


def loss_of(batch: torch.Tensor) -> torch.Tensor:
    return losses.mnrl(head(asked[batch]), head(right[batch]))


finetune.fit(
    head, len(asked), loss_of, batch_size=128, epochs=10, keys=course.train.positives, seed=SEED
)
with torch.no_grad():
    ranked["trained head"] = search.top_k(head(queries), head(passages), 100)[1]
ranked["64 numbers"] = cut_short[64]

# %%
tables = {"one right passage": split.relevant, "graded": grades}
scores_by = {
    (name, kind): ndcg(found[:, :10], relevant=judged)
    for name, found in ranked.items()
    for kind, judged in tables.items()
}
for (name, kind), values in scores_by.items():
    print(f"{name:13} {kind:18} nDCG@10 {metrics.bootstrap_interval(values)}")

# %%
compared = {
    "encoder minus BM25": ("the encoder", "BM25"),
    "trained minus encoder": ("trained head", "the encoder"),
    "64 numbers minus 384": ("64 numbers", "the encoder"),
}

# %%
gains, gains_by_families = {}, {}
for name, (a, b) in compared.items():
    for kind in tables:
        both = scores_by[a, kind], scores_by[b, kind]
        gains[f"{name}, {kind}"] = significance.paired_interval(*both)
        gains_by_families[f"{name}, {kind}"] = paired_by_families(*both)

# %%
graded_gains = {}
for name in gains:
    graded_gains |= {name: gains[name], f"{name}, by families": gains_by_families[name]}
show(
    *plots_paired.paired_differences(
        graded_gains,
        title="The same comparisons, with and without grades",
        value_label="difference of nDCG@10 on the validation questions",
    )
)

# %% [markdown]
# With grades the gain by training looks smaller, and so does the loss by cutting. Are they? Subtract the one difference from the other, question by question.

# %%
changed = {}
for name, (a, b) in compared.items():
    marked, by_grade = (scores_by[a, kind] - scores_by[b, kind] for kind in tables)
    both = by_grade, marked
    changed[name] = significance.paired_interval(*both), paired_by_families(*both)
    print(f"{name}, with grades minus without: {changed[name][0]}, by families {changed[name][1]}")

# %%
encoder, trained, shorter = compared
claim(
    "With graded relevance the systems keep their order, and what training gained is smaller. With families "
    "drawn, both still hold for training; the encoder is no longer told from BM25.",
    holds=min(gains[f"{name}, {kind}"].low for name in (encoder, trained) for kind in tables) > 0
    and gains_by_families[f"{trained}, graded"].low > 0
    and gains_by_families[f"{encoder}, graded"].low < 0
    and max(interval.high for interval in changed[trained]) < 0,
    measured=f"nDCG@10, graded: {trained} {gains[f'{trained}, graded']}, by families "
    f"{gains_by_families[f'{trained}, graded']}; {encoder} {gains[f'{encoder}, graded']}, by families "
    f"{gains_by_families[f'{encoder}, graded']}; the gain by training changes by {changed[trained][0]}, by "
    f"families {changed[trained][1]}",
)

# %% [markdown] tags=["folded"]
# Lesson 05 found that cutting to 64 numbers costs quality. With grades it still does. That it costs less cannot be told where the printed intervals of the cut vectors hold 0. And the encoder's lead over BM25 is smaller with grades on questions of these families; where the interval by families holds 0, that may be otherwise on others.

# %% [markdown]
# What did training do? Look at the first place of each question, before and after.

# %%
said = {2: "relevant", 1: "relevant in part", 0: "not relevant"}
places = [
    [judged.get(course.ids[row], 0) for judged, row in zip(grades, ranked[name][:, 0].tolist())]
    for name in ("the encoder", "trained head")
]
for (before, after), number in Counter(zip(*places)).most_common():
    print(f"{number:4} questions: {said[before]} -> {said[after]}")

# %% [markdown]
# Where the first place changed, training mostly turned *not relevant* into *relevant*. That it put the term itself before its parent or child is the smaller part.

# %% [markdown]
# One conclusion of lesson 04 was that random negatives beside a large batch add nothing to one matrix that can be told. Does it stand? Compare a head that learns from the batch alone with one that also gets four random negatives for each question; each head is trained with three seeds.

# %%
keys = course.train.positives
options = {"batch_size": 128, "epochs": 4, "lr": 3e-3}

# %%
found_by = {0: [], 4: []}  # random negatives a question: the rows found (q, 10), seed by seed
for seed in (0, 1, 2):
    draw = torch.Generator().manual_seed(seed)
    wrong = passages[torch.randint(len(passages), (len(asked), 4), generator=draw).to(device)]
    for n, rows in found_by.items():
        more = wrong if n else None
        taught = finetune.fit_head(asked, right, keys, negatives=more, seed=seed, **options)
        with torch.no_grad():
            rows.append(search.top_k(taught(queries), taught(passages), 10)[1])


# %%
def mean_over_seeds(n: int, judged: list[dict[str, int]]) -> torch.Tensor:
    return torch.stack([ndcg(rows, relevant=judged) for rows in found_by[n]]).mean(dim=0)


by_negatives, by_negatives_families = {}, {}
for kind, judged in tables.items():
    four, none = mean_over_seeds(4, judged), mean_over_seeds(0, judged)
    by_negatives[kind] = significance.paired_interval(four, none)
    by_negatives_families[kind] = paired_by_families(four, none)

# %%
with_negatives = {}
for kind in tables:
    with_negatives |= {
        kind: by_negatives[kind],
        f"{kind}, by families": by_negatives_families[kind],
    }
show(
    *plots_paired.paired_differences(
        with_negatives,
        title="What random negatives add beside the batch",
        value_label="nDCG@10 with random negatives minus without",
    )
)

# %%
claim(
    "A conclusion changes with the judgements: random negatives beside the batch add nothing that can be told "
    "by one right passage, and help a little by grades, on questions of these families.",
    holds=by_negatives["one right passage"].low < 0 < by_negatives["graded"].low,
    measured=", ".join(
        f"{kind} {value}, by families {by_negatives_families[kind]}"
        for kind, value in by_negatives.items()
    ),
)

# %% [markdown] tags=["folded"]
# With one right passage, a model that ranks the child of the right term second gains nothing by it; with grades it does. But take the interval by families as a warning: its lower end is at about 0, so on other families the gain may vanish. Before you drop an idea because "it makes no difference", ask what your judgements can see.

# %% [markdown]
# ## 7. Searching without looking at everything
#
# Nearly all our searches were exact: each question met every passage. (The centroids of lesson 06 were an exception.) For a hundred million passages that is too slow, and one gives up exactness. Two ideas carry nearly all systems in use.

# %%
show(*diagrams.search_graph())

# %% [markdown]
# **IVF**, the inverted file, sorts the passages into cells around centroids, as lesson 06 sorted tokens, and looks only into the cells nearest to the question.

# %% [markdown]
# **HNSW** (Malkov and Yashunin 2018) links each passage to some of its neighbours and walks along the links, always to a neighbour nearer to the question. It starts in a coarse layer of few points and goes down, layer by layer, to the one that holds all points.

# %% [markdown]
# Both have a dial for the effort. IVF's is `nprobe`, how many cells it looks into; HNSW's is `efSearch`, how many candidates it keeps on the walk.

# %% [markdown]
# Both may miss a neighbour. How many they find is their *recall*, and here the exact search is the judge.

# %% [markdown] card="index_recall"
# ### Exercise: the recall of an index
#
# Difficulty: medium. Importance: high. Minutes: 8.
#
# For each question: which share of its exact neighbours did the index find, in whatever order? -1 stands for nothing, on both sides and anywhere in a list: it is never found, and where a question has fewer than `k` exact neighbours, only these count. Return the mean over questions.


# %% answer="index_recall"
def index_recall(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the mean share of the exact neighbours that an index found.

    found: (queries, k) rows of the corpus, -1 where nothing was found; exact: (queries, k), what an
    exhaustive search finds, at least one row a query, -1 where there are no more. No row stands
    twice in a query's list.

    Example: found [[7, 3], [5, -1]] and exact [[3, 7], [5, 1]] give (1 + 1/2) / 2 = 0.75.
    """
    ### BEGIN SOLUTION
    there = exact >= 0
    hit = (exact[:, :, None] == found[:, None, :]).any(dim=2) & there
    shares = hit.sum(dim=1) / there.sum(dim=1)
    return float(shares.mean())
    ### END SOLUTION


# %% check="index_recall" points=1
check("index_recall", index_recall)

# %% hidden="index_recall" points=2 seed=14652

# %% [markdown] hints="index_recall"
# - **If the right rows in another order do not count, or rows of other questions do.** Compare each exact neighbour with every found row of the same question: `exact[:, :, None] == found[:, None, :]` is (queries, k, k), and `any(dim=2)` asks whether it is among them.
# - **If only cases with -1 are wrong.** `there = exact >= 0` says which neighbours there are. Only these can be found, and only these are counted below the line.
# - **If your mean is over the wrong thing.** Each question has its own share: found neighbours over exact neighbours, from 0 to 1. The result is the mean of these shares.

# %% quiz="07-q8"


# %%
def library_share(found, exact):
    return index.index_recall(found, exact, exact.shape[1]).mean()


share_ = yours("index_recall", index_recall, instead=library_share)
random_queries = pooling.normalize(torch.randn(200, 384, generator=generator)).to(device)
hnsw_recall = {}

# %%
for name, cloud in clouds.items():
    questions = random_queries if cloud is noise else queries[:200]
    graph = index.build_index(cloud, "hnsw", seed=SEED)
    exact = search.top_k(questions, cloud, 10)[1]
    hnsw_recall[name] = float(share_(graph.search(questions, 10, effort=16)[1], exact))
    print(f"{name:15} HNSW finds {hnsw_recall[name]:.1%} of the ten nearest")

# %% [markdown] tags=["folded"]
# At the same effort the graph finds less than half in noise, and nearly all in texts. In noise a neighbour's neighbour is hardly nearer than anything else, so the links lead less well to what is asked for. An experiment on random vectors says little about embeddings: never judge an index on them. (The 60% of the question were found at another size and effort: 10,000 vectors, efSearch 64. Here efSearch is 16.)

# %%
exact_rows = search.top_k(queries, passages, 10)[1]
graph = index.build_index(passages, "hnsw", seed=SEED)
found = graph.search(queries, 10, effort=16)[1]
by_index = significance.paired_interval(ndcg(found), base)
whole = metrics.bootstrap_interval(base)
print(f"recall of the index {float(share_(found, exact_rows)):.1%}, nDCG@10 changes by {by_index}")

# %%
claim(
    "At one effort HNSW is bad on random vectors and good on real ones, and what it loses lies inside the "
    "metric's own interval.",
    holds=hnsw_recall["random vectors"] < 0.7
    and hnsw_recall["our passages"] > 0.95
    and abs(by_index.mean) < (whole.high - whole.low) / 2,
    measured=f"HNSW finds {hnsw_recall['random vectors']:.0%} in noise, {hnsw_recall['our passages']:.0%} in "
    f"texts; nDCG@10 changes by {by_index}, its interval is {whole}",
)

# %% [markdown]
# That the loss lies inside the interval does not mean that it is nothing: a paired test may see it all the same. Here is the lowest effort, efSearch 10 (the walk must keep at least the ten passages that it returns):

# %%
cheap = ndcg(graph.search(queries, 10, effort=10)[1])
print("nDCG@10 at efSearch 10 minus exact:", significance.paired_interval(cheap, base))
print("by families:", paired_by_families(cheap, base))
print("randomisation test:", significance.randomisation_test(cheap, base))

# %% [markdown]
# ### Explore: recall against speed
#
# How far should one turn the dial? We try several settings of both indexes and take the time of each.

# %% [markdown]
# The still picture shows every other setting, each recall with its interval over questions; the one to explore shows all settings and leaves the intervals out, since most are too short to be seen. Times differ from run to run.

# %%
cells = index.build_index(passages, "ivf", seed=SEED)
flat = index.recall_and_speed(index.build_index(passages), queries, exact_rows, [1])[0][2]
curves = {
    "HNSW": ("efSearch", index.recall_and_speed(graph, queries, exact_rows, [10, 16, 32, 64, 128])),
    "IVF": ("nprobe", index.recall_and_speed(cells, queries, exact_rows, [1, 2, 4, 8, 16, 32])),
}
measured, intervals = [], []
for built, (effort, points) in zip((graph, cells), curves.values()):
    for value, recall, speed in points:
        measured.append((f"{effort} {value:g}", recall, speed))
        shares = index.index_recall(built.search(queries, 10, int(value))[1], exact_rows, 10)
        intervals.append(metrics.bootstrap_interval(shares))
measured.append(("exact search", 1.0, flat))
intervals.append(metrics.Interval(1.0, 1.0, 1.0))  # it finds everything, by definition
labels, _, speeds = zip(*measured[:-1:2], measured[-1])  # every other one, so that there is room
still = plots_frontier.frontier(
    [1e6 / speed for speed in speeds],
    [*intervals[:-1:2], intervals[-1]],
    labels,
    title="Recall and time of two indexes and of the exact search",
    x_label="microseconds a question (logarithmic)",
    y_label="recall@10: share of the exact ten nearest that are found",
)
explore(
    recall_speed(curves, title="Recall and speed of two indexes", exact=flat),
    "Recall@10 and thousand questions a second, for HNSW (efSearch) and IVF (nprobe) at rising effort: "
    + ", ".join(f"{name} {recall:.3f} and {speed / 1000:.0f}" for name, recall, speed in measured)
    + ".",
    still,
)

# %%
enough = [speed for _, recall, speed in measured[:-1] if recall > 0.99]
times = flat / max(enough, default=flat)
print(f"exact: {flat:,.0f} questions a second, {times:.1f} times as many as the fastest")
print("setting of an index that finds more than 99%")

# %% [markdown]
# The star in the figure to explore is the exact search: it finds everything by definition. Among the 4,000 passages of `fast` it is about as fast as an index that finds nearly everything, or faster; the line above has the numbers of your run. An index is clearly faster only where it misses more of the neighbours. Its time grows with the number of passages; that of HNSW grows much more slowly: at a million the one compares a million vectors a question, the other some thousands.

# %% [markdown]
# ## 8. One model, seven tasks
#
# A model card often boasts of an average over many tasks. The best known collection is **MTEB**, the massive text embedding benchmark (Muennighoff et al. 2023). Its English part has seven kinds of task (an eighth pairs translations); here each of the seven is built in miniature from texts that the course has.

# %%
tasks = mini_mteb.load_tasks(PROFILE, SEED)
for task in tasks:
    print(f"{task.name}: {task.about}")

# %% [markdown]
# In all of them the model is frozen: it only gives vectors, and something simple is done with these. *Classification* trains a logistic regression (a simple classifier with straight borders) on a few labelled vectors. *Clustering* runs k-means and compares the clusters with the true groups.

# %% [markdown]
# *Pair classification* asks whether two texts mean the same, and ranks pairs by their cosine. The score of pair classification is the average precision of one list of all pairs; that of clustering is new to us.

# %% [markdown]
# *STS* and *summarisation* are scored by **Spearman's correlation**. It compares two orders, that by cosine and that by the grades: 1 if both are the same, 0 if they have nothing to do with each other, -1 if one is the other turned round.

# %% [markdown] card="pair_average_precision"
# ### Exercise: average precision of pairs
#
# Difficulty: medium. Importance: medium. Minutes: 5.
#
# Rank the pairs by score, highest first, and take the average precision of those that are truly the same: the mean, over them, of the share of same pairs up to and including their rank. No two scores are equal. Without a same pair the result is 0.0. You may use your `average_precision` or start anew.


# %% answer="pair_average_precision"
def pair_average_precision(scores: torch.Tensor, same: torch.Tensor) -> float:
    """Return the average precision of pairs ranked by score, as MTEB scores pair classification.

    scores: (pairs,), no two equal, at least one; same: (pairs,), True or False, or 1 or 0.

    Example: scores [0.9, 0.2, 0.6] with same [1, 1, 0] give (1 + 2/3) / 2 = 0.8333.
    """
    ### BEGIN SOLUTION
    truth = same.bool()[scores.argsort(descending=True)]
    ranks = torch.arange(1, len(truth) + 1, device=truth.device)
    precision = truth.cumsum(dim=0) / ranks
    return float(precision[truth].mean()) if truth.any() else 0.0
    ### END SOLUTION


# %% check="pair_average_precision" points=1
check("pair_average_precision", pair_average_precision)

# %% hidden="pair_average_precision" points=2 seed=88213

# %% [markdown] hints="pair_average_precision"
# - **If your result does not change with the scores, or is best where it should be worst.** Put `same` in the order of the scores first: `same[scores.argsort(descending=True)]`.
# - **If single ranks are wrong.** `cumsum` counts the same pairs up to each rank; divided by the ranks 1, 2, 3, ... it is the precision at every rank. Average it over the ranks where a same pair stands.
# - **If only some cases fail, with 0 and 1 or with NaN.** `same` may hold 0 and 1, which pick places where True and False pick members: `same.bool()`. Without a same pair the mean of nothing is NaN: return 0.0.

# %% [markdown]
# For a try, each validation question makes two pairs: one with its right passage, one with the first wrong passage that BM25 finds.

# %%
own = torch.tensor(split.positives)
wrong = torch.where(bm25_rows[:, 0] == own, bm25_rows[:, 1], bm25_rows[:, 0]).clamp(min=0)
both = [(queries * passages[rows.to(device)]).sum(dim=1).cpu() for rows in (own, wrong)]
scores = torch.cat(both)
same_text = torch.arange(len(scores)) < len(own)


# %%
def library_pairs(scores, same):
    return evaluation.average_precision_of_scores(scores, same.bool())


pair_ = yours("pair_average_precision", pair_average_precision, instead=library_pairs)
yours_, theirs_ = (float(one(scores, same_text)) for one in (pair_, library_pairs))
print(f"average precision {yours_:.4f}, by the tasks' own function {theirs_:.4f}, by chance 0.5")
assert abs(yours_ - theirs_) < 1e-4

# %% [markdown]
# That is better than chance and far from 1. The wrong passages share words with the question, so these pairs are hard.

# %% [markdown]
# For clusters there are no right or wrong answers one by one, since a cluster has no name. The **V-measure** asks two things: does each cluster hold one group only (*homogeneity*), and does each group lie in one cluster only (*completeness*)? Both are measured by entropy.

# %% [markdown]
# The **entropy** of a grouping is the uncertainty about the group of a text. With $p_g$ for the share of the texts in group $g$:
#
# $$H = -\sum_g p_g \ln p_g$$
#
# Take four texts. All in one group: $H = 0$, nothing is uncertain. Two groups of two: $H = \ln 2 = 0.69$. Each in a group of its own: $H = \ln 4 = 1.39$.

# %% [markdown] card="v_measure"
# ### Exercise: the V-measure of a clustering
#
# Difficulty: hard. Importance: medium. Minutes: 12.
#
# Homogeneity is 1 - H(label | cluster) / H(label), completeness 1 - H(cluster | label) / H(cluster), H being the entropy; each is 1 where its divisor is 0. Return their harmonic mean, 2hc / (h + c), and 0.0 where both are 0. H(label, cluster) is the entropy of the pairs (label, cluster); H(label | cluster) is what stays uncertain about the label when the cluster is known: H(label, cluster) - H(cluster). Labels and clusters are whole numbers in a list or in a tensor.


# %% answer="v_measure"
def v_measure(labels: list[int] | torch.Tensor, clusters: list[int] | torch.Tensor) -> float:
    """Return how well clusters agree with labels (Rosenberg and Hirschberg 2007).

    labels, clusters: (n,) whole numbers of 0 or more, at least one; each a list or a tensor. Which
    number a cluster has means nothing.
    Returns the harmonic mean of homogeneity and completeness, from 0 to 1.

    Example: labels [0, 0, 1, 1] with clusters [0, 1, 2, 3] have homogeneity 1 and completeness 1/2:
    2/3 = 0.6667.
    """

    ### BEGIN SOLUTION
    def entropy(groups: list) -> float:
        shares = [count / len(groups) for count in Counter(groups).values()]
        return sum(-share * math.log(share) for share in shares)

    labels, clusters = (torch.as_tensor(groups).tolist() for groups in (labels, clusters))
    both = entropy(list(zip(labels, clusters)))
    of_labels, of_clusters = entropy(labels), entropy(clusters)
    homogeneity = 1 - (both - of_clusters) / of_labels if of_labels > 0 else 1.0
    completeness = 1 - (both - of_labels) / of_clusters if of_clusters > 0 else 1.0
    total = homogeneity + completeness
    return 2 * homogeneity * completeness / total if total > 0 else 0.0
    ### END SOLUTION


# %% check="v_measure" points=1
check("v_measure", v_measure)

# %% hidden="v_measure" points=2 seed=39768

# %% [markdown] hints="v_measure"
# - **If homogeneity and completeness are right and the result is not.** It is neither their mean nor their product: 2hc / (h + c). Then one of them near 0 is enough for a low score.
# - **If you do not know how to get H(label | cluster).** Count pairs: the entropy of `zip(labels, clusters)` is H(label, cluster). Subtract the entropy of the clusters, and what is left is what the clusters do not tell about the labels.
# - **If small cases or tensors give an error or a wrong number.** One label or one cluster has entropy 0: that part is 1. A number of a tensor is no good key for `Counter` or a dict: `torch.as_tensor(labels).tolist()` makes plain numbers of either.

# %% [markdown]
# And a clustering: k-means sorts the passages into as many groups as the ontology has organ systems, without knowing them.

# %%
v_ = yours("v_measure", v_measure, instead=v_measure_score)
systems = sorted(set(course.branches))
true_groups = [systems.index(branch) for branch in course.branches]
centroids = residual_codec.spherical_kmeans(passages, len(systems), seed=SEED)
clusters = residual_codec.nearest(passages, centroids).tolist()
yours_, theirs_ = (float(one(true_groups, clusters)) for one in (v_, v_measure_score))
print(f"{len(systems)} groups, V-measure {yours_:.4f}, by the task's own function {theirs_:.4f}")
assert abs(yours_ - theirs_) < 1e-4
by_chance = torch.randint(len(systems), (len(clusters),), generator=generator).tolist()
print(f"random groups: V-measure {float(v_(true_groups, by_chance)):.3f}")

# %% [markdown]
# The clustering task will show another V-measure for the same encoder: it has only texts of terms that no training question asks for, and only systems with ten texts or more.

# %% [markdown]
# Two encoders take the test: ours as it is, and with the head of lesson 03, which has learned to match questions with passages on the training split. No question below was in the training split, and no definition of the clustering task. The labelled examples of the classification and many passages of the retrieval corpus were. Which tasks gain by that training?


# %%
@torch.no_grad()
def with_head(texts: list[str]) -> torch.Tensor:
    return head(search.encode_cached(model, texts))


encoders = {"as it is": lambda texts: search.encode_cached(model, texts), "trained head": with_head}
results = {name: mini_mteb.run_all(encode, tasks) for name, encode in encoders.items()}
for before, after in zip(*results.values()):
    print(f"{before.task:20} {before.metric:18} {before.score:.3f} -> {after.score:.3f}")

# %%
changes = {}
for before, after in zip(*results.values()):
    changes[before.task] = evaluation.change(before, after)
show(
    *plots_paired.paired_differences(
        changes,
        title="What training for retrieval does to seven tasks",
        value_label="change of the task's own score",
        units="texts",
    )
)

# %%
helped = ("retrieval", "reranking", "pair classification")
rounds = [{one.task: one.per_item for one in found}["clustering"] for found in results.values()]
lower = float((rounds[1] < rounds[0]).float().mean())
claim(
    "Training for retrieval helps the tasks near to retrieval (retrieval, reranking, pairs) and costs "
    "classification and clustering.",
    holds=all(changes[task].low > 0 for task in helped)
    and changes["classification"].high < 0
    and changes["clustering"].mean < 0
    and lower > 0.85,
    measured="change of the score: "
    + ", ".join(f"{task} {changes[task]}" for task in (*helped, "classification", "clustering"))
    + f"; clustering is worse in {lower:.0%} of its {len(rounds[0])} rounds",
)

# %% [markdown] tags=["folded"]
# MNRL pushes apart whatever is not the same term, neighbours in one organ system among them. Classification and clustering want these close together: a likely reason for the loss. If summarisation gains, a likely reason is that its grades put a term's own name above those of its relatives, as the training did.

# %% [markdown] tags=["folded"]
# An average over seven tasks hides all of this, and so cannot tell you which model to take for your task.

# %% [markdown] tags=["folded"]
# Two intervals are wide. Each round of clustering draws its texts and its first centroids anew, and the interval is that of a single round; the score is the mean of 40. The 1,225 pairs of STS are made of only 50 news texts, so texts are drawn and not pairs, and the interval includes 0: this task cannot tell the two encoders apart.

# %% quiz="07-q9"

# %% [markdown]
# ## 9. On the leaderboard
#
# Which row does this lesson add? The encoder as it is, searched by HNSW instead of exactly, on the test questions.

# %%
test_queries = search.encode_cached(model, course.test.queries)
found = graph.search(test_queries, 10, effort=64)[1]
ranked_ids = [[course.ids[row] for row in one if row >= 0] for one in found.tolist()]
row = leaderboard.evaluate(f"{MODEL}, HNSW", "07", ranked_ids, course.test)
leaderboard.save(row)
print("nDCG@10", row.ndcg_at_10, " recall@10", row.recall_at_10, " MRR@10", row.mrr_at_10)
exact_found = search.top_k(test_queries, passages, 10)[1]
exact = metrics.bootstrap_interval(ndcg(exact_found, relevant=course.test.relevant))
print("exact search: nDCG@10", exact)

# %%
board = leaderboard.board(row)
show(
    plots.leaderboard(board),
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f} by HNSW")

# %% [markdown]
# The two printed means are nearly the same: that is what approximate search is for. (Whether anything is lost, the differences question by question would say, as in section 7.) If you ran lesson 02, the row of its exact search stands on your board, too (the rows are in the order of the lessons).

# %% [markdown]
# ## Takeaways
#
# - On unit vectors dot product, cosine and Euclidean distance rank alike. On others, use the one that the model was trained with.
# - Random vectors are no stand-in for embeddings: their distances concentrate, and an HNSW index finds far less among them.
# - Recall, MRR, MAP and nDCG ask different questions. Say which, at what cut, with which grades, and take the ideal from all that was judged.
# - Report an interval, and draw what is independent: whole families of questions if need be. Compare two systems question by question, by the interval of the difference or a randomisation test.
# - Unjudged is not wrong. Graded judgements change the size of differences, and sometimes whether a difference can be told at all.
# - An approximate index is good enough when the paired loss, with its interval, is smaller than what you care about.
# - No model is best at everything: measure the task that you have.

# %% [markdown]
# ## Further reading
#
# - Järvelin and Kekäläinen (2002). Cumulated Gain-based Evaluation of IR Techniques. ACM TOIS 20.
# - Smucker, Allan and Carterette (2007). A Comparison of Statistical Significance Tests for Information Retrieval Evaluation. CIKM.
# - Radovanović, Nanopoulos and Ivanović (2010). Hubs in Space. JMLR 11.
# - Facco, d'Errico, Rodriguez and Laio (2017). Estimating the Intrinsic Dimension of Datasets by a Minimal Neighborhood Information. Scientific Reports 7.
# - Malkov and Yashunin (2018). Efficient and Robust Approximate Nearest Neighbor Search Using Hierarchical Navigable Small World Graphs. IEEE TPAMI 42.
# - Ethayarajh (2019). How Contextual are Contextualized Word Representations? EMNLP.
# - Muennighoff, Tazi, Magne and Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL.
# - Thakur, Reimers, Rücklé, Srivastava and Gurevych (2021). BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of Information Retrieval Models. NeurIPS.
