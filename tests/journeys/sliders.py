"""The lessons whose figure to explore has a slider, as it stands in their worked notebooks."""

from __future__ import annotations

from pathlib import Path

_SAVED = sorted((Path(__file__).parents[2] / "solutions").glob("[0-9]*.ipynb"))
WITH_SLIDERS = [p.stem for p in _SAVED if '"slides": true' in p.read_text(encoding="utf-8")]
