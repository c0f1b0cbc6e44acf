import gc
import itertools

import torch

from lib.kept_memory import backward_bytes


def layers(*widths: int) -> torch.nn.Sequential:
    pairs = itertools.pairwise(widths)
    return torch.nn.Sequential(
        *(m for a, b in pairs for m in (torch.nn.Linear(a, b, bias=False), torch.nn.Tanh()))
    )


def test_the_gradient_is_what_backward_leaves():
    model, x = layers(3, 4, 2), torch.randn(5, 3)
    model(x).sum().backward()
    expected = torch.cat([p.grad.flatten() for p in model.parameters()])
    _, found = backward_bytes(model, lambda: model(x).sum().backward())
    torch.testing.assert_close(found, expected)


def test_activations_are_counted_and_weights_are_not():
    model, x = layers(8, 8), torch.randn(5, 8)
    most, _ = backward_bytes(model, lambda: model(x).sum().backward())
    assert most == 4 * 2 * x.numel(), "the inputs of the layer, and what tanh gave"


def test_the_most_at_a_time_is_counted_not_all_that_was_ever_kept():
    model, parts = layers(8, 8), torch.randn(4, 5, 8)

    def one_by_one():
        for part in parts:
            model(part).sum().backward()
            gc.collect()

    alone, _ = backward_bytes(model, lambda: model(parts[0]).sum().backward())
    together, _ = backward_bytes(model, lambda: model(parts.flatten(0, 1)).sum().backward())
    most, _ = backward_bytes(model, one_by_one)
    assert most == alone == together / 4
