"""Pictures of outputs as files of their own: a page is small, and what is not in sight is not loaded.

In a notebook a figure is `<img src="data:image/png;base64,...">`, with its alt text, in HTML.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from pathlib import Path

FOLDER = "figures"  # below _static
_INLINE = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=\s]+)"')


def take_out(html: str, static: Path, up: str) -> str:
    """The HTML with links to the pictures, which are written below the folder `static`.

    up: how a page reaches the site's top, such as "../". A picture is named by its content, so that
    one that did not change keeps its name. Its size in pixels is said, so that no text jumps when it
    comes.
    """

    def written(found: re.Match[str]) -> str:
        content = base64.b64decode(found[1])
        width, height = _size(content)
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
        folder = static / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return (
            f'src="{up}_static/{FOLDER}/{name}" width="{width}" height="{height}" '
            'loading="lazy" decoding="async"'
        )

    return _INLINE.sub(written, html)


def _size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, which stand in the first chunk."""
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        raise ValueError(f"a picture of {len(png)} bytes is no PNG; expected what lib.plots shows")
    return struct.unpack(">II", png[16:24])
