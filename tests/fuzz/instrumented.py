"""The process that libFuzzer takes over: `python -m tests.fuzz.instrumented TARGET [libFuzzer's options]`.

Apart from `search`, since what is imported before it is instrumented gives no coverage.
"""

import sys

import atheris

with atheris.instrument_imports(include=["rtmp", "common"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    target, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()
