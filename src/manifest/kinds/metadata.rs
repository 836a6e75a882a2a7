//! What every manifest has: its version, its kind, its name, and what the server wrote.

use crate::manifest::fields::Fields;

/// Name and namespace of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Its namespace, if given.
    pub namespace: Option<String>,
}

const SERVER: &str = "written by the server or by tools: no effect";

/// Reads the head of an object.
pub fn read(f: &mut Fields<'_>) -> Metadata {
    f.bookkeeping(&["status"], "what the server reported of the object: no effect");
    f.known(&["apiVersion", "kind"]);
    let metadata = f.object("metadata", |f| {
        let name = f.text("name", "name of the object, by which others refer to it");
        let namespace = f.text("namespace", "objects of other namespaces are not meant");
        f.bookkeeping(&["labels", "annotations"], "of the object itself: no effect on a rollout");
        f.bookkeeping(
            &[
                "managedFields",
                "resourceVersion",
                "uid",
                "creationTimestamp",
                "deletionTimestamp",
                "generation",
                "selfLink",
                "generateName",
                "ownerReferences",
                "finalizers",
            ],
            SERVER,
        );
        Metadata { name: name.unwrap_or_default(), namespace }
    });
    metadata.unwrap_or_default()
}
