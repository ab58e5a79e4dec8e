//! Unix seconds to civil dates.

use alloc::{format, string::String};

/// Year, month, day, hour, minute and second, in the Gregorian calendar.
pub(super) fn civil(seconds: u64) -> [u64; 6] {
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    [year, month, days + 1, time / 3_600, time / 60 % 60, time % 60]
}

/// The date form of Intel's statements.
pub(super) fn rfc3339(seconds: u64) -> String {
    let [year, month, day, hour, minute, second] = civil(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::rfc3339;
    use crate::encoding::calendar;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_back(seconds in 0u64..253_402_300_800) {
            prop_assert_eq!(calendar::rfc3339(&rfc3339(seconds)), Ok(seconds));
        }
    }
}
