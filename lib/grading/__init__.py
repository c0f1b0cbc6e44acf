"""Submissions to verdicts: rebuild, kernels, sandbox, judge, gradebook, reports."""
