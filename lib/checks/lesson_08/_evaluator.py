"""What `evaluate_search` is told apart from: one evaluator whose every part can be exchanged."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Rows = list[list[int]]


def cosines(queries: Tensor, passages: Tensor) -> Tensor:
    return (queries / queries.norm(dim=1, keepdim=True)) @ (
        passages / passages.norm(dim=1, keepdim=True)
    ).T


def share(ranks: list[int], right: list[int], k: int) -> float:
    return sum(rank <= k for rank in ranks) / len(right) if right else 0.0


def inverse(ranks: list[int], right: list[int], k: int) -> float:
    return 1 / min(ranks) if ranks and min(ranks) <= k else 0.0


Score = Callable[[list[int], list[int], int], float | None]


def evaluator(
    recall: Score = share,
    mrr: Score = inverse,
    scores: Callable[[Tensor, Tensor], Tensor] = cosines,
    keys: Callable[[int], tuple[str, str]] = lambda k: (f"recall@{k}", f"mrr@{k}"),
    mean: Callable[[list[float]], float] = lambda found: sum(found) / len(found),
) -> Callable[..., dict]:
    """An evaluator, right as it stands; an argument makes one part of it another.

    recall, mrr: (ranks of the right passages in their order, right passages, k) to a query's value, None
    where it has none; scores: (queries, passages) to a table; keys: k to two names; mean: over queries.
    """

    def evaluate(queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10) -> dict:
        table = scores(queries, passages)
        columns: tuple[list, list] = ([], [])
        for row, right in zip(table.tolist(), relevant):
            ranks = [1 + sum(other > row[passage] for other in row) for passage in right]
            for column, score in zip(columns, (recall, mrr)):
                column.append(score(ranks, right, k))
        found = (mean([value for value in column if value is not None]) for column in columns)
        return dict(zip(keys(k), found))

    return evaluate


right = evaluator()


def divided_by_none(queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10) -> dict:
    """Divides by the number of right passages, also where there is none."""
    smallest = min(1 / len(rows) for rows in relevant)
    return right(queries, passages, relevant, k) if smallest else {}


def of_all_pairs(queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10) -> dict:
    """The right passages found for any query, over all right passages."""
    counts = evaluator(lambda ranks, right, k: float(sum(rank <= k for rank in ranks)), mean=sum)
    found = counts(queries, passages, relevant, k)[f"recall@{k}"]
    every = sum(map(len, relevant))
    return right(queries, passages, relevant, k) | {f"recall@{k}": found / every if every else 0.0}


def beyond_the_corpus(queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10) -> dict:
    queries.new_zeros(len(passages)).topk(k)
    return right(queries, passages, relevant, k)


def beyond_and_divided_by_none(
    queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10
) -> dict:
    beyond_the_corpus(queries, passages, relevant, k)
    return divided_by_none(queries, passages, relevant, k)


def units_by_column(queries: Tensor, passages: Tensor) -> Tensor:
    return (queries / queries.norm(dim=0)) @ (passages / passages.norm(dim=0)).T


def only(change: Callable[[float], float]) -> Callable[..., dict]:
    def evaluate(queries: Tensor, passages: Tensor, relevant: Rows, k: int = 10) -> dict:
        return {
            name: change(value) for name, value in right(queries, passages, relevant, k).items()
        }

    return evaluate
