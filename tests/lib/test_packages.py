import subprocess
import sys

import pytest

from lib.packages import package_folder


def test_missing_package_says_what_to_install():
    with pytest.raises(ModuleNotFoundError, match="pip install -e"):
        package_folder("no_such_package_here")


def test_a_module_of_one_file_has_no_folder():
    with pytest.raises(ModuleNotFoundError, match="'contextlib' is not installed"):
        package_folder("contextlib")


def test_a_package_is_found_and_not_imported(tmp_path):
    (tmp_path / "heavy").mkdir()
    (tmp_path / "heavy" / "__init__.py").write_text("raise RuntimeError('imported')")
    code = "from lib.packages import package_folder as f; print(f('heavy'), end='')"
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == str(tmp_path / "heavy")
