//! The commands of admins, and how they reach the running server.
//!
//! One process holds the store (SQLite's file is locked), and suspending somebody must cut that process's sessions: so the
//! command line sends one JSON [`AdminCommand`] over a Unix socket in `data_dir` and reads JSON [`AdminAnswer`]s, one a line:
//! how far it is, now and then, and last the answer.
//! Where no server runs, the command line opens the store itself and calls the same [`execute()`].
//!
//! | file | what |
//! | --- | --- |
//! | `command` | the words: a command, an answer |
//! | `execute` | a command → the gateway → an answer |
//! | `api_token` | tokens of the JSON API |
//! | `user`, `app_password` | commands and answers, for people and their devices |
//! | `keeping` | the same for what is kept |
//! | `import`, `people` | imports; people who left and school years |
//! | `migration` | mail brought in from elsewhere, and taken out |
//! | `policy` | who may write to whom: explained, as a matrix, and the table read again |
//! | `trail`, `switch`, `limits`, `recall` | commands and answers, for the trail, the switch, the limits, recall |
//! | `webhook` | what webhooks have not been told |
//! | `upkeep` | verify, repair, backup |
//! | `signed` | a command of an admin whose name is known, with the reason |
//! | `listen` | the server's side of the socket |
//! | `ask` | the command line's side |

mod api_token;
mod app_password;
mod ask;
mod command;
mod execute;
mod import;
mod keeping;
mod limits;
mod listen;
mod migration;
mod people;
mod policy;
mod recall;
mod signed;
mod switch;
mod trail;
mod upkeep;
mod user;
mod webhook;

pub use api_token::{ApiTokenCommand, ApiTokenLine};
pub use app_password::{AppPasswordCommand, AppPasswordLine};
pub use ask::{AskError, ask, ask_watched};
pub use command::{AdminAnswer, AdminCommand, Password, ProgressLine};
pub use execute::{execute, execute_watched};
pub use import::{ChangeLine, ImportSheet, StoppedSchool, StoppedSheet, progress_line};
pub use keeping::{Choice, CollectSheet, KeepingCommand, RecoverLine, RetentionLine, TakenFrom};
pub use limits::LimitRow;
pub use listen::{Listener, Reload, listen, serve};
pub use migration::{Bringing, BrokenSheet, BroughtSheet, ExportedSheet, Exporting, MigrationCommand};
pub use people::{LeaverLine, PeopleCommand, YearLine};
pub use policy::{ExplainSheet, MatrixCell, MatrixRow, MatrixSheet, ReloadSheet};
pub use recall::{RecallCommand, RecallSheet, SentLine};
pub use signed::{Signed, execute_signed};
pub use switch::{SuspensionRow, SwitchCommand, SwitchScope};
pub use trail::{TrailCommand, TrailPage, TrailRow, TrailSheet};
pub use upkeep::{BackupSheet, FindingLine, UpkeepCommand, VerifySheet, verify_sheet};
pub use user::{QuotaLine, UserCommand, UserLine, UserSheet};
pub use webhook::{WebhookCommand, WebhookLine};

/// Octets of one command or one answer.
const MESSAGE_BYTES_MAX: u64 = 64 << 20;
