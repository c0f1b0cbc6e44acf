# ---
# jupyter:
#   course:
#     lesson: "02"
#     title: Pooling and the bi-encoder
#     minutes: 150
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
from sentence_transformers import SentenceTransformer

from lib import contextual, diagrams, evaluation, leaderboard, metrics, pair_cost, plots_paired
from lib import pooling, pooling_figures as figures, plots, reranking, search, significance, text
from lib.data import load_course_set, load_similarity
from lib.device import autocast, pick_device, seed_everything
from lib.explore import explore
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.models import load_encoder, load_word_vectors
from lib.plots import show
from lib.progress_bar import track

seed_everything(SEED)

# %% [markdown]
# ## 1. From word vectors to contextual vectors
#
# Word2Vec and GloVe give a word one vector, whatever the sentence. A *transformer* gives it another vector in each sentence, because it reads the word together with its neighbours. This lesson looks at these vectors. Then it makes one vector of them for a whole text, which is what a search by meaning compares.

# %%
device = pick_device(DEVICE)
model = load_encoder(MODEL, device=device)
glove = load_word_vectors(limit=30_000)

# %% [markdown]
# ### Tokens
#
# A transformer does not read letters, nor always whole words. It reads **tokens**: words and pieces of words from a fixed list. A frequent word is one token. A rare word is cut into pieces that are on the list, so that every word can be read.

# %%
print("tokens on the list:", len(model.tokenizer))
for sentence in ("The bank raised its interest rates again.", "Severe dysphagia"):
    print(model.tokenizer.convert_ids_to_tokens(model.tokenizer(sentence)["input_ids"]))

# %% [markdown]
# *Dysphagia*, trouble with swallowing, became four pieces; the sign `##` marks a piece that continues a word. Two *special tokens* were added, `[CLS]` (for *classification*) in front and `[SEP]` (for *separator*) at the end. They are tokens like the others: they have vectors, and the model was trained with them.

# %% [markdown]
# What happens to the tokens? The picture shows the whole way of a text, from top to bottom.

# %%
pieces = model.tokenizer.convert_ids_to_tokens(model.tokenizer("Severe dysphagia")["input_ids"])
layers = model[0].auto_model.config.num_hidden_layers
show(*diagrams.text_to_vector("Severe dysphagia", pieces, layers))

# %% [markdown]
# First each token takes its row of a table, as in lesson 01. (A second table adds something for its place, so that the order of the words is known.) Then come the *layers*. In each of them every token reads all tokens and changes its own vector. After the last layer there is one vector a token, and *pooling* makes one of them all.

# %% [markdown]
# ### Self-attention
#
# How does a token read the others? It takes a little of each of them, and more of those that fit what it looks for. Here *bank* reads a sentence of four tokens. Each token has a **score**, which says how well it fits; these scores are made up.

# %%
show(*diagrams.attention_step(["the", "bank", "raised", "rates"], [0.0, 1.0, 1.0, 2.0], 1))

# %% [markdown]
# Raising e to the power of each score makes it positive. Dividing by the sum makes weights that add up to 1. These two steps are the **softmax**. Here *rates* has the highest score and gets 0.53, more than half. So *bank* takes most from *rates*, and its next vector shows that this bank deals with money.

# %% [markdown]
# As a formula, with the score $s_j$ of token $j$ and the vector $v_j$ that it passes on:
#
# $$w_j = \frac{e^{s_j}}{\sum_k e^{s_k}} \qquad \mbox{taken} = \sum_j w_j v_j$$
#
# A score is a dot product too, scaled down by a fixed number: of what the reader looks for with what token $j$ offers. Both, and $v_j$, are made from the tokens' vectors by matrices that were learned. Elsewhere the three are called *query*, *key* and *value*; this query is not that of a search.

# %% [markdown]
# A layer does this several times side by side, in *heads* with matrices of their own (twelve in our model). It adds the result to the vector that was there, and a small network then changes each vector by itself.

# %% [markdown]
# ### How it learned
#
# BERT (Devlin et al. 2019) learned its matrices from text alone. Some words were hidden, and the model had to guess them: *The [MASK] raised its interest rates.* Whoever guesses *bank* here has to read *interest* and *rates*. So the vectors came to hold what the neighbours say.

# %% [markdown]
# Our model, all-MiniLM-L6-v2, began as a small model that imitates a large one of this kind. Then it was trained on a billion *pairs* of texts that belong together, such as a question and its answer: the two vectors of a pair should be near each other and far from those of other texts. Lesson 03 shows how that is done.

# %% [markdown]
# ### A real row
#
# What does *bank* attend to in our model? We read its weights in a sentence about a river. A row of the picture is a layer, and the mean over the heads is shown.

# %%
river = "They fished from the grassy bank of the river."
attended = contextual.attention_of(model, river, "bank")
show(*figures.attention_by_layer(attended, "bank"))

