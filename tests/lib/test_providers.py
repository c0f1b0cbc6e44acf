"""The services' real clients, unchanged, against the server of lib.providers_offline."""

import base64
import email.utils
import random
import socket
import struct
import sys
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lib._provider_clients import _checked, _failure
from lib._provider_models import MODELS, USUAL, estimated_tokens, model_card
from lib._provider_retries import Failure, RequestFailed, retry_after
from lib.cache import EmbeddingCache, text_key
from lib.providers import (
    SERVICES,
    BadAnswerError,
    KeyRefusedError,
    ProviderError,
    RateLimitedError,
    RequestRefusedError,
    Retries,
    ServiceFailedError,
    TextTooLongError,
    TimedOutError,
    UnknownModelError,
    UnreachableError,
    batches,
    decode_vector,
    missing_clients,
    open_provider,
)
from lib.providers_offline import OfflineServer, offline_provider

for client in ("openai", "cohere", "google.genai", "voyageai", "starlette", "uvicorn"):
    pytest.importorskip(client)

DIM = 24
SHORTENING = {**USUAL, "cohere": "embed-v4.0", "voyage": "voyage-3.5"}


def vectors_of(texts):
    """Vectors by each text's hash: any text has its own, whatever it is embedded with."""
    rows = [torch.frombuffer(bytearray(text_key(text) * 4), dtype=torch.int8) for text in texts]
    return torch.stack(rows).float()[:, :DIM]


def expected(texts, dim=None):
    return F.normalize(vectors_of(texts)[:, :dim], dim=1)


class Time:
    """A clock that stands still but for the waits, which it notes."""

    def __init__(self):
        self.now, self.waits = 1_000.0, []

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def retries(self, **settings):
        rule = {"draw": lambda: 1.0, "sleep": self.sleep, "clock": lambda: self.now}
        return Retries(**{**rule, **settings})


@pytest.fixture(scope="module")
def running():
    with OfflineServer(vectors_of) as server:
        yield server


@pytest.fixture
def server(running):
    running._state.faults.clear()
    return running


@pytest.fixture(params=SERVICES)
def service(request):
    return request.param


def test_each_service_s_own_client_brings_the_vectors_in_order(server, service, capfd):
    texts = ["thin nails", "brüchige Nägel", "爪が薄い", "thin nails", "🦴 \x00\n"]
    provider = offline_provider(service, server=server)
    for side in ("query", "document"):
        found = provider.embed(texts, side=side)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected(texts), atol=1e-6, rtol=0)
    assert (provider.usage.requests, provider.usage.texts) == (2, 8)  # the text that is twice: once
    assert provider.usage.characters == 2 * sum(map(len, set(texts)))
    assert provider.usage.tokens > 0
    assert provider.cost == provider.card.cost(provider.usage.tokens, provider.usage.characters)
    assert capfd.readouterr() == ("", "")  # nbgrader takes points for stderr


def test_it_is_told_which_clients_are_not_installed(monkeypatch):
    assert missing_clients() == []
    for module in ("voyageai", "google", "google.genai"):
        monkeypatch.setitem(sys.modules, module, None)
    assert missing_clients() == ["google", "voyage"]


def test_one_text_and_none(server, service):
    provider = offline_provider(service, server=server)
    torch.testing.assert_close(provider.embed(["x"], "query"), expected(["x"]))
    before = server.requests
    assert provider.embed([], "query").shape == (0, provider.card.dim)
    assert server.requests == before


def test_a_shorter_vector_is_cut_and_normalised_by_the_service(server, service):
    provider = offline_provider(service, SHORTENING[service], server=server)
    found = provider.embed(["a", "b"], "document", dim=8)
    torch.testing.assert_close(found, expected(["a", "b"], 8), atol=1e-6, rtol=0)


