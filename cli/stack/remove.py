"""``python -m cli.stack.remove [folder]``: delete a stopped stack's data, also what root's stack keeps elsewhere."""

import sys

from filelock import FileLock, Timeout

from cli.stack.folder import StackFolder


def main() -> None:
    folder = StackFolder.at(sys.argv[1] if len(sys.argv) > 1 else None)
    try:
        with FileLock(folder.lock, timeout=0):
            folder.remove()
    except Timeout:
        sys.exit(f"The stack in {folder.root} runs; stop it first.")


if __name__ == "__main__":
    main()
