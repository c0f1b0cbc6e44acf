# ---
# jupyter:
#   course:
#     lesson: "08"
#     title: Fine-tuning for a domain
#     minutes: 225
#     objectives:
#       - Measure what a base model, a strong BM25 and their hybrid do on a domain before anything is trained.
#       - Split data so that nothing leaks, and say what a leak is worth on the same questions.
#       - Train with SentenceTransformerTrainer, judge it while it learns by an evaluator of your own, stop in time, keep the best step, save and reload.
#       - Say how quality depends on the number of pairs, which questions gain, and what the model forgets.
#       - Make synthetic questions where labels are missing, and try the same recipe on a second domain.
#     prerequisites:
#       - Lesson 03 (the loss MNRL) and lesson 04 (mined negatives)
#       - Lesson 07 (metrics, paired intervals, families of questions)
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
import re
import tempfile
from pathlib import Path

import torch
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.sampler import BatchSamplers
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from datasets import Dataset

from lib import (
    diagrams,
    early_stopping,
    finetune,
    forgetting as forgotten,
    frozen_layers,
    graded,
    hybrid,
    leaderboard,
    metrics,
    near_far,
    plots,
    plots_paired,
    search,
    significance,
    synthetic,
    trainer_run,
    training_pairs,
)
from lib.bm25 import BM25
from lib.data import families_of, load_course_set
from lib.device import pick_device, seed_everything
from lib.domains import families_in, load_domain
from lib.explore import explore, ranks_by_size
from lib.judgements import load_similarity
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder
from lib.plots import show
from lib.search_evaluator import evaluator_of

seed_everything(SEED)

# %% [markdown]
# ## 1. A domain, and what works on it untrained
#
# A **domain** is a world of texts with its own words: clinical terms, law, the tickets of your support team. A model that was trained on the whole web knows a little about each. **Fine-tuning** continues its training on pairs from one domain. This lesson does the whole job once, from the raw pairs to a saved model, with the library and the names that you will meet everywhere: those of `sentence-transformers`.

# %% [markdown]
# Our domain is the one of all lessons: a layperson's question, and the clinical term that it asks for, among thousands.

# %%
device = pick_device(DEVICE)
course = load_course_set(PROFILE)
test = course.test
print(f"{len(course.passages):,} passages; questions: {len(course.train):,} to train on,")
print(f"{len(course.validation):,} for validation, {len(test):,} to test")
print("question:", course.train.queries[1])
print("passage: ", course.passages[course.train.positives[1]][:90])

# %% [markdown]
# (We call it a question even where it is only a phrase, as people type it.)

# %% [markdown]
# Before you train anything, measure what is there already. Two systems need no labels at all: BM25, which compares words (lesson 04), and the encoder as it was downloaded, the **base model**.
#
# (In your own project the split comes first, section 2. We can measure now only because the course's split was made already.)

# %% [markdown]
# With `PROFILE = "fast"` we shall train only the last layer of the encoder. What the layers below it make of a text never changes then, so it is computed once, here, and kept. (Section 5 has a picture.)

# %%
base = load_encoder(MODEL, device=device)
everything = [*course.passages, *course.train.queries, *course.validation.queries, *test.queries]
if PROFILE == "fast":
    lower = frozen_layers.remember_lower_layers(base, last=1)
    print(f"{lower.read(everything):,} tokens read; {lower.trained:,} numbers are left to train")
passages, asked, queries = (
    search.encode_cached(base, texts)
    for texts in (course.passages, course.train.queries, test.queries)
)

# %% [markdown]
# A third system joins both. In **reciprocal rank fusion** each passage gets 1 / (60 + rank) from each of two rankings, and the sums are ranked: what both have near the top wins. Such a *hybrid* is the usual advice for search.

# %%
print(f"rank 1 in one ranking, 3 in the other: {1 / (60 + 1) + 1 / (60 + 3):.4f}")
print(f"rank 1 in one, missing in the other:   {1 / (60 + 1):.4f}")
print(f"rank 30 in both:                       {2 / (60 + 30):.4f}")

# %% [markdown]
# The 60 is the authors' choice. It makes the first ranks nearly equal in worth, so that one first place does not outweigh two middling ones.

# %% quiz="08-q1"


# %%
def ndcg(rows: torch.Tensor, split=test, ids=course.ids) -> torch.Tensor:
    """nDCG@10 of each question, (q,), for rows found (q, at least 10)."""
    ranked = [[ids[row] for row in found if row >= 0] for found in rows[:, :10].tolist()]
    return metrics.ndcg_at_k(ranked, split.relevant, 10)


bm25 = BM25(course.passages)
by_words = bm25.top_k(test.queries, 100)[1]
by_vectors = search.top_k(queries, passages, 100)[1].cpu()

# %%
quality = {"BM25": ndcg(by_words), "base model": ndcg(by_vectors)}
both = hybrid.reciprocal_rank_fusion([by_words, by_vectors])[1]
quality["hybrid of both"] = ndcg(both)
for name, values in quality.items():
    print(f"{name:15} nDCG@10 {metrics.bootstrap_interval(values)}")

# %%
families = families_of(test)


def minus(a: str, b: str, groups=None) -> metrics.Interval:
    """The paired difference of two systems in `quality`, with its interval."""
    return significance.paired_interval(quality[a], quality[b], groups=groups)


encoder_lead, hybrid_lead = minus("base model", "BM25"), minus("hybrid of both", "base model")
claim(
    "The base model is ahead of a strong BM25 on this domain, and the hybrid is not ahead of the base model.",
    holds=encoder_lead.low > 0 and hybrid_lead.low < 0,
    measured=f"nDCG@10, base model minus BM25 {encoder_lead}, hybrid minus base model {hybrid_lead}",
)

# %% [markdown] tags=["folded"]
# Fusion counts both rankings alike, so it helps where both are about equally good and err on different questions. Here one of them is weaker, and the fusion wins nothing that can be told. Section 10 shows a domain where the same fusion gains a lot: measure it on yours.

# %% [markdown]
# ## 2. A split without leaks
#
# A test asks how well the model answers questions that it has *not* seen. A **leak** is a piece of the test that gets into training. The model then repeats what it has learned by heart, and the number that you report is too high.

# %% [markdown]
# The obvious leak is a pair that stands on both sides. A less obvious one: two different questions that have the same passage. Whoever trains on the first has been told where the second leads.

# %%
toy = [("flu", "Influenza."), ("grippe", "influenza. "), ("sore throat", "Pharyngitis.")]
toy += [("throat pain", "Pharyngitis."), ("Throat pain ", "Sore gullet.")]
for number, (question, passage) in enumerate(toy):
    print(f"{number}: {question!r} -> {passage!r}")

# %% [markdown]
# Pairs 0 and 1 have one passage (case and space aside), so both belong on one side. Pairs 2 and 3 share a passage, 3 and 4 a question; so 2 and 4 belong together too, although they share nothing. Such chains are why one works with *groups* and deals out whole groups.

# %% [markdown] card="leak_groups"
# ### Exercise: groups that must not be split
#
# Difficulty: hard. Importance: high. Minutes: 25.
#
# Two pairs belong to one group if they share a text: a query, a passage, or a query of one that is the passage of the other. Groups chain: what is connected over other pairs is one group, too. Texts are compared by `text.strip().casefold()` and nothing more. Number the groups from 0, in order of first appearance; no pairs give an empty list.


# %% answer="leak_groups"
def leak_groups(pairs: list[tuple[str, str]]) -> list[int]:
    """Return for each pair the number of its group: pairs of one group must not be split.

    pairs: (query, passage). Pairs that share a text, directly or over other pairs, are one group.
    Returns one number a pair, from 0 in order of first appearance.

    Example: [("flu", "p"), ("rash", "r"), ("Fever", "p "), ("fever", "s")] give [0, 1, 0, 0].
    """
    ### BEGIN SOLUTION
    first_pair: dict[str, int] = {}
    parent = list(range(len(pairs)))

    def root(place: int) -> int:
        while parent[place] != place:
            place = parent[place]
        return place

    for place, pair in enumerate(pairs):
        for text in pair:
            other = root(first_pair.setdefault(text.strip().casefold(), place))
            parent[max(root(place), other)] = min(root(place), other)
    roots = [root(place) for place in range(len(pairs))]
    number = {group: n for n, group in enumerate(dict.fromkeys(roots))}
    return [number[group] for group in roots]
    ### END SOLUTION


# %% check="leak_groups" points=1
check("leak_groups", leak_groups)

# %% hidden="leak_groups" points=2 seed=64829

# %% [markdown] hints="leak_groups"
# - **If pairs that share a text have different numbers.** One dictionary for all texts, queries and passages alike: from the text to the first pair that has it. One shared text is enough.
# - **If only texts in capitals or with spaces go wrong.** The dictionary's keys are `text.strip().casefold()`, for queries and passages alike, and nothing else is changed about them.
# - **If a pair meets two groups and they stay apart.** From there on they are one group, also for all pairs that came before. Let each pair point to an earlier one of its group, `parent[place]`, and the first to itself: this one is the *root*. To join two groups, let the later root point to the earlier one. Read the roots off only when all pairs are in.

# %%
groups_of = yours("leak_groups", leak_groups, instead=training_pairs.leak_groups)
splits = (course.train, course.validation, test)
all_pairs = training_pairs.pairs_of(course, *splits)
groups = groups_of(all_pairs)
kin = [name for part in splits for name in families_of(part)]
print("toy:", groups_of(toy))
for name, numbers in (("groups", groups), ("families", kin)):
    there = len(set(numbers))
    print(f"{len(all_pairs):,} pairs, {there:,} {name}: {len(all_pairs) / there:.1f} pairs each")

# %% [markdown]
# So a group is mostly one term with one or two wordings, and your groups keep these together. The course's split goes one step further and deals out *families*: terms that share a parent, such as the third and the fourth toe, are on one side too. Is that step worth its trouble? How much does a leak flatter at all?

