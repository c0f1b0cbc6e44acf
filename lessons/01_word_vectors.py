# ---
# jupyter:
#   course:
#     lesson: "01"
#     title: Word vectors
#     minutes: 150
#     objectives:
#       - turn co-occurrence counts into vectors, and say what Word2Vec learns instead
#       - write skip-gram with negative sampling piece by piece and train it on real text
#       - search word vectors by cosine and solve analogies, and say what makes them work
#       - judge vectors by word similarity, and tell relatedness from similarity
#       - average words into a sentence vector, search with it, and know where that ends
#     prerequisites:
#       - Python and a little PyTorch (indexing, broadcasting, matrix products)
#       - dot product, logarithm, probability
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
# ---

# %% [markdown]
# The next cell holds the settings of the lesson. With `PROFILE = "fast"` it takes a part of the
# data and trains for a short time, so that it runs in minutes on a laptop. `"full"` takes all
# passages and trains longer; later lessons then want a GPU. The text says where the two differ.
#
# `SEED` is the number that random draws start from: the same seed gives the same numbers again.
# `DEVICE = "auto"` takes a GPU if there is one. `MODEL` is the sentence encoder of later lessons.

# %% tags=["parameters"]
PROFILE = "fast"
SEED = 0
DEVICE = "auto"
MODEL = "all-MiniLM-L6-v2"

# %%
import torch
import torch.nn.functional as F
from torch import Tensor
from lib import data, leaderboard, metrics, models, plots, pooling, search, text, word_vectors
from lib.device import pick_device, seed_everything
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.word2vec import train_word2vec
from lib.word_vectors import WordVectors

seed_everything(SEED)
device = pick_device(DEVICE)

# %% [markdown]
# ## 1. Words by the company they keep
#
# A computer sees `kidney` and `renal` as two unrelated strings. Which texts they occur in gives
# them away: they share their neighbours. We start by counting neighbours.

# %%
toy = ["the kidney filters blood", "the renal artery brings blood", "the kidney artery"]
together = {}
for sentence in toy:
    words = sentence.split()
    for i, centre in enumerate(words):
        for j, context in enumerate(words):
            if 1 <= abs(i - j) <= 2:
                together.setdefault(centre, []).append(context)
for word in ("kidney", "renal"):
    print(f"{word:7} meets {', '.join(together[word])}")

# %% [markdown]
# The real text: names, definitions and synonyms of the Human Phenotype Ontology (Köhler et al.
# 2021), which describes what can be different in a human body. The queries that the course tests
# with are left out.

# %%
sentences = data.load_corpus_sentences()
tokens = [text.split_words(sentence) for sentence in sentences]
print(f"{len(sentences):,} sentences, {sum(map(len, tokens)):,} words")
print(sentences[1])
print(tokens[1][:12])

# %% [markdown]
# Counting on all of it: one long row of word ids, compared with itself shifted by 1 to 5 places. A
# pair counts where both words stand in the same sentence.

# %%
common = text.Vocabulary.build(tokens, size=2_000)
encoded = [common.encode(words) for words in tokens]
flat = torch.tensor([word for ids in encoded for word in ids])
sentence = torch.repeat_interleave(torch.tensor([len(ids) for ids in encoded]))
counts = torch.zeros(len(common), len(common))
for step in range(1, 6):
    same = sentence[step:] == sentence[:-step]
    left, right = flat[:-step][same], flat[step:][same]
    counts.index_put_((left, right), torch.ones(len(left)), accumulate=True)
counts += counts.T.clone()
print(f"counts: {tuple(counts.shape)}, {(counts > 0).float().mean():.1%} of the pairs ever meet")

# %% [markdown]
# Which words stand near `heart`? Raw counts put those first that stand near everything, such as
# `of`. **Positive pointwise mutual information** compares with
# what chance would give: $\max(0, \ln \frac{p(a, b)}{p(a)\,p(b)})$.

# %%
near_heart = counts[common.index["heart"]]
share = counts.sum(1) / counts.sum()
ppmi = (counts / counts.sum() / (share[:, None] * share)).log().clamp(min=0)
for name, row in (("counts", near_heart), ("PPMI", ppmi[common.index["heart"]])):
    print(f"{name:7} of heart: {', '.join(common.decode(row.topk(8).indices.tolist()))}")

# %% [markdown]
# With PPMI the words of the heart's own company come first, such as its ventricles and its rhythm.
# Each row of the matrix is already a word vector, with 2,000 dimensions.
#
# A truncated singular value decomposition keeps the 64 directions in which the rows differ most. In
# them we look for the nearest words by *cosine*: the dot product of two vectors over the product of
# their lengths. It is 1 for the same direction and 0 for a right angle.

# %%
u, s, _ = torch.svd_lowrank(ppmi, q=64, niter=2)
counted = WordVectors(common.words, u * s.sqrt())
print(f"ppmi {tuple(ppmi.shape)} -> vectors {tuple(counted.vectors.shape)}")
for word in ("heart", "kidney", "retina"):
    print(f"{word:7}", ", ".join(w for w, _ in counted.most_similar(word, 6)))

# %% [markdown]
# No network and no training, and yet `kidney` finds `renal`. But the matrix grows with the square
# of the vocabulary. Word2Vec never builds it: it reads pair after pair.

# %% [markdown]
# ## 2. Pairs to learn from
#
# **Skip-gram** reads a word (the *centre*) and predicts the words around it (its *contexts*). Its
# training data are pairs. Two tricks shape them:
#
# - a **dynamic window**: each centre draws its own reach, from 1 to 5;
# - **subsampling**: frequent words are dropped at random *before* the windows are laid.

# %%
vocabulary = text.Vocabulary.build(tokens, min_count=5)
frequency = torch.tensor(vocabulary.counts)
keep_probability = word_vectors.subsample_keep_probability(frequency)
print(f"{len(vocabulary):,} words seen at least five times")
for word in ("of", "the", "heart", "fibula"):
    row = vocabulary.index[word]
    print(f"{word:7} seen {vocabulary.counts[row]:6,} times, kept {keep_probability[row]:.0%}")

# %% quiz="01-q1"

# %% [markdown]
# As a loop, this is what you are about to write:

# %%
words = ["loss", "of", "bladder", "control"]
reach, keep = [1, 2, 1, 2], [True, False, True, True]
kept = [(word, r) for word, r, k in zip(words, reach, keep) if k]
for i, (centre, r) in enumerate(kept):
    for j, (context, _) in enumerate(kept):
        if i != j and abs(i - j) <= r:
            print(f"{centre:8} -> {context}")

