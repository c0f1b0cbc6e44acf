"""What a student's Python finds: started with the bundle's folder alone on its path, tried by a test.

    python -P -s student.py BUNDLE CHECKOUT < asked.json > said.json

asked: by exercise `scope` (sources that run before the answer), `answer` and `stub`. `said` has what the
bundle's own check says of both, and then of every named mistake and every answer that others wrote. These come
from the checkout, whose folders are looked into last, and only when the first part is done. With the checkout
in the bundle's place it says what the whole course says.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import random
import re
import sys
import warnings
from pathlib import Path


def main(bundle: str, checkout: str) -> None:
    sys.path.insert(0, bundle)
    warnings.simplefilter("ignore")
    import lib
    from lib import checks

    assert Path(lib.__file__).is_relative_to(bundle), lib.__file__
    asked = json.load(sys.stdin)
    found: dict = {"own": {}, "others": {}}
    for name, one in asked.items():
        scope: dict = {"__name__": "__answer__"}
        for source in one["scope"]:
            exec(source, scope)
        found["own"][name] = {
            part: said(checks.find(name), function_of(one[part], name, scope))
            for part in ("answer", "stub")
        }
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    foreign = {n: f for n, f in files.items() if n.startswith(("lib.", "harness", "tests"))}
    assert all(Path(f).is_relative_to(bundle) for f in foreign.values() if f), foreign
    sys.path.insert(1, checkout)  # behind the bundle: `tests` is found there, `lib` is not
    # The bundle's own checks are held by `find`; what is imported from here on is the course's.
    for name in asked:
        place = f"lib.checks.lesson_{checks.find(name).lesson}"
        lesson = importlib.import_module(place)
        lesson.__path__[:] = [str(Path(checkout, *place.split(".")))]
        for inner in [one for one in sys.modules if one.startswith(f"{place}.")]:
            del sys.modules[inner]
            vars(lesson).pop(inner.rpartition(".")[2], None)
    for name in asked:
        found["others"][name] = [said(checks.find(name), one) for one in of_others(name)]
    json.dump(found, sys.stdout)


def function_of(source: str, name: str, scope: dict):
    scope = dict(scope)
    exec(compile(source, f"<{name}>", "exec"), scope)
    return scope[name]


def of_others(name: str) -> list:
    """Every form of every named mistake, and the answers written by who had not seen the check."""
    from lib import checks
    from tests.lib.checks.alternatives import alternatives, blind

    lesson, forms = checks.find(name).lesson, list(blind(name).values())
    if isinstance(checks.find(name), checks.Exercise):
        real = importlib.import_module(f"lib.checks.lesson_{lesson}.{name}").EXERCISE
        forms += [form for mistake in real.mistakes for form in (mistake.wrong, *mistake.also)]
    unseen = importlib.import_module(f"tests.lib.checks.unseen.lesson_{lesson}.{name}")
    return [*alternatives(name), *forms, *unseen.RIGHT, *unseen.WRONG]


def said(exercise, function) -> list:
    """What a check says of a function, to the last word; but for addresses and the order of a set."""
    import numpy as np
    import torch

    from lib.checks import call
    from lib.learn.checking import panel

    for seeded in (random.seed, np.random.seed, torch.manual_seed):  # some answers draw at random
        seeded(0)
    with contextlib.redirect_stdout(io.StringIO()):
        found = exercise.verdict(call(function))
    shown = re.sub(r"0x[0-9a-f]+|\{[^{}]*\}", "...", panel(found).html())
    facts = (found.status, found.message, found.mistake, found.label, found.cases, found.converted)
    return [
        *(re.sub("0x[0-9a-f]+", "...", one) if isinstance(one, str) else one for one in facts),
        shown,
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
