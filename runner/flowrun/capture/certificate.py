"""A certificate for this machine alone and for one run, since nobody signs one for loopback."""

from __future__ import annotations

import secrets
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

NAME = "flowrun, on this machine"
HOSTS = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
LIFE = timedelta(days=1)


class ThrowAway(NamedTuple):
    """What a listener needs to speak TLS, and what a person can compare."""

    tls: ssl.SSLContext
    fingerprint: str  # SHA-256, as browsers show it


def throw_away() -> ThrowAway:
    """A new key and its own certificate; raises OSError when there is no room for them."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key)
    digest = certificate.fingerprint(hashes.SHA256())
    return ThrowAway(_context(key, certificate), digest.hex(":").upper())


class Pair(NamedTuple):
    """A certificate and its private key, as PEM."""

    certificate: str
    key: str


def self_signed() -> Pair:
    """What a client of the sandbox shows, where nobody is to know it again."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(key).public_bytes(form.Encoding.PEM)
    bare = form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    return Pair(certificate.decode(), key.private_bytes(*bare).decode())


def _signed(key: EllipticCurvePrivateKey) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
    names += [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - LIFE,  # clocks differ
        not_valid_after=now + LIFE,
    )
    for extension in (
        x509.SubjectAlternativeName(names),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    ):
        builder = builder.add_extension(extension, critical=False)
    constraints = x509.BasicConstraints(ca=False, path_length=None)  # it vouches for nobody else
    return builder.add_extension(constraints, critical=True).sign(key, hashes.SHA256())


def _context(key: EllipticCurvePrivateKey, certificate: Certificate) -> ssl.SSLContext:
    from cryptography.hazmat.primitives import serialization as form

    # `ssl` reads keys from files only: this one is private, encrypted, and gone at once.
    password = secrets.token_bytes(32).hex().encode()
    pem = key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(password)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with NamedTemporaryFile() as file:  # opened with 0600
        file.write(pem + certificate.public_bytes(form.Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name, password=password)
    return context
