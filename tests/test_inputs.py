"""Where an input's value comes from, in which order, and whether it fits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError, PersonNeeded
from flowrun.fit import coerce
from flowrun.flow import Flow, Input
from flowrun.inputs import Sources, resolve, variable
from flowrun.load import load_source
from flowrun.place import Place, Source
from flowrun.profiles import lending
from flowrun.secret import JSON, Secret

SECRET = "fake-secret-of-acme"
STEPS = 'steps:\n  - token: {post: "https://id.example/token"}\n'
HERE = Place(Source("flow.yaml", ""), 1, 1)


def flow(text: str) -> Flow:
    return load_source(Source("flow.yaml", f"flowrun: 1\nname: acme\n{text}\n{STEPS}"))


class Somebody:
    """A person who knows some answers."""

    def __init__(self, **answers: str) -> None:
        self.answers, self.asked = answers, list[str]()
        self.in_secret = list[bool]()

    def ask(self, question: str, *, secret: bool = False, choices: Sequence[str] = ()) -> str:
        self.asked.append(question)
        self.in_secret.append(secret)
        return self.answers[question.split(" ")[0]]

    def show_code(self, url: str) -> None:
        """Nobody looks."""


EIGHT = flow("""
inputs: {it: {default: default, from: {env: ACME}}, site: {default: eu}}
values: {it: values}
profiles: {prod: {it: profile}}
save: acme-{{ inputs.site }}
""")


SHARED = {"FLOWRUN_IT": "shared variable"}
FULL = Sources(
    given={"it": "set"},
    environ={"FLOWRUN_ACME_EU__IT": "own variable", **SHARED},
    profile="prod",
    typed=lambda record: {"it": f"typed for {record}"},
    person=Somebody(it="typed now"),
    elsewhere=lambda _, item: "from" if item.source else None,
)
AROUND = FULL._replace(given={}, environ=SHARED)


@pytest.mark.parametrize(
    ("value", "origin", "sources"),
    [
        ("set", "--set", FULL),
        ("own variable", "environment FLOWRUN_ACME_EU__IT", FULL._replace(given={})),
        ("profile", "profile prod (flow.yaml:6:23)", AROUND),
        ("values", "values (flow.yaml:5:14)", AROUND._replace(profile="")),
    ],
)
def test_what_is_said_for_the_run_wins_over_what_the_files_say(
    value: str, origin: str, sources: Sources
) -> None:
    found = resolve(EIGHT, sources)

    assert (found.values["it"], str(found.origins["it"])) == (value, origin)


UNSAID = flow("""
inputs: {it: {default: default, from: {env: ACME}}, site: {default: eu}}
save: acme-{{ inputs.site }}
""")
FROM_NOWHERE = AROUND._replace(profile="", elsewhere=lambda _, __: None)


@pytest.mark.parametrize(
    ("origin", "value", "sources"),
    [
        ("from env ACME (flow.yaml:4:39)", "from", AROUND._replace(profile="")),
        ("environment FLOWRUN_IT", "shared variable", FROM_NOWHERE),
        ("typed before", "typed for acme-eu", FROM_NOWHERE._replace(environ={})),
        (
            "default (flow.yaml:4:24)",
            "default",
            FROM_NOWHERE._replace(environ={}, typed=lambda _: {}),
        ),
    ],
)
def test_what_nobody_says_comes_from_around(origin: str, value: str, sources: Sources) -> None:
    found = resolve(UNSAID, sources)

    assert (str(found.origins["it"]), found.values["it"]) == (origin, value)


def test_a_profile_stands_on_the_one_that_it_extends() -> None:
    tenants = flow("""
inputs: {site: {}, ttl: {default: "60"}, client: {optional: true, default: none}}
profiles:
  eu: {extends: us, site: eu, client: null}
  us: {extends: base, site: us}
  base: {ttl: "90", client: ours}
