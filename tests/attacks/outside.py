"""Attacks on what is not the student's: files, secrets, network, machine. All answers are right.

An attack's cell prints `WON <what>` when it got what it wanted. `{root}` is the classroom folder,
`{port}` a listener on this machine, `{unix}` and `{abstract}` unix sockets outside, `{victim}` the pid
of a process outside.
"""

from __future__ import annotations

from dataclasses import dataclass

_HEAD = """
import ctypes, glob, mmap, os, signal, socket, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def attack(what):
    try:
        got = what()
    except BaseException as error:
        print("held", what.__name__, type(error).__name__)
    else:
        print("WON" if got else "held", what.__name__, got)
"""


@dataclass(frozen=True)
class Cell:
    """One attack: `ends` says that it ends or overruns its process, which must cost only its cell."""

    name: str
    row: int
    code: str
    ends: bool = False

    def source(self, **where: object) -> str:
        """The cell's text for these places."""
        text = self.code
        for key, value in where.items():
            text = text.replace("{" + key + "}", str(value))
        return _HEAD + text


def _reading(*patterns: str) -> str:
    return f"""
def reads():
    for pattern in {patterns!r}:
        for path in glob.glob(pattern, recursive=True):
            try:
                if os.path.isfile(path) and len(open(path, "rb").read(64)):
                    return path
            except OSError:
                pass
attack(reads)"""


def _writing(*paths: str) -> str:
    return f"""
def writes():
    for path in {paths!r}:
        path = os.path.expanduser(eval(path) if path.startswith("os.") else path)
        try:
            with open(path, "a") as file:
                file.write("x")
            return path
        except OSError:
            pass
attack(writes)"""


