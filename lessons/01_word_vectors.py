# ---
# jupyter:
#   course:
#     lesson: "01"
#     title: Word vectors
#     minutes: 191
#     objectives:
#       - turn co-occurrence counts into vectors, and say what Word2Vec and GloVe learn instead
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
# The next cell holds the settings of the lesson. With `PROFILE = "fast"` it takes a part of the data and trains for a short time, so that it runs in minutes on a laptop. `"full"` takes all passages and trains longer. The text says where the two differ.
#
# `SEED` is the number that random draws start from: the same seed gives the same numbers again. `DEVICE = "auto"` takes a GPU if there is one. `MODEL` is the sentence encoder of later lessons.

# %% tags=["parameters"]
PROFILE = "fast"
SEED = 0
DEVICE = "auto"
MODEL = "all-MiniLM-L6-v2"

# %%
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from lib import cooccurrence, data, diagrams, leaderboard, metrics, models, search, text
from lib import word_figures as figures
from lib import word_similarity, word_vectors
from lib.averaged_words import WeightedWords, weighted_mean
from lib.device import pick_device, seed_everything
from lib.explore import explore
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, solution, yours
from lib.plots import show
from lib.plots_paired import paired_differences
from lib.progress_bar import track
from lib.significance import paired_interval
from lib.word2vec import train_word2vec
from lib.word_vectors import WordVectors

seed_everything(SEED)
device = pick_device(DEVICE)

# %% [markdown]
# ## 1. Words by the company they keep
#
# A computer sees `kidney` and `renal` as two unrelated strings. But they occur in the same kind of sentences: among kidneys, arteries and blood. So the words around a word say something about its meaning. We begin by counting them, in three sentences.

# %%
toy = ["the kidney filters blood", "the renal artery brings blood", "the kidney artery"]
together = {}
for sentence in toy:
    words = sentence.split()
    for i, centre in enumerate(words):
        near = [word for j, word in enumerate(words) if 1 <= abs(i - j) <= 2]
        together.setdefault(centre, []).extend(near)
for word in ("kidney", "renal"):
    print(f"{word:7} meets {', '.join(together[word])}")

# %% [markdown]
# Each word meets what stands at most two places away from it. `kidney` and `renal` never meet each other, but both meet *the* and *artery*. What they share is their company.

# %% [markdown]
# Now real text. The Human Phenotype Ontology (Köhler et al. 2021) describes what can be different in a human body. We take its names, definitions and synonyms. The queries that the course tests with are left out.

# %%
sentences = data.load_corpus_sentences()
tokens = [text.split_words(sentence) for sentence in sentences]
print(f"{len(sentences):,} sentences, {sum(map(len, tokens)):,} words")
print(sentences[1])
print(tokens[1][:12])

# %% [markdown]
# Sentences are now lists of words in lower case. We count on all of them what the toy counted on three, for the 2,000 most frequent words (all others are dropped first), and look up to five places away. `count_pairs` does what the loop above does, but without a loop over words.

# %%
common = text.Vocabulary.build(tokens, size=2_000)
counts = cooccurrence.count_pairs(list(map(common.encode, tokens)), len(common), window=5)
print(f"counts: {tuple(counts.shape)}, {(counts > 0).float().mean():.1%} of the pairs ever meet")
near_heart = counts[common.index["heart"]]
print("heart meets most:", *common.decode(near_heart.topk(8).indices.tolist()))

# %% [markdown]
# ### From counts to PPMI
#
# The counts of `heart` are a row of 2,000 numbers, but their largest ones say nothing about hearts: words such as *of* stand near everything. A count should be compared with the one that chance alone would give. How is that done?

# %%
met = {
    "kidney": {"the": 10, "blood": 5, "wood": 1},
    "renal": {"the": 4, "blood": 4, "wood": 0},
    "chair": {"the": 10, "blood": 1, "wood": 5},
}
show(*diagrams.counts_to_ppmi(met, [("renal", "blood"), ("chair", "blood")]))

# %% [markdown]
# Read the solid frame. Of all 40 meetings, 10 are with *blood*, a quarter. If *renal* met words by chance, a quarter of its 8 meetings would be with *blood*: 2. It met *blood* 4 times, twice as often. The logarithm of this ratio is the **pointwise mutual information** of the two words. It is 0 where the count is what chance gives.

# %% [markdown]
# In the dashed frame the count is below chance, and the logarithm is negative. Such values are cut to 0, which gives the *positive* PMI, **PPMI**. A few meetings show that two words attract each other. To see that they avoid each other takes much more text: one meeting where four were expected may be chance, and a count of 0 would give minus infinity.
#
# With $p(a, b)$ for the share of all meetings that are of $a$ and $b$:
#
# $$\text{PPMI}(a, b) = \max\left(0, \ln \frac{p(a, b)}{p(a)\,p(b)}\right)$$

# %% [markdown]
# The same for `heart` in our text, first for three words by hand, then for all pairs at once:

# %%
near = counts.sum(dim=1)
expected = near[:, None] * near / counts.sum()
for other in ("rhythm", "of", "cell"):
    at = common.index["heart"], common.index[other]
    ratio = counts[at] / expected[at]
    print(
        f"heart and {other}: seen {counts[at]:.0f}, expected {expected[at]:.1f}, ln {ratio.log():.2f}"
    )
ppmi = (counts / expected).log().clamp(min=0)
print("largest PPMI with heart:", *common.decode(ppmi[at[0]].topk(8).indices.tolist()))

# %% [markdown]
# *of* is seen far more often with `heart` than *rhythm* is, but about as often as chance would have it. *cell* was never seen with it: the logarithm is minus infinity, and PPMI makes it 0. By PPMI the words of the heart's own company come first. Each row of this matrix is already a word vector, with 2,000 numbers.

# %% [markdown]
# ### Short vectors, compared by their angle
#
# A **truncated singular value decomposition** keeps the 64 directions along which the rows reach furthest, so that as little as possible is lost, and describes each row by 64 numbers. It gives a table for the rows, one for the columns, and a strength for each direction. We keep the first table, and multiply each direction by the root of its strength; the other half of the strength would go to the second table.

