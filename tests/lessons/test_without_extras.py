"""Lesson 09 runs where the extras `api` and `onnx` are not installed, and says what it leaves out."""

import ast
import re
import tomllib

import pytest
import torch

import lib
from lib import providers, providers_offline
from tests.lessons.worked import ROOT, lessons

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
# the module of a package where it has another name
MODULES = {"google-genai": "google"}


def modules(extra: str) -> set[str]:
    """What the packages of an extra are imported by."""
    names = [re.split(r"[<>=!~ ]", package)[0] for package in EXTRAS[extra]]
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def imported_at_once(source: str) -> set[str]:
    """The packages that a cell imports whatever is installed."""
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_no_lesson_needs_a_client_or_onnx_to_begin():
    optional = modules("api") | modules("onnx")
    assert {"openai", "cohere", "voyageai", "google", "onnxruntime"} <= optional
    for lesson in {id(one): one for one in lessons().values()}.values():
        for cell in lesson.cells:
            if cell.kind == "code" and not cell.source.startswith("%"):
                needed = imported_at_once(cell.source) & optional
                assert not needed, f"{lesson.slug}, line {cell.line}: {needed}"


def services() -> list[str]:
    """The author's code cells of lesson 09's section about services, in order."""
    cells = lessons()["decode_vector"].cells
    heads = [n for n, cell in enumerate(cells) if re.match(r"(# )?## \d", cell.source)]
    first = next(n for n in heads if "Embedding services" in cells[n].source)
    last = next(n for n in heads if n > first)
    return [c.source for c in cells[first:last] if c.kind == "code" and c.role is None]


def test_the_section_about_services_is_left_out_without_their_clients(monkeypatch, capsys):
    monkeypatch.setattr(providers, "missing_clients", lambda: ["openai"])
    monkeypatch.setattr(
        providers_offline, "OfflineServer", lambda *_: pytest.fail("a server was started")
    )
    names = {
        "split": type("Split", (), {"queries": ["thin nails", "a rash"]}),
        "torch": torch,
        "lib": lib,
        "providers": providers,
        "providers_offline": providers_offline,
        "decode_vector": None,
        "yours": lambda name, function, instead: instead,
    }
    sources = services()
    assert len(sources) >= 8
    for source in sources:
        exec(source, names)
    said = capsys.readouterr().out
    assert "pip install 'embeddings-course[api]'" in said
    assert len(said.splitlines()) == 2
