//! `PersistentVolumeClaim` (v1): who may have a volume at the same time.

use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};

/// `PersistentVolumeClaim` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "PersistentVolumeClaim",
    group: "",
    versions: &["v1"],
    summary: "who may have a volume at the same time: spec.service.placement.volume",
    since: "0.5.0",
    source: "kubernetes/api core/v1/types.go, PersistentVolumeAccessMode",
    read,
};

/// Who may have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Pods of one node.
    #[default]
    OneNode,
    /// One pod.
    OnePod,
    /// Pods of all nodes.
    Many,
}

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    let modes = f.object("spec", |f| {
        let modes =
            "ReadWriteOnce: one node; ReadWriteOncePod: one pod; the others hold nobody back";
        let found = f.texts("accessModes", modes);
        f.no_effect(
            &[
                "resources",
                "storageClassName",
                "volumeMode",
                "volumeName",
                "selector",
                "dataSource",
                "dataSourceRef",
                "volumeAttributesClassName",
            ],
            "no effect on who may have it",
        );
        found
    });
    let modes = modes.flatten().unwrap_or_default();
    let has = |mode: &str| modes.iter().any(|m| m == mode);
    let access = match () {
        () if has("ReadWriteMany") => Access::Many,
        () if has("ReadWriteOncePod") => Access::OnePod,
        () if has("ReadOnlyMany") && !has("ReadWriteOnce") => Access::Many,
        () => Access::OneNode,
    };
    if has("ReadWriteOncePod") && modes.len() > 1 {
        let help = "the API server refuses it beside others";
        f.problem("spec.accessModes", "ReadWriteOncePod beside others", "it alone", help);
    }
    (metadata, Body::VolumeClaim(access))
}
