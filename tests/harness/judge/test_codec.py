import contextlib
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge import codec
from harness.judge.codec import CodecError, decode, encode
from tests.lib.checks import plain


def there_and_back(value):
    return decode(json.loads(json.dumps(encode(value))))


@settings(max_examples=300, deadline=None)
@given(plain.values())
def test_a_plain_value_survives_the_round_trip(value):
    assert plain.identical(there_and_back(value), value)


@pytest.mark.parametrize("dtype", plain.TORCH_DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (2, 3)])
def test_tensors_of_every_dtype_and_shape_come_back(dtype, shape):
    tensor = (torch.arange(math.prod(shape), dtype=torch.float32) - 1).reshape(shape).to(dtype)
    back = there_and_back(tensor)
    assert back.dtype == dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)


@pytest.mark.parametrize("dtype", plain.NUMPY_DTYPES)
def test_arrays_and_numpy_scalars_of_every_dtype_come_back(dtype):
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    assert plain.identical(there_and_back(array.T), array.T)
    assert plain.identical(there_and_back(array[1, 2]), array[1, 2])


@pytest.mark.parametrize("value", [b"", b"\0\xff" * 70_000, {"file": b"a"}, [b"a", "a"]])
def test_bytes_come_back(value):
    assert there_and_back(value) == value


@pytest.mark.parametrize("body", [None, 3, "a", "é", "a===", ["YQ=="]])
def test_malformed_bytes_are_refused(body):
    with pytest.raises(CodecError):
        decode({"t": "bytes", "v": body})


def test_what_comes_back_can_be_written_to_and_shares_no_memory():
    first = encode(torch.zeros(3))
    one, two = decode(first), decode(first)
    one += 1
    assert two.sum() == 0
    array = decode(encode(np.zeros(3)))
    array += 1
    assert array.sum() == 3


def test_a_parameter_comes_back_as_a_plain_tensor():
    back = there_and_back(torch.nn.Parameter(torch.ones(2)))
    assert type(back) is torch.Tensor
    assert not back.requires_grad


class _Float(float):
    pass


class _Str(str):
    pass


class _Array(np.ndarray):
    pass


class _List(list):
    pass


class _Tensor(torch.Tensor):
    pass


