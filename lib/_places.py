"""Where things lie on this machine: the course, what can be computed again, what must be kept.

Everything may import this module; it imports nothing of the course and nothing that is slow.
"""

from __future__ import annotations

import os
from pathlib import Path

_NAME = "embeddings-course"


def course_root() -> Path:
    """Return the folder of the course: COURSE_ROOT if it is set, else the one that holds `lib`.

    Whether lessons are in it is for the caller to see: an installed `lib` has none beside it.
    """
    return Path(os.environ.get("COURSE_ROOT") or Path(__file__).resolve().parents[1])


def cache_folder() -> Path:
    """Return the folder for derived files, made if need be: COURSE_CACHE, else the user's cache.

    Everything in it can be deleted at any time and is computed again.
    Raises OSError when it cannot be made.
    """
    named = os.environ.get("COURSE_CACHE", "").strip()
    if named:
        folder = Path(named).expanduser()
    else:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir(_NAME, appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folder() -> Path:
    """Return the folder for what cannot be computed again, such as a learner's progress.

    It is named and not made: where nobody watches, nothing is written.
    """
    import platformdirs

    return platformdirs.user_data_path(_NAME)
