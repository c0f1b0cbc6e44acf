"""The option `--cluster` of the commands that grade, and the connection that it asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.console import out, shown

if TYPE_CHECKING:
    from harness.grade.cluster import ClusterEngine
    from harness.sandbox import Level

Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Grade on a Dask cluster: tcp://HOST:8786 or tls://HOST:8786 is its scheduler; local:N "
        "starts N processes here. See docs/scale.md.",
    ),
]


@contextlib.contextmanager
def isolated(
    isolation: str, address: str | None, jobs: int | None
) -> Iterator[tuple[Level, ClusterEngine | None]]:
    """The level at which submissions are isolated where they are graded, and the cluster if it is one.

    Failures of the cluster in the block, and no isolation, end the command in a sentence.
    """
    from harness.grade.cluster import ClusterEngine, ClusterError
    from harness.grade.session import NoIsolation, choose_level

    def say(text: str) -> None:
        out.print(f"[yellow]{shown(text)}[/]")

    if address is not None and jobs is not None:
        raise typer.BadParameter(
            "a cluster's workers say how many are graded at once: give --cluster or --jobs",
            param_hint="--jobs",
        )
    try:
        if address is None:
            yield choose_level(isolation), None
            return
        with ClusterEngine(address, say) as engine:
            level = engine.level(isolation)
            if link := engine.dashboard:
                out.print(f"the cluster's dashboard: {shown(link)}")
            yield level, engine
    except NoIsolation as error:
        out.print(f"[red]no isolation:[/] {shown(error)}")
        raise typer.Exit(4) from None
    except ClusterError as error:
        out.print(f"[red]error:[/] {shown(error)}")
        raise typer.Exit(2) from None
