"""The search page: what it says, whom it answers, and that it ends with its process."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from lib import _search_server, search_page
from lib._search_answers import Answers, marked
from lib._search_server import make_app
from lib.corpus_map import CorpusMap, Region, corpus_map
from lib.search_page import Page, serve

PASSAGES = ["Leek soup. Boil the leek.", "Bread. Flour and water.", "Tea. <b>Hot</b> & sweet."]
TITLES = ["Leek soup", "Bread", "Tea"]
SECRET = "a-secret-of-one-test"


def in_order(query, k):
    return [(2, 0.9), (0, 0.5), (1, -0.1)]


def answers(search=in_order, passages=PASSAGES, titles=TITLES, why=None, places=None, **more):
    return Answers(
        search, passages, titles, why, places, more.get("title", "Food"), ["tea", "soup"]
    )


def client(of=None, hosts=(), **more) -> TestClient:
    return TestClient(make_app(of or answers(), SECRET, hosts), "http://127.0.0.1:9", **more)


def asked(client, path, **query):
    reply = client.get(f"/{SECRET}/{path}", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


# What it says


def test_a_query_gets_its_hits_with_titles_scores_and_times():
    with client() as page:
        said = asked(page, "search", query=" hot tea ")
        assert [hit["row"] for hit in said["hits"]] == [2, 0, 1]
        assert [hit["rank"] for hit in said["hits"]] == [1, 2, 3]
        assert [hit["score"] for hit in said["hits"]] == ["0.900", "0.500", "-0.100"]
        assert said["hits"][1]["title"] == [["Leek soup", False]]
        assert said["hits"][1]["text"] == [["Boil the leek.", False]], "the title stands once"
        assert said["milliseconds"] >= 0
        asked(page, "search", query="again")
        assert asked(page, "search", query="again")["queries"] == 3


def test_words_that_matched_are_marked_in_title_and_text():
    why = answers().explain("leeks hot", [2, 0])["hits"]
    assert why[0]["text"] == [("<b>", False), ("Hot", True), ("</b> & sweet.", False)]
    assert why[1]["title"] == [("Leek", True), (" soup", False)]
    assert why[1]["text"] == [("Boil the ", False), ("leek", True), (".", False)]
    assert why[1]["matches"] == [("leeks", "Leek", "")]


def test_a_learner_s_why_may_give_words_pairs_or_weights():
    given = ["hot", ("warm", "Hot"), ("warm", "sweet", torch.tensor(0.6543))]
    found = answers(why=lambda query, row: given).explain("q", [2])["hits"][0]
    assert found["matches"] == [("hot", "hot", ""), ("warm", "Hot", ""), ("warm", "sweet", "0.65")]
    assert [text for text, shown in found["text"] if shown] == ["Hot", "sweet"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.lists(st.text(max_size=6), max_size=6))
def test_marking_changes_no_character_and_marks_only_whole_words(text, words):
    pieces = marked(text, words)
    assert "".join(piece for piece, _ in pieces) == text
    wanted = {word.casefold() for word in words}
    for piece, shown in pieces:
        # case folds more than `re` does, never less
        assert (
            not shown or piece.casefold() in wanted or piece.lower() in {w.lower() for w in words}
        )


@pytest.mark.parametrize(
    "returned",
    [
        [(2, 0.9), (0, 0.5)],
        ((2, 0.9), (0, 0.5)),
        iter([[2, 0.9], [0, 0.5]]),
        zip(torch.tensor([2, 0]), torch.tensor([0.9, 0.5])),
        [(np.int64(2), np.float32(0.9)), (np.int64(0), np.float32(0.5))],
        np.array([[2, 0.9], [0, 0.5]]),
        torch.tensor([[2, 0.9], [0, 0.5]]),
    ],
)
def test_hits_may_come_in_any_of_the_usual_forms(returned):
    hits = answers(lambda query, k: returned).answer("q")["hits"]
    assert [(hit["row"], hit["score"]) for hit in hits] == [(2, "0.900"), (0, "0.500")]


@pytest.mark.parametrize("returned", [[2, 0], torch.tensor([2, 0]), [np.int64(2), torch.tensor(0)]])
def test_rows_alone_have_no_score(returned):
    hits = answers(lambda query, k: returned).answer("q")["hits"]
    assert [(hit["row"], hit["score"]) for hit in hits] == [(2, ""), (0, "")]


def test_at_most_ten_hits_are_shown_and_none_is_no_error():
    of = answers(lambda query, k: list(range(15)), ["text"] * 20, None)
    assert len(of.answer("q")["hits"]) == 10
    assert answers(lambda query, k: []).answer("q")["hits"] == []


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (None, r"search returned None; expected a list of \(row, score\)"),
        ("abc", "search returned 'abc'"),
        (7, r"search returned 7 \(int\)"),
        ([(3, 0.1)], r"row 3 \(int\) at place 0; .* rows of 0 to 2\."),
        ([(-1, 0.1)], "row -1"),
        ([(0.5, 0.1)], "row 0.5"),
        ([(True, 0.1)], "row True"),
        ([("Tea", 0.1)], "row 'Tea'"),
        ([(0, "high")], "score 'high' at place 0"),
        ([(0, float("nan"))], "score nan"),
        ([(0, 1, 2)], r"search returned \(0, 1, 2\)"),
        ([(0, 0.5), (0, 0.4)], "row 0 twice"),
        ([None], "search returned None at place 0"),
        ([{"row": 1}], "search returned {'row': 1}"),
    ],
)
def test_what_is_no_list_of_hits_is_said_in_a_sentence(returned, says):
    import re

    said = answers(lambda query, k: returned).answer("q")
    assert re.search(says, said["error"]), said["error"]
    assert "hits" not in said


def broken(query, k):
    table = {}
    return table[query]


def test_what_search_raises_is_a_sentence_with_its_line_and_the_page_goes_on():
    with client(answers(lambda query, k: broken(query, k) if query == "x" else [0])) as page:
        said = asked(page, "search", query="x")["error"]
        assert said.startswith("search raised KeyError: 'x', in line ")
        assert said.endswith("of broken: return table[query]")
        assert len(asked(page, "search", query="y")["hits"]) == 1


def leaves(query, k):
    sys.exit("bye")


def late(query, k):
    yield 0
    raise ValueError("too\nlate " + "x" * 5_000)


def test_an_exit_and_a_late_error_end_nothing_and_long_messages_are_cut():
    assert "search raised SystemExit: bye" in answers(leaves).answer("q")["error"]
    said = answers(late).answer("q")["error"]
    assert "search raised ValueError: too late xxx" in said
    assert len(said) < 500


@pytest.mark.parametrize("returned", [None, 3, [3], [("a",)], [("a", 2)], [("a", "b", "c")]])
def test_a_why_that_gives_no_words_is_said(returned):
    said = answers(why=lambda query, row: returned).explain("q", [0])
    assert said["error"].startswith("why returned ")


def test_a_query_that_is_none_is_answered_by_what_is_expected():
    with client() as page:
        assert "is empty" in asked(page, "search")["error"]
        assert "is empty" in asked(page, "search", query=" \n")["error"]
        assert "has 501 characters" in asked(page, "search", query="x" * 501)["error"]


def test_rows_that_are_none_are_not_explained():
    with client() as page:
        assert asked(page, "why", query="q", rows="3,-1,x,²,99999999999,0")["hits"][0]["row"] == 0
        assert asked(page, "why", query="q")["hits"] == []


def test_the_page_learns_what_is_searched():
    vectors = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]])
    of = answers(places=CorpusMap(vectors, torch.tensor([0.5, 0.25]), (Region("mid", 2, 1, 3),)))
    with client(of) as page:
        said = asked(page, "about")
    assert (said["title"], said["passages"], said["examples"]) == ("Food", 3, ["tea", "soup"])
    assert said["map"] == {
        "x": [0, 1, 0],
        "y": [0.25, 0.25, 0.75],
        "share": 0.75,
        "regions": [["mid", 0.5, 0.5]],
        "titles": TITLES,
    }
    assert answers().about()["map"] is None
    assert answers(places=vectors).about()["map"]["share"] is None
    assert answers(places=torch.ones(3, 2)).about()["map"]["x"] == [0.5] * 3


def test_a_map_leaves_out_the_words_that_most_regions_begin_with():
    names = [
        "Abnormality of the eye",
        "Abnormality of the ear",
        "Abnormality of head or neck",
        "Growth",
    ]
    regions = tuple(Region(name, 0, 0, 1) for name in names)
    of = answers(places=CorpusMap(torch.rand(3, 2), torch.ones(2) / 2, regions))
    assert [name for name, _, _ in of.about()["map"]["regions"]] == [
        "eye",
        "ear",
        "head or neck",
        "Growth",
    ]


def test_without_titles_the_first_words_stand_for_one():
    of = answers(passages=["short", "word " * 40, "Bread. Flour"], titles=None)
    assert of.titles[0] == "short"
    assert of.titles[1] == "word " * 13 + "word …"
    assert answers(titles=["", "B", "C"]).titles[0] == PASSAGES[0]


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"search": 3}, TypeError, "search is 3"),
        ({"why": "words"}, TypeError, "why is 'words'"),
        ({"passages": []}, ValueError, "at least one passage"),
        ({"passages": "text"}, TypeError, "list of passages"),
        ({"titles": ["one"]}, ValueError, "1 titles for 3 passages"),
        ({"places": torch.ones(3, 3)}, ValueError, r"places is \(3, 3\) .*expected \(3, 2\)"),
        ({"places": corpus_map(torch.rand(4, 3))}, ValueError, r"places is \(4, 2\)"),
        ({"places": torch.full((3, 2), torch.nan)}, ValueError, "nan or infinity"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(changed, error, says):
    with pytest.raises(error, match=says):
        answers(**changed)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=40))
def test_any_text_arrives_as_it_is_and_nowhere_as_html(text):
    text = "<script>alert(1)</script>" + text.encode("utf-8", "replace").decode()
    with client(answers(lambda q, k: [0], [text], [text], why=lambda q, r: [(text, text)])) as page:
        for path, query in (("about", {}), ("search", {"query": "q"}), ("why", {"rows": "0"})):
            reply = page.get(f"/{SECRET}/{path}", params=query)
            assert reply.headers["content-type"] == "application/json"
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert reply.content.isascii()
        assert json.loads(reply.content)["hits"][0]["matches"][0][0] == text
        html = page.get(f"/{SECRET}/")
        assert "alert(1)" not in html.text
    page = Page(answers(title=text))
    assert "<script" not in page._repr_html_()


# Whom it answers


def test_every_reply_forbids_what_the_page_does_not_need():
    with client() as page:
        for path in (*_search_server.FILES, "about", "nowhere"):
            headers = page.get(f"/{SECRET}/{path}").headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'; script-src 'self'" in policy
            assert "unsafe" not in policy
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"


def test_the_page_names_no_other_site_and_has_no_script_of_its_own():
    with client() as page:
        html = page.get(f"/{SECRET}/")
        assert html.headers["content-type"].startswith("text/html")
        assert html.text.count("<script") == 1
        assert "style=" not in html.text
        for path in _search_server.FILES:
            assert "http" not in page.get(f"/{SECRET}/{path}").text


@pytest.mark.parametrize(
    "path", ["/", "/about", "/wrong/", "/wrong/about", f"/{SECRET}x/", "//", "/é/"]
)
def test_without_the_secret_nothing_is_told(path):
    with client() as page:
        reply = page.get(path)
        assert reply.status_code == 404
        assert "This address is not whole" in reply.text
        assert "content-security-policy" in reply.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[::1]"]
)
def test_another_name_of_this_machine_is_refused(host):
    with client() as page:
        reply = page.get(f"/{SECRET}/about", headers={"host": host})
        assert reply.status_code == 403
        assert "address=" in reply.text


@pytest.mark.parametrize("host", ["127.0.0.1:5", "localhost", "LOCALHOST:80", "hub.example.org"])
def test_its_own_names_and_that_of_a_proxy_are_not(host):
    with client(hosts=["hub.example.org"]) as page:
        assert page.get(f"/{SECRET}/about", headers={"host": host}).status_code == 200


def test_an_address_without_its_last_slash_leads_on_behind_a_proxy_too():
    with client() as page:
        reply = page.get(f"/{SECRET}", follow_redirects=False)
        assert reply.headers["location"] == f"{SECRET}/"
        assert page.get(f"/{SECRET}").status_code == 200
        assert page.post(f"/{SECRET}/search").status_code == 405


# That it is served, and ends


def reached(url: str, path: str = "about") -> bool:
    try:
        with urllib.request.urlopen(url + path, timeout=5) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def test_it_is_served_on_this_machine_alone_until_it_is_closed():
    with serve(in_order, PASSAGES, title="served") as page:
        assert page.url.startswith("http://127.0.0.1:")
        assert reached(page.url)
        assert page._server._socket.getsockname()[0] == "127.0.0.1"
        assert f'href="{page.url}"' in page._repr_html_()
        assert "ssh -N -L" in repr(page)
        with urllib.request.urlopen(page.url + "search?query=tea") as reply:
            assert len(json.load(reply)["hits"]) == 3
        assert len(page.milliseconds) == 1
        assert page.answer("tea")["hits"][0]["row"] == 2
        url = page.url
    assert page.url == ""
    assert not reached(url)
    assert "closed" in repr(page)
    page.close()


def test_serving_again_under_a_title_keeps_its_address_and_another_title_has_its_own():
    with serve(in_order, PASSAGES, title="again") as first:
        url = first.url
        with serve(lambda query, k: [1], PASSAGES, title="again") as second:
            assert second.url == url
            assert first.url == ""
            with urllib.request.urlopen(url + "search?query=tea") as reply:
                assert [hit["row"] for hit in json.load(reply)["hits"]] == [1]
            with serve(in_order, PASSAGES, title="other") as other:
                assert other.url.split("/")[2:] != url.split("/")[2:]
                assert other.url.split("/")[3] != url.split("/")[3]


def test_a_search_that_hangs_keeps_neither_the_page_nor_its_successor():
    waits, ends = threading.Event(), threading.Event()

    def hangs(query, k):
        waits.set()
        ends.wait(30)
        return []

    first = serve(hangs, PASSAGES, title="hangs")
    url = first.url
    asking = threading.Thread(target=reached, args=(url, "search?query=q"))
    asking.start()
    assert waits.wait(10)
    assert reached(url), "what needs no search is answered meanwhile"
    with serve(in_order, PASSAGES, title="hangs") as second:
        assert reached(second.url, "search?query=q")
    ends.set()
    asking.join(10)


def test_a_port_that_is_taken_is_said_and_the_answers_remain(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        page = serve(in_order, PASSAGES, title="taken", port=taken.getsockname()[1])
    said = capsys.readouterr().out
    assert "was refused port" in said
    assert "leave out port=" in said
    assert page.url == ""
    assert "was refused port" in page._repr_html_()
    assert len(page.answer("tea")["hits"]) == 3


def test_a_process_that_may_open_no_port_is_told_so(monkeypatch, capsys):
    def refuse(port):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(_search_server, "_listen", refuse)
    page = serve(in_order, PASSAGES, title="refused")
    assert "was refused a port on 127.0.0.1 (Operation not permitted)" in capsys.readouterr().out
    assert page.url == ""


def test_behind_a_proxy_the_address_is_the_proxy_s(monkeypatch):
    base = "https://hub.example.org/user/ann/proxy/"
    with serve(in_order, PASSAGES, title="proxied", address=base) as page:
        port, secret = page._server.port, page._secret
        assert page.url == f"{base}{port}/{secret}/"
        asks = urllib.request.Request(
            f"http://127.0.0.1:{port}/{secret}/about", headers={"Host": "hub.example.org"}
        )
        assert urllib.request.urlopen(asks).status == 200
    with serve(in_order, PASSAGES, title="proxied", address="https://x-{port}.example.dev") as page:
        assert page.url == f"https://x-{page._server.port}.example.dev/{page._secret}/"
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    with serve(in_order, PASSAGES, title="proxied") as page:
        assert 'address="https://YOUR-HUB/user/ann/proxy"' in repr(page)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"address": "hub.example.org"}, "address is 'hub"), ({"port": -1}, "port is -1")],
)
def test_an_address_or_port_that_is_none_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        serve(in_order, PASSAGES, **wrong)
    assert "Search" not in search_page._pages


CODE = """
import sys, time
from lib.search_page import serve
def search(query, k):
    if query == "hang":
        time.sleep(60)
    return [0]
page = serve(search, ["text"])
print(page.url, flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["by itself", "with a search at work", "killed"])
def test_the_server_ends_with_its_process(how):
    root = Path(search_page.__file__).parents[1]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
        text=True,
    )
    try:
        url = process.stdout.readline().strip()
        assert reached(url)
        if how == "with a search at work":
            asking = threading.Thread(target=reached, args=(url, "search?query=hang"), daemon=True)
            asking.start()
            time.sleep(0.5)
        if how == "killed":
            process.send_signal(signal.SIGKILL)
        else:
            process.stdin.write("\n")
            process.stdin.flush()
        assert process.wait(20) == (-signal.SIGKILL if how == "killed" else 0)
        assert not reached(url)
    finally:
        process.kill()
        process.communicate()
