"""What providers hear back."""

from typing import Literal

from pydantic import ConfigDict

from api.views.examples import example
from api.views.view import View


class Received(View):
    model_config = ConfigDict(json_schema_extra=example({"status": "received"}))

    status: Literal["received"] = "received"
