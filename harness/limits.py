"""How much time, memory, disk and output a submission may use."""

from __future__ import annotations

from dataclasses import dataclass

SHARED_BYTES = 64 << 20  # of a notebook's shared memory


@dataclass(frozen=True)
class Limits:
    """Limits of one submission.

    Args:
        call_s: wall-clock seconds of one call of a learner's function by a check.
        cell_s: wall-clock seconds of one cell.
        notebook_s: wall-clock seconds of the whole notebook.
        memory_bytes: memory beyond what the warm parent holds.
        judge_bytes: the same of the process that runs the checks, for what these are given.
        processes: processes and threads together.
        output_bytes: what the whole notebook may print or display.
        work_bytes: its work folder; `tmp_bytes`: its private /tmp; `file_bytes`: one file.
        open_files: file descriptors.
    """

    call_s: float = 10.0
    cell_s: float = 60.0
    notebook_s: float = 600.0
    memory_bytes: int = 2 << 30
    judge_bytes: int = 2 << 30
    processes: int = 64
    output_bytes: int = 2 << 20
    work_bytes: int = 256 << 20
    tmp_bytes: int = 256 << 20
    file_bytes: int = 128 << 20
    open_files: int = 256

    @property
    def submission_bytes(self) -> int:
        """The memory that one submission takes at most: its process, its files there, and its judge.

        What the grader itself reads and keeps of it comes on top.
        """
        files = self.work_bytes + self.tmp_bytes + SHARED_BYTES
        return self.memory_bytes + files + self.judge_bytes
