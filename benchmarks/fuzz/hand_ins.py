"""Fuzz what reads a hand-in: notebooks, scripts and zips, broken, nested and blown up at random.

    python -m benchmarks.fuzz.hand_ins --count 2000 --seed 1 --keep FOLDER

Each is read, rebuilt and planned as the grader does before it runs any of it, in a process that may
take so much processor time and memory. Whatever comes must be read or refused in a sentence. What
breaks that is kept in the folder, and the command ends with 1.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.grade import plan, reading
from harness.grade.matching import rebuild
from tests.attacks import assignment
from tests.attacks.bounded import within

SECONDS, MEBIBYTES = 20, 900
_TEXTS = (
    *(
        "",
        "\n",
        "\x00",
        "é",
        "\ud800",
        "%",
        "!ls\n",
        "%%bash\n",
        "?",
        "def f(",
        "lambda:",
        "# %%\n",
    ),
    *(
        "### BEGIN SOLUTION\n",
        "import torch\n",
        "'''",
        "\\",
        "(",
        "a = b\n",
        "@x\n",
        "\u2028",
        "\t",
    ),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1e308, float("nan"), "", [], {}, [[]], {"a": [{}]}, "code", 4.0),
)


@dataclass(frozen=True)
class HandIn:
    """A file to hand in, by its name and bytes."""

    name: str
    content: bytes


def make(seed: int) -> HandIn:
    """The hand-in of a seed: the right answers, with a few things done to them."""
    chance = random.Random(seed)
    notebook = json.loads(json.dumps(assignment.submission(assignment.RIGHT)))
    # Each at most once: lists that are made longer twice are too long for any machine.
    for what in chance.sample(range(6), chance.randrange(4)):
        _bend(notebook, what, chance)
    form = chance.choice(("notebook", "notebook", "bytes", "script", "zip"))
    if form == "script":
        return HandIn(f"{assignment.NAME}.py", _broken(_script(notebook), chance))
    text = json.dumps(notebook, ensure_ascii=chance.random() < 0.5)
    content = text.encode("utf-8", "surrogatepass")
    if form == "bytes":
        content = _broken(content, chance)
    if form == "zip":
        return HandIn(f"{assignment.NAME}.zip", _broken(_zip(content, chance), chance))
    return HandIn(f"{assignment.NAME}.ipynb", content)


def _bend(notebook: dict, what: int, chance: random.Random) -> None:
    """Put something else in a place of the notebook, or more of what is there."""
    holder, key = chance.choice(list(_places(notebook)))
    value = holder[key]
    if what == 0:
        holder[key] = chance.choice(_VALUES)
    elif what == 1 and isinstance(value, str):
        place = chance.randrange(len(value) + 1)
        many = chance.choice((1, 3, 200, 20_000))
        holder[key] = value[:place] + chance.choice(_TEXTS) * many + value[place:]
    elif what == 2 and isinstance(value, list):
        holder[key] = value * chance.choice((2, 10, 300))
    elif what == 3:
        for _ in range(chance.choice((3, 90, 600))):  # json itself writes no deeper
            value = [value] if chance.random() < 0.5 else {"x": value}
        holder[key] = value
    elif what == 4 and isinstance(value, str):
        holder[key] = value.splitlines(keepends=chance.random() < 0.5)
    elif isinstance(holder, dict):
        holder[chance.choice(("metadata", "source", "cells", "x" * 5_000))] = value
    else:
        holder.insert(key, value)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a value, as what holds it and its key."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            found.append((here, key))
            if isinstance(here[key], dict | list) and len(found) < 20_000:
                waiting.append(here[key])
    return found


def _script(notebook: dict) -> bytes:
    cells = notebook.get("cells")
    sources = [c.get("source") for c in cells if isinstance(c, dict)] if type(cells) is list else []
    parts = [s if isinstance(s, str) else repr(s) for s in sources]
    return "\n# %%\n".join(parts).encode("utf-8", "surrogatepass")


def _broken(content: bytes, chance: random.Random) -> bytes:
    """Bytes with a few changed, cut off or repeated."""
    some = bytearray(content)
    for _ in range(chance.randrange(6)):
        place = chance.randrange(len(some) + 1)
        what = chance.randrange(4)
        if what == 0:
            some[place : place + 1] = bytes([chance.randrange(256)])
        elif what == 1:
            del some[place : place + chance.choice((1, 50, 5_000))]
        elif what == 2:
            piece = some[place : place + chance.randrange(1, 60)]
            some[place:place] = piece * chance.choice((2, 100, 5_000))
        else:
            some[place:place] = chance.choice(_TEXTS).encode("utf-8", "surrogatepass")
    return bytes(some)


def _zip(content: bytes, chance: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(chance.choice((1, 1, 2, 300))):
            folder = "d/" * chance.choice((0, 1, 40))
            name = chance.choice(
                (f"{number}.ipynb", f"{assignment.NAME}.ipynb", "../a.py", "b.png")
            )
            if folder + name not in archive.namelist():
                archive.writestr(folder + name, content)
    return packed.getvalue()


def read(one: HandIn, folder: Path) -> str:
    """What comes of a hand-in before any of it is run: `read` or `refused`.

    Raises:
        Exception: anything but a refusal, which is the grader's fault.
    """
    path = folder / one.name
    path.write_bytes(one.content)
    try:
        notebook, _ = reading.read_submission(path, assignment.release(), assignment.NAME)
        rebuilt = rebuild(assignment.release(), notebook, assignment.source())
    except reading.Ungradable:
        return "refused"
    plan.plan(rebuilt.notebook, assignment.source(), prefixed=1)
    return "read"


def broken(seed: int, seconds: int = SECONDS, mebibytes: int = MEBIBYTES) -> str | None:
    """What is wrong with how the hand-in of a seed was read; None if nothing is."""
    one = make(seed)
    with tempfile.TemporaryDirectory() as folder:
        said = within(lambda: read(one, Path(folder)), seconds, mebibytes << 20)
    return None if said == "done" else said


def main(arguments: list[str] | None = None) -> int:
    """Read so many hand-ins and say what broke; the exit code."""
    about = argparse.ArgumentParser(description="Fuzz what reads a hand-in.")
    about.add_argument("--count", type=int, default=500, help="how many hand-ins (default: 500)")
    about.add_argument("--seed", type=int, default=0, help="the first one's seed (default: 0)")
    about.add_argument("--seconds", type=int, default=SECONDS, help="processor time of one")
    about.add_argument("--mebibytes", type=int, default=MEBIBYTES, help="memory of one")
    about.add_argument("--keep", type=Path, help="a folder for hand-ins that break a promise")
    asked = about.parse_args(arguments)
    found: Counter[str] = Counter()
    for seed in range(asked.seed, asked.seed + asked.count):
        said = broken(seed, asked.seconds, asked.mebibytes)
        found[said or "read or refused"] += 1
        if said:
            one = make(seed)
            print(f"seed {seed}: {said} ({one.name}, {len(one.content)} bytes)", flush=True)
            if asked.keep:
                asked.keep.mkdir(parents=True, exist_ok=True)
                (asked.keep / f"{seed}-{one.name}").write_bytes(one.content)
    print(", ".join(f"{what}: {count}" for what, count in found.most_common()))
    return 0 if set(found) <= {"read or refused"} else 1


if __name__ == "__main__":
    sys.exit(main())
