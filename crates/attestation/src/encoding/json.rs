//! A JSON reader for signed statements: printable ASCII, non-negative integers, bounded depth.
//!
//! Statements are read once, front to back, without building a tree. What RFC 8259 leaves open is
//! closed here: a field named twice is malformed, and so are exponents, fractions, signs, bytes
//! outside ASCII and escapes of control characters other than tab, line feed, carriage return and
//! NUL. Unknown fields are skipped where the caller says so.

use super::Malformed;
use alloc::{borrow::Cow, string::String};

/// Deepest nesting of arrays and objects.
const MAX_DEPTH: u32 = 12;

/// A reader positioned before a value.
pub(crate) struct Json<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

/// A value's type, where the caller must tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Object,
    Boolean,
    /// Any other value, or none.
    Other,
}

impl<'a> Json<'a> {
    /// Reads a whole text that is one object.
    pub(crate) fn document(
        bytes: &'a [u8],
        field: impl FnMut(&mut Self, &'a str) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if !bytes.is_ascii() {
            return Err(Malformed);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed)?;
        let mut json = Self { text, at: 0, depth: 0 };
        json.object(field)?;
        json.space();
        if json.at == text.len() { Ok(()) } else { Err(Malformed) }
    }

    /// Reads an object; `field` reads each value.
    pub(crate) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, &'a str) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.list(b'{', b'}', |json| {
            let name = json.plain_string()?;
            json.punctuation(b':')?;
            field(json, name)
        })
    }

    /// Reads an array; `item` reads each value.
    pub(crate) fn array(
        &mut self,
        item: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.list(b'[', b']', item)
    }

    fn list(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        self.punctuation(open)?;
        if self.depth == MAX_DEPTH {
            return Err(Malformed);
        }
        self.depth += 1;
        if self.peek() != Some(close) {
            loop {
                item(self)?;
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.depth -= 1;
        self.punctuation(close)
    }

    /// Reads a string without escapes.
    pub(crate) fn plain_string(&mut self) -> Result<&'a str, Malformed> {
        match self.string()? {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(_) => Err(Malformed),
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        self.punctuation(b'"')?;
        let mut decoded: Option<String> = None;
        loop {
            let rest = &self.text[self.at..];
            let length = rest
                .bytes()
                .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20 || byte == 0x7f)
                .ok_or(Malformed)?;
            let run = &rest[..length];
            self.at += length + 1;
            match rest.as_bytes()[length] {
                b'"' => {
                    return Ok(match decoded {
                        None => Cow::Borrowed(run),
                        Some(text) => Cow::Owned(text + run),
                    });
                }
                b'\\' => {
                    let character = self.escape()?;
                    let text = decoded.get_or_insert_with(|| String::with_capacity(rest.len() / 2));
                    text.push_str(run);
                    text.push(character);
                }
                _ => return Err(Malformed),
            }
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, Malformed> {
        let rest = &self.bytes()[self.at..];
        let (length, character) = match rest {
            [b'"', ..] => (1, '"'),
            [b'\\', ..] => (1, '\\'),
            [b'/', ..] => (1, '/'),
            [b'n', ..] => (1, '\n'),
            [b'r', ..] => (1, '\r'),
            [b't', ..] => (1, '\t'),
            // Ends the certificate chain that Intel puts in a quote, and so in a copy of it.
            [b'u', b'0', b'0', b'0', b'0', ..] => (5, '\0'),
            _ => return Err(Malformed),
        };
        self.at += length;
        Ok(character)
    }

    /// Passes over a string, without making one.
    fn skip_string(&mut self) -> Result<(), Malformed> {
        self.punctuation(b'"')?;
        loop {
            match self.bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0x20..=0x7e) => self.at += 1,
                _ => return Err(Malformed),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Reads an integer of at most ten digits.
    pub(crate) fn integer<T: TryFrom<u64>>(&mut self) -> Result<T, Malformed> {
        T::try_from(self.digits()?).map_err(|_| Malformed)
    }

    /// Reads `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.word()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Malformed),
        }
    }

    /// Reads `null`, or else a value by `read`.
    pub(crate) fn nullable<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if self.peek() == Some(b'n') { self.word().map(|_| None) } else { read(self).map(Some) }
    }

    /// What the next value is, as far as its first character shows.
    pub(crate) fn next(&mut self) -> Next {
        match self.peek() {
            Some(b'{') => Next::Object,
            Some(b't' | b'f') => Next::Boolean,
            _ => Next::Other,
        }
    }

    /// Reads one of the three words.
    fn word(&mut self) -> Result<&'static str, Malformed> {
        self.space();
        let rest = &self.text[self.at..];
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word));
        let word = word.ok_or(Malformed)?;
        self.at += word.len();
        Ok(word)
    }

    fn digits(&mut self) -> Result<u64, Malformed> {
        self.space();
        let start = self.at;
        let mut value = 0u64;
        while let Some(digit @ b'0'..=b'9') = self.bytes().get(self.at) {
            if self.at - start == 10 {
                return Err(Malformed);
            }
            value = value * 10 + u64::from(digit - b'0');
            self.at += 1;
        }
        let length = self.at - start;
        let is_padded = length > 1 && self.bytes()[start] == b'0';
        let continues = matches!(self.bytes().get(self.at), Some(b'.' | b'e' | b'E'));
        if length == 0 || is_padded || continues { Err(Malformed) } else { Ok(value) }
    }

    /// Passes over a value of any type.
    pub(crate) fn skip(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'{') => self.object(|json, _| json.skip()),
            Some(b'[') => self.array(Self::skip),
            Some(b'"') => self.skip_string(),
            Some(b'0'..=b'9') => self.digits().map(drop),
            _ => self.word().map(drop),
        }
    }

    const fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes().get(self.at).copied()
    }

    fn punctuation(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }
}

