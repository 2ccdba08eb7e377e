"""A certificate authority of a company's own, and a server of the loopback interface that it vouches for."""

import datetime
import ssl
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM = serialization.Encoding.PEM


class OwnAuthority:
    """``certificate`` is the file to believe; ``speak`` makes a ``Loopback`` one of https."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority of our own")])
        own = self._signed(self._name, self._key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
        self.certificate = self.folder / "authority.pem"
        self.certificate.write_bytes(own.public_bytes(PEM))

    def speak(self, server):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        signed = self._signed(name, key.public_key(), address, use)
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        (self.folder / "server.pem").write_bytes(signed.public_bytes(PEM) + key.private_bytes(PEM, *plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        server.speak_tls(context)

    def _signed(self, name, key, *extensions):
        day = datetime.timedelta(days=1)
        now = datetime.datetime.now(datetime.UTC)
        made = x509.CertificateBuilder(self._name, name, key, x509.random_serial_number(), now - day, now + day)
        for extension in extensions:
            made = made.add_extension(extension, critical=False)
        return made.sign(self._key, hashes.SHA256())
