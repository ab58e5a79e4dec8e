//! Frames.

use alloy_primitives::Bytes;
use assay_derivation::{ChannelId, Frame, encode_frames};
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let data = proptest::collection::vec(any::<u8>(), 0..50);
    let frame = (any::<[u8; 16]>(), any::<u16>(), any::<bool>(), data).prop_map(
        |(id, number, is_last, data)| Frame {
            id: ChannelId::new(id),
            number,
            data: data.into(),
            is_last,
        },
    );
    proptest::collection::vec(frame, 1..5)
}

/// Both decoders' results in one form. Theirs takes any last byte for a "no"; what does not encode
/// to the same bytes again counts as refused.
fn both(data: &[u8]) -> [Option<Vec<Frame>>; 2] {
    let ours = Frame::decode_all(&Bytes::copy_from_slice(data)).ok();
    let theirs = kona_protocol::Frame::parse_frames(data).ok().map(|frames| {
        let frames = frames.into_iter().map(|frame| Frame {
            id: ChannelId::new(frame.id),
            number: frame.number,
            data: frame.data.into(),
            is_last: frame.is_last,
        });
        frames.collect::<Vec<_>>()
    });
    [ours, theirs.filter(|frames| encode_frames(frames) == data)]
}

proptest! {
    #[test]
    fn decode_alike(frames in frames(), at in any::<u16>(), flip in any::<u8>(), cut in 0usize..40) {
        let mut data = encode_frames(&frames);
        let [ours, theirs] = both(&data);
        prop_assert_eq!(&ours, &Some(frames));
        prop_assert_eq!(ours, theirs);

        let at = usize::from(at) % data.len();
        data[at] ^= flip;
        let [ours, theirs] = both(&data);
        prop_assert_eq!(ours, theirs, "byte {} changed by {}", at, flip);

        data.truncate(data.len().saturating_sub(cut));
        let [ours, theirs] = both(&data);
        prop_assert_eq!(ours, theirs, "cut by {}", cut);
    }
}
