"""What a box keeps from a process: each shown to be possible without it, and not within it."""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness import sandbox
from harness.sandbox import Box, Level, calls, landlock, linux, readable, seccomp
from tests.harness.sandbox import inside

ROOT = Path(__file__).parents[3]
LINUX = sys.platform == "linux"
MACHINE = int(platform.machine() == "aarch64")  # its place in `calls`
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not LINUX, reason="Linux only")]


@pytest.fixture(params=[Level.NAMESPACES, Level.LANDLOCK])
def level(request):
    reason = sandbox.why(request.param) if LINUX else "Linux only"
    if reason:
        pytest.skip(reason)
    return request.param


@pytest.fixture
def namespaces():
    if reason := sandbox.why(Level.NAMESPACES):
        pytest.skip(reason)
    return Level.NAMESPACES


@pytest.fixture
def place():
    with inside.place() as made:
        yield made


def held(said):
    return isinstance(said, str) and any(
        word in said
        for word in ("PermissionError", "FileNotFoundError", "ProcessLookupError", "OSError")
    )


def test_a_grader_s_own_mask_closes_nothing_in_the_box(place, level):
    before = os.umask(0o077)  # as where a classroom's files are written
    try:
        found = place.run(level, lambda box: len(os.read(os.open("/dev/urandom", os.O_RDONLY), 4)))
    finally:
        os.umask(before)
    assert found == 4


def test_an_environment_is_found_by_its_own_name_where_that_is_a_link(place, level, monkeypatch):
    link = f"{place.folder}/outer"
    os.makedirs(f"{place.folder}/far")
    os.symlink(sys.base_prefix, f"{place.folder}/far/env")
    os.symlink(f"{place.folder}/far", link)
    monkeypatch.setattr(sys, "prefix", f"{link}/env")
    assert [leads for leads, _ in readable.links(sys.prefix)][:2] == [
        link,
        f"{place.folder}/far/env",
    ]
    inner = next(Path(sys.base_prefix).glob("lib/python3*/os.py")).relative_to(sys.base_prefix)
    size = (Path(sys.base_prefix) / inner).stat().st_size
    assert place.run(level, lambda box: os.path.getsize(f"{sys.prefix}/{inner}")) == size


def test_there_is_no_network(place, level):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def connects(box):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return "connected"

        def sends(box):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                return udp.sendto(b"x", ("127.0.0.1", port))

        assert place.run(Level.NONE, connects) == "connected"
        assert held(place.run(level, connects))
        assert place.run(Level.NONE, sends) == 1
        assert held(place.run(level, sends))


def test_there_is_no_network_before_the_filter_either(place, namespaces):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        def connects(box):
            socket.create_connection(address, 1).close()
            return "connected"

        assert place.run(Level.NONE, connects) == "connected"
        assert held(place.run(namespaces, connects, closed=False))


def test_other_programs_sockets_cannot_be_reached(place, level):
    names = [f"{place.folder}/listening", f"\0box-{os.getpid()}-{id(place)}"]
    datagrams = f"{place.folder}/datagrams"
    servers = [socket.socket(socket.AF_UNIX) for _ in names]
    servers.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    for server, name in zip(servers, [*names, datagrams]):
        server.bind(name)
        if not name.startswith("\0"):
            os.chmod(name, 0o777)
    for server in servers[:-1]:
        server.listen()

    def connects(name):
        def inner(box):
            with socket.socket(socket.AF_UNIX) as own:
                own.connect(name)
            return "connected"

        return inner

    def sends(box):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
            return own.sendto(b"x", datagrams)

    def sends_from_a_pair(box):
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", datagrams)

    for attempt in (*map(connects, names), sends, sends_from_a_pair):
        assert place.run(Level.NONE, attempt) in ("connected", 1)
        assert held(place.run(level, attempt))
    for server in servers:
        server.close()