# %% [markdown] tags=["folded"]
# In the first layer *grassy*, *fished* and *river* get much of the weight: the words that tell which bank it is. In the layers after it `[CLS]` gets most, although it says nothing about rivers. The weights must add up to 1, so a head that needs nothing has to put them somewhere. Clark et al. (2019) found that BERT's heads use `[SEP]` for this.

# %% [markdown]
# Does `[CLS]` really say nothing? We compare its vector in the river sentence with its vector in a sentence about swallowing, layer by layer:

# %%
firsts = contextual.layers_of_first(model, [river, "Severe dysphagia"])  # (layers, texts, dim)
for layer, (one, other) in enumerate(firsts, start=1):
    print(
        f"layer {layer}: cosine of the two [CLS] {torch.cosine_similarity(one, other, dim=0):.3f}"
    )

# %% [markdown] tags=["folded"]
# Up to the last layer but one the two vectors of `[CLS]` are nearly the same, though the texts have nothing in common. Only in the last layer do they come clearly apart.

# %% [markdown]
# Read such pictures with care. A weight tells *how much* of a vector is taken, not what is in it. From the second layer on the vectors of words are mixtures already, and the reader's old vector is added to what it takes. So weights alone do not explain what a model decides (Jain and Wallace 2019). Its output is the better witness: we look at that now.

# %% [markdown]
# ### One word in six sentences
#
# In three of these sentences *bank* is about money, in three about rivers.

# %%
bank = [
    "She paid the cheque into her bank account.",
    "The bank raised its interest rates again.",
    "He borrowed money from the bank.",
    "They fished from the grassy bank of the river.",
    "The boat drifted towards the muddy bank.",
    "Reeds grew along the bank of the stream.",
]

# %%
tokens, mask = text.token_embeddings(model, bank)
print("tokens", tuple(tokens.shape), "= (texts, tokens, dim);  mask", tuple(mask.shape))
print("mask of the third text:", mask[2].tolist())
print("real tokens a text:", mask.sum(dim=1).tolist())

# %% [markdown]
# `token_embeddings` runs the transformer and stops before pooling. The texts have different lengths, but a tensor has one. So shorter rows are filled up with **padding**, places where no token stands. The *mask* tells them apart: 1 for a real token, 0 for padding.
#
# The transformer gets the mask as well: padding has weight 0 in every attention, so no token reads it. That is why a text's own vectors do not change with its padding.

# %% [markdown]
# Before you look: GloVe has one row for *bank*. What will the transformer's six vectors be like?

# %% quiz="02-q1"

# %%
contextual_bank = contextual.vectors_of(model, "bank", bank)  # (6, dim)
cosines = pooling.cosine_matrix(contextual_bank, contextual_bank)
static_bank = torch.stack([glove["bank"]] * len(bank))
static = pooling.cosine_matrix(static_bank, static_bank)
print(f"smallest cosine: GloVe {static.min():.3f}, transformer {cosines.min():.3f}")

# %%
names = ["account", "rates", "borrowed", "fished", "boat", "reeds"]
told = "three about money and three about rivers"
show(*figures.word_in_sentences("bank", cosines, names, told))

# %% [markdown] tags=["folded"]
# GloVe's six vectors are one and the same. The transformer's are six different ones, and the picture has two blocks: money with money, rivers with rivers.

# %% [markdown]
# Is it only *bank*? Two more words with two senses each, three sentences a sense:

# %%
cell = [
    "The prisoner slept in a cold cell.",
    "A guard locked the cell door at night.",
    "He spent ten years alone in a cell.",
    "Each cell of the body holds the same genes.",
    "The virus enters the cell through its membrane.",
    "A nerve cell carries electrical signals.",
]

# %%
bat = [
    "The bat hung upside down in the cave.",
    "A bat hunts insects by echo.",
    "A bat flew out of the dark attic.",
    "He swung the wooden bat and missed the ball.",
    "The player broke his bat on the first pitch.",
    "She held the bat with both hands.",
]

# %%
senses = {}
for word, sentences in {"bank": bank, "cell": cell, "bat": bat}.items():
    vectors = contextual.vectors_of(model, word, sentences)
    senses[word] = contextual.compare_senses(vectors, [0, 0, 0, 1, 1, 1])
    print(f"{word:5}", senses[word])

# %%
largest = max(one.most for one in senses.values())
claim(
    "The same word gets another vector in every sentence, closer within a sense on average.",
    holds=float(static.min()) > 0.9999
    and largest < 0.95
    and min(one.gap for one in senses.values()) > 0.03,
    measured=f"GloVe cosine {static.min():.3f} everywhere; contextual at most {largest:.3f}; "
    + ", ".join(f"{word}: same minus other sense {one.gap:+.3f}" for word, one in senses.items()),
)

# %% [markdown] tags=["folded"]
# On average the vectors lie closer within a sense. But for all three words some pair across the senses is closer than some pair within (compare "at most" with "at least"), and for *bat* the gap is smallest. A contextual vector leans towards a sense; it is not an entry of a dictionary.

