from harness.author.lesson import read
from harness.author.lesson_text import lesson_text
from harness.classroom.lesson_text import LessonText, has_text, keep_text, read_text
from tests.harness import tiny


def test_a_text_is_kept_and_read_as_it_was(root, tmp_path):
    plain = lesson_text(read(root / "lessons" / f"{tiny.SLUG}.py"))
    assert not has_text(tmp_path, tiny.SLUG)
    (tmp_path / ".grading").mkdir()
    keep_text(tmp_path, tiny.SLUG, plain)
    assert has_text(tmp_path, tiny.SLUG)
    text = read_text(tmp_path, tiny.SLUG)
    assert text == LessonText.from_plain(plain)
    assert text.title_of("mean_pool") == "Mean pooling that minds the mask (mean_pool)"
    assert text.title_of("90-q1") == "Question 90-q1"
    assert text.title_of("check_x") == "check_x"


def test_a_text_that_is_not_there_or_damaged_is_an_empty_one(tmp_path):
    assert read_text(tmp_path, "02") == LessonText()
    place = tmp_path / ".grading" / "texts"
    place.mkdir(parents=True)
    for content in ("", "[]", '{"title": 1}', '{"title": "", "exercises": [], "questions": {}}'):
        (place / "02.json").write_text(content)
        assert read_text(tmp_path, "02") == LessonText()
