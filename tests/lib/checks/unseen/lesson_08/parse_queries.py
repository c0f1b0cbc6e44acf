"""Answers to `parse_queries`, written from its card alone."""

from __future__ import annotations

import re

MARK = re.compile(r"(?:\d+[.)]|[-*•])\s+")


def right_regex(reply: str, title: str, count: int) -> list[str]:
    """One regular expression for the mark; a set of what came before."""
    queries, seen = [], set()
    for line in reply.splitlines():
        line = re.sub(r"^(?:\d+[.)]|[-*•])\s+", "", line.strip())
        if len(line) > 1 and line[0] == line[-1] == '"':
            line = line[1:-1].strip()
        folded = line.casefold()
        if not line or line.endswith(":") or title.casefold() in folded or folded in seen:
            continue
        seen.add(folded)
        queries.append(line)
    return queries[:count]


def right_without_regex(reply: str, title: str, count: int) -> list[str]:
    """str.split for the mark, str.isdigit for its number."""
    found: dict[str, str] = {}
    for raw in reply.split("\n"):
        line = raw.strip()
        parts = line.split(None, 1)
        if len(parts) == 2:
            head = parts[0]
            if head in ("-", "*", "•") or (head[-1] in ".)" and head[:-1].isdigit()):
                line = parts[1]
        if len(line) >= 2 and line.startswith('"') and line.endswith('"'):
            line = line[1:-1].strip()
        if line == "" or line[-1] == ":":
            continue
        if line.casefold().find(title.casefold()) >= 0:
            continue
        found.setdefault(line.casefold(), line)
    return list(found.values())[:count]


def right_generator(reply: str, title: str, count: int) -> list[str]:
    """Helper functions, a generator, and a stop as soon as there are enough."""

    def clean(line: str) -> str:
        line = line.strip()
        mark = MARK.match(line)
        if mark:
            line = line[mark.end() :]
        quoted = re.fullmatch(r'"(.*)"', line)
        return quoted.group(1).strip() if quoted else line

    def good():
        for line in map(clean, reply.split("\n")):
            if line and not line.endswith(":") and title.casefold() not in line.casefold():
                yield line

    queries: list[str] = []
    for line in good():
        if len(queries) == count:
            break
        if line.casefold() not in [query.casefold() for query in queries]:
            queries.append(line)
    return queries


def right_characters(reply: str, title: str, count: int) -> list[str]:
    """Walks over the characters of the mark."""
    queries: list[str] = []
    keys: list[str] = []
    for line in reply.strip().splitlines():
        line = line.strip()
        i = 0
        while i < len(line) and line[i] in "0123456789":
            i += 1
        if i > 0:
            end = i + 1 if i < len(line) and line[i] in ".)" else 0
        else:
            end = 1 if line[:1] in ("-", "*", "•") else 0
        if end and end < len(line) and line[end].isspace():
            line = line[end:].lstrip()
        if len(line) > 1 and line[0] == '"' and line[-1] == '"':
            line = line[1:][:-1].strip()
        key = line.casefold()
        keep = line != "" and not line.endswith(":") and key not in keys
        if keep and key.count(title.casefold()) == 0:
            keys.append(key)
            queries.append(line)
    while len(queries) > count:
        queries.pop()
    return queries


def right_stages(reply: str, title: str, count: int) -> list[str]:
    """One list after the other."""
    lines = [line.strip() for line in reply.split("\n")]
    lines = [re.sub(r"\A([0-9]+[.)]|[*•-])\s+(?=\S)", "", line, count=1) for line in lines]
    lines = [
        line[1:-1].strip() if len(line) > 1 and line[0] + line[-1] == '""' else line
        for line in lines
    ]
    lines = [line for line in lines if line and line[-1] != ":"]
    lines = [line for line in lines if title.casefold() not in line.casefold()]
    folded = [line.casefold() for line in lines]
    return [line for i, line in enumerate(lines) if folded.index(folded[i]) == i][:count]


def _parse(
    reply: str,
    title: str,
    count: int,
    mark: str = r"(?:\d+[.)]|[-*•])\s+",
    fold=str.casefold,
    clean=None,
    keep=None,
) -> list[str]:
    """Right with the defaults."""
    found: dict[str, str] = {}
    for raw in reply.splitlines():
        if clean:
            line = clean(raw)
        else:
            line = re.sub(rf"\A{mark}", "", raw.strip())
            if len(line) > 1 and line[0] == line[-1] == '"':
                line = line[1:-1].strip()
        if keep:
            good = keep(line)
        else:
            good = line and not line.endswith(":") and fold(title) not in fold(line)
        if good:
            found.setdefault(fold(line), line)
    return list(found.values())[:count]


