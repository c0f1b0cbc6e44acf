"""Submissions to verdicts: read, matched with the release, planned, run and judged."""
