"""The reference of `lib`: a page a module, by Sphinx's autodoc from the docstrings.

The docstrings are plain prose with names in single backticks, not reStructuredText: `to_rst` makes it so.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

_CODE = re.compile(r"(`[^`\n]+`)")
_SPECIAL = re.compile(r"([*|\\])|(?<=\w)(_)(?!\w)")
_ITEM = re.compile(r"(?:[-*]|\d+[.)]) +")
_ARGUMENT = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): +(?=\S)")
# What begins a paragraph of its own where it begins a line.
_SENTENCE = re.compile(r"(?:Raises|Returns?|Sources?|Examples?|Other|This needs|Made by)\b")


def modules(root: Path) -> dict[str, str]:
    """The public modules of the teaching library and what learners call, each with its first line."""
    found = {f"lib.{p.stem}": p for p in sorted((root / "lib").glob("[a-z]*.py"))}
    found["lib.learn"] = root / "lib" / "learn" / "__init__.py"
    return {name: _first_line(path) for name, path in sorted(found.items())}


def write(root: Path, source: Path) -> None:
    """Write the page of every module, and their list."""
    folder = source / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    names = modules(root)
    for name in names:
        text = f"{name}\n{'=' * len(name)}\n\n.. automodule:: {name}\n   :members:\n"
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")
    lines = [
        "# Reference",
        "",
        "What the lessons import, module by module, made from the docstrings.",
        "",
        *(f"[`{name}`]({name}.rst)\n: {line}\n" for name, line in names.items()),
        "```{toctree}",
        ":hidden:",
        "",
        *names,
        "```",
    ]
    (folder / "index.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _first_line(path: Path) -> str:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not said:
        raise ValueError(f"{path} has no docstring; expected what the module is for")
    return " ".join(said.split("\n\n")[0].split())


def to_rst(lines: list[str]) -> list[str]:
    """A docstring's lines as reStructuredText that shows the same.

    `name: what it is`, with its further lines indented or not, becomes an item of a list; so does
    what begins with a dash. "Raises ..." and other sentences at the start of a line begin a paragraph.
    What else is indented stands as it is, line by line, as do examples with `>>>`.
    """
    blocks: list[_Block] = []
    last: _Block | None = None
    for line in lines:
        text, indented = line.strip(), line.startswith(" ")
        if last is not None and last.kind == "literal" and (indented or not text):
            last.lines.append(line)
        elif not text:
            last = None
        elif last is not None and last.kind == "doctest":
            last.lines.append(text)
        elif kind := _begins(text, indented, last):
            last = _Block(kind, [line if kind == "literal" else text])
            blocks.append(last)
        else:
            assert last is not None
            last.lines.append(text)
    return [line for block in blocks for line in [*block.rst(), ""]]


@dataclass
class _Block:
    """A part of a docstring: prose, item, argument, doctest or literal."""

    kind: str
    lines: list[str]

    def rst(self) -> list[str]:
        if self.kind == "doctest":
            return self.lines
        if self.kind == "literal":
            return ["::", "", *(f"   {line}" for line in self.lines)]
        text = " ".join(self.lines)
        if self.kind == "item":
            return [f"- {_inline(_ITEM.sub('', text, count=1))}"]
        if found := _ARGUMENT.match(text):
            return [f"- **{_inline(found[1])}**: {_inline(text[found.end() :])}"]
        return [_inline(text)]


def _begins(text: str, indented: bool, last: _Block | None) -> str:
    """The kind of block that begins with this line, nothing if it goes on with the last one."""
    if text.startswith(">>>"):
        return "doctest"
    if not indented and _ITEM.match(text):
        return "item"
    if not indented and _ARGUMENT.match(text):
        return "argument"
    if last is None or last.kind == "literal":
        return "literal" if indented else "prose"
    ended = last.lines[-1].endswith((".", ":", "?", "!", ")", "`"))
    if indented:
        return "literal" if last.kind == "prose" and last.lines[-1].endswith(":") else ""
    return "prose" if ended and text[0].isupper() and _SENTENCE.match(text) else ""


def _inline(line: str) -> str:
    made = ""
    for part in _CODE.split(line):
        if _CODE.fullmatch(part):
            made += f"`{part}`"
        else:
            # A literal ends only before a space or a sign: in "`x`s" it would go on.
            made += "\\ " if made and re.match(r"\w", part) else ""
            made += _SPECIAL.sub(lambda found: "\\" + found[0], part)
    return made
