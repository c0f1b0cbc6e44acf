"""Training a ColBERT: the loss of sentence-transformers, what moves, what is kept, what is refused."""

import pytest
import torch
from sentence_transformers.multi_vector_encoder.losses import (
    MultiVectorMultipleNegativesRankingLoss,
)

from lib import colbert, colbert_training
from lib.colbert import make_colbert, projection, token_states
from lib.late_interaction import TokenVectors, max_sim
from tests.lib.test_bi_encoder import PASSAGES, QUERIES, tiny  # noqa: F401 - a fixture


@pytest.fixture
def model(tiny):  # noqa: F811
    return make_colbert(tiny, 16)


def both_states(model):
    return [
        token_states(model, texts, kind, progress=False, keep=False)
        for texts, kind in ((QUERIES, "query"), (PASSAGES, "document"))
    ]


def trained_projection(model, positives=range(6), **options):
    settings = {"batch_size": 3, "epochs": 15, "lr": 1e-2, "progress": False}
    return colbert_training.train_projection(
        model, *both_states(model), positives, **settings | options
    )


def trained(model, **options):
    settings = {"batch_size": 3, "epochs": 4, "lr": 1e-3, "progress": False}
    return colbert_training.train(model, QUERIES, PASSAGES, **settings | options)


def weights(model):
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def moved(before, model):
    return {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_the_loss_is_that_of_sentence_transformers(model, scale, monkeypatch):
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)
    features = [
        model.preprocess(texts, prompt=model.prompts[kind], task=kind)
        for texts, kind in ((QUERIES, "query"), (PASSAGES, "document"))
    ]
    expected = MultiVectorMultipleNegativesRankingLoss(model, scale=scale)(features)
    in_float32 = [
        colbert._states(model, texts, kind, 64, False)
        for texts, kind in ((QUERIES, "query"), (PASSAGES, "document"))
    ]
    for both, near in ((in_float32, 1e-5), (both_states(model), 1e-3)):  # the second in 16 bits
        stores = [colbert.project(model, states) for states in both]
        scores = max_sim(*stores[0].pad(), *stores[1].pad())
        found = colbert_training.in_batch_loss(scores, scale)
        torch.testing.assert_close(found, expected, atol=near, rtol=near)


def test_the_loss_wants_a_score_for_every_pair():
    with pytest.raises(ValueError, match=r"\(2, 3\); expected \(batch, batch\)"):
        colbert_training.in_batch_loss(torch.ones(2, 3))


def test_the_projection_learns_and_nothing_else_moves(model):
    before = weights(model)
    history = trained_projection(model)
    assert history.losses[-1] < 0.7 * history.losses[0]
    assert moved(before, model) == {"1.linear.weight"}


def test_queries_of_one_document_never_meet(model, monkeypatch):
    batches = []
    loss = colbert_training.in_batch_loss

    def watched(scores, scale):
        batches.append(len(scores))
        return loss(scores, scale)

    monkeypatch.setattr(colbert_training, "in_batch_loss", watched)
    trained_projection(model, [0, 0, 0, 1, 1, 1], batch_size=6, epochs=1)
    assert batches == [2, 2, 2]


def test_a_projection_that_was_kept_is_read_with_its_history(tiny, monkeypatch):  # noqa: F811
    models = [make_colbert(tiny, 16) for _ in range(3)]
    first = trained_projection(models[0], keep=True)
    monkeypatch.setattr(colbert_training, "fit", lambda *a, **k: pytest.fail("trained anew"))
    again = trained_projection(models[1], keep=True)
    assert (again.losses, again.grad_norms) == (first.losses, first.grad_norms)
    assert torch.equal(projection(models[0]).weight, projection(models[1]).weight)
    with pytest.raises(pytest.fail.Exception, match="trained anew"):
        trained_projection(models[2], keep=True, seed=1)


@pytest.mark.slow
def test_the_trainer_learns_and_is_left_in_eval_mode(model, capfd):
    before = weights(model)
    history = trained(model, epochs=12)
    assert len(history.losses) == len(history.grad_norms) == 24
    assert sum(history.losses[-4:]) < 0.8 * sum(history.losses[:4])
    assert history.seconds > 0
    assert {"0.model.encoder.layer.0.output.dense.weight", "1.linear.weight"} <= moved(
        before, model
    )
    assert not any(module.training for module in model.modules())
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_the_last_layers_alone_may_be_trained(model):
    before = weights(model)
    trained(model, last=1)
    assert {name.split(".")[4] for name in moved(before, model) if name.startswith("0.")} == {"1"}
    assert "1.linear.weight" in moved(before, model)


@pytest.mark.slow
def test_a_model_that_was_kept_is_read_and_the_seed_decides(tiny, monkeypatch):  # noqa: F811
    models = [make_colbert(tiny, 16) for _ in range(4)]
    torch.manual_seed(5)
    drawn = torch.get_rng_state()
    first = trained(models[0], keep=True)
    assert torch.equal(torch.get_rng_state(), drawn), "what others draw was changed"
    assert trained(models[1]).losses == first.losses
    monkeypatch.setattr(
        colbert_training, "_by_trainer", lambda *a, **k: pytest.fail("trained anew")
    )
    again = trained(models[2], keep=True)
    assert (again.losses, again.grad_norms) == (first.losses, first.grad_norms)
    assert all(torch.equal(a, b) for a, b in zip(models[0].parameters(), models[2].parameters()))
    with pytest.raises(pytest.fail.Exception, match="trained anew"):
        trained(models[3], keep=True, lr=2e-3)


@pytest.mark.slow
def test_dropout_is_off_unless_asked_for_and_then_as_it_was(tiny):  # noqa: F811
    before, losses = [], {}
    for dropout in (False, True):
        model = make_colbert(tiny, 16)
        parts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
        before = [part.p for part in parts]
        losses[dropout] = trained(model, dropout=dropout, epochs=1).losses
        assert [part.p for part in parts] == before
    assert max(before) == 0.1
    assert losses[False] != losses[True]


def test_what_does_not_fit_is_refused(model):
    with pytest.raises(ValueError, match="2 positives for 6 queries"):
        trained_projection(model, [0, 1])
    with pytest.raises(ValueError, match="rows 0 to 6 of 6"):
        trained_projection(model, [0, 1, 2, 3, 4, 6])
    with pytest.raises(ValueError, match="keep does not go with validate"):
        trained_projection(model, keep=True, validate=lambda: 0.0)
    with pytest.raises(ValueError, match="6 queries and 2 positives"):
        colbert_training.train(model, QUERIES, PASSAGES[:2])
    with pytest.raises(TypeError, match="expected a list"):
        colbert_training.train(model, "one", PASSAGES)


def test_states_of_any_store_are_trained_on(model):
    draw = torch.Generator().manual_seed(0)
    stores = [
        TokenVectors.from_list([torch.randn(n, 32, generator=draw) for n in lengths])
        for lengths in ([2, 3], [4, 1, 5])
    ]
    history = colbert_training.train_projection(
        model, *stores, [2, 0], batch_size=2, epochs=3, progress=False
    )
    assert len(history.losses) == 3
