//! What can be written, what cannot and how that is said, and that writing is the reverse of reading.

mod reading;
mod refusals;
mod round_trip;

use super::parse::Names;
use super::{ResourceId, Variable};
use crate::process::ServiceId;
use crate::workflow::request::InputId;

/// A warehouse with two resources, `stock` and `größe`, and requests with an `amount`.
struct Warehouse;

const RESOURCES: [&str; 2] = ["stock", "größe"];

impl Names for Warehouse {
    fn resolve(&self, path: &[&str]) -> Result<Variable, String> {
        match path {
            ["amount"] => Ok(Variable::Input(InputId(0))),
            ["completed"] => Ok(Variable::Completed),
            ["compensated"] => Ok(Variable::Compensated),
            ["failed"] => Ok(Variable::Failed),
            ["warehouse", name] | [name] => {
                self.assignable(name).map(|resource| Variable::Resource(ServiceId(0), resource))
            }
            _ => Err(format!("`{}` is unknown", path.join("."))),
        }
    }

    fn assignable(&self, name: &str) -> Result<ResourceId, String> {
        RESOURCES
            .iter()
            .position(|resource| *resource == name)
            .map(|position| ResourceId(position as u16))
            .ok_or_else(|| format!("`{name}` is unknown"))
    }

    fn initial(&self, variable: Variable) -> Result<i64, String> {
        Ok(if variable == name("stock") { 7 } else { 0 })
    }

    fn known(&self) -> Vec<String> {
        RESOURCES.map(str::to_owned).to_vec()
    }
}

fn name(name: &str) -> Variable {
    Warehouse.resolve(&[name]).unwrap()
}

/// How the warehouse's variables are written.
fn written(variable: Variable) -> String {
    match variable {
        Variable::Resource(_, resource) => RESOURCES[usize::from(resource.0)].to_owned(),
        Variable::Input(_) => "amount".to_owned(),
        Variable::Local(local) => format!("local_{}", local.0),
        Variable::Completed => "completed".to_owned(),
        Variable::Compensated => "compensated".to_owned(),
        Variable::Failed => "failed".to_owned(),
    }
}

/// The values that evaluation sees.
fn value(variable: Variable) -> i64 {
    match variable {
        Variable::Resource(_, ResourceId(0)) => 3,
        Variable::Resource(..) => -4,
        Variable::Input(_) => 5,
        Variable::Local(_) => 6,
        Variable::Completed => 2,
        Variable::Compensated => 1,
        Variable::Failed => 0,
    }
}
