"""`@parameterPack`: a group of parameters kept together, written as `pack.member` parameters; and the range packs."""

from __future__ import annotations

import typing
from typing import Any

from .serializers import Serializer, make_serializer
from .validators import IsInstance, NotNone

RESERVED = ("allParameters", "getValue", "setValue", "dataType")


def parameterPack(cls: type | None = None) -> Any:  # noqa: N802
    """Class decorator: the annotated members become checked properties."""
    return _make_pack if cls is None else _make_pack(cls)


def isParameterPack(item: Any) -> bool:  # noqa: N802
    """Whether `item` is a pack class or object."""
    return bool(getattr(item, "_is_parameterPack", False))


def _make_pack(cls: type) -> type:
    hints = typing.get_type_hints(cls, include_extras=True)
    if not hints:
        raise ValueError("Unable to find any members in parameterPack")
    members: dict[str, tuple[Serializer, Any, Any]] = {}
    for name, annotated in hints.items():
        if name in RESERVED:
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterPack")
        serializer, annotated_default = make_serializer(annotated)
        default = getattr(cls, name, annotated_default.value if annotated_default else serializer.default())
        serializer.validate(default)
        members[name] = (serializer, default, annotated)
        setattr(cls, name, _member_property(name, serializer))
    cls.allParameters = members  # type: ignore[attr-defined]
    cls._is_parameterPack = True  # type: ignore[attr-defined]
    defined = {"__init__": _init, "__eq__": _eq, "__repr__": _repr, "getValue": _get, "setValue": _set}
    for name, function in defined.items():
        if name not in vars(cls):
            setattr(cls, name, function)
    cls.dataType = staticmethod(lambda name: members[name][2])  # type: ignore[attr-defined]
    return cls


def _member_property(name: str, serializer: Serializer) -> property:
    def write(self: Any, value: Any) -> None:
        serializer.validate(value)
        self.__dict__[name] = value
        save = self.__dict__.get("_save")
        if save is not None:
            save(self)

    return property(lambda self: self.__dict__[name], write)


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    given = dict(zip(self.allParameters, args, strict=False)) | kwargs
    unexpected = set(given) - set(self.allParameters)
    if unexpected:
        raise TypeError(f"__init__() got an unexpected keyword argument '{unexpected.pop()}'")
    for name, (_, default, _) in self.allParameters.items():
        setattr(self, name, given.get(name, default))


def _eq(self: Any, other: object) -> bool:
    return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self.allParameters)


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.allParameters)})"


def _get(self: Any, dotted: str) -> Any:
    name, _, rest = dotted.partition(".")
    value = getattr(self, name)
    return value.getValue(rest) if rest else value


def _set(self: Any, dotted: str, value: Any) -> None:
    name, _, rest = dotted.partition(".")
    if rest:
        getattr(self, name).setValue(rest, value)
    else:
        setattr(self, name, value)


class PackSerializer(Serializer):
    """Each member under `name.member`; the pack that is read writes itself back when a member is set."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.validators = (NotNone(), IsInstance(kind))

    def default(self) -> Any:
        return self.kind()

    def is_in(self, node: Any, name: str) -> bool:
        first, (serializer, _, _) = next(iter(self._members.items()))
        return serializer.is_in(node, f"{name}.{first}")

    def write(self, node: Any, name: str, value: Any) -> None:
        was_modifying = node.StartModify()
        for member, (serializer, _, _) in self._members.items():
            serializer.write(node, f"{name}.{member}", getattr(value, member))
        node.EndModify(was_modifying)

    def read(self, node: Any, name: str) -> Any:
        values = {
            member: serializer.read(node, f"{name}.{member}") for member, (serializer, _, _) in self._members.items()
        }
        pack = self.kind.__new__(self.kind)
        _init(pack, **values)
        self._save_on_change(pack, lambda: self.write(node, name, pack))
        return pack

    def remove(self, node: Any, name: str) -> None:
        for member, (serializer, _, _) in self._members.items():
            serializer.remove(node, f"{name}.{member}")

    @property
    def _members(self) -> dict[str, tuple[Serializer, Any, Any]]:
        return self.kind.allParameters  # type: ignore[attr-defined, no-any-return]

    def _save_on_change(self, pack: Any, save: Any) -> None:
        pack.__dict__["_save"] = lambda _: save()
        for member, (serializer, _, _) in self._members.items():
            if isinstance(serializer, PackSerializer):
                serializer._save_on_change(getattr(pack, member), save)


@parameterPack
class FloatRange:
    """Lower and upper end of a range of floats."""

    minimum: float = 0.0
    maximum: float = 0.0


@parameterPack
class IntRange:
    """Lower and upper end of a range of integers."""

    minimum: int = 0
    maximum: int = 0
