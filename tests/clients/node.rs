//! JavaScript's imapflow and nodemailer: `scripts/node.js` tells the story. Continuous integration does without them.

use crate::{Security, tell, tool};

#[test]
fn imapflow_and_nodemailer_send_read_file_delete_and_restore() {
    let Some(node) = tool::find_optional("node", "nodejs") else { return };
    let Some(_) = tool::installed("node/node_modules/imapflow") else { return };
    let libraries = concat!(env!("CARGO_MANIFEST_DIR"), "/target/clients/node");
    for security in Security::ALL {
        tell(&node, "scripts/node.js", security, &[libraries]);
    }
}
