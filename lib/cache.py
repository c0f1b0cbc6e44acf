"""What the course keeps on disk between two runs: embeddings computed once, small models trained
once.

An embedding depends on the model and on the text, so both are in the key (lib.fingerprint): a
fine-tuned model never reads the vectors of its base model. Each model has one SQLite file. Transactions with
a rollback journal keep a file whole when a process is killed in the middle of a write and when
two notebooks write at once (a write-ahead log would need shared memory, which network folders
do not give). A trained model is one safetensors file, named after everything it was trained from.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import torch

from lib._arguments import refuse_one_string
from lib._files import write_whole
from lib._places import cache_folder

_WAIT_SECONDS = 60  # for another process to finish its write
_KEYS_PER_QUERY = 500  # SQLite limits the placeholders of one statement


def text_key(text: str) -> bytes:
    """Return the 16-byte BLAKE2b hash under which a text's vector is kept."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def remember(
    name: str,
    facts: Mapping[str, object],
    make: Callable[[], dict[str, torch.Tensor]],
    folder: Path | str | None = None,
) -> dict[str, torch.Tensor]:
    """Return make()'s tensors, on the CPU: made once and kept on disk, or read if `facts` are equal.

    name: what they are, in letters, digits and hyphens; the file's name begins with it.
    facts: all that the tensors depend on, as JSON can write it. folder: where, by default
    "trained" in the cache folder. For small models, of tens of megabytes: a file is read whole.

    A damaged file costs one printed line and is made anew; so does a disk that is full or
    read-only, where nothing is kept. An error in make() is raised, and nothing is kept.
    Raises ValueError for another name, TypeError for facts that JSON cannot write.
    """
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise ValueError(f"remember: name is {name!r}; expected letters, digits and hyphens")
    key = hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode()).hexdigest()[:32]
    path = None
    try:
        parent = Path(folder) if folder is not None else cache_folder() / "trained"
        path = parent / f"{name}-{key}.safetensors"
        if path.exists():
            return _read_tensors(path)
    except Exception as error:  # what a reader raises depends on which byte is wrong
        print(
            f"Could not read {path or 'the cache folder'} ({error}); what was in it is made anew."
        )
    made = {
        part: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for part, tensor in make().items()
    }
    if path is not None:
        _keep_tensors(path, made)
    return made


def _keep_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save

    content = save(tensors, {"checksum": _checksum(tensors)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        print(
            f"Could not keep {path.name} in {path.parent} ({error}); going on without it. "
            "Set COURSE_CACHE to a folder with space that you may write to."
        )


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load

    content = path.read_bytes()
    tensors = load(content)
    length = int.from_bytes(content[:8], "little")  # of the header, which is JSON
    if json.loads(content[8 : 8 + length])["__metadata__"]["checksum"] != _checksum(tensors):
        raise ValueError("the checksum does not fit")
    return tensors


def _checksum(tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


class EmbeddingCache:
    """Vectors of texts on disk, one SQLite file per model fingerprint.

    Several processes may use one folder at a time. A damaged file is set aside under a new name,
    with a line that says so, and a fresh one is begun: a cache costs time when it is lost,
    never a lesson. When the disk is full or read-only, `put` says so once and keeps nothing.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        self.folder = Path(folder) if folder is not None else cache_folder() / "embeddings"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._complained = False

    def path(self, fingerprint: str) -> Path:
        """Return the file that holds the vectors of the model with this fingerprint."""
        if not fingerprint or not fingerprint.isalnum():
            raise ValueError(
                f"EmbeddingCache: the fingerprint is {fingerprint!r}; expected letters and digits, "
                "as lib.search.fingerprint returns them"
            )
        return self.folder / f"{fingerprint}.sqlite"

    def get(self, fingerprint: str, texts: Sequence[str]) -> list[torch.Tensor | None]:
        """Return for each text its vector, (dim,) float32 on the CPU, or None if it is not kept."""
        refuse_one_string("EmbeddingCache.get", texts, "texts")
        path = self.path(fingerprint)
        if not path.exists():
            return [None] * len(texts)
        keys = [text_key(text) for text in texts]
        try:
            found = self._read(path, sorted(set(keys)))
        except sqlite3.OperationalError as error:
            self._complain("read", error)
            return [None] * len(texts)
        except sqlite3.DatabaseError as error:
            self._set_aside(path, error)
            return [None] * len(texts)
        return [found.get(key) for key in keys]

    def put(self, fingerprint: str, texts: Sequence[str], vectors: torch.Tensor) -> None:
        """Keep `vectors` (len(texts), dim) as float32, all of them or, if killed, none.

        Raises ValueError when the number of rows is not the number of texts.
        """
        refuse_one_string("EmbeddingCache.put", texts, "texts")
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ValueError(
                f"EmbeddingCache.put: {len(texts)} texts came with vectors of shape "
                f"{tuple(vectors.shape)}; expected ({len(texts)}, dim)"
            )
        rows = []
        for text, vector in zip(texts, vectors.detach().float().cpu().numpy()):
            blob = vector.astype("<f4").tobytes()
            rows.append((text_key(text), zlib.crc32(blob), blob))
        path = self.path(fingerprint)
        try:
            try:
                self._write(path, rows)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                self._set_aside(path, error)
                self._write(path, rows)
        except sqlite3.OperationalError as error:
            self._complain("write to", error)

    @staticmethod
    @contextmanager
    def _connection(path: Path) -> Iterator[sqlite3.Connection]:
        # A connection per operation: nothing is shared across forks, threads or kernels.
        with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)) as link:
            link.execute("PRAGMA journal_mode = DELETE")
            yield link

    def _read(self, path: Path, keys: list[bytes]) -> dict[bytes, torch.Tensor]:
        found: dict[bytes, torch.Tensor] = {}
        with self._connection(path) as link:
            known = link.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").fetchone()
            if known is None:  # another process has made the file and not yet its table
                return found
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                part = keys[start : start + _KEYS_PER_QUERY]
                marks = ",".join("?" * len(part))
                query = f"SELECT text, crc, vector FROM vectors WHERE text IN ({marks})"
                for key, crc, blob in link.execute(query, part):
                    if zlib.crc32(blob) == crc:  # a flipped bit counts as not kept
                        found[key] = torch.from_numpy(np.frombuffer(blob, "<f4").copy())
        return found

    def _write(self, path: Path, rows: list[tuple[bytes, int, bytes]]) -> None:
        with self._connection(path) as link:
            link.execute("BEGIN IMMEDIATE")
            link.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(text BLOB PRIMARY KEY, crc INTEGER NOT NULL, vector BLOB NOT NULL) WITHOUT ROWID"
            )
            link.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            link.execute("COMMIT")

    def _set_aside(self, path: Path, error: Exception) -> None:
        handle, aside = tempfile.mkstemp(dir=self.folder, prefix=f"{path.stem}.", suffix=".damaged")
        os.close(handle)
        try:
            os.replace(path, aside)
            # The old journal belongs to the damaged file: on a new one it would be played back.
            path.with_name(path.name + "-journal").unlink(missing_ok=True)
        except FileNotFoundError:  # another process was faster
            Path(aside).unlink(missing_ok=True)
            return
        print(
            f"The cache file {path.name} is damaged ({error}); it was set aside as "
            f"{Path(aside).name} and the vectors are computed again."
        )

    def _complain(self, verb: str, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            print(
                f"Could not {verb} the cache in {self.folder} ({error}); going on without it. "
                "Set COURSE_CACHE to a folder with space that you may write to."
            )