# %% [markdown]
# To find a word's neighbours in these vectors, we compare directions. In two dimensions it looks like this:

# %%
others = {"renal": [2.0, 1.5], "heart": [1.2, 2.6], "chair": [0.8, -1.6]}
show(*diagrams.toy_vectors([4.0, 2.0], others, name="kidney"))

# %% [markdown]
# The **cosine** of two vectors depends on the angle between them only: it is their dot product, divided by their two lengths. It is 1 for the same direction, 0 for a right angle, and negative beyond. In the picture *renal* has a shorter arrow than *kidney* but nearly the same direction, so their cosine is close to 1.

# %%
u, s, _ = torch.svd_lowrank(ppmi, q=64, niter=2)
counted = WordVectors(common.words, u * s.sqrt())
print(f"ppmi {tuple(ppmi.shape)} -> vectors {tuple(counted.vectors.shape)}")
for word in ("heart", "kidney", "retina"):
    print(f"{word:7}", ", ".join(w for w, _ in counted.most_similar(word, 6)))

# %% [markdown]
# Without a network and without any training `kidney` finds `renal`. But the matrix of counts grows with the square of the vocabulary. **Word2Vec** never builds it: it learns vectors by reading one pair of words after the other.

# %% [markdown]
# ## 2. Pairs to learn from
#
# **Skip-gram** is the kind of Word2Vec that we build. It goes through the text word by word. The word where it stands is the **centre**, and the words around it are its **contexts**. From the centre's vector it learns to predict the contexts.

# %%
words = ["loss", "of", "bladder", "control", "at", "night"]
show(*diagrams.skipgram_window(words, centre=2, reach=1))

# %% [markdown]
# Each arrow is one training pair. How far should a window reach? The next word tells more about the centre than the fifth one, so near words should count more. Word2Vec gets this without any weights: each centre *draws* its own reach at random, here from 1 to 5.

# %% quiz="01-q1"

# %%
draws = torch.randint(1, 6, (100_000,), generator=torch.Generator().manual_seed(SEED))
show(*figures.seen_at_distance(draws, window=5, title="What a reach drawn from 1 to 5 sees"))

# %% [markdown] tags=["folded"]
# A neighbour is seen every time, a word five places away by one centre in five. Over a whole text that has the effect of weights that fall evenly with the distance, and far pairs cost no time when they are not drawn.

# %% [markdown]
# The second problem is frequent words. *the* and *of* stand near almost every word. A pair with them teaches little, and there are very many such pairs. So frequent words are **subsampled**: only some of their occurrences are kept, drawn by lot, and the more frequent the word, the fewer. Here is the share that is kept of each word:

# %%
vocabulary = text.Vocabulary.build(tokens, min_count=5)
frequency = torch.tensor(vocabulary.counts)
keep_probability = word_vectors.subsample_keep_probability(frequency)
print(f"{len(vocabulary):,} words seen at least five times")

# %%
shares = frequency / frequency.sum()
marked = {word: vocabulary.index[word] for word in ("the", "with", "heart", "fibula")}
show(
    *figures.keep_probability(shares, keep_probability, marked, title="Frequent words are thinned")
)

# %% [markdown]
# Words of up to a quarter of a per cent of the text are always kept. Of *the*, only one occurrence in eight stays. The rule behind the curve: an occurrence of a word that makes up the share $f$ of the text is kept with the probability $\sqrt{t / f} + t / f$, at most 1, where $t$ is a thousandth.

# %% [markdown]
# Words are dropped *before* the windows are laid, so that a window reaches over the gap to words that say more. As a loop, this is what you are about to write:

# %%
words = ["loss", "of", "bladder", "control"]
reach, keep = [1, 2, 1, 2], [True, False, True, True]
kept = [(word, r) for word, r, k in zip(words, reach, keep) if k]
for i, (centre, r) in enumerate(kept):
    for j, (context, _) in enumerate(kept):
        if i != j and abs(i - j) <= r:
            print(f"{centre:8} -> {context}")

# %% [markdown]
# *of* was dropped, so *loss* with a reach of 1 sees *bladder*, which stood two places away. Note that *control* sees *loss*, but *loss* does not see *control*: each centre has its own reach.

# %% [markdown] card="skipgram_pairs"
# ### Exercise: skip-gram pairs
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Return all (centre, context) pairs of one sentence. Dropped words leave it before the windows are laid, and take their draws with them. The order of the pairs does not matter. No loop over words is needed: compare all places with all places.


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

# %% [markdown]
# Your function makes the pairs from here on. We let it read 3,000 sentences twice, once with all words and once with subsampling, and ask how many of the pairs have *the* or *of* in them.

# %%
make_pairs = yours("skipgram_pairs", skipgram_pairs, instead=word_vectors.skipgram_pairs)
generator = torch.Generator().manual_seed(SEED)
whole, thinned = [], []
for words in tokens[:3_000]:
    ids = torch.tensor(vocabulary.encode(words), dtype=torch.int64)
    draws = torch.randint(1, 6, ids.shape, generator=generator)
    keep = torch.rand(ids.shape, generator=generator) < keep_probability[ids]
    whole.append(make_pairs(ids, draws, torch.ones_like(keep)))
    thinned.append(make_pairs(ids, draws, keep))

# %%
frequent = torch.tensor([vocabulary.index["the"], vocabulary.index["of"]])
for name, made in (("all words", torch.cat(whole)), ("subsampled", torch.cat(thinned))):
    share = torch.isin(made, frequent).any(dim=1).float().mean()
    print(f"{name:10}: {len(made):7,} pairs, {share:.0%} of them with 'the' or 'of'")
pairs = torch.cat(thinned).long()  # (pairs, 2)
for row in pairs[1_000:1_004].tolist():
    print(" -> ".join(vocabulary.decode(row)))

# %% [markdown]
# Two words out of thousands stand in a third of all pairs. Subsampling leaves fewer pairs, which take less time, and nearly all of these are of other words.

# %% quiz="01-q2"

