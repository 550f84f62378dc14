//! What a hosted process tells of itself, if anybody wants to know.

use std::sync::Arc;

use amends_models::process::{Address, WorkflowId};
use amends_models::system::{Event, MessageOf, PerformedEffect, ProtocolModel, System};
use amends_trace::record::Recorder;

use crate::telemetry::{SpanContext, Telemetry};

/// The recorder of one process, and where its spans go. Where nobody wants to know, it does nothing.
///
/// When it is dropped, because the process rests or the runtime ends, what is open is ended.
pub(super) struct ProcessTelemetry<T: ProtocolModel> {
    told: Option<(Recorder<Arc<System<T>>>, Telemetry)>,
    process: Address,
}

impl<T: ProtocolModel> ProcessTelemetry<T> {
    pub(super) fn new(
        telemetry: Option<&Telemetry>,
        system: &Arc<System<T>>,
        process: Address,
    ) -> Self {
        let told = telemetry.map(|telemetry| {
            let (protocol, run) = (telemetry.protocol, telemetry.run);
            let life = telemetry.next_life();
            let recorder = Recorder::new(Arc::clone(system), protocol, run, process, life);
            (recorder, telemetry.clone())
        });
        ProcessTelemetry { told, process }
    }

    /// Whether anybody wants to know.
    pub(super) fn is_wanted(&self) -> bool {
        self.told.is_some()
    }

    /// The client asks for a workflow.
    pub(super) fn started(&mut self, workflow: Option<WorkflowId>) {
        if let Some((recorder, telemetry)) = &mut self.told {
            match workflow {
                Some(workflow) => recorder.started(telemetry.now(), workflow),
                None => recorder.woke(telemetry.now()),
            }
        }
    }

    /// Something else than a message makes the process act.
    pub(super) fn woke(&mut self) {
        if let Some((recorder, telemetry)) = &mut self.told {
            recorder.woke(telemetry.now());
        }
    }

    pub(super) fn received(
        &mut self,
        from: Address,
        message: &MessageOf<T>,
        context: Option<SpanContext>,
    ) {
        if let Some((recorder, telemetry)) = &mut self.told {
            recorder.received(telemetry.now(), from, message, context);
        }
    }

    /// The process does something; of a message, the context is to travel with it.
    pub(super) fn performed(&mut self, what: &PerformedEffect<T>) -> Option<SpanContext> {
        let (recorder, telemetry) = self.told.as_mut()?;
        let event = Event { process: self.process, what: what.clone() };
        recorder.performed(telemetry.now(), &event)
    }

    /// The process has done all that follows from its input.
    pub(super) fn rested(&mut self) {
        if let Some((recorder, telemetry)) = &mut self.told {
            recorder.rested(telemetry.now());
            telemetry.export(recorder.take());
        }
    }

    pub(super) fn crashed(&mut self) {
        if let Some((recorder, telemetry)) = &mut self.told {
            recorder.crashed(telemetry.now());
            telemetry.export(recorder.take());
        }
    }
}

impl<T: ProtocolModel> Drop for ProcessTelemetry<T> {
    fn drop(&mut self) {
        if let Some((recorder, telemetry)) = &mut self.told {
            recorder.finish(telemetry.now());
            telemetry.export(recorder.take());
        }
    }
}
