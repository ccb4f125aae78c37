"""A rotating proxy with YouTube behind it: it plays www.youtube.com by a certificate of its own, for what the sandbox
answers."""

import base64
import datetime as dt
import itertools
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOSTS = ("www.youtube.com", "youtubei.googleapis.com")
BLOCKED = "blockedip01"
"""What the sandbox's YouTube answers to this video is what it answers to an address that it blocks."""


@dataclass(frozen=True)
class Asked:
    """One request: who was signed in to the proxy, through which address it left, what for."""

    user: str
    password: str
    address: str
    path: str


@dataclass
class Exits:
    """The first ``blocked`` addresses are blocked. A user ``…-7`` stays at address 7, others have a new one for each
    connection; a sound is given only to an address that has looked for it."""

    port: int = 0
    video_id: str = ""
    blocked: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """In the order in which they came."""
        return list(dict.fromkeys(asked.address for asked in self.asked))

    def is_refused(self, asked: Asked) -> bool:
        return asked.address in self.addresses[: self.blocked]

    def has_looked(self, address: str) -> bool:
        return any(asked.address == address and asked.path.endswith("/player") for asked in self.asked)


@contextmanager
def running_exits(youtube: str, folder: Path) -> Iterator[tuple[Exits, Path]]:
    """The proxy, and the file of the certificate by which it is YouTube; ``youtube`` is the sandbox's address."""
    exits = Exits()
    certificate = _certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    numbers = itertools.count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        user = password = address = ""

        def do_CONNECT(self) -> None:
            self.sign_in()
            self.send_response(200)
            self.end_headers()
            self.request = tls.wrap_socket(self.connection, server_side=True)
            self.setup()
            self.close_connection = False

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def do_GET(self) -> None:
            self.forward(b"")

        def do_POST(self) -> None:
            self.forward(self.rfile.read(int(self.headers["Content-Length"])))

        def sign_in(self) -> None:
            if given := self.headers["Proxy-Authorization"]:
                self.user, self.password = base64.b64decode(given.removeprefix("Basic ")).decode().split(":", 1)
                session = re.search(r"-(\d+)$", self.user)
                self.address = session[1] if session else self.address or f"new {next(numbers)}"

        def forward(self, body: bytes) -> None:
            self.sign_in()
            path = self.path.removeprefix(youtube)
            asked = Asked(self.user, self.password, self.address, urlsplit(path).path)
            exits.asked.append(asked)
            if asked.path == "/videoplayback" and not exits.has_looked(asked.address):
                self.answer(403, b"", {})
                return
            if exits.is_refused(asked):
                path = path.replace(exits.video_id, BLOCKED)
                body = body.replace(exits.video_id.encode(), BLOCKED.encode())
            passed_on = {name: self.headers[name] for name in ("Content-Type", "Range", "Cookie") if self.headers[name]}
            got = requests.request(self.command, youtube + path, data=body or None, headers=passed_on, timeout=20)
            kept = ("Content-Type", "Content-Range", "Accept-Ranges")
            self.answer(got.status_code, got.content, {name: got.headers[name] for name in kept if name in got.headers})

        def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    exits.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield exits, certificate
    server.shutdown()
    server.server_close()


def _certificate(folder: Path) -> Path:
    """A key and a certificate for YouTube's hosts, in one file of ``folder``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOSTS[0])])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "youtube.pem"
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
