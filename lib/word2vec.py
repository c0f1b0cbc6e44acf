"""Train word vectors: skip-gram with negative sampling, in matrix products.

word2vec.c walks pair by pair: two rows read, two rows written, 2 x 64 multiplications between
them. Memory decides its speed, and in Python the interpreter would. Here the stream of words is
cut into blocks of a few neighbouring centres that share one strip of context words and one draw of
negatives, so that a block is one small matrix product and each row is read and written once for
dozens of pairs (the idea of Ji et al. 2016, Parallelizing Word2Vec in Shared and Distributed
Memory). The gradient is that of `lib.word_vectors.sgns_loss` summed over the pairs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from lib import progress_bar
from lib._arguments import refuse_one_string
from lib.text import Vocabulary, split_words
from lib.word_vectors import WordVectors, noise_distribution, subsample_keep_probability

# Measured on 500,000 words (benchmarks/word2vec.py): 8 centres with 16 negatives are half as fast
# again but agree less with gensim (.63 of the neighbours for .66); 128 negatives add .01 and take
# half as long again.
CENTRES = 16  # neighbouring centres that share a strip of contexts and a draw of negatives
BLOCKS = 32  # blocks a step
DRAWN = 64  # negatives drawn a block; weighted so that together they count as many as asked for
ROW_STEP = 1.0  # the most that learning rate times pairs of a row may come to in one step
LAST_RATE = 0.0001 / 0.025  # the learning rate at the end, as a share of that at the start
CHUNK = 256  # steps whose windows are laid out at once: bounds the memory


@dataclass(frozen=True)
class TrainingStep:
    """One line of the training history.

    step: updates so far; words: words of the text read so far, all epochs; loss: mean over the
    pairs of this step, in nats; words_per_second: since the start.
    """

    step: int
    words: int
    loss: float
    words_per_second: float


@dataclass(frozen=True)
class Batch:
    """What one step learns from; T is the width of a strip: contexts, then negatives.

    centre: (blocks, centres) and target: (blocks, T) word ids; weight: (blocks, centres, T) how
    often each pair counts; contexts: how many of the T are contexts; pairs: (), seen pairs in all.
    """

    centre: Tensor
    target: Tensor
    weight: Tensor
    contexts: int
    pairs: Tensor


def train_word2vec(
    sentences: Sequence[str] | Sequence[Sequence[str]],
    dim: int = 64,
    window: int = 5,
    negatives: int = 5,
    epochs: int = 10,
    *,
    min_count: int = 5,
    sample: float = 1e-3,
    learning_rate: float = 0.025,
    seed: int = 0,
    device: torch.device | str = "cpu",
    progress: bool = True,
) -> tuple[WordVectors, list[TrainingStep]]:
    """Train word vectors from scratch by skip-gram with negative sampling.

    sentences: texts, or their words; words seen fewer than `min_count` times are left out.
    window: the largest distance of a context; each centre draws its own from 1 to `window`.
    negatives: drawn words that count against each pair; sample: the threshold of
    `subsample_keep_probability`, 0 keeps every word; learning_rate: at the start, falling
    linearly. progress: a bar on standard output.
    Returns the vectors of the centre words, most frequent word first, and the history: about a
    hundred lines, the last of them at the end. The same seed gives the same vectors on a CPU.
    Raises ValueError when a number is out of range or no word is left, TypeError for one text.
    Source: Mikolov et al. 2013, Distributed Representations of Words and Phrases.
    """
    for name, value in {
        "dim": dim,
        "window": window,
        "negatives": negatives,
        "epochs": epochs,
    }.items():
        if value < 1:
            raise ValueError(f"train_word2vec: {name} is {value}; expected at least 1")
    refuse_one_string("train_word2vec", sentences, "texts or lists of words")
    texts = [split_words(text) if isinstance(text, str) else text for text in sentences]
    vocabulary = Vocabulary.build(texts, min_count)
    encoded = [ids for ids in map(vocabulary.encode, texts) if ids]
    if not encoded:
        raise ValueError(
            f"train_word2vec: no word is seen {min_count} times in {len(texts)} sentences; "
            "give more text or a lower min_count"
        )
    device, generator = torch.device(device), torch.Generator().manual_seed(seed)
    stream = _Stream(encoded, vocabulary, window, negatives, sample, generator)
    centres = (torch.rand(len(vocabulary), dim, generator=generator) * 2 - 1).div(dim).to(device)
    targets = torch.zeros(len(vocabulary), dim, device=device)
    total = epochs * stream.words_per_epoch
    log_every = max(1, epochs * stream.steps_per_epoch // 100)
    history: list[TrainingStep] = []
    started, step, words = time.perf_counter(), 0, 0
    with progress_bar.bar(total, "Training", "word", shown=progress, delay=0) as bar:
        for _ in range(epochs):
            for batch, words_read in stream.batches(device):
                rate = learning_rate * max(LAST_RATE, 1 - words / total)
                logged = step % log_every == 0
                loss = update(centres, targets, batch, rate, with_loss=logged)
                step, words = step + 1, words + words_read
                if loss is not None:
                    speed = words / (time.perf_counter() - started)
                    history.append(TrainingStep(step, words, float(loss), speed))
                    bar.set_postfix(loss=f"{history[-1].loss:.3f}", refresh=False)
                bar.update(words_read)
    if not history:
        raise ValueError(
            f"train_word2vec: subsampling left none of {stream.words_per_epoch} words; give more "
            "text or sample=0"
        )
    if history[-1].step != step:
        speed = words / (time.perf_counter() - started)
        history.append(TrainingStep(step, words, float(batch_loss(centres, targets, batch)), speed))
    return WordVectors(vocabulary.words, centres), history


def update(
    centres: Tensor, targets: Tensor, batch: Batch, rate: float, with_loss: bool = False
) -> Tensor | None:
    """Move both tables (V, dim), in place, against the gradient of a batch.

    The gradient is summed over pairs, as if each had been a step of its own. A row in so many
    pairs that their sum would overshoot ("of", in every window; every word of a toy corpus) moves
    by their mean times ROW_STEP instead: the more pairs, the more a sum of stale gradients can
    throw both tables back and forth, until they overflow.
    Returns the loss before the step, a scalar, or None when it is not asked for.
    """
    loss = batch_loss(centres, targets, batch) if with_loss else None
    d_centre, d_target = gradients(centres[batch.centre], targets[batch.target], batch)
    _descend(centres, batch.centre, d_centre, batch.weight.sum(dim=2), rate)
    _descend(targets, batch.target, d_target, batch.weight.sum(dim=1), rate)
    return loss


def gradients(centre: Tensor, target: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Gradient of the summed loss of a batch by its vectors.

    centre: (blocks, centres, dim); target: (blocks, T, dim). Returns two tensors of these shapes.
    """
    error = torch.bmm(centre, target.mT).sigmoid_()
    error[:, :, : batch.contexts] -= 1.0
    error *= batch.weight
    return torch.bmm(error, target), torch.bmm(error.mT, centre)


