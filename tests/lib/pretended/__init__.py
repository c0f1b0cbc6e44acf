"""The library on a GPU that is pretended; `tests/test_gpu.py` runs the cases in a process of their own."""
