"""Which services make up the local stack, and which of them wait for which."""

import os
import sys
from collections.abc import Collection
from dataclasses import dataclass, replace

from cli.stack.dagster import DEFINITIONS, DagsterServers
from cli.stack.environment import (
    admin_environment,
    dagster_environment,
    http_url,
    sandbox_environment,
    stack_environment,
)
from cli.stack.folder import CHECKOUT, StackFolder
from cli.stack.oneshot import run_once
from cli.stack.ports import ChosenPorts
from cli.stack.postgres import PostgresServer, set_login_passwords
from cli.stack.postgres_home import PostgresHome
from cli.stack.seaweed import SeaweedServer
from cli.stack.secrets import StackSecrets
from cli.stack.service import Step, Task
from cli.stack.web import api_service, sandbox_service

INFRASTRUCTURE = frozenset({"postgres", "databases", "seaweed", "bucket"})
MIGRATE = (sys.executable, "-m", "cli.main", "migrate")
PREMADE = (sys.executable, "-m", "cli.main", "premade")


@dataclass(frozen=True)
class StackPlan:
    """Everything the steps are made from."""

    folder: StackFolder
    ports: ChosenPorts
    secrets: StackSecrets
    home: PostgresHome
    definitions: tuple[str, str] = DEFINITIONS
    migrate: tuple[str, ...] = MIGRATE
    durable: bool = True

    @property
    def postgres(self) -> PostgresServer:
        return PostgresServer(self.folder, self.home, self.ports["postgres"], self.secrets, durable=self.durable)

    @property
    def seaweed(self) -> SeaweedServer:
        return SeaweedServer(self.folder, self.ports["s3"], self.secrets, avoid=set(self.ports.ports.values()))

    def environment(self) -> dict[str, str]:
        """The product's settings alone."""
        return stack_environment(self.folder, self.ports.ports, self.secrets)

    def urls(self) -> dict[str, str]:
        """For people and for the state file: no passwords."""
        ports = self.ports
        return {
            "app": http_url(ports["api"]),
            "api": f"{http_url(ports['api'])}/api/v1",
            "dagster": http_url(ports["dagster"]),
            "sandbox": http_url(ports["sandbox"]),
            "s3": http_url(ports["s3"]),
            "postgres": f"postgresql://127.0.0.1:{ports['postgres']}/recast",
        }

    def steps(self) -> list[Step]:
        """The whole stack. The user's own environment (providers' keys, say) reaches workers and API, and no other."""
        product = {**os.environ, **self.environment()}
        dagster = {**product, **dagster_environment(self.folder, self.ports.ports, self.secrets)}
        sandbox = {**os.environ, **sandbox_environment(self.folder, self.ports.ports, self.secrets)}
        migrated = ("bucket", "passwords")
        return [
            *self.postgres.steps(),
            *self.seaweed.steps(),
            Task("migrate", self._migrate, depends_on=("databases",)),
            Task("passwords", self._set_passwords, depends_on=("migrate",)),
            Task("premade", self._publish_premade, depends_on=migrated),
            *DagsterServers(
                self.folder, self.ports.ports, self.secrets, dagster, after=migrated, definitions=self.definitions
            ).steps(),
            sandbox_service(self.ports["sandbox"], sandbox, after=("bucket",)),
            api_service(self.ports["api"], product, after=migrated),
        ]

    async def _migrate(self) -> None:
        env = {**os.environ, **self.environment(), **admin_environment(self.ports.ports, self.secrets)}
        await run_once("migrate", self.migrate, env, CHECKOUT, self.folder)

    async def _publish_premade(self) -> None:
        """The pre-made characters, drawn and listed: the stack is not ready before somebody can be cast."""
        await run_once("premade", PREMADE, {**os.environ, **self.environment()}, CHECKOUT, self.folder)

    async def _set_passwords(self) -> None:
        await set_login_passwords(
            self.postgres.admin_url(),
            {
                "api_gateway": self.secrets.api_gateway_password,
                "recast_worker": self.secrets.recast_worker_password,
            },
        )


def keep_only(steps: list[Step], names: Collection[str]) -> list[Step]:
    """Those steps and no others; a need of a step that is left out counts as met."""
    return [
        replace(step, depends_on=tuple(need for need in step.depends_on if need in names))
        for step in steps
        if step.name in names
    ]
