"""Fuzzing of what reads hostile bytes; `python -m benchmarks.fuzz.codec --help`."""
