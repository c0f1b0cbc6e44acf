import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lib.analysis import analyze_english
from lib.data import load_course_set
from lib.synthetic import (
    ask_for_queries,
    glossary_names,
    parse_queries,
    prompt_for,
    queries_by_rule,
    reply_by_rule,
    rule_client,
    written_queries,
)

REPLY = 'Here are some queries:\n\n1. red toe that hurts\n2) "sore big toe"\n- Gout diet\n* RED toe that hurts\n• swollen joint at night'


@pytest.fixture
def server():
    """A server that speaks as much of OpenAI's protocol as a chat takes, and notes what it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.asked.append((self.path, asked))
            message = {"role": "assistant", "content": REPLY}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer = {"id": "1", "object": "chat.completion", "created": 1, "choices": [choice]}
            content = json.dumps(answer | {"model": asked["model"]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    found = HTTPServer(("127.0.0.1", 0), Handler)
    found.asked = []
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def client(server):
    openai = pytest.importorskip("openai")
    return openai.OpenAI(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}/v1")


def test_a_language_model_is_asked_by_openais_own_client(client, server):
    assert ask_for_queries(client, "any-model", "Gout", "Gout. Crystals in a joint.", 3) == REPLY
    ((path, asked),) = server.asked
    assert path == "/v1/chat/completions"
    assert asked["model"] == "any-model"
    assert asked["messages"][0]["content"] == prompt_for("Gout", "Gout. Crystals in a joint.", 3)


def test_each_passage_gets_the_queries_of_its_own_request(client, server):
    found = written_queries(client, "m", ["Gout", "Toe"], ["Gout. A.", "Toe. B."], progress=False)
    assert found[0] == ["red toe that hurts", "sore big toe", "swollen joint at night"]
    assert found[1] == ["Gout diet", "swollen joint at night"]
    assert len(server.asked) == 2


def test_a_parser_of_ones_own_is_used(client):
    found = written_queries(
        client, "m", ["Gout"], ["G."], count=2, parse=lambda r, t, n: [t] * n, progress=False
    )
    assert found == [["Gout", "Gout"]]


def test_another_number_of_titles_is_refused():
    with pytest.raises(ValueError, match="1 titles for 2 passages"):
        written_queries(None, "m", ["Gout"], ["G.", "H."])


@pytest.mark.parametrize(
    ("reply", "title", "count", "expected"),
    [
        (REPLY, "Gout", 5, ["red toe that hurts", "sore big toe", "swollen joint at night"]),
        (REPLY, "Gout", 1, ["red toe that hurts"]),
        ("", "Gout", 3, []),
        ("1.5 litres a day", "Gout", 3, ["1.5 litres a day"]),
        ('"a" or "b"', "Gout", 3, ['a" or "b']),
        ("my GOUTY toe\nok", "gout", 3, ["ok"]),
    ],
)
def test_replies_are_cleaned_line_by_line(reply, title, count, expected):
    assert parse_queries(reply, title, count) == expected


def test_queries_by_rule_are_pieces_of_the_passage_without_its_title():
    passage = "Nocturnal lagophthalmos. The inability to close the eyelids during sleep, with pain."
    found = queries_by_rule("Nocturnal lagophthalmos", passage, 3)
    assert found == ["inability to close the eyelids during sleep"]


def test_queries_by_rule_of_the_course_name_no_title_and_are_the_same_each_time():
    course, many = load_course_set(), 0
    for title, passage in list(zip(course.titles, course.passages))[:400]:
        found = queries_by_rule(title, passage, 2, seed=1)
        assert found == queries_by_rule(title, passage, 2, seed=1)
        assert len(found) <= 2
        for query in found:
            assert 2 <= len(query.split()) <= 8
            assert title.casefold() not in query
            assert set(analyze_english(query)) - set(analyze_english(title))
        many += bool(found)
    assert many > 250


def test_the_stand_in_replies_in_the_form_of_a_language_model():
    title, passage = "Gout", "Gout. Crystals in a painful joint, with red skin of the toe."
    reply = reply_by_rule(prompt_for(title, passage, 3))
    assert reply.splitlines()[0].endswith(":")
    assert reply.splitlines()[-1] == "- Gout"
    assert sorted(parse_queries(reply, title, 3)) == sorted(queries_by_rule(title, passage, 3))


def test_names_from_the_glossary_are_other_names_and_no_question_of_the_course():
    course = load_course_set()
    found = glossary_names(course, range(0, 4000, 5))
    questions = {
        query.casefold()
        for split in (course.train, course.validation, course.test)
        for query in split.queries
    }
    assert len(found) > 200
    for row, name in found:
        assert name.casefold() != course.titles[row].casefold()
        assert name.casefold() not in questions


def test_a_client_without_a_server_answers_by_rule():
    title, passage = "Gout", "Gout. Crystals in a painful joint, with red skin of the toe."
    reply = ask_for_queries(rule_client(), "any-model", title, passage)
    assert reply == reply_by_rule(prompt_for(title, passage, 3))
