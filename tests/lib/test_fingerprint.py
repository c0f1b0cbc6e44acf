"""Whatever changes a model's vectors changes its fingerprint, and nothing else does."""

import copy
import json
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import nn

from lib import cross_encoder, fingerprint
from lib.cache import EmbeddingCache
from lib.models import load_encoder
from lib.search import encode_cached
from tests.lib import test_bi_encoder

tiny = test_bi_encoder.tiny  # the fixture: two random layers of 32 numbers
TEXTS = [
    "Brittle bones, café",
    "the small bones of the left hand, which break easily",
    "X-ray: 2.5",
]


def _backend(model):
    return model.tokenizer.backend_tokenizer


def _layer(model):
    return model[0].model.encoder.layer[0]


def _swap_two_words(model):
    state = json.loads(_backend(model).to_str())
    words = state["model"]["vocab"]
    words["bones"], words["hand"] = words["hand"], words["bones"]
    model.tokenizer._tokenizer = Tokenizer.from_str(json.dumps(state))


def _one_weight(model):
    with torch.no_grad():
        model[0].model.embeddings.word_embeddings.weight[model.tokenizer.vocab["bones"], 3] += 0.5


def _unsaved_buffer(model):
    embeddings = model[0].model.embeddings
    assert "position_ids" not in embeddings.state_dict()
    embeddings.position_ids = embeddings.position_ids.flip(1)


def _heads(model):
    layer = _layer(model).attention.self
    layer.num_attention_heads, layer.attention_head_size = 4, 8


def _dense(model):
    from sentence_transformers.sentence_transformer.modules import Dense

    torch.manual_seed(1)
    model.append(Dense(32, 8, activation_function=nn.Tanh()))


def _prompt(model):
    model.prompts, model.default_prompt_name = {"query": "find: "}, "query"


def _pooling_without_the_prompt(model):
    _prompt(model)
    model[1].include_prompt = False


def _no_special_tokens(model):
    _backend(model).post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])


CHANGES = {
    "one weight": _one_weight,
    "a buffer that is not saved": _unsaved_buffer,
    "the weights' type": lambda model: model.bfloat16(),
    "pooling": lambda model: setattr(model[1], "pooling_mode", "cls"),
    "no normalisation": lambda model: model.__delitem__(2),
    "one layer more": _dense,
    "one layer less": lambda model: model[0].model.encoder.layer.__delitem__(1),
    "text limit": lambda model: setattr(model, "max_seq_length", 6),
    "fewer dimensions": lambda model: setattr(model, "truncate_dim", 16),
    "prompt": _prompt,
    "pooling without the prompt": _pooling_without_the_prompt,
    "heads": _heads,
    "attention's scale": lambda model: setattr(_layer(model).attention.self, "scaling", 3.0),
    "epsilon": lambda model: setattr(model[0].model.embeddings.LayerNorm, "eps", 1.0),
    "activation": lambda model: setattr(
        _layer(model).intermediate, "intermediate_act_fn", nn.ReLU()
    ),
    "normaliser": lambda model: setattr(
        _backend(model), "normalizer", normalizers.BertNormalizer(lowercase=False)
    ),
    "accents": lambda model: setattr(
        _backend(model), "normalizer", normalizers.BertNormalizer(strip_accents=False)
    ),
    "pre-tokenizer": lambda model: setattr(
        _backend(model), "pre_tokenizer", pre_tokenizers.WhitespaceSplit()
    ),
    "vocabulary of the same size": _swap_two_words,
    "a token of its own": lambda model: model.tokenizer.add_tokens([AddedToken("ea")]),
    "special tokens": _no_special_tokens,
    "which end is cut": lambda model: (
        setattr(model, "max_seq_length", 6),
        setattr(model.tokenizer, "truncation_side", "left"),
    ),
    "which end is padded": lambda model: setattr(model.tokenizer, "padding_side", "left"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_vectors_changes_the_fingerprint(tiny, change):
    model = copy.deepcopy(tiny)
    CHANGES[change](model)
    expected, found = (m.encode(TEXTS, show_progress_bar=False) for m in (tiny, model))
    assert expected.shape != found.shape or abs(expected - found).max() > 5e-6
    assert fingerprint.fingerprint(model) != fingerprint.fingerprint(tiny)


@pytest.mark.slow
def test_each_change_has_a_fingerprint_of_its_own(tiny):
    seen = {fingerprint.fingerprint(tiny), fingerprint.fingerprint(tiny, "bfloat16")}
    for change in CHANGES.values():
        model = copy.deepcopy(tiny)
        change(model)
        seen.add(fingerprint.fingerprint(model))
    assert len(seen) == len(CHANGES) + 2
    assert all(len(key) == 32 and key.isalnum() for key in seen)


def test_what_changes_no_vector_changes_no_fingerprint(tiny, tmp_path):
    model = copy.deepcopy(tiny)
    first = fingerprint.fingerprint(model)
    model.encode(["x " * 300, "y"], show_progress_bar=False)
    assert fingerprint.fingerprint(model) == first
    model.tokenizer(["a b c d e"], truncation=True, max_length=3, padding="max_length")
    assert fingerprint.fingerprint(model) == first
    encode = model.encode
    model.encode = lambda *args, **options: encode(*args, **options)
    assert fingerprint.fingerprint(model) == first
    del model.encode
    model.train().requires_grad_(False)
    model.similarity_fn_name = "dot"
    assert fingerprint.fingerprint(model) == first
    model.similarity_fn_name = "cosine"
    model.save(str(tmp_path / "elsewhere"))
    assert fingerprint.fingerprint(load_encoder(tmp_path / "elsewhere", "cpu")) == first


@pytest.mark.slow
def test_another_process_finds_the_same_fingerprint(encoder):
    code = (
        "from lib.models import load_encoder; from lib.fingerprint import fingerprint\n"
        "print(fingerprint(load_encoder(device='cpu')))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [fingerprint.fingerprint(encoder)]


def test_a_changed_normaliser_never_reads_what_was_kept_before(tiny, tmp_path):
    cache, model = EmbeddingCache(tmp_path), copy.deepcopy(tiny)
    encode_cached(model, TEXTS, precision="float32", cache=cache)
    CHANGES["normaliser"](model)
    found = encode_cached(model, TEXTS, precision="float32", cache=cache)
    expected = model.encode(TEXTS, convert_to_tensor=True, show_progress_bar=False)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 4_999), st.sampled_from([torch.float64, torch.float16, torch.int8]))
def test_of_a_large_model_each_weight_counts(place, dtype):
    module = nn.Module()
    module.register_buffer("weight", torch.ones(5_000, dtype=dtype))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "_HASHED_BYTES", 500)
        first = fingerprint.module_digest(module)
        module.weight[place] = 2
        assert fingerprint.module_digest(module) != first


