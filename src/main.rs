fn main() {
    let file = std::env::args().nth(1).expect("file");
    let text = std::fs::read_to_string(&file).expect("read");
    let (scenarios, warnings) = match windtunnel::scenario::read::read(&text, &file) { Ok(x) => x, Err(p) => { for p in p { println!("{p}"); } return; } };
    for w in warnings { println!("{w}"); }
    let scenarios: Vec<_> = scenarios.into_iter().map(std::sync::Arc::new).collect();
    let settings = windtunnel::experiment::fly::Settings { seed: 1, replications: None, requests_max: None, checked: std::env::var("CHECKED").is_ok(), record: true };
    let t = std::time::Instant::now();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let r = windtunnel::experiment::run(&scenarios, &settings, "x", &stop, &|_, _, _| {});
    for s in &r.scenarios { println!("{}", windtunnel::report::table::text(s));
      for row in &s.ratings { println!("{row:?}"); }
      for rec in &s.recordings { if std::env::var("STORY").ok().as_deref() == Some(&format!("{}-{}", rec.strategy, rec.release)) { println!("{}", windtunnel::report::replay::text(&s.scenario, rec)); } }
    }
    println!("{:?}", t.elapsed());
}
