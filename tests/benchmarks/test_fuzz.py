import pytest

from benchmarks.fuzz import codec


@pytest.mark.parametrize("path", sorted(codec.SEEDS.iterdir()), ids=lambda p: p.stem)
def test_every_kept_seed_is_read_or_refused(path):
    codec.one(path.read_bytes())
