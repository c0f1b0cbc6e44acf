"""axe-core, which finds what keeps a page from people who cannot see it or use no mouse.

It comes from npm, once, into the user's cache: nothing else of the project needs npm.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest

VERSION = "4.14.1"
FINDS = """
async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary}`));
}
"""


def script() -> Path:
    """The script, fetched if need be; the test is skipped where that cannot be."""
    cache = Path(platformdirs.user_cache_dir("embeddings-course", appauthor=False))
    folder = cache / f"axe-core-{VERSION}"
    found = folder / "node_modules" / "axe-core" / "axe.min.js"
    if found.is_file():
        return found
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip(f"no npm on this machine's PATH, which would fetch axe-core {VERSION}")
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    command = [npm, "install", *options, f"axe-core@{VERSION}"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=480)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"npm cannot fetch axe-core {VERSION}: {error}")
    return found


def violations(page) -> list[str]:
    """What axe finds on this page, with the element and how to mend it."""
    page.add_script_tag(path=script())
    return page.evaluate(FINDS)
