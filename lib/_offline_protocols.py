"""The four services' protocols, spoken by a local server: what a request may hold, what is answered.

Limits are those of lib._provider_models, and what is over them is refused with the status and, as far
as it is known, in the words of the service. A token is a word or a sign here, since the services' own
tokenizers are not on this machine.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from lib._provider_models import ServiceModel, model_card
from lib.text import split_words

Json = dict[str, Any]
# texts and their side ("query", "document" or "", where the protocol has none) to (n, dim) vectors
Encode = Callable[[list[str], str], Tensor]
_SIDES = {
    "search_query": "query",  # Cohere
    "search_document": "document",
    "RETRIEVAL_QUERY": "query",  # Google
    "RETRIEVAL_DOCUMENT": "document",
    "query": "query",  # Voyage
    "document": "document",
}


@dataclass(frozen=True)
class Reply:
    """What goes back: an HTTP status, a body, and the tokens and texts that were paid for."""

    status: int
    body: Json
    tokens: int = 0
    texts: int = 0


def count_tokens(text: str) -> int:
    """Return the words and signs of a text: what this server counts as tokens."""
    return len(re.findall(r"\w+|[^\w\s]", text))


def error_body(service: str, status: int, message: str, code: str | None = None) -> Json:
    """Return an error as the service writes it down."""
    if service == "openai":
        kind = "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}
    if service == "google":
        names = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}
        name = names.get(status, "RESOURCE_EXHAUSTED" if status == 429 else "INTERNAL")
        return {"error": {"code": status, "message": message, "status": name}}
    return {"detail" if service == "voyage" else "message": message}


def refusal_of_key(service: str) -> Reply:
    """Return the 401 of a service."""
    words = {
        "openai": "Incorrect API key provided. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        "cohere": "invalid api token",
        "google": "Request had invalid authentication credentials. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
        "voyage": "Provided API key is invalid.",
    }
    code = "invalid_api_key" if service == "openai" else None
    return Reply(401, error_body(service, 401, words[service], code))


def embed_openai(body: Json, encode: Encode) -> Reply:
    """POST /v1/embeddings of OpenAI: vectors as base64 of little-endian float32, or as lists."""
    given = body["input"]
    texts = [given] if isinstance(given, str) else given
    dim, model = body.get("dimensions"), body["model"]
    done = _embed("openai", model, texts, "", dim, False, encode)
    if isinstance(done, Reply):
        return done
    vectors, tokens = done
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    rows = _rows(vectors, body.get("encoding_format") == "base64")
    answer = {"object": "list", "data": rows, "model": model, "usage": usage}
    return Reply(200, answer, tokens, len(texts))


def embed_voyage(body: Json, encode: Encode) -> Reply:
    """POST /v1/embeddings of Voyage: as OpenAI's, with a side and with cutting by the service."""
    given = body["input"]
    texts = [given] if isinstance(given, str) else given
    side, cut = _SIDES.get(body.get("input_type") or "", ""), body.get("truncation", True)
    dim, model = body.get("output_dimension"), body["model"]
    done = _embed("voyage", model, texts, side, dim, cut, encode)
    if isinstance(done, Reply):
        return done
    vectors, tokens = done
    rows = _rows(vectors, body.get("encoding_format") == "base64")
    answer = {"object": "list", "data": rows, "model": model, "usage": {"total_tokens": tokens}}
    return Reply(200, answer, tokens, len(texts))


def embed_cohere(body: Json, encode: Encode) -> Reply:
    """POST /v2/embed of Cohere: lists of numbers by type."""
    texts, side = body["texts"], _SIDES.get(body["input_type"], "")
    dim, cut = body.get("output_dimension"), body.get("truncate", "END") != "NONE"
    done = _embed("cohere", body["model"], texts, side, dim, cut, encode)
    if isinstance(done, Reply):
        return done
    vectors, tokens = done
    answer = {
        "id": "offline",
        "embeddings": {"float": vectors.tolist()},
        "texts": texts,
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}},
        "response_type": "embeddings_by_type",
    }
    return Reply(200, answer, tokens, len(texts))


