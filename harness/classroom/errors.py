"""What a classroom says when something is not as it has to be."""


class ClassroomError(RuntimeError):
    """The classroom is not as it has to be; the message says what to do."""