# %% [markdown]
# ## 3. Noise to learn against
#
# A model that sees true pairs only can cheat: if all vectors are equal and long, every pair gets a high score, and nothing has been learned. It has to see wrong pairs as well. They are made by drawing words at random, the **noise words** or **negatives**.

# %%
words = ["loss", "of", "bladder", "control", "at", "night"]
show(*diagrams.skipgram_window(words, centre=2, reach=2, noise=["finger", "cornea", "the"]))

# %% [markdown]
# Which words should be drawn? If all were drawn alike, noise would mostly be rare words, and the model would only learn to tell frequent words from rare ones. In proportion to their counts, *the* would be drawn over and over. Mikolov et al. (2013) took the middle: in proportion to count$^{0.75}$. For three words with counts of 1, 16 and 1:

# %%
show(*diagrams.shares_on_a_line([1, 16, 1], draws=[0.05, 0.5, 0.95]))

# %% [markdown]
# The power of 0.75 makes 8 out of 16 and leaves 1 as it is, so the rare words get more turns. To draw a word, lay the shares end to end on the line from 0 to 1, draw a number between 0 and 1, and see on whose share it falls. As a loop:

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
# Turn uniform draws into word ids. Lay the words' shares end to end on the line from 0 to 1; a draw belongs to the word on whose share it falls. A share holds its left end, not its right one. Work in float64: in float32 the last share can end just short of 1, and a draw behind that end belongs to no word.


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


# %%
sampler = yours("sample_negatives", sample_negatives, instead=torch_sampler)
drawn = sampler(frequency, torch.rand(200_000, generator=generator))
tally = torch.bincount(drawn, minlength=len(frequency)) / len(drawn)
for word in ("of", "heart", "fibula"):
    row = vocabulary.index[word]
    print(f"{word:7} {shares[row]:.3%} of the text, {tally[row]:.3%} of the noise")

# %% [markdown]
# Your sampler draws *of* less often than it stands in the text, and *fibula* more often. So the frequent word does not crowd the others out, and the rare one gets its turn.

# %% [markdown]
# ## 4. The loss
#
# A pair of words gets a **score**: the dot product of two vectors. But each word has *two* vectors, one for when it is the centre and one for when it is a context. Why not one?

# %%
same = (pairs[:, 0] == pairs[:, 1]).float().mean()
chance = (torch.bincount(pairs.flatten()) / pairs.numel()).square().sum()
print(f"a word is its own context in {same:.3%} of the pairs; by chance in {chance:.3%}")

# %% [markdown]
# Definitions repeat their words, so a word meets itself more often than by chance. With *one* vector a word, its score with itself would be its squared length. That is never negative, and no other vector of that length could score higher. So *kidney* would be a likely neighbour of *kidney*, whatever the text says. With two vectors the score of a word with itself is as free as any other. After training, the centre vectors are kept as the word vectors.

# %%
kidney, renal = ("kidney", [1.0, 0.5]), ("renal", [2.0, 0.0])
show(*diagrams.training_step(kidney, renal, {"skin": [0.0, 1.0], "finger": [-1.0, -1.0]}))

# %% [markdown]
# The picture shows one pair, *kidney* with its context *renal*, and two noise words. A score can be any number. It becomes a probability, that of being a true pair, by the **sigmoid**:
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}$$

# %%
show(*figures.sigmoid([-2, 0, 2]))

# %%
for x in (2.0, 0.0, -2.0):
    probability = 1 / (1 + math.exp(-x))
    print(f"score {x:4}: probability {probability:.3f}, cost -ln {-math.log(probability):.3f} nats")

# %% [markdown]
# A score of 0 says: I do not know, it is one half. The **cost** of a true pair is minus the logarithm of its probability. It is near 0 where the model is sure and right. Where it is sure and wrong, with a score far below 0, the cost is about as large as the score without its sign. Costs by the natural logarithm are measured in *nats*.

# %% [markdown]
# For a noise word it is the other way round: it should get a low score. So its sign is turned before the sigmoid. For a centre $c$, its context $o$ and noise words $n_1 \dots n_k$, **skip-gram with negative sampling** (SGNS) adds up all these costs:
#
# $$-\ln \sigma(c \cdot o) - \sum_{i=1}^{k} \ln \sigma(-c \cdot n_i)$$

# %%
c, loss = [1.0, 0.5], 0.0
rows = {"context": ([2.0, 0.0], 1), "noise 1": ([0.0, 1.0], -1), "noise 2": ([-1.0, -1.0], -1)}
for name, (vector, sign) in rows.items():
    score = sum(a * b for a, b in zip(c, vector))
    cost = -math.log(1 / (1 + math.exp(-sign * score)))
    loss += cost
    print(f"{name}: score {score:4.1f}, cost -ln sigmoid({sign * score:4.1f}) = {cost:.4f}")
print(f"together {loss:.4f} nats")

# %% [markdown]
# These are the numbers of the picture. The context already has a high score and costs little. The first noise word costs most, since it points partly in the direction of the centre. How hard a step moves a vector is the probability that the model gave to the wrong answer: 0.62 for the first noise word, and 1 - 0.88 = 0.12 for the context.

# %% [markdown] card="sgns_loss"
# ### Exercise: the loss of skip-gram with negative sampling
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Compute it for a batch of pairs, each with its own k negatives: the sum over the negatives, the mean over the pairs. It must stay finite for scores of some hundreds.


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

# %% [markdown]
# Now your three functions learn together: your pairs, your noise and your loss, on 3,000 sentences. PyTorch computes the gradients. The centre vectors start at small random numbers. The context vectors start at zero. Each step takes a *batch* of 1,024 pairs, and the loss is their mean.

# %% quiz="01-q3"

# %%
loss_of = yours("sgns_loss", sgns_loss, instead=word_vectors.sgns_loss)
size, dim, k = len(vocabulary), 64, 5
centres = ((torch.rand(size, dim, generator=generator) - 0.5) / dim).requires_grad_()
contexts = torch.zeros(size, dim, requires_grad=True)
optimiser = torch.optim.Adam([centres, contexts], lr=0.01)


