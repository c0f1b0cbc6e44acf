"""Other right answers to `parse_queries`."""

from __future__ import annotations

import re


def _by_matching(reply: str, title: str, count: int) -> list[str]:
    """One expression for the mark and the quotes, and a set of what was met."""
    found, met = [], set()
    for line in reply.split("\n"):
        text = re.match(r"(?:(?:[0-9]+[.)]|[-*\u2022])\s+)?(.*)", line.strip()).group(1)
        if re.fullmatch(r'".*"', text):
            text = text[1:-1]
        text = text.strip()
        if text == "" or text[-1] == ":" or title.casefold() in text.casefold():
            continue
        if text.casefold() not in met:
            found.append(text)
        met.add(text.casefold())
        if len(found) == count:
            break
    return found


def _by_splitting(reply: str, title: str, count: int) -> tuple[str, ...]:
    """The first word tells whether it is a mark; no regular expression."""

    def cleaned(line: str) -> str:
        first, _, rest = line.strip().replace("\t", " ").partition(" ")
        number = first[:-1].isdigit() and first[-1] in ".)"
        text = rest.strip() if first and (number or first in "-*•") else line.strip()
        quoted = len(text) > 1 and text[0] == text[-1] == '"'
        return text[1:-1].strip() if quoted else text

    lines = [cleaned(line) for line in reply.splitlines()]
    kept = [
        x for x in lines if x and not x.endswith(":") and x.casefold().find(title.casefold()) < 0
    ]
    forms = [x.casefold() for x in kept]
    return tuple(x for place, x in enumerate(kept) if x.casefold() not in forms[:place])[:count]


def _step_by_step(reply: str, title: str, count: int) -> list[str]:
    """A list after each step, repeats dropped from the end."""
    lines = [line.strip() for line in re.split(r"\r?\n", reply)]
    lines = [re.sub(r"\A[0-9]+[).]\s+|\A[*•-]\s+", "", line, count=1) for line in lines]
    lines = [re.sub(r'\A"(.*)"\Z', r"\1", line).strip() for line in lines]
    lines = [line for line in lines if line != "" and not line.endswith(":")]
    lines = [line for line in lines if title.casefold() not in line.casefold()]
    first = {line.casefold(): line for line in reversed(lines)}
    return sorted(first.values(), key=lines.index)[:count]


ALTERNATIVES = [_by_matching, _by_splitting, _step_by_step]
