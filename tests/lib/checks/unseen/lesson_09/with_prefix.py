"""Answers to `with_prefix`, written from its card alone."""

from __future__ import annotations

BGE = "Represent this sentence for searching relevant passages: "
TABLE = {
    "e5": ("query: ", "passage: "),
    "nomic": ("search_query: ", "search_document: "),
    "bge": (BGE, ""),
    "e5-mistral": ("Instruct: {task}\nQuery: ", ""),
    "gte-qwen2": ("Instruct: {task}\nQuery: ", ""),
    "minilm": ("", ""),
}
INSTRUCTED = ("e5-mistral", "gte-qwen2")


def right_table(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A dictionary of pairs and str.format on the prefix alone."""
    if family not in TABLE:
        raise ValueError(f"unknown family {family}")
    if side not in ("query", "document"):
        raise ValueError(f"unknown side {side}")
    prefix = TABLE[family][side == "document"]
    if "{task}" in prefix:
        if task == "":
            raise ValueError("task is missing")
        prefix = prefix.format(task=task)
    return [prefix + text for text in texts]


def right_ifs(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A chain of ifs, a loop with append."""
    if side != "query" and side != "document":
        raise ValueError("side")
    if family == "e5":
        prefix = "query: " if side == "query" else "passage: "
    elif family == "nomic":
        prefix = "search_query: " if side == "query" else "search_document: "
    elif family == "bge":
        prefix = BGE if side == "query" else ""
    elif family == "e5-mistral" or family == "gte-qwen2":
        prefix = ""
        if side == "query":
            if not task:
                raise ValueError("task")
            prefix = f"Instruct: {task}\nQuery: "
    elif family == "minilm":
        prefix = ""
    else:
        raise ValueError("family")
    result = []
    for text in texts:
        result.append(prefix + text)
    return result


def right_match(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Pattern matching on the pair."""
    match (family, side):
        case ("e5", "query"):
            before = "query: "
        case ("e5", "document"):
            before = "passage: "
        case ("nomic", "query" | "document"):
            before = "search_" + side + ": "
        case ("bge", "query"):
            before = BGE
        case ("e5-mistral" | "gte-qwen2", "query"):
            if len(task) == 0:
                raise ValueError("a task is needed")
            before = "Instruct: " + task + "\n" + "Query: "
        case ("bge" | "e5-mistral" | "gte-qwen2" | "minilm", "document") | ("minilm", "query"):
            before = ""
        case _:
            raise ValueError((family, side))
    return list(map(before.__add__, texts))


def right_keyed_by_both(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """One dictionary with a key of both; the KeyError becomes a ValueError."""
    instruction = "\n".join(["Instruct: " + task, "Query: "])
    prefixes = {(name, "query"): pair[0] for name, pair in TABLE.items()}
    prefixes |= {(name, "document"): pair[1] for name, pair in TABLE.items()}
    prefixes |= {(name, "query"): instruction for name in INSTRUCTED}
    try:
        prefix = prefixes[family, side]
    except KeyError as error:
        raise ValueError("no such family or side") from error
    if prefix == instruction and not task:
        raise ValueError("no task")
    return ["".join((prefix, text)) for text in texts]


def right_functions(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A small function a family, each of which gets the text; the checks come first."""

    def instructed(text: str) -> str:
        return "Instruct: %s\nQuery: %s" % (task, text)  # noqa: UP031

    def same(text: str) -> str:
        return text

    makers = {
        "e5": ("query: {}".format, "passage: {}".format),
        "nomic": ("search_query: {}".format, "search_document: {}".format),
        "bge": (lambda text: BGE + text, same),
        "e5-mistral": (instructed, same),
        "gte-qwen2": (instructed, same),
        "minilm": (same, same),
    }
    sides = ["query", "document"]
    if family not in makers or side not in sides:
        raise ValueError("family or side")
    make = makers[family][sides.index(side)]
    if make is instructed and task == "":
        raise ValueError("task")
    return [make(text) for text in texts]


def wrong_key_error(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Another family gives a KeyError."""
    if side not in ("query", "document"):
        raise ValueError("side")
    prefix = TABLE[family][side == "document"]
    if "{task}" in prefix and not task:
        raise ValueError("task")
    return [prefix.replace("{task}", task) + text for text in texts]


def wrong_any_side(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Any side but "query" is a document: "passage" passes."""
    if family not in TABLE:
        raise ValueError("family")
    prefix = TABLE[family][0 if side == "query" else 1]
    if "{task}" in prefix and not task:
        raise ValueError("task")
    return [prefix.replace("{task}", task) + text for text in texts]


def wrong_unknown_family(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Another family gets no prefix, and no ValueError."""
    if side not in ("query", "document"):
        raise ValueError("side")
    prefix = TABLE.get(family, ("", ""))[side == "document"]
    if "{task}" in prefix and not task:
        raise ValueError("task")
    return [prefix.replace("{task}", task) + text for text in texts]


def wrong_task_optional(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A query of e5-mistral without a task passes."""
    if family not in TABLE or side not in ("query", "document"):
        raise ValueError("family or side")
    prefix = TABLE[family][side == "document"].replace("{task}", task)
    return [prefix + text for text in texts]


def wrong_task_for_documents(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Documents of e5-mistral without a task raise, though the table asks for none there."""
    if family not in TABLE or side not in ("query", "document"):
        raise ValueError("family or side")
    if family in INSTRUCTED and not task:
        raise ValueError("task")
    prefix = TABLE[family][side == "document"].replace("{task}", task)
    return [prefix + text for text in texts]


def wrong_task_for_all(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A task for a family without one raises; it is to be ignored."""
    prefix = right_table(family, [""], side, task)[0]
    if task and family not in INSTRUCTED:
        raise ValueError("this family has no task")
    return [prefix + text for text in texts]


def wrong_starts_with(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """startswith("e5") comes first: e5-mistral gets the prefix of e5."""
    if family.startswith("e5"):
        right_table("e5", texts, side)
        return [TABLE["e5"][side == "document"] + text for text in texts]
    return right_table(family, texts, side, task)


def wrong_no_space(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """The space at the end is missing: "query:Gout"."""
    prefix = right_table(family, [""], side, task)[0].rstrip()
    return [prefix + text for text in texts]


def wrong_two_spaces(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Joins prefix and text by a further space, also where there is no prefix."""
    prefix = right_table(family, [""], side, task)[0]
    return [prefix + " " + text for text in texts]


def wrong_space_where_no_prefix(
    family: str, texts: list[str], side: str, task: str = ""
) -> list[str]:
    """f"{prefix} {text}": minilm gets a space at the start."""
    prefix = right_table(family, [""], side, task)[0].rstrip()
    return [f"{prefix} {text}" for text in texts]


def wrong_no_line_break(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A space for the line break between the task and `Query:`."""
    prefix = right_table(family, [""], side, task)[0].replace("\n", " ")
    return [prefix + text for text in texts]


def wrong_strips(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Strips the texts: " a" loses its space."""
    prefix = right_table(family, [""], side, task)[0]
    return [prefix + text.strip() for text in texts]


def wrong_skips_prefixed(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A text that starts with the prefix already, "query: a", gets none."""
    prefix = right_table(family, [""], side, task)[0]
    return [text if text.startswith(prefix) else prefix + text for text in texts]


def wrong_document_instructed(
    family: str, texts: list[str], side: str, task: str = ""
) -> list[str]:
    """Documents of e5-mistral get the instruction as well, if there is a task."""
    if family in INSTRUCTED and side == "document" and task:
        return right_table(family, texts, "query", task)
    return right_table(family, texts, side, task)


def wrong_bge_both(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """bge's instruction before documents too."""
    prefix = right_table(family, [""], side, task)[0]
    return [(BGE if family == "bge" else prefix) + text for text in texts]


def wrong_replaced_after(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Fills the task in after the text: a text with {task} in it changes."""
    right_table(family, [], side, task)
    prefix = TABLE[family][side == "document"]
    return [(prefix + text).replace("{task}", task) for text in texts]


def wrong_in_place(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Writes into the caller's list, so that a second call puts two prefixes."""
    prefix = right_table(family, [""], side, task)[0]
    for place, text in enumerate(texts):
        texts[place] = prefix + text
    return texts


def wrong_checks_in_loop(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Checks for each text: without a text, another family raises nothing."""
    return [right_table(family, [text], side, task)[0] for text in texts]


def wrong_any_case(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Takes "E5" for e5, where the table knows no such family."""
    return right_table(family.lower(), texts, side, task)


def wrong_empty_texts(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Drops empty texts, so that the rest no longer stand in their places."""
    return right_table(family, [text for text in texts if text], side, task)


def wrong_format(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """str.format on prefix and text together: a text with braces, "a {b}", raises."""
    right_table(family, [], side, task)
    prefix = TABLE[family][side == "document"]
    return [(prefix + text).format(task=task) for text in texts]


def wrong_side_any_case(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """Takes "Query" for "query"."""
    return right_table(family, texts, side.lower(), task)


def wrong_no_repeats(family: str, texts: list[str], side: str, task: str = "") -> list[str]:
    """A dictionary by text: of two equal texts one is lost."""
    prefix = right_table(family, [""], side, task)[0]
    return list({text: prefix + text for text in texts}.values())


RIGHT = [
    right_table,
    right_ifs,
    right_match,
    right_keyed_by_both,
    right_functions,
]
WRONG = [
    wrong_key_error,
    wrong_any_side,
    wrong_unknown_family,
    wrong_task_optional,
    wrong_task_for_documents,
    wrong_task_for_all,
    wrong_starts_with,
    wrong_no_space,
    wrong_two_spaces,
    wrong_space_where_no_prefix,
    wrong_no_line_break,
    wrong_strips,
    wrong_skips_prefixed,
    wrong_document_instructed,
    wrong_bge_both,
    wrong_replaced_after,
    wrong_in_place,
    wrong_checks_in_loop,
    wrong_any_case,
    wrong_empty_texts,
    wrong_format,
    wrong_side_any_case,
    wrong_no_repeats,
]
