"""What each family of models wants before a text: the words that it saw there in training.

Many models were trained with one text before queries and another before documents. Without it, or
with the wrong one of the two, a vector lies where the model never learned to compare. A family is the
models that share their prefixes; `prefix_of` finds it by a model's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lib._arguments import as_texts, shown

SIDES = ("query", "document")
_HUB = "https://huggingface.co/"
_INSTRUCT = "Instruct: {task}\nQuery: "


@dataclass(frozen=True)
class Prefix:
    """What one family of models wants before a text.

    query, document: put before a text of that side, nothing in between; "{task}" stands for one
    sentence that says what is searched for.  names: a pattern for the names of its models, in lower
    case and without the owner.  source: the model card or the page that says so.
    """

    family: str
    query: str
    document: str
    names: str
    source: str

    @property
    def wants_task(self) -> bool:
        """Whether a query needs a sentence that describes the task."""
        return "{task}" in self.query


# A pattern names the models that their cards speak of, and no more: of other models with a like name
# (bge-m3, multilingual-e5-large-instruct) other prefixes hold.
PREFIXES: dict[str, Prefix] = {
    row.family: row
    for row in (
        Prefix(
            "e5",
            "query: ",
            "passage: ",
            r"(multilingual-)?e5-(small|base|large)(-v2)?",
            _HUB + "intfloat/e5-large-v2",
        ),
        Prefix(
            "nomic",
            "search_query: ",
            "search_document: ",
            r"nomic-embed-text-v1(\.5)?",
            _HUB + "nomic-ai/nomic-embed-text-v1.5",
        ),
        Prefix(
            "bge",
            "Represent this sentence for searching relevant passages: ",
            "",
            r"bge-(small|base|large)-en(-v1\.5)?",
            _HUB + "BAAI/bge-large-en-v1.5",
        ),
        Prefix(
            "e5-mistral",
            _INSTRUCT,
            "",
            r"e5-mistral-7b(-instruct)?",
            _HUB + "intfloat/e5-mistral-7b-instruct",
        ),
        Prefix(
            "gte-qwen2",
            _INSTRUCT,
            "",
            r"gte-qwen2-(1\.5b|7b)(-instruct)?",
            _HUB + "Alibaba-NLP/gte-Qwen2-7B-instruct",
        ),
        Prefix(
            "minilm",
            "",
            "",
            r"all-minilm-l(6|12)-v[12]",
            _HUB + "sentence-transformers/all-MiniLM-L6-v2",
        ),
        Prefix(
            "openai",
            "",
            "",
            r"text-embedding-(3-(small|large)|ada-002)",
            "https://platform.openai.com/docs/guides/embeddings",
        ),
        # The service puts "Represent the query for retrieving supporting documents: " or
        # "Represent the document for retrieval: " itself, as the call's input_type says.
        Prefix(
            "voyage",
            "",
            "",
            r"voyage-[a-z0-9.-]+",
            "https://docs.voyageai.com/reference/embeddings-api",
        ),
    )
}


def with_prefix(family: str, texts: Iterable[str], side: str, task: str = "") -> list[str]:
    """Return the texts as a model of this family wants them.

    family: a key of PREFIXES, such as "e5"; side: "query" or "document"; task: what is searched for,
    in a sentence, for the queries of the families that are told ("e5-mistral", "gte-qwen2"): "Given a
    web search query, retrieve relevant passages that answer the query".
    Raises ValueError for another family or side and for a task that is missing, and what `as_texts`
    raises.
    """
    texts = as_texts("with_prefix", texts)
    if family not in PREFIXES:
        raise ValueError(
            f"with_prefix: family is {shown(family)}; expected one of {', '.join(PREFIXES)}: "
            "prefix_of finds it by a model's name"
        )
    if side not in SIDES:
        raise ValueError(f"with_prefix: side is {shown(side)}; expected 'query' or 'document'")
    row = PREFIXES[family]
    if side == "query" and row.wants_task and not task.strip():
        raise ValueError(
            f"with_prefix: {family} is told what to search for and task is empty; give one sentence, "
            "such as 'Given a clinical description, retrieve the name of the finding'"
        )
    before = row.query.replace("{task}", task) if side == "query" else row.document
    return [before + text for text in texts]


def prefix_of(model_name: str) -> Prefix:
    """Return the prefixes of a model by its name, with or without its owner, in any case.

    Raises ValueError for a name that is in no family: a prefix is looked up, never guessed.
    """
    name = str(model_name).rstrip("/").rpartition("/")[2].lower()
    for row in PREFIXES.values():
        if re.fullmatch(row.names, name):
            return row
    raise ValueError(
        f"prefix_of: {shown(str(model_name))} is in none of the families {', '.join(PREFIXES)}; "
        "its model card says what it wants before a query and before a document"
    )
