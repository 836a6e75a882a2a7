//! The textbook page: claims, verdicts, the figures that decided, pictures and commands.
//!
//! From judged claims to Markdown and charts. Deliberately absent: judging, and files.

use super::charts::{CHARTS, matrix, sweep as curve};
use super::figure::Quantity;
use super::setting::{places, scale, short};
use super::{Document, names};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use windtunnel_base::count::counted;
use windtunnel_base::escape::{markdown, shell};
use windtunnel_experiment::claims::{Flown, Judged, Swept};
use windtunnel_experiment::results::{ExpectationResult, Judgement};
use windtunnel_model::scenario::model::{Expectation, Expected};
use windtunnel_scenario::textbook::{Claim, Holding, Matrix, Textbook};

/// Where things lie, as the page's commands and links name them.
#[derive(Clone, Debug)]
pub struct Source {
    /// Folder of the scenarios.
    pub folder: String,
    /// The file of every scenario.
    pub files: BTreeMap<String, String>,
    /// Name of the page without ending: the folder of its charts.
    pub name: String,
}

/// The page and its charts, with paths relative to the page's folder.
pub fn documents(
    textbook: &Textbook,
    claims: &[Judged],
    flown: &dyn Flown,
    source: &Source,
) -> Result<Vec<Document>, String> {
    let mut page = head(claims, flown, source);
    let mut charts: Vec<Document> = Vec::new();
    for chapter in &textbook.chapters {
        page += &format!("\n## {}\n", line(&chapter.title));
        let mine = |claim: &&Judged| chapter.claims.iter().any(|known| known.id == claim.claim.id);
        for claim in claims.iter().filter(mine) {
            let pictures = pictures(claim, flown, source)?;
            page += &section(claim, &pictures, source);
            for (_, document) in pictures {
                if !charts.iter().any(|known| known.path == document.path) {
                    charts.push(document);
                }
            }
        }
    }
    let path = format!("{}.md", source.name);
    charts.push(Document { path, bytes: sealed(page).into_bytes() });
    Ok(charts)
}

/// How the page says who made it.
const MADE: &str = "The page is made by `windtunnel textbook` from ";

/// Before the digest of the page, on its last line.
const SEAL: &str = "<!-- windtunnel textbook page md5=";

/// The page with the line at its end by which it is known.
fn sealed(page: String) -> String {
    let seal = seal(&page);
    page + &seal
}

fn seal(page: &str) -> String {
    let digest = Md5::digest(page.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\n{SEAL}{digest} -->\n")
}

/// Is it a page that windtunnel made, and that nobody changed since? Ends of lines don't count.
pub fn is_page(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    let page = text.rfind(&format!("\n{SEAL}")).map(|at| text.split_at(at));
    page.is_some_and(|(page, end)| page.contains(MADE) && end == seal(page))
}

fn head(claims: &[Judged], flown: &dyn Flown, source: &Source) -> String {
    let count = |holding| claims.iter().filter(|c| c.found == Some(holding)).count();
    let mut page = format!(
        "# The textbook, measured\n\nWhat texts on deployment say of the ways to ship a release, \
         each sentence flown: {}, of which {} hold, {} depend, {} are refuted, and {} \
         cannot be measured here. {MADE}{} (seed {}); \
         a claim whose figures come out otherwise stops it.\n\n\
         - **holds**: every line that states the claim holds by its whole 95 % interval.\n\
         - **depends**: some lines hold and some fail, or a line turns within a sweep.\n\
         - **refuted**: every line fails by its whole interval.\n\n\
         A line reads: strategy · release · measure · statistic, compared with a limit. `bad` and \
         `good` are releases with and without faults, `a - b` is the paired difference of two \
         strategies through the same storms. `windtunnel list measures` explains the measures, \
         [methods.md](methods.md) how they are taken. The scenarios are small on purpose: shares \
         and orders carry over to your service, seconds do not. Fly your own.\n\n",
        counted(claims.len() as u64, "claim"),
        count(Holding::Holds),
        count(Holding::Depends),
        count(Holding::Refuted),
        count(Holding::NoMeasure),
        markdown::code(&source.folder),
        flown.seed(),
    );
    page += &contents(claims);
    page
}

/// The table of all claims.
pub fn contents(claims: &[Judged]) -> String {
    let mut table = "| | claim | verdict | what decided |\n|---|---|---|---|\n".to_string();
    for judged in claims {
        let Claim { id, says, .. } = &judged.claim;
        let link = format!("[{}](#{})", markdown::text(id), anchor(judged));
        let cells = [link, line(says), found(judged).to_string(), deciding(judged)];
        table += &format!("{}\n", markdown::row(cells));
    }
    table
}

/// The anchor that Markdown makes of a claim's heading.
fn anchor(judged: &Judged) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' => Some(c.to_ascii_lowercase()),
        _ => None,
    };
    heading(&judged.claim).chars().filter_map(kept).collect()
}

