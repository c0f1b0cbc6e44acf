"""Reports as JSON with a published schema: the same bytes for any order and number of workers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from harness.grade.verdicts import Report
from harness.reports.name_order import name_order
from harness.reports.sanitize import clean

VERSION = 1
SCHEMA = Path(__file__).with_name("schema.json")


def in_order(reports: Sequence[Report]) -> list[Report]:
    """By lesson, student and file name."""
    return sorted(reports, key=lambda r: (r.lesson, name_order(r.student), r.notebook))


def to_json(reports: Sequence[Report]) -> str:
    """All verdicts as JSON of `schema()`; nothing in it depends on the clock."""
    entries = []
    for report in in_order(reports):
        entry = report.to_plain()
        entry |= {"score": report.score, "max_score": report.max_score, "manual": report.manual}
        entries.append(_cleaned(entry))
    return json.dumps({"version": VERSION, "reports": entries}, indent=1, sort_keys=True) + "\n"


def schema() -> dict:
    """The JSON Schema (draft 2020-12) that `to_json` keeps to."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def _cleaned(value):
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