def wrong_optional_space(reply: str, title: str, count: int) -> list[str]:
    """A mark without white space behind it goes, too: "-5 degrees", "1.5 mg dose"."""
    return _parse(reply, title, count, mark=r"(?:\d+[.)]|[-*•])\s*")


def wrong_one_digit(reply: str, title: str, count: int) -> list[str]:
    """Numbers of one digit only: "10. sore toe"."""
    return _parse(reply, title, count, mark=r"(?:\d[.)]|[-*•])\s+")


def wrong_dot_only(reply: str, title: str, count: int) -> list[str]:
    """No mark "2)": the example."""
    return _parse(reply, title, count, mark=r"(?:\d+\.|[-*•])\s+")


def wrong_no_bullet_dot(reply: str, title: str, count: int) -> list[str]:
    """Forgets "•"."""
    return _parse(reply, title, count, mark=r"(?:\d+[.)]|[-*])\s+")


def wrong_number_without_mark(reply: str, title: str, count: int) -> list[str]:
    """A number alone is a mark: "3 signs of a cold"."""
    return _parse(reply, title, count, mark=r"(?:\d+[.)]?|[-*•])\s+")


def wrong_many_marks(reply: str, title: str, count: int) -> list[str]:
    """Takes off all marks: "- 1. toe" is left with "1. toe" by the card."""
    return _parse(reply, title, count, mark=r"(?:(?:\d+[.)]|[-*•])\s+)*")


def wrong_lstrip_characters(reply: str, title: str, count: int) -> list[str]:
    """lstrip of a set of characters: "5 ways to sleep" loses its 5."""

    def clean(raw: str) -> str:
        line = raw.strip().lstrip("0123456789.)-*• ")
        return line[1:-1].strip() if len(line) > 1 and line[0] == line[-1] == '"' else line

    return _parse(reply, title, count, clean=clean)


def wrong_strips_quotes(reply: str, title: str, count: int) -> list[str]:
    """strip('"'): a quote at one end only goes, and several go."""
    return _parse(
        reply, title, count, clean=lambda raw: MARK.sub("", raw.strip(), 1).strip('"').strip()
    )


def wrong_sub_anywhere(reply: str, title: str, count: int) -> list[str]:
    """Takes the marks off within the line: "flu - how long" loses its dash."""

    def clean(raw: str) -> str:
        line = MARK.sub("", raw.strip())
        return line[1:-1].strip() if len(line) > 1 and line[0] == line[-1] == '"' else line

    return _parse(reply, title, count, clean=clean)


def wrong_quotes_first(reply: str, title: str, count: int) -> list[str]:
    """Quotes before the mark: '1. "toe"' keeps its quotes, '"1. toe"' loses its number."""

    def clean(raw: str) -> str:
        line = raw.strip()
        if len(line) > 1 and line[0] == line[-1] == '"':
            line = line[1:-1].strip()
        return re.sub(rf"\A{MARK.pattern}", "", line)

    return _parse(reply, title, count, clean=clean)


def wrong_no_second_strip(reply: str, title: str, count: int) -> list[str]:
    """No strip within the quotes: '" toe "'."""

    def clean(raw: str) -> str:
        line = re.sub(rf"\A{MARK.pattern}", "", raw.strip())
        return line[1:-1] if len(line) > 1 and line[0] == line[-1] == '"' else line

    return _parse(reply, title, count, clean=clean)


def wrong_single_quotes(reply: str, title: str, count: int) -> list[str]:
    """Takes off single quotes as well: "'toe'" stays by the card."""

    def clean(raw: str) -> str:
        line = re.sub(rf"\A{MARK.pattern}", "", raw.strip())
        if len(line) > 1 and line[0] == line[-1] and line[0] in "\"'":
            line = line[1:-1].strip()
        return line

    return _parse(reply, title, count, clean=clean)


def wrong_keeps_quotes(reply: str, title: str, count: int) -> list[str]:
    """Quotes stay: the example."""
    return _parse(reply, title, count, clean=lambda raw: MARK.sub("", raw.strip(), 1))


def wrong_whole_word(reply: str, title: str, count: int) -> list[str]:
    r"""\btitle\b: "gouty arthritis" stays."""
    word = re.compile(rf"(?i)(?<!\w){re.escape(title)}(?!\w)")
    return _parse(
        reply,
        title,
        count,
        keep=lambda line: line and not line.endswith(":") and not word.search(line),
    )


def wrong_title_is_regex(reply: str, title: str, count: int) -> list[str]:
    """The title as a pattern: "C. difficile" matches "CT difficile"; "(" raises."""
    return _parse(
        reply,
        title,
        count,
        keep=lambda line: line and line[-1] != ":" and not re.search(title, line, re.IGNORECASE),
    )


