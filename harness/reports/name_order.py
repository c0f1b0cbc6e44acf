"""People in the order in which one looks for them: by letters, whatever is on or through a letter.

Unicode takes marks off `é` and `ü`, and none off `ø` and `ł`, which it counts as letters of their own: by
code points their bearers come after Z. The few of the Latin alphabet stand here beside the letters that
one writes for them where they are not to be had. No locale is asked: a class has names of many languages,
some of which sort `ø` last and most of which do not know it, and the same class has the same order on every
machine. It is for sorting alone; a name is shown and compared as it is.
"""

from __future__ import annotations

import re
import unicodedata

_LETTERS = str.maketrans("øłđðħŧıɨŋɲƀɓɖɗƙəɛɔĸ", "olddhtiinnbbddkeeok")
_PAIRS = str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})
_SILENT = re.compile(r"['’‘ʼʻ`´-]")  # O'Neil stands beside Oneil


def name_order(name: str) -> tuple[str, str]:
    """A key for sorting by a person's name or id."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in apart if not unicodedata.combining(c))
    return _SILENT.sub("", plain.translate(_LETTERS).translate(_PAIRS)), name
