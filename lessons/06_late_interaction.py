# ---
# jupyter:
#   course:
#     lesson: "06"
#     title: ColBERT and late interaction
#     minutes: 220
#     objectives:
#       - Score a question and a passage by MaxSim, alone and in masked batches, and read from its map which words matched.
#       - Write test cases that catch the usual mistakes in MaxSim.
#       - Train a late-interaction model, and compare it with a single vector and a cross-encoder by quality, milliseconds and bytes.
#       - Compress token vectors into centroids and packed residuals, and count the bytes on disk.
#       - Search in two stages, candidates by centroids and exact scores for these, and say what is lost.
#     prerequisites:
#       - Lesson 02 (token vectors, masks, bi-encoders and cross-encoders)
#       - Lesson 03 (MNRL)
#       - Lesson 04 helps (BM25, hard negatives, its cross-encoder)
#       - Lesson 05 helps (quantisation, shortlists)
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
import textwrap
import time

import torch
import torch.nn.functional as F

from lib import (
    colbert,
    colbert_training,
    cross_encoder,
    diagrams,
    late_interaction,
    late_layers,
    leaderboard,
    metrics,
    negatives,
    plots,
    plots_paired,
    residual_codec,
    search,
    significance,
    text,
)
from lib.cache import cache_folder
from lib.centroid_candidates import centroid_candidates
from lib.data import families_of, load_course_set
from lib.device import pick_device, seed_everything
from lib.explore import explore, max_sim_map
from lib.late_index import LateIndex, VectorIndex
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder
from lib.plots import show

seed_everything(SEED)

# %% [markdown]
# ## 1. A question that is more than its mean
#
# A bi-encoder turns every passage into one vector, long before anybody asks. Whatever the passage says has to fit into these 384 numbers. And the question is boiled down in the same way: to the mean of its words.

# %% [markdown]
# Here is a question that a patient might ask, with the passage that answers it. The encoder reads every passage once, and two things are kept of it: the vectors of its tokens (without punctuation), which sections 5 and 6 need, and the mean of all its tokens. That mean is the single vector that `model.encode` gives. (The first run reads 4,000 passages, which takes a minute or two.)

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
course = load_course_set("fast")  # the example has these 4,000 passages in every profile
plain = colbert.make_colbert(model, markers="query")  # section 5 says what it adds
lower_passages, passage_states, passages = late_layers.read_once(plain, course.passages)
print(f"{len(passage_states.vectors):,} token vectors, {len(passages):,} means")

# %%
question = "Small right heart chamber"
answer = course.titles.index("Hypoplasia of right ventricle")
print(textwrap.fill(course.passages[answer], 70))

# %% [markdown]
# The main chambers of the heart are called ventricles, and *hypoplasia* means that something has not grown to its full size. The definition says so in plain words. Before we search: what do you expect?

# %% quiz="06-q1"

# %%
scores, rows = search.top_k(search.encode_cached(model, [question]), passages, 100)
order = rows[0].tolist()
for rank, row in enumerate(order[:3], start=1):
    print(rank, course.titles[row])
print(f"{order.index(answer) + 1}: {course.titles[answer]}, the answer")
print(textwrap.fill(course.passages[order[0]], 70))

# %% [markdown] tags=["folded"]
# *Dextrocardia* is a heart that lies in the right half of the chest. But the answer holds *right* and *heart*, too, and *size* besides. Why is it not first? In a mean, each token of the question meets *every* token of the passage, not only the one that fits. *Dextrocardia* speaks of sides and of the heart from beginning to end. In the answer the fitting tokens stand among some thirty others; probably the mean thins them out. (*Hypoplastic right heart*, at rank 2, is close in meaning, but it speaks of the whole right side of the heart.)

# %% [markdown] tags=["folded"]
# What if nothing were averaged? **Late interaction** keeps the vector of every token, of the question and of the passage, and lets them meet only when the question is asked. The model that made this known is called *ColBERT* (Khattab and Zaharia 2020).

# %%
show(*diagrams.architectures())

# %% [markdown]
# On the left, a bi-encoder compares two finished vectors. That is cheap, but blind to single words. On the right, a cross-encoder reads both texts together: each word sees the other text, but no score, nor anything like a finished vector, can be computed before the question comes. Late interaction, in the middle, takes something of both: the passages' token vectors wait on disk, and only a simple comparison of tokens is left for the time of the question.

# %% [markdown]
# ## 2. MaxSim
#
# How do we get one score from two lists of vectors? Think of each word of the question as somebody who walks through the passage and looks for the word that fits best. Each reports how well its best find fits. The score is the sum of the reports. (Exercises, figures and code mostly say *query* and *document*, as most libraries do; the text says question and passage.)

# %% [markdown]
# A toy: a question of two tokens, a passage of three. Every number in the table is a dot product, and the largest of each row is ringed.

# %%
toy_query = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
toy_document = torch.tensor([[0.8, 0.6], [-1.0, 0.0], [0.1, 0.9]])

show(
    *diagrams.max_sim_steps(
        toy_query @ toy_document.T, ["small", "chamber"], ["tiny", "is", "ventricle"]
    )
)

# %% [markdown]
# As a formula, with $q_i$ for the vectors of the question's tokens and $d_j$ for those of the passage:
#
# $$\text{MaxSim}(q, d) = \sum_i \max_j \; q_i \cdot d_j$$

# %% [markdown]
# The maximum belongs to the passage, the sum to the question. They cannot change places: not every word of a passage needs an answer, but every word of a question does. In loops:

# %%
total = 0.0
for q in toy_query:
    best = float("-inf")
    for d in toy_document:
        best = max(best, sum(a * b for a, b in zip(q.tolist(), d.tolist())))
    total += best
    print(f"best {best:.1f}, sum so far {total:.1f}")

# %% quiz="06-q2"

# %% [markdown] card="max_sim"
# ### Exercise: MaxSim of one query and one document
#
# Difficulty: easy. Importance: high. Minutes: 8.
#
# For each query token take its largest dot product with any token of the document, and add these up. A query without tokens scores 0; a document without tokens raises a `ValueError`.


# %% answer="max_sim"
def max_sim(query: torch.Tensor, document: torch.Tensor) -> torch.Tensor:
    """Score a document by late interaction: the sum over query tokens of the best dot product.

    query: (query_tokens, dim); document: (tokens, dim). Returns a scalar tensor, 0 for a query
    without tokens. Raises ValueError for a document without tokens.

    Example: query [[1, 0], [0, 1]], document [[0.8, 0.6], [-1, 0], [0.1, 0.9]]: the first query
    token finds 0.8, the second 0.9; the score is 1.7.
    """
    ### BEGIN SOLUTION
    if len(document) == 0:
        raise ValueError("a document without tokens has no best token")
    similarity = query @ document.transpose(0, 1)  # (query_tokens, tokens)
    best = similarity.amax(dim=1)  # (query_tokens,)
    return best.sum()
    ### END SOLUTION


# %% check="max_sim" points=1
check("max_sim", max_sim)

# %% hidden="max_sim" points=2 seed=37219

# %% [markdown] hints="max_sim"
# - **The score does not grow with the number of query tokens.** The best dot products of the query's tokens are added up: no mean, and no second maximum.
# - **Long documents win, or query and document can be exchanged.** Write the table `query @ document.T` with shape (query_tokens, tokens). Each row is a query token, so the maximum is along dim 1: `amax(dim=1)`.
# - **An empty document raises another error, or gets a score.** There is no largest of no numbers: compare `len(document)` with 0 first and raise `ValueError`.

# %% [markdown]
# Now the real question. `text.token_embeddings` gives the token vectors of our encoder, as in lesson 02. We normalise each, so that a dot product is a cosine.


# %%
def tokens_of(sentence: str) -> tuple[list[str], torch.Tensor]:
    """The tokens of a text and their unit vectors, (tokens, 384); [CLS] and [SEP] left out."""
    vectors, _ = text.token_embeddings(model, [sentence])
    names = model.tokenizer.convert_ids_to_tokens(model.tokenizer(sentence)["input_ids"])
    return names[1:-1], F.normalize(vectors[0, 1:-1], dim=1)


# %%
def library_max_sim(query, document):
    return late_interaction.max_sim_map(query, document)[0].amax(dim=1).sum()


max_sim_ = yours("max_sim", max_sim, instead=library_max_sim)
words, query_tokens = tokens_of(question)
score_of = {}
for row in (order[0], answer):
    names, document_tokens = tokens_of(course.passages[row])
    score_of[row] = float(max_sim_(query_tokens, document_tokens))
    print(f"{score_of[row]:.2f}", course.titles[row])

# %% [markdown]
# With the same encoder, the same texts and your function, the answer now wins. And late interaction can show why.

