import importlib.util
import logging

import pytest
import torch
from sentence_transformers import SentenceTransformer

from lib import onnx_export
from lib.onnx_export import OnnxEncoder, export_onnx, missing_packages, quantize_int8
from lib.tiny_models import make_tiny

TEXTS = ["kidney", "a large heart and two small kidneys on the wrong side", "heart of a child"]
needs_onnx = pytest.mark.skipif(
    bool(missing_packages()), reason="the extra `onnx` is not installed"
)


def torch_vectors(model, texts):
    return model.encode(texts, convert_to_tensor=True, show_progress_bar=False)


@needs_onnx
@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["bert", "nomic_bert", "qwen2"])
def test_the_exported_encoder_gives_the_vectors_of_torch(architecture, tmp_path, capfd):
    pooling = {"bert": "cls", "nomic_bert": "mean", "qwen2": "lasttoken"}[architecture]
    model = make_tiny(architecture, tmp_path / "model", pooling=pooling)
    encoder = OnnxEncoder(model, export_onnx(model, tmp_path), threads=1)
    for texts in (TEXTS, TEXTS[:1], [""], TEXTS * 5):  # other numbers of texts and of tokens
        expected = torch_vectors(model, texts)
        for batch_size in (1, 4):
            found = encoder.encode(texts, batch_size=batch_size)
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert capfd.readouterr().err == ""


@needs_onnx
@pytest.mark.slow
def test_int8_is_near_and_a_quarter_of_the_size(encoder, tmp_path):
    path = export_onnx(encoder, tmp_path)
    small = quantize_int8(path, tmp_path)
    assert small.stat().st_size < 0.3 * path.stat().st_size
    expected = torch_vectors(encoder, TEXTS)
    torch.testing.assert_close(
        OnnxEncoder(encoder, path).encode(TEXTS), expected, atol=1e-4, rtol=0
    )
    assert float((OnnxEncoder(encoder, small).encode(TEXTS) * expected).sum(dim=1).min()) > 0.98


@needs_onnx
@pytest.mark.slow
def test_a_file_is_made_once(tmp_path, monkeypatch):
    model = make_tiny("bert", tmp_path / "model")
    path = export_onnx(model, tmp_path)
    small = quantize_int8(path, tmp_path)
    monkeypatch.setattr(torch.onnx, "export", None)  # a second export would fail
    assert export_onnx(model, tmp_path) == path
    assert quantize_int8(path, tmp_path) == small
    with torch.no_grad():
        next(model.parameters()).mul_(2)
    with pytest.raises(TypeError):  # another model is exported anew
        export_onnx(model, tmp_path)
    assert sorted(tmp_path.glob("*.onnx")) == sorted([path, small])


@needs_onnx
def test_a_damaged_file_says_what_to_do(tmp_path):
    model = make_tiny("bert", tmp_path / "model")
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(OSError, match=r"broken\.onnx cannot be run; delete it and export"):
        OnnxEncoder(model, path)


@needs_onnx
def test_a_model_with_more_modules_is_refused(tmp_path):
    model = make_tiny("bert", tmp_path / "model")
    with pytest.raises(ValueError, match="the model is Transformer with pooling None"):
        export_onnx(SentenceTransformer(modules=[model[0]]), tmp_path)


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert missing_packages() == ["onnx", "onnxruntime", "onnxscript"]
    for act in (lambda: export_onnx(None), lambda: OnnxEncoder(None, tmp_path)):
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'embeddings-course\[onnx\]'"):
            act()


def test_quiet_exporting_is_undone(monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])  # as in a kernel; pytest has some
    with onnx_export._quietly():
        assert not logging.getLogger("any").isEnabledFor(logging.WARNING)
        logging.warning("said by the quantizer")  # gives the root logger a handler
    assert logging.getLogger("any").isEnabledFor(logging.WARNING)
    assert logging.root.handlers == []
