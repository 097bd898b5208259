"""Every kind of step through one harness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from flowrun import schema
from flowrun.errors import CallbackError, FlowError, FlowrunError, ProviderError, TransportError
from flowrun.message import Response
from flowrun.oauth.pkce import challenge_of
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.steps import KINDS
from flowrun.wire import Encoded
from servers.kinds import NOON, World, answer, run_kind, silent
from standards import proves

SECRET = "fake-secret-of-acme"
URL = "post: https://id.example/token"
AUTHORIZE = "url: https://id.example/authorize"


def parameters(url: object) -> dict[str, str]:
    return {
        name: value for name, (value,) in parse_qs(urlsplit(str(reveal_text(url))).query).items()
    }


def reveal_text(value: object) -> str:
    return str(value.reveal() if isinstance(value, Secret) else value)


def token(**fields: JSON) -> World:
    return World(lambda _: answer(access_token="fake-access", **fields))


def fields(outputs: Mapping[str, object]) -> dict[str, object]:
    return {k: v.reveal() if isinstance(v, Secret) else v for k, v in outputs.items()}


def test_the_schema_has_a_branch_for_every_kind() -> None:
    step = json.loads(schema.schema_text())["definitions"]["step"]

    kinds = {next(iter(each["required"])) for each in step["oneOf"]}

    assert kinds == {*KINDS, "use"}


# authorize


@proves("RFC 8252", "8.1", "protects each code with PKCE")
@proves("RFC 6749", "10.12", "sends a state of its own, made for this login")
@proves("RFC 7636", "4.3", "sends an S256 challenge unless the recipe says otherwise")
def test_authorize_ties_the_answer_to_the_request() -> None:
    made = run_kind("authorize", f"{{{AUTHORIZE}, query: {{client_id: acme, none: null}}}}")

    query = parameters(made["url"])
    assert query["state"] == reveal(made["state"])
    assert query["code_challenge"] == challenge_of(str(reveal(made["code_verifier"])))
    assert query["code_challenge_method"] == "S256"
    assert query["client_id"] == "acme"
    assert "none" not in query
    assert "code_verifier" not in query
    assert SECRET not in repr(made)


@proves("RFC 9700", "2.1.1", "ties state, nonce and challenge to one login")
def test_authorize_makes_new_values_each_time() -> None:
    one, two = (run_kind("authorize", f"{{{AUTHORIZE}, openid: true}}") for _ in range(2))

    assert all(one[name] != two[name] for name in ("state", "nonce", "code_verifier"))


def test_authorize_leaves_out_what_is_switched_off() -> None:
    made = run_kind(
        "authorize", f"{{{AUTHORIZE}, openid: true, pkce: off, state: off, nonce: false}}"
    )

    assert made["url"] == "https://id.example/authorize"
    assert (made["state"], made["nonce"], made["code_verifier"]) == (None, None, None)


def test_authorize_renames_what_it_adds_itself() -> None:
    made = run_kind(
        "authorize",
        f"{{{AUTHORIZE}, query: {{client_id: acme}}, names: {{client_id: app_id, state: ticket}}}}",
    )

    assert {"app_id", "ticket"} <= parameters(made["url"]).keys()
    assert not {"client_id", "state"} & parameters(made["url"]).keys()


@proves("RFC 6749", "3.1", "keeps the query of the authorization endpoint")
def test_authorize_keeps_the_query_that_the_url_has() -> None:
    made = run_kind("authorize", "{url: 'https://id.example/authorize?tenant=a', query: {b: c d}}")

    assert parameters(made["url"]) | {"tenant": "a", "b": "c d"} == parameters(made["url"])


def test_authorize_shows_no_secret_to_a_browser() -> None:
    with pytest.raises(FlowError, match="would show a secret") as caught:
        run_kind(
            "authorize",
            f"{{{AUTHORIZE}, query: {{key: '{{{{ inputs.key }}}}'}}}}",
            inputs={"key": Secret(SECRET)},
        )

    assert SECRET not in repr(caught.value.problems)


@pytest.mark.parametrize("url", ["http://id.example/authorize", "id.example", "ftp://id.example"])
def test_authorize_wants_a_safe_url(url: str) -> None:
    with pytest.raises(FlowError) as caught:
        run_kind("authorize", f"{{url: '{url}'}}")

    assert caught.value.code == "E214"


# capture

CODE = {"code": "a", "state": "xyz"}
SENT: dict[str, Value] = {
    "url": "https://id.example/authorize",
    "state": Secret("xyz"),
    "code_challenge_method": Secret("S256"),
}


def test_capture_brings_every_parameter_back_as_a_secret() -> None:
    world = World(params={"code": SECRET, "state": "xyz", "tenant": "a"})

    callback = run_kind(
        "capture", "{at: 'http://127.0.0.1:8484/', timeout: 2m}", world, authorization=SENT
    )

    assert fields(callback) == {"code": SECRET, "state": "xyz", "tenant": "a"}
    assert SECRET not in repr(callback)
    assert world.window.opened == [("https://id.example/authorize", 120)]


def test_capture_waits_five_minutes_by_itself() -> None:
    world = World(params={"code": "a", "state": "xyz"})

    run_kind("capture", "{at: 'http://127.0.0.1:8484/'}", world, authorization=SENT)

    assert world.window.opened[0][1] == 300


@pytest.mark.parametrize(
    ("options", "params", "code"),
    [
        ("", {"code": "a", "state": "other"}, "E404"),
        ("", {"state": "xyz", "error": "access_denied"}, "E402"),
        (", names: {code: auth_code}", {"state": "xyz", "auth_code": ""}, "E405"),
        (", issuer: 'https://id.example'", {"state": "xyz", "code": "a", "iss": "evil"}, "E409"),
        (", expect: callback.scope == 'all'", {"state": "xyz", "code": "a", "scope": "b"}, "E408"),
        (", expect: callback.scope == 'all'", {"state": "xyz", "code": "a"}, "E408"),
    ],
)
def test_capture_refuses_what_is_no_answer(options: str, params: dict[str, str], code: str) -> None:
    with pytest.raises(CallbackError) as caught:
        run_kind(
            "capture",
            f"{{at: 'http://127.0.0.1:8484/'{options}}}",
            World(params=params),
            authorization=SENT,
        )

    assert caught.value.code == code


def test_capture_expects_parameters_under_their_own_names() -> None:
    world = World(params={"auth_code": "a", "ticket": "xyz"})
    options = "{at: 'http://127.0.0.1:8484/', names: {code: auth_code, state: ticket}}"

    callback = run_kind("capture", options, world, authorization=SENT)

    assert fields(callback) == {"code": "a", "state": "xyz"}


@proves("Multiple Response Types", "2.1", "waits for the response mode that was asked for")
@pytest.mark.parametrize(
    ("asked", "option", "mode"),
    [
        ("query: {a: b}", "", "query"),
        ("query: {response_mode: form_post}", "", "form_post"),
        ("query: {response_mode: form_post}, names: {response_mode: how}", "", "form_post"),
        ("query: {how: fragment}, names: {response_mode: how}", "", "fragment"),
        ("query: {response_type: token}", "", "fragment"),
        ("query: {kind: token}, names: {response_type: kind}", "", "fragment"),
        ("query: {response_type: token, response_mode: form_post}", "", "form_post"),
        ("query: {response_mode: form_post}", ", response_mode: fragment", "fragment"),
    ],
)
def test_capture_waits_for_what_was_asked_for(asked: str, option: str, mode: str) -> None:
    made = run_kind("authorize", f"{{{AUTHORIZE}, state: off, {asked}}}")
    world = World(params={"code": "a", "access_token": "b"})

    run_kind("capture", f"{{at: 'http://127.0.0.1:8484/'{option}}}", world, authorization=made)

    assert world.window.mode == mode


def test_authorize_says_what_the_url_itself_asks_for() -> None:
    url = "https://id.example/authorize?response_mode=form_post&response_type=code"

    made = run_kind("authorize", f"{{url: '{url}'}}")

    assert (made["response_mode"], made["response_type"]) == ("form_post", "code")


@pytest.mark.parametrize(
    ("asked", "option"),
    [("cookie", ""), ("jwt.query", ""), ("query", ", response_mode: from_post")],
)
def test_capture_takes_no_other_mode(asked: str, option: str) -> None:
    made = run_kind("authorize", f"{{{AUTHORIZE}, query: {{response_mode: {asked}}}}}")
    world = World(params={"code": "a"})

    with pytest.raises(FlowError, match="response_mode cannot be"):
        run_kind("capture", f"{{at: 'http://127.0.0.1:8484/'{option}}}", world, authorization=made)
    assert world.window.opened == []


def test_capture_takes_a_token_where_one_was_asked_for() -> None:
    sent = {**SENT, "response_type": "token"}
    options = "{at: 'http://127.0.0.1:8484/'}"
    world = World(params={"access_token": SECRET, "state": "xyz"})

    callback = run_kind("capture", options, world, authorization=sent)

    assert fields(callback)["access_token"] == SECRET
    assert SECRET not in repr(callback)
    with pytest.raises(CallbackError, match="no access_token, but code, state"):
        run_kind("capture", options, World(params=CODE), authorization=sent)


BEGUN = "{at: 'http://127.0.0.1:8484/', expect: callback.sign == 'right', names: {shop: store}}"


def test_capture_waits_for_a_login_that_the_provider_begins() -> None:
    world = World(params={"store": "acme", "sign": "right", "code": SECRET})

    callback = run_kind("capture", BEGUN, world)

    assert callback == {"shop": "acme", "sign": "right", "code": Secret(SECRET)}
    assert world.window.opened == [("", 300)]


@pytest.mark.parametrize(
    "params",
    [{}, {"sign": "wrong"}, {"error": "access_denied"}, {"code": "a", "state": "xyz"}],
)
def test_what_the_provider_has_not_signed_may_be_followed_by_what_it_has(
    params: dict[str, str],
) -> None:
    with pytest.raises(CallbackError, match="what the recipe expects") as caught:
        run_kind("capture", BEGUN, World(params=params))

    assert caught.value.code == "E404"


def test_an_expectation_that_cannot_be_reckoned_does_not_hold() -> None:
    options = "{at: 'http://127.0.0.1:8484/', expect: callback.at | int > 5}"

    with pytest.raises(CallbackError) as caught:
        run_kind("capture", options, World(params={"at": "soon"}))

    assert caught.value.code == "E404"


def test_a_signed_refusal_ends_the_login() -> None:
    world = World(params={"sign": "right", "error": "access_denied"})

    with pytest.raises(CallbackError) as caught:
        run_kind("capture", BEGUN, world)

    assert caught.value.code == "E402"


def test_capture_waits_for_nobody_whom_it_could_not_tell_from_another() -> None:
    world = World(params={"code": "a"})

    with pytest.raises(FlowError) as caught:
        run_kind("capture", "{at: 'http://127.0.0.1:8484/'}", world)

    assert caught.value.code == "E224"
    assert world.window.opened == []


# token


@proves("RFC 6749", "5.1", "keeps fields that it does not know")
def test_token_hands_on_the_whole_answer_sealed() -> None:
    made = run_kind(
        "token", f"{{{URL}}}", token(refresh_token=SECRET, expires_in=60, more=[1, None])
    )

    assert reveal(made) == {
        "access_token": "fake-access",
        "refresh_token": SECRET,
        "expires_in": 60,
        "more": [1, None],
        "expires_at": NOON + 60,
        "flowrun": {"issued_at": NOON},
    }
    assert SECRET not in repr(made)


@pytest.mark.parametrize(
    ("options", "body", "type"),
    [
        (
            "form: {a: b c, n: null, l: [1, 2]}",
            b"a=b+c&l=1&l=2",
            "application/x-www-form-urlencoded",
        ),
        ("params: {a: b}", b"a=b", "application/x-www-form-urlencoded"),
        ("params: {a: b}, as: json", b'{"a": "b"}', "application/json"),
        ("json: {a: {b: [1, true]}}", b'{"a": {"b": [1, true]}}', "application/json"),
    ],
)
def test_token_sends_its_body_as_it_is_told(options: str, body: bytes, type: str) -> None:
    world = token()

    run_kind("token", f"{{{URL}, {options}}}", world)

    sent = {name.lower(): value for name, value in world.request.headers}
    assert world.request.body == body
    assert sent["content-type"].startswith(type)


def test_token_puts_the_client_where_it_belongs() -> None:
    world = token()

    run_kind(
        "token",
        f"{{{URL}, client: {{id: a, secret: '{{{{ inputs.key }}}}'}}, names: {{client_id: app}}}}",
        world,
        inputs={"key": Secret(SECRET)},
    )

    assert parse_qs((world.request.body or b"").decode()) == {
        "app": ["a"],
        "client_secret": [SECRET],
    }


@proves("RFC 6749", "4.1.2", "sends a code once, whatever happens")
@pytest.mark.parametrize("modifier", ["retry: {times: 3, wait: 1}", "poll: {every: 1, timeout: 9}"])
@pytest.mark.parametrize("unclear", ["silence", "503", "pending"])
@pytest.mark.parametrize("value", ["callback.code", "saved.refresh_token"])
def test_what_is_redeemed_is_sent_once_whatever_retry_and_poll_say(
    modifier: str, unclear: str, value: str
) -> None:
    pending = answer(400, error="authorization_pending")
    servers = {"silence": silent, "503": lambda _: answer(503), "pending": lambda _: pending}
    world = World(servers[unclear])
    options = f"{{{URL}, form: {{once: '{{{{ {value} }}}}'}}}}\n    {modifier}"

    with pytest.raises(FlowrunError):
        run_kind("token", options, world, saved={"refresh_token": "r"}, callback={"code": "c"})

    assert len(world.wire.sent) == 1


def test_token_is_sent_once_whatever_retry_says() -> None:
    world = World()

    with pytest.raises(TransportError):
        run_kind("token", f"{{{URL}}}\n    retry: {{times: 3, wait: 1}}", world)

    assert len(world.wire.sent) == 1


@pytest.mark.parametrize(
    ("options", "response", "code"),
    [
        ("", answer(200), "E504"),
        ("", answer(200, access_token=""), "E504"),
        ("", answer(200, access_token=5), "E504"),
        ("", answer(200, error="invalid_grant"), "E501"),
        ("", answer(400, error="invalid_grant"), "E501"),
        ("", answer(401, error="invalid_client"), "E502"),
        ("", answer(500, access_token="fake-access"), "E504"),
        ("", Response(200, {"content-type": "text/html"}, b"<html>"), "E505"),
        ("", Response(302, {"location": "/"}, b""), "E506"),
        (", expect: response.json.ok", answer(200, access_token="a", ok=False), "E507"),
        (", expect: response.json.ok", answer(200, access_token="a"), "E507"),
        (", errors: {code: response.json.oops}", answer(200, oops="invalid_grant"), "E501"),
    ],
)
def test_token_judges_the_answer_apart_from_its_status(
    options: str, response: Response, code: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        run_kind("token", f"{{{URL}{options}}}", World(lambda _: response))

    assert caught.value.code == code


def test_a_client_that_is_refused_elsewhere_is_told_as_that() -> None:
    with pytest.raises(ProviderError) as caught:
        run_kind("http", f"{{{URL}}}", World(lambda _: answer(401, error="invalid_client")))

    assert (caught.value.code, caught.value.outcome) == ("E502", "unspent")


def test_token_is_a_success_with_any_good_status() -> None:
    made = run_kind("token", f"{{{URL}}}", World(lambda _: answer(201, access_token="fake-access")))

    assert reveal(made["access_token"]) == "fake-access"


def test_token_reads_form_encoded_answers() -> None:
    body = b"access_token=fake-access&expires_in=60&scope=a+b"
    form = Response(200, {"content-type": "application/x-www-form-urlencoded"}, body)

    made = fields(run_kind("token", f"{{{URL}}}", World(lambda _: form)))

    assert (made["access_token"], made["expires_at"], made["scope"]) == (
        "fake-access",
        NOON + 60,
        "a b",
    )


def test_token_is_unwrapped_and_laid_over() -> None:
    wrapped = answer(200, data={"key": "fake-access", "ttl": "60"}, site="a")
    options = """
      post: https://id.example/token
      unwrap: response.json.data
      outputs: {access_token: response.json.data.key, site: "{{ response.json.site }}"}
      expires: {in: response.json.data.ttl}
