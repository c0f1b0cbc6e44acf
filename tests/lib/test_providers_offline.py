import contextlib
import gc
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
import torch
import torch.nn.functional as F

from lib._offline_protocols import count_tokens
from lib.providers import SERVICES, KeyRefusedError, Retries, UnreachableError
from lib.providers_offline import OfflineServer, connection, offline_provider, passage_queries
from lib.search import encode_cached

for client in ("openai", "cohere", "google.genai", "voyageai", "starlette", "uvicorn"):
    pytest.importorskip(client)


def lengths(texts):
    """Two dimensions that tell texts apart."""
    return torch.tensor([[float(len(text)), 1.0] for text in texts])


@pytest.fixture
def server():
    with OfflineServer(lengths) as running:
        yield running


def post(url, body, token="", method="POST"):
    """What the server answers: status and parsed JSON."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text


def listens(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) == 0


def port_of(server):
    return int(server.url.rpartition(":")[2])


PATHS = {
    "openai": "/embeddings",
    "cohere": "/v2/embed",
    "google": "/v1beta1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict",
    "voyage": "/embeddings",
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("token", ["", "wrong", "ü"])
def test_who_does_not_present_the_token_gets_401_and_costs_nothing(server, service, token):
    status, said = post(
        server.base_url(service) + PATHS[service], {}, token.encode().decode("latin-1")
    )
    assert status == 401
    assert said
    assert (server.statuses, server.texts, server.tokens) == ({401: 1}, 0, 0)


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_with_another_server_s_token_is_refused(server, service):
    with OfflineServer(lengths) as other:
        provider = offline_provider(service, server=server)
        assert server.token != other.token
        server.token = other.token  # what the client is given, not what the server wants
        with pytest.raises(KeyRefusedError, match="answered 401"):
            offline_provider(service, server=server).embed(["x"], "query")
        assert provider.embed(["x"], "query").shape == (1, 2)


def test_two_servers_answer_at_once_each_with_its_own_encoder(server):
    with OfflineServer(lambda texts: torch.ones(len(texts), 5)) as other:
        one, two = (offline_provider("openai", server=s) for s in (server, other))
        assert one.embed(["x"], "query").shape == (1, 2)
        assert two.embed(["x"], "query").shape == (1, 5)
        assert one.embed(["y"], "query").shape == (1, 2)
        assert (server.requests, other.requests) == (2, 1)


def test_it_listens_on_this_machine_alone(server):
    port = port_of(server)
    assert server.url == f"http://127.0.0.1:{port}"
    assert listens(port)
    if sys.platform == "linux":  # where all of 127.0.0.0/8 is this machine
        assert not listens(port, "127.0.0.2")


def test_the_port_is_free_after_closing_and_the_provider_says_that_nobody_is_there(server):
    provider = offline_provider("openai", server=server, retries=Retries(tries=1))
    provider.embed(["x"], "query")
    server.close()
    server.close()
    assert not listens(port_of(server))
    assert repr(server) == f"OfflineServer({server.url}, closed)"
    with pytest.raises(UnreachableError):
        provider.embed(["y"], "query")


def test_a_server_that_nothing_refers_to_is_ended():
    provider = offline_provider("openai", encoder=lengths)
    assert isinstance(provider.server, OfflineServer)
    port = port_of(provider.server)
    assert listens(port)
    del provider
    gc.collect()
    assert not listens(port)


ENDING = """
import os, sys, torch
from lib.providers_offline import OfflineServer, offline_provider
server = OfflineServer(lambda texts: torch.ones(len(texts), 3))
offline_provider("openai", server=server).embed(["x"], "query")
print(server.url.rpartition(":")[2], flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", ["", "os._exit(3)", "sys.stdin.read()"])
def test_the_server_ends_with_its_process_however_that_ends(end):
    process = subprocess.Popen(
        [sys.executable, "-c", ENDING + end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    port = int(process.stdout.readline())
    if "stdin" in end:
        assert listens(port)
        process.kill()
    _, said = process.communicate(timeout=240)
    assert not listens(port)
    assert said == ""


def test_it_counts_requests_texts_and_tokens(server):
    provider = offline_provider("openai", server=server)
    provider.embed(["thin nails", "don't!"], "query")
    server.fail(1, 500, retry_after=0)
    provider.embed(["brüchige Nägel"], "query")
    assert server.requests == 3
    assert server.statuses == {200: 2, 500: 1}
    assert (server.texts, server.tokens) == (3, 2 + 4 + 2)
    assert provider.usage.tokens == server.tokens
    assert count_tokens("") == 0


def test_failures_come_in_the_order_in_which_they_were_asked_for(server):
    url, body = (
        server.base_url("openai") + "/embeddings",
        {"model": "text-embedding-3-small", "input": "x"},
    )
    server.fail(next=2, status=429)
    server.fail(status=503)
    found = [post(url, body, server.token)[0] for _ in range(4)]
    assert found == [429, 429, 503, 200]
    for wrong in ({"status": 200}, {"status": "broken"}, {"next": -1}):
        with pytest.raises(ValueError, match="expected no negative number, and 400 to 599"):
            server.fail(**wrong)


def test_a_refusal_says_how_long_to_wait(server):
    from openai import OpenAI, RateLimitError

    client = OpenAI(api_key=server.token, base_url=server.base_url("openai"), max_retries=0)
    for asked, header in ((None, "1"), (0.5, "0.5"), (20, "20")):
        server.fail(retry_after=asked)
        with pytest.raises(RateLimitError) as caught:
            client.embeddings.create(model="text-embedding-3-small", input=["x"])
        assert caught.value.response.headers["retry-after"] == header


def test_openai_s_client_gets_base64_or_numbers(server):
    from openai import OpenAI

    client = OpenAI(api_key=server.token, base_url=server.base_url("openai"), max_retries=0)
    expected = F.normalize(lengths(["thin nails"]), dim=1)[0].tolist()
    for settings in ({}, {"encoding_format": "float"}, {"encoding_format": "base64"}):
        found = client.embeddings.create(
            model="text-embedding-3-small", input="thin nails", **settings
        )
        if settings.get("encoding_format") != "base64":
            assert found.data[0].embedding == pytest.approx(expected)
        else:
            assert isinstance(found.data[0].embedding, str)
    assert found.usage.total_tokens == 2


def test_google_s_client_sends_several_texts_to_a_gemini_model_at_once(server):
    from google import genai
    from google.oauth2.credentials import Credentials

    place = genai.types.HttpOptions(base_url=server.base_url("google"))
    client = genai.Client(
        vertexai=True,
        project="p",
        location="l",
        credentials=Credentials(token=server.token),
        http_options=place,
    )
    texts, model = ["thin nails", "a rash"], "gemini-embedding-001"
    config = genai.types.EmbedContentConfig(task_type="RETRIEVAL_QUERY", output_dimensionality=2)
    found = client.models.embed_content(model=model, contents=texts, config=config)
    vectors = torch.tensor([row.values for row in found.embeddings])
    torch.testing.assert_close(vectors, F.normalize(lengths(texts), dim=1), atol=1e-6, rtol=0)
    assert (server.requests, server.texts, server.tokens) == (1, 2, 4)
    strict = genai.types.EmbedContentConfig(auto_truncate=False)
    with pytest.raises(genai.errors.ClientError, match="input token count is 2049"):
        client.models.embed_content(model=model, contents=["x", "x " * 2_049], config=strict)
    paths = PATHS["google"].replace("text-embedding-005:predict", f"{model}:batchEmbedContents")
    status, _ = post(server.base_url("google") + paths, {"requests": []}, server.token)
    assert status == 400


def test_too_much_is_refused_in_the_words_of_each_service(server):
    def refused(service, **body):
        status, said = post(server.base_url(service) + PATHS[service], body, server.token)
        assert status == 400
        return json.dumps(said)

    many, side = ["x"] * 2_100, {"input_type": "search_query"}
    openai, cohere = "text-embedding-3-small", "embed-english-v3.0"
    said = refused("openai", model=openai, input=many)
    assert "maximum length 2048, but got an array with length 2100" in said
    said = refused("cohere", model=cohere, texts=many, **side)
    assert "total number of texts must be at most 96 - received 2100" in said
    said = refused("google", instances=[{"content": "x"}] * 251)
    assert "250 instance(s) is allowed per prediction. Actual: 251" in said
    said = refused("voyage", model="voyage-3", input=many)
    assert "The batch size limit is 1000. Your batch size is 2100." in said

    long = "x " * 8_000
    said = refused("openai", model=openai, input=[long] * 40)
    assert "Requested 320000 tokens, max 300000 tokens per request" in said
    said = refused("google", instances=[{"content": "x " * 2_000}] * 11)
    assert "the input token count is 22000 but the model supports up to 20000" in said
    said = refused("voyage", model="voyage-3", input=[long] * 16)
    assert "is 120000. Your batch has 128000 tokens after truncation" in said
    said = refused("cohere", model="embed-v4.0", texts=[long] * 17, **side)
    assert "136000 tokens in all" in said
    said = refused("openai", model=openai, input=["x", long + long])
    assert "Invalid 'input[1]': maximum input length is 8192 tokens." in said
    said = refused("cohere", model=cohere, texts=[long], truncate="NONE", **side)
    assert "a text has 8000 tokens" in said
    for service, body in (
        ("openai", {"model": openai, "input": []}),
        ("voyage", {"model": "voyage-3", "input": [""]}),
    ):
        assert refused(service, **body)
    assert (server.texts, server.tokens) == (0, 0)


@pytest.mark.parametrize("service", SERVICES)
def test_a_request_that_cannot_be_read_is_the_client_s_fault(server, service):
    url = server.base_url(service) + PATHS[service]
    for body in ({}, [], "x", {"model": "m", "input": [1], "texts": [1], "instances": [1]}):
        status, _ = post(url, body, server.token)
        assert status in (400, 404)
    assert post(url, {}, server.token, method="GET")[0] == 405
    assert post(server.base_url(service) + "/elsewhere", {}, server.token)[0] == 404
    assert post(server.url + "/azure/v1/embeddings", {}, server.token)[0] == 404


@pytest.mark.parametrize("service", ["cohere", "google", "voyage"])
def test_sides_have_the_prefixes_of_the_model_behind(service):
    seen = []

    def encoder(texts):
        seen.extend(texts)
        return lengths(texts)

    with OfflineServer(encoder, prefixes={"query": "query: ", "document": "passage: "}) as server:
        provider = offline_provider(service, server=server)
        provider.embed(["x"], "query")
        provider.embed(["x"], "document")
        offline_provider("openai", server=server).embed(["x"], "document")
    assert seen == ["query: x", "passage: x", "x"]
    with pytest.raises(ValueError, match=r"\['passage'\]; expected 'query' and 'document'"):
        OfflineServer(lengths, prefixes={"passage": "x"})


KEYS_OF = {"openai": "OPENAI_API_KEY", "cohere": "CO_API_KEY", "voyage": "VOYAGE_API_KEY"}


@pytest.fixture
def nobody_set(monkeypatch):
    """An environment in which nothing about services is set, with everything to set it by."""
    for name in (
        *KEYS_OF.values(),
        "COURSE_REAL_SERVICES",
        "COURSE_HEADLESS",
        "NBGRADER_EXECUTION",
        "OPENAI_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("service", KEYS_OF)
def test_the_service_itself_is_asked_only_by_who_says_so_and_has_a_key(server, nobody_set, service):
    local = {"api_key": server.token, "base_url": server.base_url(service)}
    assert connection(service, server) == local
    nobody_set.setenv(KEYS_OF[service], "sk-mine")
    assert connection(service, server) == local, "a key alone is no wish to pay"
    others = ",".join(set(KEYS_OF) - {service})
    for named in (others, "1", "true", "all"):
        nobody_set.setenv("COURSE_REAL_SERVICES", named)
        assert connection(service, server) == local
    for named in (service, f" {service.upper()} ", f"{others}, {service}"):
        nobody_set.setenv("COURSE_REAL_SERVICES", named)
        assert connection(service, server) == {"api_key": "sk-mine"}
    nobody_set.setenv(KEYS_OF[service], " ")
    assert connection(service, server) == local


@pytest.mark.parametrize("headless", ["COURSE_HEADLESS", "NBGRADER_EXECUTION"])
def test_a_headless_run_never_asks_a_service_itself(server, nobody_set, headless):
    nobody_set.setenv("OPENAI_API_KEY", "sk-mine")
    nobody_set.setenv("COURSE_REAL_SERVICES", "openai")
    nobody_set.setenv(headless, "1")
    assert connection("openai", server)["base_url"] == server.base_url("openai")


def test_the_clients_take_what_connection_says_and_the_service_s_own_address(server, nobody_set):
    import cohere
    import openai
    import voyageai

    nobody_set.setenv("OPENAI_API_KEY", "sk-mine")
    nobody_set.setenv("COURSE_REAL_SERVICES", "openai")
    real = openai.OpenAI(**connection("openai", server))
    assert (real.base_url.host, real.api_key) == ("api.openai.com", "sk-mine")
    nobody_set.delenv("COURSE_REAL_SERVICES")
    made = openai.OpenAI(**connection("openai", server))
    made.embeddings.create(model="text-embedding-3-small", input=["x"])
    cohere.ClientV2(**connection("cohere", server)).embed(
        texts=["x"], model="embed-v4.0", input_type="search_query", embedding_types=["float"]
    )
    voyageai.Client(**connection("voyage", server)).embed(["x"], model="voyage-3")
    assert server.statuses == {200: 3}
    with pytest.raises(ValueError, match="expected one of openai, cohere, voyage"):
        connection("google", server)


def test_an_encoder_of_sentence_transformers_serves_as_it_is(encoder):
    texts = ["thin nails", "dünne Nägel"]
    whole = F.normalize(encode_cached(encoder, texts, progress=False), dim=1)
    with OfflineServer(encoder) as server:
        found = offline_provider("openai", server=server).embed(texts, "query")
        torch.testing.assert_close(found, whole, atol=1e-4, rtol=0)
        cut = offline_provider("openai", server=server).embed(texts, "query", dim=64)
        torch.testing.assert_close(cut, F.normalize(whole[:, :64], dim=1), atol=1e-4, rtol=0)


@pytest.mark.slow
def test_without_an_encoder_the_course_s_model_is_loaded():
    assert offline_provider("cohere").embed(["x"], "query").shape == (1, 384)


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv("no_proxy", "")
    with OfflineServer(lengths) as server:
        assert os.environ["NO_PROXY"] == "example.org,127.0.0.1"
        assert os.environ["no_proxy"] == "127.0.0.1"
        for service in SERVICES:
            assert offline_provider(service, server=server).embed(["x"], "query").shape == (1, 2)


def test_a_chat_answers_by_a_rule_or_by_what_it_is_given(server):
    from openai import OpenAI

    def ask(running, *messages):
        client = OpenAI(api_key=running.token, base_url=running.base_url("openai"), max_retries=0)
        return client.chat.completions.create(model="any", messages=list(messages))

    prompt = {
        "role": "user",
        "content": "Write queries for this passage:\nThe nails are thin. They break.",
    }
    found = ask(server, {"role": "system", "content": "You write queries."}, prompt)
    assert found.choices[0].message.content.splitlines() == [
        "1. nails thin",
        "2. what is nails thin",
        "3. break nails thin",
    ]
    assert found.usage.total_tokens == found.usage.prompt_tokens + found.usage.completion_tokens > 0
    with OfflineServer(lengths, answer=str.upper) as other:
        assert ask(other, prompt).choices[0].message.content.endswith("THEY BREAK.")
        url, token = other.base_url("openai") + "/chat/completions", other.token
        assert post(url, {"model": "m", "messages": []}, token)[0] == 400
        assert post(url, {"model": "m", "messages": [prompt], "stream": True}, token)[0] == 400


@pytest.mark.parametrize("prompt", ["", "x", "the of and", "爪が薄い。", "Passage:\n"])
def test_the_rule_answers_any_prompt_with_three_lines(prompt):
    assert len(passage_queries(prompt).splitlines()) == 3


def test_slow_requests_do_not_hold_others_up_nor_the_closing(server):
    import threading

    url, body = (
        server.base_url("openai") + "/embeddings",
        {"model": "text-embedding-3-small", "input": "x"},
    )
    server.fail(1, "slow", seconds=60)
    waiting = threading.Thread(target=lambda: _ignore(post, url, body, server.token), daemon=True)
    waiting.start()
    while server._state.faults:
        time.sleep(0.01)
    assert post(url, body, server.token)[0] == 200
    server.close()
    waiting.join(10)
    assert not waiting.is_alive()


def _ignore(call, *arguments):
    with contextlib.suppress(OSError):
        call(*arguments)


@pytest.mark.parametrize("module", ["starlette.applications", "uvicorn"])
def test_without_the_web_packages_it_says_what_to_install(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'embeddings-course\[api\]'"):
        OfflineServer(lengths)


def test_another_service_is_refused(server):
    with pytest.raises(ValueError, match="service is 'azure'; expected one of openai"):
        server.base_url("azure")
    with pytest.raises(ValueError, match="service is 'azure'; expected one of openai"):
        offline_provider("azure")
