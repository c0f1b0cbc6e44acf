"""The shared module of the embeddings course: import what you need, `from lib.pooling import mean_pool`.

Importing `lib` costs nothing; a teaching module costs torch at most. Only the functions that load
a model import sentence-transformers.
"""

__version__ = "0.1.0"