"""

    made = fields(run_kind("token", options, World(lambda _: wrapped)))

    assert (made["access_token"], made["site"], made["key"]) == ("fake-access", "a", "fake-access")
    assert made["expires_at"] == NOON + 60


@pytest.mark.parametrize(
    ("options", "answered", "ends"),
    [
        (", expires: never", {"expires_in": 60}, None),
        (", expires: {in: 90}", {"expires_in": 60}, NOON + 90),
        (", expires: {at: response.json.ends}", {"ends": 1_800_000_000}, 1_800_000_000),
        (", expires: {at: response.json.ends}", {"ends": "2027-01-15T08:00:00Z"}, 1_800_000_000),
    ],
)
def test_token_ends_as_the_recipe_says(
    options: str, answered: dict[str, JSON], ends: int | None
) -> None:
    made = fields(run_kind("token", f"{{{URL}{options}}}", token(**answered)))

    assert made.get("expires_at") == ends


def test_the_providers_own_expires_at_is_kept_beside() -> None:
    made = run_kind("token", f"{{{URL}, refresh_before: 5m}}", token(expires_in=60, expires_at="x"))
    known = reveal(made["flowrun"])

    assert known == {"issued_at": NOON, "original": {"expires_at": "x"}, "refresh_before": 300}


def test_token_counts_from_before_the_request_was_sent() -> None:
    world = World()

    def slow(_: Encoded) -> Response:
        world.clock += 50
        return answer(access_token="fake-access", expires_in=60)

    world.wire.server = slow

    assert reveal(run_kind("token", f"{{{URL}}}", world)["expires_at"]) == NOON + 60


def test_a_refusal_holds_nothing_that_was_sent() -> None:
    world = World(lambda _: answer(400, error="invalid_grant"))

    with pytest.raises(ProviderError) as caught:
        run_kind(
            "token",
            f"{{{URL}, form: {{code: '{{{{ callback.code }}}}'}}}}",
            world,
            callback={"code": Secret(SECRET)},
        )

    assert SECRET.encode() in (world.request.body or b"")
    assert SECRET not in repr(caught.value.problems)


# http


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_http_sends_each_method(method: str) -> None:
    world = World(lambda _: answer())

    run_kind("http", f"{{{method}: 'https://id.example/a'}}", world)

    assert (world.request.method, world.request.url) == (method.upper(), "https://id.example/a")
    assert world.wire.redeemed == [False]


def test_http_hands_on_what_it_is_told_to() -> None:
    world = World(lambda _: answer(200, id=7, name="a", list=[1]))
    options = """
      get: https://id.example/me
      bearer: "{{ saved.access_token }}"
      outputs: {id: response.json.id, first: "{{ response.json.list[0] }}", all: response.status}
