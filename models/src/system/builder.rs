//! Puts a system together: which process runs where, and what must be true of it.
//!
//! Most protocols place the same kinds of processes: one for each workflow, which its client starts,
//! and one for each service, with the service's resources. What is special is placed one by one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use amends_check::{Parts, Property};

use crate::process::{Address, ServiceId, WorkflowId};
use crate::workflow::Workflow;

use super::budget::{Budget, NodeId};
use super::protocol_model::ProtocolModel;
use super::topology::{Granularity, Part, Placed, System};

/// Collects the parts of a system.
pub struct SystemBuilder<T: ProtocolModel> {
    protocol: T,
    workflow: Arc<Workflow>,
    processes: Vec<Placed<T>>,
    nodes: Vec<String>,
}

impl<T: ProtocolModel> SystemBuilder<T> {
    /// A system of that protocol, without processes, in the world of the protocol's workflow: with its
    /// links and its faults.
    #[must_use]
    pub fn new(protocol: T) -> Self {
        let workflow = Arc::clone(protocol.workflow());
        SystemBuilder { protocol, workflow, processes: Vec::new(), nodes: Vec::new() }
    }

    /// Places a process on a node. Processes of one node crash together.
    #[must_use]
    pub fn process(
        mut self,
        node: &str,
        address: Address,
        core: T::Process,
        resources: T::Resources,
    ) -> Self {
        let node = self.nodes.iter().position(|name| name == node).unwrap_or_else(|| {
            self.nodes.push(node.to_owned());
            self.nodes.len() - 1
        });
        let node = NodeId(node as u8);
        self.processes.push(Placed {
            address,
            node,
            core,
            resources,
            has_client: false,
            is_running: false,
        });
        self
    }

    /// Gives the process added last a client, who starts it and may cancel.
    ///
    /// # Panics
    /// If no process was added.
    #[must_use]
    pub fn with_client(mut self) -> Self {
        self.processes.last_mut().expect("a process was added").has_client = true;
        self
    }

    /// Makes the process added last run from the start, although no client starts it: before anything
    /// else happens, it has [recovered](crate::process::Input::Recover) from an empty log. All that it
    /// may do then is set timers.
    ///
    /// # Panics
    /// If no process was added.
    #[must_use]
    pub fn running(mut self) -> Self {
        self.processes.last_mut().expect("a process was added").is_running = true;
        self
    }

    /// Places a process for each workflow, all on one node, and gives it the client of the workflow.
    #[must_use]
    pub fn workflows(
        self,
        node: &str,
        address: fn(WorkflowId) -> Address,
        core: impl Fn(WorkflowId) -> T::Process,
    ) -> Self
    where
        T::Resources: Default,
    {
        let workflows = (0..self.workflow.instances()).map(WorkflowId);
        workflows.fold(self, |builder, id| {
            builder.process(node, address(id), core(id), T::Resources::default()).with_client()
        })
    }

    /// Places a process for each service, on a node of its own that has the name of the service, with
    /// what becomes of the service's resources.
    #[must_use]
    pub fn services(
        self,
        core: impl Fn(ServiceId) -> T::Process,
        resources: impl Fn(Vec<i64>) -> T::Resources,
    ) -> Self {
        let workflow = Arc::clone(&self.workflow);
        let services = (0..).map(ServiceId).zip(workflow.services());
        services.fold(self, |builder, (id, service)| {
            let resources = resources(workflow.initial_resources(id));
            builder.process(&service.name, Address::Service(id), core(id), resources)
        })
    }

    /// Puts the parts together. Nothing is asked of the system yet.
    ///
    /// # Panics
    /// If two processes have one address.
    #[must_use]
    pub fn build(self) -> System<T> {
        let mut addresses = HashMap::new();
        for (at, process) in self.processes.iter().enumerate() {
            let double = addresses.insert(process.address, at);
            assert!(double.is_none(), "two processes at {:?}", process.address);
        }
        System {
            budget: Budget::new(self.workflow.faults(), &self.nodes),
            interchangeable: self.protocol.interchangeable(),
            protocol: self.protocol,
            processes: self.processes,
            nodes: self.nodes,
            addresses,
            ordered: self.workflow.ordered_links(),
            granularity: Granularity::default(),
            properties: Vec::new(),
            foreign_names: OnceLock::new(),
        }
    }

    /// Puts the parts together. The built-in properties of the protocol must be true of the system, and
    /// those that its workflow states.
    ///
    /// # Panics
    /// If two processes have one address.
    #[must_use]
    pub fn judged_by(
        self,
        built_in: impl FnOnce(&System<T>) -> Vec<Property<Parts<Part<T>>>>,
    ) -> System<T> {
        let workflow = Arc::clone(&self.workflow);
        let mut system = self.build();
        let reader = T::reader(&system);
        let stated = workflow.properties().iter().map(|definition| reader.stated(definition));
        let properties: Vec<_> = built_in(&system).into_iter().chain(stated).collect();
        properties.into_iter().for_each(|property| system.add_property(property));
        system
    }
}