/// Fills a field, once.
pub(crate) fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), Malformed> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn skip(text: &str) -> Result<(), Malformed> {
        Json::document(text.as_bytes(), |json, _| json.skip())
    }

    #[test]
    fn accepts_statements() {
        for text in [
            "{}",
            " { } ",
            r#"{"a":1}"#,
            "{\"a\" : [ 1 , 2 ],\n\t\"b\":{\"c\":[]}}\r\n",
            r#"{"a":"x\n\"\\\/\t\r\u0000","b":null,"c":true,"d":false,"e":0}"#,
        ] {
            assert_eq!(skip(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a":01}"#,
            r#"{"a":-1}"#,
            r#"{"a":1.0}"#,
            r#"{"a":1e1}"#,
            r#"{"a":12345678901}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\b"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":"é"}"#,
            r#"{"a":"}"#,
            r#"{"a":1} x"#,
            r#"{"a":nul}"#,
            r#"{"\n":1}"#,
            r#"{'a':1}"#,
            r#"{"a":1 "b":2}"#,
            "{\"a\":\"\x7f\"}",
            r#"{"a":truex}"#,
        ] {
            assert_eq!(skip(text), Err(Malformed), "{text}");
        }
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert_eq!(skip(&deep(11)), Ok(()));
        assert_eq!(skip(&deep(12)), Err(Malformed));
        assert_eq!(skip(&deep(100_000)), Err(Malformed));
    }

    #[test]
    fn booleans_and_nulls() {
        let read = |text: &str| {
            let mut values = Vec::new();
            Json::document(text.as_bytes(), |json, name| {
                values.push(match name {
                    "b" => Some(json.boolean()?),
                    _ => json.nullable(Json::boolean)?,
                });
                Ok(())
            })
            .map(|()| values)
        };
        assert_eq!(
            read(r#"{"b": true, "b":false,"n":null,"n" : true}"#),
            Ok(vec![Some(true), Some(false), None, Some(true)])
        );
        for text in [r#"{"b":null}"#, r#"{"b":1}"#, r#"{"b":"true"}"#, r#"{"n":nul}"#, r#"{"n":0}"#]
        {
            assert_eq!(read(text), Err(Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[\[\]{}",:0-9a-u\\ .\n]{0,80}"#, bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = skip(&text);
            let _ = Json::document(&bytes, |json, _| json.skip());
        }
    }
}
