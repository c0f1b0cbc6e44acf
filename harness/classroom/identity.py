"""Whose each file of a listing is in the classroom: never two sources one student."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.classroom import hand_ins
from harness.classroom.downloads import Found, shown
from harness.classroom.errors import ClassroomError
from harness.classroom.hand_ins import HandIn
from harness.classroom.lms import Reader, plain
from harness.classroom.lms.owner import Owner
from harness.classroom.moodle_worksheet import Worksheet
from harness.classroom.participants import Participants
from harness.classroom.roster import Person, Roster
from harness.classroom.student_names import student_id
from lib._files import printable

TAKEN = (".ipynb", ".py", ".zip", ".json", ".txt", ".pdf", ".html")


@dataclass(frozen=True)
class Whose:
    """Whose a file is, and why.

    Args:
        student: the id in the classroom.
        why: by what it is known, for a person.
    """

    student: str
    lesson: str
    owner: Owner
    why: str


@dataclass
class Identified:
    """Whose the files of a listing are.

    Args:
        left_out: the path of each thing that is nobody's, and why, in a sentence.
        remarks: what was decided and can be looked at; `missed`: what may be somebody's work.
    """

    whose: dict[Found, Whose]
    left_out: list[tuple[tuple[str, ...], str]]
    remarks: list[str]
    missed: list[str]


def identify(
    classroom: Path,
    files: Sequence[Found],
    reader: Reader,
    roster: Roster,
    keep: bool = True,
    sheet: Worksheet | None = None,
) -> Identified:
    """Say whose each file is.

    Args:
        classroom: the classroom's folder, which knows participants and earlier hand-ins.
        keep: whether to remember the participants that are new.
        sheet: Moodle's worksheet, which says who a participant is.

    Raises:
        ClassroomError: the worksheet is of other downloads.
    """
    found = Identified({}, [], [], [])
    owners = _read(files, reader, found)
    if sheet is not None:
        _see_worksheet(sheet, owners.values())
        owners = {file: sheet.knows(owner) for file, owner in owners.items()}
    _refuse_folders(classroom, owners, reader, found)
    own = _ids(classroom, owners, found, keep)
    known = {file: _in_roster(roster, owners[file], own[file]) for file in own}
    _part(owners, own, known, found)
    _refuse_clashes(classroom, roster, owners, own, known, found)
    for file, student in own.items():
        owner, person = owners[file], known[file]
        if person is None and student != owner.student:
            found.remarks.append(f"{file.shown}: the student is called {student!r} here.")
        why = _BY.get(owner.system, f"named so by {owner.system}")
        if person is not None:
            student, why = person
        found.whose[file] = Whose(student, owner.lesson, owner, why)
    _tell_strangers(roster, found)
    return found


# Names that no system gave.
_BY = {"plain": "named so in the downloads", "pattern": "by your pattern"}


def _see_worksheet(sheet: Worksheet, owners: Collection[Owner]) -> None:
    """Refuse a worksheet that would say nothing."""
    if owners and all(sheet.knows(owner) is owner for owner in owners):
        raise ClassroomError(
            "the worksheet knows nobody in these downloads: give that of the same assignment in Moodle"
        )


def _read(files: Sequence[Found], reader: Reader, found: Identified) -> dict[Found, Owner]:
    """The owners as the names say them."""
    owners = {}
    said = (
        "<student>_<lesson>.ipynb or <student>/<lesson>.ipynb"
        if reader.system is None
        else f"as {reader.name} calls it, such as {reader.system.EXAMPLE}"
    )
    for file in files:
        if reader.own(file.parts):
            continue
        whose = reader.owner(file.parts)
        if whose is not None and file.parts[-1].casefold().endswith(TAKEN):
            owners[file] = whose
            continue
        why = (
            f"{file.shown} was not understood: expected {said} with a lesson of "
            f"{', '.join(reader.lessons)}; rename it."
        )
        if not file.parts[-1].casefold().endswith(TAKEN):
            why = f"{file.shown} is no notebook: ask who handed it in for the file that ends in .ipynb."
        found.left_out.append((file.parts, why))
    return owners


def _refuse_folders(
    classroom: Path, owners: dict[Found, Owner], reader: Reader, found: Identified
) -> None:
    """Drop a folder's files where they may be several students'; remark what names another."""
    folders: defaultdict[tuple[str, ...], list[Found]] = defaultdict(list)
    for file in owners:
        folder = reader.folder(file.parts)
        if len(folder) < len(file.parts):
            folders[folder].append(file)
    for folder, files in folders.items():
        notebooks = [f for f in files if f.parts[-1].casefold().endswith((".ipynb", ".zip"))]
        names = {f: plain.claimed(f.parts[len(folder) :], reader.lessons) for f in notebooks}
        student = owners[files[0]].student
        others = set(names.values())
        unclear = len(others) > 1 and not others & {None, student}
        by_person = owners[files[0]].system == "plain"
        if unclear and by_person and not _here(classroom, student):
            for file in files:
                del owners[file]
            said = ", ".join(sorted(f"'{printable(name)}'" for name in others if name)[:5])
            found.missed.append(
                f"{shown(folder)} is left out: the names in it are of several students ({said}). If "
                "it is a folder of downloads, collect it by itself or with --inside "
                f"{'/'.join(map(printable, folder))}; if it is one student's, leave one notebook in it."
            )
            continue
        for file, name in names.items():
            if name not in (None, student):
                found.remarks.append(
                    f"{file.shown} is taken as the work of '{printable(student)}', in whose folder "
                    f"it lies, though it names '{printable(name or '')}'."
                )


def _here(classroom: Path, name: str) -> bool:
    try:
        return (classroom / "submitted" / student_id(name)).is_dir()
    except ValueError:
        return False


def _ids(
    classroom: Path, owners: dict[Found, Owner], found: Identified, keep: bool
) -> dict[Found, str]:
    """The id of each owner by its own name and number."""
    by_lesson: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for whose in owners.values():
        if whose.number:
            by_lesson[whose.lesson].add((whose.student, whose.number))
    blind = {whose.student for whose in owners.values() if whose.blind}
    for those in by_lesson.values():  # all of one name: nobody's name, in whatever language
        names = {name for name, _ in those}
        if len(those) > 2 and len(names) == 1:
            blind |= names
    participants = Participants(classroom)
    numbered = {of: participants.of(of, those, blind) for of, those in by_lesson.items()}
    if numbered and keep:
        participants.keep()
    if blind:
        found.remarks.append(
            f"the marking is blind: everybody is called {' or '.join(sorted(map(repr, blind)))}, and "
            "nothing tells who somebody is in another lesson."
        )
    ids = {}
    for file, whose in owners.items():
        try:
            ids[file] = student_id(whose.student)
        except ValueError as error:
            found.left_out.append((file.parts, f"{file.shown}: {error}."))
            continue
        if whose.number:
            ids[file] = numbered[whose.lesson][whose.student, whose.number]
    return ids


def _in_roster(roster: Roster, owner: Owner, own: str) -> tuple[str, str] | None:
    """Who it is in the roster, and by what; None if nobody, or not for sure."""
    if not roster:
        return None
    login = roster.by_login(owner.login)
    by_login = roster.known_by(login, owner.login) if login is not None else ""
    steps: list[tuple[Callable[[], Person | None], str]] = [
        (lambda: roster.by_user(owner.system, owner.user), f"{owner.system}'s number {owner.user}"),
        (lambda: login, by_login),
    ]
    if owner.system in ("plain", "pattern"):
        steps.append((lambda: roster.by_login(owner.student), f"called {owner.student}"))
        steps.append((lambda: _exactly(roster, owner.student), f"called {owner.student}"))
    elif not owner.blind and own == student_id(owner.student):  # no number tells it from a namesake
        steps.append((lambda: roster.by_name(owner.name), f"name {owner.name}"))
    for find, by in steps:
        person = find()
        if person is not None:
            return person.student, f"in the roster by {by}"
    return None


def _exactly(roster: Roster, name: str) -> Person | None:
    """Who has a name letter by letter: people who write names may mean another by another form."""
    person = roster.by_name(name)
    forms = (person.full, person.name, f"{person.last}, {person.first}") if person else ()
    return person if name in forms else None


def _source(owner: Owner) -> tuple[str, str]:
    return owner.system, owner.source or owner.student


def _by_student(
    owners: dict[Found, Owner],
    own: dict[Found, str],
    known: dict[Found, tuple[str, str] | None],
) -> dict[tuple[str, str], list[Found]]:
    """The files that one student would hand in for one lesson."""
    groups: defaultdict[tuple[str, str], list[Found]] = defaultdict(list)
    for file, person in known.items():
        groups[person[0] if person else own[file], owners[file].lesson].append(file)
    return groups


def _part(
    owners: dict[Found, Owner],
    own: dict[Found, str],
    known: dict[Found, tuple[str, str] | None],
    found: Identified,
) -> None:
    """Where the roster makes one student of two sources, each keeps the name that it came by."""
    for (student, lesson), files in _by_student(owners, own, known).items():
        if len({_source(owners[file]) for file in files}) < 2:
            continue
        if len({own[file] for file in files}) > 1:
            for file in files:
                known[file] = None
            names = ", ".join(sorted({repr(own[file]) for file in files})[:5])
            found.remarks.append(
                f"{names} could all be {student!r} of the roster in {lesson}: each is kept by its own "
                "name; say in the roster who is who."
            )


def _refuse_clashes(
    classroom: Path,
    roster: Roster,
    owners: dict[Found, Owner],
    own: dict[Found, str],
    known: dict[Found, tuple[str, str] | None],
    found: Identified,
) -> None:
    """Refuse what two sources would hand in as one student, here or since an earlier collection."""
    for (student, lesson), files in _by_student(owners, own, known).items():
        sources = {_source(owners[file]) for file in files}
        before = _before(classroom, student, lesson)
        now = owners[files[0]]
        if before is not None and len(sources) == 1 and now.system not in _BY:
            both = {_surely(roster, now), _surely(roster, before)}
            if before.system == now.system or both != {student}:
                sources.add((before.system, before.source))
        if len(sources) < 2:
            continue
        for file in files:
            del own[file], known[file], owners[file]
        said = ", ".join(sorted(_called(*source) for source in sources)[:5])
        where = ", ".join(file.shown for file in files[:3])
        found.missed.append(
            f"{where} left out: {said} are different sources, and would all be {student!r} in {lesson}. "
            "If they are one student, leave the file that counts and collect it by itself; where another "
            f"was collected before, first remove submitted/{student}/{lesson}."
        )


def _before(classroom: Path, student: str, lesson: str) -> HandIn | None:
    """What a system gave before of a student and a lesson, if it lies there still."""
    if not (classroom / "submitted" / student / lesson).is_dir():
        return None
    before = hand_ins.read(classroom, lesson, student)
    return None if before is None or before.system in _BY else before


def _called(system: str, source: str) -> str:
    return f"'{printable(source)}'" + ("" if system in _BY else f" of {system}")


def _surely(roster: Roster, one: Owner | HandIn) -> str | None:
    """The id of who is in the roster by more than a name: a system's number, login, e-mail or number."""
    person = roster.by_user(one.system, one.user) or roster.by_login(one.login)
    return person.student if person is not None else None


def _tell_strangers(roster: Roster, found: Identified) -> None:
    """Remark whose hand-ins are of nobody in the roster."""
    if not roster:
        return
    strangers = sorted({one.student for one in found.whose.values()} - set(roster.people))
    if strangers:
        names = ", ".join(map(printable, strangers[:10])) + (", ..." if strangers[10:] else "")
        found.remarks.append(
            f"{len(strangers)} of those who handed in are not in the roster, and are graded all the "
            f"same: {names}."
        )
