"""The checks of lesson 04, hard negatives, in the order of the notebook."""

EXERCISES = (
    "bm25_scores",
    "mine_negatives",
    "make_tuples",
    "keep_by_margin",
    "break_miner",
    "filter_by_judge",
)
