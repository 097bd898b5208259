"""Have a client registered, keep it with the record, and use it again (RFC 7591, RFC 7592)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..document import Map
from ..errors import FlowError, FlowrunError, ProviderError, TransportError
from ..message import Body, Request, Response
from ..oauth import registration as rules
from ..oauth.answer import Refusal, refusal_in
from ..scope import Undefined, inside
from ..secret import JSON, Secret, reveal
from ..services import Outputs, Services
from ..urls import origin
from .answers import scrubbed
from .exchange import exchange, method_of, request_of
from .kind import Options, text_of

URLS = frozenset({"post", "delete"})
LATE = frozenset({"headers"})

KIND = "client"
GONE = (401, 403, 404, 410)
"""What a server says of a client that it does not know any more."""


class Known(NamedTuple):
    """A client as it is kept."""

    endpoint: str
    digest: str
    asked: dict[str, JSON]
    client: dict[str, JSON]

    @property
    def key(self) -> str:
        return f"{self.endpoint} {self.client['client_id']}"

    @property
    def uri(self) -> str:
        """Where it is managed; empty where the server has no such place."""
        uri, token = (self.client.get(name) for name in rules.MANAGED[:1:-1])
        return uri if isinstance(uri, str) and isinstance(token, str) else ""


def run(options: Options, services: Services) -> Outputs:
    if not any(method in options for method in URLS):
        hint = "Have one registered in its own way, and give its id to the recipe."
        raise ProviderError("E513", "the server registers no clients by itself", hint=hint)
    if method_of(options) == "delete":
        _deleted(options, services)
        return {}
    known = _for_login(options, services) if _begins(options) else _for_record(options, services)
    return rules.handed_on(known.client, known.asked)


def preview(options: Options) -> Request | None:
    if not any(method in options for method in URLS):
        hint = "Say `post`, the registration endpoint."
        raise FlowError("E207", "nobody is asked to register a client", hint=hint)
    return request_of(options)


def hands_on(options: Map) -> frozenset[str] | None:
    return None


def _begins(options: Options) -> bool:
    """Whether a login begins here, so that a new client is as good as the old one."""
    return options.step.section == "steps"


def _for_login(options: Options, services: Services) -> Known:
    """The client that was asked for before, changed or made anew where that does not do."""
    endpoint, asked = _asked(options)
    digest = rules.digest_of(endpoint, asked)
    others = sorted(_kept(services, endpoint), key=lambda known: known.digest != digest)
    for known in others[:1]:
        same = known.digest == digest
        if same and not rules.expired(known.client, services.now()):
            if (current := _looked_up(known, services)) is not None:
                return current
        elif changed := _changed(known, asked, digest, services):
            return changed
    return _registered(options, services, endpoint, asked)


def _for_record(options: Options, services: Services) -> Known:
    """The client that the record's tokens were issued to; another one could not use them."""
    endpoint = text_of(options.get("post"))
    meant = _of_the_record(options)
    for known in _kept(services, endpoint):
        if meant in ("", known.client["client_id"]):
            if not rules.expired(known.client, services.now()):
                return known
            if changed := _changed(known, known.asked, known.digest, services):
                return changed
            raise _lost(f"the secret of the client {known.client['client_id']} has ended")
    raise _lost(f"the client {meant} of this record is not kept here")


def _lost(message: str) -> ProviderError:
    hint = "Run the flow again: another client is registered, which needs consent of its own."
    return ProviderError("E513", message, hint=hint, outcome="ended")


def _of_the_record(options: Options) -> str:
    """The id of the client that the record says it has."""
    try:
        path = ("saved", "flowrun", "clients", options.step.id)
        return text_of(inside(options.scope.values, path))
    except Undefined:
        return ""


def _asked(options: Options) -> tuple[str, dict[str, JSON]]:
    """Who is asked to register, and what."""
    fields = reveal(options.fields("json"))
    return text_of(options.get("post")), fields if isinstance(fields, dict) else {}


def _registered(
    options: Options, services: Services, endpoint: str, asked: dict[str, JSON]
) -> Known:
    request = request_of(options, services)
    response = exchange(options, services, request)
    client = rules.client_in(response, asked, origin(endpoint), _refusal(response, request))
    known = Known(endpoint, rules.digest_of(endpoint, asked), asked, client)
    _keep(known, services)
    services.tell(f"{origin(endpoint)} has registered the client {client['client_id']}")
    return known


