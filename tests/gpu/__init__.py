"""What only a real GPU can show; skipped where there is none.

    python -m pytest tests/gpu

The pretended one (`tests/lib/pretended`) shows on every machine that tensors stay on their device; here are
the numbers of CUDA's own kernels, 16 bits, and memory.
"""