def test_google_s_gemini_takes_one_text_a_request(server):
    provider = offline_provider("google", "gemini-embedding-001", server=server)
    found = provider.embed(["a", "b", "c"], "query", dim=8)
    torch.testing.assert_close(found, expected(["a", "b", "c"], 8), atol=1e-6, rtol=0)
    assert provider.usage.requests == 3
    assert provider.usage.tokens == 3


@pytest.mark.slow
def test_2100_texts_come_back_in_order_in_as_few_requests_as_the_limit_allows(server, service):
    texts = [f"text {i}" for i in range(2_100)]
    provider = offline_provider(service, server=server)
    torch.testing.assert_close(
        provider.embed(texts, "document"), expected(texts), atol=1e-6, rtol=0
    )
    per_request = {"openai": 2048, "cohere": 96, "google": 250, "voyage": 1000}[service]
    assert provider.usage.requests == -(-2_100 // per_request)


texts_of_any_kind = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), max_size=30
)


@pytest.mark.slow
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=texts_of_any_kind, which=st.sampled_from(SERVICES))
@example(texts=["a", "b", "a"], which="cohere")
def test_any_list_of_texts_comes_back_in_order(server, texts, which):
    found = offline_provider(which, server=server).embed(texts, "document")
    assert len(found) == len(texts)
    if texts:
        torch.testing.assert_close(found, expected(texts), atol=1e-6, rtol=0)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 4_000), max_size=200),
    row=st.sampled_from(list(MODELS.values())),
)
def test_batches_keep_the_order_and_the_limits(lengths, row):
    texts = ["x" * n for n in lengths]
    found = batches(texts, row)
    assert [text for batch in found for text in batch] == texts
    for batch in found:
        assert 0 < len(batch) <= row.texts
        tokens = sum(min(estimated_tokens(text), row.text_tokens) for text in batch)
        assert row.tokens is None or tokens <= row.tokens
    # No batch could have taken the first text of the next one.
    for batch, following in pairwise(found):
        sizes = [min(estimated_tokens(t), row.text_tokens) for t in [*batch, following[0]]]
        assert len(batch) == row.texts or sum(sizes) > row.tokens


def test_a_batch_that_the_service_finds_too_large_is_halved(server):
    # Signs are tokens of one byte, which the estimate does not know: 14,000 by it, 39,000 there.
    texts = [f"{i} " + "!" * 1_950 for i in range(20)]
    provider = offline_provider("google", server=server)
    torch.testing.assert_close(
        provider.embed(texts, "document"), expected(texts), atol=1e-6, rtol=0
    )
    assert provider.usage.requests == 3
    assert provider.usage.texts == 20


# status, the exception, and whether the request is sent again
STATUSES = [
    (401, KeyRefusedError, False),
    (403, KeyRefusedError, False),
    (400, RequestRefusedError, False),
    (429, RateLimitedError, True),
    (500, ServiceFailedError, True),
    (503, ServiceFailedError, True),
    ("malformed", BadAnswerError, True),
]


@pytest.mark.parametrize(("status", "kind", "again"), STATUSES)
def test_each_failure_has_its_exception_and_what_may_pass_is_asked_again(
    server, service, status, kind, again
):
    time = Time()
    provider = offline_provider(service, server=server, retries=time.retries(tries=3))
    tries = 3 if again else 1
    server.fail(next=3, status=status)
    with pytest.raises(kind, match="What to do: ") as caught:
        provider.embed(["x"], "query")
    assert isinstance(caught.value, ProviderError)
    assert provider.usage.requests == tries == 1 + len(time.waits)
    assert (caught.value.service, caught.value.model) == (service, USUAL[service])
    assert caught.value.status in (status, 200, None)
    server._state.faults.clear()
    server.fail(next=tries - 1, status=status)
    torch.testing.assert_close(provider.embed(["x"], "query"), expected(["x"]))
    assert provider.usage.retries == len(time.waits) == 2 * (tries - 1)


