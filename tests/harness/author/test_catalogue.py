"""What `lib.learn` is told of the lessons, and what it is not."""

import json

from harness.author.catalogue import catalogue_text
from harness.author.lesson import read
from tests.harness import tiny


def test_the_catalogue_has_hints_and_points_but_no_key(root):
    text = catalogue_text([read(root / "lessons" / f"{tiny.SLUG}.py")])
    (entry,) = json.loads(text)["lessons"]
    assert (entry["number"], entry["slug"], entry["minutes"]) == ("90", "90_tiny", 25)
    (exercise,) = entry["exercises"]
    assert exercise["points"] == 3
    assert exercise["title"] == "mean pooling that minds the mask"
    assert exercise["hints"][2] == {
        "symptom": "You get NaN.",
        "hint": "A text may have no token at all.",
    }
    assert entry["quiz"][1] == {"id": "90-q2", "kind": "multiple", "points": 1, "choices": "abc"}
    for secret in ("key", "feedback", "rubric", "tolerance", "solution", "seed"):
        assert secret not in text
