"""What may be shown of a submission in a browser: text, and pictures made of dots."""

from __future__ import annotations

import base64
import binascii
import html
import re
from typing import Any

from nbformat import NotebookNode, from_dict

from harness.grade.verdicts import CellVerdict
from harness.reports.sanitize import clean

TEXT_CHARACTERS = 20_000
PICTURE_BYTES = 4 << 20
_PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
# Commands of MathJax that make links, styles or names of elements.
_MATH = re.compile(r"\\(?=(?:href|url|require|style|class|cssId|csname|html|data)(?![a-z]))", re.I)


def _text(value: Any, most: int = TEXT_CHARACTERS) -> str:
    """The text of an output, which a notebook may hold as a list of lines, cleaned."""
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    return clean(text[: 4 * most], most)


def _output(kind: str, **fields: Any) -> NotebookNode:
    """An output; nbformat's own function checks it against the schema, which takes a millisecond."""
    if kind == "display_data":
        fields["metadata"] = {}
    return from_dict({"output_type": kind, **fields})


def safe_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs with everything left out that a browser could run."""
    kept = (_safe(output) for output in list(outputs)[:200])
    return [output for output in kept if output is not None]


def _safe(output: NotebookNode) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return _output("stream", name=name, text=_text(output.get("text", "")))
    if kind == "error":
        return _output(
            "error",
            ename=_text(output.get("ename", ""), 200),
            evalue=_text(output.get("evalue", ""), 2000),
            traceback=[_text(line, 4000) for line in list(output.get("traceback", []))[:50]],
        )
    if kind in ("display_data", "execute_result"):
        data = _bundle(output.get("data"))
        return _output("display_data", data=data) if data else None
    return None


def _bundle(data: Any) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    kept = {}
    for kind, start in _PICTURES.items():
        picture = _picture(data.get(kind), start)
        if picture:
            kept[kind] = picture
    if "text/plain" in data:
        kept["text/plain"] = _text(data["text/plain"])
    return kept


def _picture(value: Any, start: bytes) -> str | None:
    text = "".join(value) if isinstance(value, list) else value
    if not isinstance(text, str) or len(text) > PICTURE_BYTES * 4 // 3 + 4:
        return None
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(content).decode() if content.startswith(start) else None


def safe_markdown(source: str) -> str:
    """Markdown in which HTML, links and pictures from elsewhere are shown as text."""
    text = source.replace("&", "&amp;").replace("<", "&lt;")
    text = text.replace("](", "]&#40;").replace("]:", "]&#58;")
    return _MATH.sub("\\\\backslash ", text)


def safe_text(cell: NotebookNode) -> NotebookNode:
    """A cell as recording leaves its text: code as it is, everything else by `safe_markdown`."""
    if cell.cell_type == "code":
        return cell
    return NotebookNode({**cell, "source": safe_markdown(cell.source)})


def verdict_output(verdict: CellVerdict) -> NotebookNode:
    """A verdict as the output of its check cell."""
    if verdict.points is None:
        head = f"Waits for a person: up to {verdict.max_points:g} points."
    else:
        head = f"{verdict.status}: {verdict.points:g} of {verdict.max_points:g} points."
    lines = [head, *(_text(t, 4000) for t in (verdict.message, verdict.hint) if t)]
    if verdict.mistake:
        lines.insert(1, f"Recognised mistake: {_text(verdict.mistake, 200)}")
    body = "".join(f"<p>{html.escape(line)}</p>" for line in lines[1:])
    data = {
        "text/plain": "\n".join(lines),
        "text/html": f"<div><p><strong>{html.escape(head)}</strong></p>{body}</div>",
    }
    return _output("display_data", data=data)
