"""The checks of lesson 01, word vectors, in the order of the notebook."""

EXERCISES = (
    "skipgram_pairs",
    "sample_negatives",
    "sgns_loss",
    "nearest_neighbours",
    "analogy_3cosadd",
    "break_analogy",
    "idf_average",
)
