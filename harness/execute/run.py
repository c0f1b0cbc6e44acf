"""Running the course headlessly: lessons with their worked answers, in parallel, with a table."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil

from harness.author import notebooks
from harness.author.lesson import Lesson
from harness.execute import scoring
from harness.execute.one import Result, execute
from harness.lock import hold
from harness.parallel import finished
from harness.paths import run_folder

# A kernel with torch, the model and a corpus of embeddings, and in `full` the training of all its
# layers (7.5 GiB at most); more than the lessons were seen to use.
GIB_PER_LESSON = {"fast": 3.0, "full": 8.0}
# Seconds a cell. The longest of `fast` takes a minute or two on two busy cores, that of `full`, which
# trains whole encoders, most of an hour: a limit is for what hangs, not for what is slow.
CELL_TIMEOUT = {"fast": 30 * 60, "full": 4 * 60 * 60}


def default_jobs(lessons: int, profile: str) -> int:
    """As many lessons at once as cores and free memory allow."""
    memory = psutil.virtual_memory().available / 2**30
    return max(1, min(lessons, os.cpu_count() or 1, int(memory / GIB_PER_LESSON[profile])))


def environment(jobs: int, rows: Path) -> dict[str, str]:
    """Variables for the kernels.

    Two OpenMP pools on two busy cores are several times slower than one thread each.
    """
    variables = {
        "COURSE_HEADLESS": "1",
        "COURSE_LEADERBOARD": str(rows),
        "COURSE_FULL_RESULTS": str(rows.with_name("full")),
        "COURSE_PROGRESS": str(rows.with_name("progress.json")),  # none: not that of who runs it
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONHASHSEED": "0",
    }
    if jobs > 1:
        variables |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return variables


def run(
    root: Path,
    lessons: list[Lesson],
    *,
    profile: str = "fast",
    seed: int = 0,
    device: str = "auto",
    model: str | None = None,
    jobs: int | None = None,
    save: bool = False,
    cell_timeout: int | None = None,
    tell: Callable[[str, int, int], None] = lambda slug, done, total: None,
) -> list[Result]:
    """Execute the lessons and grade them with nbgrader; everything stays under `build/run`.

    Args:
        model: another encoder than the lessons' own: a folder, or a name that `load_encoder` knows.
        tell: called with (slug, cells done, cells in all) as the lessons get on.
        save: also write `solutions/` from the lessons that ran through; in `full`, which is another
            task than the learners', not these but `lib/full_results.json`, from what they found.
        cell_timeout: seconds that a cell may take, 0 for no limit; None is the profile's own limit.

    Raises:
        Busy: another run writes to `build/run`.
    """
    folder = run_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder / "lock", folder):
        rows = _fresh_rows(root)
        shutil.rmtree(folder / "full", ignore_errors=True)
        parameters = {"PROFILE": profile, "SEED": seed, "DEVICE": device}
        if model is not None:
            parameters["MODEL"] = model
        limit = CELL_TIMEOUT[profile] if cell_timeout is None else cell_timeout
        at_once = jobs or default_jobs(len(lessons), profile)
        solved = save and profile == "fast"
        results = _execute(root, lessons, parameters, limit, at_once, solved, tell)
        graded = {lesson.slug for lesson in lessons if lesson.graded}
        points = scoring.score(root, [r for r in results if r.ok and r.slug in graded])
        results = [dataclasses.replace(r, points=points.get(r.slug, {})) for r in results]
        text = json.dumps([dataclasses.asdict(r) for r in results], indent=1)
        (folder / "results.json").write_text(text + "\n", encoding="utf-8")
        if solved:
            _save_rows(root, rows)
        elif save:
            _save_full_results(root, {r.number for r in results if r.ok})
    return results


def _fresh_rows(root: Path) -> Path:
    """Every run starts from the saved rows: what a lesson draws does not depend on earlier runs."""
    rows = run_folder(root) / "leaderboard"
    rows.mkdir(exist_ok=True)
    for row in rows.glob("*.json"):
        row.unlink()
    for row in (root / "solutions" / "leaderboard").glob("*.json"):
        shutil.copy(row, rows)
    return rows


def _execute(
    root: Path,
    lessons: list[Lesson],
    parameters: dict[str, Any],
    limit: int,
    jobs: int,
    save: bool,
    tell: Callable[[str, int, int], None],
) -> list[Result]:
    folder = run_folder(root)
    variables = environment(jobs, folder / "leaderboard")
    # spawn: a child forked from a process with threads may deadlock
    context = multiprocessing.get_context("spawn")
    results: dict[str, Result] = {}
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(jobs, mp_context=context) as pool,
        _ended_whole(),
    ):
        news = manager.Queue()
        threading.Thread(target=_pass_on, args=(news, tell), daemon=True).start()
        work = []
        for lesson in lessons:
            source = folder / "source" / f"{lesson.slug}.ipynb"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(
                notebooks.to_text(notebooks.source_notebook(lesson)), encoding="utf-8"
            )
            target = folder / f"{lesson.slug}.ipynb"
            work.append(_Work(source, target, parameters, variables, limit, news))
        with contextlib.closing(finished(pool, _Work.execute, work, len(work))) as done:
            for one, future in done:
                results[one.source.stem] = _finish(root, future.result(), save)
        news.put(None)
    return [results[lesson.slug] for lesson in lessons]


def _pass_on(news: Any, tell: Callable[[str, int, int], None]) -> None:
    """Tell what the working processes report, until they are done."""
    with contextlib.suppress(EOFError, OSError):  # the queue's own process has ended
        while (found := news.get()) is not None:
            tell(*found)


@dataclasses.dataclass(frozen=True)
class _Work:
    """One lesson's run, in a form that can be sent to another process."""

    source: Path
    target: Path
    parameters: dict[str, Any]
    variables: dict[str, str]
    limit: int
    news: Any

    def execute(self) -> Result:
        return execute(
            self.source, self.target, self.parameters, self.variables, self._tell, self.limit
        )

    def _tell(self, done: int, total: int) -> None:
        self.news.put((self.source.stem, done, total))


