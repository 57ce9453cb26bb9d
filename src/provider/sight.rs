//! Which pictures an endpoint takes, as far as documents say. What no document says is sent,
//! and the provider has the word.

use super::row::{Api, Provider};
use crate::model::Class;
use crate::model::Endpoint;
use crate::model::Fault;
use crate::model::Image;
use crate::model::ImageKind;
use crate::model::Prompt;
use crate::model::bytes;
use crate::model::is_blind;

/// What one API takes.
struct Sight {
    /// In a sentence.
    name: &'static str,
    kinds: &'static [ImageKind],
    /// Bytes of one picture.
    most: u64,
    /// Pixels of its longer side, where that is limited.
    side: Option<u32>,
    /// Pictures in one request, where that is limited.
    count: Option<usize>,
}

const USUAL: &[ImageKind] = &[ImageKind::Png, ImageKind::Jpeg, ImageKind::Gif, ImageKind::Webp];
const GOOGLE: &[ImageKind] = &[ImageKind::Png, ImageKind::Jpeg, ImageKind::Webp, ImageKind::Heic];
const XAI: &[ImageKind] = &[ImageKind::Png, ImageKind::Jpeg];

/// Where no document gives a limit: what nearly every API takes.
const UNKNOWN: Sight = Sight { name: "", kinds: USUAL, most: 5_000_000, side: None, count: None };

/// The limits of an API; first by the provider, because gateways repeat a wire with limits of
/// their own, then by the wire.
fn sight(row: &Provider, api: &Api) -> Sight {
    let name = row.label;
    match (row.id, api.dialect.id()) {
        // docs.aws.amazon.com, Message of Converse: 20 images of 3.75 MB and 8,000 pixels each.
        (_, "converse") => Sight { name, most: 3_750_000, side: Some(8_000), count: Some(20), ..UNKNOWN },
        // platform.claude.com, vision: 8,000 pixels; the 5 MB of one image count in base64.
        (_, "messages") => Sight { name, most: 3_750_000, side: Some(8_000), count: Some(100), ..UNKNOWN },
        // docs.cloud.google.com, image understanding: inline data of 7 MB, no GIF.
        ("vertex", "gemini") => Sight { name, kinds: GOOGLE, most: 7_000_000, ..UNKNOWN },
        // ai.google.dev, image understanding: a request with inline data has at most 20 MB, in base64.
        (_, "gemini") => Sight { name, kinds: GOOGLE, most: 14_000_000, ..UNKNOWN },
        // developers.openai.com, images and vision: 50 MB in all images of a request. A server of
        // the user's own has no limit but its memory.
        ("openai" | "azure" | "ollama" | "vllm" | "lmstudio" | "llamacpp", _) => {
            Sight { name, most: 20_000_000, ..UNKNOWN }
        }
        // docs.mistral.ai, vision.
        ("mistral", _) => Sight { name, most: 10_000_000, count: Some(8), ..UNKNOWN },
        // docs.x.ai, image understanding: JPEG and PNG of 20 MiB.
        ("xai", _) => Sight { name, kinds: XAI, most: 20_000_000, ..UNKNOWN },
        // console.groq.com, vision: requests with base64 of 4 MB, five images.
        ("groq", _) => Sight { name, most: 3_000_000, count: Some(5), ..UNKNOWN },
        _ => Sight { name, ..UNKNOWN },
    }
}

/// Whether the pictures of a prompt can be sent to an endpoint.
///
/// # Errors
/// `Refused`: the model is known to read text alone, or a picture is not one that the API takes.
pub(super) fn check(row: &Provider, api: &Api, endpoint: &Endpoint, prompt: &Prompt) -> Result<(), Fault> {
    let images: Vec<_> = prompt.images().collect();
    if images.is_empty() {
        return Ok(());
    }
    let refused = |message: String, hint: &str| Err(Fault::new(Class::Refused, message).hint(hint));
    if is_blind(&endpoint.model) {
        let message = format!(
            "images are not supported by this endpoint: {} reads text alone; nothing was sent",
            endpoint.model
        );
        return refused(message, "ask a model that takes images here, or leave the image out");
    }
    let sight = sight(row, api);
    if let Some(most) = sight.count.filter(|most| images.len() > *most) {
        let message =
            format!("{} takes at most {most} images in a request, not {}", sight.name, images.len());
        return refused(message, "attach fewer images; a follow-up sends those of earlier rounds again");
    }
    images.into_iter().try_for_each(|image| sight.one(image))
}

