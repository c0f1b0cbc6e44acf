"""What an error tells of the learner's function, in plain words beside the library's own.

Each entry says no more than the error itself does: what kind of thing happened, and where such a thing
usually comes from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lib.checks._pattern import Pattern

# (name, kind of the error, what its message holds, what to tell)
_ERRORS: list[tuple[str, str, str, str]] = [
    (
        "leftover-raise",
        "NotImplementedError",
        "^$",
        "The line `raise NotImplementedError()` of the empty exercise is still reached. Remove it, and "
        "let the function end with a `return`.",
    ),
    (
        "too-slow",
        "TookTooLong",
        "",
        "Is there a loop whose end is never reached?",
    ),
    (
        "too-much-memory",
        "MemoryError",
        "",
        "Your function asked for more memory than the check lends. Does a list grow without end, or a "
        "table of all with all?",
    ),
    (
        "too-much-memory",
        "RuntimeError",
        r"can't allocate memory|not enough memory",
        "Your function asked for more memory than the check lends. Does a list grow without end, or a "
        "table of all with all?",
    ),
    (
        "endless-recursion",
        "RecursionError",
        "",
        "Your function calls itself without end. Did you mean a function of a library that has the same "
        "name?",
    ),
    (
        "more-than-there-are",
        "RuntimeError",
        r"selected index k out of range",
        "`topk` is asked for more than there are. Ask for k, but no more than there are columns: "
        "`min(k, n)`.",
    ),
    (
        "shapes-do-not-fit",
        "RuntimeError|ValueError|IndexError",
        r"size of tensor a|shapes cannot be multiplied|could not be broadcast|must match|Expected size|"
        r"shape mismatch|mismatch in its core dimension|is invalid for input of size|incompatible|"
        r"expand\(|doesn't match the broadcast|"
        r"not match the shape|inconsistent tensor size|size mismatch|expected .*D tensor|"
        r"same number of dimensions|subscript",
        "Two tensors meet in this line whose shapes do not fit. Print both shapes: an axis is missing "
        "(`[:, None]` adds one), is one too many, or two are exchanged.",
    ),
    (
        "axis-not-there",
        "IndexError",
        r"Dimension out of range|too many indices|Dimension specified as",
        "This line names an axis that the tensor does not have. Print its shape: it has fewer axes than "
        "you think, here. An index of dtype uint8 is read as a mask, which has as many axes as the tensor "
        "itself: `.long()` makes rows of it.",
    ),
    (
        "dtypes-do-not-fit",
        "RuntimeError|TypeError|IndexError|NotImplementedError",
        r"expected scalar type|same dtype|must have the same|dtype|result type|only supports|"
        r"not implemented for|must be tensors used as indices|long, int, byte or bool|as indices must",
        "The kind of numbers does not fit this operation: whole numbers, floats and truth values are "
        "not exchanged by themselves here. `.float()`, `.long()` or `.bool()` changes the kind.",
    ),
    (
        "truth-of-many",
        "RuntimeError|ValueError",
        r"Boolean value of Tensor|truth value of an array",
        "Python's own `if`, `and`, `or`, `not`, `max` and `min` want a single truth value and got a "
        "tensor of many. Use `torch.where`, `&`, `|`, `~`, `.clamp(...)`, `.amax(...)`.",
    ),
    (
        "one-number-of-many",
        "RuntimeError|ValueError|TypeError",
        r"cannot be converted to Scalar|only (?:one|integer|length|0-dim)|size-1 arrays|only .* scalar",
        "A single number is made of a tensor that holds several. Does an index or a sum over the other "
        "axis belong before it?",
    ),
    (
        "nothing-to-stack",
        "RuntimeError|ValueError",
        r"non-empty TensorList|expected a non-empty list|need at least one array",
        "There is nothing to put together on this case: the list is empty. What is to come back then?",
    ),
    (
        "reduction-of-nothing",
        "RuntimeError|IndexError|ValueError",
        r"Expected reduction dim|empty sequence|arg is an empty|is empty|zero-size array|no identity",
        "A maximum or minimum is taken of nothing on this case. What is to come back then?",
    ),
    (
        "place-not-there",
        "IndexError|RuntimeError",
        r"out of range|out of bounds",
        "A place is asked for that is not there: an index is out of bounds on this case. Count from 0, "
        "and look at what the index is when a row is full, or empty.",
    ),
    (
        "division-by-zero",
        "ZeroDivisionError",
        "",
        "Something is divided by 0 on this case. When can what stands below the line be 0, and what is "
        "to come back then?",
    ),
    (
        "key-not-there",
        "KeyError",
        "",
        "A dictionary is asked for a key that it does not hold on this case.",
    ),
    (
        "name-not-there",
        "NameError|UnboundLocalError",
        "",
        "A name is used that nothing has been given to. Is it spelled as where it was set, and was the "
        "cell run in which that happens?",
    ),
    (
        "arguments-do-not-fit",
        "TypeError",
        r"positional argument|unexpected keyword|multiple values|missing \d+ required|invalid combination",
        "A function is called with other arguments than it takes. Compare the call with its signature, "
        "and your function's first line with the one that the exercise gave.",
    ),
    (
        "none-is-used",
        "TypeError|AttributeError",
        r"NoneType",
        "Something is None that you go on with: a function or method that changes a value in place, such "
        "as `list.sort()`, returns nothing.",
    ),
    (
        "no-such-method",
        "AttributeError",
        r"has no attribute",
        "The value has no such method or attribute: it is of another kind than you think. Print its "
        "`type`.",
    ),
    (
        "no-gradient-asked",
        "RuntimeError",
        r"does not require grad|leaf Variable|allow_unused|in-place operation",
        "torch keeps no gradient here: it must be asked for on a copy (`x.clone().requires_grad_()`) "
        "before the loss is computed, and what it is asked for may not be changed in place.",
    ),
    (
        "wrong-kind-of-value",
        "TypeError",
        "",
        "An operation got a kind of value that it cannot work with. Print the `type` of what stands in "
        "this line.",
    ),
]


def of_errors(raised: Sequence[tuple[str, str]], own: bool) -> Pattern | None:
    """The pattern of a function that raises where a result is expected.

    Args:
        raised: kind and message of the error on each case that goes wrong.
        own: whether the learner's own `raise` or `assert` raised it.
    """
    if not raised:
        return None
    if own and all(kind != "NotImplementedError" for kind, _ in raised):
        return Pattern(
            "refuses-what-is-allowed",
            "Your function itself refuses this input, which is allowed. Read in the docstring when an error "
            "is to be raised.",
        )
    for name, kinds, words, message in _ERRORS:
        if all(
            re.fullmatch(kinds, kind) and re.search(words, said, re.IGNORECASE)
            for kind, said in raised
        ):
            return Pattern(name, message)
    return None


def with_the_docstring(message: str, docstring: str) -> str:
    """The message, ended by the docstring's sentences about errors where there are any."""
    sentences = re.split(r"(?<=[.:])\s+", " ".join(docstring.split()))
    raising = [one for one in sentences if re.search(r"\braises?\b", one, re.IGNORECASE)]
    return f'{message.removesuffix(".")}: "{" ".join(raising)}"' if raising else message


def of_error_expected(kind: str, got: Sequence[str | None]) -> Pattern:
    """What to tell where an error of a kind is expected on all cases that go wrong.

    got: the kind of error that came instead, None where a result came.
    """
    if all(one is None for one in got):
        return Pattern(
            "no-error",
            "Read in the docstring when an error is to be raised, and compare what your function tests.",
            f"A {kind} is asked for, and your function returns something. Read in the docstring when an "
            "error is to be raised, and compare what your function tests.",
        )
    if "AssertionError" in got:
        return Pattern(
            "assert-for-raise",
            f"An `assert` raises an AssertionError; a {kind} is asked for. Write `if ...: raise {kind}(...)`.",
        )
    return Pattern(
        "another-error", f"Your function raises another error than the {kind} asked for."
    )