def _deep(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


def _itself() -> list:
    value: list = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        object,
        len,
        lambda: 0,
        (n for n in "abc"),
        bytearray(b"bytes"),
        type("_Bytes", (bytes,), {})(b"bytes"),
        1j,
        range(3),
        _Float(1.0),
        _Str("text"),
        _List([1]),
        np.zeros(2).view(_Array),
        torch.zeros(2).as_subclass(_Tensor),
        np.array([None, 1], dtype=object),
        np.array(["text"]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.zeros(2, dtype=np.complex128),
        np.zeros(2, dtype=[("a", "f4")]),
        torch.eye(2).to_sparse(),
        torch.zeros(2, device="meta"),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2).to(torch.float8_e4m3fn),
        1 << 64,
        -(1 << 70),
        10**5000,
        _deep(codec.MAX_DEPTH + 1),
        _itself(),
        [1, {"a": object()}],
        {object(): 1},
        frozenset([1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(CodecError):
        encode(value)


def test_a_refusal_says_what_came_and_what_to_return():
    with pytest.raises(CodecError, match="object has no plain form: return numbers, strings"):
        encode([object()])


def test_too_many_items_and_too_many_bytes_are_refused_both_ways(monkeypatch):
    monkeypatch.setattr(codec, "MAX_NODES", 50)
    monkeypatch.setattr(codec, "MAX_BYTES", 400)
    many, long = {"t": "list", "v": [0] * 60}, encode(torch.zeros(40))
    with pytest.raises(CodecError, match="too large"):
        decode(many)
    with pytest.raises(CodecError, match="too large"):
        encode([0] * 60)
    with pytest.raises(CodecError, match="too large"):
        encode(torch.zeros(200))
    with pytest.raises(CodecError, match="too large"):
        encode("x" * 500)
    with pytest.raises(CodecError, match="too large"):
        decode("x" * 500)
    monkeypatch.setattr(codec, "MAX_BYTES", 100)
    with pytest.raises(CodecError, match="too large"):
        decode(long)


def test_a_deep_node_is_refused_before_the_stack_ends():
    node: object = 1
    for _ in range(900):
        node = {"t": "list", "v": [node]}
    with pytest.raises(CodecError, match="too deep"):
        decode(node)


GOOD = {"t": "tensor", "dtype": "float32", "shape": [2], "v": "AAAAAAAAAAA="}


@pytest.mark.parametrize(
    "node",
    [
        [],
        [1, 2],
        {},
        {"t": "object", "v": 1},
        {"t": None},
        {"t": ["list"], "v": []},
        {"t": {}, "v": []},
        {"t": "list"},
        {"t": "list", "v": 5},
        {"t": "list", "v": [[]]},
        {"t": "set", "v": [{"t": "list", "v": []}]},
        {"t": "dict", "v": [[1]]},
        {"t": "dict", "v": [[1, 2, 3]]},
        {"t": "dict", "v": [[{"t": "list", "v": []}, 1]]},
        {"t": "dict", "v": 3},
        {"t": "int", "v": "x"},
        {"t": "int", "v": 3},
        {"t": "int", "v": "9" * 21},
        {"t": "int", "v": "9" * 5000},
        10**30,
        {"t": "float", "v": "1.0"},
        {"t": "float", "v": ["nan"]},
        {"t": "float", "v": None},
        GOOD | {"dtype": "object"},
        GOOD | {"dtype": "<f4"},
        GOOD | {"dtype": ["float32"]},
        GOOD | {"t": "ndarray"},
        GOOD | {"t": "ndarray", "dtype": "|O"},
        GOOD | {"shape": [3]},
        GOOD | {"shape": []},
        GOOD | {"shape": [-2]},
        GOOD | {"shape": [-1, -2]},
        GOOD | {"shape": [2.0]},
        GOOD | {"shape": [True, 2]},
        GOOD | {"t": "ndarray", "dtype": "<f4", "shape": [True, 2]},
        GOOD | {"t": "ndarray", "dtype": "<f4", "shape": [-1, -2]},
        GOOD | {"shape": ["2"]},
        GOOD | {"shape": 2},
        GOOD | {"shape": [1] * 20 + [2]},
        GOOD | {"shape": [2**40, 2**40, 0], "v": ""},
        GOOD | {"shape": [2**70, 0], "v": ""},
        GOOD | {"v": "not base64!"},
        GOOD | {"v": "é"},
        GOOD | {"v": "AAAA"},
        GOOD | {"v": None},
        GOOD | {"v": [0, 0]},
        {"t": "tensor", "v": "AAAAAAAAAAA="},
        {"t": "tensor", "dtype": "bool", "shape": [2], "v": "AgE="},
        {"t": "ndarray", "dtype": "|b1", "shape": [2], "v": "AgE="},
    ],
    ids=lambda node: json.dumps(node)[:50],
)
def test_a_malformed_node_is_refused(node):
    assert decode(GOOD).tolist() == [0, 0]
    with pytest.raises(CodecError):
        decode(node)


_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["AAAAAAAAAAA=", "AAAA", "nan", "-inf", "float32", "<f4", "|b1", "bool"])
)
_kinds = st.sampled_from(
    ["int", "float", "list", "tuple", "set", "dict", "tensor", "ndarray", "npscalar", "x"]
)
_dtypes = st.sampled_from([*plain.NUMPY_DTYPES, "bfloat16", "<f4", "<i8", "|b1", "|O", ""])
_sizes = st.lists(
    st.integers(-1, 4) | st.sampled_from([0, 2**31, 2**63 - 1, 2**64]) | _scalars, max_size=14
)


def _grow(inner: st.SearchStrategy) -> st.SearchStrategy:
    lists = st.lists(inner, max_size=4)
    return (
        lists
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.fixed_dictionaries({"t": _kinds | inner, "v": lists | inner})
        | st.fixed_dictionaries(
            {
                "t": _kinds,
                "v": st.binary(max_size=8).map(lambda b: encode(np.frombuffer(b + b"0", "u1"))["v"])
                | inner,
                "dtype": _dtypes | inner,
                "shape": _sizes | inner,
            }
        )
    )


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(st.recursive(_scalars, _grow, max_leaves=20))
def test_decode_gives_a_value_or_a_codec_error_and_nothing_else(node):
    try:
        value = decode(node)
    except CodecError:
        return
    assert plain.identical(there_and_back(value), value)


@settings(max_examples=200, deadline=None)
@given(plain.values(), st.data())
def test_a_damaged_node_gives_a_value_or_a_codec_error(value, data):
    text = json.dumps(encode(value))
    place = data.draw(st.integers(0, len(text) - 1))
    text = text[:place] + data.draw(st.sampled_from(list('0-9{}[]",:aé'))) + text[place + 1 :]
    try:
        node = json.loads(text)
    except ValueError:
        return
    with contextlib.suppress(CodecError):
        decode(node)


def test_an_array_of_the_other_byte_order_keeps_its_numbers():
    array = np.array([1.0, 2.5, -3.0], dtype=np.dtype(np.float64).newbyteorder("S"))
    back = decode(encode(array))
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, array)


def test_a_set_has_one_form_whatever_its_order():
    one = {"v", "ok", (1, "a"), 3, None, 2.5}
    other = set()
    for item in sorted(one, key=repr, reverse=True):
        other.add(item)
    forms = [codec.encode(s) for s in (one, other, codec.decode(codec.encode(one)))]
    assert forms[0] == forms[1] == forms[2]
    assert [json.dumps(node) for node in forms[0]["v"]] == sorted(map(json.dumps, forms[0]["v"]))


@pytest.mark.parametrize(
    "node",
    [
        {"t": "set", "v": {"a": 1}},
        {"t": "list", "v": "abc"},
        {"t": "dict", "v": {"ab": 1}},
        {"t": "dict", "v": ["ab"]},
    ],
)
def test_containers_hold_lists_and_nothing_that_looks_like_one(node):
    with pytest.raises(codec.CodecError):
        codec.decode(node)
