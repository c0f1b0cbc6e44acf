"""What is a learner's own: the working copy of the notebooks, and JupyterLab as they get it."""