# %%
def near_now(word: str) -> str:
    """The nearest words by the centre vectors as they are now."""
    now = WordVectors(vocabulary.words, centres.detach().clone())
    return ", ".join(w for w, _ in now.most_similar(word, 6))


before = {word: near_now(word) for word in ("kidney", "bladder")}

# %%
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

# %%
for word, first in before.items():
    print(f"{word} before: {first}\n{word} after:  {near_now(word)}")

# %% [markdown] tags=["folded"]
# Before the first step the neighbours are chance. After 150 steps of your own functions, which take seconds, most of them have to do with the kidney and the bladder. Nobody told the model what a kidney is: it saw pairs and noise.

# %% [markdown]
# ## 5. Train on everything
#
# Your loop has read 3,000 of 39,000 sentences. For all of them it would take minutes: after every 1,024 pairs PyTorch makes gradients for all rows of both tables, and the optimiser changes all of them, though few took part. `train_word2vec` of the library lays pairs and noise out so that a step is a few matrix products; neighbouring centres share their noise words.

# %% [markdown]
# It follows the gradient of `word_vectors.sgns_loss`. Is that your loss? We ask both on a thousand pairs.

# %%
some = pairs[:1_000]
noise = sampler(frequency, torch.rand(1_000, k, generator=generator))
rows = centres[some[:, 0]], contexts[some[:, 1]], contexts[noise]
print(f"yours {loss_of(*rows):.5f}, the library's {word_vectors.sgns_loss(*rows):.5f} nats")

# %% [markdown]
# An *epoch* is one pass over all sentences: `fast` makes 5 of them, `full` makes 15.

# %%
EPOCHS = 5 if PROFILE == "fast" else 15
own, history = train_word2vec(sentences, dim=64, window=5, negatives=5, epochs=EPOCHS, seed=SEED)
print(f"{len(own):,} words, vectors {tuple(own.vectors.shape)}")
for word in ("kidney", "heart", "seizure"):
    print(f"{word:8}", ", ".join(w for w, _ in own.most_similar(word, 6)))

# %%
show(*figures.training_curve(history, start, title="Skip-gram learns most in its first words"))

# %% [markdown] tags=["folded"]
# Most of the fall comes early. Later the loss goes up and down, and one cannot see from it whether the neighbours still improve: for that one has to look at the neighbours. (This is one training run, so the curve has no band.)

# %% quiz="01-q9"

# %% [markdown]
# ### A map of words
#
# 64 numbers cannot be drawn. The map below shows the vectors from the side from which these words differ most (two *principal components*). The model has read sentences only: the five fields were never shown to it. Do the words of a field lie together?

# %% tags=["folded"]
fields = {
    "eye": "retina cornea iris lens macula optic",
    "hand": "finger thumb phalanx metacarpal carpal palm",
    "blood": "lymphocyte platelet neutrophil erythrocyte monocyte leukocyte",
    "seizure": "seizure clonic tonic epileptic myoclonic ictal",
    "kidney": "kidney renal glomerular tubular ureter nephron",
}
drawn_map = figures.map_of_words(own, {name: ws.split() for name, ws in fields.items()})
explore(*drawn_map.shown)

# %% [markdown]
# Pick a field in the list, then a word. Diamonds are its ten nearest words by all 64 numbers, in the order of their cosine, and the table says how near they are on the map. A point that you touch with the mouse tells its own neighbours.

# %%
print(
    f"The map keeps {drawn_map.variance:.0%} of the variance. Of a word's ten nearest words, "
    f"{10 * drawn_map.kept:.1f} are among its ten nearest points."
)
print(
    f"Words of a field whose nearest one of these is of another field: {drawn_map.alone} by all "
    f"64 numbers, {drawn_map.alone_on_map} on the map"
)

# %% [markdown]
# By all its numbers nearly every word has a word of its own field nearest. On the map the seizure words lie apart, while those of other fields lie among one another. A map in two dimensions distorts. It shows some groups, mixes others, and hides most neighbourhoods: words side by side on it may be far apart by all 64 numbers. So use a map for a first look, and look neighbours up in the vectors themselves.

# %% [markdown]
# ### Would another run give the same vectors?
#
# **gensim** is the library that most people train Word2Vec with. It draws other random numbers than we do. We train it on the same sentences with the same settings. How many of a word's ten nearest neighbours are then the same?

# %%
from gensim.models import Word2Vec

settings = {"vector_size": 64, "window": 5, "negative": 5, "sg": 1, "sample": 1e-3, "workers": 1}
trained = Word2Vec(tokens, epochs=EPOCHS, seed=1, **settings)
peer = WordVectors(own.words, torch.tensor(trained.wv[own.words]))
rows = torch.arange(50, 1_050)  # a thousand frequent words
agreed = metrics.bootstrap_interval(word_similarity.shared_neighbours(own, peer, rows))

# %% [markdown]
# The results come with an interval, such as 0.7 [0.6, 0.8]. It is a **bootstrap interval**: we draw as many words as there are, with repetition, take their mean, and do so 1,000 times; 95% of these means lie between the two numbers. So it says how much a mean depends on the words (later: the queries) that we happened to take.

# %%
claim(
    "Two trainings on the same text agree on more than half of a word's neighbours, but not on all.",
    holds=agreed.low > 0.5 and agreed.high < 0.8,
    measured=f"shared among ten neighbours, own and gensim: {agreed}",
)

# %% [markdown] tags=["folded"]
# Is the rest a mistake of ours? Not for the most part: two runs of gensim itself that differ in nothing but the seed disagree about many neighbours, too (a test of this course compares them). So much of the difference is chance. A likely reason for the rest is how the library trains, such as its shared noise. What you read off one training, such as the sixth neighbour of a word, may be luck.

# %% [markdown]
# ## 6. Nearest neighbours
#
# Our text is small. For everyday words we take vectors that were trained on six billion words of Wikipedia and news: **GloVe** (*Global Vectors*, Pennington et al. 2014). GloVe does not read pair by pair. It counts all pairs first, as we did in section 1, and then fits vectors to the *logarithms* of the counts.

