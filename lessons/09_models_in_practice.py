# ---
# jupyter:
#   course:
#     lesson: "09"
#     title: Models in practice
#     minutes: 190
#     objectives:
#       - Choose among embedding models by limits, sizes, prices and your own measurements, and reckon what a corpus costs.
#       - Put the right words before a text, and measure what a missing or a foreign prefix costs.
#       - Find what stands behind a model's limit, by chunks that lose no text and scores of documents from those of their chunks; and write a test that catches wrong chunkers.
#       - Feed and pool a decoder model; call four embedding services by their own clients, with their errors, limits and short vectors.
#       - Measure throughput, and say what batch size, sorting, 16 bits, int8 and ONNX Runtime each give.
#     prerequisites:
#       - Lesson 02 (pooling, encoding and exact search)
#       - Lesson 03 (training a head by MNRL)
#       - Lessons 05 and 07 help (short vectors; paired intervals)
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
import base64
import statistics
import tempfile

import numpy as np
import torch

from lib import (
    chunking,
    diagrams,
    finetune,
    leaderboard,
    long_documents,
    losses,
    metrics,
    onnx_export,
    plots,
    plots_paired,
    pooling,
    prefixes,
    providers,
    providers_offline,
    search,
    significance,
    text,
    throughput,
    word_vectors,
)
from lib import model_table as table
from lib.bm25 import BM25
from lib.data import families_of, load_course_set
from lib.device import pick_device, seed_everything
from lib.domain_ranking import judge, order_of
from lib.domains import families_in, load_domain
from lib.explore import explore, model_table
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.model_table import MODELS
from lib.models import load_encoder, load_word_vectors
from lib.open_models import load_by_name
from lib.plots import show
from lib.tiny_models import make_tiny

seed_everything(SEED)

# %% [markdown]
# ## 1. Which model?
#
# So far there was one model, because it fits into a package and runs on every laptop. In practice there are hundreds. Some have **open weights**: you download a file and run it yourself. Others are **services**: you send texts over the network, vectors come back, and you pay for each million tokens.

# %% [markdown]
# Here are eight that many people choose from. The table below says of each how long a vector is, how many tokens of a text are read (the **token limit**), how large the model is or what a million tokens cost, what one writes before a text (section 2 is about that), how its tokens are pooled, and what its licence allows.

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set(PROFILE)
split = course.validation
counts = throughput.token_counts(model, course.passages)
words = sum(len(passage.split()) for passage in course.passages)
print(f"{len(counts):,} passages, {sum(counts):,} tokens, at most {max(counts)} of one passage")
print(f"{words:,} words, so {sum(counts) / words:.1f} tokens a word")

# %% [markdown]
# **Tokens are not words.** A tokenizer cuts long or rare words into pieces, and counts signs, too. Limits and prices are in tokens, so count these. (Here they are those that our model reads, with two special ones a passage. A service has a tokenizer of its own, and would also charge for what stands behind our limit.)

# %% [markdown]
# ### Explore: the table of models
#
# First sort the table by the column *MTEB*, and look at the size of the two that lead. Then filter as a buyer would: your longest text has 1,000 tokens, the weights must be open, and your machine takes at most 1,000 million parameters. Which models are left?

# %% tags=["folded"]
explore(
    model_table(title="Eight models to choose from", texts=len(counts), tokens=sum(counts)),
    "A table of eight models that can be filtered and sorted: "
    + "; ".join(
        f"{card.key}, {card.dim} dimensions, limit {card.max_tokens} tokens, MTEB "
        f"{card.mteb.value or 'not stated'}, "
        + (
            f"{card.parameters:g} million parameters"
            if card.parameters
            else f"a service at ${card.dollars.value:g} per million tokens"
        )
        for card in MODELS.values()
    )
    + ".",
)

# %% [markdown]
# One model is left: nomic-embed-text-v1.5. The two models of seven billion parameters are too large, and MiniLM and bge-large read too little of your texts (256 and 512 tokens).

# %% [markdown]
# **MTEB** is the benchmark of lesson 07: the mean over 56 tasks of seven kinds. Read that column with care. The owners of the models report the numbers themselves, as of different months, and some of them trained on texts like those of the tasks. What nobody states is not guessed here: the table says *not stated*. Every figure has its source and its date below the table.

# %% quiz="09-q1"

# %% [markdown]
# A service asks for money per token. Your own machine costs money per hour, so its price depends on how many tokens it gets through in a second.

# %% [markdown] card="embedding_costs"
# ### Exercise: what a corpus costs
#
# Difficulty: easy. Importance: medium. Minutes: 8.
#
# `tokens` holds the number of tokens of each text. Both an API and your own machine cut every text at `limit` tokens, and neither counts what is cut off. The API asks a price for a million tokens; the machine works through so many tokens a second and costs so much an hour, and a part of an hour costs its share. Return both costs in dollars, not rounded. Raise a ValueError for a limit below 1, or a speed of 0 or less.


# %% answer="embedding_costs"
def embedding_costs(
    tokens: list[int],
    limit: int,
    dollars_per_million: float,
    tokens_per_second: float,
    dollars_per_hour: float,
) -> tuple[float, float]:
    """Return what it costs to embed all texts, in dollars: (by API, by your own machine).

    tokens: tokens of each text, 0 or more; limit: most tokens of a text that are read; prices: 0 or
    more. Raises ValueError for a limit below 1 and for a speed of 0 or less.

    Example: [2000, 500], limit 1000, 200 dollars a million, 10 tokens a second and 2.4 dollars an
    hour give (0.3, 0.1).
    """
    ### BEGIN SOLUTION
    if limit < 1 or tokens_per_second <= 0:
        raise ValueError(f"a limit of {limit} tokens, {tokens_per_second} tokens a second")
    read = sum(min(count, limit) for count in tokens)
    hours = read / tokens_per_second / 3_600
    return read / 1e6 * dollars_per_million, hours * dollars_per_hour
    ### END SOLUTION


# %% check="embedding_costs" points=1
check("embedding_costs", embedding_costs)

# %% hidden="embedding_costs" points=2 seed=23175

# %% [markdown] hints="embedding_costs"
# - **If both costs are wrong.** Count the tokens that are read first: for each text the smaller of its tokens and `limit`, then the sum. Both costs are of this one number.
# - **If one of the two costs is wrong.** By API: tokens / 1,000,000, times the price. By your own machine: tokens / speed are seconds, seconds / 3,600 are hours, hours times the price of an hour.
# - **If only what has to be refused goes wrong.** Before you count: `if limit < 1 or tokens_per_second <= 0: raise ValueError(...)`. No text at all is no error: it costs nothing.

# %% [markdown]
# How fast is this machine? We time a small sample, and reckon what larger models would need: a model does about two operations a token for each weight that multiplies, and we assume that it does as many operations a second as ours.

# %%
costs_ = yours("embedding_costs", embedding_costs, instead=table.embedding_costs)
sample, fast = course.passages[:96], throughput.fastest_precision(device)
way = {"here": lambda: throughput.encode(model, sample, precision=fast)}
timed = throughput.time_ways(way, texts=96, tokens=sum(counts[:96]), rounds=2)
pace = timed["here"].tokens_per_second
print(f"{pace:,.0f} tokens a second on this machine, in {fast}")

