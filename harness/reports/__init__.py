"""Reports in the forms that others read: JSON, JUnit, Markdown, GitHub, Gradescope, a terminal, HTML.

All take `Report`s and give text. A report may hold what a student wrote, so every form cleans it for
its own reader (`sanitize`).
"""
