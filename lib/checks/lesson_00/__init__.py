"""What one tries the checks on in `00_start`: no lesson's exercise, worth no points."""

EXERCISES = ("mean_of_two",)
