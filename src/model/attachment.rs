//! What goes with a turn besides its words: files, as text or as pictures.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::filter::{clean, clean_line};

/// The kinds of pictures that some provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageKind {
    Png,
    Jpeg,
    Gif,
    Webp,
    Heic,
}

impl ImageKind {
    pub const ALL: [Self; 5] = [Self::Png, Self::Jpeg, Self::Gif, Self::Webp, Self::Heic];

    /// The media type on every wire.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
        }
    }

    /// The word in a sentence, and Bedrock's name of the format in capitals.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Webp => "WEBP",
            Self::Heic => "HEIC",
        }
    }
}

/// A picture. Its bytes are shared: a copy costs nothing.
#[derive(Clone, Serialize, Deserialize)]
pub struct Image {
    /// As the user wrote it.
    pub name: String,
    pub kind: ImageKind,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Empty in one that was read from a record, which holds no bytes.
    #[serde(skip)]
    bytes: Arc<[u8]>,
    #[serde(skip)]
    base64: Arc<OnceLock<String>>,
}

/// The hash stands for the bytes.
impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        let facts = |i: &Self| (i.kind, i.size, i.bytes.len());
        self.name == other.name && self.sha256 == other.sha256 && facts(self) == facts(other)
    }
}

impl Eq for Image {}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}x{} {}", self.name, self.kind.word(), self.width, self.height, self.sha256)
    }
}

impl Image {
    /// Reads kind and size from the bytes.
    ///
    /// # Errors
    /// Half a sentence: what the bytes are instead of a picture that some provider takes.
    pub fn new(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, String> {
        let bytes = bytes.into();
        let kind = kind(&bytes)?;
        let size = imagesize::blob_size(&bytes)
            .map_err(|_| format!("begins like a {} image, but its size cannot be read", kind.word()))?;
        let pixels = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if size.width == 0 || size.height == 0 {
            return Err(format!("is a {} image without any pixel", kind.word()));
        }
        Ok(Self {
            name: name.into(),
            kind,
            width: pixels(size.width),
            height: pixels(size.height),
            size: bytes.len() as u64,
            sha256: hex(&bytes),
            bytes,
            base64: Arc::default(),
        })
    }

    /// One of a record, by what it is: `size` is in bytes, and the bytes are not there.
    #[must_use]
    pub fn known(name: String, kind: ImageKind, pixels: (u32, u32), size: u64, sha256: String) -> Self {
        let (width, height) = pixels;
        Self { name, kind, width, height, size, sha256, bytes: Arc::new([]), base64: Arc::default() }
    }

    /// The same with its bytes, where they are the ones that it is known by.
    #[must_use]
    pub fn with_bytes(&self, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        if hex(&bytes) == self.sha256 {
            Self { bytes, base64: Arc::default(), ..self.clone() }
        } else {
            self.clone()
        }
    }

    /// The bytes; `None` of one that was read from a record.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        (self.bytes.len() as u64 == self.size).then_some(&*self.bytes)
    }

    /// The bytes as wires carry them. Made once, whoever asks.
    #[must_use]
    pub fn base64(&self) -> &str {
        self.base64.get_or_init(|| STANDARD.encode(&self.bytes))
    }

    /// `data:image/png;base64,…`, the form of OpenAI's wires.
    #[must_use]
    pub fn data_url(&self) -> String {
        format!("data:{};base64,{}", self.kind.media_type(), self.base64())
    }

    /// What stands for the bytes where a request is shown.
    #[must_use]
    pub fn stand_in(&self) -> String {
        let hash = self.sha256.get(..12).unwrap_or_default();
        format!("<{} bytes in base64, sha256 {hash}…>", self.size)
    }
}

/// By the first bytes, as the formats' own documents give them.
fn kind(bytes: &[u8]) -> Result<ImageKind, String> {
    use imagesize::{Compression, ImageType};
    let told = imagesize::image_type(bytes).map_err(|_| "is no image".to_owned())?;
    let other = |name: &str| Err(format!("is a {name} image, which no provider takes: convert it to PNG"));
    match told {
        ImageType::Png => Ok(ImageKind::Png),
        ImageType::Jpeg => Ok(ImageKind::Jpeg),
        ImageType::Gif => Ok(ImageKind::Gif),
        ImageType::Webp => Ok(ImageKind::Webp),
        ImageType::Heif(Compression::Hevc) => Ok(ImageKind::Heic),
        ImageType::Heif(_) => other("HEIF or AVIF"),
        ImageType::Bmp => other("BMP"),
        ImageType::Tiff => other("TIFF"),
        ImageType::Ico => other("ICO"),
        ImageType::Psd => other("PSD"),
        ImageType::Jxl => other("JPEG XL"),
        // Formats whose mark is so short that a text may begin with it.
        _ => Err("is no image".to_owned()),
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}"); // writing to a String cannot fail
        out
    })
}

