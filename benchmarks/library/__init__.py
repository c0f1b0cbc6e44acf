"""The teaching library against the libraries that people would use instead."""
