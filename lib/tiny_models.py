"""Tiny models with random weights, of the architectures that the models of the table have.

They know nothing. But they are read by the same classes, padded on the same side and pooled at the same
token as the large ones, so that what loads and feeds a model can be tried where no hub is in reach.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from lib.models import quietly

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedTokenizerFast

__all__ = ["ARCHITECTURES", "make_tiny"]

# Which side is padded, and how the real models of the architecture are pooled.
ARCHITECTURES = {
    "bert": ("right", "mean"),
    "nomic_bert": ("right", "mean"),
    "qwen2": ("left", "lasttoken"),
    "mistral": ("left", "lasttoken"),
}
_WORDS = "a the of and heart kidney liver lung small large wrong right side child query passage"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[END]")


def make_tiny(
    architecture: str,
    folder: Path | str,
    *,
    pooling: str | None = None,
    dim: int = 16,
    limit: int = 32,
    seed: int = 0,
) -> SentenceTransformer:
    """Save a tiny SentenceTransformer with random weights in `folder`, and return it as it was saved.

    architecture: "bert", "nomic_bert", "qwen2" or "mistral", two layers of width `dim`.  pooling: a
    mode of `lib.pooling`, by default that of the real models.  limit: of tokens, the special ones
    included. The decoders (Qwen2, Mistral) are padded on the left and end in "[END]".
    Raises ValueError for another architecture.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"make_tiny: architecture is {architecture!r}; expected one of {', '.join(ARCHITECTURES)}"
        )
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import AutoConfig, AutoModel

    side, usual = ARCHITECTURES[architecture]
    tokenizer = _tokenizer(side, limit)
    settings: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": dim,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 2 * dim,
        "max_position_embeddings": max(64, limit),
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.3,  # wide enough that what a token is makes a difference
    }
    if side == "left":
        settings |= {"num_key_value_heads": 1, "eos_token_id": tokenizer.eos_token_id}
        settings |= {"bos_token_id": None, "head_dim": dim // 2}
    folder = Path(folder)
    with quietly(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inner = AutoModel.from_config(AutoConfig.for_model(architecture, **settings))
        inner.save_pretrained(folder / "transformer")
        tokenizer.save_pretrained(folder / "transformer")
        transformer = Transformer(str(folder / "transformer"), max_seq_length=limit)
        modules = [transformer, Pooling(dim, pooling or usual), Normalize()]
        model = SentenceTransformer(modules=modules, device="cpu").eval()
        model.save_pretrained(str(folder), create_model_card=False)
    return model


def _tokenizer(side: str, limit: int) -> PreTrainedTokenizerFast:
    """Words as tokens, unknown ones by their letters; [CLS] and [SEP], or [END] behind the text."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,:;!?'()-"
    pieces = [*_SPECIAL, *_WORDS.split(), *letters, *(f"##{letter}" for letter in letters)]
    ids = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    plain = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    plain.normalizer = normalizers.BertNormalizer()
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    decoder = side == "left"
    around = "$A [END]" if decoder else "[CLS] $A [SEP]"
    named = [(token, ids[token]) for token in _SPECIAL if token in around]
    plain.post_processor = processors.TemplateProcessing(single=around, special_tokens=named)
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]"}
    names |= {"eos_token": "[END]"} if decoder else {"cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        padding_side=side,
        model_max_length=limit,
        model_input_names=["input_ids", "attention_mask"],
        **names,
    )
