"""Sends a saga that fails, as a service in Python would: send.py grpc|http ENDPOINT."""

import logging
import sys

from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

transport, endpoint = sys.argv[1:]
if transport == "grpc":
    from grpc import Compression
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    spans = OTLPSpanExporter(endpoint=endpoint, insecure=True, compression=Compression.Gzip)
    logs = OTLPLogExporter(endpoint=endpoint, insecure=True)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    spans = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", compression=Compression.Gzip)
    logs = OTLPLogExporter(endpoint=f"{endpoint}/v1/logs")

resource = Resource.create({"service.name": "order", "service.instance.id": f"python-{transport}"})
tracing = TracerProvider(resource=resource)
tracing.add_span_processor(BatchSpanProcessor(spans))
logging_provider = LoggerProvider(resource=resource)
logging_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
logger = logging.getLogger("orders")
logger.addHandler(LoggingHandler(logger_provider=logging_provider))
tracer = tracing.get_tracer("orders")

with tracer.start_as_current_span("saga order", attributes={"saga.id": "o-17"}) as saga:
    with tracer.start_as_current_span(
        "reserve-stock",
        kind=trace.SpanKind.CLIENT,
        attributes={"saga.step.index": 0, "amount": 2.5, "retried": False, "items": ["a", "b"]},
    ) as reserve:
        reserve.add_event("retry", {"attempt": 2})
    with tracer.start_as_current_span("charge", record_exception=False) as charge:
        charge.set_status(trace.StatusCode.ERROR, "card declined")
        logger.warning("the card was declined")
    link = trace.Link(reserve.get_span_context())
    with tracer.start_as_current_span("compensate reserve-stock", links=[link]):
        pass

tracing.shutdown()
logging_provider.shutdown()
