"""What an answer to a quiz item says: a letter, several letters, an order of letters, a number.

`quiz` and the grader's `grade_answer` both read answers here, so that they give one verdict. What a
grader reads comes from a stranger: only values of exactly known types are looked into, and no
method of any other type is called.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

# Scalars that are numbers, by their exact types: a subclass may say one thing and hold another.
# These are the kinds that a value can have when it reaches the grader (harness/judge/codec.py).
_NUMBERS = {int, float, *(np.dtype(code).type for code in "bhilqBHILQefd")}
_TENSORS = (torch.Tensor, torch.nn.Parameter)
_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_CONTAINERS = (list, tuple, set)
_MOST = 60  # characters of an answer that are read or shown

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_BETWEEN = r"\s,;:.()\[\]{}'\"`*_/|&+"  # what may stand between and around letters
_EXAMPLES = {"single": '"b"', "multiple": '"ac"', "ordering": '"cab"'}


class NotAnswered(ValueError):
    """There is no answer yet: None, ..., an empty text or an empty list."""


def normalise(kind: str, answer: Any, choices: Iterable[str] | None = None) -> Any:
    """The canonical form of an answer: a letter, a sorted tuple, a tuple, or a finite number.

    Args:
        kind: single, multiple, ordering or numeric.
        answer: what the learner gave, of any type.
        choices: the letters there are, where they are known.

    Raises:
        NotAnswered: nothing was given.
        ValueError: it is not an answer to this kind of question; the message says what is.
    """
    if is_blank(answer):
        raise NotAnswered("not answered yet")
    if kind == "numeric":
        return _number(answer)
    letters, there = _letters(kind, answer), None if choices is None else sorted(choices)
    if there is not None and (unknown := sorted(set(letters) - set(there))):
        raise ValueError(
            f"there is no such choice as {_and(unknown)}: the choices are {_and(there)}; "
            f"you gave {shown(answer)}"
        )
    if kind == "single":
        if len(letters) != 1:
            raise ValueError(
                f"give one letter, such as {_EXAMPLES[kind]}; you gave {shown(answer)}"
            )
        return letters[0]
    if len(set(letters)) != len(letters):
        raise ValueError(f"give each letter at most once; you gave {shown(answer)}")
    if kind == "multiple":
        return tuple(sorted(letters))
    if there is not None and (missing := sorted(set(there) - set(letters))):
        raise ValueError(
            f"your order leaves out {_and(missing)}: an order names each of {_and(there)} once; "
            f"you gave {shown(answer)}"
        )
    return tuple(letters)


def matches(kind: str, key: Any, given: Any, tolerance: float = 0.0) -> bool:
    """Whether a normalised answer is the key; a number within the absolute tolerance."""
    if kind == "numeric":
        return abs(given - float(key)) <= tolerance
    return given == normalise(kind, key)


def shown(answer: Any) -> str:
    """An answer in a few words, for a message; no method of an unknown type is called."""
    kind = type(answer)
    if answer is None or answer is ... or kind in (bool, complex):
        return repr(answer)
    if kind is str:
        return repr(answer if len(answer) <= _MOST else answer[: _MOST - 3] + "...")
    if kind in _NUMBERS:
        if kind is int and answer.bit_length() > 64:
            return "a whole number of more than 64 bits"
        return repr(answer if kind in (int, float) else answer.item())
    if kind in _TENSORS or kind is np.ndarray:
        what = "an array" if kind is np.ndarray else "a tensor"
        return f"{what} of shape {tuple(answer.shape)} and type {answer.dtype}"
    if kind in _CONTAINERS and all(type(x) is str or type(x) in _NUMBERS for x in answer):
        inside = ", ".join(shown(x) for x in list(answer)[:4]) + ", ..." * (len(answer) > 4)
        return f"a {kind.__name__} of {inside}" if answer else f"an empty {kind.__name__}"
    name = str(type.__dict__["__name__"].__get__(kind))[:_MOST]  # not by way of a metaclass
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def is_blank(answer: Any) -> bool:
    """Whether nothing was given: None, ..., an empty text, list, tuple or set."""
    if answer is None or answer is ...:
        return True
    if type(answer) is str:
        return not answer.strip()
    return type(answer) in _CONTAINERS and not answer


def _and(letters: list[str]) -> str:
    *first, last = letters
    return f"{', '.join(first)} and {last}" if first else last


def _number(answer: Any) -> float:
    kind = type(answer)
    if kind is str:
        value: Any = _number_in(answer)
    elif kind in _NUMBERS:
        value = answer
    elif kind in _TENSORS or kind is np.ndarray:
        value = _single_number(answer)
    elif kind in (list, tuple) and len(answer) == 2 and all(type(x) is int for x in answer):
        raise ValueError(
            "Python reads a comma as two numbers: write decimals with a point, such as 0.4, and "
            f"nothing between thousands; you gave {shown(answer)}"
        )
    else:
        raise ValueError(f"give a number, such as 0.5; you gave {shown(answer)}")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError("give a number that is not as large as this one") from None
    if not math.isfinite(number):
        raise ValueError(f"give a finite number, such as 0.5; you gave {shown(answer)}")
    return number


def _single_number(answer: Any) -> Any:
    """The number in a tensor or an array without dimensions."""
    if answer.ndim != 0:
        raise ValueError(f"give one number, such as 0.5; you gave {shown(answer)}")
    if type(answer) is np.ndarray:
        real = answer.dtype.type in _NUMBERS
    else:
        real = answer.dtype in (*_INTEGERS, *_FLOATS) and answer.layout == torch.strided
        real = real and answer.device.type != "meta"  # which holds no number
    if not real:
        raise ValueError(f"give a number, such as 0.5; you gave {shown(answer)}")
    return answer.item()


def _number_in(answer: str) -> str:
    """The text of a number, if a text is nothing but a number with a decimal point."""
    text = answer.strip().replace("\N{MINUS SIGN}", "-") if len(answer) <= _MOST else ""
    if _DECIMAL.fullmatch(text):
        return text
    if re.fullmatch(r"[+-]?\d+(,\d+)+(\.\d+)?", text, re.ASCII):
        # 0,4 can only be 0.4, but 1,500 may be 1.5 or 1500: a comma is never taken for a point.
        whole, decimal = text.replace(",", ""), text.replace(",", ".")
        both = text.count(",") == 1 and re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text, re.ASCII)
        if both:
            raise ValueError(
                f"a comma can mean two things: write {decimal} for a decimal point, {whole} for thousands, not {text}"
            )
        meant = decimal if text.count(",") == 1 and "." not in text else whole
        raise ValueError(f"write decimals with a point: {meant}, not {text}")
    raise ValueError(f"give a number alone, such as 0.5; you gave {shown(answer)}")


def _letters(kind: str, answer: Any) -> list[str]:
    """The letters of an answer as they come, in lower case."""
    if type(answer) is set and kind == "ordering":
        raise ValueError(
            f'a set has no order: give letters, such as "cab"; you gave {shown(answer)}'
        )
    if type(answer) is str:
        parts = [answer]
    elif type(answer) in _CONTAINERS and all(type(part) is str for part in answer):
        parts = list(answer)
    else:
        parts = []
    found = [_letters_in(part, ordered=kind == "ordering") for part in parts]
    one_each = type(answer) is str or all(len(letters) == 1 for letters in found)
    if not found or not all(found) or not one_each:
        example = _EXAMPLES[kind]
        raise ValueError(f"give letters, such as {example}; you gave {shown(answer)}")
    return [letter for letters in found for letter in letters]


def _letters_in(text: str, *, ordered: bool) -> list[str]:
    """The letters of "ac", "a, c", "A) and c"; none if the text is anything else."""
    if len(text) > _MOST:
        return []
    between = _BETWEEN + ("<>\N{RIGHTWARDS ARROW}-" if ordered else "")
    words = [word for word in re.split(f"[{between}]+", text.lower()) if word]
    if len(words) > 1:  # "and" alone may be three letters
        words = [word for word in words if word not in ("and", "then")]
    if not all(re.fullmatch("[a-z]+", word) for word in words):
        return []
    if len(words) > 1 and any(len(word) > 1 for word in words):
        return []
    return list("".join(words))
