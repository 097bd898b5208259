"""Whether what a redirect brings can be proven: its signature, its nonce, its issuer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..errors import Problem
from ..oauth.redirect import SIGNED, answers_to
from ..plan import Planned
from ..secret import Value
from ..steps.capture import UNBOUND, UNBOUND_HINT
from ..steps.kind import Options, is_off
from ..taint import Unknown
from .reading import Reading, key_place

UNPROVEN = "there is no key to check the signature of {} with"
UNPROVEN_HINT = "Say where the issuer shows its keys: jwks: https://id.example.com/jwks"
NAMELESS = "`iss: required` says that the redirect names its issuer, and not which one that is"


class Login(NamedTuple):
    """A capture, and the authorization request that it brings the answer to."""

    asked: Options
    taken: Planned

    @property
    def mode(self) -> str:
        said = self.taken.options.get("response_mode") or _sent(self.asked, "response_mode")
        return "" if isinstance(said, Unknown) else str(said or "")

    @property
    def brings_identity(self) -> bool:
        """Whether an id_token comes back through the browser, and is looked at."""
        asked = _sent(self.asked, "response_type")
        known = isinstance(asked, str) and not isinstance(asked, Unknown)
        return known and "id_token" in answers_to(str(asked)) and not is_off(self.taken.options)


def unproven(reading: Reading) -> Iterator[Problem]:
    """E207: what only a signature proves, without a key to check it."""
    for login in _logins(reading):
        step, options = login.taken.step, login.taken.options
        for brought, key in (
            ("the id_token in the redirect" * login.brings_identity, "id_token"),
            ("the redirect" * (login.mode in SIGNED), "signed"),
        ):
            if brought and not _by_key(options, key):
                yield Problem("E207", UNPROVEN.format(brought), UNPROVEN_HINT, step.place)
    for planned in reading.rendered[0].values():
        signed = planned.step.kind == "http" and "signed" in planned.options
        if signed and not _by_key(planned.options, "signed"):
            place = key_place(planned.step.options, "signed") or planned.step.place
            yield Problem("E207", UNPROVEN.format("the answer"), UNPROVEN_HINT, place)


def unbound(reading: Reading) -> Iterator[Problem]:
    """E224: an id_token of any login, since no nonce ties it to this one."""
    for login in _logins(reading):
        if login.brings_identity and not login.asked.switched("nonce"):
            place = key_place(login.asked.step.options, "nonce") or login.asked.step.place
            yield Problem("E224", UNBOUND, UNBOUND_HINT, place)


def nameless(reading: Reading) -> Iterator[Problem]:
    """E207: an issuer that has to be named, and nothing to compare it with."""
    for login in _logins(reading):
        options = login.taken.options
        if options.get("iss") == "required" and not options.get("issuer"):
            place = key_place(options.step.options, "iss") or options.step.place
            yield Problem("E207", NAMELESS, "Add: issuer: https://id.example.com", place)


def _logins(reading: Reading) -> Iterator[Login]:
    asked: Options | None = None
    for planned in reading.rendered[0].values():
        if planned.step.section == "steps" and planned.step.kind == "authorize":
            asked = planned.options
        elif planned.step.section == "steps" and planned.step.kind == "capture" and asked:
            yield Login(asked, planned)


def _sent(options: Options, name: str) -> Value:
    """The parameter *name* of a request, by whatever name this provider knows it."""
    theirs = options.fields("names").get(name, name)
    fields = {**options.fields("fragment"), **options.fields("query")}
    return fields.get(name, fields.get(str(theirs)))


def _by_key(options: Options, key: str) -> bool:
    """Whether there is a key, the issuer's or a secret that both sides know."""
    said = options.get(key)
    return (
        bool(options.get("jwks"))
        or isinstance(said, Unknown)
        or (
            isinstance(said, Mapping)
            and "HS" in str(said.get("alg"))
            and _has_secret(options, said)
        )
    )


def _has_secret(options: Options, said: Mapping[str, Value]) -> bool:
    client = options.get("client")
    theirs = isinstance(client, Mapping) and client.get("secret") is not None
    return theirs or said.get("secret") is not None
