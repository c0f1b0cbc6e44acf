"""Relations of terms in a toy ontology, and in the real one."""

import pytest
import torch

from lib.data import CourseSet, Split
from lib.ontology_relations import KINDS, Relations

NOTHING = Split([], [], [], [])
#        0 root
#      1      2
#    3   4    5
PARENTS = [(), ("0",), ("0",), ("1",), ("1", "2"), ("2",)]
NAMES = [str(i) for i in range(6)]
TOY = CourseSet(
    "toy", NAMES, NAMES, NAMES, NAMES, PARENTS, NOTHING, NOTHING, NOTHING, "", "", "", ""
)


@pytest.mark.parametrize(
    ("row", "other", "kind"),
    [
        (1, 3, "child"),
        (3, 1, "parent"),
        (3, 4, "sibling"),
        (4, 5, "sibling"),
        (3, 5, "none of these"),
        (0, 3, "none of these"),
        (0, 5, "none of these"),
    ],
)
def test_a_relation_is_read_from_the_parents(row, other, kind):
    assert Relations(TOY).kind(row, other) == kind
    assert kind in KINDS


def test_tables_of_relations_leave_out_what_is_missing():
    relations, rows = Relations(TOY), torch.tensor([1, 4])
    others = torch.tensor([[3, 0, -1], [3, 5, 1]])
    assert relations.kinds(rows, others) == [
        ["child", "parent", ""],
        ["sibling", "sibling", "parent"],
    ]
    assert relations.in_line(rows, others).tolist() == [[1, 1, 0], [0, 0, 1]]
    assert relations.in_line(rows[:0], others[:0]).shape == (0, 3)


def test_rows_of_other_queries_are_refused():
    with pytest.raises(ValueError, match="of the same q queries"):
        Relations(TOY).kinds(torch.tensor([1]), torch.tensor([[1], [2]]))
