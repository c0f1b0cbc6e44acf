# ---
# jupyter:
#   course:
#     lesson: "00"
#     title: Start here
#     minutes: 10
#     objectives:
#       - See which question each lesson answers, and how long it takes.
#       - Get an exercise wrong, read what the check says, and put it right.
#       - Know what to do after a restart, and where your answers are kept.
#     prerequisites:
#       - Some Python
#     plan:
#       "01": {question: "Can the meaning of a word be learned from the words around it?"}
#       "02": {question: "How do the vectors of many words become one vector for a text?"}
#       "03": {question: "How does a model learn which texts belong together?"}
#       "04": {question: "Which wrong answers teach a model the most?"}
#       "05": {question: "How much of a vector can you throw away and still find the right text?"}
#       "06": {title: ColBERT and late interaction, question: "What is gained when every word keeps its own vector?"}
#       "07": {title: Metrics and geometry, question: "When is one search really better than another?"}
#       "08": {title: Fine-tuning for a domain, question: "How do you train a model on texts of your own?"}
#       "09": {title: Models in practice, question: "Which model should you choose, and what does it cost to run?"}
#       "10": {title: Capstone, question: "How good a search can you build within a budget?"}
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
# ---

# %% [markdown]
# Welcome. In this course you build the parts of a modern text search yourself, one lesson at a time, and you measure on real text what each part is good for.
#
# This notebook is short. It shows you what is in the course, and lets you try out everything that you will use in a lesson.

# %% [markdown] map="lessons"
# ## 1. A map of the course
#
# A lesson's name opens it. No lesson needs another one to have been run, but each builds on ideas of those before it, so begin with the first unless you know them. The times are for a learner who is new to the subject and does every exercise.

# %% [markdown]
# ## 2. Run a cell
#
# A notebook consists of cells. Click into the cell below and press Shift and Enter: the cell is run, and the next one is selected. Every lesson begins with such a cell. Run it first, because the rest of the notebook uses what it imports.

# %%
from lib.learn import check, hint, progress, quiz, solution

print("Everything is ready.")

# %% [markdown] card="mean_of_two"
# ### Exercise: the mean of two numbers
# Difficulty: easy. Importance: none, it is only for trying. Minutes: 3.
#
# Every exercise looks like this one: you complete a function, run its cell, and run the check below it. First give a wrong answer on purpose: replace the last line of the function by `return a + b`, run both cells, and read what the check says. Then put the function right and run both cells again.


# %% answer="mean_of_two"
def mean_of_two(a: float, b: float) -> float:
    """Return the mean of two numbers.

    >>> mean_of_two(2.0, 4.0)
    3.0
    """
    ### BEGIN SOLUTION
    return (a + b) / 2
    ### END SOLUTION


# %% check="mean_of_two"
check("mean_of_two", mean_of_two)

# %% [markdown] hints="mean_of_two"
# - **Your result is twice as large as expected.** The mean is the sum, divided by how many numbers there are.
# - **Only some of the cases are wrong.** In `a + b / 2` only `b` is halved, because Python divides before it adds. Put the sum into brackets.
# - **Halves are missing.** `//` rounds down to a whole number, and `/` does not.

# %% [markdown]
# A check tries your function on several cases and shows you the smallest one that goes wrong: what was given, what you returned, and what was expected. Where it recognises a common mistake, it says so in words. You can run a check as often as you like.

# %% [markdown]
# ## 3. When you are stuck
#
# Each exercise has three hints. Every time you run the next cell, you get another one.

# %%
hint("mean_of_two")

# %% [markdown]
# If the hints do not help, look at a worked answer. You lose nothing by it: read it, close it, and write it again in your own words. The next cell shows the answer to this exercise.

# %%
# Delete the # in front of the next line, and run this cell.
# solution("mean_of_two")

# %% [markdown]
# ## 4. Answer a question
#
# Lessons also ask questions. You put your answer in the place of `None`, in quotation marks where it is a letter, and run the cell. Some questions ask you to predict what comes next. A wrong prediction costs nothing, and helps you to remember what really happened.

# %% quiz="00-q1"

# %% [markdown]
# ## 5. After a restart
#
# If you close JupyterLab, or restart the kernel from the menu Kernel, Python forgets every value and every function. The text in your cells stays. To go on where you were, select the cell that you want to work on and choose Run > Run All Above Selected Cell.
#
# An exercise that you have solved stays solved: its function is run again together with the other cells.

# %% [markdown]
# ## 6. Where you stand
#
# `progress()` shows what you have solved and what comes next. What you tried out in this notebook has a line of its own there, and is not counted.

# %%
progress()

# %% [markdown]
# ## 7. Where your answers are kept
#
# You work in a folder of your own, `my`, which JupyterLab shows on the left. Save with Control and S (Command and S on a Mac). You may change every cell and add cells wherever you like.
#
# When the course is updated, `course lab` adds what is new to your notebooks and keeps everything that you wrote. To begin a lesson again, use `course lab --fresh 02`: you get a new notebook, and the old one stays beside it.

# %% [markdown]
# ## 8. What now?
#
# Go back to the map at the top and open the first lesson. Take your time: a lesson need not be done in one sitting. Enjoy it!