# %% [markdown] card="skipgram_pairs"
# ### Exercise: skip-gram pairs
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Return all (centre, context) pairs of one sentence. Dropped words leave it before the windows are
# laid, and take their draws with them. The order of the pairs does not matter. No loop over words
# is needed: compare all places with all places.


# %% answer="skipgram_pairs"
def skipgram_pairs(tokens: Tensor, window_draws: Tensor, keep: Tensor) -> Tensor:
    """All (centre, context) pairs of one sentence.

    tokens: (n,) word ids. window_draws: (n,) how many words each centre sees on either side.
    keep: (n,) bool, False where subsampling drops the token.
    Returns (pairs, 2) word ids, (0, 2) when there is no pair.

    tokens [7, 3, 9], draws [1, 1, 2], all kept: [[7, 3], [3, 7], [3, 9], [9, 3], [9, 7]]
    """
    ### BEGIN SOLUTION
    words, reach = tokens[keep], window_draws[keep]
    places = torch.arange(len(words), device=tokens.device)
    distance = (places[:, None] - places).abs()
    near = (distance > 0) & (distance <= reach[:, None])
    centre, context = near.nonzero(as_tuple=True)
    return torch.stack([words[centre], words[context]], dim=1)
    ### END SOLUTION


# %% check="skipgram_pairs" points=2
check("skipgram_pairs", skipgram_pairs)

# %% hidden="skipgram_pairs" points=2 seed=1101

# %% [markdown] hints="skipgram_pairs"
# - **You have twice as many or half as many pairs as expected.** Print the pairs of three words and compare them with the loop above: both sides of the centre count, and the centre itself does not.
# - **It works until a word is dropped.** Index both `tokens` and `window_draws` with `keep` in the first line, and use only the results from then on.
# - **You do not know how to avoid the loops.** With `p = torch.arange(n)`, `(p[:, None] - p).abs()` is the (n, n) table of distances, rows being centres. Compare it with the reach as a column, and `nonzero(as_tuple=True)` gives the places.

# %%
make_pairs = yours("skipgram_pairs", skipgram_pairs, instead=word_vectors.skipgram_pairs)
generator = torch.Generator().manual_seed(SEED)
pairs = []
for words in tokens[:3_000]:
    ids = torch.tensor(vocabulary.encode(words), dtype=torch.int64)
    draws = torch.randint(1, 6, ids.shape, generator=generator)
    keep = torch.rand(ids.shape, generator=generator) < keep_probability[ids]
    pairs.append(make_pairs(ids, draws, keep))
pairs = torch.cat(pairs)
print(f"{len(pairs):,} pairs from 3,000 sentences, pairs {tuple(pairs.shape)}")
for row in pairs[1_000:1_004].tolist():
    print(" -> ".join(vocabulary.decode(row)))

# %% quiz="01-q2"

# %% [markdown]
# ## 3. Noise to learn against
#
# From true pairs alone, the best answer is "everything fits everything". So each pair is set
# against a few **negatives**: words drawn at random, more often if they are frequent, in proportion
# to count$^{0.75}$ (Mikolov et al. 2013).

# %%
weights = [1**0.75, 16**0.75, 1**0.75]
for draw in (0.05, 0.5, 0.95):
    below = 0.0
    for word, weight in enumerate(weights):
        below += weight / sum(weights)
        if draw < below:
            print(f"draw {draw}: word {word} (its share ends at {below})")
            break

# %% [markdown] card="sample_negatives"
# ### Exercise: draw negatives
# Difficulty: easy. Importance: medium. Minutes: 10.
#
# Turn uniform draws into word ids. Lay the words' shares end to end on the line from 0 to 1; a draw
# belongs to the word on whose share it falls. A share holds its left end, not its right one. Work
# in float64: in float32 the running sum drifts over a large vocabulary.


# %% answer="sample_negatives"
def sample_negatives(counts: Tensor, draws: Tensor) -> Tensor:
    """Draw words in proportion to count ** 0.75, by inverting the cumulative distribution.

    counts: (words,) occurrences. draws: any shape, uniform in [0, 1).
    Returns word ids in the shape of draws; a word of count 0 is never drawn.

    counts [1, 16, 1], draws [0.05, 0.5, 0.95]: [0, 1, 2], as the shares are 0.1, 0.8, 0.1
    """
    ### BEGIN SOLUTION
    weights = counts.double() ** 0.75
    ends = weights.cumsum(dim=0)
    ends = ends / ends[-1]
    return torch.searchsorted(ends, draws.contiguous(), right=True)
    ### END SOLUTION


# %% check="sample_negatives" points=1
check("sample_negatives", sample_negatives)

# %% hidden="sample_negatives" points=1 seed=1102

# %% [markdown] hints="sample_negatives"
# - **Frequent words come out too often.** Raise the counts to 0.75 before anything else, and divide by the sum of the *raised* counts.
# - **You have probabilities and need ids.** `cumsum` gives the place where each word's share ends. The id is the number of ends that are at or below the draw.
# - **Only draws on an edge are wrong.** `torch.searchsorted(ends, draws, right=True)` counts the ends at or below each draw; without `right=True` it counts only those below.


# %%
def torch_sampler(counts: Tensor, draws: Tensor) -> Tensor:
    """PyTorch's own sampler; it makes its own draws."""
    noise = word_vectors.noise_distribution(counts)
    return torch.multinomial(noise, draws.numel(), replacement=True).view(draws.shape)


sampler = yours("sample_negatives", sample_negatives, instead=torch_sampler)
drawn = sampler(frequency, torch.rand(200_000, generator=generator))
tally = torch.bincount(drawn, minlength=len(frequency)) / len(drawn)
for word in ("of", "heart", "fibula"):
    row = vocabulary.index[word]
    print(
        f"{word:7} {frequency[row] / frequency.sum():.3%} of the text, {tally[row]:.3%} of the noise"
    )

# %% [markdown]
# ## 4. The loss
#
# Each word has two vectors: one as centre, one as context. For a centre $c$, its context $o$ and
# negatives $n_1 \dots n_k$, **skip-gram with negative sampling** minimises
#
# $$-\ln \sigma(c \cdot o) - \sum_{i=1}^{k} \ln \sigma(-c \cdot n_i)$$
#
# The sigmoid $\sigma(x) = 1 / (1 + e^{-x})$ turns a score into a probability: that this pair is a
# true one. The loss is measured in *nats*, as its logarithm is the natural one. Below it is for one
# pair; training takes a *batch* of many pairs in each step and their mean.