# %%
maps = {}
for row in (order[0], answer):
    names, document_tokens = tokens_of(course.passages[row])
    similarities, winners = late_interaction.max_sim_map(query_tokens, document_tokens)
    maps[row] = similarities.amax(dim=1)
    finds = [f"{w} -> {names[p]} {m:.2f}" for w, p, m in zip(words, winners.tolist(), maps[row])]
    print(f"{course.titles[row]}: {', '.join(finds)}")

# %% [markdown]
# The picture shows the answer's four winners and two more of its tokens. `##` marks a piece that continues a word: *##yp* belongs to *hypoplasia*, and *vent* begins *ventricle*. (Under *Explore* in section 4 you can point at the whole map, with all tokens of the passage.)

# %%
# similarities, winners and names are still those of the answer, the loop's last passage
seen = sorted({*winners.tolist(), 1, len(names) - 2})
show(
    *diagrams.max_sim_steps(
        similarities[:, seen],
        words,
        [names[place] for place in seen],
        title="The words that matched",
    )
)

# %% [markdown] tags=["folded"]
# Each word of the question has found its partner: *heart* and *right* the same words, *small* the word "size", and *chamber* a piece of "ventricle". In *Dextrocardia* three of them find less, *small* by far the most: it finds nothing better than a full stop. The sum counts these differences; the mean buried them.

# %% [markdown] tags=["folded"]
# Such a map is more than a picture: its row maxima *are* the score. The cosine of two means can be taken apart as well, but into hundreds of small parts, one for each pair of tokens; MaxSim has one for each word of the question. What the map does not say is why two vectors are close.

# %%
gap = maps[answer] - maps[order[0]]
claim(
    "MaxSim puts the answer above the passage that the single vector puts first, and most of the difference "
    "comes from one word, *small*.",
    holds=order.index(answer) > 4 and float(gap[0]) > 0.5 * float(gap.sum()) > 0.05,
    measured=f"the single vector has the answer at rank {order.index(answer) + 1}; MaxSim gives it "
    f"{score_of[answer]:.2f}, {course.titles[order[0]]} {score_of[order[0]]:.2f}; the differences: "
    + ", ".join(f"{word} {value:+.2f}" for word, value in zip(words, gap.tolist())),
)

# %% [markdown]
# ## 3. Many questions, many passages
#
# One pair at a time is too slow. We want a table: every question against every passage. Questions and passages have different lengths, so both are filled up with padding, and both need a mask.

# %% [markdown]
# The two masks do different things. A padded token of a *passage* must never be a best partner: it has to lose against everything, as in lesson 02's maximum. A padded token of a *question* has nothing to report: it must add 0.

# %%
toy_queries = torch.tensor([[[1, 0], [0, 1.0]], [[0.6, 0.8], [7, 7]]])
toy_query_mask = torch.tensor([[1, 1], [1, 0]])
first_document, second_document = [[0.8, 0.6], [0, 1], [5, 5]], [[-1, 0], [0.1, -0.9], [0.6, -0.8]]
toy_documents = torch.tensor([first_document, second_document])
toy_document_mask = torch.tensor([[1, 1, 0], [1, 1, 1]])

# %%
for i in range(2):
    for n in range(2):
        words = toy_queries[i][toy_query_mask[i] == 1]
        offered = toy_documents[n][toy_document_mask[n] == 1]
        total = sum(max(float(q @ d) for d in offered) for q in words)
        print(f"question {i}, passage {n}: {total:.2f}")

# %% [markdown]
# The 5s and 7s stand at padding and take no part. Look at question 1 and passage 1 (counted from 0): the question has one real word, and even its best partner reaches only -0.28. A zero from padding would beat it.

# %% [markdown] card="max_sim_batch"
# ### Exercise: MaxSim of every query with every document
#
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Score all pairs at once, without loops over queries, documents or tokens. Masks are 1 (or True) at real tokens, which may stand anywhere: a document's padding must never be the best token, a query's padding adds nothing. Every document has at least one real token; a query may have none and then scores 0. Vectors have any length: there is no lowest dot product, and none so large that padding could not have a larger one. The loss will use your function, so gradients must flow through it.


# %% answer="max_sim_batch"
def max_sim_batch(
    queries: torch.Tensor,
    query_mask: torch.Tensor,
    documents: torch.Tensor,
    document_mask: torch.Tensor,
) -> torch.Tensor:
    """Score every document for every query by MaxSim over real tokens.

    queries: (q, query_tokens, dim), query_mask: (q, query_tokens); documents: (n, tokens, dim),
    document_mask: (n, tokens). Masks are whole numbers or truth values. Returns (q, n).

    Example: query [[1, 0], [0, 1]] with mask [1, 1], document [[0.8, 0.6], [0, 1], [5, 5]] with
    mask [1, 1, 0]: the last token is padding, so the score is 0.8 + 1 = 1.8 and the result [[1.8]].
    """
    ### BEGIN SOLUTION
    similarity = torch.einsum("qid,njd->qnij", queries, documents)
    padding = document_mask[None, :, None, :] == 0  # (1, n, 1, tokens)
    best = similarity.masked_fill(padding, -torch.inf).amax(dim=3)  # (q, n, query_tokens)
    real = query_mask[:, None, :] != 0  # (q, 1, query_tokens)
    return (best * real).sum(dim=2)
    ### END SOLUTION


# %% check="max_sim_batch" points=1
check("max_sim_batch", max_sim_batch)

# %% hidden="max_sim_batch" points=2 seed=84163

# %% [markdown] hints="max_sim_batch"
# - **You do not see how the shapes fit together.** Name the axes: `torch.einsum("qid,njd->qnij", queries, documents)` is the table of every query token i with every document token j. The maximum is over j, the sum over i; what is left is (q, n).
# - **A document's padding changes the score.** Bring its mask to (1, n, 1, tokens) and fill the dot products there with minus infinity before the maximum; 0 or -1 is larger than some real dot products.
# - **A query's padding changes the score, or the score is infinite.** Take the maximum for every query token, then multiply by the query's mask, brought to (q, 1, query_tokens), and sum.

# %%
batched = yours("max_sim_batch", max_sim_batch, instead=late_interaction.max_sim)
ten = order[:9] + [answer]
query_batch, query_mask = text.token_embeddings(model, [question])
document_batch, document_mask = text.token_embeddings(model, [course.passages[i] for i in ten])
table = batched(
    F.normalize(query_batch, dim=2), query_mask, F.normalize(document_batch, dim=2), document_mask
)
for place in table[0].argsort(descending=True)[:3].tolist():
    print(f"{table[0, place]:.2f}", course.titles[ten[place]])

# %% [markdown]
# Ten passages in one call. ([CLS] and [SEP] count as tokens here, as they do in ColBERT, so the scores are higher than before.)
#
# ## 4. Break it
#
# A wrong MaxSim gives numbers that look like scores. Before you trust such a function, think about what should change a score and what should not.

# %% quiz="06-q3"

# %% [markdown] card="break_max_sim"
# ### Exercise: a test that no wrong MaxSim survives
#
# Difficulty: hard. Importance: high. Minutes: 15.
#
# Return cases `(queries, query_mask, documents, document_mask, expected)` as nested lists: (q, query_tokens, dim), (q, query_tokens), (n, tokens, dim), (n, tokens), (q, n). Right implementations must pass; each wrong one (a *suspect*, of which there are 17) must fail some case. Masks hold 1 and 0, and real tokens may stand anywhere; every document has at least one, and a query without any scores 0. Vectors have any length. A handful of cases is enough; 2,000 are the most.


# %% answer="break_max_sim"
def break_max_sim() -> list:
    """Return test cases for batched MaxSim.

    Each case is (queries (q, query_tokens, dim), query_mask (q, query_tokens), documents
    (n, tokens, dim), document_mask (n, tokens), expected (q, n)), as nested lists.

    Example of one case: ([[[2]]], [[1]], [[[3], [5]]], [[1, 1]], [[10]]).
    """
    ### BEGIN SOLUTION
    loud_padding = [[[1]]], [[1]], [[[9], [2], [1]]], [[0, 1, 1]], [[2]]
    negative = [[[1]]], [[1]], [[[-3], [-1]], [[-2], [0]]], [[1, 1], [1, 0]], [[-1, -2]]
    queries = [[[2], [3]], [[1], [5]], [[7], [6]]]  # whole, with padding, nothing but padding
    padded_query = queries, [[1, 1], [1, 0], [0, 0]], [[[4]]], [[1]], [[20], [4], [0]]
    two_words = [[[1, 0], [0, 2]]], [[1, 1]], [[[3, 1], [-5, 0], [1, 0]]], [[1, 1, 1]], [[5]]
    return [loud_padding, negative, padded_query, two_words]
    ### END SOLUTION


# %% check="break_max_sim" points=1
check("break_max_sim", break_max_sim)

# %% hidden="break_max_sim" points=2 seed=50927

