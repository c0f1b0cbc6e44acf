"""What the library computes of some tensors, by name: the same on every device.

Each of CASES takes tensors that INPUTS names by its arguments, and gives one tensor or several.
"""

import copy
import json
import tempfile
from types import SimpleNamespace

import pytest
import torch
from sentence_transformers.base.modules.dense import Dense
from transformers import BertConfig, BertModel

from lib import (
    centroid_candidates,
    chunking,
    colbert,
    colbert_training,
    corpus_map,
    domain_ranking,
    evaluation,
    evaluation_by_labels,
    finetune,
    forgetting,
    frozen_layers,
    geometry,
    gradient_cache,
    hybrid,
    index,
    int8_search,
    late_index,
    late_interaction,
    late_layers,
    long_documents,
    losses,
    matryoshka,
    metrics,
    negative_filters,
    negatives,
    pooling,
    quantization,
    residual_codec,
    search,
    search_evaluator,
    significance,
    throughput,
    trainer_run,
    tuple_training,
)
from lib.data import CourseSet, Split

generator = torch.Generator().manual_seed(0)


def _unit(*shape: int) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(*shape, generator=generator), dim=-1)


Q, P, N = _unit(12, 16), _unit(12, 16), _unit(12, 3, 16)
CORPUS = _unit(300, 16)
OWN = torch.arange(12)
SCORES = torch.rand(12, 3, generator=generator)
MASK = torch.tensor([[1, 1, 1, 0]] * 5 + [[0, 1, 1, 1]] * 7)
TOKENS = torch.randn(12, 4, 16, generator=generator)
TEXTS = ["a small heart", "extra teeth, all of them grey", "stiff neck."]


def trained(q, p):
    """A head trained for two epochs on the device of `q`."""
    torch.manual_seed(0)
    head = finetune.ProjectionHead(16).to(q.device)
    finetune.fit(
        head,
        len(q),
        lambda batch: losses.mnrl(head(q[batch.to(q.device)]), head(p[batch.to(q.device)])),
        batch_size=4,
        epochs=2,
        lr=1e-2,
        progress=False,
    )
    with torch.no_grad():
        return head(q)


def headed(q, p, n):
    torch.manual_seed(0)
    head = finetune.fit_head(q, p, range(12), negatives=n, batch_size=4, epochs=2)
    with torch.no_grad():
        return head(q)


def cached_gradients(q, p):
    torch.manual_seed(0)
    head = torch.nn.Linear(16, 8, device="cpu").to(q.device)
    gradient_cache.cached_backward(head, [q.split(5), p.split(5)], losses.mnrl)
    return head.weight.grad


def stored(vectors):
    """80 texts of three to four tokens each."""
    offsets = torch.linspace(0, len(vectors), 81).long()
    return late_interaction.TokenVectors(vectors, offsets)


def stored_gradient(queries, vectors):
    late_interaction.max_sim_scores(
        queries, queries[..., 0] > -0.2, stored(vectors)
    ).sum().backward()
    return vectors.grad


def coded(vectors):
    """What k-means, codec and packing give, whole numbers as floats."""
    centroids = residual_codec.spherical_kmeans(vectors, 20, 3)
    codec = residual_codec.ResidualCodec.fit(vectors, centroids, 2)
    codes = codec.encode(vectors, block=500)
    numbers = codes.centroids.float(), codes.residuals.float()
    return centroids, codec.cutoffs, codec.values, *numbers, codec.decode(codes)


def searched(queries, vectors):
    """What an index of coded tokens finds, in two stages and by looking at all."""
    unit = stored(vectors)
    with tempfile.TemporaryDirectory() as folder:
        index = late_index.LateIndex.build(folder, unit, 2, 16)
        asked = queries, queries[..., 0] > -0.2
        return *index.search(*asked, 5, candidates=20), *index.exact(*asked, 5)


def coded_by_steps(vectors):
    """The same by the single steps, and the candidates that centroids give."""
    centroids = residual_codec.kmeans_step(vectors, vectors[:20])
    near = residual_codec.nearest(vectors, centroids)
    residuals = vectors - centroids[near]
    cutoffs, values = residual_codec.buckets(residuals, 2)
    packed = residual_codec.pack(torch.bucketize(residuals, cutoffs), 2)
    decoded = residual_codec.decode(near, packed, centroids, values)
    owner = torch.arange(len(vectors), device=vectors.device) // 4
    found = centroid_candidates.centroid_candidates(vectors[:3], centroids, near, owner, 2, 10)
    return centroids, cutoffs, values, packed.float(), decoded, found.float()


