"""Build the course's site: `python site/make.py`, or `make site`.

Nothing is executed: the pages show what `course run` computed. Nothing is fetched either.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).parent))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="numbers of lessons (02); all if none")
    parser.add_argument("--run", type=Path, help="what course run left; by default build/run")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "site", help="where to build")
    parser.add_argument(
        "--no-index",
        action="store_true",
        help="leave the search by meaning out: the first index of a text takes minutes",
    )
    asked = parser.parse_args()
    from course_site import build

    places = build.Places(ROOT, asked.to.resolve())
    try:
        for line in build.prepare(places, asked.lessons, asked.run):
            print(line)
        build.render(places)
        if not asked.no_index:
            print(f"search by meaning: {build.index(places) / 1e6:.1f} MB")
    except (ValueError, RuntimeError, OSError) as error:
        print(f"The site was not built: {error}", file=sys.stderr)
        return 1
    print(f"The site is in {places.html}; to read it: python -m http.server -d {places.html}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
