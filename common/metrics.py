"""Prometheus metrics of one process: loop lag, and the plain counters that servers keep about themselves.

Servers count in plain integers on their own stats objects (an increment on a hot path costs nothing); a scrape reads them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import trio
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LAG_PROBE_S = 0.1
LAG_BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

Sample = tuple[str, str, float]
"""(metric name, help sentence, value); a name that ends in `_total` is a counter, any other a gauge."""


@dataclass(frozen=True, slots=True)
class Family:
    """Samples of one name that differ in their labels. Whoever gives one bounds how many there are."""

    name: str
    """As in `Sample`."""
    about: str
    labels: tuple[str, ...]
    values: list[tuple[tuple[str, ...], float]] = field(default_factory=list)
    """The labels' values, in their order, and the number."""


class Metrics:
    """The registry of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._lag = Histogram(
            "weir_loop_lag_seconds",
            "How late the event loop woke a task that slept 100 ms; alert on p99 > 50 ms",
            buckets=LAG_BUCKETS_S,
            registry=self._registry,
        )
        self._worst_lag = Gauge(
            "weir_loop_lag_worst_seconds", "Worst loop lag since the last scrape", registry=self._registry
        )

    def add_source(self, source: Callable[[], Iterable[Sample | Family]]) -> None:
        """Ask `source` for its samples at every scrape; it must be quick and must not raise."""
        self._registry.register(_Source(source))

    def render(self) -> bytes:
        """Give the page for a scrape, in the text format."""
        page = generate_latest(self._registry)
        self._worst_lag.set(0)
        return page

    async def watch_loop_lag(self) -> NoReturn:
        """Measure how late the loop is, for as long as it runs."""
        while True:
            due = trio.current_time() + LAG_PROBE_S
            await trio.sleep_until(due)
            lag = trio.current_time() - due
            self._lag.observe(lag)
            worst = max(lag, self._worst_lag._value.get())  # noqa: SLF001  # the library has no getter
            self._worst_lag.set(worst)


class _Source(Collector):
    def __init__(self, source: Callable[[], Iterable[Sample | Family]]) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        for sample in self._source():
            family = sample if isinstance(sample, Family) else Family(*sample[:2], (), [((), sample[2])])
            kind = CounterMetricFamily if family.name.endswith("_total") else GaugeMetricFamily
            metric = kind(family.name.removesuffix("_total"), family.about, labels=family.labels)
            for labels, value in family.values:
                metric.add_metric(labels, value)
            yield metric

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: sources may start empty, and registering must not call them."""
        return []
