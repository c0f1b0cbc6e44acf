"""The checks of lesson 08, fine-tuning for a domain, in the order of the notebook."""

EXERCISES = (
    "leak_groups",
    "clean_training_set",
    "evaluate_search",
    "should_stop",
    "forgetting",
    "parse_queries",
    "break_leak_finder",
)
