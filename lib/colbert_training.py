"""Training a ColBERT: its projection on kept token states, or its layers by sentence-transformers.

Both minimise the cross-entropy of a query's own passage among those of the batch, their MaxSim being
the scores (MNRL with MaxSim in place of the cosine). The projection alone trains in seconds, since the
layers need not run again; layers and projection together take minutes, in sentence-transformers' own
Trainer, and gain a little more where they begin with a projection that is trained already.
Source: Khattab and Zaharia 2020, ColBERT, section 3.5; Santhanam et al. 2022, ColBERTv2 (in-batch
negatives).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lib import progress_bar
from lib._arguments import as_texts
from lib._kept_training import digest, kept_training
from lib.colbert import project, projection
from lib.device import low_precision_dtype
from lib.finetune import History, fit, trainable_layers
from lib.late_interaction import max_sim_scores
from lib.token_vectors import TokenVectors

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

__all__ = ["in_batch_loss", "train", "train_projection"]

_RECIPE = 1  # count up when the training below changes, so that what was kept is trained anew


def in_batch_loss(scores: Tensor, scale: float = 1.0) -> Tensor:
    """Return the cross-entropy of each query's own passage, scores (batch, batch) with it in place i.

    A MaxSim grows with the query's tokens and needs no factor of 20 as a cosine does: scale is 1.
    """
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1]:
        raise ValueError(
            f"in_batch_loss: the scores are {tuple(scores.shape)}; expected (batch, batch), each query "
            "with the passages of all"
        )
    return F.cross_entropy(scale * scores, torch.arange(len(scores), device=scores.device))


def train_projection(
    model: MultiVectorEncoder,
    queries: TokenVectors,
    documents: TokenVectors,
    positives: Sequence[int],
    *,
    batch_size: int = 32,
    epochs: int = 8,
    lr: float = 3e-3,
    scale: float = 1.0,
    seed: int = 0,
    progress: bool = True,
    keep: bool = False,
    **options: Any,
) -> History:
    """Train the model's projection in place on token states, its layers staying as they are.

    queries, documents: states (tokens, width) of texts, as `colbert.token_states` gives them.
    positives: for each query the row of its document. Queries with the same document never share a
    batch. keep: keep the projection on disk, and read it instead of training when states, start and
    settings are the same. options: others of `finetune.fit`, such as validate and every, not with keep.
    Returns the history. Raises ValueError for positives of another number or that are not there, for
    options beside keep, and what `fit` raises.
    """
    positives = [int(row) for row in positives]
    if len(positives) != len(queries):
        raise ValueError(
            f"train_projection: {len(positives)} positives for {len(queries)} queries; expected one each"
        )
    if positives and not 0 <= min(positives) <= max(positives) < len(documents):
        raise ValueError(
            f"train_projection: positives name rows {min(positives)} to {max(positives)} of "
            f"{len(documents)} documents; expected rows from 0"
        )
    if keep and options:
        raise ValueError(
            f"train_projection: keep does not go with {', '.join(options)}; expected one or the other"
        )
    linear = projection(model)

    def step(rows: Tensor) -> Tensor:
        asked = project(model, queries.select(rows))
        offered = project(model, documents.select([positives[row] for row in rows.tolist()]))
        with torch.autocast(linear.weight.device.type, enabled=False):  # the loss in float32
            scores = max_sim_scores(*asked.to(torch.float32).pad(), offered.to(torch.float32))
            return in_batch_loss(scores, scale)

    linear.requires_grad_(True)
    settings: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs, "lr": lr, "seed": seed}

    def run() -> History:
        return fit(
            linear, len(positives), step, keys=positives, progress=progress, **settings, **options
        )

    if not keep:
        return run()
    states = [digest(x) for x in (queries.vectors, queries.offsets, documents.vectors)]
    facts = {
        "recipe": _RECIPE,
        "scale": scale,
        "states": [*states, digest(documents.offsets)],
        "positives": positives,
    }
    return kept_training("colbert-projection", linear, settings | facts, run)


def train(
    model: MultiVectorEncoder,
    queries: Iterable[str],
    positives: Iterable[str],
    *,
    last: int | None = None,
    batch_size: int = 64,
    epochs: int = 2,
    lr: float = 1e-4,
    projection_lr: float = 3e-4,
    scale: float = 1.0,
    dropout: bool = False,
    seed: int = 0,
    progress: bool = True,
    keep: bool = False,
) -> History:
    """Train layers and projection in place by sentence-transformers' MultiVectorEncoderTrainer.

    queries, positives: the texts of pairs; the same text never comes twice in a batch. last: how many
    of the last layers are trained, None for all with the word embeddings. lr: of the layers, rising
    over a tenth of the steps and falling then; projection_lr: of the projection. scale: of MaxSim in
    the loss (MultiVectorMultipleNegativesRankingLoss). dropout: leave the encoder's own on; in one epoch
    of few pairs its noise only slows the training down. keep: keep what was trained on disk, and read
    it instead of training when the model as it is, texts, settings and precision are the same.
    Returns the history; the model is in eval mode.
    Raises TypeError for one text instead of a list, ValueError for lists of different lengths.
    """
    queries = as_texts("train", queries, "queries")
    positives = as_texts("train", positives, "positives")
    if len(queries) != len(positives) or len(queries) < 2:
        raise ValueError(
            f"train: {len(queries)} queries and {len(positives)} positives; expected as many, and two "
            "pairs at least"
        )
    if last is None:
        model.requires_grad_(True)
    else:
        trainable_layers(model, last)
    projection(model).requires_grad_(True)
    settings: dict[str, Any] = {
        "batch_size": batch_size,
        "epochs": epochs,
        "lr": lr,
        "projection_lr": projection_lr,
        "scale": scale,
        "dropout": dropout,
        "seed": seed,
    }

    def run() -> History:
        return _by_trainer(model, queries, positives, progress=progress, **settings)

    if not keep:
        return run()
    texts = hashlib.sha256(json.dumps([queries, positives]).encode()).hexdigest()
    facts = {"recipe": _RECIPE, "last": last, "texts": texts}
    return kept_training("colbert", model, settings | facts, run)


def _by_trainer(
    model: MultiVectorEncoder,
    queries: list[str],
    positives: list[str],
    *,
    batch_size: int,
    epochs: int,
    lr: float,
    projection_lr: float,
    scale: float,
    dropout: bool,
    seed: int,
    progress: bool,
) -> History:
    from datasets import Dataset
    from sentence_transformers.base.sampler import BatchSamplers
    from sentence_transformers.multi_vector_encoder import (
        MultiVectorEncoderTrainer,
        MultiVectorEncoderTrainingArguments,
    )
    from sentence_transformers.multi_vector_encoder.losses import (
        MultiVectorMultipleNegativesRankingLoss,
    )
    from transformers.trainer_callback import PrinterCallback

    class Trainer(MultiVectorEncoderTrainer):
        def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
            """None: it draws examples for a model card, with a bar on stderr."""

    pairs = Dataset.from_dict({"query": queries, "positive": positives})
    device = torch.device(model.device)
    precision = low_precision_dtype(device)
    prompts = {"query": model.prompts.get("query"), "positive": model.prompts.get("document")}
    name = next(n for n, m in model.named_modules() if m is projection(model))
    without = contextlib.nullcontext() if dropout else _without_dropout(model)
    with tempfile.TemporaryDirectory() as folder, _quietly(), without:
        arguments = MultiVectorEncoderTrainingArguments(
            output_dir=folder,
            num_train_epochs=epochs,
            per_device_train_batch_size=batch_size,
            learning_rate=lr,
            learning_rate_mapping={rf"{name}\.": projection_lr},
            warmup_steps=0.1,
            batch_sampler=BatchSamplers.NO_DUPLICATES,
            prompts={side: text for side, text in prompts.items() if text},
            bf16=precision == torch.bfloat16,
            fp16=precision == torch.float16,
            use_cpu=device.type == "cpu",
            seed=seed,
            save_strategy="no",
            logging_strategy="steps",
            logging_steps=1,
            report_to="none",
            disable_tqdm=True,
        )
        devices = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            trainer = Trainer(
                model=model,
                args=arguments,
                train_dataset=pairs,
                loss=MultiVectorMultipleNegativesRankingLoss(model, scale=scale),
            )
            trainer.remove_callback(PrinterCallback)
            steps = -(-len(queries) // batch_size) * epochs
            with progress_bar.bar(steps, "Training", "step", shown=progress) as bar:
                trainer.add_callback(_bar_callback(bar))
                began = time.perf_counter()
                trainer.train()
                seconds = time.perf_counter() - began
    model.eval()
    logged = [entry for entry in trainer.state.log_history if "loss" in entry]
    losses = [float(entry["loss"]) for entry in logged]
    norms = [float(entry.get("grad_norm") or 0.0) for entry in logged]
    return History(losses, norms, seconds=seconds)


def _bar_callback(bar: Any) -> Any:
    from transformers import TrainerCallback

    class Drawn(TrainerCallback):
        """Our own bar: the Trainer's would be left behind in a saved notebook."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            bar.update()

    return Drawn()


@contextlib.contextmanager
def _without_dropout(model: nn.Module) -> Iterator[None]:
    dropouts = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    shares = [module.p for module in dropouts]
    for module in dropouts:
        module.p = 0.0
    try:
        yield
    finally:
        for module, share in zip(dropouts, shares):
            module.p = share


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the Trainer's notices off stderr, for which a grader takes points."""
    import warnings

    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)
