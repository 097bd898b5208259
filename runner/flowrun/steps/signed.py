"""Which of a step's options only sign, so that they stay here, and which are of no use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple, Protocol

from ..document import Map
from ..errors import FlowError
from ..flow import Step
from ..template import Scope, render
from .clients import auth_of, signs
from .kind import Options, text_of


class Looked(Protocol):
    """A step whose options are rendered."""

    @property
    def step(self) -> Step: ...

    @property
    def options(self) -> Options: ...


class Signed(NamedTuple):
    """A key: where it stands, what it signs with, and whether the provider has it too."""

    at: tuple[str, ...]
    alg: str
    shared: bool = False

    def written(self, step: Step) -> object:
        """The key as the recipe writes it."""
        node: object = step.options
        for key in self.at:
            node = node.get(key) if isinstance(node, Map) else None
        return node


STAYS = ("client", "key")
"""It is of no use but to sign, however the client authenticates."""

OBJECT = ("request_object", "key"), ("request_object", "secret")


def signed_with(looked: Looked) -> Iterator[Signed]:
    """The keys that sign in a step."""
    options, client = looked.options, looked.options.get("client")
    if looked.step.kind == "jwt":
        alg = options.plain("alg", "RS256")
        yield Signed(("key",), alg, shared=alg.startswith("HS"))
    said = options.get("request_object")
    if isinstance(said, Mapping):
        shared = said.get("key") is None
        yield Signed(OBJECT[shared], text_of(said.get("alg")) or "ES256", shared=shared)
        closed = said.get("encrypt")
        if isinstance(closed, Mapping):
            alg = text_of(closed.get("alg")) or "RSA-OAEP-256"
            yield Signed(("request_object", "encrypt", "key"), alg)
    if isinstance(client, Mapping) and signs(options):
        shared = auth_of(options) == "client_secret_jwt"
        alg = text_of(client.get("alg")) or ("HS256" if shared else "ES256")
        yield Signed(("client", "secret") if shared else STAYS, alg, shared=shared)
    yield from _opening(options)


def _opening(options: Options) -> Iterator[Signed]:
    """The keys that open or check what is signed for a step, which stay here, too."""
    for key in ("id_token", "signed"):
        said = options.get(key)
        if isinstance(said, Mapping) and "decrypt" in said:
            yield Signed((key, "decrypt"), "RS256")  # an RSA key opens RSA-OAEP
        if isinstance(said, Mapping) and "secret" in said:
            yield Signed((key, "secret"), "HS256", shared=True)


def told_parts(looked: Looked) -> Iterator[object]:
    """The options of a step, each part of a map by itself, without what only signs."""
    keys = {STAYS, *(signed.at for signed in signed_with(looked))}
    if signs(looked.options):
        keys.add(("client", "secret"))
    for name, option in looked.step.options.items():
        if not isinstance(option, Map):
            yield from [option] * ((name,) not in keys)
            continue
        yield from (part for key, part in option.items() if (name, key) not in keys)


NEEDS = {
    **dict.fromkeys(("post", "basic", "basic-raw", "client_secret_jwt"), ("secret",)),
    "none": (),
    "private_key_jwt": ("key",),
}
"""What each way to authenticate takes of a client."""

CREDENTIALS = ("secret", "key")


def used_parts(step: Step, vars: Mapping[str, object]) -> Iterator[object]:
    """The options of *step*, without credentials that the client does not authenticate with."""
    for name, option in step.options.items():
        if name != "client" or not isinstance(option, Map):
            yield option
            continue
        idle = set(CREDENTIALS) - set(NEEDS.get(_known(option.get("auth"), vars), CREDENTIALS))
        yield from (part for key, part in option.items() if key not in idle)


def _known(auth: object, vars: Mapping[str, object]) -> str:
    """How a client authenticates, if the recipe alone decides it."""
    if auth is None:
        return "post"
    with suppress(FlowError):
        return text_of(render(auth, Scope({}, vars)))
    return ""
