"""The frame of our pages: whole in one file, no scripts, light and dark, on any width."""

from __future__ import annotations

from html import escape

from harness.reports.sanitize import clean

_STYLE = """
:root { color-scheme: light dark; --text: #1a1a1a; --back: #fff; --box: #f4f4f4; --line: #767676;
  --right: #00664f; --wrong: #a33b00; --soft: #595959; --fill: #3b6ea5; }
@media (prefers-color-scheme: dark) { :root { --text: #eee; --back: #161616; --box: #262626;
  --line: #9a9a9a; --right: #4fc3a1; --wrong: #ff9e6b; --soft: #b5b5b5; --fill: #8ab4e8; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--text); background: var(--back); overflow-wrap: anywhere; }
section, .box { border-left: .4rem solid var(--line); padding: .1rem 1rem; margin: 1rem 0;
  background: var(--box); }
.passed { border-color: var(--right); } .wrong { border-color: var(--wrong); }
h1 { line-height: 1.25; } .score { font-size: 1.4rem; } .soft { color: var(--soft); }
pre { white-space: pre-wrap; margin: .3rem 0; padding: .4rem .6rem; background: var(--back);
  font-size: .9rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem .6rem .2rem 0;
  vertical-align: top; border-bottom: 1px solid var(--line); }
summary { cursor: pointer; }
"""


def page(title: str, body: str, style: str = "") -> str:
    """A page with this body, which is HTML already; nothing on it can load or run anything.

    Args:
        title: for the browser's tab; made harmless here.
        style: more rules, which may use the colours above.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(clean(title, 300))}</title><style>{_STYLE}{style}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    )


def text(said: object, most: int = 4000) -> str:
    """Text that anybody may have written, as HTML that shows it."""
    return escape(clean(said, most))
