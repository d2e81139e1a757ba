//! The trigram index: which messages can have a folded text in them? It proposes, among everybody's messages; SEARCH then
//! compares (RFC 9051 §6.4.4).
//!
//! SQLite has an FTS5 table that holds trigrams alone (`message_index`), written with the message ([`super::message`]);
//! PostgreSQL a `pg_trgm` index on `message_text` itself.

use sqlx::Acquire;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;

use super::{StoreError, Tx, column, on_engine};
use crate::model::MessageId;

/// The shortest text that has a trigram, in characters.
const CHARS_MIN: usize = 3;
/// Trigrams asked of SQLite's index for one text, spread over it: more would hardly rule out more messages.
const TRIGRAMS_MAX: usize = 16;
/// Characters of a text that PostgreSQL's index is asked for.
const CHARS_MAX: usize = 64;
/// How long PostgreSQL may look a text up, in milliseconds: words that all have take long to tell apart.
const LOOKED_UP_FOR: &str = "500";
/// SQLSTATE of a statement that took too long.
const CANCELED: &str = "57014";

/// Folded texts of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextColumn {
    From,
    To,
    Cc,
    Bcc,
    Subject,
    /// The values of all header fields.
    Header,
    Body,
    /// All of them.
    Any,
}

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sought {
    /// A folded text in a column.
    Text(TextColumn, String),
    /// An identifier in a Message-ID field, folded.
    MessageId(String),
}

/// Which messages are wanted.
pub(crate) struct Proposing {
    pub(crate) sought: Sought,
    /// The lowest and the highest id of those wanted.
    pub(crate) between: (MessageId, MessageId),
    /// With more than these the index does not help.
    pub(crate) messages_max: usize,
}

/// All messages that can have what is sought, rising; `None` where the index does not help: the text is too short, or too
/// many have it.
pub(crate) async fn proposed(tx: &mut Tx<'_>, proposing: &Proposing) -> Result<Option<Vec<MessageId>>, StoreError> {
    let rows = match (&proposing.sought, tx) {
        (Sought::MessageId(id), tx) => Some(with_message_id(tx, id, proposing).await?),
        (Sought::Text(_, text), _) if text.chars().count() < CHARS_MIN => None,
        (Sought::Text(column, text), Tx::Sqlite(c)) => Some(in_sqlite(c, *column, text, proposing).await?),
        (Sought::Text(column, text), Tx::Postgres(c)) => in_postgres(c, *column, text, proposing).await?,
    };
    let mut rows = rows.filter(|rows| rows.len() <= proposing.messages_max);
    if let Some(rows) = &mut rows {
        rows.sort_unstable();
        rows.dedup();
    }
    Ok(rows.map(|rows| rows.into_iter().map(MessageId).collect()))
}

const WITH_MESSAGE_ID: &str = "
    select id from message where message_id_key = $1 and id between $2 and $3
    union all
    select message_id from message_id_alias where key = $1 and message_id between $2 and $3
    limit $4";

async fn with_message_id(tx: &mut Tx<'_>, id: &str, proposing: &Proposing) -> Result<Vec<i64>, StoreError> {
    Ok(on_engine!(tx, |c| {
        sqlx::query_scalar(WITH_MESSAGE_ID)
            .bind(id)
            .bind(proposing.between.0.0)
            .bind(proposing.between.1.0)
            .bind(proposing.limit())
            .fetch_all(c)
            .await?
    }))
}

impl Proposing {
    /// One more, to see that there are too many.
    fn limit(&self) -> i64 {
        column(self.messages_max.saturating_add(1))
    }
}

const IN_SQLITE: &str = "
    select rowid from message_index where message_index match $1 and rowid between $2 and $3 order by rowid limit $4";

async fn in_sqlite(
    c: &mut SqliteConnection,
    column: TextColumn,
    text: &str,
    proposing: &Proposing,
) -> Result<Vec<i64>, StoreError> {
    let rows = sqlx::query_scalar(IN_SQLITE)
        .bind(fts5_query(column, text))
        .bind(proposing.between.0.0)
        .bind(proposing.between.1.0)
        .bind(proposing.limit())
        .fetch_all(c)
        .await?;
    Ok(rows)
}

/// `{subject_key} : ("ren" AND "ent")`: all trigrams of a text, wherever they stand in the column.
fn fts5_query(column: TextColumn, text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let every = letters.len().div_ceil(TRIGRAMS_MAX).max(1);
    let trigrams: Vec<String> = letters
        .windows(CHARS_MIN)
        .step_by(every)
        .map(|letters| format!("\"{}\"", letters.iter().collect::<String>().replace('"', "\"\"")))
        .collect();
    let trigrams = trigrams.join(" AND ");
    let column = match column {
        TextColumn::From => "from_key",
        TextColumn::To => "to_key",
        TextColumn::Cc => "cc_key",
        TextColumn::Bcc => "bcc_key",
        TextColumn::Subject => "subject_key",
        TextColumn::Header => "header_key",
        TextColumn::Body => "text_key",
        TextColumn::Any => return trigrams,
    };
    format!("{{{column}}} : ({trigrams})")
}

