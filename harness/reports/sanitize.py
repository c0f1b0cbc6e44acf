"""Text that a student may have written, made harmless for the form it goes into."""

from __future__ import annotations

import re
import unicodedata

MOST = 4000
# Characters that change the direction of the text around them, or are not seen at all.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")
_BYTES = re.compile("[\udc80-\udcff]")  # how Python keeps a byte that is not UTF-8
# What a continuous integration's log obeys: GitHub at a line's start, the others anywhere in it.
_COMMAND = re.compile(r"(?m)^[^\S\n]*:(?=:)|#(?=#(?:\[|vso\[|teamcity\[))")
_FORMULA = re.compile("[\\s']*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r]")


def clean(text: object, most: int = MOST) -> str:
    """Printable text of at most `most` characters; lines and tabs stay.

    Control and direction characters, terminal escapes, surrogates and characters that XML does not
    know are gone; a byte that is not UTF-8 is shown as `\\xfc`. No line of it is a command to the
    log of GitHub, Azure Pipelines or TeamCity: `::` becomes `: :` there.
    """
    found = _BYTES.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", str(text))
    found = _INVISIBLE.sub("", _ESCAPES.sub("", found))
    found = re.sub("\r\n|[\r\u2028\u2029]", "\n", found)
    kept = [
        c
        for c in found
        if c in "\n\t"
        or (unicodedata.category(c) not in ("Cc", "Cs") and ord(c) & 0xFFFE != 0xFFFE)
    ]
    text = _COMMAND.sub(lambda found: f"{found[0]} ", "".join(kept))
    return text if len(text) <= most else text[: most - 2] + " …"


def line(text: object, most: int = 300) -> str:
    """The same on one line."""
    return " ".join(clean(text, most).split())


def markdown(text: object, most: int = MOST) -> str:
    """One line of Markdown that shows the text as it is: no markup, no links, no mentions."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+.!|~$-])", r"\\\1", line(text, most))
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        escaped = escaped.replace(mark, entity)
    # An entity in between keeps `@name`, `https://` and `www.` from becoming links.
    return escaped.replace("@", "&#64;").replace("://", "&#58;//").replace("www\\.", "www&#46;")


def command(text: object, most: int = MOST) -> str:
    """The data of a GitHub workflow command."""
    return clean(text, most).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: object, most: int = 300) -> str:
    """A property of a GitHub workflow command."""
    return command(text, most).replace(":", "%3A").replace(",", "%2C")


def table_cell(text: str, most: int = MOST, lines: bool = False) -> str:
    """A cell of a table in a file, which no spreadsheet program takes for a formula.

    What would be one gets the `'` before it by which these programs know text; numbers stay.

    Args:
        lines: it may have several.
    """
    text = clean(text, most) if lines else line(text, most)
    if not _FORMULA.match(text):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def from_table_cell(text: str) -> str:
    """What was put into a table by `table_cell`: without the `'` that it was given."""
    bare = text.removeprefix("'")
    return bare if bare != text and table_cell(bare, len(text) + 2, True) == text else text