# %% quiz="08-q2"

# %% [markdown]
# A fair measurement asks *the same questions* each time. We ask those test questions whose term has another wording in the test set. Three models are trained on equally many pairs: one on clean ones; one whose training set also holds those other wordings; one that has instead questions about *relatives*: other terms of the same families.

# %% [markdown]
# To be quick, we train a **head** each time: one matrix behind the frozen encoder, as in lesson 03, by the loss of lesson 03. It takes a second, so each is trained with three seeds, on three draws of pairs, and the means count. (A seed decides the draw and the order of the batches.)

# %%
leaks = training_pairs.leak_rows(test, families, SEED)
positives = torch.tensor(course.train.positives)
right = torch.tensor(test.positives)
generator = torch.Generator().manual_seed(SEED)
PAIRS, SEEDS = 1_000, range(SEED, SEED + 3)


# %%
def drawn(seed: int, count: int) -> torch.Tensor:
    """Rows of training pairs, drawn by a seed: (count,)."""
    return torch.randperm(len(asked), generator=torch.Generator().manual_seed(seed))[:count]


def over_seeds(quality_of, *given) -> torch.Tensor:
    """The mean over three seeds of what `quality_of(*given, seed)` gives each question: (q,)."""
    return torch.stack([quality_of(*given, seed) for seed in SEEDS]).mean(dim=0)


# %%
def head_of(rows: torch.Tensor, leaked: list[int] = (), seed: int = SEED, **options):
    """A head trained on rows of the training set, and on rows of the test set that leak."""
    leaked = torch.tensor(leaked, dtype=torch.long)
    own = torch.cat([positives[rows], right[leaked]])
    sources = torch.cat([asked[rows.to(device)], queries[leaked.to(device)]])
    return finetune.fit_head(sources, passages[own.to(device)], own.tolist(), seed=seed, **options)


# %%
@torch.no_grad()
def found_by(head, questions: torch.Tensor = queries, k: int = 10) -> torch.Tensor:
    """The rows that a head finds for vectors of questions, best first: (q, k)."""
    return search.top_k(head(questions), head(passages), k)[1].cpu()


# %%
part = test.only(leaks.asked)
leaked_rows = {"clean": [], "relatives": leaks.relatives, "wordings": leaks.wordings}
flattered = {}


def with_leaks(rows, seed):
    head = head_of(drawn(seed, PAIRS - len(rows)), rows, seed)
    return ndcg(found_by(head, queries[leaks.asked]), part)


for name, rows in leaked_rows.items():
    flattered[name] = over_seeds(with_leaks, rows)
    print(f"{name:9} {len(rows)} leaked, nDCG@10 {metrics.bootstrap_interval(flattered[name])}")

# %%
part_families = families_of(part)
gifts = {
    f"{name} leaked minus clean{which}": significance.paired_interval(
        flattered[name], flattered["clean"], groups=kind
    )
    for name in ("relatives", "wordings")
    for which, kind in (("", None), (", by families", part_families))
}
show(
    *plots_paired.paired_differences(
        gifts,
        title="What a leak is worth, on the same questions",
        value_label=f"difference of nDCG@10, {PAIRS:,} training pairs each",
    )
)

# %%
wording, relative = (gifts[f"{name} leaked minus clean"] for name in ("wordings", "relatives"))
claim(
    "Other wordings of the test terms in training make the same questions look easier; relatives are worth "
    "much less.",
    holds=wording.low > 0.01 and relative.mean < wording.mean / 2,
    measured=f"nDCG@10, wordings leaked minus clean {wording}, relatives leaked minus clean {relative}",
)

# %% [markdown] tags=["folded"]
# So the step from single pairs to groups matters most. The step from groups to families is caution: leaked relatives flatter a little, if at all. Keeping them apart costs nothing, and on data where relatives are near copies it may matter more.

# %% [markdown]
# A check for leaks belongs into every project, and such a check needs a test of its own. That is your next task.

# %% [markdown] card="break_leak_finder"
# ### Exercise: break it
#
# Difficulty: medium. Importance: high. Minutes: 15.
#
# `find_leaks(train, test)` returns the rows of `test` that leak, from 0 and upwards, each once: their query is a query of training, or their passage is a passage of training. A query that is the passage of another pair is no leak here. Texts are compared by `text.strip().casefold()` and nothing more. Return test cases that catch all 25 wrong versions of it, and that right versions pass; at most 2,000 cases.


# %% answer="break_leak_finder"
def break_leak_finder() -> list:
    """Return test cases for find_leaks.

    Each case is (train: list of (query, passage), test: list of (query, passage), expected: list of
    rows of test).

    Example of one case: ([('flu', 'a virus')], [('gout', 'urate'), ('FLU', 'fever')], [1]).
    """
    ### BEGIN SOLUTION
    train = [("q", "p"), ("Straße", "Bone "), ("hip pain", "arm")]
    roles = [("p", "q"), ("arm", "hip pain"), ("new", "other")], []
    alike = [("hip  pain", "x"), ("my hip pain", "y"), ("hip", "z"), ("a", "a"), ("a", "a")], []
    written = [("ok", "bone"), ("STRASSE", "ok"), (" Q", "p"), ("fine", "no"), ("ok", " ARM")]
    return [
        (train, *roles),
        (train, *alike),
        (train, written, [0, 1, 2, 4]),
        ([], [("q", "p")], []),
    ]
    ### END SOLUTION


# %% check="break_leak_finder" points=1
check("break_leak_finder", break_leak_finder)

# %% hidden="break_leak_finder" points=2 seed=29587

# %% [markdown] hints="break_leak_finder"
# - **If a suspect passes that compares texts in another way.** Let test texts be those of training in capitals, with a space in front, and with ß where the other has SS; write some in this way in training, others in test. Let two texts differ in a second space between two words.
# - **If a suspect passes that compares the wrong texts.** Add a pair that shares only its query, one that shares only its passage, one whose query is a passage of training, and texts that contain one another.
# - **If a suspect passes that returns the wrong rows.** Put several leaks into one test set, among them the last row, in another order than in training; add two test pairs that are alike and new, and a case without training.

# %%
train_pairs, test_pairs = all_pairs[: len(course.train)], all_pairs[-len(test) :]
dealt = [all_pairs[i] for i in torch.randperm(len(all_pairs), generator=generator).tolist()]
cut = len(course.train)
for name, one, other in (
    ("the course's split", train_pairs, test_pairs),
    ("pairs dealt one by one", dealt[:cut], dealt[cut:]),
):
    leaking = training_pairs.find_leaks(one, other)
    print(f"{name}: {len(leaking):,} of {len(other):,} pairs outside training leak")

# %% [markdown] tags=["folded"]
# The course's split has no leak. Dealt one by one, about every second pair outside training would: its term has another wording, which the model has learned. So never deal out pairs.

# %% quiz="08-q3"

# %% [markdown]
# ## 3. The training set
#
# Raw pairs come from several lists, so some come twice, in other spelling. Mined negatives (lesson 04) are worse: the passage nearest to a question is often the right one, or its parent or child in the ontology, which are right in part. Such a passage, used as a *wrong* answer, is a **false negative**.

# %%
mined = search.top_k(asked, passages, 6)[1].tolist()
negatives = [[course.passages[row] for row in rows] for rows in mined]
text_of = dict(zip(course.ids, course.passages))
relevant = {
    query: {text_of[name] for name in grades}
    for query, grades in zip(course.train.queries, graded.graded_relevance(course, course.train))
}
first_is_right = sum(row[0] in relevant[query] for (query, _), row in zip(train_pairs, negatives))
print(f"the nearest passage is right, or right in part, for {first_is_right / len(negatives):.0%}")

# %% [markdown]
# The ontology is the judge, as in lesson 07: `relevant` holds for each question its own passage, and the parents and children of it.

# %% [markdown] card="clean_training_set"
# ### Exercise: a clean training set
#
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Drop a pair, with its negatives, if the same query and passage came before, or if the query is its own passage. From the negatives of a pair that stays, drop its own passage, every passage that is right for its query (`relevant[query]`, looked up by the query exactly as it stands; a query that is missing there has only its own passage), and repeats within the list. Texts are compared by `text.strip().casefold()` and come out as they came in, in their order, of equals the first; a pair without a negative stays, with [].


# %% answer="clean_training_set"
def clean_training_set(
    pairs: list[tuple[str, str]], negatives: list[list[str]], relevant: dict[str, set[str]]
) -> list[tuple[str, str, list[str]]]:
    """Return (query, passage, negatives) for each pair worth training on.

    pairs: (query, passage); negatives: one list a pair; relevant: {query: its right passages}.
    Leaves its arguments as they are.

    Example: pairs [("flu", "p"), ("Flu", "p ")] with negatives [["q", "r", "q"], ["s"]] and
    relevant {"flu": {"p", "R"}} give [("flu", "p", ["q"])].
    """

    ### BEGIN SOLUTION
    def key(text: str) -> str:
        return text.strip().casefold()

    seen, cleaned = set(), []
    for (query, passage), others in zip(pairs, negatives):
        pair = key(query), key(passage)
        if pair in seen or key(query) == key(passage):
            continue
        seen.add(pair)
        known = {key(text) for text in [passage, *relevant.get(query, ())]}
        kept = []
        for text in others:
            if key(text) not in known:
                known.add(key(text))
                kept.append(text)
        cleaned.append((query, passage, kept))
    return cleaned
    ### END SOLUTION


# %% check="clean_training_set" points=1
check("clean_training_set", clean_training_set)

# %% hidden="clean_training_set" points=2 seed=37150

# %% [markdown] hints="clean_training_set"
# - **If the wrong pairs are left.** Go through pairs and negatives together, `zip(pairs, negatives)`, and remember in a set what came before: query *and* passage. The first of equals stays, with its own negatives.
# - **If only capitals and white space go wrong.** A small function `key(text)` with `text.strip().casefold()`: every comparison is of keys, every text that you return is as it came.
# - **If the wrong negatives are left.** For each pair begin a new set of keys: its passage, and `relevant.get(query, set())`. A negative whose key is in the set is dropped; the key of every other one is added to the set, so that a repeat is dropped, too.

