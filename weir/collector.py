"""Python's cycle collector, set so that it does not hold up a loop with a hundred thousand people on it."""

import gc

_THRESHOLDS = (5_000, 5, 2000)
"""Objects more than there were before the young are looked at, rounds of that before the older ones are, and of those
before all are. With Python's own (700, 10, 10) a third of the CPU went into collections while thousands of people came at
once, and each full one stopped the loop for longer than a part of video lasts. These stop it for some 5 and 25 ms at most,
and look at what has lived for long only after fifty million more objects. Little depends on that: what connections leave
behind is freed without the collector, but for 0 to 3 objects each."""


def spare_collector() -> None:
    """Keep what start-up made, which is never garbage, out of collections, and have few of them. Call it when all is up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
