import copy
import tempfile

import pytest
import torch
from torch import nn

from lib import trainer_run
from lib.early_stopping import stop_when
from lib.frozen_layers import remember_lower_layers
from lib.search_evaluator import search_evaluator

PAIRS = {
    "anchor": [f"sore part {n}" for n in range(12)],
    "positive": [
        f"Pain {n}. Pain of a part of the body that has the number {n}." for n in range(12)
    ],
}


@pytest.fixture(scope="module")
def tiny(encoder):
    """The course's model with the same tokenizer, but two random layers of 32 numbers."""
    from transformers import BertConfig, BertModel

    model = copy.deepcopy(encoder)
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    model[0].model = BertModel(config)
    return model.eval()


@pytest.fixture
def evaluator():
    ids = [str(n) for n in range(12)]
    return search_evaluator(
        PAIRS["anchor"], PAIRS["positive"], [{name: 1} for name in ids], ids, name="mine"
    )


def _trainer(model, evaluator=None, callbacks=(), epochs=2, seed=0, **options):
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.base.sampler import BatchSamplers
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    if evaluator is not None:
        options = {"eval_strategy": "steps", "eval_steps": 2, "eval_on_start": True} | options
    settings = trainer_run.settings("cpu", seed) | {"bf16": False, "fp16": False}
    with trainer_run.quietly():
        arguments = SentenceTransformerTrainingArguments(
            output_dir=tempfile.mkdtemp(),
            num_train_epochs=epochs,
            per_device_train_batch_size=4,
            batch_sampler=BatchSamplers.NO_DUPLICATES,
            **{"learning_rate": 1e-2} | settings | options,
        )
        return SentenceTransformerTrainer(
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict(PAIRS),
            loss=MultipleNegativesRankingLoss(model),
            evaluator=evaluator,
            callbacks=list(callbacks),
        )


def _last(model):
    return model[0].auto_model.encoder.layer[-1].output.dense.weight.detach().clone()


def test_the_history_has_every_step_and_every_score(tiny, evaluator):
    model = copy.deepcopy(tiny)
    history = trainer_run.train(_trainer(model, evaluator), progress=False)
    assert len(history.losses) == len(history.grad_norms) == 6
    assert [step for step, _ in history.scores] == [0, 2, 4, 6]
    assert history.losses[-1] < history.losses[0]
    assert not model.training
    assert not torch.equal(_last(model), _last(tiny))


def test_layers_that_are_remembered_are_trained_as_frozen_ones_are(tiny):
    from lib.finetune import trainable_layers

    plain, model = copy.deepcopy(tiny), copy.deepcopy(tiny)
    trainable_layers(plain, 1)
    for module in plain.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    remember_lower_layers(model, precision="float32")
    for one in (plain, model):
        trainer_run.train(_trainer(one), progress=False)
    torch.testing.assert_close(_last(model), _last(plain), atol=1e-4, rtol=0)
    assert not torch.equal(_last(model), _last(tiny))
    first = "embeddings.word_embeddings.weight"
    weights = [m[0].auto_model.state_dict()[first] for m in (tiny, plain, model)]
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])