"""

    made = run_kind("http", options, world, saved={"access_token": Secret(SECRET)})

    assert reveal(made) == {"id": 7, "first": 1, "all": 200}
    assert ("Authorization", f"Bearer {SECRET}") in world.request.headers


def test_http_signs_what_it_sends() -> None:
    world = World(lambda _: answer())
    options = """
      post: https://id.example/a
      json: {b: c}
      headers: {x-sign: "{{ request.body | hash('sha256') | hex }}", x-none: null}
"""

    run_kind("http", options, world)

    from hashlib import sha256

    sent = dict(world.request.headers)
    assert sent["x-sign"] == sha256(world.request.body or b"").hexdigest()
    assert "x-none" not in sent


@pytest.mark.parametrize(
    ("response", "code", "message"),
    [
        (answer(401), "E509", "https://id.example answered 401"),
        (answer(403, error="nope", error_description="said"), "E509", "403: nope (said)"),
        (answer(500), "E509", "500"),
        (Response(301, {"location": "/"}, b""), "E506", "301"),
    ],
)
def test_http_refuses_another_status(response: Response, code: str, message: str) -> None:
    with pytest.raises(ProviderError) as caught:
        run_kind("http", "{get: 'https://id.example/me'}", World(lambda _: response))

    assert caught.value.code == code
    assert message in str(caught.value)


def test_http_expects_what_the_recipe_says_in_place_of_a_status() -> None:
    options = "{get: 'https://id.example/me', expect: response.status == 404}"

    run_kind("http", options, World(lambda _: answer(404)))

    with pytest.raises(ProviderError) as caught:
        run_kind("http", options, World(lambda _: answer(200)))
    assert caught.value.code == "E507"


def test_http_tries_again_when_the_recipe_says_so() -> None:
    answers = [answer(503), Response(429, {"retry-after": "0"}, b""), answer(200, id=1)]
    world = World(lambda _: answers.pop(0))
    options = "{get: 'https://id.example/me', outputs: {id: response.json.id}}"

    made = run_kind("http", f"{options}\n    retry: {{times: 2, wait: 1}}", world)

    assert reveal(made["id"]) == 1
    assert len(world.wire.sent) == 3


def test_http_polls_until_it_holds() -> None:
    answers = [answer(200, state="working"), answer(200, state="done")]
    world = World(lambda _: answers.pop(0))
    poll = "poll: {until: response.json.state == 'done', every: 1, timeout: 5s}"

    run_kind("http", f"{{get: 'https://id.example/job'}}\n    {poll}", world)

    assert answers == []


def test_http_does_not_poll_for_ever() -> None:
    world = World()

    def never(_: Encoded) -> Response:
        world.clock += 10
        return answer(200, state="working")

    world.wire.server = never
    poll = "poll: {until: response.json.state == 'done', every: 1, timeout: 5s}"

    with pytest.raises(ProviderError, match="has not come"):
        run_kind("http", f"{{get: 'https://id.example/job'}}\n    {poll}", world)


@pytest.mark.parametrize("url", ["http://id.example/a", "https://{{ inputs.host }}/a"])
def test_nothing_is_sent_to_an_unsafe_url(url: str) -> None:
    world = World(lambda _: answer())

    with pytest.raises(FlowrunError):
        run_kind("http", f"{{get: '{url}'}}", world, inputs={"host": "a/b@evil.example"})

    assert world.wire.sent == []


@pytest.mark.parametrize("asked", ["\xb2", "9" * 5000, "-1", "soon"])
def test_a_wait_that_no_number_tells_is_the_recipes_own(asked: str) -> None:
    answers = [Response(503, {"retry-after": asked}, b""), answer()]
    world = World(lambda _: answers.pop(0))

    run_kind("http", "{get: 'https://id.example/job'}\n    retry: {times: 1, wait: 1}", world)

    assert answers == []


@pytest.mark.parametrize("duration", ["soon", "5x", "-1s", "\xb2", "1.5h", "9" * 5000])
def test_what_is_no_duration_is_refused_where_a_template_makes_it(duration: str) -> None:
    options = "{at: 'http://127.0.0.1:8484/', timeout: '{{ inputs.t }}'}"

    with pytest.raises(FlowError, match="is no duration") as caught:
        run_kind("capture", options, authorization=SENT, inputs={"t": duration})

    assert caught.value.code == "E222"


# set, ask, show


def test_set_computes_values_once() -> None:
    options = "{one: '{{ inputs.a }}', both: '{{ uuid() }}{{ uuid() }}', n: 5}"

    made = run_kind("set", options, inputs={"a": [1, 2]})

    both = str(made["both"])
    assert (made["one"], made["n"]) == ([1, 2], 5)
    assert both[:36] == both[36:]


def test_ask_hands_on_the_answer() -> None:
    world = World(said="two")

    made = run_kind("ask", "{text: 'Which?', choices: [one, two]}", world)

    assert made == {"answer": "two", "label": "two"}
    assert world.person.asked == [("Which?", False, ["one", "two"])]


def test_ask_seals_a_secret_answer() -> None:
    world = World(said=SECRET)

    made = run_kind("ask", "{text: Key?, secret: true}", world)

    assert made == {"answer": Secret(SECRET), "label": None}
    assert world.person.asked[0][1] is True


def test_ask_does_not_ask_when_there_is_one_choice() -> None:
    world = World(said="nobody")
    options = "{text: Which?, choices: '{{ inputs.sites }}'}"

    made = run_kind("ask", options, world, inputs={"sites": ["one"]})

    assert made == {"answer": "one", "label": "one"}
    assert world.person.asked == []
    with pytest.raises(ProviderError, match="nothing to choose"):
        run_kind("ask", options, world, inputs={"sites": []})


def test_show_tells_a_person() -> None:
    world = World()

    assert run_kind("show", "Hello {{ inputs.name }}", world, inputs={"name": "acme"}) == {}
    assert world.told == ["Hello acme"]


def test_show_tells_no_secret() -> None:
    with pytest.raises(FlowError, match="cannot hold a secret"):
        run_kind("show", "'{{ inputs.key }}'", inputs={"key": Secret(SECRET)})
