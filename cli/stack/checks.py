"""Ways to ask a service whether it is ready. Each returns False for "not yet"."""

import asyncio
import http.client
from collections.abc import Awaitable, Callable

import psycopg

Check = Callable[[], Awaitable[bool]]
PATIENCE_SECONDS = 3.0
CODE_SERVER = "DagsterApi"  # its name for the standard gRPC health service


def http_ok(host: str, port: int, path: str) -> Check:
    """A GET answers 200; asked directly, whatever proxies the environment names."""

    def ask() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    async def check() -> bool:
        return await asyncio.to_thread(ask)

    return check


def postgres_answers(url: str) -> Check:
    """A login succeeds and a query returns."""

    async def check() -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=int(PATIENCE_SECONDS)) as connection:
                await connection.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True

    return check


def grpc_serving(host: str, port: int) -> Check:
    """Dagster's code server says SERVING, which it does once its code is loaded."""

    def ask() -> bool:
        # Imported here: most users of this module never ask a gRPC server.
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        with grpc.insecure_channel(f"{host}:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(service=CODE_SERVER), timeout=PATIENCE_SECONDS
                )
            except grpc.RpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def check() -> bool:
        return await asyncio.to_thread(ask)

    return check
