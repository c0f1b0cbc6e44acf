"""A new classroom: the folders of an nbgrader course that only its user can read, and its gradebook."""

from __future__ import annotations

from pathlib import Path

from harness.classroom.configuration import CONFIG, configuration
from harness.classroom.errors import ClassroomError
from harness.classroom.folder import Classroom
from lib._files import write_whole

STEPS = ("source", "release", "submitted", "autograded", "feedback")


def init(folder: Path, database: str | None = None, course_id: str = "course") -> Classroom:
    """Make a classroom: an nbgrader course of which only its user can read anything.

    Args:
        folder: outside the repository; new, or empty, or a classroom already.
        database: SQLAlchemy's URL of the gradebook; None is `gradebook.db` in the folder.
            `postgresql://user@host/name` needs the extra `postgresql`.

    Raises:
        ClassroomError: the folder holds something else, lies in a git checkout, or the database
            cannot be reached.
    """
    folder = Path(folder).resolve()
    _outside(folder)
    if folder.exists() and not folder.is_dir():
        raise ClassroomError(f"{folder} is a file: give the name of a new folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CONFIG).is_file():
        raise ClassroomError(
            f"{folder} holds something that is no classroom: give a new or an empty folder"
        )
    new = not (folder / CONFIG).is_file()
    for path in (folder, *(folder / step for step in STEPS), folder / ".grading"):
        path.mkdir(mode=0o700, parents=path is folder, exist_ok=True)
        path.chmod(0o700)
    if new:
        write_whole(folder / CONFIG, configuration(course_id, _url(database)).encode())
    classroom = Classroom(folder)
    try:
        with classroom.gradebook():
            pass
    except Exception as error:
        if new:
            (folder / CONFIG).unlink()
        raise ClassroomError(
            f"the gradebook could not be opened ({type(error).__name__}: "
            f"{str(error).splitlines()[0][:300]}): see that the database server runs, that the "
            "database exists and that you may write to it"
        ) from error
    database_file = folder / "gradebook.db"
    if database_file.exists():
        database_file.chmod(0o600)
    return classroom


def _outside(folder: Path) -> None:
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            raise ClassroomError(
                f"{folder} lies in the git checkout {parent}, where students' work could be "
                "published by mistake: give a folder outside it"
            )


def _url(database: str | None) -> str | None:
    """The URL with a PostgreSQL driver that is installed."""
    if database is None:
        return None
    scheme, sign, rest = database.partition("://")
    if not sign or not rest:
        raise ClassroomError(
            f"{scheme!r} is no database URL: give one such as postgresql://user@host/grades"
        )
    if scheme not in ("postgres", "postgresql"):
        return database
    from importlib.util import find_spec

    for module in ("psycopg", "psycopg2"):
        if find_spec(module) is not None:
            return f"postgresql+{module}://{rest}"
    raise ClassroomError(
        "PostgreSQL needs the package psycopg, which is not installed: "
        "pip install 'embeddings-course[postgresql]'"
    )
