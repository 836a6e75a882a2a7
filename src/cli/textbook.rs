//! `textbook`: flies what the claims of a textbook speak of, judges them, writes the page.
//!
//! A claim that comes out otherwise than it is stated leaves the page as it was: its words would
//! not fit what was measured.

use super::flags::{Flight, Format, Source, Textbook as Flags};
use super::fly::Purpose;
use super::output::{File, Folder};
use super::sources::Sources;
use super::{FAILED, FINE, WRONG, files, fly, input, output, stop};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel_base::problem::Problem;
use windtunnel_base::source::Source as Text;
use windtunnel_experiment::claims::{Flown, Judged, judge_claim, objections, sides};
use windtunnel_experiment::results::{Results, ScenarioResults};
use windtunnel_model::scenario::model::{Expectation, Scenario};
use windtunnel_report::Document;
use windtunnel_report::textbook as text;
use windtunnel_scenario::expect;
use windtunnel_scenario::textbook::{Claim, Sweep, Textbook, read};

/// Largest file of claims.
const LARGEST_BYTES: u64 = 1 << 20;

/// Opens the output, reads, flies, judges, writes.
pub fn run(flags: &Flags) -> u8 {
    let page = match flags.only.is_empty().then(|| Page::open(flags)).transpose() {
        Ok(page) => page,
        Err(error) => {
            output::fail(&format!("windtunnel: --out: {error}"));
            return WRONG;
        }
    };
    match judged(flags) {
        Ok((textbook, bench, claims)) => answer(flags, page, &textbook, &bench, &claims),
        Err(code) => code,
    }
}

fn answer(
    flags: &Flags,
    page: Option<Page>,
    textbook: &Textbook,
    bench: &Bench,
    claims: &[Judged],
) -> u8 {
    let named: Arc<str> = Arc::from(flags.file.as_str());
    let found = claims.iter().flat_map(|claim| objections(claim, bench));
    let problems: Vec<Problem> = found.map(|problem| problem.in_file(&named)).collect();
    output::complain(&problems, &bench.sources);
    let Some(page) = page else {
        claims.iter().for_each(|claim| output::print(&format!("{}\n", text::claim_text(claim))));
        return if problems.is_empty() { FINE } else { FAILED };
    };
    if !problems.is_empty() && !flags.draft {
        output::fail(
            "Nothing is written until claims and scenarios fit; --draft writes all the same.",
        );
        return FAILED;
    }
    let name = page.name.clone();
    let source = text::Source { folder: bench.folder.clone(), files: bench.files.clone(), name };
    let documents = text::documents(textbook, claims, bench, &source);
    let path = page.path.clone();
    match documents.and_then(|documents| page.write(documents)) {
        Ok(kept) => kept.iter().for_each(|kept| output::say(&format!("windtunnel: {kept}"))),
        Err(error) => {
            output::fail(&format!("windtunnel: --out: {error}"));
            return WRONG;
        }
    }
    stop::written();
    output::print(&text::contents(claims));
    output::say(&format!("Written: {path}"));
    if problems.is_empty() { FINE } else { FAILED }
}

/// The page and the folder of its charts.
struct Page {
    path: String,
    /// Name of the page without ending, and of the folder.
    name: String,
    file: File,
    charts: Folder,
}

impl Page {
    /// Opens both.
    fn open(flags: &Flags) -> Result<Page, String> {
        let path = flags.out.as_ref().map_or_else(
            || Path::new(&flags.file).with_extension("md").display().to_string(),
            String::clone,
        );
        // Behind a link the charts lie beside the page itself, where its own links lead.
        let real = match Path::new(&path).is_symlink() {
            true => File::target(&path)?.display().to_string(),
            false => path.clone(),
        };
        let (name, folder) = {
            let path = Path::new(&real);
            let stem = path.file_stem().unwrap_or_default();
            (stem.to_string_lossy().into_owned(), path.with_extension("").display().to_string())
        };
        // First, for it makes the folders above.
        let charts = Folder::open(&folder)?;
        let file = File::open(&path, "page of `windtunnel textbook`", text::is_page)?;
        if folder == real {
            return Err(format!(
                "{path}: the folder of its charts has the page's name without \
                ending: name a page with one, such as {path}.md"
            ));
        }
        Ok(Page { file, charts, path, name })
    }