def of_two_layers(width):
    torch.manual_seed(0)
    heads = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    with torch.device("cpu"):
        return BertModel(BertConfig(hidden_size=width, **heads))


def late_trained(kind, tokens, mask):
    """Vectors of `Tokens` or `Mean` before and after a training, and a gradient of their last layer."""
    # As much of a ColBERT as late_layers looks at: a transformer and a projection.
    parts = {"bias": False, "activation_function": torch.nn.Identity()}
    model = [SimpleNamespace(auto_model=of_two_layers(16)), Dense(16, 8, **parts)]
    encoder = kind(model).to(tokens.device)
    states = late_interaction.TokenVectors.from_padded(tokens, mask)
    scored = states.vectors[:, 0] > -1
    lower = late_layers.LowerStates(states, torch.ones_like(scored), scored)
    before = encoder.encode(lower)
    options = {"batch_size": 4, "epochs": 1, "progress": False}
    late_layers.train(encoder, lower, lower, range(len(lower)), **options)
    both = [x if kind is late_layers.Mean else x.vectors for x in (before, encoder.encode(lower))]
    return *both, next(encoder.layers.parameters()).grad


def read_by_colbert(encoder, tokens):
    """Lower states of questions and projected states of passages, read on the device of `tokens`."""
    model = copy.deepcopy(encoder)
    model[0].model = of_two_layers(32)
    model = colbert.make_colbert(model, 16, expansion=9).to(tokens.device)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", folder)
        lower = late_layers.lower_states(model, TEXTS, "query", progress=False)
    states = colbert.token_states(model, TEXTS, "document", progress=False, keep=False)
    marks = lower.attended.float(), lower.scored.float()
    return lower.states.vectors, *marks, colbert.project(model, states).vectors


def by_labels(vectors):
    """Scores of vectors in three groups, by scikit-learn."""
    labels = [row % 3 for row in range(len(vectors))]
    far = vectors + torch.eye(3, vectors.shape[1], device=vectors.device).repeat(100, 1)
    halves = far[::2], labels[::2], far[1::2], labels[1::2]
    return (
        evaluation_by_labels.classification(*halves, repeats=2).per_item,
        evaluation_by_labels.clustering(far, labels, repeats=2).per_item,
    )


def restored(q):
    """A head that is given what a training kept on disk, as the Trainer's model is."""

    class Model(finetune.ProjectionHead):
        device = property(lambda self: self.linear.weight.device)

    head = Model(16).to(q.device)
    log = {"history": [], "steps": 1, "best_step": None, "best_score": None, "seconds": 0.0}
    content = torch.tensor(list(json.dumps(log).encode()), dtype=torch.uint8)
    trainer = SimpleNamespace(model=head, state=SimpleNamespace(), evaluator=None)
    trainer.args = SimpleNamespace(metric_for_best_model="ndcg@10")
    weights = {name: value.cpu() + 0.5 for name, value in head.state_dict().items()}
    trainer_run._restored(trainer, {**weights, trainer_run._LOG: content})
    with torch.no_grad():
        return head(q)


def judged(rows):
    """How well a system does that finds these rows, on a set of three passages."""
    split = Split(["a", "b"], ["a", "b"], [{"1": 1}, {"2": 1}], [1, 2])
    some = ["0", "1", "2"]
    course = CourseSet("toy", some, some, some, some, [()] * 3, *[split] * 3, *[""] * 4)
    return domain_ranking.judge(course, split, {"it": lambda *_: rows}, k=2)["it"]


def read_and_taught(encoder, device):
    """What a small encoder on a device gives: vectors in three ways, scores, and a gradient."""
    model = copy.deepcopy(encoder)
    model[0].model = of_two_layers(32)
    model = model.to(device).eval()
    right = [{"a": 1}, {"b": 1}, {"c": 1}]
    evaluator = search_evaluator.search_evaluator(TEXTS, TEXTS[::-1], right, ["c", "b", "a"])
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_CACHE", folder)
        files = int8_search.build_index(TEXTS, model=model)
        rows = int8_search.search(files, TEXTS, 3, model)
        plain, scores = throughput.encode(model, TEXTS, batch_size=2), evaluator(model)
        layers = frozen_layers.remember_lower_layers(model, precision="float32")
        layers.read(TEXTS, progress=False)
    vectors = finetune.embed(model, TEXTS)
    losses.mnrl(vectors, plain).backward()
    last = next(p for p in model.parameters() if p.requires_grad)
    numbers = torch.tensor([*scores.values()]), torch.tensor(rows).float()
    return plain, vectors.detach(), last.grad, *(x.to(device) for x in numbers)


