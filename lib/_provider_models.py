"""The models of the four embedding services: what a request may hold, what it costs, who says so.

Limits and prices change. Each row says where it stands and as of when; the service has the last word,
and what it says comes back in the error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SERVICES = ("openai", "cohere", "google", "voyage")


@dataclass(frozen=True)
class ServiceModel:
    """One model of a service.

    dim: length of a vector.  shortens: whether the service gives shorter ones.  texts, tokens: the most
    in one request (tokens None: not limited).  text_tokens: the most in one text.
    dollars: for a million of `unit`, "tokens" or "characters".  source, as_of: of the limits, then
    of the price.
    """

    service: str
    name: str
    dim: int
    shortens: bool
    texts: int
    tokens: int | None
    text_tokens: int
    dollars: float | None
    unit: str
    source: str
    as_of: str

    def cost(self, tokens: int, characters: int) -> float | None:
        """Return the price in dollars of so many tokens or characters, None if it is not known."""
        if self.dollars is None:
            return None
        return self.dollars * (tokens if self.unit == "tokens" else characters) / 1_000_000


_OPENAI = "https://platform.openai.com/docs/api-reference/embeddings/create"
_COHERE = "cohere 7.3.1, ClientV2.embed; https://docs.cohere.com/docs/cohere-embed"
_GOOGLE = "https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings"
_VOYAGE = "https://docs.voyageai.com/reference/embeddings-api"
_VOYAGE_PRICE = "; https://docs.voyageai.com/pricing"
_LITELLM = "; LiteLLM's price table"

MODELS: dict[tuple[str, str], ServiceModel] = {
    (row.service, row.name): row
    for row in (
        # openai: 2,048 texts and 300,000 tokens a request, 8,192 tokens a text
        ServiceModel(
            *("openai", "text-embedding-3-small", 1536, True, 2048, 300_000, 8192, 0.02, "tokens"),
            source=_OPENAI + "; https://platform.openai.com/docs/pricing",
            as_of="2026-06; 2026-08",
        ),
        ServiceModel(
            *("openai", "text-embedding-3-large", 3072, True, 2048, 300_000, 8192, 0.13, "tokens"),
            source=_OPENAI + "; https://platform.openai.com/docs/pricing",
            as_of="2026-06; 2026-08",
        ),
        # cohere: 96 texts a request
        ServiceModel(
            *("cohere", "embed-english-v3.0", 1024, False, 96, None, 512, 0.10, "tokens"),
            source=_COHERE + _LITELLM,
            as_of="2026-11; 2026-08",
        ),
        ServiceModel(
            *("cohere", "embed-v4.0", 1536, True, 96, 128_000, 128_000, 0.12, "tokens"),
            source=_COHERE + _LITELLM,
            as_of="2026-11; 2026-08",
        ),
        # google: 250 texts and 20,000 tokens a request, 2,048 tokens a text; Gemini takes one text
        ServiceModel(
            *("google", "text-embedding-005", 768, True, 250, 20_000, 2048, 0.025, "characters"),
            source=_GOOGLE + "; https://cloud.google.com/vertex-ai/generative-ai/pricing",
            as_of="2026-08; 2025-09",
        ),
        ServiceModel(
            *("google", "gemini-embedding-001", 3072, True, 1, 20_000, 2048, 0.15, "tokens"),
            source=_GOOGLE + "; https://cloud.google.com/vertex-ai/generative-ai/pricing",
            as_of="2026-08; 2026-04",
        ),
        # voyage: 1,000 texts a request. voyage-3 has left the page that gives the tokens: the
        # smallest number there is taken for it.
        ServiceModel(
            *("voyage", "voyage-3", 1024, False, 1000, 120_000, 32_000, 0.06, "tokens"),
            source=_VOYAGE + _VOYAGE_PRICE,
            as_of="2026-05; 2025-01",
        ),
        ServiceModel(
            *("voyage", "voyage-3.5", 1024, True, 1000, 320_000, 32_000, 0.06, "tokens"),
            source=_VOYAGE + _VOYAGE_PRICE,
            as_of="2026-05; 2026-05",
        ),
    )
}
# What is called when no model is named, and whose limits hold for one that is not in the table.
USUAL = {
    "openai": "text-embedding-3-small",
    "cohere": "embed-english-v3.0",
    "google": "text-embedding-005",
    "voyage": "voyage-3",
}


def model_card(service: str, model: str) -> ServiceModel | None:
    """Return the row of a model, None for one that the table does not have."""
    return MODELS.get((service, model.rpartition("/")[2]))


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many: one for three bytes of UTF-8.

    English has some 4.5 bytes a token; Chinese and Japanese have about three. Only the service
    knows: a batch that it finds too large is halved.
    """
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 3) + 1