# %% [markdown]
# ## 2. One vector a sentence: the mean
#
# To compare two texts by one number we want one vector each, however long they are. Something must turn (tokens, dim) into (dim). That is **pooling**, and the simplest way is the mean of the token vectors. There is one difficulty: the padding.

# %% quiz="02-q2"

# %% [markdown]
# The mask says what counts. Here is a text of two tokens, padded to three. The 9s stand at padding: a transformer leaves vectors there that mean nothing. (`token_embeddings` has set them to 0; section 3 looks at what the transformer left.)

# %%
show(*diagrams.masked_mean([[1, 4], [3, 2], [9, 9]], [1, 1, 0]))

# %% [markdown]
# The mask is used twice: it takes padding out of the sum, and its own sum is the count. As a formula, with token vectors $x_1, x_2, \dots$ and the mask's numbers $m_1, m_2, \dots$:
#
# $$\frac{m_1 x_1 + m_2 x_2 + \dots}{m_1 + m_2 + \dots}$$
#
# As a loop, for a batch of two texts:

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
# Your mean is what `model.encode` returns, up to a last step that section 7 looks at. So this is all that `encode` does: the transformer, a masked mean, and that step.

# %% [markdown]
# ### Search by your own words
#
# Your function is enough for a search. The course's passages are terms of the Human Phenotype Ontology (Köhler et al. 2021), written by clinicians: a name and a definition. To begin with we take 800 of the names alone, those of like length together (section 6 says why).

