"""Parameters as a provider wants them, answers that are there already, codes, keys and choices."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry

from flowrun.errors import FlowError, ProviderError
from flowrun.jose import ALGORITHMS, new_key, sign
from flowrun.message import Response
from flowrun.secret import JSON, Secret, Value, reveal
from flowrun.wire import Encoded
from servers.kinds import NOON, World, answer, run_kind

AUTHORIZE = "url: https://id.example/authorize, pkce: off, state: off"
TOKEN = "post: https://id.example/token"
PRIVATE = "fake-secret-of-acme"


def url_of(options: str, **inputs: str) -> str:
    made = run_kind("authorize", f"{{{AUTHORIZE}, {options}}}", inputs=dict(inputs))
    return str(made["url"])


def sent(options: str, **inputs: str) -> Encoded:
    world = World(lambda _: answer(access_token="fake-access"))
    run_kind("token", f"{{{TOKEN}, {options}}}", world, inputs=dict(inputs))
    return world.request


def test_order_names_raw_decide_how_parameters_are_written() -> None:
    options = """query: {scope: "read,write:all", client_id: acme, x: a b},
      names: {client_id: client_key}, order: [client_key, x], raw: [scope]"""

    assert url_of(options) == (
        "https://id.example/authorize?client_key=acme&x=a%20b&scope=read,write:all"
    )


def test_a_form_is_written_the_same_way() -> None:
    request = sent("form: {b: 'x+y', a: 1, c: 'x+y'}, order: [a], raw: [c]")

    assert request.body == b"a=1&b=x%2By&c=x+y"


@pytest.mark.parametrize("hostile", ["a&b=c", "a b", "a#b", "a\r\nb", "%zz", "é", 'a"b'])
def test_a_raw_value_cannot_end_its_parameter(hostile: str) -> None:
    options = "query: {scope: '{{ inputs.scope }}'}, raw: [scope]"

    with pytest.raises(FlowError, match="scope cannot be sent raw") as caught:
        url_of(options, scope=hostile)

    assert caught.value.code == "E222"


def test_all_parameters_can_go_into_the_fragment() -> None:
    options = "query: {client_id: acme}, fragment: {lang: en}, query_in: fragment"

    assert url_of(options) == "https://id.example/authorize#client_id=acme&lang=en"
    assert url_of("query: {a: b}, fragment: {c: d}") == "https://id.example/authorize?a=b#c=d"


def test_what_flowrun_adds_goes_there_too_and_is_handed_on() -> None:
    options = "{url: https://id.example/a, query_in: fragment, query: {redirect_uri: http://x/}}"

    made = run_kind("authorize", options)

    assert str(reveal(made["state"])) in str(made["url"]).partition("#")[2]
    assert made["redirect_uri"] == "http://x/"


def test_a_token_can_be_there_already() -> None:
    there: Value = {
        "token": {"authed_user": {"access_token": Secret("fake-user"), "expires_in": "60"}}
    }

    made = run_kind("token", "{answer: steps.token.authed_user, name: user}", steps=there)

    assert (reveal(made["access_token"]), made["expires_at"]) == ("fake-user", NOON + 60)


def test_an_answer_without_a_token_is_told_apart_from_the_request() -> None:
    with pytest.raises(ProviderError, match="the answer refused: nope"):
        run_kind("token", "{answer: steps.a}", steps={"a": {"error": "nope"}})


@pytest.mark.parametrize(
    ("rule", "said", "ends"),
    [
        ("{in: response.json.t, unit: ms}", 90_000, NOON + 90),
        ("{in: response.json.t, unit: m}", "2", NOON + 120),
        ("{in: response.json.t, unit: d}", 1, NOON + 86_400),
        ("{in: response.json.t, unit: h}", 0, None),
        ('{in: "response.headers[\'x-ttl\']"}', 0, NOON + 77),
        ('{at: response.json.t, format: "%m/%d/%Y %I %p"}', "1/15/2027 8 AM", 1_800_000_000),
        ('{at: response.json.t, format: "%d.%m.%Y"}', "nonsense", None),
        ("{at: response.json.t}", "Fri, 15 Jan 2027 08:00:00 GMT", 1_800_000_000),
        ("{at: response.json.nothing}", 0, None),
    ],
)  # fmt: skip
def test_a_token_ends_as_the_recipe_reads_it(rule: str, said: JSON, ends: int | None) -> None:
    body = json.dumps({"access_token": "fake-access", "t": said}).encode()
    world = World(lambda _: Response(200, {"x-ttl": "77"}, body))

    made = run_kind("token", f"{{{TOKEN}, expires: {rule}}}", world)

    assert made.get("expires_at") == ends


def test_a_refusal_counts_for_more_than_what_the_mapping_lacks() -> None:
    refusing = World(lambda _: answer(400, error="invalid_grant"))

    with pytest.raises(ProviderError, match="invalid_grant") as caught:
        run_kind("token", f"{{{TOKEN}, unwrap: response.json.data.token}}", refusing)

    assert caught.value.outcome == "ended"


def test_a_token_can_be_the_whole_text_or_in_a_list() -> None:
    text = World(lambda _: Response(200, {"content-type": "text/plain"}, b"fake-access"))
    several = World(lambda _: Response(200, {}, b'[{"access_token": "fake-access"}]'))

    of_text = run_kind("token", f"{{{TOKEN}, outputs: {{access_token: response.text}}}}", text)
    of_list = run_kind("token", f"{{{TOKEN}, unwrap: 'response.json[0]'}}", several)

    assert reveal(of_text["access_token"]) == reveal(of_list["access_token"]) == "fake-access"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_algorithm_signs_with_a_key_of_its_kind(alg: str) -> None:
    key = new_key(alg)

    with pytest.warns() if alg == "EdDSA" else nullcontext():
        decoded = jwt.decode(
            sign({"alg": alg, "kid": "k"}, {"iss": "acme"}, key),
            JWKRegistry.import_key(json.loads(key)),
            algorithms=[alg],
        )

    assert decoded.claims == {"iss": "acme"}
    assert decoded.header["kid"] == "k"


def test_a_jwt_is_timed_and_a_null_claim_left_out() -> None:
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    options = """{alg: ES256, key: "{{ inputs.key }}", lifetime: 10m,
      header: {kid: k1}, claims: {iss: acme, jti: null, aud: [a, b]}}"""

    made = run_kind("jwt", options, inputs={"key": Secret(pem)})
    decoded = jwt.decode(str(reveal(made["jwt"])), ECKey.import_key(pem), algorithms=["ES256"])

    assert decoded.claims == {"iss": "acme", "aud": ["a", "b"], "iat": NOON, "exp": NOON + 600}


@pytest.mark.parametrize("key", ["no key", "{}", "{", ""])
def test_a_key_that_cannot_sign_is_told_without_it(key: str) -> None:
    with pytest.raises(FlowError, match="the key cannot sign with RS256") as caught:
        sign({"alg": "RS256"}, {}, key)

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


SITES: JSON = [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Globex"}, {"id": 3, "name": "Acme"}]


def test_a_person_sees_names_and_the_flow_gets_ids() -> None:
    world = World(said="Acme (2)")
    options = "{text: Which?, choices: '{{ inputs.sites }}', label: name, value: id}"

    made = run_kind("ask", options, world, inputs={"sites": SITES})

    assert world.person.asked == [("Which?", False, ["Acme", "Globex", "Acme (2)"])]
    assert made == {"answer": 3, "label": "Acme (2)"}


def test_a_choice_without_the_key_is_told() -> None:
    options = "{text: Which?, choices: '{{ inputs.sites }}', label: title, value: id}"

    with pytest.raises(ProviderError, match="a choice has no title"):
        run_kind("ask", options, inputs={"sites": SITES})
