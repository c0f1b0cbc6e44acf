"""Diagrams of what the course builds, drawn by code, each with its words for who cannot see it.

Each function returns a `Diagram`, a figure and its text alternative, which `show` takes together:
`show(*architectures())`. Paper, type sizes and colours are those of `lib.plots`; what a fill or a
dash means is said in words, too. Where a picture shows a result, it was computed.
"""

from lib._diagram_graph import search_graph
from lib._diagram_late import max_sim_steps, residual_codec
from lib._diagram_metrics import bootstrap_picture, rank_discount
from lib._diagram_models import architectures
from lib._diagram_paper import Diagram
from lib._diagram_reading import long_text, pooled_tokens
from lib._diagram_tuning import fine_tuning_loop, trained_parts
from lib._diagram_two_stage import two_stage_search
from lib._diagram_vectors import toy_vectors

__all__ = ["Diagram", "architectures", "bootstrap_picture", "max_sim_steps", "rank_discount"]
__all__ += [
    "fine_tuning_loop",
    "long_text",
    "pooled_tokens",
    "residual_codec",
    "search_graph",
    "toy_vectors",
    "trained_parts",
    "two_stage_search",
]