# %%
import math

c, o, negatives = [1.0, 0.5], [2.0, 0.0], [[0.0, 1.0], [-1.0, -1.0]]
loss = math.log(1 + math.exp(-sum(a * b for a, b in zip(c, o))))
for n in negatives:
    loss += math.log(1 + math.exp(sum(a * b for a, b in zip(c, n))))
print(f"{loss:.4f} nats, as -ln sigmoid(x) = ln(1 + exp(-x))")

# %% [markdown] card="sgns_loss"
# ### Exercise: the loss of skip-gram with negative sampling
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Compute it for a batch of pairs, each with its own k negatives: the sum over the negatives, the
# mean over the pairs. It must stay finite for scores of some hundreds.


# %% answer="sgns_loss"
def sgns_loss(centre: Tensor, context: Tensor, negatives: Tensor) -> Tensor:
    """The loss of skip-gram with negative sampling, in nats.

    centre: (pairs, dim). context: (pairs, dim). negatives: (pairs, k, dim).
    Returns a scalar tensor: the mean over the pairs.

    All vectors zero, k = 1: every score is 0, so the loss is 2 ln 2 = 1.3863.
    """
    ### BEGIN SOLUTION
    seen = (centre * context).sum(dim=1)
    drawn = (centre[:, None] * negatives).sum(dim=2)
    likelihood = F.logsigmoid(seen) + F.logsigmoid(-drawn).sum(dim=1)
    return -likelihood.mean()
    ### END SOLUTION


# %% check="sgns_loss" points=2
check("sgns_loss", sgns_loss)

# %% hidden="sgns_loss" points=2 seed=1103

# %% [markdown] hints="sgns_loss"
# - **Shapes do not fit where the negatives are scored.** centre is (pairs, dim) and negatives is (pairs, k, dim): give centre a middle axis, `centre[:, None]`, or use `torch.einsum("pd,pkd->pk", ...)`.
# - **Your loss is infinite.** Use `F.logsigmoid(x)` in place of `torch.log(torch.sigmoid(x))`: the sigmoid of -200 is 0 in float32.
# - **Finite, but not equal.** Compute the toy example above step by step: one score for the context, k for the negatives with the sign turned, log sigmoid of each, sum over k, minus, mean over pairs.

# %% quiz="01-q3"

# %% [markdown]
# Your pairs, your sampler and your loss, with PyTorch's gradients, on real text. Context vectors
# start at zero, centres at small random values. Does the loss begin where you said, and how far does
# it get in 150 steps?

# %%
from lib.progress_bar import track

loss_of = yours("sgns_loss", sgns_loss, instead=word_vectors.sgns_loss)
size, dim, k = len(vocabulary), 64, 5
centres = ((torch.rand(size, dim, generator=generator) - 0.5) / dim).requires_grad_()
contexts = torch.zeros(size, dim, requires_grad=True)
optimiser = torch.optim.Adam([centres, contexts], lr=0.01)
losses = []
for _ in track(range(150), "Training"):
    centre, context = pairs[torch.randint(len(pairs), (1_024,), generator=generator)].T
    noise = sampler(frequency, torch.rand(1_024, k, generator=generator))
    loss = loss_of(centres[centre], contexts[context], contexts[noise])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    losses.append(loss.detach())

# %%
start = (k + 1) * math.log(2)
claim(
    "Before anything is learnt the loss is (k + 1) ln 2: a coin toss on each of k + 1 questions.",
    holds=abs(float(losses[0]) - start) < 1e-3 and float(losses[-1]) < 0.75 * start,
    measured=f"first step {losses[0]:.3f}, (5 + 1) ln 2 = {start:.3f}; last step {losses[-1]:.2f}",
)

# %% [markdown]
# ## 5. Train on everything
#
# Same pairs, same noise, same loss, but laid out so that a step is a few matrix products:
# `lib.word2vec.train_word2vec`. An *epoch* is one pass over all sentences: `fast` makes 5 of them,
# `full` makes 15.

# %%
EPOCHS = 5 if PROFILE == "fast" else 15
own, history = train_word2vec(sentences, dim=64, window=5, negatives=5, epochs=EPOCHS, seed=SEED)
print(f"{len(own):,} words, vectors {tuple(own.vectors.shape)}")
for word in ("heart", "kidney", "seizure"):
    print(f"{word:8}", ", ".join(w for w, _ in own.most_similar(word, 6)))

# %%
smooth = torch.tensor([h.loss for h in history]).unfold(0, 5, 1).mean(dim=1)
read = [h.words / 1e6 for h in history][2:-2]
fig = plots.curve(
    read,
    {"own Word2Vec": smooth},
    title="Skip-gram learns most in its first words",
    x_label="words read (millions)",
    y_label="loss (nats a pair)",
    references={"start: 6 ln 2": 6 * math.log(2)},
)
plots.show(
    fig,
    alt=f"Training curve: the loss falls steeply at first, then slowly, from {history[0].loss:.2f} "
    f"to {float(smooth[-1]):.2f} nats a pair, well below the {start:.2f} of a coin toss.",
)

# %% quiz="01-q9"

# %% [markdown]
# The map below is the 64 dimensions seen from the side where these words differ most (two principal
# components). The model has read sentences only; the four colours were never shown to it. Do the
# words of a field lie together?

# %%
groups = {
    "eye": "retina cornea iris lens macula optic",
    "hand": "finger thumb phalanx metacarpal carpal palm",
    "blood": "lymphocyte platelet neutrophil erythrocyte monocyte leukocyte",
    "seizure": "seizure clonic tonic epileptic myoclonic ictal",
}
shown = [(w, g) for g, ws in groups.items() for w in ws.split() if w in own]
words, fields = map(list, zip(*shown))
table = own.unit[[own.index[w] for w in words]]
centred = table - table.mean(dim=0)
flat_map = centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:2].T
nearest = (table @ table.T).fill_diagonal_(-1).argmax(dim=1).tolist()
same = sum(fields[i] == fields[j] for i, j in enumerate(nearest))
print(f"nearest other word from the same field: {same} of {len(words)}")
fig = plots.word_map(flat_map, words, fields, title="Words of four fields, own vectors")
plots.show(
    fig,
    alt=f"Map of {len(words)} medical words on eye, hand, blood and seizures by two principal "
    f"components. For {same} of them the nearest other word is of their own field.",
)

