#!/usr/bin/env node
// A school day with imapflow and nodemailer, the libraries that most JavaScript mail programs stand on.
//
// node.js HOST IMAP_PORT SMTP_PORT SECURITY CERTIFICATE SENDER RECEIVER HIDDEN PASSWORD DOMAIN LIBRARIES
// SECURITY: plain, starttls or tls. LIBRARIES: the folder that holds node_modules. Ends with status 0 where all held, else
// shows the first thing that did not.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { createRequire } = require("node:module");

const [host, imapPort, smtpPort, security, certificate, sender, receiver, hidden, password, domain, libraries] =
  process.argv.slice(2);
const library = createRequire(`${libraries}/`);
const { ImapFlow } = library("imapflow");
const nodemailer = library("nodemailer");
const tls = { ca: fs.readFileSync(certificate) };
const address = person => `${person}@${domain}`;

async function imap(person) {
  const client = new ImapFlow({
    host, port: Number(imapPort), tls, secure: security == "tls", doSTARTTLS: security == "starttls",
    auth: { user: address(person), pass: password }, logger: false, clientInfo: { name: "essai" },
  });
  client.on("error", error => { throw error; });
  await client.connect();
  assert.equal(Boolean(client.secureConnection), security != "plain");
  return client;
}

function smtp(person) {
  return nodemailer.createTransport({
    host, port: Number(smtpPort), tls, secure: security == "tls", requireTLS: security == "starttls",
    ignoreTLS: security == "plain", auth: { user: address(person), pass: password },
  });
}