CASES = {
    "residual codec, step by step": lambda c: coded_by_steps(c),
    "index of coded tokens": lambda n, c: searched(n, c),
    "residual codec": lambda c: coded(c),
    "MaxSim": lambda n, c: late_interaction.max_sim(
        n, n[..., 0] > -0.2, *stored(c).pad(), block=200
    ),
    "MaxSim, plain": lambda n, c: late_interaction.plain_max_sim(
        n, n[..., 0] > -0.2, *stored(c).pad()
    ),
    "MaxSim, stored": lambda n, c: late_interaction.max_sim_scores(
        n, n[..., 0] > -0.2, stored(c), block=200
    ),
    "MaxSim, stored, with a gradient": lambda n, c: stored_gradient(n, c.clone().requires_grad_()),
    "MaxSim map": lambda n, c: late_interaction.max_sim_map(n[0], stored(c)[3]),
    "stored texts": lambda t, m: (
        late_interaction.TokenVectors.from_padded(t, m).select([3, 1]).pad()
    ),
    "mnrl": lambda q, p, n: losses.mnrl(q, p, n, symmetric=True),
    "mnrl, duplicates": lambda q, p, own: losses.mnrl(q, p, same=own // 2),
    "triplet": lambda q, p, n: losses.triplet_loss(q, p, n[:, 0], margin=0.5),
    "cosine similarity": lambda q, p, s: losses.cosine_similarity_loss(q, p, s[:, 0]),
    "CoSENT": lambda q, p, s: losses.cosent_loss(q, p, s[:, 0]),
    "margin-MSE": lambda q, p, n, s: losses.margin_mse(q, p, n, s[:, :1] - s),
    "best of chunks": lambda s, own: (
        chunking.best_of_chunks(s, own[:3] // 2, 2),
        chunking.mean_of_chunks(s, own[:3] // 2, 3),
    ),
    "top k": lambda q, c: search.top_k(q, c, 5, 7, 100),
    "fusion": lambda q, c: hybrid.fuse_tables(
        [search.top_k(q, c, 9), search.top_k(-q, c, 7)], above=(0.1, None)
    ),
    "weighted sum": lambda q, c: hybrid.weighted_sum([q @ c.T, -q @ c.T], [1, 3], [-1e3, -1e3]),
    "mine": lambda q, c, own: tuple(
        vars(negatives.mine(q, c, own, 4, relative_margin=0.05)).values()
    ),
    "mine, positives on the CPU": lambda q, c: negatives.mine(q, c, OWN, 4).indices,
    "judge": lambda q, c, own: (
        negatives.filter_by_scores(
            negatives.mine(q, c, own, 4),
            lambda a, b: (q[a] * c[b]).sum(dim=1),
            own,
            relative_margin=0.1,
        ).indices
    ),
    "mix and tuples": lambda q, c, own: negatives.ntuples(
        own, negatives.mix([negatives.mine(q, c, own, k).indices for k in (2, 4)], 3)
    ),
    "filters of negatives": lambda q, c, own: negative_filters.refilled(
        rows := negatives.mine(q, c, own, 8).indices,
        negative_filters.as_many_at_random(
            negative_filters.scores_of(q, c, rows[:, :4]) > 0.3, seed=1
        ),
        4,
    ),
    "a query's own choices": lambda q, p, n: tuple_training.own_choices(q, p, n),
    "truncate": lambda q: matryoshka.truncate(q, 4),
    "Matryoshka loss": lambda q, p: matryoshka.matryoshka_loss(losses.mnrl, q, p, dims=[4, 16]),
    "shortlist": lambda q, c: matryoshka.shortlist_and_rescore(q, c, 5, dim=4, size=20),
    "principal directions": lambda c: matryoshka.principal_directions(c, 4).abs(),
    "binary": lambda q, c: quantization.hamming_top_k(
        *(quantization.to_binary(x) for x in (q, c)), 5, 16
    ),
    "mean pooling": lambda t, m: pooling.mean_pool(t, m),
    "max pooling": lambda t, m: pooling.max_pool(t, m),
    "last token": lambda t, m: pooling.last_token_pool(t, m),
    "cosine matrix": lambda q, c: pooling.cosine_matrix(q, c),
    "Spearman": lambda q, p: metrics.spearman(q[0], p[0]),
    "Spearman of a batch": lambda s: metrics.spearman(s.T, s.T.flip(0)),
    "ranks": lambda s: metrics.average_ranks(s),
    "discounted gain": lambda s: metrics.dcg(s),
    "bootstrap": lambda s: metrics.bootstrap_means(s[:, 0]),
    "interval": lambda s: torch.tensor(list(vars(metrics.bootstrap_interval(s[:, 0])).values())),
    "paired interval": lambda s: torch.tensor(
        list(vars(significance.paired_interval(s[:, 0], s[:, 1])).values())
    ),
    "randomisation test": lambda s: torch.tensor(
        significance.randomisation_test(s[:, 0], s[:, 1], 500)
    ),
    "interval by groups": lambda s: torch.tensor(
        list(vars(significance.interval_by_groups(s[:, 0], [i // 3 for i in range(12)])).values())
    ),
    "flipped means": lambda s: significance.flipped_means(s[:, 0], 50, block=100),
    "similarities": lambda q, c: tuple(geometry.similarities(q, c)),
    "nearest": lambda q, c: geometry.nearest(q, 2 * c, 5, "euclid", 100),
    "neighbours": lambda c: geometry.neighbours(c, 4, 100),
    "relative contrast": lambda q, c: geometry.relative_contrast(q, c, 5),
    "distances of pairs": lambda c: geometry.pair_distances(c, 90, block=20),
    "variation": lambda s: geometry.coefficient_of_variation(s),
    "intrinsic dimension": lambda c: geometry.intrinsic_dimension(c),
    "anisotropy": lambda c: geometry.anisotropy(c),
    "centring": lambda q, c: geometry.centre(q, c.mean(dim=0)),
    "the map of a corpus": lambda c: corpus_map.principal_components(c, 2, 70),
    "hubs": lambda q, c: geometry.skewness(
        geometry.k_occurrence(geometry.nearest(q, c, 5)[1], len(c))
    ),
    "an index": lambda q, c: index.build_index(c, "hnsw").search(q, 5),
    "recall of an index": lambda q, c: index.index_recall(
        index.build_index(c, "ivf").search(q, 5, 2)[1], search.top_k(q, c, 5)[1], 5
    ),
    "pair classification": lambda q, p, own: torch.tensor(
        list(vars(evaluation.pair_classification(q, p, own % 3 == 0).interval).values())
    ),
    "STS": lambda q, p, s: evaluation.sts(q, p, s[:, 0]).per_item,
    "reranking": lambda q, c, own: (
        evaluation.reranking(q, c, own[:, None] + own * 9, [{i: 1} for i in range(12)]).per_item
    ),
    "summarisation": lambda n, s: evaluation.summarisation(n[:, :1], n, s).per_item,
    "rows as they are found": lambda q, c: metrics.ndcg_at_k(
        search.top_k(q, c, 5)[1], [{i: 1, 7: 2} for i in range(len(q))], 10
    ),
    "training a head": lambda q, p: trained(q, p),
    "a head of vectors": lambda q, p, n: headed(q, p, n),
    "change of agreement": lambda s: torch.tensor(
        list(
            vars(forgetting.change_of_agreement(*s.T, torch.arange(20).view(4, 5) % 12, 7)).values()
        )
    ),
    "gradients in two passes": lambda q, p: cached_gradients(q, p),
    "last layers, tokens": lambda t, m: late_trained(late_layers.Tokens, t, m),
    "last layers, mean": lambda t, m: late_trained(late_layers.Mean, t, m),
    "loss of a ColBERT": lambda q, p: (
        loss := colbert_training.in_batch_loss((asked := q.clone().requires_grad_()) @ p.T, 2.0),
        *torch.autograd.grad(loss, asked),
    ),
    "labels": lambda c: by_labels(c),
    "retrieval": lambda q, c: (
        evaluation.retrieval(q, c, [{row: 1} for row in range(len(q))]).per_item
    ),
    "weights that a training kept": lambda q: restored(q),
    "documents found": lambda s: long_documents.documents_found(
        s, long_documents.LongDocuments(["a", "b", "c"], [(i % 3, 0, 1) for i in range(12)]), 2
    ),
    "systems on several sets": lambda s: judged(s[:2].argsort()),
}
INPUTS = {"q": Q, "p": P, "n": N, "c": CORPUS, "own": OWN, "s": SCORES, "t": TOKENS, "m": MASK}


def computed(name, device):
    """The tensors that a case gives of inputs on a device."""
    function = CASES[name]
    wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
    found = function(*(INPUTS[x].to(device) for x in wanted))
    return [found] if isinstance(found, torch.Tensor) else list(found)
