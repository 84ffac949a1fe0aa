//! A picture as it is shown: decoded within limits, turned upright and written anew, so that nothing of the file but
//! its points is handed on. Where it was taken, and whatever was hidden behind it, stays with the original.

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType as PngFilter, PngEncoder},
    },
};

use super::media::Media;

/// Most points of a picture: what the cameras of phones take.
const MOST_POINTS: u64 = 51_000_000;
/// Most points along one side.
const MOST_SIDE: u32 = 20_000;
/// Most bytes of memory for a picture's points.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;
/// The longer side of a preview, in points: twice what a page shows, for sharp screens.
const PREVIEW: u32 = 400;

/// A picture written anew.
pub(crate) struct Drawn {
    pub bytes: Vec<u8>,
    pub media: Media,
    pub width: u32,
    pub height: u32,
}

/// A picture and its preview, which is a JPEG.
pub(crate) struct Pictures {
    pub shown: Drawn,
    pub preview: Drawn,
}

/// Reads a picture and writes it anew. Takes long and much memory: one at a time, away from the threads that serve.
///
/// # Errors
/// Why it cannot be taken, in words.
pub(crate) fn draw(bytes: &[u8], media: Media) -> Result<Pictures, String> {
    let broken = |error| match error {
        image::ImageError::Limits(_) => too_many(),
        _ => format!(
            "It begins like a {}, but it cannot be read to its end. Send it again, or another one.",
            media.on_page()
        ),
    };
    let format = match media {
        Media::Jpeg => ImageFormat::Jpeg,
        Media::Png => ImageFormat::Png,
        Media::Webp => ImageFormat::WebP,
        Media::Gif => ImageFormat::Gif,
        _ => return Err("This is no picture.".to_owned()),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_POINTS || decoder.total_bytes() > MOST_MEMORY {
        return Err(too_many());
    }
    let turned = decoder.orientation().map_err(broken)?;
    // The colours of a profile for four inks mean nothing to the three of the decoded picture.
    let colours = decoder.icc_profile().ok().flatten().filter(|profile| profile.get(16..20) == Some(b"RGB "));
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(turned);
    let clear = picture.color().has_alpha();
    let preview = preview(&picture, colours.clone());
    let shown = match media {
        Media::Jpeg => jpeg(&picture, 92, colours),
        Media::Webp if !clear => jpeg(&picture, 92, colours),
        _ => png(&picture, clear, colours),
    };
    let lost = |error| format!("The picture could not be written anew ({error}). Send another one.");
    Ok(Pictures { shown: shown.map_err(lost)?, preview: preview.map_err(lost)? })
}

fn too_many() -> String {
    "The picture has more than 50 million points, or is longer than 20,000 on one side. Make it smaller and send it \
     again."
        .to_owned()
}

type Colours = Option<Vec<u8>>;

fn preview(picture: &DynamicImage, colours: Colours) -> Result<Drawn, image::ImageError> {
    let small = if picture.width().max(picture.height()) > PREVIEW {
        picture.thumbnail(PREVIEW, PREVIEW)
    } else {
        picture.clone()
    };
    let mut paper = image::RgbaImage::from_pixel(small.width(), small.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut paper, &small.to_rgba8(), 0, 0);
    jpeg(&DynamicImage::ImageRgba8(paper), 80, colours)
}

fn jpeg(picture: &DynamicImage, quality: u8, colours: Colours) -> Result<Drawn, image::ImageError> {
    let (points, mut bytes) = (picture.to_rgb8(), Vec::new());
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    if let Some(colours) = colours {
        // A profile that is too long is left out.
        let _ = encoder.set_icc_profile(colours);
    }
    let (width, height) = points.dimensions();
    encoder.write_image(&points, width, height, ExtendedColorType::Rgb8)?;
    Ok(Drawn { bytes, media: Media::Jpeg, width, height })
}

fn png(picture: &DynamicImage, clear: bool, colours: Colours) -> Result<Drawn, image::ImageError> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, PngFilter::Adaptive);
    if let Some(colours) = colours {
        let _ = encoder.set_icc_profile(colours);
    }
    let (width, height) = (picture.width(), picture.height());
    if clear {
        encoder.write_image(&picture.to_rgba8(), width, height, ExtendedColorType::Rgba8)?;
    } else {
        encoder.write_image(&picture.to_rgb8(), width, height, ExtendedColorType::Rgb8)?;
    }
    Ok(Drawn { bytes, media: Media::Png, width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG of 40 × 20 points, red on its left half and blue on its right, that says it was taken lying on its side in
    /// some place.
    fn taken() -> Vec<u8> {
        let picture = image::RgbImage::from_fn(40, 20, |x, _| {
            if x < 20 { image::Rgb([200, 0, 0]) } else { image::Rgb([0, 0, 200]) }
        });
        let mut plain = Vec::new();
        JpegEncoder::new(&mut plain).write_image(&picture, 40, 20, ExtendedColorType::Rgb8).unwrap();
        // TIFF, big-endian: orientation 6 (a quarter turn to the right) and a GPS block, then words to be found again.
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
        exif.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0");
        exif.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0");
        exif.extend(b"GPS-47.5N-19.0E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..], b"<script>hidden</script>"].concat()
    }

    #[test]
    fn a_picture_is_turned_upright_and_says_nothing_of_its_place() {
        let sent = taken();
        assert!(sent.windows(4).any(|w| w == b"GPS-"));
        let drawn = draw(&sent, Media::Jpeg).unwrap();
        assert_eq!((drawn.shown.width, drawn.shown.height), (20, 40));
        for bytes in [&drawn.shown.bytes, &drawn.preview.bytes] {
            for hidden in [&b"Exif"[..], b"GPS-", b"<script"] {
                assert!(!bytes.windows(hidden.len()).any(|w| w == hidden));
            }
            let read = image::load_from_memory(bytes).unwrap().to_rgb8();
            // What was left is above now.
            assert!(read.get_pixel(10, 4)[0] > 150 && read.get_pixel(10, 35)[2] > 150);
        }
    }

    #[test]
    fn what_is_clear_stays_clear_and_previews_lie_on_paper() {
        let picture = image::RgbaImage::from_pixel(900, 300, image::Rgba([0, 0, 0, 0]));
        let mut sent = Vec::new();
        PngEncoder::new(&mut sent).write_image(&picture, 900, 300, ExtendedColorType::Rgba8).unwrap();
        let drawn = draw(&sent, Media::Png).unwrap();
        assert_eq!(drawn.shown.media, Media::Png);
        assert_eq!(image::load_from_memory(&drawn.shown.bytes).unwrap().to_rgba8().get_pixel(5, 5)[3], 0);
        assert_eq!((drawn.preview.width, drawn.preview.height), (400, 133));
        let preview = image::load_from_memory(&drawn.preview.bytes).unwrap().to_rgb8();
        assert!(preview.get_pixel(5, 5)[0] > 250);
    }

    #[test]
    fn bombs_and_torsos_are_refused_in_words() {
        // A PNG that says it has 60,000 × 60,000 points, with the right check sum of its header.
        let bomb = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\x0f\xb0\xe2\x15";
        let words = draw(bomb, Media::Png).map(drop).unwrap_err();
        assert!(words.contains("50 million points"), "{words}");
        // A GIF that says it has 65,535 × 65,535.
        let bomb = b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;";
        let words = draw(bomb, Media::Gif).map(drop).unwrap_err();
        assert!(words.contains("50 million points"), "{words}");
        let sent = taken();
        let words = draw(&sent[..sent.len() / 3], Media::Jpeg).map(drop);
        assert!(words.is_err_and(|words| words.contains("cannot be read")));
        assert!(draw(b"\xff\xd8\xff\xe0 not at all", Media::Jpeg).is_err());
    }
}
