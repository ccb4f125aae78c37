"""The front door where no web page is built: what this is, and where to go."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Recast API</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }</style>
</head><body><h1>Recast</h1><p>This is the API; the web page is not built on this server.</p><ul>
<li><a href="/docs">How to use the API</a></li><li><a href="/docs/errors">What its errors mean</a></li>
<li><a href="/readyz">Is everything up?</a></li></ul></body></html>"""


@router.get("/", response_class=HTMLResponse)
async def get_index_page() -> str:
    return PAGE