def test_files_outside_are_neither_read_nor_written_nor_changed(place, level):
    path = place.outside

    def reads(box):
        return path.read_text()

    def lists(box):
        if path.name not in os.listdir(path.parent):
            raise FileNotFoundError

    def writes(box):
        return path.write_text("not yours")

    def truncates(box):
        return os.truncate(path, len("not yours"))

    def changes(box):
        return os.chmod(path, 0o666)

    def touches(box):
        return os.utime(path)

    def follows(box):
        os.symlink(path, f"{box.work}/link")
        try:
            return Path(box.work, "link").read_text()
        finally:
            os.unlink(f"{box.work}/link")

    def links(box):
        os.link(path, f"{box.work}/hard")
        return os.unlink(f"{box.work}/hard")

    for attempt in (reads, lists, writes, truncates, changes, touches, follows, links):
        assert not held(place.run(Level.NONE, attempt)), attempt.__name__
        before = path.stat()
        assert held(place.run(level, attempt)), attempt.__name__
        assert path.stat() == before


def test_everything_but_its_own_folders_is_read_only(place, level):
    def writes(box):
        done = []
        for folder in ("/", "/usr", "/etc", sys.prefix, "/tmp", "/dev/shm", "/var/tmp", "/proc"):
            try:
                Path(folder, "box-test").write_text("x")
                Path(folder, "box-test").unlink()
                done.append(folder)
            except OSError:
                pass
        return done

    assert {"/tmp", "/dev/shm"} <= set(place.run(Level.NONE, writes))
    assert place.run(level, writes) == (["/tmp", "/dev/shm"] if level is Level.NAMESPACES else [])


def test_a_library_s_own_threads_start_after_the_filter_is_set(place, level):
    def starts(box):
        import zmq

        with zmq.Context() as context, context.socket(zmq.PAIR) as one:
            one.bind("inproc://own")
        return "started"

    assert place.run(level, starts) == "started"


def test_its_own_folders_are_private_and_python_is_there(place, level):
    Path(place.folder, "k/w/data.csv").write_text("1,2\n")

    def works(box):
        import decimal  # noqa: F401 - a module that was not read before

        sandbox.close(box)
        for folder in (box.home, box.work):
            Path(folder, "own").write_text("x")
            Path(folder, "deep").mkdir()
            os.rename(Path(folder, "own"), Path(folder, "deep", "own"))
        os.stat(sys.executable), os.urandom(4), open("/dev/null", "w").close()
        return Path(box.work, "data.csv").read_text()

    def listens(box):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"{box.sockets}/listening")
        return works(box)

    assert place.run(level, listens, closed=False) == "1,2\n"
    assert Path(place.folder, "k/s/listening").is_socket()
    assert not Path("/tmp/own").exists()
    assert place.outside.read_text() == "not yours"


def test_a_notebook_beside_is_not_to_be_read(place, level):
    Path(place.folder, "k/w/hidden.ipynb").write_text("solution")

    def reads(box):
        return Path(box.work, "hidden.ipynb").read_text()

    assert place.run(Level.NONE, reads) == "solution"
    assert held(place.run(level, reads))


def test_files_have_a_size_that_they_cannot_pass(place, level):
    limit = place.limits.work_bytes + place.limits.tmp_bytes
    assert place.run(Level.NONE, inside.fill("work"))[0] == 64 << 20
    for path in Path(place.folder, "k/w").iterdir():
        path.unlink()
    for folder in ("home", "work"):
        said = place.run(level, inside.fill(folder))
        if level is Level.NAMESPACES:
            assert said == [8 << 20, errno.ENOSPC]
        else:
            assert said == f"ended with {128 + signal.SIGKILL}"
            left = sum(p.stat().st_size for p in Path(place.folder, "k").rglob("*") if p.is_file())
            assert left < limit + (40 << 20)  # it is looked at ten times in a second


def test_deleted_files_are_counted_too(place):
    if sandbox.why(Level.LANDLOCK):
        pytest.skip(sandbox.why(Level.LANDLOCK))

    def hides(box):
        import time

        with open(Path(box.work, "hidden"), "wb") as first, open(Path(box.home, "h"), "wb") as file:
            os.unlink(Path(box.work, "hidden")), os.unlink(Path(box.home, "h"))
            first.write(bytes(12 << 20)), file.write(bytes(12 << 20))
            time.sleep(2)
        return "hidden"

    assert place.run(Level.LANDLOCK, hides) == f"ended with {128 + signal.SIGKILL}"