# %% [markdown] hints="break_max_sim"
# - **A suspect passes though it treats padding as text, or as zeros.** Put a large vector at a document's padding, before the real tokens; let all real dot products of another document be negative; give a query's padding a vector that is not zero, and another query nothing but padding.
# - **A suspect passes though it averages, adds up everything, or looks at one token.** Use a query of two tokens and a document of three, of which only the first matches, so that maximum, sum and mean differ.
# - **A suspect passes on a single pair, or on unit vectors.** Give two queries and two documents in one case, vectors of other lengths than 1, and a token of the opposite direction that is larger than the best.

# %% [markdown]
# ### Explore: whose words match?

# %% [markdown]
# Choose a question, then one of its ten best passages (of the forty that the single vectors find). The last question is yours: type your own in the next cell, and run it and the two behind it. Here each word of the question is a column. The darker a field, the larger the cosine; the frame in each column marks the best partner, with its cosine, and the sum of the framed numbers is the score of the passage's first 60 tokens.

# %% [markdown]
# Choose "Port-wine stain on neck". How much of its best passage's score comes from *on* and the hyphen, how much from *port* and *wine*?

# %%
MY_QUESTION = "The baby does not grow"  # your own question here, of at most 12 tokens
asked = [question, "Extra teeth", "Port-wine stain on neck", MY_QUESTION]
asked_vectors = search.encode_cached(model, asked)


# %%
def map_of(sentence: str, vector: torch.Tensor) -> tuple[list[str], list[tuple]]:
    """The tokens of a question, and of its ten best by MaxSim: title, tokens, similarities."""
    words, query = (tokens[:12] for tokens in tokens_of(sentence))
    found = []
    for row in search.top_k(vector[None], passages, 40)[1][0].tolist():
        names, document = tokens_of(course.passages[row])
        found.append((course.titles[row], names[:60], query @ document[:60].T))
    found.sort(key=lambda one: -float(one[2].amax(dim=1).sum()))
    return words, found[:10]


# %%
searches = {sentence: map_of(sentence, vector) for sentence, vector in zip(asked, asked_vectors)}
words, best = searches["Extra teeth"]
title, names, table = best[0]
still = plots.heatmap(
    table.T,
    names,
    words,
    title="'Extra teeth' and its best passage",
    value_label="cosine of two token vectors",
    x_label="token of the question",
    y_label="token of the passage",
)
explore(
    max_sim_map(searches, title="Whose words match?"),
    f"Maps of the cosines between the tokens of {len(searches)} questions and of their ten best passages by MaxSim; for "
    f"'Extra teeth' the best is {title}: "
    + ", ".join(
        f"{word} finds {names[int(row.argmax())]} ({row.max():.2f})"
        for word, row in zip(words, table)
    )
    + ".",
    still,
)

# %% tags=["folded"]
words, best = searches["Port-wine stain on neck"]
title, _, table = best[0]
adds = dict(zip(words, table.amax(dim=1).tolist()))
print(f"{title}: the score is {sum(adds.values()):.2f},")
for group in (("on", "-"), ("port", "wine")):
    print(f"of which {' and '.join(group)} add {sum(adds[word] for word in group):.2f}")

# %% [markdown] tags=["folded"]
# So the two tokens that say little add about twice as much as the two that say what kind of stain it is. Each counts as much as its cosine, whatever it says. A map shows what was counted, not that it should have been.

# %% [markdown]
# ## 5. A fair test
#
# One example proves nothing, and we picked ours because it shows something. Every second one of the validation questions makes a test, in `full` all of them. We score each against all passages: once by single vectors, once by MaxSim over the token vectors of the very same encoder. Nothing has been trained for MaxSim yet.

# %%
if PROFILE == "full":  # from here on all passages
    course = load_course_set("full")
    lower_passages, passage_states, passages = late_layers.read_once(plain, course.passages)
step = 2 if PROFILE == "fast" else 1
validation = course.validation.only(range(0, len(course.validation), step))
print(f"{len(course.passages):,} passages, {len(validation)} questions")

# %% quiz="06-q4"

# %% [markdown]
# Most of the work is done already: in the first section the lower five of the six layers have read the passages, and their results lie on disk. `lower_states` does this for the questions, and `states` adds the last layer.

# %% [markdown]
# Two things are as in ColBERT. Punctuation in passages gets no vector. And before each question stands a **marker**, a token of its own, from which a trained model can tell a question from a passage.

# %% [markdown]
# ColBERT has two markers: [Q] before questions, [D] before passages. Here they are two entries of the vocabulary that no text uses: `[unused0]` stands for [Q], `[unused1]` for [D]. `make_colbert` stores those in use with the model as its prompts, so a model that is saved and loaded puts them by itself. Ours uses [Q] alone: without [D] passages stay as the encoder reads them, and one reading serves the single vectors as well. (The questions of the untrained single vector have no marker; those of the trained one do.)

# %%
print("stored with the model:", plain.prompts)
lower_queries = late_layers.lower_states(plain, validation.queries, "query")
query_states = late_layers.Tokens(plain).states(lower_queries)
tokens = len(passage_states.vectors)
width, asked_tokens = passage_states.vectors.shape[1], float(query_states.lengths.double().mean())
print(f"{len(passage_states):,} passages, {tokens:,} tokens of {width} numbers")
print(f"a question has {asked_tokens:.1f} tokens on average, its marker among them")


# %%
def ndcg(scores: torch.Tensor) -> torch.Tensor:
    """nDCG@10 of the first validation questions, (q,), by scores with all passages, (q, n)."""
    best = search.ordered_top_k(scores, 10)[1].tolist()
    ranked = [[course.ids[i] for i in row] for row in best]
    return metrics.ndcg_at_k(ranked, validation.relevant[: len(ranked)], 10)


def against_all(queries, documents) -> torch.Tensor:
    """MaxSim of every question with every passage, (q, n), for stored token vectors."""
    return late_interaction.max_sim_scores(*queries.pad(), documents)


def unit(states):
    """The same tokens, each vector scaled to length 1."""
    return late_interaction.TokenVectors(F.normalize(states.vectors, dim=1), states.offsets)


# %%
token_queries, token_passages = unit(query_states), unit(passage_states)
single_queries = search.encode_cached(model, validation.queries)
quality = {
    "one vector": ndcg(single_queries @ passages.T),
    "MaxSim": ndcg(against_all(token_queries, token_passages)),
}
for name, values in quality.items():
    print(f"{name:12} nDCG@10 {metrics.bootstrap_interval(values)}")

# %%
gain = significance.paired_interval(quality["MaxSim"], quality["one vector"])
claim(
    "Without any training for it, MaxSim over an encoder's tokens ranks better than its single vectors.",
    holds=gain.low > 0.01,
    measured=f"nDCG@10, MaxSim minus one vector: {gain}",
)

# %% [markdown] tags=["folded"]
# Training through the mean has made each token's vector useful, since the mean is made of nothing else. Comparing tokens one by one gets more out of them than comparing the means.

# %% [markdown]
# `against_all` does what your function does, for passages that are stored one behind the other without padding, a block at a time. What is that worth, against a loop over single passages?

# %%
four = [token_queries[i] for i in range(4)]
began = time.perf_counter()
looped = torch.tensor([[float(max_sim_(q, d)) for d in token_passages] for q in four])
loop_seconds = time.perf_counter() - began

began = time.perf_counter()
at_once = against_all(token_queries.select(range(4)), token_passages).cpu()
batch_seconds = time.perf_counter() - began
print(f"4 questions, all passages: loop {loop_seconds:.2f} s, in blocks {batch_seconds:.2f} s")

# %%
claim(
    "A batched MaxSim gives the scores of the loop, at least twice as fast.",
    holds=bool((looped - at_once).abs().max() < 1e-4) and loop_seconds > 2 * batch_seconds,
    measured="the scores differ by less than 1e-4, and the loop takes more than twice the time",
)

# %% [markdown]
# ## 6. Training a ColBERT
#
# ColBERT adds three things to what we have.
#
# - A **projection**: one matrix that maps the 384 numbers of a token to 128. That is a third of the bytes.
# - **Training** with MaxSim as the score, by the loss of lesson 03: each question has to find its own passage among those of its batch.
# - **Query augmentation**: a short question is filled up with [MASK] tokens. BERT was pretrained to guess the word behind a [MASK], so each may stand for a word that the question could also have held.
#
# We begin with the first two. The third is tried at the end of this section.

# %% [markdown]
# The loss is MNRL with another table of scores, and your `max_sim_batch` makes the table. On the toy:

# %%
table = batched(toy_queries, toy_query_mask, toy_documents, toy_document_mask)
print("scores", [[round(x, 2) for x in row] for row in table.tolist()])
print(
    f"loss {F.cross_entropy(2 * table, torch.arange(2)):.3f}, a guess among two {math.log(2):.3f}"
)

# %% [markdown]
# In row i the right passage stands in column i. The scores are multiplied by 2, not by 20 as the cosines of lesson 03: a MaxSim is a sum over some eight or nine tokens, so its differences are larger already. The toy's loss is worse than a guess: question 1 gives the wrong passage the higher score.