OUTSIDE = [
    Cell("read the gradebook", 25, _reading("{root}/gradebook.db", "../../../gradebook.db")),
    Cell(
        "read the worked solutions",
        25,
        _reading("{root}/source/**/*.ipynb", "../../../source/**/*.ipynb"),
    ),
    Cell(
        "read another submission", 25, _reading("{root}/submitted/other/**", "../../*/ps1/*.ipynb")
    ),
    Cell(
        "write another student's score",
        26,
        """
def writes():
    import sqlite3
    db = sqlite3.connect("{root}/gradebook.db")
    db.execute("create table owned (x)")
    db.commit()
    return True
attack(writes)""",
    ),
    Cell(
        "write site-packages",
        27,
        _writing(
            "os.path.dirname(os.__file__) + '/evil.py'",
            "os.path.dirname(__import__('numpy').__file__) + '/../evil.pth'",
        ),
    ),
    Cell(
        "write home and start-up files", 27, _writing("{home}/.ipython_evil.py", "{home}/.bashrc")
    ),
    Cell(
        "write /etc and git hooks", 27, _writing("/etc/evil", "{root}/.git-hook", "/usr/local/evil")
    ),
    Cell("leave a file for the next in /tmp", 28, _writing("{outside}/left-behind")),
    Cell(
        "leave a file in shared memory",
        28,
        "\ndef writes():\n    open('/dev/shm/left-{token}', 'w').write('x')\n    return '/dev/shm/left-{token}' if os.path.exists('/dev/shm/left-{token}') else None\nwrites()",
    ),
    Cell(
        "leave a daemon",
        28,
        """
def leaves():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b"left-{token}", 0, 0, 0)
            time.sleep(60)
        os._exit(0)
    return "forked"
attack(leaves)""",
    ),
    Cell(
        "follow a link out",
        29,
        "\ndef follows():\n    os.symlink('{root}/gradebook.db', 'link')\n    return len(open('link', 'rb').read())\nattack(follows)",
    ),
    Cell(
        "read secrets in the environment",
        30,
        "\ndef reads():\n    return [k for k, v in os.environ.items() if 'secret-{token}' in v]\nattack(reads)",
    ),
    Cell(
        "read secrets in /proc",
        30,
        """
def reads():
    for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if b"secret-{token}" in open(path, "rb").read():
                return path
        except OSError:
            pass
attack(reads)""",
    ),
    Cell(
        "read keys and passwords",
        30,
        _reading("/etc/shadow", "/root/.ssh/*", "{home}/.secret-{token}"),
    ),
    Cell(
        "read memory by ptrace",
        30,
        "\ndef reads():\n    return libc.ptrace(16, {victim}, 0, 0) == 0\nattack(reads)",
    ),
    Cell(
        "read memory by process_vm_readv",
        30,
        "\ndef reads():\n    try:\n        return bool(open('/proc/{victim}/maps').read())\n    except OSError:\n        return libc.process_vm_readv({victim}, None, 0, None, 0, 0) == 0\nattack(reads)",
    ),
    Cell(
        "read the cloud's metadata",
        30,
        "\ndef reads():\n    s = socket.create_connection(('169.254.169.254', 80), 1)\n    return True\nattack(reads)",
    ),
    Cell(
        "connect by TCP",
        33,
        "\ndef connects():\n    s = socket.create_connection(('127.0.0.1', {port}), 2)\n    return True\nattack(connects)",
    ),
    Cell(
        "send by UDP and raw sockets",
        33,
        "\ndef sends():\n    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):\n        try:\n            s = socket.socket(socket.AF_INET, kind, 1 if kind == socket.SOCK_RAW else 0)\n            return s.sendto(b'x', ('127.0.0.1', {port}))\n        except OSError:\n            pass\nattack(sends)",
    ),
    Cell(
        "connect to a unix socket",
        33,
        "\ndef connects():\n    s = socket.socket(socket.AF_UNIX)\n    s.connect('{unix}')\n    return True\nattack(connects)",
    ),
    Cell(
        "connect to an abstract socket",
        33,
        "\ndef connects():\n    s = socket.socket(socket.AF_UNIX)\n    s.connect('\\0{abstract}')\n    return True\nattack(connects)",
    ),
    Cell(
        "fork bomb",
        34,
        "\ndef forks():\n    kids = 0\n    for _ in range(400):\n        try:\n            if os.fork() == 0:\n                time.sleep(20)\n                os._exit(0)\n        except OSError:\n            break\n        kids += 1\n    return kids >= 400\nattack(forks)",
    ),
    Cell(
        "thread bomb",
        34,
        "\ndef threads():\n    stop = threading.Event()\n    try:\n        for _ in range(3000):\n            threading.Thread(target=stop.wait, args=(20,), daemon=True).start()\n        return True\n    finally:\n        stop.set()\nattack(threads)",
    ),
    Cell(
        "run a shell",
        34,
        "\ndef runs():\n    return subprocess.check_output(['/bin/sh', '-c', 'id'])\nattack(runs)",
    ),
    Cell(
        "fill the disk",
        35,
        """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def fills(where):
    written = 0
    try:
        for number in range(12):
            with open(os.path.join(where, f"fill-{number}"), "wb") as file:
                for _ in range(100):
                    written += file.write(bytes(1 << 20))
    finally:
        for path in glob.glob(os.path.join(where, "fill-*")):
            os.unlink(path)
    return written
def work(): return fills(".")
def tmp(): return fills("/tmp")
def memory(): return fills("/dev/shm")
attack(work); attack(tmp); attack(memory)""",
    ),
    Cell(
        "fill an anonymous file",
        35,
        "\ndef fills():\n    fd = os.memfd_create('m')\n    return sum(os.write(fd, bytes(1 << 20)) for _ in range(600)) >= 600 << 20\nattack(fills)",
    ),
    Cell(
        "a sparse file",
        35,
        "\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ndef truncates():\n    with open('sparse', 'wb') as file:\n        file.truncate(1 << 40)\n    return True\nattack(truncates)",
    ),
    Cell(
        "fifty gigabytes at once",
        36,
        "\ndef takes():\n    return len(mmap.mmap(-1, 50 << 30))\nattack(takes)",
    ),
    Cell(
        "memory step by step",
        36,
        "\ndef takes():\n    held = []\n    for _ in range(24):\n        held.append(bytearray(os.urandom(1 << 20)) * 256)\n    return len(held)\nattack(takes)",
    ),
    Cell(
        "a tensor of 2^35 elements",
        36,
        "\ndef takes():\n    import torch\n    return torch.zeros(1 << 35).numel()\nattack(takes)",
    ),
    Cell("an endless loop", 37, "\nwhile True: pass", True),
    Cell(
        "a loop that ignores interrupts",
        37,
        "\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass",
        True,
    ),
    Cell("a call into C that never returns", 37, "\nlibc.pause()\nlibc.sleep(10000)", True),
    Cell("an exit", 38, "\nos._exit(0)", True),
    Cell("a kill of itself", 38, "\nos.kill(os.getpid(), signal.SIGKILL)\nos.abort()", True),
    Cell("a segmentation fault", 38, "\nctypes.string_at(1)", True),
    Cell(
        "closed sockets",
        38,
        "\nfor fd in range(3, 200):\n    try:\n        os.close(fd)\n    except OSError:\n        pass",
        True,
    ),
    Cell(
        "kill the parent and siblings",
        39,
        "\ndef kills():\n    hit = []\n    for pid in [{victim}, os.getppid()]:\n        if pid > 1:\n            try:\n                os.kill(pid, 0)\n                hit.append(pid)\n            except OSError:\n                pass\n    return hit\nattack(kills)",
    ),
    Cell(
        "a gigabyte of output in one line",
        40,
        "\nfor _ in range(1024):\n    print('x' * (1 << 20), end='')",
    ),
    Cell(
        "a million lines of output",
        40,
        "\nfor number in range(1_000_000):\n    print(number, 'y' * 40, flush=number % 1000 == 0)",
        True,
    ),
    Cell(
        "a display of a hundred megabytes",
        40,
        "\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>' * (35 << 20)))",
        True,
    ),
    Cell(
        "deeply nested output",
        40,
        "\nfrom IPython.display import publish_display_data\nnested = []\nfor _ in range(500):\n    nested = [nested]\npublish_display_data({'application/json': {'x': nested}})",
    ),
    Cell(
        "raise its own limits",
        41,
        "\ndef raises():\n    import resource\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\n    return resource.getrlimit(resource.RLIMIT_AS)[0] == -1 and resource.getrlimit(resource.RLIMIT_NPROC)[0] == -1 and resource.getrlimit(resource.RLIMIT_NOFILE)\nattack(raises)",
    ),
    Cell(
        "new namespaces",
        41,
        "\ndef unshares():\n    return libc.unshare(0x10000000) == 0\nattack(unshares)",
    ),
    Cell(
        "io_uring, keyctl, bpf, mount",
        41,
        "\ndef opens():\n    numbers = {'io_uring_setup': 425, 'keyctl': 250, 'bpf': 321}\n    won = [n for n, nr in numbers.items() if libc.syscall(nr, 0, 4, ctypes.create_string_buffer(256), 0, 0) >= 0]\n    if libc.mount(b'tmpfs', b'/mnt', b'tmpfs', 0, None) == 0:\n        won.append('mount')\n    return won\nattack(opens)",
    ),
    Cell(
        "setuid and chroot",
        41,
        "\ndef changes():\n    return libc.chroot(b'/') == 0 or libc.setuid(0) == 0 and os.getuid() == 0\nattack(changes)",
    ),
    Cell("exit()", 67, "\nexit()"),
    Cell("quit()", 67, "\nquit()"),
    Cell("a shutdown of the kernel", 67, "\nget_ipython().kernel.do_shutdown(False)"),
    Cell("an end a moment later", 67, "\nthreading.Timer(0.05, os._exit, [0]).start()", True),
]