def test_a_second_training_of_the_same_is_read(tiny, evaluator, monkeypatch):
    first, second, third = (copy.deepcopy(tiny) for _ in range(3))
    history = trainer_run.train(_trainer(first, evaluator), keep=True, progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(trainer_run, "_run", lambda *_: pytest.fail("trained anew"))
        again = _trainer(second, evaluator)
        assert trainer_run.train(again, keep=True, progress=False) == history
    assert torch.equal(_last(first), _last(second))
    assert again.state.log_history
    trainer_run.train(_trainer(third, evaluator, learning_rate=1e-3), keep=True, progress=False)
    assert not torch.equal(_last(third), _last(first))


def test_training_leaves_other_random_numbers_alone(tiny):
    trainer = _trainer(copy.deepcopy(tiny))  # which seeds all generators when it is made
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    trainer_run.train(trainer, progress=False)
    assert torch.equal(torch.rand(1), expected)


def test_the_best_step_is_loaded_at_the_end(tiny, evaluator, monkeypatch):
    model, weights, scores = copy.deepcopy(tiny), [], iter([0.1, 0.2, 0.9, 0.3])

    def told(self, model, output_path=None, epoch=-1, steps=-1):
        weights.append(_last(model))
        return {"mine_ndcg@10": next(scores)}

    monkeypatch.setattr(type(evaluator), "__call__", told)
    best = {
        "save_strategy": "steps",
        "save_steps": 2,
        "load_best_model_at_end": True,
        "metric_for_best_model": "mine_ndcg@10",
    }
    history = trainer_run.train(_trainer(model, evaluator, **best), progress=False)
    assert (history.best_step, history.best_score) == (4, 0.9)
    assert torch.equal(_last(model), weights[2])
    assert not torch.equal(_last(model), weights[3])


def test_a_rule_stops_training_and_is_part_of_what_is_kept(tiny, evaluator):
    told = []

    def rule(scores):
        told.append(scores)
        return len(scores) > 1

    options = {"metric_for_best_model": "mine_ndcg@10"}
    stopped = _trainer(copy.deepcopy(tiny), evaluator, [stop_when(rule)], **options)
    history = trainer_run.train(stopped, keep=True, progress=False)
    assert [step for step, _ in history.scores] == [0, 2]
    never = stop_when(lambda scores: False)
    whole = _trainer(copy.deepcopy(tiny), evaluator, [never], **options)
    assert len(trainer_run.train(whole, keep=True, progress=False).scores) == 4
    assert stop_when(lambda s: False).facts() == never.facts() != stop_when(rule).facts()


def test_a_callback_that_does_not_say_what_it_depends_on_is_not_kept(tiny):
    from transformers import TrainerCallback

    class Mine(TrainerCallback):
        pass

    with pytest.raises(ValueError, match=r"Mine depends on.*facts\(\)"):
        trainer_run.train(_trainer(copy.deepcopy(tiny), callbacks=[Mine()]), keep=True)


def test_nothing_of_the_libraries_comes_to_the_page(tiny, evaluator, capfd):
    trainer_run.train(_trainer(copy.deepcopy(tiny), evaluator), progress=False)
    assert capfd.readouterr() == ("", "")


def test_an_error_in_quiet_comes_through():
    with pytest.raises(KeyError), trainer_run.quietly():
        raise KeyError("x")


@pytest.mark.slow
def test_a_kept_training_gives_the_same_model_card(tiny, evaluator, tmp_path):
    cards = []
    for name in ("first", "second"):
        model = copy.deepcopy(tiny)
        trainer = _trainer(model, evaluator, seed=3)
        trainer_run.train(trainer, keep=True, progress=False)
        with trainer_run.quietly():
            model.save_pretrained(str(tmp_path / name))
        cards.append((tmp_path / name / "README.md").read_text())
    for part in ("### Training Logs", "mine_ndcg@10", "MultipleNegativesRankingLoss"):
        assert part in cards[0]
        assert part in cards[1]


def test_notices_and_warnings_are_collected_once_and_kept_off_the_page(capfd):
    import logging
    import warnings

    logger = logging.getLogger("transformers.some.module")
    with trainer_run.notices() as said:
        for _ in range(2):
            logger.warning("old name %s", "x")
            warnings.warn("going away", FutureWarning, stacklevel=1)
    assert said == ["old name x", "going away"]
    assert capfd.readouterr() == ("", "")


def test_the_familiar_tutorial_is_told_what_became_of_its_arguments():
    from sentence_transformers import SentenceTransformerTrainingArguments

    with trainer_run.notices() as said:
        found = SentenceTransformerTrainingArguments(
            output_dir=tempfile.mkdtemp(), fp16=True, warmup_ratio=0.1
        )
    assert found.warmup_steps == 0.1
    assert any("warmup_ratio" in line for line in said)


def test_no_bar_of_a_notebook_is_drawn_in_quiet(monkeypatch):
    from tqdm.notebook import tqdm_notebook

    shown = []
    monkeypatch.setattr("tqdm.notebook.display", shown.append, raising=False)
    with trainer_run.quietly():
        assert list(tqdm_notebook(range(3))) == [0, 1, 2]
    assert shown == []
    assert tqdm_notebook.__init__.__name__ == "__init__"
