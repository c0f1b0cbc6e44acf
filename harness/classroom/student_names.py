"""Students' names as they come, and as names of folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata

# What a path, a pattern, nbgrader's exchange (+), its CSV (,) or a web address would misread.
_MISREAD = re.compile(r"[/\\:*?\"'<>|\[\]{}+,;%#&$`~!]")
_FIRST = " .=-@\uff1d\uff0d\uff20"  # hides a file, is an option, or a formula in a spreadsheet
_RESERVED = re.compile(r"(?i)^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$")


def student_id(name: str) -> str:
    """A student's name as the name of a folder and nbgrader's id: another for every other name.

    Letters of all alphabets, single spaces and dots stay. Where something has to be replaced, be it
    only another Unicode form, `~` and sixteen letters that depend on every byte of the name are
    added. Nothing else has a `~`, so no two students become one.

    Args:
        name: as the system gives it; bytes that are not UTF-8 come as Python's surrogates.

    Raises:
        ValueError: nothing of the name is left.
    """
    composed = _MISREAD.sub("_", re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)))
    safe = "".join(c if c.isprintable() else "_" for c in composed).lstrip(_FIRST).rstrip(" .")
    if not re.search(r"\w", safe.replace("_", "")):
        raise ValueError(
            f"{name!r} is no student's name: it has neither a letter nor a digit; rename the file"
        )
    if safe != name or len(safe.encode()) > 120 or _RESERVED.match(safe):
        mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        safe = f"{safe.encode()[:100].decode('utf-8', 'ignore')}~{mark}"
    return safe