# %%
clean = yours("clean_training_set", clean_training_set, instead=training_pairs.clean_training_set)
# a second list comes in: a tenth of the pairs once more, in capitals
copies = [(query.upper(), passage) for query, passage in train_pairs[::10]]
raw = [*train_pairs, *copies]
cleaned = clean(raw, [*negatives, *negatives[::10]], relevant)
before, after = 6 * len(raw), sum(len(others) for _, _, others in cleaned)
print(f"pairs: {len(raw):,} -> {len(cleaned):,}; negatives: {before:,} -> {after:,}")

# %% [markdown]
# All copies are gone, with their six negatives each, and so are the negatives that were right or right in part. Does it matter? Heads on the same 1,000 pairs: without mined negatives, with the nearest passage as it was mined, and with the nearest one that survived your cleaning; three draws of pairs each. They are compared on the *validation* questions, since we are choosing something.

# %% [markdown]
# A few pairs have no negative left. The head wants one a pair, so there a random passage stands in.

# %%
checked = search.encode_cached(base, course.validation.queries)
row_of = {text: row for row, text in reversed(list(enumerate(course.passages)))}
nearest_raw = torch.tensor([rows[:1] for rows in mined])
left = [[row_of[text] for text in others] for _, _, others in cleaned]
chance = torch.randint(len(passages), (len(left), 1), generator=generator).tolist()
nearest_clean = torch.tensor([(own or stand_in)[:1] for own, stand_in in zip(left, chance)])
print(f"{sum(not own for own in left)} of {len(left):,} pairs have no negative left")


# %%
def with_negatives(table, seed):
    rows = drawn(seed, PAIRS)
    wrong = None if table is None else passages[table[rows].to(device)]
    head = head_of(rows, seed=seed, negatives=wrong)
    return ndcg(found_by(head, checked), course.validation)


mined_tables = {"none": None, "raw": nearest_raw, "cleaned": nearest_clean}
judged = {name: over_seeds(with_negatives, table) for name, table in mined_tables.items()}

# %%
harm = {
    "raw minus none": significance.paired_interval(judged["raw"], judged["none"]),
    "cleaned minus none": significance.paired_interval(judged["cleaned"], judged["none"]),
    "cleaned minus raw": significance.paired_interval(judged["cleaned"], judged["raw"]),
}
claim(
    "On these questions no gain of mined negatives can be told, raw or cleaned, and if there is one, it is below "
    ".02. Cleaning costs nothing.",
    holds=all(harm[f"{name} minus none"].low < 0 for name in ("raw", "cleaned"))
    and all(harm[f"{name} minus none"].high < 0.02 for name in ("raw", "cleaned"))
    and harm["cleaned minus raw"].low > -0.005,
    measured="nDCG@10, " + ", ".join(f"{name} {value}" for name, value in harm.items()),
)

# %% [markdown] tags=["folded"]
# Perhaps the other passages of a batch are hard enough already. And why do the raw ones do so little harm, if any? A negative that *is* the right passage has the same score as the right answer: the loss cannot fall below log 2 then (two equal scores share the probability, a half each), but nothing is pushed the wrong way.

# %% [markdown] tags=["folded"]
# Parents and children *are* pushed away. Our score, which knows one right passage, does not count that as a loss. Lesson 04 shows where mined negatives help. Here the recipe goes without: each part of a recipe has to earn its place on the validation questions.

# %% quiz="08-q4"

# %% [markdown]
# ## 4. An evaluator
#
# The training loss says how well the model does on what it is learning. That is not what you want to know. An **evaluator** asks, every now and then during training, how well it searches for questions that are *not* trained on. The Trainer keeps the best step by that number.

# %% [markdown] card="evaluate_search"
# ### Exercise: an evaluator
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Rank all passages for each query by cosine; no vector is zero, and no two cosines of a query are equal. Recall is the share of the query's right passages among the first `k`; MRR takes 1 / rank of the first right passage, and 0 if none is among the first `k`. A query without a right passage counts 0 in both, and `k` may be larger than the number of passages. Return the means over all queries.


# %% answer="evaluate_search"
def evaluate_search(
    queries: torch.Tensor, passages: torch.Tensor, relevant: list[list[int]], k: int = 10
) -> dict[str, float]:
    """Return recall and MRR at k of a search by cosine, each the mean over the queries.

    queries: (q, dim), passages: (n, dim), of any length but 0; relevant: for each query the rows of
    its right passages, in any order, each once; k: at least 1.
    Returns {"recall@10": ..., "mrr@10": ...}, with k in the names.

    Example: queries [[1, 0], [0, 1]], passages [[2, 0], [1, 9]], relevant [[1], [1]] and k = 1
    give {"recall@1": 0.5, "mrr@1": 0.5}.
    """
    ### BEGIN SOLUTION
    # The length of a query changes nothing about the order of its passages.
    scores = queries @ (passages / passages.norm(dim=1, keepdim=True)).T
    best = scores.topk(min(k, len(passages)), dim=1).indices.tolist()
    recall = mrr = 0.0
    for rows, right in zip(best, relevant):
        ranks = [rank for rank, row in enumerate(rows, start=1) if row in right]
        if ranks:
            recall += len(ranks) / len(right)
            mrr += 1 / ranks[0]
    return {f"recall@{k}": recall / len(queries), f"mrr@{k}": mrr / len(queries)}
    ### END SOLUTION


# %% check="evaluate_search" points=1
check("evaluate_search", evaluate_search)

# %% hidden="evaluate_search" points=2 seed=92406

# %% [markdown] hints="evaluate_search"
# - **If the ranking is wrong, or `topk` fails.** Divide every passage by its length, `passages.norm(dim=1, keepdim=True)`; then the dot products rank as the cosines do. Ask `topk` for `min(k, len(passages))`.
# - **If the recall is wrong.** For each query: how many of the first k rows are in `relevant[query]`, divided by how many `relevant[query]` names. A query that names none counts 0; do not divide there.
# - **If the MRR is wrong.** The ranks of the right passages among the first k, counted from 1 (`enumerate(rows, start=1)`): take the first of them. Add 0 where there is none, and divide the sum by the number of all queries.

# %% [markdown]
# `evaluator_of` (ours) wraps your function into an evaluator of sentence-transformers: a class with a `__call__` that gets the model and returns named numbers. It asks 100 validation questions in a small corpus, so that each evaluation takes about a second. The library has one of its own, `InformationRetrievalEvaluator`. Both should agree.


# %%
def library_evaluation(questions, texts, relevant, k=10):
    """The same numbers by the library of the course."""
    rows = search.top_k(questions, texts, min(k, len(texts)))[1].tolist()
    grades = [dict.fromkeys(one, 1) for one in relevant]
    kinds = {"recall": metrics.recall_at_k, "mrr": metrics.mrr_at_k}
    return {f"{name}@{k}": float(of(rows, grades, k).mean()) for name, of in kinds.items()}


measure = yours("evaluate_search", evaluate_search, instead=library_evaluation)
evaluator = evaluator_of(course, queries=100, passages=200, measure=measure, seed=SEED)

# %%
theirs = InformationRetrievalEvaluator(
    {str(row): text for row, text in enumerate(evaluator.queries)},
    dict(zip(evaluator.ids, evaluator.passages)),
    {str(row): set(grades) for row, grades in enumerate(evaluator.relevant)},
)
# on a copy, for a model's card notes what evaluators find
probe = copy.deepcopy(base)
ours, theirs_found = evaluator(probe), theirs(probe)
for name, value in ours.items():
    print(f"{name:10} {value:.4f}   by the library {theirs_found['cosine_' + name]:.4f}")

# %% [markdown]
# The two agree but for rounding: ours multiplies in 16 bits where the processor can. Mind that these numbers are higher than those of section 1: among 200 passages it is easier to be first than among thousands. They are for comparing steps, never for a report.

# %% [markdown]
# ## 5. Training
#
# Here is the whole plan in one picture. The inner loop trains; the outer loop judges, with other questions; and the test set is looked at once.

# %% [markdown]
# (This lesson shows test numbers far more often, since it teaches by them. It chooses nothing by them: for each choice look for the word *validation*.)

# %%
show(*diagrams.fine_tuning_loop())

# %% [markdown]
# How much of the encoder do we train? The more numbers may move, the more the model can learn, the longer a step takes, and the more it can forget.

# %%
show(*diagrams.trained_parts())

# %% [markdown]
# In `fast` it is the last layer: the five below it are frozen, and what they make of each text was kept in section 1. For the Trainer it is a model like any other. In `full` all layers are trained, by the same code.

# %% [markdown]
# Four pieces go into a `SentenceTransformerTrainer`. First the **data**: a table with named columns; for this loss the order counts, question first, passage second.


# %%
def table_of(pairs: list[tuple[str, str]]) -> Dataset:
    questions, answers = zip(*pairs)
    return Dataset.from_dict({"question": list(questions), "passage": list(answers)})


count = 3_000 if PROFILE == "fast" else len(train_pairs)
pairs = table_of([train_pairs[row] for row in drawn(SEED, count).tolist()])
print(pairs)

# %% [markdown]
# Second the **loss**, which we know: MNRL, the cross-entropy of the own passage among those of the batch. Third the **arguments**. `NO_DUPLICATES` keeps two questions with one passage out of the same batch, where they would be each other's false negatives. `warmup_steps=0.1` lets the learning rate rise during the first tenth. Steps are compared by nDCG@10, which `evaluator_of` reports beside your two numbers.


# %%
FIXED = trainer_run.settings(device, SEED) | {
    "warmup_steps": 0.1,
    "batch_sampler": BatchSamplers.NO_DUPLICATES,
    "eval_strategy": "steps",
    "eval_on_start": True,
    "metric_for_best_model": "ndcg@10",
}


