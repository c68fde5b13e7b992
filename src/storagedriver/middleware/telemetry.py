"""Traces and metrics of a driver's calls, by the OpenTelemetry API; without its SDK they cost little and go nowhere."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry import metrics, trace

from storagedriver.driver import StorageDriver
from storagedriver.errors import StorageDriverError
from storagedriver.interception import Call, InterceptedDriver

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

T = TypeVar("T")

INSTRUMENTATION = "storagedriver"

_OPENING = frozenset({"reader", "writer", "walk"})
_CLOSING = frozenset({"reader.close", "writer.close", "writer.cancel", "writer.exit", "walk.close"})
# The calls of a stream that do a backend's work of their own; the many small ones are not worth a measurement each.
_TIMED_ON_STREAMS = frozenset({"writer.commit", "writer.cancel", "writer.exit"})


@dataclass(frozen=True, slots=True)
class _OpenStream:
    """The span of a reader, writer or walk that is not closed yet; `end` ends it, once."""

    span: Span
    end: Callable[[], Any]


def _current(span: Span) -> AbstractContextManager[Any]:
    # A stream that is closed has no span any more; the caller's own stays the current one.
    if span is trace.INVALID_SPAN:
        return nullcontext()
    return trace.use_span(span, record_exception=False, set_status_on_exception=False)


class TelemetryMiddleware(InterceptedDriver):
    """A span for each call, and metrics of durations, errors and bytes.

    Spans are called `storagedriver.<operation>`. That of a reader, writer or walk lasts from its opening to its close
    (to its end for a walk); a read or write makes none of its own. Of errors only the driver's own text is recorded,
    never that of the cause, which may hold secrets. Metrics carry no path: there are too many.
    """

    def __init__(
        self,
        driver: StorageDriver,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        """Observe `driver`.

        Args:
            driver: The driver.
            tracer_provider: Where spans go; None for the process's own provider.
            meter_provider: Where metrics go; None for the process's own provider.
        """
        super().__init__(driver)
        self._tracer = trace.get_tracer(INSTRUMENTATION, tracer_provider=tracer_provider)
        meter = metrics.get_meter(INSTRUMENTATION, meter_provider=meter_provider)
        self._duration = meter.create_histogram(
            "storagedriver.operation.duration", unit="s", description="How long calls of a driver take."
        )
        self._errors = meter.create_counter(
            "storagedriver.operation.errors", unit="{error}", description="Calls that raised, by error code."
        )
        self._bytes_read = meter.create_counter(
            "storagedriver.bytes.read", unit="By", description="Bytes of content that callers got."
        )
        self._bytes_written = meter.create_counter(
            "storagedriver.bytes.written", unit="By", description="Bytes of content that the driver took."
        )
        self._streams: weakref.WeakKeyDictionary[object, _OpenStream] = weakref.WeakKeyDictionary()

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        if call.stream is not None:
            return self._on_stream(call, proceed)
        span = self._tracer.start_span(
            f"storagedriver.{call.operation}", kind=trace.SpanKind.CLIENT, attributes=self._span_attributes(call)
        )
        opened = False
        try:
            result = self._measured(call, span, proceed)
            if call.operation in _OPENING:
                # One that is dropped without a close still has its span ended, and so exported.
                end = weakref.finalize(result, span.end)
                end.atexit = False
                self._streams[result] = _OpenStream(span, end)
                opened = True
            return result
        finally:
            if not opened:
                span.end()

    def _on_stream(self, call: Call, proceed: Callable[[], T]) -> T:
        opened = self._streams.get(call.stream)
        try:
            return self._measured(call, trace.INVALID_SPAN if opened is None else opened.span, proceed)
        except StopIteration:
            self._end_stream(call)
            raise
        finally:
            if call.operation in _CLOSING:
                self._end_stream(call)

    def _end_stream(self, call: Call) -> None:
        opened = self._streams.pop(call.stream, None)
        if opened is not None:
            opened.end()

    def _measured(self, call: Call, span: Span, proceed: Callable[[], T]) -> T:
        labels = {"storagedriver.driver": self.name, "storagedriver.operation": call.operation}
        begun = time.perf_counter()
        try:
            with _current(span):
                result = proceed()
        except StopIteration:
            # The end of a walk, not a failure.
            raise
        except BaseException as error:
            self._failed(span, labels, error)
            raise
        finally:
            if call.stream is None or call.operation in _TIMED_ON_STREAMS:
                self._duration.record(time.perf_counter() - begun, labels)
        self._count_bytes(call, result, labels)
        return result

    def _failed(self, span: Span, labels: Mapping[str, str], error: BaseException) -> None:
        kind = type(error)
        own = isinstance(error, StorageDriverError)
        text = str(error) if own else ""
        code = error.code if isinstance(error, StorageDriverError) else kind.__qualname__
        span.set_attribute("error.type", code)
        # Not record_exception(): its stack trace shows the text of the cause too.
        span.add_event(
            "exception", {"exception.type": f"{kind.__module__}.{kind.__qualname__}", "exception.message": text}
        )
        span.set_status(trace.Status(trace.StatusCode.ERROR, text or kind.__qualname__))
        self._errors.add(1, {**labels, "error.type": code})

    def _count_bytes(self, call: Call, result: object, labels: Mapping[str, str]) -> None:
        match call.operation:
            case "get_content" | "reader.read" | "reader.read1" | "reader.readline" if isinstance(result, bytes):
                self._bytes_read.add(len(result), labels)
            case "reader.readinto" if isinstance(result, int):
                self._bytes_read.add(result, labels)
            case "writer.write" if isinstance(result, int):
                self._bytes_written.add(result, labels)
            case "put_content":
                self._bytes_written.add(memoryview(call.arguments["content"]).nbytes, labels)

    def _span_attributes(self, call: Call) -> dict[str, Any]:
        attributes = {"storagedriver.driver": self.name, "storagedriver.operation": call.operation}
        # What is no str is no path; the driver says so, and the attribute stays out.
        if isinstance(call.path, str):
            attributes["storagedriver.path"] = call.path
        if isinstance(call.arguments.get("dest"), str):
            attributes["storagedriver.destination"] = call.arguments["dest"]
        return attributes
