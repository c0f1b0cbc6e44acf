"""The JUnit XML is what its readers' schema allows, and its times are those that are known."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.reports.junit import to_junit
from harness.reports.results import to_json
from tests.harness.reports.test_reports import REPORTS, _report, _ungradable

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
TIMED = replace(_report(), seconds=7.25, check_s={"check_a": 1.5, "check_b": 0.0004})


@pytest.mark.parametrize("reports", [[], REPORTS, [TIMED], [_ungradable()]], ids=len)
def test_it_holds_to_the_schema(reports):
    SCHEMA.validate(to_junit(reports))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_whatever_a_student_writes_it_holds_to_the_schema(text):
    SCHEMA.validate(to_junit([_report(text, text), _ungradable(text, text)]))


def test_the_schema_refuses_what_jenkins_refuses():
    text = to_junit(REPORTS)
    for old, new in (
        ("<testsuites ", '<testsuites skipped="2" '),
        ('classname="', 'klass="'),
        ("<failure", "<wrong"),
        ('time="0.000"', 'time="soon"'),
    ):
        assert old in text
        with pytest.raises(xmlschema.XMLSchemaException):
            SCHEMA.validate(text.replace(old, new))


def test_a_case_has_its_check_s_time_and_a_suite_its_submission_s():
    root = ET.fromstring(to_junit([TIMED, _report("eve")]))
    times = {c.get("name"): c.get("time") for c in root[0].iter("testcase")}
    assert times["check_a"] == "1.500"
    assert times["essay"] == times["check_b"] == "0.000"
    assert (root[0].get("time"), root[1].get("time"), root.get("time")) == (
        *("7.250", "0.000", "7.250"),
    )


def test_times_are_in_no_json():
    assert to_json([TIMED]) == to_json([_report()])
    plain = TIMED.to_plain()
    assert not {"seconds", "own_s", "check_s"} & set(plain)
    back = type(TIMED).from_plain(plain | TIMED.times())
    assert (back, back.check_s) == (TIMED, TIMED.check_s)
