"""The command `course doctor`: what this machine has, one line each, and what to do where something lacks."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tomllib
from pathlib import Path

import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness import paths
from harness.cli.console import out
from lib import _machine

MIN_MEMORY_GIB = 4
# The extras of pyproject.toml that a learner does without, and whom they are for.
READERS = {
    "teacher": "teachers",
    "api": "the services of lesson 09",
    "onnx": "ONNX Runtime in lesson 09",
    "cluster": "grading on several machines",
    "site": "the course's site",
    "dev": "developers",
}


def doctor() -> None:
    """Look at this machine: Python, packages, model, data, GPU, memory, disk, isolation."""
    findings = examine(paths.root())
    signs = {"ok": "[green]ok     [/]", "note": "[yellow]note   [/]", "missing": "[red]missing[/]"}
    for finding in findings:
        todo = f" {finding.todo}" if finding.todo else ""
        out.print(f"{signs[finding.state]} {finding.name:<14} {finding.text}.{todo}")
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def examine(root: Path) -> list[_machine.Finding]:
    """All findings, in the order a reader wants them."""
    return [
        _machine.python(),
        _packages(root),
        _machine.model(),
        *_machine.data(),
        _machine.accelerator(),
        _memory(),
        _machine.disk(root),
        _isolation(),
        _kernels(),
    ]


def wanted(project: Path) -> dict[str, list[Requirement]]:
    """What a `pyproject.toml` asks for: `""` the base, then each extra, without itself."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    groups = {"": table["dependencies"]} | table.get("optional-dependencies", {})
    own = canonicalize_name(table["name"])
    return {
        group: [r for r in map(Requirement, texts) if canonicalize_name(r.name) != own]
        for group, texts in groups.items()
    }


def _packages(root: Path) -> _machine.Finding:
    lock, project = root / "requirements.lock", root / "pyproject.toml"
    if not lock.is_file():
        return _machine.Finding("note", "Packages", "no requirements.lock to compare with")
    missing, other = [], []
    locked = _machine.pins(lock)
    for name, version in locked.items():
        try:
            here = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if here.split("+")[0] != version:
            other.append(f"{name} {here} (tested: {version})")
    todo = "Run `make setup`, or `pip install -r requirements.lock`."
    # A learner may have installed the base alone, and lacks nothing then.
    absent: list[str] = []
    if missing and project.is_file():
        missing, absent = _without_extras(missing, wanted(project))
    if missing:
        return _machine.Finding("missing", "Packages", f"not installed: {', '.join(missing)}", todo)
    without = f"; without what is for {' and '.join(absent)}" if absent else ""
    if other:
        return _machine.Finding(
            "note", "Packages", f"other versions: {', '.join(other)}{without}", todo
        )
    if absent:
        text = f"all that notebooks need at the tested versions{without}"
        return _machine.Finding(
            "ok", "Packages", text, "Not needed to learn; `make setup` installs all."
        )
    return _machine.Finding("ok", "Packages", f"all {len(locked)} at the tested versions")


def _without_extras(
    missing: list[str], groups: dict[str, list[Requirement]]
) -> tuple[list[str], list[str]]:
    """What of `missing` is a fault, and the extras of which nothing at all is installed."""
    base, faults, absent = _machine.needed(groups[""]), set(), []
    below = base
    for extra, readers in READERS.items():
        direct = {canonicalize_name(requirement.name) for requirement in groups.get(extra, [])}
        own = direct - below
        lacking = own & set(missing)
        if own and lacking == own:
            absent.append(readers)
        else:
            faults |= lacking
        below = below | _machine.needed(groups.get(extra, []))
    if not absent:
        return missing, []
    # What an absent package would need in turn is not to be known here: only what the base needs
    # and what an extra that is there lacks are faults.
    return [name for name in missing if name in base | faults], absent


def _memory() -> _machine.Finding:
    import psutil

    memory = psutil.virtual_memory()
    text = f"{memory.available / 2**30:.1f} GiB free of {memory.total / 2**30:.1f}"
    if memory.available / 2**30 >= MIN_MEMORY_GIB:
        return _machine.Finding("ok", "Memory", text)
    return _machine.Finding(
        "note", "Memory", text, "Run one lesson at a time: `course run --jobs 1`."
    )


def _isolation() -> _machine.Finding:
    from harness import sandbox

    best = sandbox.available()[0]
    if best is sandbox.Level.NONE:
        todo = "Needed only to grade other people's notebooks; docs/isolation.md."
        why = f"{sandbox.why(best.NAMESPACES)}; Landlock: {sandbox.why(best.LANDLOCK)}"
        return _machine.Finding("note", "Isolation", why, todo)
    from harness.sandbox import cgroup

    text = f"{best}, {cgroup.describe()}: other people's notebooks can be graded"
    if best is sandbox.Level.NAMESPACES:
        return _machine.Finding("ok", "Isolation", text)
    better = sandbox.why(sandbox.Level.NAMESPACES)
    return _machine.Finding("note", "Isolation", text, f"Better: {better}.")


def _kernels() -> _machine.Finding:
    from harness.kernels.client import can_fork
    from harness.kernels.spawned import SpawningParent

    if can_fork():
        return _machine.Finding("ok", "Kernels", "forked from a warm parent", "")
    return _machine.Finding(
        "note", "Kernels", SpawningParent.note or "", "Grading is slower here, no less right."
    )
