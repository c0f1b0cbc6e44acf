# ---
# jupyter:
#   course:
#     lesson: "02"
#     title: Pooling and the bi-encoder
#     minutes: 120
#     objectives:
#       - Compare the vectors that a transformer gives to one word in several sentences.
#       - Pool token vectors into one vector a text by mean, maximum, CLS or last token, whatever the padding.
#       - Measure what happens when a model is not pooled as it was trained, and read the intervals.
#       - Encode a corpus in batches sorted by length, in the right order, and search it by cosine.
#       - Say when a bi-encoder will do and what scoring all pairs with a cross-encoder would cost.
#     prerequisites:
#       - Lesson 01, or knowing what a word vector is
#       - PyTorch tensors, their shapes and axes
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
import torch

from lib import diagrams, leaderboard, metrics, plots, pooling, search, text
from lib.data import load_course_set, load_similarity
from lib.device import autocast, pick_device, seed_everything
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder, load_word_vectors
from lib.plots import show

seed_everything(SEED)

# %% [markdown]
# ## 1. From word vectors to contextual vectors
#
# Word2Vec and GloVe keep one vector for each word of a table. A transformer cuts a text into *tokens* (words or pieces of words) and begins with such a table, too; then every layer lets each token read its neighbours. What comes out of the last layer for one token, in several sentences?

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
glove = load_word_vectors(limit=30_000)

bank = [
    "She paid the cheque into her bank account.",
    "The bank raised its interest rates again.",
    "He borrowed money from the bank.",
    "They fished from the grassy bank of the river.",
    "The boat drifted towards the muddy bank.",
    "Reeds grew along the bank of the stream.",
]

# %% [markdown]
# Three sentences are about money, three about rivers. `token_embeddings` runs the transformer and stops before pooling: one vector a token, and a mask that tells tokens from padding.

# %%
tokens, mask = text.token_embeddings(model, bank)
print("tokens", tuple(tokens.shape), "= (texts, tokens, dim);  mask", tuple(mask.shape))
ids = model.tokenizer(bank[1])["input_ids"]
print(model.tokenizer.convert_ids_to_tokens(ids))
print("real tokens a text:", mask.sum(dim=1).tolist())

# %% [markdown]
# The tokenizer added `[CLS]` in front and `[SEP]` at the end. They are tokens like others: they have vectors, and the model was trained with them.
#
# Before you look: GloVe has one row for *bank*. What will the transformer's six vectors be like?

# %% quiz="02-q1"


# %%
def vectors_of(word: str, sentences: list[str]) -> torch.Tensor:
    """The contextual vector of `word` in each sentence: (sentences, dim)."""
    tokens, _ = text.token_embeddings(model, sentences)
    ids = model.tokenizer(sentences, padding=True, return_tensors="pt")["input_ids"]
    place = ids.to(tokens.device) == model.tokenizer.convert_tokens_to_ids(word)
    return tokens[place]


contextual = pooling.cosine_matrix(*[vectors_of("bank", bank)] * 2)
static = pooling.cosine_matrix(*[torch.stack([glove["bank"]] * len(bank))] * 2)
print("GloVe, smallest cosine:", f"{static.min():.3f}")
print("transformer, smallest cosine:", f"{contextual.min():.3f}")

# %%
names = ["account", "rates", "borrowed", "fished", "boat", "reeds"]
figure = plots.heatmap(
    contextual,
    names,
    names,
    title="One word, six vectors: 'bank' in six sentences",
    value_label="cosine of the two 'bank' vectors",
    x_label="sentence with ...",
    y_label="sentence with ...",
    limits=(0.5, 1.0),
)
show(
    figure,
    alt="Heat map of the cosines between the vectors of 'bank' in six sentences, three about money "
    f"and three about rivers: from {contextual.min():.2f} for the two least alike; within money the "
    f"mean is {contextual[:3, :3][~torch.eye(3, dtype=bool)].mean():.2f}, within rivers "
    f"{contextual[3:, 3:][~torch.eye(3, dtype=bool)].mean():.2f}, across {contextual[:3, 3:].mean():.2f}.",
)

# %% [markdown]
# Is it only *bank*? Two more words with two senses, three sentences a sense.

# %%
cell = [
    "The prisoner slept in a cold cell.",
    "A guard locked the cell door at night.",
    "He spent ten years alone in a cell.",
    "Each cell of the body holds the same genes.",
    "The virus enters the cell through its membrane.",
    "A nerve cell carries electrical signals.",
]
bat = [
    "The bat hung upside down in the cave.",
    "A bat hunts insects by echo.",
    "A bat flew out of the dark attic.",
    "He swung the wooden bat and missed the ball.",
    "The player broke his bat on the first pitch.",
    "She held the bat with both hands.",
]

# %%
sense = torch.arange(6, device=device) // 3
same_sense = (sense[:, None] == sense) & ~torch.eye(6, dtype=torch.bool, device=device)
other_sense = sense[:, None] != sense
gaps, largest = {}, 0.0
for word, sentences in {"bank": bank, "cell": cell, "bat": bat}.items():
    cosines = pooling.cosine_matrix(*[vectors_of(word, sentences)] * 2)
    within, across = cosines[same_sense].mean(), cosines[other_sense].mean()
    gaps[word] = float(within - across)
    largest = max(largest, float(cosines[same_sense | other_sense].max()))
    least, most = cosines[same_sense].min(), cosines[other_sense].max()
    print(f"{word:5} same sense {within:.3f} (at least {least:.3f}), ", end="")
    print(f"other sense {across:.3f} (at most {most:.3f})")

# %%
claim(
    "The same word gets another vector in every sentence, closer within a sense on average.",
    holds=float(static.min()) > 0.9999 and largest < 0.95 and min(gaps.values()) > 0.03,
    measured=f"GloVe cosine {static.min():.3f} everywhere; contextual at most {largest:.3f}; "
    + ", ".join(f"{word}: same minus other sense {gap:+.3f}" for word, gap in gaps.items()),
)