# %% [markdown]
# ### Is it Word2Vec? The peer is gensim
#
# **gensim** is the library that most people train Word2Vec with. Two trainings of the *same* program
# already differ, by seed. So the fair question is: do we agree with gensim about as well as gensim
# agrees with itself? We count how many of a word's ten nearest neighbours two models share.

# %%
from gensim.models import Word2Vec

settings = {"vector_size": 64, "window": 5, "negative": 5, "sg": 1, "sample": 1e-3, "workers": 1}
peers = [Word2Vec(tokens, epochs=EPOCHS, seed=seed, **settings) for seed in (1, 2)]
peer, twin = (WordVectors(own.words, torch.tensor(p.wv[own.words])) for p in peers)
rows = torch.arange(50, 1_050)


def ten_nearest(vectors: WordVectors) -> Tensor:
    """The ten nearest of the words in rows: (rows, 10)."""
    cosines = vectors.unit[rows] @ vectors.unit.T
    cosines[torch.arange(len(rows)), rows] = -1
    return cosines.topk(10, dim=1).indices


def shared(a: WordVectors, b: WordVectors) -> Tensor:
    """The share of ten neighbours that two models have in common, word by word."""
    return (ten_nearest(a)[:, :, None] == ten_nearest(b)[:, None, :]).any(dim=2).float().mean(dim=1)


# %% [markdown]
# Results come with an interval, such as 0.6 [0.5, 0.7]. It is a *bootstrap interval*: we draw as many
# words as there are, with repetition, take their mean, and do so 1,000 times; 95% of these means lie
# between the two numbers. So it says how much a mean depends on the words (later: the queries) that
# we happened to take.

# %%
with_peer = metrics.bootstrap_interval(shared(own, peer))
with_itself = metrics.bootstrap_interval(shared(peer, twin))
claim(
    "Our vectors agree with gensim's nearly as well as gensim's agree with themselves.",
    holds=set(own.words) == set(peers[0].wv.index_to_key)
    and with_peer.mean > 0.75 * with_itself.mean,
    measured=f"shared among ten neighbours: own and gensim {with_peer}, gensim and gensim with "
    f"another seed {with_itself}; the vocabularies are equal",
)

# %%
gensim_speed = EPOCHS * sum(vocabulary.counts) / peers[0].total_train_time
ratio = history[-1].words_per_second / gensim_speed
factor = next(f for f in (5, 10, 100, math.inf) if 1 / f < ratio < f)
claim(
    "In matrix products PyTorch keeps up with gensim's compiled code, within a factor of five.",
    holds=factor == 5,
    measured=f"words a second on the same text, one thread: within a factor of {factor}",
)

# %% [markdown]
# ## 6. Nearest neighbours
#
# **GloVe** (Pennington et al. 2014) learns from counts instead of pairs, here from six billion words
# of Wikipedia and news: far more than we can train on. We take the 30,000 most frequent words.

# %%
glove = models.load_word_vectors(30_000)
glove = WordVectors(glove.words, glove.vectors.to(device))
print(f"GloVe: {len(glove):,} words, vectors {tuple(glove.vectors.shape)}")
toy_vectors, query = [[1.0, 0.0], [6.0, 8.0], [0.9, 0.1]], [1.0, 0.0]
for word, row in enumerate(toy_vectors):
    dot = sum(a * b for a, b in zip(row, query))
    print(f"word {word}: dot {dot:.1f}, cosine {dot / math.hypot(*row) / math.hypot(*query):.2f}")

# %% [markdown] card="nearest_neighbours"
# ### Exercise: nearest neighbours
# Difficulty: easy. Importance: high. Minutes: 10.
#
# Return the ids of the k words of highest cosine with the query, best first, without those in
# `exclude`. Among equals the lower id comes first. If fewer than k are left, return fewer. A vector
# of length zero has cosine 0 with everything.


