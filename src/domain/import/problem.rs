//! PURE: what is wrong with the files of an import, and where: file, line, column, reason.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A file of an import, as the admin knows it: its path below the folder that was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Files are told in the order in which they are read.
    order: u32,
    name: Arc<str>,
}

impl Source {
    /// The `order`th file.
    pub fn new(order: u32, name: &str) -> Self {
        Self { order, name: name.into() }
    }

    /// Its path below the folder that was given.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A line of a file, from 1; 0 is the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub source: Source,
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(self.source.name()),
            line => write!(f, "{}:{line}", self.source.name()),
        }
    }
}

/// A line that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub place: Place,
    /// As the file's own header names it.
    pub column: Option<Cow<'static, str>>,
    pub reason: Reason,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(column) = &self.column {
            write!(f, ": {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// Why a line cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Reason {
    #[error("the file cannot be read as CSV: {0}")]
    NotCsv(String),
    #[error("the file cannot be read as JSON: column {column}: {what}")]
    NotJson { column: usize, what: String },
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("the text is UTF-16: save the file as \"CSV UTF-8\"")]
    Utf16,
    #[error("this line is not UTF-8, and others of the file are: it was put together from files of two encodings")]
    MixedEncodings,
    #[error("\"{0}\" was read in a wrong encoding before it came here: export the file anew")]
    Garbled(String),
    #[error("the file has more than {bytes_max} octets (`import.file_bytes_max`)")]
    FileTooLarge { bytes_max: u64 },
    #[error("a quotation mark is opened and not closed")]
    OpenQuote,
    #[error("the file has no header line")]
    NoHeader,
    #[error("no kind of file that can be imported has these columns: {0}")]
    UnknownKind(String),
    #[error("the columns fit several profiles ({0}): let the name of the file say which, as in \"Eleves.csv\"")]
    UnclearProfile(String),
    #[error(
        "nothing says which school this file is of: name its folder \"NAME@ID_UAI\" or \"UAI\", or give --school UAI"
    )]
    NoSchool,
    #[error("the school year {0} is closed: open the next one (`passerelle year open`)")]
    YearClosed(i64),
    #[error("this column is missing")]
    NoColumn,
    #[error("there is no column \"{0}\"; those of this file are: {1}")]
    UnknownColumn(String, String),
    #[error("the column stands there twice")]
    TwiceTheColumn,
    #[error("the line has {found} cells and the header {expected}")]
    Cells { found: usize, expected: usize },
    #[error("the cell is empty")]
    Empty,
    #[error("\"{0}\" holds a control character")]
    ControlCharacter(String),
    #[error("the cell has more than {chars_max} characters")]
    TooLong { chars_max: usize },
    #[error(
        "\"{0}\" cannot stand in an address: 1 to 64 of a-z, 0-9, '.', '-', '_', no dot at an end or beside another"
    )]
    NotALocalPart(String),
    #[error("\"{0}\" is no date: write it as 31/12/2010")]
    NotADate(String),
    #[error("\"{found}\" is none of: {known}")]
    NotOneOf { found: String, known: String },
    #[error("\"{0}\" is already the one of {1}")]
    Twice(String, Place),
    #[error("no school has the id or the UAI \"{0}\"")]
    UnknownSchool(String),
    #[error("no class has the id \"{0}\"")]
    UnknownClass(String),
    #[error("the class is not of this school")]
    ClassOfAnotherSchool,
    #[error("no group has the id \"{0}\"")]
    UnknownGroup(String),
    #[error("the group hangs below itself")]
    BelowItself,
    #[error("a group of this kind needs a profile")]
    NeedsProfile,
    #[error("nobody has the external id, the id or the login \"{0}\"")]
    UnknownUser(String),
    #[error("\"{0}\" is the external id of somebody with another id: {1}")]
    ExternalIdTaken(String, String),
    #[error("\"{0}\" is the id of an account that was deleted: it is never used again")]
    IdOfDeleted(String),
    #[error("the address \"{0}\" is, for ever, the one of {1}")]
    AddressTaken(String, String),
    #[error(
        "the address \"{0}\" can be nobody's: it stands in messages that take no answers (`policy.no_reply_address`)"
    )]
    Reserved(String),
    #[error("\"{0}\" is to leave, and has a line of its own among those who stay")]
    LeavesAndStays(String),
    #[error("a person needs no link to himself")]
    LinkToSelf,
}

/// Something that an admin should know, and that stops nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    pub place: Place,
    pub about: About,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.about)
    }
}

/// What a remark says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum About {
    #[error("read as {kind}, {encoding}: {lines} lines")]
    Read { kind: &'static str, encoding: &'static str, lines: u64 },
    #[error("taken as {taken}, though its name says {named}")]
    NameSaysOtherwise { taken: &'static str, named: &'static str },
    #[error("{name} stands here again (first: {first}): taken once")]
    SamePersonAgain { name: String, first: Place },
    #[error("{name}: nobody in the school is the child \"{child}\": no link was made")]
    UnknownChild { name: String, child: String },
    #[error("{name}: several people in the school could be the child \"{child}\": no link was made")]
    AmbiguousChild { name: String, child: String },
    #[error("{name}: the child \"{child}\" is not in the class \"{class}\": no link was made")]
    ChildOfAnotherClass { name: String, child: String, class: String },
    #[error("{name}: several people in the school could be the parent \"{parent}\": no link was made")]
    AmbiguousParent { name: String, parent: String },
    #[error("{name}: nobody in the school is the parent \"{parent}\": no link was made")]
    UnknownParent { name: String, parent: String },
    #[error(
        "{name} and the person of {other} bear one name, and nothing tells them apart for sure: taken as two people"
    )]
    Namesakes { name: String, other: Place },
    #[error("the group \"{group}\" keeps its id as its only address: \"{address}\" is, for ever, another's")]
    AddressOfAnother { group: String, address: String },
    #[error("the school \"{0}\" is not known: left out for these people")]
    SchoolLeftOut(String),
    #[error("the group \"{group}\" stays closed: it is of the school year {year}, which was closed")]
    GroupOfClosedYear { group: String, year: i64 },
    #[error("the group \"{0}\" is in no list of groups: left out")]
    GroupLeftOut(String),
}
