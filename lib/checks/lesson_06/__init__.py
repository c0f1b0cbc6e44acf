"""The checks of lesson 06, ColBERT and late interaction, in the order of the notebook."""

EXERCISES = (
    "max_sim",
    "max_sim_batch",
    "break_max_sim",
    "kmeans_step",
    "fit_buckets",
    "pack_codes",
    "decode_tokens",
    "token_index_bytes",
    "candidate_passages",
)
