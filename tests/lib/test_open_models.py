import pytest
import torch
from tokenizers import processors

from lib import open_models
from lib.model_table import MODELS
from lib.open_models import load_by_name
from lib.pooling import normalize, pool
from lib.tiny_models import make_tiny

TEXTS = ["kidney", "a large heart and two small kidneys on the wrong side", "heart of a child"]
TASK = "find the passage"
ARCHITECTURE_OF = {
    "gte-Qwen2-7B-instruct": "qwen2",
    "e5-mistral-7b-instruct": "mistral",
    "all-MiniLM-L6-v2": "bert",
    "bge-large-en-v1.5": "bert",
    "nomic-embed-text-v1.5": "nomic_bert",
}


def stand_in(name, folder, **options):
    """A tiny model in the place of the real one, and how the real one pools."""
    mode = open_models._MODES[MODELS[name].pooling]
    return make_tiny(ARCHITECTURE_OF[name], folder, pooling=options.pop("pooling", mode), **options)


def by_hand(model, texts, mode):
    """What the transformer and a plain pooling make of texts, one text at a time: no padding."""
    found = []
    for text in texts:
        ids = model.tokenizer(
            text, return_tensors="pt", truncation=True, max_length=model.max_seq_length
        )
        with torch.no_grad():
            tokens = model[0].auto_model(**ids).last_hidden_state
        found.append(normalize(pool(tokens, ids["attention_mask"], mode)))
    return torch.cat(found)


@pytest.mark.parametrize("name", ARCHITECTURE_OF)
@pytest.mark.parametrize("side", ["query", "document"])
def test_a_loaded_model_pools_and_puts_prefixes_as_its_card_says(name, side, tmp_path):
    stand_in(name, tmp_path)
    loaded = load_by_name(name, folder=tmp_path, device="cpu")
    prefix = getattr(loaded.card.prefix, side).replace("{task}", TASK)
    mode = open_models._MODES[loaded.card.pooling]
    expected = by_hand(loaded.model, [prefix + text for text in TEXTS], mode)
    found = loaded.encode(TEXTS, side, TASK)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_every_open_model_of_the_table_is_tried():
    assert {key for key, card in MODELS.items() if not card.is_service} == set(ARCHITECTURE_OF)


@pytest.mark.parametrize("name", ["gte-Qwen2-7B-instruct", "e5-mistral-7b-instruct"])
def test_a_decoder_is_given_the_end_token_that_its_files_forget(name, tmp_path):
    made = stand_in(name, tmp_path, limit=12)
    tokenizer = made.tokenizer
    tokenizer.backend_tokenizer.post_processor = processors.ByteLevel()  # adds nothing
    tokenizer.padding_side = "right"
    tokenizer.save_pretrained(tmp_path)
    loaded = load_by_name(name, folder=tmp_path, device="cpu")
    ids = loaded.model.preprocess(TEXTS)["input_ids"]
    assert set(ids[:, -1].tolist()) == {loaded.model.tokenizer.eos_token_id}
    assert loaded.model.tokenizer.padding_side == "left"
    assert ids.shape[1] <= 12


def test_a_limit_above_that_of_the_card_is_lowered(tmp_path):
    make_tiny("bert", tmp_path, limit=1_000)
    assert load_by_name("all-MiniLM-L6-v2", folder=tmp_path).model.max_seq_length == 256


def test_a_model_that_pools_otherwise_than_its_card_is_refused(tmp_path):
    stand_in("bge-large-en-v1.5", tmp_path, pooling="mean")
    with pytest.raises(
        ValueError, match=r"pools by 'mean', and the card of bge-large-en-v1\.5 says"
    ):
        load_by_name("bge-large-en-v1.5", folder=tmp_path)


def test_code_of_a_repository_is_not_run_unasked():
    with pytest.raises(ValueError, match=r"Read modeling_qwen\.py there"):
        load_by_name("gte-Qwen2-7B-instruct")


def test_without_a_hub_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OSError, match=r"hf download BAAI/bge-large-en-v1.5` once \(about 0.7 GB"):
        load_by_name("bge-large-en-v1.5")


@pytest.mark.parametrize(
    ("name", "message"),
    [("no-such-model", "is not in the table"), ("voyage-3", "runs only at its service")],
)
def test_names_that_cannot_be_loaded_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        load_by_name(name)


def test_sides_tasks_and_texts_that_do_not_fit_are_refused(tmp_path):
    stand_in("e5-mistral-7b-instruct", tmp_path)
    loaded = load_by_name("e5-mistral-7b-instruct", folder=tmp_path, device="cpu")
    with pytest.raises(ValueError, match="side is 'passage'"):
        loaded.encode(TEXTS, "passage")
    with pytest.raises(ValueError, match="task is empty"):
        loaded.encode(TEXTS, "query")
    with pytest.raises(TypeError, match="got one string"):
        loaded.encode("kidney", "document")
    assert loaded.encode([], "document").shape == (0, 4096)


def test_a_decoder_sees_the_same_text_alone_and_beside_a_longer_one(tmp_path):
    stand_in("gte-Qwen2-7B-instruct", tmp_path)
    loaded = load_by_name("gte-Qwen2-7B-instruct", folder=tmp_path, device="cpu")
    alone, beside = loaded.encode(TEXTS[:1], "document"), loaded.encode(TEXTS, "document")[:1]
    torch.testing.assert_close(alone, beside, atol=1e-5, rtol=0)
