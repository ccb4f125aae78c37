"""Which services make up the local stack, and which of them wait for which."""

import hashlib
import os
import sys
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from cli.stack.dagster import DagsterServers
from cli.stack.environment import (
    DATABASE,
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
from cli.stack.problems import StackError
from cli.stack.seaweed import SeaweedServer
from cli.stack.secrets import StackSecrets
from cli.stack.service import Step, Task
from cli.stack.web import api_service, sandbox_service
from resources.database.migrations import MigrationError, migrate

INFRASTRUCTURE = frozenset({"postgres", "databases", "seaweed", "bucket"})
PREMADE = (sys.executable, "-m", "cli.main", "premade")
# What the portraits and rows of the pre-made characters are made from.
PREMADE_SOURCES = ("domain/premade.py", "resources/video/local", "studio/premade.py")


@dataclass(frozen=True)
class StackPlan:
    """Everything the steps are made from."""

    folder: StackFolder
    ports: ChosenPorts
    secrets: StackSecrets
    home: PostgresHome
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
            *DagsterServers(self.folder, self.ports.ports, self.secrets, dagster, after=migrated).steps(),
            sandbox_service(self.ports["sandbox"], sandbox, after=("bucket",)),
            api_service(self.ports["api"], product, after=migrated),
        ]

    async def _migrate(self) -> None:
        try:
            await migrate(self.postgres.admin_url(DATABASE))
        except MigrationError as error:
            raise StackError(f"The database cannot be brought up to date: {error}.") from error

    async def _publish_premade(self) -> None:
        """The pre-made characters, drawn and listed: the stack is not ready before somebody can be cast.

        Drawing takes seconds, so it is left out while nothing that decides the result has changed.
        """
        stamp = self.folder.root / "premade.stamp"
        sources = fingerprint(CHECKOUT, PREMADE_SOURCES)
        if stamp.exists() and stamp.read_text() == sources:
            return
        await run_once("premade", PREMADE, {**os.environ, **self.environment()}, CHECKOUT, self.folder)
        stamp.write_text(sources)

    async def _set_passwords(self) -> None:
        await set_login_passwords(
            self.postgres.admin_url(),
            {
                "api_gateway": self.secrets.api_gateway_password,
                "recast_worker": self.secrets.recast_worker_password,
            },
        )


def fingerprint(root: Path, sources: Collection[str]) -> str:
    """A hash over the Python files at and below those places."""
    digest = hashlib.sha256()
    for source in sources:
        place = root / source
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def keep_only(steps: list[Step], names: Collection[str]) -> list[Step]:
    """Those steps and no others; a need of a step that is left out counts as met."""
    return [
        replace(step, depends_on=tuple(need for need in step.depends_on if need in names))
        for step in steps
        if step.name in names
    ]
