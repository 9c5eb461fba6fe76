"""A test bench that runs a 3D Slicer scripted module without the Slicer application. See README.md."""

from .errors import BenchError, SlotError, UnansweredDialogError, UnknownToBenchError
from .session import Bench, start

__all__ = ["Bench", "BenchError", "SlotError", "UnansweredDialogError", "UnknownToBenchError", "start"]