# %% [markdown] tags=["folded"]
# On average the vectors lie closer within a sense, but for all three words some pair across the senses is closer than some pair within (compare "at most" with "at least"), and for *bat* the gap is smallest. A contextual vector leans towards a sense; it is not a dictionary entry.

# %% [markdown]
# ## 2. One vector a sentence: the mean
#
# To compare two texts by one number we want one vector each, however long they are. Something must turn (tokens, dim) into (dim). That is *pooling*, and the simplest is the mean.
#
# The one difficulty is padding. Texts of a batch have different lengths, a tensor has one, so short rows are filled up.

# %% quiz="02-q2"

# %% [markdown]
# Here is what the mean should be, token by token. The 9s stand at padding: a transformer leaves vectors there that mean nothing.

# %%
toy = torch.tensor([[[1.0, 4.0], [3.0, 2.0], [9.0, 9.0]], [[2.0, -6.0], [4.0, 1.0], [6.0, 2.0]]])
toy_mask = torch.tensor([[1, 1, 0], [1, 1, 1]])

for row in range(len(toy)):
    total, count = torch.zeros(2), 0
    for position in range(toy.shape[1]):
        if toy_mask[row, position] == 1:
            total += toy[row, position]
            count += 1
    print("text", row, "mean", (total / count).tolist())

# %% [markdown] card="mean_pool"
# ### Exercise: the mean of the real tokens
#
# Difficulty: easy. Importance: high. Minutes: 10.
#
# Write the loop above without loops over rows or tokens. A row whose mask is all 0 (an empty text) becomes zeros, not NaN.


# %% answer="mean_pool"
def mean_pool(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Average the vectors of the real tokens of each text.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens), 1 where a token is real.
    Returns (batch, dim). A row without a real token becomes zeros.

    Example: tokens [[[1, 4], [3, 2], [9, 9]]] with mask [[1, 1, 0]] give [[2, 3]].
    """
    ### BEGIN SOLUTION
    weights = attention_mask.unsqueeze(-1)
    total = (token_embeddings * weights).sum(dim=1)
    count = weights.sum(dim=1).clamp(min=1)
    return total / count
    ### END SOLUTION


# %% check="mean_pool" points=1
check("mean_pool", mean_pool)

# %% hidden="mean_pool" points=2 seed=20417

# %% [markdown] hints="mean_pool"
# - **The mask and the tokens do not multiply.** Shapes (batch, tokens) and (batch, tokens, dim) do not broadcast as they are: give the mask a last axis of size 1.
# - **Short texts come out wrong.** Padding must be left out twice: of the sum (multiply by the mask before you add up), and of the divisor, which is the number of 1s in this row of the mask, not the number of columns.
# - **A row is NaN.** Its count is 0. `count.clamp(min=1)` leaves all other rows as they are and makes this one 0 / 1.

# %%
mean_pool_ = yours("mean_pool", mean_pool, instead=pooling.mean_pool)
sentence_vectors = mean_pool_(tokens, mask)
print("tokens", tuple(tokens.shape), "-> sentences", tuple(sentence_vectors.shape))
encoded = model.encode(bank, convert_to_tensor=True)
gap = (pooling.normalize(sentence_vectors) - encoded).abs().max()
print("equal to model.encode within 1e-5:", bool(gap < 1e-5))

# %% [markdown]
# Your mean is what `model.encode` returns, up to a last step that section 7 looks at. So that is all it does: transformer, masked mean, and that step.
#
# ## 3. What padding does
#
# What if one forgets the mask? Think it through first.

# %% quiz="02-q3"

# %% [markdown]
# Now with the real model. We pad one text with more and more padding, as a longer neighbour in its batch would, and compare its vector with that of the text alone.

# %%
TEXTS = {
    "2 words": "Trouble swallowing",
    "8 words": "Loss of bladder control after a nerve injury",
    "20 words": "Lasting weakness of the muscles of the face and the upper arms, which begins in "
    "childhood and slowly gets worse",
}


@torch.inference_mode()
def padded_tokens(sentence: str, extra: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the transformer on a text with `extra` padding tokens behind it."""
    length = len(model.tokenizer(sentence)["input_ids"]) + extra
    features = model.tokenizer(
        sentence, padding="max_length", max_length=length, return_tensors="pt"
    ).to(device)
    return model[0](dict(features))["token_embeddings"], features["attention_mask"]


# %%
padding = [0, 1, 2, 4, 8, 16, 32, 64]
forgetful = {name: [] for name in TEXTS}
masked = []
for name, sentence in TEXTS.items():
    alone = mean_pool_(*padded_tokens(sentence, 0))
    for extra in padding:
        tokens_, mask_ = padded_tokens(sentence, extra)
        everything = torch.ones_like(mask_)
        forgetful[name].append(float(pooling.cosine_matrix(mean_pool_(tokens_, everything), alone)))
        masked.append(float(pooling.cosine_matrix(mean_pool_(tokens_, mask_), alone)))
print("32 padding tokens:", {name: round(row[6], 3) for name, row in forgetful.items()})

# %%
figure = plots.curve(
    padding,
    {"any text, masked": [min(masked)] * len(padding), **forgetful},
    title="A mean that forgets the mask drifts with the padding",
    x_label="padding tokens in the row",
    y_label="cosine with the text alone",
)
show(
    figure,
    alt="Curves of the cosine between a padded text and the same text alone, over the number of "
    "padding tokens: with the mask it stays at 1, without it all three texts fall, to "
    f"{min(row[-1] for row in forgetful.values()):.2f} for the one that falls most.",
)