def test_a_refusal_for_too_many_requests_is_waited_for_as_long_as_it_says(server, service):
    time = Time()
    provider = offline_provider(service, server=server, retries=time.retries(first=0.0))
    server.fail(next=2, status=429, retry_after=7)
    provider.embed(["x"], "query")
    assert time.waits == [7, 7]
    assert provider.usage.retries == 2
    assert provider.usage.waited == 14


def test_a_date_to_wait_for_is_read_by_the_clock_that_is_given():
    class Refused(Exception):
        status_code = 503
        headers = {"Retry-After": email.utils.formatdate(1_012, usegmt=True)}  # noqa: RUF012

    failure = _failure(Refused(), Time().now)
    assert (failure.kind, failure.retry_after) == ("server", 12)


def test_a_wait_beyond_patience_is_not_begun(server, service):
    time = Time()
    provider = offline_provider(service, server=server, retries=time.retries(patience=60))
    server.fail(next=1, status=429, retry_after=3600)
    with pytest.raises(RateLimitedError, match="asks to wait 3,600 s, longer than the patience"):
        provider.embed(["x"], "query")
    assert time.waits == []


def test_waits_double_up_to_patience_and_are_drawn_below_that():
    time, failure = Time(), Failure("server", "it fails", 500)
    rule = time.retries(tries=9, first=1.0, patience=20.0)
    with pytest.raises(RequestFailed):
        rule.call(_always(failure), lambda *_: None)
    assert time.waits == [1, 2, 4, 8, 16, 20, 20, 20]
    drawn = Retries(draw=random.Random(0).random)
    waits = [drawn.pause(4, failure) for _ in range(200)]
    assert 0 <= min(waits) < 1 < 7 < max(waits) <= 8
    with pytest.raises(ValueError, match="expected at least 1 try"):
        Retries(tries=0)


def _always(failure):
    def ask():
        raise RequestFailed(failure)

    return ask


def test_retry_after_is_read_as_seconds_milliseconds_and_a_date():
    assert retry_after({"Retry-After": "3"}, 0.0) == 3
    assert retry_after({"retry-after-ms": "250", "retry-after": "1"}, 0.0) == 0.25
    date = email.utils.formatdate(1_030, usegmt=True)
    assert retry_after({"Retry-After": date}, 1_000.0) == pytest.approx(30)
    assert retry_after({"Retry-After": date}, 2_000.0) == 0
    for nonsense in (
        {},
        None,
        {"retry-after": "soon"},
        {"retry-after": "nan"},
        {"retry-after": "-1"},
    ):
        assert retry_after(nonsense, 0.0) is None


def test_credit_that_is_used_up_is_not_waited_for(server):
    class Refused(Exception):
        status_code = 429
        body = {"message": "You exceeded your current quota.", "code": "insufficient_quota"}  # noqa: RUF012

    failure = _failure(Refused(), 0.0)
    assert (failure.kind, failure.passes) == ("quota", False)
    time = Time()
    provider = offline_provider("openai", server=server, retries=time.retries())
    provider._ask = lambda *_: _always(failure)()
    with pytest.raises(RateLimitedError, match=r"insufficient_quota.*look at its billing"):
        provider.embed(["x"], "query")
    assert time.waits == []


def test_an_answer_that_does_not_come_in_time(server, service):
    time = Time()
    provider = offline_provider(
        service, server=server, timeout=0.1, retries=time.retries(tries=2, first=0.0)
    )
    server.fail(next=2, status="slow", seconds=0.4)
    with pytest.raises(TimedOutError, match=r"gave no answer .* asked 2 times.*longer `timeout`"):
        provider.embed(["x"], "query")
    server.fail(next=1, status="slow", seconds=0.4)
    torch.testing.assert_close(provider.embed(["y"], "query"), expected(["y"]))


def test_nobody_at_the_address(service):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        provider = open_provider(
            service,
            api_key="k",
            base_url=address,
            project="p",
            retries=Time().retries(tries=2),
        )
        with pytest.raises(UnreachableError, match=r"asked 2 times.*offline_provider"):
            provider.embed(["x"], "query")


