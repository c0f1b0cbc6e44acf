"""Attacks on the score from inside the student's process. Every answer in them is wrong.

Each entry: the row of the threat table, the student's own cell, and answers that replace wrong ones.
A grader that is fooled gives points; ours must give none beyond what wrong answers earn.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Attack:
    """One attack: `stock` says what nbgrader 0.9.6 gave when it was tried (see docs/threats.md)."""

    name: str
    row: int
    own: str = ""
    answers: dict[str, str] = field(default_factory=dict)


PATCHED = """
import numpy as np, torch, builtins
np.testing.assert_allclose = lambda *a, **k: None
torch.testing.assert_close = lambda *a, **k: None
"""
SWALLOW = """
ip = get_ipython()
ip.showtraceback = lambda *a, **k: None
ip._showtraceback = lambda *a, **k: None
async def _fine(self, *a, **k):
    return {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
type(ip.kernel).do_execute = _fine
"""
FRAMES = """
import gc, sys
def _steal(name, *args):
    frame = sys._getframe(1)
    while frame:
        if name in frame.f_globals:
            return frame.f_globals[name](*args)
        frame = frame.f_back
    for thing in gc.get_objects():
        if getattr(thing, "__name__", None) == name:
            return thing(*args)
    raise LookupError(name)
"""
FORGE = """
def double(x):
    k = get_ipython().kernel
    for kind in ("shell", "control"):
        parent = k.get_parent(kind)
        content = {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}
        k.session.send(k.iopub_socket, "execute_result", content, parent=parent)
        k.session.send(k.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
    raise ValueError("forged")
"""
EVERYTHING = """
import numpy as np, torch
class Any(float):
    __hash__ = float.__hash__
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __array__(self, *a, **k): return np.zeros(())
    @property
    def shape(self): return ()
class AnyTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)
class AnyArray(np.ndarray):
    def __array_ufunc__(self, *a, **k): return np.array(True)
    def __eq__(self, other): return True
class AnyList(list):
    def __eq__(self, other): return True
    __hash__ = None
class AnyText(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
"""
TRACE = """
import sys, threading
_seen = {}
def _trace(frame, event, arg):
    if frame.f_code.co_name.startswith("_reference_"):
        _seen["result"] = frame.f_locals
    return _trace
sys.settrace(_trace); threading.settrace(_trace); sys.setprofile(_trace)
"""
AGENT = """
import gc, socket
def _answers():
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket):
            yield thing
def _flood():
    import json, struct
    for sock in _answers():
        try:
            body = json.dumps({"v": 1, "id": 1, "ok": True}).encode()
            sock.send(struct.pack(">I", len(body)) + body)
        except OSError:
            pass
"""
INSIDE = [
    Attack("patched asserts", 1, PATCHED),
    Attack(
        "patched check helpers",
        1,
        PATCHED + "builtins.AssertionError = Warning\nbuiltins.abs = lambda x: 0",
    ),
    Attack(
        "code objects replaced",
        1,
        "import torch, numpy as np\ntorch.testing.assert_close.__code__ = (lambda *a, **k: None).__code__\nnp.testing.assert_allclose.__wrapped__ = None",
    ),
    Attack(
        "input transformer that blanks",
        2,
        'get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])',
    ),
    Attack(
        "ast transformer that drops",
        3,
        "import ast\nclass Drop(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\n    def visit_Expr(self, node): return ast.Pass()\nget_ipython().ast_transformers.append(Drop())",
    ),
    Attack("swallowed errors", 4, SWALLOW),
    Attack(
        "custom exception handler",
        4,
        "get_ipython().set_custom_exc((BaseException,), lambda *a, **k: None)",
    ),
    Attack(
        "reference called through frames",
        5,
        FRAMES,
        {"centre": 'def centre(x):\n    return _steal("_reference_centre", x)'},
    ),
    Attack(
        "hidden source read from history",
        6,
        "",
        {
            "double": "def double(x):\n    import linecache\n    text = str(In) + str(Out) + str(linecache.cache)\n    return torch.tensor([6.5, -15.0, 9422.0]) if 'canary' in text else x"
        },
    ),
    Attack("forged results and idle states", 7, "", {"double": FORGE}),
    Attack(
        "objects equal to everything",
        8,
        EVERYTHING,
        {
            "double": "def double(x):\n    return x.as_subclass(AnyTensor)",
            "centre": "def centre(x):\n    return Any()",
            "top": "def top(scores, k):\n    return AnyList()",
            "answer": 'answer = AnyText("x")',
        },
    ),
    Attack(
        "arrays equal to everything",
        8,
        EVERYTHING,
        {"double": "def double(x):\n    return x.numpy().view(AnyArray)"},
    ),
    Attack(
        "trace and profile hooks",
        9,
        TRACE,
        {"centre": "def centre(x):\n    return _seen['result']['return']"},
    ),
    Attack(
        "a spy thread",
        9,
        "import threading, time\ndef _spy():\n    while True:\n        time.sleep(0.01)\n        g = globals()\n        if '_reference_centre' in g:\n            g['centre'] = g['_reference_centre']\nthreading.Thread(target=_spy, daemon=True).start()",
    ),
    Attack(
        "exit and signal hooks",
        9,
        "import atexit, signal\natexit.register(lambda: print('2'))\nsignal.signal(signal.SIGINT, lambda *a: None)\nsignal.signal(signal.SIGTERM, lambda *a: None)",
    ),
    Attack(
        "patched torch",
        10,
        "import torch\ntorch.Tensor.sum = torch.Tensor.__truediv__ = lambda self, *a, **k: torch.zeros(())\ntorch.Tensor.__sub__ = lambda self, other: self\ntorch.full = lambda *a, **k: torch.ones(2)",
    ),
    Attack(
        "patched numpy and builtins",
        10,
        "import builtins, numpy as np\nnp.array_equal = np.allclose = lambda *a, **k: True\nbuiltins.all = lambda x: True\nbuiltins.len = lambda x: 1",
    ),
    Attack(
        "import hooks and false modules",
        11,
        "import sys, types\nfake = types.ModuleType('numpy.testing')\nfake.assert_allclose = lambda *a, **k: None\nsys.modules['numpy.testing'] = fake\nimport numpy\nnumpy.testing = fake\nclass Hook:\n    def find_spec(self, name, path=None, target=None): return None\nsys.meta_path.insert(0, Hook())",
    ),
    Attack(
        "files that shadow modules",
        11,
        "import os\nfor name in ('torch', 'numpy', 'helpers', 'lib'):\n    open(name + '.py', 'w').write('raise SystemExit')",
    ),
    Attack(
        "answers that depend on being graded",
        12,
        "import os, sys\n_graded = 'NBGRADER_EXECUTION' in os.environ or 'agent' in str(sys.modules)",
        {"double": "def double(x):\n    return 2 * x if _graded and False else x"},
    ),
    Attack(
        "a function that changes its argument",
        13,
        "",
        {
            "double": "def double(x):\n    x.zero_()\n    return x",
            "centre": "def centre(x):\n    x.zero_()\n    return x",
        },
    ),
    Attack(
        "a function that remembers",
        13,
        "_seen = []",
        {
            "centre": "def centre(x):\n    _seen.append(x)\n    return _seen[0] if len(_seen) > 1 else x"
        },
    ),
    Attack("an answer that is every choice", 14, "", {"answer": 'answer = ["a", "b", "c"]'}),
    Attack(
        "an answer that is a pattern", 14, "", {"answer": 'import re\nanswer = re.compile(".*")'}
    ),
    Attack("an answer of ten million letters", 14, "", {"answer": 'answer = "b" * 10_000_000'}),
    Attack(
        "a forged result file",
        24,
        "import os, json\nfor name in ('results.json', 'results.xml', 'gradebook.db', '.grading', '../results.json'):\n    try:\n        open(name, 'w').write(json.dumps({'score': 10, 'points': 10}))\n    except OSError:\n        pass",
    ),
    Attack("answers to the judge before it asks", 45, AGENT + "_flood()"),
    Attack("a forged agent", 45, AGENT, {"double": "def double(x):\n    _flood()\n    return x"}),
    Attack(
        "a thousand attributes and handles",
        46,
        "",
        {
            "double": "class Odd:\n    def __getattr__(self, name): return Odd()\n    def __call__(self, *a, **k): return Odd()\ndef double(x):\n    return Odd()"
        },
    ),
    Attack(
        "results without a plain form",
        43,
        "",
        {
            "double": "def double(x):\n    return torch.empty(3, device='meta')",
            "centre": "def centre(x):\n    return torch.zeros(5, 3).to_sparse()",
            "top": "def top(scores, k):\n    return torch.zeros(3, dtype=torch.complex64)",
        },
    ),
    Attack(
        "pickles on the way",
        44,
        "import os\nclass Bomb:\n    def __reduce__(self): return (os.system, ('touch pwned',))",
        {
            "double": "def double(x):\n    import pickle\n    return pickle.dumps(Bomb())",
            "top": "def top(scores, k):\n    return np.array([Bomb()], dtype=object)",
        },
    ),
    Attack(
        "nan, infinities and minus zero",
        42,
        "",
        {
            "double": "def double(x):\n    return x * float('nan')",
            "centre": "def centre(x):\n    return -0.0 * x + float('inf')",
            "top": "def top(scores, k):\n    return [float('nan')] * k",
        },
    ),
]