fn heading(claim: &Claim) -> String {
    format!("{}: {}", claim.id, claim.says.trim_end_matches('.'))
}

/// A sentence of the textbook within a line of the page.
fn line(sentence: &str) -> String {
    markdown::prose(sentence).replace(['\n', '\r'], " ")
}

fn found(judged: &Judged) -> &'static str {
    judged.found.map_or("undecided", Holding::word)
}

/// The figures in which the verdict shows: the turn of a sweep, or a line that holds and one that
/// fails.
fn deciding(judged: &Judged) -> String {
    let turns = judged.sweeps.iter().filter_map(turning);
    let first = |wanted| judged.evidence.iter().find(|(_, result)| result.judgement == wanted);
    let lines = [first(Judgement::Holds), first(Judgement::Fails)];
    let shown = |(line, result): &(Expectation, ExpectationResult)| {
        let sign = if result.judgement == Judgement::Holds { "✓" } else { "✗" };
        format!("{sign} {}: {}", markdown::text(&subject(line)), measured(line, result))
    };
    let mut words: Vec<String> = turns.collect();
    words.extend(lines.into_iter().flatten().map(shown));
    words.truncate(2);
    words.join("<br>")
}

/// A line without its limit.
fn subject(line: &Expectation) -> String {
    let end = line.text.find(['<', '>', '≤', '≥', '=']).unwrap_or(line.text.len());
    line.text[..end].trim().to_string()
}

/// What was measured of a line, with its interval.
fn measured(line: &Expectation, result: &ExpectationResult) -> String {
    let (Some(value), Some((lower, upper))) = (result.value, result.interval) else {
        return result.detail.clone();
    };
    quantity(line).show_interval(value, lower, upper)
}

fn quantity(line: &Expectation) -> Quantity {
    match &line.what {
        Expected::Measure { measure, .. } | Expected::Difference { measure, .. } => {
            Quantity::of(*measure)
        }
        Expected::Verdict(_) | Expected::StoppedBy => Quantity::Share,
        Expected::Rating { .. } => Quantity::Count,
    }
}

/// Where a sweep turns, in words.
fn turning(swept: &Swept) -> Option<String> {
    let (before, after) = swept.turn?;
    let value = |at: usize| markdown::text(&swept.points[at].value);
    let (low, high) = (value(before), value(after));
    let texts: Vec<&str> = swept.points.iter().map(|point| point.value.as_str()).collect();
    let place = curve::crossing(&drawing(swept));
    let about = place.and_then(|place| Some(scale(&texts)?.shown(place)));
    let last = markdown::code(short(&swept.sweep.set));
    let holds = swept.points[before].result.judgement == Judgement::Holds;
    let words = if holds { ["holds", "fails"] } else { ["fails", "holds"] };
    let sure = format!("{} at {low}, {} at {high}", words[0], words[1]);
    Some(match about {
        Some(about) => format!("turns at {last} of about {about} ({sure})"),
        None => format!("turns over {last}: {sure}"),
    })
}

/// A claim for a terminal.
pub fn claim_text(judged: &Judged) -> String {
    let mut text = format!("{}\n  {}\n", heading(&judged.claim), found(judged));
    for (line, result) in &judged.evidence {
        text += &format!("  {:9} {}: {}\n", word(result), line.text, measured(line, result));
    }
    for swept in &judged.sweeps {
        for point in &swept.points {
            let shown = measured(&swept.line, &point.result);
            text += &format!(
                "  {:9} {} at {}: {shown}\n",
                word(&point.result),
                swept.line.text,
                point.value
            );
        }
        text += &turning(swept).map_or(String::new(), |turn| format!("  {turn}\n"));
    }
    text
}

fn word(result: &ExpectationResult) -> &'static str {
    match result.judgement {
        Judgement::Holds => "holds",
        Judgement::Fails => "fails",
        Judgement::Undecided => "undecided",
    }
}

fn section(judged: &Judged, pictures: &[(String, Document)], source: &Source) -> String {
    let claim = &judged.claim;
    let mut page = format!(
        "\n### {}\n\n**{}.** {}\n",
        line(&heading(claim)),
        sentence(found(judged)),
        markdown::prose(claim.why.trim())
    );
    if !judged.evidence.is_empty() {
        page += "\n| in | the claim as a line | measured | |\n|---|---|---|---|\n";
        for (stated, (line, result)) in claim.evidence.iter().zip(&judged.evidence) {
            let (shown, verdict) = (measured(line, result), word(result));
            let (scenario, text) = (markdown::text(&stated.scenario), markdown::code(&line.text));
            page += &format!("{}\n", markdown::row([&*scenario, &text, &shown, verdict]));
        }
    }
    for swept in &judged.sweeps {
        page += &sweep_table(swept);
    }
    for (alt, document) in pictures {
        page += &format!("\n![{}]({})\n", line(alt), destination(&document.path));
    }
    page += &commands(claim, source);
    page
}

