//! Datetimes of records: the part of RFC 3339 and ISO 8601 that both agree on.

use super::text::text_type;
use crate::time::UnixTime;

text_type! {
    /// A datetime such as `1985-04-12T23:20:50.123Z`.
    Datetime, "datetime"
}

impl From<UnixTime> for Datetime {
    /// In UTC, to the millisecond. Years outside 0–9999 are drawn to the nearest end.
    fn from(time: UnixTime) -> Self {
        let millis = time.millis().clamp(MIN_MILLIS, MAX_MILLIS);
        let (days, rest) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
        Self(
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1000)
                .into(),
        )
    }
}

const DAY: i64 = 86_400_000;
/// 0001-01-01T00:00:00.000Z
const MIN_MILLIS: i64 = -62_135_596_800_000;
/// 9999-12-31T23:59:59.999Z
const MAX_MILLIS: i64 = 253_402_300_799_999;

impl Datetime {
    /// The moment, to the millisecond.
    pub fn unix(&self) -> UnixTime {
        UnixTime::from_millis(Fields::read(&self.0).map_or(0, |fields| fields.millis()))
    }

    fn check(text: &str) -> Result<(), &'static str> {
        if text.len() > 64 {
            return Err("longer than 64 characters");
        }
        Fields::read(text).map(|_| ())
    }
}

struct Fields {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
    offset_minutes: i64,
}

impl Fields {
    fn read(text: &str) -> Result<Self, &'static str> {
        let rest = &mut text.as_bytes();
        let year = number(rest, 4)?;
        literal(rest, b'-')?;
        let month = number(rest, 2)?;
        literal(rest, b'-')?;
        let day = number(rest, 2)?;
        literal(rest, b'T')?;
        let hour = number(rest, 2)?;
        literal(rest, b':')?;
        let minute = number(rest, 2)?;
        literal(rest, b':')?;
        let second = number(rest, 2)?;
        let millis = fraction(rest)?;
        let offset_minutes = offset(rest)?;
        // Days are not counted by month: the network accepts 29 February of any year, which is 1 March then.
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err("there is no such day");
        }
        // A leap second has no place in Unix time.
        if hour > 23 || minute > 59 || second > 59 {
            return Err("there is no such time of day");
        }
        let fields = Self { year, month, day, hour, minute, second, millis, offset_minutes };
        if fields.millis() < YEAR_ZERO_MILLIS { Err("before the year 0") } else { Ok(fields) }
    }

    fn millis(&self) -> i64 {
        let minutes = self.hour * 60 + self.minute - self.offset_minutes;
        days_from_civil(self.year, self.month, self.day) * DAY
            + minutes * 60_000
            + self.second * 1000
            + self.millis
    }
}

/// 0000-01-01T00:00:00.000Z
const YEAR_ZERO_MILLIS: i64 = -62_167_219_200_000;

fn number(rest: &mut &[u8], digits: usize) -> Result<i64, &'static str> {
    let (head, tail) = rest.split_at_checked(digits).ok_or("too short")?;
    if !head.iter().all(u8::is_ascii_digit) {
        return Err("a digit is missing");
    }
    *rest = tail;
    Ok(head.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn literal(rest: &mut &[u8], expected: u8) -> Result<(), &'static str> {
    match rest.split_first() {
        Some((first, tail)) if *first == expected => {
            *rest = tail;
            Ok(())
        }
        _ => Err("a separator is missing"),
    }
}

fn fraction(rest: &mut &[u8]) -> Result<i64, &'static str> {
    let Some(after) = rest.strip_prefix(b".") else { return Ok(0) };
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=20).contains(&digits) {
        return Err("the fraction of the second has no digits, or more than 20");
    }
    let (head, tail) = after.split_at(digits);
    *rest = tail;
    Ok(head.iter().chain(b"00").take(3).fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0')))
}

fn offset(rest: &mut &[u8]) -> Result<i64, &'static str> {
    let sign = match rest.split_first() {
        Some((b'Z', [])) => return Ok(0),
        Some((b'+', tail)) => {
            *rest = tail;
            1
        }
        Some((b'-', b"00:00")) => return Err("`-00:00` says that the offset is unknown"),
        Some((b'-', tail)) => {
            *rest = tail;
            -1
        }
        _ => return Err("the time zone is missing"),
    };
    let hours = number(rest, 2)?;
    literal(rest, b':')?;
    let minutes = number(rest, 2)?;
    if hours > 23 || minutes > 59 || !rest.is_empty() {
        return Err("the time zone is not an offset of hours and minutes");
    }
    Ok(sign * (hours * 60 + minutes))
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March so that the leap day is last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The reverse of [`days_from_civil`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
