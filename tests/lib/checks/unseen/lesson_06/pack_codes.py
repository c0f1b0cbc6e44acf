"""Answers to `pack_codes`, written from its card alone."""

from __future__ import annotations

import numpy as np
import torch


def right_weights(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Powers of two as weights of the places in a byte."""
    n, dim = codes.shape
    if (dim * bits) % 8:
        raise ValueError(f"{dim} codes of {bits} bits do not fill whole bytes")
    each = 8 // bits
    weights = torch.tensor([2 ** (8 - bits * (i + 1)) for i in range(each)], device=codes.device)
    groups = codes.long().reshape(n, dim // each, each)
    return (groups * weights).sum(dim=-1).to(torch.uint8)


def right_every_nth(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """A loop over the places in a byte: shift what is there, add the next code."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("dim * bits has to be a multiple of 8")
    each = 8 // bits
    packed = torch.zeros_like(codes[:, ::each], dtype=torch.int64)
    for place in range(each):
        packed = (packed << bits) | codes[:, place::each].long()
    return packed.to(torch.uint8)


def right_packbits(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Every code as bits, then np.packbits, whose first bit is the highest."""
    n, dim = codes.shape
    if dim * bits % 8 > 0:
        raise ValueError("not a whole number of bytes")
    places = np.arange(bits - 1, -1, -1)
    ones = (codes.cpu().numpy().astype(np.int64)[:, :, None] >> places) & 1
    return torch.from_numpy(np.packbits(ones.reshape(n, dim * bits).astype(np.uint8), axis=1))


def right_in_uint8(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Stays in uint8 and fills an empty result byte after byte."""
    size, left = divmod(codes.size(1) * bits, 8)
    if left:
        raise ValueError(f"{left} bits are left over")
    out = torch.zeros(codes.size(0), size, dtype=torch.uint8, device=codes.device)
    small = codes.to(torch.uint8)
    for d in range(codes.size(1)):
        byte, place = divmod(d * bits, 8)
        out[:, byte] |= small[:, d] << (8 - bits - place)
    return out


def right_joined_in_pairs(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Joins neighbours to codes of twice as many bits until there are eight."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError(f"dim {codes.shape[1]} with {bits} bits")
    codes = codes.long()
    while bits < 8:
        codes = (codes[:, 0::2] << bits) | codes[:, 1::2]
        bits = bits * 2
    return codes.to(torch.uint8)


def right_floats(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """A matrix product in float64, which is exact up to 255."""
    n, dim = codes.shape
    each = {1: 8, 2: 4, 4: 2}[bits]
    if dim % each != 0:
        raise ValueError(f"dim has to be a multiple of {each}")
    weights = 2.0 ** torch.arange(8 - bits, -1, -bits, dtype=torch.float64, device=codes.device)
    return (codes.double().reshape(n, dim // each, each) @ weights).byte()


def right_columns(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """A list of bytes, each made of a slice of the columns."""
    dim = codes.shape[1]
    if dim * bits % 8:
        raise ValueError("whole bytes, please")
    each = 8 // bits
    columns = []
    for start in range(0, dim, each):
        byte = torch.zeros_like(codes[:, 0], dtype=torch.long)
        for code in codes[:, start : start + each].unbind(dim=1):
            byte = byte * 2**bits + code
        columns.append(byte)
    return torch.stack(columns, dim=1).to(torch.uint8)


def wrong_first_lowest(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The first code in the lowest bits: 147 in the example."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(0, 8, bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2).to(torch.uint8)


def wrong_bytes_shared(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """All vectors in one stream: no error where two vectors fill a byte together."""
    n, dim = codes.shape
    if codes.numel() * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.reshape(-1, 8 // bits) << shifts).sum(dim=1).to(torch.uint8).reshape(n, -1)


def wrong_no_error(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Codes that fill no byte are dropped without a word."""
    each = 8 // bits
    whole = codes.shape[1] // each
    shifts = torch.arange(8 - bits, -1, -bits)
    groups = codes[:, : whole * each].reshape(len(codes), whole, each)
    return (groups << shifts).sum(dim=2).to(torch.uint8)


def wrong_padded(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The last byte is filled up with zeros; no ValueError."""
    each = 8 // bits
    codes = torch.nn.functional.pad(codes, (0, -codes.shape[1] % each))
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.unflatten(1, (-1, each)) << shifts).sum(dim=2).to(torch.uint8)


def wrong_dtype(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The right numbers as int64: eight bytes for one."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2)


def wrong_int8(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """int8: 198 becomes -58."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2).to(torch.int8)


def wrong_too_strict(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """dim % 8 for dim * bits % 8: raises for the example's four codes of two bits."""
    if codes.shape[1] % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2).to(torch.uint8)


def wrong_far_apart(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """(codes a byte, bytes) for (bytes, codes a byte): a byte holds codes far apart; right for one byte."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    groups = codes.unflatten(1, (8 // bits, -1))
    return (groups << shifts[:, None]).sum(dim=1).to(torch.uint8)


def wrong_two_bits_only(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The example's shifts 6, 4, 2, 0 for every number of bits."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    groups = codes.reshape(len(codes), -1, 4)
    return (groups << torch.tensor([6, 4, 2, 0])).sum(dim=2).to(torch.uint8)


def wrong_bits_a_byte(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """`bits` codes a byte for 8 // bits: wrong for 1, 2 and 4 alike."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(bits - 1, -1, -1) * bits
    return (codes.reshape(len(codes), -1, bits) << shifts).sum(dim=2).to(torch.uint8)


def wrong_shift_by_one(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Shifts by one place a code, whatever the bits: codes overlap unless bits is 1."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    each = 8 // bits
    shifts = torch.arange(each - 1, -1, -1)
    return (codes.reshape(len(codes), -1, each) << shifts).sum(dim=2).to(torch.uint8)


def wrong_shift_from_eight(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Off by one code: shifts 8, 6, 4, 2, so the first code falls out of the byte."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8, 0, -bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2).to(torch.uint8)


def wrong_last_code_left_out(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """range(each - 1): the last code of each byte is left out, the others stand too low."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    packed = torch.zeros(len(codes), codes.shape[1] * bits // 8, dtype=torch.long)
    each = 8 // bits
    for place in range(each - 1):
        packed = (packed << bits) | codes[:, place::each].long()
    return packed.to(torch.uint8)


def wrong_unpacked(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """One byte a code: nothing is packed."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    return codes.to(torch.uint8)


def wrong_assert(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """AssertionError for ValueError."""
    assert codes.shape[1] * bits % 8 == 0
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2).to(torch.uint8)


def wrong_torch_error(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """No rule for a dim that does not fit: unflatten raises a RuntimeError of its own."""
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.unflatten(1, (-1, 8 // bits)) << shifts).sum(dim=2).to(torch.uint8)


def wrong_in_place(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The right bytes, but <<= shifts the caller's codes."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits).to(codes.dtype)
    groups = codes.unflatten(1, (-1, 8 // bits))
    groups <<= shifts
    return groups.sum(dim=2).to(torch.uint8)


def wrong_first_byte(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The first byte of each vector only."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes[:, : 8 // bits] << shifts).sum(dim=1, keepdim=True).to(torch.uint8)


def wrong_flat(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """The right bytes in one row: the vectors' axis is lost."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    shifts = torch.arange(8 - bits, -1, -bits)
    return (codes.reshape(-1, 8 // bits) << shifts).sum(dim=1).to(torch.uint8)


def wrong_packed_from_bytes(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """np.packbits of the codes: any code but 0 is a one; right for 1 bit."""
    if codes.shape[1] * bits % 8 != 0:
        raise ValueError("whole bytes")
    return torch.from_numpy(np.packbits(codes.numpy().astype(np.uint8), axis=1))


def wrong_order_and_error(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Two mistakes: the first code is the lowest, and nothing is raised for a dim that does not fit."""
    each = 8 // bits
    codes = codes[:, : codes.shape[1] // each * each].long()
    return sum(codes[:, i::each] << (bits * i) for i in range(each)).to(torch.uint8)


RIGHT = [
    right_weights,
    right_every_nth,
    right_packbits,
    right_in_uint8,
    right_joined_in_pairs,
    right_floats,
    right_columns,
]
WRONG = [
    wrong_first_lowest,
    wrong_bytes_shared,
    wrong_no_error,
    wrong_padded,
    wrong_dtype,
    wrong_int8,
    wrong_too_strict,
    wrong_far_apart,
    wrong_two_bits_only,
    wrong_bits_a_byte,
    wrong_shift_by_one,
    wrong_shift_from_eight,
    wrong_last_code_left_out,
    wrong_unpacked,
    wrong_assert,
    wrong_torch_error,
    wrong_in_place,
    wrong_first_byte,
    wrong_flat,
    wrong_packed_from_bytes,
    wrong_order_and_error,
]
