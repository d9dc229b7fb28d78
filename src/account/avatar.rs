//! Pictures of people: whatever was uploaded goes through a decoder and comes out as a PNG of our own making.
//!
//! What the file is decides its content, not its name or what the browser calls it. Its size in pixels is read and limited
//! before anything is decoded, its memory while it is. Nothing of the upload is kept: no metadata (where a photo was
//! taken), no second meaning (a file that is a picture to one program and a page to another), no animation.
//!
//! One picture is worked on at a time, on a thread that may block, and few may wait: uploads must not take the machine.
//! Rejected: SVG, which is a document with programs in it; keeping the original, which nobody needs.

pub mod api;
pub mod store;

use std::io::Cursor;
use std::sync::Arc;

use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;

use crate::error::{Code, Error, Result};

/// Largest file.
pub const FILE_LIMIT_BYTES: usize = 5 * 1_024 * 1_024;
/// Longest side of an upload, and most pixels: more than any telephone's camera makes below [`FILE_LIMIT_BYTES`].
const SIDE_LIMIT: u32 = 10_000;
const PIXEL_LIMIT: u64 = 26_000_000;
/// Most memory a decoder may take.
const MEMORY_LIMIT_BYTES: u64 = 128 * 1_024 * 1_024;
/// Side of what is kept.
const SIDE: u32 = 256;
/// Pictures that may wait.
const QUEUE: usize = 8;

/// Makes pictures, one at a time.
pub struct Studio {
    queue: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

impl Default for Studio {
    fn default() -> Self {
        Self { queue: Arc::new(Semaphore::new(QUEUE)), turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Studio {
    /// The picture to keep of an uploaded file.
    pub async fn make(&self, file: bytes::Bytes) -> Result<Vec<u8>> {
        let Ok(place) = Arc::clone(&self.queue).try_acquire_owned() else {
            let error = Error::new(Code::Unavailable, "many pictures are being uploaded: try again in a moment");
            return Err(Error { retry_after_s: Some(2), ..error });
        };
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(Error::internal)?;
        // Both are given back when the work is done, also when whoever asked has hung up.
        let work = move || {
            let made = make(&file);
            drop((turn, place));
            made
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| unreadable().because(error))?
    }
}

fn refuse(detail: &'static str) -> Error {
    Error::invalid_field("file", detail)
}

fn unreadable() -> Error {
    refuse("this picture cannot be read: it is damaged or not what it says it is")
}

fn make(file: &[u8]) -> Result<Vec<u8>> {
    let format = find_format(file)?;
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_LIMIT);
    limits.max_image_height = Some(SIDE_LIMIT);
    limits.max_alloc = Some(MEMORY_LIMIT_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(reason)?;
    let (width, height) = decoder.dimensions();
    let is_large = u64::from(width).saturating_mul(u64::from(height)) > PIXEL_LIMIT;
    if is_large || decoder.total_bytes() > MEMORY_LIMIT_BYTES {
        return Err(too_large());
    }
    let orientation = decoder.orientation().map_err(reason)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(reason)?;
    let side = width.min(height);
    let (left, top) = (width.saturating_sub(side) / 2, height.saturating_sub(side) / 2);
    let square = picture.crop_imm(left, top, side, side);
    let mut small = square.resize_exact(SIDE, SIDE, FilterType::Triangle);
    small.apply_orientation(orientation);
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Default, PngFilter::Adaptive);
    DynamicImage::ImageRgba8(small.into_rgba8()).write_with_encoder(encoder).map_err(Error::internal)?;
    Ok(png)
}

/// What the file is, by its first bytes.
fn find_format(file: &[u8]) -> Result<ImageFormat> {
    match image::guess_format(file) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) => Ok(format),
        _ if is_drawing(file) => {
            Err(refuse("SVG drawings can hold programs and are not taken: save the picture as PNG, JPEG or WebP"))
        }
        _ => Err(refuse("only PNG, JPEG and WebP pictures are taken")),
    }
}

/// Whether it is an SVG drawing, packed or not, as far as its beginning tells.
fn is_drawing(file: &[u8]) -> bool {
    let start = String::from_utf8_lossy(file.get(..1_024).unwrap_or(file)).to_lowercase();
    let is_markup = start.trim_start_matches('\u{feff}').trim_start().starts_with('<');
    (is_markup && start.contains("<svg")) || start.contains("<!doctype svg")
}

fn too_large() -> Error {
    refuse("this picture has too many pixels: at most 26 million, and 10,000 on a side")
}

fn reason(error: image::ImageError) -> Error {
    match error {
        image::ImageError::Limits(_) => too_large(),
        error => unreadable().because(error),
    }
}
