"""A classifier that calls what begins with `bad` an insult, dies of `die`, and never answers `hang`."""

import signal
import sys

from chatd.classifier_wire import HEAD, decode_texts, encode_message, read_head

sys.stdout.buffer.write(encode_message([]))
sys.stdout.buffer.flush()
while head := sys.stdin.buffer.read(HEAD.size):
    texts = decode_texts(sys.stdin.buffer.read(read_head(head)))
    if "die" in texts:
        sys.exit(1)
    if "hang" in texts:
        signal.pause()
    answer = [1.0] if "lie" in texts and len(texts) > 1 else [float(one.startswith("bad")) for one in texts]
    sys.stdout.buffer.write(encode_message([2.0] if texts == ["lie"] else answer))
    sys.stdout.buffer.flush()