def _looked_up(known: Known, services: Services) -> Known | None:
    """*known* as the server has it now; None when that knows it no more (RFC 7592 section 2.1)."""
    response = _manage(known, services, "GET")
    if response is None:
        return known
    if response.status in GONE:
        services.shelf.drop(KIND, known.key)
        return None
    return _updated(known, response, services)


def _changed(known: Known, asked: dict[str, JSON], digest: str, services: Services) -> Known | None:
    """*known* as it is asked for now; None when the server does not do that (section 2.2)."""
    body = Body("json", rules.update_of(known.client, asked, known.asked))
    response = _manage(known, services, "PUT", body)
    if response is None:
        return None
    if response.status in GONE:
        services.shelf.drop(KIND, known.key)
        return None
    return _updated(known._replace(asked=asked, digest=digest), response, services)


def _updated(known: Known, response: Response, services: Services) -> Known | None:
    """*known* with what the server says of it now, which is kept; None when it is no use."""
    try:
        new = rules.client_in(response, known.asked, origin(known.endpoint), Refusal("", ""))
    except ProviderError:
        return None
    if new["client_id"] != known.client["client_id"]:
        return None
    known = known._replace(client=rules.merged(known.client, new))
    _keep(known, services)
    return None if rules.expired(known.client, services.now()) else known


def _manage(
    known: Known, services: Services, method: str, body: Body | None = None
) -> Response | None:
    """The answer of where *known* is managed; None when there is none that says anything."""
    if not known.uri:
        return None
    token = known.client["registration_access_token"]
    request = Request(method, known.uri, headers={"Authorization": rules.bearer(token)}, body=body)
    try:
        services.permit(known.uri)
        response = services.http.send(_sealed(request))
    except (FlowrunError, TransportError):  # it works without: the client is still known here
        return None
    return response if response.ok or response.status in GONE else None


def _sealed(request: Request) -> Request:
    """*request*, the secret that it repeats no less a secret."""
    content = request.body.content if request.body else None
    if not isinstance(content, Mapping):
        return request
    hidden = {k: Secret(reveal(v)) if k in rules.OWN else v for k, v in content.items()}
    return request._replace(body=Body("json", hidden))


def _deleted(options: Options, services: Services) -> None:
    """End a registration (RFC 7592 section 2.3); it is forgotten here, too."""
    uri, request = text_of(options.get("delete")), request_of(options, services)
    response = exchange(options, services, request)
    if response.status >= 500 and response.status != 501:
        refusal = _refusal(response, request)
        told = f": {refusal.code} ({refusal.text})" if refusal.code else ""
        message = f"{origin(uri)} answered {response.status} and has not ended the registration"
        raise ProviderError("E513", message + told, hint="Try again later.")
    if not response.ok and response.status not in GONE:
        services.tell(f"{origin(uri)} answered {response.status}, so the client stays registered")
    for key, value in list(services.shelf.all(KIND)):
        if (known := _read(value)) and known.uri == uri:
            services.shelf.drop(KIND, key)


def _refusal(response: Response, request: Request) -> Refusal:
    """What the server says against it, without what it repeats of the secrets that were sent."""
    return scrubbed(refusal_in(response.json if isinstance(response.json, dict) else {}), request)


def _keep(known: Known, services: Services) -> None:
    services.shelf.put(KIND, known.key, dict(known._asdict()))


def _kept(services: Services, endpoint: str) -> Iterator[Known]:
    """The clients of this record that *endpoint* has registered."""
    for key, value in list(services.shelf.all(KIND)):
        known = _read(value)
        if known and known.endpoint == endpoint and known.key == key:
            yield known


def _read(value: JSON) -> Known | None:
    """The client in a file; None when it holds none."""
    fields = value if isinstance(value, dict) else {}
    endpoint, digest = fields.get("endpoint"), fields.get("digest")
    asked, client = fields.get("asked"), fields.get("client")
    if not (isinstance(endpoint, str) and isinstance(digest, str) and isinstance(asked, dict)):
        return None
    if not (isinstance(client, dict) and isinstance(client.get("client_id"), str)):
        return None
    return Known(endpoint, digest, asked, client)
