"""A real PostgreSQL server for tests: a fixture that the tests which want it find by its name."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    return next((p for p in places if all((p / n).exists() for n in ("initdb", "pg_ctl"))), None)


class NoServer(RuntimeError):
    """No server can be started here; the message says why."""


@pytest.fixture(scope="module")
def server():
    """The URL of a new server on a private socket, run by an ordinary user."""
    try:
        with running() as url:
            yield url
    except NoServer as error:
        pytest.skip(str(error))


@contextlib.contextmanager
def running(*options: str) -> Iterator[str]:
    """The same for the block; `options` are the server's own, by default `-c fsync=off`.

    Raises:
        NoServer: it cannot be had.
    """
    programs = _programs()
    if programs is None:
        raise NoServer("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    if not any(_importable(name) for name in ("psycopg", "psycopg2")):
        raise NoServer("psycopg is not installed")
    user = None
    if os.geteuid() == 0:
        import pwd

        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            raise NoServer(
                "the server does not run as root, and there is no user postgres"
            ) from None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if user:
            shutil.chown(folder, user)

        def run(name: str, *arguments: str) -> None:
            subprocess.run(
                [str(programs / name), *arguments],
                user=user,
                extra_groups=[] if user else None,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=240,
            )

        data = str(folder / "data")
        run("initdb", "-D", data, "-U", "teacher", "-A", "trust", "-E", "UTF8", "--no-sync")
        given = " ".join(options or ("-c fsync=off",))
        where = f"-k {folder} -c listen_addresses= {given}"
        run("pg_ctl", "-D", data, "-w", "-o", where, "-l", str(folder / "log"), "start")
        try:
            run("createdb", "-h", str(folder), "-U", "teacher", "grades")
            yield f"postgresql://teacher@/grades?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _importable(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None