def test_a_text_over_the_limit_is_named_and_what_came_before_is_kept(server, service):
    provider = offline_provider(service, server=server)
    limit = provider.card.text_tokens
    texts = [*(f"text {i}" for i in range(5)), "word " * (limit + 1), "after"]
    with pytest.raises(TextTooLongError, match=r"refuses texts\[5\] \('word word") as caught:
        provider.embed(texts, "document")
    error = caught.value
    assert (error.position, error.limit, error.status) == (5, limit, 400)
    assert f"at most {limit:,} tokens" in str(error)
    assert ("truncate=True" in str(error)) == (service != "openai")
    assert error.tokens in (limit + 1, None)
    # OpenAI and Voyage say which text it is; of the others the halves before it came back.
    before = len(error.texts)
    assert (before > 0) == (service in ("cohere", "google"))
    assert error.texts == texts[:before]
    if before:
        torch.testing.assert_close(error.vectors, expected(texts[:before]), atol=1e-6, rtol=0)


def test_the_service_cuts_a_long_text_where_it_is_asked_to(server):
    for service in ("cohere", "google", "voyage"):
        provider = offline_provider(service, server=server, truncate=True)
        text = "word " * (provider.card.text_tokens + 1)
        assert provider.embed([text, "short"], "document").shape == (2, DIM)
    with pytest.raises(ValueError, match="OpenAI cuts no text"):
        open_provider("openai", truncate=True)


def test_what_was_embedded_before_a_failure_is_in_the_error(server):
    provider = offline_provider("cohere", server=server, retries=Time().retries(tries=2))
    texts = [f"text {i}" for i in range(300)]
    answered = provider._ask

    def third_fails(batch, side, dim):
        if provider.usage.requests == 3:
            server.fail(next=2, status=503)
        return answered(batch, side, dim)

    provider._ask = third_fails
    with pytest.raises(ServiceFailedError, match="Of 300 texts 192 are embedded") as caught:
        provider.embed(texts, "document")
    assert caught.value.texts == texts[:192]
    torch.testing.assert_close(caught.value.vectors, expected(texts[:192]), atol=1e-6, rtol=0)


def test_a_cache_keeps_by_side_and_dim_what_is_paid_for(server, tmp_path):
    cache = EmbeddingCache(tmp_path)

    def provider():
        return offline_provider(
            "openai", server=server, cache=cache, retries=Time().retries(tries=1)
        )

    first = provider()
    first.embed(["a", "b"], "query")
    server.fail(1, 500)
    with pytest.raises(ServiceFailedError):
        first.embed(["a", "c"], "query")
    second = provider()
    torch.testing.assert_close(second.embed(["b", "a", "c"], "query"), expected(["b", "a", "c"]))
    assert (second.usage.requests, second.usage.texts) == (1, 1)
    second.embed(["a"], "document")
    assert second.embed(["a"], "query", dim=8).shape == (1, 8)
    assert second.usage.requests == 3


def test_an_unknown_model_is_the_service_s_to_refuse(server, service):
    provider = offline_provider(service, "text-embedding-9", server=server)
    with pytest.raises(UnknownModelError, match="text-embedding-9"):
        provider.embed(["x"], "query")
    assert provider.cost is None


def test_what_can_be_seen_at_once_is_not_sent(server, service):
    provider = offline_provider(service, server=server)
    before = server.requests
    with pytest.raises(ValueError, match=r"texts\[1\] is empty, ' \\n'"):
        provider.embed(["x", " \n"], "query")
    with pytest.raises(ValueError, match="side is 'passage'; expected 'query' or 'document'"):
        provider.embed(["x"], "passage")
    with pytest.raises(ValueError, match="dim is 99999"):
        provider.embed(["x"], "query", dim=99_999)
    with pytest.raises(TypeError, match="got one string"):
        provider.embed("x", "query")
    if not provider.card.shortens:
        with pytest.raises(ValueError, match="cut and normalise the vectors yourself"):
            provider.embed(["x"], "query", dim=8)
    assert server.requests == before


