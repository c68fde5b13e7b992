"""Traces and metrics, as the SDK's in-memory exporters get them."""

import gc
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from storagedriver import BackendError, PathNotFoundError, StorageDriver, WriterStateError
from storagedriver.interception import Call, InterceptedDriver
from storagedriver.middleware.telemetry import TelemetryMiddleware
from storagedriver_drivers.inmemory import InMemoryDriver

T = TypeVar("T")
SECRET = "hunter2"


class Observed:
    """An inmemory driver under telemetry, and what that exported."""

    def __init__(self, wrap: Callable[[StorageDriver], StorageDriver] = lambda driver: driver) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.inner = InMemoryDriver.from_parameters()
        self.driver = TelemetryMiddleware(wrap(self.inner), self.tracers, self.meters)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    @property
    def span_names(self) -> list[str]:
        return [span.name.removeprefix("storagedriver.") for span in self.spans]

    def points(self, name: str) -> dict[str, list[Any]]:
        """The data points of a metric by operation."""
        found: dict[str, list[Any]] = {}
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                assert scope.scope.name == "storagedriver"
                for metric in scope.metrics:
                    for point in metric.data.data_points if metric.name == name else ():
                        assert isinstance(point, HistogramDataPoint | NumberDataPoint)
                        attributes: Mapping[str, Any] = point.attributes or {}
                        assert attributes["storagedriver.driver"] == "inmemory"
                        assert "storagedriver.path" not in attributes
                        found.setdefault(attributes["storagedriver.operation"], []).append(point)
        return found

    def sums(self, name: str) -> dict[str, int]:
        return {operation: sum(point.value for point in points) for operation, points in self.points(name).items()}


@pytest.fixture
def observed() -> Observed:
    made = Observed()
    made.inner.put_content("/a", b"content")
    return made


CALLS: list[tuple[str, Callable[[StorageDriver], Any]]] = [
    ("get_content", lambda driver: driver.get_content("/a")),
    ("put_content", lambda driver: driver.put_content("/a", b"x")),
    ("stat", lambda driver: driver.stat("/a")),
    ("list", lambda driver: driver.list("/")),
    ("move", lambda driver: driver.move("/a", "/b")),
    ("delete", lambda driver: driver.delete("/a")),
    ("redirect_url", lambda driver: driver.redirect_url("/a")),
    ("close", lambda driver: driver.close()),
]