impl Sight {
    fn one(&self, image: &Image) -> Result<(), Fault> {
        let refused = |message: String, hint: &str| Err(Fault::new(Class::Refused, message).hint(hint));
        let Image { name, kind, width, height, size, .. } = image;
        if image.bytes().is_none() {
            let message = format!("the image {name} is in this record by name only");
            return refused(message, "attach it again");
        }
        if !self.kinds.contains(kind) {
            let takes: Vec<_> = self.kinds.iter().map(|k| k.word()).collect();
            let message =
                format!("{} takes no {} images, and {name} is one; nothing was sent", self.name, kind.word());
            return refused(message, &format!("convert it: {} are taken", takes.join(", ")));
        }
        if *size > self.most {
            let (has, most) = (bytes(*size), bytes(self.most));
            let message =
                format!("{name} has {has}, and {} takes images of up to {most}; nothing was sent", self.name);
            return refused(message, "make the image smaller, or save it as JPEG");
        }
        if let Some(side) = self.side.filter(|side| *width.max(height) > *side) {
            let message = format!(
                "{name} is {width}x{height}, and {} takes images of up to {side} pixels a side; nothing was sent",
                self.name
            );
            return refused(message, "scale the image down");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{api_of, parse_spec, provider};
    use super::*;
    use crate::model::Attachment;

    /// A PNG's beginning with this many pixels, and so many bytes in all.
    fn png(width: u32, height: u32, size: usize) -> Image {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.resize(size.max(40), 0);
        Image::new("a.png", bytes).unwrap()
    }

    fn gif() -> Image {
        Image::new("a.gif", b"GIF89a\x02\0\x03\0\0\0\0;".to_vec()).unwrap()
    }

    fn asked(spec: &str, images: &[Image]) -> Result<(), Fault> {
        let endpoint = parse_spec(spec).unwrap();
        let row = provider(&endpoint.provider).unwrap();
        let attached: Vec<_> = images.iter().cloned().map(Attachment::Image).collect();
        let prompt = Prompt::new("?").attach(&attached);
        check(row, api_of(row, &endpoint).unwrap(), &endpoint, &prompt)
    }

    #[test]
    fn what_is_documented_is_refused_and_everything_else_is_sent() {
        let claude = "bedrock:us.anthropic.claude-opus-5-5@us-east-1";
        let cases: [(&str, Vec<Image>, Option<&str>); 14] = [
            ("openai:gpt-6-sol", vec![png(640, 480, 100)], None),
            ("openai:gpt-6-sol", vec![gif()], None),
            ("compatible:nobody-knows@http://127.0.0.1:9/v1", vec![png(640, 480, 100)], None),
            ("compatible:gpt-oss-20b@http://127.0.0.1:9/v1", vec![png(1, 1, 40)], Some("reads text alone")),
            ("ollama:qwen3:8b", vec![png(1, 1, 40)], Some("images are not supported by this endpoint")),
            ("ollama:qwen3-vl:8b", vec![png(1, 1, 40)], None),
            ("gemini:gemini-3.8-flash", vec![gif()], Some("takes no GIF images")),
            ("xai:grok-4.6", vec![gif()], Some("takes no GIF images")),
            ("anthropic:claude-opus-5-5", vec![png(640, 480, 3_750_001)], Some("of up to 3.7 MB")),
            ("anthropic:claude-opus-5-5", vec![png(8_001, 480, 100)], Some("up to 8000 pixels a side")),
            (claude, vec![png(1, 8_001, 100)], Some("up to 8000 pixels a side")),
            (claude, vec![png(1, 1, 40); 101], Some("at most")),
            ("compatible:m@http://127.0.0.1:9/v1", vec![png(1, 1, 5_000_001)], Some("of up to 5.0 MB")),
            ("openai:gpt-6-sol", vec![], None),
        ];
        for (spec, images, want) in cases {
            match (asked(spec, &images), want) {
                (Ok(()), None) => {}
                (Err(fault), Some(want)) => {
                    assert!(fault.message.contains(want), "{spec}: {}", fault.message);
                    assert!(fault.hint.is_some(), "{spec}");
                }
                (got, want) => panic!("{spec}: {got:?}, wanted {want:?}"),
            }
        }
    }

    #[test]
    fn what_a_record_holds_has_no_bytes_to_send() {
        let record = serde_json::to_string(&Attachment::Image(png(2, 3, 40))).unwrap();
        assert!(record.len() < 300, "{record}");
        let Attachment::Image(read) = serde_json::from_str(&record).unwrap() else { panic!("{record}") };
        assert_eq!((read.width, read.height, read.bytes()), (2, 3, None));
        let fault = asked("openai:gpt-6-sol", &[read]).unwrap_err();
        assert!(fault.message.contains("by name only"), "{fault}");
    }
}