def test_a_dim_that_the_service_refuses_is_no_long_text(server):
    provider = offline_provider("openai", server=server)
    with pytest.raises(RequestRefusedError, match="Invalid output dimension: 512"):
        provider.embed(["x"], "query", dim=512)
    assert provider.usage.requests == 1


def test_without_a_key_nothing_is_opened(monkeypatch):
    for name in ("OPENAI_API_KEY", "CO_API_KEY", "VOYAGE_API_KEY", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    for service, name in (
        ("openai", "OPENAI_API_KEY"),
        ("cohere", "CO_API_KEY"),
        ("voyage", "VOYAGE_API_KEY"),
    ):
        with pytest.raises(KeyRefusedError, match=f"{name} or give api_key"):
            open_provider(service)
        monkeypatch.setenv(name, "k")
        assert open_provider(service).model == USUAL[service]
    with pytest.raises(ValueError, match="Google wants a project"):
        open_provider("google")
    with pytest.raises(ValueError, match="expected one of openai, cohere, google, voyage"):
        open_provider("azure")


def test_a_key_is_shown_nowhere(server):
    provider = offline_provider("openai", server=server)
    server.fail(1, 401)
    with pytest.raises(KeyRefusedError) as caught:
        provider.embed(["x"], "query")
    for shown in (repr(provider), repr(server), str(caught.value), repr(provider._settings)):
        assert server.token not in shown


@pytest.mark.parametrize(
    ("service", "module"),
    [
        ("openai", "openai"),
        ("cohere", "cohere"),
        ("google", "google.genai"),
        ("voyage", "voyageai"),
    ],
)
def test_a_client_that_is_not_installed(monkeypatch, service, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'embeddings-course\[api\]'"):
        open_provider(service, api_key="k", project="p")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (None, "0 vectors"),
        ([[1.0, 2.0]], r"1 vectors of \[2\] numbers came; expected 2 vectors"),
        ([[1.0], [1.0, 2.0]], r"\[1, 2\] numbers"),
        ([[], []], r"\[0\] numbers"),
        ([[1.0], [float("nan")]], "NaN or infinity"),
        ([[1.0], None], r"\[0, 1\]"),
    ],
)
def test_vectors_that_are_none_are_no_answer(rows, words):
    with pytest.raises(RequestFailed, match=words):
        _checked(rows, 2, None)
    assert _checked([[1, 2], [3, 4]], 2, 2).dtype == torch.float32


def test_each_model_says_where_its_limits_stand_and_as_of_when():
    assert {service for service, _ in MODELS} == set(SERVICES) == set(USUAL)
    for row in MODELS.values():
        assert "https://" in row.source
        assert all(part.strip().startswith("20") for part in row.as_of.split(";"))
        assert row.source.count(";") >= row.as_of.count(";") == 1
    assert model_card("google", "publishers/google/models/text-embedding-005").dim == 768
    assert MODELS["openai", "text-embedding-3-small"].cost(2_000_000, 0) == pytest.approx(0.04)
    assert MODELS["google", "text-embedding-005"].cost(0, 1_000_000) == pytest.approx(0.025)


@pytest.mark.parametrize("text", ["", "x", "thin nails", "爪が薄い", "\ud800"])
def test_the_estimate_of_tokens_is_at_least_one_and_at_most_the_bytes_and_one(text):
    assert 1 <= estimated_tokens(text) <= len(text.encode("utf-8", "surrogatepass")) + 1


def test_a_vector_is_unpacked_from_base64_and_cut_and_rescaled():
    payload = base64.b64encode(struct.pack("<3f", 3.0, 4.0, 12.0)).decode()
    assert decode_vector(payload, 2).tolist() == pytest.approx([0.6, 0.8])
    for dim in (0, 4):
        with pytest.raises(ValueError, match="3 numbers came"):
            decode_vector(payload, dim)
