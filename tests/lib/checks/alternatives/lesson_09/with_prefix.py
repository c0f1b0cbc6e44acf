"""Other right answers to `with_prefix`."""

from __future__ import annotations


def _by_conditions(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    if side not in ["query", "document"]:
        raise ValueError(side)
    prefix = ""
    if family == "e5":
        prefix = "query: " if side == "query" else "passage: "
    elif family == "nomic":
        prefix = "search_" + side + ": "
    elif family == "bge":
        if side == "query":
            prefix = "Represent this sentence for searching relevant passages: "
    elif family in ("e5-mistral", "gte-qwen2"):
        if side == "query":
            if len(task) == 0:
                raise ValueError("a task is asked for")
            prefix = "Instruct: " + task + "\n" + "Query: "
    elif family != "minilm":
        raise ValueError(family)
    return [prefix + text for text in texts]


def _by_pairs(family, texts, side, task=""):
    """A table of the pairs that have a prefix; what is not in it is known or refused."""
    known = {"e5", "nomic", "bge", "e5-mistral", "gte-qwen2", "minilm"}
    table = {
        ("e5", "query"): "query: {text}",
        ("e5", "document"): "passage: {text}",
        ("nomic", "query"): "search_query: {text}",
        ("nomic", "document"): "search_document: {text}",
        ("bge", "query"): "Represent this sentence for searching relevant passages: {text}",
        ("e5-mistral", "query"): "Instruct: {task}\nQuery: {text}",
        ("gte-qwen2", "query"): "Instruct: {task}\nQuery: {text}",
    }
    if family not in known or not (side == "query" or side == "document"):
        raise ValueError("not in the table")
    form = table.get((family, side), "{text}")
    if "{task}" in form and not task.strip():
        raise ValueError("no task")
    return tuple(form.format(text=text, task=task) for text in texts)


def _by_lookup_errors(family, texts, side, task=""):
    """Whatever the dictionaries do not hold becomes a ValueError."""
    told = {"query": f"Instruct: {task}\nQuery: ", "document": ""}
    try:
        prefix = {
            "e5": {"query": "query: ", "document": "passage: "},
            "nomic": {"query": "search_query: ", "document": "search_document: "},
            "bge": {
                "query": "Represent this sentence for searching relevant passages: ",
                "document": "",
            },
            "e5-mistral": told,
            "gte-qwen2": told,
            "minilm": {"query": "", "document": ""},
        }[family][side]
    except KeyError as error:
        raise ValueError(f"unknown: {error}") from error
    if not task and "Instruct" in prefix:
        raise ValueError("no task")
    return list(map(prefix.__add__, texts))


ALTERNATIVES = [_by_conditions, _by_pairs, _by_lookup_errors]
