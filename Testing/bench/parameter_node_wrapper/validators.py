"""Annotations that bound a parameter's value, documented in Slicer's developer guide, "Parameter nodes"."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any


class Validator(ABC):
    """A rule for a parameter's value."""

    @abstractmethod
    def validate(self, value: Any) -> None:
        """Raise ValueError (TypeError for a wrong type) when `value` breaks the rule."""


class NotNone(Validator):
    """None is refused."""

    def validate(self, value: Any) -> None:
        if value is None:
            raise ValueError("Value must not be None")


@dataclass
class IsInstance(Validator):
    """The value is None or of the type."""

    classtype: type | tuple[type, ...]

    def validate(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"Value must be of type '{self.classtype}', is type '{type(value)}' value '{value}'")


@dataclass
class WithinRange(Validator):
    """Both ends belong to the range."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within range [{self.minimum}, {self.maximum}], is {value}")


@dataclass
class Minimum(Validator):
    """The value is at least this."""

    minimum: float

    def validate(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"Value must be at least {self.minimum}, is {value}")


@dataclass
class Maximum(Validator):
    """The value is at most this."""

    maximum: float

    def validate(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"Value must be at most {self.maximum}, is {value}")


@dataclass
class Choice(Validator):
    """The value is one of these."""

    choices: Any

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"Value is {value}, but must be in one of the following: {self.choices}")


@dataclass
class Exclude(Validator):
    """The value is none of these."""

    excludedValues: Any  # noqa: N815

    def validate(self, value: Any) -> None:
        if value in self.excludedValues:
            raise ValueError(f"Value is {value}, which is excluded: {self.excludedValues}")


@dataclass
class RangeBounds(Validator):
    """Both ends of a range value lie within these bounds."""

    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not (self.minimum <= value.minimum and value.maximum <= self.maximum):
            raise ValueError(
                f"Range must be within [{self.minimum}, {self.maximum}], is [{value.minimum}, {value.maximum}]"
            )


@dataclass
class Default:
    """The value a parameter starts with."""

    value: Any

    def make(self) -> Any:
        """A fresh value, so that two nodes never share a list."""
        return self.value


@dataclass
class Decimals:
    """Decimals that a bound spin box shows."""

    value: int


@dataclass
class SingleStep:
    """Step of a bound spin box or slider."""

    value: float
