"""The smallest lesson that the build accepts, and a course folder that holds nothing else."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

SLUG = "90_tiny"

LESSON = '''\
# ---
# jupyter:
#   course:
#     lesson: "90"
#     title: A tiny lesson
#     minutes: 25
#     objectives:
#       - see a check
#       - answer a question
#       - look at a figure
#     prerequisites:
#       - Python
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
# ---

# %% [markdown]
# One idea, a tiny run, a printed shape.

# %% tags=["parameters"]
PROFILE = "fast"
SEED = 0
DEVICE = "auto"
MODEL = "all-MiniLM-L6-v2"

# %%
import matplotlib.pyplot as plt
import torch

from lib import pooling
from lib.learn import check, claim, grade_answer, headline, hint, progress, quiz, yours
from lib.plots import show

# %% [markdown] card="mean_pool"
# ### Exercise: mean pooling that minds the mask
# Difficulty: easy. Importance: high. Minutes: 5.
#
# Average the vectors of the real tokens.

# %% answer="mean_pool"
def mean_pool(token_embeddings: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Average the real tokens' vectors: (batch, tokens, dim) and (batch, tokens) to (batch, dim)."""
    ### BEGIN SOLUTION
    weights = attention_mask.unsqueeze(-1).to(token_embeddings.dtype)
    return (token_embeddings * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)
    ### END SOLUTION

# %% check="mean_pool" points=1
check("mean_pool", mean_pool)

# %% hidden="mean_pool" points=2 seed=7

# %% [markdown] hints="mean_pool"
# - **Your mean moves when you add padding.** The mask says which tokens count.
# - **Your mean is too small.** Divide by what you summed.
# - **You get NaN.** A text may have no token at all.

# %%
pool = yours("mean_pool", mean_pool, instead=pooling.mean_pool)
pooled = pool(torch.ones(2, 3, 4), torch.ones(2, 3))
claim("The mean of ones is one.", bool((pooled == 1).all()), measured=f"{pooled.mean():.1f}")

# %%
fig, ax = plt.subplots(figsize=(3, 2))
ax.plot([0, 1], [0, 1])
ax.set(title="A line", xlabel="x (units)", ylabel="y (units)")
show(fig, alt="A straight line that rises from zero to one.")

# %% quiz="90-q1"

# %% quiz="90-q2"

# %% quiz="90-q3"

# %% quiz="90-q4"

# %% quiz="90-q5"

# %%
headline("mean 1.0")
'''

QUIZ = """\
- id: 90-q1
  kind: single
  predict: true
  points: 1
  prompt: What is the mean of ones?
  choices:
    a: {text: zero, feedback: That would be the mean of zeros.}
    b: {text: one, feedback: "Yes, whatever their number."}
    c: {text: their number, feedback: That is their sum.}
  key: b
- id: 90-q2
  kind: multiple
  points: 1
  prompt: Which are numbers?
  choices:
    a: {text: one, feedback: The first one that is counted.}
    b: {text: a word, feedback: A word is none.}
    c: {text: two, feedback: The even prime.}
  key: ac
- id: 90-q3
  kind: numeric
  points: 1
  prompt: Half of one?
  key: 0.5
  tolerance: 0.01
  feedback: {right: "Right, exactly so.", wrong: "Halve it once more.", traps: [{answer: 2, text: "That is the double of it."}]}
- id: 90-q4
  kind: ordering
  points: 1
  prompt: Put in growing order.
  choices:
    a: {text: two}
    b: {text: three}
    c: {text: one}
  key: cab
  feedback: {right: "Yes, growing they are.", wrong: "Begin with the smallest."}
- id: 90-q5
  kind: free
  points: 2
  prompt: Why is that so?
  feedback: A good answer says that all summands are equal.
  rubric: [Names the summands, Names their number]
"""


def lay_out(root: Path, lesson: str = LESSON, quiz: str = QUIZ) -> Path:
    """A course with this one lesson in `root`, nothing built yet; `root` itself is returned."""
    for folder in ("lessons", "notebooks", "solutions"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "lessons" / f"{SLUG}.py").write_text(lesson, encoding="utf-8")
    (root / "lessons" / f"{SLUG}.quiz.yaml").write_text(quiz, encoding="utf-8")
    return root


def executed(source: NotebookNode) -> NotebookNode:
    """A notebook's source form as papermill leaves it: outputs, timings, an injected cell."""
    notebook = copy.deepcopy(source)
    for number, cell in enumerate(notebook.cells):
        cell.metadata["papermill"] = {"duration": 1.5}
        if cell.cell_type == "code":
            cell.metadata.setdefault("tags", [])
            cell.metadata["execution"] = {"iopub.status.busy": "now"}
            cell.execution_count = number
            cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}\n")]
    injected = nbformat.v4.new_code_cell("SEED = 1", metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(3, injected)
    notebook.metadata["papermill"] = {"parameters": {"SEED": 1}}
    return notebook
