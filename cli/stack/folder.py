"""The one folder a local stack lives in."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SYSTEM_HOME = Path("/var/lib/recast")


@dataclass(frozen=True)
class StackFolder:
    """Names the places in the folder; two folders are two stacks that know nothing of each other."""

    root: Path

    @classmethod
    def at(cls, path: Path | str | None = None) -> "StackFolder":
        """The folder at ``path``, else at ``RECAST_HOME``, else ``.recast`` in the checkout; made if it is missing."""
        root = Path(path or os.environ.get("RECAST_HOME") or CHECKOUT / ".recast").expanduser().resolve()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = cls(root)
        for place in (folder.logs, folder.dagster_home, folder.s3_data, folder.sandbox_data):
            place.mkdir(exist_ok=True)
        return folder

    @cached_property
    def key(self) -> str:
        """Marks the processes and the system-wide data of this folder's stack."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def s3_data(self) -> Path:
        return self.root / "s3"

    @property
    def sandbox_data(self) -> Path:
        return self.root / "sandbox"

    @property
    def private_key(self) -> Path:
        return self.root / "keys" / "cloudfront-private.pem"

    @property
    def public_key(self) -> Path:
        return self.root / "keys" / "cloudfront-public.pem"

    @property
    def system_data(self) -> Path:
        """Where PostgreSQL's data lies when the stack is started by root (see ``postgres_home``)."""
        return SYSTEM_HOME / self.key

    def remove(self) -> None:
        """Delete the stack's data for good. The stack must not be running."""
        shutil.rmtree(self.system_data, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)