/// A text file, filtered as a paste is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFile {
    /// As the user wrote it.
    pub name: String,
    /// Bytes of the file as it was read.
    pub size: u64,
    /// SHA-256 of the file as it was read, hexadecimal.
    pub sha256: String,
    #[serde(with = "shared")]
    pub text: Arc<str>,
    /// Control and invisible characters that were left out of the text.
    pub left_out: usize,
}

/// Shared text, in records as a text like any other.
mod shared {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(d).map(Into::into)
    }
}

impl TextFile {
    #[must_use]
    pub fn new(name: impl Into<String>, text: &str) -> Self {
        let (kept, left_out) = printable(text);
        Self {
            name: name.into(),
            size: text.len() as u64,
            sha256: hex(text.as_bytes()),
            text: kept.into(),
            left_out,
        }
    }
}

/// A text with one kind of line end, and without what a terminal acts on or nobody sees: the
/// models get what the user can read. Gives how many characters were left out.
#[must_use]
pub fn printable(text: &str) -> (String, usize) {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut dropped = 0_usize;
    let mut one = [0_u8; 4];
    let kept = lines
        .chars()
        .filter(|c| {
            let alone: &str = c.encode_utf8(&mut one);
            let fine = matches!(c, '\n' | '\t' | ' '..='~') || clean(alone) == alone;
            dropped += usize::from(!fine);
            fine
        })
        .collect();
    (kept, dropped)
}

/// One file that goes with a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Attachment {
    Text(TextFile),
    Image(Image),
}

impl Attachment {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Text(file) => &file.name,
            Self::Image(image) => &image.name,
        }
    }

    /// Bytes of the file.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Text(file) => file.size,
            Self::Image(image) => image.size,
        }
    }

    /// SHA-256 of the file, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        match self {
            Self::Text(file) => &file.sha256,
            Self::Image(image) => &image.sha256,
        }
    }

    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Text(_) => None,
            Self::Image(image) => Some(image),
        }
    }

    /// `notes.md 3.1 kB`, `chart.png 640x480`: what leaves, on one line.
    #[must_use]
    pub fn label(&self) -> String {
        let name = clean_line(self.name());
        match self {
            Self::Image(image) => format!("{name} {}x{}", image.width, image.height),
            Self::Text(file) if file.left_out > 0 => {
                let s = if file.left_out == 1 { "" } else { "s" };
                let left = file.left_out;
                format!("{name} {} ({left} control or invisible character{s} left out)", bytes(file.size))
            }
            Self::Text(file) => format!("{name} {}", bytes(file.size)),
        }
    }
}

/// `1 file attached: notes.md 3.1 kB`; empty for none.
#[must_use]
pub fn attached(all: &[Attachment]) -> String {
    let labels: Vec<_> = all.iter().map(Attachment::label).collect();
    match all.len() {
        0 => String::new(),
        1 => format!("1 file attached: {}", labels.concat()),
        n => format!("{n} files attached: {}", labels.join(", ")),
    }
}

/// `912 B`, `3.1 kB`, `2.4 MB`: decimal, as file managers show it.
#[must_use]
pub fn bytes(n: u64) -> String {
    // A tenth is enough, and integers cannot round 999,999 to 1000.0 kB.
    let tenths = |unit: u64| {
        let tenths = n / (unit / 10);
        if tenths < 100 { format!("{}.{}", tenths / 10, tenths % 10) } else { (tenths / 10).to_string() }
    };
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

/// What a model reads: the user's words, then each text file in a fence under its name. Where
/// there are several pictures their names stand in the order in which they are sent, because no
/// wire has a field for them.
pub(super) fn with_files<'t>(text: &'t str, attachments: &[Attachment]) -> Cow<'t, str> {
    if attachments.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = text.trim_end().to_owned();
    let images: Vec<_> =
        attachments.iter().filter_map(Attachment::image).map(|i| clean_line(&i.name)).collect();
    if images.len() > 1 {
        let _ = write!(out, "\n\nAttached images, in this order: {}", images.join(", "));
    }
    for attachment in attachments {
        let Attachment::Text(file) = attachment else { continue };
        let fence = fence(&file.text);
        let end = if file.text.ends_with('\n') || file.text.is_empty() { "" } else { "\n" };
        let (name, hint) = (clean_line(&file.name), hint(&file.name));
        let _ = write!(out, "\n\nAttached file: {name}\n{fence}{hint}\n{}{end}{fence}", file.text);
    }
    Cow::Owned(if text.trim().is_empty() { out.trim_start().to_owned() } else { out })
}

/// A fence that nothing in the text closes: longer than any run of backticks in it.
fn fence(text: &str) -> String {
    let (mut run, mut longest) = (0, 0);
    for c in text.bytes() {
        run = if c == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat((longest + 1).max(3))
}

/// The language of a fence: a plain extension says it.
fn hint(name: &str) -> &str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let plain = extension.len() <= 8 && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { extension } else { "" }
}

#[cfg(test)]
#[path = "attachment_tests.rs"]
mod tests;