/// `materialized`, so that the planner is not led by the limit to read the table in order.
macro_rules! in_postgres {
    ($first:literal $(, $other:literal)*) => {
        concat!(
            "with proposed as materialized (select message_id from message_text where (",
            $first, " like $1" $(, " or ", $other, " like $1")*,
            ") and message_id between $2 and $3) select message_id from proposed limit $4"
        )
    };
}

async fn in_postgres(
    c: &mut PgConnection,
    column: TextColumn,
    text: &str,
    proposing: &Proposing,
) -> Result<Option<Vec<i64>>, StoreError> {
    if !has_word(text) {
        return Ok(None);
    }
    let statement = match column {
        TextColumn::From => in_postgres!("from_key"),
        TextColumn::To => in_postgres!("to_key"),
        TextColumn::Cc => in_postgres!("cc_key"),
        TextColumn::Bcc => in_postgres!("bcc_key"),
        TextColumn::Subject => in_postgres!("subject_key"),
        TextColumn::Header => in_postgres!("header_key"),
        TextColumn::Body => in_postgres!("text_key"),
        TextColumn::Any => {
            in_postgres!("from_key", "to_key", "cc_key", "bcc_key", "subject_key", "header_key", "text_key")
        }
    };
    let mut transaction = c.begin().await?;
    sqlx::query("select set_config('statement_timeout', $1, true)")
        .bind(LOOKED_UP_FOR)
        .execute(&mut *transaction)
        .await?;
    let rows = sqlx::query_scalar(statement)
        .bind(like_pattern(text))
        .bind(proposing.between.0.0)
        .bind(proposing.between.1.0)
        .bind(proposing.limit())
        .fetch_all(&mut *transaction)
        .await;
    transaction.rollback().await?;
    match rows {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(CANCELED) => Ok(None),
        rows => Ok(Some(rows?)),
    }
}

/// `pg_trgm` takes its trigrams from words; without one it would read the whole index.
fn has_word(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_alphanumeric());
    words.any(|word| word.chars().count() >= CHARS_MIN)
}

fn like_pattern(text: &str) -> String {
    let mut pattern = "%".to_owned();
    for letter in text.chars().take(CHARS_MAX) {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

const FILL_INDEX: &str = "
    insert into message_index (rowid, from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key)
    select message_id, from_key, to_key, cc_key, bcc_key, subject_key, header_key, text_key from message_text";

const FINDS_ITSELF: &str = "select count(*) from message_index where message_index match $1 and rowid = $2";

/// Does the index find a message by what it has of its texts? PostgreSQL's is one with the table.
pub(crate) async fn finds_itself(
    tx: &mut Tx<'_>,
    message: MessageId,
    texts: &[(TextColumn, &str)],
) -> Result<bool, StoreError> {
    let Tx::Sqlite(c) = tx else { return Ok(true) };
    let long = texts.iter().filter(|(_, text)| text.chars().count() >= CHARS_MIN);
    let parts: Vec<String> = long.map(|(column, text)| fts5_query(*column, text)).collect();
    if parts.is_empty() {
        return Ok(true);
    }
    let query = sqlx::query_scalar(FINDS_ITSELF).bind(parts.join(" AND ")).bind(message.0);
    let found: i64 = query.fetch_one(&mut **c).await?;
    Ok(found > 0)
}

/// Fills the empty index of a store that was restored. PostgreSQL makes its own from the table.
pub(crate) async fn fill_index(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    if let Tx::Sqlite(c) = tx {
        sqlx::query(FILL_INDEX).execute(&mut **c).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_queries() {
        assert_eq!(fts5_query(TextColumn::Any, "a\"b*"), "\"a\"\"b\" AND \"\"\"b*\"");
        assert_eq!(fts5_query(TextColumn::Subject, "été"), "{subject_key} : (\"été\")");
        let long = fts5_query(TextColumn::Body, &"abcdefgh".repeat(100));
        assert!(long.matches(" AND ").count() < TRIGRAMS_MAX, "{long}");
        assert_eq!(like_pattern("50%_\\a"), "%50\\%\\_\\\\a%");
        assert_eq!(like_pattern(&"a".repeat(100)).len(), CHARS_MAX + 2);
    }

    #[test]
    fn words_are_letters_and_digits() {
        assert!(has_word("a abc") && has_word("漢字漢") && has_word("%2026"));
        assert!(!has_word("a b c") && !has_word("----") && !has_word("ab-cd"));
    }
}
