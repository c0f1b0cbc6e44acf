"""Diagrams of what the course builds, drawn by code, each with its words for who cannot see it.

Each function returns a `Diagram`, a figure and its text alternative, which `show` takes together:
`show(*architectures())`. Paper, type sizes and colours are those of `lib.plots`; what a fill or a
dash means is said in words, too. Where a picture shows a result, it was computed.
"""

from lib._diagram_analogy import analogy_arrows
from lib._diagram_batch import batch_of_pairs, pull_and_push, softmax_rows
from lib._diagram_cache import two_passes
from lib._diagram_codes import hamming_bits, int8_steps
from lib._diagram_counts import counts_to_ppmi, shares_on_a_line
from lib._diagram_directions import principal_direction
from lib._diagram_fusion import fused_rankings
from lib._diagram_graph import search_graph
from lib._diagram_judge import how_it_is_judged
from lib._diagram_late import max_sim_steps, residual_codec
from lib._diagram_metrics import bootstrap_picture, rank_discount
from lib._diagram_models import architectures
from lib._diagram_negatives import margin_limits, negatives_on_a_line, unmarked_positives
from lib._diagram_paper import Diagram
from lib._diagram_prefixes import cut_vectors, nested_prefixes
from lib._diagram_reading import long_text, pooled_tokens
from lib._diagram_shortlist import shortlist_then_rescore
from lib._diagram_skipgram import skipgram_window, training_step
from lib._diagram_targets import scored_pairs, teacher_and_student, triplet_margins
from lib._diagram_tokens import attention_step, masked_mean, text_to_vector
from lib._diagram_tuning import fine_tuning_loop, trained_parts
from lib._diagram_two_stage import two_stage_search
from lib._diagram_vectors import toy_vectors, unit_vectors

__all__ = ["Diagram", "architectures", "bootstrap_picture", "cut_vectors", "fine_tuning_loop"]
__all__ += ["fused_rankings", "hamming_bits", "how_it_is_judged", "int8_steps", "long_text"]
__all__ += ["max_sim_steps", "nested_prefixes", "pooled_tokens", "principal_direction"]
__all__ += ["rank_discount", "residual_codec", "search_graph", "shortlist_then_rescore"]
__all__ += ["toy_vectors", "trained_parts", "two_stage_search"]
__all__ += ["margin_limits", "negatives_on_a_line", "unmarked_positives"]
__all__ += [
    "analogy_arrows",
    "counts_to_ppmi",
    "shares_on_a_line",
    "skipgram_window",
    "training_step",
]
__all__ += ["batch_of_pairs", "pull_and_push", "scored_pairs", "softmax_rows"]
__all__ += ["teacher_and_student", "triplet_margins", "two_passes"]
__all__ += ["attention_step", "masked_mean", "text_to_vector", "unit_vectors"]