fn sentence(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn sweep_table(swept: &Swept) -> String {
    let set = &swept.sweep.set;
    let head = [markdown::code(set), markdown::code(&swept.line.text), String::new()];
    let mut page = format!("\n{}\n|---|---|---|\n", markdown::row(head).replace("|  |", "| |"));
    for point in &swept.points {
        let shown = measured(&swept.line, &point.result);
        let value = markdown::text(&point.value);
        page += &format!("{}\n", markdown::row([&*value, &shown, word(&point.result)]));
    }
    if let Some(turn) = turning(swept) {
        page += &format!("\nThe line {turn}.\n");
    }
    page
}

/// A path as the target of a link: what would end it or begin another is written as its bytes.
fn destination(path: &str) -> String {
    let sound = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    let mut out = String::new();
    for c in path.chars() {
        match sound(c) {
            true => out.push(c),
            false => {
                let bytes = c.to_string().into_bytes();
                out.extend(bytes.iter().map(|byte| format!("%{byte:02X}")));
            }
        }
    }
    out
}

/// The commands that fly it again.
fn commands(claim: &Claim, source: &Source) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut add = |scenario: &str| {
        if let Some(file) = source.files.get(scenario) {
            let line = markdown::code(&shell::command(["windtunnel", "check", file]));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    };
    claim.evidence.iter().for_each(|line| add(&line.scenario));
    claim.matrix.iter().for_each(|matrix| add(&matrix.scenario));
    for sweep in &claim.sweeps {
        let Some(file) = source.files.get(&sweep.line.scenario) else { continue };
        let set = format!("{}={}", sweep.set, sweep.values.join(","));
        let replications = sweep.replications.to_string();
        let words = ["windtunnel", "run", file, "--set", &set, "--replications", &replications];
        lines.push(markdown::code(&shell::command(words)));
    }
    if lines.is_empty() { String::new() } else { format!("\nFly it: {}\n", lines.join(" · ")) }
}

/// The charts of a claim, with what they show in words.
fn pictures(
    judged: &Judged,
    flown: &dyn Flown,
    source: &Source,
) -> Result<Vec<(String, Document)>, String> {
    let claim = &judged.claim;
    let path = |name: &str| format!("{}/{}.svg", source.name, names::slug(name));
    let mut all = Vec::new();
    let mut add = |alt: String, name: &str, svg: String| {
        all.push((alt, Document { path: path(name), bytes: svg.into_bytes() }));
    };
    for (n, swept) in judged.sweeps.iter().enumerate() {
        let svg = curve::svg(&sweep_picture(claim, swept))?;
        let name = format!("{}-sweep", claim.id);
        let name = if n == 0 { name } else { format!("{name}-{}", n + 1) };
        add(format!("{} over {}", claim.id, short(&swept.sweep.set)), &name, svg);
    }
    if let Some(Matrix { scenario, verdict }) = &claim.matrix {
        let results =
            flown.scenario(scenario).ok_or(format!("{}: no scenario {scenario}", claim.id))?;
        let svg = matrix::svg(results, *verdict)?;
        add(format!("Who takes what back in {scenario}"), &format!("{scenario}-matrix"), svg);
    }
    if let Some(picture) = &claim.picture {
        let known = || CHARTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let draw = CHARTS.iter().find(|(name, _)| *name == picture.chart).map(|(_, draw)| draw);
        let draw = draw.ok_or_else(|| format!("{}: charts are {}", claim.id, known()))?;
        let results = flown.scenario(&picture.scenario);
        let results = results.ok_or(format!("{}: no scenario {}", claim.id, picture.scenario))?;
        let name = format!("{}-{}", picture.scenario, picture.chart);
        add(format!("{} in {}", picture.chart, picture.scenario), &name, draw(results)?);
    }
    Ok(all)
}

/// What the chart of a sweep needs to know.
fn sweep_picture(claim: &Claim, swept: &Swept) -> curve::Picture {
    let turn = turning(swept).map(|turn| sentence(&turn.replace('`', "")));
    curve::Picture {
        title: claim.says.trim_end_matches('.').to_string(),
        message: turn.unwrap_or_else(|| "Does not turn within these values".into()),
        setting: swept.sweep.set.clone(),
        ..drawing(swept)
    }
}

/// The curves of a sweep, without words.
fn drawing(swept: &Swept) -> curve::Picture {
    let values: Vec<String> = swept.points.iter().map(|point| point.value.clone()).collect();
    curve::Picture {
        title: String::new(),
        message: String::new(),
        setting: String::new(),
        measure: curve::measure_words(&swept.scenario, &swept.line),
        quantity: quantity(&swept.line),
        places: places(&values),
        values,
        limit: Some(swept.line.limit),
        straight: true,
        pair: (0, 1),
        turn: swept.turn,
        curves: swept.curves.clone(),
    }
}
