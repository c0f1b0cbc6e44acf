"""Fuzz the messages between judge and student with atheris, for as long as you like.

    pip install atheris
    python -m benchmarks.fuzz.codec -max_total_time=3600 benchmarks/fuzz/seeds

Arguments are libFuzzer's. Interesting inputs are added to the folder; the seeds that are kept in the
repository are replayed by the tests (`--replay`, which needs no atheris). Whatever comes must be a
message or a `MessageError`, and its values plain values or a `CodecError`; a value that was taken
must survive being sent back.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

SEEDS = Path(__file__).with_name("seeds")


def one(data: bytes) -> None:
    """Read bytes as a message and its parts as values; raises if a promise is broken."""
    from harness.judge import codec, messages

    try:
        message = messages.parse(data)
    except messages.MessageError:
        return
    for node in [message.get("ok"), message.get("args"), message.get("value")]:
        try:
            value = codec.decode(node)
        except codec.CodecError:
            continue
        again = codec.encode(value)
        if codec.encode(codec.decode(json.loads(json.dumps(again)))) != again:
            raise AssertionError("a value changed on its way")


def seeds() -> list[bytes]:
    """The inputs kept in the repository."""
    return [path.read_bytes() for path in sorted(SEEDS.iterdir())]


def main() -> None:
    """Replay the seeds, or hand over to libFuzzer."""
    if "--replay" in sys.argv:
        began = time.perf_counter()
        for data in seeds():
            one(data)
        print(f"{len(seeds())} seeds in {time.perf_counter() - began:.2f} s")
        return
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris (Linux and macOS)")
    import torch  # noqa: F401 - before: its branches are not what is looked for

    with atheris.instrument_imports():
        import harness.judge.codec
        import harness.judge.messages  # noqa: F401
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
