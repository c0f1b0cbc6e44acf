"""Headless runs of the lessons by papermill, and their points by nbgrader."""