# %%
claim(
    "Padding changes a mean that forgets the mask, and does not change one that uses it.",
    holds=min(masked) > 0.9999 and all(row[6] < 0.95 for row in forgetful.values()),
    measured=f"with 32 padding tokens the cosine is {forgetful['2 words'][6]:.3f} for the shortest "
    f"text, {forgetful['20 words'][6]:.3f} for the longest; masked at least {min(masked):.4f}",
)

# %% [markdown] tags=["folded"]
# Without the mask a text's vector depends on how long the other texts of its batch are, and turns far away from its own direction. Nothing crashes, so only a comparison such as this one finds the mistake.

# %% [markdown]
# ## 4. Maximum, CLS, last token
#
# Other ways to get one vector. The **maximum** asks of each dimension: did any token light it up? Again by a loop first.

# %%
for row in range(len(toy)):
    best = [float("-inf")] * 2
    for position in range(toy.shape[1]):
        if toy_mask[row, position] == 1:
            best = [max(b, v) for b, v in zip(best, toy[row, position].tolist())]
    print("text", row, "maximum", best)

# %% [markdown] card="max_pool"
# ### Exercise: the maximum over the real tokens
#
# Difficulty: easy. Importance: medium. Minutes: 8.
#
# For each dimension the largest value among the real tokens. Padding must never win, also where all real values are negative. A row without a real token becomes zeros.


# %% answer="max_pool"
def max_pool(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Take the largest value of each dimension over the real tokens of each text.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens), 1 where a token is real.
    Returns (batch, dim). A row without a real token becomes zeros.

    Example: tokens [[[-1, 4], [-3, 2], [0, 9]]] with mask [[1, 1, 0]] give [[-1, 4]].
    """
    ### BEGIN SOLUTION
    padding = attention_mask == 0
    filled = token_embeddings.masked_fill(padding.unsqueeze(-1), float("-inf"))
    empty = padding.all(dim=1, keepdim=True)
    return filled.amax(dim=1).masked_fill(empty, 0)
    ### END SOLUTION


# %% check="max_pool" points=1
check("max_pool", max_pool)

# %% hidden="max_pool" points=2 seed=31189

# %% [markdown] hints="max_pool"
# - **Zeros appear where all values are negative.** Multiplying by the mask turns padding into 0, and 0 beats -1. Padding needs a value that loses to everything.
# - **You get a pair, not a tensor.** `tensor.max(dim=1)` returns values and positions; `tensor.amax(dim=1)` returns the values alone.
# - **A row is -inf.** It has no real token. `masked_fill` the result where the mask is all 0 along dim 1; with `keepdim=True` the shapes fit.

# %%
max_pool_ = yours("max_pool", max_pool, instead=pooling.max_pool)
right = max_pool_(tokens, mask)
with_zeros = (tokens * mask.unsqueeze(-1)).amax(dim=1)
padded_rows = mask.sum(dim=1) < mask.shape[1]
stolen = (with_zeros != right)[padded_rows].float().mean()
print(f"dimensions in which a padded 0 would win: {stolen:.1%}")

# %% [markdown]
# In about one dimension in eleven of the shorter texts all real values are negative, and there a padded 0 would be taken for the maximum.
#
# **CLS pooling** takes one token, the first. BERT was pretrained to tell from it whether two sentences belong together, and some encoders (bge, for one) are trained to gather the whole text there.
#
# Usually it is position 0. *Decoders* (models that were trained to write on, word by word) are often padded on the *left*, though, and then it is not.

# %%
left = torch.tensor([[[9.0, 9.0], [1.0, 4.0], [3.0, 2.0]]])
left_mask = torch.tensor([[0, 1, 1]])

for name, batch, flags in (("right", toy, toy_mask), ("left", left, left_mask)):
    for row in range(len(batch)):
        real = [p for p in range(batch.shape[1]) if flags[row, p] == 1]
        first, last = batch[row, real[0]].tolist(), batch[row, real[-1]].tolist()
        print(f"padding {name}, text {row}: first {first}, last {last}")

# %% [markdown] card="cls_pool"
# ### Exercise: the first real token
#
# Difficulty: medium. Importance: medium. Minutes: 8.
#
# Take the vector at the first position where the mask is 1, in each row for itself. A row without a real token becomes zeros.


# %% answer="cls_pool"
def cls_pool(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Take the vector of the first real token of each text, wherever the padding stands.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens), 1 where a token is real.
    Returns (batch, dim). A row without a real token becomes zeros.

    Example: tokens [[[9, 9], [1, 4], [3, 2]]] with mask [[0, 1, 1]] give [[1, 4]].
    """
    ### BEGIN SOLUTION
    real = (attention_mask != 0).long()
    first = real.argmax(dim=1)
    rows = torch.arange(len(first), device=first.device)
    empty = real.sum(dim=1, keepdim=True) == 0
    return token_embeddings[rows, first].masked_fill(empty, 0)
    ### END SOLUTION


# %% check="cls_pool" points=1
check("cls_pool", cls_pool)

# %% hidden="cls_pool" points=2 seed=42461

# %% [markdown] hints="cls_pool"
# - **Right padding works, left padding does not.** Position 0 may be padding. Let the mask say where the text begins.
# - **You have no function for "the first 1".** `argmax` returns the first position of the largest value. It does not take truth values: make them integers first.
# - **You get (batch, batch, dim).** `x[:, first]` takes every position in every row. Pair each row with its own: `x[torch.arange(batch), first]`.

# %% [markdown]
# **Last-token pooling** is what decoders such as E5-Mistral or GTE-Qwen2 use: each token sees only what stands before it, so only the last one has read it all.
#
# The trap has a name: the last *position* is not the last *token*.

# %% [markdown] card="last_token_pool"
# ### Exercise: the last real token
#
# Difficulty: medium. Importance: high. Minutes: 10.
#
# Take the vector at the last position where the mask is 1, with padding on the right or on the left. A row without a real token becomes zeros.


