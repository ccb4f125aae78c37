"""`python -m benchmarks`: every benchmark, one after the other."""

from benchmarks import spine

if __name__ == "__main__":
    spine.main()
