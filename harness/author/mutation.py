"""Mutants of a worked answer, and whether a check rejects them.

A check that accepts a slightly broken answer is not worth much. So every answer is broken in all
the small ways below, one at a time, and the share of mutants that the check rejects is its
mutation score (DeMillo, Lipton and Sayward 1978, Hints on test data selection).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lib.checks.breakit import BreakIt
from lib.checks.calling import Limits, call
from lib.checks.exercise import Exercise

_BINARY: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_COMPARE: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_PAIRS = [
    "sum mean",
    "max min",
    "amax amin",
    "argmax argmin",
    "maximum minimum",
    "any all",
    "zeros ones",
    "zeros_like ones_like",
    "exp log",
    "logsigmoid sigmoid",
    "floor ceil",
    "cumsum cumprod",
    "left right",
    "append extend",
]
_NAMES = {a: b for pair in _PAIRS for a, b in (pair.split(), reversed(pair.split()))}


@dataclass(frozen=True)
class Mutant:
    """One broken version: what was changed, and the whole source."""

    description: str
    source: str


@dataclass(frozen=True)
class Score:
    """How a check fared: `survivors` are the mutants it accepted and nobody excused."""

    exercise: str
    total: int
    rejected: int
    equivalent: int
    survivors: tuple[str, ...]
    unused: tuple[str, ...]  # excuses that no mutant needs any more

    @property
    def rate(self) -> float:
        """The share rejected of the mutants that are not equivalent."""
        return self.rejected / max(1, self.total - self.equivalent)


def mutants(source: str) -> list[Mutant]:
    """Every distinct mutant of the one function in `source`, in a stable order."""
    tree = ast.parse(source)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    if ast.get_docstring(function):
        function.body = function.body[1:]
    function.returns = None
    for argument in [*function.args.args, *function.args.kwonlyargs]:
        argument.annotation = None
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    found: dict[str, Mutant] = {}
    named: dict[str, int] = {}
    for node in nodes:
        for new in _replacements(node):
            text = ast.unparse(ast.fix_missing_locations(_replaced(tree, node, new)))
            if text in found or text == ast.unparse(tree):
                continue
            around = _context(node, parents)
            label = f"{_short(around)} -> {_short(_replaced(around, node, new))}"
            named[label] = named.get(label, 0) + 1
            if named[label] > 1:
                label += f" #{named[label]}"
            found[text] = Mutant(label, text)
    return list(found.values())


def _context(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    """The expression that a reader needs to find a small node: `x.sum(dim=1)` for its `1`."""
    small = ast.Constant | ast.Slice | ast.UnaryOp | ast.Attribute | ast.comprehension
    while isinstance(node, small | ast.keyword | ast.Tuple) and node in parents:
        node = parents[node]
    return node


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else text[:90] + "..."


def _replaced(tree: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(node)

    # Copy what the transformer would change in place, but keep `old` recognisable.
    memo = {id(old): old}
    return Swap().visit(copy.deepcopy(tree, memo))


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        for operator in _BINARY.get(type(node.op), ()):
            yield ast.BinOp(node.left, operator(), node.right)
    elif isinstance(node, ast.AugAssign):
        for operator in _BINARY.get(type(node.op), ()):
            yield ast.AugAssign(node.target, operator(), node.value)
        yield ast.Pass()
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for operator in _COMPARE.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [operator()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        if len(node.values) == 2:
            yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Slice):
        if node.lower is not None:
            yield ast.Slice(None, node.upper, node.step)
        if node.upper is not None:
            yield ast.Slice(node.lower, None, node.step)
        if node.step is not None:
            yield ast.Slice(node.lower, node.upper, None)
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.If):
        yield ast.If(ast.Constant(True), node.body, node.orelse)
        yield ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)
    elif isinstance(node, ast.Assign | ast.Expr | ast.Continue | ast.Break):
        yield ast.Pass()
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield ast.Attribute(node.value, _NAMES[node.attr], node.ctx)


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 + 1.0)
        yield ast.Constant(-value)


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    for place in range(len(node.keywords)):
        rest = node.keywords[:place] + node.keywords[place + 1 :]
        yield ast.Call(node.func, node.args, rest)
    if len(node.args) == 2:
        yield ast.Call(node.func, node.args[::-1], node.keywords)
    if isinstance(node.func, ast.Attribute) and not _is_module(node.func.value):
        yield node.func.value  # x.clamp(min=1) -> x
    elif node.args:
        yield node.args[0]  # F.normalize(x, dim=-1) -> x
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        yield ast.Call(ast.Name(_NAMES[node.func.id], ast.Load()), node.args, node.keywords)


def _is_module(node: ast.AST) -> bool:
    return ast.unparse(node) in ("torch", "np", "F", "math", "torch.linalg", "np.linalg", "numpy")


def function_of(source: str, name: str, namespace: dict[str, Any]) -> Callable:
    """The function that the source defines, in a copy of the namespace."""
    scope = dict(namespace)
    exec(compile(source, f"<{name}>", "exec"), scope)
    return scope[name]


def score(
    exercise: Exercise | BreakIt,
    solution: str,
    namespace: dict[str, Any],
    *,
    seeds: tuple[int, ...] = (1, 2),
    seconds: float = 5.0,
) -> Score:
    """Run the check, visible and hidden, over every mutant of the worked answer.

    Args:
        solution: the answer cell's source without marks.
        namespace: what the answer may use (the setup cell's imports, earlier answers).
        seeds: hidden seeds; a mutant is accepted only if it passes all.
        seconds: a mutant that takes longer for one call counts as rejected (an endless loop).
    """
    if isinstance(exercise, BreakIt):
        return _score_test(exercise, function_of(solution, exercise.name, namespace))
    rejected, equivalent, survivors, used = 0, 0, [], set()
    every = mutants(solution)
    for mutant in every:
        if not _accepts(exercise, mutant.source, namespace, seeds, seconds):
            rejected += 1
        elif mutant.description in exercise.equivalent:
            equivalent += 1
            used.add(mutant.description)
        else:
            survivors.append(mutant.description)
    unused = tuple(sorted(set(exercise.equivalent) - used))
    return Score(exercise.name, len(every), rejected, equivalent, tuple(survivors), unused)


def _score_test(exercise: BreakIt, answer: Callable[[], list]) -> Score:
    """The score of a break-it: its mutants are the worked cases with one expected value spoilt.

    Other arguments make another case, which may be as good; a spoilt expectation never is.
    """
    cases = [list(case) for case in answer()]
    every = {
        f"case {number}: {text}": [*cases[:number], [*case[:-1], spoilt], *cases[number + 1 :]]
        for number, case in enumerate(cases)
        for text, spoilt in _spoilt(case[-1])
    }
    survivors = [
        text for text, test in every.items() if exercise.verdict(call(lambda t=test: t)).passed
    ]
    rejected = len(every) - len(survivors)
    unused = tuple(sorted(exercise.equivalent))
    return Score(exercise.name, len(every), rejected, 0, tuple(survivors), unused)


def _spoilt(value: Any) -> Iterator[tuple[str, Any]]:
    """The value with one number changed, one item dropped, or of another kind altogether."""
    yield f"{value!r} -> None", None
    yield f"{value!r} -> [{value!r}]", [value]
    if isinstance(value, list | tuple):
        for place, item in enumerate(value):
            rest = [*value[:place], *value[place + 1 :]]
            yield f"item {place} dropped", rest
            for text, spoilt in _spoilt(item):
                yield f"item {place}: {text}", [*value[:place], spoilt, *value[place + 1 :]]
    elif isinstance(value, bool):
        yield f"{value} -> {not value}", not value
    elif isinstance(value, int | float):
        for step in (1, -1, 2, -2, 100, -100) if isinstance(value, int) else (0.01, -0.01, 1, -1):
            yield f"{value} -> {value + step}", value + step


def _accepts(
    exercise: Exercise | BreakIt,
    source: str,
    namespace: dict[str, Any],
    seeds: tuple[int, ...],
    seconds: float,
) -> bool:
    try:
        caller = call(function_of(source, exercise.name, namespace), Limits(seconds))
    except (SyntaxError, NameError):
        return False
    return all(exercise.verdict(caller, seed).passed for seed in (None, *seeds))
