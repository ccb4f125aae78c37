"""Small real servers in the place of Supabase Auth's keys and of Dagster's GraphQL."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


@contextmanager
def json_server(answer: Answer) -> Iterator[str]:
    """The address of a server that answers every request with ``answer(path, body)``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            content = json.dumps(answer(self.path, body)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Issuer:
    """Signs access tokens as Supabase Auth does, and publishes the key at ``url``."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.url = ""

    def answer(self, _path: str, _body: dict[str, Any]) -> dict[str, Any]:
        key = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": "test-key", "alg": "ES256", "use": "sig"}]}

    def token(self, user_id: UUID, **claims: Any) -> str:
        now = int(time.time())
        payload = {
            "sub": str(user_id),
            "email": f"{user_id}@example.com",
            "aud": "authenticated",
            "iss": f"{self.url}/auth/v1",
            "role": "authenticated",
            "iat": now,
            "exp": now + 3600,
            **claims,
        }
        return jwt.encode(payload, self._key, algorithm="ES256", headers={"kid": "test-key"})


@dataclass
class Dagster:
    """Dagster's GraphQL, as far as the product speaks it. ``launched`` holds the tags of each run that was made, with
    the ``stages`` it was confined to, ``reported`` what was reported without one."""

    url: str = ""
    launched: list[dict[str, Any]] = field(default_factory=list)
    reported: list[dict[str, Any]] = field(default_factory=list)
    materialized: set[str] = field(default_factory=set)
    slow_seconds: float = 0.0
    refusal: str | None = None
    is_deaf: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path.startswith("/report_asset_materialization/"):
            if self.is_deaf:
                raise ConnectionError("the webserver is away")
            with self.lock:
                self.reported.append(body | {"asset": path.rpartition("/")[2]})
            return {}
        query, variables = body["query"], body["variables"]
        if "addDynamicPartition" in query:
            return {"data": {"addDynamicPartition": {"__typename": "AddDynamicPartitionSuccess"}}}
        if "launchRun" in query:
            return {"data": {"launchRun": self._launch(variables)}}
        if "assetNodes" in query:
            return {"data": {"assetNodes": [self._node(key["path"][-1]) for key in variables["assetKeys"]]}}
        return {"data": {"version": "1.13.27"}}

    def job_ids(self) -> list[str]:
        return [tags["job_id"] for tags in self.launched]

    def _launch(self, variables: dict[str, Any]) -> dict[str, Any]:
        time.sleep(self.slow_seconds)
        if self.refusal:
            return {"__typename": self.refusal, "message": "no"}
        tags = {tag["key"]: tag["value"] for tag in variables["params"]["executionMetadata"]["tags"]}
        with self.lock:
            selector = variables["params"]["selector"]
            stages = [asset["path"][-1] for asset in selector.get("assetSelection", [])]
            self.launched.append(tags | {"dagster_job": selector["pipelineName"], "stages": stages})
        return {"__typename": "LaunchRunSuccess", "run": {"runId": str(uuid.uuid4())}}

    def _node(self, stage: str) -> dict[str, Any]:
        done = [{"timestamp": "1793610000000", "runId": "run-1", "metadataEntries": []}]
        return {
            "assetKey": {"path": [stage]},
            "assetMaterializations": done if stage in self.materialized else [],
            "latestRunForPartition": {"runId": "run-1", "status": "SUCCESS"} if stage in self.materialized else None,
        }
