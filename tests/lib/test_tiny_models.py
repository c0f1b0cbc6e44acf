import pytest
import torch
from sentence_transformers import SentenceTransformer

from lib.pooling import normalize, pool
from lib.tiny_models import ARCHITECTURES, make_tiny

TEXTS = ["kidney", "a large heart and two small kidneys on the wrong side", "heart of a child"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_tiny_model_is_of_its_architecture_and_pools_as_it_says(architecture, tmp_path):
    side, mode = ARCHITECTURES[architecture]
    model = make_tiny(architecture, tmp_path)
    assert model[0].auto_model.config.model_type == architecture
    features = model.preprocess(TEXTS)
    mask = features["attention_mask"]
    assert (mask[0, 0] == 0, mask[0, -1] == 0) == (side == "left", side == "right")
    with torch.no_grad():
        tokens = (
            model[0]
            .auto_model(input_ids=features["input_ids"], attention_mask=mask)
            .last_hidden_state
        )
    expected = normalize(pool(tokens, mask, mode))
    found = model.encode(TEXTS, convert_to_tensor=True, show_progress_bar=False)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_saved_model_is_read_as_it_was(architecture, tmp_path):
    model = make_tiny(architecture, tmp_path, dim=8, limit=12)
    again = SentenceTransformer(str(tmp_path), device="cpu")
    assert again.max_seq_length == 12
    assert type(again[0].auto_model) is type(model[0].auto_model)
    one, other = (m.encode(TEXTS, convert_to_tensor=True) for m in (model, again))
    torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


@pytest.mark.parametrize("architecture", ["qwen2", "mistral"])
def test_a_decoder_ends_with_its_own_token_even_where_the_text_is_cut(architecture, tmp_path):
    model = make_tiny(architecture, tmp_path, limit=6)
    features = model.preprocess([*TEXTS, ""])
    assert features["input_ids"].shape[1] == 6
    assert set(features["input_ids"][:, -1].tolist()) == {model.tokenizer.eos_token_id}


def test_another_architecture_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected one of bert, nomic_bert, qwen2, mistral"):
        make_tiny("gpt2", tmp_path)
