use crate::Code;

/// When everything holds: from the start, up to but not including the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Window {
    pub(crate) const ALWAYS: Self = Self { start: 0, end: u64::MAX };

    pub(crate) fn narrow(&mut self, start: u64, end: u64) {
        self.start = self.start.max(start);
        self.end = self.end.min(end);
    }

    pub(crate) fn narrow_to(&mut self, other: Self) {
        self.narrow(other.start, other.end);
    }

    /// Whether there is a moment in it.
    pub(crate) const fn check(self) -> Result<(), Code> {
        if self.start < self.end { Ok(()) } else { Err(Code::EmptyWindow) }
    }

    /// Narrows by a statement that still holds in its last second.
    pub(crate) fn narrow_inclusive(&mut self, start: u64, last: u64) {
        self.narrow(start, last.saturating_add(1));
    }
}