// The event of that name for which `is` holds, within half a minute.
function event(client, name, is = () => true) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${name}`)), 30_000);
    client.on(name, seen => {
      if (is(seen)) {
        clearTimeout(late);
        resolve(seen);
      }
    });
  });
}

const octets = async (client, uid) => (await client.fetchOne(uid, { source: true }, { uid: true })).source;

async function aLetterIsHeard(reader) {
  await reader.mailboxOpen("INBOX");
  const idle = reader.idle();
  const heard = event(reader, "exists");
  const attachment = Buffer.alloc(200_000, "Élève à l'école. ");
  const sent = await smtp(sender).sendMail({
    from: { name: "Zoé Élève", address: address(sender) },
    to: [address(receiver)], bcc: [address(hidden)],
    subject: "Conseil de classe : élèves délégués",
    text: "Bonjour,\n.\n..point\n", html: "<p>Bonjour,</p>",
    attachments: [{ filename: "compte rendu d'été.txt", content: attachment }],
  });
  assert.deepEqual(sent.accepted.sort(), [address(receiver), address(hidden)].sort());
  const { count, prevCount } = await heard;
  assert.deepEqual({ count, prevCount }, { count: 1, prevCount: 0 });
  await reader.noop();
  await idle;
  return { id: sent.messageId, attachment };
}

async function itIsWhatWasSent(reader, { id, attachment }) {
  const [uid] = await reader.search({ header: { "Message-ID": id } }, { uid: true });
  const message = await reader.fetchOne(uid, {
    envelope: true, bodyStructure: true, flags: true, internalDate: true, size: true, source: true, headers: ["subject"],
  }, { uid: true });
  assert.equal(message.envelope.subject, "Conseil de classe : élèves délégués");
  assert.deepEqual(message.envelope.from, [{ name: "Zoé Élève", address: address(sender) }]);
  assert.equal(message.envelope.messageId, id);
  assert.equal(message.size, message.source.length);
  assert.deepEqual([...message.flags].filter(flag => flag != "\\Recent"), []);
  assert.ok(!message.source.includes(address(hidden)), "who is in Bcc is not told");
  const [text, file] = message.bodyStructure.childNodes;
  assert.equal(text.childNodes[0].type, "text/plain");
  assert.equal(file.dispositionParameters.filename, "compte rendu d'été.txt");
  const plain = await reader.downloadMany(uid, [text.childNodes[0].part, file.part], { uid: true });
  assert.equal(plain[text.childNodes[0].part].content.toString().replaceAll("\r\n", "\n"), "Bonjour,\n.\n..point\n");
  assert.ok(attachment.equals(plain[file.part].content), "the attachment has its octets");
  const { content } = await reader.download(uid, file.part, { uid: true, chunkSize: 65_536 });
  const chunks = [];
  for await (const chunk of content) chunks.push(chunk);
  assert.ok(attachment.equals(Buffer.concat(chunks)), "read in pieces it is the same");
  return uid;
}

async function sentHoldsItOnce({ id }) {
  const client = await imap(sender);
  const sent = (await client.list()).find(mailbox => mailbox.specialUse == "\\Sent");
  await client.mailboxOpen(sent.path);
  const found = await client.search({ header: { "Message-ID": id } }, { uid: true });
  assert.equal(found.length, 1);
  const source = await octets(client, found[0]);
  const appended = await client.append(sent.path, source, ["\\Seen"]);
  assert.equal(appended.uid, found[0], "APPEND to Sent gives the copy that is there");
  assert.equal((await client.search({ header: { "Message-ID": id } }, { uid: true })).length, 1);
  await client.logout();
}

async function filedDeletedRestored(reader, uid) {
  const original = await octets(reader, uid);
  const { path } = await reader.mailboxCreate(["Élèves & parents", "3e B"]);
  assert.equal(path, "Élèves & parents/3e B");
  await reader.messageFlagsAdd(uid, ["\\Flagged", "$Forwarded"], { uid: true });
  const moved = await reader.messageMove(uid, path, { uid: true });
  const filed = moved.uidMap.get(uid);
  const status = await reader.status(path, { messages: true, uidNext: true, uidValidity: true, unseen: true });
  assert.deepEqual([status.messages, status.unseen, status.uidNext], [1, 1, filed + 1]);
  assert.equal(status.uidValidity, moved.uidValidity);
  const opened = await reader.mailboxOpen(path);
  assert.equal(opened.exists, 1);
  assert.ok(original.equals(await octets(reader, filed)));
  const { flags } = await reader.fetchOne(filed, { flags: true }, { uid: true });
  assert.ok(flags.has("\\Flagged") && flags.has("$Forwarded"));
  assert.deepEqual(await reader.search({ body: "BONJOUR", subject: "eleves" }, { uid: true }), [filed]);
  assert.deepEqual(await reader.search({ or: [{ seen: true }, { keyword: "$Forwarded" }] }, { uid: true }), [filed]);
  assert.deepEqual(await reader.search({ seen: true }, { uid: true }), []);

  const trash = (await reader.list()).find(mailbox => mailbox.specialUse == "\\Trash").path;
  const binned = (await reader.messageMove(filed, trash, { uid: true })).uidMap.get(filed);
  await reader.mailboxOpen(trash);
  assert.ok(original.equals(await octets(reader, binned)));
  const copied = (await reader.messageCopy(binned, "INBOX", { uid: true })).uidMap.get(binned);
  assert.ok(await reader.messageDelete(binned, { uid: true }));
  assert.deepEqual(await reader.search({ all: true }, { uid: true }), []);
  await reader.mailboxOpen("INBOX");
  assert.ok(original.equals(await octets(reader, copied)));
  await reader.mailboxRename(path, "Élèves & parents/3e C");
  assert.ok((await reader.list()).some(mailbox => mailbox.path == "Élèves & parents/3e C"));
  await reader.mailboxDelete("Élèves & parents/3e C");
}

async function datesAndFlagsStay(reader) {
  const date = new Date("2024-09-02T07:30:00Z");
  const text = "Subject: ancien\r\nDate: Mon, 2 Sep 2024 09:30:00 +0200\r\n\r\nAncien message.\r\n";
  const { uid } = await reader.append("INBOX", text, ["\\Seen", "\\Answered", "$Classe"], date);
  await reader.mailboxOpen("INBOX");
  const message = await reader.fetchOne(uid, { internalDate: true, flags: true, source: true }, { uid: true });
  assert.equal(message.internalDate.getTime(), date.getTime());
  assert.deepEqual([...message.flags].filter(flag => flag != "\\Recent").sort(), ["$Classe", "\\Answered", "\\Seen"]);
  assert.equal(message.source.toString(), text);
  assert.deepEqual(await reader.search({ before: new Date("2024-09-03") }, { uid: true }), [uid]);
}

// Two connections: what one does the other hears while it idles, with ModSeq where it was asked for.
async function twoConnections(first) {
  const second = await imap(receiver);
  await second.mailboxOpen("INBOX");
  await first.mailboxOpen("INBOX");
  const idle = second.idle();
  const uid = (await first.search({ all: true }, { uid: true })).at(-1);
  const told = event(second, "flags", ({ flags }) => flags.has("$Lu"));
  await first.messageFlagsAdd(uid, ["$Lu"], { uid: true });
  assert.ok((await told).modseq > 0n, "a connection that uses CONDSTORE hears the ModSeq");
  const gone = event(second, "expunge");
  await first.messageMove(uid, "Trash", { uid: true });
  await gone;
  await second.noop();
  await idle;
  assert.equal((await second.search({ all: true }, { uid: true })).includes(uid), false);
  const { highestModseq } = await first.status("INBOX", { highestModseq: true });
  assert.deepEqual(await first.fetchAll("1:*", { flags: true }, { changedSince: highestModseq }), []);
  await second.logout();
}

async function refusals() {
  const own = address(sender);
  const stranger = smtp(sender).sendMail({ from: own, to: `nobody.at.all@${domain}`, subject: "non", text: "non" });
  await assert.rejects(stranger, error => error.responseCode == 550 && error.response.includes("nobody.at.all"));
  const wrong = new ImapFlow({
    host, port: Number(imapPort), tls, secure: security == "tls", doSTARTTLS: security == "starttls", logger: false,
    auth: { user: own, pass: "faux" },
  });
  await assert.rejects(wrong.connect(), error => error.authenticationFailed === true);
  const login = nodemailer.createTransport({
    host, port: Number(smtpPort), tls, secure: security == "tls", requireTLS: security == "starttls",
    ignoreTLS: security == "plain", authMethod: "LOGIN", auth: { user: own, pass: password },
  });
  assert.equal(await login.verify(), true);
}

async function main() {
  const reader = await imap(receiver);
  const letter = await aLetterIsHeard(reader);
  const uid = await itIsWhatWasSent(reader, letter);
  await sentHoldsItOnce(letter);
  await filedDeletedRestored(reader, uid);
  await datesAndFlagsStay(reader);
  await twoConnections(reader);
  await refusals();
  await reader.logout();
  console.log(`imapflow and nodemailer over ${security}: all held`);
}

main().then(() => process.exit(0), error => {
  console.error(`imapflow and nodemailer over ${security}:`, error);
  process.exit(1);
});
