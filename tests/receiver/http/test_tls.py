"""HTTPS: versions, client certificates, and files that cannot be used."""

import ssl
from pathlib import Path

import aiohttp
import pytest

from receiver.http.tls import server_context
from receiver.settings import SettingsError, Tls


def tls(pem, **files):
    given = {"cert_file": "server.pem", "key_file": "server.key"} | files
    return Tls(**{name: pem / file for name, file in given.items()})


async def ask(receiver, pem, certificate=None, **options):
    """Return the status of a request over TLS, from a client that trusts the authority."""
    context = ssl.create_default_context(cafile=pem / "authority.pem")
    for name, value in options.items():
        setattr(context, name, value)
    if certificate:
        context.load_cert_chain(pem / f"{certificate}.pem", pem / f"{certificate}.key")
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"https://127.0.0.1:{receiver.port}/v1/traces",
            data=b"{}",
            headers={"Content-Type": "application/json"},
            ssl=context,
        ) as answer,
    ):
        return answer.status


@pytest.mark.asyncio(loop_scope="module")
class TestHttps:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_is_served_in_tls_1_2_and_1_3(self, start, pem, version):
        receiver = await start(tls=tls(pem))
        assert await ask(receiver, pem, minimum_version=version, maximum_version=version) == 200

    async def test_without_a_client_authority_takes_clients_without_a_certificate(self, start, pem):
        assert await ask(await start(tls=tls(pem)), pem) == 200

    async def test_with_one_takes_its_certificates(self, start, pem):
        assert await ask(await start(tls=tls(pem, client_ca_file="authority.pem")), pem, "client") == 200

    @pytest.mark.parametrize("certificate", [None, "strange-client"], ids=["none", "of another authority"])
    async def test_with_one_takes_no_others(self, start, pem, certificate, caplog):
        receiver = await start(tls=tls(pem, client_ca_file="authority.pem"))
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await ask(receiver, pem, certificate)
        assert "Traceback" not in caplog.text
        assert await ask(receiver, pem, "client") == 200

    async def test_takes_no_plain_http(self, start, pem, caplog):
        receiver = await start(tls=tls(pem))
        assert not (await receiver.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert "Traceback" not in caplog.text

    async def test_is_not_waited_for_by_a_client_that_never_begins(self, start, pem):
        receiver = await start(tls=tls(pem), header_timeout=0.3)
        assert await receiver.raw(b"") == b""


def test_nothing_older_than_tls_1_2_is_spoken(pem):
    # Whether a client of today could ask for it depends on how its OpenSSL was built.
    assert server_context(tls(pem)).minimum_version is ssl.TLSVersion.TLSv1_2


class TestFiles:
    def test_that_are_not_named_mean_http(self):
        assert server_context(Tls()) is None

    @pytest.mark.parametrize("name", ["cert_file", "key_file", "client_ca_file"])
    def test_that_are_missing_are_named_with_their_setting(self, pem, name):
        with pytest.raises(SettingsError, match=rf"server.tls.{name}: cannot read .*/missing.pem: No such file"):
            server_context(tls(pem, **{name: "missing.pem"}))

    @pytest.mark.parametrize("name", ["cert_file", "key_file", "client_ca_file"])
    def test_that_are_folders_are_named_with_their_setting(self, pem, name):
        with pytest.raises(SettingsError, match=rf"server.tls.{name}: cannot read .*: Is a directory"):
            server_context(tls(pem, **{name: "."}))

    @pytest.mark.parametrize("wrong", ["empty.pem", "words.pem", "server.key"])
    @pytest.mark.parametrize("name", ["cert_file", "client_ca_file"])
    def test_that_hold_no_certificate_are_named_with_their_setting(self, pem, name, wrong):
        with pytest.raises(SettingsError, match=rf"server.tls.{name}: expected certificates in PEM in .*/{wrong}"):
            server_context(tls(pem, **{name: wrong}))

    @pytest.mark.parametrize("wrong", ["empty.pem", "words.pem", "server.pem", "locked.key"])
    def test_that_hold_no_key_that_can_be_read_are_named_with_their_setting(self, pem, wrong):
        with pytest.raises(SettingsError, match=r"server.tls.key_file: expected a private key in PEM, without a pass"):
            server_context(tls(pem, key_file=wrong))

    def test_that_do_not_belong_together_are_named(self, pem):
        with pytest.raises(SettingsError, match=r"server.tls.key_file: .*/client.key is not the key of .*/server.pem"):
            server_context(tls(pem, key_file="client.key"))


def test_a_process_says_https_and_what_is_wrong_with_its_files(serve, pem, tmp_path):
    files = {"SERVER_TLS_CERT_FILE": str(pem / "server.pem"), "SERVER_TLS_KEY_FILE": str(pem / "server.key")}
    receiver = serve(**files)
    assert receiver.says(r"listens on (https://127.0.0.1:\d+)")
    assert receiver.stop() == 0
    refused = serve(data="other", **files | {"SERVER_TLS_KEY_FILE": str(Path("/no/such.key"))})
    assert refused.ends() == 1
    assert "server.tls.key_file: cannot read /no/such.key" in refused.log
    assert "Traceback" not in refused.log
