"""The checks of lesson 09, models in practice, in the order of the notebook."""

EXERCISES = (
    "with_prefix",
    "chunk_spans",
    "left_pad_with_end",
    "embedding_costs",
    "pick_batch_size",
    "decode_vector",
    "best_chunk",
    "break_chunker",
)
