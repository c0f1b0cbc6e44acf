"""Print how the checks do on answers that their authors had not seen."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings

from tests.lib.checks.unseen import answers


def main() -> None:
    right = refused = wrong = passed = named = 0
    for answer in answers():
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            verdict = answer.verdict()
        if answer.right:
            right += 1
            refused += not verdict.passed
            if not verdict.passed:
                print("REFUSED", answer, "|", verdict.label, "|", verdict.message[:160])
        else:
            wrong += 1
            passed += verdict.passed
            named += verdict.mistake is not None
            if verdict.passed:
                print("PASSES ", answer)
            elif "-v" in sys.argv[1:]:
                print("named  " if verdict.mistake else "unnamed", answer, "|", verdict.mistake)
    print(f"right {right}, refused {refused} ({refused / right:.1%})")
    print(f"wrong {wrong}, passing {passed} ({passed / wrong:.1%}), named of the rejected ", end="")
    print(f"{named} ({named / (wrong - passed):.1%})")


if __name__ == "__main__":
    main()
