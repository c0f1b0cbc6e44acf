"""Answers to `decode_tokens`, written from its card alone."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F


def right_shift_and_mask(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """int64, shifts, mask, reshape, index."""
    bits = {2: 1, 4: 2, 16: 4}[len(values)]
    shifts = torch.arange(8 - bits, -1, -bits, device=packed.device)
    codes = torch.bitwise_right_shift(packed.long().unsqueeze(-1), shifts) & (2**bits - 1)
    residuals = values[codes.reshape(len(packed), -1)]
    token = centroids[centroid_ids] + residuals
    return token / token.norm(dim=1, keepdim=True)


def right_remainders(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Divides by the number of values again and again; the last code comes out first."""
    count = len(values)
    each = round(8 / math.log2(count))
    rest = packed.to(torch.int64)
    codes = []
    for _ in range(each):
        codes.insert(0, rest % count)
        rest = rest // count
    residuals = torch.stack([values[code] for code in codes], dim=2).flatten(1)
    return F.normalize(centroids[centroid_ids] + residuals)


def right_table_of_bytes(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The values of all 256 bytes once; then each byte is looked up."""
    each = {2: 8, 4: 4, 16: 2}[values.numel()]
    table = torch.cartesian_prod(*[values] * each)  # (256, codes a byte), the first code slowest
    residuals = table[packed.int()].view(packed.shape[0], -1)
    return F.normalize(residuals + centroids.index_select(0, centroid_ids), p=2, dim=-1)


def right_unpackbits(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """np.unpackbits, and the bits of a code times 8, 4, 2, 1."""
    bits = int(np.log2(len(values)))
    ones = np.unpackbits(packed.cpu().numpy(), axis=1)
    codes = ones.reshape(len(ones), -1, bits) @ (1 << np.arange(bits)[::-1])
    vectors = centroids.cpu().numpy()[centroid_ids.cpu().numpy()] + values.cpu().numpy()[codes]
    return torch.from_numpy(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def right_loops(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Token after token, byte after byte, as strings of bits."""
    bits = len(values).bit_length() - 1
    rows = []
    for which, stored in zip(centroid_ids.tolist(), packed.tolist()):
        text = "".join(f"{byte:08b}" for byte in stored)
        codes = [int(text[at : at + bits], 2) for at in range(0, len(text), bits)]
        row = centroids[which] + torch.stack([values[code] for code in codes])
        rows.append(row / torch.linalg.vector_norm(row))
    return torch.stack(rows)


def right_written_in_strides(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """A copy of the centroids' rows, to which every place in a byte adds its columns."""
    count = len(values)
    bits = 1 if count == 2 else 2 if count == 4 else 4
    each = 8 // bits
    out = centroids[centroid_ids].clone()
    for place in range(each):
        codes = (packed.int() >> (8 - bits * (place + 1))) & (count - 1)
        out[:, place::each] += values[codes.long()]
    out /= out.pow(2).sum(dim=1, keepdim=True).sqrt()
    return out


def right_embedding(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """How many bits from dim and the bytes of a row; F.embedding looks both up."""
    bits = 8 * packed.shape[1] // centroids.shape[1]
    shifts = range(8 - bits, -1, -bits)
    codes = torch.stack([(packed >> shift) & (2**bits - 1) for shift in shifts], dim=-1)
    residuals = F.embedding(codes.long(), values[:, None]).flatten(1)
    return F.normalize(F.embedding(centroid_ids, centroids) + residuals, dim=1)


def wrong_order(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The lowest bits first: 2, 1, 0, 3 in the example."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(0, 8, bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_bits_are_values(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """bits = len(values): 4 bits for 4 values, an index out of range for 16."""
    bits = len(values)
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_two_bits_only(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The example's two bits for 2 and 16 values, too."""
    codes = (packed[:, :, None].long() >> torch.tensor([6, 4, 2, 0])) & 3
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_bit_length(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """bit_length of 4 is 3: one bit too many."""
    bits = len(values).bit_length()
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_no_mask(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Shifted, but the higher bits are kept: an index out of range."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = packed[:, :, None].long() >> shifts
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_mask_of_bits(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """& bits for & (2**bits - 1): keeps one bit of a code; right for 1 bit."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & bits
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_uint8_index(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Codes stay uint8, which torch reads as a mask."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits, dtype=torch.uint8)
    codes = (packed[:, :, None] >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_interleaved(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """All first codes of the bytes, then all second ones: right for one byte a token."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, None, :].long() >> shifts[:, None]) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=1)


def wrong_no_centroid(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The residual alone."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(values[codes.flatten(1)], dim=1)


def wrong_first_centroids(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Centroid i for token i: the ids are not looked up."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    rows = torch.arange(len(packed)) % len(centroids)
    return F.normalize(centroids[rows] + values[codes.flatten(1)], dim=1)


def wrong_not_normalised(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The sum as it is."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return centroids[centroid_ids] + values[codes.flatten(1)]


def wrong_normalised_too_early(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The residual gets length 1, then the centroid is added."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return centroids[centroid_ids] + F.normalize(values[codes.flatten(1)], dim=1)


def wrong_normalised_columns(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Normalised along the tokens."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten(1)], dim=0)


def wrong_one_length(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """norm() without dim divides by the length of all tokens together: right for one token."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    token = centroids[centroid_ids] + values[codes.flatten(1)]
    return token / token.norm()


def wrong_subtracted(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Centroid minus residual."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] - values[codes.flatten(1)], dim=1)


def wrong_codes_added(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Adds the codes themselves, not their values."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + codes.flatten(1), dim=1)


def wrong_in_place(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """The right vectors, but the caller's bytes are shifted empty on the way."""
    bits = len(values).bit_length() - 1
    codes = []
    for _ in range(8 // bits):
        codes.insert(0, (packed & (2**bits - 1)).long())
        packed >>= bits
    residuals = values[torch.stack(codes, dim=2).flatten(1)]
    return F.normalize(centroids[centroid_ids] + residuals, dim=1)


def wrong_centroids_changed(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Adds each residual to the centroid itself: the next token of the same centroid starts elsewhere."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    rows = []
    for which, row in zip(centroid_ids, values[codes.flatten(1)]):
        token = centroids[which.item()]
        token += row
        rows.append(token / token.norm())
    return torch.stack(rows)


def wrong_one_token(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """flatten() of everything: (n * dim,) is added to each of n rows; an error but for n of 1."""
    bits = len(values).bit_length() - 1
    shifts = torch.arange(8 - bits, -1, -bits)
    codes = (packed[:, :, None].long() >> shifts) & (2**bits - 1)
    return F.normalize(centroids[centroid_ids] + values[codes.flatten()], dim=1)


def wrong_order_and_length(
    centroid_ids: torch.Tensor, packed: torch.Tensor, centroids: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Two mistakes: lowest bits first, and no normalisation."""
    bits = int(math.log2(len(values)))
    codes = torch.stack([(packed >> s) & (2**bits - 1) for s in range(0, 8, bits)], dim=2)
    return centroids[centroid_ids] + values[codes.long().flatten(1)]


RIGHT = [
    right_shift_and_mask,
    right_remainders,
    right_table_of_bytes,
    right_unpackbits,
    right_loops,
    right_written_in_strides,
    right_embedding,
]
WRONG = [
    wrong_order,
    wrong_bits_are_values,
    wrong_two_bits_only,
    wrong_bit_length,
    wrong_no_mask,
    wrong_mask_of_bits,
    wrong_uint8_index,
    wrong_interleaved,
    wrong_no_centroid,
    wrong_first_centroids,
    wrong_not_normalised,
    wrong_normalised_too_early,
    wrong_normalised_columns,
    wrong_one_length,
    wrong_subtracted,
    wrong_codes_added,
    wrong_in_place,
    wrong_centroids_changed,
    wrong_one_token,
    wrong_order_and_length,
]