def _word_level(**words):
    return Tokenizer(models.WordLevel(words, unk_token="a"))


def test_tokenizers_of_other_kinds_are_told_apart():
    from sentence_transformers.sentence_transformer.modules.tokenizer import WhitespaceTokenizer
    from transformers import PythonBackend

    class Slow(PythonBackend):
        def __init__(self, words, **options):
            self.words = words
            super().__init__(**options)

        @property
        def vocab_size(self):
            return len(self.words)

        def get_vocab(self):
            return {word: number for number, word in enumerate(self.words)}

        def _convert_token_to_id(self, token):
            return self.get_vocab().get(token, 0)

    cut = _word_level(a=0, b=1)
    cut.enable_truncation(1)
    kinds = [
        _word_level(a=0, b=1),
        _word_level(b=0, a=1),
        cut,
        WhitespaceTokenizer(["a", "b"]),
        WhitespaceTokenizer(["b", "a"]),
        WhitespaceTokenizer(["a", "b"], do_lower_case=True),
        Slow(["a", "b"]),
        Slow(["b", "a"]),
        Slow(["a", "b"], model_max_length=4),
    ]
    facts = [
        json.dumps(fingerprint.tokenizer_facts(kind), sort_keys=True)
        for _ in range(2)
        for kind in kinds
    ]
    assert len(set(facts)) == len(kinds)


class Odd(nn.Module):
    """A module with settings of every kind that a module of one's own may have."""

    def __init__(self, **settings):
        super().__init__()
        vars(self).update(settings)


def test_settings_of_any_kind_count_and_addresses_do_not():
    from dataclasses import make_dataclass
    from functools import partial

    import numpy as np

    class Slots:
        __slots__ = ()

    shape = make_dataclass("Shape", ["width"])
    values = [
        *(None, True, 1, 1.5, "1", b"1", (1, 2), [2, 1], {"a": 1}, {"a": 2}, {1, 2}, range(3)),
        *(torch.float16, torch.float32, torch.ones(2), torch.zeros(2), torch.ones(2).bfloat16()),
        *(np.ones(2), np.zeros(2), np.float32(3), torch.relu, torch.tanh),
        *(partial(torch.relu, 1), partial(torch.relu, 2), shape(1), shape(2)),
    ]
    digests = [fingerprint.module_digest(Odd(setting=value)) for value in values]
    assert digests == [fingerprint.module_digest(Odd(setting=copy.copy(v))) for v in values]
    assert len(set(digests)) == len(values)
    assert len({fingerprint.module_digest(Odd(setting=make())) for make in [Slots] * 3}) == 1
    assert len({fingerprint.module_digest(Odd(setting=make())) for make in [object] * 3}) == 1
    circle = shape(1)
    circle.width = circle
    assert fingerprint.module_digest(Odd(setting=circle)) not in digests
    assert fingerprint.module_digest(Odd(_setting=1)) == fingerprint.module_digest(Odd())


def test_a_judge_with_another_tokenizer_does_not_read_what_the_first_one_kept(tiny):
    judges = [cross_encoder.CrossEncoder(tiny) for _ in range(2)]
    judges[1].tokenizer = copy.deepcopy(judges[1].tokenizer)
    facts = [cross_encoder._facts(judge, TEXTS) for judge in judges]
    assert facts[0] == facts[1]
    judges[0].read(TEXTS, progress=False)
    assert cross_encoder._facts(judges[0], TEXTS) == facts[0]
    lower = normalizers.BertNormalizer(lowercase=False)
    judges[1].tokenizer.backend_tokenizer.normalizer = lower
    assert cross_encoder._facts(judges[1], TEXTS) != facts[0]