@contextlib.contextmanager
def _ended_whole() -> Iterator[None]:
    """Whatever ends the run early, SIGTERM too, ends at once what it started.

    Otherwise lessons run on: the pool waits for them, and kernels are in groups of their own.
    """

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    ours = psutil.Process()
    earlier = set(ours.children(recursive=True))
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BaseException:
        for process in set(ours.children(recursive=True)) - earlier:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _finish(root: Path, result: Result, save: bool) -> Result:
    from harness.execute import page  # nbconvert: the working processes need none of it

    path = Path(result.notebook)
    if not path.is_file():
        return result
    notebook = nbformat.read(path, as_version=4)
    _tidy(notebook)
    nbformat.write(notebook, path)
    page.write(path.with_suffix(".html"), notebook)
    if save and result.ok:
        target = root / "solutions" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(notebooks.to_text(notebooks.saved(notebook)), encoding="utf-8")
    return result


def _save_rows(root: Path, rows: Path) -> None:
    target = root / "solutions" / "leaderboard"
    target.mkdir(parents=True, exist_ok=True)
    for row in rows.glob("*.json"):
        shutil.copy(row, target)


def _save_full_results(root: Path, ran: set[str]) -> None:
    """Keep what lessons left that ran through in `full`; those of other lessons stay as they are."""
    target = root / "lib" / "full_results.json"
    kept = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}
    for found in (run_folder(root) / "full").glob("*.json"):
        if found.stem in ran:
            kept[found.stem] = json.loads(found.read_text(encoding="utf-8"))
    if kept:
        text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
        target.write_text(text + "\n", encoding="utf-8")


def _tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop what only a live front end can show: widgets, and lines that a progress bar rewrote.

    A bar of `lib.progress_bar` that is done is an empty output; one that a dead kernel left behind
    is marked as running, which it no longer is.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        kept: list = []
        for output in cell.outputs:
            data = output.get("data", {})
            if "application/vnd.jupyter.widget-view+json" in data or data == {"text/plain": ""}:
                continue
            if output.get("metadata", {}).pop("progress_bar", None):
                data["text/plain"] = "The kernel ended at: " + data["text/plain"]
            last = kept[-1] if kept else None
            # A bar arrives in pieces; only the whole stream shows which lines were rewritten.
            if last and _same_stream(last, output):
                last.text += output.text
                continue
            kept.append(output)
        for output in kept:
            if output.output_type == "stream":
                lines = output.text.split("\n")
                output.text = "\n".join(x for x in lines if "\r" not in x.rstrip("\r"))
        cell.outputs = [o for o in kept if o.output_type != "stream" or o.text.strip()]


def _same_stream(first: nbformat.NotebookNode, second: nbformat.NotebookNode) -> bool:
    return first.output_type == second.output_type == "stream" and first.name == second.name