# %% [markdown]
# Now in earnest. The lower layers stay as they are. The last layer and the projection learn from the training split, with your function inside the loss. The projection starts from the 128 directions that keep most of the token vectors' length (PCA, lesson 05). On a CPU this takes a few minutes, once: what was trained is kept on disk. Read on meanwhile.

# %%
train, own = course.train, course.train.positives
lower_train = late_layers.lower_states(plain, train.queries, "query")
colbert.start_from_principal_directions(plain, passage_states)
tokenwise = late_layers.Tokens(plain)
projected = (tokenwise.project(states) for states in (query_states, passage_states))
start = ndcg(against_all(*projected))

# %%
options = {"seed": SEED, "keep": True}  # keep: a second run reads what was trained
EPOCHS = 1 if PROFILE == "fast" else 4
history = late_layers.train(
    tokenwise, lower_train, lower_passages, own, score=batched, epochs=EPOCHS, **options
)
late = sum(history.losses[-11:-1]) / 10  # the very last batch is smaller, and its loss lower
print(f"{len(history.losses)} steps, loss {history.losses[0]:.2f} -> {late:.2f}")

# %% [markdown]
# To compare like with like, the single vector gets the same training: the same layer, the same pairs, the same loss, with the mean of the tokens in place of MaxSim. Only the scale is each one's own, 20 for cosines and 2 for MaxSim, and ColBERT has its projection to train in addition. `Tokens` and `Mean` each train a copy of the last layer, so both begin at the same place.

# %%
single = late_layers.Mean(plain)
late_layers.train(single, lower_train, lower_passages, own, epochs=EPOCHS, **options)
one_queries, one_passages = single.encode(lower_queries), single.encode(lower_passages, keep=True)
quality["one vector, trained"] = ndcg(one_queries @ one_passages.T)
trained_queries = tokenwise.encode(lower_queries)
trained_passages = tokenwise.encode(lower_passages, keep=True)  # in 16 bits on disk
quality["128 numbers, untrained"] = start
quality["ColBERT, trained"] = ndcg(against_all(trained_queries, trained_passages))

# %%
for name, values in quality.items():
    print(f"{name:24} nDCG@10 {metrics.bootstrap_interval(values)}")

# %%
pairs = {
    "MaxSim minus one vector, untrained": ("MaxSim", "one vector"),
    "128 numbers minus 384, untrained": ("128 numbers, untrained", "MaxSim"),
    "one vector, trained minus untrained": ("one vector, trained", "one vector"),
    "ColBERT, trained minus untrained": ("ColBERT, trained", "128 numbers, untrained"),
    "ColBERT minus one vector, both trained": ("ColBERT, trained", "one vector, trained"),
}
gains = {
    name: significance.paired_interval(quality[a], quality[b]) for name, (a, b) in pairs.items()
}
show(
    *plots_paired.paired_differences(
        gains,
        title="What training does, and for whom",
        value_label="difference of nDCG@10 on the validation questions",
    )
)

# %% [markdown]
# One more caution. Several of our questions ask for the same term in other words, or for terms that are near relatives. Such a *family* is found or missed together, so they tell less than as many separate questions would. So we also draw whole families, not single questions; lesson 07 says more about it.

# %%
first, second = quality["ColBERT, trained"], quality["one vector, trained"]
print(f"{len(validation)} questions of {len(set(families_of(validation)))} families")
by_families = significance.paired_interval(first, second, groups=families_of(validation))
print("ColBERT minus one vector, both trained, whole families of questions drawn:", by_families)

# %%
of_single = quality["one vector, trained"] - quality["one vector"]
of_tokens = quality["ColBERT, trained"] - quality["MaxSim"]
fewer = significance.paired_interval(of_single, of_tokens)
print("what training gave one vector, minus what it gave late interaction:", fewer)

# %%
lead = gains["ColBERT minus one vector, both trained"]
before = gains["MaxSim minus one vector, untrained"]
claim(
    "Trained alike, late interaction is no worse than a single vector, and its measured lead is smaller.",
    holds=lead.low > -0.01 and lead.mean < 0.75 * before.mean,
    measured=f"nDCG@10, ColBERT minus one vector: untrained {before}, trained {lead}",
)

# %% [markdown] tags=["folded"]
# On average training helps the single vector more; where the printed interval holds 0, chance could make it. Perhaps it learns which words a mean should listen to. Mind the lead that is left, too: where whole families are drawn, its interval is wider. Our passages are two sentences about one thing, and such a text fits into one vector. On other collections, and on texts unlike the training data, others have measured larger leads (Khattab and Zaharia 2020; Santhanam et al. 2022). Whether it pays for *your* texts is a question for a measurement, not for a paper.

# %% [markdown]
# And the [MASK] tokens? We fill 200 of the questions up to 24 tokens. The other tokens do not look at the [MASK]s, so these only add scores of their own.

# %%
masked = colbert.make_colbert(model, markers="query", expansion=24)
masked_queries = late_layers.lower_states(masked, validation.queries[:200], "query")
with_masks = ndcg(against_all(tokenwise.encode(masked_queries), trained_passages))
without = quality["ColBERT, trained"][:200]
by_masks = significance.paired_interval(with_masks, without)
show(
    *plots_paired.paired_differences(
        {"[MASK]s minus none": by_masks},
        title="What [MASK]s do to a model not trained with them",
        value_label="difference of nDCG@10 on 200 questions",
    )
)

# %%
claim(
    "[MASK] tokens that a model was not trained with make it worse.",
    holds=by_masks.high < 0,
    measured=f"nDCG@10, questions filled up to 24 tokens minus questions as they are: {by_masks}",
)

# %% [markdown] tags=["folded"]
# Most of the 24 tokens are then [MASK]s, which outnumber the question's own, and the model has never learned to make use of them. ColBERT shows its model the [MASK]s from the first step of training. With `PROFILE = "full"` in the first cell we do so, too; the whole encoder is trained there as well, by sentence-transformers' own trainer.

# %% tags=["folded"]
if PROFILE == "full":
    masked_train = late_layers.lower_states(masked, train.queries, "query")
    shown = late_layers.Tokens(plain)
    late_layers.train(shown, masked_train, lower_passages, own, epochs=EPOCHS, **options)
    scores = against_all(shown.encode(masked_queries), shown.encode(lower_passages))
    difference = significance.paired_interval(ndcg(scores), without)
    print("[MASK]s in training, too, minus none:", difference)
else:
    print('PROFILE = "full" trains with [MASK] tokens')

# %% tags=["folded"]
if PROFILE == "full":
    whole = colbert.make_colbert(model, markers="query")
    colbert.start_from_principal_directions(whole, passage_states)
    texts = [course.passages[row] for row in own]
    colbert_training.train(whole, train.queries, texts, epochs=2, scale=2.0, **options)
    sides = zip((validation.queries, course.passages), ("query", "document"))
    scores = against_all(*(colbert.token_vectors(whole, part, kind) for part, kind in sides))
    difference = significance.paired_interval(ndcg(scores), quality["ColBERT, trained"])
    print("all layers trained minus the last one:", difference)
else:
    print('PROFILE = "full" trains all layers')

# %% [markdown]
# ## 7. Three architectures, side by side
#
# Which of the three architectures of the first picture should one take? All three now learn from the same few hundred questions (`GROUPS` of them). Then, for each of 100 validation questions, all three put the same ten passages in order: those that the untrained single vector finds. (Where the right one is not among them, all three get 0.)

# %% [markdown]
# We take so few questions because the cross-encoder of lesson 04 needs a pass through its upper layers for each pair. In training it chooses among the right passage and three hard negatives; the other two models choose among the passages of their batch.

# %% [markdown]
# Nor is that the only difference: the cross-encoder trains its last two layers, once through the questions, with small steps; the other two train one layer (late interaction its projection, too), three times through, with steps five times as large. So the three share the questions, not the training.

# %%
GROUPS = 240 if PROFILE == "fast" else 960
generator = torch.Generator().manual_seed(SEED)
few = torch.randperm(len(own), generator=generator)[:GROUPS].tolist()
right = [[own[i]] for i in few]
asked = search.encode_cached(model, [train.queries[i] for i in few])
mined = negatives.mine(asked, passages, right, k=3, skip=5).indices.cpu()
groups = torch.cat([torch.tensor(few)[:, None], torch.tensor(right), mined], dim=1)
print(tuple(groups.shape), "rows of question, right passage, three negatives of ranks 6 to 8")

# %%
judge = cross_encoder.CrossEncoder(model, joint_layers=2)
cross_encoder.train(judge, train.queries, course.passages, groups, **options)
small = {"one vector": late_layers.Mean(plain), "late interaction": late_layers.Tokens(plain)}
some, theirs = lower_train.select(few), [row for [row] in right]
for trained in small.values():
    late_layers.train(trained, some, lower_passages, theirs, batch_size=64, **options)