def batch_loss(centres: Tensor, targets: Tensor, batch: Batch) -> Tensor:
    """The loss of a batch: a scalar in nats, the mean over its seen pairs."""
    scores = torch.bmm(centres[batch.centre], targets[batch.target].mT)
    scores[:, :, : batch.contexts] *= -1.0
    return (softplus(scores) * batch.weight).sum() / batch.pairs.clamp(min=1.0)


def _descend(table: Tensor, rows: Tensor, gradient: Tensor, pairs: Tensor, rate: float) -> None:
    """Subtract the gradients from their rows; rows: (...), gradient: (..., dim), pairs: (...)."""
    rows, pairs = rows.reshape(-1), pairs.reshape(-1)
    shared_by = table.new_zeros(table.shape[0]).index_add_(0, rows, pairs)[rows]
    scale = -ROW_STEP / shared_by.clamp(min=ROW_STEP / rate)
    table.index_add_(0, rows, gradient.reshape(rows.shape[0], -1) * scale[:, None])


class _Stream:
    """The words of all sentences, cut anew for each epoch into batches."""

    def __init__(
        self,
        encoded: list[list[int]],
        vocabulary: Vocabulary,
        window: int,
        negatives: int,
        sample: float,
        generator: torch.Generator,
    ) -> None:
        self.window, self.negatives, self.generator = window, negatives, generator
        self.lengths = torch.tensor([len(ids) for ids in encoded])
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.words = torch.tensor([word for ids in encoded for word in ids])
        counts = torch.tensor(vocabulary.counts)
        keep = subsample_keep_probability(counts, sample) if sample else torch.ones(len(counts))
        self.keep = keep
        self.noise = noise_distribution(counts).double().cumsum(0)
        self.noise /= self.noise[-1].clone()
        self.words_per_epoch = self.words.numel()
        expected = float(keep[self.words].sum())
        self.steps_per_epoch = max(1, round(expected / (CENTRES * BLOCKS)))

    def batches(self, device: torch.device) -> Iterator[tuple[Batch, int]]:
        """One epoch: sentences in a new order, thinned; each batch with the words it stands for."""
        order = torch.randperm(len(self.lengths), generator=self.generator)
        lengths = self.lengths[order]
        ends = lengths.cumsum(0)
        shift = torch.repeat_interleave(self.starts[order] - (ends - lengths), lengths)
        words = self.words[torch.arange(self.words_per_epoch) + shift]
        sentence = torch.repeat_interleave(torch.arange(len(order)), lengths)
        kept = torch.rand(len(words), generator=self.generator) < self.keep[words]
        words, sentence = words[kept], sentence[kept]
        total, done = self.words_per_epoch, 0
        steps = -(-len(words) // (CENTRES * BLOCKS))
        for first in range(0, steps, CHUNK):
            chunk = self._lay_out(words, sentence, first, min(CHUNK, steps - first))
            for step, batch in enumerate(_split(chunk, device), start=first + 1):
                read, done = total * step // steps - done, total * step // steps
                yield batch, read

    def _lay_out(self, words: Tensor, sentence: Tensor, first: int, steps: int) -> Batch:
        """The batches of `steps` steps as one."""
        size, reach = CENTRES * BLOCKS, self.window
        begin, blocks = first * size, steps * BLOCKS
        at = torch.arange(begin - reach, begin + steps * size + reach)
        inside = (at >= 0) & (at < len(words))
        at = at.clamp(0, len(words) - 1)
        text = words[at].unfold(0, CENTRES + 2 * reach, CENTRES)
        belongs = sentence[at].masked_fill(~inside, -1).unfold(0, CENTRES + 2 * reach, CENTRES)
        centre, own = text[:, reach : reach + CENTRES], belongs[:, reach : reach + CENTRES]
        draws = torch.randint(1, reach + 1, (blocks, CENTRES), generator=self.generator)
        offset = torch.arange(CENTRES + 2 * reach) - torch.arange(CENTRES)[:, None] - reach
        seen = (offset != 0) & (offset.abs() <= draws[:, :, None])
        seen &= (belongs[:, None, :] == own[:, :, None]) & (own >= 0)[:, :, None]
        uniform = torch.rand(blocks, DRAWN, generator=self.generator, dtype=torch.float64)
        noise = torch.searchsorted(self.noise, uniform).clamp(max=len(self.noise) - 1)
        pairs = seen.sum(dim=2, keepdim=True) * (self.negatives / DRAWN)
        weight = torch.cat([seen.float(), pairs.expand(-1, -1, DRAWN)], dim=2)
        target = torch.cat([text, noise], dim=1)
        return Batch(centre, target, weight, text.shape[1], seen.view(steps, -1).sum(dim=1))


def _split(chunk: Batch, device: torch.device) -> Iterator[Batch]:
    parts = (x.to(device) for x in (chunk.centre, chunk.target, chunk.weight))
    for centre, target, weight, pairs in zip(
        *(x.split(BLOCKS) for x in parts), chunk.pairs.to(device)
    ):
        yield Batch(centre, target, weight, chunk.contexts, pairs)
