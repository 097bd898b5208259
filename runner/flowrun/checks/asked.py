"""What is asked for in detail, as far as the recipe writes it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..document import Map
from ..errors import Problem
from ..flow import Step
from ..place import Place, place_of
from ..taint import is_list
from .reading import Reading, steps_of

PLACES = ("query", "form", "params", "json")
TYPED = "Each of them says what it is: type: payment_initiation"
WHOLE = "A URI without a fragment, such as https://api.example.com/"


def details(reading: Reading) -> Iterator[Problem]:
    """E205: authorization details without a type (RFC 9396), resources that are none (RFC 8707)."""
    for step in steps_of(reading.flow):
        for fields in _fields(step):
            for detail in _items(fields.get("authorization_details")):
                if isinstance(detail, Map) and not detail.get("type"):
                    message = "authorization_details needs a `type` in each of its items"
                    yield Problem("E205", message, TYPED, detail.place)
            place = fields.keys_at.get("resource")
            for resource in _items(fields.get("resource")):
                yield from _resource(resource, place)


def _fields(step: Step) -> Iterator[Map]:
    if step.kind in ("authorize", "ciba", "device", "token"):
        options = (step.options.get(name) for name in PLACES)
        yield from (fields for fields in options if isinstance(fields, Map))


def _items(value: object) -> Iterator[object]:
    if is_list(value):
        yield from value
    elif isinstance(value, (str, Mapping)):
        yield value


def _resource(resource: object, place: Place | None) -> Iterator[Problem]:
    # Nothing more is asked of it: some providers, such as Entra, take an id that is no URI.
    if "#" in (text := str(resource)):
        message = f"{text!r} is no resource"
        yield Problem("E205", message, WHOLE, place_of(resource) or place)