# %%
candidates = search.top_k(single_queries[:100], passages, 10)[1]
offered = candidates.unique()  # by all questions together; no other passage is encoded
places = torch.searchsorted(offered, candidates)
texts = [query for query in validation.queries[:100] for _ in range(10)]
theirs = [course.passages[i] for i in candidates.flatten().tolist()]
judge.read([*dict.fromkeys(texts + theirs)])  # the layers below, before the clock starts
began = time.perf_counter()
judged = judge.predict(texts, theirs).view(100, 10)
pair_ms = 1e3 * (time.perf_counter() - began) / len(texts)

# %%
both = lower_queries.select(range(100)), lower_passages.select(offered.tolist())
one_q, one_p = (small["one vector"].encode(x) for x in both)
many_q, many_p = (small["late interaction"].encode(x) for x in both)


def timed(score) -> tuple[torch.Tensor, float]:
    """All scores (100, passages), and the milliseconds a pair took."""
    began = time.perf_counter()
    scores = score()
    return scores, 1e3 * (time.perf_counter() - began) / scores.numel()


by_vector, vector_ms = timed(lambda: one_q @ one_p.T)
by_tokens, token_ms = timed(lambda: against_all(many_q, many_p))


# %%
def reordered(scores: torch.Tensor) -> torch.Tensor:
    """nDCG@10 of each of the questions, with its ten candidates put in order by scores (100, 10)."""
    rows = candidates.gather(1, scores.to(candidates.device).argsort(dim=1, descending=True))
    ranked = [[course.ids[i] for i in row] for row in rows.tolist()]
    return metrics.ndcg_at_k(ranked, validation.relevant[:100], 10)


# %%
orders = {
    "one vector": reordered(by_vector.gather(1, places)),
    "late interaction": reordered(by_tokens.gather(1, places)),
    "cross-encoder": reordered(judged),
}

# %% [markdown]
# Two orders to compare with: the one that the ten passages came in, and the best that there can be.

# %%
orders["as found"] = reordered(-torch.arange(10.0).expand(100, 10))
positives = torch.tensor(validation.positives[:100])[:, None]
orders["best possible"] = reordered((candidates.cpu() == positives).float())
for name in ("as found", "best possible"):
    print(f"{name}: nDCG@10 {metrics.bootstrap_interval(orders[name])}")

# %%
costs = {
    "one vector": (vector_ms, 384 * 4),
    "late interaction": (token_ms, len(trained_passages.vectors) / len(trained_passages) * 128 * 2),
    "cross-encoder": (pair_ms, 0),
}
for name, (ms, size) in costs.items():
    print(f"{name}: nDCG@10 {metrics.bootstrap_interval(orders[name])}")
    print(f"    {1e3 * ms:,.3f} microseconds a pair, {size:,.0f} bytes a passage")

# %%
compared = [(name, "as found") for name in costs]
compared += [("late interaction", "one vector")]
compared += [("cross-encoder", "one vector"), ("cross-encoder", "late interaction")]
apart = {f"{a} minus {b}": significance.paired_interval(orders[a], orders[b]) for a, b in compared}
title = f"Three architectures, the same {GROUPS} questions to learn from"
label = "difference of nDCG@10, 100 questions, 10 candidates each"
show(*plots_paired.paired_differences(apart, title=title, value_label=label))

# %%
claim(
    "A pair costs late interaction many times a dot product, and a cross-encoder many times that.",
    holds=token_ms > 5 * vector_ms and pair_ms > 20 * token_ms,
    measured="late interaction over 5 times one vector, the cross-encoder over 20 times late interaction",
)

# %% [markdown] tags=["folded"]
# *Best possible* is below 1: for some questions the right passage is not among the ten, and no order can bring it in. What lies between *as found* and *best possible* is all that the three could win here.

# %% [markdown] tags=["folded"]
# Read the printed lines together with the figure, first the order *as found*, the one that the ten passages came in. Where an interval of the first three rows holds 0, nothing shows that this architecture orders the ten better than they came. That is not the same as what it learned: only the single vector began close to this order (but for the marker in its questions). And a hundred questions tell little apart. So this section measures what the three *cost*, not which is best. (In lesson 04 the vectors had one matrix to train; here they get a layer, too.)

# %% [markdown] tags=["folded"]
# Not counted is the reading of the question, nor are the layers that read each text alone. The cross-encoder's 0 bytes and its time do not belong together: to be so fast it holds those layers' results, some tens of kilobytes a passage. With 0 bytes it reads all layers anew, and is slower.

# %% [markdown] tags=["folded"]
# By cost one would take the single vector. Late interaction's place is where words must meet words and a cross-encoder is too slow to search through everything. Whether it wins there has to be measured.

# %% quiz="06-q5"

# %% [markdown]
# ## 8. Where do all the bytes go?
#
# What late interaction asks for above all is storage.

# %%
count = len(course.passages)
vectors = trained_passages.vectors
for name, size in {
    "one vector, float32": passages.numel() * 4,
    "token vectors, float16": vectors.numel() * 2,
}.items():
    print(f"{name:24} {size / 1e6:6.1f} MB, {size / count:6,.0f} bytes a passage")

# %% [markdown]
# ColBERTv2 (Santhanam et al. 2022) found the way out. Token vectors are not spread evenly: those of "heart" in a thousand passages lie close together. So choose about a thousand **centroids**, typical token vectors. For each token store only which centroid is nearest (its *id*), and what is left, the **residual**, each entry of it in one, two or four bits.

# %%
show(*diagrams.residual_codec())

# %% [markdown]
# Follow the picture from top to bottom: vector, centroid, difference, bucket, bits, bytes. You will now build most of these steps; `torch.bucketize` finds the bucket.

# %% [markdown]
# First the centroids, by **k-means**. It repeats two steps: each token joins its nearest centroid, then each centroid moves to the middle of its tokens. On a toy in the plane:

# %%
toy_tokens = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]
toy_centroids = [[0.8, -0.6], [0.0, 1.0], [0.0, -1.0]]
for token in toy_tokens:
    near = [sum(a * b for a, b in zip(token, centroid)) for centroid in toy_centroids]
    print(token, "joins centroid", near.index(max(near)))
print("so the first becomes [1, 0], and the second the middle of [0.8, 0.6] and [0, 1]")

# %% [markdown] card="kmeans_step"
# ### Exercise: one round of k-means on the sphere
#
# Difficulty: medium. Importance: medium. Minutes: 12.
#
# Vectors of length 1 lie on a sphere, and so shall the centroids. Each token goes to the centroid with which it has the largest dot product; then each centroid becomes the mean of its tokens, normalised to length 1. A centroid without tokens stays as it is. Write no loop over tokens (the check counts). No token is equally near to two centroids, and no centroid's tokens cancel out.


