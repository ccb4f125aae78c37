"""Ways to ask a service whether it is ready. Each returns False for "not yet"."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import psycopg

Check = Callable[[], Awaitable[bool]]
PATIENCE_SECONDS = 3.0


def http_ok(url: str) -> Check:
    """A GET answers 200."""

    async def check() -> bool:
        # Proxies of the environment have no business between two processes of one machine.
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
            try:
                return (await client.get(url)).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

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


def grpc_serving(host: str, port: int, service: str) -> Check:
    """The standard gRPC health service says SERVING; Dagster's code server says so once its code is loaded."""

    def ask() -> bool:
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        with grpc.insecure_channel(f"{host}:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(
                    health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE_SECONDS
                )
            except grpc.RpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    async def check() -> bool:
        return await asyncio.to_thread(ask)

    return check