# %% answer="nearest_neighbours"
def nearest_neighbours(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """The k words nearest to the query by cosine.

    vectors: (words, dim). query: (dim,). exclude: different word ids that must not come back.
    Returns (at most k,) word ids, best first.

    vectors [[1, 0], [6, 8], [0.9, 0.1]], query [1, 0], k = 2, exclude [0]: [2, 1]
    """
    ### BEGIN SOLUTION
    lengths = vectors.norm(dim=1).clamp(min=1e-9)
    cosines = vectors @ query / lengths
    cosines[exclude] = float("-inf")
    left = len(vectors) - len(exclude)
    return cosines.argsort(descending=True, stable=True)[:left][:k]
    ### END SOLUTION


# %% check="nearest_neighbours" points=2
check("nearest_neighbours", nearest_neighbours)

# %% hidden="nearest_neighbours" points=2 seed=1104

# %% [markdown] hints="nearest_neighbours"
# - **A long vector in the wrong direction comes first.** Divide each word's dot product by the length of its vector. The length of the query is the same for all and can stay out.
# - **Excluded words come back, or too few words do.** Set `scores[exclude] = float("-inf")` before sorting; then cut at the smaller of k and what is left.
# - **Equal scores come in the wrong order.** `argsort(descending=True, stable=True)` keeps the lower id first; `topk` promises nothing.


# %%
def lookup(vectors: Tensor, query: Tensor, k: int, exclude: list[int]) -> Tensor:
    """The library's search over the GloVe words."""
    found = glove.most_similar(query, k, [glove.words[row] for row in exclude])
    return torch.tensor([glove.index[word] for word, _ in found])


neighbours = yours("nearest_neighbours", nearest_neighbours, instead=lookup)
for word in ("kidney", "bank", "organ"):
    found = neighbours(glove.vectors, glove[word], 8, [glove.index[word]])
    print(f"{word:7}", ", ".join(glove.words[row] for row in found.tolist()))

# %% [markdown]
# ### One vector a word
#
# `bank` is a place for money and the side of a river. It has one vector for both. Does the vector
# show both senses? We sort the 15 neighbours of a few words by two seed words for each sense.

# %%
SENSES = {
    "organ": (["piano", "church"], ["body", "liver"]),
    "java": (["software", "code"], ["island", "indonesia"]),
    "suit": (["court", "lawyer"], ["dress", "shirt"]),
    "amazon": (["internet", "google"], ["forest", "river"]),
    "bank": (["money", "loan"], ["river", "shore"]),
}
fewer = {}
for word, seeds in SENSES.items():
    near = [w for w, _ in glove.most_similar(word, 15)]
    rows = glove.unit[[glove.index[w] for w in near]]
    scores = torch.stack(
        [(rows @ glove.unit[[glove.index[s] for s in seed]].T).mean(1) for seed in seeds]
    )
    first = (scores[0] >= scores[1]).tolist()
    sides = [[w for w, f in zip(near, first) if f == side] for side in (True, False)]
    fewer[word] = min(map(len, sides))
    print(f"{word}: {' '.join(sides[0][:5])} | {' '.join(sides[1][:5])}")

# %%
mixed = [word for word in SENSES if word != "bank"]
ranks = [w for w, _ in glove.most_similar("bank", len(glove))]
claim(
    "The neighbours of a word with two senses mix both; where one sense is rare, it drowns.",
    holds=all(fewer[w] >= 3 for w in mixed) and fewer["bank"] <= 2 and ranks.index("river") > 500,
    measured="neighbours of the smaller side, of 15: "
    + ", ".join(f"{w} {n}" for w, n in fewer.items())
    + f"; 'river' is neighbour {ranks.index('river') + 1:,} of bank",
)

# %% [markdown]
# The table has one row for `bank`, so "the bank of the river" and "the bank's loan" get the same
# vector for it. Nearly all of its 15 neighbours are about money. That is the problem which lesson 02 solves: a vector for each *occurrence*.

# %% quiz="01-q4"

# %% [markdown]
# ## 7. Analogies
#
# *man is to woman as king is to ...* Go from man to woman, and take the same step from king:
# `woman - man + king`. **3CosAdd** asks for the word nearest to that point, all vectors scaled to
# length one.

# %% quiz="01-q5"

# %%
rows = {word: glove.unit[glove.index[word]].tolist() for word in ("man", "woman", "king", "queen")}
target = [b - a + c for a, b, c in zip(rows["man"], rows["woman"], rows["king"])]
for word, row in rows.items():
    print(f"{word:6} {sum(x * y for x, y in zip(target, row)):.3f}")

# %% [markdown] card="analogy_3cosadd"
# ### Exercise: analogies by 3CosAdd
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Answer a batch of questions *a is to b as c is to ?*. Scale to length one, build the targets,
# compare with every word, and exclude a, b and c of each question from its answers.


# %% answer="analogy_3cosadd"
def analogy_3cosadd(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """Answer analogies: a is to b as c is to which words?

    vectors: (words, dim), none of length zero. a, b, c: (questions,) word ids. k: at most words - 3.
    Returns (questions, k) word ids, best first, none of them among the question's inputs.

    With vectors of man, woman, king, queen, apple: a [0], b [1], c [2], k = 1 gives [[3]]
    """
    ### BEGIN SOLUTION
    unit = vectors / vectors.norm(dim=1, keepdim=True)
    target = unit[b] - unit[a] + unit[c]
    scores = target @ unit.T
    questions = torch.arange(len(a), device=a.device)
    for inputs in (a, b, c):
        scores[questions, inputs] = float("-inf")
    return scores.topk(k, dim=1).indices
    ### END SOLUTION


# %% check="analogy_3cosadd" points=2
check("analogy_3cosadd", analogy_3cosadd)

# %% hidden="analogy_3cosadd" points=2 seed=1105

# %% [markdown] hints="analogy_3cosadd"
# - **The answer is king.** The inputs must be excluded: give their scores -inf before you take the best.
# - **Right for one question, wrong for several.** Each row of scores has its own three inputs. `scores[torch.arange(len(a)), a] = ...` touches one column in each row; `scores[:, a]` touches all columns in all rows.
# - **Only cases with unequal lengths fail.** Normalise first: `unit = vectors / vectors.norm(dim=1, keepdim=True)`, and use `unit` for the target and for the comparison.


# %%
def solve_one_by_one(vectors: Tensor, a: Tensor, b: Tensor, c: Tensor, k: int) -> Tensor:
    """The library's analogies, over the GloVe words."""
    questions = zip(*([glove.words[row] for row in ids.tolist()] for ids in (a, b, c)))
    answers = [glove.analogy(*question, k=k) for question in questions]
    return torch.tensor([[glove.index[word] for word, _ in found] for found in answers])


solve = yours("analogy_3cosadd", analogy_3cosadd, instead=solve_one_by_one)
asked = [("man", "woman", "king"), ("paris", "france", "rome"), ("walk", "walked", "think")]
ids = torch.tensor([[glove.index[w] for w in question] for question in asked], device=device)
for question, found in zip(asked, solve(glove.vectors, *ids.T, 3).tolist()):
    print("{} : {} :: {} : ".format(*question) + ", ".join(glove.words[row] for row in found))

# %% [markdown]
# What if no word is excluded? Demonstrations of "king - man + woman" seldom show that (Linzen 2016;
# Rogers et al. 2017).

# %%
allowed = glove.analogy("man", "woman", "king", k=3, exclude_inputs=False)
excluded = glove.analogy("man", "woman", "king", k=3)
for name, found in (("allowed", allowed), ("excluded", excluded)):
    print(f"inputs {name:8}:", ", ".join(f"{word} {cosine:.3f}" for word, cosine in found))

# %%
claim(
    "king - man + woman is nearest to queen because the inputs are excluded; else it is king.",
    holds=excluded[0][0] == "queen" and allowed[0][0] == "king",
    measured=f"excluded: {excluded[0][0]} {excluded[0][1]:.3f}; allowed: {allowed[0][0]} {allowed[0][1]:.3f}",
)

# %% [markdown]
# One example proves little. The Google set has 19,544 questions in 14 categories (Mikolov et al.
# 2013); those with a word outside the 30,000 are skipped.

# %%
sections = data.load_analogies()
with_exclusion = word_vectors.analogy_accuracy(glove, sections)
without = word_vectors.analogy_accuracy(glove, sections, exclude_inputs=False)


def interval(result: word_vectors.SectionAccuracy) -> metrics.Interval:
    """Accuracy with its bootstrap interval over the questions."""
    return metrics.bootstrap_interval((torch.arange(result.asked) < result.correct).float())


best, plain = interval(with_exclusion[-1]), interval(without[-1])

# %%
claim(
    "Excluding the inputs accounts for a large part of analogy accuracy.",
    holds=plain.high < best.low and plain.mean < 0.75 * best.mean,
    measured=f"{with_exclusion[-1].asked:,} questions: inputs excluded {best}, allowed {plain}",
)

# %%
order = sorted(range(len(sections)), key=lambda i: -with_exclusion[i].accuracy)
fig = plots.bars(
    [f"{sections[i].name} ({with_exclusion[i].asked})" for i in order],
    [with_exclusion[i].accuracy for i in order],
    [(interval(with_exclusion[i]).low, interval(with_exclusion[i]).high) for i in order],
    title="Analogies by category, inputs excluded (questions)",
    value_label="accuracy, with 95% interval",
    references={"all": best.mean, "all, inputs allowed": plain.mean},
    decimals=2,
)
plots.show(
    fig,
    alt=f"Bars of analogy accuracy for 14 categories: best {sections[order[0]].name} at "
    f"{with_exclusion[order[0]].accuracy:.2f}, worst {sections[order[-1]].name} at "
    f"{with_exclusion[order[-1]].accuracy:.2f}; all together {best.mean:.2f}, with inputs allowed {plain.mean:.2f}.",
)

# %% [markdown]
# Categories differ widely, so one number for all of them hides much. And our own vectors, on the
# vocabulary of the clinic?

# %%
for a, b, c in [
    ("kidney", "renal", "heart"),
    ("kidney", "renal", "liver"),
    ("hand", "finger", "foot"),
]:
    if all(word in own for word in (a, b, c)):
        print(f"{a} : {b} :: {c} :", ", ".join(w for w, _ in own.analogy(a, b, c, k=4)))

# %% [markdown]
# ### Break it
#
# Most of these are right; *left* for the heart is not. Examples show that a program can be right, and
# only tests show where it is wrong. Somebody hands you `solve(vectors, a, b, c)`, which answers one
# analogy by 3CosAdd. It may be wrong.

# %%
vectors, a, b, c = [[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2
unit = [[x / math.hypot(*row) for x in row] for row in vectors]
target = [unit[b][i] - unit[a][i] + unit[c][i] for i in range(2)]
for word, row in enumerate(unit):
    note = " (an input)" if word in (a, b, c) else ""
    print(f"word {word}: {row[0] * target[0] + row[1] * target[1]:.3f}{note}")

# %% [markdown] card="break_analogy"
# ### Exercise: break the analogy solver
# Difficulty: hard. Importance: medium. Minutes: 20.
#
# Return test cases `(vectors, a, b, c, expected)`: a list of rows, three different row numbers, and
# the row number that a right solver answers. Each of ten wrong solvers must fail at least one
# case; right ones pass all. A few small vectors in the plane are enough, and 2,000
# cases the most. Avoid ties.


# %% answer="break_analogy"
def break_analogy() -> list:
    """Test cases that a right 3CosAdd solver passes and wrong ones fail.

    Returns a list of (vectors, a, b, c, expected): vectors is a list of rows [x, y], the others
    are row numbers; expected is the row nearest to b - a + c (unit vectors), inputs excluded.

    One fair case, not yet enough: ([[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2, 3)
    """
    ### BEGIN SOLUTION
    # Both b and c lie nearer to the target than the answer does.
    inputs = [[2, 3], [2, 0], [2, 2], [-1, 0]]
    # Lengths differ, and the place of c decides between two candidates.
    lengths = [[0, 1], [1, 1], [1, -1], [2, 3], [3, 2]]
    # One word lies along b - a, another against it; inputs stand above the answer.
    direction = [[3, -1], [-1, 0], [1, 0], [3, 1], [2, 3]]
    # The only word left lies opposite to the target.
    opposite = [[2, 2], [-1, 0], [2, 1], [3, 2]]
    # b and c lie opposite to each other, so that a decides.
    decides = [[3, 2], [0, 2], [0, 2], [-1, -2], [0, -2]]
    return [
        (inputs, 3, 1, 2, 0),
        (lengths, 3, 4, 1, 0),
        (direction, 1, 4, 0, 3),
        (opposite, 0, 2, 3, 1),
        (decides, 0, 4, 2, 3),
    ]
    ### END SOLUTION


# %% check="break_analogy" points=2
check("break_analogy", break_analogy)

# %% hidden="break_analogy" points=1 seed=1106

# %% [markdown] hints="break_analogy"
# - **A case of yours rejects a right solver.** Work it out as in the cell above: scale to length one, add and subtract, compare by dot product, skip the inputs. If the two best scores are nearly equal, move a vector.
# - **One suspect is always left.** Read which one, and write a case for it alone. One question for each suspect is a good test.
# - **You look for a case in which lengths matter.** Take a right answer in nearly the target's direction with length 1, and another candidate 60 degrees off with length 10; for the sum, make `a` or `b` ten times as long as the others.

# %% [markdown]
# ## 8. What is a good vector?
#
# Two sets of word pairs judged by people: **WordSim353** asks how *related* two words are,
# **SimLex999** how *similar*. Coffee and cup are related, not similar. We compare the order of
# cosines with the order of judgements by Spearman's rank correlation: 1 for the same order, 0 for no
# connection, -1 for the reverse.

# %% quiz="01-q6"


# %%
def correlation(name: str, vectors: WordVectors) -> metrics.Interval:
    """Spearman's correlation of cosine and judgement, with a bootstrap interval over pairs."""
    judged = data.load_similarity(name)
    pairs = [(a.lower(), b.lower(), s) for a, b, s in zip(judged.left, judged.right, judged.scores)]
    known = [p for p in pairs if p[0] in vectors and p[1] in vectors]
    left, right = (vectors.unit[[vectors.index[p[i]] for p in known]] for i in (0, 1))
    cosines, scores = (left * right).sum(1).cpu(), torch.tensor([p[2] for p in known])
    draws = torch.randint(
        len(known), (1_000, len(known)), generator=torch.Generator().manual_seed(0)
    )
    low, high = (
        metrics.spearman(cosines[draws], scores[draws])
        .quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
        .tolist()
    )
    print(f"{name}: {len(known)} of {len(pairs)} pairs known")
    return metrics.Interval(float(metrics.spearman(cosines, scores)), low, high)


everything = models.load_word_vectors()
related, similar = (correlation(name, everything) for name in ("wordsim353", "simlex999"))

# %%
claim(
    "Word vectors capture relatedness better than similarity.",
    holds=related.low > similar.high,
    measured=f"GloVe 50d, Spearman: WordSim353 {related}, SimLex999 {similar}",
)

# %%
pairs_of_words = [("coffee", "cup"), ("coffee", "tea"), ("hot", "cold"), ("high", "low")]
for a, b in pairs_of_words:
    cosine = float(glove.unit[glove.index[a]] @ glove.unit[glove.index[b]])
    print(f"{a} and {b}: {cosine:.2f}")

# %% [markdown] tags=["folded"]
# *hot* and *cold* come out about as close as *coffee* and *tea*, *high* and *low* closer still:
# opposites occur in the same company, and the company is all that a window sees. SimLex999 rates
# opposites low. For a search in a clinic, "high" and "low" pressure should not be neighbours.

# %% quiz="01-q7"

# %% [markdown]
# ### What the length of a vector says
#
# Cosine ignores length. Should it? We compare the order of words by length with their order by
# frequency, again by Spearman's correlation. It can be positive, negative or about 0.


# %%
def length_and_frequency(vectors: WordVectors) -> float:
    """Spearman's correlation of length and frequency; words come in order of their frequency."""
    lengths = vectors.vectors.norm(dim=1).cpu().double()
    return float(metrics.spearman(lengths, -torch.arange(len(lengths), dtype=torch.float64)))


lengths = {
    "own Word2Vec": length_and_frequency(own),
    "gensim Word2Vec": length_and_frequency(peer),
    "GloVe, 30,000 words": length_and_frequency(glove),
    "GloVe, 400,000 words": length_and_frequency(everything),
}
for name, value in lengths.items():
    print(f"{name:22} {value:.2f}")

# %%
claim(
    "Frequency dominates the length of skip-gram vectors; in GloVe it is one influence of several.",
    holds=lengths["own Word2Vec"] > 0.7 and 0 < lengths["GloVe, 400,000 words"] < 0.5,
    measured=", ".join(f"{name} {value:.2f}" for name, value in lengths.items()),
)

# %% [markdown] tags=["folded"]
# In skip-gram a frequent word is moved by more pairs, and moves in like directions add up. GloVe fits
# *log counts* with a bias for each word, which can take up a part of the frequency; there the
# correlation is positive, but small.

# %% [markdown]
# Does it matter for search? Here are the ten nearest words of a thousand rare ones, by dot product
# (where length counts) and by cosine (where it does not). Place 0 is the most frequent word.

# %%
rare = torch.arange(3_000, 4_000)
for name, wv in (("own", own), ("GloVe", glove)):
    for kind, corpus in (("dot product", wv.vectors), ("cosine", wv.unit)):
        scores = wv.vectors[rare] @ corpus.T
        scores[torch.arange(len(rare)), rare] = float("-inf")
        places = scores.topk(10, dim=1).indices.float()
        print(
            f"{name:5} {kind:11}: the neighbours' median place by frequency is {places.median():,.0f}"
        )

# %% [markdown]
# ## 9. From words to a sentence
#
# By dot product the neighbours are far more frequent words than by cosine, in both models: length
# alone puts them first. So we compare by cosine.
#
# The oldest sentence vector is the mean of its words. In it `of` counts as much as `bladder`. One can
# weigh each word by its **idf** instead (*inverse document frequency*): about the logarithm of how
# many passages there are for each one that holds the word.

# %%
course_set = data.load_course_set(PROFILE)
passages = [text.split_words(passage) for passage in course_set.passages]
idf = word_vectors.idf_weights(passages)
for word in text.split_words("lack of bladder control"):
    print(f"{word:8} idf {idf[word]:.2f}")
print(course_set.test.queries[0], "->", course_set.passages[course_set.test.positives[0]][:80])

# %% [markdown]
# Sentences of different lengths go into one table, filled up to the longest (*padding*); a *mask*
# says 1 where a word stands and 0 where nothing does. A sentence of two words and one place of
# padding, as a loop:

# %%
toy_vectors, weights = [[9.0, 9.0], [2.0, 0.0], [0.0, 4.0]], [0.5, 1.0, 3.0]
ids, mask = [1, 2, 0], [1, 1, 0]
total, weight = [0.0, 0.0], 0.0
for word, real in zip(ids, mask):
    if real:
        total = [t + weights[word] * x for t, x in zip(total, toy_vectors[word])]
        weight += weights[word]
print([t / weight for t in total])

# %% [markdown] card="idf_average"
# ### Exercise: idf-weighted average
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Average the vectors of each sentence's words, weighted by idf, for a padded batch at once. Padding
# is what the mask says, not id 0: id 0 is a word. A sentence without a known word becomes zeros.


# %% answer="idf_average"
def idf_average(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """The idf-weighted mean of the word vectors of each sentence.

    vectors: (words, dim). idf: (words,) positive weights. ids: (batch, length) word ids, padded.
    mask: (batch, length), 1 for a word, 0 for padding.
    Returns (batch, dim); zeros where the mask is all 0.

    vectors [[9, 9], [2, 0], [0, 4]], idf [.5, 1, 3], ids [[1, 2, 0]], mask [[1, 1, 0]]: [[0.5, 3]]
    """
    ### BEGIN SOLUTION
    weights = idf[ids] * mask
    sums = (weights[:, :, None] * vectors[ids]).sum(dim=1)
    total = weights.sum(dim=1, keepdim=True)
    return sums / total.clamp(min=1e-9)
    ### END SOLUTION


# %% check="idf_average" points=2
check("idf_average", idf_average)

# %% hidden="idf_average" points=2 seed=1107

# %% [markdown] hints="idf_average"
# - **Short sentences are all alike.** Padding leaks in. `idf[ids] * mask` is 0 at padding: make these weights first, and use them for the sum and for the divisor.
# - **Shapes do not fit.** `vectors[ids]` is (batch, length, dim), the weights are (batch, length): give them a last axis, `weights[:, :, None]`, and sum over dim 1.
# - **NaN, or vectors that are too short.** Divide by the sum of the weights, clamped to something tiny such as 1e-9. Clamping to 1 is wrong: weights may sum to less.

# %% [markdown]
# Now the task of the whole course: a layperson's words are the *query*, clinical terms with their
# definitions are the *passages*; find the passage that the query means. `fast` searches 4,000
# passages, `full` all 16,449.
#
# The queries come in three parts: *training* queries to learn from, *validation* queries to compare
# and choose by, *test* queries for the leaderboard only.

# %%
known = [word for word in idf if word in everything.index]
vocab_rows = torch.tensor([everything.index[word] for word in known])
index = {word: row for row, word in enumerate(known)}
small = everything.vectors[vocab_rows].to(device)
idf_row = torch.tensor([idf[word] for word in known], device=device)
held = sum(word in index for words in passages for word in words) / sum(map(len, passages))
print(
    f"GloVe knows {held:.1%} of the words of the passages, {len(known):,} of {len(idf):,} different ones"
)


# %%
def by_library(vectors: Tensor, idf: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """The library's weighted average of words, from padded ids."""
    words = [
        [known[i] for i, m in zip(row, flags) if m]
        for row, flags in zip(ids.tolist(), mask.tolist())
    ]
    weights = dict(zip(known, idf.tolist()))
    return word_vectors.average_words(WordVectors(known, vectors), words, weights)


average = yours("idf_average", idf_average, instead=by_library)


def embed(texts: list[str], weights: Tensor) -> Tensor:
    """Texts as unit vectors: (texts, dim)."""
    rows = [[index[w] for w in text.split_words(t) if w in index] for t in texts]
    parts = [text.pad_tokens(rows[i : i + 500], device=device) for i in range(0, len(rows), 500)]
    return pooling.normalize(torch.cat([average(small, weights, *part) for part in parts]))


def rank(queries: list[str], weights: Tensor) -> list[list[str]]:
    """The ids of the ten best passages of each query."""
    _, best = search.top_k(embed(queries, weights), embed(course_set.passages, weights), 10)
    return [[course_set.ids[row] for row in rows] for rows in best.tolist()]


# %% [markdown]
# ### How good is a ranking? nDCG@10
#
# Only the first ten passages count. A right one at rank $r$ is worth $1 / \log_2(r + 1)$: 1 at the
# top, less further down. The sum is the *discounted cumulative gain*. Divided by the sum of the best
# possible list it lies between 0 and 1: **nDCG@10**, *n* for normalised (Järvelin and Kekäläinen
# 2002). An example with two right passages, found at ranks 2 and 5:

# %%
found, right = ["a", "b", "c", "d", "e"], {"b": 1, "e": 1}
gained = possible = 0.0
for place, passage in enumerate(found, start=1):
    worth = 1 / math.log2(place + 1)
    gained += worth if passage in right else 0.0
    possible += worth if place <= len(right) else 0.0
    print(f"rank {place}: worth {worth:.4f}", "<- right" if passage in right else "")
print(f"{gained:.4f} of {possible:.4f} possible: nDCG@10 {gained / possible:.4f}")
print(f"by lib.metrics: {float(metrics.ndcg_at_k([found], [right], 10)[0]):.4f}")
print("right passages of a test query:", set(map(len, course_set.test.relevant)))

# %% [markdown]
# The same number twice. Each of our test queries has one right passage, so its nDCG@10 is just what
# the rank of that passage is worth: 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, 0.29 at rank 10, and
# 0 if it is not among the ten. The figures below are means over all queries.
#
# Does weighing by idf help? We ask the validation queries.

# %%
split = course_set.validation
scores = {
    name: metrics.ndcg_at_k(rank(split.queries, weights), split.relevant, 10)
    for name, weights in (("plain mean", torch.ones_like(idf_row)), ("idf-weighted", idf_row))
}
gain = metrics.bootstrap_interval(scores["idf-weighted"] - scores["plain mean"])

# %%
claim(
    "Weighing words by idf makes averaged word vectors a better search.",
    holds=gain.low > 0,
    measured="nDCG@10 on validation: "
    + ", ".join(f"{name} {metrics.bootstrap_interval(s)}" for name, s in scores.items())
    + f"; gain {gain}",
)

# %%
ranked = rank(course_set.test.queries, idf_row)
row = leaderboard.evaluate("GloVe words, idf-weighted mean", "01", ranked, course_set.test)
leaderboard.save(row)
title = dict(zip(course_set.ids, course_set.titles))
for query in (0, 1, 2):
    print(f"{course_set.test.queries[query]}: {', '.join(title[i] for i in ranked[query][:3])}")

# %%
fig = plots.leaderboard(leaderboard.board(row))
plots.show(
    fig,
    alt=f"Leaderboard of the course's search task. This lesson's row, averaged GloVe words, has nDCG@10 "
    f"{row.ndcg_at_10} on {row.queries} test queries: every later lesson has to beat it.",
)
headline(f"nDCG@10 {row.ndcg_at_10.mean:.3f}")

# %% [markdown]
# The first results are related to the queries by a word or two, and miss what the whole means. A
# mean of words knows nothing of their order. What does that do to a sentence?

# %%
for one, other in [
    ("swelling of the left arm, no pain", "pain of the left arm, no swelling"),
    ("no pain in the left arm", "pain, no left arm"),
]:
    a, b = embed([one, other], idf_row)
    print(f"{one} | {other}")
    print(f"  largest difference {float((a - b).abs().max()):.3f}, cosine {float(a @ b):.3f}")

# %% [markdown]
# The first two say the opposite of each other, hold the same words and are one vector. The other two
# differ in `in` and `the`, which weigh little: not one vector, but nearly. Such vectors of words, 50
# dimensions each, set the bar for lesson 02.

# %% quiz="01-q8"

# %% [markdown]
# ## Takeaways
#
# - Words that keep the same company get similar vectors, whether by counts (PPMI) or by prediction.
# - Skip-gram learns from pairs against noise: reach drawn for each centre, frequent words thinned, noise from count$^{0.75}$.
# - Analogies owe much of their fame to a rule: the inputs may not be the answer.
# - Vectors of windows measure relatedness; opposites come out close.
# - Length goes with frequency, above all in skip-gram: compare by cosine.
# - One vector a word blends its senses, and the common sense wins.

# %% [markdown]
# ## Further reading
#
# - Mikolov, Sutskever, Chen, Corrado, Dean: Distributed Representations of Words and Phrases and their Compositionality, NeurIPS 2013.
# - Pennington, Socher, Manning: GloVe, EMNLP 2014.
# - Levy, Goldberg: Neural Word Embedding as Implicit Matrix Factorization, NeurIPS 2014.
# - Järvelin, Kekäläinen: Cumulated Gain-based Evaluation of IR Techniques, ACM TOIS 2002.
# - Linzen: Issues in Evaluating Semantic Spaces Using Word Analogies, RepEval 2016.
# - Arora, Li, Liang, Ma, Risteski: Linear Algebraic Structure of Word Senses, TACL 2018.
# - Arora, Liang, Ma: A Simple but Tough-to-Beat Baseline for Sentence Embeddings, ICLR 2017.