# %% [markdown]
# ### What GloVe learns
#
# How well should a count be fitted? Pairs that met once or twice are mostly chance, so they should weigh little. Pairs such as (*of*, *the*), with millions of meetings, should not weigh a million times more than others. So each pair gets a weight that rises with its count and stops at 1:

# %%
show(*figures.glove_weights())

# %% [markdown]
# Let $X_{ij}$ be how often word $i$ met context $j$, and $f$ the weight from the picture. As in skip-gram, each word has two vectors, $w_i$ and $\tilde w_j$. It also has two numbers $b_i$ and $\tilde b_j$, the *biases*, which take up how frequent it is. GloVe minimises
#
# $$\sum_{i,j} f(X_{ij}) \left( w_i \cdot \tilde w_j + b_i + \tilde b_j - \ln X_{ij} \right)^2$$

# %% [markdown]
# In words: the dot product and the two biases shall give the logarithm of the count, and the squared error counts by its weight. This is *weighted least squares*. One pair that met 50 times:

# %%
met_times, dot, bias, context_bias = 50, 2.1, 0.8, 0.6
error = dot + bias + context_bias - math.log(met_times)
weight = min(1, met_times / 100) ** 0.75
print(f"predicted {dot + bias + context_bias:.2f}, ln {met_times} = {math.log(met_times):.2f}")
print(f"error {error:.2f}, weight {weight:.2f}, cost {weight * error**2:.3f}")

# %% [markdown]
# Skip-gram looks quite different, with pairs and noise in place of counts. But suppose that its vectors could give every pair any score. Then, as Levy and Goldberg (2014) showed, the loss would be smallest where $c \cdot o$ is the PMI of the two words minus $\ln k$ (for noise in proportion to the counts; our power of 0.75 adds a number for each context word). Short vectors come as near to that as they can. So both methods do what the singular value decomposition did in section 1: they split a matrix of co-occurrence into two tables of short vectors.

# %% [markdown]
# ### Cosine, not dot product
#
# We load the 30,000 most frequent words of GloVe. To look up neighbours we need a measure, and the dot product is not a good one. Three words and a query:

# %%
glove = models.load_word_vectors(30_000)
glove = WordVectors(glove.words, glove.vectors.to(device))
print(f"GloVe: {len(glove):,} words, vectors {tuple(glove.vectors.shape)}")
toy_vectors, query = [[1.0, 0.0], [6.0, 8.0], [0.9, 0.1]], [1.0, 0.0]
for word, row in enumerate(toy_vectors):
    dot = sum(a * b for a, b in zip(row, query))
    print(f"word {word}: dot {dot:.1f}, cosine {dot / math.hypot(*row) / math.hypot(*query):.2f}")

# %% [markdown]
# Word 1 has the largest dot product only because it is ten times as long. Its direction is far off. By cosine, word 2 is the neighbour of the query, after word 0, which is the query itself.

# %% [markdown] card="nearest_neighbours"
# ### Exercise: nearest neighbours
# Difficulty: easy. Importance: high. Minutes: 10.
#
# Return the ids of the k words of highest cosine with the query, best first, without those in `exclude`. Among equals the lower id comes first. If fewer than k are left, return fewer. A vector of length zero has cosine 0 with everything.


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


# %%
neighbours = yours("nearest_neighbours", nearest_neighbours, instead=lookup)
for word in ("kidney", "bank", "organ"):
    found = neighbours(glove.vectors, glove[word], 8, [glove.index[word]])
    print(f"{word:7}", ", ".join(glove.words[row] for row in found.tolist()))

# %% [markdown]
# Your search runs over 30,000 words. For `kidney`, news and Wikipedia put other words first than our medical text did: transplants, and other organs. A vector says how a word is used *in the text it was trained on*.

# %% [markdown]
# ### One vector a word
#
# `bank` is a place for money and the side of a river. It has one vector for both. Does the vector show both senses? We take the 15 neighbours of a few words by your search, and sort each to the sense whose two seed words are nearer to it. (A neighbour of neither sense goes to some side, too, so the counts are rough.)

# %%
SENSES = {
    "organ": (["piano", "church"], ["body", "liver"]),
    "java": (["software", "code"], ["island", "indonesia"]),
    "suit": (["court", "lawyer"], ["dress", "shirt"]),
    "amazon": (["internet", "google"], ["forest", "river"]),
    "bank": (["money", "loan"], ["river", "shore"]),
}

# %%
fewer = {}
for word, seeds in SENSES.items():
    near = neighbours(glove.vectors, glove[word], 15, [glove.index[word]])
    rows = glove.unit[near]  # (15, dim)
    to = [(rows @ glove.unit[[glove.index[s] for s in seed]].T).mean(dim=1) for seed in seeds]
    sides = [near[to[0] >= to[1]].tolist(), near[to[0] < to[1]].tolist()]
    fewer[word] = min(map(len, sides))
    print(f"{word}:", " | ".join(" ".join(glove.words[row] for row in side[:5]) for side in sides))

# %%
mixed = [word for word in SENSES if word != "bank"]
ranks = [w for w, _ in glove.most_similar("bank", len(glove))]
claim(
    "The neighbours of a word with two senses can mix both, but for *bank* those of the river are nearly missing.",
    holds=all(fewer[w] >= 3 for w in mixed) and fewer["bank"] <= 2 and ranks.index("river") > 500,
    measured="neighbours of the smaller side, of 15: "
    + ", ".join(f"{w} {n}" for w, n in fewer.items())
    + f"; 'river' is neighbour {ranks.index('river') + 1:,} of bank",
)

# %% [markdown] tags=["folded"]
# The table has one row for `bank`, so "the bank of the river" and "the bank's loan" get the same vector for it. Nearly all of its 15 neighbours are about money. That is the problem which lesson 02 solves: a vector for each *occurrence*.

# %% quiz="01-q4"

# %% [markdown]
# ## 7. Analogies
#
# *man is to woman as king is to ...?* With vectors this becomes a sum: go from man to woman, and take the same step from king. **3CosAdd** does this with all vectors scaled to length one, and answers with the word nearest to the point where the step ends. Here are toy vectors of two numbers.

