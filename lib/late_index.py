"""An index of token vectors on disk, searched in two stages: PLAID in miniature.

Every token is kept as its nearest centroid and a coded residual (lib.residual_codec), and for every
centroid there is a list of the passages that have a token there. A query token looks only into the
lists of the few centroids that it is closest to; the passages found are ranked with each token taken
for its centroid, which needs no residual; and of the best alone the residuals are decoded and MaxSim
is computed.
Source: Santhanam et al. 2022, PLAID: An Efficient Engine for Late Interaction Retrieval.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from lib._arrays import bytes_on_disk, read_arrays, write_arrays
from lib.late_interaction import max_sim_scores
from lib.residual_codec import Codes, ResidualCodec, spherical_kmeans
from lib.search import ordered_top_k
from lib.token_vectors import TokenVectors, segment_max, slices

__all__ = ["LateIndex", "VectorIndex"]

_TOKENS = 1 << 16  # passage tokens that are decoded, or looked at, at a time
_QUERIES = 32  # queries whose candidates are found together
_FLAT, _CODED = "float16 token vectors", "coded token vectors"


class VectorIndex:
    """Token vectors on disk as they are, in 16 bits: what the coded index is compared with."""

    def __init__(self, folder: Path | str, device: torch.device | str = "cpu") -> None:
        """Open an index that `build` has written; vectors are mapped and come to `device` in parts.

        Raises FileNotFoundError where there is none, ValueError where it is damaged or of another kind.
        """
        self.folder, self.device = Path(folder), torch.device(device)
        facts, arrays = read_arrays(folder)
        _require_kind("VectorIndex", facts, _FLAT)
        self._offsets = torch.from_numpy(arrays["offsets"])
        self._vectors = torch.from_numpy(arrays["vectors"])

    @classmethod
    def build(cls, folder: Path | str, documents: TokenVectors) -> VectorIndex:
        """Write the token vectors of passages to a folder and open it."""
        arrays = {
            "vectors": documents.vectors.detach().half().cpu().numpy(),
            "offsets": documents.offsets.numpy(),
        }
        write_arrays(folder, arrays, {"kind": _FLAT})
        return cls(folder, documents.vectors.device)

    def __len__(self) -> int:
        """The number of passages."""
        return len(self._offsets) - 1

    def bytes_on_disk(self) -> dict[str, int]:
        """Return the bytes of each of its files as the file system counts them."""
        return bytes_on_disk(self.folder)

    def decode(self, first: int, last: int) -> TokenVectors:
        """Return the float32 vectors of passages `first` to `last` - 1, on the device."""
        offsets = self._offsets[first : last + 1]
        vectors = self._vectors[int(offsets[0]) : int(offsets[-1])]
        return TokenVectors(vectors.to(self.device).float(), offsets - offsets[0])

    def exact(self, queries: Tensor, query_mask: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return the k passages with the largest MaxSim of all, best first: scores and rows (q, m).

        queries: (q, query tokens, dim) float32 and query_mask (q, query tokens), see
        `late_interaction.max_sim`. m = min(k, passages); equal scores come lowest row first. Passages
        are decoded some at a time. Raises ValueError for a k below 1 and what `max_sim_scores` raises.
        """
        _require_k("exact", k)
        best = queries.new_empty(len(queries), 0)
        rows = torch.empty(len(queries), 0, dtype=torch.long, device=queries.device)
        for part in slices(self._offsets.diff(), _TOKENS):
            first, last = part.start, part.stop
            found = max_sim_scores(queries, query_mask, self.decode(first, last))
            at = torch.arange(first, last, device=rows.device).expand(len(queries), -1)
            # Earlier parts stand first, so that among equals the lower row is met first.
            best, order = ordered_top_k(torch.cat([best, found], dim=1), min(k, last))
            rows = torch.cat([rows, at], dim=1).gather(1, order)
        return best, rows


