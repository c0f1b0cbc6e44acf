"""What is given to students: notebooks and an installable `lib`, without worked answers, hidden checks and keys.

Of the references it holds what a visible check compares with, as data, and packed those that have to run.
"""