# %%
angles = {"man": 20, "woman": 50, "king": 70, "queen": 95, "apple": 150}  # degrees
show(*diagrams.analogy_arrows(angles, "man", "woman", "king"))

# %% [markdown]
# The words lie on a circle, as their vectors have length one. The step ends at the star, outside the circle. Nearest by cosine means: nearest in angle to the dashed line. Real vectors are not so tidy, and their step may be short.

# %% quiz="01-q5"

# %%
rows = {word: glove.unit[glove.index[word]].tolist() for word in ("man", "woman", "king", "queen")}
target = [b - a + c for a, b, c in zip(rows["man"], rows["woman"], rows["king"])]
for word, row in rows.items():
    print(f"{word:6} {sum(x * y for x, y in zip(target, row)):.3f}")

# %% [markdown] tags=["folded"]
# These are the dot products of `woman - man + king` with four words. The largest belongs to *king*, from which we started. So the three words of the question are not allowed as an answer: a rule, not a result.

# %% [markdown] card="analogy_3cosadd"
# ### Exercise: analogies by 3CosAdd
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Answer a batch of questions *a is to b as c is to ?*. Scale to length one, build the targets, compare with every word, and exclude a, b and c of each question from its answers.


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


# %%
solve = yours("analogy_3cosadd", analogy_3cosadd, instead=solve_one_by_one)
asked = [("man", "woman", "king"), ("paris", "france", "rome"), ("walk", "walked", "think")]
ids = torch.tensor([[glove.index[w] for w in question] for question in asked], device=device)
for question, found in zip(asked, solve(glove.vectors, *ids.T, 3).tolist()):
    print("{} : {} :: {} : ".format(*question) + ", ".join(glove.words[row] for row in found))

# %% [markdown]
# The first two are right. For *think* the answer should be *thought*: *knew* has the tense, but not the verb. How much of the success is due to the rule? Demonstrations of "king - man + woman" seldom show what comes out without it (Linzen 2016; Rogers et al. 2017).

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
# One example proves little. The Google set has 19,544 questions in 14 categories (Mikolov et al. 2013); those with a word outside the 30,000 are skipped. Your function answers a batch of them first, and the library, which keeps to blocks of memory, answers all.

# %%
sections = data.load_analogies()
some = [q for q in sections[0].questions if all(word in glove for word in q)]
ids = torch.tensor([[glove.index[word] for word in q] for q in some], device=device)
right = (solve(glove.vectors, *ids[:, :3].T, 1)[:, 0] == ids[:, 3]).sum()
with_exclusion = word_vectors.analogy_accuracy(glove, sections)
without = word_vectors.analogy_accuracy(glove, sections, exclude_inputs=False)
print(f"{sections[0].name}: right by yours {right}, by the library {with_exclusion[0].correct}")

# %%
best, plain = (figures.accuracy_interval(found[-1]) for found in (with_exclusion, without))
claim(
    "Excluding the inputs accounts for a large part of analogy accuracy.",
    holds=plain.high < best.low and plain.mean < 0.75 * best.mean,
    measured=f"{with_exclusion[-1].asked:,} questions: inputs excluded {best}, allowed {plain}",
)

# %%
show(
    *figures.analogies(
        with_exclusion, without, title="Analogies by category, inputs excluded (questions)"
    )
)

# %% [markdown] tags=["folded"]
# Categories differ widely, so one number for all of them hides much. Nationalities and capitals are easy here, opposites are hard.

# %% [markdown]
# And our own vectors, on the vocabulary of the clinic?

# %%
for a, b, c in [
    ("kidney", "renal", "heart"),
    ("kidney", "renal", "liver"),
    ("hand", "finger", "foot"),
]:
    print(f"{a} : {b} :: {c} :", ", ".join(w for w, _ in own.analogy(a, b, c, k=4)))

# %% [markdown]
# The right words, *cardiac*, *hepatic* and *toe*, come first or second. The rest is company: *steatosis* is a disease of the liver, and a *thumb* is no part of a foot.
#
# ### Break it
#
# Examples show that a program can be right, and only tests show where it is wrong. Somebody hands you `solve(vectors, a, b, c)`, which answers one analogy by 3CosAdd. It may be wrong. A test case worked out by hand:

# %%
vectors, a, b, c = [[2, 0], [0, 1], [-1, 0], [-1, 5]], 0, 1, 2
unit = [[x / math.hypot(*row) for x in row] for row in vectors]
target = [unit[b][i] - unit[a][i] + unit[c][i] for i in range(2)]
for word, row in enumerate(unit):
    note = " (an input)" if word in (a, b, c) else ""
    print(f"word {word}: {row[0] * target[0] + row[1] * target[1]:.3f}{note}")

# %% [markdown]
# Word 2 has the largest score, but it is an input, so the right answer is word 3. A solver that forgets to exclude `c` answers 2 and fails this case. What other mistakes would a case have to bring out?

# %% [markdown] card="break_analogy"
# ### Exercise: break the analogy solver
# Difficulty: hard. Importance: medium. Minutes: 20.
#
# Return test cases `(vectors, a, b, c, expected)`: a list of rows, three different row numbers, and the row number that a right solver answers. Each of ten wrong solvers must fail at least one case; right ones pass all. A few small vectors in the plane are enough, and 2,000 cases the most. Avoid ties and vectors of length zero.


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
# Two sets of word pairs were judged by people: **WordSim353** asks how *related* two words are, **SimLex999** how *similar*. Coffee and cup are related, not similar: they go together, but neither can stand for the other. We compare the judgements with the cosines of all 400,000 GloVe words.

# %% [markdown]
# People give points from 0 to 10, and a cosine is no such number. So only the *order* of the pairs is compared, by **Spearman's rank correlation**: it is 1 for the same order, 0 for no connection, and -1 for the reverse.

# %% quiz="01-q6"

