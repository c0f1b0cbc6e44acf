"""Embeddings by OpenAI, Cohere, Google Vertex AI and Voyage, through one interface.

The services' own clients make the calls. What every caller needs around them is here once: batches
within the limits of a request, retries that honour what the service asks for, errors that say what to
do, a count of what was used. `lib.providers_offline` answers in place of the services, on this machine.

    provider = open_provider("openai", model="text-embedding-3-small")
    vectors = provider.embed(texts, side="document", dim=256)  # (n, 256)
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lib import progress_bar
from lib._arguments import as_texts, shown
from lib._provider_clients import Answer, Settings, open_client
from lib._provider_errors import (
    BadAnswerError,
    KeyRefusedError,
    ProviderError,
    RateLimitedError,
    RequestRefusedError,
    ServiceFailedError,
    TextTooLongError,
    TimedOutError,
    UnknownModelError,
    UnreachableError,
    provider_error,
)
from lib._provider_models import (
    MODELS,
    SERVICES,
    USUAL,
    ServiceModel,
    estimated_tokens,
    model_card,
)
from lib._provider_retries import Failure, RequestFailed, Retries
from lib.cache import EmbeddingCache

__all__ = [
    "KEYS",
    "MODELS",
    "SERVICES",
    "BadAnswerError",
    "KeyRefusedError",
    "Provider",
    "ProviderError",
    "RateLimitedError",
    "RequestRefusedError",
    "Retries",
    "ServiceFailedError",
    "ServiceModel",
    "TextTooLongError",
    "TimedOutError",
    "UnknownModelError",
    "UnreachableError",
    "Usage",
    "batches",
    "decode_vector",
    "estimated_tokens",
    "missing_clients",
    "open_provider",
]

# where the key of each stands; Google has credentials of its own
KEYS = {"openai": "OPENAI_API_KEY", "cohere": "CO_API_KEY", "voyage": "VOYAGE_API_KEY"}
_CLIENTS = {"openai": "openai", "cohere": "cohere", "google": "google.genai", "voyage": "voyageai"}
_NAMED = re.compile(r"input\[(\d+)\]|index (\d+)")  # a message that names the text


def decode_vector(payload: str, dim: int) -> Tensor:
    """Return the first `dim` numbers of a vector as it travels, rescaled to length 1, (dim,) float32.

    payload: base64 of little-endian float32. Raises ValueError for dim below 1 or above what came.
    """
    numbers = np.frombuffer(base64.b64decode(payload), dtype="<f4")
    if not 1 <= dim <= len(numbers):
        raise ValueError(f"decode_vector: {len(numbers)} numbers came; {dim} are asked for")
    return F.normalize(torch.from_numpy(numbers[:dim].astype(np.float32)), dim=0)


def missing_clients() -> list[str]:
    """Return the services whose Python client is not installed, [] if all four are.

    They come with the extra `api`: `pip install "embeddings-course[api]"`.
    """
    return [service for service, module in _CLIENTS.items() if not _installed(module)]


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


@dataclass
class Usage:
    """What a provider has used so far.

    requests: answered or not; texts, tokens, characters: that were embedded, as the service counts
    tokens; retries: requests sent again; waited: seconds between them.
    """

    requests: int = 0
    texts: int = 0
    tokens: int = 0
    characters: int = 0
    retries: int = 0
    waited: float = 0.0


class Provider:
    """One model of one service; made by `open_provider`.

    service, model: whom it asks; card: the row of MODELS, of the service's usual model where there is
    none; usage: what was used. `server` is the server of `offline_provider`, else None.
    """

    def __init__(
        self,
        service: str,
        settings: Settings,
        retries: Retries | None = None,
        cache: EmbeddingCache | None = None,
    ) -> None:
        self.service, self.model = service, settings.model
        self.card = model_card(service, self.model) or MODELS[service, USUAL[service]]
        self.usage = Usage()
        self.server: Any = None
        self._known = model_card(service, self.model) is not None
        self._settings, self._retries, self._cache = settings, retries or Retries(), cache
        self._ask = open_client(service, settings, self._retries.clock)

    def __repr__(self) -> str:
        return f"Provider({self.service!r}, model={self.model!r})"

    @property
    def cost(self) -> float | None:
        """Dollars for what was used, by the price of MODELS; None where that is not known."""
        return self.card.cost(self.usage.tokens, self.usage.characters) if self._known else None

    def embed(
        self, texts: Iterable[str], side: str, dim: int | None = None, progress: bool = True
    ) -> Tensor:
        """Return the service's vectors of `texts`, (n, dim) float32 on the CPU, in their order.

        side: "query" or "document"; of OpenAI's models both are the same. dim: a shorter vector,
        cut and normalised by the service. A text that comes twice is sent once. progress: draw a bar
        on stdout if it takes over 2 s.

        Raises ValueError before anything is sent for an empty text, another side, and a dim that the
        model does not have; a ProviderError, by its kind, when the service gives no vectors: what it
        gave before is in the error. And what `as_texts` raises.
        """
        texts = as_texts("embed", texts)
        self._refuse(texts, side, dim)
        if not texts:
            return torch.empty(0, dim or self.card.dim)
        distinct = list(dict.fromkeys(texts))
        key = self._cache_key(side, dim)
        kept = self._cache.get(key, distinct) if self._cache else [None] * len(distinct)
        vectors = {text: row for text, row in zip(distinct, kept) if row is not None}
        missing = [text for text in distinct if text not in vectors]
        try:
            with progress_bar.bar(len(missing), "Embedding", "text", shown=progress) as bar:
                waiting = deque(batches(missing, self.card))
                while waiting:
                    batch = waiting.popleft()
                    rows = self._rows(batch, side, dim, bar)
                    if rows is None:
                        half = len(batch) // 2
                        waiting.extendleft((batch[half:], batch[:half]))
                        continue
                    if self._cache:
                        self._cache.put(key, batch, rows)
                    vectors |= zip(batch, rows)
                    bar.update(len(batch))
        except RequestFailed as error:
            limit = self.card.text_tokens if self._known else None
            raise provider_error(
                error.failure, self.service, self.model, texts, vectors, self._retries, limit
            ) from error
        return torch.stack([vectors[text] for text in texts])

    def _rows(self, batch: list[str], side: str, dim: int | None, bar: Any) -> Tensor | None:
        """The vectors of one batch, (len(batch), dim), or None if it is to be halved."""

        def ask() -> Answer:
            self.usage.requests += 1
            return self._ask(batch, side, dim)

        def waiting(seconds: float, failure: Failure) -> None:
            self.usage.retries += 1
            self.usage.waited += seconds
            # Drawn at once only where it explains a wait that is felt: a short one draws no bar.
            bar.set_postfix_str(
                f"waiting {seconds:.0f} s, {failure.kind}", refresh=seconds >= progress_bar.DELAY
            )

        try:
            answer = self._retries.call(ask, waiting)
        except RequestFailed as error:
            failure = error.failure
            if failure.kind != "size":
                raise
            named = _NAMED.search(failure.said)
            place = int(named[1] or named[2]) if named else 0
            # Which text it is the service says, or the halves do, down to one text.
            if len(batch) > 1 and not (named and place < len(batch)):
                return None
            long = batch[min(place, len(batch) - 1)]
            raise RequestFailed(replace(failure, kind="long", text=long)) from error
        bar.set_postfix_str("", refresh=False)
        self.usage.texts += len(batch)
        self.usage.tokens += answer.tokens
        self.usage.characters += sum(map(len, batch))
        return answer.vectors

    def _refuse(self, texts: list[str], side: str, dim: int | None) -> None:
        if side not in ("query", "document"):
            raise ValueError(f"embed: side is {shown(side)}; expected 'query' or 'document'")
        for place, text in enumerate(texts):
            if not text.strip():
                raise ValueError(
                    f"embed: texts[{place}] is empty, {text!r}; {self.service} gives no vector for "
                    "that: leave such texts out"
                )
        if dim is None:
            return
        if dim < 1 or (self._known and dim > self.card.dim):
            raise ValueError(
                f"embed: dim is {dim}; {self.model} has {self.card.dim} dimensions: expected 1 to "
                f"{self.card.dim}"
            )
        if self._known and not self.card.shortens and dim != self.card.dim:
            raise ValueError(
                f"embed: dim is {dim}, but {self.service} gives {self.model} only whole, with "
                f"{self.card.dim} dimensions; leave dim out, or cut and normalise the vectors yourself"
            )

    def _cache_key(self, side: str, dim: int | None) -> str:
        facts = (self.service, self.model, self._settings.base_url, self._settings.truncate)
        return hashlib.sha256(json.dumps([*facts, side, dim]).encode()).hexdigest()[:32]


def batches(texts: Sequence[str], card: ServiceModel) -> list[list[str]]:
    """Return the texts in their order, in batches within the limits of one request.

    A batch has at most `card.texts` texts and, by `estimated_tokens`, at most `card.tokens`; a text
    that has more than that by itself stands alone.
    """
    found: list[list[str]] = []
    tokens = 0
    for text in texts:
        size = min(estimated_tokens(text), card.text_tokens)
        full = not found or len(found[-1]) == card.texts
        if full or (card.tokens is not None and tokens + size > card.tokens):
            found.append([])
            tokens = 0
        found[-1].append(text)
        tokens += size
    return found


def open_provider(
    service: str,
    model: str | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    *,
    truncate: bool = False,
    timeout: float = 60.0,
    retries: Retries | None = None,
    cache: EmbeddingCache | None = None,
    project: str | None = None,
    location: str | None = None,
) -> Provider:
    """Return a provider of embeddings: a service's own client, with what every caller needs around it.

    service: "openai", "cohere", "google" (Vertex AI) or "voyage". model: any of the service's, by
    default the one of USUAL. api_key: by default from OPENAI_API_KEY, CO_API_KEY or VOYAGE_API_KEY; of
    Google an access token, by default the credentials of `gcloud auth application-default login`.
    base_url: another address, as the client takes it. truncate: let the service cut what is too long,
    without a word, where it can. timeout: seconds for one answer. cache: keeps the vectors on disk by
    service, model, side and dim. project, location: of Google, by default from GOOGLE_CLOUD_PROJECT
    and GOOGLE_CLOUD_LOCATION, else us-central1.

    Raises ValueError for another service, KeyRefusedError where there is no key, ModuleNotFoundError,
    saying what to install, where the client is not installed. Nothing is sent yet.
    """
    if service not in SERVICES:
        raise ValueError(
            f"open_provider: service is {shown(service)}; expected one of {', '.join(SERVICES)}"
        )
    if truncate and service == "openai":
        raise ValueError(
            "open_provider: OpenAI cuts no text; cut it into chunks, or leave truncate out"
        )
    model = model or USUAL[service]
    if service == "google":
        project = project or os.environ.get("GOOGLE_CLOUD_PROJECT")
        location = location or os.environ.get("GOOGLE_CLOUD_LOCATION") or "us-central1"
        if not project:
            raise ValueError(
                "open_provider: Google wants a project; give project=... or set GOOGLE_CLOUD_PROJECT"
            )
    else:
        api_key = api_key or os.environ.get(KEYS[service], "").strip() or None
        if not api_key:
            raise KeyRefusedError(
                f"open_provider: there is no key for {service}; set the environment variable "
                f"{KEYS[service]} or give api_key=... Without one, "
                f'lib.providers_offline.offline_provider("{service}") answers on this machine',
                service=service,
                model=model,
            )
    settings = Settings(model, api_key, base_url, timeout, truncate, project, location)
    return Provider(service, settings, retries, cache)
