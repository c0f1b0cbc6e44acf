"""What of the machine's files a process in a box may read, and by which names."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

from harness.sandbox import Box

_ETC = ("ld.so.cache", "localtime", "nsswitch.conf", "fonts", "ssl/certs", "mime.types")


def paths(box: Box) -> list[str]:
    """Python, the system's libraries, and what the box names; outer folders before inner ones."""
    wanted = {*named(box), "/usr"}
    wanted |= {path for path in ("/lib", "/lib64", "/bin") if not os.path.islink(path)}
    wanted |= {f"/etc/{name}" for name in _ETC}
    found = sorted({os.path.realpath(path) for path in wanted if os.path.exists(path)})
    kept: list[str] = []
    for path in found:
        if not any(path == outer or path.startswith(outer + "/") for outer in kept):
            kept.append(path)
    return kept


def named(box: Box) -> set[str]:
    """Folders by the names that Python has for them, of which any may lead over a link."""
    return {sys.prefix, sys.base_prefix, *site.getsitepackages(), *box.read_only}


def links(path: str) -> list[tuple[str, str]]:
    """The links on the way to a path, and what each is: an environment may be a link to another place."""
    at = Path(path)
    for outer in (*reversed(at.parents), at):
        if outer.is_symlink():
            real = os.path.realpath(outer)
            return [(str(outer), real), *links(os.path.join(real, at.relative_to(outer)))]
    return []


def leave_out(paths: list[str], without: tuple[str, ...]) -> list[str]:
    """The paths with everything in them but the folders `without`: what stands beside these is named."""
    gone = {os.path.realpath(path) for path in without}
    kept: list[str] = []
    for path in paths:
        if path in gone:
            continue
        if not any(out.startswith(path + "/") for out in gone):
            kept.append(path)
            continue
        inner = [os.path.join(path, name) for name in sorted(os.listdir(path))]
        kept += leave_out([p for p in inner if not os.path.islink(p)], without)
        # A link is what it leads to: a venv's lib64 is its lib, with all that is left out of that.
        kept += [p for p in inner if os.path.islink(p) and not _meets(os.path.realpath(p), gone)]
    return kept


def _meets(path: str, folders: set[str]) -> bool:
    """Whether a path is, holds or lies in one of the folders."""
    return any(
        path == one or one.startswith(path + "/") or path.startswith(one + "/") for one in folders
    )


def around(named: tuple[str, ...], without: tuple[str, ...]) -> list[str]:
    """The folders around those left out, in what a box names: Python looks for modules in these.

    Where they can be listed the folders left out can, too; nothing in them can be read.
    """
    inside = [os.path.realpath(path) for path in named]
    outer = {str(out) for path in without for out in Path(os.path.realpath(path)).parents}
    return sorted(o for o in outer if any(o == i or o.startswith(i + "/") for i in inside))
