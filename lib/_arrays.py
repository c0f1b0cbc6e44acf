"""Arrays in a folder, written whole and mapped into memory: what an index on disk is made of.

Each array is a file of NumPy's format, named after its content, and a small JSON file that is written
last says which belong together. So a reader sees the old set or the new one, also when the writer is
stopped in between, and never a mixture.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lib._files import write_whole

_LIST = "index.json"


def write_arrays(
    folder: Path | str, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]
) -> None:
    """Write the arrays and facts (as JSON can write them) in place of what the folder had of them.

    Raises OSError when it cannot be written; what was there is then still there.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        room = io.BytesIO()
        np.save(room, np.ascontiguousarray(array), allow_pickle=False)
        content = room.getbuffer()
        key = hashlib.sha256(content).hexdigest()[:16]
        file = f"{name}-{key}.npy"
        write_whole(folder / file, bytes(content))
        files[name] = {"file": file, "bytes": len(content)}
    listed = json.dumps({"files": files, "facts": dict(facts)}, indent=1)
    write_whole(folder / _LIST, listed.encode())
    named = {entry["file"] for entry in files.values()}
    for old in folder.glob("*-*.npy"):
        if old.name not in named and old.name.rsplit("-", 1)[0] in files:
            with contextlib.suppress(OSError):  # mapped by a reader, which some systems forbid
                old.unlink()


def read_arrays(folder: Path | str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return facts and arrays; these are mapped: a page is read when it is first looked at.

    Who writes into such an array changes a copy of its own, never the file.
    Raises FileNotFoundError where there is no index, ValueError for files that are damaged or missing.
    """
    folder = Path(folder)
    if not (folder / _LIST).is_file():
        raise FileNotFoundError(f"there is no index in {folder}: build one there first")
    try:
        listed = json.loads((folder / _LIST).read_text(encoding="utf-8"))
        arrays = {}
        for name, entry in listed["files"].items():
            path = folder / Path(entry["file"]).name
            if path.stat().st_size != entry["bytes"]:
                raise ValueError(
                    f"{path.name} has {path.stat().st_size} bytes, not {entry['bytes']}"
                )
            # A mapping cannot be empty.
            empty = np.load(path, allow_pickle=False) if _is_empty(path) else None
            arrays[name] = (
                np.load(path, mmap_mode="c", allow_pickle=False) if empty is None else empty
            )
        return listed["facts"], arrays
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"the index in {folder} is damaged ({error}); expected it whole: build it again"
        ) from error


def _is_empty(path: Path) -> bool:
    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        return 0 in read[version](file)[0]


def bytes_on_disk(folder: Path | str) -> dict[str, int]:
    """Return the bytes of each file of the index as the file system counts them, "index.json" too."""
    folder = Path(folder)
    listed = json.loads((folder / _LIST).read_text(encoding="utf-8"))
    sizes = {
        name: (folder / entry["file"]).stat().st_size for name, entry in listed["files"].items()
    }
    return sizes | {_LIST: (folder / _LIST).stat().st_size}
