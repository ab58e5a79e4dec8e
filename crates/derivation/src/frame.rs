//! Frames: the pieces in which a channel travels.
//!
//! Spec: [frame format](https://specs.optimism.io/protocol/derivation.html#frame-format).

use crate::{DerivationError, reader::Reader};
use alloy_primitives::{Bytes, FixedBytes};

/// A channel's identifier, chosen at random by the batcher.
pub type ChannelId = FixedBytes<16>;

/// Bytes of a frame beside its data: identifier 16, number 2, length 4, last 1.
pub const FRAME_OVERHEAD: usize = 23;
/// The most data in one frame, in bytes.
pub const MAX_FRAME_DATA: usize = 1_000_000;
/// The version byte in front of a batcher transaction's frames.
pub const DERIVATION_VERSION: u8 = 0;
/// What one frame counts beside its data in a channel's size, in bytes.
pub(crate) const FRAME_ACCOUNTED_OVERHEAD: usize = 200;

const WHAT: &str = "frame";

/// A piece of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// The channel.
    pub id: ChannelId,
    /// Position in the channel, from 0.
    pub number: u16,
    /// A piece of the channel's compressed bytes.
    pub data: Bytes,
    /// Whether this is the channel's last frame.
    pub is_last: bool,
}

impl Frame {
    /// Decodes all frames of a batcher transaction's data: the version byte, then one or more
    /// frames without a gap. One bad frame spoils them all.
    ///
    /// # Errors
    /// [`DerivationError::Malformed`].
    pub fn decode_all(data: &Bytes) -> Result<Vec<Self>, DerivationError> {
        let mut reader = Reader::new(data, WHAT);
        if reader.byte()? != DERIVATION_VERSION {
            return Err(reader.fail("unknown derivation version"));
        }
        let mut frames = Vec::new();
        while !reader.is_empty() {
            frames.push(Self::decode(data, &mut reader)?);
        }
        if frames.is_empty() {
            return Err(reader.fail("no frame in the transaction"));
        }
        Ok(frames)
    }

    fn decode(data: &Bytes, reader: &mut Reader<'_>) -> Result<Self, DerivationError> {
        let id = ChannelId::new(reader.array()?);
        let number = u16::from_be_bytes(reader.array()?);
        let length = u32::from_be_bytes(reader.array()?) as usize;
        if length > MAX_FRAME_DATA {
            return Err(reader.fail("its data is too long"));
        }
        let payload = data.slice_ref(reader.take(length)?);
        let is_last = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return Err(reader.fail("its last byte is neither 0 nor 1")),
        };
        Ok(Self { id, number, data: payload, is_last })
    }

    /// Appends the frame's encoding.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(self.encoded_length());
        out.extend_from_slice(self.id.as_slice());
        out.extend_from_slice(&self.number.to_be_bytes());
        // Below MAX_FRAME_DATA wherever a frame is made.
        out.extend_from_slice(&(self.data.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.data);
        out.push(u8::from(self.is_last));
    }

    /// Length of the encoding, in bytes.
    pub fn encoded_length(&self) -> usize {
        FRAME_OVERHEAD + self.data.len()
    }

    /// What the frame counts in its channel's size, in bytes.
    pub(crate) fn accounted_size(&self) -> usize {
        self.data.len() + FRAME_ACCOUNTED_OVERHEAD
    }
}

/// The data of a batcher transaction (or blob) that carries `frames`.
pub fn encode_frames(frames: &[Frame]) -> Vec<u8> {
    let length: usize = frames.iter().map(Frame::encoded_length).sum();
    let mut out = Vec::with_capacity(1 + length);
    out.push(DERIVATION_VERSION);
    for frame in frames {
        frame.encode(&mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Bytes, ChannelId, Frame, encode_frames};
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

    fn frames() -> impl Strategy<Value = Vec<Frame>> {
        let frame = (any::<[u8; 16]>(), any::<u16>(), any::<bool>()).prop_flat_map(
            |(id, number, is_last)| {
                proptest::collection::vec(any::<u8>(), 0..64).prop_map(move |data| Frame {
                    id: ChannelId::new(id),
                    number,
                    data: data.into(),
                    is_last,
                })
            },
        );
        proptest::collection::vec(frame, 1..6)
    }

    #[test]
    fn refuses_empty_and_foreign() {
        assert!(Frame::decode_all(&Bytes::new()).is_err());
        assert!(Frame::decode_all(&Bytes::from_static(&[0])).is_err());
        assert!(Frame::decode_all(&Bytes::from_static(&[1; 30])).is_err());
    }

    #[test]
    fn one_bad_frame_spoils_all() {
        let mut data = encode_frames(&[Frame::default(), Frame::default()]);
        assert_eq!(Frame::decode_all(&data.clone().into()).unwrap().len(), 2);
        *data.last_mut().unwrap() = 2;
        assert!(Frame::decode_all(&data.into()).is_err());
    }

    proptest! {
        #[test]
        fn round_trips(frames in frames()) {
            let data = Bytes::from(encode_frames(&frames));
            prop_assert_eq!(Frame::decode_all(&data).unwrap(), frames);
        }

        #[test]
        fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Frame::decode_all(&data.into());
        }

        #[test]
        fn mutated_frames_never_panic(frames in frames(), at in any::<u16>(), flip in 1u8..) {
            let mut data = encode_frames(&frames);
            let at = usize::from(at) % data.len();
            data[at] ^= flip;
            let _ = Frame::decode_all(&data.into());
        }
    }
}
