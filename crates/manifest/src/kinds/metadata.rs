//! What every manifest has: its version, its kind, its name, and what the server wrote.

use crate::fields::{Fields, Labels, Manifest};

/// Name and namespace of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metadata {
    /// `metadata.name`.
    pub name: String,
    /// Its namespace, if given.
    pub namespace: Option<String>,
}

/// What labels and annotations of no meaning here are.
pub(super) const TOOLS: &str = "for people and other programs: what those make of it is not flown";

const SERVER: &str = "written by the server or by tools: no effect";

/// What the annotations of windtunnel's own begin with.
pub const OWN: &str = "windtunnel-";

/// What somebody orders during a release of the object.
pub const ORDERS: &str = "windtunnel-orders";

/// Reads the head of an object.
pub fn read(f: &mut Fields<'_>) -> Metadata {
    with(f, |f| {
        f.bookkeeping(&["labels", "annotations"], TOOLS);
    })
    .0
}

/// Reads the head of an object whose annotations may say what its other fields can't.
pub fn annotated(f: &mut Fields<'_>, becomes: &'static str) -> (Metadata, Labels) {
    annotated_by(f, OWN, becomes)
}

/// The same of annotations that begin with `prefix`.
pub fn annotated_by(
    f: &mut Fields<'_>,
    prefix: &'static str,
    becomes: &'static str,
) -> (Metadata, Labels) {
    let (metadata, own) = with(f, |f| {
        f.bookkeeping(&["labels"], TOOLS);
        f.prefixed("annotations", prefix, becomes, TOOLS)
    });
    (metadata, own.unwrap_or_default())
}

/// Reads the head of an object, and `more` within its metadata.
pub(super) fn with<T>(
    f: &mut Fields<'_>,
    more: impl FnOnce(&mut Fields<'_>) -> T,
) -> (Metadata, Option<T>) {
    if !f.names().contains(&"status") {
        f.bookkeeping(&["status"], "what the server reported of the object: no effect");
    }
    f.known(&["apiVersion", "kind"]);
    let metadata = f.object("metadata", |f| {
        let name = f.opt_text("name", "name of the object, by which others refer to it");
        let namespace = f.opt_text("namespace", "objects of other namespaces are not meant");
        let more = more(f);
        f.bookkeeping(
            &[
                "managedFields",
                "resourceVersion",
                "uid",
                "creationTimestamp",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "generation",
                "selfLink",
                "generateName",
                "ownerReferences",
                "finalizers",
            ],
            SERVER,
        );
        (Metadata { name: name.unwrap_or_default(), namespace }, more)
    });
    let (metadata, more) = metadata.unzip();
    (metadata.unwrap_or_default(), more)
}
