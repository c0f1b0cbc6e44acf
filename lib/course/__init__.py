"""Lessons to notebooks, headless runs, and the command line `course`."""
