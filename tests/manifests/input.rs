//! Texts to imports, as the command line makes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use windtunnel::base::node::Node;
use windtunnel::base::problem::Problem;
use windtunnel::manifest::note::Weight;
use windtunnel::manifest::{self, Import, Input, print};
use windtunnel::scenario::model::Scenario;
use windtunnel::scenario::yaml;

/// A file of this repository.
pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The YAML files of a folder, sorted.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root(folder)).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    files
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A text under a name, parsed.
pub fn input(text: &str, file: &str) -> Result<Input, Vec<Problem>> {
    if let Some(problem) = manifest::foreign::text(text, file) {
        return Err(vec![problem]);
    }
    let documents = yaml::documents(text, file).map_err(|p| vec![p])?;
    Ok(Input { file: Arc::from(file), text: Arc::from(text), documents })
}

/// What a text is imported as.
pub fn import(text: &str, file: &str) -> Result<Import, Vec<Problem>> {
    manifest::read(&[input(text, file)?], manifest::ReadRequest::default())
}

/// The strategies that a text comes to, and the fields of what matters and is not flown.
pub fn strategies(text: &str, file: &str) -> (Vec<String>, Vec<String>) {
    let import = import(text, file).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let strategies = import.flyables.iter().map(|flyable| {
        flyable.scenario().unwrap_or_else(|problems| panic!("{problems:#?}"));
        let spec = flyable.node.get("spec").expect("a spec");
        let of = |node: Option<&Node>| node.map(|n| print::json(n).to_string()).unwrap_or_default();
        of(spec.get("strategies")).replace('"', "")
    });
    let matters = import.lists.ignored.iter().filter(|n| n.weight == Weight::Matters);
    let matters = matters.map(|n| format!("{} {}", n.object, n.field).trim_end().to_string());
    (strategies.collect(), matters.collect())
}

/// Scenarios with warnings, or all problems.
pub type Read = Result<(Vec<Arc<Scenario>>, Vec<Problem>), Vec<Problem>>;

/// The scenarios of a text, and the warnings about it.
pub fn scenarios(text: &str, file: &str) -> Read {
    let import = import(text, file)?;
    let (mut scenarios, mut warnings) = (Vec::new(), import.warnings);
    for flyable in &import.flyables {
        let (found, notes) = flyable.scenario()?;
        scenarios.extend(found.into_iter().map(Arc::new));
        warnings.extend(notes);
    }
    Ok((scenarios, warnings))
}
