"""Everything that a learner's function prints is collected, and nothing of it gets out."""

from __future__ import annotations

import logging
import os
import sys
import warnings

import pytest

from lib.learn.captured_output import captured


def _c_library() -> None:
    os.write(2, b"marker")


def _fail() -> None:
    _c_library()
    raise OSError("marker")


WAYS = {
    "print": lambda: print("marker"),
    "stderr": lambda: print("marker", file=sys.stderr),
    "warning": lambda: warnings.warn("marker", DeprecationWarning, stacklevel=1),
    "descriptor": _c_library,
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_of_printing_is_collected_and_kept_in(way, capfd, monkeypatch):
    def show(message, *more):
        print(message, file=sys.stderr)

    monkeypatch.setattr(warnings, "showwarning", show)  # pytest keeps warnings for itself
    with captured() as said:
        WAYS[way]()
    assert "marker" in said.getvalue() + "".join(said.warned)
    assert bool(said.warned) == (way == "warning")
    assert capfd.readouterr() == ("", "")


def test_a_warning_is_collected_once_from_however_many_lines_it_comes(monkeypatch):
    monkeypatch.setattr(
        warnings, "showwarning", lambda message, *more: print(message, file=sys.stderr)
    )
    shown = warnings.showwarning
    for _ in range(2):  # a second check shows it again
        with captured() as said:
            for number in (1, 2, 1):
                warnings.warn(f"the {number}. warning", UserWarning, stacklevel=1)
            warnings.warn("the 1. warning", UserWarning, stacklevel=1)
            warnings.warn("the 1. warning", DeprecationWarning, stacklevel=1)
        kinds = ("UserWarning", 1), ("UserWarning", 2), ("DeprecationWarning", 1)
        assert said.warned == [f"{kind}: the {n}. warning" for kind, n in kinds]
        assert warnings.showwarning is shown


def test_a_log_handler_made_before_is_collected_and_restored(capfd):
    logger = logging.getLogger("tests.quiet")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    try:
        with captured() as said:
            logger.warning("marker")
        assert "marker" in said.getvalue()
        assert handler.stream is sys.stderr
        logger.warning("later")
        assert capfd.readouterr().err == "later\n"
    finally:
        logger.removeHandler(handler)


def test_streams_and_descriptor_are_back_after_an_error(capfd):
    streams = sys.stdout, sys.stderr
    with pytest.raises(OSError, match="marker"), captured():
        _fail()
    assert (sys.stdout, sys.stderr) == streams
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_a_warning_about_a_line_of_the_checks_is_dropped():
    from lib.checks import breakit

    with captured() as said:
        warnings.warn_explicit("ours", UserWarning, breakit.__file__, 3)
        warnings.warn_explicit("theirs", UserWarning, "/tmp/ipykernel_1/2.py", 3)
    assert said.warned == ["UserWarning: theirs"]


def test_no_open_file_is_left_behind():
    before = sorted(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else []
    for _ in range(3):
        with captured():
            pass
    after = sorted(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else []
    assert len(after) == len(before)
