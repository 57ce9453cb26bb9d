//! Images in a request, each wire's own way: what is not that is refused, as the vendors do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::model::Attachment;
use crate::model::Image;

use super::ask::Refused;
use super::cast::Wire;

/// What a message holds besides its text.
pub fn of(turn: &Value, wire: Wire) -> Result<Vec<Attachment>, Refused> {
    let mut found = Vec::new();
    if wire == Wire::Ollama {
        for data in turn.get("images").and_then(Value::as_array).into_iter().flatten() {
            found.push(decoded(None, data.as_str())?);
        }
        return Ok(found);
    }
    let key = if wire == Wire::Gemini { "parts" } else { "content" };
    for part in turn.get(key).and_then(Value::as_array).into_iter().flatten() {
        found.extend(one(part, wire)?);
    }
    Ok(found)
}

/// The image of a part; `None` of a part of text.
fn one(part: &Value, wire: Wire) -> Result<Option<Attachment>, Refused> {
    let at = |pointer: &str| part.pointer(pointer).and_then(Value::as_str);
    let kind = at("/type");
    let url = |url: Option<&str>| {
        let (media, data) = url.and_then(|u| u.strip_prefix("data:")?.split_once(";base64,")).unzip();
        decoded(media, data).map(Some)
    };
    match wire {
        Wire::Chat if kind == Some("image_url") => url(at("/image_url/url")),
        Wire::Responses if kind == Some("input_image") => url(at("/image_url")),
        Wire::Messages if kind == Some("image") && at("/source/type") == Some("base64") => {
            decoded(at("/source/media_type"), at("/source/data")).map(Some)
        }
        Wire::Gemini if part.get("inlineData").is_some() => {
            decoded(at("/inlineData/mimeType"), at("/inlineData/data")).map(Some)
        }
        Wire::Converse if part.get("image").is_some() => {
            let media = at("/image/format").map(|format| format!("image/{format}"));
            decoded(media.as_deref(), at("/image/source/bytes")).map(Some)
        }
        _ if part.get("text").is_some_and(Value::is_string) => Ok(None),
        _ => Err(Refused(400, "a part of the message is neither text nor an image of this API".into())),
    }
}

fn decoded(media: Option<&str>, data: Option<&str>) -> Result<Attachment, Refused> {
    let refused = |why: String| Refused(400, why);
    let bytes = data.and_then(|data| STANDARD.decode(data).ok());
    let bytes = bytes.ok_or_else(|| refused("the image is not valid base64".into()))?;
    let image = Image::new("image", bytes).map_err(|why| refused(format!("the image {why}")))?;
    match media.filter(|media| *media != image.kind.media_type()) {
        Some(media) => {
            let is = image.kind.media_type();
            Err(refused(format!("the image is named {media}, but it is {is}")))
        }
        None => Ok(Attachment::Image(image)),
    }
}

/// What an answer says of them; `None` without any.
pub fn seen<'i>(images: impl Iterator<Item = &'i Image>) -> Option<String> {
    let each: Vec<_> = images
        .map(|i| format!("{} of {}x{} pixels in {} bytes", i.kind.media_type(), i.width, i.height, i.size))
        .collect();
    match each.len() {
        0 => None,
        1 => Some(format!("I was sent 1 image: {}.", each.concat())),
        n => Some(format!("I was sent {n} images: {}.", each.join("; "))),
    }
}
