"""Clients that a server registers: kept for one record, used again, and never mixed up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from flowrun.errors import FlowrunError, ProviderError
from flowrun.message import Response
from flowrun.oauth.registration import auth_of, handed_on, update_of
from flowrun.secret import JSON, Secret
from flowrun.services import Outputs
from flowrun.steps import KINDS
from flowrun.steps.kind import Options
from flowrun.template import Scope
from flowrun.wire import Encoded
from servers.command import Cli
from servers.kinds import World, answer, run_kind, step_of
from servers.pages import Asked, Page, Pages, serving_pages
from standards import proves

ENDPOINT = "https://id.example/register"
MANAGED = "https://id.example/clients/a"
OPTIONS = (
    f"{{post: '{ENDPOINT}', json: {{client_name: acme, redirect_uris: ['http://127.0.0.1/']}}}}"
)
CHANGED = f"{{post: '{ENDPOINT}', json: {{redirect_uris: ['http://[::1]/']}}}}"
SECRET, TOKEN = "fake-client-secret", "fake-registration-token"
MANAGEMENT: dict[str, JSON] = {
    "registration_client_uri": MANAGED,
    "registration_access_token": TOKEN,
}


def registering(**fields: JSON) -> World:
    """A server that registers everybody as `a`, with these fields besides."""
    return World(lambda _: answer(201, client_id="a", **fields))


def sent(world: World) -> list[tuple[str, str]]:
    return [(request.method, request.url) for request in world.wire.sent]


def body_of(request: Encoded) -> dict[str, JSON]:
    found: dict[str, JSON] = json.loads(request.body or b"")
    return found


def later(world: World, client_id: str = "a") -> Outputs:
    """What the step hands on in `refresh`, of a record that has the client *client_id*."""
    step = step_of("register", OPTIONS)._replace(section="refresh")
    saved = {"flowrun": {"clients": {"register": Secret(client_id)}}}
    return KINDS["register"].run(
        Options(step, KINDS["register"], Scope({"saved": saved})), world.services
    )


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


@proves("RFC 7591", "3.1", "client metadata is sent as JSON, an initial access token as a bearer")
def test_a_client_is_asked_for_with_what_it_is_to_be() -> None:
    world = registering()

    run_kind(
        "register",
        OPTIONS.replace("{post", "{bearer: '{{ inputs.t }}', post"),
        world,
        inputs={"t": Secret("fake-initial-token")},
    )

    assert (world.request.method, world.request.url) == ("POST", ENDPOINT)
    assert dict(world.request.headers)["Authorization"] == "Bearer fake-initial-token"
    assert body_of(world.request) == {"client_name": "acme", "redirect_uris": ["http://127.0.0.1/"]}


@proves("RFC 7591", "2.3", "a software statement is sent, and no secret that it is one")
def test_a_software_statement_is_a_secret() -> None:
    world = registering()
    options = OPTIONS.replace("client_name: acme", "software_statement: '{{ inputs.s }}'")

    found = run_kind("register", options, world, inputs={"s": Secret("fake-statement")})

    assert body_of(world.request)["software_statement"] == "fake-statement"
    assert isinstance(found["software_statement"], Secret)


@proves("RFC 7591", "3.2.1", "secrets that were registered are secrets here")
def test_what_is_registered_is_handed_on() -> None:
    found = run_kind("register", OPTIONS, registering(client_secret=SECRET, **MANAGEMENT, odd="x"))

    assert (found["client_id"], found["auth"]) == ("a", "basic")
    assert found["client_secret"] == Secret(SECRET)
    assert found["registration_access_token"] == Secret(TOKEN)
    assert found["registration_client_uri"] == MANAGED
    assert found["odd"] == Secret("x")
    assert SECRET not in repr(found)


def test_a_client_without_a_secret_has_none() -> None:
    found = run_kind("register", OPTIONS, registering())

    assert (found["client_secret"], found["registration_client_uri"]) == (None, None)
    assert found["auth"] == "none"


@pytest.mark.parametrize(
    ("method", "auth"),
    [
        ("client_secret_basic", "basic"),
        ("client_secret_post", "post"),
        ("none", "none"),
        ("private_key_jwt", "private_key_jwt"),
        ("self_signed_tls_client_auth", "tls"),
    ],
)
def test_how_a_client_authenticates_is_told_in_the_words_of_recipes(method: str, auth: str) -> None:
    assert auth_of({"token_endpoint_auth_method": method}) == auth


def test_the_client_is_used_again() -> None:
    world = registering(client_secret=SECRET)

    first, second = (run_kind("register", OPTIONS, world) for _ in range(2))

    assert first == second
    assert len(world.wire.sent) == 1


def test_another_recipe_has_another_client() -> None:
    numbers = iter("ab")
    world = World(lambda _: answer(201, client_id=next(numbers)))

    one = run_kind("register", OPTIONS, world)
    other = run_kind("register", OPTIONS.replace("acme", "other"), world)

    assert (one["client_id"], other["client_id"]) == ("a", "b")
    assert later(world)["client_id"] == "a"
    assert later(world, "b")["client_id"] == "b"


def test_another_server_has_another_client() -> None:
    world = World(lambda request: answer(201, client_id=request.url[8]))

    run_kind("register", OPTIONS, world)
    other = run_kind("register", OPTIONS.replace("id.example", "evil.example"), world)

    assert other["client_id"] == "e"


@pytest.mark.parametrize(
    ("status", "fields", "says"),
    [
        (400, {"error": "invalid_redirect_uri"}, "does not take this redirection URI"),
        (400, {"error": "invalid_client_metadata", "error_description": "no such"}, "no such"),
        (400, {"error": "unapproved_software_statement"}, "who issued the software statement"),
        (401, {"error": "invalid_token"}, "initial access token"),
        (403, {}, "initial access token"),
        (500, {}, "answered 500"),
        (201, {}, "without an id"),
        (201, {"client_id": 4711}, "without an id"),
        (201, {"client_id": "a", "redirect_uris": ["https://evil.example"]}, "other addresses"),
    ],
)
@proves("RFC 7591", "3.2.2", "each refusal is told, with what helps")
def test_a_refusal_says_what_helps(status: int, fields: dict[str, JSON], says: str) -> None:
    world = World(lambda _: answer(status, **fields))

    error = refusal(lambda: run_kind("register", OPTIONS, world))

    assert error.code == "E513"
    assert says in f"{error} {error.problems[0].hint}"
    assert world.shelf.kept == {}


def test_a_server_that_registers_nobody_is_told() -> None:
    step = step_of("register", "{json: {client_name: acme}}")
    options = Options(step, KINDS["register"], Scope({}))

    error = refusal(lambda: KINDS["register"].run(options, World().services))

    assert (error.code, "give its id" in error.problems[0].hint) == ("E513", True)


class Server:
    """A server that manages the client that it has registered."""

    def __init__(self, **fields: JSON) -> None:
        self.client: dict[str, JSON] = {"client_id": "a", "client_secret": SECRET, **fields}
        self.status = 200

    def __call__(self, request: Encoded) -> Response:
        if request.method == "POST":
            return answer(201, **self.client, **MANAGEMENT)
        assert dict(request.headers)["Authorization"] == f"Bearer {TOKEN}"
        return answer(self.status, **self.client)


@proves("RFC 7592", "2.1", "a client is looked up before it is used for another login")
def test_a_client_is_looked_up_and_a_new_secret_is_kept() -> None:
    server = Server()
    world = World(server)
    run_kind("register", OPTIONS, world)
    server.client["client_secret"] = "fake-newer-secret"

    found = run_kind("register", OPTIONS, world)

    assert sent(world)[1:] == [("GET", MANAGED)]
    assert found["client_secret"] == later(world)["client_secret"] == Secret("fake-newer-secret")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_client_that_the_server_knows_no_more_is_registered_anew(status: int) -> None:
    server = Server()
    world = World(server)
    run_kind("register", OPTIONS, world)
    server.status, server.client["client_id"] = status, "b"

    assert run_kind("register", OPTIONS, world)["client_id"] == "b"
    assert [method for method, _ in sent(world)] == ["POST", "GET", "POST"]


@pytest.mark.parametrize("status", [405, 500])
def test_a_server_that_cannot_say_is_not_asked_for_another(status: int) -> None:
    server = Server()
    world = World(server)
    run_kind("register", OPTIONS, world)
    server.status = status

    assert run_kind("register", OPTIONS, world)["client_id"] == "a"
    assert [method for method, _ in sent(world)] == ["POST", "GET"]


@proves("RFC 7592", "2.2", "all that the client is goes along when a part of it changes")
def test_a_change_carries_the_whole_client() -> None:
    world = World(Server(contacts=["a@id.example"], client_id_issued_at=1, client_name="acme"))
    run_kind("register", OPTIONS, world)

    run_kind("register", CHANGED, world)

    assert sent(world)[1:] == [("PUT", MANAGED)]
    assert body_of(world.wire.sent[1]) == {
        "client_id": "a",
        "client_secret": SECRET,
        "contacts": ["a@id.example"],
        "redirect_uris": ["http://[::1]/"],
    }


def test_what_was_asked_for_and_is_no_more_is_left_out() -> None:
    client: dict[str, JSON] = {"client_id": "a", "client_name": "acme", "tos_uri": "https://x.y"}

    assert update_of(client, {"scope": "b"}, ["client_name"]) == {
        "client_id": "a",
        "tos_uri": "https://x.y",
        "scope": "b",
    }


# secrets that end


@proves("RFC 7591", "3.2.1", "a client whose secret has ended is registered anew")
def test_a_secret_that_has_ended_is_not_used() -> None:
    numbers = iter("ab")
    world = World(
        lambda _: answer(
            201,
            client_id=next(numbers),
            client_secret=SECRET,
            client_secret_expires_at=world.clock + 600,
        )
    )
    run_kind("register", OPTIONS, world)
    world.clock += 600

    error = refusal(lambda: later(world))
    again = run_kind("register", OPTIONS, world)

    assert isinstance(error, ProviderError)
    assert (error.code, error.outcome) == ("E513", "ended")
    assert again["client_id"] == "b"


def test_a_secret_that_has_ended_is_changed_where_the_server_manages_clients() -> None:
    server = Server(client_secret_expires_at=World().clock + 600)
    world = World(server)
    run_kind("register", OPTIONS, world)
    world.clock += 600
    server.client |= {"client_secret": "fake-newer-secret", "client_secret_expires_at": 0}

    assert later(world)["client_secret"] == Secret("fake-newer-secret")
    assert sent(world)[1:] == [("PUT", MANAGED)]


def test_a_record_without_its_client_needs_a_person() -> None:
    world = registering()
    run_kind("register", OPTIONS, world)

    error = refusal(lambda: later(world, "of another record"))

    assert isinstance(error, ProviderError)
    assert (error.code, error.outcome) == ("E513", "ended")
    assert len(world.wire.sent) == 1


# what others have changed


@pytest.mark.parametrize(
    "value",
    [
        {},
        None,
        {"endpoint": ENDPOINT, "digest": "x", "asked": {}, "client": {}},
        {
            "endpoint": "https://evil.example",
            "digest": "x",
            "asked": {},
            "client": {"client_id": "a"},
        },
    ],
)
def test_a_file_that_holds_no_client_of_this_server_is_none(value: JSON) -> None:
    world = registering()
    world.shelf.put("client", f"{ENDPOINT} a", value)

    assert run_kind("register", OPTIONS, world)["client_id"] == "a"
    assert len(world.wire.sent) == 1


def test_the_token_that_manages_a_client_goes_to_no_foreign_host() -> None:
    world = registering(
        registration_client_uri="https://evil.example/a", registration_access_token=TOKEN
    )

    def permit(*urls: str) -> None:
        if "evil" in "".join(urls):
            raise ProviderError("E213", "not allowed")

    step = step_of("register", OPTIONS)
    for _ in range(2):
        services = world.services._replace(permit=permit)
        KINDS["register"].run(Options(step, KINDS["register"], Scope({})), services)

    assert sent(world) == [("POST", ENDPOINT)]


def test_every_name_is_handed_on_whatever_the_server_says() -> None:
    names = {"client_secret", "registration_client_uri", "registration_access_token", "auth"}

    assert names <= handed_on({"client_id": "a"}, {}).keys()


# ended


END = f"{{delete: '{MANAGED}', bearer: '{TOKEN}'}}"


@proves("RFC 7592", "2.3", "a registration is ended, and forgotten here")
@pytest.mark.parametrize("status", [204, 401, 404])
def test_a_registration_is_ended(status: int) -> None:
    world = World(Server())
    run_kind("register", OPTIONS, world)
    world.wire.server = lambda _: Response(status, {}, b"")

    run_kind("register", END, world)

    assert sent(world)[1:] == [("DELETE", MANAGED)]
    assert world.shelf.kept == {}


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_that_ends_no_registration_is_told(status: int) -> None:
    world = World(lambda _: Response(status, {}, b""))

    run_kind("register", END, world)

    assert "stays registered" in world.told[0]


def test_a_registration_that_cannot_be_ended_now_is_kept() -> None:
    world = World(Server())
    run_kind("register", OPTIONS, world)
    world.wire.server = lambda _: Response(503, {}, b"")

    assert refusal(lambda: run_kind("register", END, world)).code == "E513"
    assert len(world.shelf.kept) == 1


# through the command line


CLIENT = """
      client:
        id: "{{ steps.register.client_id }}"
        secret: "{{ steps.register.client_secret }}"
        auth: "{{ steps.register.auth }}"
