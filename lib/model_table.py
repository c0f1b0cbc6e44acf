"""Eight models to choose from, each figure with where it is stated and as of when.

Prices, limits and places on a leaderboard change: a figure without a date says nothing. What could not
be found at a source is None, and its source says so. The rows are cards to look at; `lib.open_models`
loads the models whose weights are free, `lib.providers` asks the services.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lib import _provider_models
from lib.prefixes import Prefix, prefix_of

__all__ = ["MODELS", "TASKS", "Figure", "Model", "embedding_costs"]

TASKS = "mean of the 56 English tasks of MTEB as of 2022 to 2024, in percent"


@dataclass(frozen=True)
class Figure:
    """A published number: value, None where none was found; where it stands; "year-month"."""

    value: float | None
    source: str
    as_of: str


@dataclass(frozen=True)
class Model:
    """What one needs to know to choose and to run a model.

    name: as the hub or the service calls it.  dim: length of a vector.  shortens: whether it was
    trained so that its first numbers can be used alone (lesson 05).  max_tokens: text beyond is not
    seen.  pooling: "mean", "cls", "last", or "service" where you never see it.  parameters,
    word_parameters: in millions, all and those of the word embeddings, which cost no arithmetic; None
    for a service (as mteb 2.26 counts them).  dollars: per million tokens, of a service.  mteb: see TASKS.  own_code: whether
    loading it runs Python code of its repository.  source, as_of: of the row.
    """

    name: str
    dim: int
    shortens: bool
    max_tokens: int
    pooling: str
    parameters: float | None
    word_parameters: float | None
    dollars: Figure | None
    mteb: Figure
    licence: str
    source: str
    as_of: str
    own_code: bool = False

    @property
    def key(self) -> str:
        """The name without its owner."""
        return self.name.rpartition("/")[2]

    @property
    def is_service(self) -> bool:
        """Whether it runs at its owner's only."""
        return self.pooling == "service"

    @property
    def prefix(self) -> Prefix:
        """What it wants before a query and before a document."""
        return prefix_of(self.name)

    def megabytes(self, bits: int = 16) -> float | None:
        """Return the size of the weights at so many bits a number, None for a service."""
        return None if self.parameters is None else self.parameters * bits / 8

    def flops_per_token(self) -> float | None:
        """Return the operations of one token, attention left out: 2 for each weight that multiplies.

        Source: Kaplan et al. 2020, Scaling Laws for Neural Language Models, section 2.1.
        """
        if self.parameters is None or self.word_parameters is None:
            return None
        return 2e6 * (self.parameters - self.word_parameters)

    def index_bytes(self, texts: int) -> int:
        """Return the bytes of so many vectors in float32."""
        return 4 * self.dim * texts

    def price(self, tokens: int) -> float | None:
        """Return what the service asks for so many tokens, in dollars; None for an open model."""
        if self.dollars is None or self.dollars.value is None:
            return None
        return tokens * self.dollars.value / 1e6


_HUB = "https://huggingface.co/"
_OPENAI = "https://openai.com/index/new-embedding-models-and-api-updates/"
_GTE = _HUB + "Alibaba-NLP/gte-Qwen2-7B-instruct"
_VOYAGE = "https://blog.voyageai.com/2024/09/18/voyage-3/"


def _of_service(service: str, name: str, *, mteb: Figure, source: str, as_of: str) -> Model:
    """The row of a service's model, whose limits and price stand with what calls it."""
    card = _provider_models.MODELS[service, name]
    price, priced = card.source.rpartition("; ")[2], card.as_of.rpartition("; ")[2]
    return Model(
        *(name, card.dim, card.shortens, card.text_tokens, "service", None, None),
        dollars=Figure(card.dollars, price, priced),
        mteb=mteb,
        licence="service",
        source=source,
        as_of=as_of,
    )


_ROWS = (
    _of_service(
        "openai",
        "text-embedding-3-large",
        mteb=Figure(64.6, _OPENAI, "2024-01"),
        source=_OPENAI,
        as_of="2024-01",
    ),
    _of_service(
        "openai",
        "text-embedding-3-small",
        mteb=Figure(62.3, _OPENAI, "2024-01"),
        source=_OPENAI,
        as_of="2024-01",
    ),
    _of_service(
        "voyage",
        "voyage-3",
        mteb=Figure(None, f"none: its owner compares it on sets of its own ({_VOYAGE})", "2024-09"),
        source=_VOYAGE,
        as_of="2024-09",
    ),
    Model(
        *("Alibaba-NLP/gte-Qwen2-7B-instruct", 3584, False, 32_768, "last", 7_069.1, 543.5),
        dollars=None,
        mteb=Figure(70.24, _GTE, "2024-06"),
        licence="Apache-2.0",
        source=_GTE,
        as_of="2024-06",
        own_code=True,  # in it each token sees those after it, too
    ),
    Model(
        *("intfloat/e5-mistral-7b-instruct", 4096, False, 4096, "last", 7_111.0, 131.1),
        dollars=None,
        mteb=Figure(66.63, f"the table of {_GTE}", "2024-06"),
        licence="MIT",
        source=_HUB + "intfloat/e5-mistral-7b-instruct",
        as_of="2024-02",
    ),
    Model(
        *("sentence-transformers/all-MiniLM-L6-v2", 384, False, 256, "mean", 22.7, 11.7),
        dollars=None,
        mteb=Figure(56.26, "Muennighoff et al. 2023, MTEB, table 1", "2022-10"),
        licence="Apache-2.0",
        source=_HUB + "sentence-transformers/all-MiniLM-L6-v2",
        as_of="2021-08",
    ),
    Model(
        *("BAAI/bge-large-en-v1.5", 1024, False, 512, "cls", 335.0, 31.3),
        dollars=None,
        mteb=Figure(64.23, _HUB + "BAAI/bge-large-en-v1.5", "2023-09"),
        licence="MIT",
        source=_HUB + "BAAI/bge-large-en-v1.5",
        as_of="2023-09",
    ),
    Model(
        *("nomic-ai/nomic-embed-text-v1.5", 768, True, 8192, "mean", 136.7, 23.4),
        dollars=None,
        mteb=Figure(62.28, _HUB + "nomic-ai/nomic-embed-text-v1.5", "2024-02"),
        licence="Apache-2.0",
        source=_HUB + "nomic-ai/nomic-embed-text-v1.5",
        as_of="2024-02",
    ),
)

MODELS: dict[str, Model] = {row.key: row for row in _ROWS}


def embedding_costs(
    tokens: Iterable[int],
    limit: int,
    dollars_per_million: float,
    tokens_per_second: float,
    dollars_per_hour: float,
) -> tuple[float, float]:
    """Return the dollars that embedding texts costs, by a service and by one's own machine.

    tokens: of each text; what is over `limit` is read by neither. Raises ValueError for a limit below 1
    or a speed of 0 or less.
    """
    if limit < 1 or tokens_per_second <= 0:
        raise ValueError(
            f"embedding_costs: limit is {limit}, tokens_per_second {tokens_per_second}; expected at "
            "least 1 and more than 0"
        )
    read = sum(min(count, limit) for count in tokens)
    return read * dollars_per_million / 1e6, read / tokens_per_second * dollars_per_hour / 3600
