"""`obj.connect("clicked(bool)", fn)` and `obj.disconnect("clicked(bool)", fn)`, as PythonQt has them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from PySide6 import QtCore

from .errors import BenchError

_connect = QtCore.QObject.connect
_disconnect = QtCore.QObject.disconnect


def signals_connect_by_signature(classes: Iterable[type]) -> None:
    """Give every class of `classes` PythonQt's connect and disconnect on its objects; on the class Qt's own remain."""
    # PySide6 hands out `connect` from C on attribute access, so replacing the method alone has no effect. Classes with
    # functions that are both static and not (QFile.exists) have an access function of their own, which must be kept.
    originals = {cls: cls.__getattribute__ for cls in classes}
    for cls, original in originals.items():
        cls.__getattribute__ = _attribute_access(original)  # type: ignore[method-assign, assignment]


def _attribute_access(original: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def get_attribute(self: Any, name: str) -> Any:
        if name == "connect":
            return functools.partial(connect, self)
        if name == "disconnect":
            return functools.partial(disconnect, self)
        return original(self, name)

    return get_attribute


def connect(sender: Any, signature: str, receiver: Any, slot: str | None = None) -> bool:
    """Connect `signature` of `sender` to a callable, or to the slot named `slot` of `receiver`."""
    if isinstance(signature, QtCore.QObject):
        # PySide6 itself asks this way, from QTimer.singleShot: sender, signal, Python function.
        return bool(_connect(signature, receiver, slot))
    return _apply(sender, signature, _target(receiver, slot), connecting=True)


def disconnect(sender: Any, signature: str, receiver: Any, slot: str | None = None) -> bool:
    """Undo `connect` with the same arguments."""
    return _apply(sender, signature, _target(receiver, slot), connecting=False)


def slot_name(signature: str) -> str:
    """The bare name in `setMRMLScene(vtkMRMLScene*)`."""
    return signature.partition("(")[0].strip()


def _target(receiver: Any, slot: str | None) -> Callable[..., Any]:
    target = receiver if slot is None else getattr(receiver, slot_name(slot))
    if not callable(target):
        raise BenchError(f"{target!r} cannot be connected to a signal: it is not callable.")
    return target  # type: ignore[no-any-return]


def _apply(sender: Any, signature: str, target: Callable[..., Any], *, connecting: bool) -> bool:
    compact = signature.replace(" ", "")
    alias = getattr(type(sender), "_bench_signals", {}).get(compact)
    if alias is not None:
        bound = getattr(sender, alias)
        (bound.connect if connecting else bound.disconnect)(target)
        return True
    meta = sender.metaObject()
    if meta.indexOfSignal(compact) < 0:
        raise BenchError(f"{meta.className()} has no signal '{signature}'.")
    if connecting:
        return bool(_connect(sender, QtCore.SIGNAL(compact), target))
    return bool(_disconnect(sender, QtCore.SIGNAL(compact), target))
