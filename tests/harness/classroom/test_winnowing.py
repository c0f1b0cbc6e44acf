import random
import time

import pytest

from harness.classroom.winnowing import WINDOW, K, code_tokens, kgrams, prose_tokens, winnow

CODE = """def pool(x, mask):
    # the count of real tokens
    total = (x * mask[:, None]).sum(dim=1)
    return total / mask.sum(dim=1, keepdim=True)
"""
RENAMED = '''def pool(vectors, m):
    """Something else."""
    t = ( vectors*m[ : ,None] ).sum( dim = 1 )   # other words
    return t/m.sum(dim=1,
                   keepdim=True)
'''


def _texts(source, **options):
    return [token.text for token in code_tokens(source, **options)]


def test_names_comments_layout_and_strings_make_no_difference():
    without = [text for text in _texts(RENAMED) if text != "a string"]
    assert without == _texts(CODE)
    assert _texts("x = 'a'") == _texts('y = """b\nc"""  # d')


def test_what_nobody_can_choose_stays():
    assert _texts("x.sum(len(y)) if torch else 1e-9", given={"torch"}) == [
        *("a name", ".", "sum", "(", "len", "(", "a name", ")", ")"),
        *("if", "torch", "else", "1e", "-", "9"),
    ]


def test_a_token_knows_its_line():
    source = "a = '''x\ny'''\nb = 1\n\nc"
    assert [(t.text, t.line) for t in code_tokens(source)][2:] == [
        ("a string", 0),
        ("a name", 2),
        ("=", 2),
        ("1", 2),
        ("a name", 4),
    ]
    assert [(t.text, t.line) for t in prose_tokens("Two Words,\nand more")] == [
        ("two", 0),
        ("words", 0),
        ("and", 1),
        ("more", 1),
    ]


def test_the_rolling_hash_is_that_of_its_run_alone():
    tokens = code_tokens(CODE * 3)
    hashes = kgrams(tokens)
    assert len(hashes) == len(tokens) - K + 1
    for at in range(0, len(hashes), 7):
        assert kgrams(tokens[at : at + K]) == [hashes[at]]
    assert kgrams(tokens[: K - 1]) == []


def test_two_texts_that_share_a_long_enough_run_share_a_fingerprint():
    rng = random.Random(0)
    for _ in range(50):
        run = " ".join(str(rng.randrange(10**6)) for _ in range(K + WINDOW - 1))
        texts = [
            " ".join(str(rng.randrange(10**6)) for _ in range(rng.randrange(30))) + f" {run} 1"
            for _ in range(2)
        ]
        one, other = (winnow(kgrams(code_tokens(text))) for text in texts)
        assert one & other


def test_few_of_all_places_are_kept():
    rng = random.Random(0)
    hashes = kgrams(code_tokens(" ".join(str(rng.random()) for _ in range(900))))
    assert 0.25 < len(winnow(hashes)) / len(hashes) < 0.45  # 2 / (WINDOW + 1), by the paper


@pytest.mark.parametrize(
    "text",
    [
        "'" * 10**6,
        "'''" + "\\" * 10**6,
        "(" * 10**6,
        "\n" * 10**6,
        "x" * 10**6,
        "\ud800 \0" * 10**5,
    ],
)
def test_hostile_text_ends_soon(text):
    began = time.process_time()
    winnow(kgrams(code_tokens(text)))
    winnow(kgrams(prose_tokens(text)))
    assert time.process_time() - began < 1
