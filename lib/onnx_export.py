"""An encoder as one file that ONNX Runtime runs: exported, made smaller in int8, run.

ONNX is a format for the operations of a network, whoever runs them. The file holds the transformer,
pooling and normalisation; the tokenizer stays in Python. Exporting takes some ten seconds, so a file is
kept under the fingerprint of the model.

This needs the extra `onnx`: `pip install "embeddings-course[onnx]"`.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import logging
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lib._arguments import as_texts
from lib._places import cache_folder
from lib.fingerprint import fingerprint
from lib.pooling import normalize
from lib.text import length_sorted_batches, restore_order

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["OnnxEncoder", "export_onnx", "missing_packages", "quantize_int8"]

_RECIPE = 1  # count up when a file would be made otherwise
_NEEDED = ("onnx", "onnxruntime", "onnxscript")
_INPUTS = ("input_ids", "attention_mask")
_POOLED = ("mean", "cls", "lasttoken")


def missing_packages() -> list[str]:
    """Return which packages of the extra `onnx` are not installed, [] if all are there."""
    return [name for name in _NEEDED if importlib.util.find_spec(name) is None]


def _require_packages() -> None:
    if missing := missing_packages():
        raise ModuleNotFoundError(
            f"ONNX needs {', '.join(missing)}, which this environment lacks; run "
            "`pip install 'embeddings-course[onnx]'`, or `pip install -e '.[onnx]'` in the course's "
            "folder, then restart the kernel"
        )


class _Whole(nn.Module):
    """Token ids and mask (batch, tokens) int64 to vectors (batch, dim), as one module."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        kinds = [type(module).__name__ for module in model]
        mode = getattr(model[1], "pooling_mode", None) if len(kinds) > 1 else None
        if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or (
            mode not in _POOLED
        ):
            raise ValueError(
                f"export_onnx: the model is {', '.join(kinds)} with pooling {mode!r}; expected "
                f"Transformer, Pooling by one of {', '.join(_POOLED)}, and perhaps Normalize"
            )
        transformer: Any = model[0].auto_model
        self.transformer = copy.deepcopy(transformer).cpu().float().eval()
        self.mode, self.unit = str(mode), len(kinds) == 3

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        tokens = self.transformer(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        vectors = self._pool(tokens, attention_mask)
        return normalize(vectors) if self.unit else vectors

    def _pool(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """What `lib.pooling` does, in operations that leave the number of texts and tokens open.

        A text always has a real token here, its special ones.
        """
        if self.mode == "mean":
            weights = mask.unsqueeze(-1).to(tokens.dtype)
            return (tokens * weights).sum(dim=1) / weights.sum(dim=1)
        # argmax is the first of the largest: the first real token, or the highest position
        positions = torch.arange(1, mask.shape[1] + 1, device=mask.device)
        place = (mask if self.mode == "cls" else mask * positions).argmax(dim=1)
        at = place[:, None, None].expand(-1, 1, tokens.shape[2])
        return tokens.gather(1, at).squeeze(1)


def export_onnx(model: SentenceTransformer, folder: Path | None = None) -> Path:
    """Write the encoder to a file for ONNX Runtime, for any number of texts and tokens; return it.

    folder: where, by default "onnx" in the cache folder. A file of the same model is used again.
    Raises ModuleNotFoundError without the extra `onnx`, ValueError for a model that is more than
    transformer, pooling and normalisation.
    Source: PyTorch, torch.onnx.export with dynamo=True; https://onnx.ai.
    """
    _require_packages()
    whole = _Whole(model)
    path = _folder(folder) / f"{fingerprint(model)}-{_RECIPE}.onnx"
    if path.exists():
        return path
    batch, tokens = torch.export.Dim("batch", min=1), torch.export.Dim("tokens", min=1)
    # With padding, or what looks away from it would be left out. All shapes differ, or the exporter
    # takes two of them for one.
    ids = torch.arange(3 * 7).view(3, 7) % 5
    mask = (torch.arange(7) >= torch.tensor([[0], [2], [3]])).long()
    with _quietly(), _in_place(path) as unfinished, torch.no_grad():
        program = torch.onnx.export(
            whole,
            (ids, mask),
            dynamo=True,
            dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}),
            input_names=list(_INPUTS),
            output_names=["vectors"],
            verbose=False,
        )
        program.save(str(unfinished))
    return path


def quantize_int8(path: Path, folder: Path | None = None) -> Path:
    """Return the file of the same model with weights in 8 bits, about a quarter of the size.

    Each column of a weight has a scale of its own; inputs of the products are rounded to 8 bits while
    it runs, so no example texts are needed (dynamic quantisation). A file that is there is used again.
    Raises ModuleNotFoundError without the extra `onnx`.
    Source: ONNX Runtime, quantize_dynamic.
    """
    _require_packages()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = _folder(folder) / f"{path.stem}-int8.onnx"
    if not target.exists():
        with _quietly(), _in_place(target) as unfinished:
            quantize_dynamic(path, unfinished, per_channel=True, weight_type=QuantType.QInt8)
    return target


class OnnxEncoder:
    """An exported encoder that runs by ONNX Runtime on the CPU.

    model: the one that was exported; its tokenizer, limit and padding are used, nothing else.
    path: of `export_onnx` or `quantize_int8`.  threads: as many as torch has, unless it is said.
    Raises ModuleNotFoundError without the extra `onnx`, OSError for a file that cannot be run.
    """

    def __init__(self, model: SentenceTransformer, path: Path, threads: int | None = None) -> None:
        _require_packages()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or torch.get_num_threads()
        options.log_severity_level = 3  # errors
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime has classes of its own for each cause
            cause = (str(error).splitlines() or ["unknown"])[0]
            raise OSError(
                f"OnnxEncoder: {path} cannot be run; delete it and export the model again. The "
                f"cause: {cause}"
            ) from error
        self._model = model

    def run(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return vectors (batch, dim) float32 of token ids and mask, each (batch, tokens) int64."""
        inputs = {"input_ids": input_ids.numpy(), "attention_mask": attention_mask.numpy()}
        return torch.from_numpy(self._session.run(None, inputs)[0])

    def encode(self, texts: Iterable[str], batch_size: int = 32) -> Tensor:
        """Return the vectors of texts, (n, dim) float32 on the CPU, in batches of like length.

        Raises what `as_texts` raises, ValueError without a text or for a batch size below 1.
        """
        texts = as_texts("OnnxEncoder.encode", texts)
        if not texts:
            raise ValueError("OnnxEncoder.encode: texts is empty; expected at least one text")
        batches = length_sorted_batches([len(text) for text in texts], batch_size)
        rows = []
        for batch in batches:
            features: Any = self._model.preprocess([texts[place] for place in batch])
            rows.append(self.run(features["input_ids"].cpu(), features["attention_mask"].cpu()))
        return restore_order(batches, torch.cat(rows))


def _folder(folder: Path | None) -> Path:
    path = cache_folder() / "onnx" if folder is None else Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; what was written stands at `path` when all is well."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".onnx-") as room:
        unfinished = Path(room) / path.name
        yield unfinished
        os.replace(unfinished, path)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep notices of the exporter off stderr, such as those about torchvision, which nobody uses.

    The quantizer warns through the root logger, which so gets a handler, by which from then on every
    other library is heard: that is undone.
    """
    before, handlers = logging.root.manager.disable, logging.root.handlers[:]
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(None):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        logging.root.handlers[:] = handlers
