"""Lesson 08, synthetic queries from a language model's reply: `parse_queries`."""

from __future__ import annotations

import re

from lib.checks.exercise import Exercise, Mistake
from lib.checks.lesson_08 import _query_parser
from lib.checks.lesson_08._query_parser import distinct, parser, unquoted, without
from lib.checks.lesson_08._replies import cases
from lib.checks.values import EXACT


def _by_characters(reply: str, title: str, count: int) -> list[str]:
    """The oracle: reads each line character by character, without a regular expression."""
    found: list[str] = []
    for line in reply.replace("\r\n", "\n").split("\n"):
        text = line.strip()
        digits = 0
        while digits < len(text) and text[digits] in "0123456789":
            digits += 1
        if digits and text[digits : digits + 1] in (".", ")"):
            end = digits + 1
        else:
            end = 1 if text[:1] in ("-", "*", "•") and digits == 0 else 0
        if end and text[end : end + 1].isspace():
            text = text[end:].strip()
        if len(text) >= 2 and text[0] + text[-1] == '""':
            text = text[1:-1].strip()
        known = [query.casefold() for query in found]
        if text == "" or text[-1] == ":" or text.casefold().find(title.casefold()) >= 0:
            continue
        if text.casefold() not in known:
            found.append(text)
    return found[:count]