""")

    eu = resolve(tenants, Sources(profile="eu"))

    assert str(eu.origins["ttl"]) == "profile eu (flow.yaml:8:15)"
    assert eu.values == {"site": "eu", "ttl": "90", "client": None}
    assert lending(tenants.document) == {"base", "us"}


def test_a_person_is_asked_last_and_what_is_typed_is_kept_apart() -> None:
    person = Somebody(ask=SECRET)
    asking = flow("inputs: {ask: {secret: true, help: the key}}")

    found = resolve(asking, Sources(person=person))

    assert person.asked == ["ask (the key)"]
    assert person.in_secret == [True]
    assert found.values["ask"] == Secret(SECRET)
    assert found.typed == {"ask": SECRET}
    assert str(found.origins["ask"]) == "typed"


def test_an_optional_input_may_be_left_empty() -> None:
    optional = flow("inputs: {it: {optional: true}}")

    assert resolve(optional, Sources()).values == {"it": None}
    assert resolve(optional, Sources(person=Somebody(it=""))).values == {"it": None}


def test_the_record_of_one_tenant_has_variables_of_its_own() -> None:
    tenants = flow(
        "inputs: {subdomain: {}, key: {secret: true}}\nsave: acme-{{ inputs.subdomain }}"
    )
    environ = {"FLOWRUN_ACME_ONE__KEY": "fake-one-12345", "FLOWRUN_ACME_TWO__KEY": "fake-two-12345"}

    one = resolve(tenants, Sources(given={"subdomain": "one"}, environ=environ))
    two = resolve(tenants, Sources(given={"subdomain": "two"}, environ=environ))

    assert (one.name, two.name) == ("acme-one", "acme-two")
    assert one.values["key"] == Secret("fake-one-12345")
    assert two.values["key"] == Secret("fake-two-12345")


def test_a_shared_variable_is_left_alone_when_several_records_are_worked_on() -> None:
    tenant = flow("inputs: {key: {secret: true}}")
    sources = Sources(environ={"FLOWRUN_KEY": SECRET}, alone=False)

    with pytest.raises(PersonNeeded, match="the input 'key' has no value") as caught:
        resolve(tenant, sources)

    assert "FLOWRUN_ACME__KEY" in caught.value.problems[0].hint
    assert resolve(tenant, sources._replace(alone=True)).values["key"] == Secret(SECRET)


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("client_secret", "", "FLOWRUN_CLIENT_SECRET"),
        ("client_secret", "zendesk-acme", "FLOWRUN_ZENDESK_ACME__CLIENT_SECRET"),
        ("key", "a_b.c@d+e", "FLOWRUN_A_uB_dC_aD_pE__KEY"),
        ("key", "Acme-1", "FLOWRUN_cACME_1__KEY"),
    ],
)
def test_a_variable_is_named_by_its_record_and_input(name: str, record: str, expected: str) -> None:
    assert variable(name, record) == expected


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,5}", fullmatch=True)
INPUTS = st.from_regex("[a-z](_?[a-z0-9]){0,5}", fullmatch=True)


@given(NAMES, INPUTS, NAMES, INPUTS)
def test_no_two_records_share_a_variable(one: str, it: str, two: str, that: str) -> None:
    assert (variable(it, one) == variable(that, two)) is ((one, it) == (two, that))
    assert variable(it, one) != variable(that)


@pytest.mark.parametrize(
    ("one", "two"), [("a-b", "a_b"), ("a.b", "a-b"), ("a@b", "a+b"), ("Ab", "ab"), ("a-", "a_")]
)
def test_the_secret_of_one_record_is_not_for_another_of_nearly_its_name(one: str, two: str) -> None:
    tenant = flow("inputs: {site: {}, key: {secret: true}}\nsave: '{{ inputs.site }}'")
    environ = {variable("key", one): SECRET}

    def key_of(site: str) -> object:
        return resolve(tenant, Sources(given={"site": site}, environ=environ)).values["key"]

    assert key_of(one) == Secret(SECRET)
    with pytest.raises(PersonNeeded):
        key_of(two)


def test_all_that_is_missing_is_told_at_once() -> None:
    missing = flow("inputs: {one: {help: the first}, two: {secret: true}, three: {default: 3}}")

    with pytest.raises(PersonNeeded) as caught:
        resolve(missing, Sources())

    one, two = caught.value.problems
    assert caught.value.exit_status == 8
    assert one.message == "the input 'one' has no value (the first)"
    assert "--set one=" in one.hint
    assert "FLOWRUN_ACME__TWO" in two.hint
    assert "--set" not in two.hint


@pytest.mark.parametrize(
    ("sources", "code", "hint"),
    [
        (Sources(given={"subdomian": "x"}), "E216", "Did you mean 'subdomain'?"),
        (Sources(given={"zebra": "x"}), "E216", "Inputs: subdomain, key."),
        (Sources(given={"key": SECRET}), "E216", "FLOWRUN_KEY"),
        (Sources(profile="porduction"), "E217", "Did you mean 'production'?"),
        (Sources(profile="x"), "E217", "profiles: production"),
    ],
)
def test_what_no_input_is_for_is_refused(sources: Sources, code: str, hint: str) -> None:
    strict = flow(
        "inputs: {subdomain: {default: a}, key: {secret: true}}\nprofiles: {production: {}}"
    )

    with pytest.raises(FlowError) as caught:
        resolve(strict, sources)

    assert caught.value.code == code
    assert hint in caught.value.problems[0].hint
    assert SECRET not in repr(caught.value.problems)


@pytest.mark.parametrize(
    ("type", "raw", "value"),
    [
        ("text", "00123", "00123"),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("integer", "60", 60),
        ("integer", -1, -1),
        ("number", "0.5", 0.5),
        ("number", "2", 2),
        ("boolean", "TRUE", True),
        ("boolean", False, False),
        ("list", "read, write  admin", ["read", "write", "admin"]),
        ("list", ["a b"], ["a b"]),
        ("list", "", []),
        ("host", "id.example:8443", "id.example:8443"),
        ("host", "localhost", "localhost"),
        ("url", "https://id.example/a?b=c", "https://id.example/a?b=c"),
        ("url", "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("text", None, None),
    ],
)
def test_a_value_becomes_what_its_input_is(type: str, raw: JSON, value: JSON) -> None:
    found = coerce(Input("it", HERE, type=type), raw)

    assert found == value
    assert found.__class__ is value.__class__


@pytest.mark.parametrize(
    ("type", "raw"),
    [
        ("text", ""),
        ("text", "a\0b"),
        ("text", ["a"]),
        ("integer", "1.0"),
        ("integer", "\uff11\uff12"),
        ("integer", "1" * 19),
        ("integer", "0x1f"),
        ("integer", True),
        ("number", "NaN"),
        ("number", "1e3"),
        ("number", "inf"),
        ("boolean", "yes"),
        ("boolean", "1"),
        ("list", 5),
        ("host", "id.example/path"),
        ("host", "id.example@evil.example"),
        ("host", "-id.example"),
        ("host", "id..example"),
        ("host", "bücher.example"),
        ("host", "id.example\n"),
        ("host", "id.example:99999"),
        ("host", "2130706433"),
        ("host", "127.1"),
        ("url", "id.example"),
        ("url", "http://id.example"),
        ("url", "https://user@id.example"),
        ("url", "javascript:alert(1)"),
        ("url", "https://id.example/\n"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(type: str, raw: JSON) -> None:
    with pytest.raises(FlowError) as caught:
        coerce(Input("it", HERE, type=type), raw)

    assert caught.value.code == "E215"
    assert str(caught.value).startswith("it: ")


@pytest.mark.parametrize(
    ("pattern", "raw", "fits"),
    [
        ("[a-z]+", "acme", True),
        ("[a-z]+", "acme1", False),
        ("[a-z]+", "acme\n", False),
        (r"\w+", "bücher", False),
        (r"\d+", "\uff11\uff12", False),
        ("read|write", "readwrite", False),
    ],
)
def test_a_pattern_is_for_the_whole_value_and_ascii(pattern: str, raw: str, fits: bool) -> None:
    fitted = True
    try:
        coerce(Input("it", HERE, pattern=pattern), raw)
    except FlowError:
        fitted = False

    assert fitted is fits


def test_each_item_of_a_list_must_fit() -> None:
    scope = Input("it", HERE, type="list", choices=("read", "write"))

    assert coerce(scope, "read write") == ["read", "write"]
    with pytest.raises(FlowError, match="'wirte' is not one of read, write"):
        coerce(scope, ["read", "wirte"])


@given(st.text(min_size=1), st.sampled_from(["text", "integer", "host", "url", "boolean"]))
def test_a_secret_value_is_in_no_message(raw: str, type: str) -> None:
    item = Input("it", HERE, type=type, secret=True, pattern="no[^\\s\\S]match")
    raw = f"fake-{raw}-of-acme"

    with pytest.raises(FlowError) as caught:
        coerce(item, raw)

    assert raw not in repr(caught.value.problems)
    assert "its value" in str(caught.value)


def test_a_record_is_called_as_save_says_or_else_as_recipe_and_profile() -> None:
    plain = flow("inputs: {it: {default: x}}\nprofiles: {prod: {it: y}}")

    assert resolve(plain, Sources()).name == "acme"
    assert resolve(plain, Sources(profile="prod")).name == "acme-prod"
    assert resolve(EIGHT, FULL._replace(given={"site": "us"})).name == "acme-us"


def test_a_sandbox_asks_nobody_and_takes_no_real_secret() -> None:
    tenant = flow("inputs: {key: {secret: true, from: {env: ACME}}, site: {}, ttl: {default: 60}}")
    sources = Sources(
        environ={"FLOWRUN_KEY": SECRET, "FLOWRUN_ACME__KEY": SECRET, "FLOWRUN_SITE": "real"},
        elsewhere=lambda _, __: SECRET,
        typed=lambda _: {"key": SECRET},
        invent=lambda item: f"invented {item.name}",
    )

    found = resolve(tenant, sources)

    assert found.values == {"key": Secret("invented key"), "site": "invented site", "ttl": "60"}


def test_a_dry_run_names_what_it_does_not_know() -> None:
    tenant = flow("inputs: {key: {secret: true}}")

    found = resolve(tenant, Sources(lenient=True))

    assert str(found.values["key"]) == "<inputs.key>"
    assert str(found.origins["key"]) == "missing: set FLOWRUN_ACME__KEY"