    /// Writes all, the page last; a textbook without charts leaves their folder as it was.
    fn write(self, documents: Vec<Document>) -> Result<Option<String>, String> {
        let Page { name, mut file, charts, .. } = self;
        let (page, mut pictures): (Vec<_>, Vec<_>) =
            documents.into_iter().partition(|document| document.path == format!("{name}.md"));
        for document in page {
            file.stage(&document.bytes)?;
        }
        for document in &mut pictures {
            let inner = document.path.strip_prefix(&format!("{name}/")).map(str::to_string);
            document.path = inner.unwrap_or_else(|| document.path.clone());
        }
        let kept = match pictures.is_empty() {
            true => None,
            false => charts.write(pictures.into_iter())?,
        };
        file.put()?;
        Ok(kept)
    }
}

/// What was flown for a textbook.
struct Bench {
    /// Folder of the scenarios, as a command names it.
    folder: String,
    /// The file of every scenario.
    files: BTreeMap<String, String>,
    results: BTreeMap<String, ScenarioResults>,
    sweeps: Vec<(Sweep, Vec<ScenarioResults>)>,
    seed: u64,
    /// The text of the claims.
    sources: Sources,
}

impl Flown for Bench {
    fn scenario(&self, name: &str) -> Option<&ScenarioResults> {
        self.results.get(name)
    }

    fn sweep(&self, sweep: &Sweep) -> Option<&[ScenarioResults]> {
        let found = self.sweeps.iter().find(|(known, _)| known == sweep);
        found.map(|(_, results)| results.as_slice())
    }

