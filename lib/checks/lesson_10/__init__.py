"""The checks of lesson 10, the capstone, in the order of the notebook."""

EXERCISES = (
    "reciprocal_rank_fusion",
    "break_fusion",
    "frontier",
    "best_within",
    "capstone",
)
