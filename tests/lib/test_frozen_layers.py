import copy

import pytest
import torch
from torch import nn

from lib import frozen_layers
from lib.finetune import embed, trainable_layers
from lib.frozen_layers import forget_lower_layers, remember_lower_layers
from lib.losses import mnrl

TEXTS = ["pain", "pain in the left hip that comes at night", "", "a rash", "word " * 40]
LONG = "word " * 400  # beyond the model's limit


@pytest.fixture(scope="module")
def tiny(encoder):
    """The course's model with the same tokenizer, but three random layers of 32 numbers."""
    from transformers import BertConfig, BertModel

    model = copy.deepcopy(encoder)
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=64
    )
    model[0].model = BertModel(config)
    return model.eval()


@pytest.fixture
def model(tiny):
    return copy.deepcopy(tiny)


def _vectors(model, texts=TEXTS):
    return model.encode(texts, convert_to_tensor=True, show_progress_bar=False)


@pytest.mark.parametrize("last", [1, 2, 3])
def test_a_model_that_remembers_gives_what_it_gave_before(model, last):
    plain = _vectors(model, [*TEXTS, LONG])
    remember_lower_layers(model, last, precision="float32")
    torch.testing.assert_close(_vectors(model, [*TEXTS, LONG]), plain, atol=1e-6, rtol=0)
    torch.testing.assert_close(_vectors(model, [*TEXTS, LONG]), plain, atol=1e-6, rtol=0)


def test_token_vectors_are_those_of_the_model_and_zero_where_padding_stands(model):
    features = model.preprocess(TEXTS)
    plain = model[0](dict(features))["token_embeddings"]
    remember_lower_layers(model, precision="float32")
    found = model[0](dict(features))["token_embeddings"]
    mask = features["attention_mask"].bool()
    assert found.shape == plain.shape
    torch.testing.assert_close(found[mask], plain[mask], atol=1e-5, rtol=0)
    assert not found[~mask].any()


def test_steps_of_training_are_those_of_the_plain_model_with_frozen_layers(model):
    plain, last, untrained = copy.deepcopy(model), 1, _vectors(model)
    for module in plain.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    trained = trainable_layers(plain, last)
    assert remember_lower_layers(model, last, precision="float32").trained == trained
    for one in (plain, model):
        one.train()
        # Not Adam: the gradient of a key's bias is 0 but for rounding, which Adam would blow up.
        optimizer = torch.optim.SGD([p for p in one.parameters() if p.requires_grad], lr=0.3)
        for _ in range(4):
            optimizer.zero_grad()
            mnrl(embed(one, TEXTS[:4]), embed(one, TEXTS[1:])).backward()
            optimizer.step()
        one.eval()
    for (name, ours), theirs in zip(model.state_dict().items(), plain.state_dict().values()):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0, msg=name)
    assert (_vectors(model) - untrained).abs().max() > 1e-3


def test_a_text_goes_through_the_lower_layers_once_for_all_models_that_share_them(
    model, monkeypatch
):
    seen = []
    lower = model[0].auto_model.encoder.layer[0]
    lower.register_forward_hook(lambda module, given, out: seen.append(len(out)))
    layers = remember_lower_layers(model, precision="float32")
    layers._states.clear()
    _vectors(model, ["new one", "new two"])
    assert sum(seen) == 2
    other = copy.deepcopy(model)
    nn.init.normal_(other[0].auto_model.encoder.layer[-1].output.dense.weight)
    assert not torch.allclose(_vectors(other, ["new one"]), _vectors(model, ["new one"]))
    assert sum(seen) == 2


def test_other_lower_layers_share_nothing(model):
    first = remember_lower_layers(model, precision="float32").key
    other = copy.deepcopy(model)
    forget_lower_layers(other)
    nn.init.normal_(other[0].auto_model.encoder.layer[0].output.dense.weight)
    assert remember_lower_layers(other, precision="float32").key != first
    assert remember_lower_layers(copy.deepcopy(model), 2, precision="float32").key != first


def test_a_copy_remembers_by_itself(model):
    remember_lower_layers(model, precision="float32")
    before, other = _vectors(model), copy.deepcopy(model)
    nn.init.zeros_(other[0].auto_model.encoder.layer[-1].output.dense.weight)
    torch.testing.assert_close(_vectors(model), before)
    assert not torch.allclose(_vectors(other), before)


def test_what_was_read_is_kept_on_disk(model, monkeypatch):
    layers = remember_lower_layers(model, precision="float32")
    tokens = layers.read([*TEXTS, TEXTS[0], LONG], progress=False)
    assert tokens == sum(len(ids) for ids in layers._ids([*TEXTS, LONG]))
    plain = _vectors(model)
    layers._states.clear()
    monkeypatch.setattr(layers, "_run", lambda *_, **__: pytest.fail("read anew"))
    layers.read([*TEXTS, TEXTS[0], LONG], progress=False)
    monkeypatch.undo()
    torch.testing.assert_close(_vectors(model), plain)


def test_in_sixteen_bits_vectors_differ_by_rounding_only(model, monkeypatch):
    plain = _vectors(model)
    for module in ("lib.device", "lib.frozen_layers"):  # as on a processor that multiplies them
        monkeypatch.setattr(f"{module}.low_precision_dtype", lambda device: torch.bfloat16)
    layers = remember_lower_layers(model)
    found = _vectors(model)
    assert {states.dtype for states in layers._states.values()} == {torch.float16}
    # How much is rounded differs between processors; in float32 it is under 1e-6.
    assert 1e-5 < (found - plain).abs().max() < 2e-2
    remember_lower_layers(model, precision="float32")
    torch.testing.assert_close(_vectors(model), plain, atol=1e-6, rtol=0)


def test_forgetting_gives_the_model_its_own_way_and_dropout_back(model):
    dropout = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    remember_lower_layers(model, precision="float32")
    assert all(m.p == 0 for m in model.modules() if isinstance(m, nn.Dropout))
    forget_lower_layers(model)
    forget_lower_layers(model)
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == dropout
    assert "forward" not in vars(model[0])


def test_a_saved_model_is_a_plain_one_that_gives_the_same(model, tmp_path):
    from sentence_transformers import SentenceTransformer

    remember_lower_layers(model, precision="float32")
    nn.init.normal_(model[0].auto_model.encoder.layer[-1].output.dense.weight, std=0.1)
    model.save_pretrained(str(tmp_path), create_model_card=False)
    loaded = SentenceTransformer(str(tmp_path), device="cpu")
    assert type(loaded[0]).__module__.startswith("sentence_transformers.")
    torch.testing.assert_close(_vectors(loaded), _vectors(model), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"last": 0}, "last is 0; expected 1 to 3"),
        ({"last": 4}, "last is 4; expected 1 to 3"),
        ({"precision": "bfloat16"}, "precision is 'bfloat16'"),
    ],
)
def test_what_cannot_be_is_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        remember_lower_layers(model, **options)
    assert "forward" not in vars(model[0])


def test_a_model_that_pads_on_the_left_is_refused(model, monkeypatch):
    monkeypatch.setattr(model.tokenizer, "padding_side", "left")
    with pytest.raises(ValueError, match="pads on the left"):
        remember_lower_layers(model)


def test_one_text_instead_of_a_list_is_refused(model):
    with pytest.raises(TypeError, match=r"LowerLayers\.read"):
        remember_lower_layers(model).read("one text")


def test_no_text_is_read_in_no_time(model):
    assert remember_lower_layers(model).read([]) == 0
    assert frozen_layers._CHUNK > 1
