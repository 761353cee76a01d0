"""The ledger on one core: CPU seconds in all, and of the slowest entries.

python -m benchmarks.ledger
"""

from invariance_proofs import verify

WANTED_IN_ALL, WANTED_FOR_ONE = 20, 3
"""Seconds: what a reader waits for without a second thought, and what keeps one entry from being most of it."""


def main() -> None:
    entries = sorted(verify(), key=lambda entry: entry.seconds, reverse=True)
    print(f"{len(entries)} entries, {sum(e.seconds for e in entries):.1f} s (wanted: below {WANTED_IN_ALL})")
    for entry in entries[:5]:
        print(f"{entry.statement.key:24} {entry.seconds:.2f} s (wanted: below {WANTED_FOR_ONE})")


if __name__ == "__main__":
    main()