def embed_google(model: str, method: str, body: Json, encode: Encode) -> Reply:
    """POST .../models/MODEL:predict of Vertex AI, :embedContent or :batchEmbedContents of Gemini's.

    Google's client posts the second for one text by a Gemini model and the third for several.
    """
    if method == "predict":
        return _predict_google(model, body, encode)
    requests = body["requests"] if method == "batchEmbedContents" else [body]
    if not requests:
        return _refused("google", "The text content is empty.")
    vectors, tokens = [], 0
    for request in requests:  # each has settings of its own, and the limits of one text
        settings = {**request, **request.get("embedContentConfig", {})}
        text = "".join(part.get("text", "") for part in request["content"]["parts"])
        side, dim = (
            _SIDES.get(settings.get("taskType") or "", ""),
            settings.get("outputDimensionality"),
        )
        cut = settings.get("autoTruncate", True)
        done = _embed("google", model, [text], side, dim, cut, encode)
        if isinstance(done, Reply):
            return done
        vectors.append(done[0][0].tolist())
        tokens += done[1]
    usage = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    found: Json = {"embeddings": [{"values": row} for row in vectors]}
    if method == "embedContent":
        found = {"embedding": {"values": vectors[0]}}
    return Reply(200, {**found, "usageMetadata": usage}, tokens, len(vectors))


def _predict_google(model: str, body: Json, encode: Encode) -> Reply:
    parameters = body.get("parameters", {})
    texts = [instance["content"] for instance in body["instances"]]
    task, dim = body["instances"][0].get("task_type"), parameters.get("outputDimensionality")
    cut = parameters.get("autoTruncate", True)
    done = _embed("google", model, texts, _SIDES.get(task or "", ""), dim, cut, encode)
    if isinstance(done, Reply):
        return done
    vectors, tokens = done
    predictions = [
        {
            "embeddings": {
                "values": row,
                "statistics": {"token_count": count_tokens(text), "truncated": False},
            }
        }
        for row, text in zip(vectors.tolist(), texts)
    ]
    characters = sum(map(len, texts))
    metadata = {"billableCharacterCount": characters}
    return Reply(200, {"predictions": predictions, "metadata": metadata}, tokens, len(texts))


def chat(body: Json, answer: Callable[[str], str]) -> Reply:
    """POST /v1/chat/completions of OpenAI: the answer to what the user said last."""
    if body.get("stream"):
        return _refused("openai", "This server does not stream; leave stream out.")
    said = [m.get("content") or "" for m in body["messages"] if m.get("role") == "user"]
    if not said:
        return _refused("openai", "There is no message of the user to answer.")
    last = said[-1]
    if not isinstance(last, str):  # a list of parts
        last = "".join(part.get("text", "") for part in last)
    text = answer(last)
    before = sum(count_tokens(str(m.get("content") or "")) for m in body["messages"])
    after = count_tokens(text)
    message = {"role": "assistant", "content": text, "refusal": None}
    done = {
        "id": "chatcmpl-offline",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {
            "prompt_tokens": before,
            "completion_tokens": after,
            "total_tokens": before + after,
        },
    }
    return Reply(200, done, before + after)


def passage_queries(prompt: str) -> str:
    """Return three search queries for the passage in a prompt, numbered: a language model's stand-in.

    The passage is what follows the last line that ends in a colon, or else the whole prompt. The
    queries are made of its words without stop words: the first of them, those that end its first
    sentence, the longest.
    """
    _, _, rest = prompt.rpartition(":\n")
    passage = " ".join((rest or prompt).split())
    first = _words(re.split(r"(?<=[.!?])\s", passage)[0])
    longest = sorted(dict.fromkeys(_words(passage)), key=lambda word: (-len(word), word))
    queries = (first[:8], ["what", "is", *first[-4:]], longest[:4])
    return "\n".join(f"{n}. {' '.join(words)}" for n, words in enumerate(queries, start=1))


def _words(text: str) -> list[str]:
    from bm25s.stopwords import STOPWORDS_EN

    return [word for word in split_words(text) if word not in STOPWORDS_EN]