# %%
def arguments(lr: float, every: int, epochs: int = 1, size: int = 128, **more):
    """The arguments of a training that is evaluated every so many steps."""
    return SentenceTransformerTrainingArguments(
        output_dir=tempfile.mkdtemp(),
        num_train_epochs=epochs,
        per_device_train_batch_size=size,
        learning_rate=lr,
        eval_steps=every,
        **FIXED | more,
    )


# %% [markdown]
# `trainer_run.settings` (ours) adds what depends on your machine and on the page: the device, 16 bits where it has them, the seed, no other logs.

# %% [markdown]
# Fourth the evaluator, and everything is together. `trainer_run.train` calls `trainer.train()`, draws one bar, and with `keep=True` a second run of this notebook reads what the first one has learned.


# %%
def fine_tune(model, table, args, **more):
    """Train a model in place; return what the training was like."""
    loss = losses.MultipleNegativesRankingLoss(model)
    with trainer_run.quietly():
        trainer = SentenceTransformerTrainer(
            model=model, args=args, train_dataset=table, loss=loss, **more
        )
    return trainer_run.train(trainer, keep=True)


# %% [markdown]
# Two more arguments make the Trainer keep the best step: it saves the weights as often as it evaluates, and loads the best ones at the end.

# %% [markdown]
# And the learning rate? Choose it as you choose everything else: train with two or three, and keep the one whose validation score is best. One layer alone bears a rate many times that of a whole encoder. For that 2e-5 to 5e-5 are usual, in trainings of thousands of steps; `full` has 29 and takes more.

# %%
LR = 1e-3 if PROFILE == "fast" else 5e-4
BEST = {"save_strategy": "steps", "load_best_model_at_end": True}
tuned = copy.deepcopy(base)
history = fine_tune(tuned, pairs, arguments(LR, every=8, save_steps=8, **BEST), evaluator=evaluator)
print(f"{len(history.losses)} steps, loss {history.losses[0]:.2f} -> {history.losses[-1]:.2f}")
print(f"best step {history.best_step}, validation nDCG@10 {history.best_score:.3f}")
start, first = (score for _, score in history.scores[:2])
print(
    f"of this gain {(first - start) / (history.best_score - start):.0%} came by the first evaluation"
)

# %%
steps, scores = zip(*history.scores)
show(
    plots.curve(
        list(steps),
        {"last layer" if PROFILE == "fast" else "all layers": list(scores)},
        title=f"Validation while {len(pairs):,} pairs are learned",
        x_label="steps of training, 128 pairs each",
        y_label="nDCG@10 of the evaluator",
    ),
    alt="Validation nDCG@10 after each evaluation: "
    + ", ".join(f"step {step} {score:.3f}" for step, score in zip(steps, scores))
    + f". Best at step {history.best_step}, whose weights were kept.",
)

# %% [markdown]
# Most of the gain comes within the first steps. The best step is the last one, or nearly, so more epochs might gain more. The model now holds the weights of the best step. Now the test questions, among all passages.

# %%
tuned_passages = search.encode_cached(tuned, course.passages)
tuned_queries = search.encode_cached(tuned, test.queries)
by_tuned = search.top_k(tuned_queries, tuned_passages, 100)[1].cpu()
quality["fine-tuned"] = ndcg(by_tuned)
both = hybrid.reciprocal_rank_fusion([by_words, by_tuned])[1]
quality["hybrid with fine-tuned"] = ndcg(both)
for name, values in quality.items():
    print(f"{name:22} nDCG@10 {metrics.bootstrap_interval(values)}")

# %%
compared = {
    "fine-tuned minus base model": minus("fine-tuned", "base model"),
    "the same, by families": minus("fine-tuned", "base model", families),
    "fine-tuned minus BM25": minus("fine-tuned", "BM25"),
    "its hybrid minus fine-tuned": minus("hybrid with fine-tuned", "fine-tuned"),
}
show(
    *plots_paired.paired_differences(
        compared,
        title="What fine-tuning is worth on the test questions",
        value_label="difference of nDCG@10",
    )
)

# %%
gain, gain_by_families, _, fused = compared.values()
claim(
    "Fine-tuning on a few thousand pairs beats the base model and BM25, whether questions are drawn or "
    "families. Its hybrid with BM25 falls behind it.",
    holds=gain_by_families.low > 0 and compared["fine-tuned minus BM25"].low > 0 and fused.high < 0,
    measured=f"nDCG@10, fine-tuned minus base {gain}, by families {gain_by_families}; hybrid minus "
    f"fine-tuned {fused}",
)

# %% [markdown] tags=["folded"]
# The better encoder loses more here by an equal vote for BM25. The interval by families is much wider: whole families of questions gain much, and others little. Section 7 looks for the reason.

# %% [markdown]
# Mind what these intervals are about: other questions, not other trainings. This encoder, like all that the Trainer trains in this lesson, is one run with one seed; another seed would give another number, and we have not measured how far from this one.

# %% [markdown]
# In `full` all layers learn from all pairs, and all passages of the ontology are searched, four times as many. That wants a GPU. Where such a run has been kept, the next cell shows what it found; else it shows nothing.

# %%
from lib import full_results

stored = full_results.load("08")
if PROFILE == "full":
    settings = {"passages": len(passages), "pairs": len(pairs), "learning rate": LR}
    settings |= {"device": device, "seed": SEED}
    kept = {name: metrics.bootstrap_interval(values) for name, values in quality.items()}
    stored = full_results.save("08", settings, kept, compared)
if stored:
    print(stored)
    for name, interval in stored.values.items():
        print(f"{name:22} nDCG@10 {interval}")
    found = f"What full found on {stored.date}"
    label = "difference of nDCG@10"
    show(*plots_paired.paired_differences(stored.differences, title=found, value_label=label))

# %%
if stored:
    whole, _, over_words, behind = stored.differences.values()
    claim(
        "With all layers trained on all pairs, and all passages searched, fine-tuning beats the base model "
        "and BM25, too, and its hybrid with BM25 falls behind it.",
        holds=whole.low > 0 and over_words.low > 0 and behind.high < 0,
        measured=f"nDCG@10, fine-tuned minus base {whole}, minus BM25 {over_words}; hybrid minus fine-tuned "
        f"{behind}, in the run of {stored.date}",
    )

# %% [markdown] tags=["folded"]
# With four times as many passages to confuse, all scores are lower than above: so compare the differences. This run took the learning rate that is usual for a whole encoder, 5e-5, for 29 steps. So all layers gained no more than the last one alone did above: that is no ranking of the two, but a reason to look at the rate. On 200 pairs twenty times as much did better, and ten times as much best of the three. So `full` takes that now; what it gains on all pairs has not been measured yet.

# %% [markdown]
# What if you choose the learning rate badly? Before we try, we need somebody who watches the curve.

# %% [markdown] card="should_stop"
# ### Exercise: early stopping
#
# Difficulty: medium. Importance: medium. Minutes: 10.
#
# An evaluation is *better* if its score exceeds the highest score before it by more than `min_gain`; the first one always is. Stop if the last `patience` evaluations were all not better: only the end of the list counts. Return also the place of the best evaluation: the highest score, of equals the first, however small its gain. `EarlyStoppingCallback` of transformers works like this, with `min_gain` as `early_stopping_threshold`. Without an evaluation return (False, -1).


# %% answer="should_stop"
def should_stop(scores: list[float], patience: int, min_gain: float = 0.0) -> tuple[bool, int]:
    """Return whether training should stop now, and the place of the best evaluation so far.

    scores: a metric after each evaluation so far, higher is better, of any sign; patience: at least
    1; min_gain: 0 or more.

    Example: scores [0.5, 0.75, 0.75, 0.625] and patience 2 give (True, 1).
    """
    ### BEGIN SOLUTION
    best, place, since = -math.inf, -1, 0
    for number, score in enumerate(scores):
        since = 0 if score - best > min_gain else since + 1
        if score > best:
            best, place = score, number
    return since >= patience, place
    ### END SOLUTION


# %% check="should_stop" points=1
check("should_stop", should_stop)

# %% hidden="should_stop" points=2 seed=50738

# %% [markdown] hints="should_stop"
# - **If you stop too early, too late, or not at all.** Count the evaluations in a row that were not better than the *highest score before them*; one that is better sets the count to 0. Stop if the count is at least `patience` after the last one.
# - **If only cases with `min_gain` go wrong.** `score - best > min_gain` decides about the count alone. The highest score rises with every higher score, also where its gain was too small to count.
# - **If the place is wrong, or small lists go wrong.** The highest score begins at minus infinity (`-math.inf`), its place at -1. Only a strictly higher score takes its place.

# %% [markdown]
# Your rule becomes a *callback*: the Trainer tells it each evaluation, and it may end the training. Two runs of four epochs on 200 pairs, one with the learning rate from above, one with twenty times as much. Each is one run with one seed, and is ended after three evaluations in a row without gain. Their evaluator is still smaller, as they ask it often.

# %% quiz="08-q5"

# %%
stop_rule = yours("should_stop", should_stop, instead=early_stopping.should_stop)
few = pairs.select(range(200))
quick = evaluator_of(course, queries=60, passages=120, measure=measure, seed=SEED)
runs = {}
for lr in (LR, 20 * LR):
    rule = early_stopping.stop_when(lambda scores: stop_rule(scores, 3)[0])
    args = arguments(lr, every=2, size=32, epochs=4)
    watched = {"evaluator": quick, "callbacks": [rule]}
    runs[lr] = fine_tune(copy.deepcopy(base), few, args, **watched).scores

# %%
for lr, run in runs.items():
    best_step = max(run, key=lambda at: at[1])[0]
    print(f"learning rate {lr}:", ", ".join(f"{score:.3f}" for _, score in run))
    print(f"  best at step {best_step}, ended at step {run[-1][0]} of {4 * math.ceil(200 / 32)}")

