from harness.author.lesson import read
from harness.author.lesson_text import lesson_text
from harness.classroom.lesson_text import LessonText
from tests.harness import tiny


def test_the_text_of_a_lesson_holds_what_a_marker_and_a_page_need(root):
    text = LessonText.from_plain(lesson_text(read(root / "lessons" / f"{tiny.SLUG}.py")))
    assert text.title == "90 A tiny lesson"
    exercise = text.exercises["mean_pool"]
    assert exercise.title == "mean pooling that minds the mask"
    assert exercise.card.startswith("Difficulty: easy.")
    assert exercise.card.endswith("Average the vectors of the real tokens.")
    assert len(exercise.hints) == 3
    assert exercise.mistakes["not-divided"].startswith("You return the sum")
    free = text.questions["90-q5"]
    assert free.rubric == ("Names the summands", "Names their number")
    assert free.good_answer == "A good answer says that all summands are equal."
    assert text.questions["90-q1"].stem == (
        "What is the mean of ones?\n\n- **a)** zero\n- **b)** one\n- **c)** their number"
    )
