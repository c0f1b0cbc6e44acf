"""Text that a student may have written, made harmless for the form it goes into."""

from __future__ import annotations

import re
import unicodedata

MOST = 4000
# Characters that change the direction of the text around them, or are not seen at all.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)")


def clean(text: object, most: int = MOST) -> str:
    """Printable text of at most `most` characters; lines and tabs stay.

    Control and direction characters, terminal escapes, surrogates and characters that XML does not
    know are gone.
    """
    found = _INVISIBLE.sub("", _ESCAPES.sub("", str(text)))
    found = found.replace("\r\n", "\n").replace("\r", "\n")
    kept = [
        c
        for c in found
        if c in "\n\t"
        or (unicodedata.category(c) not in ("Cc", "Cs") and ord(c) & 0xFFFE != 0xFFFE)
    ]
    text = "".join(kept)
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
