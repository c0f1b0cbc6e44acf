"""Where an installed package lies: models and data of the course come as packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def package_folder(package: str) -> Path:
    """Return the folder of an installed package without importing it.

    Raises ModuleNotFoundError, saying what to install, when it is not there.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"the package {package!r} is not installed in this environment; install the course "
            "with `pip install -e .` in its folder, then restart the kernel"
        )
    return Path(next(iter(found.submodule_search_locations)))
