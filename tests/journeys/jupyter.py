"""JupyterLab as a learner has it: the real server, a real browser, real keys."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat

COURSE = Path(sys.executable).with_name("course")
TOKEN = "a-token-for-one-test"
STARTS_WITHIN_S = 300
# Long enough for a slow machine that has other work: they are for what hangs.
ANSWERS_WITHIN_MS = 120_000
RUNS_WITHIN_MS = 900_000
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

# How far text stands out from what is behind it, per WCAG 2.2: (lighter + 0.05) / (darker + 0.05).
CONTRASTS = """
panel => {
  const parse = c => { const n = c.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = node => {
    const layers = [];
    for (let n = node; n; n = n.parentElement) layers.push(parse(getComputedStyle(n).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const found = [];
  const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    if (!text) continue;
    const node = walker.currentNode.parentElement;
    const back = behind(node);
    const pair = [light(over(parse(getComputedStyle(node).color), back)), light(back)].sort((a, b) => b - a);
    found.push([text, (pair[0] + 0.05) / (pair[1] + 0.05)]);
  }
  return found;
}
"""


def outside_pytest() -> dict[str, str]:
    """This environment without pytest's mark, at which ipykernel behaves otherwise (stderr)."""
    return {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}


def find_chromium() -> str | None:
    """A Chromium or Chrome on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def course_lab(root: Path, home: Path, *options: str, **variables: str) -> Iterator[str]:
    """`course lab` on the course in `root`; yields its address. What Jupyter keeps goes to `home`."""
    start = [str(COURSE), "lab", *options]
    with server(start, root, home, COURSE_ROOT=str(root), **variables) as address:
        yield address


@contextlib.contextmanager
def server(start: list[str], folder: Path, home: Path, **variables: str) -> Iterator[str]:
    """A Jupyter server, started in `folder` by this command; yields its address."""
    port = _free_port()
    environment = outside_pytest() | variables
    for name in (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
    ):
        environment[name] = str(home / name.lower())
    command = [
        *start,
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.token={TOKEN}",
        *(["--allow-root"] if AS_ROOT else []),
    ]
    log = home / "lab.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(process, f"{address}/api/status?token={TOKEN}", log)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)  # the server ends its kernels
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    """A port that nobody has, and that no connection is given until the server takes it.

    The system gives connections the ports from 32768 on (on Linux), and would give one that is free.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("none of a hundred ports below 32000 is free")


def _wait_until_up(server: subprocess.Popen, url: str, log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the server did not come up:\n{log.read_text()[-3000:]}")


class Notebook:
    """One notebook open in JupyterLab, used by menu, mouse and keys."""

    def __init__(self, page, file: Path, screens: Path, kernel: str = "Python 3") -> None:
        self.page, self.file, self.screens, self.kernel = page, file, screens, kernel
        self.shots = 0
        page.set_default_timeout(ANSWERS_WITHIN_MS)
        screens.mkdir(exist_ok=True)

    def open(self, address: str) -> None:
        self.page.goto(f"{address}/lab/tree/{self.file.name}?token={TOKEN}")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        self.page.locator(".jp-Toolbar-kernelName", has_text=self.kernel).wait_for(timeout=240_000)
        self._idle()

    def _idle(self) -> None:
        idle = '.jp-Notebook-ExecutionIndicator[data-status="idle"]'
        self.page.locator(idle).wait_for(timeout=RUNS_WITHIN_MS)

    def menu(self, bar: str, *path: str) -> None:
        """Choose from the menu bar, such as `menu("Run", "Run All Cells")`."""
        self.page.locator("#jp-MainMenu .lm-MenuBar-itemLabel").get_by_text(bar, exact=True).click()
        for label in path:
            entry = self.page.locator(".lm-Menu-itemLabel").get_by_text(label, exact=True)
            entry.click()

    def theme(self, name: str) -> None:
        """Settings > Theme, and wait until it is in force and its splash screen gone."""
        self.menu("Settings", "Theme", name)
        self.page.locator(f'body[data-jp-theme-name="{name}"]').wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def place(self, grade_id: str) -> int:
        """Where in the file the cell with this name stands."""
        cells = nbformat.read(self.file, as_version=4).cells
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
        return names.index(grade_id)

    def cell(self, place: int):
        """The cell at this place, scrolled into view."""
        cell = self.page.locator(f'.jp-Cell[data-windowed-list-index="{place}"]')
        cell.scroll_into_view_if_needed(timeout=120_000)
        return cell

    def run_all(self) -> None:
        """Run > Run All Cells, and wait for the last one."""
        cells = nbformat.read(self.file, as_version=4).cells
        # A cell whose code is folded shows no prompt.
        code = [(i, c) for i, c in enumerate(cells) if c.cell_type == "code" and not _folded(c)]
        last = max(i for i, c in code if _does_something(c))
        self.menu("Run", "Run All Cells")
        self._has_run(last, before=None)
        self._idle()

    def run(self, place: int) -> None:
        """Select the cell by its margin and press Control+Enter."""
        before = self._prompt(place)
        self.cell(place).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")
        self._has_run(place, before)

    def _prompt(self, place: int) -> str:
        return self.cell(place).locator(".jp-InputPrompt").text_content().strip()

    def _has_run(self, place: int, before: str | None) -> None:
        """Wait until the cell's prompt is another number; after none, until it or one before it ends."""
        self.page.wait_for_function(
            """([place, before]) => {
                const cell = `.jp-Cell[data-windowed-list-index="${place}"] .jp-InputPrompt`;
                const prompt = document.querySelector(cell)?.textContent.trim() ?? "";
                const red = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]';
                const said = [...document.querySelectorAll(red)].map(one => one.textContent);
                const trace = said.find(text => text.startsWith("-".repeat(40)));
                // The cells after an error are never run.
                if (before === null && trace) throw new Error(trace);
                return /^\\[\\d+\\]:?$/.test(prompt) && prompt !== before;
            }""",
            arg=[place, before],
            timeout=RUNS_WITHIN_MS,
        )

    def type_over_last_line(self, place: int, *lines: str) -> None:
        """Put the cursor at the end of a cell, select its last line, and type."""
        self.cell(place).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.press("Shift+Home")
        self._type(lines)

    def answer(self, place: int, letter: str) -> None:
        """Replace what a quiz cell assigns in its first line, `q1 = ...`, comment and all."""
        self.cell(place).locator(".cm-content").click()
        self.page.keyboard.press("Control+Home")
        for _ in range(self.source(place).index("=") + 2):
            self.page.keyboard.press("ArrowRight")
        self.page.keyboard.press("Shift+End")
        self._type((f'"{letter}"',))

    def type_into_new_cell_below(self, place: int, *lines: str) -> int:
        """Press B on a cell, Enter, and type; returns the new cell's place."""
        self.cell(place).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self._type(lines)
        return place + 1

    def _type(self, lines: tuple[str, ...]) -> None:
        for number, line in enumerate(lines):
            if number:
                self.page.keyboard.press("Enter")
            self.page.keyboard.type(line)

    def panel(self, place: int):
        """The panel below a cell."""
        return self.cell(place).locator("section[role=status]")

    def source(self, place: int) -> str:
        """What stands in a cell's editor."""
        return "\n".join(self.cell(place).locator(".cm-line").all_text_contents())

    def shoot(self, name: str, what=None) -> Path:
        """Keep a picture of the page, or of one part of it."""
        self.shots += 1
        path = self.screens / f"{self.shots:02}_{name}.png"
        (what or self.page).screenshot(path=path)
        return path


def _folded(cell: nbformat.NotebookNode) -> bool:
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def _does_something(cell: nbformat.NotebookNode) -> bool:
    """Whether the cell has more than comments: JupyterLab gives others no number."""
    return any(line.strip() and not line.startswith("#") for line in cell.source.splitlines())
