//! `amends trace check --listen`: the exporter of runs, which is the OpenTelemetry SDK, against the receiver
//! of traces, both as programs.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};

use crate::amends::Home;

/// A receiver, which judges what it takes until it is interrupted.
struct Receiver {
    child: Child,
    /// What it says; it must stay open, so that there is somebody to say it to.
    said: BufReader<ChildStderr>,
    address: String,
}

impl Receiver {
    fn start(home: &Home) -> Receiver {
        let mut child = home
            .amends("trace check --listen 127.0.0.1:0 --spec order.toml --format json --all")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it is text");
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = match words[..] {
            ["listening", "on", address, ..] => address.to_owned(),
            _ => panic!("no address: {line}"),
        };
        Receiver { child, said, address }
    }

    /// Interrupts it, as Ctrl-C does, and takes its verdicts.
    fn verdicts(mut self) -> (Option<i32>, String) {
        let interrupted =
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(interrupted.is_ok_and(|status| status.success()));
        let mut verdicts = String::new();
        let stdout = self.child.stdout.as_mut().expect("it is piped");
        stdout.read_to_string(&mut verdicts).expect("it is text");
        let code = self.child.wait().expect("it ends").code();
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).expect("it is text");
        (code, format!("{verdicts}{rest}"))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_a_run_sends_is_judged_as_it_comes() {
    let home = Home::with_order();
    let receiver = Receiver::start(&home);
    let target = format!("--otlp http://{}", receiver.address);
    let ran = home.run(&format!("run order.toml --workflows 10 --seed 5 {target}"));
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let (code, said) = receiver.verdicts();
    assert!(said.contains(r#""conforms":10"#) && said.contains(r#""workflows":10"#), "{said}");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_receiver_that_nobody_sends_to_ends_in_peace() {
    let home = Home::with_order();
    let (code, said) = Receiver::start(&home).verdicts();
    assert!(said.contains(r#""workflows":0"#), "{said}");
    assert_eq!(code, Some(0), "{said}");
}