# %%
longest = max(runs.values(), key=len)
places = [step for step, _ in longest]
curves = {
    name: [*(score for _, score in run), *[math.nan] * (len(places) - len(run))]
    for name, run in zip(("learning rate as above", "20 times as much"), runs.values())
}
show(
    plots.curve(
        places,
        curves,
        title="A learning rate that is too high is seen at once",
        x_label="steps of training, 32 pairs each",
        y_label="nDCG@10 of the evaluator",
    ),
    alt="Validation nDCG@10 of two learning rates on 200 pairs: "
    + "; ".join(
        f"{name}: " + ", ".join(f"step {s} {v:.3f}" for s, v in run)
        for name, run in zip(curves, runs.values())
    ),
)

# %%
good, bad = ([score for _, score in run] for run in runs.values())
claim(
    "A learning rate far too high makes the model worse than it was, and the rule ends it early.",
    holds=max(bad[1:]) < bad[0] and max(good) > good[0] and len(bad) == 4,
    measured=f"from {bad[0]:.3f} to {bad[-1]:.3f}, ended after {runs[20 * LR][-1][0]} steps; with the "
    f"other rate the best is {max(good):.3f}",
)

# %% [markdown] tags=["folded"]
# The bad run is ended as soon as the rule allows. The good one goes on until three evaluations have gained nothing, and the steps after its best one are the price of being sure. `load_best_model_at_end` would take you back to it.

# %% [markdown]
# And too many epochs? A head on 100 pairs (one head, one seed) is quick enough to go on for very long. The loss on the pairs that it learns falls and falls.

# %%
small = drawn(SEED, 100)
head = finetune.ProjectionHead(passages.shape[1]).to(device)
sources, targets = asked[small.to(device)], passages[positives[small].to(device)]


def loss_of(rows):
    return torch.nn.functional.cross_entropy(
        20 * head(sources[rows]) @ head(targets[rows]).T, torch.arange(len(rows), device=device)
    )


def validation():
    return float(ndcg(found_by(head, checked), course.validation).mean())


# %%
options = {"keys": positives[small].tolist(), "batch_size": 32, "seed": SEED, "lr": 3e-3}
long = finetune.fit(head, 100, loss_of, epochs=60, validate=validation, every=20, **options)
at, curve = zip(*long.scores)
stopped = next((n for n in range(len(curve)) if stop_rule(list(curve[: n + 1]), 3)[0]), None)
print("validation:", ", ".join(f"{score:.3f}" for score in curve))
print(f"loss on the 100 pairs: {long.losses[0]:.2f} at first, {long.losses[-1]:.3f} at last")
print("your rule:", "goes on to the end" if stopped is None else f"stops after step {at[stopped]}")

# %% [markdown]
# The loss nearly vanishes: the 100 pairs are known by heart. What is learned after the first hundred steps or so is about these pairs only, and the validation questions gain nothing by it. If they *lost* by it, one would call it **overfitting**. Here they do not: where the loss is near 0, hardly anything moves any more. Stopping loses nothing. The training loss would have told you to go on.

# %% quiz="08-q6"

# %% [markdown]
# *This is a good place to pause.* Sections 6 to 11 build on the variables above: when you come back, run the cells from the top once more. What was trained is read from the disk then, and your points are kept.

# %% [markdown]
# ## 6. Save, describe, reload
#
# A model is a folder. `save_pretrained` writes the weights, the tokenizer, the list of modules (`modules.json`), and a **model card**: a README that says what the model is, on what and how it was trained, and how it scored.

# %%
folder = tempfile.mkdtemp()
with trainer_run.quietly():
    tuned.save_pretrained(folder)
card = Path(folder, "README.md").read_text(encoding="utf-8")
for line in card.splitlines():
    if re.match(r"## |### (Training|Metrics|Evaluation)|\| \*\*", line):
        print(line[:90])

# %% [markdown]
# The Trainer has filled in most of it by itself, also the numbers of your evaluator. (A model notes what every evaluator finds, and a copy takes these notes along. So section 4 asked a copy of the base model, else its score would stand here as the tuned model's.) What the Trainer cannot know is where the texts come from, and what the model must not be used for. Write that by hand: it is what others need most.

# %% quiz="08-q11"

# %% [markdown]
# Then the test that is forgotten most often: does the *saved* model do what the trained one did? Save after the best step was loaded, not before; and reload as a stranger would.

# %%
reloaded = SentenceTransformer(folder, device=str(device))
sample = test.queries[:8]
first, second = (
    model.encode(sample, convert_to_tensor=True, show_progress_bar=False)
    for model in (tuned, reloaded)
)
print("modules:", ", ".join(type(module).__name__ for module in reloaded))
print(f"largest difference of a number: {float((first - second).abs().max()):.4f}")

# %% [markdown]
# The reloaded model is a plain one, which computes all layers itself. Where the two differ a little, it is by the 16 bits in which we kept what the frozen layers made.

# %% [markdown]
# ## 7. How many pairs does it take?
#
# Labels cost money. So the first question of every project is how many are needed. Heads answer it in seconds, with three seeds for each size, so that we see how much luck is in it. That is a choice, so we ask the *validation* questions.

# %% [markdown]
# Each head gets about 150 steps. With equal *epochs* a small set would look worse only for having had fewer steps.


# %%
def long_enough(pairs: int) -> dict:
    """Options of a head: about 150 steps of up to 256 pairs, however few pairs there are."""
    return {"batch_size": 256, "lr": 2e-3, "epochs": round(150 / math.ceil(pairs / 256))}


SIZES = (100, 300, 1_000, 3_000)
heads, by_size = {}, {}
for size in SIZES:
    for seed in SEEDS:
        heads[size, seed] = head_of(drawn(seed, size), seed=seed, **long_enough(size))
        by_size[size, seed] = ndcg(found_by(heads[size, seed], checked), course.validation)

# %%
checked_tuned = search.encode_cached(tuned, course.validation.queries)
systems = {
    "base model": search.top_k(checked, passages, 10)[1].cpu(),
    "BM25": bm25.top_k(course.validation.queries, 10)[1],
    "section 5": search.top_k(checked_tuned, tuned_passages, 10)[1].cpu(),
}
on_validation = {name: ndcg(found, course.validation) for name, found in systems.items()}
levels = {name: float(values.mean()) for name, values in on_validation.items()}

# %%
means = {size: [float(by_size[size, seed].mean()) for seed in SEEDS] for size in SIZES}
averaged = {size: over_seeds(lambda seed, size=size: by_size[size, seed]) for size in SIZES}
ladder = [on_validation["base model"], *averaged.values()]
worth = [float(values.mean()) for values in ladder]

# %%
from itertools import pairwise

checked_families = families_of(course.validation)
wins = [
    significance.paired_interval(higher, lower, groups=checked_families)
    for lower, higher in pairwise(ladder)
]
for size, reached, won in zip(SIZES, worth[1:], wins):
    print(f"{size:5,} pairs: nDCG@10 {reached:.3f}, more than the step before by {won}")

# %%
show(
    plots.curve(
        list(SIZES),
        {"head": [sum(of) / 3 for of in means.values()]},
        bands={"head": ([min(of) for of in means.values()], [max(of) for of in means.values()])},
        band="lowest to highest of 3 draws of pairs",
        references=levels,
        log_x=True,
        title="Quality against the number of pairs",
        x_label="training pairs (logarithmic)",
        y_label="nDCG@10 on the validation questions",
    ),
    alt="nDCG@10 of a head on the validation questions: "
    + ", ".join(f"{size:,} pairs {of:.3f}" for size, of in zip(SIZES, worth[1:]))
    + f"; base model {levels['base model']:.3f}, BM25 {levels['BM25']:.3f}, the model of section 5 "
    f"{levels['section 5']:.3f}.",
)

# %% [markdown]
# (The intervals are paired: the mean of three heads each time, the same questions, families drawn.) Each step to about three times as many pairs still wins a little, and the curve has not ended at the right edge. Is the first step the largest?

# %% [markdown]
# A head, which takes a second to train, is a baseline that more expensive trainings have to beat. Did section 5?

# %%
first_step = ladder[1] - ladder[0]
leads = [(first_step, higher - lower) for lower, higher in pairwise(ladder[1:])]
for size, pair in zip(SIZES[1:], leads):
    own = significance.paired_interval(*pair)
    by_kin = significance.paired_interval(*pair, groups=checked_families)
    print(f"first step minus that to {size:5,} pairs: {own}, by families {by_kin}")
least = min((significance.paired_interval(*pair) for pair in leads), key=lambda one: one.low)
over_head = significance.paired_interval(
    on_validation["section 5"], averaged[SIZES[-1]], groups=checked_families
)

# %%
claim(
    "Each step to more pairs wins, when families are drawn, too. On these questions the first hundred pairs "
    "win more than any later step. A head wins more than half of what section 5 wins.",
    holds=all(won.low > 0 for won in wins)
    and least.low > 0
    and worth[-1] - worth[0] > (levels["section 5"] - worth[0]) / 2,
    measured="nDCG@10 by families, " + ", ".join(f"{won}" for won in wins) + " with each step; "
    f"the first minus a later one at least {least} (questions drawn); section 5 minus heads on "
    f"{SIZES[-1]:,} pairs {over_head}",
)

# %% [markdown] tags=["folded"]
# In `fast` the last interval holds 0: trained long enough, the head cannot be told from a last layer after one epoch. More epochs or another domain may decide otherwise; only a comparison such as this one tells.

# %% [markdown] tags=["folded"]
# And the lead of the first step is clear only for questions like these. When families are drawn, its intervals begin near 0: probably a few families gain very much by few pairs.

# %% [markdown]
# ### Explore: more and more pairs
#
# Move the slider and watch where the right passages of eight test questions stand. (The ranks are by the head of one seed; nDCG@10 is the mean of three, on the validation questions.) Some rise with the first hundred pairs, some never come to the top, and some fall back. Can you tell why? (*Near and far*, below, has a part of the answer.)


