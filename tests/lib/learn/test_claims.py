import numpy as np
import pytest
import torch

from lib.learn import claim, headline
from lib.learn.panel import _RECORD as RECORD


@pytest.mark.parametrize("holds", [True, np.bool_(True), torch.tensor(True), 1])
def test_a_claim_that_holds_shows_what_was_measured(capsys, holds):
    claim("Longer is better.", holds, measured="0.5 against 0.4")
    assert capsys.readouterr().out == (
        "[✓] Claim holds: Longer is better.\nMeasured: 0.5 against 0.4\n"
    )


@pytest.mark.parametrize("holds", [False, np.bool_(False), torch.tensor(False)])
def test_a_claim_that_does_not_hold_shows_it_and_raises(capsys, holds):
    with pytest.raises(AssertionError, match=r"^claim does not hold: Longer.* Measured: 0\.4"):
        claim("Longer is better.", holds, measured="0.4 against 0.5")
    assert "[✗] Claim does not hold here: Longer is better." in capsys.readouterr().out


def test_claims_and_headlines_leave_records_for_a_run(shell):
    seen = shell("claim('It is so.', True, measured='1'); headline('nDCG@10 0.62')")
    assert [entry[RECORD] for entry in seen.data] == [
        {"kind": "claim", "statement": "It is so.", "holds": True, "measured": "1"},
        {"kind": "headline", "text": "nDCG@10 0.62"},
    ]


def test_a_claim_that_does_not_hold_for_another_model_is_shown_and_stops_nothing(shell):
    seen = shell("MODEL = 'folder/tiny'\nclaim('Longer is better.', False, measured='0')\n6 * 7")
    assert seen.error is None
    assert "Claim does not hold for folder/tiny: Longer is better." in seen.text
    assert seen.data[0][RECORD]["holds"] is False
    assert seen.data[0][RECORD]["model"] == "folder/tiny"
    own = shell("MODEL = 'all-MiniLM-L6-v2'\nclaim('Longer is better.', False, measured='0')")
    assert isinstance(own.error, AssertionError)


def test_a_headline_is_shown(capsys):
    headline("nDCG@10 0.62")
    assert capsys.readouterr().out == "[i] Headline: nDCG@10 0.62\n"
