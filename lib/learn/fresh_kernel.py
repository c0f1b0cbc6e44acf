"""What a learner reads who runs a cell in a kernel that has not run those above: run them first.

Python says "name 'check' is not defined", which is true and helps nobody who has just restarted. The
message is added when `lib.learn` is imported, and from the first cell on where `course lab` runs this file
at the kernel's start.
"""

from __future__ import annotations

MESSAGE = (
    "Has the cell that gives this name its value been run since the kernel started? Run the cells above "
    "first: in JupyterLab, menu Run, then Run All Above Selected Cell."
)


def install() -> None:
    """Add the message to every NameError of this kernel; do nothing outside of IPython."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None or getattr(shell, "_course_says", False):
        return
    shell._course_says = True
    message = MESSAGE  # this module's names are gone where it is run at a kernel's start

    def told(self, kind, error, trace, tb_offset=None):
        self.showtraceback((kind, error, trace), tb_offset=tb_offset)
        kernel = getattr(self, "kernel", None)
        # Where nobody can be asked nobody watches, and a runner wants the error alone.
        if kernel is None or getattr(kernel, "_allow_stdin", False):
            print(message)

    shell.set_custom_exc((NameError,), told)


if __name__ == "__main__":  # run at a kernel's start, in the learner's own namespace
    install()
    del install, MESSAGE, annotations
