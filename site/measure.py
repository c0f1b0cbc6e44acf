"""How good the search by meaning is: `python site/measure.py`, after `make site`.

The questions of site/queries.yaml are searched by the encoder itself, by the words distilled from it as
the browser has them, and by BM25; then once in Chromium, for bytes and milliseconds. Before that, how soon
pages are painted and how large they are; `--pages` stops there. docs/site.md has the figures.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site"), str(ROOT)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
import yaml  # noqa: E402

from course_site import build, meaning  # noqa: E402
from course_site.sections import Section  # noqa: E402
from lib import bm25  # noqa: E402
from lib.chunking import best_of_chunks  # noqa: E402
from lib.models import load_encoder  # noqa: E402
from lib.search import encode_cached  # noqa: E402

DEPTH, OF_ONE_PAGE = 10, 2
VISITS = 3


def relevant(sections: Sequence[Section], right: Sequence[str]) -> np.ndarray:
    """Which sections answer a question, (sections,) bool."""
    found = [f"{s.page}#{s.anchor}" in right or f"{s.page}#*" in right for s in sections]
    if not any(found):
        raise ValueError(f"none of {', '.join(right)} is a section; mend site/queries.yaml")
    return np.array(found)


def first(scores: np.ndarray, sections: Sequence[Section]) -> list[int]:
    """The best sections, at most OF_ONE_PAGE of a page, as static/meaning.js shows them."""
    found: list[int] = []
    for at in np.argsort(-scores, kind="stable"):
        if sum(sections[i].page == sections[at].page for i in found) < OF_ONE_PAGE:
            found.append(int(at))
        if len(found) == DEPTH:
            break
    return found


def describe(
    name: str, ranked: list[list[int]], right: list[np.ndarray], best: list[list[int]]
) -> str:
    """A line of the table: nDCG@10, MRR@10, share with an answer among five, overlap with `best`."""
    ndcg, reciprocal, five, shared = [], [], [], []
    for order, relevance, other in zip(ranked, right, best):
        hits = relevance[order]
        ideal = min(DEPTH, int(relevance.sum()))
        discount = 1 / np.log2(np.arange(2, DEPTH + 2))
        ndcg.append((hits * discount[: len(hits)]).sum() / discount[:ideal].sum())
        reciprocal.append(1 / (hits.argmax() + 1) if hits.any() else 0.0)
        five.append(hits[:5].any())
        shared.append(len({*order} & {*other}) / DEPTH)
    means = [f"{np.mean(values):.3f}" for values in (ndcg, reciprocal, five, shared)]
    return f"| {name} | " + " | ".join(means) + " |"


def _browser(playwright):
    from tests.journeys import jupyter

    options = ["--no-sandbox"] if jupyter.AS_ROOT else []
    return playwright.chromium.launch(executable_path=jupyter.find_chromium(), args=options)


def in_browser(folder: Path, query: str) -> tuple[float, int]:
    """Milliseconds from opening the page of results to the first one, and bytes that came for it."""
    from playwright.sync_api import sync_playwright

    from tests.journeys import site_pages

    with site_pages.served(folder) as address, sync_playwright() as playwright:
        browser = _browser(playwright)
        page = browser.new_page()
        started = time.perf_counter()
        page.goto(f"{address}/search.html?q={query}")
        page.locator("#meaning li").first.wait_for()
        seconds = time.perf_counter() - started
        size = page.evaluate(
            "performance.getEntriesByType('resource').filter(e => e.name.includes('/meaning')"
            " || e.name.includes('wordpiece')).reduce((sum, e) => sum + e.encodedBodySize, 0)"
        )
        browser.close()
    return 1000 * seconds, size


def painted(folder: Path) -> dict[str, float]:
    """Milliseconds to the first contentful paint of the landing page and of each lesson, by its address.

    The median of first visits, each by a browser with an empty cache.
    """
    from playwright.sync_api import sync_playwright

    from tests.journeys import site_pages

    lessons = sorted((folder / "lessons").glob("[0-9]*.html"))
    names = ["index.html", *(path.relative_to(folder).as_posix() for path in lessons)]
    times: dict[str, list[float]] = {name: [] for name in names}
    with site_pages.served(folder) as address, sync_playwright() as playwright:
        browser = _browser(playwright)
        for _ in range(VISITS):
            for name in names:
                context = browser.new_context()
                page = context.new_page()
                page.goto(f"{address}/{name}")
                times[name].append(page.evaluate(site_pages.PAINT))
                context.close()
        browser.close()
    return {name: median(found) for name, found in times.items()}


def largest(folder: Path) -> tuple[str, int]:
    """The page with the most bytes, its pictures among them and the shared scripts not, and the bytes."""
    sizes = {}
    for path in folder.rglob("*.html"):
        pictures = re.findall(r'<img[^>]* src="([^":]+)"', path.read_text(encoding="utf-8"))
        files = {path, *((path.parent / picture).resolve() for picture in pictures)}
        sizes[path.relative_to(folder).as_posix()] = sum(file.stat().st_size for file in files)
    return max(sizes.items(), key=lambda item: item[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--pages", action="store_true", help="nothing of the search")
    asked_for = parser.parse_args()
    places = build.Places(ROOT, asked_for.site.resolve())
    for name, milliseconds in painted(places.html).items():
        print(f"{name}: first contentful paint after {milliseconds:.0f} ms")
    name, size = largest(places.html)
    print(f"the largest page: {name}, {size / 1e6:.2f} MB")
    if asked_for.pages:
        return 0
    asked = yaml.safe_load((ROOT / "site" / "queries.yaml").read_text(encoding="utf-8"))
    queries = [question["query"] for question in asked]
    model = load_encoder()
    sections = list(build.sections(places))
    index = meaning.make(model, sections)
    right = [relevant(sections, question["right"]) for question in asked]
    texts, owner = meaning.passages(model, sections)
    vectors = encode_cached(model, texts).cpu()
    exact = best_of_chunks(encode_cached(model, queries).cpu() @ vectors.T, owner, len(sections))
    distilled = meaning.scores(index, meaning.query_vectors(index, model, queries))
    words = bm25.BM25(texts)
    by_words = best_of_chunks(torch.as_tensor(words.scores(queries)).float(), owner, len(sections))
    print(f"{len(queries)} questions, {len(sections)} sections, {len(texts)} chunks")
    print("| query | nDCG@10 | MRR@10 | answer among five | ten shared with the encoder |")
    print("|---|---|---|---|---|")
    best = [first(row.numpy(), sections) for row in exact]
    for name, scores in (
        ("the encoder, float32", exact),
        ("words distilled from it, 128 numbers in int8", distilled),
        ("BM25", by_words),
    ):
        print(describe(name, [first(row.numpy(), sections) for row in scores], right, best))
    took, size = in_browser(places.html, queries[0].replace(" ", "+"))
    print(f"in Chromium: {took:.0f} ms to the first result, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
