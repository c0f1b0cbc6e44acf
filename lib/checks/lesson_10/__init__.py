"""The checks of lesson 10, the capstone, in the order of the notebook."""

EXERCISES = ("reciprocal_rank_fusion", "frontier", "break_fusion", "best_within")
