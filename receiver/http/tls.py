"""HTTPS: the TLS context made from the `server.tls` settings."""

from __future__ import annotations

import ssl
from pathlib import Path

from receiver.settings import SettingsError, Tls


def server_context(tls: Tls) -> ssl.SSLContext | None:
    """Return the context for TLS 1.2 or newer, or None without HTTPS. With a client CA clients need a certificate.

    Raises SettingsError naming the setting whose file cannot be used.
    """
    if tls.cert_file is None or tls.key_file is None:
        return None
    _check_certificates("cert_file", tls.cert_file)
    _check_readable("key_file", tls.key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The first that the client offers, too. gRPC clients offer h2 alone, others may offer both.
    context.set_alpn_protocols(["http/1.1", "h2"])
    try:
        # Without a password OpenSSL would ask the terminal for one.
        context.load_cert_chain(tls.cert_file, tls.key_file, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            wrong = f"{tls.key_file} is not the key of the certificate in {tls.cert_file} (server.tls.cert_file)"
        else:
            wrong = f"expected a private key in PEM, without a password, in {tls.key_file}"
        raise SettingsError(f"server.tls.key_file: {wrong}") from None
    if tls.client_ca_file is not None:
        _check_certificates("client_ca_file", tls.client_ca_file)
        context.load_verify_locations(tls.client_ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _check_readable(name: str, file: Path) -> None:
    try:
        file.read_bytes()
    except OSError as error:
        raise SettingsError(f"server.tls.{name}: cannot read {file}: {error.strerror}") from None


def _check_certificates(name: str, file: Path) -> None:
    """Raise SettingsError unless the file holds certificates; `load_cert_chain` does not say which file is wrong."""
    _check_readable(name, file)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(file)
    except ssl.SSLError:
        raise SettingsError(f"server.tls.{name}: expected certificates in PEM in {file}") from None
