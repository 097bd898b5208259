"""Signatures that are made here, as the standards have them and as another library reads them."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import warnings
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from flowrun.errors import FlowError
from flowrun.jose import ALGORITHMS, new_key, sign, signer
from flowrun.jose.pem import numbers_in
from flowrun.jose.private import base64url, from_jwk, keys_in
from flowrun.jose.signing import signature
from flowrun.secret import JSON
from standards import proves

AnyKey = ECKey | OKPKey | RSAKey

CLAIMS = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)
SHARED: dict[str, JSON] = {
    "kty": "oct",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
RSA: dict[str, JSON] = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1P"
    "t0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
    "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGh"
    "yxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e": "AQAB",
    "d": "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVo"
    "l2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M"
    "_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jT"
    "j3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    "p": "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw"
    "_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "q": "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7Tj"
    "eLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
}
EDWARDS: dict[str, JSON] = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


@pytest.mark.parametrize(
    ("jwk", "alg", "data", "signed"),
    [
        pytest.param(
            SHARED,
            "HS256",
            f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            id="RFC 7515 appendix A.1",
        ),
        pytest.param(
            RSA,
            "RS256",
            f"eyJhbGciOiJSUzI1NiJ9.{CLAIMS}",
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8"
            "W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPv"
            "kSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1ph"
            "CnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            id="RFC 7515 appendix A.2",
        ),
        pytest.param(
            EDWARDS,
            "EdDSA",
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            id="RFC 8037 appendix A.4",
        ),
    ],
)
@proves("RFC 7515", "5.1", "signs as the examples of RFC 7515 and RFC 8037 do")
def test_the_signatures_of_the_standards(
    jwk: dict[str, JSON], alg: str, data: str, signed: str
) -> None:
    key = from_jwk(jwk)

    assert key
    assert base64url(signature(key.handle, alg, data.encode())) == signed


def read(token: str, key: str, alg: str) -> tuple[dict[str, object], dict[str, object]]:
    """What another library reads in *token*."""
    with warnings.catch_warnings(action="ignore"):
        found = jwt.decode(token, JWKRegistry.import_key(json.loads(key)), algorithms=[alg])
    return {**found.header}, {**found.claims}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_another_library_reads_what_was_signed(alg: str) -> None:
    key = new_key(alg)
    claims: dict[str, JSON] = {"iss": "é", "list": [1, None, {"a": True}]}
    first = sign({"alg": alg, "kid": "1"}, claims, key)
    second = signer(key, alg=alg, key_id="2").sign(claims, type="x+jwt")

    assert read(first, key, alg) == ({"typ": "JWT", "alg": alg, "kid": "1"}, claims)
    assert read(second, key, alg) == ({"typ": "x+jwt", "alg": alg, "kid": "2"}, claims)


MAKERS: dict[str, Callable[[], AnyKey]] = {
    "PS384": lambda: RSAKey.generate_key(2048),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "ES512": lambda: ECKey.generate_key("P-521"),
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
    "EdDSA": lambda: OKPKey.generate_key("Ed448"),
}


@pytest.mark.parametrize("alg", MAKERS)
def test_another_library_reads_what_a_pem_has_signed(alg: str) -> None:
    key = MAKERS[alg]()
    token = sign({"alg": alg}, {"sub": "jane"}, key.as_pem(private=True).decode())
    with warnings.catch_warnings(action="ignore"):
        found = jwt.decode(token, key, algorithms=[alg])

    assert found.claims == {"sub": "jane"}


def test_a_key_without_its_primes_signs_all_the_same() -> None:
    bare = {name: RSA[name] for name in ("kty", "n", "e", "d")}
    data = b"a.b"
    whole, half = from_jwk(RSA), from_jwk(bare)

    assert whole
    assert half
    assert signature(half.handle, "RS256", data) == signature(whole.handle, "RS256", data)


def test_a_key_whose_parts_do_not_belong_together_signs_nothing() -> None:
    broken = json.dumps({**RSA, "n": RSAKey.generate_key(2048).as_dict(private=False)["n"]})
    with pytest.raises(FlowError, match="the key cannot sign with RS256") as caught:
        sign({"alg": "RS256"}, {}, broken)

    assert caught.value.code == "E222"


@pytest.mark.parametrize(
    ("made_for", "alg"),
    [("ES256", "ES384"), ("ES256", "RS256"), ("RS256", "HS256"), ("EdDSA", "ES256")],
)
@proves("RFC 7515", "10.7", "signs with an algorithm only by a key that is of its kind")
def test_a_key_of_another_kind_signs_nothing(made_for: str, alg: str) -> None:
    with pytest.raises(FlowError, match=f"the key cannot sign with {alg}"):
        sign({"alg": alg}, {}, new_key(made_for))


def test_a_curve_that_no_algorithm_has_signs_nothing() -> None:
    pem = ECKey.generate_key("secp256k1").as_pem(private=True).decode()
    with pytest.raises(FlowError, match="the key cannot sign with ES256"):
        sign({"alg": "ES256"}, {}, pem)


def test_a_key_shows_itself_to_nobody() -> None:
    key = from_jwk(SHARED)

    assert repr(key) == "Key(oct)"


FORMS = ("PKCS8", "TraditionalOpenSSL")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "ES512"])
def test_each_usual_form_of_a_pem_is_the_same_key(alg: str, form: str) -> None:
    key = JWKRegistry.import_key(json.loads(new_key(alg)))
    assert isinstance(key, ECKey | RSAKey)
    assert key.private_key
    pem = key.private_key.private_bytes(
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    ).decode()
    (read,) = keys_in(f"Bag Attributes: none\n{pem}")

    assert numbers_in(pem)
    assert isinstance(read.handle, EllipticCurvePrivateKey | RSAPrivateKey)
    assert read.handle.private_numbers() == key.private_key.private_numbers()


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_what_openssl_writes_is_read(bits: int) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here")
    commands = [
        (f"openssl genrsa {bits}", "RS256"),
        (f"openssl genrsa -traditional {bits}", "RS256"),
        ("openssl ecparam -name prime256v1 -genkey", "ES256"),
        ("openssl genpkey -algorithm ed25519", "EdDSA"),
    ]
    for command, alg in commands:
        done = subprocess.run(command.split(), capture_output=True, text=True, check=True)

        assert numbers_in(done.stdout), command
        assert signer(done.stdout).alg == alg


@given(st.binary(max_size=80), st.sampled_from(["", "RSA ", "EC "]))
def test_what_is_no_der_is_no_key(der: bytes, kind: str) -> None:
    body = base64.b64encode(b"\x30" + bytes([len(der)]) + der).decode()
    pem = f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"
    with pytest.raises(FlowError) as caught:
        sign({"alg": "RS256"}, {}, pem)

    assert caught.value.code == "E222"


def test_a_form_that_is_not_usual_is_read_all_the_same() -> None:
    pem = ECKey.generate_key("secp256k1").as_pem(private=True).decode()

    assert numbers_in(pem) is None
    assert [key.curve for key in keys_in(pem)] == ["secp256k1"]


def test_a_key_under_a_passphrase_is_no_key() -> None:
    key = ECKey.generate_key("P-256").private_key
    assert key
    sealed = serialization.BestAvailableEncryption(b"fake-passphrase")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed
    ).decode()
    with pytest.raises(FlowError, match="this is no key"):
        signer(pem)
