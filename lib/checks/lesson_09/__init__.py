"""The checks of lesson 09, models in practice, in the order of the notebook."""

EXERCISES = (
    "embedding_costs",
    "with_prefix",
    "chunk_spans",
    "best_chunk",
    "break_chunker",
    "left_pad_with_end",
    "decode_vector",
    "pick_batch_size",
)
