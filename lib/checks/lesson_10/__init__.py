"""The checks of lesson 10, the capstone, in the order of the notebook."""

EXERCISES = ("capstone",)