def test_one_file_has_a_size_that_it_cannot_pass(place, level):
    def truncates(box):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with open(Path(box.home, "sparse"), "wb") as file:
            file.truncate(17 << 20)
        return "done"

    os.mkdir(f"{place.folder}/k/t")
    assert "File too large" in place.run(level, truncates)


def test_other_processes_are_not_to_be_seen_or_signalled(place, level):
    victim = os.getpid()

    def sees(box):
        return [p for p in os.listdir("/proc") if p.isdigit() and p != str(os.getpid())]

    def reads(box):
        return Path(f"/proc/{victim}/cmdline").read_text()

    def signals(box):
        return os.kill(victim, 0)

    def owns(box):
        import fcntl

        return fcntl.fcntl(0, fcntl.F_SETOWN, victim)

    def slows(box):
        return os.setpriority(os.PRIO_PROCESS, victim, os.getpriority(os.PRIO_PROCESS, victim))

    for attempt in (sees, reads, signals, slows, owns):
        assert not held(place.run(Level.NONE, attempt)), attempt.__name__
        said = place.run(level, attempt)
        assert said == [] or held(said), (attempt.__name__, said)


def test_what_the_whole_machine_shares_is_not_to_be_had(place, level):
    """AIO contexts and inotify instances are counted for all, and inotify tells names that are not to be
    listed; so do notices of a folder, and pipes hold memory that no limit counts."""
    aio, notify = (calls.REFUSED[name][MACHINE] for name in ("io_setup", "inotify_init1"))

    def contexts(box):
        held = ctypes.c_ulong(0)
        return linux.check(linux.libc.syscall(aio, 8, ctypes.byref(held)), "io_setup")

    def watches(box):
        handle = linux.check(linux.libc.syscall(notify, 0), "inotify_init1")
        return (
            handle and linux.check(linux.libc.inotify_add_watch(handle, b"/tmp", 0x100), "w") and 0
        )

    def notices(box):
        import fcntl

        return fcntl.fcntl(os.open("/tmp", os.O_RDONLY), 1026, 0)  # F_NOTIFY

    def pipes(box):
        import fcntl

        return fcntl.fcntl(os.pipe()[1], 1031, 1 << 20) and 0  # F_SETPIPE_SZ

    for attempt in (contexts, watches, notices, pipes):
        assert place.run(Level.NONE, attempt) == 0, attempt.__name__
        assert held(place.run(level, attempt)), attempt.__name__
        assert place.run(level, attempt, closed=False) == 0 or attempt is notices, attempt.__name__


def test_no_process_can_be_started(place, level):
    def forks(box):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return "forked"

    def runs(box):
        return subprocess.run(["/bin/true"], check=True).returncode

    assert place.run(Level.NONE, forks) == "forked"
    assert held(place.run(level, forks))
    assert place.run(Level.NONE, runs) == 0
    assert held(place.run(level, runs))


def test_there_are_no_privileges_and_none_to_be_had(place, level):
    def state(box):
        libc = ctypes.CDLL(None)
        header, data = ctypes.create_string_buffer(8), ctypes.create_string_buffer(24)
        header.raw = (0x20080522).to_bytes(4, sys.byteorder) + bytes(4)
        libc.capget(header, data)
        bounding = [n for n in range(41) if libc.prctl(23, n, 0, 0, 0) == 1]
        return {
            "capabilities": data.raw.hex().strip("0"),
            "bounding": bounding if os.getuid() != USER else [],
            "no_new_privs": libc.prctl(39, 0, 0, 0, 0),
            "dies_with_parent": _death_signal(libc),
            "seccomp": libc.prctl(21, 0, 0, 0, 0),
            "root": 0 in os.getresuid(),
        }

    def _death_signal(libc):
        number = ctypes.c_int()
        libc.prctl(2, ctypes.byref(number), 0, 0, 0)
        return number.value

    USER = -1 if os.getuid() == 0 else os.getuid()  # who has no right to drop what it never had
    plain = place.run(Level.NONE, state)
    assert (plain["no_new_privs"], plain["dies_with_parent"], plain["seccomp"]) == (0, 0, 0)
    assert place.run(level, state) == {
        "capabilities": "",
        "bounding": [],
        "no_new_privs": 1,
        "dies_with_parent": 9,
        "seccomp": 2,
        "root": False,
    }