class LateIndex(VectorIndex):
    """Coded token vectors on disk, searched by `search` in two stages, by `exact` as a whole."""

    def __init__(self, folder: Path | str, device: torch.device | str = "cpu") -> None:
        """Open an index that `build` has written; codes are mapped and come to `device` in parts.

        Raises FileNotFoundError where there is none, ValueError where it is damaged or of another kind.
        """
        self.folder, self.device = Path(folder), torch.device(device)
        facts, arrays = read_arrays(folder)
        _require_kind("LateIndex", facts, _CODED)
        at = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self._offsets = at["offsets"]
        self._codes = Codes(at["nearest"], at["residuals"])
        self._lists, self._list_offsets = at["lists"], at["list_offsets"]
        parts = (at[part].to(self.device).float() for part in ("centroids", "cutoffs", "values"))
        self.codec = ResidualCodec(*parts)

    @classmethod
    def build(
        cls,
        folder: Path | str,
        documents: TokenVectors,
        bits: int = 2,
        centroids: int | Tensor | None = None,
        seed: int = 0,
    ) -> LateIndex:
        """Code the token vectors of passages, write them to a folder and open it.

        documents: unit vectors in float32. bits: of a number of a residual, 1, 2, 4 or 8. centroids:
        how many, or (c, dim) that are there already; by default the power of two next to 4 times the
        root of the number of tokens. What is computed, and how long it takes: see `lib.residual_codec`.
        Raises what `spherical_kmeans` and `ResidualCodec.fit` raise.
        """
        vectors = documents.vectors
        if centroids is None:
            centroids = min(
                len(vectors), 2 ** round(math.log2(4 * math.sqrt(max(1, len(vectors)))))
            )
        if isinstance(centroids, int):
            centroids = spherical_kmeans(vectors, centroids, seed=seed)
        centroids = centroids.half().to(vectors)  # as they are kept
        codec = ResidualCodec.fit(vectors, centroids, bits)
        codes = codec.encode(vectors)
        nearest = codes.centroids.cpu()
        lists, list_offsets = _inverted(nearest, documents, len(centroids))
        arrays = {
            "centroids": centroids.half(),
            "cutoffs": codec.cutoffs,
            "values": codec.values,
            "nearest": nearest,
            "residuals": codes.residuals,
            "offsets": documents.offsets,
            "lists": lists,
            "list_offsets": list_offsets,
        }
        write_arrays(
            folder,
            {name: tensor.detach().cpu().numpy() for name, tensor in arrays.items()},
            {"kind": _CODED, "bits": bits, "dim": codec.dim},
        )
        return cls(folder, vectors.device)

    def decode(self, first: int, last: int) -> TokenVectors:
        offsets = self._offsets[first : last + 1]
        codes = self._codes[int(offsets[0]) : int(offsets[-1])]
        return TokenVectors(self._decoded(codes), offsets - offsets[0])

    def _decoded(self, codes: Codes) -> Tensor:
        moved = Codes(codes.centroids.to(self.device), codes.residuals.to(self.device))
        return self.codec.decode(moved)

    @torch.no_grad()
    def search(
        self,
        queries: Tensor,
        query_mask: Tensor,
        k: int,
        probes: int = 4,
        candidates: int = 64,
    ) -> tuple[Tensor, Tensor]:
        """Return about the k passages with the largest MaxSim, best first: scores and rows (q, m).

        queries: (q, query tokens, dim) float32 on the index's device, query_mask: (q, query tokens).
        probes: centroids whose lists a query token looks into. candidates: passages whose MaxSim is
        computed from decoded vectors, at least k. m = min(k, passages); where fewer passages were
        found, the last have score minus infinity and row -1. Equal scores come lowest row first.
        Raises ValueError for k and probes below 1 and fewer candidates than k.
        """
        _require_k("search", k)
        if probes < 1 or candidates < k:
            raise ValueError(
                f"LateIndex.search: probes={probes}, candidates={candidates}, k={k}; expected at least "
                "1 probe and k candidates"
            )
        self._require_queries(queries, query_mask)
        scores, rows = [], []
        # Queries of like length together, or much of the work is done for their padding.
        by_length = query_mask.bool().sum(dim=1).argsort(stable=True)
        for part in by_length.split(_QUERIES) if len(by_length) else ():
            asked, real = _without_padding(queries[part], query_mask[part].bool())
            found = self.candidates(asked, real, probes, candidates)
            best = self._rescored(asked, real, found)
            best, order = ordered_top_k(best, min(k, best.shape[1]))
            found = found.gather(1, order).masked_fill(best == -torch.inf, -1)
            scores.append(best)
            rows.append(found)
        if not scores:
            m = min(k, len(self))
            nothing = torch.empty(0, m, dtype=torch.long, device=queries.device)
            return queries.new_empty(0, m), nothing
        back = by_length.argsort()
        return torch.cat(scores)[back], torch.cat(rows)[back]

    @torch.no_grad()
    def candidates(
        self, queries: Tensor, query_mask: Tensor, probes: int = 4, most: int = 64
    ) -> Tensor:
        """Return the rows of at most `most` passages for each query, (q, m), in rising order, -1 where
        there are no more: the first stage of `search`.

        Of the passages in the lists of the probed centroids these are the best by MaxSim with every
        passage token taken for its centroid. Raises ValueError for shapes that do not fit.
        """
        self._require_queries(queries, query_mask)
        real = query_mask.bool()
        centroid_scores = queries @ self.codec.centroids.T  # (q, query tokens, c)
        probed = centroid_scores.topk(min(probes, centroid_scores.shape[2]), dim=2).indices
        query, passage = self._listed(probed, real)
        # A row of similarities for each centroid and query: (q x c, query tokens).
        table = centroid_scores.masked_fill(~real[:, :, None], 0.0).transpose(1, 2).flatten(0, 1)
        rough = queries.new_full((len(queries), len(self)), -torch.inf)
        lengths = self._offsets.diff()[passage]
        for part in slices(lengths, _TOKENS):
            tokens = _ragged(self._offsets[passage[part]], lengths[part])
            which = query[part].repeat_interleave(lengths[part]) * len(self.codec.centroids)
            similarities = table[(which + self._codes.centroids[tokens]).to(table.device)]
            best = segment_max(similarities, lengths[part])
            rough[query[part], passage[part]] = best.sum(dim=1)
        best, rows = ordered_top_k(rough, min(most, len(self)))
        last = len(self)
        rows = rows.masked_fill(best == -torch.inf, last).sort(dim=1).values
        return rows.masked_fill(rows == last, -1)

    def _require_queries(self, queries: Tensor, query_mask: Tensor) -> None:
        dim = self.codec.dim
        if queries.ndim != 3 or queries.shape[2] != dim or query_mask.shape != queries.shape[:2]:
            raise ValueError(
                f"LateIndex: queries is {tuple(queries.shape)} and query_mask "
                f"{tuple(query_mask.shape)}; expected (q, query tokens, {dim}) and (q, query tokens): a "
                "single query needs query[None]"
            )

    def _listed(self, probed: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """The passages in the probed lists of each query, as pairs of rising numbers on the CPU.

        probed: (q, query tokens, probes) numbers of centroids; real: (q, query tokens).
        """
        probed, real = probed.cpu(), real.cpu()
        query = torch.arange(len(probed))[:, None, None].expand_as(probed)[real].flatten()
        lists = probed[real].flatten()
        lengths = self._list_offsets.diff()[lists]
        passages = self._lists[_ragged(self._list_offsets[lists], lengths)].long()
        hit = torch.zeros(len(real), len(self), dtype=torch.bool)
        hit[query.repeat_interleave(lengths), passages] = True
        query, passage = hit.nonzero(as_tuple=True)
        return query, passage

    def _rescored(self, queries: Tensor, real: Tensor, rows: Tensor) -> Tensor:
        """(q, m) MaxSim of each query with its own rows, minus infinity for row -1."""
        scores = queries.new_full(rows.shape, -torch.inf)
        wanted = rows.cpu()
        needed = wanted[wanted >= 0].unique()  # decoded once for all queries
        starts, lengths = self._offsets[needed], self._offsets.diff()[needed]
        vectors = self._decoded(self._codes[_ragged(starts, lengths)])
        decoded = TokenVectors(vectors, torch.nn.functional.pad(lengths.cumsum(0), (1, 0)))
        for number, mine in enumerate(wanted):
            there = mine >= 0
            part = decoded.select(torch.searchsorted(needed, mine[there]))
            similarities = part.vectors @ queries[number][real[number]].T
            best = segment_max(similarities, part.lengths).sum(dim=1)
            scores[number, there.to(scores.device)] = best
        return scores


def _without_padding(queries: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """The same queries and mask, real tokens first, as wide as the longest query is."""
    width = max(1, int(real.sum(dim=1).max()))
    first = real.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :width]
    return queries.take_along_dim(first[:, :, None], dim=1), real.gather(1, first)


def _inverted(nearest: Tensor, documents: TokenVectors, count: int) -> tuple[Tensor, Tensor]:
    """The passages of each centroid, each once and in rising order, and where its list begins."""
    passage = torch.arange(len(documents)).repeat_interleave(documents.lengths)
    pairs = (nearest.long() * len(documents) + passage).unique()  # sorted by centroid, then passage
    sizes = (pairs // max(1, len(documents))).bincount(minlength=count)
    offsets = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    return (pairs % max(1, len(documents))).int(), offsets


def _ragged(starts: Tensor, lengths: Tensor) -> Tensor:
    """start, start + 1, ... length numbers for each, one behind the other."""
    ends = lengths.cumsum(0)
    within = torch.arange(int(ends[-1]) if len(ends) else 0)
    return within + (starts - ends + lengths).repeat_interleave(lengths)


def _require_k(name: str, k: int) -> None:
    if k < 1:
        raise ValueError(f"{name}: k is {k}; expected at least 1")


def _require_kind(name: str, facts: dict, kind: str) -> None:
    if facts.get("kind") != kind:
        raise ValueError(
            f"{name}: the folder has an index of {facts.get('kind')}; expected {kind}: open it by the "
            "class that built it"
        )
