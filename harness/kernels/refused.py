"""What IPython offers beside Python and a graded notebook does without: it says so, and does nothing.

Commands of the system and `%pip` cannot run in a sandbox, and where there is none they would change
the machine that grades. `exit()` would end the process in which the other answers are.
"""

from __future__ import annotations

from typing import Any

_COMMANDS = ("conda", "mamba", "micromamba", "pip", "uv")
_SCRIPTS = ("script", "bash", "sh", "perl", "ruby", "pypy", "python", "python2", "python3")
_SHOWN = 80


def refuse(shell: Any) -> None:
    """Make a kernel's shell say of these that they do nothing here; it must not have run a cell."""
    from IPython.utils.text import LSString, SList

    def say(asked: str) -> None:
        first = " ".join(asked.split())[:_SHOWN]
        print(f"{first}: this does nothing while a notebook is graded.")

    def system(command: str) -> None:
        say(f"!{command}")
        shell.user_ns["_exit_code"] = 0

    def getoutput(command: str, split: bool = True, depth: int = 0) -> Any:
        say(f"!{command}")
        return SList() if split else LSString()

    shell.system = shell.system_piped = shell.system_raw = system
    shell.getoutput = getoutput
    for name in _COMMANDS:
        shell.register_magic_function(lambda line, name=name: say(f"%{name} {line}"), "line", name)
    for name in _SCRIPTS:
        shell.register_magic_function(
            lambda line, cell, name=name: say(f"%%{name} {line}"), "cell", name
        )
    shell.ask_exit = lambda: say("exit()")

    def shut_down(restart: bool = False) -> dict:
        say("do_shutdown")
        return {"status": "ok", "restart": restart}

    shell.kernel.do_shutdown = shut_down
