"""One partition per row of `jobs`. Keys are added when a job is launched."""

import dagster as dg

from domain.stages import PARTITIONS

jobs = dg.DynamicPartitionsDefinition(name=PARTITIONS)
OWNERS = ["team:pipeline"]
