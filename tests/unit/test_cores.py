"""Heavy work takes places that all processes of the machine share."""

import asyncio
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from resources.cores import Cores, usable_cores

HOLDER = (
    "import asyncio, sys; from pathlib import Path; from resources.cores import Cores\n"
    "async def hold():\n"
    "    async with Cores(1, Path(sys.argv[1])).place():\n"
    "        print('held', flush=True); await asyncio.sleep(60)\n"
    "asyncio.run(hold())"
)


async def test_no_more_work_at_once_than_there_are_places_whoever_asks(tmp_path: Path) -> None:
    at_work = most = 0

    async def work(cores: Cores) -> None:
        nonlocal at_work, most
        async with cores.place():
            at_work += 1
            most = max(most, at_work)
            await asyncio.sleep(0.02)
            at_work -= 1

    ours, theirs = Cores(2, tmp_path), Cores(2, tmp_path)
    await asyncio.gather(*(work(cores) for cores in (ours, theirs) for _ in range(5)))
    assert most == 2


async def test_a_place_is_free_again_when_its_process_is_killed(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(tmp_path), stdout=PIPE)
    assert holder.stdout
    assert await holder.stdout.readline() == b"held\n"
    cores = Cores(1, tmp_path)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), cores.place():
            pass
    holder.kill()
    async with asyncio.timeout(5), cores.place():
        pass
    await holder.wait()


@pytest.mark.parametrize(
    ("written", "lent"), [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None)]
)
def test_a_container_s_share_is_kept_to(tmp_path: Path, written: str, lent: int | None) -> None:
    (tmp_path / "cpu.max").write_text(written)
    assert usable_cores(tmp_path / "cpu.max") == (lent or usable_cores(tmp_path / "missing"))