EXERCISE = Exercise(
    "parse_queries",
    "08",
    cases,
    _by_characters,
    tolerance=EXACT,
    mistakes=[
        Mistake(
            "numbers-kept",
            "Numbers still stand before the queries. Take a number with a dot or a bracket and the white space "
            "behind it off.",
            parser(marks=without(r"^[-*•]\s+")),
            hint=1,
        ),
        Mistake(
            "brackets-kept",
            "A number with a bracket, such as `2)`, still stands before a query. Take off both kinds, `2.` and "
            "`2)`.",
            parser(marks=without(r"^(?:\d+\.|[-*•])\s+")),
            hint=1,
        ),
        Mistake(
            "one-digit-only",
            "You take off numbers of one digit alone. The tenth query begins with `10. `: `\\d+`.",
            parser(marks=without(r"^(?:\d[.)]|[-*•])\s+")),
            hint=1,
        ),
        Mistake(
            "bullets-kept",
            "Bullets still stand before the queries. Take `-`, `*` or `•` and the white space behind it off.",
            parser(marks=without(r"^\d+[.)]\s+")),
            hint=1,
        ),
        Mistake(
            "round-bullets-kept",
            "The bullet `•` still stands before a query. Take it off as you do `-` and `*`.",
            parser(marks=without(r"^(?:\d+[.)]|[-*])\s+")),
            hint=1,
        ),
        Mistake(
            "characters-stripped",
            '`lstrip` takes off every character that it names, as many as there are: "3 days of fever" loses '
            "its 3. Take off one mark, with a regular expression.",
            parser(marks=lambda line: line.lstrip("0123456789.)-*• ")),
            hint=1,
        ),
        Mistake(
            "marks-without-white-space",
            'You take off a mark that has no white space behind it: "2.5 mg" loses its 2. Ask for at least '
            "one space: `\\s+`.",
            parser(marks=without(r"^(?:\d+[.)]|[-*•])\s*")),
            hint=1,
        ),
        Mistake(
            "one-space-only",
            "You take off one space behind a mark. There may be more: `\\s+`, or strip once more.",
            parser(marks=without(r"^(?:\d+[.)]|[-*•])\s")),
            hint=1,
        ),
        Mistake(
            "all-marks-taken-off",
            "You take off mark after mark. The exercise asks for one at most.",
            parser(marks=without(r"^(?:(?:\d+[.)]|[-*•])\s+)+")),
            hint=1,
        ),
        Mistake(
            "number-and-bullet",
            "You take off a number and then a bullet as well. The exercise asks for one mark at most.",
            parser(
                marks=lambda line: re.sub(r"^[-*•]\s+", "", re.sub(r"^\d+[.)]\s+", "", line)),
            ),
            hint=1,
        ),
        Mistake(
            "marks-anywhere",
            "You take marks off inside a line, too. A mark stands at its beginning: `^`, or `re.match`.",
            parser(marks=without(r"(?:\d+[.)]|[-*•])\s+")),
            hint=1,
        ),
        Mistake(
            "indented-marks-kept",
            "You look for a mark before you strip the line, or do not strip it. White space around a line goes "
            "first.",
            parser(strip=str, quotes=lambda line: unquoted(line.strip())),
            hint=1,
        ),
        Mistake(
            "quotes-kept",
            'Quotes still stand around a query. Where a line begins and ends with `"`, take off both.',
            parser(quotes=str),
            hint=1,
        ),
        Mistake(
            "quotes-before-marks",
            "You take quotes off before the mark, so that those behind a mark stay. First the mark, then the "
            "quotes.",
            parser(marks=unquoted, quotes=_query_parser.without_a_mark),
            hint=1,
        ),
        Mistake(
            "quotes-at-one-end",
            "You take off a quote at one end alone: it belongs to a word of the query. Take quotes off only "
            "where the line begins and ends with one.",
            parser(quotes=_query_parser.each_quote),
            hint=1,
        ),
        Mistake(
            "characters-and-quotes-stripped",
            'Two things: `lstrip` takes off every character that it names, so that "3 days of fever" loses its '
            "3; and `strip('\"')` takes off a quote that belongs to a word. Take off one mark, and quotes only "
            "as a pair.",
            parser(
                marks=lambda line: line.lstrip("0123456789.)-*• "), quotes=_query_parser.each_quote
            ),
            hint=1,
        ),
        Mistake(
            "marks-without-white-space-and-quotes-at-one-end",
            'Two things: a mark without white space behind it is no mark ("2.5 mg" loses its 2), and '
            "`strip('\"')` takes off a quote that belongs to a word. Ask for `\\s+`, and take quotes off only as "
            "a pair.",
            parser(marks=without(r"^(?:\d+[.)]|[-*•])\s*"), quotes=_query_parser.each_quote),
            hint=1,
        ),
        Mistake(
            "quotes-everywhere",
            "You take off all quotes, also those around a word of the query. Only a pair around the whole line "
            "goes.",
            parser(quotes=lambda line: line.replace('"', "").strip()),
            hint=1,
        ),
        Mistake(
            "single-quotes-taken-off",
            "You take off single quotes, too. Only a pair of double quotes goes.",
            parser(quotes=lambda line: re.sub(r"^(['\"])(.*)\1$", r"\2", line).strip()),
            hint=1,
        ),
        Mistake(
            "white-space-inside-quotes",
            "White space is left where you took quotes off. Strip the line once more.",
            parser(quotes=lambda line: line[1:-1] if line[:1] + line[-1:] == '""' else line),
            hint=1,
        ),
        Mistake(
            "blank-lines-kept",
            "Blank lines come back as empty queries. Drop what is empty.",
            parser(blank=True),
            hint=2,
        ),
        Mistake(
            "headings-kept",
            "A line that ends in a colon is a heading and no query. Drop it.",
            parser(heading=lambda line: False),
            hint=2,
        ),
        Mistake(
            "colons-anywhere",
            "You drop every line with a colon in it. Only one that ends in a colon is a heading.",
            parser(heading=lambda line: ":" in line),
            hint=2,
        ),
        Mistake(
            "first-line-dropped",
            "You drop the first line, whatever it is. A preamble need not be there; it ends in a colon.",
            parser(lambda reply, count: reply.splitlines()[1:]),
            hint=2,
        ),
        Mistake(
            "title-kept",
            "Queries that name the title are still there. They give the answer away, and the model learns to "
            "look for the name.",
            parser(tells=lambda line, title: False),
            hint=2,
        ),
        Mistake(
            "only-the-bare-title",
            "You drop a query that is the title, and not one that contains it. Ask with `in`.",
            parser(tells=lambda line, title: line.casefold() == title.casefold()),
            hint=2,
        ),
        Mistake(
            "title-at-the-beginning",
            "You drop a query that begins with the title. It may stand anywhere in the query: ask with `in`.",
            parser(tells=lambda line, title: line.casefold().startswith(title.casefold())),
            hint=2,
        ),
        Mistake(
            "title-with-case",
            "You look for the title with its capitals. Compare `casefold()` of both.",
            parser(tells=lambda line, title: title in line),
            hint=2,
        ),
        Mistake(
            "title-in-another-case",
            "You look for the title as it stands in a query in small letters. Take `casefold()` of the title, "
            "too.",
            parser(tells=lambda line, title: title in line.casefold()),
            hint=2,
        ),
        Mistake(
            "title-as-a-word",
            "You look for the title as a word of its own. As part of a longer word it gives the answer away, "
            "too.",
            parser(tells=_query_parser.word_in),
            hint=2,
        ),
        Mistake(
            "lower-for-casefold",
            "You compare by `lower()`, which keeps some letters apart, such as ß and SS. `casefold()` is "
            "made for comparing.",
            parser(
                tells=lambda line, title: title.lower() in line.lower(),
                once=lambda lines: distinct(lines, str.lower),
            ),
            hint=2,
        ),
        Mistake(
            "repeats-kept",
            "The same query comes back several times. Keep the first.",
            parser(once=list),
            hint=3,
        ),
        Mistake(
            "repeats-in-capitals",
            "The same query in other capitals comes back again. Compare `casefold()`.",
            parser(once=lambda lines: distinct(lines, str)),
            hint=3,
        ),
        Mistake(
            "last-of-equals",
            "Of queries that differ in capitals alone you return the last. Keep the first as it came.",
            parser(once=lambda lines: list({line.casefold(): line for line in lines}.values())),
            hint=3,
        ),
        Mistake(
            "capitals-lost",
            "The queries come back in small letters. Compare in this form, and return them as they came.",
            parser(once=lambda lines: distinct(line.casefold() for line in lines)),
            hint=3,
        ),
        Mistake(
            "order-lost",
            "The queries come back in another order. Keep that of the reply: a dict does, a set does not.",
            parser(once=lambda lines: sorted(distinct(lines))),
            hint=3,
        ),
        Mistake(
            "cut-first",
            "You take the first `count` lines and clean them then, so that too few are left. Clean, drop, and "
            "cut last.",
            parser(lambda reply, count: reply.splitlines()[:count]),
            hint=3,
        ),
        Mistake(
            "repeats-counted",
            "You cut at `count` before repeats are dropped, so that too few are left. Cut last.",
            parser(
                once=list,
                cut=lambda found, count: distinct(found[:count]),
            ),
            hint=3,
        ),
        Mistake(
            "all-returned",
            "You return all queries. Return at most `count`: the first ones.",
            parser(cut=lambda found, count: found),
            hint=3,
        ),
        Mistake(
            "one-text-returned",
            "You return one text with all queries. Return a list with one text for each.",
            lambda reply, title, count: "\n".join(parser()(reply, title, count)),
        ),
    ],
)
