"""Which of a step's options only sign, so that they stay here, and which are of no use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Literal, NamedTuple, Protocol

from ..document import Map
from ..errors import FlowError
from ..flow import Step
from ..oauth1 import HMACS, RSAS
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


STAYS = {("client", "key"), ("oauth1", "private_key")}
"""They are of no use but to sign, however the client authenticates."""

PROVING = ("client", "oauth1")
"""Options that hold credentials, not all of which each way to prove oneself takes."""

SHOWN = {(name, half) for name in ("client", "certificate") for half in ("certificate", "key")}
"""A certificate is for everybody to see, and its key proves it and leaves as little."""

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
        yield Signed(("client", "secret" if shared else "key"), alg, shared=shared)
    yield from _consumer(options)
    yield from _opening(options)


def _consumer(options: Options) -> Iterator[Signed]:
    """What signs as OAuth 1 has it; PLAINTEXT sends both secrets."""
    said = options.get("oauth1")
    method = text_of(said.get("method") or "HMAC-SHA1") if isinstance(said, Mapping) else ""
    if method.startswith("RSA"):
        yield Signed(("oauth1", "private_key"), "RS256")
    elif method.startswith("HMAC"):
        yield Signed(("oauth1", "consumer_secret"), "HS256", shared=True)
        yield Signed(("oauth1", "token_secret"), "HS256", shared=True)


def _opening(options: Options) -> Iterator[Signed]:
    """The keys that open or check what is signed for a step, which stay here, too."""
    for key in ("id_token", "signed"):
        said = options.get(key)
        if isinstance(said, Mapping) and "decrypt" in said:
            yield Signed((key, "decrypt"), "RS256")  # an RSA key opens RSA-OAEP
        if isinstance(said, Mapping) and "secret" in said:
            yield Signed((key, "secret"), "HS256", shared=True)


Half = Literal["certificate", "key"]
CERTIFIED: dict[str, tuple[Half, ...]] = {
    "client": ("certificate", "key"),
    "certificate": ("certificate", "key"),
}


def shown_by(looked: Looked) -> Iterator[tuple[object, Half]]:
    """The certificates and keys that a step shows, as the recipe writes them."""
    for name, halves in CERTIFIED.items():
        written = looked.step.options.get(name)
        if isinstance(written, Map) and (name != "client" or auth_of(looked.options) == "tls"):
            yield from ((written.get(half), half) for half in halves)


def told_parts(looked: Looked) -> Iterator[object]:
    """The options of a step, each part of a map by itself, without what only signs."""
    keys = {*STAYS, *SHOWN, *(signed.at for signed in signed_with(looked))}
    if signs(looked.options) or auth_of(looked.options) == "tls":
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
    "tls": ("key", "certificate"),
    **dict.fromkeys(HMACS, ("consumer_secret",)),
    **dict.fromkeys(RSAS, ("private_key",)),
    "PLAINTEXT": ("consumer_secret",),
}
"""What each way to authenticate takes of a client."""

CREDENTIALS = ("secret", "key", "certificate", "consumer_secret", "private_key")


def used_parts(step: Step, vars: Mapping[str, object]) -> Iterator[object]:
    """The options of *step*, without credentials that the client does not authenticate with."""
    for name, option in step.options.items():
        if name not in PROVING or not isinstance(option, Map):
            yield option
            continue
        how = _known(option.get("method" if name == "oauth1" else "auth"), vars, name)
        idle = set(CREDENTIALS) - set(NEEDS.get(how, CREDENTIALS))
        yield from (part for key, part in option.items() if key not in idle)


def _known(auth: object, vars: Mapping[str, object], name: str) -> str:
    """How a client authenticates, if the recipe alone decides it."""
    if auth is None:
        return "HMAC-SHA1" if name == "oauth1" else "post"
    with suppress(FlowError):
        return text_of(render(auth, Scope({}, vars)))
    return ""
