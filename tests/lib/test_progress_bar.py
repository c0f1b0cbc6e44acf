"""Bars in executed notebooks, in terminals and where nobody looks: none is left half done."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from lib import progress_bar

ROOT = Path(__file__).parents[2]
TINY_MODELS = """
import torch
from lib import cross_encoder, finetune, models, progress_bar, search, word2vec
progress_bar.DELAY = 0
"""


def executed(*sources: str, fails: bool = False):
    """The code cells `sources`, run in a kernel of their own."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=480, allow_errors=fails, kernel_name="python3")
    client.execute(cwd=str(ROOT))
    return notebook


def outputs(notebook) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def unfinished(notebook) -> list[str]:
    """What any kind of bar leaves in a saved notebook, unless it came to its end."""
    found = []
    for output in outputs(notebook):
        data = output.get("data", {})
        text = output.get("text", "") + data.get("text/plain", "")
        frozen = [p for p in re.findall(r"(\d+)%\|", text.split("\r")[-1]) if p != "100"]
        if "application/vnd.jupyter.widget-view+json" in data or "\r" in text or frozen:
            found.append(text)
        if output.get("metadata", {}).get("progress_bar"):
            found.append(text)
    return found


SETUP = "from lib import progress_bar\nprogress_bar.DELAY = 0\n"


@pytest.mark.slow
def test_a_finished_bar_is_gone_and_what_was_printed_stays():
    loop = "for i in progress_bar.track(range(4), 'Counting'):\n    print(i)"
    block = (
        "with progress_bar.bar(10, 'Training', 'step') as bar:\n"
        "    for _ in range(9):\n        bar.update()\n        bar.set_postfix(loss='1')"
    )
    notebook = executed(SETUP + "print('before')\n" + loop + "\nprint('after')", block)
    printed = "".join(o.text for o in outputs(notebook) if o.output_type == "stream")
    assert printed == "before\n0\n1\n2\n3\nafter\n"
    bars = [o for o in outputs(notebook) if o.output_type != "stream"]
    assert [(o.data, o.metadata) for o in bars] == [({"text/plain": ""}, {})] * 2
    assert unfinished(notebook) == []
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "Counting:" not in page
    assert "%|" not in page


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "for i in progress_bar.track(range(4), 'Trying', 'batch'):\n    1 / (2 - i)",
        "for i in progress_bar.track(range(4), 'Trying', 'batch'):\n    if i == 2: break",
        "kept = progress_bar.track(range(4), 'Trying', 'batch')\nnext(kept), next(kept), next(kept)",
        "with progress_bar.bar(4, 'Trying', 'batch') as bar:\n    bar.update(2)\n"
        "    raise KeyboardInterrupt",
    ],
)
def test_a_bar_that_breaks_off_says_so(body):
    notebook = executed(SETUP, body, "print('next cell')", fails=True)
    shown = [o.data["text/plain"] for o in outputs(notebook) if o.output_type == "display_data"]
    assert len(shown) == 1
    assert re.fullmatch(r"Trying: stopped after 2 of 4 batches \(50%\), 00:0\d", shown[0])
    assert unfinished(notebook) == []


@pytest.mark.slow
def test_no_bar_escapes_from_captured_output():
    quiet = (
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as said:\n"
        "    list(progress_bar.track(range(4), 'Counting'))\nprint(repr(said.getvalue()))"
    )
    notebook = executed(SETUP, quiet, "%%capture\nlist(progress_bar.track(range(4), 'Counting'))")
    assert [o.get("text") for o in outputs(notebook)] == ["''\n"]


@pytest.mark.slow
def test_every_place_that_draws_a_bar_leaves_none():
    each = [
        "_ = word2vec.train_word2vec(['the heart and the lung'] * 50, dim=2, epochs=2)",
        "encoder = models.load_encoder(device='cpu')\n"
        "_ = search.encode_cached(encoder, ['a heart', 'the lung'])",
        "judge = cross_encoder.CrossEncoder(encoder)\n_ = judge.predict(['heart'] * 3, ['lung'] * 3)",
        "layer = torch.nn.Linear(2, 2)\n"
        "_ = finetune.fit(layer, 8, lambda rows: layer(torch.ones(2)).sum(), batch_size=2)",
    ]
    notebook = executed(TINY_MODELS, *each)
    assert unfinished(notebook) == []
    for cell in notebook.cells[1:]:
        drawn = [o for o in cell.outputs if o.output_type == "display_data"]
        assert drawn, f"{cell.source} draws no bar"
        assert {o.data["text/plain"] for o in drawn} == {""}


def test_a_stream_that_is_no_cell_gets_a_text_bar_that_is_wiped(capsys, monkeypatch):
    monkeypatch.setattr(progress_bar, "DELAY", 0)
    assert list(progress_bar.track(["a", "b"], "Counting")) == ["a", "b"]
    shown = capsys.readouterr()
    assert "Counting" in shown.out
    assert shown.out.split("\r")[-1] == ""
    assert shown.err == ""


def test_a_bar_waits_and_can_be_left_out(capsys, monkeypatch):
    list(progress_bar.track(range(50), "Counting"))
    monkeypatch.setattr(progress_bar, "DELAY", 0)
    list(progress_bar.track(range(50), "Counting", shown=False))
    assert capsys.readouterr().out == ""


def test_lessons_and_library_draw_bars_by_this_module_alone():
    sources = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "lessons").glob("*.py")]
    drawing = [
        path.name
        for path in sources
        if re.search(
            r"(?<!disable_)tqdm|ipywidgets|rich\.progress|from rich", path.read_text("utf-8")
        )
    ]
    # The Trainer draws bars of its own, which trainer_run turns off.
    assert set(drawing) == {"progress_bar.py", "trainer_run.py"}


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda p: p.stem)
def test_no_executed_lesson_holds_an_unfinished_bar(path):
    assert unfinished(nbformat.read(path, as_version=4)) == []


@pytest.mark.parametrize(
    "output",
    [
        nbformat.v4.new_output("stream", text="Training:  50%|#####     | 2/4"),
        nbformat.v4.new_output("stream", text="\r 10%|\r100%|\n"),
        nbformat.v4.new_output(
            "display_data",
            data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "50%| | 2/4"},
        ),
        nbformat.v4.new_output(
            "display_data", data={"text/plain": "x"}, metadata=progress_bar.RUNNING
        ),
    ],
)
def test_the_search_for_bars_finds_each_kind(output):
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    assert unfinished(nbformat.v4.new_notebook(cells=[cell]))
