"""What the bench raises when a module asks for something it does not have, or when a test forgot something."""

from __future__ import annotations


class BenchError(Exception):
    """A fault in how the bench is used."""


class UnknownToBenchError(BenchError, AttributeError):
    """The module asks for a part of Slicer that the bench does not supply; real Slicer may well have it."""


class UnansweredDialogError(BenchError):
    """A modal dialog opened and `bench.dialogs.answer` queued no answer: real Slicer would wait for a click."""


class SlotError(BenchError):
    """An exception left a slot or an observer; Qt and VTK only print it, so the bench keeps it for the test."""


def unknown(what: str, name: str, known: object = ()) -> UnknownToBenchError:
    """Make the error for the missing `name` of `what`, listing the names that exist where that helps."""
    listed = ", ".join(sorted(str(item) for item in known))  # type: ignore[attr-defined]
    hint = f" It knows: {listed}." if listed else ""
    return UnknownToBenchError(
        f"The test bench has no {what} '{name}'.{hint} Add it to Testing/bench if Slicer has it."
    )