"""

RECIPE = f"""
flowrun: 1
name: acme
steps:
  - register: {{post: SITE/register, json: {{grant_types: [client_credentials]}}}}
  - token:
      post: SITE/token{CLIENT}
      form: {{grant_type: client_credentials}}
revoke:
  - use: steps.register
  - http:
      post: SITE/revoke{CLIENT}
      form: {{token: "{{{{ saved.access_token }}}}"}}
  - id: unregister
    register:
      delete: "{{{{ steps.register.registration_client_uri }}}}"
      bearer: "{{{{ steps.register.registration_access_token }}}}"
"""


def recipe(cli: Cli, pages: Pages) -> Path:
    path = cli.folder / "acme.yaml"
    path.write_text(RECIPE.replace("SITE", pages.url))
    return path


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving_pages() as pages:
        pages.at["/register"] = Page(
            {
                "client_id": "a",
                "client_secret": SECRET,
                "registration_client_uri": f"{pages.url}/clients/a",
                "registration_access_token": TOKEN,
            },
            201,
        )
        pages.at["/token"] = {"access_token": "fake-access", "token_type": "Bearer"}
        yield pages


def files(cli: Cli) -> Mapping[Path, str]:
    return {path: path.read_text() for path in cli.folder.rglob("*") if path.is_file()}


def test_what_was_registered_stands_in_one_private_file_alone(cli: Cli, pages: Pages) -> None:
    cli.keep_secret(SECRET, TOKEN)

    done = cli(recipe(cli, pages), "-v")

    assert done.status == 0, done.stderr
    holding = [path for path, text in files(cli).items() if SECRET in text or TOKEN in text]
    assert [path.name.rpartition("-")[0] for path in holding] == ["acme.client"]
    assert holding[0].stat().st_mode & 0o777 == 0o600


def test_a_client_that_others_can_read_is_not_used(cli: Cli, pages: Pages) -> None:
    path = recipe(cli, pages)
    cli(path)
    (kept,) = (cli.folder / "tokens" / ".flowrun").glob("acme.client-*")
    kept.chmod(0o640)

    done = cli(path, "--fresh")

    assert (done.status, "E703" in done.stderr) == (7, True)
    assert "chmod 600" in done.stderr


def test_what_the_server_repeats_of_the_secrets_is_not_told(cli: Cli, pages: Pages) -> None:
    cli.keep_secret(SECRET, TOKEN)
    path = recipe(cli, pages)
    cli(path)

    def refuse(asked: Asked) -> Page:
        said = f"{asked.headers.get('Authorization')} {asked.body} is wrong"
        return Page({"error": "server_error", "error_description": said}, 500)

    pages.at["/revoke"], pages.at["DELETE /clients/a"] = {}, refuse

    done = cli("revoke", "acme", "-v")

    assert (done.status, "E513" in done.stderr) == (5, True)


def test_a_login_that_was_given_up_can_be_forgotten(cli: Cli, pages: Pages) -> None:
    pages.at["/token"] = Page({"error": "invalid_client"}, 401)
    cli(recipe(cli, pages))
    assert list((cli.folder / "tokens" / ".flowrun").glob("acme.client-*"))

    done = cli("forget", "acme")

    assert done.status == 0, done.stderr
    assert not list((cli.folder / "tokens" / ".flowrun").glob("acme.client-*"))


def test_nothing_but_the_issuer_is_asked_for(cli: Cli, pages: Pages) -> None:
    endpoints = ("authorization", "token", "registration")
    found = {f"{name}_endpoint": f"{pages.url}/{name}" for name in endpoints}
    pages.at["/.well-known/openid-configuration"] = {"issuer": pages.url, **found}
    pages.at["/registration"] = Page({"client_id": "a"}, 201)
    path = cli.folder / "patient.yaml"
    path.write_text(
        "flowrun: 1\nextends: any-issuer\nname: patient\nsteps: [capture: {timeout: 1s}]\n"
    )
    here = "--set=redirect_uri=http://127.0.0.1:0/callback"

    done = cli(path, f"--set=issuer={pages.url}", here, BROWSER="true")

    assert (done.status, "E401" in done.stderr) == (4, True)  # only the person is missing
    assert "client_id=a" in done.stderr
