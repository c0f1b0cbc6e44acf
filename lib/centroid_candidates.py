"""The first stage of late interaction's search, for one query, in the plainest way.

`late_index.LateIndex` does the same for many queries at once and is tested against it.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["centroid_candidates"]


def centroid_candidates(
    query: Tensor,
    centroids: Tensor,
    centroid_ids: Tensor,
    passage_of: Tensor,
    probes: int,
    size: int,
) -> Tensor:
    """Return the rows of at most `size` passages worth decoding, best first: (m,) int64.

    query: (query tokens, dim); centroids: (c, dim); centroid_ids, passage_of: (tokens,) the centroid
    and the passage of each stored token. Candidates are the passages with a token in one of the
    `probes` centroids that some query token is nearest to; their order is that of MaxSim with every
    token taken for its centroid.
    Raises ValueError for probes or a size below 1 and for ids of another number than tokens.
    Source: Santhanam et al. 2022, PLAID, section 4.
    """
    if min(probes, size) < 1 or centroid_ids.shape != passage_of.shape:
        raise ValueError(
            f"centroid_candidates: probes={probes}, size={size}, centroid_ids "
            f"{tuple(centroid_ids.shape)}, passage_of {tuple(passage_of.shape)}; expected at least 1 of "
            "each and one centroid and passage for each token"
        )
    similarities = query @ centroids.T  # (query tokens, c)
    probed = similarities.topk(min(probes, len(centroids)), dim=1).indices
    found = passage_of[torch.isin(centroid_ids, probed)].unique()
    passages = int(passage_of.max()) + 1 if len(passage_of) else 0
    best = similarities.new_full((len(query), passages), -torch.inf)
    places = passage_of.expand(len(query), -1)
    best.scatter_reduce_(1, places, similarities[:, centroid_ids], "amax")
    scores = best.sum(dim=0)[found]
    return found[scores.topk(min(size, len(found))).indices]
