"""What students really send instead of the notebook: one function a kind, and what comes of it."""

from __future__ import annotations

import copy
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tests.attacks import assignment

FULL, NAME = 10.0, "ps1.ipynb"
# Makes the submission in an empty folder from the right notebook, and says what was handed in.
Make = Callable[[Path, dict], Path]


@dataclass(frozen=True)
class Kind:
    """A kind; `score` is None where it is ungradable, and `said` is in what the report says."""

    name: str
    make: Make
    score: float | None = FULL
    said: str = ""


KINDS: list[Kind] = []


def kind(score: float | None = FULL, said: str = "") -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        KINDS.append(Kind(make.__name__.replace("_", " "), make, score, said))
        return make

    return add


def right() -> dict:
    """The right answers, as plain JSON."""
    return json.loads(json.dumps(assignment.submission(assignment.RIGHT)))


def _file(folder: Path, content: bytes | str, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _notebook(folder: Path, notebook: dict, name: str = NAME) -> Path:
    return _file(folder, json.dumps(notebook), name)


def _grading(cell: dict) -> dict:
    return cell["metadata"].get("nbgrader", {})


def _cell(notebook: dict, grade_id: str) -> dict:
    return next(c for c in notebook["cells"] if _grading(c).get("grade_id") == grade_id)


def _zip(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


@kind()
def as_released(folder, notebook):
    return _notebook(folder, notebook)


@kind()
def renamed(folder, notebook):
    return _notebook(folder, notebook, "Copy of ps1 (1) final größe.ipynb")


@kind()
def name_with_a_newline_and_markup(folder, notebook):
    return _notebook(folder, notebook, "ps1\n<b>[red]$(id) 'x' 🎉.ipynb")


@kind(said="double")
def answer_cell_twice(folder, notebook):
    index = notebook["cells"].index(_cell(notebook, "double"))
    twice = copy.deepcopy(notebook["cells"][index])
    twice["id"] = "twice"
    notebook["cells"].insert(index + 1, twice)
    return _notebook(folder, notebook)


@kind(8.0, said="double")
def answer_cell_deleted(folder, notebook):
    notebook["cells"].remove(_cell(notebook, "double"))
    return _notebook(folder, notebook)


@kind()
def check_cells_deleted(folder, notebook):
    notebook["cells"] = [c for c in notebook["cells"] if not _grading(c).get("grade")]
    return _notebook(folder, notebook)


@kind()
def cells_in_reverse_order(folder, notebook):
    notebook["cells"].reverse()
    return _notebook(folder, notebook)


@kind()
def check_cell_edited(folder, notebook):
    _cell(notebook, "check_top")["source"] = "assert False"
    return _notebook(folder, notebook)


@kind()
def setup_cell_edited(folder, notebook):
    _cell(notebook, "setup")["source"] = "import os\nraise SystemExit"
    return _notebook(folder, notebook)


@kind(6.0)
def answer_retyped_as_markdown(folder, notebook):
    cell = _cell(notebook, "top")
    cell["cell_type"] = "markdown"
    cell["source"] = "I do not know."
    for key in ("outputs", "execution_count"):
        del cell[key]
    return _notebook(folder, notebook)


@kind()
def answer_split_in_two_cells(folder, notebook):
    index = notebook["cells"].index(_cell(notebook, "top"))
    source = assignment.RIGHT["top"]
    notebook["cells"][index]["source"] = "# my helper is in the next cell"
    more = copy.deepcopy(notebook["cells"][index]) | {"id": "more", "source": source}
    more["metadata"] = {}
    notebook["cells"].insert(index + 1, more)
    return _notebook(folder, notebook)


@kind()
def all_metadata_stripped(folder, notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    notebook["metadata"] = {}
    return _notebook(folder, notebook)


@kind()
def wrong_checksums(folder, notebook):
    for cell in notebook["cells"]:
        if _grading(cell):
            _grading(cell)["checksum"] = "0" * 32
    return _notebook(folder, notebook)


@kind()
def points_raised(folder, notebook):
    _grading(_cell(notebook, "check_answer"))["points"] = 1000
    return _notebook(folder, notebook)


@kind()
def no_cell_ids(folder, notebook):
    for cell in notebook["cells"]:
        del cell["id"]
    return _notebook(folder, notebook)


@kind()
def the_same_cell_id_everywhere(folder, notebook):
    for cell in notebook["cells"]:
        cell["id"] = "same"
    return _notebook(folder, notebook)


@kind()
def nbformat_three(folder, notebook):
    old = nbformat.convert(nbformat.from_dict(notebook), 3)
    return _file(folder, nbformat.writes(old, version=nbformat.NO_CONVERT))


@kind()
def nbformat_of_the_future(folder, notebook):
    notebook["nbformat_minor"] = 99
    return _notebook(folder, notebook)


@kind()
def colab(folder, notebook):
    notebook["metadata"] |= {"colab": {"provenance": [], "gpuType": "T4"}, "accelerator": "GPU"}
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] |= {
            "id": f"Xy{number}",
            "outputId": "a-b",
            "colab": {"base_uri": "https://x"},
        }
        del cell["id"]
    notebook["nbformat_minor"] = 0
    return _notebook(folder, notebook)


@kind()
def vs_code(folder, notebook):
    notebook["metadata"] = {"language_info": {"name": "python"}, "orig_nbformat": 4}
    for cell in notebook["cells"]:
        cell["metadata"] |= {"vscode": {"languageId": "python"}}
        cell["source"] = cell["source"].splitlines(keepends=True)
    return _notebook(folder, notebook)


@kind()
def byte_order_mark(folder, notebook):
    return _file(folder, b"\xef\xbb\xbf" + json.dumps(notebook).encode())


@kind()
def utf_16(folder, notebook):
    return _file(folder, json.dumps(notebook, ensure_ascii=False).encode("utf-16"))


@kind()
def null_bytes_at_the_end(folder, notebook):
    return _file(folder, json.dumps(notebook).encode() + bytes(500))


@kind()
def windows_line_ends(folder, notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    return _notebook(folder, notebook)


@kind()
def lone_surrogates_and_control_characters(folder, notebook):
    notebook["cells"][0]["source"] = "\ud800 \u0000 \x1b[31m"
    return _notebook(folder, notebook)


@kind()
def sources_as_lists_and_outputs_of_the_wrong_type(folder, notebook):
    for cell in notebook["cells"]:
        cell["source"] = [cell["source"]]
        if "outputs" in cell:
            cell["outputs"] = {"x": 1}
            cell["execution_count"] = "7"
    return _notebook(folder, notebook)


@kind()
def cells_that_are_no_cells(folder, notebook):
    notebook["cells"][0:0] = [None, 7, "text", [], {}, {"cell_type": "video"}]
    return _notebook(folder, notebook)


@kind()
def much_output(folder, notebook):
    text = "x" * 100_000
    stream = {"output_type": "stream", "name": "stdout", "text": text}
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [stream] * 20
    return _notebook(folder, notebook)


@kind()
def another_kernel(folder, notebook):
    notebook["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    return _notebook(folder, notebook)


@kind()
def a_folder(folder, notebook):
    _notebook(folder, notebook)
    return folder


@kind(said="also handed in")
def two_notebooks(folder, notebook):
    _notebook(folder, notebook)
    other = copy.deepcopy(notebook)
    other["cells"] = other["cells"][:1]
    _notebook(folder, other, "a_draft.ipynb")
    return folder


@kind()
def a_folder_named_like_a_notebook(folder, notebook):
    inner = folder / "x.ipynb"
    inner.mkdir()
    _notebook(inner, notebook)
    return inner


@kind()
def a_zip(folder, notebook):
    return _file(folder, _zip({"home/ps1.ipynb": json.dumps(notebook).encode()}), "ps1.zip")


@kind()
def a_zip_named_as_a_notebook(folder, notebook):
    return _file(folder, _zip({"ps1.ipynb": json.dumps(notebook).encode()}))


@kind()
def a_zip_that_climbs_out(folder, notebook):
    content = {"../../evil.ipynb": b"{}", "/etc/evil.ipynb": b"{}"}
    content["ps1.ipynb"] = json.dumps(notebook).encode()
    return _file(folder, _zip(content), "ps1.zip")


@kind(said="script")
def a_script(folder, notebook):
    # Its cells have no names: functions are found by theirs.
    cells = ["import numpy as np\nimport torch", *assignment.RIGHT.values()]
    return _file(folder, "".join(f"# %%\n{cell}\n\n" for cell in cells), "ps1.py")


@kind(said="the last before its check counts")
def an_answer_copied_and_its_copy_improved(folder, notebook):
    cell = _cell(notebook, "double")
    index = notebook["cells"].index(cell)
    again = copy.deepcopy(cell) | {"id": "again"}
    cell["source"] = assignment.WRONG["double"]
    notebook["cells"].insert(index + 1, again)
    return _notebook(folder, notebook)


@kind()
def a_worse_copy_of_an_answer_below_its_check(folder, notebook):
    index = notebook["cells"].index(_cell(notebook, "check_double"))
    again = copy.deepcopy(_cell(notebook, "double")) | {"id": "again"}
    again["source"] = assignment.WRONG["double"]
    notebook["cells"].insert(index + 1, again)
    return _notebook(folder, notebook)


def _unanswered(notebook: dict) -> dict[str, str]:
    """Put the stubs into the answer cells; gives what was in them."""
    stubs = {_grading(c).get("grade_id"): c["source"] for c in assignment.release().cells}
    taken = {}
    for name in assignment.RIGHT:
        cell = _cell(notebook, name)
        taken[name], cell["source"] = cell["source"], stubs[name]
    return taken


def _own_cell(source: str) -> dict:
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return own | {"source": source, "id": "own"}


@kind(said="in another cell")
def two_answers_merged_in_one_cell(folder, notebook):
    taken = _unanswered(notebook)
    _cell(notebook, "double")["source"] = f"{taken['double']}\n\n\n{taken['centre']}"
    notebook["cells"].remove(_cell(notebook, "centre"))
    for name in ("top", "answer"):
        _cell(notebook, name)["source"] = taken[name]
    return _notebook(folder, notebook)


@kind(said="in another cell")
def all_answers_in_the_last_answer_cell(folder, notebook):
    taken = _unanswered(notebook)
    helped = taken["double"].replace("2 * x", "TWO * x")
    texts = ["TWO = 2", helped, *(text for name, text in taken.items() if name != "double")]
    _cell(notebook, "answer")["source"] = "\n\n".join(texts)
    return _notebook(folder, notebook)


@kind(said="in another cell")
def all_answers_and_checks_in_one_cell(folder, notebook):
    code = [c["source"] for c in notebook["cells"] if c["cell_type"] == "code"]
    _cell(notebook, "double")["source"] = "\n\n".join(code)
    taken = [_cell(notebook, name) for name in ("centre", "top", "answer")]
    notebook["cells"] = [c for c in notebook["cells"] if c not in taken]
    return _notebook(folder, notebook)


@kind(said="in another cell")
def answers_in_an_own_cell_at_the_end(folder, notebook):
    taken = _unanswered(notebook)
    notebook["cells"].append(_own_cell("\n\n".join(taken.values())))
    return _notebook(folder, notebook)


@kind(said="in another cell")
def answers_in_own_cells_above_the_stubs(folder, notebook):
    taken = _unanswered(notebook)
    for name, text in taken.items():
        notebook["cells"].insert(notebook["cells"].index(_cell(notebook, name)), _own_cell(text))
    return _notebook(folder, notebook)


def _lost(notebook: dict, change: Callable[[str], str]) -> dict:
    """Take all names and ids from the cells, and change the answers' texts."""
    for cell in notebook["cells"]:
        if _grading(cell).get("solution"):
            cell["source"] = change(cell["source"])
        cell["metadata"] = {}
        del cell["id"]
    return notebook


@kind(said="by the name that it gives")
def all_metadata_lost_and_a_helper_first(folder, notebook):
    helper = "class Helper:\n    def two(self):\n        return 2\n\n\nEPS = 1e-9\n\n\n"
    return _notebook(folder, _lost(notebook, lambda source: helper + source))


@kind(said="by the name that it gives")
def all_metadata_lost_and_answers_indented(folder, notebook):
    return _notebook(folder, _lost(notebook, lambda s: "    " + s.replace("\n", "\n    ")))


@kind(said="by the name that it gives")
def all_metadata_lost_and_answers_renamed(folder, notebook):
    def renamed(source):
        name = source.partition("(")[0].removeprefix("def ")
        return f"{source.replace(name, 'mine', 1)}\n{name} = mine" if "def " in source else source

    return _notebook(folder, _lost(notebook, renamed))


@kind()
def commands_of_the_system(folder, notebook):
    asked = "!pip install numpy\n%pip install numpy\nfound = !ls\nassert len(found) == 0\n"
    for name in assignment.RIGHT:
        _cell(notebook, name)["source"] = asked + _cell(notebook, name)["source"]
    notebook["cells"].insert(2, _own_cell("%%bash\nls"))
    return _notebook(folder, notebook)


@kind()
def lines_without_their_ends(folder, notebook):
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].split("\n")
    return _notebook(folder, notebook)


def _twice(notebook: dict) -> dict[str, bytes]:
    answered = json.dumps(notebook).encode()
    _unanswered(notebook)
    return {"ps1-Copy1.ipynb": answered, "ps1.ipynb": json.dumps(notebook).encode()}


@kind(said="in which most is answered")
def an_untouched_notebook_beside_its_answered_copy(folder, notebook):
    for name, content in _twice(notebook).items():
        _file(folder, content, name)
    return folder


@kind(said="in which most is answered")
def an_answered_notebook_beside_its_untouched_copy(folder, notebook):
    answered, untouched = _twice(notebook).values()
    _file(folder, untouched, "ps1-Copy1.ipynb")
    _file(folder, answered)
    return folder


@kind(said="in which most is answered")
def a_zip_with_an_untouched_notebook_and_its_answered_copy(folder, notebook):
    return _file(folder, _zip(_twice(notebook)), "ps1.zip")


@kind(said="script")
def a_script_from_colab(folder, notebook):
    return _file(folder, _colab(notebook), "ps1.py")


@kind(7.0, said="script")
def a_script_from_colab_with_a_function_that_cannot_be_read(folder, notebook):
    _cell(notebook, "centre")["source"] = "def centre(x:\n    return x - x.mean(dim=0)"
    return _file(folder, _colab(notebook), "ps1.py")


def _colab(notebook: dict) -> str:
    """What Colab's "Download .py" makes of a notebook: prose as strings, and no marks of cells."""
    parts = ['# -*- coding: utf-8 -*-\n"""ps1\n\nAutomatically generated by Colab.\n"""\n']
    for cell in notebook["cells"]:
        code = cell["cell_type"] == "code"
        parts.append(cell["source"] + "\n" if code else f'"""{cell["source"]}"""\n')
    return "\n".join(parts)


@kind(None, "empty")
def an_empty_file(folder, notebook):
    return _file(folder, b"")


@kind(None)
def truncated_json(folder, notebook):
    return _file(folder, json.dumps(notebook)[:-400])


@kind(None)
def only_null_bytes(folder, notebook):
    return _file(folder, bytes(4096))


@kind(None)
def a_login_page(folder, notebook):
    return _file(folder, "<!DOCTYPE html><html><body>Please log in</body></html>")


@kind(None)
def a_picture(folder, notebook):
    return _file(folder, b"\x89PNG\r\n\x1a\n" + os.urandom(300))


@kind(None)
def gzip_of_noise(folder, notebook):
    return _file(folder, gzip.compress(os.urandom(300)))


@kind(None)
def an_empty_folder(folder, notebook):
    inner = folder / "nothing"
    inner.mkdir()
    return inner


@kind(None, "link")
def a_link_to_a_file_of_the_teacher(folder, notebook):
    path = folder / NAME
    path.symlink_to("/etc/passwd")
    return path


@kind(None, "ordinary file")
def a_pipe(folder, notebook):
    os.mkfifo(folder / NAME)
    return folder / NAME


@kind(None)
def a_zip_bomb(folder, notebook):
    held = io.BytesIO()
    with (
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("ps1.ipynb", "w", force_zip64=True) as file,
    ):
        for _ in range(600):
            file.write(bytes(1 << 20))
    return _file(folder, held.getvalue(), "ps1.zip")


@kind(None)
def a_broken_zip(folder, notebook):
    return _file(folder, _zip({"ps1.ipynb": b"{}" * 100})[:-40], "ps1.zip")


@kind(None)
def brackets_without_end(folder, notebook):
    return _file(folder, "[" * 200_000)


@kind(None)
def a_number_of_a_million_digits(folder, notebook):
    return _file(folder, '{"nbformat": ' + "9" * 1_000_000 + "}")


@kind(None)
def a_list_instead_of_a_notebook(folder, notebook):
    return _file(folder, json.dumps([notebook]))


@kind(None, "another notebook")
def another_notebook(folder, notebook):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "My holidays", "id": "a"}]
    return _notebook(folder, notebook | {"cells": cells})
