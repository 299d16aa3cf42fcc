"""A live conformance checker for any Low-Latency HLS URL: `python -m bench.llhls_check URL`.

`gather` watches a stream as a player would and writes down what it saw (an `Observation`); the rules of `rules_*` are
pure functions from that to findings; `report` prints them. docs/ll-hls-rules.md is made from the same table.
"""
