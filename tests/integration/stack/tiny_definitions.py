"""A code location with one asset that never ends by itself."""

import time
from pathlib import Path

import dagster as dg


class EndlessConfig(dg.Config):
    """started: a file to be made once the asset works."""

    started: str


@dg.asset
def endless(config: EndlessConfig) -> None:
    Path(config.started).touch()
    while True:
        time.sleep(1)


defs = dg.Definitions(
    assets=[endless],
    jobs=[dg.define_asset_job("endless_job", selection=[endless])],
    executor=dg.in_process_executor,
)
