"""/docs/errors: every code, what it means and what can be done about it. The `type` of a problem leads here."""

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from domain.errors import TAXONOMY

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Recast: errors</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c22 }}
h2 {{ font: 600 1.1rem ui-monospace, monospace; margin: 2rem 0 .25rem }} :target {{ background: #fff3c4 }}
p {{ margin: .25rem 0 }} small {{ color: #5c5c66 }}
</style></head><body><h1>Errors</h1><p>Every error of the <a href="/docs">API</a> carries one of these codes.</p>
{codes}</body></html>"""

CODE = """<section id="{code}"><h2>{code}</h2><p>{sentence}</p><p>{remedy}</p>
<small>HTTP {status}, {retry}</small></section>"""


@router.get("/docs/errors", response_class=HTMLResponse)
async def get_error_page() -> str:
    codes = (
        CODE.format(
            code=code,
            sentence=escape(meaning.sentence),
            remedy=escape(meaning.remedy),
            status=meaning.http_status,
            retry="may succeed later without a change" if meaning.retryable else "needs a change first",
        )
        for code, meaning in TAXONOMY.items()
    )
    return PAGE.format(codes="\n".join(codes))
