"""Fingerprints of code that stay when names, comments and layout change: winnowed k-grams of tokens.

S. Schleimer, D. Wilkerson, A. Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD
2003. Of each window of `WINDOW` k-grams the smallest hash is kept, so that two texts that share
`K + WINDOW - 1` tokens in a row share a fingerprint, and one place in three of a text is kept.

Tokens are read by one regular expression that never goes back, not by Python's `tokenize`: what students
hand in may be no Python, and `tokenize` gives up on it, or takes a time that grows with its square.
"""

from __future__ import annotations

import builtins
import functools
import hashlib
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass

K, WINDOW = 8, 5
MOST_CHARACTERS = 20_000  # of a cell
MOST_TOKENS = 10_000  # of a cell, unless it is said otherwise
_PRIME, _BASE = (1 << 61) - 1, 1_000_003
_FIRST = pow(_BASE, K, _PRIME)  # what the token that leaves a run has been multiplied by
_PYTHON = re.compile(
    r"""(?P<skip>[^\S\n]++|\#[^\n]*+|\\\n)
    |(?P<string>[rRbBuUfF]{0,2}(?:'''(?:[^'\\]++|\\.|'(?!''))*+(?:''')?|\"""(?:[^"\\]++|\\.|"(?!""))*+(?:\""")?
        |'(?:[^'\\\n]++|\\.)*+'?|"(?:[^"\\\n]++|\\.)*+"?))
    |(?P<number>\d[\w.]*+)
    |(?P<name>\w++)
    |(?P<line>\n)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"\w++|\n")
_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins))


@dataclass(frozen=True)
class Token:
    """One token in its normal form, and the line, from 0, that it begins in."""

    text: str
    line: int


def code_tokens(source: str, given: Collection[str] = (), most: int = MOST_TOKENS) -> list[Token]:
    """The tokens of a code cell, in which a learner's own names are all alike.

    Keywords, builtins, what stands behind a dot, and the names that the lesson gives stay as they are:
    nobody can choose them. Numbers stay; strings are all alike; comments and layout are gone.

    Args:
        given: the names that the lesson gives.
        most: how many are read.
    """
    tokens: list[Token] = []
    line, before = 0, ""
    for found in _PYTHON.finditer(source[:MOST_CHARACTERS]):
        if len(tokens) >= most:
            break
        kind, text = found.lastgroup, found[0]
        if kind == "name":
            own = before != "." and text not in _KEPT and text not in given
            tokens.append(Token("a name" if own else text, line))
        elif kind == "string":
            tokens.append(Token("a string", line))
        elif kind in ("number", "sign"):
            tokens.append(Token(text, line))
        if kind not in ("skip", "line"):
            before = text
        line += text.count("\n")
    return tokens


def prose_tokens(source: str, most: int = MOST_TOKENS) -> list[Token]:
    """The words of a written answer, in small letters."""
    tokens: list[Token] = []
    line = 0
    for found in _WORD.finditer(source[:MOST_CHARACTERS]):
        if len(tokens) >= most:
            break
        if found[0] == "\n":
            line += 1
        else:
            tokens.append(Token(found[0].lower(), line))
    return tokens


def kgrams(tokens: list[Token]) -> list[int]:
    """The hash of each run of `K` tokens, by the place where it begins; none for a shorter text.

    A rolling hash (R. Karp, M. Rabin, 1987): each is reckoned from the one before in two steps.
    """
    hashes: list[int] = []
    rolled = 0
    for at, token in enumerate(tokens):
        rolled = (rolled * _BASE + _number(token.text)) % _PRIME
        if at >= K:
            rolled = (rolled - _number(tokens[at - K].text) * _FIRST) % _PRIME
        if at >= K - 1:
            hashes.append(rolled)
    return hashes


def winnow(hashes: list[int]) -> set[int]:
    """The fingerprints: the smallest hash of each window, once."""
    if len(hashes) < WINDOW:
        return {min(hashes)} if hashes else set()
    return {min(hashes[at : at + WINDOW]) for at in range(len(hashes) - WINDOW + 1)}


@functools.lru_cache(maxsize=1 << 16)
def _number(text: str) -> int:
    """A token as a number, the same on every machine and in every run."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _PRIME
