"""Texts before they are vectors: words, vocabularies, batches of like length, padded tokens."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._arguments import as_texts, refuse_one_string, shown, word_lists

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

# Letters and digits, with apostrophes, hyphens and points inside a word: x-linked, crohn's, 2.5
_WORD = re.compile(r"[^\W_]+(?:['.\-][^\W_]+)*")
# Other ways to write them; what only steers how letters join or where a line may break is left out.
_SAME = str.maketrans(
    dict.fromkeys("\u2019\u02bc", "'")  # typographic and letter apostrophe
    | dict.fromkeys("\u2010\u2011", "-")  # hyphen, hyphen that breaks no line
    | dict.fromkeys("\u00ad\u034f\u200c\u200d\u2060\ufeff", "")  # soft hyphen, joiners
)


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation around them.

    Hyphens, apostrophes and points inside a word stay (`x-linked`, `crohn's`, `2.5`), as in the
    vocabulary of GloVe. An accent or a vowel sign belongs to its letter, and a letter written as
    one character or as letter and accent gives the same word, in Unicode's composed form (NFC).
    Raises TypeError for what is not one text.
    Source: Unicode Standard Annexes 15 (normal forms) and 29 (word boundaries: marks never start
    a word).
    """
    if not isinstance(text, str):
        raise TypeError(
            f"split_words: text is {shown(text)}; expected one string: for several texts, write "
            "[split_words(text) for text in texts]"
        )
    if text.isascii():
        return _WORD.findall(text.lower())
    text = unicodedata.normalize("NFC", text.translate(_SAME)).lower()
    # A capital with a dot becomes i and a second dot; lower case may compose what capitals do not.
    text = unicodedata.normalize("NFC", re.sub("i\u0307+", "i", text))
    return _word_with_marks().findall(text)


@cache
def _word_with_marks() -> re.Pattern[str]:
    """_WORD in any script: marks (accents, vowel signs) are part of the word that they stand in."""
    planes = (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))  # where Unicode has marks
    marks = "".join(c for c in map(chr, planes) if unicodedata.category(c).startswith("M"))
    word = rf"[^\W_]+(?:[{marks}][^\W_]*)*"
    return re.compile(rf"{word}(?:['.\-]{word})*")


