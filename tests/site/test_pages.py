"""The landing page, the leaderboard and the guides."""

import json
from pathlib import Path

import pytest

from course_site import front, guides, leaderboard
from course_site.repository import Repository

ROOT = Path(__file__).parents[2]
REPOSITORY = Repository("one/two")


def test_the_landing_page_opens_as_the_readme_does():
    assert front.opening("# T\n\nOne.\nTwo.\n\n![x](y)\n\n## More") == "One.\n\nTwo.\n\n![x](y)"
    assert front.opening((ROOT / "README.md").read_text()).startswith("A hands-on course")
    with pytest.raises(ValueError, match="expected a title, an introduction and a picture"):
        front.opening("# T\n\nNothing to see.")


def test_the_leaderboard_has_every_row_that_was_saved_best_first():
    folder = ROOT / "solutions" / "leaderboard"
    found = leaderboard.rows(folder)
    assert len(found) == len(list(folder.glob("*.json")))
    values = [row.ndcg_at_10.mean for row in found]
    assert values == sorted(values, reverse=True)
    page = leaderboard.page(found)
    assert page.count("<tr>") == len(found) + 1
    assert all(row.system in page for row in found)


def test_a_system_s_name_is_text_and_an_empty_board_is_refused(tmp_path):
    path = next((ROOT / "solutions" / "leaderboard").glob("*.json"))
    row = json.loads(path.read_text()) | {"system": "<b>mine</b>"}
    with pytest.raises(ValueError, match="course run --save"):
        leaderboard.rows(tmp_path)
    (tmp_path / "row.json").write_text(json.dumps(row))
    assert "&lt;b&gt;mine" in leaderboard.page(leaderboard.rows(tmp_path))


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("../harness/reports/schema.json", "blob/main/harness/reports/schema.json"),
        ("gradescope/", "blob/main/docs/gradescope"),
        ("../README.md#for-ci", "blob/main/README.md#for-ci"),
        ("lessons/02_pooling.ipynb", None),
        ("../lessons/02_pooling.ipynb", "blob/main/notebooks/02_pooling.ipynb"),
        ("#here", None),
        ("../../outside", None),
        ("no-such-file.md", None),
    ],
)
def test_what_the_site_does_not_have_is_on_github(target, address):
    found = guides.outside(ROOT, "docs/grading", target, REPOSITORY)
    assert found == (address and f"https://github.com/one/two/{address}")


def test_every_guide_has_a_page_and_a_place_in_a_list(tmp_path):
    guides.copy(ROOT, tmp_path)
    assert (tmp_path / "docs" / "architecture.svg").is_file()
    (tmp_path / "docs" / "another.md").write_text("# Another")
    listed = guides.for_teachers(tmp_path)
    assert listed[0] == "classroom"
    assert "another" in listed[1:]
    assert {*listed, *guides.AUTHORS} == {p.stem for p in (tmp_path / "docs").glob("*.md")}