def _embed(
    service: str,
    model: str,
    texts: list[str],
    side: str,
    dim: int | None,
    cut: bool,
    encode: Encode,
) -> tuple[Tensor, int] | Reply:
    """Vectors (n, dim) of unit length and the number of tokens, or a refusal."""
    card = model_card(service, model)
    if card is None:
        return _no_model(service, model)
    counts = [count_tokens(text) for text in texts]
    refused = _over_limits(card, texts, counts, cut)
    if refused:
        return refused
    vectors = encode(texts, side)
    whole = vectors.shape[1]
    if dim is not None and (dim > whole or dim < 1 or not (card.shortens or dim == whole)):
        sizes = f"between 1 and {whole}" if card.shortens else f"{whole}"
        words = f"Invalid output dimension: {dim}. {model} here has {sizes}."
        return _refused(service, words)
    return F.normalize(vectors[:, :dim].float(), dim=1).cpu(), sum(counts)


def _over_limits(
    card: ServiceModel, texts: list[str], counts: list[int], cut: bool
) -> Reply | None:
    """The refusal of a request that holds too much, in the words of the service."""
    service, model = card.service, card.name
    if not texts or not all(texts):
        empty = {"openai": "'$.input' is invalid. Please check the API reference: "}
        return _refused(service, empty.get(service, "The text content is empty."))
    if len(texts) > card.texts:
        n, most = len(texts), card.texts
        words = {
            "openai": "Invalid 'input': array too long. Expected an array with maximum length "
            f"{most}, but got an array with length {n} instead.",
            "cohere": f"invalid request: total number of texts must be at most {most} - received {n}",
            "google": f"{most} instance(s) is allowed per prediction. Actual: {n}",
            "voyage": f"The batch size limit is {most}. Your batch size is {n}.",
        }
        return _refused(service, words[service])
    most = card.text_tokens
    place = next((i for i, count in enumerate(counts) if count > most), None)
    if place is not None and not cut:
        n = counts[place]
        words = {
            "openai": f"Invalid 'input[{place}]': maximum input length is {most} tokens.",
            "cohere": f"too many tokens: a text has {n} tokens, the limit of {model} is {most} tokens",
            "google": "Unable to submit request because the input token count is "
            f"{n} but the model supports up to {most}. Reduce the input token count and try again.",
            "voyage": f"The example at index {place} in your batch has too many tokens and does not "
            f"fit into the model's context window of {most} tokens. Please lower the number of tokens "
            "in the listed example(s) or use truncation.",
        }
        return _refused(service, words[service])
    total = sum(min(count, most) for count in counts)
    if card.tokens is not None and total > card.tokens:
        words = {
            "openai": f"Requested {total} tokens, max {card.tokens} tokens per request",
            "cohere": f"too many tokens: {total} tokens in all, the limit is {card.tokens}",
            "google": "Unable to submit request because the input token count is "
            f"{total} but the model supports up to {card.tokens}.",
            "voyage": f"Request to model '{model}' failed. The max allowed tokens per submitted batch "
            f"is {card.tokens}. Your batch has {total} tokens after truncation. Please lower the "
            "number of tokens in the batch.",
        }
        return _refused(service, words[service])
    return None


def _no_model(service: str, model: str) -> Reply:
    words = {
        "openai": f"The model `{model}` does not exist or you do not have access to it.",
        "cohere": f"model '{model}' not found, make sure the correct model ID was used and that you "
        "have access to the model.",
        "google": f"Publisher Model `{model}` was not found or your project does not have access.",
        "voyage": f"Model {model} is not supported.",
    }
    status = 400 if service == "voyage" else 404
    code = "model_not_found" if service == "openai" else None
    return Reply(status, error_body(service, status, words[service], code))


def _refused(service: str, message: str) -> Reply:
    return Reply(400, error_body(service, 400, message))


def _rows(vectors: Tensor, as_base64: bool) -> list[Mapping[str, Any]]:
    """Vectors as OpenAI and Voyage send them."""
    found: list[Mapping[str, Any]] = []
    for place, row in enumerate(vectors):
        payload: Any = row.tolist()
        if as_base64:
            payload = base64.b64encode(row.numpy().astype("<f4").tobytes()).decode()
        found.append({"object": "embedding", "index": place, "embedding": payload})
    return found