# %% answer="last_token_pool"
def last_token_pool(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Take the vector of the last real token of each text, wherever the padding stands.

    token_embeddings: (batch, tokens, dim); attention_mask: (batch, tokens), 1 where a token is real.
    Returns (batch, dim). A row without a real token becomes zeros.

    Example: tokens [[[1, 4], [3, 2], [9, 9]]] with mask [[1, 1, 0]] give [[3, 2]].
    """
    ### BEGIN SOLUTION
    real = attention_mask != 0
    positions = torch.arange(real.shape[1], device=real.device)
    last = (positions * real).argmax(dim=1)
    rows = torch.arange(len(last), device=last.device)
    empty = real.sum(dim=1, keepdim=True) == 0
    return token_embeddings[rows, last].masked_fill(empty, 0)
    ### END SOLUTION


# %% check="last_token_pool" points=1
check("last_token_pool", last_token_pool)

# %% hidden="last_token_pool" points=2 seed=53633

# %% [markdown] hints="last_token_pool"
# - **Right padding works, left padding does not.** You probably count the mask: that is the last position only if the text begins at 0. Ask for the largest position that is real.
# - **You do not know how to ask for it.** Multiply the positions 0, 1, 2, ... by the mask: padding becomes 0, and `argmax` along dim 1 finds the largest that is left.
# - **Only the first row is right.** `x[:, last]` mixes rows. Index with two lists of one length: `x[torch.arange(batch), last]`.

# %%
cls_pool_ = yours("cls_pool", cls_pool, instead=pooling.cls_pool)
last_pool_ = yours("last_token_pool", last_token_pool, instead=pooling.last_token_pool)
POOLINGS = {"mean": mean_pool_, "max": max_pool_, "CLS": cls_pool_, "last token": last_pool_}
mean = mean_pool_(tokens, mask)
for name, pool in POOLINGS.items():
    cosine = torch.cosine_similarity(pool(tokens, mask), mean).mean()
    print(f"{name:10} {tuple(pool(tokens, mask).shape)}  cosine with the mean {cosine:.3f}")

# %% [markdown]
# Four different vectors from one forward pass; maximum and CLS point far away from the mean. Which is right? Section 8 measures it.
#
# ## 5. Break it
#
# Pooling bugs hide in tests on friendly data. Now you write the test: for code that you cannot see.

# %% [markdown] card="break_last_token"
# ### Exercise: a test that no wrong last-token pooling survives
#
# Difficulty: hard. Importance: high. Minutes: 12.
#
# Return cases `(token_embeddings, attention_mask, expected)` as nested lists: (batch, tokens, dim), (batch, tokens), (batch, dim). Right implementations must pass; every wrong one must fail some case. An empty row becomes zeros. A handful of cases is enough; 2,000 are the most.


# %% answer="break_last_token"
def break_last_token() -> list:
    """Return test cases for last-token pooling.

    Each case is (token_embeddings (batch, tokens, dim), attention_mask (batch, tokens),
    expected (batch, dim)), as nested lists. Real tokens stand together; padding is on one side.

    Example of one case: ([[[1], [2]]], [[1, 1]], [[2]]).
    """
    ### BEGIN SOLUTION
    right = [[[6], [5], [9]]], [[1, 1, 0]], [[5]]
    left = [[[9], [6], [5]]], [[0, 1, 1]], [[5]]
    full_first = [[[8], [6], [5]], [[7], [4], [9]]], [[1, 1, 1], [1, 1, 0]], [[5], [4]]
    empty = [[[9], [9]], [[6], [5]]], [[0, 0], [1, 1]], [[0], [5]]
    return [right, left, full_first, empty]
    ### END SOLUTION


# %% check="break_last_token" points=1
check("break_last_token", break_last_token)

# %% hidden="break_last_token" points=2 seed=64817

# %% [markdown] hints="break_last_token"
# - **A suspect passes though it never looks at the mask.** Put a vector that is not zero at padding, on the right in one case and on the left in another.
# - **A suspect passes though it takes the maximum, or the token before.** With tokens 1, 2, 3 many wrong answers are right by luck. Let values fall along the text.
# - **A suspect passes on single texts.** Use a batch of two: a full text first, a short one with padding on the right second; and another with a row whose mask is all 0.

# %% [markdown]
# ## 6. Encoding a corpus
#
# A batch is as long as its longest text, and the transformer computes padding like any token. How much of the work is padding? We count it on the course's passages.

# %%
course = load_course_set(PROFILE)
print(course.name, course.version, "-", len(course.passages), "passages")
shown = course.validation.queries.index("Gallstones")
print("query  :", course.validation.queries[shown])
print("passage:", course.passages[course.validation.positives[shown]])

# %% [markdown]
# The passages are terms of the Human Phenotype Ontology (Köhler et al. 2021); the queries are layperson's words for them. The setting `PROFILE` says how many passages: 4,000 in `fast`, all 16,449 in `full`.
#
# Sort the texts by length, cut the sorted list into batches, encode, and put the vectors back. By hand, on five lengths:

# %%
lengths = [4, 9, 2, 7, 9]
left, order = list(range(len(lengths))), []
while left:
    longest = left[0]
    for i in left:
        if lengths[i] > lengths[longest]:
            longest = i
    order.append(longest)
    left.remove(longest)
print("longest first:", order, " in batches of 2:", [order[0:2], order[2:4], order[4:]])

# %% [markdown] card="length_sorted_batches"
# ### Exercise: batches of like length
#
# Difficulty: easy. Importance: medium. Minutes: 6.
#
# Return the positions in `lengths`, longest first, cut into lists of `batch_size`. Equal lengths keep their order; the last batch may be shorter. A `batch_size` below 1 raises `ValueError`. (Longest first: if memory runs out, it does so at once.)


# %% answer="length_sorted_batches"
def length_sorted_batches(lengths: list[int], batch_size: int) -> list[list[int]]:
    """Cut the positions of texts into batches of like length.

    lengths: n whole numbers, one a text. Returns lists of positions, longest texts first, each
    position once, batch_size in every list but perhaps the last. Equal lengths keep their order.
    Raises ValueError if batch_size is below 1.

    Example: length_sorted_batches([4, 9, 2, 7, 9], 2) is [[1, 4], [3, 0], [2]].
    """
    ### BEGIN SOLUTION
    if batch_size < 1:
        raise ValueError("a batch holds at least one text")
    order = sorted(range(len(lengths)), key=lambda position: lengths[position], reverse=True)
    batches = []
    for start in range(0, len(order), batch_size):
        stop = start + batch_size
        batches.append(order[start:stop])
    return batches
    ### END SOLUTION


# %% check="length_sorted_batches" points=1
check("length_sorted_batches", length_sorted_batches)

# %% hidden="length_sorted_batches" points=2 seed=75979

# %% [markdown] hints="length_sorted_batches"
# - **Your batches hold lengths.** Sort the positions `range(len(lengths))`, and let `key` look up the length of a position.
# - **Equal lengths come out reversed.** Python's sort keeps the order of equals, also with `reverse=True`. Turning a sorted list around with `[::-1]` does not.
# - **Texts are missing at the end.** `range(0, n, batch_size)` also starts the last batch, and a slice past the end is simply shorter.

# %%
batches_of = yours(
    "length_sorted_batches", length_sorted_batches, instead=text.length_sorted_batches
)
limit = model.max_seq_length
passage_ids = model.tokenizer(course.passages, truncation=True, max_length=limit)["input_ids"]
lengths = [len(ids) for ids in passage_ids]


def padding_share(batches: list[list[int]]) -> float:
    """Return the share of all positions that is padding."""
    positions = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    return 1 - sum(lengths) / positions


as_they_come = [list(range(len(lengths)))[i : i + 32] for i in range(0, len(lengths), 32)]
shares = {
    "as they come": padding_share(as_they_come),
    "sorted": padding_share(batches_of(lengths, 32)),
}

# %%
claim(
    "Batches sorted by length spend almost nothing on padding.",
    holds=shares["sorted"] < 0.1 * shares["as they come"],
    measured=f"of all positions in batches of 32, padding is {shares['as they come']:.1%} as the "
    f"passages come and {shares['sorted']:.1%} sorted",
)

# %% [markdown]
# The vectors now come in the order of the batches. Somebody has to put them back.

# %%
toy_batches = [[2, 0], [3, 1]]
toy_rows = torch.tensor([[30.0], [10.0], [40.0], [20.0]])  # vectors of texts 2, 0, 3, 1

restored, number = [None] * 4, 0
for batch in toy_batches:
    for position in batch:
        restored[position] = toy_rows[number].tolist()
        number += 1
print("rows", toy_rows.tolist(), "-> restored", restored)

# %% quiz="02-q4"

# %% [markdown] card="restore_order"
# ### Exercise: put the vectors back in order
#
# Difficulty: medium. Importance: high. Minutes: 8.
#
# Row j of `rows` belongs to the j-th position that the batches name. Return the rows so that row i belongs to text i. Raise `ValueError` unless the batches name each of 0 ... n-1 exactly once.


# %% answer="restore_order"
def restore_order(batches: list[list[int]], rows: torch.Tensor) -> torch.Tensor:
    """Undo the sorting: from the order of the batches to the order of the texts.

    batches: lists of positions, as length_sorted_batches returns them; rows: (n, ...), in the
    order of the batches end to end. Returns (n, ...). Raises ValueError if the batches do not name
    each of the n positions exactly once.

    Example: restore_order([[2, 0], [1]], [30, 10, 20]) is [10, 20, 30] (as tensors).
    """
    ### BEGIN SOLUTION
    order = [position for batch in batches for position in batch]
    named = set(order)
    wanted = set(range(len(rows)))
    if named != wanted or len(order) != len(wanted):
        raise ValueError("the batches must name each row exactly once")
    restored = torch.empty_like(rows)
    restored[order] = rows
    return restored
    ### END SOLUTION


# %% check="restore_order" points=1
check("restore_order", restore_order)

# %% hidden="restore_order" points=2 seed=87103

# %% [markdown] hints="restore_order"
# - **Two rows swap rightly, three do not.** `rows[order]` applies the sorting a second time. You need the inverse: write to the positions instead of reading from them.
# - **You do not know how to write to positions.** Make an empty tensor of the same shape and assign: `restored[order] = rows`.
# - **A wrong batch is accepted.** Compare the set of named positions with `range(n)`, and how many they are with n: together that finds missing, double and impossible positions.

# %% [markdown]
# Now the whole encoder, from your parts. One forward pass a batch, and all four poolings from the same token vectors.

# %%
from lib.progress_bar import track

restore = yours("restore_order", restore_order, instead=text.restore_order)


def embed(texts: list[str], batch_size: int = 32) -> dict[str, torch.Tensor]:
    """Return the vectors of the texts, (n, dim), for each pooling."""
    batches = batches_of([len(t) for t in texts], batch_size)
    parts = {name: [] for name in POOLINGS}
    for batch in track(batches, "Encoding", "batch"):
        with autocast(device):
            tokens, mask = text.token_embeddings(model, [texts[i] for i in batch])
        for name, pool in POOLINGS.items():
            parts[name].append(pool(tokens.float(), mask))
    return {name: restore(batches, torch.cat(rows)) for name, rows in parts.items()}


print({name: tuple(rows.shape) for name, rows in embed(bank).items()})

# %% [markdown]
# ## 7. Who normalises?
#
# A sentence-transformers model is a list of modules, run in order. Ours has three.

# %%
from sentence_transformers import SentenceTransformer

print([type(module).__name__ for module in model])
bare = SentenceTransformer(modules=[model[0], model[1]], device=str(device))
print([type(module).__name__ for module in bare])

# %% quiz="02-q5"

# %%
queries = course.validation.queries[:100]
norms = model.encode(queries, convert_to_tensor=True).norm(dim=1)
bare_norms = bare.encode(queries, convert_to_tensor=True).norm(dim=1)
asked = bare.encode(queries, convert_to_tensor=True, normalize_embeddings=True).norm(dim=1)
for name, values in {"with Normalize": norms, "without": bare_norms, "asked to": asked}.items():
    print(f"{name:15} norms from {values.min():.3f} to {values.max():.3f}")

# %%
claim(
    "encode normalises only if the model has a Normalize module, or if it is asked to.",
    holds=bool((norms - 1).abs().max() < 1e-4)
    and bool((asked - 1).abs().max() < 1e-4)
    and bool(bare_norms.max() > 1.5 * bare_norms.min()),
    measured=f"norms {norms.min():.3f} to {norms.max():.3f} with the module, "
    f"{bare_norms.min():.2f} to {bare_norms.max():.2f} without",
)

# %% [markdown]
# A dot product grows with the lengths of both vectors. The *cosine* divides by them, so only the direction counts. As a loop:

# %%
a, b = torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([[1.0, 1.0]])
for i in range(len(a)):
    for j in range(len(b)):
        dot = sum(x * y for x, y in zip(a[i].tolist(), b[j].tolist()))
        lengths_ = (
            sum(x * x for x in a[i].tolist()) ** 0.5 * sum(y * y for y in b[j].tolist()) ** 0.5
        )
        print(f"a[{i}] with b[{j}]: dot {dot:.2f}, cosine {dot / lengths_:.3f}")

# %% [markdown] card="cosine_matrix"
# ### Exercise: all cosines at once
#
# Difficulty: easy. Importance: high. Minutes: 6.
#
# The cosine of every row of `a` with every row of `b`, as one matrix product. A row of zeros has cosine 0 with everything.


# %% answer="cosine_matrix"
def cosine_matrix(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The cosine of every row of `a` with every row of `b`.

    a: (n, dim); b: (m, dim). Returns (n, m). A row of zeros has cosine 0 with everything.

    Example: a [[3, 0], [0, 2]] and b [[1, 1]] give [[0.7071], [0.7071]].
    """
    ### BEGIN SOLUTION
    a_lengths = a.norm(dim=1, keepdim=True).clamp(min=1e-12)
    b_lengths = b.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return (a / a_lengths) @ (b / b_lengths).T
    ### END SOLUTION


# %% check="cosine_matrix" points=1
check("cosine_matrix", cosine_matrix)

# %% hidden="cosine_matrix" points=2 seed=98297

# %% [markdown] hints="cosine_matrix"
# - **Values above 1.** These are dot products, or only one side was divided. Divide the rows of both by their lengths.
# - **The values change when you add a row.** The lengths were taken down the columns. A row is a vector: `dim=1`, with `keepdim=True` so that the division lines up.
# - **NaN for a row of zeros.** 0 / 0. Keep lengths above a tiny number with `clamp(min=1e-12)`, not above 1.

# %%
cosines_of = yours("cosine_matrix", cosine_matrix, instead=pooling.cosine_matrix)
pair = ["Trouble swallowing", "Difficulty swallowing. Trouble getting food down.", "Stiff neck"]
vectors = mean_pool_(*text.token_embeddings(model, pair))
print([[round(value, 2) for value in row] for row in cosines_of(vectors, vectors).tolist()])

# %% [markdown]
# ## 8. Which pooling?
#
# The first two texts say the same and are close (0.89); the third is about something else (0.34 and less).
#
# all-MiniLM-L6-v2 was trained through its mean: the loss saw mean vectors only. The other poolings read the same last layer. Does it matter which one we take?

# %% quiz="02-q6"

# %% [markdown]
# First on similarity: 50 news texts, all pairs judged by people (Lee, Pincombe and Welsh 2005). We compare the order of the cosines with that of the judgements (Spearman's rank correlation: 1 is the same order).
#
# How sure are we of the result? A *bootstrap interval* draws the data again with repetition, here 300 times, and holds 95% of the results. The pairs share texts, so they are not independent: we draw *texts*, not pairs, the same draws for all poolings.

# %%
lee = load_similarity("lee")
documents = list(dict.fromkeys(lee.left + lee.right))
number = {document: i for i, document in enumerate(documents)}
judged = torch.zeros(len(documents), len(documents))
for first, second, score in zip(lee.left, lee.right, lee.scores):
    judged[number[first], number[second]] = judged[number[second], number[first]] = score
document_vectors = embed(documents)
lee_cosines = {n: cosines_of(v, v).cpu() for n, v in document_vectors.items()}
print(len(documents), "texts,", len(lee.scores), "pairs")

# %%
n = len(documents)
upper = torch.triu_indices(n, n, offset=1)
draws = torch.randint(n, (300, n), generator=torch.Generator().manual_seed(SEED))


def correlation(name: str, drawn: torch.Tensor) -> float:
    """Spearman over all pairs of different texts among the drawn ones."""
    i, j = drawn[upper[0]], drawn[upper[1]]
    i, j = i[i != j], j[i != j]
    return float(metrics.spearman(lee_cosines[name][i, j], judged[i, j]))


spearman = {name: correlation(name, torch.arange(n)) for name in POOLINGS}
resampled = {name: torch.tensor([correlation(name, d) for d in draws]) for name in POOLINGS}
ends = torch.tensor([0.025, 0.975])
spread = {name: tuple(torch.quantile(v, ends).tolist()) for name, v in resampled.items()}

# %%
figure = plots.bars(
    list(POOLINGS),
    list(spearman.values()),
    list(spread.values()),
    title="Similarity of 50 news texts: one model, four poolings",
    value_label="Spearman with people's judgement, 95% interval over texts",
)
show(
    figure,
    alt="Bars with intervals of Spearman's correlation on the Lee texts: "
    + ", ".join(f"{name} {value:.2f}" for name, value in spearman.items())
    + ". The intervals of all but the maximum overlap widely.",
)

# %%
others = ("max", "CLS", "last token")
behind = {
    name: torch.quantile(resampled["mean"] - resampled[name], ends).tolist() for name in others
}
claim(
    "Fifty texts show that the maximum is worse, but cannot rank mean, CLS and last token.",
    holds=behind["max"][0] > 0 and all(behind[n][0] < 0 < behind[n][1] for n in others[1:]),
    measured="mean minus the other, 95% interval: "
    + ", ".join(f"{name} [{low:+.3f}, {high:+.3f}]" for name, (low, high) in behind.items()),
)

# %% [markdown]
# If the interval of a difference holds 0, the data do not decide, whichever bar is longer. Do more data? The validation queries of the course's search task are a larger test, against their own passages and every tenth of the others.
#
# The measure is nDCG@10, which lesson 01 works out on an example. These queries have one right passage each: it counts 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, less and less down to rank 10, then 0.

# %%
split = course.validation
wanted = set(split.positives)
rest = [row for row in range(len(course.passages)) if row not in wanted]
pool_rows = sorted(wanted | set(rest[::10]))
pool_ids = [course.ids[row] for row in pool_rows]
passage_vectors = embed([course.passages[row] for row in pool_rows])
query_vectors = embed(split.queries)
print(len(split.queries), "queries,", len(pool_rows), "passages")


# %%
def ndcg(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    """Return nDCG@10 of each query, (queries,), ranking passages by cosine."""
    found = search.top_k(pooling.normalize(queries), pooling.normalize(passages), k=10)[1]
    ranked = [[pool_ids[i] for i in row] for row in found.tolist()]
    return metrics.ndcg_at_k(ranked, split.relevant, 10)


per_query = {name: ndcg(query_vectors[name], passage_vectors[name]) for name in POOLINGS}
quality = {name: metrics.bootstrap_interval(values) for name, values in per_query.items()}
for name, interval in quality.items():
    print(f"{name:10} nDCG@10 {interval}")

# %%
figure = plots.bars(
    list(quality),
    [interval.mean for interval in quality.values()],
    [(interval.low, interval.high) for interval in quality.values()],
    title="Retrieval: one model, four poolings",
    value_label="nDCG@10 on validation queries, 95% interval over queries",
)
show(
    figure,
    alt="Bars with intervals of nDCG@10 for four poolings of the same model: "
    + ", ".join(f"{name} {interval.mean:.2f}" for name, interval in quality.items())
    + ". The mean, with which the model was trained, is highest.",
)

# %%
lost = {
    n: metrics.bootstrap_interval(per_query["mean"] - per_query[n]) for n in POOLINGS if n != "mean"
}
claim(
    "A model must be pooled as it was trained: every other pooling loses on retrieval.",
    holds=all(interval.low > 0 for interval in lost.values()),
    measured="nDCG@10 lost against the mean: "
    + ", ".join(f"{name} {interval}" for name, interval in lost.items()),
)

# %% [markdown] tags=["folded"]
# With 747 queries every other pooling is clearly behind the mean. Is the mean a better pooling, then? Not for that reason alone: this model was trained with it. Models trained *with* CLS and with the mean score 86.6 and 87.4 on the similarity set STS-B, though with the maximum only 69.9 (Reimers and Gurevych 2019, table 6). Read a model's card before you pool.

# %% [markdown]
# And if everything is right but the last step, so that the vectors stay in the order of their batches?

# %%
batches = batches_of([len(query) for query in split.queries], 32)
scrambled = query_vectors["mean"][[i for batch in batches for i in batch]]
unrestored = ndcg(scrambled, passage_vectors["mean"])

# %%
claim(
    "Vectors that are not put back in order retrieve like chance, and nothing crashes.",
    holds=float(unrestored.mean()) < 0.05 * quality["mean"].mean,
    measured=f"nDCG@10 {unrestored.mean():.3f} in the order of the batches, "
    f"{quality['mean'].mean:.3f} restored",
)

# %% [markdown]
# ## 9. Bi-encoder against cross-encoder
#
# A **bi-encoder** embeds each text alone; comparing is a dot product. A **cross-encoder** reads two texts *together* and returns one score. Each word sees the words of the other text, which can tell more (lesson 04 measures it), but every pair costs a forward pass.

# %%
show(*diagrams.architectures())

# %% [markdown]
# The columns on the left and on the right are the two. The one in the middle keeps a vector for each token; lesson 06 is about it. How much more does the right column cost than the left?

# %% quiz="02-q7"

# %% [markdown]
# We measure the cost with our own transformer on concatenated pairs. It was *not* trained as a cross-encoder, so its scores would mean nothing. But a cross-encoder of this size computes the same layers on the same tokens, so its cost is the same.

# %%
import time
from itertools import combinations


@torch.inference_mode()
def run_seconds(firsts: list[str], seconds: list[str] | None = None) -> float:
    """Return the seconds of all forward passes, 6 texts (or pairs) at a time."""
    start = time.perf_counter()
    for i in range(0, len(firsts), 6):
        other = seconds[i : i + 6] if seconds is not None else None
        features = model.tokenizer(
            firsts[i : i + 6], other, padding=True, truncation=True, return_tensors="pt"
        ).to(device)
        # Reading a number waits until a GPU has finished.
        float(model[0](dict(features))["token_embeddings"].sum())
    return time.perf_counter() - start


# %%
sizes = [6, 12, 24]
sample = course.validation.queries[: max(sizes)]
run_seconds(sample)  # the first pass is slower: memory is laid out
one_by_one = {n: [] for n in sizes}
all_pairs = {n: [] for n in sizes}
for _ in range(3):
    for n in sizes:
        one_by_one[n].append(run_seconds(sample[:n]))
        left, right = map(list, zip(*combinations(sample[:n], 2)))
        all_pairs[n].append(run_seconds(left, right))
single = torch.tensor([min(times) for times in one_by_one.values()])
paired = torch.tensor([min(times) for times in all_pairs.values()])
print("pairs to score:", {n: n * (n - 1) // 2 for n in sizes})

# %% [markdown]
# On double logarithmic axes a power law is a line, and its slope is the power. We fit it by the outermost points.

# %%
growth = torch.log(torch.tensor(sizes[-1] / sizes[0]))
slope_single = float(torch.log(single[-1] / single[0]) / growth)
slope_paired = float(torch.log(paired[-1] / paired[0]) / growth)
million = 1_000_000
pair_seconds = float(paired[-1]) / (sizes[-1] * (sizes[-1] - 1) / 2)
text_seconds = float(single[-1]) / sizes[-1]
pairs_of_million = million * (million - 1) // 2
ratio = pairs_of_million * pair_seconds / (million * text_seconds)
print("forward passes for a million texts:", f"{pairs_of_million:,} against {million:,}")

# %%
beyond = [100, 1_000, 10_000, 100_000, 1_000_000]
figure = plots.curve(
    sizes + beyond,
    {
        "all pairs": paired.tolist() + [pair_seconds * n * (n - 1) / 2 for n in beyond],
        "one by one": single.tolist() + [text_seconds * n for n in beyond],
    },
    title="Cost of comparing n texts: measured up to 24, then extrapolated",
    x_label="number of texts n",
    y_label="computing time (s)",
    references={"an hour": 3600, "a year": 3.156e7},
    regions={"measured": (sizes[0], sizes[-1]), "extrapolated": (sizes[-1], beyond[-1])},
    log_x=True,
    log_y=True,
)
show(
    figure,
    alt="Computing time over the number of texts, both axes logarithmic: scoring all pairs rises "
    "with slope two, encoding one by one with slope one; at a million texts they lie more than "
    "five orders of magnitude apart. The part from 6 to 24 texts is measured.",
)

# %%
claim(
    "Scoring all pairs grows with the square of n, encoding one by one with n.",
    holds=1.5 < slope_paired < 2.6 and 0.4 < slope_single < 1.6 and ratio > 1e5,
    measured=f"from {sizes[0]} to {sizes[-1]} texts the time grows as n^{slope_paired:.0f} for pairs and as "
    f"n^{slope_single:.0f} one by one; a million texts cost over 100,000 times as much by pairs",
)

# %% [markdown]
# Reimers and Gurevych (2019, section 1) put it in hours: the most similar pair among 10,000 sentences takes about 65 hours with BERT as a cross-encoder, about 5 seconds with their bi-encoder.
#
# In practice one uses both: a bi-encoder finds a hundred candidates, a cross-encoder reorders them. Lessons 04 and 06 do that.

# %% quiz="02-q8"

# %% [markdown]
# ## 10. On the leaderboard
#
# The course's one task, this time the test queries against all passages, with the model as it was trained: mean pooling, normalised. The vectors are kept on disk; later lessons find them there.
#
# Two more measures stand beside nDCG@10. *Recall@10* is the share of a query's right passages that are among the first ten. *MRR@10* is 1 over the rank of the first right one, 0 past rank ten. All are means over the test queries.

# %%
passages = search.encode_cached(model, course.passages)
queries = search.encode_cached(model, course.test.queries)
found = search.top_k(queries, passages, k=10)[1]
ranked = [[course.ids[i] for i in row] for row in found.tolist()]
row = leaderboard.evaluate(f"{MODEL}, mean pooling", "02", ranked, course.test)
leaderboard.save(row)
print("nDCG@10", row.ndcg_at_10, " recall@10", row.recall_at_10, " MRR@10", row.mrr_at_10)

# %%
board = leaderboard.board(row)
figure = plots.leaderboard(board)
show(
    figure,
    alt="Leaderboard, nDCG@10 on the test queries with 95% intervals: "
    + ", ".join(f"{r.system} {r.ndcg_at_10.mean:.2f}" for r in board),
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% [markdown]
# For about three queries in four the right passage is among the first ten. The same passages searched by averaged word vectors reached 0.293 in lesson 01 (in `fast`). Nothing has been trained on this task yet: that is lesson 03.

# %% [markdown]
# ## Takeaways
#
# - A transformer gives a token another vector in every sentence. Pooling makes one vector a text.
# - Padding is no text: out of the sum *and* out of the count of a mean, -inf for a maximum, never "the last token".
# - Pool as the model was trained. Another pooling runs without an error and costs quality.
# - Sort by length, encode, restore the order. Forget the last step and search is chance.
# - `encode` normalises only if the model says so. Look at its modules.
# - A bi-encoder costs n passes, a cross-encoder a pass for every pair: search with the first, reorder a shortlist with the second.

# %% [markdown]
# ## Further reading
#
# - Devlin, Chang, Lee and Toutanova (2019). BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding. NAACL.
# - Reimers and Gurevych (2019). Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks. EMNLP.
# - Ethayarajh (2019). How Contextual are Contextualized Word Representations? EMNLP.
# - Wang, Yang, Huang, Yang, Majumder and Wei (2024). Improving Text Embeddings with Large Language Models. ACL.
# - Lee, Pincombe and Welsh (2005). An Empirical Evaluation of Models of Text Document Similarity. CogSci.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