@dataclass(frozen=True)
class Vocabulary:
    """The words that a model knows, most frequent first, and how often each was seen.

    words: the word of each id.  counts: its occurrences in the text it was built from.
    """

    words: list[str]
    counts: list[int]
    index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        refuse_one_string("Vocabulary", self.words, "words")
        if len(self.words) != len(self.counts):
            raise ValueError(
                f"Vocabulary: {len(self.words)} words came with {len(self.counts)} counts; "
                "expected one count a word"
            )
        index = {word: number for number, word in enumerate(self.words)}
        if len(index) != len(self.words):
            raise ValueError("Vocabulary: a word stands twice in the list; expected each once")
        object.__setattr__(self, "index", index)

    @classmethod
    def build(
        cls, sentences: Iterable[Sequence[str]], min_count: int = 1, size: int | None = None
    ) -> Vocabulary:
        """Count the words of tokenised sentences; keep those seen min_count times, at most `size`.

        Words seen equally often stand in alphabetical order, so that ids depend on the text alone.
        Raises TypeError for a sentence that is one string: split it first.
        """
        listed = word_lists("Vocabulary.build", sentences, "sentences")
        counted = Counter(word for sentence in listed for word in sentence)
        kept = [(word, n) for word, n in counted.items() if n >= min_count]
        kept.sort(key=lambda pair: (-pair[1], pair[0]))
        kept = kept[:size]
        return cls([word for word, _ in kept], [n for _, n in kept])

    def encode(self, words: Iterable[str]) -> list[int]:
        """Return the ids of the words that are known, in order; unknown words are left out.

        Raises TypeError for one string: `encode(["heart"])` looks up one word.
        """
        refuse_one_string("Vocabulary.encode", words, "words")
        return [self.index[word] for word in words if word in self.index]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the words with these ids."""
        return [self.words[number] for number in ids]

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index


def length_sorted_batches(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Return batches of positions in `lengths`, longest first, each position in one batch.

    Rows of like length share a batch, so little is padded; the longest come first, so that
    memory runs out at once or not at all. Equal lengths keep their order.
    Raises ValueError when batch_size is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"length_sorted_batches: batch_size is {batch_size}; expected at least 1")
    order = sorted(range(len(lengths)), key=lambda position: -lengths[position])
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def token_lengths(
    model: SentenceTransformer | MultiVectorEncoder, texts: Sequence[str]
) -> list[int]:
    """Return how many tokens the model reads of each text, its special tokens among them.

    A text that is longer than the model's limit is cut there. These are the lengths to sort by: texts
    of as many characters differ in tokens. A model that does not read by a Hugging Face tokenizer has
    its texts' characters counted.
    """
    tokenizer: Any = getattr(model, "tokenizer", None)
    if not callable(tokenizer) or not texts:
        return [len(text) for text in texts]
    found = tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)
    return [len(ids) for ids in found["input_ids"]]


def restore_order(batches: Sequence[Sequence[int]], rows: Tensor) -> Tensor:
    """Return `rows` (n, ...), which stand in the order of `batches`, in the texts' own order.

    Row j of `rows` belongs to text `order[j]`, order being the batches end to end; row i of the
    result belongs to text i. Raises ValueError when the batches do not name each row once.
    """
    order = [position for batch in batches for position in batch]
    if sorted(order) != list(range(len(rows))):
        raise ValueError(
            f"restore_order: {len(rows)} rows came with batches that name {len(order)} positions; "
            "expected each of 0..n-1 once: use the batches that the rows were computed in"
        )
    restored = torch.empty_like(rows)
    restored[torch.tensor(order, dtype=torch.long, device=rows.device)] = rows
    return restored


def pad_tokens(
    sequences: Sequence[Sequence[int]],
    padding: int = 0,
    side: str = "right",
    device: torch.device | str | None = None,
) -> tuple[Tensor, Tensor]:
    """Return token ids (batch, tokens) and their mask (batch, tokens), 1 for a real token.

    sequences: the ids of each text, of any lengths.  padding: the id that fills up.
    side: "right" as encoders are trained, or "left" as decoders are. Both results are int64.
    Raises ValueError for another side.
    """
    if side not in ("left", "right"):
        raise ValueError(f"pad_tokens: side is {side!r}; expected 'left' or 'right'")
    width = max((len(sequence) for sequence in sequences), default=0)
    ids, mask = [], []
    for sequence in sequences:
        fill = width - len(sequence)
        row, real = list(sequence), [1] * len(sequence)
        ids.append(row + [padding] * fill if side == "right" else [padding] * fill + row)
        mask.append(real + [0] * fill if side == "right" else [0] * fill + real)
    shape = (len(sequences), width)
    return (
        torch.tensor(ids, dtype=torch.long, device=device).reshape(shape),
        torch.tensor(mask, dtype=torch.long, device=device).reshape(shape),
    )


def end_and_pad(
    sequences: Sequence[Sequence[int]], end: int, padding: int, limit: int
) -> tuple[Tensor, Tensor]:
    """Return ids and mask (batch, tokens) as a decoder is fed: each text ends in `end`, at the last place.

    sequences: the ids of each text without special tokens, cut to limit - 1; padding stands on the left.
    Raises ValueError for a limit below 1.
    """
    if limit < 1:
        raise ValueError(f"end_and_pad: limit is {limit}; expected at least 1, for the end token")
    return pad_tokens([[*ids[: limit - 1], end] for ids in sequences], padding, side="left")


def token_embeddings(
    model: SentenceTransformer, texts: Iterable[str], batch_size: int = 32
) -> tuple[Tensor, Tensor]:
    """Return the vector of every token before pooling, and the mask that tells padding apart.

    Returns tokens (texts, tokens, dim) and mask (texts, tokens) int64, right-padded with zero
    vectors, on the model's device, without gradients. The special tokens ([CLS], [SEP]) count as
    tokens: the model was trained to pool them too. Raises ValueError when `texts` is empty, and
    what `as_texts` raises.
    """
    texts = as_texts("token_embeddings", texts)
    if not texts:
        raise ValueError("token_embeddings: texts is empty; expected a list of texts, at least one")
    rows = model.encode(
        texts,
        batch_size=batch_size,
        output_value="token_embeddings",
        convert_to_numpy=False,
        show_progress_bar=False,
    )
    tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    lengths = torch.tensor([len(row) for row in rows], device=tokens.device)
    positions = torch.arange(tokens.shape[1], device=tokens.device)
    return tokens, (positions < lengths[:, None]).long()
