"""TLS in which the client shows a certificate, too (RFC 8705)."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from .errors import TransportError
from .message import Certificate
from .secret import reveal

ALERTS = {
    "CERTIFICATE_REQUIRED": "wants a certificate of the client",
    "BAD_CERTIFICATE": "does not take the client's certificate",
    "UNSUPPORTED_CERTIFICATE": "does not take a client certificate of that kind",
    "CERTIFICATE_REVOKED": "says that the client's certificate is revoked",
    "CERTIFICATE_EXPIRED": "says that the client's certificate has ended",
    "CERTIFICATE_UNKNOWN": "does not know the client's certificate",
    "UNKNOWN_CA": "does not know who has signed the client's certificate",
    "ACCESS_DENIED": "does not let this client's certificate in",
}
"""What a server's alert means that comes once it has seen what the client shows."""

UNFIT = {
    "KEY_VALUES_MISMATCH": "the key is that of another certificate",
    "KEY_TYPE_MISMATCH": "the key is that of another certificate",
    "BAD_DECRYPT": "the key is encrypted",
    "BAD_PASSWORD_READ": "the key is encrypted",
    "EE_KEY_TOO_SMALL": "the key is too short",
    "CA_MD_TOO_WEAK": "the certificate is signed with a weak hash",
}
SHOWN = "Is it registered with the provider, still good, and given with those that signed it?"
NOT_SHOWN = (
    "Let the client show one: `client: {auth: tls, certificate: ..., key: ...}`; "
    "or, for an API, `certificate: {certificate: ..., key: ...}`."
)


def show(context: ssl.SSLContext, certificate: Certificate) -> None:
    """Let *context*, which nobody else uses, show *certificate*; raises E605."""
    parts = [str(reveal(part)).strip() for part in certificate if part is not None]
    try:
        with _file("\n".join(parts) + "\n") as path:
            context.load_cert_chain(path, password=lambda: "")  # or it would ask the terminal
    except (OSError, ValueError) as error:
        # Not `from error`: nobody knows what a library says of a key.
        known = UNFIT.get(
            getattr(error, "reason", None) or "", "it is no certificate and key in PEM"
        )
        hint = (
            "`certificate` is a PEM, with those that signed it; `key` is its private key, as PEM."
        )
        message = f"the client certificate cannot be used: {known}"
        raise TransportError("E605", message, sent=False, hint=hint) from None


def refusal(where: str, error: BaseException, *, shown: bool) -> TransportError | None:
    """The error that an alert stands for; None when it is about something else."""
    reason = str(getattr(error, "reason", None) or "")
    what = next((words for alert, words in ALERTS.items() if reason.endswith(f"_{alert}")), None)
    if what is None or isinstance(error, ssl.SSLCertVerificationError):
        return None
    # A server that ends a handshake has not read what came behind it.
    hint = SHOWN if shown else NOT_SHOWN
    return TransportError("E605", f"{where} {what}", sent=False, hint=hint)


@contextmanager
def _file(text: str) -> Iterator[str]:
    """The path of a file that holds *text* for this process alone, as `ssl` reads nothing else."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("flowrun"), "wb") as file:
            file.write(text.encode())
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with NamedTemporaryFile() as private:  # opened with 0600, and gone at once
        private.write(text.encode())
        private.flush()
        yield private.name
