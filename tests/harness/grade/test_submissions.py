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
