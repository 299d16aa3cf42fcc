"""The child process that says how likely messages are insults, with the model that comes with `alt-profanity-check`.

`python -m chatd.classifier_child` reads questions from stdin and writes answers to stdout (`classifier_wire`), until stdin ends. Models are
pickles, and tens of megabytes of libraries read what people write: so it can do nothing else (`common.confinement`).
"""

import os
import sys
import warnings

# Before NumPy is loaded: a confined process starts no threads.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from chatd.classifier_wire import HEAD, decode_texts, encode_message, read_head  # noqa: E402
from common.confinement import confine  # noqa: E402

MEMORY_BYTES = 300_000_000
"""Beside what the libraries take when they are loaded."""


def main() -> None:
    """Answer, until nobody asks any more."""
    warnings.simplefilter("ignore")  # of versions; there is nobody to read it
    from profanity_check import predict_prob  # so that tests of the wire need none of it

    predict_prob(["what is loaded when it is first needed is loaded now"])
    confine(memory_bytes=MEMORY_BYTES)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(encode_message([]))  # ready
    answers.flush()
    while head := asked.read(HEAD.size):
        texts = decode_texts(asked.read(read_head(head)))
        answers.write(encode_message([min(1.0, max(0.0, float(one))) for one in predict_prob(texts)]))
        answers.flush()


if __name__ == "__main__":
    main()
