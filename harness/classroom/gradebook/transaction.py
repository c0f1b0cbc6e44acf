"""nbgrader's gradebook, opened once and written in whole submissions.

nbgrader opens the gradebook eight times for each submission and commits after each cell. A crash
then leaves half a submission, and every commit waits for the disk. Here its classes share one
connection, and what they commit is kept back until whole submissions are there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import autograde
from nbgrader.preprocessors import (
    latesubmissions,
    overwritecells,
    overwritekernelspec,
    saveautogrades,
)
from sqlalchemy import Connection
from sqlalchemy.orm import Session, scoped_session, sessionmaker

# The modules whose own `Gradebook(...)` is to be the shared one while a submission is recorded.
_USERS = (autograde, overwritecells, overwritekernelspec, saveautogrades, latesubmissions)


class _Held(Session):
    """A session whose `commit` writes to the open transaction without ending it."""

    def commit(self) -> None:
        self.flush()
        self.expire_all()  # as a commit does: sums of scores are read anew

    def end(self) -> None:
        super().commit()


class SharedGradebook(Gradebook):
    """A gradebook that stays open. Use `submission()` around all that belongs together."""

    def __init__(self, url: str, course_id: str) -> None:
        super().__init__(url, course_id)
        self.db.remove()
        self.db: Any = scoped_session(
            sessionmaker(class_=_Held, autoflush=True, bind=self.engine, future=True)
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """nbgrader's classes close what they opened; this one stays open."""

    def shut(self) -> None:
        """Close it, for good."""
        self.close()

    @contextlib.contextmanager
    def submission(self) -> Iterator[Connection]:
        """One transaction: all that nbgrader writes within is kept, or none of it.

        The connection given is that of the transaction.
        """
        try:
            with instead(self):
                yield self.db().connection()
            self.db().end()
        except BaseException:
            self.db.rollback()
            raise
        finally:
            self.db.remove()


@contextlib.contextmanager
def instead(book: Any) -> Iterator[None]:
    """Whatever gradebook nbgrader's classes open in the block, they get this one."""
    kept = [module.Gradebook for module in _USERS]
    for module in _USERS:
        module.Gradebook = lambda *args, **kwargs: book
    try:
        yield
    finally:
        for module, own in zip(_USERS, kept):
            module.Gradebook = own
