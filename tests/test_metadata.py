"""Metadata of servers and of APIs: found where it must stand, believed only of whom it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError, FlowrunError, TransportError
from flowrun.message import Response
from flowrun.oauth.lifetime import lifetime_s
from flowrun.oauth.metadata import address_of_resource, addresses, named_in_challenge
from flowrun.secret import JSON
from flowrun.services import Outputs, Services
from flowrun.steps import KINDS
from flowrun.steps.kind import Options
from flowrun.template import Scope
from flowrun.wire import Encoded
from servers.command import Cli
from servers.kinds import World, run_kind, step_of
from servers.pages import Pages, serving_pages
from standards import proves

ISSUER = "https://id.example"
OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
DOCUMENT: dict[str, JSON] = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}


def page(document: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, json.dumps(document).encode())


def site(pages: Mapping[str, Response]) -> World:
    """A world with these pages, by their whole URLs."""
    return World(lambda request: pages.get(request.url, Response(404, {}, b"<html>")))


def asked(world: World) -> list[str]:
    return [request.url for request in world.wire.sent]


def learn(world: World, options: str = f"{{issuer: '{ISSUER}'}}") -> Outputs:
    return run_kind("metadata", options, world)


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


# where it stands


@proves("RFC 8414", "3.1", "the well-known part stands between host and path, without a last /")
@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://example.com", "https://example.com" + OAUTH),
        ("https://example.com/", "https://example.com" + OAUTH),
        ("https://example.com/issuer1", f"https://example.com{OAUTH}/issuer1"),
        ("https://example.com:8443/a/b/", f"https://example.com:8443{OAUTH}/a/b"),
    ],
)
def test_the_address_of_a_server(issuer: str, url: str) -> None:
    assert addresses(issuer, "oauth") == [url]


@proves("OpenID Connect Discovery", "4", "the well-known part stands behind the path")
@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://example.com", "https://example.com" + OPENID),
        ("https://example.com/issuer1", "https://example.com/issuer1" + OPENID),
        ("https://example.com/issuer1/", "https://example.com/issuer1" + OPENID),
    ],
)
def test_the_address_of_an_openid_provider(issuer: str, url: str) -> None:
    assert addresses(issuer, "openid") == [url]


@proves("RFC 9728", "3.1", "the well-known part stands between host and path or query")
@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ("https://resource.example.com", "https://resource.example.com" + RESOURCE),
        ("https://resource.example.com/", "https://resource.example.com" + RESOURCE),
        ("https://resource.example.com/r1", f"https://resource.example.com{RESOURCE}/r1"),
        ("https://resource.example.com/r?k=1", f"https://resource.example.com{RESOURCE}/r?k=1"),
    ],
)
def test_the_address_of_a_resource(resource: str, url: str) -> None:
    assert address_of_resource(resource) == url


@proves("RFC 8414", "5", "both addresses of a server with a path are tried, and its older one")
def test_every_address_is_tried_until_one_has_it() -> None:
    issuer = "https://id.example/tenant"
    pages = {f"https://id.example{OPENID}/tenant": page({"issuer": issuer})}
    pages[f"{issuer}{OPENID}"] = Response(200, {"content-type": "text/html"}, b"<!doctype html>")
    world = site(pages)

    found = learn(world, f"{{issuer: '{issuer}'}}")

    assert found["issuer"] == issuer
    assert asked(world) == [
        f"{issuer}{OPENID}",
        f"https://id.example{OAUTH}/tenant",
        f"https://id.example{OPENID}/tenant",
    ]


@proves("RFC 8414", "2", "an issuer with a query or a fragment is none")
@pytest.mark.parametrize("issuer", ["https://id.example?a=b", "https://id.example/#a"])
def test_an_issuer_is_an_address_alone(issuer: str) -> None:
    world = World()

    assert refusal(lambda: learn(world, f"{{issuer: '{issuer}'}}")).code == "E214"
    assert world.wire.sent == []


@proves("RFC 8414", "3", "metadata is asked for over TLS alone")
def test_metadata_is_not_asked_for_in_the_clear() -> None:
    world = World()

    assert refusal(lambda: learn(world, "{issuer: 'http://id.example'}")).code == "E214"
    assert world.wire.sent == []


# what it says


@proves("RFC 8414", "3.2", "what a field stands for that is left out holds")
@proves("OpenID Connect Discovery", "4.2", "every field is handed on, none of them a secret")
def test_every_field_is_handed_on_and_what_is_left_out_is_known() -> None:
    more: JSON = {"mtls_endpoint_aliases": {"token_endpoint": "https://mtls.id.example/token"}}

    found = learn(site({ISSUER + OPENID: page({**DOCUMENT, "odd": [1], "more": more})}))

    assert found["token_endpoint"] == f"{ISSUER}/token"
    assert (found["odd"], found["more"]) == ([1], more)
    assert found["revocation_endpoint"] is None
    assert found["token_endpoint_auth_methods_supported"] == ["client_secret_basic"]


@proves("RFC 9700", "2.6", "takes endpoints from metadata whose issuer is the one that was meant")
@proves("RFC 8414", "3.3", "metadata of another issuer is refused, to the letter")
@proves("OpenID Connect Discovery", "4.3", "the issuer is the one that was asked for")
@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("https://evil.example", "do not go on"),
        ("https://id.example/", "write it as the server does: https://id.example/"),
        ("https://ID.example", "do not go on"),
        ("https://id.example/{tenantid}", "do not go on"),
        (["https://id.example"], "do not go on"),
        (None, "do not go on"),
    ],
)
def test_metadata_of_another_issuer_is_refused_and_not_kept(named: JSON, hint: str) -> None:
    world = site({ISSUER + OPENID: page({**DOCUMENT, "issuer": named})})

    error = refusal(lambda: learn(world))

    assert error.code == "E511"
    assert hint in error.problems[0].hint
    assert world.shelf.kept == {}


def test_a_server_without_metadata_is_told_with_all_that_was_tried() -> None:
    error = refusal(lambda: learn(site({ISSUER + OAUTH: Response(301, {}, b"")})))

    assert error.code == "E512"
    assert f"{ISSUER}{OPENID} answered 404" in str(error)
    assert f"{ISSUER}{OAUTH} answered 301" in str(error)


@pytest.mark.parametrize("body", [b"[]", b"{", b"", b'"a"', b"\xff{}", b"[" * 500, b"<a/>"])
def test_metadata_is_a_json_object(body: bytes) -> None:
    world = site({ISSUER + OPENID: Response(200, {"content-type": "application/json"}, body)})

    assert refusal(lambda: learn(world)).code == "E512"
    assert world.shelf.kept == {}


# how long it holds


@proves("RFC 8414", "3.2", "metadata is used again for its lifetime")
def test_metadata_is_asked_for_once_in_its_lifetime() -> None:
    world = site({ISSUER + OPENID: page(DOCUMENT, cache_control="public, max-age=600")})

    first, second = learn(world), learn(world)

    assert first == second
    assert len(world.wire.sent) == 1
    world.clock += 600
    learn(world)
    assert len(world.wire.sent) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 3600),
        ({"cache-control": "max-age=5"}, 60),
        ({"cache-control": "private, MAX-AGE=600 "}, 600),
        ({"cache-control": 'max-age="600"'}, 600),
        ({"cache-control": "max-age=600", "age": "500"}, 100),
        ({"cache-control": "s-maxage=9, stale-while-revalidate=7"}, 3600),
        ({"cache-control": "max-age=999999999"}, 86400),
        ({"cache-control": "no-cache"}, 60),
        ({"cache-control": "no-store, max-age=600"}, 0),
        ({"expires": "0"}, 60),
        (
            {
                "expires": "Thu, 01 Jan 2026 02:00:00 GMT",
                "date": "Thu, 01 Jan 2026 00:00:00 GMT",
            },
            7200,
        ),
    ],
)
def test_a_lifetime_is_what_the_server_says_within_bounds(
    headers: dict[str, str], seconds: int
) -> None:
    assert lifetime_s(headers) == seconds


def test_what_must_not_be_stored_is_not() -> None:
    world = site({ISSUER + OPENID: page(DOCUMENT, cache_control="no-store")})

    learn(world)

    assert world.shelf.kept == {}


@pytest.mark.parametrize("trouble", [503, 429, 0], ids=["503", "429", "no answer"])
def test_a_server_in_trouble_is_known_by_what_it_said_within_a_day(trouble: int) -> None:
    ill = False

    def server(_: Encoded) -> Response:
        if ill and not trouble:
            raise TransportError("E601", "no connection to id.example", sent=False)
        return page(DOCUMENT, trouble if ill else 200)

    world = World(server)
    learn(world)
    ill = True
    world.clock += 3600 + 86400 - 1

    assert learn(world)["token_endpoint"] == f"{ISSUER}/token"
    assert "said before is used" in world.told[0]
    world.clock += 1
    assert refusal(lambda: learn(world)).code in ("E512", "E601")


def test_a_server_that_has_metadata_no_more_is_believed() -> None:
    pages = {ISSUER + OPENID: page(DOCUMENT)}
    world = site(pages)
    learn(world)
    del pages[ISSUER + OPENID]
    world.clock += 3601

    assert refusal(lambda: learn(world)).code == "E512"


def test_what_was_kept_is_judged_as_if_it_came_now() -> None:
    world = site({ISSUER + OPENID: page(DOCUMENT)})
    forged: JSON = {"issuer": "https://evil.example", "token_endpoint": "https://evil.example/t"}
    world.shelf.put("metadata", f"auto {ISSUER}", forged)

    assert learn(world)["token_endpoint"] == f"{ISSUER}/token"
    assert world.shelf.get("metadata", f"auto {ISSUER}") == DOCUMENT


# an API's


API = "https://api.example/v1"
SERVER_PAGES = {ISSUER + OPENID: page({**DOCUMENT, "scopes_supported": ["openid"]})}


def api(**fields: JSON) -> dict[str, JSON]:
    return {"resource": API, "authorization_servers": [ISSUER], **fields}


def learn_of(world: World, options: str = "", *, allowed: tuple[str, ...] = (ISSUER,)) -> Outputs:
    """What `metadata` hands on for the API, in a flow that may contact *allowed*."""

    def permit(*urls: str) -> None:
        if any(not url.startswith((*allowed, "https://api.example")) for url in urls):
            raise FlowError("E213", "not allowed")

    step = step_of("metadata", f"{{resource: '{API}'{options}}}")
    given = Options(step, KINDS["metadata"], Scope({"inputs": {"server": ISSUER, "none": None}}))
    services: Services = world.services._replace(permit=permit)
    return KINDS["metadata"].run(given, services)


@proves("RFC 9728", "3.2", "an API's metadata leads to its authorization server")
@proves("RFC 9728", "2", "its scopes stand in the place of the server's")
def test_an_api_names_its_server() -> None:
    known = {f"https://api.example{RESOURCE}/v1": page(api(scopes_supported=["api:read"]))}
    world = site(known | SERVER_PAGES)

    found = learn_of(world)

    assert found["token_endpoint"] == f"{ISSUER}/token"
    assert (found["resource"], found["scopes_supported"]) == (API, ["api:read"])
    assert found["protected_resource"] == api(scopes_supported=["api:read"])
    assert asked(world) == [f"https://api.example{RESOURCE}/v1", ISSUER + OPENID]


@proves("RFC 9728", "5.1", "an API without well-known metadata is asked where it is")
def test_an_api_may_name_its_metadata_in_a_challenge() -> None:
    elsewhere = "https://api.example/about,me"
    challenge = f'Basic realm="a, b", Bearer error="x", resource_metadata="{elsewhere}"'
    named = {API: page({}, 401, www_authenticate=challenge), elsewhere: page(api())}
    world = site(named | SERVER_PAGES)

    assert learn_of(world)["issuer"] == ISSUER
    assert asked(world)[:3] == [f"https://api.example{RESOURCE}/v1", API, elsewhere]


@proves("RFC 9728", "3.3", "metadata of another resource is refused, to the letter")
@pytest.mark.parametrize("resource", [f"{API}/", "https://api.example", "https://evil.example", 1])
@pytest.mark.parametrize("found_by", ["well-known", "challenge"])
def test_metadata_of_another_resource_is_refused(resource: JSON, found_by: str) -> None:
    document = page(api(resource=resource))
    challenge = page({}, 401, www_authenticate='Bearer resource_metadata="https://api.example/m"')
    named = {"https://api.example/m": document, API: challenge}
    if found_by == "well-known":
        named = {f"https://api.example{RESOURCE}/v1": document}
    world = site(named | SERVER_PAGES)

    assert refusal(lambda: learn_of(world)).code == "E516"
    assert ISSUER + OPENID not in asked(world)
    assert world.shelf.kept == {}


@proves("RFC 9728", "7.6", "an authorization server that the recipe does not allow is not asked")
def test_a_foreign_server_is_refused_with_the_lines_that_allow_it() -> None:
    known = {f"https://api.example{RESOURCE}/v1": page(api())}
    world = site(known | SERVER_PAGES)

    pinned = refusal(lambda: learn_of(world, ", issuer: '{{ inputs.none }}'", allowed=()))
    plain = refusal(lambda: learn_of(world, allowed=()))

    assert (pinned.code, plain.code) == ("E516", "E516")
    assert f"--set none={ISSUER}" in pinned.problems[0].hint
    assert "hosts: [id.example]" in plain.problems[0].hint
    assert "--set" not in plain.problems[0].hint
    assert ISSUER + OPENID not in asked(world)


def test_of_several_servers_the_first_that_is_allowed_is_taken_unless_one_is_meant() -> None:
    other = "https://other.example"
    servers: list[JSON] = ["https://foreign.example", ISSUER, other]
    pages = {f"https://api.example{RESOURCE}/v1": page(api(authorization_servers=servers))}
    pages[other + OPENID] = page({"issuer": other})
    world = site(pages | SERVER_PAGES)

    assert learn_of(world, allowed=(ISSUER, other))["issuer"] == ISSUER
    assert learn_of(world, f", issuer: '{other}'", allowed=(other,))["issuer"] == other


def test_a_server_that_the_api_does_not_name_is_refused() -> None:
    known = {f"https://api.example{RESOURCE}/v1": page(api(authorization_servers=["https://a.b"]))}
    world = site(known | SERVER_PAGES)

    error = refusal(lambda: learn_of(world, ", issuer: '{{ inputs.server }}'"))

    assert error.code == "E516"
    assert "https://a.b" in str(error)


def test_an_api_that_says_nothing_is_told() -> None:
    silent = refusal(lambda: learn_of(site({})))
    nameless = refusal(
        lambda: learn_of(site({f"https://api.example{RESOURCE}/v1": page({"resource": API})}))
    )

    assert (silent.code, nameless.code) == ("E512", "E512")
    assert "names no authorization server" in str(nameless)


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('Bearer resource_metadata="https://a.example/m"', "https://a.example/m"),
        ("DPoP algs=\"ES256\", resource_metadata='x', a=b", "'x'"),
        ('Bearer Resource_Metadata = "https://a\\.example"', "https://a.example"),
        ("Bearer resource_metadata=https://a.example", "https://a.example"),
        ('Basic realm="resource_metadata=x"', ""),
        ('Basic realm="a\\"b", Bearer', ""),
        ("Negotiate a2V5PXZhbHVl==", ""),
        ("", ""),
    ],
)
def test_a_challenge_is_read_as_headers_are_written(header: str, url: str) -> None:
    assert named_in_challenge(header) == url


@given(st.text(max_size=200), st.integers(1, 4000))
def test_a_challenge_is_read_whatever_it_says(text: str, times: int) -> None:
    assert isinstance(named_in_challenge(text * times), str)


# through the command line


RECIPE = """
flowrun: 1
extends: base/openid
name: acme
inputs:
  client_id: {{default: app}}
  redirect_uri: {{default: "http://127.0.0.1:0/callback"}}
