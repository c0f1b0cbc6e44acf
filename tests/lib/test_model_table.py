import re

import pytest

from lib.model_table import MODELS, embedding_costs
from lib.prefixes import prefix_of

SERVICES = {"text-embedding-3-large", "text-embedding-3-small", "voyage-3"}


def test_the_table_names_the_eight_models():
    assert len(MODELS) == 8
    assert {key for key, card in MODELS.items() if card.is_service} == SERVICES
    assert {card.pooling for card in MODELS.values()} == {"mean", "cls", "last", "service"}


@pytest.mark.parametrize("key", MODELS)
def test_a_row_is_whole_and_says_where_each_figure_stands(key):
    card = MODELS[key]
    assert card.key == key
    assert card.name.endswith(key)
    assert card.prefix == prefix_of(key)
    for figure in (card.mteb, card.dollars):
        assert figure is None or re.fullmatch(r"20\d\d-\d\d", figure.as_of)
        assert figure is None or figure.value is not None or figure.source.startswith("none: ")
    assert re.fullmatch(r"20\d\d-\d\d", card.as_of)
    assert (card.parameters is None) == (card.dollars is not None) == card.is_service
    assert card.is_service == (card.licence == "service")


@pytest.mark.parametrize("key", MODELS)
def test_a_row_agrees_with_what_mteb_knows(key):
    mteb = pytest.importorskip("mteb")
    card = MODELS[key]
    owner = {"voyage-3": "mongodb/"}.get(key, "openai/" if card.is_service else "")
    known = mteb.get_model_meta(owner + card.name)
    assert card.dim == known.embed_dim
    # e5-mistral's card advises against more than 4,096 tokens, though its positions go further
    # mteb has one token less for OpenAI's than OpenAI's own reference
    more = int(key.startswith("text-embedding-3"))
    stated = 4096 if key == "e5-mistral-7b-instruct" else known.max_tokens + more
    assert card.max_tokens == stated
    assert abs(_months(card.as_of) - _months(str(known.release_date))) <= 1
    if not card.is_service:
        assert card.licence.lower() == known.license
        assert card.parameters == pytest.approx(known.n_parameters / 1e6, abs=0.1)
    if known.n_embedding_parameters:
        assert card.word_parameters == pytest.approx(known.n_embedding_parameters / 1e6, abs=0.1)


def _months(date):
    year, month = date.split("-")[:2]
    return 12 * int(year) + int(month)


def test_costs_are_those_of_the_tokens_and_of_the_weights():
    large, small = MODELS["text-embedding-3-large"], MODELS["all-MiniLM-L6-v2"]
    assert large.price(2_000_000) == pytest.approx(0.26)
    assert small.price(2_000_000) is None
    assert large.flops_per_token() is large.megabytes() is None
    assert small.flops_per_token() == pytest.approx(2 * 11.0e6)
    assert small.megabytes(32) == pytest.approx(90.8)
    assert small.index_bytes(4_000) == 4_000 * 384 * 4


def test_a_corpus_costs_by_what_is_read_of_it():
    service, own = embedding_costs([2_000, 500], 1_000, 200.0, 10.0, 2.4)
    assert (service, own) == pytest.approx((0.3, 0.1))
    for limit, speed in ((0, 1.0), (1, 0.0)):
        with pytest.raises(ValueError, match="expected at least 1 and more than 0"):
            embedding_costs([1], limit, 1.0, speed, 1.0)
