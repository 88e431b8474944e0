"""A certificate authority for one test: server, clients, and broken ones, made by openssl."""
import pathlib

from .tools import require_tool, run


class Identity:
    """A certificate and its key, PEM."""

    def __init__(self, certificate_file, key_file):
        self.certificate_file = certificate_file
        self.key_file = key_file


class Certificates:
    """`server` is for localhost and 127.0.0.1; `client(name)` has the common name `name`."""

    def __init__(self, directory, name="MODAX test CA"):
        self.openssl = require_tool("openssl")
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.directory / "ca.crt"
        self.ca_key_file = self.directory / "ca.key"
        self._made = {}
        self._key(self.ca_key_file)
        run(
            self.openssl, "req", "-x509", "-new", "-key", self.ca_key_file, "-days", "2",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:true",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.ca_file,
        )

    def _key(self, file):
        run(self.openssl, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file)
        file.chmod(0o600)

    def _issue(self, name, common_name, extensions, validity=("-days", "2")):
        if name in self._made:
            return self._made[name]
        key, request = self.directory / f"{name}.key", self.directory / f"{name}.csr"
        certificate, extension = self.directory / f"{name}.crt", self.directory / f"{name}.ext"
        self._key(key)
        extension.write_text(
            "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\n"
            + "\n".join(extensions) + "\n"
        )
        run(self.openssl, "req", "-new", "-key", key, "-subj", f"/CN={common_name}", "-out", request)
        run(
            self.openssl, "x509", "-req", "-in", request, "-CA", self.ca_file,
            "-CAkey", self.ca_key_file, "-CAcreateserial", *validity, "-extfile", extension,
            "-out", certificate,
        )
        self._made[name] = Identity(certificate, key)
        return self._made[name]

    @property
    def server(self):
        return self._issue(
            "server", "localhost",
            ["subjectAltName=DNS:localhost,IP:127.0.0.1", "extendedKeyUsage=serverAuth"],
        )

    @property
    def server_of_another_name(self):
        return self._issue(
            "other-name", "other.example.com",
            ["subjectAltName=DNS:other.example.com", "extendedKeyUsage=serverAuth"],
        )

    def client(self, common_name):
        return self._issue(f"client-{common_name}", common_name, ["extendedKeyUsage=clientAuth"])

    def expired_client(self, common_name):
        """Ended before it began, so that it is expired whatever the time is."""
        return self._issue(
            f"expired-{common_name}", common_name, ["extendedKeyUsage=clientAuth"], ("-days", "-1")
        )