def test_limits_are_set_and_cannot_be_raised(place, level):
    kinds = ("FSIZE", "NOFILE", "AS", "CORE", "CPU", "MSGQUEUE")

    def limits(box):
        return [resource.getrlimit(getattr(resource, f"RLIMIT_{kind}")) for kind in kinds]

    def raises(box):
        for kind in kinds:
            number = getattr(resource, f"RLIMIT_{kind}")
            try:
                resource.setrlimit(number, (resource.getrlimit(number)[1] + 1,) * 2)
            except (ValueError, OSError):
                continue
            return kind
        raise PermissionError

    found = place.run(level, limits)
    assert found[0] == [16 << 20] * 2
    assert found[1] == [256] * 2
    assert all(soft == hard >= 0 for soft, hard in found)
    assert place.run(Level.NONE, limits) != found
    assert held(place.run(level, raises))


def test_memory_has_a_limit(place, level):
    def takes(box):
        return len(bytearray(300 << 20))

    assert place.run(Level.NONE, takes) == 300 << 20
    assert "MemoryError" in place.run(level, takes)


def test_a_thread_bomb_ends_at_the_limit(place, level):
    assert place.run(Level.NONE, inside.threads) == 1000
    said = place.run(level, inside.threads)
    if level is Level.LANDLOCK and os.getuid() != 0:  # looked at from outside, ten times a second
        assert said == f"ended with {128 + signal.SIGKILL}" or said <= 1000
    else:
        assert place.limits.processes - 2 <= said < place.limits.processes


def test_a_thread_bomb_takes_no_thread_from_another(place, level):
    if level is Level.LANDLOCK and os.getuid() != 0:
        pytest.skip("an ordinary user's threads are counted together without a namespace")
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:

        def bomb(box):
            inside.threads(box)
            os.write(write, b"x")
            signal.pause()

        os.setsid()
        with inside.place() as other:
            other.run(level, bomb)
        os._exit(0)
    assert os.read(read, 1) == b"x"  # the bomb stands at its limit
    assert place.run(level, inside.threads) >= place.limits.processes - 2
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_its_end_is_told(place, level):
    assert place.run(level, lambda box: os._exit(7)) == "ended with 7"
    killed = place.run(level, lambda box: ctypes.string_at(1))
    assert killed == f"ended with {128 + signal.SIGSEGV}"


def test_the_network_of_the_namespace_is_empty(place, namespaces):
    def interfaces(box):
        return [name for _, name in socket.if_nameindex()]

    assert place.run(namespaces, interfaces, closed=False) in ([], ["lo"])


def test_each_kernel_of_root_has_a_user_of_its_own(monkeypatch, tmp_path):
    if os.getuid() != 0:
        pytest.skip("for root only")
    users = set()
    for pid in (5, 6, 4_000_000):
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        users.add(linux.user())
    assert len(users) == 3
    assert all(60_000 < user < 2**31 for user in users)