# %%
everything = models.load_word_vectors()
judged = {name: data.load_similarity(name) for name in ("wordsim353", "simlex999")}
related, similar = (word_similarity.correlation(pairs, everything) for pairs in judged.values())
a, b = zip(*[("coffee", "cup"), ("coffee", "tea"), ("hot", "cold"), ("high", "low")])
rows = [glove.unit[[glove.index[word] for word in side]] for side in (a, b)]
for *pair, cosine in zip(a, b, (rows[0] * rows[1]).sum(dim=1).tolist()):
    print(f"{' and '.join(pair)}: cosine {cosine:.2f}")

# %%
claim(
    "GloVe's cosines agree better with people's judgements of relatedness than with those of similarity.",
    holds=related.low > similar.high,
    measured=f"GloVe 50d, Spearman: WordSim353 {related}, SimLex999 {similar}",
)

# %% [markdown] tags=["folded"]
# *coffee* and *tea*, which are similar, come out closer than *coffee* and *cup*: four pairs prove nothing, so look at the whole sets. There the order by cosine fits the judgements of relatedness better. A part of the gap may come from the sets, as their pairs differ.

# %% [markdown] tags=["folded"]
# One reason can be seen in the four pairs. *hot* and *cold* come out about as close as *coffee* and *tea*, *high* and *low* closer still: opposites occur in the same company, and the company is all that a window sees. SimLex999 rates opposites low. For a search in a clinic, "high" and "low" pressure should not be neighbours.

# %% [markdown]
# ### What the length of a vector says
#
# Cosine ignores length. Does length mean anything? We compare the order of words by the length of their vectors with their order by frequency, again by Spearman's correlation. It can be positive, negative or about 0.

# %% quiz="01-q7"

# %%
lengths = {
    "own Word2Vec": word_similarity.length_and_frequency(own),
    "gensim Word2Vec": word_similarity.length_and_frequency(peer),
    "GloVe, 30,000 words": word_similarity.length_and_frequency(glove),
    "GloVe, 400,000 words": word_similarity.length_and_frequency(everything),
}

# %%
claim(
    "The length of a skip-gram vector goes closely with frequency; in GloVe it does so only weakly.",
    holds=lengths["own Word2Vec"] > 0.7 and 0 < lengths["GloVe, 400,000 words"] < 0.5,
    measured=", ".join(f"{name} {value:.2f}" for name, value in lengths.items()),
)

# %% [markdown] tags=["folded"]
# In skip-gram a frequent word is moved by more pairs, and moves in like directions add up. In GloVe the biases can take up a part of the frequency; there the correlation is positive, but small.

# %% [markdown]
# Does it matter for search? Here are the ten nearest words of a thousand rare ones, by dot product (where length counts) and by cosine (where it does not). Place 0 is the most frequent word.

# %%
rare = torch.arange(3_000, 4_000)
for name, wv in (("own", own), ("GloVe", glove)):
    for by in ("dot product", "cosine"):
        places = word_similarity.places_of_neighbours(wv, rare, by).float()
        print(f"{name:5} {by:11}: the neighbours' median place is {places.median():,.0f}")

# %% [markdown]
# By dot product the neighbours are far more frequent words than by cosine, in both models: length alone puts them first. So we compare by cosine.

# %% [markdown]
# ## 9. From words to a sentence
#
# The oldest sentence vector is the mean of its words. In it *of* counts as much as *bladder*. One can weigh each word by its **idf** instead, the *inverse document frequency*. It is about the logarithm of how many passages there are for each one that holds the word: of 1,000 passages, a word in 10 of them weighs $\ln 100 = 4.6$, a word in 500 only $\ln 2 = 0.7$.

# %%
course_set = data.load_course_set(PROFILE)
passages = [text.split_words(passage) for passage in course_set.passages]
idf = word_vectors.idf_weights(passages)
for word in text.split_words("lack of bladder control"):
    print(f"{word:8} idf {idf[word]:.2f}")
print(course_set.test.queries[0], "->", course_set.passages[course_set.test.positives[0]][:80])

# %% [markdown]
# Sentences of different lengths go into one table, filled up to the longest (*padding*). A *mask* says 1 where a word stands and 0 where nothing does. A sentence of two words and one place of padding, as a loop:

# %%
toy_vectors, weights = [[9.0, 9.0], [2.0, 0.0], [0.0, 4.0]], [0.5, 1.0, 3.0]
ids, mask = [1, 2, 0], [1, 1, 0]
total, weight = [0.0, 0.0], 0.0
for word, real in zip(ids, mask):
    if real:
        total = [t + weights[word] * x for t, x in zip(total, toy_vectors[word])]
        weight += weights[word]
print([t / weight for t in total])

# %% [markdown]
# Word 2 has three times the weight of word 1, so the mean lies nearer to it. Word 0 stands in the table as padding only, and does not count.

# %% [markdown] card="idf_average"
# ### Exercise: idf-weighted average
# Difficulty: medium. Importance: high. Minutes: 15.
#
# Average the vectors of each sentence's words, weighted by idf, for a padded batch at once. Padding is what the mask says, not id 0: id 0 is a word. A sentence without a known word becomes zeros.


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
# Now the task of the whole course: the *query* is another name of a finding, often a layperson's word for it; clinical terms with their definitions are the *passages*; find the passage that the query means. `fast` searches 4,000 passages, `full` all 16,449.
#
# The queries come in three parts: *training* queries to learn from, *validation* queries to compare and choose by, *test* queries for the leaderboard only.

# %% [markdown]
# Your function averages two kinds of vectors: GloVe's, and your own from section 5. Yours have read every passage that we search, though none of the queries; GloVe was trained on other texts. `WeightedWords` holds the words with their vectors and idf weights, and pads the texts for you.

# %%
average = yours("idf_average", idf_average, instead=weighted_mean)
words_of = {
    "GloVe": WeightedWords.of(everything, idf, device),
    "own Word2Vec": WeightedWords.of(own, idf, device),
}
for name, table in words_of.items():
    print(f"{name} knows {table.known(course_set.passages):.1%} of the passages' words")


# %%
def rank(queries: list[str], table: WeightedWords) -> list[list[str]]:
    """The ids of the ten best passages of each query."""
    sides = (table.embed(texts, average) for texts in (queries, course_set.passages))
    _, best = search.top_k(*sides, 10)
    return [[course_set.ids[row] for row in rows] for rows in best.tolist()]


