"""The checks of lesson 07, metrics and geometry, in the order of the notebook."""

EXERCISES = (
    "three_similarities",
    "recall_at_k",
    "reciprocal_rank_at_k",
    "average_precision",
    "ndcg_at_k",
    "break_ndcg",
    "bootstrap_interval",
    "randomisation_test",
    "index_recall",
    "pair_average_precision",
    "v_measure",
)
