"""The checks of lesson 02, pooling and the bi-encoder, in the order of the notebook."""

EXERCISES = (
    "mean_pool",
    "max_pool",
    "cls_pool",
    "last_token_pool",
    "break_last_token",
    "length_sorted_batches",
    "restore_order",
    "cosine_matrix",
)