@pytest.mark.parametrize(("operation", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_a_span_and_a_duration_for_each_call(
    observed: Observed, operation: str, call: Callable[[StorageDriver], Any]
) -> None:
    call(observed.driver)

    (span,) = observed.spans
    expected = {"storagedriver.driver": "inmemory", "storagedriver.operation": operation, "storagedriver.path": "/a"}
    if operation == "list":
        expected["storagedriver.path"] = "/"
    if operation == "move":
        expected["storagedriver.destination"] = "/b"
    if operation == "close":
        del expected["storagedriver.path"]
    assert span.name == f"storagedriver.{operation}"
    assert dict(span.attributes or {}) == expected
    assert span.status.status_code is trace.StatusCode.UNSET
    points = observed.points("storagedriver.operation.duration")
    assert list(points) == [operation]
    assert (points[operation][0].count, points[operation][0].sum >= 0) == (1, True)
    assert observed.sums("storagedriver.operation.errors") == {}


def test_a_failure(observed: Observed) -> None:
    with pytest.raises(PathNotFoundError) as caught:
        observed.driver.stat("/absent")

    (span,) = observed.spans
    (event,) = span.events
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == str(caught.value)
    assert (span.attributes or {})["error.type"] == "path_not_found"
    assert event.name == "exception"
    assert dict(event.attributes or {}) == {
        "exception.type": "storagedriver.errors.PathNotFoundError",
        "exception.message": "inmemory: path not found: '/absent'",
    }
    (point,) = observed.points("storagedriver.operation.errors")["stat"]
    assert point.value == 1
    assert point.attributes["error.type"] == "path_not_found"
    assert observed.points("storagedriver.operation.duration")["stat"][0].count == 1


class Failing(InterceptedDriver):
    """Fails with a cause, or a bug, whose text is a secret."""

    def intercept(self, call: Call, proceed: Callable[[], T]) -> T:
        match call.operation:
            case "stat":
                raise BackendError("refused", driver_name="inmemory", path=call.path) from OSError(SECRET)
            case "list" | "reader.read":
                raise RuntimeError(SECRET)
            case _:
                return proceed()


def test_the_text_of_causes_and_of_bugs_is_not_recorded() -> None:
    observed = Observed(Failing)
    observed.inner.put_content("/a", b"content")

    with pytest.raises(BackendError):
        observed.driver.stat("/a")
    with pytest.raises(RuntimeError):
        observed.driver.list("/")
    with observed.driver.reader("/a") as reader, pytest.raises(RuntimeError):
        reader.read()

    assert [span.status.status_code for span in observed.spans] == [trace.StatusCode.ERROR] * 3
    assert [span.status.description for span in observed.spans] == [
        "inmemory: backend failed: '/a': refused",
        "RuntimeError",
        "RuntimeError",
    ]
    assert SECRET not in "".join(span.to_json() for span in observed.spans)
    errors = observed.points("storagedriver.operation.errors")
    assert {operation: point.attributes["error.type"] for operation, (point,) in errors.items()} == {
        "stat": "backend",
        "list": "RuntimeError",
        "reader.read": "RuntimeError",
    }


def test_a_path_that_is_no_str_is_the_drivers_to_refuse(observed: Observed) -> None:
    with pytest.raises(ValueError, match="a path is a str"):
        observed.driver.stat(None)  # type: ignore[arg-type]

    (span,) = observed.spans
    assert "storagedriver.path" not in (span.attributes or {})


def test_one_span_for_a_reader_from_open_to_close(observed: Observed) -> None:
    reader = observed.driver.reader("/a")
    assert reader.read(3) == b"con"
    assert reader.read() == b"tent"
    assert observed.spans == []
    reader.close()
    reader.close()

    assert observed.span_names == ["reader"]
    assert observed.sums("storagedriver.bytes.read") == {"reader.read": 7}
    assert observed.points("storagedriver.operation.duration").keys() == {"reader"}


def test_bytes_read_by_each_way(observed: Observed) -> None:
    observed.inner.put_content("/lines", b"one\ntwo\n")
    observed.driver.get_content("/a")
    with observed.driver.reader("/a", 2) as reader:
        assert reader.readinto(bytearray(100)) == 5  # type: ignore[attr-defined]
    with observed.driver.reader("/lines") as reader:
        assert list(reader) == [b"one\n", b"two\n"]

    assert observed.sums("storagedriver.bytes.read") == {"get_content": 7, "reader.readinto": 5, "reader.readline": 8}


def test_bytes_written_by_each_way(observed: Observed) -> None:
    observed.driver.put_content("/p", memoryview(b"abcdef")[::2])
    with observed.driver.writer("/w") as writer:
        writer.write(b"12345")
        writer.write(bytearray(b"67"))
        writer.commit()

    assert observed.sums("storagedriver.bytes.written") == {"put_content": 3, "writer.write": 7}


def test_what_failed_is_not_counted_as_bytes(observed: Observed) -> None:
    with pytest.raises(TypeError):
        observed.driver.put_content("/p", "text")  # type: ignore[arg-type]
    with pytest.raises(PathNotFoundError):
        observed.driver.get_content("/absent")

    assert observed.sums("storagedriver.bytes.written") == {}
    assert observed.sums("storagedriver.bytes.read") == {}
    assert observed.sums("storagedriver.operation.errors") == {"put_content": 1, "get_content": 1}


@pytest.mark.parametrize("ending", ["close", "cancel", "with", "with exception"])
def test_one_span_for_a_writer(observed: Observed, ending: str) -> None:
    writer = observed.driver.writer("/w")
    writer.write(b"x")
    assert observed.spans == []
    match ending:
        case "close" | "cancel":
            getattr(writer, ending)()
        case "with":
            with writer:
                writer.commit()
        case _:
            with pytest.raises(KeyError), writer:
                raise KeyError

    assert observed.span_names == ["writer"]
    assert observed.spans[0].status.status_code is trace.StatusCode.UNSET


def test_a_failing_commit_marks_the_span_of_its_writer(observed: Observed) -> None:
    writer = observed.driver.writer("/a/below-a-file")
    with pytest.raises(Exception, match="taken"):
        writer.commit()
    writer.cancel()

    (span,) = observed.spans
    assert span.status.status_code is trace.StatusCode.ERROR
    assert observed.sums("storagedriver.operation.errors") == {"writer.commit": 1}
    assert observed.points("storagedriver.operation.duration").keys() == {"writer", "writer.commit", "writer.cancel"}


def test_use_after_close_is_counted_and_touches_no_ended_span(
    observed: Observed, caplog: pytest.LogCaptureFixture
) -> None:
    writer = observed.driver.writer("/w")
    writer.close()
    with pytest.raises(WriterStateError):
        writer.write(b"x")
    writer.cancel()

    assert observed.span_names == ["writer"]
    assert observed.sums("storagedriver.operation.errors") == {"writer.write": 1}
    assert caplog.records == []


def test_a_stream_that_does_not_open_has_its_span(observed: Observed) -> None:
    with pytest.raises(PathNotFoundError):
        observed.driver.reader("/absent")

    (span,) = observed.spans
    assert (span.name, span.status.status_code) == ("storagedriver.reader", trace.StatusCode.ERROR)


@pytest.mark.parametrize("ending", ["exhausted", "closed", "dropped"])
def test_one_span_for_a_walk(observed: Observed, ending: str, caplog: pytest.LogCaptureFixture) -> None:
    walk = observed.driver.walk("/")
    assert next(walk).path == "/a"
    assert observed.spans == []
    match ending:
        case "exhausted":
            assert list(walk) == []
            walk.close()
        case "closed":
            walk.close()
        case _:
            del walk
            gc.collect()

    assert observed.span_names == ["walk"]
    assert observed.spans[0].status.status_code is trace.StatusCode.UNSET
    assert observed.sums("storagedriver.operation.errors") == {}
    assert caplog.records == []


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_a_dropped_stream_still_has_its_span(observed: Observed, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    stream: Any = observed.driver.reader("/a") if kind == "reader" else observed.driver.writer("/w")
    assert observed.spans == []
    del stream
    gc.collect()

    assert observed.span_names == [kind]
    assert caplog.records == []


def test_spans_nest_and_calls_within_are_children() -> None:
    observed = Observed()
    outer = TelemetryMiddleware(observed.driver, observed.tracers, observed.meters)
    with observed.tracers.get_tracer("test").start_as_current_span("request") as request:
        outer.put_content("/a", b"x")
        with outer.reader("/a") as reader:
            reader.read()
            assert trace.get_current_span() is request
        # A stream without a span of its own leaves the caller's current.
        list(outer.walk("/"))

    inner, outermost = observed.spans[:2]
    assert inner.parent is not None
    assert inner.parent.span_id == outermost.context.span_id
    assert outermost.parent is not None
    assert outermost.parent.span_id == request.get_span_context().span_id


def test_results_are_the_drivers(observed: Observed) -> None:
    assert observed.driver.get_content("/a") == b"content"
    assert observed.driver.list("/") == ["/a"]
    assert observed.driver.name == "inmemory"
    assert observed.driver.capabilities == observed.inner.capabilities


def test_without_the_sdk_it_does_nothing() -> None:
    driver = TelemetryMiddleware(InMemoryDriver.from_parameters())
    driver.put_content("/a", b"content")

    with driver.reader("/a") as reader:
        assert reader.read() == b"content"
    assert [info.path for info in driver.walk("/")] == ["/a"]
