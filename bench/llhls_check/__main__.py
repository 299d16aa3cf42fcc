"""`python -m bench.llhls_check URL [--seconds 30] [--json] [--edge]`: does a stream keep the rules of Low-Latency HLS?

Exit code 0: every rule that must be kept is kept. 1: at least one is broken. 2: nothing to check, in a sentence.
"""

import argparse
import sys

import trio

from bench.llhls_check.gather import UnusableError, observe
from bench.llhls_check.report import exit_code, render_json, render_text
from bench.llhls_check.rules import ordered
from bench.llhls_check.verdicts import judge

_MAX_S = 3600.0


def main(arguments: list[str] | None = None) -> int:
    """Check and print; the exit code."""
    options = _parser().parse_args(arguments)
    if not 1 <= options.seconds <= _MAX_S:
        sys.stderr.write(f"--seconds must be between 1 and {_MAX_S:g}.\n")
        return 2
    assert ordered(), "the table of rules"

    async def run() -> int:
        seen = await observe(
            options.url,
            seconds=options.seconds,
            edge=options.edge,
            verify=not options.insecure,
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
        verdicts = judge(seen)
        render = render_json if options.json else render_text
        sys.stdout.write(render(seen, verdicts))
        return exit_code(seen, verdicts)

    try:
        return trio.run(run)
    except UnusableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.llhls_check",
        description="Watch a Low-Latency HLS stream for a while and say which rules of the draft it keeps.",
        epilog="Exit code 0: all that must be kept is kept. 1: something is broken. 2: nothing to check.",
    )
    parser.add_argument("url", metavar="URL", help="a multivariant or media playlist, http or https")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to watch (default 30)")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--edge", action="store_true", help="URL is a CDN or proxy: check G4, G7 and G9 too")
    parser.add_argument("--insecure", action="store_true", help="take any TLS certificate")
    return parser


if __name__ == "__main__":
    sys.exit(main())