def wrong_title_case(reply: str, title: str, count: int) -> list[str]:
    """Compares the title with its case: the example's "Gout diet"."""
    return _parse(
        reply, title, count, keep=lambda line: line and line[-1] != ":" and title not in line
    )


def wrong_title_not_folded(reply: str, title: str, count: int) -> list[str]:
    """Folds the line only: the title "Gout" is in no line."""
    return _parse(
        reply,
        title,
        count,
        keep=lambda line: line and line[-1] != ":" and title not in line.casefold(),
    )


def wrong_lower(reply: str, title: str, count: int) -> list[str]:
    """lower() for casefold(): "Fuß" and "FUSS"."""
    return _parse(reply, title, count, fold=str.lower)


def wrong_title_equal(reply: str, title: str, count: int) -> list[str]:
    """Drops a line that is the title, not one that contains it."""
    return _parse(
        reply,
        title,
        count,
        keep=lambda line: line and line[-1] != ":" and line.casefold() != title.casefold(),
    )


def wrong_colon_anywhere(reply: str, title: str, count: int) -> list[str]:
    """Drops a line with a colon anywhere: "toe: why red"."""
    return _parse(
        reply,
        title,
        count,
        keep=lambda line: line and ":" not in line and title.casefold() not in line.casefold(),
    )


def wrong_keeps_headings(reply: str, title: str, count: int) -> list[str]:
    """Lines that end in a colon stay."""
    return _parse(
        reply, title, count, keep=lambda line: line and title.casefold() not in line.casefold()
    )


def wrong_colon_before_cleaning(reply: str, title: str, count: int) -> list[str]:
    """Looks for the colon before it cleans: '"Queries:"' stays."""
    raw = [line for line in reply.splitlines() if not line.strip().endswith(":")]
    return _parse(
        "\n".join(raw),
        title,
        count,
        keep=lambda line: line and title.casefold() not in line.casefold(),
    )


def wrong_keeps_empty(reply: str, title: str, count: int) -> list[str]:
    """Empty lines stay."""
    return _parse(
        reply,
        title,
        count,
        keep=lambda line: not line.endswith(":") and title.casefold() not in line.casefold(),
    )


def wrong_repeats_stay(reply: str, title: str, count: int) -> list[str]:
    """Drops repeats with their case only: "sore toe", "Sore Toe"."""
    return _parse(
        reply,
        title,
        count,
        fold=lambda text: text,
        keep=lambda line: line and line[-1] != ":" and title.casefold() not in line.casefold(),
    )


def wrong_last_of_equals(reply: str, title: str, count: int) -> list[str]:
    """A dict of lines keeps the last spelling."""
    lines = _parse(reply, title, 10**9, fold=lambda text: text)
    found = {line.casefold(): line for line in lines if title.casefold() not in line.casefold()}
    return list(found.values())[:count]


def wrong_lowered_out(reply: str, title: str, count: int) -> list[str]:
    """Returns folded queries: "MRI scan" comes out as "mri scan"."""
    return [line.casefold() for line in _parse(reply, title, count)]


def wrong_first_lines(reply: str, title: str, count: int) -> list[str]:
    """Cuts at count lines before it drops any."""
    return _parse("\n".join(reply.splitlines()[:count]), title, count)


def wrong_set(reply: str, title: str, count: int) -> list[str]:
    """Sorts: the order of the reply is lost."""
    return sorted(_parse(reply, title, 10**9))[:count]


def wrong_all(reply: str, title: str, count: int) -> list[str]:
    """Ignores count."""
    return _parse(reply, title, 10**9)


RIGHT = [right_regex, right_without_regex, right_generator, right_characters, right_stages]
WRONG = [
    wrong_optional_space,
    wrong_one_digit,
    wrong_dot_only,
    wrong_no_bullet_dot,
    wrong_number_without_mark,
    wrong_many_marks,
    wrong_lstrip_characters,
    wrong_strips_quotes,
    wrong_sub_anywhere,
    wrong_quotes_first,
    wrong_no_second_strip,
    wrong_single_quotes,
    wrong_keeps_quotes,
    wrong_whole_word,
    wrong_title_is_regex,
    wrong_title_case,
    wrong_title_not_folded,
    wrong_lower,
    wrong_title_equal,
    wrong_colon_anywhere,
    wrong_keeps_headings,
    wrong_colon_before_cleaning,
    wrong_keeps_empty,
    wrong_repeats_stay,
    wrong_last_of_equals,
    wrong_lowered_out,
    wrong_first_lines,
    wrong_set,
    wrong_all,
]
