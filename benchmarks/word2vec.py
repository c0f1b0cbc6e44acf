"""Our skip-gram against gensim's: words a second, and how alike the results are.

    python -m benchmarks.word2vec

The same sentences, vocabulary and settings, one thread each, runs taken in turns, medians. Two
trainings never agree wholly, so the overlap of their neighbours is measured against a ceiling:
that of gensim with itself, under another seed alone, and with its sentences in another order,
too, as ours shuffles them.
"""

from __future__ import annotations

import random
import statistics
import time
from itertools import combinations

import torch
import typer
from gensim.models import Word2Vec
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from lib.data import load_corpus_sentences
from lib.text import split_words
from lib.word2vec import train_word2vec
from lib.word_vectors import WordVectors

DIM, WINDOW, NEGATIVES, SAMPLE, MIN_COUNT = 64, 5, 5, 1e-3, 5
QUERIES, NEIGHBOURS = 200, 10


def train_ours(sentences: list[list[str]], epochs: int, seed: int) -> tuple[WordVectors, float]:
    """Our vectors and the seconds they took, vocabulary included."""
    started = time.perf_counter()
    vectors, _ = train_word2vec(
        sentences,
        DIM,
        WINDOW,
        NEGATIVES,
        epochs,
        min_count=MIN_COUNT,
        sample=SAMPLE,
        seed=seed,
        progress=False,
    )
    return vectors, time.perf_counter() - started


def train_gensim(sentences: list[list[str]], epochs: int, seed: int) -> tuple[WordVectors, float]:
    """gensim's vectors and the seconds they took, vocabulary included."""
    started = time.perf_counter()
    model = Word2Vec(
        sentences,
        vector_size=DIM,
        window=WINDOW,
        negative=NEGATIVES,
        sample=SAMPLE,
        min_count=MIN_COUNT,
        sg=1,
        epochs=epochs,
        seed=seed,
        workers=1,
    )
    seconds = time.perf_counter() - started
    return WordVectors(list(model.wv.index_to_key), torch.tensor(model.wv.vectors)), seconds


def neighbours(vectors: WordVectors, words: list[str]) -> list[set[str]]:
    """The nearest words of each word."""
    return [{word for word, _ in vectors.most_similar(w, NEIGHBOURS)} for w in words]


def overlap(a: WordVectors, b: WordVectors, words: list[str]) -> float:
    """The share of neighbours that two trainings have in common, mean over the words."""
    both = zip(neighbours(a, words), neighbours(b, words))
    return statistics.mean(len(mine & theirs) / NEIGHBOURS for mine, theirs in both)


def main(epochs: int = 10, runs: int = 3, sentences: int | None = None) -> None:
    """Train both in turns and print the table."""
    torch.set_num_threads(1)
    texts = [split_words(text) for text in load_corpus_sentences()[:sentences]]
    shuffled = random.Random(0).sample(texts, len(texts))
    trained: dict[str, list[WordVectors]] = {"ours": [], "gensim": [], "gensim, shuffled": []}
    seconds: dict[str, list[float]] = {name: [] for name in trained}
    for seed in range(1, runs + 1):
        for name, train, given in (
            ("ours", train_ours, texts),
            ("gensim", train_gensim, texts),
            ("gensim, shuffled", train_gensim, shuffled),
        ):
            vectors, took = train(given, epochs, seed)
            trained[name].append(vectors)
            seconds[name].append(took)
    known = trained["gensim"][0]
    if any(set(v.words) != set(known.words) for group in trained.values() for v in group):
        raise SystemExit("the vocabularies differ: the comparison would not be fair")
    read = epochs * sum(word in known for text in texts for word in text)
    speed = {name: read / statistics.median(times) for name, times in seconds.items()}
    content = [w for w in known.words if w not in ENGLISH_STOP_WORDS and len(w) > 2][:QUERIES]

    print(
        f"{len(texts):,} sentences, {read / epochs:,.0f} words, {epochs} epochs, {runs} runs each"
    )
    for name in ("ours", "gensim"):
        print(f"{name:>8}: {speed[name]:10,.0f} words/s (median)")
    print(f"   ratio: {speed['ours'] / speed['gensim']:10.2f} (ours / gensim)")
    print(f"shared among the {NEIGHBOURS} neighbours of {len(content)} content words, mean:")
    pairs = {
        "ours, gensim": [(a, b) for a in trained["ours"] for b in trained["gensim"]],
        "gensim, gensim shuffled": [
            (a, b) for a in trained["gensim"] for b in trained["gensim, shuffled"]
        ],
        "gensim, gensim (other seed)": list(combinations(trained["gensim"], 2)),
        "ours, ours (other seed)": list(combinations(trained["ours"], 2)),
    }
    for name, both in pairs.items():
        if both:
            mean = statistics.mean(overlap(a, b, content) for a, b in both)
            print(f"{name:>28}: {mean:.3f}")


if __name__ == "__main__":
    typer.run(main)
