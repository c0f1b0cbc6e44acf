"""Models with free weights, loaded by their names and fed as they were trained.

A model is more than its weights. Which token is pooled, on which side a batch is padded, what stands
before a text and behind it, how much of it is read: each is in some file of its folder, or in its card
only, and where one is missing a library takes a default without a word. So what was loaded is compared
with the card here, and what the card alone says is put in.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib.device import pick_device
from lib.model_table import MODELS, Model
from lib.models import quietly
from lib.prefixes import SIDES, with_prefix

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["OpenModel", "load_by_name"]

_MODES = {"mean": "mean", "cls": "cls", "last": "lasttoken"}


class OpenModel:
    """A loaded model and its card.

    model: the SentenceTransformer, ready to encode; card: its row of the table.
    """

    def __init__(self, model: SentenceTransformer, card: Model) -> None:
        self.model, self.card = model, card

    def encode(
        self, texts: Iterable[str], side: str, task: str = "", batch_size: int = 32
    ) -> Tensor:
        """Return unit vectors (n, dim) float32 of texts, with the prefix of their side.

        side: "query" or "document"; task: what is searched for, in a sentence, for the models that
        want to be told. Raises ValueError for another side or a missing task.
        """
        texts = as_texts("OpenModel.encode", texts)
        if side not in SIDES:
            raise ValueError(f"OpenModel.encode: side is {side!r}; expected 'query' or 'document'")
        fed = with_prefix(self.card.prefix.family, texts, side, task)
        if not fed:
            return torch.empty(0, self.card.dim, device=self.model.device)
        return self.model.encode(
            fed,
            batch_size=batch_size,
            convert_to_tensor=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        ).float()


def load_by_name(
    name: str,
    *,
    folder: Path | str | None = None,
    device: str | torch.device | None = None,
    trust_remote_code: bool = False,
) -> OpenModel:
    """Return a model of the table with right pooling, padding, prefixes and limit.

    name: a key of MODELS, such as "bge-large-en-v1.5".  folder: where its files lie, if not in the
    hub's cache.  trust_remote_code: let the repository run Python code of its own, which "gte-Qwen2-
    7B-instruct" needs: its attention looks in both directions, which the class of transformers does
    not. (nomic-embed-text-v1.5 needed it once; transformers 5 has its class.)
    Raises ValueError for a name that is not in the table or is a service's, for a model that wants
    code and is not trusted, and where what was loaded does not pool as its card says; OSError, with
    what to do, when it can be had from no hub.
    """
    card = _card(name)
    if card.own_code and folder is None and not trust_remote_code:
        raise ValueError(
            f"load_by_name: {name} runs Python code of its repository on this machine ({card.source}). "
            "Read modeling_qwen.py there; then load_by_name(..., trust_remote_code=True)"
        )
    where = str(pick_device(device))
    try:
        with quietly():
            model = _open(card.name if folder is None else str(folder), where, trust_remote_code)
    except (OSError, ConnectionError) as error:
        size = card.megabytes() or 0
        raise OSError(
            f"load_by_name: {card.name} could not be had from a hub, nor is it in the hub's cache. "
            f"Online: unset HF_HUB_OFFLINE and run `hf download {card.name}` once (about "
            f"{size / 1000:.1f} GB in 16 bits). Offline: give folder=, where its files lie, or take "
            "load_encoder(), which comes with the course. The cause: "
            + (str(error).splitlines() or ["unknown"])[0]
        ) from error
    _fit(model, card)
    return OpenModel(model, card)


def _card(name: str) -> Model:
    card = MODELS.get(str(name).rpartition("/")[2])
    if card is None:
        raise ValueError(
            f"load_by_name: {name!r} is not in the table; expected one of {', '.join(MODELS)}: "
            "load_encoder takes any other name"
        )
    if card.is_service:
        raise ValueError(
            f"load_by_name: {name!r} runs only at its service ({card.source}); ask it by "
            "lib.providers.open_provider"
        )
    return card


def _open(path: str, device: str, trusted: bool) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    # Encoding one text after another needs no memory of the texts before (and the code of gte-Qwen2
    # asks for a form of it that transformers no longer has).
    options: dict[str, Any] = {"config_kwargs": {"use_cache": False}} if trusted else {}
    model = SentenceTransformer(path, device=device, trust_remote_code=trusted, **options)
    return model.eval()


def _fit(model: SentenceTransformer, card: Model) -> None:
    """Compare what was loaded with the card, and put in what only the card says."""
    from sentence_transformers.sentence_transformer.modules import Pooling

    pooling = next((module for module in model if isinstance(module, Pooling)), None)
    mode, wanted = getattr(pooling, "pooling_mode", None), _MODES[card.pooling]
    if mode != wanted:
        raise ValueError(
            f"load_by_name: what was loaded pools by {mode!r}, and the card of {card.key} says "
            f"{wanted!r} ({card.source}); is the folder of another model, or without modules.json, "
            "for which sentence-transformers takes the mean?"
        )
    if model.max_seq_length is None or model.max_seq_length > card.max_tokens:
        model.max_seq_length = card.max_tokens
    if card.pooling == "last":
        _end_with_a_token(model.tokenizer)


def _end_with_a_token(tokenizer: Any) -> None:
    """Pad on the left and let every text end with the end-of-text token, however it is cut.

    Decoders are pooled at their last position: it must hold that token, as in training.
    """
    tokenizer.padding_side = "left"
    end = tokenizer.eos_token_id
    if end is None:
        raise ValueError("load_by_name: the tokenizer has no end-of-text token (eos_token)")
    if tokenizer("a")["input_ids"][-1:] == [end]:
        return
    from tokenizers import processors

    named = [(tokenizer.eos_token, end)]
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {tokenizer.eos_token}", special_tokens=named
    )
