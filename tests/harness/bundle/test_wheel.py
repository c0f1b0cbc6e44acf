"""The wheel: pip installs it, its record is true, and the same files make the same bytes."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile

from harness.bundle.wheel import project, wheel
from tests.harness.bundle.conftest import ROOT

TABLE = {
    "name": "embeddings-course",
    "version": "0.1.0",
    "description": "A course",
    "license": "MIT",
    "requires-python": ">=3.11",
    "dependencies": ["numpy>=2"],
}
FILES = {"lib/__init__.py": b"", "lib/say.py": b"def main():\n    print('said')\n"}


def test_the_same_files_make_the_same_wheel_and_others_another_version():
    name, content = wheel(TABLE, FILES)
    assert (name, content) == wheel(TABLE, dict(reversed(FILES.items())))
    other, _ = wheel(TABLE, FILES | {"lib/say.py": b""})
    assert name != other
    assert name.startswith("embeddings_course-0.1.0+students.")
    assert name.endswith("-py3-none-any.whl")


def test_its_record_names_every_file_with_its_digest():
    _, content = wheel(TABLE, FILES, ["course = lib.say:main"])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith("/RECORD"))
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert {row[0] for row in rows} == set(archive.namelist())
        for name, digest, size in rows:
            if name != record:
                inside = archive.read(name)
                own = (
                    base64.urlsafe_b64encode(hashlib.sha256(inside).digest()).rstrip(b"=").decode()
                )
                assert (digest, int(size)) == (f"sha256={own}", len(inside))


def test_pip_installs_it_with_its_command_and_what_it_asks_for(tmp_path):
    name, content = wheel(TABLE, FILES, ["course = lib.say:main"])
    (tmp_path / name).write_bytes(content)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(tmp_path / "to"),
    ]
    subprocess.run([*pip, str(tmp_path / name)], check=True, capture_output=True)
    said = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path / 'to')!r}); "
            "import importlib.metadata as m, lib.say; lib.say.main(); "
            "print(m.requires('embeddings-course'), m.entry_points(group='console_scripts', name='course'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith("said\n['numpy>=2']")
    assert "lib.say:main" in said


def test_the_course_s_own_table_has_all_that_it_needs():
    name, _ = wheel(project(ROOT), FILES)
    assert name.startswith("embeddings_course-")
