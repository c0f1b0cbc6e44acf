"""Lessons to notebooks: reading, refusing, building, proving."""