# %% [markdown]
# ### How good is a ranking? nDCG@10
#
# Only the first ten passages count. A right one at rank $r$ is worth $1 / \log_2(r + 1)$: 1 at the top, less further down. The sum is the *discounted cumulative gain*. Divided by the sum of the best possible list it lies between 0 and 1: **nDCG@10**, *n* for normalised (Järvelin and Kekäläinen 2002). An example with two right passages, found at ranks 2 and 5:

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
# The same number twice. Each of our test queries has one right passage, so its nDCG@10 is just what the rank of that passage is worth: 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, 0.29 at rank 10, and 0 if it is not among the ten. The figures below are means over all queries.

# %% [markdown]
# Does weighing by idf help? And which vectors search better, those from six billion words of Wikipedia and news or those from half a million words of medicine? We ask the validation queries. Before you run it: what would you bet on?

# %%
split = course_set.validation
scores = {}
for name, table in words_of.items():
    for kind, weighed in (("plain mean", table.evenly()), ("idf-weighted", table)):
        ranked = rank(split.queries, weighed)
        scores[name, kind] = metrics.ndcg_at_k(ranked, split.relevant, 10)

# %%
weighted, plain = (scores["GloVe", kind] for kind in ("idf-weighted", "plain mean"))
gain = metrics.bootstrap_interval(weighted - plain)
claim(
    "Weighing words by idf makes averaged word vectors a better search.",
    holds=gain.low > 0,
    measured="nDCG@10 on validation: "
    + ", ".join(f"{' '.join(name)} {metrics.bootstrap_interval(s)}" for name, s in scores.items())
    + f"; gain with GloVe {gain}",
)

# %%
compared = {
    f"{name}: idf minus plain mean": paired_interval(
        scores[name, "idf-weighted"], scores[name, "plain mean"]
    )
    for name in words_of
}
compared["own Word2Vec minus GloVe, both by idf"] = paired_interval(
    scores["own Word2Vec", "idf-weighted"], weighted
)
label = "difference of nDCG@10 on the validation queries"
show(*paired_differences(compared, title="What weights and what text are worth", value_label=label))

# %% [markdown] tags=["folded"]
# Weights help with both kinds of vectors. Between the vectors no difference can be told: vectors from half a million words on the right subject, these passages among them, keep up here with vectors from six billion words on everything. (They differ in method and in size, too: 64 numbers against 50.)

# %%
names = {"GloVe": "GloVe words, idf-weighted mean"}
whose = "the library's" if average is weighted_mean else "yours"
names["own Word2Vec"] = f"Word2Vec trained here, idf-weighted mean, {whose}"
found = {name: rank(course_set.test.queries, table) for name, table in words_of.items()}
rows = [leaderboard.evaluate(names[n], "01", r, course_set.test) for n, r in found.items()]
for row in rows:
    leaderboard.save(row)

# %%
title = dict(zip(course_set.ids, course_set.titles))
for query in (0, 1, 2):
    print(course_set.test.queries[query])
    for name, ranked in found.items():
        print(f"  {name}: {', '.join(title[i] for i in ranked[query][:3])}")

# %%
show(*figures.board(leaderboard.board(rows[0])))
headline(f"nDCG@10 {max(row.ndcg_at_10.mean for row in rows):.3f}")

# %% [markdown] tags=["folded"]
# Both rows are the bar for the lessons to come. In the second one the vectors were learned here, in the way that you wrote, and your function averaged them.

# %% [markdown]
# Some results share a word or a part of the body with the query, and miss what the whole means; others seem to have nothing to do with it. Besides, a mean of words knows nothing of their order. What does that do to a sentence?

# %%
for one, other in [
    ("swelling of the left arm, no pain", "pain of the left arm, no swelling"),
    ("no pain in the left arm", "pain, no left arm"),
]:
    a, b = words_of["GloVe"].embed([one, other], average)
    print(f"{one} | {other}")
    print(f"  largest difference {float((a - b).abs().max()):.3f}, cosine {float(a @ b):.3f}")

# %% [markdown]
# The first two say the opposite of each other, hold the same words and are one vector. The other two differ in `in` and `the`, which weigh little: not one vector, but nearly. Vectors of words, averaged, set the bar for lesson 02.

# %% quiz="01-q8"

# %% [markdown]
# ## Takeaways
#
# - Words that keep the same company get similar vectors, whether by counts (PPMI), by least squares on log counts (GloVe) or by prediction (skip-gram).
# - Skip-gram learns from pairs against noise: reach drawn for each centre, frequent words thinned, noise from count$^{0.75}$, two vectors a word.
# - A map in two dimensions shows groups at best, and hides most neighbours.
# - Analogies owe much of their fame to a rule: the inputs may not be the answer.
# - Vectors of windows measure relatedness more than similarity; opposites come out close.
# - Length goes with frequency, above all in skip-gram: compare by cosine.
# - One vector a word blends its senses, and one of them may hide the other, as money does for *bank*.

# %% [markdown]
# ## Further reading
#
# - Mikolov, Sutskever, Chen, Corrado, Dean: Distributed Representations of Words and Phrases and their Compositionality, NeurIPS 2013.
# - Pennington, Socher, Manning: GloVe, EMNLP 2014.
# - Levy, Goldberg: Neural Word Embedding as Implicit Matrix Factorization, NeurIPS 2014.
# - Goldberg, Levy: word2vec Explained, arXiv 2014 (why two vectors, and the sigmoid).
# - Järvelin, Kekäläinen: Cumulated Gain-based Evaluation of IR Techniques, ACM TOIS 2002.
# - Linzen: Issues in Evaluating Semantic Spaces Using Word Analogies, RepEval 2016.
# - Arora, Li, Liang, Ma, Risteski: Linear Algebraic Structure of Word Senses, TACL 2018.
# - Arora, Liang, Ma: A Simple but Tough-to-Beat Baseline for Sentence Embeddings, ICLR 2017.