# %%
def rank_of(head, rows: list[int]) -> list[int]:
    """The rank of the right passage of some test questions."""
    with torch.no_grad():
        table = head(queries[rows]) @ head(passages).T
    own = table.gather(1, right[rows].to(device)[:, None])
    return (1 + (table > own).sum(dim=1)).tolist()


# %%
untrained = finetune.ProjectionHead(passages.shape[1]).to(device)
stages = [untrained, *(heads[size, SEED] for size in SIZES)]
before = torch.tensor(rank_of(untrained, list(range(len(test)))))
after = torch.tensor(rank_of(heads[3_000, SEED], list(range(len(test)))))
risen = ((before > 20) & (after <= 3)).nonzero()[:, 0].tolist()
stuck = ((before > 20) & (after > 20)).nonzero()[:, 0].tolist()
fallen = ((before == 1) & (after > 3)).nonzero()[:, 0].tolist()
shown = [*risen[:: max(1, len(risen) // 4)][:4], *stuck[:2], *fallen[:2]]

# %%
ranks = [rank_of(head, shown) for head in stages]
names = [test.queries[row] for row in shown]
still = plots.bars(
    names,
    [min(rank, 100) for rank in ranks[-1]],
    title=f"With {SIZES[-1]:,} pairs",
    value_label="rank of the right passage (100: or beyond)",
    decimals=0,
)
explore(
    ranks_by_size(
        [0, *SIZES],
        ranks,
        names,
        worth,
        title="Where the right passage stands",
        metric="nDCG@10 of all validation questions",
    ),
    "Ranks of the right passages of some test questions with "
    + ", ".join(f"{size:,}" for size in (0, *SIZES))
    + " training pairs: "
    + "; ".join(
        f"{name}: " + ", ".join(f"{of[place]:,}" for of in ranks)
        for place, name in enumerate(names)
    )
    + ".",
    still,
)

# %% [markdown]
# ### Near and far
#
# Does a question rise because training questions use its words? Take a question and a training question. Their *overlap* is the number of words in both over the number of words in either. A question is **near** if its overlap with some training question is at least 50%, and **far** otherwise.

# %% quiz="08-q7"

# %%
overlap = near_far.nearest_overlap(test.queries, course.train.queries)
near, far = near_far.near_and_far(overlap)
for row, first, last in zip(shown, ranks[0], ranks[-1]):
    print(f"overlap {overlap[row]:.0%}, rank {first:,} to {last:,}: {test.queries[row]}")

# %% [markdown]
# These eight are examples: first those that rose, then two that stayed low, then two that fell. All test questions tell whether there is a rule. Far questions were easier before, so near ones also had more to gain: we print the share of it that each won.

# %%
sides = {"near": near, "far": far}
gains = {}
for name, rows in sides.items():
    pair = quality["fine-tuned"][rows], quality["base model"][rows]
    gains[name] = significance.paired_interval(*pair)
    kin = [families[row] for row in rows.tolist()]
    gains[f"{name}, by families"] = significance.paired_interval(*pair, groups=kin)

# %%
shares = {}
for name, rows in sides.items():
    untuned = float(quality["base model"][rows].mean())
    shares[name] = gains[name].mean / (1 - untuned)
    print(f"{len(rows)} {name}: base {untuned:.3f}, gain {gains[name]},")
    print(
        f"  by families {gains[f'{name}, by families']}; {shares[name]:.0%} of what was left to gain"
    )

# %%
claim(
    "Near questions gain more than far ones, whether questions are drawn or families, and win more of what "
    "was left to gain. Far ones gain, too.",
    holds=gains["near"].low > gains["far"].high
    and gains["near, by families"].low > gains["far, by families"].high
    and shares["near"] > shares["far"]
    and gains["far"].low > 0,
    measured="gain in nDCG@10: " + ", ".join(f"{name} {value}" for name, value in gains.items()),
)

# %% [markdown] tags=["folded"]
# This fits a model that has learned mostly words, and a little about the task. It is no proof: near questions differ from far ones in other ways, too. Still, a mean gain tells only about questions like these. If your users ask about new things all the time, look at the far ones, and label what is far from everything that you have.

# %% [markdown] tags=["folded"]
# Near questions gain most. Yet leaked relatives brought little in section 2. Did they make more questions near? They stood in the place of other pairs:

# %%
same_questions = [test.queries[row] for row in leaks.asked]
for name, rows in leaked_rows.items():
    taught = [course.train.queries[row] for row in drawn(SEED, PAIRS - len(rows)).tolist()]
    taught += [test.queries[row] for row in rows]
    share = len(near_far.near_and_far(near_far.nearest_overlap(same_questions, taught))[0])
    print(f"{name:9} {share / len(same_questions):.0%} of the questions are near")

# %% [markdown] tags=["folded"]
# Compare the first two lines: that is all that relatives add to what the clean pairs in their place made near. The other wordings make far more of the questions near.

# %% [markdown]
# ## 8. What it has forgotten
#
# A model has only so many weights. What it learns about bones may overwrite what it knew about other things. The test: judgements of people about texts from elsewhere. Lee and Pincombe asked people how alike 50 news texts are, two by two. Does the model still agree with them as well as before?

# %% [markdown] card="forgetting"
# ### Exercise: the forgetting test
#
# Difficulty: hard. Importance: high. Minutes: 15.
#
# Two models score the same items that people have judged. Return the Spearman correlation with the judgements after training minus that before; then the 2.5% and 97.5% quantiles (as `torch.quantile` takes them) of the same difference over the draws. A row of `draws` is a draw of items: score and judgement of the same rows, for both models, ranked anew. A row may stand in a draw more than once, and a draw may be shorter than the list. Spearman's correlation is Pearson's of the ranks; equal values share the mean of their ranks. Not all values of a draw are equal.


# %% answer="forgetting"
def forgetting(
    before: torch.Tensor, after: torch.Tensor, human: torch.Tensor, draws: torch.Tensor
) -> tuple[float, float, float]:
    """Return how a rank correlation with human judgements changed, with its 95% interval.

    before, after, human: (items,); draws: (draws, drawn) whole numbers, the rows drawn; a draw may
    have fewer rows than there are items.
    Returns (difference, low, high), after minus before.

    Example: before [1, 3, 2], after [5, 6, 8], human [1, 2, 3] and one draw [[0, 1, 1]] give
    (0.5, 0.0, 0.0).
    """

    ### BEGIN SOLUTION
    def centred_ranks(values: torch.Tensor) -> torch.Tensor:
        ordered = values.sort(dim=-1).values
        below = torch.searchsorted(ordered, values)
        not_above = torch.searchsorted(ordered, values, right=True)
        ranks = (below + not_above + 1) / 2
        return ranks - ranks.mean(dim=-1, keepdim=True)

    def change(rows: torch.Tensor) -> torch.Tensor:
        old, new, people = (centred_ranks(x[rows]) for x in (before, after, human))
        return torch.cosine_similarity(new, people, dim=-1) - torch.cosine_similarity(
            old, people, dim=-1
        )

    low, high = (float(torch.quantile(change(draws), share)) for share in (0.025, 0.975))
    return float(change(torch.arange(len(human)))), low, high
    ### END SOLUTION


# %% check="forgetting" points=1
check("forgetting", forgetting)

# %% hidden="forgetting" points=2 seed=18394

# %% [markdown] hints="forgetting"
# - **If the correlation is not right where values are equal.** Count for each value how many are below it and how many are not above it: the mean rank is (below + not_above + 1) / 2. `torch.searchsorted` counts both in a sorted row, with `right=False` and `right=True`.
# - **If the interval does not belong to your difference.** `before[draws]`, `after[draws]` and `human[draws]` are each (draws, drawn): the same rows for all three. Rank along the last axis, after drawing; where you need a number of rows, it is that of the draw.
# - **If single numbers are wrong or exchanged.** Per draw: correlation after minus correlation before, one number. Of these numbers the quantiles 0.025 and 0.975. The first number is the difference on all items, each once.

# %% [markdown]
# The 1,225 pairs are made of only 50 texts, so they are no separate witnesses (lesson 07). Therefore each draw takes half of the *texts*, with all pairs among these. (Each text once: one that is drawn twice would make a pair with itself. Halves vary about as much as drawing the whole anew would.)


# %%
def library_forgetting(before, after, human, draws):
    """The same three numbers by the library of the course."""
    change = forgotten.change_of_agreement(before, after, human, draws)
    return change.mean, change.low, change.high


forget = yours("forgetting", forgetting, instead=library_forgetting)

# %%
lee = load_similarity("lee")
human = torch.tensor(lee.scores)
halves = forgotten.draws_of_halves(lee, 500, SEED)
agreement = {
    name: forgotten.cosines_of_pairs(model, lee).cpu()
    for name, model in (("base model", base), ("fine-tuned", tuned))
}

# %%
change, low, high = (
    float(x) for x in forget(agreement["base model"], agreement["fine-tuned"], human, halves)
)
for name, cosines in agreement.items():
    print(f"{name:11} Spearman with people {float(metrics.spearman(cosines, human)):.3f}")
print(f"after minus before: {change:+.3f} [{low:+.3f}, {high:+.3f}]")

# %%
claim(
    "What was learned in the domain does not help on news texts: there the model agrees with people no "
    "better than before.",
    holds=low < 0.01 and change < 0.02,
    measured=f"Spearman on 50 news texts {change:+.3f} [{low:+.3f}, {high:+.3f}], nDCG@10 in the domain "
    f"{gain.mean:+.3f}",
)

# %% [markdown] tags=["folded"]
# If the interval lies clearly below 0, chance is a poor explanation of the loss. If it holds 0 or ends there, fifty texts are too few to be sure. A forgetting test is cheap, so use several sets, and above all the tasks that your model has to do besides. Where it forgets too much: train fewer layers, fewer steps, a lower learning rate, or mix in pairs from elsewhere.

# %% quiz="08-q8"

# %% [markdown]
# ## 9. Questions that nobody asked
#
# And if there are no labels? Then make questions from the passages: each passage is the right answer to the question that was made from it. A **language model** writes such **synthetic questions** well, since it knows how laypeople talk. You ask it by a *prompt*, a text that says what is wanted.

# %%
row = course.train.positives[1]
print(synthetic.prompt_for(course.titles[row], course.passages[row], 3))

# %% [markdown]
# The answer is text, for people. It has numbers, dashes, a polite first line, and sometimes the very title that we asked it to avoid, with which the question would be no question any more.

# %% [markdown] card="parse_queries"
# ### Exercise: what a language model wrote
#
# Difficulty: medium. Importance: medium. Minutes: 12.
#
# Clean each line of the reply in this order, each step once: strip white space; take off one mark at the beginning (a number with `.` or `)`, or one of `-`, `*`, `•`) together with the white space behind it, without which it is no mark; if the line then begins and ends with `"`, take off both and strip again. Then drop lines that are empty, that end in a colon, or that contain the title, be it as a part of a word. Of equal queries the first stays. Upper and lower case make no difference to both comparisons (`casefold()`). Return the first `count` that are left.


# %% answer="parse_queries"
def parse_queries(reply: str, title: str, count: int) -> list[str]:
    """Return the search queries in a language model's reply, one a line, cleaned.

    reply: lines with or without numbers, bullets, quotes and headings; title: what the queries must
    not name, not empty; count: the most that are returned, at least 1.

    Example: the reply "Queries:\\n1. sore toe\\n- Gout diet\\n2) \\"red toe\\"\\n* Sore Toe" with title
    "gout" and count 5 gives ["sore toe", "red toe"].
    """
    ### BEGIN SOLUTION
    found: dict[str, str] = {}
    for line in reply.splitlines():
        line = re.sub(r"^(\d+[.)]|[-*•])\s+", "", line.strip())
        if line.startswith('"') and line.endswith('"'):
            line = line[1:-1].strip()
        key = line.casefold()
        if line and not line.endswith(":") and title.casefold() not in key:
            found.setdefault(key, line)
    return list(found.values())[:count]
    ### END SOLUTION


# %% check="parse_queries" points=1
check("parse_queries", parse_queries)

# %% hidden="parse_queries" points=2 seed=75261

# %% [markdown] hints="parse_queries"
# - **If marks or quotes are left, or a query loses its beginning.** `re.sub(r"^(\d+[.)]|[-*•])\s+", "", line.strip())` takes one mark off: `^` ties it to the beginning, `\s+` asks for white space behind it. Quotes go only as a pair, and after the mark.
# - **If lines are left that are no queries, or queries are missing.** Look at the cleaned line: empty, `endswith(":")`, or `title.casefold() in line.casefold()`. Nothing else drops it.
# - **If queries repeat, or the number or order is wrong.** A dictionary from `line.casefold()` to the line, filled with `setdefault`, keeps the first of equals and the order. Cut at `count` last.

# %% [markdown]
# Now a real client, `openai.OpenAI`, as you would use it with a key. So that it runs without one, it talks to a server on this machine (ours, lesson 09 has more about it), behind which there is no language model but a rule: it cuts pieces out of the definition. To use a real service, leave `base_url` away and name its model.

# %%
try:
    from openai import OpenAI

    from lib.providers_offline import OfflineServer

    server = OfflineServer(answer=synthetic.reply_by_rule)
    client = OpenAI(api_key=server.token, base_url=server.base_url("openai"))
except ModuleNotFoundError as missing:
    client = synthetic.rule_client()
    print(f"{missing.name} is not installed: the next cell goes by rule, without a server.")

# %%
parse = yours("parse_queries", parse_queries, instead=synthetic.parse_queries)
trained = sorted(set(course.train.positives))


def pieces_of(row: int, count: int) -> list[str]:
    return synthetic.queries_by_rule(course.titles[row], course.passages[row], count, SEED)


# %%
for row in [row for row in trained if len(pieces_of(row, 3)) == 3][:3]:
    title = course.titles[row]
    reply = synthetic.ask_for_queries(client, "any-model", title, course.passages[row])
    print(f"{title}: {parse(reply, title, 3)}")

# %% [markdown]
# The same rule makes a question for hundreds of training passages, without any label. A second source that costs nothing is a *glossary*: the ontology has clinical synonyms, "overactive bladder syndrome" for "urinary urgency". Neither holds a layperson's question.

# %%
pieces = [(row, text) for row in trained[::2] for text in pieces_of(row, 1)]
names = synthetic.glossary_names(course, trained)
print(f"{len(pieces):,} pieces of passages, such as {pieces[1][1]!r}")
print(f"{len(names):,} other names, such as {names[0][1]!r}")
count = min(len(pieces), len(names))  # equally many; their passages differ in part
pieces, names = (
    [made[i] for i in torch.randperm(len(made), generator=generator)[:count].tolist()]
    for made in (pieces, names)
)

# %% quiz="08-q9"


# %%
def vectors_of(made):
    """Vectors of synthetic questions, and the rows that they were made from."""
    texts = [text for _, text in made]
    return search.encode_cached(base, texts), torch.tensor([row for row, _ in made])


# %%
made = {"pieces": vectors_of(pieces), "glossary": vectors_of(names)}
nothing = queries[:0], torch.zeros(0, dtype=torch.long)


def taught_by(invented, times, seed):
    """The test questions by a head of invented ones and 100 real pairs, each so many times."""
    real = drawn(seed, 100).repeat(times)
    vectors = torch.cat([asked[real.to(device)], invented[0]])
    own = torch.cat([positives[real], invented[1]])
    options = {"seed": seed, **long_enough(len(own))}
    head = finetune.fit_head(vectors, passages[own.to(device)], own.tolist(), **options)
    return ndcg(found_by(head))


# %% [markdown]
# All five kinds of heads get about equally many steps (section 7), so that none gains by mere practice. (With 100 pairs the batches are smaller.) There are as many names as pieces. Beside them each real pair comes five times, so that it is not drowned. Three seeds each, with three draws of the 100.

# %%
sources = {"100 real": (nothing, 1)}
for name, invented in made.items():
    sources |= {name: (invented, 0), f"100 real + {name}": (invented, 5)}
for name, source in sources.items():
    quality[name] = over_seeds(taught_by, *source)
    print(f"{name:19} nDCG@10 {metrics.bootstrap_interval(quality[name])}")

# %%
gifts = {
    f"{a} minus {b}": minus(a, b)
    for a, b in (
        ("pieces", "base model"),
        ("glossary", "base model"),
        ("glossary", "pieces"),
        ("100 real", "base model"),
        ("100 real + pieces", "100 real"),
        ("100 real + glossary", "100 real"),
        ("100 real + glossary", "100 real + pieces"),
    )
}
show(
    *plots_paired.paired_differences(
        gifts,
        title=f"Synthetic questions, {count:,} of each kind",
        value_label="difference of nDCG@10 on the test questions",
    )
)

# %%
alone = gifts["glossary minus pieces"]
beside = gifts["100 real + glossary minus 100 real + pieces"]
claim(
    "On these questions names from a glossary teach more than as many pieces of the passages, alone and beside 100 real pairs. "
    "Neither comes near to 100 real pairs.",
    holds=alone.low > 0
    and beside.low > 0
    and minus("100 real", "glossary").low > 0
    and minus("100 real", "pieces").low > 0,
    measured=f"nDCG@10, glossary minus pieces {alone}, beside 100 real pairs {beside}; 100 real minus "
    f"glossary {minus('100 real', 'glossary')}",
)

# %% [markdown] tags=["folded"]
# A piece of a passage has no word that the passage lacks: it teaches to find copies, which the model could do before. Look at the first line of the figure and the third but last: where the interval lies below 0, it has even lost. Perhaps what was known is worn away a little. The names bring new words, if clinical ones, and teach more than pieces. Do they help at all? Read the second line and the last but one: where the interval lies above 0 they do, alone or beside real pairs; one that holds 0, or begins there, cannot tell.

# %% [markdown] tags=["folded"]
# A good language model brings the words of laypeople; papers report large gains by it (Promptagator, GPL). How much it is worth for you a few hundred real questions will tell, kept for the test.

# %% [markdown]
# ## 10. The same recipe elsewhere
#
# Does the recipe work on other texts, or only on those for which we chose its settings? The second domain is computer security: which technique of the catalogue **MITRE ATT&CK** does a sentence about an attack describe? It is split by parent technique. The recipe stays as it is, but for smaller batches, since there are fewer pairs.

# %% [markdown]
# (One run with one seed, again.)

# %%
attack = load_domain("attack", PROFILE)
order = torch.randperm(len(attack.train), generator=torch.Generator().manual_seed(SEED))
if PROFILE == "fast":
    train_part = attack.train.only(order[:400].tolist())
    test_part = attack.test.only(range(0, len(attack.test), 2))
else:
    train_part, test_part = attack.train, attack.test
print(attack.licence)
print("question:", test_part.queries[0])
print("passage: ", attack.passages[test_part.positives[0]][:90])

# %%
table = table_of(training_pairs.pairs_of(attack, train_part))
own_evaluator = evaluator_of(attack, queries=60, passages=150, seed=SEED)
guarded = copy.deepcopy(base)
args = arguments(LR, every=5, size=64, save_steps=5, **BEST)
curve = fine_tune(guarded, table, args, evaluator=own_evaluator).scores
print("validation:", ", ".join(f"{score:.3f}" for _, score in curve))

# %%
words = BM25(attack.passages).top_k(test_part.queries, 100)[1]
tables = {"BM25": words}
for name, model in (("base model", base), ("fine-tuned", guarded)):
    sides = (search.encode_cached(model, part) for part in (test_part.queries, attack.passages))
    tables[name] = search.top_k(*sides, 100)[1].cpu()
for name in ("base model", "fine-tuned"):
    both = hybrid.reciprocal_rank_fusion([words, tables[name]])[1]
    tables[f"hybrid, {name}"] = both
on_attack = {name: ndcg(found, test_part, attack.ids) for name, found in tables.items()}

# %%
attack_families = families_in(attack, test_part)
elsewhere = {}
for a, b in (
    ("fine-tuned", "base model"),
    ("hybrid, base model", "base model"),
    ("hybrid, base model", "fine-tuned"),
    ("hybrid, fine-tuned", "hybrid, base model"),
):
    pair = on_attack[a], on_attack[b]
    elsewhere[f"{a} minus {b}"] = significance.paired_interval(*pair, groups=attack_families)
for name, values in on_attack.items():
    print(f"{name:19} nDCG@10 {significance.interval_by_groups(values, attack_families)}")
show(
    *plots_paired.paired_differences(
        elsewhere,
        title="The recipe on a second domain, families drawn",
        value_label="difference of nDCG@10 on the test questions",
    )
)

# %% [markdown]
# Does it gain less than our domain did in section 5? These two gains cannot be compared: section 5 had more pairs, and in section 7 more pairs won more. So we compare heads on 300 pairs each, with three seeds, in both domains.


# %%
there, texts_there, asked_there = (
    search.encode_cached(base, texts)
    for texts in (train_part.queries, attack.passages, test_part.queries)
)
own_there = torch.tensor(train_part.positives)


# %%
def head_there(seed):
    """nDCG@10 on the second domain's test questions of a head on 300 of its pairs: (q,)."""
    rows = torch.randperm(len(there), generator=torch.Generator().manual_seed(seed))[:300]
    own, options = own_there[rows], {"seed": seed, **long_enough(300)}
    pair = there[rows.to(device)], texts_there[own.to(device)]
    head = finetune.fit_head(*pair, own.tolist(), **options)
    with torch.no_grad():
        found = search.top_k(head(asked_there), head(texts_there), 10)[1].cpu()
    return ndcg(found, test_part, attack.ids)


# %%
quality["300 pairs"] = over_seeds(lambda seed: ndcg(found_by(heads[300, seed])))
on_attack["300 pairs"] = over_seeds(head_there)
by_heads = {"our domain": minus("300 pairs", "base model", families)}
pair = on_attack["300 pairs"], on_attack["base model"]
by_heads["the second"] = significance.paired_interval(*pair, groups=attack_families)
for name, won in by_heads.items():
    print(f"{name}: heads on 300 pairs minus base model {won}, by families")

# %%
tuning, fusing, unlabelled, _ = elsewhere.values()
claim(
    "The recipe helps on the second domain, too. From as many pairs, with heads alike, the second domain gains "
    "less than ours. And there the hybrid of BM25 and the base model, which needs no label, wins, too, and "
    "hardly less than fine-tuning, if less at all.",
    holds=tuning.low > 0
    and by_heads["the second"].high < by_heads["our domain"].low
    and fusing.low > 0
    and unlabelled.low > -0.03,
    measured=f"nDCG@10, by families, on the second domain: fine-tuned minus base {tuning} from "
    f"{len(table):,} pairs, hybrid minus base model {fusing}, minus fine-tuned {unlabelled}; heads on 300 pairs minus base model: "
    + ", ".join(f"{name} {won}" for name, won in by_heads.items()),
)

# %% [markdown] tags=["folded"]
# So the number of pairs is not the whole reason: from 300 of them a head wins much in our domain, and in the second nothing that can be told. The encoder that the recipe trained could change more than one matrix can, and had more pairs; it does win in the second. Is it the long sentences, or the many techniques that look alike? We have not measured why.

# %% [markdown] tags=["folded"]
# In the second domain BM25 and the base model are about equally good, and probably err on different questions: names of programs and commands are found by their letters. Fusion wins without a single label, and the last line of the figure says what fine-tuning adds to it. That is why section 1 comes before section 5. How far apart the two are hints at whether a hybrid pays; only measuring tells.

# %% quiz="08-q10"

# %% [markdown]
# ## 11. The script that everybody starts with
#
# Below is a script as many tutorials have it: three pairs, three epochs, half precision, a warm-up by ratio. It runs, as printed, in today's library (with `MODEL` in place of a download). Watch two of its arguments: what is the precision in the end, and what has become of the warm-up?

# %%
beginner = load_encoder(MODEL, device=device)
questions = ["What is a tort?", "Define consideration", "What is res judicata?"]
answers = [
    "A tort is a civil wrong that causes harm.",
    "Consideration is something of value exchanged in a contract.",
    "Res judicata bars the same claim from being litigated again.",
]
train_dataset = Dataset.from_dict({"anchor": questions, "positive": answers})

# %%
with trainer_run.notices() as said:
    args = SentenceTransformerTrainingArguments(
        output_dir=tempfile.mkdtemp(),
        num_train_epochs=3,
        per_device_train_batch_size=16,
        fp16=True,
        warmup_ratio=0.1,
        report_to="none",
        disable_tqdm=True,  # for this page only
    )

# %%
print(f"asked for: fp16 {args.fp16}, warmup_ratio 0.1; warmup_steps is now {args.warmup_steps}")
for line in said:
    print("library:", line.splitlines()[0][:72], "...")

# %%
loss = losses.MultipleNegativesRankingLoss(beginner)
small_test = evaluator_of(course, queries=60, passages=120)
before = small_test(beginner)["ndcg@10"]

# %%
with trainer_run.quietly():
    trainer = SentenceTransformerTrainer(
        model=beginner, args=args, train_dataset=train_dataset, loss=loss
    )
trainer_run.train(trainer)
after = small_test(beginner)["ndcg@10"]
precision = "half precision" if trainer.accelerator.native_amp else "full precision"
print(f"{trainer.state.global_step} steps, in {precision}")
print(f"nDCG@10 of 60 of our questions: {before:.3f} -> {after:.3f}")

# %%
law = "Which rule stops a second trial of the same claim?"
fresh = load_encoder(MODEL, device=device)
tables = [(model.encode([law]) @ model.encode(answers).T)[0] for model in (fresh, beginner)]
for text, one, other in zip(answers, *tables):
    print(f"{one:.2f} -> {other:.2f}  {text}")
moved = max(abs(float(one - other)) for one, other in zip(*tables))

# %%
claim(
    "Three pairs teach nothing: after three epochs a new question about them is answered as before.",
    holds=moved < 0.1
    and int(tables[0].argmax()) == int(tables[1].argmax())
    and abs(after - before) < 0.03,
    measured=f"largest change of a cosine {moved:.3f}, nDCG@10 of other questions "
    f"{after - before:+.3f}",
)

# %% [markdown] tags=["folded"]
# The two arguments first. `fp16=True` was accepted; but without a GPU the Trainer computes in full precision, and does not say so. (On a GPU it does what it says.) `warmup_ratio` is an old name: its 0.1 went into `warmup_steps`, where a number below 1 is a share of all steps.

# %% [markdown] tags=["folded"]
# Three pairs make one batch, so three epochs are three steps, with two negatives each. Three steps move little, and the model probably told these three apart before. The script is right as a *form*. Fill it with a few hundred pairs from your domain, an evaluator, and a test set without leaks.

# %% [markdown]
# ## 12. On the leaderboard
#
# Two rows: the fine-tuned encoder, and its hybrid with BM25. The hybrid is shown because it is the usual advice.

# %%
rows = []
for name, found in (
    (f"{MODEL}, fine-tuned", by_tuned[:, :10]),
    ("hybrid of it and BM25", hybrid.reciprocal_rank_fusion([by_words, by_tuned])[1]),
):
    ranked = [[course.ids[row] for row in one] for one in found.tolist()]
    rows.append(leaderboard.evaluate(name, "08", ranked, test))
    leaderboard.save(rows[-1])
    print(f"{name}: nDCG@10 {rows[-1].ndcg_at_10}, recall@10 {rows[-1].recall_at_10}")

# %%
row = rows[0]
board = leaderboard.board(row)
show(
    plots.leaderboard(board),
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {rows[0].ndcg_at_10.mean:.3f}, fine-tuned")

# %% [markdown] tags=["folded"]
# In `fast`, *one vector, last layer* of lesson 06 trains the same layer, once through all pairs. The two rows are near each other, and two rows of a board do not say which is better: that takes a paired difference.

# %% [markdown]
# ## Takeaways
#
# - Measure before you train: the base model, a strong BM25, their hybrid. A hybrid needs no label; here it paid where both were about equally good.
# - Deal out groups, not pairs. Another wording of a test term in training flatters the result.
# - A mined negative may be right. Clean, and let each part of the recipe earn its place on validation questions.
# - Judge by an evaluator, stop by a rule, keep the best step, look at the test set once. Then save, reload, compare.
# - On these questions the first hundred pairs won more than any later step; each step to about three times as many still won a little. Questions near to the training questions gain most: report near and far apart.
# - Test what was forgotten. Of synthetic questions those with new words teach more; a hundred real ones teach more than either kind.
# - Three pairs are a demonstration, not a training set.

# %% [markdown]
# ## Further reading
#
# - Reimers and Gurevych (2019). Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks. EMNLP.
# - Sentence Transformers documentation, Training Overview: sbert.net/docs/sentence_transformer/training_overview.html
# - Thakur, Reimers, Rücklé, Srivastava and Gurevych (2021). BEIR. NeurIPS Datasets and Benchmarks.
# - Wang, Thakur, Reimers and Gurevych (2022). GPL: Generative Pseudo Labeling for Unsupervised Domain Adaptation of Dense Retrieval. NAACL.
# - Dai et al. (2023). Promptagator: Few-shot Dense Retrieval From 8 Examples. ICLR.
# - Cormack, Clarke and Büttcher (2009). Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods. SIGIR.
# - Kapoor and Narayanan (2023). Leakage and the Reproducibility Crisis in Machine-Learning-Based Science. Patterns 4.
# - Kirkpatrick et al. (2017). Overcoming Catastrophic Forgetting in Neural Networks. PNAS 114.
