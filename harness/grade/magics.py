"""IPython's additions to Python, taken out of a cell's text in one pass over it.

IPython's own transformer reads the whole cell anew for each addition, and gives up after 500. What
students hand in is read by this one, whose time is linear in the text whatever stands in it.
"""

from __future__ import annotations

import re

_RUNNING = re.compile(r"\A\s*+%%(?:time|capture|prun)\b[^\n]*+\n")
_INDENT = re.compile(r"\n*+([^\S\n]++)")
_CALL = "get_ipython().system()"
# Where a logical line goes on or ends, outside of strings and comments.
_STOP = re.compile(r"""#[^\n]*+|\\\r?\n|'''|\"""|['"(\[{)\]}\n]""")
# The rest of a string after its opening quotes; one that is not closed ends with its line or the text.
_REST = {
    "'": re.compile(r"(?:[^'\\\n]++|\\.)*+'?", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\n]++|\\.)*+"?', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]++|\\.|'(?!''))*+(?:''')?", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!""))*+(?:""")?', re.DOTALL),
}
_COMMAND = re.compile(r"[^\S\n]*+[%!?](?:[^\\\n]++|\\\n?)*+\n?")
_HELP = re.compile(r"[^\s=()'\"#]++")
_ASSIGNED = re.compile(r"([^=!%()'\"#\n]++)=[^\S\n]*+[%!]")


def without_magics(source: str) -> str:
    """The cell as Python of the same names: for `%magic`, `!command` and `name?` stands something else.

    The first is a call of `get_ipython`, those after it are short, since a text of two bytes each must
    not grow. What is assigned from one (`files = !ls`) stays assigned. A cell of `%%` is one call, but of one under
    `%%time` and the like, which run it, this is what they run; and a cell that is indented as a whole is
    moved to the left, as IPython does.
    """
    source = _RUNNING.sub("", source, count=1)
    if indent := _INDENT.match(source):
        source = "\n".join(line.removeprefix(indent[1]) for line in source.split("\n"))
    if source.lstrip().startswith("%%"):
        return f"{_CALL}\n"
    if not re.search("[%!?]", source):
        return source
    lines: list[str] = []
    at, call = 0, _CALL
    while at < len(source):
        command = _COMMAND.match(source, at)
        end = command.end() if command else _logical_end(source, at)
        line = source[at:end]
        if (kept := _kept(line, command is not None)) is not None:
            line, call = f"{kept}{call}\n", "0"
        lines.append(line)
        at = end
    return "".join(lines)


def _logical_end(source: str, at: int) -> int:
    """Behind the line end that ends the logical line which begins at `at`."""
    depth = 0
    while found := _STOP.search(source, at):
        mark, at = found[0], found.end()
        if mark in _REST:
            rest = _REST[mark].match(source, at)
            at = rest.end() if rest else at
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth = max(0, depth - 1)
        elif mark == "\n" and depth == 0:
            return at
    return len(source)


def _kept(line: str, command: bool) -> str | None:
    """What of a logical line stands before an addition of IPython's; None if it has none."""
    body = line.strip()
    if command or (body.endswith("?") and _HELP.fullmatch(body)):
        return line[: len(line) - len(line.lstrip())]
    found = _ASSIGNED.match(line)
    return found[0][:-1] if found else None
