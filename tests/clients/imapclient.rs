//! Python's IMAPClient and imap-tools: `scripts/imapclient_tools.py` tells the story. Continuous integration does without.

use crate::{Security, tell, tool};

#[test]
fn imapclient_and_imap_tools_agree_with_what_was_put_there() {
    let Some(python) = tool::installed("python/bin/python3") else { return };
    for security in Security::ALL {
        tell(&python, "scripts/imapclient_tools.py", security, &[]);
    }
}
