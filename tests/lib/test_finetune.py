"""The training loop: what it trains, keeps, refuses; on toy models and on the real encoder."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lib import finetune
from lib.finetune import ProjectionHead, batches, embed, fit, trainable_layers
from lib.pooling import normalize


@given(st.integers(0, 40), st.integers(2, 9), st.integers(0, 5), st.data())
@settings(max_examples=100, deadline=None)
def test_batches_hold_every_row_once_and_no_key_twice(pairs, size, seed, data):
    keys = data.draw(st.none() | st.lists(st.integers(0, 6), min_size=pairs, max_size=pairs))
    found = list(batches(pairs, size, torch.Generator().manual_seed(seed), keys))
    rows = [row for batch in found for row in batch.tolist()]
    assert len(set(rows)) == len(rows)
    assert all(2 <= len(batch) <= size for batch in found)
    if keys is None:
        assert pairs - len(rows) <= 1
    else:
        assert all(len({keys[r] for r in b.tolist()}) == len(b) for b in found)
        left = {keys[row] for row in set(range(pairs)) - set(rows)}
        assert len(left) <= 1  # what remains alone is one key's


def test_batches_are_shuffled_by_the_generator_alone():
    one, two = (torch.cat(list(batches(50, 8, torch.Generator().manual_seed(3)))) for _ in range(2))
    assert torch.equal(one, two)
    assert not torch.equal(one, torch.arange(50))


@pytest.mark.parametrize("arguments", [(5, 1), (5, 2, None, [1, 2])])
def test_batches_that_cannot_be_are_refused(arguments):
    with pytest.raises(ValueError, match="expected"):
        list(batches(*arguments))


def test_a_head_starts_as_the_encoder_and_gives_unit_vectors():
    vectors = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ProjectionHead(8)(vectors), normalize(vectors))
    torch.testing.assert_close(ProjectionHead(8, 3)(vectors), normalize(vectors[:, :3]))
    with pytest.raises(ValueError, match="expected 1 to dim"):
        ProjectionHead(4, 5)


def _task(seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(64, 6, generator=generator)
    return inputs, inputs @ torch.randn(6, 1, generator=generator)


def test_the_loss_falls_and_the_same_seed_gives_the_same_weights():
    inputs, targets = _task()
    weights = []
    for _ in range(2):
        model = nn.Linear(6, 1)
        nn.init.zeros_(model.weight)
        nn.init.zeros_(model.bias)
        history = fit(
            model,
            64,
            lambda rows, model=model: (model(inputs[rows]) - targets[rows]).square().mean(),
            batch_size=16,
            epochs=60,
            lr=0.05,
            progress=False,
        )
        weights.append(model.weight.detach().clone())
    assert torch.equal(*weights)
    assert len(history.losses) == len(history.grad_norms) == 240
    assert history.losses[-1] < 0.05 * history.losses[0]
    assert history.seconds > 0


def test_the_best_state_is_kept_not_the_last():
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    history = fit(
        model,
        20,
        lambda rows: -model(torch.ones(len(rows), 1)).mean(),  # it grows without end
        batch_size=2,
        epochs=4,
        lr=0.1,
        weight_decay=0.0,
        validate=lambda: -abs(float(model.weight.detach()) - 1.0),
        every=1,
        progress=False,
    )
    scores = dict(history.scores)
    assert history.scores[0] == (0, -1.0)
    assert 0 < history.best_step < 40
    assert history.best_score == max(scores.values())
    assert -abs(float(model.weight.detach()) - 1.0) == history.best_score
    assert scores[40] < history.best_score


def test_rate_rises_then_falls_and_gradients_are_clipped():
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    moved, before = [], [0.0]

    def step(rows):
        moved.append(float(model.weight.detach()) - before[0])
        before[0] = float(model.weight.detach())
        return -1000 * model(torch.ones(len(rows), 1)).mean()

    history = fit(
        model, 40, step, batch_size=2, lr=0.1, warmup=0.5, weight_decay=0.0, progress=False
    )
    assert history.grad_norms[0] == pytest.approx(1000)
    steps = torch.tensor(moved[1:])
    assert steps.argmax().item() in (8, 9, 10)
    assert steps[0] < 0.02
    assert steps[-1] < 0.03
    assert steps.max() <= 0.101


def test_what_cannot_be_trained_is_refused():
    frozen = nn.Linear(2, 2).requires_grad_(False)
    with pytest.raises(ValueError, match="requires_grad"):
        fit(frozen, 4, lambda rows: torch.zeros(()))
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="at least 2"):
        fit(model, 1, lambda rows: model.weight.sum())
    with pytest.raises(ValueError, match="epochs"):
        fit(model, 4, lambda rows: model.weight.sum(), epochs=0)
    with pytest.raises(ValueError, match="no parameter a gradient"):
        fit(model, 4, lambda rows: model.weight.detach().sum(), progress=False)
    with pytest.raises(FloatingPointError, match="step 1 of"):
        fit(model, 4, lambda rows: model.weight.sum() * float("nan"), progress=False)


def test_a_step_may_put_the_gradients_itself():
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)

    def step(rows):
        loss = -model(torch.ones(len(rows), 1)).mean()
        loss.backward()
        return loss.detach()

    history = fit(model, 8, step, batch_size=2, lr=0.1, weight_decay=0.0, progress=False)
    assert float(model.weight.detach()) > 0.1
    assert history.losses[-1] < history.losses[0]


def test_embed_gives_what_encode_gives_with_a_gradient(encoder):
    texts = ["Trouble swallowing", "Loss of bladder control after a nerve injury", ""]
    vectors = embed(encoder, texts)
    expected = encoder.encode(texts, convert_to_tensor=True)
    torch.testing.assert_close(vectors.detach(), expected, atol=1e-5, rtol=0)
    assert vectors.requires_grad


def test_only_the_last_layers_are_trained(encoder):
    model = copy.deepcopy(encoder)
    count = trainable_layers(model, 1)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert trained
    assert all(".layer.5." in name for name in trained)
    assert count == sum(p.numel() for n, p in model.named_parameters() if n in trained)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    texts = ["a cold", "a broken arm", "red eyes", "a cough"]
    fit(
        model,
        4,
        lambda rows: embed(model, [texts[i] for i in rows]).sum(),
        batch_size=2,
        lr=1e-3,
        progress=False,
    )
    changed = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert changed == trained
    with pytest.raises(ValueError, match="expected 0 to 6"):
        trainable_layers(model, 7)
    assert trainable_layers(model, 0) == 0


def _noisy_pairs(pairs=24, dim=8):
    """Queries that are their passages but for half of the numbers, which say nothing."""
    generator = torch.Generator().manual_seed(0)
    passages = torch.randn(pairs, dim, generator=generator)
    noise = 2 * torch.randn(pairs, dim // 2, generator=generator)
    queries = torch.cat([noise, passages[:, dim // 2 :]], dim=1)
    return normalize(queries), normalize(passages)


def test_a_head_learns_which_passages_belong_to_queries():
    queries, passages = _noisy_pairs()
    head = finetune.fit_head(queries, passages, range(24), batch_size=8, epochs=60, lr=2e-2)
    start = finetune.ProjectionHead(8)
    with torch.no_grad():
        right = [
            (one(queries) @ one(passages).T).argmax(dim=1).eq(torch.arange(24)).float().mean()
            for one in (start, head)
        ]
    assert right[1] > right[0] + 0.2
    assert not head.training


def test_a_first_step_of_the_head_is_that_of_mnrl_with_all_negatives_of_the_batch():
    queries, passages = _noisy_pairs(4)
    negatives = normalize(torch.randn(4, 2, 8, generator=torch.Generator().manual_seed(1)))
    seen = []
    for others in (None, negatives):
        head = finetune.fit_head(
            queries,
            passages,
            range(4),
            negatives=others,
            batch_size=4,
            epochs=1,
            lr=0.0,
            warmup=0.0,
        )
        seen.append(head.linear.weight.grad)
    for others, gradient in zip((None, negatives), seen):
        weight = torch.eye(8, requires_grad=True)
        offered = passages if others is None else torch.cat([passages, others.flatten(0, 1)])
        table = 20 * normalize(queries @ weight.T) @ normalize(offered @ weight.T).T
        torch.nn.functional.cross_entropy(table, torch.arange(4)).backward()
        expected = weight.grad / max(1.0, float(weight.grad.norm()))
        cosine = torch.cosine_similarity(gradient.flatten(), expected.flatten(), dim=0)
        assert cosine > 0.999


def test_a_head_refuses_vectors_that_do_not_fit():
    queries, passages = _noisy_pairs()
    for negatives in (passages, passages[:3, None]):
        with pytest.raises(ValueError, match="fit_head: queries are"):
            finetune.fit_head(queries, passages, range(24), negatives=negatives)
    with pytest.raises(ValueError, match="fit_head: queries are"):
        finetune.fit_head(queries[:3], passages, range(24))
