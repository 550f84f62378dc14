// Sends a saga that fails, as a service in JavaScript would: send.mjs grpc|http|proto ENDPOINT.

import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as HttpLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPTraceExporter as GrpcSpans } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpSpans } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoSpans } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const [transport, endpoint] = process.argv.slice(2);
const compression = CompressionAlgorithm.GZIP;
const exporters = {
    grpc: () => [new GrpcSpans({ url: endpoint, compression }), new GrpcLogs({ url: endpoint })],
    http: () => [
        new HttpSpans({ url: `${endpoint}/v1/traces`, compression }),
        new HttpLogs({ url: `${endpoint}/v1/logs` }),
    ],
    proto: () => [
        new ProtoSpans({ url: `${endpoint}/v1/traces` }),
        new HttpLogs({ url: `${endpoint}/v1/logs` }),
    ],
};
const [spans, logs] = exporters[transport]();
const resource = resourceFromAttributes({
    "service.name": "order",
    "service.instance.id": `node-${transport}`,
});
const tracing = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(spans)] });
tracing.register();
const logging = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: logs })] });
const tracer = tracing.getTracer("orders");
const logger = logging.getLogger("orders");

await tracer.startActiveSpan("saga order", { attributes: { "saga.id": "o-17" } }, async (saga) => {
    const reserve = tracer.startSpan("reserve-stock", {
        kind: SpanKind.CLIENT,
        attributes: { "saga.step.index": 0, amount: 2.5, retried: false, items: ["a", "b"] },
    });
    reserve.addEvent("retry", { attempt: 2 });
    reserve.end();
    tracer.startActiveSpan("charge", (charge) => {
        charge.setStatus({ code: SpanStatusCode.ERROR, message: "card declined" });
        logger.emit({ body: "the card was declined", context: context.active() });
        charge.end();
    });
    const links = [{ context: reserve.spanContext() }];
    tracer.startSpan("compensate reserve-stock", { links }).end();
    saga.end();
});

await tracing.shutdown();
await logging.shutdown();
