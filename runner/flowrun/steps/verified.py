"""What is signed for a step: opened, and its signature held against the issuer's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import FlowError
from ..oauth.id_token import LEEWAY_S
from ..oauth.jwk import shared_key
from ..oauth.jwt import ALGORITHMS, Jwt, check_alg, header_of, is_encrypted, read, refused
from ..place import place_of
from ..secret import JSON, Value, reveal
from ..services import Services
from ..taint import Unknown, is_list
from .jwks import Keys
from .kind import Options, seconds_of, text_of

USUAL = ("RS256",)
"""What an issuer signs with when nobody has agreed on more (OpenID Connect Core section 2)."""


UNPROVEN = "what only a signature proves cannot be checked without a key"
UNPROVEN_HINT = "Say where the issuer shows its keys: jwks: https://id.example.com/jwks"


class Rules(NamedTuple):
    """What a step says of the tokens that it believes."""

    algs: Sequence[str]
    keys: Keys | None
    issuer: str = ""
    client_id: str = ""
    audience: str = ""
    leeway_s: float = LEEWAY_S
    secret: str = ""
    decrypt: str = ""

    @property
    def proves(self) -> bool:
        """Whether there is a key to check a signature with."""
        return self.keys is not None or (self.shared and bool(self.secret))

    @property
    def shared(self) -> bool:
        """Whether the recipe says that a secret signs, which both sides know."""
        return self.algs != ALGORITHMS and any(alg.startswith("HS") for alg in self.algs)


def look(options: Options, key: str = "id_token") -> None:
    """Refuse, with E205, what *options* say under *key* and nothing can be signed with."""
    given = options.get(key)
    if isinstance(given, Mapping):
        algorithms(options, given.get("alg"), key)


def rules_of(options: Options, services: Services, key: str = "id_token") -> Rules:
    """What *options* say under *key* and beside it; the issuer's keys are asked for now."""
    given = options.get(key)
    said = given if isinstance(given, Mapping) else {}
    url = options.get("jwks")
    return Rules(
        algs=algorithms(options, said.get("alg"), key) or (USUAL if url else ALGORITHMS),
        keys=Keys(text_of(url), services) if url else None,
        issuer=options.plain("issuer"),
        client_id=client_id_of(options),
        audience=text_of(said.get("audience")),
        leeway_s=seconds_of(text_of(said.get("leeway")), LEEWAY_S),
        secret=text_of(said.get("secret")) or _client_secret(options),
        decrypt=text_of(said.get("decrypt")),
    )


def algorithms(options: Options, said: Value, key: str) -> list[str]:
    """The algorithms that a recipe names; those that a server names, as far as they are any."""
    if said is None or isinstance(said, Unknown):
        return []
    names = [text_of(each) for each in said] if is_list(said) else [text_of(said)]
    known = [name for name in names if name in ALGORITHMS]
    if not known:
        hint = f"One of {', '.join(ALGORITHMS)}."
        message = f"{key} cannot be signed with {' or '.join(names) or 'nothing'}"
        place = place_of(options.step.options.get(key)) or options.step.place
        raise FlowError("E205", message, hint=hint, place=place)
    return known


def opened(text: JSON, rules: Rules, what: str) -> Jwt:
    """
    The token in *text*, whose signature is the issuer's as far as keys are known.

    Raises:
        ProviderError: E520 for what cannot be read, E522 for how it is signed, E521 for who has.
    """
    jwt = read(plain_of(text, rules, what), what)
    check_alg(jwt, rules.algs, what)
    if not _is_proven(jwt, rules):
        kid = jwt.header.get("kid")
        named = f" {kid[:100]}" if isinstance(kid, str) else ""
        message = f"{what} is not signed with a key{named} of the issuer"
        raise refused("E521", message, "It may be a forgery; do not go on with this login.")
    return jwt


def plain_of(text: JSON, rules: Rules, what: str) -> JSON:
    """The signed token in *text*; it must have been encrypted for us when the recipe says so."""
    if not rules.decrypt and not is_encrypted(text):
        return text
    if not isinstance(text, str) or not is_encrypted(text):
        raise refused("E520", f"{what} is not encrypted, and the recipe has a key for that")
    if not rules.decrypt:
        hint = "Say with which key: decrypt: ..."
        raise refused("E520", f"{what} is encrypted, and the recipe has no key for it", hint)
    from ..jose.decrypting import decrypted

    inner = decrypted(text, header_of(text, what), rules.decrypt)
    if inner is None:
        raise refused("E520", f"{what} cannot be decrypted with the key of the recipe")
    return inner


def _is_proven(jwt: Jwt, rules: Rules) -> bool:
    """Whether its signature is good; without keys it is the connection that it came by."""
    by_secret = jwt.alg.startswith("HS")
    if rules.keys is None and not (by_secret and rules.shared):
        return True
    from ..jose.verifying import is_signed

    if by_secret:  # never with what a server publishes
        return bool(rules.secret) and is_signed(jwt.text, jwt.alg, [shared_key(rules.secret)])
    assert rules.keys is not None
    kid = jwt.header.get("kid")
    if is_signed(jwt.text, jwt.alg, rules.keys.for_(jwt.alg, kid)):
        return True
    # Without a key's id, nothing told that there is another key by now.
    renewed = kid is None and rules.keys.renewed()
    return renewed and is_signed(jwt.text, jwt.alg, rules.keys.for_(jwt.alg, None))


def client_id_of(options: Options) -> str:
    """The id by which the provider knows this client."""
    client, basic = options.get("client"), options.get("basic")
    found: list[Value] = [client.get("id")] if isinstance(client, Mapping) else []
    for key in ("form", "params", "json", "query"):
        fields = options.get(key)
        found += [fields.get("client_id")] if isinstance(fields, Mapping) else []
    found.append(options.authorization.get("client_id"))
    found += [basic.get("user")] if isinstance(basic, Mapping) else []
    return next((text_of(each) for each in found if each is not None), "")


def _client_secret(options: Options) -> str:
    client = options.get("client")
    return str(reveal(client.get("secret")) or "") if isinstance(client, Mapping) else ""
