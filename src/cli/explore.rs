//! `amends explore`: a spec's behaviours in a browser, through Stateright's Explorer.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;

use super::errors;
use super::exit::Exit;
use super::overrides::Overrides;
use crate::{check, spec};

/// What to explore, and where.
#[derive(Debug, Args)]
pub struct ExploreArguments {
    /// The spec.
    spec: PathBuf,
    /// Where to serve the pages. Port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    #[command(flatten)]
    overrides: Overrides,
}

/// Serves the Explorer until the process is ended.
#[must_use]
pub fn run(arguments: &ExploreArguments) -> Exit {
    let spec = match spec::read(&arguments.spec) {
        Ok(spec) => spec,
        Err(error) => return errors::about(error),
    };
    let design = match arguments.overrides.apply(spec) {
        Ok(spec) => spec.design,
        Err(error) => return errors::about(error),
    };
    let address = match free(arguments.listen) {
        Ok(address) => address,
        Err(error) => {
            return errors::with_help(
                format_args!("cannot listen at {}: {error}", arguments.listen),
                "choose another address with --listen, for instance 127.0.0.1:0 for any free port",
            );
        }
    };
    errors::remark(format_args!(
        "Exploring {} at http://{address}/ (Ctrl-C ends it)",
        design.workflow().name()
    ));
    check::serve(&design, address);
    Exit::AsExpected
}

/// The address, with a port that is free. The Explorer has no way to report one that is not.
fn free(address: SocketAddr) -> std::io::Result<SocketAddr> {
    TcpListener::bind(address)?.local_addr()
}