# %%
AN_HOUR = 0.10  # dollars for an hour of a small rented machine: put your own price here
million = counts * (1_000_000 // len(counts))  # as if the corpus had a million passages
work = MODELS["all-MiniLM-L6-v2"].flops_per_token()
for card in MODELS.values():
    speed = pace * work / card.flops_per_token() if card.parameters else 1.0
    price = card.dollars.value if card.is_service else 0.0
    service, own = (float(x) for x in costs_(million, card.max_tokens, price, speed, AN_HOUR))
    cost = f"${service:.2f}" if card.is_service else f"${own:.2f} on your own machine"
    print(f"{card.key:24} {cost:26} {card.index_bytes(len(million)) / 1e9:5.1f} GB of vectors")

# %% [markdown]
# A million short passages cost little by any service, and little on a small machine of your own with a small model. There a model of seven billion parameters is the dearest by far: it does hundreds of times the work for each token. (For such models graphics cards are rented.)

# %% [markdown]
# The last column is paid every month: vectors have to be stored and searched. Lesson 05 showed how to make them smaller.

# %% [markdown]
# ## 2. What a model wants before a text
#
# Many models were trained with a **prefix**: some words before each question, and other words before each document. The model learned from texts that had them. Without them your text looks unlike those that it was trained on.

# %% [markdown] card="with_prefix"
# ### Exercise: the right words before a text
#
# Difficulty: easy. Importance: high. Minutes: 10.
#
# Put before each text what its model's family wants, and change nothing else about it.
#
# | family | before a query | before a document |
# |---|---|---|
# | `e5` | `query: ` | `passage: ` |
# | `nomic` | `search_query: ` | `search_document: ` |
# | `bge` | `Represent this sentence for searching relevant passages: ` | |
# | `e5-mistral`, `gte-qwen2` | `Instruct: ` the task, a line break, `Query: ` | |
# | `minilm` | | |
#
# Each prefix ends in one space; families without a task ignore it. Raise a ValueError for another family (names are written as in the table), for a side that is neither `"query"` nor `"document"`, and for an empty task where the table asks for one, also if there are no texts.


# %% answer="with_prefix"
def with_prefix(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Return the texts as a model of this family wants them.

    family: a name of the table; side: "query" or "document"; task: what is searched for, in one
    sentence.
    Raises ValueError for another family or side, and for a task that is missing, without texts, too.

    Example: with_prefix("e5", ["Gout hurts."], "document") gives ["passage: Gout hurts."].
    """
    ### BEGIN SOLUTION
    told = f"Instruct: {task}\nQuery: "
    before = {
        "e5": ("query: ", "passage: "),
        "nomic": ("search_query: ", "search_document: "),
        "bge": ("Represent this sentence for searching relevant passages: ", ""),
        "e5-mistral": (told, ""),
        "gte-qwen2": (told, ""),
        "minilm": ("", ""),
    }
    if family not in before:
        raise ValueError(f"unknown family {family!r}")
    if side not in ("query", "document"):
        raise ValueError(f"unknown side {side!r}")
    query, document = before[family]
    prefix = query if side == "query" else document
    if prefix == told and not task:
        raise ValueError(f"{family} is told what is searched for: say it in task")
    return [prefix + text for text in texts]
    ### END SOLUTION


# %% check="with_prefix" points=1
check("with_prefix", with_prefix)

# %% hidden="with_prefix" points=2 seed=61937

# %% [markdown] hints="with_prefix"
# - **If a prefix stands where it does not belong.** Write the table as a dictionary from the family to a pair: what stands before a query, and what before a document. Where the table has nothing, the prefix is an empty text.
# - **If single characters are wrong.** Each prefix ends in one space, also `Query: `. The task stands in an f-string with a line break: `f"Instruct: {task}\nQuery: "`. Join by `prefix + text`, and leave the text alone.
# - **If only errors go wrong.** Before you look anything up: `if family not in before: raise ValueError(...)`, and the same for a side that is not in `("query", "document")`. An empty task is an error only before queries of the two families that are told one. `minilm` is a family, too, with two empty texts.

# %% [markdown]
# Does a prefix matter? We can try both ways of getting it wrong. Take the prefix that BGE puts before its questions (its documents have none), and three systems: our encoder, which never saw that prefix; a head trained on questions without it; and a head trained on the same questions with it.

# %%
prefix_ = yours("with_prefix", with_prefix, instead=prefixes.with_prefix)
generator = torch.Generator().manual_seed(SEED)
picked = torch.randperm(len(course.train), generator=generator)[:600].tolist()
plain = {"train": [course.train.queries[i] for i in picked], "asked": split.queries}
right = [course.train.positives[i] for i in picked]
told = {part: prefix_("bge", texts, "query") for part, texts in plain.items()}
print(told["train"][0])
for way, texts in {"plain": plain, "with the prefix": told}.items():
    middle = statistics.median(throughput.token_counts(model, texts["asked"]))
    print(f"tokens of the median question, {way}: {middle:.0f}")

# %%
passages = search.encode_cached(model, course.passages)
without = {part: search.encode_cached(model, texts) for part, texts in plain.items()}
with_it = {part: search.encode_cached(model, texts) for part, texts in told.items()}
answers = passages[right]
print(f"{len(right)} questions to learn from, {len(split)} to be judged by")

# %% [markdown]
# A head is the linear map of lesson 03, trained on vectors that are there already, so this takes seconds. Passages go through the head, too.


# %%
def head_for(vectors: torch.Tensor) -> finetune.ProjectionHead:
    """A head trained to match these questions, (600, dim), with their passages."""
    head = finetune.ProjectionHead(vectors.shape[1]).to(device)

    def step(rows):
        return losses.mnrl(head(vectors[rows.to(device)]), head(answers[rows.to(device)]))

    options = {"batch_size": 128, "epochs": 10, "keys": right, "seed": SEED, "progress": False}
    finetune.fit(head, len(vectors), step, **options)
    return head.requires_grad_(False)


# %%
def ndcg(queries: torch.Tensor, corpus: torch.Tensor, part=split) -> torch.Tensor:
    """nDCG@10 of each question, (q,)."""
    found = search.top_k(queries, corpus, 10)[1].tolist()
    ranked = [[course.ids[row] for row in rows] for rows in found]
    return metrics.ndcg_at_k(ranked, part.relevant, 10)


# %% quiz="09-q2"

# %%
systems = {
    "not trained": lambda vectors: vectors,
    "trained without": head_for(without["train"]),
    "trained with": head_for(with_it["train"]),
}

# %%
quality = {}
for name, head in systems.items():
    corpus = head(passages)
    quality[name] = [ndcg(head(queries["asked"]), corpus) for queries in (with_it, without)]
    found = [f"{float(one.mean()):.3f}" for one in quality[name]]
    print(f"{name:16} questions with the prefix {found[0]}, without it {found[1]}")

# %%
families = families_of(split)
effects = {
    name: significance.paired_interval(*both, groups=families) for name, both in quality.items()
}
show(
    *plots_paired.paired_differences(
        effects,
        title="What a prefix before the questions does",
        value_label="nDCG@10 with the prefix minus without it",
    )
)

# %%
claim(
    "A model that was trained with a prefix loses when it is forgotten; the two systems that were trained "
    "without it lose when it is added.",
    holds=effects["trained with"].low > 0
    and effects["trained without"].high < 0
    and effects["not trained"].high < 0,
    measured="nDCG@10 with the prefix minus without it: "
    + ", ".join(f"{name} {effects[name]}" for name in effects),
)

# %% [markdown] tags=["folded"]
# So the prefix belongs to the model, like its tokenizer. Look it up on the model card; the library of this course keeps a table. Note that nothing fails when it is wrong: the vectors look as before, and the search is worse. Would a short prefix cost less? Try "query: "; that of BGE is longer than most of these questions.

# %% [markdown]
# Why train with a prefix at all? We compare the two heads, each asked as it was trained.

# %%
fitting = quality["trained with"][0], quality["trained without"][1]
gained = significance.paired_interval(*fitting, groups=families)
print(f"trained and asked with the prefix, minus without it: nDCG@10 {gained}")

# %% [markdown]
# Here the prefix itself gains nothing that could be told from zero. Models have prefixes because they were trained on several tasks at once, in which the prefix tells a question from a document. You need it since the model expects it.

# %% [markdown]
# The instruction models go further. Their prefix is a whole sentence that says what you search for, such as *Given a patient's words, retrieve the clinical term*. It is put before the question only, so one index serves many tasks.

# %% [markdown]
# ## 3. What stands behind the limit
#
# Our model reads 256 tokens of a text: 254, and two special ones. What happens to the rest? Nothing: it is cut off, without a warning, and no vector knows about it. Longer texts are cut into **chunks**, each short enough to be read.

# %%
show(*diagrams.long_text(430, 254, 128, 32, 300))

# %% [markdown]
# Neighbouring chunks share some tokens, the **overlap**. Otherwise a sentence that lies across a cut would stand whole in no chunk.

# %% [markdown] card="chunk_spans"
# ### Exercise: chunks that lose no text
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Cut a text of `length` tokens, 0 or more, into chunks of at most `size`. Each after the first starts `overlap` tokens before the end of the one before it. Only the last chunk may be shorter than `size`; it is the first to end at `length`, so that none lies wholly inside the one before. Without a token there is no chunk. Raise a ValueError unless 0 <= `overlap` < `size`.


# %% answer="chunk_spans"
def chunk_spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Return the spans of the chunks, as (start, end) in tokens, the end exclusive.

    length: tokens of the text, 0 or more; size: most tokens of a chunk; overlap: tokens that
    neighbours share. Raises ValueError unless 0 <= overlap < size.

    Example: length 9, size 4 and overlap 1 give [(0, 4), (3, 7), (6, 9)].
    """
    ### BEGIN SOLUTION
    if overlap < 0 or overlap >= size:
        raise ValueError(f"an overlap of {overlap} tokens for chunks of {size}")
    spans: list[tuple[int, int]] = []
    end = 0
    while end < length:
        start = end - overlap if spans else 0
        end = min(start + size, length)
        spans.append((start, end))
    return spans
    ### END SOLUTION


# %% check="chunk_spans" points=1
check("chunk_spans", chunk_spans)

# %% hidden="chunk_spans" points=2 seed=40286

# %% [markdown] hints="chunk_spans"
# - **If your chunks start at wrong places or are too long.** The first starts at 0, each other at the end of the one before, less `overlap`. A chunk ends `size` tokens behind its start, the shared ones included. Starts lie `size - overlap` apart.
# - **If a chunk is missing or one is too many at the end.** The end of a chunk is `min(start + size, length)`. Go on while the last end is below `length`, and not longer: a chunk that starts later would lie inside the one before.
# - **If short texts or strange overlaps go wrong.** A text of 1 to `size` tokens is one chunk, one of 0 tokens none: `while end < length` from `end = 0` gives both. Compare `overlap` with 0 and with `size` before anything else.

# %% [markdown]
# Now long documents. We join twelve passages each, at random, and ask the validation questions again. This time the whole *document* that holds the answer has to be found, among fifty or so.

# %%
spans_ = yours("chunk_spans", chunk_spans, instead=chunking.spans)
made = long_documents.join_passages(course, split, each=12, documents=50, seed=SEED)
limit = chunking.content_limit(model)
read = long_documents.which_part_is_read(made, model.tokenizer, limit)
whole = search.encode_cached(model, made.texts)
print(f"{len(made.texts)} documents; the model reads the first {limit} tokens of each")
for part in ("read", "cut", "never read"):
    print(f"the answer of {read.count(part)} questions is {part}")

# %% [markdown]
# An answer is *cut* if the limit falls into its passage. We leave these out. Which share of the others is found among the first ten documents?

# %%
asked = without["asked"]
before = torch.tensor([part == "read" for part in read])
behind = torch.tensor([part == "never read" for part in read])


def recall(scores: torch.Tensor) -> torch.Tensor:
    """1.0 for each question whose document is among the ten best, else 0.0."""
    return long_documents.documents_found(scores, made, 10).cpu()


by_whole = recall(asked @ whole.T)
for name, some in {"before the limit": before, "behind it": behind}.items():
    print(f"answer {name}: recall@10 {metrics.bootstrap_interval(by_whole[some])}")
print(f"by chance: {10 / len(made.texts):.2f}")

# %% [markdown]
# What stands behind the limit is not found: the result is no better than chance, and may even be worse. (A likely reason: a question is attracted by documents that speak of its subject where they are read.)

# %% [markdown]
# Now in chunks of 64 tokens, with your spans. A span counts tokens; the tokenizer tells at which characters each token stands.


# %%
def chunks_of(document: str, size: int, overlap: int) -> list[str]:
    """The parts of a document that your spans name."""
    options = {"add_special_tokens": False, "return_offsets_mapping": True, "verbose": False}
    offsets = model.tokenizer(document, **options)["offset_mapping"]
    spans = spans_(len(offsets), size, overlap)
    return [document[offsets[first][0] : offsets[last - 1][1]] for first, last in spans]


# %%
parts = [chunks_of(document, 64, 16) for document in made.texts]
owner = torch.tensor([number for number, found in enumerate(parts) for _ in found])
chunks = search.encode_cached(model, [chunk for found in parts for chunk in found])
scores = asked @ chunks.T
print(f"{len(chunks)} chunks of {len(parts)} documents, scores {tuple(scores.shape)}")
print("for example:", parts[0][1][:70], "...")

# %% [markdown]
# Each chunk has a score. But we look for documents. What is the score of a document?

# %% quiz="09-q3"

# %% [markdown] card="best_chunk"
# ### Exercise: from chunks to documents
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# `scores` holds what each query gives each chunk, and `owner[c]` is the document, from 0, to which chunk `c` belongs; the chunks come in any order. Return for each query and document the highest score among the document's chunks; a document without a chunk gets minus infinity, and there may be no chunk at all. Scores may be of any sign. Raise a ValueError if an owner is below 0, or not below `documents`.


# %% answer="best_chunk"
def best_chunk(scores: torch.Tensor, owner: torch.Tensor, documents: int) -> torch.Tensor:
    """Return the scores of documents: of each the best of its chunks.

    scores: (q, chunks); owner: (chunks,) whole numbers, the document of each chunk; documents: how
    many there are, at least 1. Returns (q, documents), -inf where a document has no chunk.
    Raises ValueError for an owner that is below 0, or documents or more.

    Example: scores [[0.2, 0.7, 0.5]], owner [0, 0, 1] and 2 documents give [[0.7, 0.5]].
    """
    ### BEGIN SOLUTION
    if ((owner < 0) | (owner >= documents)).any():
        raise ValueError(f"an owner is none of {documents} documents")
    best = scores.new_full((scores.shape[0], documents), -torch.inf)
    return best.scatter_reduce(1, owner.expand_as(scores), scores, "amax")
    ### END SOLUTION


# %% check="best_chunk" points=1
check("best_chunk", best_chunk)

# %% hidden="best_chunk" points=2 seed=72430

# %% [markdown] hints="best_chunk"
# - **If the scores are those of other chunks.** A document has the highest of its chunks' scores. `scatter_reduce(1, index, scores, "amax")` keeps, at column `index[q, c]`, the higher of what stands there and `scores[q, c]`.
# - **If scores below 0 or documents without a chunk go wrong.** Begin with a table (q, documents) of minus infinity: `scores.new_full((q, documents), -torch.inf)`. Whatever a chunk scores is higher, and what no chunk reaches stays.
# - **If documents are mixed up, or strange owners are no error.** The column is `owner[c]`, for every query alike: `owner.expand_as(scores)`. Before that look whether any owner is below 0, or not below `documents`.

# %%
best_ = yours("best_chunk", best_chunk, instead=chunking.best_of_chunks)
owner = owner.to(device)
ways = {
    "whole text": by_whole,
    "mean of chunks": recall(chunking.mean_of_chunks(scores, owner, len(made.texts))),
    "best chunk": recall(torch.as_tensor(best_(scores, owner, len(made.texts)))),
}
for name, found in ways.items():
    ends = [metrics.bootstrap_interval(found[some]) for some in (before, behind)]
    print(f"{name:15} recall@10 before the limit {ends[0]}, behind it {ends[1]}")

# %% [markdown]
# The two columns are different questions, so compare down a column and not across. How sure are the differences?


# %%
def gained_over(name: str, some: torch.Tensor):
    """The paired interval of the best chunk less another way, for `some` of the questions."""
    groups = [family for family, chosen in zip(families, some.tolist()) if chosen]
    return significance.paired_interval(ways["best chunk"][some], ways[name][some], groups=groups)


# %%
gain = {
    f"best chunk less {name}": gained_over(name, behind)
    for name in ("whole text", "mean of chunks")
}
early = gained_over("whole text", before)
show(
    *plots_paired.paired_differences(
        gain | {"before the limit: less whole text": early},
        title="What the best chunk gives, answers behind the limit and before it",
        value_label="difference of recall@10, questions drawn by families",
    )
)

# %%
claim(
    "Text behind the limit is invisible; in chunks it is found, if the best chunk counts and not the mean.",
    holds=float(by_whole[behind].mean()) < 10 / len(made.texts) + 0.05
    and gain["best chunk less whole text"].low > 0.2
    and gain["best chunk less mean of chunks"].low > 0,
    measured=f"whole text {metrics.bootstrap_interval(by_whole[behind])} behind the limit, by chance "
    f"{10 / len(made.texts):.2f}; "
    + ", ".join(f"{name} {interval}" for name, interval in gain.items()),
)

# %% [markdown] tags=["folded"]
# The mean over chunks asks whether the *whole* document is about the question, which few are. The maximum asks whether there is a place in it that answers. That is the idea of MaxSim from lesson 06, one level higher.

# %% [markdown]
# Look at the last row of the figure, too: answers *before* the limit. Chunks find these no worse, and rather better, though the model had read them: a likely reason is that one vector for eight subjects or so says little about each. So do not trust a large limit: measure whether chunks are better.

# %% [markdown]
# What you wrote cuts anywhere, in the middle of a word if need be. The library's `chunking.chunk_texts` looks for the end of a sentence, or at least of a word, and loses no character.

# %%
found = chunking.chunk_texts(made.texts[:1], model.tokenizer, 64, 16)
for chunk in found[:3]:
    print(f"{chunk.tokens:3} tokens: {chunk.text[:34]!r} ... {chunk.text[-24:]!r}")

# %% [markdown]
# A chunker that loses text does not fail either. Nobody misses a sentence that is in no chunk, until somebody asks for it. So it needs a test.

# %% [markdown] card="break_chunker"
# ### Exercise: break it
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# `chunk(length, size, overlap)` returns spans by the rules of the exercise on chunks above. Return cases, with 0 <= `overlap` < `size` and a `length` from 0 to 10,000, that right versions pass and of which each of 22 suspects (wrong versions) fails at least one: they lose text, repeat it, or make chunks that a model cannot read. A handful of cases is enough, 2,000 are the most. Work the spans out by hand: a test that asks your own chunker cannot find its mistakes.


# %% answer="break_chunker"
def break_chunker() -> list:
    """Return test cases for a chunker.

    Each case is (length, size, overlap, expected: list of (start, end)).

    Example of one case: (6, 4, 1, [(0, 4), (3, 6)]).
    """
    ### BEGIN SOLUTION
    return [
        (10, 4, 1, [(0, 4), (3, 7), (6, 10)]),
        (11, 6, 1, [(0, 6), (5, 11)]),
        (5, 3, 0, [(0, 3), (3, 5)]),
        (6, 5, 1, [(0, 5), (4, 6)]),
        (8, 6, 4, [(0, 6), (2, 8)]),
        (4, 4, 0, [(0, 4)]),
        (2, 8, 3, [(0, 2)]),
        (0, 4, 1, []),
    ]
    ### END SOLUTION


# %% check="break_chunker" points=1
check("break_chunker", break_chunker)

# %% hidden="break_chunker" points=2 seed=58391

# %% [markdown] hints="break_chunker"
# - **If a suspect passes that loses or moves the rest.** Let a case need three chunks, of which the last is shorter than the others; in another let a single token be left over.
# - **If a suspect passes whose overlap is wrong.** Give a case three chunks and an overlap that is above 0 and not half the size, and work out each start by hand: the end before it, less the overlap. Add a case of two chunks with overlap 0.
# - **If a suspect passes that goes wrong at the edges.** Add a text that a full chunk ends exactly, one as long as a chunk, one shorter than the overlap, one of 0 tokens, and one with an overlap of half a chunk or more.

# %% quiz="09-q4"

# %% [markdown]
# ## 4. Decoder models
#
# Two models of the table have seven billion parameters: GTE-Qwen2 and E5-Mistral. They were language models first, **decoders**, which write one token after another. In a decoder a token sees itself and the tokens *before* it. So the first token knows nothing of the text behind it, and the mean is full of such half-read tokens. Only the last token has seen all, and its vector is taken.

# %% [markdown]
# E5-Mistral works so. GTE-Qwen2 was changed to look both ways, as an encoder does, and kept the last token and the padding of a decoder. (Our source for that is its [model card](https://huggingface.co/Alibaba-NLP/gte-Qwen2-7B-instruct).)

# %%
show(*diagrams.pooled_tokens())

# %% [markdown]
# Two details decide whether the last token is the right one. A special *end token* is put behind each text, and the model learned to gather the meaning there. And the batch is padded on the **left**, so that the last place of every row is that token.

# %% [markdown] card="left_pad_with_end"
# ### Exercise: a batch for a decoder
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Cut each sequence to its first `limit - 1` tokens, append the end token always, and pad on the left, so that all are as long as the longest then is. Return the ids and a mask, 1 for a real token and 0 for padding; the end token is real. The padding id may be that of a token or of the end. `limit` is at least 1; an empty batch gives two empty lists.


# %% answer="left_pad_with_end"
def left_pad_with_end(
    sequences: list[list[int]], end: int, pad: int, limit: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Return a batch as a decoder is fed: each row ends in the end token, padding on the left.

    sequences: token ids without special ones, of any lengths; end, pad: token ids; limit: most
    tokens of a row, at least 1. Returns (ids, mask), each one list a sequence, all of one length.

    Example: [[5, 6, 7, 8], [9]] with end 2, pad 0 and limit 3 give
    ([[5, 6, 2], [0, 9, 2]], [[1, 1, 1], [0, 1, 1]]).
    """
    ### BEGIN SOLUTION
    rows = [sequence[: limit - 1] + [end] for sequence in sequences]
    longest = max((len(row) for row in rows), default=0)
    missing = [longest - len(row) for row in rows]
    ids = [[pad] * count + row for count, row in zip(missing, rows)]
    mask = [[0] * count + [1] * (longest - count) for count in missing]
    return ids, mask
    ### END SOLUTION


# %% check="left_pad_with_end" points=1
check("left_pad_with_end", left_pad_with_end)

# %% hidden="left_pad_with_end" points=2 seed=87514

# %% [markdown] hints="left_pad_with_end"
# - **If tokens or the end token are missing or too many.** First finish each row by itself: `sequence[: limit - 1] + [end]`. So there is always room for the end token, and a row has `limit` tokens at most.
# - **If the padding is wrong.** The width is the length of the longest finished row, not the limit. What a row lacks stands before it: `[pad] * count + row`, and nothing stands behind the end token.
# - **If the ids are right and the mask is not.** Count, do not compare: as many zeros as the row has padding, then a one for each token of the finished row. An id does not tell whether it is padding. For an empty batch `max` needs `default=0`.

# %% [markdown]
# The real models are files of many gigabytes. Where a hub can be reached, `load_by_name` loads them by their names: it compares the pooling of the files with that of the card, sets the padding side, adds the end token where it is missing, and knows the prefixes. For one of them it asks a question first.

# %%
try:
    load_by_name("gte-Qwen2-7B-instruct")
except ValueError as error:
    print(error)

# %% [markdown]
# Loading a model may run a stranger's Python program on your machine. That is what `trust_remote_code` means; read the program before you agree. The other open models of our table do not need it.

# %% [markdown]
# Here we try the same loading code on a tiny model of the same architecture, Qwen2, with random weights. It looks backwards only, as plain Qwen2 does. It knows nothing, but its texts are fed and pooled in the same way.

# %%
folder = tempfile.TemporaryDirectory()
make_tiny("qwen2", folder.name)
small = load_by_name("gte-Qwen2-7B-instruct", folder=folder.name, device="cpu")
inner, tokenizer = small.model[0].auto_model, small.model.tokenizer
few = ["heart of a child", "kidney"]
sequences = tokenizer(few, add_special_tokens=False)["input_ids"]
print(sequences, "end:", tokenizer.eos_token_id, "padding:", tokenizer.pad_token_id)


# %%
@torch.no_grad()
def at_the_end(ids, mask) -> torch.Tensor:
    """The unit vectors of the last places of a batch, (batch, dim)."""
    ids, mask = torch.as_tensor(ids), torch.as_tensor(mask)
    tokens = inner(ids, attention_mask=mask).last_hidden_state
    return pooling.normalize(tokens[:, -1])


# %%
batch_ = yours("left_pad_with_end", left_pad_with_end, instead=text.end_and_pad)
end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
ids, mask = batch_(sequences, end, pad, small.model.max_seq_length)
print(ids, mask)
mine = at_the_end(ids, mask)
theirs = small.encode(few, "document")
apart = float((mine - theirs).abs().max())
print(f"largest difference to the library's vectors: {apart:.1e}")

# %% [markdown]
# And padded on the right, as an encoder would be? The last place of the short text is then padding.

# %%
at_padding = at_the_end(*text.pad_tokens([s + [end] for s in sequences], pad))
cosine = (at_padding * theirs).sum(dim=1)
print(f"cosine to the right vector: long text {cosine[0]:.3f}, short text {cosine[1]:.3f}")

# %%
claim(
    "Padded on the left, the last place holds the end token of every text; padded on the right, it holds "
    "padding for all but the longest.",
    holds=apart < 1e-4 and float(cosine[0]) > 0.999 and float(cosine[1]) < 0.99,
    measured=f"left: difference to the library {apart:.1e}; right: cosine {float(cosine[0]):.3f} for "
    f"the longest text, {float(cosine[1]):.3f} for the other",
)

# %% [markdown] tags=["folded"]
# The longest text of a batch comes out right either way. So the mistake shows only in some texts, and only in some batches: try a single text, and all is well.

# %% quiz="09-q5"

# %% [markdown]
# ## 5. Embedding services
#
# Three models of the table are services, of two vendors: OpenAI and Voyage. Each vendor has a Python client of its own; we call these two, and those of Cohere and Google besides. The lesson starts a server on this machine that speaks the same protocols. Our own model answers behind it, so nothing leaves your computer, and nothing costs money.

# %% [markdown]
# Have you a key? Then the cells below that call the clients of OpenAI, Cohere and Voyage can ask these services themselves, for far less than a cent. (Google's cell, and those about what can go wrong, always ask our server.) You have to say so, before you start `course lab`: set the variable `COURSE_REAL_SERVICES` to `openai` (or to several, `openai,voyage`), beside the key in `OPENAI_API_KEY`, `CO_API_KEY` or `VOYAGE_API_KEY`. A key alone changes nothing.


# %%
def answer(texts: list[str]) -> torch.Tensor:
    return search.encode_cached(model, texts, progress=False)


ready = not providers.missing_clients()
if ready:
    server = providers_offline.OfflineServer(answer)
    print("a server for this lesson at", server.url)
else:
    print("The calls below are left out: run `pip install 'embeddings-course[api]'`,")
    print("restart the kernel")

# %%
if ready:
    import openai

    where = providers_offline.connection("openai", server)
    client = openai.OpenAI(**where)
    print("who answers:", where.get("base_url", "OpenAI itself"))

# %%
if ready:
    said = client.embeddings.create(model="text-embedding-3-small", input=split.queries[:2])
    numbers, tokens = len(said.data[0].embedding), said.usage.total_tokens
    print(f"{len(said.data)} vectors of {numbers} numbers, {tokens} tokens to pay")
    print(f"a million such calls: ${tokens * 0.02:.2f}")

# %% [markdown]
# (The real model has 1,536 numbers; behind our server stands ours, with fewer. Our server counts each word and each sign as one token; the real service would count more. The last line takes the price of the table, 0.02 dollars for a million tokens.)

# %% [markdown]
# OpenAI's models can give shorter vectors: `dimensions` says how many numbers. They were trained for it, as in lesson 05, and the service cuts and rescales. How do numbers travel over the network? As text, and to save room as **base64**: four bytes a number, written in letters. The client hides it. Below is what came over the wire.

# %%
call = {"model": "text-embedding-3-small", "input": split.queries[:1]}
if ready:
    raw = client.embeddings.with_raw_response.create(**call, encoding_format="base64")
    payload = raw.http_response.json()["data"][0]["embedding"]
    print(payload[:60], "...", len(payload), "letters")

# %% [markdown] card="decode_vector"
# ### Exercise: unpack and shorten a vector
#
# Difficulty: medium. Importance: medium. Minutes: 10.
#
# A service sends a vector as text: the bytes of its numbers (float32, little-endian, four bytes each) in base64. Return the first `dim` numbers, at least 1, as a float32 tensor, divided by its length (the root of the sum of its squares), so that its length is 1. The vector that comes may have any length, and what you keep of it is never only zeros. Raise a ValueError if fewer than `dim` numbers came.


# %% answer="decode_vector"
def decode_vector(payload: str, dim: int) -> torch.Tensor:
    """Return the vector that a service sent, cut to its first numbers and of length 1 again.

    payload: base64 of little-endian float32; dim: how many numbers to keep, at least 1.
    Returns (dim,) float32. Raises ValueError if fewer than dim numbers came.

    Example: "AABAQAAAgEAAAEBB" holds 3, 4 and 12; with dim 2 it gives [0.6, 0.8].
    """
    ### BEGIN SOLUTION
    numbers = np.frombuffer(base64.b64decode(payload), dtype="<f4")
    if dim > len(numbers):
        raise ValueError(f"fewer than {dim} numbers came")
    first = torch.tensor(numbers[:dim])
    length = (first**2).sum() ** 0.5
    return first / length
    ### END SOLUTION


# %% check="decode_vector" points=1
check("decode_vector", decode_vector)

# %% hidden="decode_vector" points=2 seed=17068

# %% [markdown] hints="decode_vector"
# - **If your numbers make no sense.** `base64.b64decode(payload)` gives the bytes, four of them a number. `np.frombuffer(..., dtype="<f4")` reads them: `<` says that the lowest byte comes first, `f4` that a number is a float of four bytes.
# - **If each number is off by the same factor.** Cut first, then divide by the length of what is left: the root of the sum of the squares. Its length is below that of the whole vector.
# - **If the wrong numbers are left, or too few are no error.** Keep `numbers[:dim]`. A slice does not complain if there are fewer: compare `dim` with `len(numbers)` before.


# %%
decode_ = yours("decode_vector", decode_vector, instead=providers.decode_vector)
if ready:
    short = client.embeddings.create(**call, dimensions=64).data[0].embedding
    difference = float((decode_(payload, 64) - torch.tensor(short)).abs().max())
    print(f"cut by you and by the service: largest difference {difference:.1e}")

# %% [markdown]
# What you cut yourself is what the service would have sent. So ask once for the long vector, keep it, and cut later as you like. (Our server does here what OpenAI documents for `dimensions`; check it once on the real service. And this shows equality, not quality: our model was not trained for short vectors.)

# %% [markdown]
# The other three clients can also be told on which **side** a text stands, which OpenAI's cannot. What a prefix does is then the service's business. The names differ: Cohere and Voyage call it `input_type`, Google Vertex AI `task_type`.

# %%
one = split.queries[:1]
if ready:
    import voyageai

    voyage = voyageai.Client(**providers_offline.connection("voyage", server))
    found = voyage.embed(one, model="voyage-3", input_type="query").embeddings
    print("Voyage:", len(found[0]), "numbers")

# %%
if ready:
    import cohere

    coheres = cohere.ClientV2(**providers_offline.connection("cohere", server))
    kind = {"input_type": "search_query", "embedding_types": ["float"]}
    found = coheres.embed(texts=one, model="embed-english-v3.0", **kind).embeddings.float_
    print("Cohere:", len(found[0]), "numbers")

# %%
if ready:
    from google import genai
    from google.oauth2.credentials import Credentials

    place = genai.types.HttpOptions(base_url=server.base_url("google"))
    key = Credentials(token=server.token)  # with an account: leave `credentials` and `place` away
    account = {"project": "mine", "location": "us-central1", "credentials": key}
    google = genai.Client(vertexai=True, http_options=place, **account)
    config = genai.types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=256)
    found = google.models.embed_content(model="text-embedding-005", contents=one, config=config)
    print("Google:", len(found.embeddings[0].values), "numbers")

# %% [markdown]
# (Older tutorials call Google's `textembedding-gecko`. It is retired, and text-embedding-005 and the Gemini models took its place.)

# %% [markdown]
# ### What can go wrong
#
# A network is between you and the model. First: a wrong key. The service answers with the status 401.

# %%
if ready:
    stranger = openai.OpenAI(api_key="wrong", base_url=server.base_url("openai"))
    try:
        stranger.embeddings.create(**call)
    except openai.AuthenticationError as error:
        print(error.status_code, "-", str(error)[:76])

# %% [markdown]
# Second: too many requests in a minute, status 429. The server says how long to wait (the header *Retry-After*). Good code waits that long, and a random moment more, so that a hundred clients do not come back at the same instant; and it gives up after some tries. The library's provider does so around any of the four clients. We tell our server to refuse twice.

# %%
if ready:
    provider = providers_offline.offline_provider("openai", server=server)
    server.fail(next=2, status=429)
    vectors = provider.embed(split.queries[:8], side="query", progress=False)
    print(tuple(vectors.shape), provider.usage)

# %% [markdown]
# Three requests for eight texts: two were refused, the third was answered. Nothing was lost, and the caller did not have to know.

# %% quiz="09-q6"

# %% [markdown]
# Third: a text that is too long. OpenAI refuses it. Others cut it without a word unless told not to: look for `truncation` (Voyage), `truncate` (Cohere) and `auto_truncate` (Google). The library's provider turns cutting off for all of them, and its message names the text.

# %%
too_long = "The kidney is enlarged. " * 2_000
if ready:
    try:
        provider.embed([split.queries[0], too_long], side="document", progress=False)
    except providers.TextTooLongError as error:
        print(str(error)[:230])

# %% [markdown]
# A refusal is kinder than a silent cut, so ask for it: you know at once, and make chunks.

# %% [markdown]
# Fourth: requests have a size limit as well. OpenAI takes at most 2,048 texts in one. The provider sends several, keeps the order, and sends a text that comes twice once only.

# %%
if ready:
    earlier, planned = server.requests, len(providers.batches(course.passages, provider.card))
    again = provider.embed(course.passages, side="document", progress=False)
    same = float((again.to(device) - passages).abs().max())
    print(f"{len(again):,} passages in {server.requests - earlier} requests ({planned} planned)")
    print(f"largest difference to our own vectors {same:.1e}")
    server.close()

# %% [markdown]
# ## 6. Throughput
#
# Your corpus has a million texts, and you run the model yourself. How many texts a second does it encode? There are four levers: how many texts go in at once, in which order, in which precision, and by which program.

# %% [markdown]
# Timings on a busy machine are noisy. So the ways take turns, two or three rounds of them, and the median of a way's seconds counts. How many times as fast one way is as another is taken within each round, whose ways share its disturbances, and the median of these ratios is shown: it need not be the quotient of the two speeds.

# %% quiz="09-q7"

# %%
short_texts, sizes = split.queries[:64], [1, 2, 4, 8, 16, 32, 64]
ways = throughput.ways(model, short_texts, sizes, by_length=False)
ways[64]()  # once without the clock: the first call allocates memory
runs = throughput.time_ways(ways, texts=64, rounds=3, warm_up=False)
for size, one in runs.items():
    gained = throughput.speed_up(one, runs[1])
    print(f"batch {size:2}: {one.texts_per_second:6.0f} texts a second, {gained:.1f} times batch 1")

# %% [markdown] card="pick_batch_size"
# ### Exercise: choose by measurements
#
# Difficulty: easy. Importance: medium. Minutes: 10.
#
# `seconds[b]` holds the seconds of several runs, each of which encoded the same `texts` texts with batch size `b`. The throughput of a batch size is `texts` divided by the median of its runs; of an even number of runs that is the mean of the two in the middle. Return the smallest batch size whose throughput is at least `1 - within` times the best one. The sizes stand in the dictionary in any order.


# %% answer="pick_batch_size"
def pick_batch_size(seconds: dict[int, list[float]], texts: int, within: float = 0.05) -> int:
    """Return the smallest batch size that is nearly as fast as the fastest.

    seconds: {batch size: seconds of each run}, at least one size and one run of each; texts: how
    many texts a run encodes; within: the share of the best throughput that may be missing, 0 to 1.

    Example: {4: [2.0], 8: [1.25], 16: [1.0, 1.5, 1.125]} with 100 texts and within 0.2 give 8.
    """
    ### BEGIN SOLUTION
    medians = {size: statistics.median(runs) for size, runs in seconds.items()}
    speeds = {size: texts / median for size, median in medians.items()}
    enough = (1 - within) * max(speeds.values())
    chosen = [size for size, speed in speeds.items() if speed >= enough]
    return min(chosen)
    ### END SOLUTION


# %% check="pick_batch_size" points=1
check("pick_batch_size", pick_batch_size)

# %% hidden="pick_batch_size" points=2 seed=95602

# %% [markdown] hints="pick_batch_size"
# - **If a slow or a fast run changes your choice.** `statistics.median(times)` sorts by itself and takes the mean of the two in the middle; `torch.median` takes the lower one. Throughput is `texts` divided by the median: more is better.
# - **If you choose too small or too large a size.** Find the best throughput of all sizes first. A size is fast enough if its throughput is `(1 - within)` times the best or more; a size that just reaches it counts.
# - **If your answer is no batch size, or one that is not the smallest.** Collect the sizes, the keys of the dictionary, that are fast enough, and take `min` of them as numbers.


# %%
pick_ = yours("pick_batch_size", pick_batch_size, instead=throughput.pick_batch_size)
chosen = pick_({size: one.seconds for size, one in runs.items()}, 64, 0.1)
print(f"within 10% of the fastest, the smallest batch size is {chosen}")

# %%
first, last = throughput.speed_up(runs[8], runs[1]), throughput.speed_up(runs[64], runs[8])
claim(
    "Throughput does not grow in step with the batch size: from 8 to 64 texts at once, eight times as many, "
    "it grows by far less than eight times.",
    holds=first > 1.2 and last < 4 and first * last < 20,
    measured=f"8 texts at once are {first:.1f} times as fast as one, 64 are {last:.1f} times as fast as 8",
)

# %% [markdown] tags=["folded"]
# A single short text cannot keep the processor busy: much time goes into calling one operation after another. With more texts the multiplications fill it. Then a larger batch gains little more, and may even lose: it is as wide as its longest text, so padding grows. (A graphics card needs larger batches before it is full.)

# %% [markdown]
# For longer texts padding decides. A batch is as wide as its longest text; the others are filled up with padding, and the model computes on padding as on words. We can count that without a clock.

# %%
shuffled = [counts[i] for i in torch.randperm(len(counts), generator=generator).tolist()]
padded = {
    name: [throughput.padded_tokens(shuffled, size, by_length=ordered) for size in sizes]
    for name, ordered in {"in random order": False, "sorted by length": True}.items()
}
per_token = {name: [one / sum(counts) for one in many] for name, many in padded.items()}
for name, many in per_token.items():
    print(f"{name:17} tokens computed per real token:", [f"{one:.2f}" for one in many])

# %%
show(
    plots.curve(
        sizes,
        per_token,
        title="What padding costs, all passages of the course",
        x_label="texts in a batch",
        y_label="tokens computed for each real token",
        log_x=True,
    ),
    alt="Tokens computed for each real token, over the batch size from 1 to 64: "
    + "; ".join(f"{name} from {many[0]:.2f} to {many[-1]:.2f}" for name, many in per_token.items())
    + ".",
)

# %% [markdown]
# In random order, most of the work at large batches is done on padding. Sorted by length, nearly none is. So sort before you batch, and put the vectors back into their order afterwards; `model.encode` does so by itself.

# %% [markdown]
# The third lever is precision: products in 16 bits (*bfloat16*, lesson 05), where the processor has them. The fourth is another program. **ONNX** is a file format for networks, and ONNX Runtime runs such files without torch. It can also store weights in 8 bits (*int8*) and multiply whole numbers. Exporting takes a while, once.

# %%
missing = onnx_export.missing_packages()
if missing:
    print("ONNX is left out here: run `pip install 'embeddings-course[onnx]'`, restart the kernel")
else:
    exported = onnx_export.export_onnx(model)
    smaller = onnx_export.quantize_int8(exported)
    for file in (exported, smaller):
        print(f"{file.suffix} file of {file.stat().st_size / 1e6:.0f} MB")

# %%
some = torch.randperm(len(counts), generator=generator)[:32].tolist()
mixed = [course.passages[i] for i in some]
ways = {
    "in random order": lambda: throughput.encode(model, mixed, 8, by_length=False),
    "sorted": lambda: throughput.encode(model, mixed, 8),
}

# %%
if fast == "bfloat16":
    ways |= {"sorted, 16 bits": lambda: throughput.encode(model, mixed, 8, precision=fast)}
else:
    print("16 bits: this processor has no fast products of them, so they are not timed")
if not missing:
    by_onnx, by_int8 = (onnx_export.OnnxEncoder(model, file) for file in (exported, smaller))
    ways |= {"sorted, ONNX": lambda: by_onnx.encode(mixed, 8)}
    ways |= {"sorted, ONNX int8": lambda: by_int8.encode(mixed, 8)}

# %%
timed = throughput.time_ways(ways, texts=len(mixed), rounds=2)
exact = ways["sorted"]().cpu()
for name, one in timed.items():
    gained = throughput.speed_up(one, timed["in random order"])
    near = float((ways[name]().cpu() * exact).sum(dim=1).min())
    speed = f"{one.texts_per_second:5.0f} texts a second, {gained:.1f} times the first way"
    print(f"{name:18} {speed}, cosine {near:.4f}")

# %% [markdown]
# Sorting gains less here than in the figure. Batches of 8 hold less padding than batches of 64, and 32 texts are few: even sorted, a batch holds unequal lengths. Nor does the time follow the tokens alone.

# %% [markdown]
# The last number of each line above is the smallest cosine between a vector and the one in full precision. Four digits hide small errors, and an export can go wrong unseen. So we ask for the largest difference of a single number, too.

# %%
if not missing:
    apart = float((by_onnx.encode(mixed, 8) - exact).abs().max())
    claim(
        "ONNX Runtime gives the vectors of torch, to 0.0001 in every number.",
        holds=apart < 1e-4,
        measured=f"largest difference of a number {apart:.1e}, in {len(mixed)} vectors",
    )

# %% [markdown]
# Whether 16 bits or int8 are faster depends on your processor: the lines above are yours. What do they cost in quality? We ask the questions in either, and search the same passages. (Where the processor has no fast products in 16 bits, torch emulates them: each is rounded as it should be, only slowly.)

# %%
exact = throughput.encode(model, split.queries)  # float32
by_way = {"16 bits": throughput.encode(model, split.queries, precision="bfloat16")}
if not missing:
    by_way["int8"] = by_int8.encode(split.queries).to(device)
cheaper = {}
for name, vectors in by_way.items():
    both = ndcg(vectors, passages), ndcg(exact, passages)
    cheaper[name] = significance.paired_interval(*both)
    moved = float((vectors - exact).abs().max())
    print(f"questions in {name}: numbers move by {moved:.4f} at most, nDCG@10 by {cheaper[name]}")

# %%
claim(
    "Sorting by length spares most of the padding; asking in fewer bits costs the search less than .03.",
    holds=per_token["sorted by length"][-1] < per_token["in random order"][-1] / 2
    and all(interval.low > -0.03 for interval in cheaper.values()),
    measured=f"batch 64: {per_token['in random order'][-1]:.2f} tokens computed for a real one, sorted "
    f"{per_token['sorted by length'][-1]:.2f}; sorted {throughput.speed_up(timed['sorted'], timed['in random order']):.1f} "
    "times as fast; nDCG@10: " + ", ".join(f"{name} {one}" for name, one in cheaper.items()),
)

# %% [markdown] tags=["folded"]
# The cheapest lever of all is none of the four: do not encode a text twice. That is why this course keeps vectors on disk.

# %% [markdown]
# ## 7. Which model for your data?
#
# A leaderboard puts models into an order. Will it be the order on your data? We take five systems that run here, and three sets: the course's own; descriptions of attacks on computers (MITRE ATT&CK, lesson 08), where a sentence from a report looks for the technique; and the documentation of Python packages, where the first sentence of a docstring looks for the rest.

# %%
glove = load_word_vectors()
trained = systems["trained without"]


def averaged(texts: list[str]) -> torch.Tensor:
    words = [text.split_words(one) for one in texts]
    return pooling.normalize(word_vectors.average_words(glove, words)).to(device)


def by(encode):
    """A system that searches by the vectors of `encode`."""
    return lambda texts, queries, k: search.top_k(encode(queries), encode(texts), k)[1]


# %%
def encoded(texts: list[str]) -> torch.Tensor:
    return search.encode_cached(model, texts)


rivals = {
    "averaged word vectors": by(averaged),
    "BM25": lambda texts, queries, k: BM25(texts).top_k(queries, k)[1],
    "encoder, first 64 numbers": by(lambda t: pooling.normalize(encoded(t)[:, :64])),
    "encoder": by(encoded),
    "encoder with a head": by(lambda t: trained(encoded(t))),
}

# %% [markdown]
# The head is that of section 2, trained on the course's questions. Of these five systems it leads on the course's set by far. Will it lead on the other two?

# %% quiz="09-q8"

# %%
small_set = 700 if PROFILE == "fast" else None
domains = {name: load_domain(name, PROFILE) for name in ("course", "attack", "docstrings")}
judged = {
    name: judge(one, one.validation, rivals, small_set if name == "docstrings" else None)
    for name, one in domains.items()
}
for name, found in judged.items():
    print(f"{name}: {len(domains[name].validation)} questions")
    for system in order_of(found):
        print(f"    {system:26} nDCG@10 {metrics.bootstrap_interval(found[system])}")

# %%
leads = {}
for name, found in judged.items():
    groups = families_in(domains[name], domains[name].validation)
    for rival in ("encoder", "BM25"):
        both = found["encoder with a head"], found[rival]
        leads[f"{name}: less {rival}"] = significance.paired_interval(*both, groups=groups)
show(
    *plots_paired.paired_differences(
        leads,
        title="The lead of the trained head, on three sets",
        value_label="difference of nDCG@10, questions drawn by families",
    )
)

# %%
others = [f"{name}: less encoder" for name in ("attack", "docstrings")]
far = min(
    float(found["encoder"].mean() - found["averaged word vectors"].mean())
    for found in judged.values()
)
claim(
    "A lead on one leaderboard is no lead on your data: what training gained on the course's set is not there "
    "on the two others. On all three the encoder is far before averaged word vectors.",
    holds=leads["course: less encoder"].low > 0
    and all(leads[name].high < leads["course: less encoder"].low for name in others)
    and far > 0.1,
    measured=", ".join(f"{name} {leads[name]}" for name in leads)
    + f"; encoder less averaged words at least {far:.2f} on each set",
)

# %% [markdown] tags=["folded"]
# That is not the head's fault: it learned what it was shown. Look at the three lists again: which systems kept their order? Where differences are large, a leaderboard is a fair guide. A small lead is not, nor is one that was won by training on the leaderboard's own kind of question.

# %% [markdown] tags=["folded"]
# Mind the head's lead over BM25, too: compare it on the three sets in the figure. So take three candidates from the table, a hundred questions of your own with their answers, and an afternoon. No leaderboard can replace it.

# %% [markdown]
# ## 8. On the leaderboard
#
# Which row does this lesson add? In practice passages are encoded once, at leisure, and questions one by one, while somebody waits. So the row takes the passages' vectors as they are kept, and questions by the small int8 file (in full precision where ONNX is not installed).

# %%
queries = course.test.queries
in_float32 = throughput.encode(model, queries)
test_vectors = in_float32 if missing else by_int8.encode(queries).to(device)
name = f"{MODEL}, questions in " + ("float32" if missing else "int8")
found = search.top_k(test_vectors, passages, 10)[1].tolist()
row = leaderboard.evaluate(
    name, "09", [[course.ids[i] for i in rows] for rows in found], course.test
)
leaderboard.save(row)
print("nDCG@10", row.ndcg_at_10, " recall@10", row.recall_at_10, " MRR@10", row.mrr_at_10)

# %%
full = search.top_k(in_float32, passages, 10)[1].tolist()
in_full = metrics.ndcg_at_k(
    [[course.ids[i] for i in rows] for rows in full], course.test.relevant, 10
)
print("questions in full precision: nDCG@10", metrics.bootstrap_interval(in_full))

# %%
board = leaderboard.board(row)
show(
    plots.leaderboard(board),
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}, {name.partition(', ')[2]}")

# %% [markdown]
# The two numbers are close; the int8 file, where ONNX is installed, has a quarter of the size. This lesson was not about a better ranking, but about one that is about as good for less.

# %% quiz="09-q9"

# %% [markdown]
# ## Takeaways
#
# - Before you measure, read the card: limit, pooling, prefixes, size or price, licence, and as of when each figure is stated.
# - A prefix belongs to the model. Forgetting it harms a model that was trained with it; adding one harms a model that was not. Nothing fails when it is wrong.
# - What stands behind the limit is in no vector. Cut long texts into overlapping chunks, and let the best chunk speak for its document.
# - Decoders are padded on the left and pooled at the end token.
# - Services differ in names, in limits, and in what they do with a text that is too long: look it up. Expect 401, 429 and refusals of long texts, wait as long as you are told, and keep what you paid for.
# - Throughput: a batch of moderate size, sorted by length, in 16 bits or int8 where your processor has them and your questions lose nothing; and nothing twice.
# - A leaderboard measures its own data. Measure yours.

# %% [markdown]
# ## Further reading
#
# - Wang et al. (2022). Text Embeddings by Weakly-Supervised Contrastive Pre-training (E5). arXiv:2212.03533.
# - Wang et al. (2024). Improving Text Embeddings with Large Language Models (E5-Mistral). ACL.
# - Xiao et al. (2024). C-Pack: Packed Resources for General Chinese Embeddings (BGE). SIGIR.
# - Nussbaum, Morris, Duderstadt and Mulyar (2024). Nomic Embed: Training a Reproducible Long Context Text Embedder. arXiv:2402.01613.
# - Li et al. (2023). Towards General Text Embeddings with Multi-stage Contrastive Learning (GTE). arXiv:2308.03281.
# - Muennighoff, Tazi, Magne and Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL.
# - Brooker (2015). Exponential Backoff And Jitter. AWS Architecture Blog.
# - ONNX Runtime documentation: Quantize ONNX models.
