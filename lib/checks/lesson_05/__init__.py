"""The checks of lesson 05, Matryoshka embeddings and quantisation, in the order of the notebook."""

EXERCISES = (
    "truncate_vectors",
    "matryoshka_mnrl",
    "shortlist_rescore",
    "break_rescore",
    "to_int8",
    "binary_rescore",
    "index_bytes",
)
