"""Every error the engine raises on purpose, in one tree.

    TunetError                 something a person can act on; its text is one sentence with what to do next
    ├── InputError             the CT (or a file the user named) cannot be used
    ├── OutputError            the result cannot be written
    ├── BundleError            the model bundle is damaged, foreign or too new
    ├── DeviceError            the chosen device cannot be used or has too little memory
    ├── UsageError             options that do not go together
    └── Cancelled              the user stopped the run

Anything else that escapes is a defect of this program.
"""

from __future__ import annotations

_LONGEST = 800


def installing(extra: str) -> str:
    """How to install an extra: the program is not on PyPI, where another project bears the name ``tunet``."""
    return f"install it, in the folder of TuNetSegmentation, with: .venv/bin/pip install -e '.[{extra}]'"


class TunetError(Exception):
    """Base of all expected errors; ``str(error)`` is the sentence shown to the user.

    ``exit_code`` is what the command line returns for it.
    """

    exit_code = 2

    def __init__(self, sentence: str = "") -> None:
        super().__init__(_one_line(str(sentence)))


def _one_line(sentence: str) -> str:
    """A sentence that quotes a damaged file stays one line of readable length, without what a terminal would obey."""
    line = "".join(letter if letter.isprintable() else " " for letter in sentence)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 200]} ... {line[-190:]}"


class InputError(TunetError):
    """The CT or another input file cannot be used."""


class OutputError(TunetError):
    """The result cannot be written where the user wants it."""


class BundleError(TunetError):
    """A model bundle is incomplete, altered, of a newer format, or not a bundle at all."""


class DeviceError(TunetError):
    """The chosen device is absent or has too little memory for the smallest piece of work."""


class UsageError(TunetError):
    """Options that contradict each other or have no meaning."""


class Cancelled(TunetError):
    """The user stopped the run."""

    exit_code = 130


TOO_LITTLE_MEMORY = "There is too little memory for this CT; close other programs or choose a smaller region."

# As PyTorch (CPU, CUDA, cuDNN), ITK, C++ and Python say it.
_OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "cudnn_status_alloc_failed",
    "failed to allocate memory",
    "bad_alloc",
    "can't start new thread",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on a GPU or in main memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # PyTorch's, not imported here
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _OUT_OF_MEMORY)
