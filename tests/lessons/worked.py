"""The worked answers of all lessons as functions, and what several tests show them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import lib
from harness.author import mutation, proof
from harness.author.lesson import Lesson

ROOT = Path(lib.__file__).parents[1]
HEART = [
    ["heart", "pain"],
    ["heart", "heart"],
    ["pain", "of", "the", "heart", "muscle"],
    ["lung", "pain"],
]
SCORES, POSITIVE = torch.tensor([[0.6, 0.45, 0.35, 0.1]]), torch.tensor([0.5])


@functools.cache
def lessons() -> dict[str, Lesson]:
    return {name: lesson for lesson in proof.lessons(ROOT) for name in lesson.exercises()}


@functools.cache
def answer(name: str) -> Callable[..., Any]:
    lesson = lessons()[name]
    return mutation.function_of(lesson.solution(name), name, proof.namespace(lesson, name))
