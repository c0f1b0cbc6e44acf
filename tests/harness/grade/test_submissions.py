import pytest

from harness.grade.submissions import Submission, discover


def test_discover_reads_files_folders_and_nbgrader_s_layout(tmp_path):
    for name in ("ann/02_pooling", "bob/02_pooling"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cid.ipynb").write_text("{}")
    found = list(discover([tmp_path, tmp_path / "cid.ipynb"], lesson="02_pooling"))
    assert found[0] == Submission("ann", tmp_path / "ann/02_pooling")
    assert [s.student for s in found] == ["ann", "bob", "cid", "cid"]
    with pytest.raises(FileNotFoundError, match="is not there"):
        list(discover([tmp_path / "nobody"]))


def test_the_folder_or_the_notebook_of_one_lesson_is_its_student_s(tmp_path):
    for student in ("ann", "bob"):
        (tmp_path / student / "02_pooling").mkdir(parents=True)
        (tmp_path / student / "02_pooling" / "02_pooling.ipynb").write_text("{}")
    given = [tmp_path / "ann" / "02_pooling", tmp_path / "bob" / "02_pooling" / "02_pooling.ipynb"]
    assert [one.student for one in discover(given, "02_pooling")] == ["ann", "bob"]


def test_a_name_s_suffix_in_any_case_counts_and_what_is_passed_over_is_said(tmp_path):
    handed_in = ["ann.IPYNB", "bea.Zip", "cid.pdf", "dee", "ann.pdf", ".eve.ipynb", "fay.ipynb~"]
    for name in [*handed_in, "notes.csv", ".DS_Store", "._ann.ipynb", ".gitignore"]:
        (tmp_path / name).write_text("{}")
    passed = []
    found = list(discover([tmp_path], left_out=passed.append))
    assert [one.student for one in found] == ["ann", "bea", "cid", "dee"]
    said = {one.path.name: one.work for one in passed}
    assert said == {"ann.pdf": False, ".eve.ipynb": True, "fay.ipynb~": True, "notes.csv": False}


def test_names_that_are_not_printable_are_written_out_and_stay_different(tmp_path):
    names = [
        "M\udcfcller",
        "M\udcf6ller",
        "M\\xfcller",
        "a\nb",
        "a\u202eb",
        "Zo\u00eb",
        "Zoe\u0308",
    ]
    for name in names:
        (tmp_path / f"{name}.ipynb").write_text("{}")
    found = [one.student for one in discover([tmp_path])]
    assert len(set(found)) == len(names)
    assert all(name.isprintable() for name in found)
    assert {"M\\xfcller", "M\\\\xfcller", "a\\x0ab", "Zo\u00eb"} <= set(found)


def test_a_closed_folder_is_one_student_s_trouble(tmp_path, monkeypatch):
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
    is_dir = type(tmp_path).is_dir

    def closed(self):
        if self.parent.name == "bob":
            raise PermissionError(13, "Permission denied", str(self))
        return is_dir(self)

    monkeypatch.setattr(type(tmp_path), "is_dir", closed)
    assert [one.student for one in discover([tmp_path], "02")] == ["ann", "bob"]
