"""``python -m sandbox.links`` prints the sandbox's links as a markdown table."""

from sandbox.youtube.links import links


def markdown_table() -> str:
    rows = [f"| `{link.url}` | {link.sentence} | {f'`{link.code}`' if link.code else ''} |" for link in links()]
    return "\n".join(["| Link | What it does | Error |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(markdown_table())