vars: {{issuer: {0}}}
hosts: [{1}]
steps: [{{capture: {{timeout: 1s}}}}]
"""


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving_pages() as pages:
        pages.at["/jwks"] = {"keys": []}
        yield pages


def document(pages: Pages, **fields: JSON) -> JSON:
    endpoints = ("authorization", "token", "userinfo", "revocation", "introspection")
    own: dict[str, JSON] = {f"{name}_endpoint": f"{pages.url}/{name}" for name in endpoints}
    return {"issuer": pages.url, **own, "jwks_uri": f"{pages.url}/jwks", **fields}


def recipe(cli: Cli, pages: Pages, hosts: str = "") -> Path:
    path = cli.folder / "acme.yaml"
    path.write_text(RECIPE.format(pages.url, hosts))
    return path


EVIL = "https://evil.example/token"


@pytest.mark.parametrize(
    "name", ["token_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"]
)
def test_an_endpoint_on_a_foreign_host_is_refused_before_anybody_is_asked(
    cli: Cli, pages: Pages, name: str
) -> None:
    pages.at[OPENID] = document(pages, **{name: EVIL})

    done = cli(recipe(cli, pages), BROWSER="touch opened")

    assert done.status == 2
    assert "E213" in done.stderr
    assert "hosts: [evil.example]" in done.stderr
    assert pages.lines == [f"GET {OPENID}"]
    assert not (cli.folder / "opened").exists()
    assert not list(cli.folder.rglob("metadata-*"))


def test_all_foreign_hosts_are_told_at_once(cli: Cli, pages: Pages) -> None:
    foreign = {"token_endpoint": EVIL, "userinfo_endpoint": "https://api.example/me"}
    pages.at[OPENID] = document(pages, **foreign)

    done = cli(recipe(cli, pages), BROWSER="false")

    assert "hosts: [evil.example, api.example]" in done.stderr


def test_an_endpoint_that_the_recipe_cannot_do_without_must_be_there(
    cli: Cli, pages: Pages
) -> None:
    pages.at[OPENID] = document(pages, token_endpoint=None)

    done = cli(recipe(cli, pages), BROWSER="false")

    assert done.status == 5
    assert "E512" in done.stderr
    assert "names no token_endpoint" in done.stderr
    assert not list(cli.folder.rglob("metadata-*"))


@pytest.mark.parametrize(
    "endpoint",
    ["http://id.example/token", "javascript:alert(1)", "/token", 7, "https://a b"],
)
def test_an_endpoint_is_a_url_that_is_safe(cli: Cli, pages: Pages, endpoint: JSON) -> None:
    pages.at[OPENID] = document(pages, token_endpoint=endpoint)

    done = cli(recipe(cli, pages), BROWSER="false")

    assert (done.status, "E512" in done.stderr) == (5, True)
    assert "no safe URL" in done.stderr
    assert not list(cli.folder.rglob("metadata-*"))


@proves("RFC 8414", "5", "what one document leaves out is taken from the server's other one")
def test_two_documents_of_one_server_make_a_whole(cli: Cli, pages: Pages) -> None:
    pages.at[OPENID] = document(pages, token_endpoint=None)
    pages.at[OAUTH] = document(pages, userinfo_endpoint=EVIL)
    path = recipe(cli, pages)

    cli(path, BROWSER="false")

    assert json.loads(kept(cli).read_text())["value"] == document(pages)
    assert pages.lines[:2] == [f"GET {OPENID}", f"GET {OAUTH}"]


@proves("RFC 8414", "3.3", "a second document of another issuer adds nothing")
def test_a_second_document_must_be_the_same_servers(cli: Cli, pages: Pages) -> None:
    pages.at[OPENID] = document(pages, token_endpoint=None)
    pages.at[OAUTH] = document(pages, issuer="https://evil.example")

    done = cli(recipe(cli, pages), BROWSER="false")

    assert (done.status, "E512" in done.stderr) == (5, True)


def test_an_endpoint_that_nothing_needs_may_be_missing(cli: Cli, pages: Pages) -> None:
    pages.at[OPENID] = document(pages, revocation_endpoint=None, userinfo_endpoint=None)

    done = cli(recipe(cli, pages), BROWSER="true")

    assert done.status == 4  # nobody comes back from this browser
    assert "E512" not in done.stderr


def kept(cli: Cli) -> Path:
    (found,) = cli.folder.rglob("metadata-*")
    return found


def test_a_file_that_somebody_has_poisoned_leads_nowhere(cli: Cli, pages: Pages) -> None:
    pages.at[OPENID] = document(pages)
    path = recipe(cli, pages)
    cli(path, BROWSER="false")
    poisoned = json.loads(kept(cli).read_text())
    poisoned["value"]["token_endpoint"] = EVIL
    kept(cli).write_text(json.dumps(poisoned))

    cli(path, BROWSER="false")

    assert [line for line in pages.lines if line != "GET /jwks"] == [f"GET {OPENID}"] * 2
    assert json.loads(kept(cli).read_text())["value"] == document(pages)


def test_a_file_that_others_may_read_is_refused(cli: Cli, pages: Pages) -> None:
    pages.at[OPENID] = document(pages)
    path = recipe(cli, pages)
    cli(path, BROWSER="false")
    kept(cli).chmod(0o644)

    done = cli(path, BROWSER="false")

    assert done.status == 7
    assert "E703" in done.stderr
