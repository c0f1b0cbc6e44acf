"""What a model's vectors depend on, as one short hash: the key under which vectors are kept.

A key that leaves something out gives back the vectors of another model without a word: the same
weights with a tokenizer that no longer lower-cases are another model. So weights, buffers, all
settings of every module and the whole tokenizer go in, and only what is known to change no vector
(where the files lie, who wrote them) stays out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from enum import Enum
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["fingerprint", "module_digest", "tokenizer_facts"]

_HASHED_BYTES = 1 << 30  # larger models are sampled evenly down to this, and summed whole
_SAYS_NOTHING = {
    # `encode` sets the mode itself; the others are about files, model cards and training.
    *("training", "name_or_path", "model_card_data", "trust_remote_code", "gradient_checkpointing"),
    *("base_model", "loss_type", "module_kwargs", "files_loaded", "vocab_file", "verbose"),
}
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_CONFIG_SAYS_NOTHING = {
    # "dtype" is that of the file, "use_cache" is about generating text; weights tell their own type.
    *("dtype", "use_cache", "_name_or_path", "name_or_path", "transformers_version"),
    *("architectures", "id2label", "label2id"),
}
_TOKENIZER_SETTINGS = (
    *("model_max_length", "padding_side", "truncation_side", "model_input_names"),
    *("special_tokens_map", "pad_token_type_id", "split_special_tokens"),
)


def fingerprint(model: SentenceTransformer, precision: str = "float32") -> str:
    """Return 32 hex digits that change when the model's vectors of a text would.

    Hashed are the weights and buffers with their types (of more than 1 GiB an even sample and the sum
    of all bits), the settings of every module (pooling, normalisation, heads, epsilons), prompts, the
    text limit, the tokenizer with its normaliser and vocabulary, and the precision of the encoding.
    Texts encoded in between, a copy, the folder of the files and the device change nothing.
    """
    digest = hashlib.sha256(f"{precision} {model.max_seq_length}".encode())
    digest.update(module_digest(model).encode())
    return digest.hexdigest()[:32]


def module_digest(module: nn.Module) -> str:
    """Return the SHA-256 of a module's weights, buffers and settings, and of all below it."""
    settings = {name: _settings(part) for name, part in module.named_modules()}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    # Buffers that are not saved count too: position tables are computed from the configuration.
    state: dict[str, Any] = {**dict(module.named_buffers()), **module.state_dict()}
    tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    stride = 1 + sum(t.numel() * t.element_size() for t in tensors.values()) // _HASHED_BYTES
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().flatten()
        if stride > 1:
            digest.update(str(_sum_of_bits(flat)).encode())
        sample = flat[::stride].contiguous().cpu()
        digest.update(sample.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def tokenizer_facts(tokenizer: object) -> dict[str, Any]:
    """Return, as JSON can write it, all of a tokenizer that decides which ids a text gets.

    Of a fast tokenizer that is the hash of its own file: normaliser, pre-tokenizer, vocabulary with
    merges or scores, special tokens. How it pads and cuts is in there too, but as the last call asked
    for it; what a call starts from is read from the tokenizer around it.
    """
    facts = {name: _plain(getattr(tokenizer, name, None), set()) for name in _TOKENIZER_SETTINGS}
    facts["type"] = type(tokenizer).__qualname__
    inner: Any = getattr(tokenizer, "backend_tokenizer", None)
    if inner is not None:
        file = inner.to_str()
        # Before this key stand "truncation" and "padding"; within a string its marks are escaped.
        facts["file"] = _sha256(file[max(0, file.find('"added_tokens":')) :].encode())
    elif hasattr(tokenizer, "to_str"):
        facts["file"] = _sha256(tokenizer.to_str().encode())
    else:
        facts["vocabulary"] = _plain(getattr(tokenizer, "get_vocab", dict)(), set())
        facts["own"] = _plain(_public(tokenizer), set())
    return facts


def _settings(module: nn.Module) -> dict[str, Any]:
    own = {k: v for k, v in _public(module).items() if k not in _OF_EVERY_MODULE}
    # A method that was wrapped on this one object, to count or to time its calls, is no setting.
    own = {k: v for k, v in own.items() if not callable(getattr(type(module), k, None))}
    return {"type": type(module).__qualname__, "own": _plain(own, {id(module)})}


def _public(value: object) -> dict[str, Any]:
    """The attributes that a class means others to see; the others may change with every call."""
    own = dict(getattr(value, "__dict__", {}))
    return {k: v for k, v in own.items() if not k.startswith("_") and k not in _SAYS_NOTHING}


def _plain(value: Any, above: set[int]) -> Any:
    """A value as JSON can write it, the same in every process; above: the objects it stands in."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if id(value) in above:
        return "one of the above"
    above = above | {id(value)}
    if isinstance(value, (Tensor, np.ndarray)):
        if isinstance(value, Tensor):
            value = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        return [str(value.dtype), list(value.shape), _sha256(np.ascontiguousarray(value).tobytes())]
    if isinstance(value, Mapping):
        return {str(key): _plain(item, above) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(json.dumps(_plain(item, above), sort_keys=True) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(item, above) for item in value]
    if isinstance(value, nn.Module):
        return type(value).__qualname__  # it stands among the modules by itself
    if hasattr(value, "get_vocab") or hasattr(value, "backend_tokenizer"):
        return tokenizer_facts(value)
    if hasattr(value, "to_diff_dict"):  # a configuration of transformers
        facts = value.to_dict() | {"attention": getattr(value, "_attn_implementation", None)}
        return _plain({k: v for k, v in facts.items() if k not in _CONFIG_SAYS_NOTHING}, above)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, partial):
        return _plain([value.func, value.args, value.keywords], above)
    if isinstance(value, (torch.device, PurePath)):
        return None
    if hasattr(value, "__qualname__"):  # a function or a class
        return value.__qualname__
    if isinstance(value, Enum) or not hasattr(value, "__dict__"):
        text = repr(value)
        return type(value).__qualname__ if " at 0x" in text else text  # an address says nothing
    return [type(value).__qualname__, _plain(_public(value), above)]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sum_of_bits(flat: Tensor) -> int:
    """The sum of all values, read as whole numbers of their size: one changed weight changes it."""
    sizes = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return int(flat.contiguous().view(sizes[flat.element_size()]).sum(dtype=torch.int64))
