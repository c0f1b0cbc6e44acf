"""The checks of lesson 03, contrastive learning and MNRL, in the order of the notebook."""

EXERCISES = (
    "mnrl",
    "mnrl_with_negatives",
    "mnrl_symmetric",
    "mnrl_masked",
    "triplet_cosine",
    "margin_mse",
    "cached_gradient",
    "break_mnrl",
)
