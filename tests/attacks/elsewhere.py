"""Attacks that are tried in other tests than those of this folder, or in tests of it without a table.

Each entry names the test, and what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass

_EXPOSURE = "tests/attacks/test_exposure.py"
_CLASS = "tests/journeys/test_classroom.py"
_RECORDER = "tests/harness/classroom/gradebook/test_recorder.py"
_REPORTS = "tests/harness/reports/test_reports.py"
_JUNIT = "tests/harness/reports/test_junit.py"
_COLLECT = "tests/harness/classroom/test_collect.py"
_CLUSTER = "tests/harness/grade/test_cluster.py"


@dataclass(frozen=True)
class Elsewhere:
    """One attack, what keeps it from gaining anything, and the test: a file of the repository, a name in it."""

    name: str
    row: int
    kept: str
    file: str
    test: str


ELSEWHERE = [
    Elsewhere(
        "hidden inputs told by an exception, a print, a file, a later cell or the process's end",
        *(31, "in no report, and not in the graded notebook", _EXPOSURE),
        "test_hidden_inputs_reach_nothing_that_a_student_sees",
    ),
    Elsewhere(
        "hidden inputs in what a class gets back",
        *(31, "in no feedback, table, report or log", _CLASS),
        "test_no_byte_of_a_hidden_test_reaches_a_student",
    ),
    Elsewhere(
        "hidden inputs told by how long a call takes",
        *(31, "times are in JUnit alone; beside it only that the limit was passed is told", _JUNIT),
        "test_times_are_in_no_json",
    ),
    Elsewhere(
        "scripts and links in outputs and text, for who marks in formgrader",
        *(32, "recorded as text", _RECORDER),
        "test_nothing_that_a_browser_runs_is_recorded",
    ),
    Elsewhere(
        "HTML in feedback",
        *(32, "a page without scripts, images and links", _REPORTS),
        "test_feedback_is_a_whole_page_without_scripts",
    ),
    Elsewhere(
        "Markdown in a summary",
        *(32, "shown and not obeyed", _REPORTS),
        "test_markdown_shows_what_a_student_wrote_and_obeys_none_of_it",
    ),
    Elsewhere(
        "workflow commands in a log",
        *(32, "each line is the grader's own command, or none", _REPORTS),
        "test_annotations_cannot_be_commands_of_the_student_s",
    ),
    Elsewhere(
        "terminal escapes",
        *(32, "left out", _REPORTS),
        "test_a_terminal_s_line_has_no_escapes_and_no_markup",
    ),
    Elsewhere(
        "two hand-ins under one student's id",
        *(47, "refused where they come from different people", _COLLECT),
        "test_two_sources_of_one_login_are_refused",
    ),
    Elsewhere(
        "two runs of grading at once",
        *(47, "the second is refused", _RECORDER),
        "test_only_one_may_write",
    ),
    Elsewhere(
        "the grader killed at any moment",
        *(48, "the next run ends in the same gradebook", _RECORDER),
        "test_a_run_killed_at_any_moment_goes_on_to_the_same_gradebook",
    ),
    Elsewhere(
        "the grader killed between two of its writings",
        *(48, "gradebook and files agree after the next run", _RECORDER),
        "test_files_and_gradebook_agree_after_a_kill_at_each_step",
    ),
    Elsewhere(
        "the command killed",
        *(48, "it goes on where it was", _CLASS),
        "test_a_run_that_is_killed_goes_on_where_it_was",
    ),
    Elsewhere(
        "a cluster's worker killed by a submission",
        *(48, "nobody else loses anything, and nothing is recorded twice", _CLUSTER),
        "test_a_killed_worker_a_hang_and_a_fault_cost_nobody_else_anything",
    ),
]
