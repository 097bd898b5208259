"""Signatures, encryption and hashes as the examples in the standards have them."""

from __future__ import annotations

import json

import pytest

from flowrun.jose.decrypting import decrypted
from flowrun.jose.verifying import is_signed
from flowrun.oauth.id_token import hash_of
from flowrun.oauth.jwt import header_of
from flowrun.secret import JSON
from standards import proves

CLAIMS = (
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)

HS256: dict[str, JSON] = {  # RFC 7515 appendix A.1
    "kty": "oct",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
ES256: dict[str, JSON] = {  # RFC 7515 appendix A.3
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
ED25519: dict[str, JSON] = {  # RFC 8037 appendix A.2
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
SIGNED = [
    pytest.param(
        "HS256",
        HS256,
        f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}."
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        id="RFC 7515 A.1",
    ),
    pytest.param(
        "ES256",
        ES256,
        f"eyJhbGciOiJFUzI1NiJ9.{CLAIMS}."
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        id="RFC 7515 A.3",
    ),
    pytest.param(
        "EdDSA",
        ED25519,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        id="RFC 8037 A.5",
    ),
]


@pytest.mark.parametrize(("alg", "key", "token"), SIGNED)
@proves(
    "RFC 7515", "5.2", "the examples of appendix A are checked, and each change of them refused"
)
def test_a_signature_of_the_standard(alg: str, key: dict[str, JSON], token: str) -> None:
    header, payload, signature = token.split(".")
    other = {"A": "B"}.get(signature[0], "A") + signature[1:]

    assert is_signed(token, alg, [key])
    assert not is_signed(f"{header}.{payload}.{other}", alg, [key])
    assert not is_signed(f"{header}.{payload}.", alg, [key])
    assert not is_signed(f"{header}.{payload[:-4]}AAAA.{signature}", alg, [key])


@proves("RFC 8725", "3.1", "a key is used for one kind of algorithm alone")
def test_a_key_makes_no_signature_of_another_kind() -> None:
    for each in SIGNED:
        _, _, token = each.values
        others = [key for key in (HS256, ES256, ED25519) if key is not each.values[1]]

        for alg in ("HS256", "ES256", "EdDSA"):
            assert not is_signed(str(token), alg, others)


PLAIN = "The true sign of intelligence is not knowledge but imagination."
RSA: dict[str, JSON] = {  # RFC 7516 appendix A.1
    "kty": "RSA",
    "n": "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllX"
    "I4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZey"
    "axziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDF"
    "GzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
    "e": "AQAB",
    "d": "kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYe"
    "cPT9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3k"
    "bSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr"
    "0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ",
    "p": "1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYdMg"
    "yAEPTPjXv_hI2_1eTSPVZfzL0lffNn03IXqWF5MDFuoUYE0hzb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0",
    "q": "wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew00"
    "J28cRUoeBB_jKI1oma0Orv1T9aXIWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwTs0g68UZHvtc",
    "dp": "ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJWDxS5pFQ_M0evdo1dK"
    "iR"
    "TjVw_x4NyqyXPM5nULPkcpU827rnpZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPMBMfKcuE",
    "dq": "Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjqA3FeiL"
    "19"
    "rk8g6Qn29Tt0cj8qqyFpz9vNDBUfCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis",
    "qi": "VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK4"
    "Sl"
    "OydB61gwanOsXGOAOv82cHq0E3eL4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY",
}
CLOSED = (
    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ."
    "OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4"
    "qKA"
    "q7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIK"
    "LaV"
    "mqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9Qcf"
    "ylQ"
    "r66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg."
    "48V1_ALb6US04U3b."
    "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A."
    "XFBoMYUZodetZdvTiFvSkQ"
)


@proves("RFC 7516", "5.2", "the example of appendix A.1 is opened, and each change of it refused")
def test_an_encryption_of_the_standard() -> None:
    key, header = json.dumps(RSA), header_of(CLOSED, "it")
    parts = CLOSED.split(".")

    assert decrypted(CLOSED, header, key) == PLAIN
    for at in range(1, 5):
        changed = [*parts]
        changed[at] = {"A": "B"}.get(parts[at][0], "A") + parts[at][1:]
        assert decrypted(".".join(changed), header, key) is None


@pytest.mark.parametrize(
    "header", [{"alg": "RSA1_5"}, {"alg": "PBES2-HS256+A128KW"}, {"zip": "DEF"}]
)
@proves("RFC 8725", "3.2", "RSA1_5, PBES2 and compressed tokens are not opened")
def test_what_is_not_safe_is_not_opened(header: dict[str, JSON]) -> None:
    usual: dict[str, JSON] = {"alg": "RSA-OAEP", "enc": "A256GCM"}

    assert decrypted(CLOSED, {**usual, **header}, json.dumps(RSA)) is None


@pytest.mark.parametrize(
    "key", ["", "{", "{}", "-----BEGIN PRIVATE KEY-----", '{"keys": [1]}', "s" * 32]
)
def test_what_is_no_key_opens_nothing(key: str) -> None:
    assert decrypted(CLOSED, header_of(CLOSED, "it"), key) is None


@proves("OpenID Connect Core", "3.3.2.11", "c_hash and at_hash of the examples in appendix A")
def test_the_hashes_of_the_standard() -> None:
    code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"

    assert hash_of(code, "RS256") == "LDktKdoQak3Pk0cnXxCltA"
    assert hash_of(token, "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"
