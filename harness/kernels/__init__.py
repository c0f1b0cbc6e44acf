"""Kernels forked from a warm parent that has imported what every submission needs."""