# %% answer="kmeans_step"
def kmeans_step(tokens: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Move centroids to the middle of their tokens: one round of spherical k-means.

    tokens: (n, dim), centroids: (c, dim), rows of both have length 1. Returns (c, dim), rows of
    length 1; a centroid without tokens comes back unchanged.

    Example: tokens [[1, 0], [0.8, 0.6], [0, 1]], centroids [[0.8, -0.6], [0, 1], [0, -1]]: the
    first centroid gets the first token, the second the other two, the third none. The result is
    [[1, 0], [0.447, 0.894], [0, -1]].
    """
    ### BEGIN SOLUTION
    nearest = (tokens @ centroids.T).argmax(dim=1)  # (n,)
    sums = torch.zeros_like(centroids).index_add(0, nearest, tokens)  # (c, dim)
    counts = torch.bincount(nearest, minlength=len(centroids))  # (c,)
    moved = F.normalize(sums, dim=1)
    return torch.where(counts[:, None] > 0, moved, centroids)
    ### END SOLUTION


# %% check="kmeans_step" points=1
check("kmeans_step", kmeans_step)

# %% hidden="kmeans_step" points=2 seed=21874

# %% [markdown] hints="kmeans_step"
# - **Tokens go to the wrong centroid, or only one of them counts.** `tokens @ centroids.T` is (n, c): `argmax(dim=1)` names each token's centroid. `torch.zeros_like(centroids).index_add(0, nearest, tokens)` adds each token to its centroid's row.
# - **The rows have another length than 1.** The mean of unit vectors is shorter than 1. Divide each row by its own length; `F.normalize(sums, dim=1)` does so, and the mean of the tokens has the same direction as their sum.
# - **A centroid becomes NaN or zeros, or rows are missing.** It has no tokens. Count them with `torch.bincount(nearest, minlength=len(centroids))` and keep the old row where the count is 0: `torch.where(counts[:, None] > 0, moved, centroids)`.

# %%
step_ = yours("kmeans_step", kmeans_step, instead=residual_codec.kmeans_step)

# %%
generator = torch.Generator().manual_seed(SEED)
sample = vectors[torch.randperm(len(vectors), generator=generator)[:30_000].to(device)]
centroids = sample[:1_024]
closeness = []
for _ in range(8):
    centroids = step_(sample, centroids).to(sample)
    closeness.append(float((sample @ centroids.T).amax(dim=1).mean()))
print("mean cosine of a token and its centroid, round by round:", [round(x, 3) for x in closeness])

# %% [markdown]
# The 1,024 centroids began as random tokens; in eight rounds k-means moved them to where tokens crowd. The cosine rises less and less: the rest is what residuals are for.

# %% [markdown]
# Now the buckets. The most obvious way is to cut the range of the numbers, from the smallest to the largest, into parts of equal width.

# %% quiz="06-q6"

# %%
nearest = residual_codec.nearest(vectors, centroids)
residuals = vectors - centroids[nearest]
some_numbers = residuals[torch.randperm(len(residuals), generator=generator)[:20_000].to(device)]
low, high = float(residuals.min()), float(residuals.max())
equal_width = torch.linspace(low, high, 5, device=device)[1:-1]
codes = torch.bucketize(residuals, equal_width)
print(
    "equal width, share of each code:",
    [f"{float((codes == c).float().mean()):.4f}" for c in range(4)],
)

# %% [markdown]
# Two of the four codes are hardly ever used. So the buckets get equally many numbers instead: their limits are **quantiles**. (The median is a quantile: half of all numbers lie below it. Below the quantile at 1/4 lies a quarter.)

# %% [markdown] card="fit_buckets"
# ### Exercise: buckets with equally many numbers
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# Take all numbers of the residuals together. The cutoffs between buckets are their quantiles at i / 2^bits for i from 1 to 2^bits - 1; the value for which a code stands is the quantile at the middle of its bucket, (i + 0.5) / 2^bits for i from 0 to 2^bits - 1. `bits` is at least 1, and there is at least one number; between two numbers a quantile is interpolated linearly.


# %% answer="fit_buckets"
def fit_buckets(residuals: torch.Tensor, bits: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut the numbers of residuals into 2**bits buckets that hold equally many of them.

    residuals: (n, dim). Returns the cutoffs between buckets (2**bits - 1,) and the values that codes
    are read back as (2**bits,), both ascending.

    Example: the numbers 0, 1, ..., 8 with 2 bits: cutoffs [2, 4, 6], values [1, 3, 5, 7].
    """
    ### BEGIN SOLUTION
    count = 2**bits
    numbers = residuals.flatten()
    edges = torch.arange(1, count).to(numbers) / count
    middles = (torch.arange(0, count).to(numbers) + 0.5) / count
    return torch.quantile(numbers, edges), torch.quantile(numbers, middles)
    ### END SOLUTION


# %% check="fit_buckets" points=1
check("fit_buckets", fit_buckets)

# %% hidden="fit_buckets" points=2 seed=93405

# %% [markdown] hints="fit_buckets"
# - **The numbers are those of another kind of bucket.** `torch.quantile(residuals.flatten(), shares)` sorts all numbers and reads them at the given shares of the way. Neither the width from the smallest to the largest nor the single dimension plays a part.
# - **The cutoffs are right, the values are not.** A value is a quantile, too: that of the middle of its bucket. With 2 bits the middles are 1/8, 3/8, 5/8 and 7/8.
# - **There are too many cutoffs, or they are shifted.** Four buckets have three cutoffs between them, at 1/4, 2/4 and 3/4; neither 0 nor 1 is among them. Return cutoffs first, then values.

# %%
buckets_ = yours("fit_buckets", fit_buckets, instead=residual_codec.buckets)
cutoffs, values = (torch.as_tensor(x).to(residuals) for x in buckets_(some_numbers, 2))
cutoffs = cutoffs.contiguous()
codes = torch.bucketize(residuals, cutoffs)
print("cutoffs", [round(x, 3) + 0.0 for x in cutoffs.tolist()])
print("values ", [round(x, 3) + 0.0 for x in values.tolist()])
print("share of each code", [round(float((codes == code).float().mean()), 3) for code in range(4)])

# %% [markdown]
# Each of the four codes is used by about a quarter of the numbers. A code is 2 bits; but a computer stores bytes, of 8 bits. So four codes are packed into a byte. Two bits to the left is times four: we make room for two bits, and put the next code in.

# %%
byte = 0
for code in (3, 0, 1, 2):
    byte = byte * 4 + code
    print(f"code {code}: {byte:3} is {byte:08b} in bits")

# %% [markdown]
# In Python `x << 2` is `x * 4`, `x >> 2` divides by 4 and drops the rest, and `x & 3` keeps the last two bits. All three work on whole tensors.

# %% [markdown] card="pack_codes"
# ### Exercise: pack codes into bytes
#
# Difficulty: hard. Importance: medium. Minutes: 12.
#
# Put 8 / `bits` codes into each byte, the first code in the highest bits. Every vector fills bytes of its own: where `dim * bits` is no multiple of 8, raise a `ValueError`. `bits` is 1, 2 or 4; write no loop over vectors (the check counts).


# %% answer="pack_codes"
def pack_codes(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Pack the codes of each vector into bytes.

    codes: (n, dim) whole numbers from 0 to 2**bits - 1, int64 or uint8; bits: 1, 2 or 4. Returns
    (n, dim * bits // 8) uint8. Raises ValueError if dim * bits is no multiple of 8.

    Example: codes [[3, 0, 1, 2]] with 2 bits are 11 00 01 10, one byte: [[198]].
    """
    ### BEGIN SOLUTION
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("the codes of a vector have to fill whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits, device=codes.device)  # 6, 4, 2, 0 for two bits
    groups = codes.unflatten(1, (-1, 8 // bits))  # (n, bytes, codes a byte)
    return (groups << shifts).sum(dim=2).to(torch.uint8)
    ### END SOLUTION


# %% check="pack_codes" points=1
check("pack_codes", pack_codes)

# %% hidden="pack_codes" points=2 seed=46581

# %% [markdown] hints="pack_codes"
# - **The bytes hold other numbers.** Write one byte out: the codes 3, 0, 1, 2 are 11 00 01 10. So the first is shifted left by 6, the next by 4, by 2, by 0: `torch.arange(8 - bits, -1, -bits)`. Codes that do not overlap can be summed.
# - **Codes meet in a byte that do not belong together.** `codes.unflatten(1, (-1, 8 // bits))` makes (n, bytes, codes a byte), neighbours of one vector. Shift along the last axis and sum it away.
# - **There is no error where a vector does not fill whole bytes.** Compare `dim * bits % 8` with 0 before anything else, also where several vectors together would fill whole bytes.

# %% [markdown]
# Packing throws nothing away; the coding before it did. Back from bytes to a vector: unpack, look up the values, add the centroid, normalise.

# %% [markdown] card="decode_tokens"
# ### Exercise: from bytes back to token vectors
#
# Difficulty: medium. Importance: high. Minutes: 12.
#
# Unpack the codes, look up the value of each, add the token's centroid, and normalise the sum to length 1. How many bits a code has follows from `values`: there are 2, 4 or 16 of them. There is at least one token, and no sum is zero.


# %% answer="decode_tokens"
def decode_tokens(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Decode token vectors: centroid plus residual, normalised.

    centroid_ids: (n,) rows of centroids; packed: (n, dim * bits // 8) uint8 as pack_codes returns
    it; centroids: (c, dim); values: (2**bits,), values[code] is what a code stands for. Returns
    (n, dim), rows of length 1.

    Example: byte 198 with 4 values holds the codes 3, 0, 1, 2. With values [-0.3, -0.1, 0.1, 0.4]
    the residual is [0.4, -0.3, -0.1, 0.1]; on centroid [0.6, 0, 0.8, 0] the sum is
    [1, -0.3, 0.7, 0.1], which is then divided by its length.
    """
    ### BEGIN SOLUTION
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits, device=packed.device)
    codes = (packed[:, :, None] >> shifts) & (2**bits - 1)  # (n, bytes, codes a byte)
    residuals = values[codes.flatten(1)]  # (n, dim)
    return F.normalize(centroids[centroid_ids] + residuals, dim=1)
    ### END SOLUTION


# %% check="decode_tokens" points=1
check("decode_tokens", decode_tokens)

# %% hidden="decode_tokens" points=2 seed=68230

# %% [markdown] hints="decode_tokens"
# - **The codes are too large or in another order, or an index is out of range.** With 4 values a code has two bits, with 16 it has four. Undo the packing: shift each byte right by 6, 4, 2, 0 (for two bits), keep the lowest `bits` of each by `& (2**bits - 1)`, and flatten (n, bytes, codes a byte) along the last two axes. Shifts in int64 keep the codes from being read as a mask, as uint8 indices are.
# - **The vectors point elsewhere.** `values[codes]` is (n, dim), a number for each code; `centroids[centroid_ids]` is (n, dim), too. Their sum is the token.
# - **The lengths are not 1.** Add first, then normalise the sum along dim 1, each row for itself.

# %%
pack_ = yours("pack_codes", pack_codes, instead=residual_codec.pack)
decode_ = yours("decode_tokens", decode_tokens, instead=residual_codec.decode)
packed = pack_(codes, 2)
decoded = decode_(nearest, packed, centroids, values).to(vectors)
print(f"a token: {vectors.shape[1] * 2} bytes in float16, {packed.shape[1] + 4} coded")
print(f"mean cosine of a vector and what is read back: {(decoded * vectors).sum(dim=1).mean():.3f}")

# %% [markdown]
# What does each bit cost in quality? The same for one and four bits, and for none: the centroid alone.

# %%
coded = {}
for bits in (4, 2, 1):
    cutoffs, values = (torch.as_tensor(x).to(residuals) for x in buckets_(some_numbers, bits))
    packed = pack_(torch.bucketize(residuals, cutoffs.contiguous()), bits)
    read_back = decode_(nearest, packed, centroids, values).to(vectors)
    print(f"bits {bits}: {4 + packed.shape[1]} bytes a vector, exact {2 * vectors.shape[1]}")
    coded[f"{bits} bit" + "s" * (bits > 1)] = late_interaction.TokenVectors(
        read_back, trained_passages.offsets
    )
coded["centroid only"] = late_interaction.TokenVectors(centroids[nearest], trained_passages.offsets)

# %%
lost = {}
for name, documents in coded.items():
    quality[name] = ndcg(against_all(trained_queries, documents))
    lost[name] = significance.paired_interval(quality[name], quality["ColBERT, trained"])
    print(f"{name} minus exact: {lost[name]}")

# %%
show(
    *plots_paired.paired_differences(
        {name: lost[name] for name in ("4 bits", "2 bits", "1 bit")},
        title="What each bit costs in quality",
        value_label="nDCG@10 minus that of exact vectors",
    )
)

# %%
claim(
    "Four and two bits a number cost little or nothing, one bit costs more, and centroids alone are not "
    "enough.",
    holds=lost["4 bits"].low > -0.015
    and lost["2 bits"].low > -0.03
    and lost["1 bit"].high < 0
    and lost["1 bit"].mean < lost["2 bits"].mean
    and lost["centroid only"].high < -0.1,
    measured=", ".join(f"{name} {value}" for name, value in lost.items()),
)

# %% [markdown] tags=["folded"]
# Where the interval of four or two bits holds 0, they cost nothing that can be told. The larger drop comes at one bit, and without residuals far more is lost.

# %% [markdown]
# ## 9. The index on disk
#
# How large is the whole index? Beside the tokens it holds the centroids, the values of the codes, and where each passage begins.

# %% [markdown] card="token_index_bytes"
# ### Exercise: bytes of a late-interaction index
#
# Difficulty: easy. Importance: medium. Minutes: 8.
#
# Each token takes a centroid id of 4 bytes and a residual of `dim` codes of `bits` bits, rounded up to whole bytes for each token. Once for the whole index there are the centroids (`dim` numbers of 4 bytes each), the 2^bits values (4 bytes each), and an offset of 8 bytes for each passage and one more. A negative number of passages or tokens, or less than one number, bit or centroid, raises a `ValueError`.


# %% answer="token_index_bytes"
def token_index_bytes(passages: int, tokens: int, dim: int, bits: int, centroids: int) -> int:
    """Return the bytes of an index of token vectors, each a centroid id and a packed residual.

    passages: how many; tokens: of all passages together; dim: numbers a vector; bits: of each code;
    centroids: how many. Raises ValueError for fewer than 0 passages or tokens, and for fewer
    than 1 number, bit or centroid.

    Example: 10 passages of 200 tokens in all, 128 numbers, 2 bits, 16 centroids:
    200 * (4 + 32) + 4 * 16 * 128 + 4 * 4 + 8 * 11 = 15,496.
    """
    ### BEGIN SOLUTION
    if min(passages, tokens) < 0 or min(dim, bits, centroids) < 1:
        raise ValueError(f"{passages} passages, {tokens} tokens, {dim} x {bits} bits, {centroids}")
    each = 4 + math.ceil(dim * bits / 8)
    once = 4 * centroids * dim + 4 * 2**bits + 8 * (passages + 1)
    return tokens * each + once
    ### END SOLUTION


# %% check="token_index_bytes" points=1
check("token_index_bytes", token_index_bytes)

# %% hidden="token_index_bytes" points=2 seed=72648

# %% [markdown] hints="token_index_bytes"
# - **A few bytes for each token too many or too few.** Eight bits are a byte, and each token's residual is rounded up by itself: `math.ceil(dim * bits / 8)`. 128 numbers of 2 bits are 32 bytes, with the id 36.
# - **The index is smaller than expected.** Count the id of every token, and once for all: the centroids, the values, the offsets.
# - **It is a few bytes off, whatever the size.** With `bits` bits there are 2**bits codes and as many values; offsets are passages + 1, for the last says where the last passage ends.

# %%
bytes_ = yours("token_index_bytes", token_index_bytes, instead=residual_codec.index_bytes)
folder = cache_folder() / f"lesson-06-{PROFILE}"
flat = VectorIndex.build(folder / "flat", trained_passages)
indexes = {}
for bits in (4, 2, 1):
    indexes[bits] = LateIndex.build(folder / f"{bits}-bit", trained_passages, bits, centroids)

# %%
for bits, index in indexes.items():
    on_disk = sum(index.bytes_on_disk().values())
    reckoned = bytes_(count, tokens, vectors.shape[1], bits, len(centroids))
    print(
        f"bits a number: {bits}, {on_disk / 1e6:.2f} MB on disk, reckoned {reckoned / 1e6:.2f} MB"
    )

# %%
largest = sum(flat.bytes_on_disk().values())
smaller = {bits: largest / sum(index.bytes_on_disk().values()) for bits, index in indexes.items()}
claim(
    "At two bits a number the index is more than six times smaller, at one bit more than ten times.",
    holds=6 < smaller[2] < 10 < smaller[1] < 13,
    measured=f"{largest / 1e6:.1f} MB in float16; smaller by a factor of "
    + ", ".join(f"{factor:.1f} (bits: {bits})" for bits, factor in smaller.items()),
)

# %% [markdown] tags=["folded"]
# At two bits all token vectors take less than the single vectors in float32 did (6.1 MB in `fast`). But those can be quantised, too: in int8 they take a quarter.

# %% [markdown] tags=["folded"]
# What your formula leaves out is the list of passages for each centroid, which the next section needs, and the library stores centroids in two bytes a number, not in four. ColBERTv2 reports about the same proportions at another size: 154 GiB become 25 (two bits) or 16 (one bit; Santhanam et al. 2022).

# %% [markdown]
# ## 10. Searching in two stages
#
# A large index stays on disk, and decoding all of it for each question would take too long. But a passage that answers the question mostly has some token close to a token of the question, so it mostly has a token at the same centroid or at one nearby. Hence two stages, as in PLAID (Santhanam et al. 2022): first candidates by centroids alone, then exact scores for the best of them.

# %%
show(*diagrams.two_stage_search())

# %% [markdown]
# As loops, for one token of a question, two centroids, and four tokens of three passages:

# %%
dots = [0.9, 0.2]  # of the question's token with the two centroids
ids, of = [1, 0, 1, 1], [0, 1, 1, 2]  # each token's centroid, and its passage
for probes in (1, 2):
    probed = sorted(range(2), key=lambda c: -dots[c])[:probes]
    found = {passage for centroid, passage in zip(ids, of) if centroid in probed}
    best = {p: max(dots[c] for c, passage in zip(ids, of) if passage == p) for p in sorted(found)}
    print(f"{probes} probed: passage -> score {best}")

# %% [markdown]
# With one probe only passage 1 is found. With two all three are, and each is scored by *all* of its tokens.

# %% [markdown] card="candidate_passages"
# ### Exercise: candidates by centroids
#
# Difficulty: hard. Importance: high. Minutes: 18.
#
# Each query token probes the `probes` centroids with which it has the largest dot products. Candidates are the passages with at least one token in a probed centroid. Score each candidate by MaxSim, every one of its tokens replaced by its centroid, and return the `size` best, the best first; fewer if there are fewer, and all centroids if there are fewer than `probes`. Equal scores may come in any order.


# %% answer="candidate_passages"
def candidate_passages(
    query: torch.Tensor,
    centroids: torch.Tensor,
    centroid_ids: torch.Tensor,
    passage_of: torch.Tensor,
    probes: int,
    size: int,
) -> torch.Tensor:
    """Find the passages that are worth decoding, from centroids alone.

    query: (query_tokens, dim), at least one token; centroids: (c, dim); centroid_ids: (tokens,) each
    token's centroid; passage_of: (tokens,) each token's passage, in any order, some numbers may be
    missing. probes and size: at least 1. Returns (m,) passages, best first, m of at most size.

    Example: query [[1, 0]], centroids [[0.9, 0.1], [0.2, 0.8]], centroid_ids [1, 0, 1, 1] and
    passage_of [0, 1, 1, 2]: one probe finds centroid 0, of which passage 1 has a token: [1]. With
    two probes and size 1 all three are candidates, and passage 1 scores best (0.9): [1] again.
    """
    ### BEGIN SOLUTION
    similarity = query @ centroids.T  # (query_tokens, c)
    probed = similarity.topk(min(probes, len(centroids)), dim=1).indices
    candidates = passage_of[torch.isin(centroid_ids, probed)].unique()
    best = similarity.new_full((len(query), int(passage_of.max()) + 1), -torch.inf)
    places = passage_of.expand(len(query), -1)  # (query_tokens, tokens)
    best = best.scatter_reduce(1, places, similarity[:, centroid_ids], "amax")
    scores = best.sum(dim=0)[candidates]  # MaxSim with centroids for tokens
    return candidates[scores.topk(min(size, len(candidates))).indices]
    ### END SOLUTION


# %% check="candidate_passages" points=1
check("candidate_passages", candidate_passages)

# %% hidden="candidate_passages" points=2 seed=15796

# %% [markdown] hints="candidate_passages"
# - **Passages are missing or too many.** `(query @ centroids.T).topk(probes, dim=1).indices` holds each query token's own probes. `torch.isin(centroid_ids, probed)` marks the tokens in any of them; `passage_of` says whose they are.
# - **The order is another one.** `similarity[:, centroid_ids]` is (query_tokens, tokens), the dot products with centroids in place of tokens. For a candidate take *all* of its columns (`passage_of == candidate`), also those in centroids that nobody probed, their maximum along dim 1, and the sum.
# - **Passages come twice, or their numbers are wrong.** `unique()` keeps each candidate once. `topk` returns places among the candidates: look the passages up, `candidates[places]`.

# %%
find_ = yours("candidate_passages", candidate_passages, instead=centroid_candidates)
passage_of = torch.arange(count, device=device).repeat_interleave(
    trained_passages.lengths.to(device)
)
example = trained_queries[0]
found = find_(example, centroids, nearest, passage_of, 4, 64)
exact = against_all(trained_queries.select([0]), trained_passages)[0]
both = set(found.tolist()) & set(exact.topk(10).indices.tolist())
print(f"{len(found)} candidates of {count:,} hold {len(both)} of the ten best by exact MaxSim")

# %% [markdown]
# The library does the same for many questions at once, decodes the candidates' tokens and scores them exactly. What does it cost to look at fewer?

# %%
searched, index = {}, indexes[2]
for probes, one_in in ((1, 256), (2, 64), (8, 16)):
    most = count // one_in
    name = f"{probes} probe{'s' * (probes > 1)}, {most:,} kept"
    began = time.perf_counter()
    found = index.search(*trained_queries.pad(), 10, probes, most)[1]
    print(f"{name}: {1e3 * (time.perf_counter() - began) / len(found):.1f} ms a question")
    ranked = [[course.ids[i] for i in row if i >= 0] for row in found.tolist()]
    searched[name] = metrics.ndcg_at_k(ranked, validation.relevant, 10)

# %%
began = time.perf_counter()
against_all(trained_queries.select(range(100)), coded["2 bits"])
print(f"all passages, decoded before: {10 * (time.perf_counter() - began):.1f} ms a question")

# %%
by_stage = {
    name: significance.paired_interval(v, quality["2 bits"]) for name, v in searched.items()
}
show(
    *plots_paired.paired_differences(
        by_stage,
        title="What the first stage loses (2 bits)",
        value_label="nDCG@10 minus that of all passages",
    )
)

# %%
few, _, many = by_stage.values()
claim(
    "The first stage costs quality where it keeps few passages, and little where it keeps one in sixteen.",
    holds=few.high < 0 and many.low > -0.015 and many.mean > few.mean,
    measured=f"nDCG@10 minus that of all {count:,} passages: {count // 256} kept {few}, {count // 16:,} {many}",
)

# %% [markdown]
# What the first stage drops, no exact score brings back. At this size, with all vectors decoded in memory, two stages save time only if they keep so few passages that quality falls; the index can pay where the decoded vectors no longer fit into memory. And on balance: what is left against the trained single vector, at the middle of the three settings?

# %%
_, middle, _ = searched.values()
total = significance.paired_interval(middle, quality["one vector, trained"])
print("two bits, two probes and 1 in 64 kept, minus the trained single vector:", total)

# %% [markdown]
# After compression and two stages the lead is smaller, and where the interval holds 0, chance alone could make what is left. So on these short texts one cannot say that the larger machine finds more. It takes more time, and more bytes than single vectors in int8: worth knowing before one builds it.

# %% quiz="06-q7"

# %% [markdown]
# ## 11. On the leaderboard
#
# Three rows on the test questions: ColBERT with exact vectors, with the index of 2 bits searched in two stages (the middle setting), and the fair rival, one vector with the same layer trained. (The heads of lessons 03 to 05 trained no layer of the encoder.)

# %%
lower_test = late_layers.lower_states(plain, course.test.queries, "query")
test_queries = tokenwise.encode(lower_test)
exact_rows = search.ordered_top_k(against_all(test_queries, trained_passages), 10)[1]
coded_rows = indexes[2].search(*test_queries.pad(), 10, 2, count // 64)[1]
single_rows = search.top_k(single.encode(lower_test), one_passages, 10)[1]

# %%
board_rows, on_test = [], {}
systems = {"one vector, last layer": single_rows, "ColBERT, 2 bits": coded_rows}
systems["ColBERT, exact"] = exact_rows
for name, rows in systems.items():
    ranked = [[course.ids[i] for i in row if i >= 0] for row in rows.tolist()]
    board_rows.append(leaderboard.evaluate(name, "06", ranked, course.test))
    leaderboard.save(board_rows[-1])
    on_test[name] = metrics.ndcg_at_k(ranked, course.test.relevant, 10)
    print(name, "nDCG@10", board_rows[-1].ndcg_at_10)

# %%
rival, families = on_test["one vector, last layer"], families_of(course.test)
leads = {}
for name in ("ColBERT, exact", "ColBERT, 2 bits"):
    leads[f"{name}, minus one vector"] = significance.paired_interval(on_test[name], rival)
    by_families = significance.paired_interval(on_test[name], rival, groups=families)
    leads[f"{name}, minus one vector, by families"] = by_families
show(
    *plots_paired.paired_differences(
        leads,
        title="What is left of the lead on the test questions",
        value_label="difference of nDCG@10, single questions or families drawn",
    )
)

# %%
row = board_rows[-1]
board = leaderboard.board(row)
show(
    plots.leaderboard(board),
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {board_rows[-1].ndcg_at_10.mean:.3f}")

# %% [markdown]
# Judge the three rows of this lesson by these differences, not by how far the intervals of the board overlap. On the test questions the lead of ColBERT with exact vectors, over the single vector with the same training, is smaller than on the validation questions. Where whole families of questions are drawn, chance alone could make it; and with 2 bits no lead can be told (all this in `fast`). It is a near thing: with another `SEED` the training differs, and so may this. If you ran lessons 03 to 05, their heads stand on the board, too: one matrix each, and in `fast` about as high. Do not call the larger machine better without a paired comparison with them. What late interaction adds here for certain is the map.

# %% quiz="06-q8"

# %% quiz="06-q9"

# %% [markdown]
# ## Takeaways
#
# - Late interaction keeps one vector a token. MaxSim gives each word of the question its best partner in the passage and adds up.
# - Padding loses every maximum and adds nothing to any sum: two masks, two meanings.
# - The row maxima of the map are the score, so the map explains the score exactly.
# - Our encoder, trained through its mean, ranked better by MaxSim at once. Trained alike, the measured lead is smaller on our short texts, and where whole families of test questions are drawn, chance could make it.
# - Token vectors take several times the bytes of one vector. A centroid and two bits a number bring them down to between a sixth and a seventh.
# - Search in two stages: candidates by centroids, exact scores for few. What the first stage misses is lost.

# %% [markdown]
# ## Further reading
#
# - Khattab and Zaharia (2020). ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over BERT. SIGIR.
# - Santhanam, Khattab, Saad-Falcon, Potts and Zaharia (2022). ColBERTv2: Effective and Efficient Retrieval via Lightweight Late Interaction. NAACL.
# - Santhanam, Khattab, Potts and Zaharia (2022). PLAID: An Efficient Engine for Late Interaction Retrieval. CIKM.
# - Dhillon and Modha (2001). Concept Decompositions for Large Sparse Text Data Using Clustering. Machine Learning 42.
# - Nogueira and Cho (2019). Passage Re-ranking with BERT. arXiv:1901.04085.
