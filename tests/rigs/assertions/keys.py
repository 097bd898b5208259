"""Keys and a certificate in the rig's cache folder, made once."""
import contextlib
import datetime
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa


def key(cache, name):
    path = Path(cache) / "keys" / f"{name}.pem"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        keep(path, made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    return form.load_pem_private_key(path.read_bytes(), None)


def certificate(cache, name):
    path = Path(cache) / "keys" / f"{name}.crt"
    if not path.exists():
        private, now = key(cache, name), datetime.datetime.now(datetime.timezone.utc)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"{name}.rig.test")])
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                .public_key(private.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=3650)).sign(private, hashes.SHA256()))
        keep(path, made.public_bytes(form.Encoding.PEM))
    return path.read_text()


def keep(path, content):
    """Several rigs may start at once: the first one's file is everybody's."""
    part = path.with_suffix(f".{os.getpid()}")
    part.touch(mode=0o600)
    part.write_bytes(content)
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def pem(private):
    return private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
