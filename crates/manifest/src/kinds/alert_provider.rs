//! `AlertProvider` (Flagger): where alerts are sent. Nobody acts on them in a flight.

use super::{Body, KindPart, metadata};
use crate::fields::{Fields, Manifest};

/// `AlertProvider` for the table of kinds: versions, summary and reader.
pub const KIND: KindPart = KindPart {
    kind: "AlertProvider",
    group: "flagger.app",
    versions: &["v1beta1", "v1alpha1"],
    summary: "where Flagger's alerts go; no effect on a release",
    since: "0.2.0",
    source: "fluxcd/flagger 1.44 pkg/apis/flagger/v1beta1/alert.go",
    read,
};

fn read(f: &mut Fields<'_>) -> (metadata::Metadata, Body) {
    let metadata = metadata::read(f);
    f.object("spec", |f| {
        f.no_effect(
            &["type", "channel", "username", "address", "secretRef", "proxy"],
            "alerts go to a chat; nobody acts on them in a flight",
        );
    });
    (metadata, Body::AlertProvider)
}
