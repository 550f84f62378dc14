use amends_models::{protocol::saga::SagaKnobs, system::saga, workflow::*};
use stateright::{Checker, Model};
fn main() {
    let arg: Vec<String> = std::env::args().skip(1).collect();
    let n: usize = arg[0].parse().unwrap();
    let inst: u32 = arg[1].parse().unwrap();
    let mut b = Workflow::builder("x").instances(inst);
    for i in 0..n {
        b = b
            .service(format!("s{i}"), [("r", 2)])
            .step(StepDraft::new(format!("t{i}"), format!("s{i}")));
    }
    let mut f = FaultBudget::none();
    for kv in &arg[2..] {
        let (k, v) = kv.split_once('=').unwrap();
        let v: u8 = v.parse().unwrap();
        f = match k.split_once('.') {
            Some((k, n)) => f.allow_at(Fault::from_name(k).unwrap(), n, v),
            None => f.allow(Fault::from_name(k).unwrap(), v),
        };
    }
    let w = b.faults(f).build().unwrap();
    let s = saga::system(&w, &SagaKnobs::default());
    let t = std::time::Instant::now();
    let c = s.checker().threads(2).target_state_count(20_000_000).spawn_dfs().join();
    println!(
        "{} unique {} gen {:?} done {}",
        c.unique_state_count(),
        c.state_count(),
        t.elapsed(),
        c.is_done()
    );
    for (name, p) in c.discoveries() {
        println!("{name}: {}", p.len_or());
    }
}
trait L {
    fn len_or(self) -> usize;
}
impl<S: Clone + PartialEq, A: Clone + PartialEq> L for stateright::Path<S, A>
where
    S: std::fmt::Debug + std::hash::Hash,
{
    fn len_or(self) -> usize {
        self.into_vec().len()
    }
}