def test_all_this_holds_for_an_ordinary_user_too():
    if os.getuid() != 0 or subprocess.run(["which", "setpriv"], capture_output=True).returncode:
        pytest.skip("for root, with setpriv")
    nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    python = [sys.executable, "-B", "-c", "import os, sys; os.stat(sys.executable)"]
    if subprocess.run([*nobody, *python], capture_output=True, cwd=ROOT).returncode:
        pytest.skip(f"{sys.executable} or {ROOT} is closed to other users")
    tests = [*python[:2], "-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__))]
    env = os.environ | {"HOME": "/tmp"}
    done = subprocess.run([*nobody, *tests], capture_output=True, text=True, cwd=ROOT, env=env)
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("level", [one for one in Level if one is not Level.NONE])
def test_the_last_step_closes_the_folder_of_sockets_at_every_level(level, tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(landlock, "seal", lambda box: done.append("sealed"))
    monkeypatch.setattr(linux, "seal", lambda: done.append("sealed"))
    monkeypatch.setattr(seccomp, "close", lambda outside: done.append("filtered"))
    sandbox.close(Box(level, str(tmp_path / "s"), str(tmp_path / "w")))
    assert done == ["sealed", "filtered"]


def test_a_user_of_its_own_is_kept_from_what_is_closed_to_others(place):
    if reason := sandbox.why(Level.USER):
        pytest.skip(reason)
    place.outside.chmod(0o600)
    place.outside.with_name("open").write_text("for all")

    def reads(box):
        return place.outside.read_text()

    def others(box):
        return place.outside.with_name("open").read_text(), os.getuid() > 60_000

    def writes(box):
        place.outside.with_name("open").write_text("mine")

    def connects(box):
        socket.socket(socket.AF_INET)

    def signals(box):
        os.kill(os.getppid(), 0)

    assert place.run(Level.NONE, reads) == "not yours"
    assert place.run(Level.USER, others) == ["for all", True]
    for attempt in (reads, writes, connects, signals):
        assert held(place.run(Level.USER, attempt)), attempt.__name__


def test_a_folder_that_is_left_out_cannot_be_read(place, level):
    import encodings

    folder = os.path.dirname(encodings.__file__)

    def lists(without):
        def look(box):
            return sorted(os.listdir(folder)), os.path.exists(f"{folder}/utf_8.py")

        return place.run(level, look, without=without)

    names, there = lists(())
    assert "utf_8.py" in names
    assert there
    found = lists((folder,))
    assert held(found) or found == [[], False]


def test_what_stands_beside_a_folder_that_is_left_out_is_named(tmp_path):
    for name in ("a/b/kept", "a/b/gone/inner", "a/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    root = str(tmp_path)
    found = readable.leave_out([f"{root}/a", f"{root}/d"], (f"{root}/a/b/gone",))
    assert found == [f"{root}/a/b/kept", f"{root}/a/c", f"{root}/d"]
    for name, to in (("around", "b"), ("into", "b/gone/inner"), ("other", "c")):
        (tmp_path / "a" / name).symlink_to(to)
    found = readable.leave_out([f"{root}/a"], (f"{root}/a/b/gone",))
    assert found == [f"{root}/a/b/kept", f"{root}/a/c", f"{root}/a/other"]
    assert readable.leave_out([f"{root}/d"], (f"{root}/d",)) == []
    assert readable.leave_out([f"{root}/d"], ()) == [f"{root}/d"]


def test_nothing_can_be_put_among_the_sockets_once_they_are_open(place, level):
    ways = {
        "write": lambda where: (where / "file").write_bytes(b"x" * 1000),
        "nest": lambda where: (where / "deep").mkdir(),
        "link": lambda where: (where / "link").symlink_to("/"),
        "hard link": lambda where: os.link(where / "listening", where / "other"),
        "bind": lambda where: socket.socket(socket.AF_UNIX).bind(str(where / "own")),
        "remove": lambda where: (where / "listening").unlink(),
        "rename": lambda where: (where / "listening").rename(where / "other"),
    }

    def tries(box):
        where = Path(box.sockets)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(where / "listening"))
        if level is not Level.NONE:
            sandbox.close(box)
        done = []
        with contextlib.suppress(OSError):
            where.chmod(0o700)
        for name, way in ways.items():
            with contextlib.suppress(OSError):
                way(where)
                done.append(name)
        return done

    assert place.run(level, tries, closed=False) == []
    folder = Path(place.folder, "k/s")
    assert [(p.name, p.is_socket()) for p in folder.iterdir()] == [("listening", True)]
    level = Level.NONE
    folder.chmod(0o700)
    (folder / "listening").unlink()
    assert "link" in place.run(level, tries)


def test_files_are_counted_however_long_their_path_is(place):
    if sandbox.why(Level.LANDLOCK):
        pytest.skip(sandbox.why(Level.LANDLOCK))

    def nests(box):
        import time

        os.chdir(box.work)
        for _ in range(60):
            os.mkdir("n" * 200)
            os.chdir("n" * 200)
        time.sleep(0.5)
        for number in range(8):
            Path(f"fill-{number}").write_bytes(bytes(4 << 20))
        time.sleep(5)
        return "deep"

    assert place.run(Level.LANDLOCK, nests) == f"ended with {128 + signal.SIGKILL}"
