"""Arguments that are texts or words: read once, and refused in a sentence where they are not.

A string is itself a sequence of strings, its letters. So a function of texts that is given one text
would go through its letters without a word; no function of the library does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence, Set

__all__ = ["as_texts", "refuse_one_string", "shown", "word_lists"]


def as_texts(where: str, texts: Iterable[str], what: str = "texts") -> list[str]:
    """Return `texts` as a list of strings, read once; any function that takes texts starts so.

    texts: a list, tuple, generator, array (n,) of strings, column of a table, or the like.
    where, what: the function and the argument, for the message.
    Raises TypeError for one string, for what has no order (a set) or is no column (a dict, a table),
    and for a row that is no string; ValueError for a row with half a character (a lone surrogate),
    which no tokenizer takes. An empty string is a text.
    """
    refuse_one_string(where, texts, what)
    given: object = texts
    no_list = isinstance(given, (Mapping, Set, bytes, bytearray)) and not isinstance(
        given, KeysView
    )
    if no_list or getattr(given, "ndim", 1) != 1:
        raise TypeError(
            f"{where}: expected a list of {what}; got {_kind(texts)}: give its texts one after "
            "another, such as list(table['text']) or sorted(texts)"
        )
    try:
        reader = iter(texts)
    except TypeError:
        raise TypeError(
            f"{where}: expected a list of {what}; got {shown(texts)}: write ['text', ...]"
        ) from None
    rows = list(reader)
    for place, text in enumerate(rows):
        if type(text) is not str:
            if not isinstance(text, str):
                raise TypeError(
                    f"{where}: expected a list of {what}; {what}[{place}] is {shown(text)}, not a "
                    f"string: {_remedy(text)}"
                )
            rows[place] = str.__str__(text)  # NumPy's strings, which not all tokenizers take
        if not text.isascii():
            _refuse_lone_surrogates(where, f"{what}[{place}]", text)
    return rows


def refuse_one_string(where: str, value: object, what: str) -> None:
    """Raise TypeError if `value` is one string where `where` expects a list of `what`."""
    if isinstance(value, str):
        raise TypeError(
            f"{where}: expected a list of {what}; got one string: write [{shown(value)}]"
        )


def word_lists(
    where: str, documents: Iterable[Sequence[str]], what: str = "documents"
) -> Iterator[Sequence[str]]:
    """Yield the words of each document; raises TypeError at one that is a string, not split."""
    rows = [documents] if isinstance(documents, str) else documents
    for place, words in enumerate(rows):
        if isinstance(words, str):
            raise TypeError(
                f"{where}: {what}[{place}] is one string, {shown(words)}; expected a list of its "
                f"words: write [split_words(text) for text in {what}]"
            )
        yield words


def _refuse_lone_surrogates(where: str, name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{where}: {name} has half a character, the lone surrogate {text[error.start]!r} at "
            f"position {error.start}; expected whole ones: read the file in its own encoding, or mend "
            "the text by "
            'text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")'
        ) from None


def _kind(value: object) -> str:
    shape = getattr(value, "shape", None)
    of = f" {tuple(shape)}" if isinstance(shape, tuple) and len(shape) != 1 else ""
    return f"a value of type {type(value).__name__}{of}"


def shown(value: object) -> str:
    """A value as an error message shows it: a text shortened, others with their type."""
    if value is None:
        return "None"
    text = " ".join(repr(value).split())
    text = text if len(text) <= 40 else f"{text[:30]}...{text[-1]}"
    return text if isinstance(value, str) else f"{text} ({type(value).__name__})"


def _remedy(value: object) -> str:
    if isinstance(value, (bytes, bytearray)):
        return 'decode it, such as text.decode("utf-8")'
    # None, or as tables mark what is missing: NaN, pandas.NA, NaT
    missing = value is None or (isinstance(value, float) and value != value)
    if missing or type(value).__name__ in ("NAType", "NaTType"):
        return "leave such rows out, or put '' for a missing text"
    if isinstance(value, (list, tuple)):
        return 'join its words by " ".join(words), or give one flat list'
    return "convert it by str()"
