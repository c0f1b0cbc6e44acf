import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import lib

ROOT = Path(lib.__file__).parent
# sentence_transformers takes 7 s; transformers and matplotlib's pyplot are its slow companions.
TEACHING = sorted(
    m.name for m in pkgutil.iter_modules([str(ROOT)]) if not m.ispkg and m.name != "__main__"
)


def test_lib_alone_imports_no_torch():
    code = "import sys, lib; sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, check=False).returncode == 0
    )


@pytest.mark.slow
def test_no_teaching_module_imports_sentence_transformers_or_the_packages_above():
    code = (
        "import importlib, sys\n"
        f"for name in {TEACHING!r}:\n"
        "    importlib.import_module('lib.' + name)\n"
        "    heavy = [m for m in ('sentence_transformers', 'lib.checks', 'lib.learn',"
        " 'harness', 'harness') if m in sys.modules]\n"
        "    if heavy: sys.exit(f'lib.{name} imports {heavy}')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["search", "models", "text"])
def test_modules_that_load_models_alone_import_no_sentence_transformers(name):
    code = f"import sys, lib.{name}; sys.exit('sentence_transformers' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, check=False).returncode == 0
    )
