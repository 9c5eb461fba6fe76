"""How each type of parameter is written to a vtkMRMLScriptedModuleNode: as text, except nodes, which are references."""

from __future__ import annotations

import collections.abc
import enum
import pathlib
import types
import typing
from abc import ABC, abstractmethod
from typing import Any

from slicer import vtkMRMLNode

from .validators import Default, IsInstance, NotNone, Validator


class Serializer(ABC):
    """Writes, reads and checks the values of one type."""

    validators: tuple[Validator, ...] = ()

    @abstractmethod
    def default(self) -> Any:
        """The value of a parameter that states no default."""

    @abstractmethod
    def write(self, node: Any, name: str, value: Any) -> None:
        """Store `value` as parameter `name` of `node`."""

    @abstractmethod
    def read(self, node: Any, name: str) -> Any:
        """The stored value."""

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(name))

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)

    def validate(self, value: Any) -> None:
        """Raise when `value` is of the wrong type or breaks an annotation."""
        for validator in self.validators:
            validator.validate(value)


class TextSerializer(Serializer):
    """Types that turn into text and back: int, float, str, bool, paths."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.validators = (NotNone(), IsInstance((int, float) if kind is float else kind))

    def default(self) -> Any:
        return self.kind()

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, str(value))

    def read(self, node: Any, name: str) -> Any:
        text = node.GetParameter(name)
        return text == "True" if self.kind is bool else self.kind(text)


class EnumSerializer(Serializer):
    """Enums are stored by member name."""

    def __init__(self, kind: type[enum.Enum]) -> None:
        self.kind = kind
        self.validators = (NotNone(), IsInstance(kind))

    def default(self) -> enum.Enum:
        return next(iter(self.kind))

    def write(self, node: Any, name: str, value: enum.Enum) -> None:
        node.SetParameter(name, value.name)

    def read(self, node: Any, name: str) -> enum.Enum:
        return self.kind[node.GetParameter(name)]


class NodeSerializer(Serializer):
    """Nodes are node references, so they follow their node through save, load and renaming of IDs."""

    def __init__(self, kinds: tuple[type, ...]) -> None:
        self.kinds = kinds
        self.validators = (IsInstance(kinds),)

    def default(self) -> None:
        return None

    def write(self, node: Any, name: str, value: Any) -> None:
        # The empty parameter marks that a value, perhaps None, was stored.
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class OptionalSerializer(Serializer):
    """A value or None, marked in the parameter itself."""

    def __init__(self, inner: Serializer) -> None:
        self.inner = inner

    def default(self) -> None:
        return None

    def validate(self, value: Any) -> None:
        if value is not None:
            self.inner.validate(value)

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "None" if value is None else "value")
        if value is None:
            self.inner.remove(node, f"{name}_value")
        else:
            self.inner.write(node, f"{name}_value", value)

    def read(self, node: Any, name: str) -> Any:
        return None if node.GetParameter(name) == "None" else self.inner.read(node, f"{name}_value")


class ObservedList(collections.abc.MutableSequence[Any]):
    """The list a parameter returns: changing it writes the parameter."""

    def __init__(self, values: list[Any], save: collections.abc.Callable[[list[Any]], None]) -> None:
        self._values = values
        self._save = save

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        return self._values[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._values[index] = value
        self._save(self._values)

    def __delitem__(self, index: Any) -> None:
        del self._values[index]
        self._save(self._values)

    def insert(self, index: int, value: Any) -> None:
        self._values.insert(index, value)
        self._save(self._values)

    def __eq__(self, other: object) -> bool:
        return list(self._values) == list(other) if isinstance(other, collections.abc.Sequence) else False

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ObservedList({self._values})"


class SequenceSerializer(Serializer):
    """Lists and tuples: a length and one parameter an element."""

    def __init__(self, element: Serializer, kind: type) -> None:
        self.element = element
        self.kind = kind
        self.validators = (NotNone(), IsInstance((list, ObservedList) if kind is list else tuple))

    def default(self) -> Any:
        return self.kind()

    def validate(self, value: Any) -> None:
        super().validate(value)
        for item in value:
            self.element.validate(item)

    def write(self, node: Any, name: str, value: Any) -> None:
        was_modifying = node.StartModify()
        self._remove_elements(node, name)
        node.SetParameter(f"{name}_len", str(len(value)))
        for index, item in enumerate(value):
            self.element.write(node, f"{name}_{index}", item)
        node.EndModify(was_modifying)

    def read(self, node: Any, name: str) -> Any:
        values = [self.element.read(node, f"{name}_{index}") for index in range(int(node.GetParameter(f"{name}_len")))]
        return ObservedList(values, lambda new: self.write(node, name, new)) if self.kind is list else tuple(values)

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(f"{name}_len"))

    def remove(self, node: Any, name: str) -> None:
        self._remove_elements(node, name)
        node.UnsetParameter(f"{name}_len")

    def _remove_elements(self, node: Any, name: str) -> None:
        if self.is_in(node, name):
            for index in range(int(node.GetParameter(f"{name}_len"))):
                self.element.remove(node, f"{name}_{index}")


def split_annotation(annotated: Any) -> tuple[Any, list[Any]]:
    """The plain type and the annotations of `Annotated[type, ...]`."""
    if typing.get_origin(annotated) is typing.Annotated:
        plain, *annotations = typing.get_args(annotated)
        return plain, annotations
    return annotated, []


def make_serializer(annotated: Any) -> tuple[Serializer, Default | None]:
    """The serializer of a parameter's annotated type, and its default if an annotation gives one."""
    plain, annotations = split_annotation(annotated)
    serializer = _plain_serializer(plain)
    extra = tuple(item for item in annotations if isinstance(item, Validator))
    if extra:
        _add_validators(serializer, extra)
    return serializer, next((item for item in annotations if isinstance(item, Default)), None)


def _add_validators(serializer: Serializer, extra: tuple[Validator, ...]) -> None:
    serializer.validators = (*serializer.validators, *extra)


def _plain_serializer(plain: Any) -> Serializer:
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if origin in (typing.Union, types.UnionType):
        return _union_serializer(arguments)
    if origin is list:
        return SequenceSerializer(make_serializer(arguments[0])[0], list)
    if origin is tuple and len(set(arguments) - {Ellipsis}) == 1:
        return SequenceSerializer(make_serializer(arguments[0])[0], tuple)
    if isinstance(plain, type):
        if issubclass(plain, enum.Enum):
            return EnumSerializer(plain)
        if issubclass(plain, vtkMRMLNode):
            return NodeSerializer((plain,))
        if plain in (int, float, str, bool) or issubclass(plain, pathlib.PurePath):
            return TextSerializer(plain)
        if getattr(plain, "_is_parameterPack", False):
            from .packs import PackSerializer

            return PackSerializer(plain)
    raise TypeError(f"The bench's parameterNodeWrapper has no serializer for type {plain}")


def _union_serializer(arguments: tuple[Any, ...]) -> Serializer:
    kinds = tuple(argument for argument in arguments if argument is not type(None))
    if all(isinstance(kind, type) and issubclass(kind, vtkMRMLNode) for kind in kinds):
        return NodeSerializer(kinds)
    if len(kinds) == 1:
        return OptionalSerializer(make_serializer(kinds[0])[0])
    raise TypeError(f"The bench's parameterNodeWrapper has no serializer for a union of {kinds}")
