"""What a lesson found in the profile `full`, kept so that `fast` can show it with date and settings.

`full` trains whole encoders and takes an hour or more. `course run --profile full --save` has a lesson
that calls `save` leave its numbers in `lib/full_results.json`; `load` reads them from there. Nothing else
writes that file: where a lesson has no entry, no such run has been kept.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lib._files import write_whole
from lib._places import cache_folder
from lib.metrics import Interval

__all__ = ["STORED", "FullResults", "load", "save"]

STORED = Path(__file__).with_name("full_results.json")
_FOLDER = "COURSE_FULL_RESULTS"  # the variable that says where a run leaves what it found


@dataclass(frozen=True)
class FullResults:
    """The numbers of one run of a lesson in `full`.

    date: of the run, as YYYY-MM-DD. settings: what they were found with, name -> value. values,
    differences: name -> interval, in the lesson's own unit.
    """

    lesson: str
    date: str
    settings: dict[str, str]
    values: dict[str, Interval]
    differences: dict[str, Interval]

    def __str__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return f"lesson {self.lesson} in the profile full, run on {self.date}: {told}"


def save(
    lesson: str,
    settings: Mapping[str, Any],
    values: Mapping[str, Interval],
    differences: Mapping[str, Interval],
) -> FullResults:
    """Keep what this run found, and return it with today's date, the machine and versions added.

    The file is NN.json in the folder that COURSE_FULL_RESULTS names, by default "full" in the cache.
    Raises ValueError for no value.
    """
    import sentence_transformers
    import torch

    if not values:
        raise ValueError(f"save: lesson {lesson} has no value to keep; expected at least one")
    made_with = {
        "machine": platform.machine(),
        "torch": torch.__version__,
        "sentence-transformers": sentence_transformers.__version__,
    }
    if str(settings.get("device", "")).startswith("cuda"):
        made_with["card"] = torch.cuda.get_device_name()
    told = {name: str(value) for name, value in {**settings, **made_with}.items()}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    found = FullResults(lesson, today, told, dict(values), dict(differences))
    named = os.environ.get(_FOLDER, "").strip()
    folder = Path(named).expanduser() if named else cache_folder() / "full"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(found), indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / f"{lesson}.json", text.encode())
    return found


def load(lesson: str, path: Path = STORED) -> FullResults | None:
    """Return the stored results of a lesson, None where no run of `full` has been kept."""
    if not path.is_file():
        return None
    kept = json.loads(path.read_text(encoding="utf-8")).get(lesson)
    if kept is None:
        return None
    intervals = {
        part: {name: Interval(**ends) for name, ends in kept[part].items()}
        for part in ("values", "differences")
    }
    return FullResults(**(kept | intervals))