    fn names(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).collect()
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

/// Reads the claims, flies what they need, and judges them; everything wrong has been said.
fn judged(flags: &Flags) -> Result<(Textbook, Bench, Vec<Judged>), u8> {
    let mut sources = Sources::default();
    let complain = |problems: Vec<Problem>, sources: &Sources| {
        output::complain(&sources.locate(problems), sources);
        WRONG
    };
    let text = files::text(&flags.file, LARGEST_BYTES).map_err(|problem| {
        let problem = match problem.help.is_empty() {
            true => problem.help("name a file of claims (kind: Textbook)"),
            false => problem,
        };
        complain(vec![problem], &sources)
    })?;
    let read = read(&text, &flags.file);
    sources.keep(&flags.file, Text::yaml(text));
    let textbook = read.map_err(|problems| complain(problems, &sources))?;
    let claims =
        wanted(&textbook, &flags.only).map_err(|problem| complain(vec![problem], &sources))?;
    let mut bench = bench(flags, &textbook, &claims, sources)?;
    for claim in &claims {
        for sweep in &claim.sweeps {
            let swept = fly_sweep(flags, &bench, sweep)?;
            bench.sweeps.push((sweep.clone(), swept));
        }
    }
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for claim in &claims {
        match judge_claim(claim, &bench) {
            Ok(judged) => found.push(judged),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() {
        return Ok((textbook, bench, found));
    }
    let named: Arc<str> = Arc::from(flags.file.as_str());
    let problems = problems.into_iter().map(|problem| problem.in_file(&named)).collect();
    Err(complain(problems, &bench.sources))
}

fn wanted(textbook: &Textbook, only: &[String]) -> Result<Vec<Claim>, Problem> {
    let all: Vec<Claim> = textbook.chapters.iter().flat_map(|c| c.claims.clone()).collect();
    if let Some(unknown) = only.iter().find(|id| !all.iter().any(|claim| claim.id == **id)) {
        let ids: Vec<&str> = all.iter().map(|claim| claim.id.as_str()).collect();
        let message = format!("no claim is called {unknown:?}");
        return Err(files::wrong("--only", message, &format!("known are {}", ids.join(", "))));
    }
    Ok(all.into_iter().filter(|claim| only.is_empty() || only.contains(&claim.id)).collect())
}

/// Flies every scenario that a line, a matrix or a picture names.
fn bench(
    flags: &Flags,
    textbook: &Textbook,
    claims: &[Claim],
    sources: Sources,
) -> Result<Bench, u8> {
    let folder = Path::new(&flags.file).parent().unwrap_or(Path::new(""));
    let folder = tidy(&folder.join(&textbook.scenarios));
    let (mut scenarios, mut known) = (Vec::new(), BTreeMap::new());
    let paths = files::in_folder(&folder).map_err(|problem| {
        output::complain(&[problem], &sources);
        WRONG
    })?;
    for path in paths {
        let path = path.display().to_string();
        for scenario in load(&path, &[])? {
            known.insert(scenario.name.clone(), path.clone());
            if claims.iter().any(|claim| names(claim).any(|name| name == scenario.name)) {
                scenarios.push(scenario);
            }
        }
    }
    let results = fly_all(flags, &scenarios, None)?;
    let by_name = |results: ScenarioResults| (results.scenario.name.clone(), results);
    Ok(Bench {
        folder: folder.display().to_string(),
        files: known,
        results: results.into_iter().map(by_name).collect(),
        sweeps: Vec::new(),
        seed: flags.seed,
        sources,
    })
}

/// The path without the steps that lead up again.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

fn names(claim: &Claim) -> impl Iterator<Item = &str> {
    let lines = claim.evidence.iter().map(|line| line.scenario.as_str());
    let matrix = claim.matrix.iter().map(|matrix| matrix.scenario.as_str());
    lines.chain(matrix).chain(claim.picture.iter().map(|picture| picture.scenario.as_str()))
}

fn load(path: &str, sets: &[String]) -> Result<Vec<Arc<Scenario>>, u8> {
    let source = Source { paths: vec![path.to_string()], sets: sets.to_vec(), ..Source::default() };
    let mut texts = Sources::default();
    let loaded = input::load(&source, &mut texts).map_err(|problems| {
        output::complain(&problems, &texts);
        WRONG
    })?;
    Ok(loaded.scenarios)
}

fn fly_all(
    flags: &Flags,
    scenarios: &[Arc<Scenario>],
    replications: Option<u32>,
) -> Result<Vec<ScenarioResults>, u8> {
    if scenarios.is_empty() {
        return Ok(Vec::new());
    }
    let flight = Flight {
        source: Source::default(),
        seed: flags.seed,
        replications,
        max_requests: None,
        strategies: Vec::new(),
        jobs: flags.jobs,
        quick: false,
        lasting: None,
        format: Format::Text,
        checked: false,
    };
    let results: Results = fly::results(&flight, scenarios, Purpose::Textbook)?;
    if results.interrupted {
        output::fail("Nothing is written.");
        return Err(super::INTERRUPTED);
    }
    Ok(results.scenarios)
}

/// Flies the strategies that a swept line compares, at every value.
fn fly_sweep(flags: &Flags, bench: &Bench, sweep: &Sweep) -> Result<Vec<ScenarioResults>, u8> {
    // An unknown scenario is a problem of the claim, and said when it is judged.
    let Some(path) = bench.files.get(&sweep.line.scenario) else { return Ok(Vec::new()) };
    let set = format!("{}={}", sweep.set, sweep.values.join(","));
    let scenarios = load(path, &[set])?;
    let of = |s: &Arc<Scenario>| {
        s.point.as_ref().is_some_and(|point| point.scenario == sweep.line.scenario)
    };
    let mine: Vec<Arc<Scenario>> = scenarios.into_iter().filter(of).collect();
    let names = |scenario: &Arc<Scenario>| {
        let line = expect::parse(&sweep.line.text, sweep.line.place, scenario).ok()?;
        let name = |side: Expectation| scenario.plan_name(side.plan).to_string();
        Some(sides(&line).into_iter().map(name).collect::<Vec<_>>())
    };
    let compared = mine.first().and_then(names).unwrap_or_default();
    let chosen = fly::chosen(mine, &compared, Format::Text)?;
    fly_all(flags, &chosen, Some(sweep.replications))
}
