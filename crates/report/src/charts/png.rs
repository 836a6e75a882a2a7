//! SVG → PNG, with the embedded font and no other.

use super::canvas::{BOLD, REGULAR};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

/// Pixels of the picture per point of the SVG.
const PIXELS_PER_POINT: f32 = 1.5;

/// Options that know the embedded font; make them once, they parse it.
pub fn options() -> Options<'static> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family("Inter");
    options
}

/// The picture as PNG.
pub fn png(svg: &str, options: &Options<'_>) -> Result<Vec<u8>, String> {
    let tree = Tree::from_str(svg, options).map_err(|e| format!("SVG: {e}"))?;
    let size = tree.size();
    let pixels = |length: f32| (length * PIXELS_PER_POINT).round() as u32;
    let mut picture = Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or_else(|| format!("no picture can be {} points wide", size.width()))?;
    let scale = Transform::from_scale(PIXELS_PER_POINT, PIXELS_PER_POINT);
    resvg::render(&tree, scale, &mut picture.as_mut());
    picture.encode_png().map_err(|e| format!("PNG: {e}"))
}
