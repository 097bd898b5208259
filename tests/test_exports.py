"""Each format is read back by those who will read it: a shell, curl, a reader of `.env` files."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import dotenv
import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.exports import FORMATS, Client, Exported, exported_from, kubernetes
from flowrun.exports.template import rendered
from flowrun.place import Source
from flowrun.record import Record
from flowrun.secret import JSON
from servers.raw import listening
from standards import proves

LATER = 1_800_000_000
FIELDS: dict[str, JSON] = {
    "access_token": "fake-access",
    "refresh_token": "fake-refresh",
    "token_type": "bearer",
    "scope": "read write",
    "expires_at": LATER,
    "instance_url": "https://acme.example",
    "id": 7,
    "nested": {"a": 1},
}


def record(**fields: JSON) -> Record:
    return Record(FIELDS | fields, {"inputs": {"subdomain": "acme"}})


def exported(token: str = "fake-access", *, var: str = "", hand_over: bool = False) -> Exported:
    return exported_from("acme", record(access_token=token), var=var, hand_over=hand_over)


def written(format: str, token: str = "fake-access", *, var: str = "") -> str:
    return FORMATS[format](exported(token, var=var))


def test_what_leaves_of_a_record_holds_no_refresh_token_unless_it_is_handed_over() -> None:
    kept, handed = exported(), exported(hand_over=True)

    assert "fake-refresh" not in str(tuple(kept))
    assert handed.refresh_token == "fake-refresh"
    assert repr(handed) == "Exported('acme', 'access_token')"


def test_a_refresh_token_further_inside_stays_too() -> None:
    inside: JSON = {"id": "U1", "refresh_token": "fake-refresh-of-a-person"}
    kept = exported_from("acme", record(people=[inside]))
    handed = exported_from("acme", record(people=[inside]), hand_over=True)

    assert kept.fields["people"] == [{"id": "U1"}]
    assert handed.fields["people"] == [inside]


@pytest.mark.parametrize("format", ["header", "curl"])
def test_a_token_that_signs_is_no_bearers(format: str) -> None:
    signs = exported_from("acme", record(oauth_token_secret="fake-token-secret"))

    with pytest.raises(FlowError, match="signed with it"):
        FORMATS[format](signs)

    assert '"accessTokenSecret": "fake-token-secret"' in FORMATS["webmethods"](signs)
    assert rendered(signs, Source("it.j2", "{{ oauth_token_secret }}")) == "fake-token-secret"


def test_another_field_may_be_meant() -> None:
    found = exported_from("acme", record(), field="instance_url")

    assert (found.token, found.variable) == ("https://acme.example", "INSTANCE_URL")
    assert exported_from("acme", record(), field="id").token == "7"


@pytest.mark.parametrize(
    ("field", "says"),
    [
        pytest.param("instance_ur", "Did you mean 'instance_url'?", id="a slip"),
        pytest.param("nested", "There are access_token", id="no text"),
        pytest.param("xyz", "There are access_token", id="not there"),
        pytest.param("refresh_token", "--hand-over", id="the refresh token"),
    ],
)
def test_a_field_that_is_not_there_is_told_with_those_that_are(field: str, says: str) -> None:
    with pytest.raises(FlowError) as caught:
        exported_from("acme", record(), field=field)

    assert caught.value.code == "E235"
    assert says in caught.value.problems[0].hint


def test_a_token_that_nobody_can_write_down_is_refused() -> None:
    with pytest.raises(FlowError, match="no character"):
        exported_from("acme", record(access_token="\ud800"))


@proves("RFC 6750", "2.1", "a token is exported as the header that carries it")
def test_a_header() -> None:
    assert written("header") == "Authorization: Bearer fake-access\n"


@pytest.mark.parametrize("format", ["header", "curl"])
@pytest.mark.parametrize("token", ["a\r\nX-Injected: 1", "a b", "é", "a\0"])
def test_a_token_that_would_write_more_than_its_header_is_refused(format: str, token: str) -> None:
    with pytest.raises(FlowError) as caught:
        written(format, token=token)

    assert caught.value.code == "E236"
    assert token not in str(caught.value)


def test_json_holds_the_token_and_what_is_known_of_it() -> None:
    found = json.loads(written("json"))

    assert found == {
        "access_token": "fake-access",
        "token_type": "bearer",
        "expires_at": LATER,
        "scope": "read write",
    }


@pytest.mark.parametrize("token", ["fake-access", "a\"b\\c'd$(e)`f`"])
def test_curl_sends_what_the_config_says(token: str, tmp_path: Path) -> None:
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        command = ["curl", "-sS", "--noproxy", "*", "-K", "-", server.url]
        config = written("curl", token=token).encode()
        subprocess.run(command, input=config, check=True, cwd=tmp_path)
        ((_, request),) = server.requests

    assert f"Authorization: Bearer {token}\r\n".encode() in request


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_shell_reads_any_token(token: str) -> None:
    lines = written("env", token=token, var="T")
    script = f'{lines}\nprintf %s "$T"'
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout

    assert said == token.encode()


@pytest.mark.parametrize("format", ["env", "dotenv"])
def test_a_field_whose_name_would_be_a_command_is_no_variable(format: str) -> None:
    odd = exported_from("acme", record(**{"a;b": "fake-value"}), field="a;b")

    with pytest.raises(FlowError, match="cannot be called 'A;B'"):
        FORMATS[format](odd)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_reader_of_env_files_reads_what_was_written_or_it_is_refused(token: str) -> None:
    if set(token) & set("\\'$`"):
        with pytest.raises(FlowError, match="differently"):
            written("dotenv", token=token)
        return

    text = written("dotenv", token=token)

    assert dotenv.dotenv_values(stream=StringIO(text)) == {"ACCESS_TOKEN": token}


def test_a_token_as_tokens_are_has_no_quotes_in_an_env_file() -> None:
    assert written("dotenv", token="aA0-._~+/==") == "ACCESS_TOKEN=aA0-._~+/==\n"


@pytest.mark.parametrize("format", ["json", "env", "dotenv"])
def test_a_refresh_token_that_is_handed_over_stands_beside_the_other(format: str) -> None:
    both = FORMATS[format](exported(hand_over=True))

    assert "fake-refresh" in both
    assert "refresh" not in FORMATS[format](exported())


@pytest.mark.parametrize("format", sorted({*FORMATS} - {"json"}))
def test_a_token_that_is_bound_to_a_key_does_not_leave_alone(format: str) -> None:
    bound = exported_from("acme", record(token_type="DPoP"))

    with pytest.raises(FlowError, match="bound to a key") as caught:
        FORMATS[format](bound)

    assert caught.value.code == "E236"
    assert json.loads(FORMATS["json"](bound))["token_type"] == "DPoP"
    assert FORMATS["env"](exported_from("acme", record(token_type="DPoP"), field="instance_url"))


# Kubernetes

NON_EMPTY = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
EXEC_CREDENTIAL: dict[str, Any] = {
    "type": "object",
    "required": ["apiVersion", "kind", "status"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {
            "enum": ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]
        },
        "kind": {"const": "ExecCredential"},
        "spec": {"type": "object"},
        "status": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "expirationTimestamp": TIME,
                "token": NON_EMPTY,
                "clientCertificateData": NON_EMPTY,
                "clientKeyData": NON_EMPTY,
            },
            "anyOf": [
                {"required": ["token"]},
                {"required": ["clientCertificateData", "clientKeyData"]},
            ],
        },
    },
}
"""As kubernetes.io/docs/reference/config-api/client-authentication.v1 has it; kubectl is strict."""

SECRET: dict[str, Any] = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "v1"},
        "kind": {"const": "Secret"},
        "type": {"const": "Opaque"},
        "metadata": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {
                    "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
                    "maxLength": 253,
                }
            },
        },
        "stringData": {
            "type": "object",
            "propertyNames": {"pattern": "^[-._a-zA-Z0-9]+$"},
            "additionalProperties": {"type": "string"},
        },
    },
}
"""io.k8s.api.core.v1.Secret, as far as it is written; its name is a DNS subdomain (RFC 1123)."""


def test_kubectl_reads_a_credential_with_its_end() -> None:
    found = json.loads(written("kubectl"))

    jsonschema.validate(found, EXEC_CREDENTIAL)
    assert found["status"] == {
        "token": "fake-access",
        "expirationTimestamp": "2027-01-15T08:00:00Z",
    }


def test_a_credential_of_unknown_end_says_none() -> None:
    endless = Exported("acme", "fake-access")
    found = json.loads(FORMATS["kubectl"](endless))

    jsonschema.validate(found, EXEC_CREDENTIAL)
    assert found["status"] == {"token": "fake-access"}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_kubectl_is_answered_in_the_version_that_it_asks_in(version: str) -> None:
    group = "client.authentication.k8s.io"
    info = {"apiVersion": f"{group}/{version}", "kind": "ExecCredential", "spec": {}}
    asked = kubernetes.asked_version(json.dumps(info))

    jsonschema.validate(json.loads(kubernetes.kubectl(exported(), asked)), EXEC_CREDENTIAL)
    assert asked == f"{group}/{version}"


@pytest.mark.parametrize(
    "info", ["{", "[]", "null", "{}", '{"apiVersion": 1}', '{"apiVersion": "other/v1"}']
)
def test_another_version_is_refused(info: str) -> None:
    with pytest.raises(FlowError) as caught:
        kubernetes.asked_version(info)

    assert caught.value.code == "E236"


def test_a_time_that_no_date_can_say_is_refused() -> None:
    with pytest.raises(FlowError, match="point in time"):
        FORMATS["kubectl"](Exported("acme", "fake-access", expires_at=10**18))


NAMES = st.from_regex(re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}", re.ASCII), fullmatch=True)


@given(NAMES, st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1))
def test_a_secret_is_a_manifest_whatever_is_in_it(name: str, token: str) -> None:
    found = yaml.safe_load(FORMATS["k8s-secret"](Exported(name, token, expires_at=LATER)))

    jsonschema.validate(found, SECRET)
    assert found["stringData"] == {"access_token": token, "expires_at": str(LATER)}


def test_a_secret_names_its_keys_as_it_is_told() -> None:
    found = yaml.safe_load(FORMATS["k8s-secret"](exported(var="API_TOKEN", hand_over=True)))
    odd = Exported("acme", "fake-access", field="a/b")

    assert set(found["stringData"]) == {"API_TOKEN", "refresh_token", "expires_at"}
    with pytest.raises(FlowError, match="cannot have its token as 'a/b'"):
        FORMATS["k8s-secret"](odd)


@pytest.mark.parametrize("var", ["expires_at", "refresh_token", "..", "."])
def test_the_token_in_a_secret_takes_no_other_key(var: str) -> None:
    with pytest.raises(FlowError, match="cannot have its token as"):
        FORMATS["k8s-secret"](exported(var=var, hand_over=True))


@pytest.mark.parametrize("name", ["2024", "null", "true", "1e3"])
def test_a_secret_is_called_by_a_text(name: str) -> None:
    found = yaml.safe_load(FORMATS["k8s-secret"](Exported(name, "fake-access")))

    assert found["metadata"]["name"] == name


def test_a_variable_is_not_two_tokens() -> None:
    with pytest.raises(FlowError, match="two tokens would be REFRESH_TOKEN"):
        FORMATS["dotenv"](exported(var="REFRESH_TOKEN", hand_over=True))


@pytest.mark.parametrize("spelling", ["refreshToken", "Refresh_Token", "refresh-token"])
def test_a_refresh_token_stays_however_it_is_spelled(spelling: str) -> None:
    fields: dict[str, JSON] = {"access_token": "fake-access", spelling: "fake-lasting"}

    assert spelling not in exported_from("acme", Record(fields, {})).fields


# Templates


def of_template(text: str) -> str:
    return rendered(exported(), Source("it.j2", text))


def test_a_template_reads_what_the_provider_sent_and_what_flowrun_knows() -> None:
    text = "{{ name }} {{ access_token }} {{ token }} {{ inputs.subdomain }} {{ instance_url }}"
    lines = "\n{% if expires_at > 5 %}{{ scope }}{% endif %}\n{{ 'a:b' | base64 }}\n"

    assert of_template(text + lines) == (
        "acme fake-access fake-access acme https://acme.example\nread write\nYTpi\n"
    )


def test_a_template_reads_what_the_recipe_keeps() -> None:
    kept = exported_from("acme", record().knowing(keep={"session": "s-1"}))

    assert rendered(kept, Source("it.j2", "{{ keep.session }}")) == "s-1"


def test_a_template_escapes_nothing() -> None:
    assert rendered(exported("<&\"'>"), Source("it.j2", "{{ token }}")) == "<&\"'>"


@pytest.mark.parametrize(
    ("text", "says", "at"),
    [
        pytest.param("a\n{{ acess_token }}", "'acess_token' is undefined", (2, 4), id="a slip"),
        pytest.param("a\n\n  {{ refresh_token }}", "undefined", (3, 6), id="not handed over"),
        pytest.param("{{ inputs.nothing }}", "has no attribute 'nothing'", (1, 1), id="no input"),
        pytest.param("a\n{% if %}", "Expected an expression", (2, 1), id="syntax"),
        pytest.param("a\n{{ ''.__class__ }}", "unsafe", (2, 1), id="out of the sandbox"),
        pytest.param("{% include 'x' %}", "cannot read x", (1, 1), id="a file"),
        pytest.param("{{ '\\ud800' }}", "UnicodeEncodeError", (1, 1), id="no character"),
        pytest.param("{{ 1 / 0 }}", "ZeroDivisionError", (1, 1), id="arithmetic"),
        pytest.param("{{ range(10000000) }}", "OverflowError", (1, 1), id="too much"),
        pytest.param("\n{{ 7 | join(1, 2, 3) }}", "TypeError", (2, 1), id="what no filter takes"),
        pytest.param(
            "\n{{ 7 | base64 }}",
            "the filter base64 cannot work on",
            (2, 1),
            id="what no filter of ours takes",
        ),
    ],
)
def test_what_a_template_gets_wrong_is_told_with_its_line(
    text: str, says: str, at: tuple[int, int]
) -> None:
    with pytest.raises(FlowError) as caught:
        of_template(text)
    (problem,) = caught.value.problems

    assert problem.code == "E237"
    assert says in problem.message
    assert "fake-access" not in problem.message
    assert problem.place is not None
    assert (problem.place.line, problem.place.column) == at


def test_a_name_that_is_nearly_right_is_told_with_the_right_one() -> None:
    with pytest.raises(FlowError) as caught:
        of_template("{{ acess_token }}")

    assert "Did you mean 'access_token'" in caught.value.problems[0].hint


# webMethods


CLIENT = Client("flowrun_acme", "fake-secret", "https://acme.example/token", "https://acme.example")


def sheet(*, handed: bool, in_query: bool = False) -> str:
    client = CLIENT._replace(in_query=in_query, secret=CLIENT.secret if handed else "")
    leaves = exported_from("acme", record(), hand_over=handed, client=client)
    return FORMATS["webmethods"](leaves)


def test_a_sheet_has_the_fields_of_the_form_and_of_the_alias() -> None:
    text = sheet(handed=True)
    form = dict(re.findall(r"^  (\S.*?)  +(\S.*)$", text, re.MULTILINE))
    alias = json.loads(text[text.index("{") :])

    assert form == {
        "Consumer ID": "flowrun_acme",
        "Consumer Secret": "fake-secret",
        "Access Token": "fake-access",
        "Refresh Token": "fake-refresh",
        "Refresh URL": "https://acme.example/token",
        "Refresh URL Request": "Body Query String",
        "Refresh Access Token": "true",
        "Session Management": "fixed",
        "Server URL": "https://acme.example",
    }
    assert alias == {
        "clientId": "flowrun_acme",
        "clientSecret": "fake-secret",
        "accessToken": "fake-access",
        "instanceUrl": "https://acme.example",
        "refreshToken": "fake-refresh",
        "refreshUrl": "https://acme.example/token",
    }


def test_a_sheet_that_hands_nothing_over_says_so() -> None:
    text = sheet(handed=False)

    assert "fake-secret" not in text
    assert "fake-refresh" not in text
    assert text.count("leaves only with --hand-over") == 2
    alone = FORMATS["webmethods"](Exported("acme", "fake-access"))
    assert "Refresh Token         (there is none)" in alone
    assert "Refresh URL           (not known to the recipe)" in alone
    assert "Refresh Access Token  false" in text
    assert "URL Query String" in sheet(handed=False, in_query=True)


def test_a_sheet_has_one_line_for_each_field() -> None:
    with pytest.raises(FlowError, match="more than one line"):
        written("webmethods", token="fake\nRefresh URL  https://evil.example")


# What a token says of its end


def id_token(**claims: JSON) -> str:
    parts = ({"alg": "none"}, claims)
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([*(part.rstrip("=") for part in coded), "c2ln"])


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        pytest.param(id_token(exp=LATER + 5), LATER + 5, id="it says"),
        pytest.param(id_token(), None, id="it does not say"),
        pytest.param("a.b.c.d.e", None, id="it is encrypted"),
    ],
)
def test_an_id_token_ends_when_it_says_itself(text: str, ends: int | None) -> None:
    found = exported_from("acme", record(id_token=text), field="id_token")

    assert (found.token, found.expires_at, found.variable) == (text, ends, "ID_TOKEN")