# %%
course = load_course_set(PROFILE)
titles = sorted(course.titles[:: len(course.titles) // 800], key=len)
parts = []
for start in track(range(0, len(titles), 50), "Encoding", "batch"):
    with autocast(device):  # shorter numbers where the machine is fast with them
        t, m = text.token_embeddings(model, titles[start : start + 50])
    parts.append(mean_pool_(t.float(), m))
means = torch.cat(parts)  # (names, dim)
print(tuple(means.shape), "for names such as", titles[400])

# %% [markdown]
# Now ask, in your own words. Change the text in the next cell, run the cell again, and see the five names that are nearest by cosine.

# %%
my_words = "I am always tired"  # your own words here
asked = mean_pool_(*text.token_embeddings(model, [my_words]))
best, rows = pooling.cosine_matrix(asked, means)[0].topk(5)
for cosine, row in zip(best.tolist(), rows.tolist()):
    print(f"{cosine:.2f}  {titles[row]}")

# %% [markdown]
# The clinician's words need not be yours: vectors compare meanings, not spellings. Where nothing fits, the right name may not be among these 800. Try *I am short of breath*: in `fast` it finds *Long face* and *Long nose*, for what is short. In section 9 you ask all passages, with their definitions.

# %% [markdown]
# ## 3. What padding does
#
# What if one forgets the mask? Think it through first.

# %% quiz="02-q3"

# %% [markdown]
# Now with the real model. We pad one text more and more, as a longer neighbour in its batch would, and compare its vector with that of the text alone.

# %%
TEXTS = {
    "2 words": "Trouble swallowing",
    "8 words": "Loss of bladder control after a nerve injury",
    "20 words": "Lasting weakness of the muscles of the face and the upper arms, which begins in "
    "childhood and slowly gets worse",
}


# %%
@torch.inference_mode()
def padded_tokens(sentence: str, extra: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the transformer on a text with `extra` padding tokens behind it."""
    length = len(model.tokenizer(sentence)["input_ids"]) + extra
    features = model.tokenizer(
        sentence, padding="max_length", max_length=length, return_tensors="pt"
    ).to(device)
    return model[0](dict(features))["token_embeddings"], features["attention_mask"]


# %%
padding, forgetful, masked = [0, 1, 2, 4, 8, 16, 32, 64], {name: [] for name in TEXTS}, []
for name, sentence in TEXTS.items():
    alone = mean_pool_(*padded_tokens(sentence, 0))
    for extra in padding:
        tokens_, mask_ = padded_tokens(sentence, extra)
        forgot = mean_pool_(tokens_, torch.ones_like(mask_))
        forgetful[name].append(float(pooling.cosine_matrix(forgot, alone)))
        masked.append(float(pooling.cosine_matrix(mean_pool_(tokens_, mask_), alone)))
print("32 padding tokens:", {name: round(row[6], 3) for name, row in forgetful.items()})

# %%
show(*figures.padding_drift(padding, min(masked), forgetful))

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
# There are other ways to get one vector. The **maximum** takes, in each dimension, the largest value that any token has there. A single token that is strong in a dimension is then enough. Again by a loop first.

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
# In about one dimension in eleven of the shorter texts all real values are negative. There a padded 0 would be taken for the maximum.

# %% [markdown]
# Two more ways take a single token and drop the others. **CLS pooling** takes the first token. BERT was trained to tell from it whether two sentences belong together, and some models (those of the family *bge*, for one) are trained to gather the whole text there. **Last-token pooling** takes the last one.

# %% [markdown]
# Why the last? A transformer in which every token sees all others, such as BERT and ours, is called an *encoder*. A *decoder* was trained to continue a text word by word: in it a token sees only what stands before it, so only the last token has read the whole text. Some embedding models are made from decoders (E5-Mistral, Qwen3-Embedding). Here `[END]` is such a last token.

# %%
show(*diagrams.pooled_tokens())

# %% [markdown]
# The trap is in the third batch: the last *place* is not the last *token*. Decoders are often padded on the *left*, and there the first place is not the first token either. Both have to be found by the mask, in each row for itself. As a loop:

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
# Four different vectors from one forward pass; maximum and CLS point far away from the mean.

# %% [markdown]
# Whose vector is the right one? Examples cannot say. Section 8 measures it.

# %% [markdown]
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
# Now the whole passages, each a name and its definition. The queries are layperson's words for them. `PROFILE` says how many passages there are: 4,000 in `fast`, all 16,449 in `full`.

# %%
print(course.name, course.version, "-", len(course.passages), "passages")
shown = course.validation.queries.index("Gallstones")
print("query  :", course.validation.queries[shown])
print("passage:", course.passages[course.validation.positives[shown]])
lengths = text.token_lengths(model, course.passages)
print(f"tokens a passage: {min(lengths)} to {max(lengths)}, mean {sum(lengths) / len(lengths):.0f}")

# %% [markdown]
# The longest passage fills the model's limit: it reads 256 tokens at most, and what comes after them is cut off without a warning.
#
# A batch is as wide as its longest text, and the transformer computes padding like any token. If one long text stands among 31 short ones, most of the work is done on padding.

# %% [markdown]
# The remedy is to put texts of like length together: sort the texts by length, cut the sorted list into batches, encode, and put the vectors back in the old order. By hand, on five lengths:

# %%
few = [4, 9, 2, 7, 9]
remaining, order = list(range(len(few))), []
while remaining:
    longest = remaining[0]
    for i in remaining:
        if few[i] > few[longest]:
            longest = i
    order.append(longest)
    remaining.remove(longest)
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


def padding_share(batches: list[list[int]]) -> float:
    """Return the share of all positions that is padding."""
    positions = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    return 1 - sum(lengths) / positions


as_they_come = [list(range(len(lengths)))[i : i + 32] for i in range(0, len(lengths), 32)]
unsorted, in_order = padding_share(as_they_come), padding_share(batches_of(lengths, 32))

# %%
claim(
    "Batches sorted by length spend almost nothing on padding.",
    holds=in_order < 0.1 * unsorted,
    measured=f"of all positions in batches of 32, padding is {unsorted:.1%} as the passages come and "
    f"{in_order:.1%} sorted",
)

# %% [markdown] tags=["folded"]
# A few passages are many times as long as the others, and each of them widens its whole batch. Sorted, they share the same few batches.

# %% [markdown]
# The vectors now come in the order of the batches. Somebody has to put them back. Four texts, with one number each for a vector:

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
# Row j of `rows` belongs to the j-th position that the batches name. Return the rows so that row i belongs to text i; without batches and rows there is no row to return, (0, dim). Raise `ValueError` unless the batches name each of 0 ... n-1 exactly once.


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
restore = yours("restore_order", restore_order, instead=text.restore_order)


def embed(texts: list[str], batch_size: int = 16) -> dict[str, torch.Tensor]:
    """Return the vectors of the texts, (n, dim), for each pooling."""
    batches = batches_of(text.token_lengths(model, texts), batch_size)
    parts = {name: [] for name in POOLINGS}
    for batch in track(batches, "Encoding", "batch"):
        with autocast(device):
            tokens, mask = text.token_embeddings(model, [texts[i] for i in batch])
        for name, pool in POOLINGS.items():
            parts[name].append(pool(tokens.float(), mask))
    return {name: restore(batches, torch.cat(rows)) for name, rows in parts.items()}


# %%
print({name: tuple(rows.shape) for name, rows in embed(bank).items()})

# %% [markdown]
# ## 7. Who normalises?
#
# We have compared vectors by their *cosine*, as in lesson 01: a dot product grows with the lengths of both vectors, and to compare meanings only the direction should count. The other way to the same number is to **normalise**: each vector is divided by its length, which leaves its direction and makes its length 1. In the picture a dot marks where a vector's direction meets the circle of radius 1.

# %%
show(*diagrams.unit_vectors({"query": (1.2, 1.6), "a": (3.0, 0.6), "b": (0.2, 0.5)}))

# %% [markdown]
# By the dot product *a* is nearer to the query (4.56 against 1.04), because it is long. By direction *b* is nearer. The dot product of two normalised vectors is their cosine.
#
# $$\cos(a, b) = \frac{a \cdot b}{\lVert a \rVert \, \lVert b \rVert}$$

# %% [markdown]
# Who does it, if you use a library? A sentence-transformers model is a list of modules, run in order. Ours has three. We build the same model without the third.

# %%
print([type(module).__name__ for module in model])
bare = SentenceTransformer(modules=[model[0], model[1]], device=str(device))
print([type(module).__name__ for module in bare])

# %% quiz="02-q5"

# %%
queries = course.validation.queries[:100]
norms = model.encode(queries, convert_to_tensor=True).norm(dim=1)
bare_norms = bare.encode(queries, convert_to_tensor=True).norm(dim=1)
asked_to = bare.encode(queries, convert_to_tensor=True, normalize_embeddings=True).norm(dim=1)
for name, values in {"with Normalize": norms, "without": bare_norms, "asked to": asked_to}.items():
    print(f"{name:15} norms from {values.min():.3f} to {values.max():.3f}")

# %%
claim(
    "encode normalises only if the model has a Normalize module, or if it is asked to.",
    holds=bool((norms - 1).abs().max() < 1e-4)
    and bool((asked_to - 1).abs().max() < 1e-4)
    and bool(bare_norms.max() > 1.5 * bare_norms.min()),
    measured=f"norms {norms.min():.3f} to {norms.max():.3f} with the module, "
    f"{bare_norms.min():.2f} to {bare_norms.max():.2f} without",
)

# %% [markdown] tags=["folded"]
# So the last step of `encode` is the third module. Without it, dot products would mix meaning with length. If you are not sure what your model does, compute the cosine: for vectors of length 1 the two are the same.

# %% [markdown]
# For all pairs of rows of two tables, as a loop:

# %%
a, b = torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([[1.0, 1.0]])
for i in range(len(a)):
    for j in range(len(b)):
        dot = sum(x * y for x, y in zip(a[i].tolist(), b[j].tolist()))
        of_a = sum(x * x for x in a[i].tolist()) ** 0.5
        of_b = sum(y * y for y in b[j].tolist()) ** 0.5
        print(f"a[{i}] with b[{j}]: dot {dot:.2f}, cosine {dot / (of_a * of_b):.3f}")

# %% [markdown]
# The dot products differ, 3 and 2, because the first row is longer. The cosines are equal: both rows make the same angle with `b`.

# %% [markdown] card="cosine_matrix"
# ### Exercise: all cosines at once
#
# Difficulty: easy. Importance: high. Minutes: 6.
#
# The cosine of every row of `a` with every row of `b`, as one matrix product and without a loop: the lesson compares millions of pairs. A row of zeros has cosine 0 with everything.


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
# The first two texts say the same and are close (0.89); the third is about something else (0.34 and less).

# %% [markdown]
# ## 8. Which pooling?
#
# all-MiniLM-L6-v2 was trained through its mean: in training, only mean vectors were compared. The other poolings read the same last layer. Does it matter which one we take?

# %% quiz="02-q6"

# %% [markdown]
# First on similarity: 50 news texts, whose pairs were judged by people (Lee, Pincombe and Welsh 2005). We compare the order of the cosines with that of the judgements by Spearman's rank correlation, which is 1 for the same order and 0 for none.

# %%
lee = load_similarity("lee")
documents = list(dict.fromkeys(lee.left + lee.right))
number = {document: i for i, document in enumerate(documents)}
pairs = torch.tensor([(number[x], number[y]) for x, y in zip(lee.left, lee.right)])
people = torch.tensor(lee.scores, dtype=torch.float64)
by_people = {}
for name, v in embed(documents).items():
    by_people[name] = evaluation.sts(v[pairs[:, 0]], v[pairs[:, 1]], people, pairs.tolist())
    print(f"{name:10} Spearman {by_people[name].score:.2f}")
print(len(documents), "texts,", len(pairs), "pairs")

# %% [markdown]
# How sure is that? Other texts would have given other numbers. To see how much they scatter, we draw 25 of the 50 texts at random, 1,000 times, and compute the correlations again. A *95% interval* holds the middle 95% of what comes out. We draw texts and not pairs, because pairs that share a text are not independent. (Lesson 01 drew with repetition. Here a text drawn twice would be a pair with itself, so half of the texts are drawn without; that scatters about as much.)

# %% [markdown]
# Each draw is used for two poolings, and their *difference* is taken. If the interval of a difference holds 0, the data do not decide which is better.

# %%
others = ("max", "CLS", "last token")
behind = {f"mean minus {n}": evaluation.change(by_people[n], by_people["mean"]) for n in others}
show(
    *plots_paired.paired_differences(
        behind,
        title="Similarity of 50 news texts: the mean against three poolings",
        value_label="difference of Spearman's correlation",
        units="texts",
    )
)

# %%
lows, highs = ([getattr(one, end) for one in behind.values()] for end in ("low", "high"))
claim(
    "Fifty texts show that the maximum is worse than the mean, but not whether CLS or the last token is.",
    holds=lows[0] > 0 and max(lows[1:]) < 0 < min(highs[1:]),
    measured=", ".join(f"{name} {one}" for name, one in behind.items()),
)

# %% [markdown]
# Now the task that we care about, which has more data, too: the course's search, its validation queries against passages, encoded by your functions. To save time we take part of the passages: those that are right for one of these queries, and every sixteenth of all.

# %%
split = course.validation
some = sorted({*split.positives, *range(0, len(course.passages), 16)})
passage_vectors = embed([course.passages[i] for i in some])
print(len(split.queries), "queries,", len(some), "of", len(course.passages), "passages")

# %%
query_vectors = embed(split.queries)
print({name: tuple(rows.shape) for name, rows in query_vectors.items()})

# %% [markdown]
# The measure is nDCG@10, which lesson 01 works out on an example. These queries have one right passage each. It counts 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, less and less down to rank 10, then 0.


# %%
def best_ten(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    """Return the ten passages of highest cosine of each query, (queries, 10), 32 queries at a time."""
    parts = [
        cosines_of(some_queries, passages).topk(10, dim=1) for some_queries in queries.split(32)
    ]
    return torch.cat([part.indices for part in parts])


def ndcg(queries: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
    """Return nDCG@10 of each query, (queries,), ranking the passages by your cosines."""
    found = best_ten(queries, passages)
    ranked = [[course.ids[some[i]] for i in row] for row in found.tolist()]
    return metrics.ndcg_at_k(ranked, split.relevant, 10)


# %%
per_query = {name: ndcg(query_vectors[name], passage_vectors[name]) for name in POOLINGS}
for name, values in per_query.items():
    print(f"{name:10} nDCG@10 {metrics.bootstrap_interval(values)}")

# %%
lost = {
    f"mean minus {n}": significance.paired_interval(per_query["mean"], per_query[n]) for n in others
}
show(
    *plots_paired.paired_differences(
        lost,
        title="Retrieval: the mean against three poolings",
        value_label="difference of nDCG@10 on the validation queries",
    )
)

# %%
claim(
    "On our task this model, trained through its mean, loses with every other pooling.",
    holds=all(interval.low > 0 for interval in lost.values()),
    measured="nDCG@10: " + ", ".join(f"{name} {interval}" for name, interval in lost.items()),
)

# %% [markdown] tags=["folded"]
# With 747 queries every other pooling is clearly behind the mean, and CLS keeps about nine tenths of what the mean reaches. (Among fewer passages each has a higher score than among all; it is the differences that count.) The order is not that of the news texts: there the maximum came last, here the last token does. So one task does not tell how poolings do on another.

# %% [markdown] tags=["folded"]
# Is the mean a better pooling, then? Not for that reason alone: this model was trained with it. Models trained *with* CLS and with the mean score 86.6 and 87.4 on the similarity set STS-B, though with the maximum only 69.9 (Reimers and Gurevych 2019, table 6). So read a model's *card*, the page that its makers publish with it, before you pool.

# %% [markdown]
# ### Token by token
#
# What does a pooling make of a text? Raise one token's vector a little and see how far the pooled vector moves: that is the token's *weight*. Choose a text and a pooling. The table names the five passages that are nearest then, by your functions.

# %%
texts = [
    "Multiple fatty lumps",
    "High white blood count",
    "Night blindness",
    "Cancer of the pancreas",
]
names = [course.titles[i] for i in some]
explore(*figures.pooled_texts(model, texts, POOLINGS, passage_vectors, names))

# %% [markdown] tags=["folded"]
# The mean gives all tokens the same weight, `[CLS]` and `[SEP]` among them. The maximum gives more to some: a token weighs as much as the share of dimensions in which it is largest. CLS and the last token put everything on one place, which has read the others but was not trained to stand for them. For this model the last token is always `[SEP]`.

# %% [markdown]
# And if everything is right but the last step, so that the vectors stay in the order of their batches?

# %%
query_lengths = text.token_lengths(model, split.queries)
order = [i for batch in batches_of(query_lengths, 16) for i in batch]
unrestored = float(ndcg(query_vectors["mean"][order], passage_vectors["mean"]).mean())
kept = float(per_query["mean"].mean())
print(f"nDCG@10 {unrestored:.3f} in the order of the batches, {kept:.3f} restored")

# %%
claim(
    "Vectors that are not put back in order find next to nothing, and nothing crashes.",
    holds=unrestored < 0.05 * kept,
    measured=f"nDCG@10 {unrestored:.3f} in the order of the batches, {kept:.3f} restored",
)

# %% [markdown]
# ## 9. Encode once, search often
#
# Passages do not change from query to query. So a search engine encodes them once and keeps their vectors. The library's `encode_cached` does so on disk: it encodes only texts that it has not met before, and pools them by the mean. The first run takes a minute or more. Are its vectors the same as yours?

# %%
all_vectors = search.encode_cached(model, course.passages, batch_size=16)  # (passages, dim)
same = (all_vectors[some] * pooling.normalize(passage_vectors["mean"])).sum(dim=1)
print(f"{len(all_vectors)} passages; cosine with yours at least {same.min():.4f}")

# %% [markdown]
# They point where yours do. What follows searches all passages by these vectors. The first run has to encode them; the next reads them from the disk, here and in other lessons.

# %% [markdown]
# Your own words once more, now among all passages:

# %%
asked = embed([my_words])["mean"]
best, places = cosines_of(asked, all_vectors)[0].topk(5)
for cosine, place in zip(best.tolist(), places.tolist()):
    print(f"{cosine:.2f}  {course.titles[place]}")

# %% [markdown]
# Here every passage can be found, by its definition too. Still, vectors do not compare meanings exactly. For *My heart beats too fast* one of the five (in `fast`) is *Bradycardia*, a heart that beats too slowly: fast and slow hearts are spoken of in the same way.

# %% [markdown]
# ## 10. Bi-encoder against cross-encoder
#
# What you have built is a **bi-encoder**: it embeds each text alone, and comparing two texts is one dot product. A **cross-encoder** reads two texts *together*, so that each word sees the words of the other text, and returns one score. That may tell more, but every pair costs a forward pass.

# %%
show(*diagrams.architectures())

# %% [markdown]
# The columns on the left and on the right are the two. The one in the middle keeps a vector for each token; lesson 06 is about it. How much more does the right column cost than the left?

# %% quiz="02-q7"

# %% [markdown]
# We measure the cost with our own transformer on concatenated pairs. As it is, its scores of pairs would mean nothing. But a cross-encoder of this size computes the same layers on the same tokens, so its cost is the same.

# %%
cost = pair_cost.measure(model, split.queries, sizes=[4, 8, 16])
million = 1_000_000
one_by_one, in_pairs = cost.expected(million)
print("pairs to score:", {n: pair_cost.pairs_of(n) for n in cost.sizes})
print(f"forward passes for a million texts: {pair_cost.pairs_of(million):,} against {million:,}")

# %%
show(*figures.cost_of_pairs(cost))

# %%
of_single, of_pairs = cost.powers
claim(
    "Scoring all pairs grows with the square of n, encoding one by one with n.",
    holds=1.5 < of_pairs < 2.6 and 0.4 < of_single < 1.6 and in_pairs > 1e5 * one_by_one,
    measured=f"from 4 to 16 texts the time grows as n^{of_pairs:.2f} for pairs and as "
    f"n^{of_single:.2f} one by one; by these times a million texts would cost "
    f"{in_pairs / one_by_one:,.0f} times as much by pairs",
)

# %% [markdown] tags=["folded"]
# On double logarithmic axes a power law is a line, and its slope is the power: about 2 for pairs and about 1 for single texts. (Few texts are quickly read, so their slope scatters from run to run.) Reimers and Gurevych (2019, section 1) put it in hours: the most similar pair among 10,000 sentences takes about 65 hours with BERT as a cross-encoder, about 5 seconds with their bi-encoder.

# %% [markdown]
# ### What does it give?
#
# In practice one uses both. A bi-encoder finds a *shortlist*, and a cross-encoder puts it in a new order: *reranking*. Then a query costs a few passes, not one for each passage. Is the new order better?

# %% [markdown]
# We need a cross-encoder that was trained. Ours is made from the encoder: its upper layers read query and passage together. (In `fast` these are the last two of six; in the lower ones each text is still alone.) It learned from a few training queries to score the right passage above wrong ones that are near (lesson 04 says how such passages are found).

# %% [markdown]
# Two things may hold it back. Attention from one text to the other starts at about a twentieth of its usual weight, so that training begins near the encoder. And each text is cut after 48 tokens, where the vectors read up to 256.

# %%
full = PROFILE == "full"
judges = reranking.trained_judge(
    model,
    course,
    all_vectors,
    queries=640 if full else 96,
    joint_layers=6 if full else 2,
    seed=SEED,
)
print(f"{judges.tuples[:, 1:].numel()} pairs read in training")

# %% [markdown]
# It will put the ten nearest passages of every fifth validation query in a new order. The lower layers read each text alone. So their work is done once for each passage, on however many shortlists it stands. (A shortlist without the right passage scores 0 in any order, so it is not read.)

# %%
asked_rows = list(range(0, len(split.queries), 5))
lists = reranking.shortlists(course, asked_rows, query_vectors["mean"][asked_rows], all_vectors)
offered = lists.found[lists.hopeful]  # (queries, 10)
once = [course.passages[i] for i in offered.unique().tolist()]
judges.reading.read(once)
print(f"{offered.numel()} places on {len(offered)} shortlists, {len(once)} different passages")

# %% [markdown]
# Now the upper layers read the pairs. To compare the cross-encoder with vectors that were never trained on this task would not be fair. So the same training queries also train vectors: one matrix, by which each mean vector is multiplied.

# %%
ranked = reranking.rerank(judges, course, lists)
for name in ("by_vectors", "by_trained_vectors", "by_reading", "at_best"):
    print(f"{name:20} nDCG@10 {metrics.bootstrap_interval(getattr(ranked, name))}")

# %%
gains = {
    "cross-encoder minus vectors": significance.paired_interval(
        ranked.by_reading, ranked.by_vectors
    ),
    "vectors trained on the same minus vectors": significance.paired_interval(
        ranked.by_trained_vectors, ranked.by_vectors
    ),
    "cross-encoder minus vectors trained on the same": significance.paired_interval(
        ranked.by_reading, ranked.by_trained_vectors
    ),
}
show(
    *plots_paired.paired_differences(
        gains,
        title="Ten passages in a new order",
        value_label="difference of nDCG@10 on validation queries",
    )
)

# %%
first, training, second = gains.values()
claim(
    "A cross-encoder orders a shortlist better than untrained vectors do. Against vectors trained on the "
    "same few queries it loses less than 0.05, if anything.",
    holds=first.low > 0 and second.low > -0.05,
    measured=f"nDCG@10, cross-encoder minus vectors {first}, minus vectors trained on the same "
    f"{second}; at best {float(ranked.at_best.mean()):.3f}",
)

# %% [markdown] tags=["folded"]
# Reading together orders the ten better than the vectors do as they came. But so do vectors that learned from the same queries, and between these two no difference can be told (in `fast`). So training on the task was worth something, and nothing shows that reading together added to it. Two layers, little attention between the texts and few queries to learn from may be too little; lesson 04 trains a cross-encoder on more, and measures again.

# %% [markdown] tags=["folded"]
# The printed line `at_best` is a ceiling: an order that puts every right passage first. What the shortlist missed, no order brings back. And the price is paid for every query: ten passes of pairs, where the vectors needed one pass and a product.

# %% quiz="02-q8"

# %% [markdown]
# ## 11. On the leaderboard
#
# The course's one task, this time the test queries against all passages. Your functions encode the queries and rank the passages by your cosines. The passages' vectors are those that were kept.

# %% [markdown]
# Two more measures stand beside nDCG@10. *Recall@10* is the share of a query's right passages that are among the first ten. *MRR@10* is 1 over the rank of the first right one, and 0 past rank ten. All three are means over the test queries.

# %%
test_vectors = embed(course.test.queries)["mean"]
found = best_ten(test_vectors, all_vectors)
ranked_ids = [[course.ids[i] for i in row] for row in found.tolist()]
whose = "the library's" if mean_pool_ is pooling.mean_pool else "yours"
row = leaderboard.evaluate(f"{MODEL}, mean pooling, {whose}", "02", ranked_ids, course.test)
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
# For about three queries in four the right passage is among the first ten. The same passages searched by averaged word vectors reached 0.293 in lesson 01 (in `fast`). This encoder has not been trained on the task yet: that is lesson 03.

# %% [markdown]
# ## Takeaways
#
# - A transformer cuts a text into tokens. In each layer every token takes a weighted sum of all of them, so it has another vector in every sentence.
# - Attention weights add up to 1. Alone they do not explain why a model decides as it does.
# - Padding is no text: out of the sum *and* out of the count of a mean, -inf for a maximum, never "the last token".
# - Pool as the model was trained. Another pooling runs without an error, and on our search each one cost quality.
# - Sort by length, encode, restore the order. Forget the last step and search finds next to nothing.
# - The cosine is the dot product of normalised vectors. `encode` normalises only if the model says so: look at its modules.
# - A bi-encoder costs n passes, a cross-encoder a pass for every pair: search with the first, reorder a shortlist with the second.

# %% [markdown]
# ## Further reading
#
# - Devlin, Chang, Lee and Toutanova (2019). BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding. NAACL.
# - Vaswani et al. (2017). Attention Is All You Need. NeurIPS.
# - Reimers and Gurevych (2019). Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks. EMNLP.
# - Clark, Khandelwal, Levy and Manning (2019). What Does BERT Look At? BlackboxNLP.
# - Jain and Wallace (2019). Attention is not Explanation. NAACL.
# - Nogueira and Cho (2019). Passage Re-ranking with BERT. arXiv:1901.04085.
# - Ethayarajh (2019). How Contextual are Contextualized Word Representations? EMNLP.
# - Wang, Yang, Huang, Yang, Majumder and Wei (2024). Improving Text Embeddings with Large Language Models. ACL.
# - Lee, Pincombe and Welsh (2005). An Empirical Evaluation of Models of Text Document Similarity. CogSci.
# - Köhler et al. (2021). The Human Phenotype Ontology in 2021. Nucleic Acids Research 49.
