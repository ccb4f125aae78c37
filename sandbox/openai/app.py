"""OpenAI's chat completions, at ``/openai/v1``."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from sandbox.openai.choosing import chosen
from sandbox.openai.completion import completion
from sandbox.openai.directing import directed
from sandbox.openai.failures import OpenAIFailure, down, no_credit, no_model, rate_limit
from sandbox.openai.faults import OF_ONE_SCENE, Fault, Trouble, fault_of_model, faults_of_texts, models
from sandbox.openai.gate import PREFIX, answer_headers, check_key, failed
from sandbox.openai.material import AskedLines, AskedPassage, AskedScene, Material, find_material
from sandbox.openai.punctuating import punctuated
from sandbox.openai.schema import Schema, check_strict

RETRY_AFTER_MS = 50
CHAT = "This is the sandbox's director: send it scenes, words or lines, and a response_format of the type json_schema."
PAGE = "<!DOCTYPE html><html><body><h1>Sign in to the network</h1></body></html>"


def openai_router(slow_seconds: float) -> APIRouter:
    """Routes for ``/chat/completions`` and ``/models``."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    met: Counter[tuple[Fault, str]] = Counter()

    def happening(faults: Sequence[Fault], about: str) -> set[Trouble]:
        """What goes wrong this time: a fault that happens once happens to every other request about the same."""
        troubles = {fault.trouble for fault in faults if not fault.is_once}
        for fault in {fault for fault in faults if fault.is_once}:
            met[fault, about] += 1
            if met[fault, about] % 2:
                troubles.add(fault.trouble)
        return troubles

    @router.get("/models")
    async def list_models(request: Request) -> Response:
        try:
            check_key(request)
        except OpenAIFailure as failure:
            return failed(failure)
        listed = [{"id": model, "object": "model", "created": 0, "owned_by": "recast"} for model in models()]
        return JSONResponse({"object": "list", "data": listed}, headers=answer_headers())

    @router.post("/chat/completions")
    async def complete(request: Request) -> Response:
        try:
            check_key(request)
            return await answer(await _body(request))
        except OpenAIFailure as failure:
            return failed(failure)

    async def answer(asked: Mapping[str, Any]) -> Response:
        of_model = _faults_of_model(asked["model"])
        schema = _schema(asked)
        material = find_material(asked["messages"])
        about = f"{material.about} {asked['messages'][0].get('content')}"
        told = faults_of_texts(material.texts)
        if isinstance(material, Material):
            told = [fault for fault in told if fault.trouble not in OF_ONE_SCENE]
        troubles = happening(of_model + told, about)
        if Trouble.SLOW in troubles:
            await asyncio.sleep(slow_seconds)
        _fail(troubles)
        if Trouble.PAGE in troubles:
            return HTMLResponse(PAGE)

        def in_scene(scene: AskedScene) -> set[Trouble]:
            own = happening(faults_of_texts([scene.text]), f"{about} {scene.number}")
            return (troubles | own) & set(OF_ONE_SCENE)

        def written(schema: Schema) -> Any:
            match material:
                case AskedPassage():
                    return punctuated(material, schema, troubles)
                case AskedLines():
                    return chosen(material, schema, troubles)
                case Material():
                    return directed(material, schema, in_scene)

        content = json.dumps(written(schema), ensure_ascii=False) if schema else CHAT
        return JSONResponse(completion(asked, content, troubles), headers=answer_headers())

    return router


def _faults_of_model(model: str) -> list[Fault]:
    try:
        fault = fault_of_model(model)
    except KeyError:
        raise no_model(model) from None
    return [fault] if fault else []


async def _body(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(await request.body())
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise OpenAIFailure(
            400,
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
            "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
        )
    if not isinstance(asked.get("model"), str):
        raise OpenAIFailure(400, "you must provide a model parameter")
    if not asked.get("messages") or not isinstance(asked["messages"], list):
        raise OpenAIFailure(
            400, "Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter"
        )
    if asked.get("stream"):
        raise OpenAIFailure(
            400,
            "Unsupported value: 'stream' does not support true with this model.",
            param="stream",
            code="unsupported_value",
        )
    return asked


def _schema(asked: Mapping[str, Any]) -> Schema | None:
    """The schema of the answer that is asked for, if any; in strict mode only as OpenAI takes it."""
    form = asked.get("response_format") or {}
    if form.get("type") != "json_schema":
        return None
    described = form.get("json_schema") or {}
    if not isinstance(described.get("schema"), dict):
        raise OpenAIFailure(
            400,
            "Missing required parameter: 'response_format.json_schema'.",
            param="response_format.json_schema",
            code="missing_required_parameter",
        )
    schema: Schema = described["schema"]
    if described.get("strict"):
        check_strict(str(described.get("name", "")), schema)
    return schema


def _fail(troubles: set[Trouble]) -> None:
    if Trouble.RATE_LIMIT in troubles:
        raise rate_limit(RETRY_AFTER_MS)
    if Trouble.NO_CREDIT in troubles:
        raise no_credit()
    if Trouble.DOWN in troubles:
        raise down()
