//! Dates in the forms certificates and statements use, as unix seconds.

use super::Malformed;

/// Reads `YYYY-MM-DDTHH:MM:SSZ`, the one form Intel's statements use.
pub(crate) fn rfc3339(text: &str) -> Result<u64, Malformed> {
    let bytes = text.as_bytes();
    if bytes.len() != 20 {
        return Err(Malformed);
    }
    for (index, separator) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')]
    {
        if bytes[index] != separator {
            return Err(Malformed);
        }
    }
    seconds([
        digits(&bytes[..4])?,
        digits(&bytes[5..7])?,
        digits(&bytes[8..10])?,
        digits(&bytes[11..13])?,
        digits(&bytes[14..16])?,
        digits(&bytes[17..19])?,
    ])
}

/// Reads an X.509 `UTCTime` (`YYMMDDHHMMSSZ`, years 1950 to 2049).
pub(crate) fn utc_time(bytes: &[u8]) -> Result<u64, Malformed> {
    let (year, rest) = bytes.split_at_checked(2).ok_or(Malformed)?;
    let year = digits(year)?;
    x509_time(if year < 50 { 2000 + year } else { 1900 + year }, rest)
}

/// Reads an X.509 `GeneralizedTime` (`YYYYMMDDHHMMSSZ`), which RFC 5280 keeps for 2050 onwards.
pub(crate) fn generalized_time(bytes: &[u8]) -> Result<u64, Malformed> {
    let (year, rest) = bytes.split_at_checked(4).ok_or(Malformed)?;
    let year = digits(year)?;
    if year < 2050 {
        return Err(Malformed);
    }
    x509_time(year, rest)
}

fn x509_time(year: u64, rest: &[u8]) -> Result<u64, Malformed> {
    if rest.len() != 11 || rest[10] != b'Z' {
        return Err(Malformed);
    }
    seconds([
        year,
        digits(&rest[..2])?,
        digits(&rest[2..4])?,
        digits(&rest[4..6])?,
        digits(&rest[6..8])?,
        digits(&rest[8..10])?,
    ])
}

fn digits(bytes: &[u8]) -> Result<u64, Malformed> {
    bytes.iter().try_fold(0u64, |value, byte| match byte {
        b'0'..=b'9' => Ok(value * 10 + u64::from(byte - b'0')),
        _ => Err(Malformed),
    })
}

/// Year (four digits), month, day, hour, minute, second of the Gregorian calendar, from 1970.
fn seconds([year, month, day, hour, minute, second]: [u64; 6]) -> Result<u64, Malformed> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return Err(Malformed),
    };
    if year < 1970 || day == 0 || day > days_in_month || hour > 23 || minute > 59 || second > 59 {
        return Err(Malformed);
    }
    const DAYS_BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let past = year - 1;
    // 477 leap days lie before 1970.
    let leap_days = past / 4 - past / 100 + past / 400 - 477;
    let days = (year - 1970) * 365
        + leap_days
        + DAYS_BEFORE_MONTH[month as usize - 1]
        + u64::from(leap && month > 2)
        + day
        - 1;
    Ok(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        assert_eq!(rfc3339("1970-01-01T00:00:00Z"), Ok(0));
        assert_eq!(rfc3339("2000-02-29T12:34:56Z"), Ok(951_827_696));
        assert_eq!(rfc3339("2025-06-19T10:56:11Z"), Ok(1_750_330_571));
        assert_eq!(rfc3339("9999-12-31T23:59:59Z"), Ok(253_402_300_799));
        assert_eq!(utc_time(b"491231235959Z"), Ok(2_524_607_999));
        assert_eq!(utc_time(b"700101000000Z"), Ok(0));
        assert_eq!(generalized_time(b"20500101000000Z"), Ok(2_524_608_000));
    }

    #[test]
    fn malformed_moments() {
        for text in [
            "",
            "2025-06-19T10:56:11",
            "2025-06-19T10:56:11z",
            "2025-6-19T10:56:11Z0",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-00-01T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-32T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:60:00Z",
            "2025-01-01T00:00:60Z",
            "1969-12-31T23:59:59Z",
            "2025-01-01 00:00:00Z",
            "2025-01-01T00:00:+1Z",
            "２025-01-01T00:0Z",
        ] {
            assert_eq!(rfc3339(text), Err(Malformed), "{text}");
        }
        for time in
            [&b"491231235959"[..], b"", b"4912312359Z", b"491231235959+0000", b"691231235959Z"]
        {
            assert_eq!(utc_time(time), Err(Malformed));
        }
        for time in [&b"20491231235959Z"[..], b"20500101000000.0Z", b"205", b"20500101000000"] {
            assert_eq!(generalized_time(time), Err(Malformed));
        }
    }
}
